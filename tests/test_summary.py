"""The page for a pull request, and what GitHub is told: short, complete in what matters, and shown as it was said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from payproof.errors import OutputError
from payproof.report import summary
from payproof.report.tables import tables

if TYPE_CHECKING:
    from pathlib import Path

OUTCOMES = ("passed", "failed", "warned", "waived", "observed", "not_applicable", "not_run")


def row(name: str, outcome: str, reason: str | None = None) -> dict[str, Any]:
    return {"id": name, "api": "a", "operation": "get", "keyword": "must", "basis": "documented", "text": name, "verdict": outcome,
            "reason": reason, "selected": 1, "judged": 1, "broken": 0}  # fmt: skip


def finding(clause: str, number: int = 1, **changed: Any) -> dict[str, Any]:
    whole = {"id": f"F{number}", "count": 2, "clause": clause, "keyword": "must", "basis": "documented", "operation": "get",
             "pointer": "/x", "expected": "equals 1", "seen": "2", "exchange": "w0-7", "waiver": None}  # fmt: skip
    return {**whole, **changed}


def verdict(rows: list[dict[str, Any]], findings: tuple[dict[str, Any], ...] = (), **changed: Any) -> dict[str, Any]:
    whole = {
        "payproof": "0.1.0", "target": "mock", "depth": "smoke", "seed": 1, "partial": False, "conformant": False, "exit": 1,
        "started": "2026-11-20T10:00:00.000Z", "finished": "2026-11-20T10:01:00.000Z", "apis": [{"id": "a", "conformant": False}],
        "clauses": rows, "findings": list(findings), "suite_errors": [], "gaps": [], "outcomes": [], "transitions": [], "drift": [],
        "waivers": [], "divergences": [], "leftovers": [],
        "counts": {"clauses": len(rows), **{name: sum(one["verdict"] == name for one in rows) for name in OUTCOMES}, "exchanges": 1},
    }  # fmt: skip
    return {**whole, **changed}


def page(said: dict[str, Any]) -> str:
    return summary.page(said)


def test_page_counts_every_kind_of_verdict() -> None:
    """F3: each class has a column of its own, so that a group that was mostly skipped does not look passed."""
    text = page(verdict([row(f"A-{number}", outcome, "why") for number, outcome in enumerate(OUTCOMES)]))

    assert "| API | conformant | passed | failed | warned | waived | observed | not applicable | not run |" in text
    assert "| a | **no** | 1 | 1 | 1 | 1 | 1 | 1 | 1 |" in text
    assert "A-6 was not judged: why" in text


def test_page_tells_what_fails_before_what_is_excused() -> None:
    rows = [row("A-ONE", "waived", "W1"), row("B-TWO", "failed"), row("C-THREE", "warned")]

    text = page(verdict(rows, (finding("A-ONE", waiver="W1"), finding("C-THREE", 2), finding("B-TWO", 3))))

    assert text.index("B-TWO (must, documented, failed)") < text.index("C-THREE (must, documented, warned)")
    assert text.index("C-THREE (must") < text.index("A-ONE (must, documented, waived by W1)")


def test_text_of_a_server_is_no_markup() -> None:
    """No table row, link, mention or tag comes from what was seen."""
    text = page(verdict([row("A-ONE", "failed")], (finding("A-ONE", seen="a|b\n<img src=x> [l](u) @you `c` \\"),)))

    assert "a\\|b \\<img src=x\\> \\[l\\](u) \\@you \\`c\\` \\\\ |" in text


def test_page_fits_into_a_comment() -> None:
    """Thousands of findings and rows: 65,536 characters are the most that a comment takes; what is left out is counted."""
    long = "x" * 5000
    found = tuple(finding("A-ONE", number, seen=long, expected=long) for number in range(3000))
    drift = [{"where": f"get 200 /{number}", "count": 1} for number in range(5000)]
    steps = [{"api": "a", "resource": "r", "state": str(number), "operation": "o", "expected": "e", "status": 200}
             for number in range(5000)]  # fmt: skip

    text = page(verdict([row("A-ONE", "failed")], found, drift=drift, transitions=steps))

    assert len(text) < 65_536
    assert "2975 more in report.html" in text
    assert "4950 more in report.html" in text


def test_tables_are_there_where_they_have_rows() -> None:
    """Transitions are counted, outcomes say what nobody saw, waivers are printed in full."""
    step = {"api": "a", "resource": "profile", "state": "ACTIVE", "operation": "cancel", "expected": "allowed", "status": 200}
    outcome = {"api": "a", "operation": "get", "status": "200", "member": "/state", "witnessed": 0, "scripted": 0, "reason": None}
    waiver = {"id": "W1", "clause": "A-ONE", "target": "mock", "cause": {"pointer": "/x"}, "reason": "r", "owner": "o", "link": "https://l",
              "expires": "2027-01-01", "state": "not_met", "count": 0}  # fmt: skip
    left = {"api": "a", "resource": "profile", "id": "p1", "state": "left over", "operation": "create", "request": "r-1", "at": "then",
            "why": "delete answered 500", "count": 1}  # fmt: skip
    said = verdict([row("A-ONE", "not_applicable", "the target has no clock")], waivers=[waiver],
                   transitions=[step, step, {**step, "status": 409}],
                   outcomes=[{**outcome, "value": "A", "witnessed": 3}, {**outcome, "value": "B", "scripted": 1},
                             {**outcome, "value": "C", "reason": "no card does it"}, {**outcome, "value": "D"}],
                   drift=[{"where": "get 200 /new", "count": 4}], leftovers=[left])  # fmt: skip

    found = {table.id: table for table in tables(said)}

    assert list(found) == ["waivers", "not-applicable", "leftovers", "transitions", "outcomes", "drift"]
    assert found["transitions"].rows == (("a", "profile", "ACTIVE", "cancel", "allowed", "200 (2), 409 (1)"),)
    assert found["outcomes"].rows == (("get", "200", "4", "1", "/state = B", "/state = C", "/state = D"),)
    assert found["waivers"].rows == (("W1", "A-ONE", "not met", "0", "pointer /x", "r", "o", "https://l", "2027-01-01"),)
    assert found["not-applicable"].rows == (("the target has no clock", "1", "A-ONE"),)
    assert found["leftovers"].rows == (("left over", "profile", "p1", "create", "r-1", "then", "1", "delete answered 500"),)


def test_github_gets_summary_and_annotations(tmp_path: Path) -> None:
    """What failed is an error, what warned a warning, what is waived a notice; no line of a server ends an annotation early."""
    rows = [row("A-ONE", "failed"), row("B:TWO,", "warned"), row("C-THREE", "waived", "W1")]
    said = verdict(rows, (finding("A-ONE", seen="2\n::error::x 5%"), finding("B:TWO,", 2), finding("C-THREE", 3, waiver="W1")),
                   gaps=[{"api": "a", "what": "get never succeeded"}])  # fmt: skip
    (tmp_path / "step").write_text("before\n", encoding="utf-8")

    told = list(summary.publish(said, str(tmp_path / "step")))

    assert told == [
        "::error title=A-ONE::get /x: expected equals 1; seen 2%0A::error::x 5%25 (2 times, w0-7)",
        "::error title=incomplete::a: get never succeeded",
        "::warning title=B%3ATWO%2C::get /x: expected equals 1; seen 2 (2 times, w0-7)",
        "::notice title=C-THREE::get /x: expected equals 1; seen 2 (2 times, w0-7)",
    ]
    assert (tmp_path / "step").read_text(encoding="utf-8").startswith("before\n## payproof: not conformant")


def test_summary_that_cannot_be_published_is_an_error(tmp_path: Path) -> None:
    said = verdict([row("A-ONE", "passed")])

    with pytest.raises(OutputError, match="GITHUB_STEP_SUMMARY"):
        list(summary.publish(said, str(tmp_path)))
