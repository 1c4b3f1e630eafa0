"""The legal level: an honest mock is accused of nothing, whatever the seed, nor one that differs where it may.

All variants that go together are switched on together in one smoke run. Only where that accuses somebody are they split,
by API and then in halves, until the one is found alone; where no part of a group is accused, it is the group.
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
    """Variants that were switched on together and were accused: what came of it, and how many of its parts were not."""

    names: tuple[str, ...]
    outcome: Outcome
    parts: int
    fine: int = 0

    def row(self) -> Row:
        """Say that they are accused, and no part of them."""
        made = _row(f"{self.names[0]} with {len(self.names) - 1} more", self.outcome)
        return replace(made, look=f"only {' '.join(f'--variant {name}' for name in self.names)} together; {made.look}")


def rows(crew: Crew, survey: Survey, apis: Sequence[str], seeds: Sequence[int]) -> Iterator[Row]:
    """Try the honest mock with each seed but the first, which the survey had, and every legal variant with the first.

    Raises SelftestError if the suites cannot be played.
    """
    smoke = survey.smoke()
    first = [_trial(survey, names, seeds[0]) for names in groups(variants(apis))]
    first += [Trial(_named(seed), smoke, seed=seed) for seed in seeds[1:]]
    parents: dict[tuple[str, ...], _Group] = {}
    for trial, outcome in crew.play(first):
        names = trial.variants
        fine = not (outcome.broken or outcome.errors or outcome.problem)
        if not names:
            yield _row(trial.name, outcome)
        elif fine or len(names) == 1:
            yield from (_row(name, outcome) for name in names)
        else:
            parts = _parts(names)
            parents |= dict.fromkeys(parts, _Group(names, outcome, len(parts)))
            for part in parts:
                crew.add(_trial(survey, part, trial.seed))
        if fine and (parent := parents.get(names)) is not None:
            parent.fine += 1
            if parent.fine == parent.parts:
                yield parent.row()


def _trial(survey: Survey, names: tuple[str, ...], seed: int) -> Trial:
    """Give the smoke run of variants: only what met their APIs, and where there are several, only to the first break."""
    tests = set(survey.smoke())
    about = {VARIANTS[name].api for name in names}
    if "" not in about:
        tests &= {number for api in about for number in survey.meeting(api)}
    return Trial(" ".join(names), tuple(sorted(tests)), variants=names, seed=seed, glance=len(names) > 1)


def _parts(names: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Split variants: those of different APIs, or else in halves."""
    by_api: dict[str, list[str]] = {}
    for name in names:
        by_api.setdefault(VARIANTS[name].api, []).append(name)
    if len(by_api) > 1:
        return [tuple(some) for some in by_api.values()]
    middle = len(names) // 2
    return [names[:middle], names[middle:]]


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
