"""Tests that are run again on targets with weather: after an answer that never came, and after a clause that was broken once.

A test that is run again makes everything anew, so nothing is sent twice by it. Every attempt stays in the journal.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from _pytest.runner import runtestprotocol

if TYPE_CHECKING:
    from payproof.worker import Worker

RUNS = 3
"""How often a test is run at most."""


class Repeats:
    """Runs each test of a process, and runs it again where that may tell more."""

    def __init__(self, worker: Worker) -> None:
        """Repeat the tests of this worker."""
        self.worker = worker
        self._places: dict[str, tuple[str, str]] = {}

    @pytest.hookimpl
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool:
        """Do what pytest does for a test, up to RUNS times; only the last time is reported."""
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        attempts: dict[str, list[dict[str, str]]] = {}
        reports = []
        for number in range(1, RUNS + 1):
            if number > 1:
                item._initrequest()  # type: ignore[attr-defined]  # fixtures are made anew; pytest has no other name for it
            self.worker.unclear, known, self.worker.judged = "", len(self.worker.found()), {}
            reports = runtestprotocol(item, log=False, nextitem=nextitem)
            again = self._noted(known, attempts, first=number == 1)
            if self.worker.dead or not (self.worker.unclear or (again and number < RUNS)):
                break
        if any(len(each) > 1 for each in attempts.values()):
            self.worker.write({"kind": "repeat", "test": item.nodeid, "findings": attempts})
        if self.worker.unclear and not self.worker.dead:
            marker = item.get_closest_marker("api")
            self.worker.fail(self.worker.unclear, test=item.nodeid, unclear=marker.args[0] if marker is not None else "")
        for report in reports:
            item.ihook.pytest_runtest_logreport(report=report)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    def _noted(self, known: int, attempts: dict[str, list[dict[str, str]]], *, first: bool) -> bool:
        """Note what the last run says of each finding, and say whether another run would tell more."""
        found = self.worker.found()[known:]
        times = Counter(finding.fingerprint for finding in found)
        for finding in found:
            if first or finding.fingerprint in attempts:
                attempts.setdefault(finding.fingerprint, []).append({"exchange": finding.exchange, "outcome": "broken"})
                self._places[finding.fingerprint] = (finding.clause, finding.operation)
        for fingerprint, tried in attempts.items():
            kept = self.worker.judged.get(self._places[fingerprint])
            if not times[fingerprint] and kept is not None:
                tried.append({"exchange": kept, "outcome": "kept"})
        return any(len(tried) < 2 for tried in attempts.values())
