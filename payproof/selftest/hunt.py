"""Suites let loose on many servers, one after the other: collected once, then run in a forked process for each server.

A process ends with the first finding that a second try of the same test confirms, so a server that lies costs as long as
it takes to be caught. Forking leaves the kit, the suites and the libraries loaded; it needs a POSIX system.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import tempfile
import threading
from collections import deque
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from multiprocessing.connection import wait
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from _pytest.runner import runtestprotocol

from payproof import clock, launch
from payproof.errors import PayproofError, UsageError
from payproof.options import Options
from payproof.run import Run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess
    from types import FrameType

    from payproof.client import Session
    from payproof.kit import Kit
    from payproof.worker import Worker

CAUGHT, SUITE, STUCK, SURVIVED = "caught", "suite", "stuck", "survived"
"""What came of a server: a clause was found broken twice; a test failed without a clause; it does not start, does not answer or
does not end; nothing was noticed."""

Line = tuple[str, int]
"""A module of the mock and the number of a line in it."""

SECONDS = 900.0
"""What one server may take. A whole run of one API at standard depth takes a minute on a machine of its own."""

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


class _Found(BaseException):
    """An exchange broke a clause. No Exception: it ends a test past everything that catches those, Hypothesis as well."""


def hunt(
    kit: Kit, servers: Iterable[Server], *, workers: int, seed: int, seconds: float = SECONDS, lines: Path | None = None
) -> Iterator[Catch]:
    """Run the suites at standard depth against each server, in as many processes at a time, and give what came of each.

    `lines` is a folder of Python modules: which of their lines each test runs is then told as well, which takes longer.

    Raises UsageError where processes cannot be forked, and PayproofError where the suites cannot be collected.
    """
    if "fork" not in multiprocessing.get_all_start_methods():
        message = "source mutants need a system that can fork processes (Linux, macOS)"
        raise UsageError(message)
    fork = multiprocessing.get_context("fork")
    here, there = fork.Pipe(duplex=False)
    process = fork.Process(target=_collect, args=(_Hunter(list(servers), workers, seconds, lines, there), kit, seed))
    process.start()
    there.close()
    try:
        while (catch := here.recv()) is not None:
            yield catch
    except EOFError:
        message = "the suites could not be collected: try `pytest suites --collect-only`"
        raise PayproofError(message) from None
    finally:
        if process.is_alive():
            process.join(5)
            process.terminate()
        process.join()


def _collect(hunter: _Hunter, kit: Kit, seed: int) -> None:
    """Let pytest collect the suites; what it would run then is run once for each server."""
    launch.prepare_environment()
    with tempfile.TemporaryDirectory(prefix="payproof-hunt-") as folder:
        options = Options(kit=kit.root, out=Path(folder), seed=seed)
        shards = Path(folder, "shards")
        shards.mkdir()
        hunter.payproof_run = Run(options, kit, shards, os.urandom(32), clock.now())
        pytest.main(launch.arguments(kit.root, options), plugins=[hunter])


class _Hunter:
    """A plugin that runs the collected tests in forked processes. `payproof_run` is what payproof's own plugin looks for."""

    payproof_run: Run

    def __init__(self, servers: list[Server], workers: int, seconds: float, lines: Path | None, out: Connection) -> None:
        self._lines = lines
        self._waiting = deque(servers)
        self._workers = workers
        self._seconds = seconds
        self._out = out

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run the tests for one server after the other."""
        if session.testsfailed:
            return True
        import schemathesis  # noqa: F401, PLC0415  # loaded by property tests when they start: here it is loaded once for all

        fork = multiprocessing.get_context("fork")
        running: dict[Connection, tuple[BaseProcess, Server, float]] = {}
        while self._waiting or running:
            while self._waiting and len(running) < self._workers:
                server = self._waiting.popleft()
                here, there = fork.Pipe(duplex=False)
                started = fork.Process(target=_search, args=(session, server, self._lines, there))
                started.start()
                there.close()
                running[here] = (started, server, clock.ticks())
            ready = wait(list(running), timeout=1.0)
            for pipe, (process, server, began) in list(running.items()):
                taken = clock.ticks() - began
                if pipe not in ready and taken < self._seconds:
                    continue
                self._out.send(_ended(pipe, server, taken) if pipe in ready else _late(server, taken))
                process.kill()
                process.join()
                del running[pipe]
        self._out.send(None)
        return True


def _ended(pipe: Any, server: Server, taken: float) -> Catch:
    try:
        caught: Catch = pipe.recv()
    except EOFError:
        return Catch(server.name, STUCK, look="its process ended by itself", seconds=taken)
    return caught


def _late(server: Server, taken: float) -> Catch:
    return Catch(server.name, STUCK, look="it was not done in time", seconds=taken)


def _search(session: pytest.Session, server: Server, lines: Path | None, out: Connection) -> None:
    """Become the server, run the tests, tell what came of it, and end this process without its parent's clean-up."""
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    with tempfile.TemporaryDirectory(prefix="payproof-search-") as folder:
        out.send(_Search(session, server, Path(folder), None if lines is None else Trace(lines)).run())
    os._exit(0)


class _Search:
    """One process that looks for what is wrong with one server."""

    def __init__(self, session: pytest.Session, server: Server, folder: Path, trace: Trace | None) -> None:
        from payproof.plugin import RUN, WORKER  # noqa: PLC0415  # imported earlier, pytest could not rewrite its assertions

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
            if first and self._tried(session, item, following):
                finding = session.found[-1]
                look = f"{finding.exchange}: expected {finding.expected}; seen {finding.seen}"
                return self._catch(CAUGHT, clauses=(finding.clause,), test=item.nodeid, look=look, first=first)
            if first:
                self._unconfirmed.add(session.found[-1].clause)
            if self._worker.dead:
                return self._catch(STUCK, test=item.nodeid, look=self._worker.dead)
        return self._late_findings() or self._noticed()

    def _tried(self, session: Session, item: pytest.Item, following: pytest.Item | None) -> float | None:
        """Run a test and give when it found something, seconds after the start; None if it did not."""
        before = len(session.found)
        reports = runtestprotocol(item, log=False, nextitem=following)
        if self._trace is not None:
            self._trace.note(item.nodeid)
        if len(session.found) > before:
            return self._taken
        failed = next((report for report in reports if report.failed), None)
        if failed is not None and not self._suite[0]:
            self._suite = (item.nodeid, str(failed.longrepr)[-300:])
        return None

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


class Trace:
    """Notes which lines of the modules in a folder are run by threads that start after it did."""

    def __init__(self, folder: Path) -> None:
        """Look at modules of this folder."""
        self.ran: dict[str, frozenset[Line]] = {}
        self._prefix = str(folder.resolve()) + os.sep
        self._names: dict[str, str | None] = {}
        self._seen: set[Line] = set()

    def start(self) -> None:
        """Look at threads that start from now on, and at this one until the first `note`."""
        threading.settrace(self._call)
        sys.settrace(self._call)

    def note(self, test: str) -> None:
        """Put down what was run since the last time as run by this test."""
        seen, self._seen = self._seen, set()
        if not self.ran:
            sys.settrace(None)
        self.ran[test] = frozenset(seen) | self.ran.get(test, frozenset())

    def _call(self, frame: FrameType, _: str, __: object) -> Callable[..., Any] | None:
        path = frame.f_code.co_filename
        if path not in self._names:
            self._names[path] = Path(path).stem if path.startswith(self._prefix) else None
        name = self._names[path]
        if name is None:
            return None

        def line(frame: FrameType, event: str, _: object) -> Callable[..., Any]:
            if event == "line":
                self._seen.add((name, frame.f_lineno))
            return line

        self._seen.add((name, frame.f_lineno))
        return line


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


