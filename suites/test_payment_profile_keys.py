"""Idempotency keys of payment profiles: a repetition under one key is the same request, and happens once.

What can go wrong: a customer is charged through two profiles because a request came twice or eight times at once, or two
keys that differ are taken for one. That the key prevents a second execution is documented; what another body means is not,
and only the reference server is held to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from payproof.client import ACCEPT

if TYPE_CHECKING:
    from suites.fixtures.mercadopago import Sales, Seller
    from suites.fixtures.mercadopago_deeds import Deed

pytestmark = pytest.mark.api("mercadopago-profiles")

KEYED = ("createPaymentProfile", "addProfileMethod", "deleteProfileMethod", "cancelPaymentProfile")
OPERATIONS = [pytest.param(name, marks=pytest.mark.operation(name)) for name in KEYED]
WITH_BODY = OPERATIONS[:2]

KEY = "9467b696-d9d5-497c-aa47-019de6f19763"
"""The documented idempotency key."""


@pytest.mark.parametrize("operation", OPERATIONS)
def test_same_request_again(seller: Seller, deeds: type[Deed], operation: str) -> None:
    """A request is sent three times under one key, and then once more under a new one.

    Expect it to happen once, with the same answer each time, and the last one to be a request of its own.
    """
    # It happens
    deed = deeds.of(seller, operation)
    first = deed.send(accepted=True)
    assert first.status in {201, 204}
    assert deed.times() == 1
    seen = deed.seen()

    # Its repetitions do nothing, and are answered as the first one was
    again = [deed.send() for _ in range(2)]
    assert deed.alike([first, *again]) or not seller.apis.session.target.reference
    assert deed.seen() == seen

    # Under a new key it is another request: one more profile, or nothing left to do
    other = deed.send("another-key")
    if operation == "createPaymentProfile":
        assert other.status == 201
        assert deed.times() == 2
    else:
        assert deed.seen() == seen


@pytest.mark.parametrize("operation", WITH_BODY)
def test_another_body(seller: Seller, deeds: type[Deed], operation: str) -> None:
    """A key that was used comes back with another body.

    Expect that what was made first stays as it is and nothing comes to it, and on the reference server a refusal that names the key.
    """
    # It happens once
    deed = deeds.of(seller, operation)
    assert deed.body is not None
    assert deed.send(accepted=True).status == 201
    seen = deed.seen()

    # Two other bodies: one member has another value, one is not there
    changed, left_out = {**deed.body}, {**deed.body}
    if operation == "createPaymentProfile":
        changed["max_day_overdue"] = 6
        del left_out["statement_descriptor"]
    else:
        changed["type"] = "debit_card"
        del left_out["default_method"]
    for body in (changed, left_out):
        answer = deed.send(body=body)
        if seller.apis.session.target.reference:
            assert answer.status == 400
            assert "X-Idempotency-Key" in answer.text
            assert deed.seen() == seen
        assert deed.seen()[0].items() >= seen[0].items()

    # The first body is still answered as it was
    assert deed.send().status == 201 or not seller.apis.session.target.reference


@pytest.mark.parametrize("operation", OPERATIONS)
def test_eight_at_once(seller: Seller, deeds: type[Deed], operation: str) -> None:
    """Eight equal requests under one key arrive at the same time.

    Expect one of them to happen, whatever the other ones are told; on the reference server they are all told the same.
    """
    # Nothing has happened
    deed = deeds.of(seller, operation)
    assert deed.times() == 0

    # All at once
    answers = seller.api.together([deed.request() for _ in range(8)])
    done = [answer for answer in answers if answer.status < 300]
    assert done
    assert deed.alike(done)
    if seller.apis.session.target.reference:
        assert len(done) == 8

    # It has happened once
    assert deed.times() == 1
    assert deed.send().body == done[0].body or not seller.apis.session.target.reference
    assert deed.times() == 1


@pytest.mark.operation("createPaymentProfile")
def test_different_keys_at_once(seller: Seller, deeds: type[Deed]) -> None:
    """Eight creations under eight keys arrive at the same time. Expect eight profiles, since nobody asked for fewer."""
    # Nothing is there
    deed = deeds.of(seller, "createPaymentProfile")
    assert deed.times() == 0

    # All at once
    answers = seller.api.together([deed.request(f"key-{number}") for number in range(8)])
    assert {answer.status for answer in answers} == {201}
    assert len({answer.body["id"] for answer in answers}) == 8

    # All are there
    assert deed.times() == 8


@pytest.mark.operation("addProfileMethod")
def test_different_additions_at_once(seller: Seller, sales: Sales) -> None:
    """Four cards are added to a profile with one card at the same moment, each under a key of its own.

    Expect one of them to find room, and the others to be refused.
    """
    # One card, and room for one more
    customer = seller.register()
    profile = seller.create(customer, sales.by_card(seller.save_card(customer)))
    path = {"customer_id": customer, "payment_profile_id": profile.id}
    cards = [seller.save_card(customer) for _ in range(4)]

    # All at once
    answers = seller.api.together([seller.api.request("addProfileMethod", path=path, body=sales.by_card(card)) for card in cards])
    added = [card for card, answer in zip(cards, answers, strict=True) if answer.status == 201]
    assert len(added) <= 1
    if seller.apis.session.target.reference:
        assert len(added) == 1

    # What was told is what has happened
    shown = seller.read(profile).methods
    assert len(shown) == 1 + len(added)
    assert {method["card_id"] for name, method in shown.items() if name not in profile.methods and "card_id" in method} <= set(added)
    assert seller.effects().get("payment profile methods added", len(added)) == len(added)


@pytest.mark.operation("createPaymentProfile")
def test_keys_of_every_length(seller: Seller, deeds: type[Deed]) -> None:
    """Keys of one character, of 64, and of every kind of visible character are used.

    Expect each to be accepted and to count, and two that differ in their case only to be two.
    """
    # Each makes a profile of its own
    deed = deeds.of(seller, "createPaymentProfile")
    keys = ("k", "K", "k" * 64, "K" * 64, "!#$%&'*+-.^_`|~0aZ", KEY, KEY.upper())
    answers = {key: deed.send(key, accepted=True) for key in keys}
    assert {answer.status for answer in answers.values()} == {201}
    assert len({answer.body["id"] for answer in answers.values()}) == len(keys)

    # And each is known again
    again = {key: deed.send(key) for key in keys}
    if seller.apis.session.target.reference:
        assert {key: answer.body["id"] for key, answer in again.items()} == {key: answer.body["id"] for key, answer in answers.items()}
    assert deed.times() == len(keys)


@pytest.mark.operation("addProfileMethod")
def test_keys_of_two_additions(seller: Seller, sales: Sales) -> None:
    """The only card of a profile is replaced by another, under keys that differ in the case of their letters.

    Expect both to be accepted, and the profile to have the second card in the end.
    """
    # One card, and away with it
    customer = seller.register()
    profile = seller.create(customer, sales.by_card(seller.save_card(customer)))
    first = seller.save_card(customer)
    assert seller.ask("addProfileMethod", profile, body=sales.by_card(first), key="card-a", intent=ACCEPT).status == 201
    for method in seller.read(profile).methods:
        seller.remove(profile, method)

    # Another card, and another key
    second = seller.save_card(customer)
    assert seller.ask("addProfileMethod", profile, body=sales.by_card(second), key="card-A", intent=ACCEPT).status == 201
    assert [method.get("card_id", second) for method in seller.read(profile).methods.values()] == [second]
