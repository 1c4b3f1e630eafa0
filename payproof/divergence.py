"""Where a server and our mock chose differently: clauses whose basis is `assumed`, since no document settles them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

ASSUMED = "assumed"


def rows(findings: Iterable[Mapping[str, Any]], clauses: Iterable[Mapping[str, Any]], *, reference: bool) -> list[dict[str, Any]]:
    """Give the table of a verdict: what our mock does beside what the target did, by findings and clauses of that verdict.

    On the mock itself (`reference`) there is none: there such a break is a fault of the mock.
    """
    if reference:
        return []
    texts = {clause["id"]: clause["text"] for clause in clauses}
    return [
        {"api": finding["api"], "operation": finding["operation"], "clause": finding["clause"], "text": texts[finding["clause"]],
         "pointer": finding["pointer"], "mock": finding["expected"], "target": finding["seen"], "count": finding["count"],
         "exchange": finding["exchange"]}
        for finding in findings if finding["basis"] == ASSUMED
    ]  # fmt: skip


def between(first: Mapping[str, Any], second: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], str, str]]:
    """Compare two verdicts: give each assumed clause that both judged and that came out differently, with what each did."""
    ours, theirs = _choices(first), _choices(second)
    known = {row["id"]: row for row in first["clauses"]}
    for name in ours:
        if name in theirs and ours[name] != theirs[name]:
            yield known[name], _said(ours[name]), _said(theirs[name])


def compared(first: Mapping[str, Any], second: Mapping[str, Any]) -> int:
    """Give the number of assumed clauses that both verdicts judged."""
    return len(_choices(first).keys() & _choices(second).keys())


def _choices(verdict: Mapping[str, Any]) -> dict[str, frozenset[tuple[str, str]]]:
    """Give how each judged clause came out: nothing where it was kept, else where and what was seen instead."""
    seen: dict[str, set[tuple[str, str]]] = {row["id"]: set() for row in verdict["clauses"] if row["basis"] == ASSUMED and row["judged"]}
    for finding in verdict["findings"]:
        if finding["clause"] in seen:
            seen[finding["clause"]].add((finding["pointer"], finding["seen"]))
    return {name: frozenset(values) for name, values in seen.items()}


def _said(choice: frozenset[tuple[str, str]]) -> str:
    return "; ".join(f"{pointer}: {seen}" if pointer else seen for pointer, seen in sorted(choice)) or "as the clause says"
