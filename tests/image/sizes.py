"""How large the image is: `python -m image.sizes` builds it and writes the table of docs/docker.md.

What an engine would push is compressed by layer; here each package is compressed by itself, with
the same method (gzip). The base image's size is the published one.
"""

import io
import re
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path

from image.performing import ROOT, Builder, Image

PAGE = ROOT / "docs" / "docker.md"
# Where the image has what it adds to its base.
ADDED = "opt/together-mock"
MEGABYTE = 1_000_000
# Packages below this have a row together.
_SMALL = 500_000
_TABLE = re.compile(r"(?<=<!-- sizes -->\n).*?(?=<!-- end -->)", re.DOTALL)


def packages(root: Path) -> Iterator[tuple[str, list[Path]]]:
    """Every distribution that the image adds to its base, with its files that are there."""
    places = [str(place) for place in (root / ADDED).rglob("site-packages")]
    for found in distributions(path=places):
        yield re.sub(r"[-_.]+", "-", found.metadata["Name"]).lower(), _files(found)


def _files(found: Distribution) -> list[Path]:
    files = [Path(str(found.locate_file(file))) for file in found.files or ()]
    compiled = (cached for file in files for cached in file.parent.glob("__pycache__/*.pyc"))
    return sorted({file.resolve() for file in (*files, *compiled) if file.is_file()})


def added(image: Image) -> list[Path]:
    """Every file that the image adds to its base."""
    found = (image.root / ADDED).rglob("*")
    return [path for path in found if path.is_file() and not path.is_symlink()]


def size(files: list[Path]) -> tuple[int, int]:
    """Bytes as installed, and as compressed."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz", compresslevel=6) as archive:
        for file in files:
            archive.add(file, recursive=False)
    return sum(file.stat().st_size for file in files), target.tell()


def measure(image: Image) -> dict[str, tuple[int, int]]:
    """Package -> its size; the largest first, `total` last."""
    rows = {name: size(files) for name, files in packages(image.root)}
    rows = dict(sorted(rows.items(), key=lambda row: -row[1][0]))
    return {**rows, "total": size(added(image))}


def table(rows: dict[str, tuple[int, int]]) -> str:
    """The table of the page, in megabytes."""
    total = rows["total"]
    large = {name: row for name, row in rows.items() if row[0] >= _SMALL and name != "total"}
    rest = [total[side] - sum(row[side] for row in large.values()) for side in (0, 1)]
    lines = {**large, "all others": rest, "**together**": total}
    head = "| package | installed, MB | compressed, MB |\n| --- | --- | --- |\n"
    return head + "".join(
        f"| {name} | {row[0] / MEGABYTE:.1f} | {row[1] / MEGABYTE:.1f} |\n"
        for name, row in lines.items()
    )


def written() -> dict[str, tuple[float, float]]:
    """The table as the page has it."""
    found = _TABLE.search(PAGE.read_text(encoding="utf-8"))
    assert found, "docs/docker.md has no table of sizes"
    rows = [line.strip("| ").split(" | ") for line in found[0].splitlines()[2:]]
    return {name.strip("*"): (float(installed), float(small)) for name, installed, small in rows}


if __name__ == "__main__":
    folder = Path(tempfile.mkdtemp(prefix="together-mock-image-"))
    folder.chmod(0o755)
    try:
        made = table(measure(Builder(ROOT, folder).build()))
    finally:
        shutil.rmtree(folder)
    print(made)
    if PAGE.is_file():
        text = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(_TABLE.sub(lambda _: made, text), encoding="utf-8")
