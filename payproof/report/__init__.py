"""Readers of a run: everything that a person or another program gets to see of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from payproof.report import account, allure, har, junit, summary

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def write(out: Path, journal: Path) -> dict[str, Any]:
    """Write all reports of a journal into a folder, and give the verdict that they tell. Raises JournalError, OutputError."""
    told = account.read(journal)
    junit.write(out / "junit.xml", told.verdict)
    allure.write(out / "allure-results", told)
    har.write(out / "evidence.har", told)
    summary.write(out / "summary.md", told.verdict, one_line(told.verdict))
    return told.verdict


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
