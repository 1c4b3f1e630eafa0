"""From records to a verdict: what counts how, what makes a run incomplete, and which exit code says so."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from payproof import verdict
from payproof.errors import Exit
from payproof.finding import Finding
from payproof.verdict import Count, Outcome, decide, weight, worst

if TYPE_CHECKING:
    from pathlib import Path

SHA = "0" * 64
CLAUSES = ("get.status", "A-ONE", "B-TWO")


def header(**changed: Any) -> dict[str, Any]:
    """Give a header with three clauses of two operations on one resource."""
    clauses = [
        {"id": name, "api": "a", "operation": "get", "keyword": "must", "basis": "documented", "text": f"{name} holds.", "needs": []}
        for name in CLAUSES
    ]
    whole = {
        "payproof": "0", "source": "run", "target": "mock", "mock": True, "has": ["state"], "faults": [], "depth": "smoke", "seed": 1,
        "strict": False, "partial": False, "started": "2026-11-20T10:00:00.000Z", "scope": {"apis": ["a"], "clauses": None},
        "apis": [{"id": "a", "spec_sha256": SHA, "contract_sha256": SHA, "contract_version": 1}], "clauses": clauses,
        "operations": [{"api": "a", "id": "get", "method": "GET", "resources": ["thing"]},
                       {"api": "a", "id": "put", "method": "PUT", "resources": ["thing"]}],
    }  # fmt: skip
    return {**whole, **changed}


def exchange(number: int = 1, operation: str = "get", status: int | None = 200, **judged: Any) -> dict[str, Any]:
    """Give a record of an exchange that is judged by every clause unless `judged` says otherwise."""
    response = None if status is None else {"status": status}
    given = {"judged": [0, 1, 2], "unjudged": {}, **judged}
    return {"kind": "exchange", "id": f"w0-{number}", "operation": operation, "response": response, "test": "test_it[x]", **given}


def finding(clause: str = "A-ONE", *, basis: str = "documented", number: int = 1, pointer: str = "/x") -> dict[str, Any]:
    """Give a record of a finding."""
    found = Finding(clause, "a", "get", "must", basis, pointer, "equals 1", "2", f"w0-{number}")
    return {"kind": "finding", **found.as_json()}


PUT = exchange(9, "put", judged=[])


def verdict_of(
    *records: dict[str, Any], stopped: tuple[str, ...] = (), gaps: tuple[dict[str, str], ...] = (), **changed: Any
) -> dict[str, Any]:
    """Decide on records."""
    count = Count(header(**changed))
    for record in records:
        count.add(record)
    footer = {"finished": "2026-11-20T10:01:00.000Z", "stopped": list(stopped), "gaps": list(gaps)}
    return decide(count, footer, SHA, version="0")


def outcome(found: dict[str, Any], clause: str = "A-ONE") -> str:
    """Give the verdict of one clause."""
    return next(str(row["verdict"]) for row in found["clauses"] if row["id"] == clause)


# Exit codes


def test_the_first_exit_code_that_applies_wins() -> None:
    """Refused for safety, wrong usage, not conformant, incomplete, conformant: in this order."""
    order = [Exit.REFUSED, Exit.USAGE, Exit.NOT_CONFORMANT, Exit.INCOMPLETE, Exit.CONFORMANT]

    for first, second in itertools.combinations_with_replacement(order, 2):
        assert worst(first, second) is worst(second, first) is first
    assert worst(*reversed(order)) is Exit.REFUSED


def test_honest_run_is_conformant() -> None:
    """Every clause judged, every operation succeeded, the resource read back: exit 0."""
    found = verdict_of(exchange(), PUT)

    assert (found["conformant"], found["complete"], found["exit"]) == (True, True, 0)
    assert found["counts"]["passed"] == 3
    assert found["apis"][0]["conformant"]


def test_broken_and_incomplete_is_not_conformant() -> None:
    """A confirmed break outweighs that something was missing; `complete` tells the rest."""
    found = verdict_of(exchange(judged=[0, 1]), finding(), PUT)

    assert (found["conformant"], found["complete"], found["exit"]) == (False, False, 1)


@pytest.mark.parametrize(
    ("records", "changed", "missing"),
    [
        pytest.param((), {}, "no exchange at all", id="no-exchange"),
        pytest.param((exchange(), PUT), {"clauses": []}, "no clause in scope", id="no-clause"),
        pytest.param((exchange(),), {}, "put never succeeded", id="operation-never-called"),
        pytest.param((exchange(), exchange(2, "put", 400, judged=[])), {}, "put never succeeded", id="operation-never-succeeded"),
        pytest.param((exchange(), exchange(2, "put", None, judged=[])), {}, "put never succeeded", id="operation-without-answer"),
        pytest.param((exchange(1, "get", 404), PUT), {}, "thing was never read back", id="resource-never-read-back"),
    ],
)
def test_what_was_never_exercised_makes_a_run_incomplete(
    records: tuple[dict[str, Any], ...], changed: dict[str, Any], missing: str
) -> None:
    """No findings is not enough: the run must have done something about everything."""
    if changed.get("clauses") == []:
        records = tuple({**record, "judged": []} for record in records)

    found = verdict_of(*records, **changed)

    assert (found["conformant"], found["complete"], found["exit"]) == (False, False, 3)
    assert missing in [gap["what"] for gap in found["gaps"]]
    assert not any(api["conformant"] for api in found["apis"])


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param({"stopped": ("w1 did not end",)}, id="worker-crashed"),
        pytest.param({"gaps": ({"api": "a", "what": "get: 3 distinct accepted requests of 30"},)}, id="too-few-requests"),
    ],
)
def test_trouble_makes_a_run_incomplete(trouble: dict[str, Any]) -> None:
    """Every clause passed, and still nobody can rely on it."""
    found = verdict_of(exchange(), PUT, **trouble)

    assert found["counts"]["passed"] == 3
    assert (found["conformant"], found["exit"]) == (False, 3)
    assert not found["apis"][0]["conformant"]


def test_suite_error_makes_a_run_incomplete() -> None:
    """A fault of the suite is never a verdict on the target."""
    found = verdict_of(exchange(), PUT, {"kind": "error", "message": "the validators disagree", "where": "w0-1"})

    assert (found["conformant"], found["exit"]) == (False, 3)
    assert found["suite_errors"] == [{"message": "the validators disagree", "where": "w0-1"}]


def test_clause_that_was_not_run_makes_a_run_incomplete() -> None:
    """One clause out of many that nothing met is enough."""
    found = verdict_of(exchange(judged=[0, 1]), PUT)

    assert outcome(found, "B-TWO") == "not_run"
    assert (found["conformant"], found["exit"]) == (False, 3)


def test_read_back_is_of_each_resource() -> None:
    """A success of another operation does not read the resource back."""
    operations = [*header()["operations"], {"api": "a", "id": "find", "method": "GET", "resources": ["other"]}]

    found = verdict_of(exchange(1, "find"), PUT, exchange(2, "get", 404, judged=[]), operations=operations)

    assert [gap["what"] for gap in found["gaps"]] == ["get never succeeded", "thing was never read back"]


# What a break counts


BASES = ("documented", "reference", "standard", "invariant", "assumed")
FAIL, WARN, SEEN = Outcome.FAILED, Outcome.WARNED, Outcome.OBSERVED


@pytest.mark.parametrize(
    ("where", "strict", "keyword", "weights"),
    [
        pytest.param("mock", False, "must", (FAIL, FAIL, FAIL, FAIL, FAIL), id="mock-must"),
        pytest.param("mock", True, "must", (FAIL, FAIL, FAIL, FAIL, FAIL), id="mock-must-strict"),
        pytest.param("mock", False, "should", (WARN, WARN, WARN, WARN, WARN), id="mock-should"),
        pytest.param("mock", True, "should", (WARN, WARN, WARN, WARN, WARN), id="mock-should-strict"),
        pytest.param("elsewhere", False, "must", (FAIL, FAIL, FAIL, WARN, SEEN), id="elsewhere-must"),
        pytest.param("elsewhere", True, "must", (FAIL, FAIL, FAIL, FAIL, SEEN), id="elsewhere-must-strict"),
        pytest.param("elsewhere", False, "should", (WARN, WARN, WARN, WARN, SEEN), id="elsewhere-should"),
        pytest.param("elsewhere", True, "should", (WARN, WARN, WARN, WARN, SEEN), id="elsewhere-should-strict"),
    ],
)
def test_weight_of_a_break(*, where: str, strict: bool, keyword: str, weights: tuple[Outcome, ...]) -> None:
    """On the mock every basis fails; elsewhere an invariant warns unless strict, and an assumption is only observed."""
    found = [Finding("A-ONE", "a", "get", keyword, basis, "", "", "", "w0-1") for basis in BASES]

    assert tuple(weight(one, mock=where == "mock", strict=strict) for one in found) == weights


@pytest.mark.parametrize(
    ("basis", "changed", "result", "code"),
    [
        pytest.param("documented", {"mock": False}, "failed", 1, id="documented"),
        pytest.param("invariant", {"mock": False}, "warned", 0, id="invariant-elsewhere"),
        pytest.param("invariant", {"mock": False, "strict": True}, "failed", 1, id="invariant-strict"),
        pytest.param("assumed", {"mock": False}, "observed", 0, id="assumed-elsewhere"),
        pytest.param("assumed", {"mock": True}, "failed", 1, id="assumed-on-the-mock"),
    ],
)
def test_exit_follows_the_weight(basis: str, changed: dict[str, Any], result: str, code: int) -> None:
    """Warnings and observations are counted and listed, and do not fail a run."""
    found = verdict_of(exchange(), finding(basis=basis), PUT, **changed)

    assert (outcome(found), found["exit"]) == (result, code)
    assert found["counts"][result] == 1
    assert found["counts"]["findings"] == 1


def test_the_heaviest_break_of_a_clause_counts() -> None:
    """A shape clause can be broken on several grounds; what is documented is not excused by what is assumed."""
    found = verdict_of(exchange(), finding(basis="assumed"), finding(basis="documented", pointer="/y"), PUT, mock=False)

    assert outcome(found) == "failed"


# What becomes of a clause


def test_not_applicable_comes_from_needs_only() -> None:
    """A clause that needs what the target has not is not applicable; everything else that is missing is not-run."""
    clauses = [{**clause, "needs": needs} for clause, needs in zip(header()["clauses"], ([], ["clock", "state"], ["state"]), strict=True)]

    found = verdict_of(exchange(judged=[0]), PUT, clauses=clauses)

    assert [row["verdict"] for row in found["clauses"]] == ["passed", "not_applicable", "not_run"]
    assert [row["reason"] for row in found["clauses"]] == [None, "the target has no clock", "no exchange met its condition"]
    assert found["exit"] == 3


def test_not_applicable_does_not_spoil_a_run() -> None:
    """What cannot be asked of a target is not held against it."""
    clauses = [{**clause, "needs": needs} for clause, needs in zip(header()["clauses"], ([], ["clock"], []), strict=True)]

    assert verdict_of(exchange(judged=[0, 2]), PUT, clauses=clauses)["exit"] == 0


def test_of_a_target_that_was_not_reached_nothing_is_not_applicable() -> None:
    """Nobody knows what it has: what needs something was simply not run."""
    clauses = [{**clause, "needs": ["clock"]} for clause in header()["clauses"]]

    found = verdict_of(clauses=clauses, has=None, mock=False)

    assert {row["verdict"] for row in found["clauses"]} == {"not_run"}


def test_reason_says_why_a_clause_was_never_judged() -> None:
    """Selected and never judged: with the reasons, the most frequent first."""
    records = [exchange(1, judged=[0, 2], unjudged={"state": [1]}), exchange(2, judged=[], unjudged={"absent": [1]}),
               exchange(3, judged=[], unjudged={"absent": [1]})]  # fmt: skip

    row = next(row for row in verdict_of(*records, PUT)["clauses"] if row["id"] == "A-ONE")

    assert row["reason"] == "selected 3 times and never judged: absent 2, state 1"
    assert (row["selected"], row["judged"], row["unjudged"]) == (3, 0, {"state": 1, "absent": 2})


def test_clause_counts_how_often_it_was_asked() -> None:
    """Selected, judged, broken and unjudged are kept for each clause."""
    records = [exchange(1), exchange(2), finding(number=2), exchange(3, judged=[], unjudged={"shape": [1]})]

    row = next(row for row in verdict_of(*records, PUT)["clauses"] if row["id"] == "A-ONE")

    assert (row["selected"], row["judged"], row["broken"], row["unjudged"]) == (3, 2, 1, {"shape": 1})


# Findings


def test_one_cause_is_one_finding() -> None:
    """The same break again raises a count; another place or another clause is another finding."""
    records = [exchange(1), finding(number=1), exchange(2), finding(number=2), finding(number=2, pointer="/y"), finding("B-TWO", number=2)]

    found = verdict_of(*records, PUT)

    assert [(item["id"], item["clause"], item["pointer"], item["count"]) for item in found["findings"]] == [
        ("F1", "A-ONE", "/x", 2), ("F2", "A-ONE", "/y", 1), ("F3", "B-TWO", "/x", 1)
    ]  # fmt: skip
    assert next(row for row in found["clauses"] if row["id"] == "A-ONE")["broken"] == 3


def test_items_of_a_list_are_one_place() -> None:
    """The same break in the second item of a list is the same cause."""
    found = verdict_of(exchange(), finding(pointer="/cards/0/id"), finding(pointer="/cards/12/id"), PUT)

    assert [item["count"] for item in found["findings"]] == [2]


def test_finding_says_how_to_repeat_it() -> None:
    """A finding names its exchange, its test and the command that shows it again."""
    (item,) = verdict_of(exchange(1), finding(), PUT, faults=["forgets"], seed=7)["findings"]

    assert item["exchange"] == "w0-1"
    assert item["test"] == "test_it[x]"
    assert item["reproduce"] == "payproof run --target mock --fault forgets --depth smoke --seed 7 -k test_it"


def test_finding_says_which_variants_it_was_made_with() -> None:
    """What a legal variant brought about is only seen again with it."""
    (item,) = verdict_of(exchange(1), finding(), PUT, variants=["turned", "terse"])["findings"]

    assert item["reproduce"].startswith("payproof run --target mock --variant turned --variant terse ")


def test_findings_out_of_scope_are_left_out() -> None:
    """A run narrowed to a clause says nothing about others, and numbers what it says from one."""
    found = verdict_of(exchange(), finding("B-TWO"), finding("A-ONE"), PUT, partial=True, scope={"apis": ["a"], "clauses": ["A-ONE"]})

    assert [(item["id"], item["clause"]) for item in found["findings"]] == [("F1", "A-ONE")]
    assert [row["id"] for row in found["clauses"]] == ["A-ONE"]
    assert (found["partial"], found["counts"]["clauses"], found["exit"]) == (True, 1, 1)


def test_narrowed_run_does_not_ask_for_the_rest() -> None:
    """What was left out on purpose is no gap; that the run is partial stays visible."""
    found = verdict_of(exchange(), partial=True, scope={"apis": ["a"], "clauses": ["A-ONE"]})

    assert (found["conformant"], found["partial"], found["gaps"]) == (True, True, [])


def test_one_api_does_not_cover_for_another() -> None:
    """Each API has its own answer."""
    apis = [{**header()["apis"][0], "id": name} for name in ("a", "b")]
    clauses = [*header()["clauses"], {**header()["clauses"][0], "id": "other.status", "api": "b"}]

    found = verdict_of(exchange(), PUT, apis=apis, clauses=clauses, scope={"apis": ["a", "b"], "clauses": None})

    assert {api["id"]: api["conformant"] for api in found["apis"]} == {"a": True, "b": False}
    assert found["exit"] == 3


# The file


@pytest.fixture(scope="module")
def schema(root: Path) -> jsonschema.Draft202012Validator:
    """The published JSON Schema of verdict.json."""
    text = json.loads((root / "payproof" / "verdict.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(text)
    return jsonschema.Draft202012Validator(text)


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(verdict_of(exchange(), PUT), id="conformant"),
        pytest.param(verdict_of(exchange(), finding(), PUT, mock=False), id="broken"),
        pytest.param(verdict_of(), id="nothing-happened"),
        pytest.param(verdict_of(has=None, stopped=("not reached",)), id="not-reached"),
        pytest.param(verdict_of(exchange(), partial=True, scope={"apis": ["a"], "clauses": ["A-ONE"]}), id="partial"),
        pytest.param(verdict_of({"kind": "error", "message": "x", "where": ""}, clauses=[]), id="no-clauses"),
    ],
)
def test_verdict_is_of_its_schema(schema: jsonschema.Draft202012Validator, found: dict[str, Any]) -> None:
    """Every verdict can be read by the programs that rely on the published form, tables not built yet included."""
    assert list(schema.iter_errors(json.loads(verdict.dumps(found)))) == []
    assert [found[name] for name in ("outcomes", "waivers", "divergences", "leftovers")] == [[], [], [], []]


@pytest.mark.parametrize(
    ("member", "value"),
    [("exit", 7), ("conformant", "yes"), ("journal_sha256", "x"), ("clauses", [{"id": "A-ONE"}]), ("source", "guess"), ("started", "now")],
)
def test_schema_refuses_another_form(schema: jsonschema.Draft202012Validator, member: str, value: Any) -> None:
    """The schema is not one that everything passes."""
    assert list(schema.iter_errors({**verdict_of(exchange(), PUT), member: value})) != []


def test_any_text_can_be_written(tmp_path: Path) -> None:
    """Half a surrogate pair in what a server sent does not cost the verdict."""
    found = verdict_of(exchange(), {"kind": "error", "message": "seen \ud800", "where": ""}, PUT)

    (tmp_path / "verdict.json").write_text(verdict.dumps(found), encoding="utf-8")

    assert "\\ud800" in (tmp_path / "verdict.json").read_text(encoding="utf-8")


def test_clause_that_leans_on_an_api_left_out_is_out_of_scope_unless_it_was_met() -> None:
    """What only another API's exchanges bring about cannot be demanded of a run without that API; with it, it is."""
    clauses = [*header()["clauses"][:2], {**header()["clauses"][2], "leans_on": ["b"]}]
    unmet, met = exchange(judged=[0, 1]), exchange()

    narrowed = verdict_of(unmet, PUT, clauses=clauses)
    judged = verdict_of(met, finding("B-TWO"), PUT, clauses=clauses)
    whole = verdict_of(unmet, PUT, clauses=clauses, scope={"apis": ["a", "b"], "clauses": None})

    assert [row["id"] for row in narrowed["clauses"]] == ["get.status", "A-ONE"]
    assert outcome(judged, "B-TWO") == "failed"
    assert outcome(whole, "B-TWO") == "not_run"
