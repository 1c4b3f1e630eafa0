"""The clock of a tenant."""

from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace

import pytest

from payproof.mock import clock as clock_module
from payproof.mock.clock import Clock, ClockRangeError, timestamp

START = datetime(2024, 7, 2, 9, 38, 54, 781_000, tzinfo=UTC)


def test_starts_at_the_present() -> None:
    """Without a start the clock shows the present."""
    assert abs(Clock().now() - datetime.now(UTC)) < timedelta(seconds=5)


def test_runs_on_from_its_start() -> None:
    """The clock begins at its start and never goes back by itself."""
    clock = Clock(START)
    readings = [clock.milliseconds() for _ in range(1_000)]
    assert readings == sorted(readings)
    assert START <= clock.now() < START + timedelta(seconds=5)


@pytest.mark.parametrize("seconds", [3600, 0.25, -86_400])
def test_advance(seconds: float) -> None:
    """A clock moves by seconds in both directions."""
    clock = Clock(START)
    clock.advance(seconds)
    assert timedelta(0) <= clock.now() - (START + timedelta(seconds=seconds)) < timedelta(seconds=5)


def test_set_converts_to_utc() -> None:
    """A moment with another offset is the same moment."""
    clock = Clock(START)
    clock.set(datetime(2035, 1, 1, 1, 0, tzinfo=timezone(timedelta(hours=1))))
    assert clock.now().isoformat().startswith("2035-01-01T00:00:0")


def test_steps_are_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    """To the millisecond: a step by hand, and the time that passes by itself."""
    system = SimpleNamespace(monotonic_ns=lambda: 5_000_000_000)
    monkeypatch.setattr(clock_module, "time", system)
    clock = Clock(START)
    assert (clock.now(), clock.milliseconds()) == (START, 1_719_913_134_781)
    clock.advance(3600.25)
    assert clock.now() == START + timedelta(seconds=3600, milliseconds=250)
    system.monotonic_ns = lambda: 6_500_000_000
    assert clock.now() == START + timedelta(seconds=3601, milliseconds=750)
    clock.set(START)
    assert clock.now() == START


@pytest.mark.parametrize("moment", [datetime(2035, 1, 1), datetime(1969, 1, 1, tzinfo=UTC), datetime.max])
def test_set_refuses(moment: datetime) -> None:
    """A moment without time zone, or that leaves no room for a token's expiry, is refused."""
    clock = Clock(START)
    with pytest.raises(ClockRangeError):
        clock.set(moment)
    assert clock.now() < START + timedelta(seconds=5)


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), -float("inf"), 1e12, 10**400, -1e11])
def test_advance_refuses(seconds: float) -> None:
    """A step out of the calendar is refused, and the clock stays."""
    clock = Clock(START)
    with pytest.raises(ClockRangeError):
        clock.advance(seconds)
    assert START <= clock.now() < START + timedelta(seconds=5)


def test_the_ends_of_the_range(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ends can be shown, and nothing beyond them."""
    monkeypatch.setattr(clock_module, "time", SimpleNamespace(monotonic_ns=lambda: 0))
    clock = Clock(datetime(1970, 1, 1, tzinfo=UTC))
    with pytest.raises(ClockRangeError):
        clock.advance(-0.001)
    clock.set(datetime(9000, 1, 1, tzinfo=UTC))
    with pytest.raises(ClockRangeError):
        clock.advance(0.001)
    clock.advance(-1)
    clock.advance(1)
    assert clock.now() == datetime(9000, 1, 1, tzinfo=UTC)
    clock.advance(-(clock.milliseconds() / 1000))
    assert clock.milliseconds() == 0


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_719_913_134_781, "2024-07-02T09:38:54.781Z"),
        (1_719_913_134_000, "2024-07-02T09:38:54.000Z"),
        (1_719_913_134_007, "2024-07-02T09:38:54.007Z"),
    ],
)
def test_timestamp(milliseconds: int, text: str) -> None:
    """Timestamps have three decimals and end in Z, as the documented ones."""
    assert timestamp(milliseconds) == text
