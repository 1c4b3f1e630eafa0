"""summary.md: a run in a comment on a pull request, and the same for GitHub's own summary and annotations."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from payproof.errors import OutputError
from payproof.output import write_atomically
from payproof.report.tables import tables
from payproof.report.words import one_line, plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from payproof.report.tables import Table

_FINDINGS = 25
_ROWS = 50
"""How many findings and rows are told: a comment has 65,536 characters in all."""
_LONGEST = 60_000
_COUNTS = ("passed", "failed", "warned", "waived", "observed", "not_applicable", "not_run")
_ANNOTATIONS = 10
"""How many annotations of one kind GitHub shows for a step."""


def write(path: Path, verdict: Mapping[str, Any]) -> None:
    """Write the page. Raises OutputError."""
    write_atomically(path, page(verdict))


def page(verdict: Mapping[str, Any]) -> str:
    """Give the page: the verdict, a row for each API, the findings, and the tables, folded."""
    parts = [f"## payproof: {plain(one_line(verdict))}", "", *_circumstances(verdict), ""]
    parts += ["| API | conformant | " + " | ".join(name.replace("_", " ") for name in _COUNTS) + " |", "|---" * (len(_COUNTS) + 2) + "|"]
    for api in verdict["apis"]:
        own = [row["verdict"] for row in verdict["clauses"] if row["api"] == api["id"]]
        parts.append(f"| {plain(api['id'])} | {'yes' if api['conformant'] else '**no**'} | "
                     + " | ".join(str(own.count(name) or "") for name in _COUNTS) + " |")  # fmt: skip
    parts += _findings(verdict)
    text = "\n".join(parts) + "\n"
    for table in tables(verdict):
        folded = _folded(table)
        if len(text) + len(folded) > _LONGEST:
            text += f"\n{table.title}: {len(table.rows)} rows, see report.html\n"
        else:
            text += folded
    return text


def _circumstances(verdict: Mapping[str, Any]) -> Iterator[str]:
    partial = ", a part only" if verdict["partial"] else ""
    yield (f"Target {plain(verdict['target'])}, depth {verdict['depth']}, seed {verdict['seed']}, payproof {verdict['payproof']}{partial}; "
           f"{verdict['started']} to {verdict['finished']}.")  # fmt: skip


def _findings(verdict: Mapping[str, Any]) -> Iterator[str]:
    found = verdict["findings"]
    if not found:
        return
    outcomes = {row["id"]: row["verdict"] for row in verdict["clauses"]}
    # What fails comes first, whatever was found first.
    order = sorted(found, key=lambda one: (bool(one.get("waiver")), outcomes[one["clause"]] != "failed"))
    yield from ("", f"### {len(found)} finding{'s' if len(found) > 1 else ''}", "")
    yield "| clause | where | expected | seen | times | exchange |"
    yield "|---|---|---|---|---|---|"
    for one in order[:_FINDINGS]:
        name = f"{plain(one['clause'])} ({one['keyword']}, {one['basis']}, {_word(one, outcomes)})"
        where = f"{plain(one['operation'])} {plain(one['pointer'])}"
        yield f"| {name} | {where} | {plain(one['expected'])} | {plain(one['seen'])} | {one['count']} | {plain(one['exchange'])} |"
    if len(found) > _FINDINGS:
        yield f"\n{len(found) - _FINDINGS} more in report.html and verdict.json."


def _word(finding: Mapping[str, Any], outcomes: Mapping[str, str]) -> str:
    return f"waived by {finding['waiver']}" if finding.get("waiver") else outcomes[finding["clause"]]


def _folded(table: Table) -> str:
    lines = ["", f"<details><summary>{table.title} ({len(table.rows)})</summary>", "", table.about, "", f"| {' | '.join(table.columns)} |",
             "|---" * len(table.columns) + "|", *(f"| {' | '.join(map(plain, row))} |" for row in table.rows[:_ROWS])]  # fmt: skip
    if len(table.rows) > _ROWS:
        lines += ["", f"{len(table.rows) - _ROWS} more in report.html."]
    return "\n".join([*lines, "", "</details>", ""])


def publish(verdict: Mapping[str, Any], summary: str) -> Iterator[str]:
    """Add the page to GitHub's step summary, and give the annotations that its log wants: findings and what is missing.

    `summary` is the value of GITHUB_STEP_SUMMARY. Raises OutputError.
    """
    try:
        with Path(summary).open("a", encoding="utf-8") as file:
            file.write(page(verdict))
    except OSError as error:
        message = f"{summary} (GITHUB_STEP_SUMMARY) cannot be written: {error.strerror}"
        raise OutputError(message) from error
    outcomes = {row["id"]: row["verdict"] for row in verdict["clauses"]}
    kinds: dict[str, list[str]] = {"error": [], "warning": [], "notice": []}
    for one in verdict["findings"]:
        kind = "notice" if one.get("waiver") or outcomes[one["clause"]] == "observed" else "warning"
        kind = "error" if not one.get("waiver") and outcomes[one["clause"]] == "failed" else kind
        cause = f"expected {one['expected']}; seen {one['seen']}"
        text = f"{one['operation']} {one['pointer']}: {cause} ({one['count']} times, {one['exchange']})"
        kinds[kind].append(f"::{kind} title={_property(one['clause'])}::{_data(text)}")
    for table in tables(verdict):
        if table.id == "gaps":
            kinds["error"] += [f"::error title=incomplete::{_data(': '.join(filter(None, row)))}" for row in table.rows]
    for lines in kinds.values():
        yield from lines[:_ANNOTATIONS]


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
