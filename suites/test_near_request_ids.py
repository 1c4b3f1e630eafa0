"""Request-ids that differ in little: each of them stands for a request of its own.

What can go wrong is that a server keeps a request-id in another form than the one it was sent in: cut to the size of a
column, in one case, or read as a number or a UUID. Then it answers a new payment with an old one, and takes no money.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest

from payproof.client import ACCEPT

if TYPE_CHECKING:
    from suites.fixtures.jpmorgan_payments import Charges, Till

pytestmark = pytest.mark.api("jpmorgan-payments")


_LETTERS = str.maketrans("0123456789", "abcdefabcd")


def _hex(length: int = 36) -> str:
    """Give an id that was never used, in the form of a UUID; of letters only, so that no run of digits is a card number."""
    return f"{uuid.uuid4()}-{uuid.uuid4().hex}".translate(_LETTERS)[:length]


def _digits() -> str:
    """Give an id that was never used: a number of 24 digits, which is longer than a card number."""
    return f"7{uuid.uuid4().int:039d}"[:24]


def _near() -> dict[str, tuple[str, str]]:
    """Give pairs of request-ids that were never used, and that some way of keeping them takes for one."""
    cased, long, late, dashed, number, rounded = _hex(), _hex(39), _hex(39), _hex(), _digits(), _digits()
    return {
        "the case": (cased, cased.upper()),
        "the last of forty characters": (f"{long}0", f"{long}1"),
        "the first of forty characters": (f"0{late}", f"1{late}"),
        "the hyphens": (dashed, dashed.replace("-", "")),
        "a leading zero": (number, f"0{number}"),
        "what a number rounds away": (f"{rounded}1", f"{rounded}2"),
    }


def _bodies(charges: Charges, payment: str) -> dict[str, Any]:
    """Give for each write the body of a request that can be made again and again."""
    return {
        "createPayment": charges.payment(amount=10),
        "createVerification": charges.verification(),
        "capturePayment": {"amount": 10, "isAmountFinal": False},
        "createRefund": charges.refund(payment, 10),
    }


@pytest.mark.parametrize(
    ("operation", "effect"),
    [
        pytest.param("createPayment", "payments created", marks=pytest.mark.operation("createPayment")),
        pytest.param("capturePayment", "captures created", marks=pytest.mark.operation("capturePayment")),
        pytest.param("createRefund", "refunds created", marks=pytest.mark.operation("createRefund")),
        pytest.param("createVerification", "verifications created", marks=pytest.mark.operation("createVerification")),
    ],
)
def test_near_request_ids(till: Till, charges: Charges, operation: str, effect: str) -> None:
    """The same thing is asked for twice, under two request-ids that differ in one place: in case, length, or form.

    Expect it to be done twice each time, and each answer to carry its own request-id.
    """
    # A payment to work on
    payment = till.authorize(1000) if operation == "capturePayment" else till.pay(amount=1000)
    body = _bodies(charges, payment.id)[operation]
    before = till.effects().get(effect, 0)

    # Each pair is two requests
    pairs = _near()
    for pair in pairs.values():
        answers = [till.ask(operation, payment, body=body, headers={"request-id": key}, intent=ACCEPT) for key in pair]
        assert [answer.status for answer in answers] == [200, 200]
        if operation != "capturePayment":
            assert [answer.body["requestId"] for answer in answers] == list(pair)
            assert len({answer.body["transactionId"] for answer in answers}) == 2

    # And has happened twice
    done = 2 * len(pairs)
    if "effects" in till.apis.session.target.has:
        assert till.effects()[effect] - before == done
    after = till.read(payment)
    moved = {"capturePayment": after.captured, "createRefund": after.refunded}
    assert moved.get(operation, 10 * done) == 10 * done


@pytest.mark.operation("updatePayment")
def test_near_request_ids_of_changes(till: Till) -> None:
    """What is authorized is raised twice, under two request-ids that differ in one place.

    Expect the second total each time.
    """
    # A payment that can be raised
    payment, total = till.authorize(1000), 1000

    # Each pair raises it twice
    for pair in _near().values():
        for key in pair:
            total += 10
            answer = till.ask("updatePayment", payment, body={"amount": total}, headers={"request-id": key}, intent=ACCEPT)
            assert answer.status == 200
            assert answer.body["remainingAuthAmount"] == total

    # The last total is what is left
    assert till.capture(payment).captured == total


@pytest.mark.operation("findPayment")
def test_found_by_near_request_ids(till: Till) -> None:
    """Payments were made under request-ids that differ in one place.

    Expect each to be found by its own, and nothing by one that is nearly it.
    """
    # One payment for each request-id, of another amount each
    keys = [key for pair in _near().values() for key in pair]
    made = {key: till.labelled({"request-id": key}).pay(amount=1000 + number).id for number, key in enumerate(keys)}
    assert len(set(made.values())) == len(keys)

    # Each is found
    assert {key: till.find(key).id for key in keys} == made

    # What is nearly one of them is none
    for near in (keys[0][:-1], f"{keys[0]}0", keys[0].swapcase()):
        if near not in made:
            assert till.ask("findPayment", query={"requestIdentifier": near}).status == 404
