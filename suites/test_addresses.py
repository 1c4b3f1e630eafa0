"""The addresses of a profile: how cards come by them, and what becomes of them when cards move on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from suites.fixtures.jpmorgan import Merchant, Payloads

pytestmark = pytest.mark.api("jpmorgan-profiles")


def test_addresses_of_one_card_over_time(merchant: Merchant, payloads: Payloads) -> None:
    """A consumer moves twice, and comes back.

    The card gets a new address each time, then the first one by its identifier. Expect the card to follow, every
    address to stay in the profile, and none to be made by going back.
    """
    # The card is billed to the first address
    profile = merchant.create(payloads.profile(payloads.card()))
    card = profile.card("0919")
    home = profile.methods[card]["addressIdentifier"]

    # Two removals
    for line in ("300 Elton Street", "1 Elm Street"):
        moved = merchant.change(profile, card, {"card": {"consumerProfileAddress": payloads.address(line1=line)}})
        assert moved.addresses[moved.methods[card]["addressIdentifier"]]["line1"] == line

    # Back home, without sending the address again
    back = merchant.change(profile, card, {"card": {"addressIdentifier": home}})
    assert back.methods == profile.methods
    assert back.addresses[home] == profile.addresses[home]
    assert len(back.addresses) == 3

    # A read shows the same
    assert merchant.read(profile).state == back.state
    merchant.expect_effects(profiles_created=1, methods_added=1, addresses_created=3, methods_updated=3)


def test_two_cards_share_an_address(merchant: Merchant, payloads: Payloads) -> None:
    """A second card is added with the identifier of an address that the profile has.

    Expect both cards to refer to it, and the second to keep it when the first moves away.
    """
    # One card, one address
    profile = merchant.create(payloads.profile(payloads.first_card()))
    first = profile.card("9999")
    shared = profile.methods[first]["addressIdentifier"]

    # The second card lives there too
    card = payloads.card(consumerProfileAddress=None, addressIdentifier=shared)
    both = merchant.add(profile, {"cardList": [card]})
    second = both.card("0919")
    assert both.methods[second]["addressIdentifier"] == shared
    assert both.addresses == profile.addresses

    # The first card moves, the second stays
    elm = payloads.address(line1="1 Elm Street")
    moved = merchant.change(profile, first, {"card": {"consumerProfileAddress": elm}})
    assert moved.methods[first]["addressIdentifier"] != shared
    assert moved.methods[second] == both.methods[second]

    # A read shows the same
    assert merchant.read(profile).state == moved.state
    merchant.expect_effects(profiles_created=1, methods_added=2, addresses_created=2, methods_updated=1)
