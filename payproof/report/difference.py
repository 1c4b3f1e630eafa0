"""Two runs side by side: which clauses changed, which findings are new or cured, what became slower, what was demanded anew."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema

from payproof.errors import JournalError
from payproof.report import account
from payproof.report.words import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_RANK = {"passed": 0, "observed": 0, "not_applicable": 1, "waived": 1, "warned": 2, "not_run": 3, "failed": 4}
"""From kept to broken. A step up that ends at `warned` or above is a regression."""
_WORSE = 2
_SLOWER = 1.5
"""By how much the median of an operation has to differ to be listed, and by how many milliseconds, on how many answers."""
_MILLISECONDS = 2.0
_ANSWERS = 10
_SCHEMA = Path(__file__).resolve().parent.parent / "verdict.schema.json"


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two: its verdict, and the median time of each operation (milliseconds), which only a journal knows."""

    path: Path
    verdict: Mapping[str, Any]
    medians: Mapping[str, float] = field(default_factory=dict)


def load(path: Path) -> Side:
    """Read a verdict or a journal. Raises JournalError for what is neither."""
    try:
        with path.open("rb") as file:
            first = file.readline()
    except OSError as error:
        message = f"{path}: cannot be read: {error.strerror}"
        raise JournalError(message) from error
    if b'"kind":"header"' in first:
        told = account.read(path)
        return Side(path, told.verdict, {use.operation: use.share(0.5) for use in told.uses if use.exchanges >= _ANSWERS})
    try:
        verdict = json.loads(path.read_text(encoding="utf-8"))
        fault = next(_format().iter_errors(verdict), None)
    except ValueError as error:
        message = f"{path}: is neither a journal nor a verdict of payproof: {error}"
        raise JournalError(message) from error
    if fault is not None:
        place = "/".join(map(str, fault.absolute_path)) or "the file"
        message = f"{path}: is no verdict of payproof: {place}: {fault.message[:200]}"
        raise JournalError(message)
    return Side(path, verdict)


@cache
def _format() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads(_SCHEMA.read_text(encoding="utf-8")))


@dataclass(slots=True)
class Difference:
    """What differs, in rows for people; `regressions` says in a line each what became worse."""

    notes: list[str] = field(default_factory=list)
    regressions: list[str] = field(default_factory=list)
    clauses: list[tuple[str, str, str]] = field(default_factory=list)
    found: list[str] = field(default_factory=list)
    cured: list[str] = field(default_factory=list)
    times: list[tuple[str, float, float]] = field(default_factory=list)


def between(old: Side, new: Side) -> Difference:
    """Compare two runs. What only one of them judged is listed, and is a regression where the old one kept it and the new one lost it."""
    said = Difference()
    said.notes += _circumstances(old.verdict, new.verdict)
    _clauses(old.verdict, new.verdict, said)
    _findings(old.verdict, new.verdict, said)
    for operation in sorted(old.medians.keys() & new.medians.keys()):
        before, after = old.medians[operation], new.medians[operation]
        if abs(after - before) >= _MILLISECONDS and max(before, after) >= _SLOWER * min(before, after):
            said.times.append((operation, before, after))
    if old.verdict["conformant"] and not new.verdict["conformant"] and not said.regressions:
        said.regressions.append(f"the run was conformant, and ends with exit {new.verdict['exit']} now")
    return said


def _circumstances(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for name in ("payproof", "target", "depth", "seed", "source"):
        if old[name] != new[name]:
            yield f"{name}: {old[name]} before, {new[name]} now"
    for side, word in ((old, "old"), (new, "new")):
        if side["partial"]:
            yield f"the {word} run is partial: only what both judged can be compared"
    before = {api["id"]: api for api in old["apis"]}
    after = {api["id"]: api for api in new["apis"]}
    for api in sorted(before.keys() | after.keys()):
        if api not in before or api not in after:
            yield f"{api}: only in the {'new' if api in after else 'old'} run"
            continue
        changed = [name for name in ("spec", "contract") if before[api][f"{name}_sha256"] != after[api][f"{name}_sha256"]]
        if changed:
            yield f"{api}: {' and '.join(changed)} changed between the runs"


def _clauses(old: Mapping[str, Any], new: Mapping[str, Any], said: Difference) -> None:
    before = {row["id"]: row for row in old["clauses"]}
    after = {row["id"]: row for row in new["clauses"]}
    apis = {api["id"] for api in old["apis"]} & {api["id"] for api in new["apis"]}
    for name in (*before, *(name for name in after if name not in before)):
        was = before[name]["verdict"] if name in before else "not demanded"
        now = after[name]["verdict"] if name in after else "not demanded"
        if was == now or (after.get(name) or before[name])["api"] not in apis:
            continue
        said.clauses.append((name, was, now))
        if now in _RANK and _RANK[now] >= _WORSE and _RANK[now] > _RANK.get(was, 0):
            said.regressions.append(f"{name}: {was} before, {now} now")


def _findings(old: Mapping[str, Any], new: Mapping[str, Any], said: Difference) -> None:
    before, after = _by_cause(old), _by_cause(new)
    verdicts = {row["id"]: row["verdict"] for row in new["clauses"]}
    worse = {line.partition(":")[0] for line in said.regressions}
    for cause, finding in after.items():
        if cause not in before:
            said.found.append(_line(finding))
            if not finding.get("waiver") and finding["clause"] not in worse and _RANK[verdicts[finding["clause"]]] >= _WORSE:
                said.regressions.append(f"{finding['clause']}: broken in a new way: {_line(finding)}")
    judged = {row["id"] for row in new["clauses"] if row["judged"]}
    said.cured += [_line(finding) for cause, finding in before.items() if cause not in after and finding["clause"] in judged]


def _by_cause(verdict: Mapping[str, Any]) -> dict[tuple[str, bool], Mapping[str, Any]]:
    return {(finding["fingerprint"], bool(finding.get("waiver"))): finding for finding in verdict["findings"]}


def _line(finding: Mapping[str, Any]) -> str:
    waived = f" (waived by {finding['waiver']})" if finding.get("waiver") else ""
    place = f"{finding['clause']} {finding['operation']} {finding['pointer']}"
    return f"{place}: expected {finding['expected']}; seen {finding['seen']}{waived}"


def sections(said: Difference) -> Sequence[tuple[str, Sequence[str]]]:
    """Give the titles and lines that both the terminal and the markdown show; sections without a line are left out."""
    every = (
        ("Regressions", said.regressions), ("Different circumstances", said.notes),
        ("Clauses that changed", [f"{name}: {was} → {now}" for name, was, now in said.clauses]),
        ("New findings", said.found), ("Cured findings", said.cured),
        ("Slower", [_time(row) for row in said.times if row[2] > row[1]]),
        ("Faster", [_time(row) for row in said.times if row[2] < row[1]]),
    )  # fmt: skip
    return [(title, lines) for title, lines in every if lines]


def _time(row: tuple[str, float, float]) -> str:
    operation, before, after = row
    return f"{operation}: median {before:.1f} ms before, {after:.1f} ms now"


def markdown(old: Side, new: Side, said: Difference) -> str:
    """Give the comparison as a page for a pull request."""
    word = f"{len(said.regressions)} regressions" if said.regressions else "no regression"
    lines = [f"# payproof: {word}", "", "| | old | new |", "|---|---|---|"]
    lines += [f"| {name} | {old.verdict[name]} | {new.verdict[name]} |" for name in ("conformant", "exit", "target", "started")]
    lines += [f"| {name.replace('_', ' ')} | {old.verdict['counts'][name]} | {new.verdict['counts'][name]} |"
              for name in ("passed", "failed", "warned", "waived", "not_applicable", "not_run", "findings")]  # fmt: skip
    for title, rows in sections(said):
        lines += ["", f"## {title}", "", *(f"- {plain(row, longest=None)}" for row in rows)]
    return "\n".join(lines) + "\n"
