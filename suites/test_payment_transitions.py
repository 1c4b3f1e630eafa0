"""States by operations: what each operation does in each state of a payment.

The table names every pair. What is allowed must take effect; what is not allowed must leave everything as it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from payproof.client import ACCEPT
from payproof.transition import cells, drive, every, legal

if TYPE_CHECKING:
    from collections.abc import Callable

    from suites.fixtures.jpmorgan_payments import Charges, Payment, Till

pytestmark = [pytest.mark.api("jpmorgan-payments"), pytest.mark.needs("state")]

DONE = legal(200)
"""Accepted."""
MISSING = legal(404)
"""Not found."""
HIDDEN = legal(403, 404)
"""Not found, or not allowed to look."""
STOPPED = legal(400, 403, 412)
"""The payment is there, and its state forbids it; the documents do not say with which status."""
UNFOUND = legal(400, 404)
"""A reference inside of the body to what is not there; the documents do not say with which status it is refused."""
STRANGE = legal(400, 403, 404)
"""A reference inside of the body to what belongs to another merchant."""

STATES = (
    "authorized-manual", "authorized-delayed", "captured-now", "partly-captured", "finally-captured", "voided", "declined",
    "partly-refunded", "fully-refunded", "never-made", "foreign",
)  # fmt: skip
ALWAYS = (DONE,) * len(STATES)
READ = (DONE, DONE, DONE, DONE, DONE, DONE, DONE, DONE, DONE, MISSING, HIDDEN)
TABLE = cells(STATES, {
    "createPayment": ALWAYS,
    "createVerification": ALWAYS,
    "findPayment": (*READ[:-1], MISSING),
    "getPayment": READ,
    "updatePayment": (DONE, DONE, STOPPED, STOPPED, STOPPED, STOPPED, STOPPED, STOPPED, STOPPED, MISSING, HIDDEN),
    "capturePayment": (DONE, DONE, STOPPED, DONE, STOPPED, STOPPED, STOPPED, STOPPED, STOPPED, MISSING, HIDDEN),
    "createRefund": (STOPPED, STOPPED, DONE, DONE, DONE, STOPPED, STOPPED, DONE, STOPPED, UNFOUND, STRANGE),
    "getRefund": (MISSING, MISSING, MISSING, MISSING, MISSING, MISSING, MISSING, DONE, DONE, MISSING, HIDDEN),
})  # fmt: skip
"""An update makes the payment void; a capture and a refund are of a small part. A foreign payment belongs to another tenant.

A refund is asked for with the id of the last one, where there is one, else with that of the payment, which is none.
A new payment and a verification concern another payment, and no state of this one forbids them.
"""

UPDATES = ("raise", "reverse")
"""What else an update can ask for."""
OPEN = ("authorized-manual", "authorized-delayed")

NEVER_MADE = "00000000-0000-4000-8000-000000000000"

State = dict[str, Any]


def _captured(seen: State) -> int:
    return sum(one["amount"] for one in seen["paymentRequest"].get("captures", []))


def _refunded(seen: State) -> int:
    return sum(one["amount"] for one in seen["paymentRequest"].get("refunds", []))


def _same(before: State, after: State) -> bool:
    return after == before


TAKEN_EFFECT: dict[str, Callable[[State, State], bool]] = {
    "createPayment": _same,
    "createVerification": _same,
    "findPayment": _same,
    "getPayment": _same,
    "getRefund": _same,
    "updatePayment": lambda _, after: after["transactionState"] == "VOIDED",
    "capturePayment": lambda before, after: _captured(after) == _captured(before) + 10,
    "createRefund": lambda before, after: _refunded(after) == _refunded(before) + 10,
    "raise": lambda before, after: after["remainingAuthAmount"] == before["remainingAuthAmount"] + 10,
    "reverse": lambda _, after: (_captured(after), after["transactionState"]) == (10, "CLOSED"),
}
"""What the payment shows before and after an operation that was accepted."""


def _payment_in(state: str, owner: Till, charges: Charges) -> tuple[Payment, str]:
    """Bring a payment into a state; give it, and the id of its last refund, which is its own where there is none."""
    if state == "declined":
        payment = owner.attempt(charges.by_card(accountNumber="5112345112345114"), amount=52_100)
    elif state in {"captured-now", "partly-refunded", "fully-refunded", "foreign"}:
        payment = owner.pay(amount=1000)
    else:
        payment = owner.authorize(1000, method="DELAYED" if state == "authorized-delayed" else "MANUAL")
    if state == "voided":
        owner.void(payment)
    if state in {"partly-captured", "finally-captured"}:
        owner.capture(payment, 500, final=state == "finally-captured")
    if state in {"partly-refunded", "fully-refunded", "foreign"}:
        refund = owner.refund(payment, 1000 if state == "fully-refunded" else 500)
        return payment, refund.id
    return payment, payment.id


def _bodies(charges: Charges, asked: str, *, shown: State) -> dict[str, Any]:
    held = shown.get("paymentRequest", {}).get("authorizations", [{"amount": 1000}])[0]["amount"]
    return {
        "createPayment": charges.payment(),
        "createVerification": charges.verification(),
        "updatePayment": {"isVoid": True},
        "raise": {"amount": held + 10},
        "reverse": {"captureMethod": "NOW", "amount": 10},
        "capturePayment": {"amount": 10, "isAmountFinal": False},
        "createRefund": charges.refund(asked, 10),
    }


def _drive(till: Till, owner: Till, charges: Charges, action: str, state: str) -> None:
    """Bring a payment of the owner into a state, send the till's operation to it, and look at what became of it."""
    payment, refund = _payment_in(state, owner, charges)
    if state == "foreign":
        till.pay()
    asked = NEVER_MADE if state == "never-made" else payment.id
    operation = "updatePayment" if action in UPDATES else action
    cell = TABLE[operation, state]
    body = _bodies(charges, asked, shown=owner.look(payment)).get(action)
    path = (NEVER_MADE if state == "never-made" else refund) if operation == "getRefund" else asked
    query = {"requestIdentifier": NEVER_MADE if state == "never-made" else payment.request_id} if operation == "findPayment" else None

    def send() -> int:
        return till.ask(operation, path, body=body, query=query, intent=ACCEPT if cell is DONE else None).status

    def effects() -> tuple[dict[str, int], dict[str, int]]:
        return till.effects(), owner.effects()

    drive(
        till.apis, api="jpmorgan-payments", resource="payment", state=state, operation=operation, cell=cell, send=send,
        see=lambda: owner.look(payment), effects=effects, took=TAKEN_EFFECT[action],
    )  # fmt: skip


@pytest.mark.parametrize(("operation", "state"), every(TABLE))
def test_payment(till: Till, other_till: Till, charges: Charges, operation: str, state: str) -> None:
    """An operation meets a payment in one of its states.

    Expect it to be accepted or refused as the table says, and a refusal to leave the payment as it was.
    """
    owner = other_till if state == "foreign" else till
    _drive(till, owner, charges, operation, state)


@pytest.mark.operation("updatePayment")
@pytest.mark.parametrize("state", [state for state in STATES if state != "foreign"])
@pytest.mark.parametrize("change", UPDATES)
def test_change_of_amount(till: Till, charges: Charges, change: str, state: str) -> None:
    """A payment in one of its states is raised, or a smaller amount of it is captured instead.

    Expect both to be possible as long as nothing is captured, like a void.
    """
    _drive(till, till, charges, change, state)


@pytest.mark.operation("getPayment")
def test_table_is_complete(till: Till) -> None:
    """Look for every operation of the API in every state. Expect a cell for each pair, and none for anything else."""
    operations = till.api.session.kit.contracts["jpmorgan-payments"].spec.operations
    assert set(TABLE) == {(operation, state) for operation in operations for state in STATES}
