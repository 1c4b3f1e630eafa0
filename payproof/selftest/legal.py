"""The legal level: an honest mock is accused of nothing, whatever the seed, nor one that differs where it may.

All variants that go together are switched on together in one smoke run. What one of them leaves out of an answer hides what
others change there, so with every further seed half of them are, another half each time. Only where that accuses somebody
are they split, by API and then in halves, until the one is found alone; where no part of a group is accused, it is the group.
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


def some(names: Sequence[str], seed: int) -> list[str]:
    """Choose about half of these variants.

    By one binary digit of their numbers, of which each seed has another: over enough seeds one after the other, each
    variant is there without each other one.
    """
    digit, wanted = divmod(seed, 2)
    digit %= max(1, (len(names) - 1).bit_length())
    return [name for number, name in enumerate(names) if number >> digit & 1 == wanted]


@dataclass(slots=True)
class _Group:
    """Variants that were switched on together and were accused: what came of it, and how many of its parts were not."""

    trial: Trial
    outcome: Outcome
    parts: int
    fine: int = 0

    def row(self) -> Row:
        """Say that they are accused, and no part of them."""
        names = self.trial.variants
        made = _row(_called(names, self.trial.seed), self.outcome)
        return replace(made, look=f"only {' '.join(f'--variant {name}' for name in names)} together; {made.look}")


def rows(crew: Crew, survey: Survey, apis: Sequence[str], seeds: Sequence[int]) -> Iterator[Row]:
    """Try every legal variant with the first seed, and with each further one the honest mock and some of the variants.

    With the first seed the honest mock was tried by the survey. Raises SelftestError if the suites cannot be played.
    """
    smoke, names = survey.smoke(), variants(apis)
    first = [_trial(survey, group, seeds[0]) for group in groups(names)]
    for seed in seeds[1:]:
        first.append(Trial(_named(seed), smoke, seed=seed))
        first += [_trial(survey, group, seed) for group in groups(some(names, seed))]
    parents: dict[tuple[tuple[str, ...], int], _Group] = {}
    for trial, outcome in crew.play(first):
        chosen, seed = trial.variants, trial.seed
        parent = parents.get((chosen, seed))
        fine = not (outcome.broken or outcome.errors or outcome.problem)
        if not fine and len(chosen) > 1:
            parts = _parts(chosen)
            parents |= dict.fromkeys(((part, seed) for part in parts), _Group(trial, outcome, len(parts)))
            for part in parts:
                crew.add(_trial(survey, part, seed))
        elif seed == seeds[0]:
            yield from (_row(name, outcome) for name in chosen)
        elif parent is None or not fine:
            yield _row(_called(chosen, seed), outcome)
        if fine and parent is not None:
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


def _called(names: Sequence[str], seed: int) -> str:
    if not names:
        return _named(seed)
    more = f" with {len(names) - 1} more" if len(names) > 1 else ""
    return f"{names[0]}{more}, seed {seed}"


def _said(errors: Sequence[str]) -> str:
    more = f"; and {len(errors) - _MOST_ERRORS} more" if len(errors) > _MOST_ERRORS else ""
    return "; ".join(errors[:_MOST_ERRORS]) + more


def _row(name: str, outcome: Outcome) -> Row:
    variant = VARIANTS.get(name.partition(",")[0])
    api = variant.api if variant is not None else ""
    if outcome.broken:
        look = next(iter(outcome.broken.values()))
        return Row(LEVEL, name, api, "", ACCUSED, tuple(sorted(outcome.broken)), 1, 0, outcome.first, look)
    if outcome.problem or outcome.errors:
        return Row(LEVEL, name, api, "", NO_RESULT, (), 1, 0, None, outcome.problem or _said(outcome.errors))
    return Row(LEVEL, name, api, "", HONEST)
