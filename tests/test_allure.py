"""What Allure gets to see: clauses from the journal, tests from pytest, and that the real command makes its report of them."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from payproof import kit as kits
from payproof.errors import Exit, OutputError
from payproof.report import allure
from payproof.report.account import Account

if TYPE_CHECKING:
    from collections.abc import Callable

OUTCOMES = ("passed", "failed", "warned", "observed", "waived", "not_applicable", "not_run")
COMMAND = "allure@3.18.0"


def row(outcome: str) -> dict[str, Any]:
    return {"id": f"A-{outcome.upper().replace('_', '-')}", "api": "a", "operation": "get", "keyword": "must", "basis": "documented",
            "text": "What is asked for is given.", "verdict": outcome, "reason": "nobody asked" if outcome == "not_run" else None,
            "selected": 4, "judged": 3, "broken": 1}  # fmt: skip


def finding(clause: str, number: int, **changed: Any) -> dict[str, Any]:
    whole = {"id": f"F{number}", "count": 2, "clause": clause, "pointer": "/amount", "expected": "equals 1", "seen": "2",
             "exchange": "w0-7", "waiver": None}  # fmt: skip
    return {**whole, **changed}


def told(**changed: Any) -> Account:
    """Give the account of a run with a clause of each outcome."""
    waiver = {"id": "W1", "link": "https://tracker.example/17", "reason": "mended in March"}
    verdict = {
        "conformant": False, "exit": 1, "counts": {**dict.fromkeys(OUTCOMES, 1), "clauses": 7, "exchanges": 9},
        "suite_errors": [], "gaps": [],
        "payproof": "0", "target": "mock", "depth": "smoke", "seed": 1, "partial": False, "journal_sha256": "0" * 64,
        "started": "2026-11-20T10:00:00.000Z", "finished": "2026-11-20T10:01:00.500Z", "waivers": [waiver],
        "apis": [{"id": "a", "spec_sha256": "1", "contract_sha256": "2"}], "clauses": [row(outcome) for outcome in OUTCOMES],
        "findings": [finding("A-FAILED", 1), finding("A-FAILED", 2, seen="3"), finding("A-WAIVED", 3, waiver="W1", exchange="w0-8")],
    }  # fmt: skip
    verdict |= changed
    record = {"api": "a", "operation": "get", "test": "t", "elapsed": 1.0, "request": {"method": "GET"}, "response": {"status": 200}}
    evidence = {name: {**record, "id": name} for name in ("w0-1", "w0-7", "w0-8")}
    return Account(Path("j"), {"faults": ["told"]}, {}, verdict, [], evidence, {"A-PASSED": "w0-1", "A-FAILED": "w0-1"}, {}, Counter())


def results(folder: Path) -> dict[str, dict[str, Any]]:
    """Give the Allure results of a folder by name."""
    read = (json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*-result.json"))
    return {result["name"]: result for result in read}


@pytest.fixture
def written(tmp_path: Path) -> dict[str, dict[str, Any]]:
    """The results of that run."""
    allure.write(tmp_path / "allure-results", told())
    return results(tmp_path / "allure-results")


def test_result_for_each_clause(written: dict[str, dict[str, Any]]) -> None:
    """Epic is the API, feature the operation, story the clause; start and stop are milliseconds since the epoch."""
    assert len(written) == len(OUTCOMES)
    for name in ("historyId", "uuid"):
        assert len({result[name] for result in written.values()}) == len(OUTCOMES)
    labels = {label["name"]: label["value"] for label in written["A-FAILED"]["labels"]}
    assert (labels["epic"], labels["feature"], labels["story"], labels["severity"]) == ("a", "get", "A-FAILED", "critical")
    assert (written["A-PASSED"]["start"], written["A-PASSED"]["stop"]) == (1795168800000, 1795168860500)


def test_history_is_the_same_in_every_run(written: dict[str, dict[str, Any]], tmp_path: Path) -> None:
    """A clause keeps its history from run to run, though each result is new."""
    allure.write(tmp_path / "again" / "allure-results", told())
    again = results(tmp_path / "again" / "allure-results")

    assert {name: one["historyId"] for name, one in again.items()} == {name: one["historyId"] for name, one in written.items()}
    assert not {one["uuid"] for one in again.values()} & {one["uuid"] for one in written.values()}


def test_status_follows_the_verdict(written: dict[str, dict[str, Any]]) -> None:
    """Not-run is broken, not passed; what does not count is skipped."""
    assert {name: result["status"] for name, result in written.items()} == {
        "A-PASSED": "passed", "A-FAILED": "failed", "A-WARNED": "passed", "A-OBSERVED": "passed", "A-WAIVED": "skipped",
        "A-NOT-APPLICABLE": "skipped", "A-NOT-RUN": "broken",
    }  # fmt: skip


def test_result_has_its_cause_and_its_exchange(written: dict[str, dict[str, Any]], tmp_path: Path) -> None:
    """Findings are the details; attached is what shows them, or the first exchange that was judged; a waiver is a link."""
    failed, waived = written["A-FAILED"], written["A-WAIVED"]

    assert failed["statusDetails"]["message"] == "/amount: expected equals 1; seen 2 (w0-7, 2 times)"
    assert failed["statusDetails"]["trace"].count("\n") == 1
    assert written["A-NOT-RUN"]["statusDetails"]["message"] == "nobody asked"
    assert [one["name"] for one in failed["attachments"]] == ["w0-7 get 200"]
    assert [one["name"] for one in written["A-PASSED"]["attachments"]] == ["w0-1 get 200"]
    shown = json.loads((tmp_path / "allure-results" / failed["attachments"][0]["source"]).read_text(encoding="utf-8"))
    assert (shown["id"], shown["request"]) == ("w0-7", {"method": "GET"})
    assert [(one["type"], one["url"]) for one in waived["links"]] == [("issue", "https://tracker.example/17")]


def test_environment_says_what_was_judged(written: dict[str, dict[str, Any]], tmp_path: Path) -> None:
    lines = (tmp_path / "allure-results" / "environment.properties").read_text(encoding="utf-8").splitlines()

    assert len(written) > 0
    assert {"target = mock", "faults = told", "contract\\ of\\ a = 2"} <= set(lines)


def test_incomplete_run_has_a_result_of_its_own(tmp_path: Path) -> None:
    """Every clause may have passed: an error of the suite, or a gap, is broken all the same."""
    trouble = {"suite_errors": [{"message": "interrupted", "where": "run"}], "gaps": [{"api": "a", "what": "get never succeeded"}]}
    allure.write(tmp_path / "allure-results", told(**trouble))

    whole = results(tmp_path / "allure-results")["complete"]
    assert (whole["status"], whole["statusDetails"]["trace"]) == ("broken", "interrupted\nget never succeeded")


def test_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    """A file in the way of the folder is named."""
    (tmp_path / "allure-results").write_text("in the way", encoding="utf-8")

    with pytest.raises(OutputError, match="allure-results cannot be written"):
        allure.write(tmp_path / "allure-results", told())


SUITE = '''
"""Suites."""
import pytest


@pytest.mark.every_case
@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_nothing_much(number):
    """A test of a suite."""
    assert number


@pytest.mark.api("vouchers")
def test_story(apis):
    """Something is asked twice."""
    # It is asked for
    apis["vouchers"].call("getVoucher", path={"id": "v1"})

    # It is asked for again, twice
    apis["vouchers"].call("getVoucher", path={"id": "v1"})
    apis["vouchers"].call("getVoucher", path={"id": "v1"})
'''


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory, run_tiny: Callable[[Path, str], Any]) -> Path:
    """A folder with the results of a run of two workers, in which something old lay."""
    out = tmp_path_factory.mktemp("allure") / "out"
    (out / "allure-results").mkdir(parents=True)
    (out / "allure-results" / "old-result.json").write_text('{"name": "old"}', encoding="utf-8")
    done = run_tiny(out, SUITE)
    assert done.returncode in {Exit.INCOMPLETE, Exit.NOT_CONFORMANT}, done.stdout + done.stderr
    return out


def test_results_have_the_tests_of_all_workers(outcome: Path, tiny: Callable[..., Path]) -> None:
    """Beside the clauses stand the tests that ran, whichever worker ran them, and nothing of an earlier run."""
    names = sorted(results(outcome / "allure-results"))

    assert "complete" in names
    names.remove("complete")
    tests = [name for name in names if name.startswith("test_")]
    assert tests == [f"test_nothing_much[{number}]" for number in (1, 2, 3, 4)] + ["test_story"]
    assert len(names) - len(tests) == len(list(kits.load(tiny()).clauses()))


def test_steps_are_the_acts_of_a_story(outcome: Path) -> None:
    """A step for each act, named by its comment, and in it each exchange; the test stands below its API and its file."""
    story = results(outcome / "allure-results")["test_story"]

    assert [(step["name"], len(step["steps"])) for step in story["steps"]] == [("It is asked for", 1), ("It is asked for again, twice", 2)]
    assert story["steps"][0]["steps"][0]["name"].startswith("getVoucher: ")
    labels = {(label["name"], label["value"]) for label in story["labels"]}
    assert {("epic", "vouchers"), ("feature", "it")} <= labels


@pytest.mark.foreign
@pytest.mark.slow
def test_allure_makes_its_report(outcome: Path, npm: Callable[[str], Path]) -> None:
    """The real command, with the configuration that a run writes: nothing on stderr, and the second report knows the first."""
    program = [str(npm(COMMAND) / ".bin" / "allure"), "generate", "--config", "allurerc.json", "allure-results"]

    for times in (1, 2):
        done = subprocess.run(program, cwd=outcome, capture_output=True, text=True, timeout=120, check=False)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout
        assert len((outcome / "allure-history.jsonl").read_text(encoding="utf-8").splitlines()) == times
    widgets = outcome / "allure-report" / "widgets"
    environment = json.loads((widgets / "allure_environment.json").read_text(encoding="utf-8"))
    categories = json.loads((widgets / "categories.json").read_text(encoding="utf-8"))
    assert {one["name"]: one["values"] for one in environment}["depth"] == ["smoke"]
    assert "Clauses that were not judged" in {node["name"] for node in categories["nodes"].values()}
