"""What keeps the store from its work, told in the log: once as it begins, once as it has passed."""

import logging
import threading

from together_mock.core.errors import MockError
from together_mock.services.catalog import Catalog

log = logging.getLogger("together_mock")

# Seconds without another failure after which it counts that something was stored: on a full disk a
# small commit may find the last free pages, and the next one none.
QUIET = 1.0


class Troubles:
    """Whether the store fails. Thread-safe."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._lock = threading.Lock()
        # The case of the catalogue that it fails by; None while it works.
        self.case: str | None = None
        self._failed_at = 0.0
        # Whether something was committed since it failed the last time.
        self._has_stored = False

    def failed(self, error: MockError, slug: str | None, at: float) -> None:
        """Note that the store failed, at a real instant (seconds), on a project if on any."""
        with self._lock:
            before, self.case = self.case, error.case
            self._failed_at, self._has_stored = at, False
            if error.case != before:
                where = "" if slug is None else f" for project {slug}"
                told = self._catalog.describe(error)
                fields = {"project": slug, "case": error.case}
                log.error("the database fails%s: %s", where, told, extra={"fields": fields})

    def stored(self) -> None:
        """Note that something was committed."""
        self._has_stored = True

    def look(self, at: float) -> float | None:
        """Tell of the end of a trouble once something was committed, and nothing failed for long.

        Args:
            at: the real instant (seconds) at which one looks.

        Returns:
            When to look again; None where that is of no use.
        """
        if self.case is None or not self._has_stored:
            return None
        if at < self._failed_at + QUIET:
            return self._failed_at + QUIET
        self.end()
        return None

    def end(self) -> None:
        """Tell of the end of a trouble, if something was committed since it showed last."""
        with self._lock:
            if self.case is not None and self._has_stored:
                fields = {"project": None, "case": self.case}
                self.case = None
                log.warning("the database can be written to again", extra={"fields": fields})
