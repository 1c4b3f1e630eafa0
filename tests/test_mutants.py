"""Each clause is broken by a committed lie of its own, and by nothing else in it; the honest story by none."""

from __future__ import annotations

from pathlib import Path

import pytest

from payproof import kit as kits
from payproof import replay

KIT = kits.load(Path(__file__).resolve().parent.parent)
MUTANTS = [mutant for api in KIT.contracts for mutant in replay.mutants(KIT, api)]


@pytest.fixture(scope="module")
def chains() -> dict[str, replay.Chain]:
    """The honest story of each API, recorded on the embedded mock."""
    return replay.record_all(KIT)


@pytest.mark.parametrize("api", KIT.contracts)
def test_honest_story_breaks_nothing(chains: dict[str, replay.Chain], api: str) -> None:
    trial = replay.judge_all(KIT, chains[api].exchanges, chains[api].has)

    assert trial.findings == {}
    assert trial.errors == []


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant.clause}-{mutant.step}")
def test_lie_breaks_its_clause_only(chains: dict[str, replay.Chain], mutant: replay.Mutant) -> None:
    chain = chains[mutant.api]
    exchanges = replay.mutated(KIT, chain, mutant)

    trial = replay.judge_all(KIT, exchanges, chain.has)

    last = len(exchanges) - 1
    assert trial.errors == []
    assert {finding.clause for finding in trial.findings.get(last, ())} == {mutant.clause} | mutant.also
    assert set(trial.findings) == {last}


def test_every_clause_has_a_mutant() -> None:
    broken = {mutant.clause for mutant in MUTANTS}
    written = {name for contract in KIT.contracts.values() for name in contract.clauses}

    assert written - broken == set(), "these clauses have no lie that breaks them"
