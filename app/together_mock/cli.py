"""The command line: `together-mock serve`, `healthcheck`, `openapi`."""

import gc
import os
import signal
import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click

from together_mock import __version__

FC = TypeVar("FC", bound=Callable[..., Any])


def main() -> None:
    """The entry point of the `together-mock` command."""
    try:
        status = commands(standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        status = error.exit_code
    except click.ClickException as error:
        click.echo(f"together-mock: {error.format_message()}", err=True)
        status = error.exit_code
    except click.Abort:
        status = 1
    sys.exit(status)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="together-mock")
def commands() -> None:
    """A local server that stands in for Together AI's dedicated-endpoints platform."""


def _option(*names: str, **settings: Any) -> Callable[[FC], FC]:
    """An option of `serve`: flag, then TOGETHER_MOCK_<OPTION>, then default."""
    flag = max(names, key=len)
    variable = "TOGETHER_MOCK_" + flag.removeprefix("--").replace("-", "_").upper()
    return click.option(*names, envvar=variable, show_envvar=True, show_default=True, **settings)


@commands.command()
@_option("--host", default="127.0.0.1", help="Address to listen on.")
@_option("--port", type=click.IntRange(0, 65535), default=4010, help="Port; 0 picks a free one.")
@_option("--database", metavar="FILE|URL", help="Store; none is a private temporary file.")
@_option(
    "--preset",
    type=click.Choice(["instant", "fast", "realistic", "manual"]),
    default="fast",
    help="Lifecycle timings of new projects.",
)
@_option(
    "--clock-rate",
    type=click.FloatRange(0, 1e6),
    default=1.0,
    help="Virtual seconds per real second; 0 is frozen.",
)
@_option("--start-at", metavar="ISO8601", help="Where the clocks of new projects begin.")
@_option("--seed", type=int, default=0, help="Seed of every generated value.")
@_option("--state", multiple=True, metavar="FILE", help="YAML or JSON applied before ready.")
@_option(
    "--api-key",
    "api_keys",
    multiple=True,
    metavar="KEY[=PROJECT_SLUG]",
    help="Accepted keys; none given accepts every non-empty key.",
)
@_option("--admin-token", metavar="TOKEN", help="Guards /_mock when given.")
@_option(
    "--api",
    type=click.Choice(["v1", "v1-retired", "v2", "both"]),
    default="both",
    help="Generations that answer; v1-retired refuses v1 creation and restart.",
)
@_option(
    "--v2-errors",
    type=click.Choice(["envelope", "rpc"]),
    default="envelope",
    help="Form of v2's refusals: `{error}` as documented, or the RPC form.",
)
@_option("--lenient", is_flag=True, help="Let through what generated SDK tests send.")
@_option("--fixtures", metavar="DIR", help="Files there replace the shipped catalogues.")
@_option("--ready-file", metavar="FILE", help="Written with the ready line once ready.")
@_option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    default="info",
    help="How much is logged to standard error.",
)
@_option("--log-format", type=click.Choice(["text", "json"]), default="text", help="Log lines.")
def serve(ready_file: str | None, log_level: str, log_format: str, **options: Any) -> None:
    """Run the server until SIGTERM or Ctrl-C."""
    # A stop that is asked for before the server can hear it ends the process cleanly as well.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: sys.exit(0))
    # Imports make hundreds of thousands of objects that live for ever: collecting finds nothing.
    gc.disable()
    # Looking for plugins of pydantic means reading what is installed.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    from together_mock.runtime.process import ServeError, run
    from together_mock.settings import Settings

    try:
        run(Settings(**options), ready_file, log_level, log_format)
    except ServeError as error:
        click.echo(f"together-mock: {error}", err=True)
        sys.exit(2)


def _url_by_environment() -> str:
    """Where a server listens that was started in this environment, as in the same container."""
    host = os.environ.get("TOGETHER_MOCK_HOST") or "127.0.0.1"
    port = os.environ.get("TOGETHER_MOCK_PORT") or "4010"
    if host in ("0.0.0.0", "::"):  # noqa: S104 - what listens everywhere listens here
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@commands.command()
@click.option(
    "--url",
    default=_url_by_environment,
    show_default="the server that `serve` would be here",
    envvar="TOGETHER_MOCK_URL",
    show_envvar=True,
    help="Root URL of the server to ask.",
)
def healthcheck(url: str) -> None:
    """Exit with 0 when the server answers that it is ready, with 1 when it does not."""
    import http.client
    import urllib.error
    import urllib.request

    # A proxy that the environment names has no business between a server and its own check.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{url.rstrip('/')}/_mock/ready", timeout=5):
            pass
    except (OSError, ValueError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        click.echo(f"together-mock: {url} is not healthy: {reason}", err=True)
        sys.exit(1)
    click.echo("healthy")


@commands.command()
@click.option(
    "--generation",
    type=click.Choice(["v1", "v2", "legacy", "control"]),
    help="One generation; none prints everything that is served.",
)
def openapi(generation: str | None) -> None:
    """Print the served OpenAPI document as JSON."""
    import orjson

    from together_mock.api import document
    from together_mock.asgi import Application
    from together_mock.bootstrap import build_world
    from together_mock.settings import Settings

    world = build_world(Settings())
    try:
        text = orjson.dumps(
            document.build(Application(world).api, generation), option=orjson.OPT_INDENT_2
        )
    finally:
        world.close()
    click.echo(text.decode())
