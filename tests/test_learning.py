"""What exchanges teach: states after answers that can be read, nothing certain after those that cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from payproof import kit as kits
from payproof.exchange import Request
from payproof.judge import Judge
from payproof.redact import Redactor

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from payproof.exchange import Exchange

VOUCHER = {"id": "v1", "amount": 10}
KEY = ("t1", "voucher", "v1")


def judge_of(root: Path, *, deferred: bool = False) -> Judge:
    loaded = kits.load(root)
    return Judge(loaded.contracts.values(), Redactor(loaded.sensitive()), has=frozenset(), deferred=deferred)


@pytest.fixture
def judge(tiny: Callable[..., Path]) -> Judge:
    """A judge of the invented API."""
    return judge_of(tiny())


def state(judge: Judge, exchange: Exchange) -> Any:
    known, found = judge.ledger.before(KEY, exchange)
    return found if known else "unknown"


def created(judge: Judge, wire: Callable[..., Exchange]) -> None:
    """Create the voucher, so that something is known of it."""
    judge.judge(wire("POST", "/vouchers", 201, VOUCHER, sent={"amount": 10}))
    assert state(judge, wire("GET", "/vouchers/v1")) == VOUCHER


@pytest.mark.parametrize(
    ("status", "answer", "known"),
    [
        pytest.param(200, {"body": {"id": "v1", "amount": 20}}, {"id": "v1", "amount": 20}, id="success-is-the-new-state"),
        pytest.param(404, {"body": {"error": "no"}}, VOUCHER, id="refusal-changes-nothing"),
        pytest.param(500, {"body": {"error": "oops"}}, "unknown", id="server-error"),
        pytest.param(503, {"raw": b"<html>", "media": "text/html"}, "unknown", id="gateway-error"),
        pytest.param(None, {}, "unknown", id="lost-answer"),
        pytest.param(200, {"raw": b'{"id": "v1", "amo'}, "unknown", id="cut-off-json"),
        pytest.param(200, {"raw": b""}, "unknown", id="empty-body"),
        pytest.param(200, {"raw": b"<html>", "media": "text/html"}, "unknown", id="another-media-type"),
        pytest.param(200, {"raw": b"null"}, "unknown", id="null"),
        pytest.param(200, {"raw": b'{"a": NaN}'}, "unknown", id="no-json-at-all"),
    ],
)
def test_write_teaches_what_its_answer_says(
    judge: Judge, wire: Callable[..., Exchange], status: int | None, answer: dict[str, Any], known: Any
) -> None:
    """A write whose answer is lost, a 5xx or cannot be read leaves its resource unknown."""
    created(judge, wire)

    judge.judge(wire("PATCH", "/vouchers/v1", status, sent={"amount": 20}, **answer))

    assert state(judge, wire("GET", "/vouchers/v1")) == known


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        pytest.param(None, {}, id="lost-answer"),
        pytest.param(500, {"body": {"error": "oops"}}, id="server-error"),
        pytest.param(200, {"raw": b'{"id":'}, id="cut-off-json"),
        pytest.param(200, {"raw": b"<html>", "media": "text/html"}, id="another-media-type"),
    ],
)
def test_read_that_fails_changes_nothing(judge: Judge, wire: Callable[..., Exchange], status: int | None, answer: dict[str, Any]) -> None:
    """Looking does not change a resource, whatever becomes of the answer."""
    created(judge, wire)

    judge.judge(wire("GET", "/vouchers/v1", status, **answer))

    assert state(judge, wire("GET", "/vouchers/v1")) == VOUCHER


def test_read_makes_it_known_again(judge: Judge, wire: Callable[..., Exchange]) -> None:
    """After a lost write the next read says what the state is, and clauses can compare with it again."""
    created(judge, wire)
    judge.judge(wire("PATCH", "/vouchers/v1", None, sent={"amount": 20}))

    first = judge.judge(wire("GET", "/vouchers/v1", body={"id": "v1", "amount": 20}))
    second = judge.judge(wire("GET", "/vouchers/v1", body={"id": "v1", "amount": 30}))

    assert first.unjudged["state"] == ["VOUCHER-AMOUNT-KEPT"]
    assert first.findings == []
    assert [(finding.clause, finding.expected, finding.seen) for finding in second.findings] == [("VOUCHER-AMOUNT-KEPT", "equals 20", "30")]


def test_overlapping_writes_leave_nothing_to_compare_with(judge: Judge, wire: Callable[..., Exchange]) -> None:
    """Two writes at the same time: the next read is not held against either of them."""
    created(judge, wire)
    judge.judge(wire("PATCH", "/vouchers/v1", body={"id": "v1", "amount": 20}, sent={"amount": 20}, started=2000.0, elapsed=500))
    judge.judge(wire("PATCH", "/vouchers/v1", body={"id": "v1", "amount": 30}, sent={"amount": 30}, started=2000.1, elapsed=500))

    judgement = judge.judge(wire("GET", "/vouchers/v1", body={"id": "v1", "amount": 20}, started=2001.0))

    assert judgement.findings == []
    assert judgement.unjudged["state"] == ["VOUCHER-AMOUNT-KEPT"]


def test_deleted_resource_has_no_state(judge: Judge, wire: Callable[..., Exchange]) -> None:
    """What is deleted is gone, and remembered as deleted by this tenant only."""
    created(judge, wire)

    judge.judge(wire("DELETE", "/vouchers/v1", body=VOUCHER))

    assert state(judge, wire("GET", "/vouchers/v1")) == "unknown"
    assert judge.ledger.recall("t1", "deleted", ["v1"]) == {"v1": True}
    assert judge.ledger.recall("t2", "deleted", ["v1"]) == {}


DELETION = "deleted: {operation: deleteVoucher, when: status == 200,"


@pytest.mark.parametrize("status", [200, 404, 500, None], ids=["done", "refused", "server-error", "lost-answer"])
def test_what_was_asked_for_is_remembered_whatever_became_of_it(
    tiny: Callable[..., Path], wire: Callable[..., Exchange], status: int | None
) -> None:
    """A deletion whose answer is lost may have happened; a fact that asks for its answer knows of accepted ones only."""
    deletion = wire("DELETE", "/vouchers/v1", status, body=VOUCHER if status == 200 else {"error": "no"})
    answered, asked = judge_of(tiny()), judge_of(tiny(contract=[(DELETION, "deleted: {operation: deleteVoucher, asked: true,")]))
    for judge in (answered, asked):
        judge.judge(deletion)

    assert asked.ledger.recall("t1", "deleted", ["v1"]) == {"v1": True}
    assert answered.ledger.recall("t1", "deleted", ["v1"]) == ({"v1": True} if status == 200 else {})


def test_id_in_the_path_is_percent_decoded(judge: Judge, wire: Callable[..., Exchange]) -> None:
    """A resource is known by its id, not by how a URL writes it."""
    judge.judge(wire("POST", "/vouchers", 201, {"id": "a/b", "amount": 1}, sent={"amount": 1}))

    judgement = judge.judge(wire("GET", "/vouchers/a%2Fb", body={"id": "a/b", "amount": 2}))

    assert [finding.clause for finding in judgement.findings] == ["VOUCHER-AMOUNT-KEPT"]


@pytest.mark.parametrize("identity", [None, 7, "", ["v1"]], ids=["null", "number", "empty", "list"])
def test_answer_without_a_usable_id_teaches_nothing(judge: Judge, wire: Callable[..., Exchange], identity: Any) -> None:
    """An id is a text; an answer that has another is a matter of its schema."""
    judgement = judge.judge(wire("POST", "/vouchers", 201, {"id": identity, "amount": 1}, sent={"amount": 1}))

    assert judgement.errors == []
    assert [key for key in judge.ledger.resources if key[2]] == []


def test_tenants_have_worlds_of_their_own(judge: Judge, wire: Callable[..., Exchange]) -> None:
    """What one tenant did to an id says nothing about the same id of another."""
    created(judge, wire)

    judgement = judge.judge(wire("GET", "/vouchers/v1", body={"id": "v1", "amount": 99}, tenant="t2"))

    assert judgement.findings == []
    assert judgement.unjudged["state"] == ["VOUCHER-AMOUNT-KEPT"]


def test_facts_of_the_run_are_learned_when_it_is_over(tiny: Callable[..., Path], wire: Callable[..., Exchange]) -> None:
    """A judge of single exchanges remembers for tenants, the one of whole runs for the run."""
    exchange = wire("POST", "/vouchers", 201, VOUCHER, sent={"amount": 10})
    first, late = judge_of(tiny()), judge_of(tiny(), deferred=True)
    for judge in (first, late):
        judge.judge(exchange)

    assert first.ledger.recall("", "seen_ids", ["v1"]) == {}
    assert late.ledger.recall("", "seen_ids", ["v1"]) == {"v1": "t1"}


DELETED = """\
      operationId: deleteVoucher
      x-basis: documented
      x-source: {document: guide, at: Delete}
      parameters: [{$ref: "#/components/parameters/id"}]
      responses:
        """


@pytest.mark.parametrize(
    ("status", "learned"),
    [
        pytest.param(204, True, id="no-content"),
        pytest.param(202, True, id="no-documented-body"),
        pytest.param(200, False, id="body-is-due"),
    ],
)
def test_empty_body_is_an_answer_where_none_is_due(
    *, tiny: Callable[..., Path], wire: Callable[..., Exchange], status: int, learned: bool
) -> None:
    """A content type named without need does not make an answer of no body a lost one."""
    bare = [(f'{DELETED}"200"', f'{DELETED}"204": {{description: Gone.}}\n        "202": {{description: Going.}}\n        "200"')]
    gone = "deleteVoucher:\n    - {resource: voucher, id: 'path[\"id\"]', gone: true, when: status "
    known = "deleted: {operation: deleteVoucher, when: status "
    judge = judge_of(tiny(spec=bare, contract=[(f"{old}== 200", f"{old}< 300") for old in (gone, known)]))
    created(judge, wire)

    judge.judge(wire("DELETE", "/vouchers/v1", status, raw=b"", media="application/json"))

    assert judge.ledger.recall("t1", "deleted", ["v1"]) == ({"v1": True} if learned else {})
    assert judge.ledger.resources[KEY].gone is learned


TAG = "{resource: tag, for: tag in body.tags, id: tag, state: '{\"of\": body.id}'}"
READ = "state: body, when: status == 200}\n  updateVoucher"
LISTED = [(READ, READ.replace("\n", f"\n    - {TAG}\n"))]


def test_effect_over_items_teaches_each(tiny: Callable[..., Path], wire: Callable[..., Exchange]) -> None:
    """One answer can show many resources."""
    judge = judge_of(tiny(contract=LISTED))

    judge.judge(wire("GET", "/vouchers/v1", body={**VOUCHER, "tags": ["a", "b"]}))

    later = wire("GET", "/vouchers/v1")
    assert [judge.ledger.before(("t1", "tag", name), later) for name in ("a", "b", "c")] == [
        (True, {"of": "v1"}), (True, {"of": "v1"}), (False, None)
    ]  # fmt: skip


@pytest.mark.parametrize("tags", [None, "a", 7, {"a": 1}, [1, None]], ids=["null", "text", "number", "object", "list-of-others"])
def test_effect_over_what_is_no_list_teaches_nothing(tiny: Callable[..., Path], wire: Callable[..., Exchange], tags: Any) -> None:
    """A server that sends another type there breaks its schema; it does not end the run."""
    judge = judge_of(tiny(contract=LISTED))

    judgement = judge.judge(wire("GET", "/vouchers/v1", body={**VOUCHER, "tags": tags}))

    assert {finding.clause for finding in judgement.findings} == {"getVoucher.schema"}
    assert [key for key in judge.ledger.resources if key[1] == "tag"] == []


def test_unknown_as_a_state_is_forgotten(tiny: Callable[..., Path], wire: Callable[..., Exchange]) -> None:
    """A contract can say that an operation leaves a resource in a state that nobody was told."""
    patch = "updateVoucher:\n    - {resource: voucher, id: 'path[\"id\"]', state: "
    judge = judge_of(tiny(contract=[(f"{patch}body", f"{patch}unknown")]))
    created(judge, wire)

    judge.judge(wire("PATCH", "/vouchers/v1", body={"id": "v1", "amount": 20}, sent={"amount": 20}))

    assert state(judge, wire("GET", "/vouchers/v1")) == "unknown"


def test_exchange_of_no_operation_teaches_nothing(judge: Judge, wire: Callable[..., Exchange]) -> None:
    """What belongs to no API under contract is not judged at all."""
    other = Request("GET", "http://127.0.0.1:8080/elsewhere")

    judgement = judge.judge(wire("GET", "", body=VOUCHER, request=other))

    assert (judgement.operation, judgement.judged, judgement.findings) == ("", [], [])
    assert judge.ledger.resources == {}
