"""Every documented error of stored credentials: requests that cause exactly it, and nothing else.

Each departs in one place from a request that is accepted. What can go wrong: a fault is called by another category, a
refused request has done something all the same, or a documented error is caused by nothing. The reference server answers
with the very status and category; elsewhere a 200 without success is a refusal as well, and the clauses say the rest.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from payproof.client import ACCEPT

if TYPE_CHECKING:
    from collections.abc import Callable

    from payproof.client import Answer
    from suites.fixtures.zuora import Billing, Consents

pytestmark = pytest.mark.api("zuora-credentials")

CREATE, LIST = "createStoredCredential", "listStoredCredentials"
CLOSINGS = ("cancelStoredCredential", "expireStoredCredential")
EACH = (CREATE, LIST, *CLOSINGS)
KEYED = (CREATE, *CLOSINGS)

CATEGORIES = {
    "10": "permission", "11": "authentication", "20": "invalid", "21": "unknown field", "22": "missing field",
    "23": "missing parameter", "27": "query", "30": "rule", "40": "not found", "45": "method", "50": "locked",
    "60": "internal", "61": "temporary", "70": "limit", "90": "malformed", "99": "gateway",
}  # fmt: skip
"""The last two digits of a code, as the guides list them."""

UNCAUSED = {
    "11": "somebody who is not let in gets the 401 without reasons that the reference prints",
    "21": "no page says that a member of another name is refused, and a client of a newer version may send one",
    "45": "a method that the spec lacks belongs to no operation",
    "60": "a failure of the server has the code SystemError in the printed sample",
    "61": "a server that is out for a while has no cause outside of it",
}
"""The categories for which no request exists, and why."""

SCRIPTED = {"429": "70", "500": "", "502": "", "503": "", "504": ""}
"""What only a script of the reference server causes: the category, nothing where the code has none."""

NO_METHOD = "402881836953a3c7016953aec290000d"
"""The documented payment method, which no tenant has."""
MEMBERS = {"processId", "reasons", "requestId", "success"}
"""What the printed refusal has."""


@dataclass(frozen=True, slots=True)
class Stand:
    """A request that must be accepted: who sends it, and about which profile."""

    billing: Billing
    consents: Consents
    operation: str
    number: int

    def send(self, **parts: Any) -> Answer:
        """Send the request with other parts: method, sender, number, body, raw, query, headers, key, intent."""
        sender: Billing = parts.pop("sender", self.billing)
        sender = sender.at(parts.pop("method", self.billing.method))
        number = parts.pop("number", self.number)
        if self.operation == CREATE and "raw" not in parts:
            parts = {"body": self.consents.active(), **parts}
        return sender.ask(self.operation, number, **parts)

    def seen(self) -> tuple[Any, ...]:
        """List the profiles of both payment methods, and count what has happened."""
        return self.billing.profiles(), self.billing.at_second().profiles(), self.billing.effects()


Fault = "Callable[[Stand], Answer]"
"""A fault: given a request that is accepted, the answer to it with one thing changed."""


def _parts(**parts: Any) -> Callable[[Stand], Answer]:
    return lambda stand: stand.send(**parts)


def _body(**changes: Any) -> Callable[[Stand], Answer]:
    return lambda stand: stand.send(body=stand.consents.active(**changes))


def _persisted(**changes: Any) -> Callable[[Stand], Answer]:
    return lambda stand: stand.send(body=stand.consents.persisted(**changes))


def _with(name: str, value: Any) -> Callable[[Stand], Answer]:
    return lambda stand: stand.send(body={**stand.consents.active(), name: value})


def _header(name: str, value: Callable[[Stand], str]) -> Callable[[Stand], Answer]:
    return lambda stand: stand.send(headers={name: value(stand)})


def _several(entity: str | None) -> Callable[[Stand], Answer]:
    return lambda stand: stand.send(sender=stand.billing.in_entities(), headers={"Zuora-Entity-Ids": entity})


def _closed(stand: Stand) -> Answer:
    number = stand.billing.agree()
    stand.billing.cancel(number)
    return stand.send(number=number)


def _expired(stand: Stand) -> Answer:
    number = stand.billing.agree()
    stand.billing.expire(number)
    return stand.send(number=number)


def _key_elsewhere(stand: Stand) -> Answer:
    key = str(uuid.uuid4())
    stand.billing.at_second().ask(CREATE, body=stand.consents.agreed(), key=key, intent=ACCEPT)
    return stand.send(key=key)


def _key_twice(stand: Stand) -> Answer:
    number = stand.billing.agree()
    path = {"payment-method-id": stand.billing.method, "profile-number": str(number)}
    body = stand.consents.agreed() if stand.operation == CREATE else None
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    request = [stand.billing.api.request(stand.operation, path=path, body=body, headers=headers) for _ in range(2)]
    stand.billing.apis.script({"kind": "delay", "seconds": 0.3, "api": "zuora-credentials"})
    return max(stand.billing.api.together(request), key=lambda answer: answer.status)


EVERYWHERE: dict[tuple[int, str], tuple[Callable[[Stand], Answer], ...]] = {
    (403, "10"): (
        _header("Zuora-Entity-Ids", lambda stand: stand.billing.apis.credentials["zuora_other_entity"]),
        _header("Zuora-Org-Ids", lambda _: NO_METHOD),
        _header("Zuora-Org-Ids", lambda stand: f"{stand.billing.apis.credentials['zuora_org']},{NO_METHOD}"),
    ),
    (400, "20"): (
        _header("Zuora-Track-Id", lambda _: "T" * 65), _header("Zuora-Track-Id", lambda _: "order:7"), _several(f"{NO_METHOD},{NO_METHOD}"),
        _header("Zuora-Org-Ids", lambda stand: stand.billing.apis.credentials["zuora_org"] + ","),
    ),
    (400, "23"): (_several(None),),
    (404, "40"): (_parts(method=NO_METHOD), _parts(method="card of nobody")),
}  # fmt: skip
"""Faults that a request of each operation about profiles can have, by status and category."""

TABLE: dict[str, dict[tuple[int, str], tuple[Callable[[Stand], Answer], ...]]] = {
    CREATE: {
        **EVERYWHERE,
        (400, "20"): (
            *EVERYWHERE[400, "20"],
            _body(type="Weekly"), _body(type="recurring"), _body(status="Cancelled"), _body(status="Expired"),
            _body(consentAgreementSrc="Internal"), _body(action="Renew"), _body(agreedOn="06.03.2019"), _body(agreedOn="2019-02-30"),
            _with("agreedOn", 20190306), _with("consentAgreementRef", None), _body(consentAgreementRef="R" * 129),
            _persisted(networkTransactionId="N" * 129), _body(authGateway=NO_METHOD), _with("cardSecurityCode", 123),
            _body(type="Weekly", cardSecurityCode="123"),
            _parts(body=[]), _parts(body="agreed"), _parts(key="k" * 256),
            _parts(headers={"Content-Type": "text/plain"}), _parts(headers={"Content-Encoding": "zip"}),
        ),
        (400, "22"): (_body(type=None), _body(status=None), _body(consentAgreementSrc=None), _parts(body={})),
        (400, "90"): (
            _parts(raw=b'{"status": "Agreed"'), _parts(raw=b"status=Agreed"), _parts(raw=b""), _parts(raw=b"\xff\xfe{}"),
            _parts(raw=b'{"status": NaN}'), _parts(raw=b"{}", headers={"Content-Encoding": "gzip"}),
        ),
        (400, "99"): (
            lambda stand: stand.send(body=stand.consents.active(authGateway=stand.billing.apis.credentials["zuora_failing_gateway"])),
            _body(cardSecurityCode="901"),
        ),
        (409, "50"): (_key_twice,),
        (422, "30"): (_key_elsewhere,),
    },
    LIST: {
        **EVERYWHERE,
        (400, "27"): (_parts(query={"includeAll": "all"}), _parts(query={"includeAll": "1"}), _parts(query={"includeAll": ""})),
    },
    **{
        operation: {
            **EVERYWHERE,
            (400, "20"): (*EVERYWHERE[400, "20"], _parts(number="first"), _parts(number="-1"), _parts(number="1.5"), _parts(key="k" * 256)),
            (400, "30"): (_closed, _expired),
            (404, "40"): (*EVERYWHERE[404, "40"], _parts(number=1_000_000), _parts(number=0)),
            (409, "50"): (_key_twice,),
            (422, "30"): (_key_elsewhere,),
        }
        for operation in CLOSINGS
    },
}  # fmt: skip
"""For each operation: status and category, and the requests that cause exactly them."""

SIMULATED = {(400, "99"), (409, "50")}
"""What needs the test data of the reference server, or a script of it, to be caused for certain."""
CLOSED_AGAIN = (400, "30")
"""No document forbids it: elsewhere it may be accepted."""
PREPARED = {CLOSED_AGAIN, (409, "50"), (422, "30")}
"""Faults that need another profile first."""


def _cells() -> list[Any]:
    def marks(operation: str, cell: tuple[int, str]) -> list[pytest.MarkDecorator]:
        return [pytest.mark.operation(operation), *([pytest.mark.needs("fault-control")] if cell in SIMULATED else [])]

    return [pytest.param(operation, cell, marks=marks(operation, cell), id=f"{operation}-{cell[0]}-{CATEGORIES[cell[1]]}")
            for operation, groups in TABLE.items() for cell in groups]  # fmt: skip


def _categories(answer: Answer) -> set[str]:
    return {str(reason["code"])[-2:] for reason in answer.body["reasons"]}


@pytest.mark.parametrize(("operation", "cell"), _cells())
def test_error(billing: Billing, consents: Consents, operation: str, cell: tuple[int, str]) -> None:
    """A request has one fault at a time, of one kind, in several places.

    Expect each to be refused with exactly the status and the category for it, and to leave everything as it was.
    """
    # Without a fault, the request is accepted
    stand = Stand(billing, consents, operation, billing.agree())
    assert stand.send(intent=ACCEPT).status == 200
    stand = Stand(billing, consents, operation, billing.agree())

    # With each of them, it is refused
    reference, before = billing.apis.session.target.reference, stand.seen()
    for way, fault in enumerate(TABLE[operation][cell]):
        answer = fault(stand)
        assert 400 <= answer.status < 500 or answer.body["success"] is False or cell == CLOSED_AGAIN, way
        if reference:
            assert (answer.status, _categories(answer)) == (cell[0], {cell[1]}), way
            assert set(answer.body) == MEMBERS, way

    # Nothing has changed, but for what some faults need; the request is accepted as before
    assert stand.seen() == before or cell in PREPARED
    assert billing.status(stand.number) == "Agreed"
    assert stand.send(intent=ACCEPT).status == 200


@pytest.mark.needs("fault-control")
@pytest.mark.parametrize("status", sorted(SCRIPTED))
@pytest.mark.parametrize("operation", [pytest.param(name, marks=pytest.mark.operation(name)) for name in EACH])
def test_server_does_not_get_to_it(billing: Billing, consents: Consents, operation: str, status: str) -> None:
    """The server has reached a limit, or fails before it does anything.

    Expect the track id with the failure, on the reference server the documented body (that of the sample for a 500), and
    nothing done; then the request is accepted.
    """
    # Out of order
    stand = Stand(billing, consents, operation, billing.agree())
    before = stand.seen()
    script: dict[str, Any] = {"kind": "status", "status": int(status), "api": "zuora-credentials"}
    billing.apis.script(script | ({"retry_after": 7} if status in {"429", "503"} else {}))
    answer = stand.send(headers={"Zuora-Track-Id": "call-9"})
    assert answer.status == int(status)
    assert answer.headers["zuora-track-id"] == "call-9"
    if billing.apis.session.target.reference:
        assert answer.headers.get("retry-after") == ("7" if status in {"429", "503"} else None)
        assert answer.body == {"reasons": [{"code": "SystemError", "message": "internal server error"}]} or status != "500"
        assert not SCRIPTED[status] or _categories(answer) == {SCRIPTED[status]}

    # Nothing was done, and now it is
    assert stand.seen() == before
    assert stand.send(intent=ACCEPT).status == 200


@pytest.mark.needs("fault-control")
@pytest.mark.operation("issueZuoraToken")
def test_token_endpoint_is_busy(billing: Billing, consents: Consents) -> None:
    """Too many tokens were asked for in this minute.

    Expect a 429 (that of the reference server says how many are allowed and that none is left), no token, and one afterwards.
    """
    # No token
    form = consents.form(billing.apis.credentials)
    billing.apis.script({"kind": "status", "status": 429, "retry_after": 30, "api": "zuora-credentials"})
    answer = billing.api.call("issueZuoraToken", form=form)
    assert answer.status == 429
    if billing.apis.session.target.reference:
        assert (answer.headers["x-ratelimit-limit-minute"], answer.headers["x-ratelimit-remaining-minute"]) == ("100", "0")
    assert "access_token" not in answer.text

    # One later
    assert billing.token() != ""


def test_errors_are_complete(billing: Billing) -> None:
    """Look for every documented status of every operation, and for every category of the guides.

    Expect each status to be caused by the table, by no token, or by a script; each category to be caused or to have a
    reason why it is not; and nothing in the table that no document knows.
    """
    # Status by status
    spec = billing.api.session.kit.contracts["zuora-credentials"].spec
    assert set(TABLE) == set(spec.operations) - {"issueZuoraToken"}
    for operation, groups in TABLE.items():
        documented = set(spec.operations[operation].definition["responses"])
        caused = {str(status) if str(status) in documented else f"{status // 100}XX" for status, _ in groups}
        assert caused | {"401", *SCRIPTED} == documented - {"200"}, operation

    # Category by category
    causes = {category for groups in TABLE.values() for _, category in groups} | {each for each in SCRIPTED.values() if each}
    assert causes.isdisjoint(UNCAUSED)
    assert causes | UNCAUSED.keys() == CATEGORIES.keys()

    # And the contract knows the same categories
    clauses = billing.api.session.kit.contracts["zuora-credentials"].clauses
    assert "|".join(sorted(CATEGORIES)) in str(clauses["ZU-REFUSAL-CATEGORY"])
