"""Every value of an enumeration goes in and comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from payproof.schema import members

if TYPE_CHECKING:
    from suites.fixtures.jpmorgan import Merchant, Payloads


def documented(merchant: Merchant, schema: str, member: str) -> list[Any]:
    """Give the values that the profiles API documents for a member of a schema."""
    document = merchant.api.session.kit.contracts["jpmorgan-profiles"].spec.document
    (found,) = members(document, document["components"]["schemas"][schema], (member,))
    values: list[Any] = found[0]["enum"]
    return values


@pytest.mark.api("jpmorgan-profiles")
def test_cards_in_every_currency(merchant: Merchant, payloads: Payloads) -> None:
    """A consumer has a card for each documented currency.

    Expect each card to be listed with its currency.
    """
    # A profile is created with one card for each currency
    currencies = documented(merchant, "NewCard", "currency")
    cards = [payloads.card(currency=currency, consumerProfileAddress=None) for currency in currencies]
    profile = merchant.create(payloads.profile(*cards))

    # All of them are listed
    assert sorted(card["currency"] for card in merchant.read(profile).methods.values()) == sorted(currencies)
