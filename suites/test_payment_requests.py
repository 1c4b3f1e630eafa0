"""One effect for each request-id: what is sent twice, at once, again after a lost answer, or by somebody else.

What counts is what has really happened, not the answer. No document says what a second use of a request-id is answered;
that it moves no money a second time is all that is asked of every server.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from payproof.client import Answer
    from suites.fixtures.jpmorgan_payments import Charges, Payment, Till

pytestmark = pytest.mark.api("jpmorgan-payments")

AT_ONCE = 8
"""Requests that are sent at the same time."""

WRITES = ("createPayment", "capturePayment", "createRefund", "updatePayment")
"""What moves money: a payment, a capture, a refund, and the void that gives it all back."""
EFFECT = {
    "createPayment": "payments created",
    "capturePayment": "captures created",
    "createRefund": "refunds created",
    "updatePayment": "payments voided",
}
"""What the target counts of each."""


def _writes() -> list[Any]:
    return [pytest.param(operation, marks=pytest.mark.operation(operation)) for operation in WRITES]


def _ready(till: Till, operation: str) -> Payment:
    """Make the payment on which the operation works; a new payment needs none, and gets one that must stay as it is."""
    return till.authorize(1000) if operation in {"capturePayment", "updatePayment"} else till.pay(amount=1000)


def _body(charges: Charges, operation: str, payment: Payment, *, other: bool = False) -> Any:
    """Give the body of the operation, or another one of the same operation."""
    amount = 20 if other else 10
    return {
        "createPayment": charges.payment(amount=amount),
        "capturePayment": {"amount": amount, "isAmountFinal": False},
        "createRefund": charges.refund(payment.id, amount),
        "updatePayment": {"amount": 2000} if other else {"isVoid": True},
    }[operation]


def _again(till: Till, operation: str, payment: Payment, body: Any, key: str) -> Answer:
    return till.ask(operation, payment, body=body, headers={"request-id": key})


def _same_thing(operation: str, first: Answer, again: Answer) -> bool:
    if operation == "capturePayment":
        return bool(first.body["paymentRequest"]["captures"] == again.body["paymentRequest"]["captures"])
    return bool(first.body["transactionId"] == again.body["transactionId"])


@pytest.mark.every_case
@pytest.mark.parametrize("operation", _writes())
def test_same_request_is_seen_once(till: Till, charges: Charges, operation: str) -> None:
    """A request is repeated with the same request-id, by a merchant who can only look at the payments afterwards.

    Expect a refusal or the same payment, capture or refund, and everything that can be seen to be as it was.
    """
    # Once
    payment, key = _ready(till, operation), str(uuid.uuid4())
    body = _body(charges, operation, payment)
    first = _again(till, operation, payment, body, key)
    assert first.status == 200
    seen, found = till.look(payment), till.ask("findPayment", query={"requestIdentifier": key})

    # Once more
    again = _again(till, operation, payment, body, key)
    assert again.status != 200 or _same_thing(operation, first, again)

    # Nothing more is to be seen
    assert till.look(payment) == seen
    if operation == "createPayment" and found.status == 200:
        assert till.find(key).id == found.body["transactionId"] == first.body["transactionId"]


@pytest.mark.needs("effects")
@pytest.mark.parametrize("operation", _writes())
def test_same_request_again(till: Till, charges: Charges, operation: str) -> None:
    """A request is repeated, word by word, with the same request-id, three times.

    Expect one effect, and whoever is answered with 200 to be told of the same payment, capture or refund.
    """
    # Once
    payment, key = _ready(till, operation), str(uuid.uuid4())
    body = _body(charges, operation, payment)
    first = _again(till, operation, payment, body, key)
    assert first.status == 200
    done = till.effects()

    # Three times more
    answers = [_again(till, operation, payment, body, key) for _ in range(3)]
    if till.apis.session.target.reference:
        assert [answer.body for answer in answers] == [first.body] * 3
    assert all(_same_thing(operation, first, answer) for answer in answers if answer.status == 200)

    # It has happened once
    assert till.effects() == done

    # Another request-id makes a second effect, unless a payment is void already
    fresh = till.ask(operation, payment, body=body)
    more = 0 if operation == "updatePayment" else 1
    assert fresh.status == (200 if more else 400) or not till.apis.session.target.reference
    assert till.effects().get(EFFECT[operation], 0) == done[EFFECT[operation]] + more


@pytest.mark.needs("effects")
@pytest.mark.parametrize("operation", _writes())
def test_same_request_id_for_another_body(till: Till, charges: Charges, operation: str) -> None:
    """A request-id that has done its work comes again with another body.

    Expect nothing more to happen than what the first body asked for; the reference server says 412.
    """
    # The first body
    payment, key = _ready(till, operation), str(uuid.uuid4())
    first = _again(till, operation, payment, _body(charges, operation, payment), key)
    assert first.status == 200
    seen, done = till.look(payment), till.effects()

    # The second one
    answer = _again(till, operation, payment, _body(charges, operation, payment, other=True), key)
    if till.apis.session.target.reference:
        assert answer.status == 412
    assert answer.status != 200 or _same_thing(operation, first, answer)

    # Nothing more has happened
    assert (till.look(payment), till.effects()) == (seen, done)

    # The first body is answered as before
    again = _again(till, operation, payment, _body(charges, operation, payment), key)
    assert again.status != 200 or _same_thing(operation, first, again)
    assert till.effects() == done


@pytest.mark.needs("effects")
@pytest.mark.parametrize("operation", _writes())
def test_same_request_at_once(till: Till, charges: Charges, operation: str) -> None:
    """A request is sent eight times at the same moment, by a client that could not wait.

    Expect one effect, and all who are answered with 200 to be told of the same payment, capture or refund.
    """
    # Eight at once
    payment, key = _ready(till, operation), str(uuid.uuid4())
    done = till.effects()
    api, path = till.api, {"id": payment.id}
    body = _body(charges, operation, payment)
    answers = api.together([api.request(operation, path=path, headers={"request-id": key}, body=body) for _ in range(AT_ONCE)])

    # One of them at least is accepted, and all tell the same
    accepted = [answer for answer in answers if answer.status == 200]
    assert accepted
    assert all(_same_thing(operation, accepted[0], answer) for answer in accepted)
    assert {answer.status for answer in answers if answer.status != 200} <= {400, 409, 412, 429}

    # It has happened once
    assert till.effects()[EFFECT[operation]] == done.get(EFFECT[operation], 0) + 1


@pytest.mark.needs("effects")
@pytest.mark.parametrize("operation", _writes())
def test_request_id_of_a_refused_request(till: Till, charges: Charges, operation: str) -> None:
    """A request is refused for a fault in its body, mended, and sent again with the same request-id.

    Expect the refusal to do nothing, and the mended request to do its work once, if it is accepted.
    """
    # Refused
    payment, key = _ready(till, operation), str(uuid.uuid4())
    done = till.effects()
    body = _body(charges, operation, payment)
    faulty = {"isVoid": 7} if operation == "updatePayment" else {**body, "amount": "ten"}
    refused = _again(till, operation, payment, faulty, key)
    assert refused.status == 400
    assert till.effects() == done

    # Mended
    mended = _again(till, operation, payment, body, key)
    if till.apis.session.target.reference:
        assert mended.status == 200
    worked = till.effects().get(EFFECT[operation], 0) - done.get(EFFECT[operation], 0)
    assert worked == (1 if mended.status == 200 else 0)

    # And repeated
    _again(till, operation, payment, body, key)
    assert till.effects().get(EFFECT[operation], 0) - done.get(EFFECT[operation], 0) == worked


@pytest.mark.needs("effects")
def test_request_id_at_other_operations(till: Till, charges: Charges) -> None:
    """A merchant numbers its orders, and sends that number as the request-id of whatever it does for the order.

    No document says that a request-id belongs to one operation. Expect each operation to do its work once or to refuse it,
    none to be answered with what another one did, and the payment to be found by the number.
    """
    # The payment
    key = str(uuid.uuid4())
    numbered = till.labelled({"request-id": key})
    payment = numbered.authorize(1000)

    # Its captures and its refund, each of them twice
    statuses = {}
    for operation, body in (("capturePayment", {"amount": 10, "isAmountFinal": True}), ("createRefund", charges.refund(payment.id, 10))):
        first, again = (_again(till, operation, payment, body, key) for _ in range(2))
        statuses[EFFECT[operation]] = first.status
        assert again.status != 200 or _same_thing(operation, first, again)

    # What was accepted has happened, once
    if till.apis.session.target.reference:
        assert set(statuses.values()) == {200}
    happened = {effect: 1 for effect, status in statuses.items() if status == 200}
    assert till.effects() == {"payments created": 1, **happened}

    # The number still stands for the payment
    assert till.find(key).id == payment.id


@pytest.mark.needs("second-tenant")
@pytest.mark.needs("effects")
@pytest.mark.parametrize("operation", _writes())
def test_request_id_of_another_merchant(till: Till, other_till: Till, charges: Charges, operation: str) -> None:
    """Two merchants number their requests alike.

    Expect each to get its own work done and its own answer, and nobody to learn of the other's.
    """
    # One merchant's request, then the other's, with the same id
    key, shown = str(uuid.uuid4()), []
    for owner in (till, other_till):
        payment = _ready(owner, operation)
        done = owner.effects().get(EFFECT[operation], 0)
        answer = _again(owner, operation, payment, _body(charges, operation, payment), key)
        assert answer.status == 200
        assert owner.effects()[EFFECT[operation]] == done + 1
        shown.append(answer)

    # Two answers about two things
    assert not _same_thing(operation, *shown)
    assert [answer.body["requestId"] for answer in shown] == [key, key]
    if "merchant" in shown[0].body:
        assert shown[0].body["merchant"]["merchantId"] != shown[1].body["merchant"]["merchantId"]


@pytest.mark.needs("second-tenant")
@pytest.mark.operation("findPayment")
def test_find_by_another_merchants_request_id(till: Till, other_till: Till) -> None:
    """Two merchants number their payments alike, and a third number is used by one of them only.

    Expect each to find its own payment by the number, and nothing by the other's.
    """
    # The same number twice
    key = str(uuid.uuid4())
    mine, theirs = (owner.labelled({"request-id": key}).pay() for owner in (till, other_till))
    assert mine.id != theirs.id
    assert (till.find(key).id, other_till.find(key).id) == (mine.id, theirs.id)

    # A number of one of them
    only = till.pay()
    assert till.find(only.request_id).id == only.id
    assert other_till.ask("findPayment", query={"requestIdentifier": only.request_id}).status == 404


@pytest.mark.needs("effects")
@pytest.mark.needs("fault-control")
@pytest.mark.parametrize("operation", _writes())
def test_lost_answer(till: Till, charges: Charges, operation: str) -> None:
    """The answer is lost after the work was done, and the merchant asks again with the same request-id.

    Expect the work to be done once, and to be told as if the first answer had arrived, or the number to be called used.
    """
    # The answer is lost
    payment, key = _ready(till, operation), str(uuid.uuid4())
    done = till.effects().get(EFFECT[operation], 0)
    body = _body(charges, operation, payment)
    till.apis.script({"kind": "drop-after-commit", "api": "jpmorgan-payments"})
    assert _again(till, operation, payment, body, key).status == 0
    assert till.effects()[EFFECT[operation]] == done + 1

    # It is asked again
    answer = _again(till, operation, payment, body, key)
    assert answer.status in ({200} if till.apis.session.target.reference else {200, 412})
    if answer.status == 200:
        assert answer.body["requestId"] == key
    assert till.effects()[EFFECT[operation]] == done + 1

    # A new payment is found by its request, too
    if operation == "createPayment":
        found = till.find(key)
        assert found.id == answer.body.get("transactionId", found.id)


@pytest.mark.needs("effects")
@pytest.mark.needs("fault-control")
@pytest.mark.parametrize("operation", _writes())
def test_error_after_the_work(till: Till, charges: Charges, operation: str) -> None:
    """The server answers 503 although the work was done, and the merchant asks again with the same request-id.

    Expect the work to be done once.
    """
    # Done, and answered with an error
    payment, key = _ready(till, operation), str(uuid.uuid4())
    done = till.effects().get(EFFECT[operation], 0)
    body = _body(charges, operation, payment)
    till.apis.script({"kind": "fail-after-commit", "status": 503, "api": "jpmorgan-payments"})
    assert _again(till, operation, payment, body, key).status == 503

    # It is asked again
    again = _again(till, operation, payment, body, key).status
    assert again in ({200} if till.apis.session.target.reference else {200, 412})
    assert till.effects()[EFFECT[operation]] == done + 1


@pytest.mark.needs("clock")
@pytest.mark.needs("effects")
@pytest.mark.operation("createPayment")
def test_request_id_after_a_day(till: Till, charges: Charges) -> None:
    """A request-id comes again after more than a day; how long it is known, no document says.

    Expect at most one more payment, and the number of payments to agree with what was told.
    """
    # Paid
    key = str(uuid.uuid4())
    first = till.ask("createPayment", body=charges.payment(), headers={"request-id": key})
    assert first.status == 200

    # A day and an hour later
    till.apis.advance(25 * 3600)
    again = till.ask("createPayment", body=charges.payment(), headers={"request-id": key})

    # Another payment, or the same one
    another = again.status == 200 and not _same_thing("createPayment", first, again)
    assert till.effects()["payments created"] == (2 if another else 1)
