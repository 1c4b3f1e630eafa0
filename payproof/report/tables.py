"""The tables of a verdict beside its clauses and findings, in rows of text that page and markdown show alike."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_NAMED = 12
"""How many values a cell names; it says how many more there are."""


@dataclass(frozen=True, slots=True)
class Table:
    """A title, a sentence that says what the rows are, the names of the columns, and the rows."""

    id: str
    title: str
    about: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def tables(verdict: Mapping[str, Any]) -> list[Table]:
    """Give every table that has a row, those that somebody has to look at first."""
    made = (
        Table("gaps", "Missing", "Why the run is not complete.", ("API", "what"), tuple(_gaps(verdict))),
        Table("waivers", "Waivers", "Breaks that somebody answers for, and what became of each waiver in this run.",
              ("id", "clause", "state", "times", "cause", "reason", "owner", "link", "expires"), tuple(_waivers(verdict))),
        Table("not-applicable", "Not applicable", "Clauses that need something which the target does not have.",
              ("needs", "clauses", "which"), tuple(_not_applicable(verdict))),
        Table("leftovers", "Left over", "What the run made at the target and did not neutralise, did not find again, or cannot take back.",
              ("state", "what", "id", "made by", "request", "at", "times", "why"), tuple(_leftovers(verdict))),
        Table("divergences", "Divergences", "Where the target differs from the mock on a choice that no document settles.",
              ("operation", "clause", "it assumes", "where", "the mock", "the target", "times"), tuple(_divergences(verdict))),
        Table("attempts", "Tried again", "Findings whose request or test was sent or run more than once: what came of each attempt.",
              ("finding", "clause", "flaky", "attempts"), tuple(_attempts(verdict))),
        Table("weather", "Weather", "Exchanges in which something kept the target's own answer back; nothing was judged by them.",
              ("what", "times"), tuple((row["what"], str(row["count"])) for row in verdict.get("weather", ()))),
        Table("transitions", "Transitions", "Which operation met a resource in which state, what was to come of it, and what came.",
              ("API", "resource", "state", "operation", "expected", "answers"), tuple(_transitions(verdict))),
        Table("outcomes", "Outcomes", "Documented statuses, codes and values: seen as the server's own doing, seen only because a script "
              "of the mock asked for it, impossible to cause from outside, or not seen.",
              ("operation", "status", "documented", "witnessed", "only scripted", "cannot be caused", "not seen"),
              tuple(_outcomes(verdict))),
        Table("drift", "Undocumented members", "Members of answers that no schema knows. A vendor may add them: no break.",
              ("where", "times"), tuple((row["where"], str(row["count"])) for row in verdict["drift"])),
    )  # fmt: skip
    return [table for table in made if table.rows]


def _gaps(verdict: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for row in verdict["suite_errors"]:
        yield "", f"suite error: {row['message']}"
    for row in verdict.get("gaps", ()):
        yield row["api"], row["what"]
    for row in verdict["clauses"]:
        if row["verdict"] == "not_run":
            yield row["api"], f"{row['id']} was not judged: {row['reason']}"


def _waivers(verdict: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for row in verdict["waivers"]:
        cause = ", ".join(f"{name} {value}" for name, value in row["cause"].items())
        yield (row["id"], row["clause"], row["state"].replace("_", " "), str(row["count"]), cause, row["reason"], row["owner"], row["link"],
               row["expires"])  # fmt: skip


def _attempts(verdict: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for row in verdict["findings"]:
        if row.get("attempts"):
            tried = ", ".join(f"{attempt['exchange']} {attempt['outcome']}" for attempt in row["attempts"])
            yield row["id"], row["clause"], "yes" if row.get("flaky") else "no", tried


def _not_applicable(verdict: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    groups: dict[str, list[str]] = defaultdict(list)
    for row in verdict["clauses"]:
        if row["verdict"] == "not_applicable":
            groups[str(row["reason"])].append(row["id"])
    for reason, names in sorted(groups.items()):
        yield reason, str(len(names)), _some(names)


def _divergences(verdict: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for row in verdict["divergences"]:
        yield (row["operation"], row["clause"], row["text"], row["pointer"], row["mock"], row["target"], str(row["count"]))


def _leftovers(verdict: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for row in verdict["leftovers"]:
        yield row["state"], row["resource"], row["id"], row["operation"], row["request"], row["at"], str(row["count"]), row["why"]


def _transitions(verdict: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    answers: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for row in verdict["transitions"]:
        key = tuple(str(row[name]) for name in ("api", "resource", "state", "operation", "expected"))
        answers[key][str(row["status"])] += 1
    for key, statuses in sorted(answers.items()):
        yield (*key, ", ".join(f"{status} ({number})" for status, number in sorted(statuses.items())))


def _outcomes(verdict: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for row in verdict["outcomes"]:
        groups[row["operation"], row["status"]].append(row)
    for (operation, status), rows in groups.items():
        witnessed = sum(bool(row["witnessed"]) for row in rows)
        unseen = [row for row in rows if not row["witnessed"]]
        scripted = [_value(row) for row in unseen if row["scripted"]]
        excused = [_value(row) for row in unseen if row["reason"] and not row["scripted"]]
        nothing = [_value(row) for row in unseen if not row["reason"] and not row["scripted"]]
        yield operation, status, str(len(rows)), str(witnessed), _some(scripted), _some(excused), _some(nothing)


def _value(row: Mapping[str, Any]) -> str:
    return f"{row['member']} = {row['value']}" if row["member"] else "the status itself"


def _some(names: list[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
