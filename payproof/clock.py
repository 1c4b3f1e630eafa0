"""The engine's one look at the system's clocks, so that tests and replays can put another in its place."""

from __future__ import annotations

import time
from datetime import UTC, datetime


def now() -> float:
    """Seconds since the epoch, UTC."""
    return time.time()


def ticks() -> float:
    """Seconds of a clock that never goes back; only differences mean something."""
    return time.perf_counter()


def worked() -> float:
    """Seconds of processor time of this process; only differences mean something."""
    return time.process_time()


def pause(seconds: float) -> None:
    """Wait."""
    time.sleep(seconds)


def iso(seconds: float) -> str:
    """Epoch seconds as an RFC 3339 timestamp in UTC with milliseconds."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
