"""The legal level: an honest mock is accused of nothing, whatever the seed, nor one that differs where it may.

All variants that go together are switched on together in one smoke run. Only where it accuses somebody is each of them
tried alone, so that the sheet names the one; where none of them is accused alone, it is the group.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from payproof.mock.variants import VARIANTS, groups
from payproof.selftest.row import ACCUSED, HONEST, NO_RESULT, Row
from payproof.selftest.trial import Outcome, Trial

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from payproof.selftest.crew import Crew
    from payproof.selftest.survey import Survey

LEVEL = "legal"
_MOST_ERRORS = 3


def honest(survey: Survey, seed: int) -> Row:
    """Say what came of the honest run that the survey was made from: every case of every test."""
    return _row(_named(seed), Outcome(broken=survey.accused, errors=survey.errors, problem=survey.problem))


def variants(apis: Sequence[str]) -> tuple[str, ...]:
    """Give the names of the legal variants of the embedded mock that are about these APIs, or about all."""
    return tuple(name for name, variant in VARIANTS.items() if not variant.api or variant.api in apis)


@dataclass(slots=True)
class _Group:
    """Variants that were switched on together: what came of it, and how many of them have not been tried alone yet."""

    names: tuple[str, ...]
    outcome: Outcome
    left: int
    alone: bool = False

    def row(self, name: str) -> Row:
        """Say that they are accused, and none of them alone."""
        made = _row(name, self.outcome)
        return replace(made, look=f"none of them alone; {' '.join(f'--variant {one}' for one in self.names)}: {made.look}")


def rows(crew: Crew, survey: Survey, apis: Sequence[str], seeds: Sequence[int]) -> Iterator[Row]:
    """Try the honest mock with each seed but the first, which the survey had, and every legal variant with the first.

    Raises SelftestError if the suites cannot be played.
    """
    tests, groups_of = survey.smoke(), {f"together {number}": names for number, names in enumerate(groups(variants(apis)), 1)}
    accused: dict[str, _Group] = {}
    first = [Trial(name, tests, variants=names, seed=seeds[0]) for name, names in groups_of.items()]
    first += [Trial(_named(seed), tests, seed=seed) for seed in seeds[1:]]
    for trial, outcome in crew.play(first):
        fine = not (outcome.broken or outcome.errors or outcome.problem)
        if trial.name in groups_of and fine:
            yield from (_row(name, outcome) for name in trial.variants)
        elif trial.name in groups_of and len(trial.variants) > 1:
            group = _Group(trial.variants, outcome, len(trial.variants))
            for name in trial.variants:
                accused[name] = group
                crew.add(Trial(name, tests, variants=(name,), seed=trial.seed))
        else:
            name = trial.variants[0] if trial.variants else trial.name
            yield _row(name, outcome)
            if (known := accused.get(name)) is not None:
                known.left -= 1
                known.alone = known.alone or not fine
                if not known.left and not known.alone:
                    yield known.row(next(key for key, names in groups_of.items() if names == known.names))


def _named(seed: int) -> str:
    return f"honest, seed {seed}"


def _said(errors: Sequence[str]) -> str:
    more = f"; and {len(errors) - _MOST_ERRORS} more" if len(errors) > _MOST_ERRORS else ""
    return "; ".join(errors[:_MOST_ERRORS]) + more


def _row(name: str, outcome: Outcome) -> Row:
    api = VARIANTS[name].api if name in VARIANTS else ""
    if outcome.broken:
        look = next(iter(outcome.broken.values()))
        return Row(LEVEL, name, api, "", ACCUSED, tuple(sorted(outcome.broken)), 1, 0, outcome.first, look)
    if outcome.problem or outcome.errors:
        return Row(LEVEL, name, api, "", NO_RESULT, (), 1, 0, None, outcome.problem or _said(outcome.errors))
    return Row(LEVEL, name, api, "", HONEST)
