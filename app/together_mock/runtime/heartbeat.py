"""The heartbeat: wakes the process when something is due. The only user of APScheduler.

One job, set to the earliest due instant of any running clock. It calls `World.tick`, which does
what any request would have done first; so nothing depends on when, or whether, it runs.
"""

import logging
import threading
from datetime import UTC
from typing import Any

from together_mock.core.clock import wall_clock_in
from together_mock.core.errors import MockError
from together_mock.services.world import World

log = logging.getLogger("together_mock")
_JOB = "heartbeat"
# Seconds. A step due at once can wait that long, or a busy project would wake the process for each
# of its steps; nobody sees it, as every request runs what is due. A wait ends after a day.
_SHORTEST = 0.05
_LONGEST = 86_400.0
_AFTER_FAILURE = 1.0


class Heartbeat:
    """Keeps a world's clock-driven steps and activity up to date while nobody asks."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._lock = threading.Lock()
        self._scheduler: Any = None
        # When to wake next, in the world's real time. A tick under way schedules it at its end.
        self._wake_at: float | None = None
        self._ticking = False
        self._stopped = False

    def start(self) -> None:
        """Begin to listen to the world, and wake for what is due already."""
        self._world.wake = self.wake_by
        due = self._world.next_wake()
        if due is not None:
            self.wake_by(due)

    def wake_by(self, real: float) -> None:
        """Wake at the real instant `real` (seconds since the epoch) or before."""
        with self._lock:
            if self._wake_at is not None and self._wake_at <= real:
                return
            self._wake_at = real
            if not self._ticking:
                self._schedule()

    def stop(self) -> None:
        """Stop waking; a tick under way is finished first."""
        with self._lock:
            self._stopped = True
            scheduler = self._scheduler
        if scheduler is not None:
            # Or its thread may look for a job that it has just started, and fail not to find it.
            scheduler.pause()
            scheduler.remove_all_jobs()
            scheduler.shutdown(wait=True)

    def _schedule(self) -> None:
        if self._stopped or self._wake_at is None:
            return
        if self._scheduler is None:
            # Imported and started by the first thing that is due: a server is ready sooner.
            threading.Thread(target=self._start_scheduler, daemon=True).start()
            return
        delay = self._wake_at - self._world.real_now()
        self._scheduler.add_job(
            self._tick,
            "date",
            id=_JOB,
            replace_existing=True,
            # The scheduler goes by the wall clock, which may have been set since.
            run_date=wall_clock_in(min(max(delay, _SHORTEST), _LONGEST)),
            # However late the machine is, what is due must be run.
            misfire_grace_time=None,
            # A tick that has just scheduled the next one may count as running for a moment.
            max_instances=1_000,
        )

    def _start_scheduler(self) -> None:
        from apscheduler.schedulers.background import BackgroundScheduler

        with self._lock:
            if self._scheduler is None and not self._stopped:
                self._scheduler = BackgroundScheduler(timezone=UTC, daemon=True)
                self._scheduler.start()
                self._schedule()

    def _tick(self) -> None:
        with self._lock:
            self._ticking = True
            self._wake_at = None
        try:
            self._world.tick()
            due = self._world.next_wake()
        except MockError:
            # The store fails, as the world has logged; what is due stays due.
            due = self._world.real_now() + _AFTER_FAILURE
        except Exception:
            log.exception("the heartbeat failed; the next request runs what was due")
            due = self._world.real_now() + _AFTER_FAILURE
        with self._lock:
            self._ticking = False
            instants = [instant for instant in (due, self._wake_at) if instant is not None]
            self._wake_at = min(instants, default=None)
            self._schedule()
