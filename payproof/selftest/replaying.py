"""The replay level: an honest run in memory, one thing at a time broken in it, and all of it judged without HTTP."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import TYPE_CHECKING

from payproof import clock, replay
from payproof import kit as kits
from payproof.selftest import equivalent, interrupt, lie
from payproof.selftest.prepared import Prepared
from payproof.selftest.row import SURVIVED, Row
from payproof.selftest.tally import Figures, Tally
from payproof.target import open_target

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from payproof.kit import Kit
    from payproof.replay import Chain

__all__ = ["NO_MUTANT", "Figures", "rows"]

NO_MUTANT = "no mutant"


@dataclass(slots=True)
class _Level:
    """What one process needs: the kit, the stories, and for each API a tally, prepared when it is first asked for."""

    kit: Kit
    chains: Mapping[str, Chain]
    began: float
    prepared: dict[str, Prepared] = field(default_factory=dict)
    tallies: dict[str, Tally] = field(default_factory=dict)

    def task(self, api: str, operation: str) -> tuple[list[Row], Figures]:
        """Judge the mutants of one operation; with an empty one the story of the API and its committed lies."""
        if api not in self.prepared:
            self.prepared[api] = Prepared(self.kit, self.chains[api])
        prepared = self.prepared[api]
        if not operation:
            lies = replay.mutants(self.kit, api)
            return [lie.story(api, prepared), *lie.rows(api, prepared, lies, self.began)], Figures(lies=len(lies))
        if api not in self.tallies:
            self.tallies[api] = Tally(self.kit, api, prepared, equivalent.read(self.kit, api), self.began)
        tally = self.tallies[api]
        tally.figures = Figures()
        found = list(tally.rows(self.kit.contracts[api].spec.operations[operation]))
        return found, tally.figures


_LEVEL: list[_Level] = []
"""The level of a worker process: its initializer puts it here."""


def _begin(root: Path, chains: Mapping[str, Chain], began: float) -> None:
    interrupt.ignored()
    _LEVEL.append(_Level(kits.load(root, trusted=True), chains, began))


def _task(api: str, operation: str) -> tuple[list[Row], Figures]:
    return _LEVEL[0].task(api, operation)


def rows(
    kit: Kit, apis: Sequence[str], workers: int = 1, *, chains: Mapping[str, Chain] | None = None, figures: Figures | None = None
) -> Iterator[Row]:
    """Give a row for each class of mutants of each operation, for each clause with lies, and for each clause without a mutant.

    The stories are recorded on the embedded mock, unless they are given as `chains`. `figures` is told how much was
    judged. Raises KitError for a story, or a file of lies, that is missing or cannot be used.
    """
    began = clock.now()
    known = chains or _recorded(kit, apis)
    tasks = [(api, operation) for api in apis for operation in ("", *kit.contracts[api].spec.operations)]
    counted = figures if figures is not None else Figures()
    named: set[str] = set()
    for found, judged in _judged(_Level(kit, known, began), tasks, workers):
        counted.add(judged)
        named.update(row.clause for row in found)
        yield from found
    for api in apis:
        for clause in kit.contracts[api].all_clauses():
            if clause.id not in named:
                what = "no mutant can be made from the spec" if clause.shape else f"add a lie to contracts/mutants/{api}.yaml"
                yield Row("replay", NO_MUTANT, api, clause.id, SURVIVED, tried=0, look=f"nothing breaks {clause.id}: {what}")


def _recorded(kit: Kit, apis: Sequence[str]) -> dict[str, Chain]:
    with open_target(replay.Asked()) as target:
        return {api: replay.record(kit, api, target) for api in apis}


def _judged(level: _Level, tasks: Sequence[tuple[str, str]], workers: int) -> Iterator[tuple[list[Row], Figures]]:
    if workers <= 1:
        yield from (level.task(*task) for task in tasks)
        return
    # Started afresh: the process that calls has threads, which a fork would not take along.
    given = (level.kit.root, level.chains, level.began)
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_begin, initargs=given)
    try:
        with interrupt.held():
            futures = [pool.submit(_task, *task) for task in tasks]
        yield from (future.result() for future in futures)
    finally:
        pool.shutdown(cancel_futures=True)
