"""Which clauses an exchange keeps, which it breaks, and on which nothing can be said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from payproof import journal
from payproof import kit as kits
from payproof.exchange import Request
from payproof.judge import Judge
from payproof.options import Options
from payproof.redact import Redactor
from payproof.run import Run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from payproof.exchange import Exchange
    from payproof.judge import Judgement

    Wire = Callable[..., Exchange]
    Tiny = Callable[..., Path]

VOUCHER = {"id": "v1", "amount": 10}
THAT = "that: size(body.note) < 10"


def judge_of(root: Path, **changed: Any) -> Judge:
    loaded = kits.load(root)
    return Judge(loaded.contracts.values(), Redactor(loaded.sensitive()), **{"has": frozenset(), **changed})


@pytest.fixture
def judge(tiny: Tiny) -> Judge:
    """A judge of the invented API."""
    return judge_of(tiny())


def broken(judgement: Judgement) -> list[tuple[str, str, str, str]]:
    return [(finding.clause, finding.pointer, finding.expected, finding.seen) for finding in judgement.findings]


# Shapes


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        pytest.param({"body": VOUCHER}, [], id="as-documented"),
        pytest.param({"body": {**VOUCHER, "more": 1}}, [], id="undocumented-member-is-no-break"),
        pytest.param({"status": 404, "body": {"error": "no"}}, [], id="documented-by-range"),
        pytest.param({"status": 503, "body": {"error": "no"}}, [("getVoucher.status", "/status", "one of 200, 4XX", "503")], id="status"),
        pytest.param({"body": VOUCHER, "media": "text/html"},
                     [("getVoucher.content-type", "/headers/content-type", "application/json", "text/html")], id="media-type"),
        pytest.param({"body": VOUCHER, "media": "Application/JSON; charset=utf-8"}, [], id="media-type-with-parameters"),
        pytest.param({"body": {"id": "v1"}}, [("getVoucher.schema", "/amount", "the member is there", "missing")], id="missing-member"),
        pytest.param({"body": {"id": 7, "amount": 10}}, [("getVoucher.schema", "/id", "type string", "7")], id="wrong-type"),
        pytest.param({"body": {"id": "v1", "amount": 0}}, [("getVoucher.schema", "/amount", "minimum 1", "0")], id="below-the-minimum"),
        pytest.param({"body": {**VOUCHER, "tags": ["a", 7]}}, [("getVoucher.schema", "/tags/1", "type string", "7")], id="in-a-list"),
        pytest.param({"body": ["v1"]}, [("getVoucher.schema", "", "type object", '["v1"]')], id="list-instead-of-object"),
        pytest.param({"raw": b""}, [("getVoucher.schema", "", "a JSON body", "empty")], id="empty-body"),
        pytest.param({"body": VOUCHER, "headers": (("X-Remaining", "7"),)}, [], id="number-in-a-header"),
        pytest.param({"body": VOUCHER, "headers": (("x-remaining", "many"),)},
                     [("getVoucher.headers", "/headers/x-remaining", "type integer", '"many"')], id="no-number-in-a-header"),
    ],
)  # fmt: skip
def test_shape_of_an_answer(judge: Judge, wire: Wire, answer: dict[str, Any], found: list[Any]) -> None:
    """Status, media type, headers and schema are judged each by its clause, with pointer, expected and seen."""
    judgement = judge.judge(wire("GET", "/vouchers/v1", **{"status": 200, **answer}))

    assert broken(judgement) == found
    assert judgement.errors == []


@pytest.mark.parametrize("raw", [b"{", b'{"a": NaN}', b"\xff", b"[1,]", b"<html>", b"[" * 100_000], ids=repr)
def test_body_that_is_no_json_breaks_the_schema(judge: Judge, wire: Wire, raw: bytes) -> None:
    """What cannot be parsed is one finding, and no clause is judged on it."""
    judgement = judge.judge(wire("GET", "/vouchers/v1", raw=raw))

    assert [finding.clause for finding in judgement.findings] == ["getVoucher.schema"]
    assert judgement.errors == []
    assert "VOUCHER-NOTE-SHORT" not in judgement.judged


def test_missing_required_header_is_a_finding(tiny: Tiny, wire: Wire) -> None:
    """A header that is documented as required must be there, whatever its case."""
    judge = judge_of(tiny(spec=[("X-Remaining: {schema", "X-Remaining: {required: true, schema")]))

    judgement = judge.judge(wire("GET", "/vouchers/v1", body=VOUCHER))

    assert broken(judgement) == [("getVoucher.headers", "/headers/x-remaining", "the header is there", "no such header")]
    assert judge.judge(wire("GET", "/vouchers/v1", body=VOUCHER, headers=(("X-REMAINING", "1"),))).findings == []


def test_finding_has_the_ground_of_the_constraint(tiny: Tiny, wire: Wire) -> None:
    """A finding of a shape clause counts by the basis of the very constraint that is broken."""
    assumed = "amount: {type: integer, minimum: 1, x-basis: assumed, x-source: {document: guide, at: Read}}\n        note: {type: string}\n"
    judge = judge_of(tiny(spec=[("amount: {type: integer, minimum: 1}\n        note: {type: string}\n", assumed)]))

    judgement = judge.judge(wire("GET", "/vouchers/v1", body={"amount": 0}))

    assert {finding.pointer: finding.basis for finding in judgement.findings} == {"/id": "documented", "/amount": "assumed"}


def test_lost_answer_is_unjudged(judge: Judge, wire: Wire) -> None:
    """Without an answer there is nothing to judge; that it was asked is counted."""
    judgement = judge.judge(wire("GET", "/vouchers/v1", None))

    assert (judgement.findings, judgement.judged) == ([], [])
    assert judgement.unjudged == {"answer": ["getVoucher.status"]}


# Behaviour


def test_kept_clause_is_judged(judge: Judge, wire: Wire) -> None:
    """A clause that holds is counted as judged, once."""
    judgement = judge.judge(wire("GET", "/vouchers/v1", body={**VOUCHER, "note": "short"}))

    assert judgement.judged.count("VOUCHER-NOTE-SHORT") == 1
    assert judgement.findings == []


def test_broken_condition_is_a_finding(judge: Judge, wire: Wire) -> None:
    """A clause without comparison shows its demand and what it read; keyword and basis are its own."""
    judgement = judge.judge(wire("GET", "/vouchers/v1", body={**VOUCHER, "note": "far too long"}))

    (finding,) = judgement.findings
    assert (finding.clause, finding.keyword, finding.basis, finding.pointer) == ("VOUCHER-NOTE-SHORT", "should", "assumed", "/note")
    assert finding.expected == "A note has fewer than ten characters."
    assert finding.seen == 'body.note = "far too long"'
    assert "VOUCHER-NOTE-SHORT" in judgement.judged


@pytest.mark.parametrize(
    ("comparison", "expected"),
    [
        pytest.param("equals: '11'", "equals 11", id="equals"),
        pytest.param("among: '[11, 12]'", "among [11, 12]", id="among"),
    ],
)
def test_comparison_shows_both_sides(tiny: Tiny, wire: Wire, comparison: str, expected: str) -> None:
    """A finding of a comparison says what was expected and what was seen."""
    judge = judge_of(tiny(contract=[("equals: before.amount", comparison)]))

    assert broken(judge.judge(wire("GET", "/vouchers/v1", body=VOUCHER))) == [("VOUCHER-AMOUNT-KEPT", "/amount", expected, "10")]


@pytest.mark.parametrize(
    ("that", "comparison", "expected", "seen"),
    [
        pytest.param("body.tags", "includes: '\"c\"'", 'includes "c"', '["a", "b"]', id="includes"),
        pytest.param("body.tags", "excludes: '\"b\"'", 'excludes "b"', '["a", "b"]', id="excludes"),
        pytest.param("body.id", "matches: '^[0-9]+$'", 'matches "\\"^[0-9]+$\\""', '"v1"', id="matches"),
    ],
)
def test_comparison_of_lists_and_texts(tiny: Tiny, wire: Wire, that: str, comparison: str, expected: str, seen: str) -> None:
    """Membership and patterns compare like values do."""
    judge = judge_of(tiny(contract=[("that: body.amount\n    equals: before.amount", f"that: {that}\n    {comparison}")]))

    (finding,) = judge.judge(wire("GET", "/vouchers/v1", body={**VOUCHER, "tags": ["a", "b"]})).findings

    assert (finding.expected, finding.seen) == (expected, seen)


def test_clause_is_judged_where_its_condition_holds(judge: Judge, wire: Wire) -> None:
    """A clause with a condition says nothing about other answers."""
    judgement = judge.judge(wire("GET", "/vouchers/v1", 404, {"error": "no", "note": "far too long to be one"}))

    assert [name for name in judgement.judged if name.startswith("VOUCHER-")] == []
    assert judgement.unjudged == {}


def test_fact_of_the_tenant_is_looked_up(judge: Judge, wire: Wire) -> None:
    """A voucher that this tenant deleted must not be found; another tenant's is another matter."""
    judge.judge(wire("DELETE", "/vouchers/v1", body=VOUCHER))

    own = judge.judge(wire("GET", "/vouchers/v1", body=VOUCHER))
    other = judge.judge(wire("GET", "/vouchers/v1", body=VOUCHER, tenant="t2"))

    assert broken(own) == [("VOUCHER-STAYS-GONE", "/status", "among [404, 410]", "200")]
    assert other.findings == []


def test_facts_are_those_before_the_exchange(tiny: Tiny, wire: Wire) -> None:
    """An exchange is not judged by what it teaches itself."""
    judge = judge_of(tiny(contract=[("operation: getVoucher\n    facts", "operation: [getVoucher, deleteVoucher]\n    facts")]))

    first = judge.judge(wire("DELETE", "/vouchers/v1", body=VOUCHER))
    second = judge.judge(wire("DELETE", "/vouchers/v1", body=VOUCHER))

    assert first.findings == []
    assert [finding.clause for finding in second.findings] == ["VOUCHER-STAYS-GONE"]


@pytest.mark.parametrize(("has", "judged"), [(frozenset(), False), (frozenset({"clock"}), True)], ids=["without", "with"])
def test_clause_is_judged_where_its_needs_are_met(*, tiny: Tiny, wire: Wire, has: frozenset[str], judged: bool) -> None:
    """What a clause needs and the source of the traffic has not makes it no business of this judge."""
    judge = judge_of(tiny(contract=[(THAT, f"needs: [clock]\n    {THAT}")]), has=has)

    judgement = judge.judge(wire("GET", "/vouchers/v1", body={**VOUCHER, "note": "x"}))

    assert ("VOUCHER-NOTE-SHORT" in judgement.judged) is judged


# Nothing can be said


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param({"id": "v1"}, "shape", id="required-member-missing"),
        pytest.param({"id": "v1", "amount": "ten", "note": 7}, "shape", id="wrong-type"),
        pytest.param("OK", "shape", id="no-object"),
    ],
)
def test_answer_without_its_shape_is_the_business_of_the_schema(tiny: Tiny, wire: Wire, body: Any, reason: str) -> None:
    """A required member that is missing is found by the schema; the clause is unjudged there, and nothing else happens."""
    judge = judge_of(tiny(contract=[(THAT, "that: body.amount > 0 && size(body.note) < 10")]))

    judgement = judge.judge(wire("GET", "/vouchers/v1", body=body))

    assert {finding.clause for finding in judgement.findings} == {"getVoucher.schema"}
    assert judgement.unjudged[reason] == ["VOUCHER-NOTE-SHORT"]
    assert judgement.errors == []


@pytest.mark.parametrize("state", ["OK", 7, [], {"id": "v1", "amount": [1]}], ids=["text", "number", "list", "wrong-member"])
def test_state_without_its_shape_accuses_nobody_later(tiny: Tiny, wire: Wire, state: Any) -> None:
    """What an answer of another shape left behind is the business of that answer, not of the next one."""
    judge = judge_of(tiny(contract=[("that: body.amount\n    equals: before.amount", "that: body.amount >= before.amount")]))
    first = judge.judge(wire("PATCH", "/vouchers/v1", body=state, sent={"amount": 1}))

    second = judge.judge(wire("GET", "/vouchers/v1", body=VOUCHER))
    third = judge.judge(wire("GET", "/vouchers/v1", body={**VOUCHER, "amount": 5}))

    assert {finding.clause for finding in first.findings} == {"updateVoucher.schema"}
    assert (second.findings, second.errors) == ([], [])
    assert second.unjudged["shape"] == ["VOUCHER-AMOUNT-KEPT"]
    assert [finding.clause for finding in third.findings] == ["VOUCHER-AMOUNT-KEPT"]


@pytest.mark.parametrize(
    "that",
    [
        pytest.param(THAT, id="member"),
        pytest.param('that: body.tags[3] != ""', id="index-beyond-the-end"),
        pytest.param('that: headers["x-remaining"] != ""', id="header"),
        pytest.param('that: query["limit"] != ""', id="query"),
        pytest.param('that: request.headers["x-id"] != ""', id="header-of-the-request"),
    ],
)
def test_optional_member_that_was_left_out_is_counted(tiny: Tiny, wire: Wire, that: str) -> None:
    """What may be left out and was is no break and no fault: unjudged, and counted."""
    judge = judge_of(tiny(contract=[(THAT, that)]))

    judgement = judge.judge(wire("GET", "/vouchers/v1", body={**VOUCHER, "tags": ["a"]}))

    assert judgement.unjudged["absent"] == ["VOUCHER-NOTE-SHORT"]
    assert (judgement.findings, judgement.errors) == ([], [])


@pytest.mark.parametrize("when", ["body.note.startsWith('x')", "size(body.tags[0]) > 0"])
def test_condition_that_has_no_value_is_counted(tiny: Tiny, wire: Wire, when: str) -> None:
    """A condition that an answer gives no value selects nothing, and is not passed over in silence."""
    judge = judge_of(tiny(contract=[("    when: status < 300", f'    when: "{when}"')]))

    judgement = judge.judge(wire("GET", "/vouchers/v1", body={**VOUCHER, "tags": []}))

    assert judgement.unjudged["absent"] == ["VOUCHER-NOTE-SHORT"]


@pytest.mark.parametrize(
    ("that", "error"),
    [
        pytest.param("that: int(body.note) > 0", "cannot be evaluated on getVoucher", id="conversion"),
        pytest.param("that: seconds(body.note) > 0.0", "cannot be evaluated on getVoucher", id="function"),
        pytest.param("that: body.amount / (body.amount - 10) > 0", "cannot be evaluated on getVoucher", id="division-by-zero"),
        pytest.param("that: body.note", "neither true nor false", id="no-boolean"),
    ],
)
def test_any_other_error_is_one_of_the_suite(tiny: Tiny, wire: Wire, that: str, error: str) -> None:
    """An expression that fails on an answer of the documented shape is wrong, and nobody is accused."""
    judge = judge_of(tiny(contract=[(THAT, that)]))

    judgement = judge.judge(wire("GET", "/vouchers/v1", body={**VOUCHER, "note": "x"}))

    assert judgement.findings == []
    assert len(judgement.errors) == 1
    assert judgement.errors[0].startswith("VOUCHER-NOTE-SHORT: ")
    assert error in judgement.errors[0]


def test_expression_without_end_is_an_error_of_the_suite(tiny: Tiny, wire: Wire) -> None:
    """An expression that uses up its iterations on a long answer accuses nobody."""
    judge = judge_of(tiny(contract=[(THAT, "that: body.tags.all(x, body.tags.exists(y, body.tags.exists(z, z == x && y != z)))")]))

    judgement = judge.judge(wire("GET", "/vouchers/v1", body={**VOUCHER, "tags": [str(n) for n in range(60)]}))

    assert [finding.clause for finding in judgement.findings] == []
    assert len(judgement.errors) <= 1


def test_one_clause_without_value_does_not_silence_the_others(tiny: Tiny, wire: Wire) -> None:
    """Each clause is judged for itself, whatever becomes of its neighbours."""
    judge = judge_of(tiny(contract=[(THAT, "that: int(body.note) > 0"), ("equals: before.amount", "equals: '11'")]))

    judgement = judge.judge(wire("GET", "/vouchers/v1", body={**VOUCHER, "note": "x"}))

    assert [finding.clause for finding in judgement.findings] == ["VOUCHER-AMOUNT-KEPT"]
    assert len(judgement.errors) == 1


# Traps


@pytest.mark.parametrize("trap", ["a\0b", "\ud800", 2**70, -(2**70), 10**400], ids=["nul", "surrogate", "wide", "negative", "enormous"])
def test_values_that_cel_cannot_hold_are_judged(tiny: Tiny, wire: Wire, trap: Any) -> None:
    """A body with such a value is judged like any other, and equals itself."""
    judge = judge_of(tiny(contract=[("that: body.amount\n    equals: before.amount", "that: body.tags\n    equals: body.tags")]))

    judgement = judge.judge(wire("GET", "/vouchers/v1", body={**VOUCHER, "note": "x", "tags": [trap, trap]}))

    assert "VOUCHER-AMOUNT-KEPT" in judgement.judged
    assert judgement.errors == []


@pytest.mark.parametrize(
    ("path", "header"),
    [
        pytest.param("/vouchers/a%00b?limit=%00", "x", id="nul"),
        pytest.param("/vouchers/a%ED%A0%80?limit=%FF", "x", id="no-utf-8"),
        pytest.param("/vouchers/v1", "caf\udce9", id="header-in-latin-1"),
    ],
)
def test_requests_that_cel_cannot_hold_are_judged(tiny: Tiny, wire: Wire, path: str, header: str) -> None:
    """A request is the suite's own doing; what is odd in it must not end as an error."""
    edit = 'that: size(path["id"]) >= 2 && size(request.headers["x-id"]) >= 1 && size(query) >= 0'
    judge = judge_of(tiny(contract=[(THAT, edit), ("operation: any", "operation: getVoucher")]))
    request = Request("GET", f"http://127.0.0.1:8080/v1{path}", (("X-Id", header),))

    judgement = judge.judge(wire("GET", "", body=VOUCHER, request=request))

    assert "VOUCHER-NOTE-SHORT" in judgement.judged
    assert judgement.errors == []


def test_text_that_looks_like_an_error_is_a_text(tiny: Tiny, wire: Wire) -> None:
    """A server can send the words of an error; they are compared like others."""
    words = 'NOT_FOUND: Key not found in map : "note"'
    judge = judge_of(tiny(contract=[("that: body.amount\n    equals: before.amount", "that: body.note\n    equals: '\"x\"'")]))

    judgement = judge.judge(wire("GET", "/vouchers/v1", body={**VOUCHER, "note": words}))

    assert "VOUCHER-AMOUNT-KEPT" in [finding.clause for finding in judgement.findings]
    assert judgement.errors == []


@pytest.mark.parametrize(("depth", "found"), [(150, []), (250, ["getVoucher.schema"]), (900, ["getVoucher.schema"])])
def test_deep_bodies_are_judged(judge: Judge, wire: Wire, depth: int, found: list[str]) -> None:
    """A body nested without measure is no body; it ends neither the run nor the process."""
    raw = b'{"id": "v1", "amount": 10, "more": ' + b"[" * depth + b"18446744073709551616" + b"]" * depth + b"}"

    judgement = judge.judge(wire("GET", "/vouchers/v1", raw=raw))

    assert [finding.clause for finding in judgement.findings] == found
    assert judgement.errors == []


# What is shown


@pytest.mark.parametrize(
    ("body", "secret"),
    [
        pytest.param({**VOUCHER, "cvv": "98765"}, "98765", id="security-code"),
        pytest.param({**VOUCHER, "id": 4111111111111111}, "4111111111111111", id="card-number"),
        pytest.param({**VOUCHER, "id": ["x" * 110, "4111111111111111"]}, "41111111", id="card-number-where-the-text-is-cut"),
    ],
)
def test_finding_shows_no_secret(judge: Judge, wire: Wire, body: dict[str, Any], secret: str) -> None:
    """What a finding shows goes to reports: nothing sensitive is in it, nor half of it."""
    (finding,) = judge.judge(wire("GET", "/vouchers/v1", body=body)).findings

    assert finding.clause == "getVoucher.schema"
    assert secret not in f"{finding.expected} {finding.seen}"


def test_comparison_shows_no_secret(tiny: Tiny, wire: Wire) -> None:
    """A clause about a sensitive member does not show it."""
    judge = judge_of(tiny(contract=[("that: body.amount\n    equals: before.amount", "that: body.cvv\n    equals: '\"1234\"'")]))

    (finding,) = judge.judge(wire("GET", "/vouchers/v1", body={**VOUCHER, "cvv": "5678"})).findings

    assert finding.clause == "VOUCHER-AMOUNT-KEPT"
    assert "5678" not in finding.seen
    assert "1234" not in finding.expected


def test_long_values_are_cut(judge: Judge, wire: Wire) -> None:
    """A finding shows the beginning of what is long."""
    (finding,) = judge.judge(wire("GET", "/vouchers/v1", body={**VOUCHER, "id": ["x" * 500]})).findings

    assert len(finding.seen) == 120
    assert finding.seen.endswith("…")


def test_half_a_surrogate_pair_can_be_shown(judge: Judge, wire: Wire) -> None:
    """What is shown can be written to any file."""
    (finding,) = judge.judge(wire("GET", "/vouchers/v1", raw=b'{"id": ["\\ud800"], "amount": 1}')).findings

    assert finding.seen.encode("utf-8").decode() == '["\ufffd"]'


# Where an exchange belongs


def test_base_path_of_a_target_can_differ(tiny: Tiny, wire: Wire) -> None:
    """A gateway may serve an API below another path."""
    judge = judge_of(tiny(), base_paths={"vouchers": "/shop"})
    moved = Request("GET", "http://127.0.0.1:8080/shop/vouchers/v1")

    assert judge.judge(wire("GET", "", body=VOUCHER, request=moved)).operation == "getVoucher"
    assert judge.judge(wire("GET", "/vouchers/v1", body=VOUCHER)).operation == ""


# The whole run


def shard(run: Run, worker: str, *exchanges: Exchange) -> None:
    """Write what one worker saw, as it would."""
    redactor = Redactor(run.kit.sensitive(), key=run.key)
    judge = Judge(run.kit.contracts.values(), redactor, has=frozenset())
    index = {clause.id: number for number, clause in enumerate(run.kit.clauses())}
    with journal.Writer(run.shards / f"{worker}.jsonl", run.header(None)) as writer:
        for exchange in exchanges:
            judgement = judge.judge(exchange)
            writer.write(journal.exchange_record(exchange, judgement, redactor, index))
            for finding in judgement.findings:
                writer.write(journal.finding_record(finding))
        writer.close({"drift": {}})


@pytest.fixture
def run(tiny: Tiny, tmp_path: Path) -> Run:
    """A run of the invented API, begun."""
    return Run.begin(Options(depth="smoke", out=tmp_path / "out", kit=tiny()))


def new(wire: Wire, identity: str, worker: str, **given: Any) -> Exchange:
    return wire("POST", "/vouchers", 201, {"id": identity, "amount": 1}, sent={"amount": 1}, worker=worker, **given)


def late(result: dict[str, Any]) -> dict[str, Any]:
    return next(row for row in result["clauses"] if row["id"] == "VOUCHER-ID-NEW")


def test_id_seen_by_two_workers_is_found(run: Run, wire: Wire) -> None:
    """An id that one worker saw and another saw again is found when the shards are put together."""
    shard(run, "w0", new(wire, "v1", "w0", started=10.0), new(wire, "v2", "w0", started=30.0))
    shard(run, "w1", new(wire, "v3", "w1", started=20.0, tenant="t2"), new(wire, "v1", "w1", started=40.0, tenant="t2"))

    result = run.finish()

    assert [(item["clause"], item["exchange"], item["basis"]) for item in result["findings"]] == [("VOUCHER-ID-NEW", "w1-4", "invariant")]
    assert (late(result)["selected"], late(result)["judged"], late(result)["broken"]) == (4, 4, 1)


def test_order_of_time_decides_who_was_first(run: Run, wire: Wire) -> None:
    """Not the number of the worker but the clock says which of two exchanges repeats the other."""
    shard(run, "w0", new(wire, "v1", "w0", started=50.0))
    shard(run, "w1", new(wire, "v1", "w1", started=40.0, tenant="t2"))

    assert [item["exchange"] for item in run.finish()["findings"]] == ["w0-1"]


def test_different_ids_of_two_workers_are_fine(run: Run, wire: Wire) -> None:
    """Nothing is found where nothing is wrong, and the clause counts as judged."""
    shard(run, "w0", new(wire, "v1", "w0"))
    shard(run, "w1", new(wire, "v2", "w1", tenant="t2"))

    result = run.finish()

    assert result["findings"] == []
    assert late(result)["verdict"] == "passed"


def test_journal_of_a_run_is_whole_and_in_order(run: Run, wire: Wire) -> None:
    """The shards become one journal in the order of time, findings right behind their exchanges."""
    shard(run, "w0", new(wire, "v1", "w0", started=10.0), new(wire, "v1", "w0", started=30.0))
    shard(run, "w1", new(wire, "v2", "w1", started=20.0))
    result = run.finish()
    path = run.options.out / "journal.jsonl"

    records = list(journal.read(path))

    assert [record.get("id") for record in records if record["kind"] == "exchange"] == ["w0-1", "w1-3", "w0-2"]
    assert [record["kind"] for record in records] == ["header", "exchange", "exchange", "exchange", "finding", "footer"]
    assert result["journal_sha256"] == journal.digest(path)
    assert not run.shards.exists()


def test_shard_that_was_cut_off_is_an_error_of_the_suite(run: Run, wire: Wire) -> None:
    """A worker that died leaves what it saw, and the run says so."""
    shard(run, "w0", new(wire, "v1", "w0"))
    shard(run, "w1", new(wire, "v2", "w1"), new(wire, "v3", "w1"))
    path = run.shards / "w1.jsonl"
    path.write_bytes(path.read_bytes()[:-150])

    result = run.finish()

    assert result["exit"] == 3
    assert result["counts"]["exchanges"] == 3
    assert [error["message"].partition(":")[0] for error in result["suite_errors"]] == ["w1 left a broken line behind", "w1 did not end"]
    assert [record["kind"] for record in journal.read(run.options.out / "journal.jsonl")][-1] == "footer"


def test_run_without_shards_has_a_journal(run: Run) -> None:
    """Even a run that never sent anything leaves a journal and a verdict."""
    result = run.finish()

    assert (result["exit"], result["conformant"]) == (3, False)
    assert {row["verdict"] for row in result["clauses"]} == {"not_run"}
    assert [record["kind"] for record in journal.read(run.options.out / "journal.jsonl")] == ["header", "footer"]
