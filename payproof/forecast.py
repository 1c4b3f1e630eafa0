"""How long a run will take at a target that allows only so many requests a second: told before, and while it goes on."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from payproof.options import Options

A_TEST = {"smoke": 10, "standard": 20, "deep": 60}
"""How many requests a test sends on average at each depth, as counted in runs on the mock."""
_ENOUGH = 0.02
"""Which share of a run must be done before its own pace says how long the rest takes."""


def earlier(out: Path, options: Options, apis: Sequence[str]) -> int | None:
    """Give the number of exchanges of the run whose results are still there; None if it was another kind of run, or none."""
    try:
        verdict: dict[str, Any] = json.loads((out / "verdict.json").read_text(encoding="utf-8"))
        stopped = any(error["where"] == "run" for error in verdict["suite_errors"])
        same = (verdict["target"], verdict["depth"], verdict["scope"]["apis"], verdict["partial"], stopped)
        wanted = (options.target, options.depth, list(apis), options.partial, False)
        return int(verdict["counts"]["exchanges"]) if same == wanted and not options.keyword and not options.clauses else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


@dataclass(slots=True)
class Forecast:
    """What is known of a run's length. `rate` is in requests a second, None without a limit; `before` counts an earlier run."""

    depth: str
    rate: float | None
    before: int | None = None
    tests: int = 0
    done: int = 0

    @property
    def requests(self) -> int:
        """How many requests the run is expected to send."""
        return self.before if self.before is not None else self.tests * A_TEST[self.depth]

    def told(self) -> str:
        """Say it before the first request."""
        how = "as in the last run here" if self.before is not None else f"estimated from {self.tests} tests"
        if self.rate is None:
            return f"about {self.requests} requests ({how}); the target names no rate"
        return f"about {self.requests} requests ({how}) at {self.rate:g} a second: {lasting(self.requests / self.rate)} or more"

    def left(self, sent: int, seconds: float) -> str:
        """Say how long the rest will take after so many requests in so many seconds; empty while nobody knows."""
        share = sent / self.requests if self.before else self.done / self.tests if self.tests else 0.0
        if share < _ENOUGH:
            return f"{lasting(self.requests / self.rate)} or more" if self.rate is not None and self.requests else ""
        return f"{lasting(seconds / share - seconds)} left" if share < 1 else "nearly done"


def lasting(seconds: float) -> str:
    """Give a duration as people say it."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


class Watch:
    """Counts a run's tests for a forecast, as a plugin of pytest; `announce` is called once their number is known."""

    def __init__(self, forecast: Forecast, announce: Callable[[], None]) -> None:
        """Count from nothing."""
        self.forecast = forecast
        self._announce = announce

    def _known(self, tests: int) -> None:
        if tests and not self.forecast.tests:
            self.forecast.tests = tests
            self._announce()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Take the number of tests of a run in one process."""
        self._known(len(session.items))

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """Take the number of tests of a run in several processes, each of which collects all."""
        self._known(len(ids))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a test that is over."""
        self.forecast.done += report.when == "teardown"
