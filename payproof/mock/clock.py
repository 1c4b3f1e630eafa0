"""Time as a tenant sees it; the only module of the mock that reads the system clock."""

import time
from datetime import UTC, datetime

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(9000, 1, 1, tzinfo=UTC)
"""Tokens expire later than they are issued, so a clock stops well short of the last year that a date can hold."""


class ClockRangeError(ValueError):
    """A clock was asked to show a moment without time zone, or outside of the years 1970 to 9000."""


def _milliseconds(moment: datetime) -> int:
    if moment.tzinfo is None:
        raise ClockRangeError("the moment needs a time zone, for example 2035-01-01T00:00:00Z")
    if not EARLIEST <= moment <= LATEST:
        raise ClockRangeError("the moment must lie between the years 1970 and 9000")
    since = moment - EARLIEST
    return (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000


def timestamp(milliseconds: int) -> str:
    """Write milliseconds since 1970 as the profiles API does, for example ``2024-07-02T09:38:54.781Z``."""
    seconds, rest = divmod(milliseconds, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat()}.{rest:03d}Z"


class Clock:
    """A clock that runs on from ``start`` (default: the present) and can be moved in both directions.

    Raises ``ClockRangeError`` for a start without time zone or outside of the years 1970 to 9000.
    """

    def __init__(self, start: datetime | None = None) -> None:
        self._shown = _milliseconds(datetime.now(UTC) if start is None else start)
        self._read = time.monotonic_ns()

    def milliseconds(self) -> int:
        """Read the clock, in milliseconds since 1970-01-01T00:00:00Z."""
        return self._shown + (time.monotonic_ns() - self._read) // 1_000_000

    def now(self) -> datetime:
        """Read the clock, in UTC."""
        seconds, rest = divmod(self.milliseconds(), 1000)
        return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest * 1000)

    def set(self, moment: datetime) -> None:
        """Show ``moment`` (with time zone) and run on from there; raises ``ClockRangeError``."""
        self._shown = _milliseconds(moment)
        self._read = time.monotonic_ns()

    def advance(self, seconds: float) -> None:
        """Move by ``seconds``, which may be negative; raises ``ClockRangeError`` and then stays where it was."""
        limit = (LATEST - EARLIEST).total_seconds()
        if not abs(seconds) <= limit:
            raise ClockRangeError("the number of seconds leads out of the years 1970 to 9000")
        target = self.milliseconds() + round(seconds * 1000)
        if not 0 <= target <= limit * 1000:
            raise ClockRangeError("the number of seconds leads out of the years 1970 to 9000")
        self._shown = target
        self._read = time.monotonic_ns()
