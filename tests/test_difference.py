"""Two runs side by side: what is a regression, and what is only different."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from payproof.errors import Exit, JournalError
from payproof.report import difference
from payproof.report.difference import Side, between

if TYPE_CHECKING:
    from pathlib import Path

OUTCOMES = ("passed", "failed", "warned", "waived", "not_applicable", "not_run", "observed")


def finding(clause: str = "A-ONE", fingerprint: str = "1" * 16, **changed: Any) -> dict[str, Any]:
    whole = {"id": "F1", "fingerprint": fingerprint, "count": 1, "clause": clause, "keyword": "must", "basis": "documented",
             "operation": "get", "pointer": "/x", "expected": "equals 1", "seen": "2", "exchange": "w0-1", "attempts": [],
             "reproduce": "payproof run", "waiver": None}  # fmt: skip
    return {**whole, **changed}


def verdict(findings: tuple[dict[str, Any], ...] = (), /, **outcomes: str) -> dict[str, Any]:
    """Give the verdict of a run whose clauses (A_ONE for A-ONE) came out as said."""
    rows = [{"id": name.replace("_", "-"), "api": "a", "operation": "get", "keyword": "must", "basis": "documented", "text": name,
             "verdict": outcome, "reason": None, "selected": 1, "judged": int(outcome != "not_run"), "broken": 0}
            for name, outcome in (outcomes or {"A_ONE": "passed"}).items()]  # fmt: skip
    good = not {"failed", "not_run"} & {row["verdict"] for row in rows}
    return {
        "schema": 1, "payproof": "0.1.0", "source": "run", "target": "mock", "depth": "smoke", "scope": {"apis": ["a"], "clauses": None},
        "started": "2026-11-20T10:00:00.000Z", "finished": "2026-11-20T10:01:00.000Z", "seed": 1, "journal_sha256": "0" * 64,
        "conformant": good, "complete": good, "partial": False, "exit": 0 if good else 1,
        "counts": {"clauses": len(rows), **{name: sum(row["verdict"] == name for row in rows) for name in OUTCOMES}, "exchanges": 1,
                   "findings": len(findings), "suite_errors": 0},
        "apis": [{"id": "a", "spec_sha256": "0" * 64, "contract_sha256": "1" * 64, "contract_version": 1, "conformant": good}],
        "clauses": rows, "findings": list(findings), "outcomes": [], "transitions": [], "drift": [], "waivers": [], "divergences": [],
        "leftovers": [], "suite_errors": [],
    }  # fmt: skip


def compared(old: dict[str, Any], new: dict[str, Any], path: Path) -> difference.Difference:
    return between(Side(path, old), Side(path, new))


@pytest.mark.parametrize(
    ("was", "now", "regression"),
    [
        ("passed", "failed", True), ("passed", "warned", True), ("passed", "not_run", True), ("warned", "failed", True),
        ("waived", "failed", True), ("not_run", "failed", True), ("not_applicable", "failed", True),
        ("failed", "passed", False), ("passed", "waived", False), ("passed", "observed", False), ("passed", "not_applicable", False),
        ("failed", "not_run", False), ("not_run", "passed", False),
    ],
)  # fmt: skip
def test_clause_that_became_worse_is_a_regression(tmp_path: Path, was: str, now: str, *, regression: bool) -> None:
    said = compared(verdict(A_ONE=was), verdict(A_ONE=now), tmp_path)

    assert said.clauses == [("A-ONE", was, now)]
    assert said.regressions == ([f"A-ONE: {was} before, {now} now"] if regression else [])


def test_same_run_differs_in_nothing(tmp_path: Path) -> None:
    same = verdict((finding(),), A_ONE="failed", B_TWO="passed")

    assert difference.sections(compared(same, same, tmp_path)) == []


def test_new_cause_in_a_clause_that_failed_before_is_a_regression(tmp_path: Path) -> None:
    """A clause that is known to be broken does not hide a second break of it; what is cured is said too."""
    old = verdict((finding(),), A_ONE="failed")
    new = verdict((finding(fingerprint="2" * 16, seen="3"),), A_ONE="failed")

    said = compared(old, new, tmp_path)

    assert said.regressions == ["A-ONE: broken in a new way: A-ONE get /x: expected equals 1; seen 3"]
    assert said.found == ["A-ONE get /x: expected equals 1; seen 3"]
    assert said.cured == ["A-ONE get /x: expected equals 1; seen 2"]


def test_new_finding_that_is_waived_or_observed_is_no_regression(tmp_path: Path) -> None:
    waived = compared(verdict(A_ONE="passed"), verdict((finding(waiver="W1"),), A_ONE="waived"), tmp_path)
    observed = compared(verdict(A_ONE="passed"), verdict((finding(),), A_ONE="observed"), tmp_path)

    assert (waived.regressions, observed.regressions) == ([], [])
    assert waived.found == ["A-ONE get /x: expected equals 1; seen 2 (waived by W1)"]


def test_finding_that_nobody_looked_for_again_is_not_cured(tmp_path: Path) -> None:
    said = compared(verdict((finding(),), A_ONE="failed"), verdict(A_ONE="not_run"), tmp_path)

    assert said.cured == []


def test_waiver_that_ended_is_a_regression(tmp_path: Path) -> None:
    """The same break, excused before and not any more."""
    said = compared(verdict((finding(waiver="W1"),), A_ONE="waived"), verdict((finding(),), A_ONE="failed"), tmp_path)

    assert said.regressions == ["A-ONE: waived before, failed now"]


def test_run_that_is_incomplete_now_is_a_regression(tmp_path: Path) -> None:
    """Every clause as before, and yet not conformant: an error of the suite, or a gap."""
    said = compared(verdict(), {**verdict(), "conformant": False, "exit": 3}, tmp_path)

    assert said.regressions == ["the run was conformant, and ends with exit 3 now"]


def test_circumstances_are_named(tmp_path: Path) -> None:
    """Another target, another contract, an API fewer: what differs is said, so that nobody compares apples with pears."""
    new = verdict(A_ONE="passed", B_TWO="passed")
    new = {**new, "target": "http://127.0.0.1:1", "partial": True, "apis": [{**new["apis"][0], "contract_sha256": "2" * 64}]}

    said = compared(verdict(A_ONE="passed"), new, tmp_path)

    assert said.notes == ["target: mock before, http://127.0.0.1:1 now", "the new run is partial: only what both judged can be compared",
                          "a: contract changed between the runs"]  # fmt: skip
    assert said.clauses == [("B-TWO", "not demanded", "passed")]


def test_clauses_of_an_api_that_only_one_run_had_are_not_compared(tmp_path: Path) -> None:
    said = compared(verdict(), {**verdict(), "apis": [{**verdict()["apis"][0], "id": "b"}], "clauses": []}, tmp_path)

    assert said.notes == ["a: only in the old run", "b: only in the new run"]
    assert said.clauses == []


@pytest.mark.parametrize(
    ("before", "after", "listed"),
    [(10.0, 16.0, True), (16.0, 10.0, True), (10.0, 14.0, False), (0.5, 1.5, False)],
)
def test_times_that_differ_clearly_are_listed(tmp_path: Path, before: float, after: float, *, listed: bool) -> None:
    """Both by a factor and by a time: a millisecond more is noise. Being slower is no regression by itself."""
    said = between(Side(tmp_path, verdict(), {"get": before}), Side(tmp_path, verdict(), {"get": after}))

    assert said.times == ([("get", before, after)] if listed else [])
    assert said.regressions == []


def test_markdown_shows_what_servers_say_as_it_is(tmp_path: Path) -> None:
    """No markup, no table, no second line comes from what was seen."""
    new = verdict((finding(seen="<b>|x|\n# y"),), A_ONE="failed")
    old, now = Side(tmp_path, verdict()), Side(tmp_path, new)

    page = difference.markdown(old, now, between(old, now))

    assert "seen \\<b\\>\\|x\\| \\# y" in page
    assert page.startswith("# payproof: 1 regressions\n")


def test_command_compares(payproof: Any, tmp_path: Path) -> None:
    """Exit 1 on a regression, 0 without; the page is written where asked."""
    for name, one in (("old", verdict()), ("new", verdict((finding(),), A_ONE="failed"))):
        (tmp_path / f"{name}.json").write_text(json.dumps(one), encoding="utf-8")

    worse = payproof("compare", "old.json", "new.json", "--markdown", "page.md")
    better = payproof("compare", "new.json", "old.json")

    assert (worse.returncode, better.returncode) == (Exit.NOT_CONFORMANT, Exit.CONFORMANT), worse.stderr + better.stderr
    assert "A-ONE: passed before, failed now" in worse.stdout
    assert "Cured findings" in better.stdout
    assert (tmp_path / "page.md").read_text(encoding="utf-8").startswith("# payproof: 1 regressions")


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "neither a journal nor a verdict"), ("{}", "is no verdict of payproof"), ('{"kind":"header"}\n', "begins with one header"),
     ("[1", "neither a journal nor a verdict")],
)  # fmt: skip
def test_file_that_is_neither_is_refused(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "x"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(JournalError, match=words):
        difference.load(path)
    with pytest.raises(JournalError, match="cannot be read"):
        difference.load(tmp_path / "none")
