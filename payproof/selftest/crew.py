"""Processes that play trials side by side; one that takes too long or goes down is replaced, and its trial has no result."""

from __future__ import annotations

import multiprocessing
from collections import deque
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Self

from payproof import clock
from payproof.errors import PayproofError
from payproof.selftest import interrupt
from payproof.selftest.stage import play
from payproof.selftest.trial import Case, Outcome, Trial

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from multiprocessing.process import BaseProcess
    from pathlib import Path

READY_SECONDS = 180.0
"""How long reading the kit and collecting its suites may take."""
TEST_SECONDS = 300.0
"""How long one test may take: most take a tenth of a second, but machines can be busy."""
_ENDING_SECONDS = 5.0


class SelftestError(PayproofError):
    """The suites cannot be played at all: there is no result."""

    exit = PayproofError.exit.INCOMPLETE


@dataclass(slots=True)
class _Member:
    process: BaseProcess
    connection: Connection
    deadline: float
    trial: Trial | None = None
    ready: bool = False


class Crew:
    """So many processes with the suites of one kit; a context manager that leaves none of them behind."""

    def __init__(self, root: Path, workers: int, *, seconds: float = TEST_SECONDS) -> None:
        """Start the processes; `seconds` is what one test may take."""
        self._root = root
        self._seconds = seconds
        self._waiting: deque[Trial] = deque()
        self._tests: list[Case] | None = None
        self._context = multiprocessing.get_context("spawn")
        self._members: list[_Member] = []
        try:
            self._members += [self._start() for _ in range(workers)]
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End every process, at once."""
        for member in self._members:
            self._end(member)
        self._members.clear()

    def tests(self) -> list[Case]:
        """Give all tests of the suites. Raises SelftestError if they cannot be played."""
        while self._tests is None:
            for _ in self._step():
                pass
        return self._tests

    def play(self, trials: Iterable[Trial]) -> Iterator[tuple[Trial, Outcome]]:
        """Play trials and give what came of each, in the order in which they end.

        Whoever takes them may `add` others meanwhile. Raises SelftestError if the suites cannot be played.
        """
        self._waiting.extend(trials)
        while self._waiting or any(member.trial for member in self._members):
            yield from self._step()

    def add(self, trial: Trial) -> None:
        """Play one more before those that wait, so that what somebody is after is known soon."""
        self._waiting.appendleft(trial)

    def _start(self) -> _Member:
        own, other = self._context.Pipe()
        process = self._context.Process(target=play, args=(other, self._root), name="payproof-selftest", daemon=True)
        with interrupt.held():
            process.start()
        other.close()
        return _Member(process, own, clock.ticks() + READY_SECONDS)

    @staticmethod
    def _end(member: _Member) -> None:
        member.process.terminate()
        member.process.join(_ENDING_SECONDS)
        if member.process.is_alive():
            member.process.kill()
            member.process.join(_ENDING_SECONDS)
        member.connection.close()

    def _step(self) -> Iterator[tuple[Trial, Outcome]]:
        """Hand out trials, wait until somebody says something or is too late, and give what has ended."""
        busy = []
        for member in self._members:
            if member.ready and member.trial is None and self._waiting:
                member.trial = self._waiting.popleft()
                member.deadline = clock.ticks() + self._seconds
                member.connection.send(member.trial)
            if member.trial is not None or not member.ready:
                busy.append(member)
        if not busy:
            return
        left = max(0.0, min(member.deadline for member in busy) - clock.ticks())
        speaking = wait([member.connection for member in busy], left)
        for member in busy:
            if member.connection in speaking:
                yield from self._hear(member)
            elif clock.ticks() >= member.deadline:
                yield from self._replace(member, f"a test was ended after {self._seconds:.0f} s")

    def _hear(self, member: _Member) -> Iterator[tuple[Trial, Outcome]]:
        try:
            said = member.connection.recv()
        except (EOFError, OSError):
            member.process.join(_ENDING_SECONDS)
            yield from self._replace(member, f"its process went down with {member.process.exitcode}")
            return
        if isinstance(said, int):
            member.deadline = clock.ticks() + self._seconds
        elif isinstance(said, list):
            self._tests, member.ready = said, True
        elif isinstance(said, Outcome) and member.trial is not None:
            trial, member.trial = member.trial, None
            yield trial, said
        else:
            raise SelftestError(str(said))

    def _replace(self, member: _Member, why: str) -> Iterator[tuple[Trial, Outcome]]:
        trial = member.trial
        if trial is None:
            message = f"the suites could not be collected: {why}"
            raise SelftestError(message)
        self._end(member)
        self._members[self._members.index(member)] = self._start()
        yield trial, Outcome(problem=why)
