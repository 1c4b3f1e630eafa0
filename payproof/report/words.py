"""A verdict in a word and in a line, and texts from elsewhere as Markdown."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


_CELL = 300
"""How many characters are shown of a text that stands in a cell."""


def word(verdict: Mapping[str, Any]) -> str:
    """Say in a word what the verdict is."""
    if verdict["conformant"]:
        return "conformant"
    return "not conformant" if verdict["counts"]["failed"] else "incomplete"


def one_line(verdict: Mapping[str, Any]) -> str:
    """Say in one line what the verdict is and why, and what was not applicable for which reason."""
    counts = verdict["counts"]
    parts = [f"{counts[name]} {name.replace('_', ' ')}{_reasons(verdict) if name == 'not_applicable' else ''}"
             for name in ("passed", "failed", "warned", "waived", "observed", "not_applicable", "not_run") if counts[name]]  # fmt: skip
    said = word(verdict) + (", partial" if verdict["partial"] else "")
    return f"{said}: {counts['clauses']} clauses: {', '.join(parts)}; {counts['exchanges']} exchanges; exit {verdict['exit']}"


def _reasons(verdict: Mapping[str, Any]) -> str:
    counted = Counter(row["reason"] for row in verdict["clauses"] if row["verdict"] == "not_applicable" and row["reason"])
    told = [f"{count} {reason}" if len(counted) > 1 else str(reason) for reason, count in counted.most_common()]
    return f" ({'; '.join(told)})" if told else ""


def plain(text: str, longest: int | None = _CELL) -> str:
    """Give a text that came from elsewhere so that Markdown shows it as it is, on one line, and cut where it is too long."""
    flat = " ".join(str(text).split())
    cut = flat if longest is None or len(flat) <= longest else flat[:longest] + "…"
    return "".join(f"\\{letter}" if letter in "\\`*_[]<>|#~@" else letter for letter in cut)
