"""What the workers of a run wrote, a shard each, as one journal in the order of time."""

from __future__ import annotations

import contextlib
import heapq
from typing import TYPE_CHECKING, Any

from payproof import journal
from payproof.errors import JournalError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

Record = dict[str, Any]


def header(shard: Path) -> Record | None:
    """Give the header of a shard; None where it has none yet."""
    with contextlib.suppress(JournalError):
        for _, record in journal.lines(shard):
            return record if record["kind"] == "header" else None
    return None


def merged(shards: Iterable[Path], stopped: list[str], ends: dict[str, Any]) -> Iterator[list[Record]]:
    """Give each exchange with the findings and errors that follow it, over all shards, in the order of time."""
    streams = [_groups(shard, stopped, ends) for shard in shards]
    for _, group in heapq.merge(*streams, key=lambda item: item[0]):
        yield group


def _groups(shard: Path, stopped: list[str], ends: dict[str, Any]) -> Iterator[tuple[float, list[Record]]]:
    group: list[Record] = []
    when = 0.0
    ended = False
    try:
        for _, record in journal.lines(shard):
            kind = record["kind"]
            if kind == "footer":
                ended = True
                ends["drift"].update(record.get("drift", {}))
                ends["outcomes"] += record.get("outcomes", [])
            elif kind in {"exchange", "error"} and (kind == "exchange" or not record.get("where")):
                if group:
                    yield when, group
                group = [record]
                when = record.get("started", when)
            elif kind != "header":
                group.append(record)
    except JournalError as error:
        stopped.append(f"{shard.stem} left a broken line behind: {error}")
    if group:
        yield when, group
    if not ended:
        stopped.append(f"{shard.stem} did not end: it crashed or was killed")
