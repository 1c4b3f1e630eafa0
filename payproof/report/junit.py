"""junit.xml: one test case a clause, named by its id, for the CI systems that read that format."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from payproof.output import write_atomically

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 section 2.2 does not allow in a document."""


def write(path: Path, verdict: Mapping[str, Any]) -> None:
    """Write the file. Raises OutputError."""
    root = ET.Element("testsuites", name="payproof")
    for api in verdict["apis"]:
        rows = [row for row in verdict["clauses"] if row["api"] == api["id"]]
        kinds = [_kind(row) for row in rows]
        suite = ET.SubElement(
            root, "testsuite", name=api["id"], tests=str(len(rows)), failures=str(kinds.count("failure")),
            errors=str(kinds.count("error")), skipped=str(kinds.count("skipped")), timestamp=verdict["started"],
        )  # fmt: skip
        # An XML of a part looks like that of the whole: nothing else in it would say so.
        ET.SubElement(ET.SubElement(suite, "properties"), "property", name="partial", value=str(verdict["partial"]).lower())
        for row, kind in zip(rows, kinds, strict=True):
            _case(suite, row, kind, [item for item in verdict["findings"] if item["clause"] == row["id"]])
    if verdict["suite_errors"] or verdict.get("gaps"):
        problems = [item["message"] for item in verdict["suite_errors"]] + [item["what"] for item in verdict.get("gaps", ())]
        suite = ET.SubElement(root, "testsuite", name="run", tests="1", failures="0", errors="1", skipped="0")
        case = ET.SubElement(suite, "testcase", name="complete", classname="payproof.run")
        ET.SubElement(case, "error", message="the run is incomplete").text = _clean("\n".join(problems))
    ET.indent(root)
    text = '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"
    write_atomically(path, text)


def _kind(row: Mapping[str, Any]) -> str:
    return {"failed": "failure", "not_run": "error", "not_applicable": "skipped", "waived": "skipped"}.get(row["verdict"], "")


def _case(suite: ET.Element, row: Mapping[str, Any], kind: str, findings: list[Mapping[str, Any]]) -> None:
    case = ET.SubElement(suite, "testcase", name=row["id"], classname=f"{row['api']}.{row['operation']}")
    if kind:
        first = findings[0] if findings else None
        message = f"expected {first['expected']}; seen {first['seen']}" if first else str(row["reason"])
        element = ET.SubElement(case, kind, message=_clean(message))
        lines = [row["text"], *(f"{f['id']} {f['pointer']} {f['count']} times, {f['exchange']}: {f['reproduce']}" for f in findings)]
        element.text = _clean("\n".join(lines))
    note = f"{row['keyword']}, {row['basis']}; selected {row['selected']}, judged {row['judged']}, broken {row['broken']}"
    if row["verdict"] in {"warned", "observed"}:
        note = f"{row['verdict']}: {note}"
    ET.SubElement(case, "system-out").text = note


def _clean(text: str) -> str:
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
