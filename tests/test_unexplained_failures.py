"""A test that fails: explained by a clause that the target broke, or an error of the suite."""

from __future__ import annotations

from typing import Any

import pytest

from payproof.errors import Exit
from payproof.finding import Finding
from payproof.journal import error_record, finding_record
from payproof.verdict import Count, decide

TEST = "suites/test_lifecycles.py::test_documented_story"


def header(*, mock: bool) -> dict[str, Any]:
    clause = {"id": "C-1", "api": "a", "operation": "read", "keyword": "must", "basis": "invariant", "text": "", "needs": []}
    return {
        "source": "run", "target": "mock", "mock": mock, "has": [], "faults": [], "depth": "smoke", "seed": 1, "strict": False,
        "partial": False, "started": "", "scope": {"apis": ["a"], "clauses": None}, "apis": [{"id": "a"}], "clauses": [clause],
        "operations": [{"api": "a", "id": "read", "method": "GET", "resources": []}],
    }  # fmt: skip


def verdict(*records: dict[str, Any], mock: bool = True) -> dict[str, Any]:
    count = Count(header(mock=mock))
    exchange = {"kind": "exchange", "id": "w0-1", "operation": "read", "test": TEST, "judged": [0], "unjudged": {},
                "response": {"status": 200}}  # fmt: skip
    for record in (exchange, *records):
        count.add(record)
    return decide(count, {"stopped": [], "gaps": [], "finished": ""}, "", version="0")


FAILED = error_record("it failed", where=TEST, test=TEST)
BROKEN = finding_record(Finding("C-1", "a", "read", "must", "invariant", "", "one", "two", "w0-1"))


@pytest.mark.parametrize("records", [pytest.param((FAILED, BROKEN), id="before"), pytest.param((BROKEN, FAILED), id="after")])
def test_a_break_explains_the_failure_of_its_test(records: tuple[dict[str, Any], ...]) -> None:
    made = verdict(*records)
    assert made["suite_errors"] == []
    assert made["exit"] == Exit.NOT_CONFORMANT


def test_a_failure_without_a_break_is_an_error_of_the_suite() -> None:
    made = verdict(FAILED)
    assert made["suite_errors"] == [{"message": "it failed", "where": TEST}]
    assert made["exit"] == Exit.INCOMPLETE


def test_a_break_explains_no_other_test() -> None:
    made = verdict(BROKEN, error_record("it failed", where="other", test="other"))
    assert [error["where"] for error in made["suite_errors"]] == ["other"]


def test_a_warning_explains_nothing() -> None:
    made = verdict(BROKEN, FAILED, mock=False)
    assert made["clauses"][0]["verdict"] == "warned"
    assert made["exit"] == Exit.INCOMPLETE


def test_an_error_of_the_judge_is_not_explained() -> None:
    made = verdict(BROKEN, error_record("the two validators disagree", where="w0-1"))
    assert [error["where"] for error in made["suite_errors"]] == ["w0-1"]
