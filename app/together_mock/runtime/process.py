"""A server as a process of its own: logging, signals, the ready line and the banner."""

import asyncio
import gc
import json
import logging
import os
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from together_mock import __version__
from together_mock.bootstrap import StartError
from together_mock.runtime.server import Server, run_loop
from together_mock.settings import Settings

ServeError = StartError


def run(settings: Settings, ready_file: str | None, log_level: str, log_format: str) -> None:
    """Serve until SIGTERM or Ctrl-C, then stop cleanly.

    Raises:
        ServeError: an option that cannot be started with; nothing has been changed.
    """
    if ready_file == "":
        raise ServeError("--ready-file: '' names no file")
    log_to_stderr(log_level, log_format)
    gc.freeze()
    gc.enable()
    server = Server(settings)
    try:
        server.apply_start()
        run_loop(_serve(server, lambda: _announce(server.url, ready_file)))
    finally:
        server.close()
    if server.application.is_loading:
        # Everything is closed; an import that nobody waits for any more is not worth a second.
        logging.shutdown()
        sys.stdout.flush()
        os._exit(0)


async def _serve(server: Server, on_ready: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)
    await server.serve(on_ready)


def _announce(url: str, ready_file: str | None) -> None:
    line = json.dumps({"ready": True, "url": url, "pid": os.getpid()})
    if ready_file is not None:
        try:
            _write_whole(Path(ready_file), line + "\n")
        except OSError as error:
            raise ServeError(f"--ready-file {ready_file}: {error.strerror}") from error
    print(_banner(url) if sys.stdout.isatty() else line, flush=True)


def _write_whole(path: Path, text: str) -> None:
    """Write a file so that no reader ever sees half of it."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


def _banner(url: str) -> str:
    return f"""\
together-mock {__version__} is ready at {url}   (Ctrl-C stops it)

  together 1.x, 2.x, together-ai, OpenAI   {url}/v1
  together 3.x                             {url}
  control plane                            {url}/_mock
  in a browser                             {url}

  export TOGETHER_BASE_URL={url}/v1
  export TOGETHER_API_KEY=test-key
  export TOGETHER_TELEMETRY_DISABLED=1
"""


def _instant(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


class _TextLines(logging.Formatter):
    """A line a record, whatever is in it; tracebacks follow on lines of their own."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s")

    def formatTime(  # noqa: N802 - its name there
        self,
        record: logging.LogRecord,
        datefmt: str | None = None,  # noqa: ARG002 - it has one form
    ) -> str:
        """The instant, as lines in JSON have it."""
        return _instant(record)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - its name there
        """The line; what clients send makes no other ones."""
        # Some libraries end theirs themselves.
        line = super().formatMessage(record).rstrip()
        return line if line.isprintable() else line.encode("unicode_escape").decode()


class _JsonLines(logging.Formatter):
    """A JSON object a line: `time`, `level`, `logger`, `message`, and what the record is about."""

    def format(self, record: logging.LogRecord) -> str:
        fields = {
            "time": _instant(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage().rstrip(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        return json.dumps(fields)


def log_to_stderr(level: str, log_format: str) -> None:
    """Log to standard error, lines of ours from a level on: as `text`, or as `json`."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines() if log_format == "json" else _TextLines())
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger("together_mock").setLevel(level.upper())
