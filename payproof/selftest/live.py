"""The live level: every named fault of the mock is told to the suites, and the clause that it names has to find it.

The tests that judged the clause in an honest run come first, and the first break of it ends the trial. Only a fault that
none of them brings to light is told to every other test that met its API, at last at the depth of a standard run.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from payproof.errors import UsageError
from payproof.mock.faults import FAULTS
from payproof.selftest.row import KILLED, NO_RESULT, SURVIVED, WRONG_CAUSE, Row
from payproof.selftest.trial import Trial

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from payproof.mock.lie import Fault
    from payproof.selftest.crew import Crew
    from payproof.selftest.survey import Survey
    from payproof.selftest.trial import Outcome

LEVEL = "live"
MOCKED = frozenset(fault.api for fault in FAULTS.values())
"""The APIs that the embedded mock serves: it has a fault for each of them."""
_DEEPER = "standard"


@dataclass(slots=True)
class _Told:
    """A fault that is told in one trial after another, and what they have shown so far."""

    fault: Fault
    trials: deque[Trial]
    broken: dict[str, str] = field(default_factory=dict)
    kept: str = ""
    judged: int = 0
    first: float | None = None
    seconds: float = 0.0
    problem: str = ""

    def take(self, outcome: Outcome) -> None:
        """Take what came of a trial."""
        for clause, words in outcome.broken.items():
            self.broken.setdefault(clause, words)
        if self.first is None and outcome.first is not None:
            self.first = self.seconds + outcome.first
        self.seconds += outcome.seconds
        self.kept, self.judged = self.kept or outcome.kept, self.judged + outcome.judged
        self.problem = outcome.problem

    def next(self) -> Trial | None:
        """Give the trial that follows, or None where nothing more is to be learnt."""
        return self.trials.popleft() if self.trials and not self.problem and self.fault.clause not in self.broken else None


def faults(apis: Sequence[str], names: Sequence[str] = ()) -> list[Fault]:
    """Give the named faults of the embedded mock that are about these APIs: all, or those of these names.

    Raises UsageError for a name that is none of them.
    """
    found = {fault.name: fault for fault in FAULTS.values() if fault.api in apis}
    for name in names:
        if name not in found:
            message = f"there is no fault {name!r} of {', '.join(apis)}; the mock has {', '.join(sorted(found)) or 'none'}"
            raise UsageError(message)
    return [found[name] for name in dict.fromkeys(names)] if names else list(found.values())


def rows(crew: Crew, survey: Survey, chosen: Sequence[Fault], seed: int) -> Iterator[Row]:
    """Tell these faults and give what came of each, in the order in which they end.

    Raises SelftestError if the suites cannot be played.
    """
    told = {fault.name: _Told(fault, deque(trials(fault, survey, seed))) for fault in chosen}
    costly = sorted(told.values(), key=lambda one: -len(survey.judging(one.fault.clause)))
    for trial, outcome in crew.play([trial for one in costly if (trial := one.next())]):
        one = told[trial.name]
        one.take(outcome)
        following = one.next()
        if following is not None:
            crew.add(following)
        else:
            yield _row(one)


def trials(fault: Fault, survey: Survey, seed: int) -> list[Trial]:
    """Give the trials in which a fault is told, until its clause is broken: what judges the clause first, then all else.

    Of both, first what a smoke run sends, then what the tests that know of depths send in a standard run.
    """
    judging = survey.judging(fault.clause)
    rest = [number for number in survey.meeting(fault.api) if number not in set(judging)]
    found: list[Trial] = []
    for chosen in (judging, rest):
        deeper = [number for number in chosen if survey.tests[number].deepens]
        for depth, tests in (("smoke", chosen), (_DEEPER, deeper)):
            if tests or not found:
                found.append(Trial(fault.name, tuple(tests), (fault.name,), seed=seed, depth=depth, until=fault.clause))
    return found


def _row(one: _Told) -> Row:
    fault, found = one.fault, tuple(sorted(one.broken))
    if fault.clause in one.broken:
        return Row(LEVEL, fault.name, fault.api, fault.clause, KILLED, found, 1, 1, one.first)
    if one.problem:
        return Row(LEVEL, fault.name, fault.api, fault.clause, NO_RESULT, found, 1, 0, one.first, one.problem)
    if found:
        look = next(iter(one.broken.values()))
        return Row(LEVEL, fault.name, fault.api, fault.clause, WRONG_CAUSE, found, 1, 1, one.first, look)
    kept = f"kept {one.judged} times, first by {one.kept}" if one.judged else "never judged"
    return Row(LEVEL, fault.name, fault.api, fault.clause, SURVIVED, (), 1, 0, None, f"{fault.clause} was {kept}; the lie: {fault.lie}")
