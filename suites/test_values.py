"""What goes in comes back: every value of an enumeration, and names as their owners write them."""

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


NAMES = (
    ("John", "Doe"), ("JOHN", "DOE"), ("john", "doe"), ("Jean-Luc", "McDonald"), ("DeShawn", "van der Berg"), ("Zoë", "d'Arcy"),
    ("Åse Marie", "Łukasiewicz-O'Neill"), ("Wm.", "Smith III"),
)  # fmt: skip
"""First and last names: in every case, of several words, with letters and signs that not every code page has."""


@pytest.mark.api("jpmorgan-profiles")
@pytest.mark.operation("createConsumerProfile")
def test_names_come_back_as_written(merchant: Merchant, payloads: Payloads) -> None:
    """Consumers write their names in many ways: on a profile, a card, an address and a bank account.

    Expect each name to come back letter by letter, at once and when it is read, and to be changed into any other.
    """
    # Each name on a card of its own, with an address
    written = [{"firstName": first, "lastName": last} for first, last in NAMES]
    cards = [payloads.card(**name, consumerProfileAddress=payloads.address(**name, line1=name["lastName"])) for name in written]
    profile = merchant.create(payloads.profile(*cards, **written[3]))
    assert sorted(_names(profile.methods)) == sorted(NAMES)
    assert sorted(_names(profile.addresses)) == sorted(NAMES)
    assert merchant.read(profile).state == profile.state

    # Added later, to a profile that is renamed to each of them
    later = merchant.create(payloads.profile())
    for name in written:
        assert _names({"": merchant.update(later, **name).shown}) == [tuple(name.values())]
    added = merchant.add(later, {"cardList": cards, "achList": [payloads.ach(**name) for name in written]})
    assert merchant.read(later).state == added.state

    # A card takes each of them
    card = added.card("9999")
    for name in written:
        assert _names({"": merchant.change(later, card, {"card": name}).methods[card]}) == [tuple(name.values())]


def _names(holders: dict[str, Any]) -> list[tuple[str, str]]:
    return [(holder["firstName"], holder["lastName"]) for holder in holders.values()]
