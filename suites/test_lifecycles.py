"""What merchants live through with consumer profiles, from the first card to the last.

Each story asserts its own steps. What the documents promise beyond them is judged on every exchange by itself. Where
no document says what happens, every answer that leaves the profile consistent is right.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from suites.fixtures.jpmorgan import Merchant, Payloads

pytestmark = pytest.mark.api("jpmorgan-profiles")

VISA = "4112344112344113"
MASTERCARD = "5112345112345114"
JCB = "3566003566003566"

YEAR = 365 * 24 * 3600
"""Seconds."""


def test_documented_story(merchant: Merchant, payloads: Payloads) -> None:
    """The cards of one consumer, as the vendor's page tells it, with its payloads.

    A profile gets a second card, the card gets another address and becomes the default, the first card is deleted.
    Expect the second card alone, as the default, and every address that was ever given.
    """
    jack = merchant.labelled(userIdentifier="jack", correlationIdentifier="648ccc37-e006-45ee-a127-2718bffeadad")

    # The profile has one card
    profile = jack.create(payloads.profile())
    first = profile.card("9999")

    # A card is added with its shipping address; the first one stays as it was
    added = jack.add(profile, payloads.addition())
    second = added.card("0919")
    assert added.methods.keys() == {first, second}
    assert added.methods[first] == profile.methods[first]
    assert added.addresses[added.methods[second]["addressIdentifier"]]["line1"] == "400 Elton Farm"

    # The card gets a billing address; the shipping address stays in the profile
    changed = jack.change(profile, second, payloads.change())
    assert changed.addresses[changed.methods[second]["addressIdentifier"]]["line1"] == "300 Elton Street"
    assert len(changed.addresses) == 3

    # The card becomes the default, and is still listed
    chosen = jack.set_default(profile, second)
    assert chosen.default == second
    assert chosen.methods == changed.methods

    # The first card is deleted
    left = jack.remove(profile, first)
    assert left.methods == {second: changed.methods[second]}
    assert left.default == second

    # A read shows the same, and nothing was done twice
    assert merchant.read(profile).state == left.state
    merchant.expect_effects(profiles_created=1, methods_added=2, addresses_created=3, methods_updated=1,
                            defaults_set=1, methods_deleted=1)  # fmt: skip


def test_expired_card_is_replaced(merchant: Merchant, payloads: Payloads) -> None:
    """A card ran out, and the consumer, who has moved meanwhile, gets a new one with another number.

    The new card is added with the new address, becomes the default, and the old one is deleted. Expect that at no
    moment the profile is without a card, and that the new one is left.
    """
    # The only card is about to run out
    old_card = payloads.first_card(cardExpirationMonthYearNumber="01/2024")
    profile = merchant.create(payloads.profile(old_card))
    old = profile.card("9999")

    # The new card comes with the new address
    new_card = payloads.card(
        accountNumber=VISA, cardType="VI", cardExpirationMonthYearNumber="01/2031",
        consumerProfileAddress=payloads.address(line1="1 Elm Street", city="Philadelphia", postalCode="19104"),
    )  # fmt: skip
    both = merchant.add(profile, {"cardList": [new_card]})
    new = both.card("4113")
    assert both.methods[new]["cardExpirationMonthYearNumber"] == "01/2031"

    # It takes the place of the old one
    merchant.set_default(profile, new)
    merchant.remove(profile, old)

    # One card is left, with the address at which the consumer lives now
    left = merchant.read(profile)
    assert left.methods.keys() == {new}
    assert left.default == new
    assert left.addresses[left.methods[new]["addressIdentifier"]]["postalCode"] == "19104"
    merchant.expect_effects(profiles_created=1, methods_added=2, addresses_created=2, defaults_set=1, methods_deleted=1)


def test_renewed_card_keeps_its_number(merchant: Merchant, payloads: Payloads) -> None:
    """The bank sends a card with the same number and a later expiry.

    Only the expiry is sent. Expect it to be shown, in the default too, and everything else of both cards to stay.
    """
    # Two cards, the first of them the default
    profile = merchant.create(payloads.profile(payloads.first_card(), payloads.card()))
    renewed, other = profile.card("9999"), profile.card("0919")
    before = merchant.set_default(profile, renewed)

    # One member is sent
    after = merchant.change(profile, renewed, {"card": {"cardExpirationMonthYearNumber": "11/2031"}})

    # One member has changed
    assert after.methods[renewed] == {**before.methods[renewed], "cardExpirationMonthYearNumber": "11/2031"}
    assert after.methods[other] == before.methods[other]
    assert after.default == renewed

    # A read shows the same, and one method was changed
    assert merchant.read(profile).state == after.state
    merchant.expect_effects(profiles_created=1, methods_added=2, addresses_created=2, defaults_set=1, methods_updated=1)


def test_card_is_taken_out_of_use_and_back(merchant: Merchant, payloads: Payloads) -> None:
    """The consumer misses a card, and finds it again.

    The card is set to INACTIVE and later to ACTIVE. Expect it to stay listed with everything that it had.
    """
    # Two cards in use
    profile = merchant.create(payloads.profile(payloads.first_card(), payloads.card()))
    missed, other = profile.card("0919"), profile.card("9999")

    # One is taken out of use: it is still there
    without = merchant.change(profile, missed, {"card": {"accountStatus": "INACTIVE"}})
    assert without.methods[missed] == {**profile.methods[missed], "accountStatus": "INACTIVE"}
    assert without.methods[other] == profile.methods[other]

    # It comes back
    back = merchant.change(profile, missed, {"card": {"accountStatus": "ACTIVE"}})
    assert back.methods == profile.methods

    # A read shows the same
    assert merchant.read(profile).state == back.state
    merchant.expect_effects(profiles_created=1, methods_added=2, addresses_created=2, methods_updated=2)


def test_same_number_twice(merchant: Merchant, payloads: Payloads) -> None:
    """A card that the profile has already is added once more; no document says whether that is allowed.

    Expect either a refusal that changes nothing, or a second method that lives and dies by itself.
    """
    # The card is there
    profile = merchant.create(payloads.profile(payloads.card()))
    first = profile.card("0919")

    # It is added again
    answer = merchant.ask("addPaymentMethod", profile, body=payloads.addition())
    after = merchant.read(profile)
    if answer.status != 200:
        assert 400 <= answer.status < 500
        assert after.state == profile.state
        return
    (second,) = after.methods.keys() - {first}

    # One of the two is deleted, the other one is untouched by it
    left = merchant.remove(profile, second)
    assert left.methods == {first: after.methods[first]}
    assert merchant.read(profile).state == left.state
    merchant.expect_effects(profiles_created=1, methods_added=2, addresses_created=2, methods_deleted=1)


def test_several_methods_in_one_request(merchant: Merchant, payloads: Payloads) -> None:
    """Two cards and an account are added at once.

    Expect three new methods, each with an id of its own and what was sent with it.
    """
    # One card
    profile = merchant.create(payloads.profile())

    # Three more methods come in one request
    cards = [
        payloads.card(accountNumber=VISA, cardType="VI", cardExpirationMonthYearNumber="03/2030"),
        payloads.card(accountNumber=JCB, cardType="JC", cardExpirationMonthYearNumber="04/2031", lastName="Roe"),
    ]
    added = merchant.add(profile, {"cardList": cards, "achList": [payloads.ach()]})
    assert len(added.methods) == 4

    # Nothing went to the wrong card
    visa, jcb = added.methods[added.card("4113")], added.methods[added.card("3566")]
    assert (visa["cardType"], visa["cardExpirationMonthYearNumber"], visa["lastName"]) == ("VI", "03/2030", "Doe")
    assert (jcb["cardType"], jcb["cardExpirationMonthYearNumber"], jcb["lastName"]) == ("JC", "04/2031", "Roe")

    # A read shows the same
    assert merchant.read(profile).state == added.state
    merchant.expect_effects(profiles_created=1, methods_added=4, addresses_created=3)


def test_profile_is_deactivated_and_reactivated(merchant: Merchant, payloads: Payloads) -> None:
    """A merchant stops charging a consumer for a while.

    The profile is set to INACTIVE and later to ACTIVE. Expect nothing else in it to change.
    """
    # An active profile
    profile = merchant.create(payloads.profile(profileStatus="ACTIVE"))
    assert profile.shown["profileStatus"] == "ACTIVE"

    # It rests
    resting = merchant.update(profile, profileStatus="INACTIVE")
    assert resting.shown["profileStatus"] == "INACTIVE"
    assert merchant.read(profile).state == resting.state

    # It is back, with what it had
    back = merchant.update(profile, profileStatus="ACTIVE")
    assert back.shown["profileStatus"] == "ACTIVE"
    assert (back.methods, back.default, back.addresses) == (profile.methods, profile.default, profile.addresses)
    merchant.expect_effects(profiles_created=1, methods_added=1, addresses_created=1, profiles_updated=2)


def test_names_are_changed_one_at_a_time(merchant: Merchant, payloads: Payloads) -> None:
    """A consumer marries.

    The last name is changed, then the reference number. Expect each change to leave the rest of the profile, and the
    names on the card and on the address.
    """
    # A profile with both names
    profile = merchant.create(payloads.profile())
    card = profile.card("9999")

    # The last name alone
    married = merchant.update(profile, lastName="Roe")
    assert (married.shown["firstName"], married.shown["lastName"]) == ("John", "Roe")
    assert married.shown["communication"] == profile.shown["communication"]
    assert married.methods == profile.methods

    # The reference number alone
    renumbered = merchant.update(profile, cardOnFileReferenceNumber="124")
    assert renumbered.shown["cardOnFileReferenceNumber"] == "124"
    assert renumbered.shown["lastName"] == "Roe"
    assert renumbered.methods[card]["lastName"] == "Doe"

    # A read shows both changes
    assert merchant.read(profile).state == renumbered.state
    merchant.expect_effects(profiles_created=1, methods_added=1, addresses_created=1, profiles_updated=2)


@pytest.mark.operation("getPaymentMethodStatus")
def test_authentication_outlives_changes(merchant: Merchant, payloads: Payloads) -> None:
    """The 3-D Secure status of a card is read again and again while other things change.

    Expect the same authentication each time, not that of the other card, and reading to change nothing.
    """
    # Two cards, two statuses
    profile = merchant.create(payloads.profile(payloads.first_card(), payloads.card()))
    watched, other = profile.card("0919"), profile.card("9999")
    asked = merchant.labelled(requestIdentifier="85b42b15-7f87-45a5-a972-65037acdcf18")
    first = asked.status(profile, watched)
    assert first["consumerProfileId"] == profile.id
    second = merchant.status(profile, other)
    if "cardAuthenticationDetails" in first:
        assert second.get("cardAuthenticationDetails") != first["cardAuthenticationDetails"]

    # The profile, the other card and the default change
    merchant.update(profile, firstName="Jane")
    merchant.change(profile, other, {"card": {"cardExpirationMonthYearNumber": "11/2031"}})
    merchant.set_default(profile, other)
    left = merchant.remove(profile, other)

    # The authentication is still the same
    assert merchant.status(profile, watched).get("cardAuthenticationDetails") == first.get("cardAuthenticationDetails")
    assert merchant.read(profile).state == left.state


def test_many_methods_in_one_profile(merchant: Merchant, payloads: Payloads) -> None:
    """A profile collects thirty methods.

    Cards and accounts are added one after the other, then one in the middle is changed, chosen and deleted. Expect
    every method to be listed once, and only the one in the middle to be concerned.
    """
    # Thirty methods, one more with each request
    profile = merchant.create(payloads.profile(payloads.card(consumerProfileAddress=None)))
    added = profile
    numbers = (VISA, MASTERCARD)
    for count in range(2, 31):
        if count % 3:
            card = payloads.card(accountNumber=numbers[count % 2], cardType=None, consumerProfileAddress=None)
            body = {"cardList": [card]}
        else:
            body = {"achList": [payloads.ach()]}
        added = merchant.add(profile, body)
        assert len(added.methods) == count

    # One card is changed and chosen
    middle = added.card("0919")
    changed = merchant.change(profile, middle, {"card": {"cardExpirationMonthYearNumber": "11/2031"}})
    assert merchant.set_default(profile, middle).default == middle
    others = {identifier: method for identifier, method in added.methods.items() if identifier != middle}
    assert changed.methods == {**others, middle: changed.methods[middle]}

    # It is deleted, and the others are there
    chosen = next(iter(others))
    merchant.set_default(profile, chosen)
    assert merchant.remove(profile, middle).methods == others
    assert merchant.read(profile).methods == others
    merchant.expect_effects(profiles_created=1, methods_added=30, methods_updated=1, defaults_set=2, methods_deleted=1)


@pytest.mark.needs("clock")
def test_profile_over_the_years(merchant: Merchant, payloads: Payloads) -> None:
    """A profile is created, and years lie between the changes to it; its card has run out by then.

    Expect the time of creation to stay, the time of the last update to follow the changes and not the reads, and an
    expired card to be listed like any other.
    """
    # Created today
    profile = merchant.create(payloads.profile(payloads.card(cardExpirationMonthYearNumber="02/2025")))
    card = profile.card("0919")

    # A year later it is only read
    merchant.apis.advance(YEAR)
    assert merchant.read(profile).state == profile.state

    # Another ten years later the name is changed
    merchant.apis.advance(10 * YEAR)
    later = merchant.update(profile, firstName="Jane")
    if "createTimestamp" in profile.shown:
        assert later.shown["createTimestamp"] == profile.shown["createTimestamp"]
        assert later.shown["updateTimestamp"] > profile.shown["updateTimestamp"]
    assert later.methods[card] == profile.methods[card]

    # A read shows the same
    assert merchant.read(profile).state == later.state
