"""What a payment profile keeps of what a seller sent for it, and of what was refused.

What can go wrong: a card that nobody chose becomes the default, a text comes back changed, or a card that was refused is
kept on file, or used up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from suites.fixtures.mercadopago import Sales, Seller

pytestmark = pytest.mark.api("mercadopago-profiles")

MASTERCARD = "5031433215406351"
"""The vendor's published Mastercard for tests."""


def test_default_stays(seller: Seller, sales: Sales) -> None:
    """A profile has a default, and gets another card that is not to be it.

    Expect the default to be the card that it was, in a read and in the list.
    """
    # The only card, and one that the seller chose
    customer = seller.register()
    card = seller.save_card(customer)
    only = seller.read(seller.create(customer, sales.by_card(card)))
    chosen = seller.read(seller.create(customer, sales.by_card(card, default_method=True)))
    assert chosen.default is not None

    # Another card beside it, by its token and by its id
    seller.add(only, sales.by_token(seller.token(card_number=MASTERCARD), id="master"))
    seller.add(chosen, sales.by_card(seller.save_card(customer), default_method=False))

    # The default is what it was
    listed = seller.profiles(customer)
    for before in (only, chosen):
        assert len(seller.read(before).methods) == 2
        assert (seller.read(before).default, listed[before.id].default) == (before.default, before.default)


def test_texts_with_white_space(seller: Seller, sales: Sales) -> None:
    """A seller's texts begin and end with white space, and have it inside.

    Expect the texts as they were sent, everywhere on the reference server; elsewhere without the white space around them.
    """
    # Around and inside
    customer = seller.register()
    texts = {"description": "  Order 7,  second part\t", "statement_descriptor": " ACME  SHOP "}
    profile = seller.create(customer, sales.by_card(seller.save_card(customer)), **texts)
    assert {name: profile.shown[name].strip() for name in texts} == {name: text.strip() for name, text in texts.items()}
    if seller.apis.session.target.reference:
        assert {name: profile.shown[name] for name in texts} == texts

    # Everywhere the same
    assert seller.read(profile).since(profile) == profile.state
    assert seller.profiles(customer)[profile.id].since(profile) == profile.state


@pytest.mark.operation("addProfileMethod")
def test_card_that_was_not_taken(seller: Seller, sales: Sales) -> None:
    """A profile is full, and a third card comes; then a card comes that is not approved (the vendor's test name OTHE).

    Expect the first to be as good as before the refusal, and nothing to be kept of the second.
    """
    # A full profile, and one card too many
    customer = seller.register()
    full = seller.create(customer, sales.by_card(seller.save_card(customer)), sales.by_card(seller.save_card(customer), id="master"))
    token = seller.token()
    assert seller.ask("addProfileMethod", full, body=sales.by_card(seller.save_card(customer), id="elo")).status == 400
    assert seller.ask("addProfileMethod", full, body=sales.by_token(token, id="elo")).status == 400
    kept = seller.save_card(customer, token)

    # A card that is not approved, on both ways
    other = seller.create(customer, sales.by_card(kept))
    before, known = seller.read(other).state, seller.customer(customer)
    for operation, about in (("createPaymentProfile", customer), ("addProfileMethod", other)):
        method = sales.by_token(seller.token(holder="OTHE"), id="master")
        answer = seller.ask(operation, about, body=sales.profile(method) if about is customer else method)
        assert 400 <= answer.status < 500

    # Nothing is kept of it
    assert seller.customer(customer).get("cards") == known.get("cards")
    assert seller.read(other).state == before
