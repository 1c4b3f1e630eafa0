"""Committed lies: each breaks the clause that it was written for, and no other, while the spec passes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from payproof import clock, replay
from payproof.selftest.row import ACCUSED, HONEST, KILLED, SURVIVED, WRONG_CAUSE, Row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from payproof.replay import Mutant
    from payproof.selftest.prepared import Prepared

HONEST_STORY = "honest story"
LIE = "committed lie"


def story(api: str, prepared: Prepared) -> Row:
    """Say whether the honest story of an API is free of findings and errors."""
    told = [f"exchange {number}: {finding.clause} at {finding.pointer}: expected {finding.expected}; seen {finding.seen}"
            for number, findings in prepared.trial.findings.items() for finding in findings]  # fmt: skip
    told += prepared.trial.errors
    broken = {finding.clause for findings in prepared.trial.findings.values() for finding in findings}
    number = len(prepared.chain.exchanges)
    return Row("replay", HONEST_STORY, api, "", ACCUSED if told else HONEST, tuple(sorted(broken)), tried=number, caught=len(told),
               look="; ".join(told[:3]))  # fmt: skip


def rows(api: str, prepared: Prepared, lies: list[Mutant], began: float) -> Iterator[Row]:
    """Give a row for each clause that has lies; `began` is what `clock.now` said when the level began."""
    by_clause: dict[str, list[Mutant]] = {}
    for lie in lies:
        by_clause.setdefault(lie.clause, []).append(lie)
    for clause, some in by_clause.items():
        found: set[str] = set()
        looks = []
        caught, found_out, first = 0, False, None
        for lie in some:
            broken, told = _told(prepared, lie)
            found |= broken
            if told:
                looks.append(f"{lie.step}, {lie.lie}: {told}")
            caught += not told
            found_out |= bool(told and broken)
            if first is None and not told:
                first = clock.now() - began
        outcome = KILLED if not looks else WRONG_CAUSE if found_out else SURVIVED
        yield Row("replay", LIE, api, clause, outcome, tuple(sorted(found)), tried=len(some), caught=caught, first=first,
                  look="; ".join(looks))  # fmt: skip


def _told(prepared: Prepared, lie: Mutant) -> tuple[set[str], str]:
    """Give the clauses that a lie breaks, and what is not as it has to be; nothing if all is."""
    try:
        number = replay.step_of(prepared.chain, lie)
        exchange = replay.changed(prepared.chain.exchanges[number], lie, prepared.names(number))
    except (KeyError, ValueError) as error:
        return set(), str(error.args[0])
    trial = prepared.judge(number, exchange)
    broken = {finding.clause for finding in trial.findings.get(number, ())}
    wanted = {lie.clause} | lie.also
    if trial.errors:
        return broken, f"an error of the suite: {trial.errors[0]}"
    if broken == wanted:
        return broken, ""
    missed, extra = ", ".join(sorted(wanted - broken)), ", ".join(sorted(broken - wanted))
    told = ([f"{missed} does not find it"] if missed else []) + ([f"{extra} finds it too"] if extra else [])
    return broken, "; ".join(told)
