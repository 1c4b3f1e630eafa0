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
@pytest.mark.every_case
@pytest.mark.parametrize("member", ["cardType", "currency"])
def test_cards_with_every_value(merchant: Merchant, payloads: Payloads, member: str) -> None:
    """A consumer has a card for each documented card type, and one for each currency.

    Expect each card to be listed with what was sent.
    """
    # A profile is created with one card for each value
    values = documented(merchant, "NewCard", member)
    cards = [payloads.card(**{member: value, "consumerProfileAddress": None}) for value in values]
    profile = merchant.create(payloads.profile(*cards))

    # All of them are listed
    assert sorted(card[member] for card in merchant.read(profile).methods.values()) == sorted(values)
