"""The tables that `detection.py` prints: what was caught, and what was found where nothing may be."""

from __future__ import annotations

import statistics
from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from detection_program import Result
    from detection_servers import Server

TOOLS = ("payproof", "tuned", "defaults")
"""The programs, in the order of the rows."""


def middle(values: list[float]) -> str:
    """Give the median in as many digits as it deserves."""
    return f"{statistics.median(values):.1f}" if values else "-"


def table(results: Mapping[Server, Mapping[str, Result]], honest: Mapping[str, Mapping[str, Result]]) -> Iterator[str]:
    """Give the lines of the table: a class and a program a row."""
    yield "| class | program | caught | median seconds to the first | median requests to the first | findings a server |"
    yield "|---|---|---|---|---|---|"
    by_class: dict[str, list[Server]] = defaultdict(list)
    for server in results:
        by_class[server.kind].append(server)
    for kind, servers in by_class.items():
        for tool in TOOLS:
            firsts, counts = [], []
            for server in servers:
                known = honest[server.api][tool].found.keys()
                fresh = [at for cause, at in results[server][tool].found.items() if cause not in known]
                counts.append(len(fresh))
                if fresh:
                    firsts.append(min(fresh))
            yield (f"| {kind} | {tool} | {len(firsts)} of {len(servers)} | {middle([when for when, _ in firsts])} "
                   f"| {middle([float(number) for _, number in firsts])} | {sum(counts) / len(servers):.1f} |")  # fmt: skip


def alarms(title: str, results: Mapping[str, Mapping[str, Result]]) -> Iterator[str]:
    """Give the lines about servers on which nothing may be found."""
    for tool in TOOLS:
        found = {name: sorted(result[tool].found) for name, result in results.items()}
        guilty = {name: causes for name, causes in found.items() if causes}
        kinds = sorted({cause for causes in guilty.values() for _, cause in causes})
        yield (f"| {title} | {tool} | {len(guilty)} of {len(found)} | {sum(map(len, guilty.values()))} "
               f"| {', '.join(kinds[:6]) or '-'}{' ...' if len(kinds) > 6 else ''} |")  # fmt: skip
