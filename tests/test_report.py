"""Readers of a verdict: junit.xml, Allure results, what a person sees."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from payproof import journal
from payproof import kit as kits
from payproof.errors import OutputError
from payproof.judge import Judge
from payproof.options import Options
from payproof.output import write_atomically
from payproof.redact import Redactor
from payproof.report import junit, one_line, write
from payproof.report.console import Console
from payproof.run import Run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from payproof.exchange import Exchange

OUTCOMES = ("passed", "failed", "warned", "observed", "waived", "not_applicable", "not_run")
MOMENT = "2026-11-20T10:00:00.000Z"


def row(outcome: str, number: int = 1, **changed: Any) -> dict[str, Any]:
    """Give the row of a clause in a verdict."""
    reason = {"not_run": "no exchange met its condition", "not_applicable": "the target has no clock"}.get(outcome)
    whole = {"id": f"A-{outcome.upper().replace('_', '-')}-{number}", "api": "a", "operation": "get", "keyword": "must",
             "basis": "documented", "text": "What is asked for is given.", "verdict": outcome, "reason": reason, "selected": 4, "judged": 3,
             "broken": 1, "unjudged": {"state": 1}}  # fmt: skip
    return {**whole, **changed}


def finding(clause: str, number: int = 1, **changed: Any) -> dict[str, Any]:
    """Give a finding of a verdict."""
    whole = {"id": f"F{number}", "fingerprint": f"{number:016}", "count": 2, "clause": clause, "keyword": "must", "basis": "documented",
             "operation": "get", "pointer": "/amount", "expected": "equals 1", "seen": "2", "exchange": "w0-7", "attempts": [],
             "reproduce": "payproof run --seed 1 -k test_it", "test": "test_it", "api": "a"}  # fmt: skip
    return {**whole, **changed}


def verdict_with(rows: list[dict[str, Any]], findings: tuple[dict[str, Any], ...] = (), **changed: Any) -> dict[str, Any]:
    """Give as much of a verdict as its readers look at."""
    counts = {name: sum(one["verdict"] == name for one in rows) for name in OUTCOMES}
    whole = {
        "started": MOMENT, "finished": "2026-11-20T10:01:00.500Z", "apis": [{"id": "a", "conformant": False}], "clauses": rows,
        "findings": list(findings), "suite_errors": [], "gaps": [], "generated": [], "partial": False, "conformant": False, "exit": 1,
        "counts": {"clauses": len(rows), **counts, "exchanges": 12, "findings": len(findings), "suite_errors": 0},
    }  # fmt: skip
    return {**whole, **changed}


EVERY = verdict_with([row(outcome) for outcome in OUTCOMES], (finding("A-FAILED-1"), finding("A-FAILED-1", 2, seen="3")))


# junit.xml


def cases(path: Path) -> dict[str, ET.Element]:
    """Give the test cases of a file by name."""
    return {str(case.get("name")): case for case in ET.parse(path).getroot().iter("testcase")}  # noqa: S314  # a file of our own


def test_junit_has_a_case_for_each_clause(tmp_path: Path) -> None:
    """One test case a clause, named by its id, below a suite for each API; the counts agree."""
    junit.write(tmp_path / "junit.xml", EVERY)

    found = cases(tmp_path / "junit.xml")
    suite = ET.parse(tmp_path / "junit.xml").getroot().find("testsuite")  # noqa: S314  # a file of our own
    assert list(found) == [clause["id"] for clause in EVERY["clauses"]]
    assert {case.get("classname") for case in found.values()} == {"a.get"}
    assert suite is not None
    assert [suite.get(name) for name in ("name", "tests", "failures", "errors", "skipped")] == ["a", "7", "1", "1", "2"]


@pytest.mark.parametrize(
    ("outcome", "kind"),
    [
        pytest.param("passed", None, id="passed"),
        pytest.param("failed", "failure", id="failed-is-a-failure"),
        pytest.param("not_run", "error", id="not-run-is-an-error"),
        pytest.param("not_applicable", "skipped", id="not-applicable-is-skipped"),
        pytest.param("waived", "skipped", id="waived-is-skipped"),
        pytest.param("warned", None, id="warned-does-not-fail"),
        pytest.param("observed", None, id="observed-does-not-fail"),
    ],
)
def test_junit_says_what_became_of_a_clause(tmp_path: Path, outcome: str, kind: str | None) -> None:
    """A CI system sees failures, and sees what was not run as an error instead of as nothing."""
    junit.write(tmp_path / "junit.xml", EVERY)

    (case,) = [case for name, case in cases(tmp_path / "junit.xml").items() if name == row(outcome)["id"]]
    assert [child.tag for child in case] == [*([kind] if kind else []), "system-out"]
    assert "selected 4, judged 3, broken 1" in (case.findtext("system-out") or "")


def test_junit_failure_has_its_cause(tmp_path: Path) -> None:
    """A failure says what was expected and seen, where, and how to repeat each finding."""
    junit.write(tmp_path / "junit.xml", EVERY)

    failure = cases(tmp_path / "junit.xml")["A-FAILED-1"].find("failure")
    assert failure is not None
    assert failure.get("message") == "expected equals 1; seen 2"
    assert (failure.text or "").splitlines() == [
        "What is asked for is given.",
        "F1 /amount 2 times, w0-7: payproof run --seed 1 -k test_it",
        "F2 /amount 2 times, w0-7: payproof run --seed 1 -k test_it",
    ]


def test_junit_error_has_its_reason(tmp_path: Path) -> None:
    """A clause that was not run says why."""
    junit.write(tmp_path / "junit.xml", EVERY)

    error = cases(tmp_path / "junit.xml")["A-NOT-RUN-1"].find("error")
    assert error is not None
    assert error.get("message") == "no exchange met its condition"


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        pytest.param({"suite_errors": [{"message": "they disagree", "where": "w0-1"}]}, "they disagree", id="suite-error"),
        pytest.param({"gaps": [{"api": "a", "what": "get never succeeded"}]}, "get never succeeded", id="gap"),
    ],
)
def test_junit_of_an_incomplete_run_has_an_error(tmp_path: Path, trouble: dict[str, Any], said: str) -> None:
    """Every clause passed and the run is incomplete: that must not look green."""
    junit.write(tmp_path / "junit.xml", verdict_with([row("passed")], **trouble))

    error = cases(tmp_path / "junit.xml")["complete"].find("error")
    assert error is not None
    assert error.text == said


@pytest.mark.parametrize(
    "odd", ["\0", "\x07", "\x1b[31m", "\ud800", "\ufffe", "\uffff", "<&\"'>", "]]>", "\U0001f4b3", "\x85\u2028"], ids=ascii
)
def test_junit_can_hold_any_text(tmp_path: Path, odd: str) -> None:
    """Whatever a server sends, the file is XML; what XML forbids is replaced, the rest is as it was."""
    found = (finding("A-FAILED-1", expected=f"a{odd}b", seen=f"c{odd}d", pointer=f"/{odd}"),)
    error = {"message": f"e{odd}f", "where": ""}

    junit.write(tmp_path / "junit.xml", verdict_with([row("failed", text=f"x{odd}y")], found, suite_errors=[error]))

    failure = cases(tmp_path / "junit.xml")["A-FAILED-1"].find("failure")
    assert failure is not None
    message = failure.get("message") or ""
    assert message.startswith("expected a")
    assert message.endswith("d")
    if odd in {"<&\"'>", "]]>", "\U0001f4b3"}:
        assert message == f"expected a{odd}b; seen c{odd}d"


# Writing


def test_report_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    """A folder that is in the way ends as an error with a message, not as a run without evidence."""
    (tmp_path / "junit.xml").mkdir()

    with pytest.raises(OutputError, match=r"junit\.xml cannot be written"):
        junit.write(tmp_path / "junit.xml", EVERY)
    assert [path.name for path in tmp_path.iterdir()] == ["junit.xml"]


def test_files_are_replaced_whole(tmp_path: Path) -> None:
    """A reader sees the old file or the new one, and no draft stays behind."""
    path = tmp_path / "file"
    write_atomically(path, "old")

    write_atomically(path, "new")

    assert path.read_text(encoding="utf-8") == "new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        pytest.param({"conformant": True, "exit": 0}, "conformant: 1 clauses: 1 passed; 12 exchanges; exit 0", id="conformant"),
        pytest.param({"conformant": True, "exit": 0, "partial": True}, "conformant, partial: 1 clauses: 1 passed; 12 exchanges; exit 0",
                     id="partial"),
        pytest.param({"exit": 3}, "incomplete: 1 clauses: 1 passed; 12 exchanges; exit 3", id="incomplete"),
    ],
)  # fmt: skip
def test_one_line_says_it_all(changed: dict[str, Any], line: str) -> None:
    """The last line that a run prints."""
    assert one_line(verdict_with([row("passed")], **changed)) == line


def test_one_line_of_a_broken_run_counts_every_kind() -> None:
    """Nothing is summed away."""
    assert one_line(EVERY) == (
        "not conformant: 7 clauses: 1 passed, 1 failed, 1 warned, 1 waived, 1 observed, "
        "1 not applicable (the target has no clock), 1 not run; 12 exchanges; exit 1"
    )


# The console


@pytest.fixture
def console(tiny: Callable[..., Path], tmp_path: Path) -> Iterator[Console]:
    """A console over a run of the invented API, whose output is no terminal."""
    shown = Console(Run.begin(Options(depth="smoke", out=tmp_path / "out [bold]", kit=tiny())), 2)
    yield shown
    shown.close()


def test_console_says_what_it_is_about_to_do(capsys: pytest.CaptureFixture[str], console: Console) -> None:
    """The first line names APIs, target, depth, seed and workers, in plain text."""
    console.close()

    assert capsys.readouterr().out == "payproof: vouchers on mock, depth smoke, seed 1, 2 workers\n"


def test_console_shows_tables_findings_and_what_is_missing(console: Console, capsys: pytest.CaptureFixture[str]) -> None:
    """A table for each API, each finding with its cause, what is missing, and the line that says it all."""
    figures = {"operation": "get", "accepted": 31, "negative": 62, "constraints": 9, "violated": 8, "refused": 60, "named": 57}
    console.show({**EVERY, "generated": [figures], "gaps": [{"api": "a", "what": "put never succeeded"}],
                  "suite_errors": [{"message": "the validators disagree", "where": ""}]})  # fmt: skip

    said = capsys.readouterr().out
    assert "a: not shown to be conformant" in said
    assert [word for word in ("31", "62", "8/9", "95%") if word not in said] == []
    for line in ("F1 A-FAILED-1 get at /amount (2 times)", "expected  equals 1", "seen      2",
                 "repeat    payproof run --seed 1 -k test_it", "suite error: the validators disagree", "missing: put never succeeded",
                 "not run: A-NOT-RUN-1: no exchange met its condition"):  # fmt: skip
        assert line in said
    assert "\x1b" not in said
    assert one_line(EVERY) in said


def test_console_points_at_clauses_that_are_rarely_judged(console: Console, capsys: pytest.CaptureFixture[str]) -> None:
    """Judged below half of selected is printed, with the reasons; half is enough."""
    rows = [row("passed", 1, selected=10, judged=4, unjudged={"absent": 6}), row("passed", 2, selected=10, judged=5)]

    console.show(verdict_with(rows))

    said = capsys.readouterr().out
    assert "rarely judged: A-PASSED-1: judged 4 of 10 times (absent 6)" in said
    assert "A-PASSED-2" not in said


def test_console_prints_texts_as_they_are(console: Console, capsys: pytest.CaptureFixture[str]) -> None:
    """Brackets and colons in what a server sent, or in a path, are no markup."""
    odd = "[red]x[/red] :smile: [/]"

    console.show(verdict_with([row("failed", text=odd)], (finding("A-FAILED-1", expected=odd, seen=odd),)))

    said = capsys.readouterr().out
    assert said.count(odd) == 3
    assert "out [bold]" in said


def test_console_does_not_drown_its_reader(console: Console, capsys: pytest.CaptureFixture[str]) -> None:
    """Of very many findings the first are shown, and how many more there are."""
    console.show(verdict_with([row("failed")], tuple(finding("A-FAILED-1", number) for number in range(1, 48))))

    said = capsys.readouterr().out
    assert "F30 A-FAILED-1" in said
    assert "F31 A-FAILED-1" not in said
    assert "... and 17 more findings in verdict.json" in said


# All of them


def test_reports_of_a_real_run_agree(tiny: Callable[..., Path], tmp_path: Path, wire: Callable[..., Exchange]) -> None:
    """From exchanges to every report: the same clauses, the same breaks."""
    run = Run.begin(Options(depth="smoke", out=tmp_path / "out", kit=tiny()))
    loaded = kits.load(run.kit.root)
    redactor = Redactor(loaded.sensitive(), key=run.key)
    judge = Judge(loaded.contracts.values(), redactor, has=frozenset())
    index = {clause.id: number for number, clause in enumerate(loaded.clauses())}
    with journal.Writer(run.shards / "w0.jsonl", run.header(None)) as writer:
        for amount in (1, 2):
            exchange = wire("GET", "/vouchers/v1", body={"id": "v1", "amount": amount})
            judgement = judge.judge(exchange)
            writer.write(journal.exchange_record(exchange, judgement, redactor, index))
            for found in judgement.findings:
                writer.write(journal.finding_record(found))
        writer.close({"drift": {}})

    result = run.finish()
    told = write(run.options.out, run.options.out / "journal.jsonl")

    assert told == result
    failed = {clause["id"] for clause in result["clauses"] if clause["verdict"] == "failed"}
    assert failed == {"VOUCHER-AMOUNT-KEPT"}
    assert {name for name, case in cases(run.options.out / "junit.xml").items() if case.find("failure") is not None} == failed
    shown = [json.loads(path.read_text(encoding="utf-8")) for path in (run.options.out / "allure-results").glob("*-result.json")]
    assert {one["name"] for one in shown if one["status"] == "failed"} == failed
    assert {path.name for path in run.options.out.iterdir()} == {
        "journal.jsonl", "verdict.json", "junit.xml", "allure-results", "evidence.har", "summary.md", "allurerc.json", "report.html",
    }  # fmt: skip
