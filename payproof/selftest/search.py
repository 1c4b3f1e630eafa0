"""The search for what is wrong with one server: the collected tests are run, each again where it finds something."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from _pytest.runner import runtestprotocol

from payproof import clock
from payproof.errors import PayproofError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import pytest

    from payproof.client import Session
    from payproof.run import Run
    from payproof.selftest.trace import Line, Trace
    from payproof.worker import Worker

CAUGHT, SUITE, STUCK, SURVIVED, UNSURE = "caught", "suite", "stuck", "survived", "unsure"
"""What came of a server: a clause was found broken twice; a test failed twice without a clause; it does not start, does not answer
or works without an end; nothing was noticed; nothing is known, because the machine was too slow or an honest server fails as well."""
NOTICED = frozenset({CAUGHT, SUITE, STUCK})

GENERATED = ("test_properties", "test_stateful")
"""Suites that find what is wrong with shapes, and take longest: they come last."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server to be judged: its name, the APIs that it serves, and what makes a process that has the honest mock one that has it."""

    name: str
    apis: tuple[str, ...]
    become: Callable[[], None]
    tests: frozenset[str] | None = None
    """The tests that can notice it; None for all of its APIs."""


@dataclass(frozen=True, slots=True)
class Catch:
    """What came of one server. `first` are the seconds to the finding that was confirmed, `unconfirmed` clauses found once only."""

    name: str
    outcome: str
    clauses: tuple[str, ...] = ()
    test: str = ""
    look: str = ""
    first: float | None = None
    seconds: float = 0.0
    exchanges: int = 0
    unconfirmed: tuple[str, ...] = ()
    lines: Mapping[str, frozenset[Line]] = field(default_factory=dict)
    """By test, the lines of the mock that it ran; empty unless they were asked for. What ran before any test stands under ""."""


@dataclass(frozen=True, slots=True)
class _Try:
    """What came of a test: when it found something, in seconds after the start, and which clauses were broken; or how it failed."""

    finding: float | None
    clauses: frozenset[str]
    failure: str

    @property
    def bad(self) -> bool:
        """Say whether there is anything wrong."""
        return self.finding is not None or bool(self.failure)


class _Found(BaseException):
    """An exchange broke a clause. No Exception: it ends a test past everything that catches those, Hypothesis as well."""


class Search:
    """One process that looks for what is wrong with one server."""

    def __init__(self, session: pytest.Session, server: Server, folder: Path, trace: Trace | None) -> None:
        from payproof.fleet import RUN  # noqa: PLC0415  # as the next one
        from payproof.plugin import WORKER  # noqa: PLC0415  # imported earlier, pytest could not rewrite its assertions

        self._server = server
        self._worker: Worker = session.config.stash[WORKER]
        self._run: Run = session.config.stash[RUN]
        self._run.shards = folder
        self._run.options = self._worker.options = replace(self._worker.options, apis=server.apis, out=folder)
        self._worker.shared = {**self._worker.shared, "shards": str(folder), "port": 0}
        self._items = [item for item in ordered(session.items, server.apis) if server.tests is None or item.nodeid in server.tests]
        self._trace = trace
        self._began = clock.ticks()
        self._unconfirmed: set[str] = set()
        self._suite: tuple[str, str] = ("", "")
        self._session: Session | None = None

    def run(self) -> Catch:
        """Run test after test until one finds something twice."""
        if self._trace is not None:
            self._trace.start()
        try:
            self._server.become()
            session = self._session = self._worker.session()
        except Exception as error:  # noqa: BLE001  # whatever a broken server raises when it is started, it is one that does not start
            return Catch(self._server.name, STUCK, look=f"does not start: {type(error).__name__}: {str(error)[:200]}", seconds=self._taken)
        session.watch = _stop
        if self._trace is not None:
            self._trace.note("")
        for item, following in zip_longest(self._items, self._items[1:]):
            first = self._tried(session, item, following)
            if first.bad and (first.finding is not None or not self._suite[0]):
                second = self._tried(session, item, following)
                if first.finding is not None and second.finding is not None:
                    finding = session.found[-1]
                    look = f"{finding.exchange}: expected {finding.expected}; seen {finding.seen}"
                    return self._catch(CAUGHT, clauses=(finding.clause,), test=item.nodeid, look=look, first=first.finding)
                self._unconfirmed |= first.clauses | second.clauses
                if second.bad and not self._suite[0]:
                    self._suite = (item.nodeid, first.failure or second.failure)
            if self._worker.dead:
                return self._catch(STUCK, test=item.nodeid, look=self._worker.dead)
        return self._late_findings() or self._noticed()

    def _tried(self, session: Session, item: pytest.Item, following: pytest.Item | None) -> _Try:
        """Run a test once."""
        before = len(session.found)
        reports = runtestprotocol(item, log=False, nextitem=following)
        if self._trace is not None:
            self._trace.note(item.nodeid)
        found = frozenset(finding.clause for finding in session.found[before:])
        failed = next((str(report.longrepr)[-300:] or "failed" for report in reports if report.failed), "")
        return _Try(self._taken if found else None, found, "" if found else failed)

    def _late_findings(self) -> Catch | None:
        """Ask for what is judged only when a run is over."""
        found = self._session.found if self._session else []
        try:
            self._worker.close()
            verdict = self._run.finish()
        except (PayproofError, OSError) as error:
            return self._catch(STUCK, look=f"the run could not be ended: {error}")
        known = {finding.clause for finding in found} | self._unconfirmed
        late = [finding for finding in verdict["findings"] if finding["clause"] not in known]
        if not late:
            return None
        look = f"{late[0]['exchange']}: expected {late[0]['expected']}; seen {late[0]['seen']}"
        return self._catch(CAUGHT, clauses=tuple(sorted({finding["clause"] for finding in late})), look=look, first=self._taken)

    def _noticed(self) -> Catch:
        test, look = self._suite
        return self._catch(SUITE if test else SURVIVED, test=test, look=look)

    def _catch(self, outcome: str, **more: Any) -> Catch:
        return Catch(self._server.name, outcome, seconds=round(self._taken, 1), exchanges=self._session.exchanges if self._session else 0,
                     unconfirmed=tuple(sorted(self._unconfirmed)), lines=self._trace.ran if self._trace else {}, **more)  # fmt: skip

    @property
    def _taken(self) -> float:
        return clock.ticks() - self._began


def _stop(session: Session) -> None:
    last = session.last
    if last is not None and last.judgement.findings:
        raise _Found(last.judgement.findings[0].clause)


def ordered(items: Sequence[pytest.Item], apis: Sequence[str]) -> Iterator[pytest.Item]:
    """Give the tests of these APIs: each API's scenarios, then what is about several, then what is generated.

    Scenarios take turns by file, so that each kind of thing is tried early.
    """
    groups: dict[tuple[int, bool], dict[str, list[pytest.Item]]] = {}
    for item in items:
        marker = item.get_closest_marker("api")
        if marker is not None and marker.args[0] not in apis:
            continue
        generated = Path(item.path).stem in GENERATED
        place = apis.index(marker.args[0]) if marker is not None else len(apis)
        groups.setdefault((place + generated * (len(apis) + 1), generated), {}).setdefault(str(item.path), []).append(item)
    for key in sorted(groups):
        files = [deque(tests) for tests in groups[key].values()]
        while files:
            for tests in files:
                yield tests.popleft()
            files = [tests for tests in files if tests]
