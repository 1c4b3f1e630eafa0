"""What belongs to one profile or to one merchant, and is never seen or changed from another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from suites.fixtures.jpmorgan import Merchant, Payloads

pytestmark = pytest.mark.api("jpmorgan-profiles")


def test_two_profiles_do_not_mix(merchant: Merchant, payloads: Payloads) -> None:
    """Two consumers of one merchant have the same card on file.

    Everything is done to the profile of one of them. Expect the profile of the other to stay as it is, and none of
    its methods to be reachable through the first.
    """
    # The same card in two profiles: two methods, two addresses
    one = merchant.create(payloads.profile(payloads.card()))
    other = merchant.create(payloads.profile(payloads.card(), firstName="Jane"))
    assert one.id != other.id
    assert one.card("0919") != other.card("0919")
    assert one.addresses.keys().isdisjoint(other.addresses) or not merchant.apis.session.target.reference

    # One profile lives
    merchant.update(one, firstName="Jim")
    merchant.change(one, one.card("0919"), payloads.change(lastName="Roe"))
    merchant.set_default(one, merchant.add(one, payloads.addition(cardList=[payloads.first_card()])).card("9999"))
    merchant.remove(one, one.card("0919"))

    # The other profile's card is not found there
    assert merchant.ask("setDefaultPaymentMethod", one, other.card("0919")).status in {400, 404}
    assert merchant.ask("deletePaymentMethod", one, other.card("0919")).status in {400, 404}

    # The other profile is as it was created
    assert merchant.read(other).state == other.state


@pytest.mark.needs("second-tenant")
def test_two_merchants_do_not_see_each_other(merchant: Merchant, other_merchant: Merchant, payloads: Payloads) -> None:
    """Two merchants have profiles; each tries to reach the other's, by its id and by the merchant identifier.

    Expect a refusal each time, and both profiles to be as they were.
    """
    # Each merchant has a profile and reads it
    mine = merchant.create(payloads.profile())
    theirs = other_merchant.create(payloads.profile(firstName="Jane"))
    assert merchant.read(mine).state == mine.state
    assert other_merchant.read(theirs).state == theirs.state

    # The id of a foreign profile, both ways
    for visitor, foreign in ((merchant, theirs), (other_merchant, mine)):
        method = foreign.card("9999")
        assert visitor.ask("getConsumerProfile", foreign).status in {403, 404}
        assert visitor.ask("updateConsumerProfile", foreign, body=payloads.rename()).status in {403, 404}
        assert visitor.ask("getPaymentMethodStatus", foreign, method).status in {403, 404}
        assert visitor.ask("deletePaymentMethod", foreign, method).status in {403, 404}
        assert visitor.ask("deleteConsumerProfile", foreign).status in {403, 404}

    # An own token with a foreign merchant identifier, both ways
    for visitor, host, foreign in ((merchant, other_merchant, theirs), (other_merchant, merchant, mine)):
        borrowed = {"merchantIdentifier": host.apis.credentials["merchant_id"]}
        assert visitor.ask("getConsumerProfile", foreign, headers=borrowed).status in {401, 403, 404}
        assert visitor.ask("deleteConsumerProfile", foreign, headers=borrowed).status in {401, 403, 404}

    # Nothing has happened
    assert merchant.read(mine).state == mine.state
    assert other_merchant.read(theirs).state == theirs.state
    merchant.expect_effects(profiles_created=1, methods_added=1, addresses_created=1)
    other_merchant.expect_effects(profiles_created=1, methods_added=1, addresses_created=1)
