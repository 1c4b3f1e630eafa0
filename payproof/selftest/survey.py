"""What each test of the suites judges, and what it costs: worked out from an honest run each time, never kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from payproof.selftest.trial import Trial

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from payproof.kit import Kit
    from payproof.selftest.crew import Crew
    from payproof.selftest.trial import Case, Outcome, Part

SHARES = 6
"""Into how many trials the tests are dealt, so that processes can share them."""


def world(kit: Kit, apis: Iterable[str]) -> frozenset[str]:
    """Give these APIs and all that share a token with one of them: what happens at one may show at another."""
    linked = [{contract.api, contract.access["token"]["api"]} for contract in kit.contracts.values() if "token" in contract.access]
    found = set(apis)
    while more := [pair for pair in linked if pair & found and not pair <= found]:
        found.update(*more)
    return frozenset(found)


@dataclass(slots=True)
class Survey:
    """Which tests judge which clause and meet which API, by the honest run. `chosen` are the numbers of those that were asked for."""

    tests: Sequence[Case]
    chosen: Sequence[int]
    parts: dict[int, Part] = field(default_factory=dict)
    accused: dict[str, str] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    problem: str = ""

    @classmethod
    def make(cls, crew: Crew, apis: Collection[str], seed: int) -> Survey:
        """Play every case of every test that is about these APIs, or about none in particular, on an honest mock.

        Raises SelftestError if the suites cannot be played.
        """
        tests = crew.tests()
        chosen = [number for number, test in enumerate(tests) if not test.api or test.api in apis]
        made = cls(tests, chosen)
        shares = [tuple(chosen[share::SHARES]) for share in range(SHARES)]
        for _, outcome in crew.play([Trial(f"honest {n}", tests, seed=seed, survey=True) for n, tests in enumerate(shares) if tests]):
            made.take(outcome)
        return made

    def take(self, outcome: Outcome) -> None:
        """Take what came of one of them."""
        self.parts |= outcome.parts
        for clause, told in outcome.broken.items():
            self.accused.setdefault(clause, told)
        self.errors += outcome.errors
        self.problem = self.problem or outcome.problem

    def judging(self, clause: str) -> list[int]:
        """Give the tests that judged a clause, the cheapest first; cases of one test take turns with those of others."""
        costs = sorted((part.seconds, number) for number, part in self.parts.items() if clause in part.judged)
        rounds: dict[str, int] = {}
        turns = []
        for cost, number in costs:
            function = self.tests[number].name.partition("[")[0]
            turn = rounds[function] = rounds.get(function, 0) + 1
            turns.append((turn, cost, number))
        return [number for _, _, number in sorted(turns)]

    def meeting(self, api: str) -> list[int]:
        """Give the tests that met an API, the cheapest first."""
        costs = sorted((part.seconds, number) for number, part in self.parts.items() if api in part.apis)
        return [number for _, number in costs]

    def smoke(self) -> tuple[int, ...]:
        """Give the tests of a smoke run, in their order."""
        return tuple(number for number in self.chosen if self.tests[number].smoke)
