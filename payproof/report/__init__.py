"""Readers of a run: everything that a person or another program gets to see of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from payproof.report import allure, junit

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def write(out: Path, verdict: Mapping[str, Any]) -> None:
    """Write the reports of a verdict into its folder. Raises OutputError."""
    junit.write(out / "junit.xml", verdict)
    allure.write(out / "allure-results", verdict)


def one_line(verdict: Mapping[str, Any]) -> str:
    """Say in one line what the verdict is and why."""
    counts = verdict["counts"]
    if verdict["conformant"]:
        word = "conformant"
    elif counts["failed"]:
        word = "not conformant"
    else:
        word = "incomplete"
    parts = [f"{counts[name]} {name.replace('_', ' ')}"
             for name in ("passed", "failed", "warned", "waived", "observed", "not_applicable", "not_run") if counts[name]]  # fmt: skip
    partial = ", partial" if verdict["partial"] else ""
    return f"{word}{partial}: {counts['clauses']} clauses: {', '.join(parts)}; {counts['exchanges']} exchanges; exit {verdict['exit']}"
