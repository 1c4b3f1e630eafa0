"""Readers of a run: everything that a person or another program gets to see of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from payproof.report import account, allure, har, html, junit, summary
from payproof.report.words import one_line

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["one_line", "write"]


def write(out: Path, journal: Path) -> dict[str, Any]:
    """Write all reports of a journal into a folder, and give the verdict that they tell. Raises JournalError, OutputError."""
    told = account.read(journal)
    junit.write(out / "junit.xml", told.verdict)
    allure.write(out / "allure-results", told)
    har.write(out / "evidence.har", told)
    html.write(out / "report.html", told)
    summary.write(out / "summary.md", told.verdict)
    return told.verdict
