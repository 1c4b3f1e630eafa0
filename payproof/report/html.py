"""report.html: a run on one page that works from a mail attachment, without a network.

Style and script stand in the page; its own policy forbids it to fetch anything. What servers sent is escaped by the
template engine, and marked where a finding points.
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from payproof import shell
from payproof.exchange import Unparsable, parse_json
from payproof.journal import read_exchange
from payproof.output import write_atomically
from payproof.report import words
from payproof.report.tables import tables

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from payproof.report.account import Account

SHOWN = 300
"""How many findings show their exchange at most; of the others the journal has it."""
_ROOM = 1_200_000
"""How many characters all shown exchanges together have, so that the page can still be mailed."""
_LONGEST = 20_000
"""How many characters of a body are shown."""
_SLOWEST = 25
_ORDER = ("failed", "not_run", "warned", "waived", "observed", "not_applicable", "passed")


def write(path: Path, told: Account) -> None:
    """Write the page. Raises OutputError."""
    write_atomically(path, page(told))


def page(told: Account) -> str:
    """Give the page."""
    verdict = told.verdict
    known = {clause["id"]: clause for clause in told.header["clauses"]}
    clauses = {row["id"]: _clause(row, known[row["id"]], told) for row in verdict["clauses"]}
    return str(_template().render(
        line=words.one_line(verdict), word=words.word(verdict), verdict=verdict, header=told.header, order=_ORDER,
        tables=tables(verdict), findings=_findings(told, clauses), uses=_uses(told), suites=_suites(told),
        apis=[_api(api, clauses.values()) for api in verdict["apis"]],
        filters={name: sorted({row[name] for row in verdict["clauses"]}) for name in ("api", "keyword", "basis")},
    ))  # fmt: skip


@cache
def _template() -> Any:
    environment = Environment(loader=PackageLoader("payproof.report"), autoescape=select_autoescape(("html", "j2"), default=True),
                              undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)  # fmt: skip
    environment.globals["asset"] = lambda name: Markup(environment.get_template(name).render())  # noqa: S704  # our own style and script
    return environment.get_template("report.html.j2")


def _clause(row: Mapping[str, Any], known: Mapping[str, Any], told: Account) -> dict[str, Any]:
    titles = told.header.get("documents", {}).get(row["api"], {})
    document, place = known.get("document", ""), known.get("at", "")
    source = ", ".join(part for part in (titles.get(document, document), place) if part)
    return {**row, "source": source, "witness": told.witnesses.get(row["id"], "")}


def _api(api: Mapping[str, Any], clauses: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    own = [row for row in clauses if row["api"] == api["id"]]
    operations = dict.fromkeys(row["operation"] for row in own)
    groups = [{"name": name, "rows": sorted((row for row in own if row["operation"] == name), key=lambda row: _ORDER.index(row["verdict"]))}
              for name in operations]  # fmt: skip
    return {**api, "counts": {name: sum(row["verdict"] == name for row in own) for name in _ORDER}, "operations": groups}


def _findings(told: Account, clauses: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    told_of = [{**found, "row": clauses[found["clause"]], "others": told.repeats.get(found["fingerprint"], [])[1:],
                "verdict": "waived" if found.get("waiver") else clauses[found["clause"]]["verdict"]} for found in told.verdict["findings"]]
    told_of.sort(key=lambda found: _ORDER.index(found["verdict"]))
    room = _ROOM
    for found in told_of[:SHOWN]:
        record = told.evidence.get(found["exchange"])
        if record is not None and room > 0:
            found["shown"] = shown = _exchange(record, found["pointer"])
            room -= sum(len(str(part)) for part in shown.values())
    return told_of


def _exchange(record: Mapping[str, Any], pointer: str) -> dict[str, Any]:
    sent, came = record["request"], record["response"]
    return {
        "method": sent["method"], "url": sent["url"], "sent_headers": sent["headers"], "sent": _body(sent["body"], ""),
        "status": came["status"] if came else None, "headers": came["headers"] if came else [],
        "came": _body(came["body"], pointer) if came else Markup(""), "error": record.get("error", ""), "test": record["test"],
        "elapsed": record["elapsed"], "curl": shell.line(read_exchange(record)),
    }  # fmt: skip


def _body(text: str, pointer: str) -> Markup:
    """Give a body as it is read best: JSON indented, with the place marked that a finding points to."""
    try:
        value = parse_json(text.encode("utf-8", "surrogatepass"))
    except Unparsable:
        return escape(text[:_LONGEST]) + (escape(f"\n… {len(text) - _LONGEST} more characters") if len(text) > _LONGEST else "")
    lines: list[Markup] = []
    _pretty(value, "", pointer, 0, "", "", lines)
    shown = Markup("\n").join(lines)
    return shown if len(shown) <= _LONGEST else escape(text[:_LONGEST]) + escape(f"\n… {len(text) - _LONGEST} more characters")


def _pretty(value: Any, at: str, marked: str, depth: int, before: str, after: str, lines: list[Markup]) -> None:
    start = len(lines)
    indent = "  " * depth
    if isinstance(value, dict) and value:
        lines.append(escape(f"{indent}{before}{{"))
        for number, (name, inner) in enumerate(value.items(), 1):
            comma = "," if number < len(value) else ""
            _pretty(inner, f"{at}/{name.replace('~', '~0').replace('/', '~1')}", marked, depth + 1, f"{_text(name)}: ", comma, lines)
        lines.append(escape(f"{indent}}}{after}"))
    elif isinstance(value, list) and value:
        lines.append(escape(f"{indent}{before}["))
        for number, inner in enumerate(value):
            _pretty(inner, f"{at}/{number}", marked, depth + 1, "", "," if number + 1 < len(value) else "", lines)
        lines.append(escape(f"{indent}]{after}"))
    else:
        lines.append(escape(f"{indent}{before}{_text(value)}{after}"))
    if at and at == marked:
        lines[start] = Markup("<mark>") + lines[start]
        lines[-1] += Markup("</mark>")


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _uses(told: Account) -> list[dict[str, Any]]:
    """Give the operations in scope, how often each was asked, and how long its answers took (milliseconds)."""
    scope = set(told.header["scope"]["apis"])
    most = max((use.exchanges for use in told.uses), default=0) or 1
    return [{"api": use.api, "operation": use.operation, "exchanges": use.exchanges, "width": round(100 * use.exchanges / most, 1),
             "statuses": ", ".join(f"{status or 'no answer'} ({number})" for status, number in sorted(use.statuses.items())),
             "median": use.share(0.5), "most": use.share(0.95)} for use in told.uses if use.api in scope]  # fmt: skip


def _suites(told: Account) -> list[dict[str, Any]]:
    rows = told.suites.most_common(_SLOWEST)
    most = max((spent for _, spent in rows), default=0.0) or 1.0
    return [{"name": name or "between tests", "seconds": spent / 1000, "width": round(100 * spent / most, 1)} for name, spent in rows]
