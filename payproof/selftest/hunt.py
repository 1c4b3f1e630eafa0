"""Suites let loose on many servers, one after the other: collected once, then run in a forked process for each server.

A process ends with the first finding that a second try of the same test confirms, so a server that lies costs as long as
it takes to be caught. Forking leaves the kit, the suites and the libraries loaded; it needs a POSIX system.

A busy machine must not make a server look worse than it is: what a server may take is counted in processor time, and an
honest server is put through the test that noticed something before that counts.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import tempfile
from collections import deque
from dataclasses import dataclass, replace
from multiprocessing.connection import wait
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from payproof import clock, launch
from payproof.errors import PayproofError, UsageError
from payproof.options import Options
from payproof.run import Run
from payproof.selftest.search import NOTICED, STUCK, SURVIVED, UNSURE, Catch, Search, Server
from payproof.selftest.trace import Trace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

    from payproof.kit import Kit

SECONDS = 600
"""Seconds of processor time that one server may take. A whole run of one API at standard depth takes one to three minutes."""
PATIENCE = 6
"""A server that has not used up its time after so many times as long by the clock waits for something: nothing is known then."""
_ENDING_SECONDS = 5


def hunt(
    kit: Kit, servers: Iterable[Server], *, workers: int, seed: int, seconds: int = SECONDS, lines: Path | None = None,
    honest: Callable[[], None] | None = None,
) -> Iterator[Catch]:  # fmt: skip
    """Run the suites at standard depth against each server, in as many processes at a time, and give what came of each.

    `seconds` is the processor time that one may take. `lines` is a folder of Python modules: which of their lines each test
    runs is then told as well, which takes longer. `honest` makes a process one that has the honest mock: it is put through
    each test that noticed something, and where it fails too, nothing is known of the server.

    Raises UsageError where processes cannot be forked, and PayproofError where the suites cannot be collected.
    """
    if "fork" not in multiprocessing.get_all_start_methods():
        message = "source mutants need a system that can fork processes (Linux, macOS)"
        raise UsageError(message)
    fork = multiprocessing.get_context("fork")
    here, there = fork.Pipe(duplex=False)
    hunter = Hunter([Job(server) for server in servers], workers, seconds, lines, honest, there)
    process = fork.Process(target=_collect, args=(hunter, kit, seed))
    process.start()
    there.close()
    try:
        while (catch := here.recv()) is not None:
            yield catch
        process.join(_ENDING_SECONDS)
    except EOFError:
        message = "the suites could not be collected: try `pytest suites --collect-only`"
        raise PayproofError(message) from None
    finally:
        process.terminate()
        process.join()


def _collect(hunter: Hunter, kit: Kit, seed: int) -> None:
    """Let pytest collect the suites; what it would run then is run once for each server."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    launch.prepare_environment()
    with tempfile.TemporaryDirectory(prefix="payproof-hunt-") as folder:
        options = Options(kit=kit.root, out=Path(folder), seed=seed)
        shards = Path(folder, "shards")
        shards.mkdir()
        hunter.folder = folder
        hunter.payproof_run = Run(options, kit, shards, os.urandom(32), clock.now())
        pytest.main(launch.arguments(kit.root, options), plugins=[hunter])


@dataclass(frozen=True, slots=True)
class Job:
    """A server to be judged; or the honest one in its place, and what was claimed of it."""

    server: Server
    claim: Catch | None = None


class Hunter:
    """A plugin that runs the collected tests in forked processes. `payproof_run` is what payproof's own plugin looks for."""

    payproof_run: Run
    folder: str

    def __init__(
        self, jobs: list[Job], workers: int, seconds: int, lines: Path | None, honest: Callable[[], None] | None, out: Connection
    ) -> None:
        self.waiting = deque(jobs)
        self._workers = workers
        self._seconds = seconds
        self._lines = lines
        self._honest = honest
        self._out = out
        self._running: dict[Connection, tuple[BaseProcess, Job, float]] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run the tests for one server after the other."""
        if session.testsfailed:
            return True
        import schemathesis  # noqa: F401, PLC0415  # loaded by property tests when they start: here it is loaded once for all

        try:
            while self.waiting or self._running:
                while self.waiting and len(self._running) < self._workers:
                    self._start(session, self.waiting.popleft())
                ready = wait(list(self._running), timeout=1.0)
                for pipe, (process, job, began) in list(self._running.items()):
                    taken = clock.ticks() - began
                    if pipe in ready:
                        self.told(job, self._ended(pipe, process, job.server, taken))
                    elif taken > PATIENCE * self._seconds:
                        self.told(job, Catch(job.server.name, UNSURE, look="it was not done in time", seconds=round(taken, 1)))
                    else:
                        continue
                    process.kill()
                    process.join()
                    del self._running[pipe]
        finally:
            for process, _, _ in self._running.values():
                process.kill()
            shutil.rmtree(self.folder, ignore_errors=True)
        self._out.send(None)
        os._exit(0)  # There was no run, so that pytest has nothing to end and no report to make.

    def _start(self, session: pytest.Session, job: Job) -> None:
        fork = multiprocessing.get_context("fork")
        here, there = fork.Pipe(duplex=False)
        folder = tempfile.mkdtemp(dir=self.payproof_run.shards)
        started = fork.Process(target=_search, args=(session, job.server, self._seconds, Path(folder), self._lines, there))
        started.start()
        there.close()
        self._running[here] = (started, job, clock.ticks())

    def _ended(self, pipe: Any, process: BaseProcess, server: Server, taken: float) -> Catch:
        try:
            caught: Catch = pipe.recv()
        except EOFError:
            process.join()
            why = "its process ended by itself"
            if process.exitcode == -signal.SIGXCPU:
                why = f"it did not come to an end within {self._seconds} s of work"
            return Catch(server.name, STUCK, look=why, seconds=round(taken, 1))
        return caught

    def told(self, job: Job, catch: Catch) -> None:
        """Tell what came of a server, once it is known that an honest one does not fail in the same place."""
        if job.claim is not None:
            claim = job.claim
            if catch.outcome != SURVIVED:
                look = f"an honest server fails there as well: {catch.outcome}: {catch.look}"
                claim = replace(claim, outcome=UNSURE, clauses=(), look=look)
            self._out.send(claim)
        elif catch.outcome in NOTICED and self._honest is not None:
            tests = frozenset({catch.test} if catch.test else ())
            self.waiting.appendleft(Job(replace(job.server, become=self._honest, tests=tests), catch))
        else:
            self._out.send(catch)


def _search(session: pytest.Session, server: Server, seconds: int, folder: Path, lines: Path | None, out: Connection) -> None:
    """Become the server, run the tests, tell what came of it, and end this process without its parent's clean-up."""
    import resource  # noqa: PLC0415  # not everywhere, as forking

    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    out.send(Search(session, server, folder, None if lines is None else Trace(lines)).run())
    os._exit(0)
