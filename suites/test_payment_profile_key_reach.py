"""How far an idempotency key of payment profiles reaches: one resource, one operation, one seller, 24 hours.

What can go wrong: a key of one customer brings the profile of another, or is forgotten too early or never. Where the
documents stop (what happens after the 24 hours) only the reference server is held to it.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from payproof.client import ACCEPT

if TYPE_CHECKING:
    from suites.fixtures.mercadopago import Sales, Seller
    from suites.fixtures.mercadopago_deeds import Deed

pytestmark = pytest.mark.api("mercadopago-profiles")

KEYED = ("createPaymentProfile", "addProfileMethod", "deleteProfileMethod", "cancelPaymentProfile")
OPERATIONS = [pytest.param(name, marks=pytest.mark.operation(name)) for name in KEYED]

KEY = "9467b696-d9d5-497c-aa47-019de6f19763"
"""The documented idempotency key."""

DAY = 24 * 3600
"""Seconds."""


@pytest.mark.parametrize("operation", OPERATIONS)
def test_key_on_another_resource(seller: Seller, deeds: type[Deed], operation: str) -> None:
    """A seller uses one key for two customers, or for two profiles, by mistake or by its own counting.

    Expect that none is given what belongs to the other, and on the reference server that both requests happen.
    """
    # It happens for one
    deed = deeds.of(seller, operation)
    first = deed.send(accepted=True)
    seen = seller.profiles(deed.customer)

    # And for the other
    other = deeds.of(seller, operation, seller.register("other"))
    before = seller.profiles(other.customer)
    second = other.send()
    if seller.apis.session.target.reference:
        assert second.status == first.status
        assert seller.profiles(other.customer) != before
    if operation == "createPaymentProfile" and second.status == 201:
        assert second.body["id"] != first.body["id"]

    # Nothing has happened to the first
    assert seller.profiles(deed.customer) == seen


@pytest.mark.operation("createPaymentProfile")
def test_key_and_body_of_another_customer(seller: Seller, sales: Sales) -> None:
    """A seller in Chile sends the very same creation, under the same key, for two customers: fintoc names no card.

    Expect each customer to have a profile of its own, which the key brings again.
    """
    if not seller.apis.session.target.mock:
        pytest.skip("needs an access token of a seller in Chile, which only the reference server gives")

    # One creation for each
    chilean = seller.using("mercadopago_token_chile")
    customers = [chilean.register("one"), chilean.register("other")]
    body = sales.profile({"id": "fintoc"})
    made = [chilean.ask("createPaymentProfile", customer, body=body, key=KEY, intent=ACCEPT).body["id"] for customer in customers]
    assert len(set(made)) == 2

    # Each has its own
    assert [list(chilean.profiles(customer)) for customer in customers] == [[profile] for profile in made]

    # The key brings it again
    again = [chilean.ask("createPaymentProfile", customer, body=body, key=KEY).body["id"] for customer in customers]
    assert again == made


@pytest.mark.operation("createPaymentProfile")
def test_key_of_another_operation(seller: Seller, sales: Sales, deeds: type[Deed]) -> None:
    """One key goes through a whole life: creation, addition, deletion, cancellation.

    Expect that it never brings the answer of another operation, and on the reference server that all of it happens.
    """
    # Each operation under the same key
    customer = seller.register()
    deed = deeds.of(seller, "createPaymentProfile", customer)
    created = deed.send(accepted=True)
    assert created.status == 201
    profile = created.body["id"]
    method = created.body["payment_methods"][0]["payment_method_id"]
    card = sales.by_token(seller.token())
    added = seller.ask("addProfileMethod", customer, profile=profile, body=card, key=KEY)
    deleted = seller.ask("deleteProfileMethod", customer, profile=profile, method=method, key=KEY)
    cancelled = seller.ask("cancelPaymentProfile", customer, profile=profile, key=KEY)

    # All of it has happened
    if seller.apis.session.target.reference:
        assert [answer.status for answer in (added, deleted, cancelled)] == [201, 204, 204]
        (left,) = seller.profiles(customer).values()
        assert (left.status, len(left.methods), method in left.methods) == ("CANCELLED", 1, False)


@pytest.mark.needs("second-tenant")
@pytest.mark.parametrize("operation", OPERATIONS)
def test_key_of_another_tenant(seller: Seller, other_seller: Seller, deeds: type[Deed], operation: str) -> None:
    """Two sellers use the same key for the same operation, one after the other and at the same time.

    Expect each to get its own, and what it asked for to have happened once.
    """
    # One after the other
    ours, theirs = deeds.of(seller, operation), deeds.of(other_seller, operation)
    first = ours.send(accepted=True)
    second = theirs.send(accepted=True)
    assert first.status == second.status
    assert (ours.times(), theirs.times()) == (1, 1)
    if operation == "createPaymentProfile":
        assert first.body["id"] != second.body["id"]

    # At the same time, under another key that both use: only creations are left to be done
    if operation == "createPaymentProfile":
        with ThreadPoolExecutor(2) as pool:
            requests = [(deed.seller.api, [deed.request("shared-key")] * 4) for deed in (ours, theirs)]
            mine, others = list(pool.map(lambda one: one[0].session.together(one[0].tenant, one[1]), requests))
        assert {answer.body["id"] for answer in mine}.isdisjoint(answer.body["id"] for answer in others)
        assert (ours.times(), theirs.times()) == (2, 2)

    # The key still brings each its own answer
    again = ours.send().body, theirs.send().body
    assert again == (first.body, second.body) or not seller.apis.session.target.reference


@pytest.mark.needs("clock")
@pytest.mark.parametrize("operation", OPERATIONS)
def test_key_after_its_day(seller: Seller, deeds: type[Deed], operation: str) -> None:
    """A request is repeated under its key a little before and a little after 24 hours.

    Expect it to be answered as before within the day. Afterwards the reference server takes it for a new request.
    """
    # It happens
    deed = deeds.of(seller, operation)
    first = deed.send(accepted=True)
    seen = deed.seen()

    # Within the day
    seller.apis.advance(DAY - 60)
    assert deed.alike([first, deed.send()]) or not seller.apis.session.target.reference
    assert deed.seen() == seen

    # After it: a second profile, or nothing left to do
    seller.apis.advance(120)
    answer = deed.send()
    if seller.apis.session.target.reference:
        statuses = {"createPaymentProfile": 201, "addProfileMethod": 400, "deleteProfileMethod": 404, "cancelPaymentProfile": 400}
        assert answer.status == statuses[operation]
        assert (deed.seen() == seen) == (operation != "createPaymentProfile")


@pytest.mark.needs("clock")
@pytest.mark.operation("createPaymentProfile")
def test_key_after_days(seller: Seller, deeds: type[Deed]) -> None:
    """A seller whose own counting begins anew sends a creation under a key that it used days ago.

    Expect that the profile of then stays as it is, and on the reference server a new one.
    """
    # A profile, days ago
    deed = deeds.of(seller, "createPaymentProfile")
    first = deed.send(accepted=True)
    then = seller.profiles(deed.customer)
    seller.apis.advance(3 * DAY)

    # The key is free
    answer = deed.send()
    if seller.apis.session.target.reference:
        assert answer.status == 201
        assert answer.body["id"] != first.body["id"]
        assert deed.times() == 2

    # And counts again for a day
    assert deed.send().body == answer.body
    assert seller.profiles(deed.customer).items() >= then.items()
