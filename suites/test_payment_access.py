"""Who may take and give back money: what a good token opens, for how long, and for which merchant.

The reference server answers every credential that is no good with 401, and a merchant's identifier that does not go
with the token with 403. Elsewhere other refusals are as good; what the standards demand of each answer is in the clauses.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from payproof.plot import Base, Ground
    from suites.fixtures.jpmorgan_access import ExpectClosed
    from suites.fixtures.jpmorgan_payments import Charges, Till

pytestmark = pytest.mark.api("jpmorgan-payments")

OPERATIONS = (
    "createPayment",
    "findPayment",
    "getPayment",
    "updatePayment",
    "capturePayment",
    "createRefund",
    "getRefund",
    "createVerification",
)
EVERY = [pytest.param(name, marks=pytest.mark.operation(name)) for name in OPERATIONS]

MARGIN = 90
"""Seconds by which clocks may differ, and a little more: this close to the end of a token nobody promises anything."""


def _watched(till: Till, base: Base) -> str:
    """Give the id of the payment that a request is about, or of one that stands beside it."""
    return base.ids.get("payment") or till.pay().id


@pytest.mark.parametrize("operation", EVERY)
def test_operation_is_closed(till: Till, expect_closed: ExpectClosed, operation: str) -> None:
    """Somebody without a good token tries every door.

    Expect each operation to be closed to all of them, and that nothing changes.
    """
    expect_closed(till, operation, partial(_watched, till))


@pytest.mark.operation("getPayment")
def test_operations_are_complete(till: Till) -> None:
    """Look for every operation of the API. Expect each to be tried without a token, and no other one."""
    assert set(OPERATIONS) == set(till.api.session.kit.contracts["jpmorgan-payments"].spec.operations)


@pytest.mark.operation("getPayment")
def test_token_in_the_query(till: Till) -> None:
    """A token is sent in the URL, where logs and proxies would see it, and not in the header.

    Expect it to open nothing.
    """
    # In the header it shows the payment
    payment = till.pay()
    assert till.read(payment).id == payment.id

    # In the query it does not
    query = {"access_token": till.apis.credentials["token"]}
    answer = till.ask("getPayment", payment, query=query, headers={"Authorization": None})
    assert answer.status in ({401} if till.apis.session.target.reference else {400, 401, 403})
    assert payment.id not in answer.text


@pytest.mark.needs("clock")
@pytest.mark.parametrize("operation", EVERY)
def test_expired_token(till: Till, ground: Ground, operation: str) -> None:
    """A token has run out, and the merchant fetches a fresh one.

    Expect the old one to open nothing and to change nothing, and the fresh one to open what the old one did.
    """
    # The token is good
    base = ground(operation, apis=till.apis)
    payment = _watched(till, base)
    seen, done = till.look(payment), till.effects()

    # Its time is over
    till.apis.advance(till.api.token_seconds() + MARGIN, keep=True)
    assert base.send(None).status == 401
    assert till.ask("getPayment", payment).status == 401
    assert till.effects() == done

    # A fresh one opens the same door
    till.api.token()
    assert till.look(payment) == seen
    assert base.send().status == 200


@pytest.mark.needs("second-tenant")
@pytest.mark.parametrize("operation", EVERY)
def test_half_of_the_credentials(till: Till, other_till: Till, ground: Ground, operation: str) -> None:
    """A merchant sends its own token with another's identifier, and another's token with its own.

    Expect a refusal of both, and that nothing changes, neither here nor there.
    """
    # Each is let in with what is its own
    base = ground(operation, apis=till.apis)
    payment, theirs = till.read(till.pay()), other_till.pay()
    assert other_till.read(theirs).state == theirs.state
    before = till.look(payment), other_till.look(theirs), till.effects(), other_till.effects()

    # Half of it is the other's, both ways
    foreign = other_till.apis.credentials
    borrowed = base.but(headers={"merchant-id": foreign["merchant_id"]}).send(None)
    stolen = base.but(headers={"Authorization": f"Bearer {foreign['token']}"}).send(None)
    for answer in (borrowed, stolen):
        assert answer.status in ({403} if till.apis.session.target.reference else {400, 401, 403, 404, 412})

    # Nothing has changed
    assert (till.look(payment), other_till.look(theirs), till.effects(), other_till.effects()) == before

    # With what is its own, the request is accepted
    assert base.send().status == 200


@pytest.mark.needs("second-tenant")
@pytest.mark.operation("getPayment")
def test_two_merchants_do_not_see_each_other(till: Till, other_till: Till, charges: Charges) -> None:
    """Two merchants have payments and refunds; each tries to reach the other's by their ids.

    Expect a refusal each time, and both to be as they were.
    """
    # Each has a payment that is held, and one that was partly refunded
    mine, theirs = ((owner, owner.authorize(1000), paid := owner.pay(amount=1000), owner.refund(paid, 100)) for owner in (till, other_till))
    before = [owner.look(payment) for owner, held, paid, _ in (mine, theirs) for payment in (held, paid)]
    done = till.effects(), other_till.effects()

    # Everything by the ids of the other, both ways
    hidden = {403, 404} if till.apis.session.target.reference else {400, 403, 404, 412}
    for (visitor, *_), (_, held, paid, refund) in ((mine, theirs), (theirs, mine)):
        asked = [
            visitor.ask("getPayment", held),
            visitor.ask("updatePayment", held, body={"isVoid": True}),
            visitor.ask("updatePayment", held, body={"amount": 5000}),
            visitor.ask("capturePayment", held, body={}),
            visitor.ask("getPayment", paid),
            visitor.ask("getRefund", refund),
            visitor.ask("findPayment", query={"requestIdentifier": held.request_id}),
        ]
        assert {answer.judgement.operation: answer.status for answer in asked if answer.status not in hidden} == {}
        assert visitor.ask("createRefund", body=charges.refund(paid.id, 1)).status in {400, 403, 404, 412}

    # Nothing has happened
    assert [owner.look(payment) for owner, held, paid, _ in (mine, theirs) for payment in (held, paid)] == before
    assert (till.effects(), other_till.effects()) == done
