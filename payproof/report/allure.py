"""Allure results: one a clause, written from the verdict; the tests' own results come from allure-pytest."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Any

from allure_commons.logger import AllureFileLogger
from allure_commons.model2 import Label, Parameter, Status, StatusDetails, TestResult

from payproof.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_STATUS = {"passed": Status.PASSED, "failed": Status.FAILED, "warned": Status.PASSED, "observed": Status.PASSED,
           "waived": Status.SKIPPED, "not_applicable": Status.SKIPPED, "not_run": Status.BROKEN}  # fmt: skip


def write(folder: Path, verdict: Mapping[str, Any]) -> None:
    """Write a result a clause: epic is the API, feature the operation, story the clause. Raises OutputError."""
    try:
        logger = AllureFileLogger(str(folder))
        for row in verdict["clauses"]:
            logger.report_result(_result(row, verdict))
    except OSError as error:
        message = f"{folder} cannot be written: {error.strerror}"
        raise OutputError(message) from error


def _result(row: Mapping[str, Any], verdict: Mapping[str, Any]) -> TestResult:
    findings = [item for item in verdict["findings"] if item["clause"] == row["id"]]
    said = [f"{f['pointer']}: expected {f['expected']}; seen {f['seen']} ({f['exchange']}, {f['count']} times)" for f in findings]
    return TestResult(
        uuid=str(uuid.uuid4()),
        historyId=f"payproof:{row['api']}:{row['id']}",
        fullName=f"{row['api']}#{row['id']}",
        name=row["id"],
        description=row["text"],
        status=_STATUS[row["verdict"]],
        statusDetails=StatusDetails(message=said[0] if said else row["reason"] or "", trace="\n".join(said)),
        labels=[
            Label(name="epic", value=row["api"]), Label(name="feature", value=row["operation"]),
            Label(name="story", value=row["id"]), Label(name="framework", value="payproof"),
            Label(name="tag", value=row["basis"]),
        ],
        parameters=[Parameter(name=name, value=str(row[name])) for name in ("keyword", "basis", "selected", "judged", "broken")],
        start=_millis(verdict["started"]),
        stop=_millis(verdict["finished"]),
    )  # fmt: skip


def _millis(moment: str) -> int:
    return round(datetime.fromisoformat(moment).timestamp() * 1000)
