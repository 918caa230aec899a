"""The options of one server, as a value. Environment variables are read by the command line."""

from dataclasses import dataclass
from typing import Literal

Api = Literal["v1", "v1-retired", "v2", "both"]
V2Errors = Literal["envelope", "rpc"]


@dataclass(frozen=True)
class Settings:
    """What `together-mock serve` and `MockServer` take.

    Args:
        database: a file or `sqlite:///` URL; None is a private temporary file.
        preset: the lifecycle preset of new projects.
        clock_rate: virtual seconds per real second for new projects; 0 is frozen.
        start_at: where new projects' clocks begin, ISO 8601; None is the machine's time.
        seed: from which each project's seed of generated values derives.
        state: files of state documents, applied before the server is ready.
        api_keys: `KEY` or `KEY=PROJECT_SLUG`; empty accepts every non-empty key.
        admin_token: guards the control plane when given.
        api: which generations answer; `v1-retired` refuses v1 creation and restart.
        v2_errors: the form of v2's refusals: the envelope of its document, or RPC's own.
        lenient: lets through what generated SDK tests send.
        fixtures: a directory whose files replace the shipped catalogues of the same name.
    """

    host: str = "127.0.0.1"
    port: int = 4010
    database: str | None = None
    preset: str = "fast"
    clock_rate: float = 1.0
    start_at: str | None = None
    seed: int = 0
    state: tuple[str, ...] = ()
    api_keys: tuple[str, ...] = ()
    admin_token: str | None = None
    api: Api = "both"
    v2_errors: V2Errors = "envelope"
    lenient: bool = False
    fixtures: str | None = None
