"""A verdict in a word and in a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def word(verdict: Mapping[str, Any]) -> str:
    """Say in a word what the verdict is."""
    if verdict["conformant"]:
        return "conformant"
    return "not conformant" if verdict["counts"]["failed"] else "incomplete"


def one_line(verdict: Mapping[str, Any]) -> str:
    """Say in one line what the verdict is and why."""
    counts = verdict["counts"]
    parts = [f"{counts[name]} {name.replace('_', ' ')}"
             for name in ("passed", "failed", "warned", "waived", "observed", "not_applicable", "not_run") if counts[name]]  # fmt: skip
    said = word(verdict) + (", partial" if verdict["partial"] else "")
    return f"{said}: {counts['clauses']} clauses: {', '.join(parts)}; {counts['exchanges']} exchanges; exit {verdict['exit']}"
