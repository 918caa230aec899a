"""What the site has beyond docs/: pages of the checkout's root, and the files that pages link to.

The pages are written for GitHub: they link to files where these lie. A root page comes under a name
of its own, a linked file or folder as a page that shows it, and every link is led there.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

DOCS = Path(__file__).resolve().parents[1]
ROOT = DOCS.parent
# The pages outside docs/, and where the site has them.
ROOT_PAGES = {
    "index.md": ROOT / "README.md",
    "contributing.md": ROOT / "CONTRIBUTING.md",
    "changelog.md": ROOT / "CHANGELOG.md",
}
_LINK = re.compile(r"(?<=\]\()([^)\s:#]+)((?:#[^)\s]*)?\))")
_LANGUAGES = {".py": "python", ".json": "json", ".yaml": "yaml", ".yml": "yaml", ".toml": "toml"}
# Beyond this, a file is named instead of shown.
_LONGEST = 60_000


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages of the root, and one for each file or folder that a page links to."""
    for uri, source in ROOT_PAGES.items():
        files.append(_generated(config, uri, source.read_text(encoding="utf-8")))
    sources = [_source(one.src_uri) for one in files.documentation_pages()]
    shown = {path for source in sources for path in _linked(source) if not _page_of(path)}
    for path in sorted(shown):
        files.append(_generated(config, _file_page(path), _showing(path)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead a page's links to where the site has what they mean."""
    here = page.file.src_uri
    if here.startswith("files/"):
        return markdown
    folder = _source(here).parent

    def led(link: re.Match[str]) -> str:
        path = (folder / link[1]).resolve()
        if not _is_ours(path):
            # MkDocs reports it.
            return link[0]
        target = _page_of(path) or _file_page(path)
        return os.path.relpath(target, os.path.dirname(here) or ".") + link[2]

    return _LINK.sub(led, markdown)


def _generated(config: MkDocsConfig, uri: str, content: str) -> File:
    return File.generated(config, uri, content=content)


def _source(uri: str) -> Path:
    return ROOT_PAGES.get(uri, DOCS / uri)


def _linked(source: Path) -> Iterator[Path]:
    for link in _LINK.finditer(source.read_text(encoding="utf-8")):
        path = (source.parent / link[1]).resolve()
        if _is_ours(path):
            yield path


def _is_ours(path: Path) -> bool:
    return path.is_relative_to(ROOT) and path.exists()


def _page_of(path: Path) -> str | None:
    """Where the site has a page; None for what is no page."""
    for uri, source in ROOT_PAGES.items():
        if path == source:
            return uri
    if path.suffix == ".md" and path.is_relative_to(DOCS):
        return path.relative_to(DOCS).as_posix()
    return None


def _file_page(path: Path) -> str:
    return f"files/{path.relative_to(ROOT).as_posix()}.md"


def _showing(path: Path) -> str:
    """A page that shows a file, or each file of a folder."""
    title = f"# `{path.relative_to(ROOT).as_posix()}`\n"
    if path.is_file():
        return title + _block(path)
    inside = sorted(one for one in path.iterdir() if one.is_file())
    return title + "".join(f"\n## `{one.name}`\n{_block(one)}" for one in inside)


def _block(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    if len(text) > _LONGEST:
        return f"\nA file of {len(text):,} characters.\n"
    # Longer than any fence inside.
    fence = "`" * 6
    return f"\n{fence}{_LANGUAGES.get(path.suffix, 'text')}\n{text}{fence}\n"
