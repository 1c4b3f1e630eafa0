"""Allure: a result a clause, written from the journal, beside the tests' own results, which allure-pytest writes.

Epic is the API, feature the operation, story the clause. The exchange that shows a clause is attached to it.
"""

from __future__ import annotations

import json
import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Any

from allure_commons.logger import AllureFileLogger
from allure_commons.model2 import Attachment, Label, Link, Parameter, Status, StatusDetails, TestResult

from payproof.errors import OutputError
from payproof.output import write_atomically
from payproof.report.words import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from payproof.report.account import Account

_STATUS = {"passed": Status.PASSED, "failed": Status.FAILED, "warned": Status.PASSED, "observed": Status.PASSED,
           "waived": Status.SKIPPED, "not_applicable": Status.SKIPPED, "not_run": Status.BROKEN}  # fmt: skip
_SEVERITY = {"must": "critical", "should": "minor"}
_NAMES = {"failed": "Broken clauses", "warned": "Warnings: a should, or an invariant elsewhere than on the mock",
          "observed": "Observed: broken, but nobody documents it", "waived": "Waived breaks", "not_run": "Clauses that were not judged",
          "not_applicable": "Clauses that the target cannot show"}  # fmt: skip


def write(folder: Path, told: Account) -> None:
    """Write the results, the environment and, beside the folder, `allurerc.json`. Raises OutputError."""
    verdict = told.verdict
    try:
        logger = AllureFileLogger(str(folder))
        shown = {exchange: _attachment(logger, record) for exchange, record in told.evidence.items()}
        for row in verdict["clauses"]:
            logger.report_result(_result(row, told, shown))
        problems = [item["message"] for item in verdict["suite_errors"]] + [item["what"] for item in verdict["gaps"]]
        if problems:
            logger.report_result(_incomplete(verdict, problems))
    except OSError as error:
        message = f"{folder} cannot be written: {error.strerror}"
        raise OutputError(message) from error
    write_atomically(folder / "environment.properties", _environment(told))
    write_atomically(folder.parent / "allurerc.json", json.dumps(_configuration(verdict), indent=1) + "\n")


def _attachment(logger: AllureFileLogger, record: Mapping[str, Any]) -> Attachment:
    shown = {name: record.get(name) for name in ("id", "api", "operation", "test", "elapsed", "request", "response", "error")}
    name = f"{uuid.uuid5(uuid.NAMESPACE_URL, record['id'])}-attachment.json"
    logger.report_attached_data(json.dumps(shown, indent=1, ensure_ascii=False).encode("utf-8", "replace"), name)
    status = record["response"]["status"] if record["response"] else "no answer"
    return Attachment(name=f"{record['id']} {record['operation']} {status}", source=name, type="application/json")


def _result(row: Mapping[str, Any], told: Account, shown: Mapping[str, Attachment]) -> TestResult:
    verdict = told.verdict
    findings = [item for item in verdict["findings"] if item["clause"] == row["id"]]
    said = [f"{f['pointer']}: expected {f['expected']}; seen {f['seen']} ({f['exchange']}, {f['count']} times)" for f in findings]
    exchanges = [item["exchange"] for item in findings] or [told.witnesses.get(row["id"], "")]
    waivers = [item for item in verdict["waivers"] if any(item["id"] == found.get("waiver") for found in findings)]
    return TestResult(
        uuid=str(uuid.uuid4()),
        historyId=f"payproof:{row['api']}:{row['id']}",
        testCaseId=f"payproof:{row['api']}:{row['id']}",
        fullName=f"{row['api']}#{row['id']}",
        name=row["id"],
        description=row["text"],
        status=_STATUS[row["verdict"]],
        statusDetails=StatusDetails(message=said[0] if said else row["reason"] or "", trace="\n".join(said)),
        labels=[
            Label(name="epic", value=row["api"]), Label(name="feature", value=row["operation"]),
            Label(name="story", value=row["id"]), Label(name="framework", value="payproof"),
            Label(name="severity", value=_SEVERITY[row["keyword"]]), Label(name="verdict", value=row["verdict"]),
            Label(name="tag", value=row["basis"]),
        ],
        links=[Link(type="issue", url=item["link"], name=f"{item['id']}: {item['reason']}") for item in waivers],
        parameters=[Parameter(name=name, value=str(row[name])) for name in ("keyword", "basis", "selected", "judged", "broken")],
        attachments=[shown[exchange] for exchange in dict.fromkeys(exchanges) if exchange in shown],
        start=_millis(verdict["started"]),
        stop=_millis(verdict["finished"]),
    )  # fmt: skip


def _incomplete(verdict: Mapping[str, Any], problems: list[str]) -> TestResult:
    """Give the result of the run itself: every clause may have passed, and yet something was left out."""
    return TestResult(
        uuid=str(uuid.uuid4()), historyId="payproof:run:complete", testCaseId="payproof:run:complete", fullName="run#complete",
        name="complete", description="The run is complete.", status=Status.BROKEN,
        statusDetails=StatusDetails(message=problems[0], trace="\n".join(problems)),
        labels=[Label(name="epic", value="run"), Label(name="feature", value="complete"), Label(name="story", value="complete"),
                Label(name="framework", value="payproof"), Label(name="severity", value="critical"),
                Label(name="verdict", value="not_run")],
        start=_millis(verdict["started"]), stop=_millis(verdict["finished"]),
    )  # fmt: skip


def _environment(told: Account) -> str:
    verdict, header = told.verdict, told.header
    rows = {
        "verdict": one_line(verdict), "payproof": verdict["payproof"],
        "target": verdict["target"], "depth": verdict["depth"], "seed": verdict["seed"],
        "partial": verdict["partial"], "faults": ", ".join(header.get("faults", ())) or "none", "journal": verdict["journal_sha256"],
    }  # fmt: skip
    rows |= {f"spec of {api['id']}": api["spec_sha256"] for api in verdict["apis"]}
    rows |= {f"contract of {api['id']}": api["contract_sha256"] for api in verdict["apis"]}
    return "".join(f"{_property(name)} = {str(value).encode('unicode_escape').decode()}\n" for name, value in rows.items())


def _property(name: str) -> str:
    return name.replace(" ", "\\ ")


def _configuration(verdict: Mapping[str, Any]) -> dict[str, Any]:
    """Give what Allure 3 needs to be told: how to group, what kinds of failures there are, where the last run is."""
    return {
        "name": f"payproof on {verdict['target']}",
        "output": "allure-report",
        "historyPath": "allure-history.jsonl",
        "appendHistory": True,
        "categories": [{"name": name, "matchers": [{"labels": {"verdict": outcome}}], "groupBy": [{"label": "epic"}, {"label": "feature"}]}
                       for outcome, name in _NAMES.items()],
        "plugins": {"awesome": {"options": {"groupBy": ["epic", "feature", "story"], "singleFile": False}}},
    }  # fmt: skip


def _millis(moment: str) -> int:
    return round(datetime.fromisoformat(moment).timestamp() * 1000)
