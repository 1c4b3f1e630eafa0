"""A request of many parts, one of which is refused: the others must not be done either.

What can go wrong is that a server works through a request from its beginning, stops where it finds the fault, says no,
and keeps what it has done so far; or leaves the fault out and does the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from payproof.exchange import Intent

if TYPE_CHECKING:
    from suites.fixtures.jpmorgan import Merchant, Payloads, Profile

pytestmark = pytest.mark.api("jpmorgan-profiles")

VISA = "4112344112344113"
MASTERCARD = "5112345112345114"
NO_ADDRESS = "00000000-0000-4000-8000-000000000000"
"""The id of an address that no profile has."""

FAULTS = {
    "address": ({"countryCode": "United States"}, "/consumerProfileAddress/countryCode", "maxLength"),
    "number": ("4112", "/accountNumber", "minLength"),
    "expiry": ("2031-11", "/cardExpirationMonthYearNumber", "pattern"),
    "status": ("FROZEN", "/accountStatus", "enum"),
}
"""What can be wrong with one card: its value, where it stands, and the constraint that it breaks."""


def _cards(payloads: Payloads, fault: str) -> list[dict[str, Any]]:
    """Give three cards, of which the second has a fault."""
    value, pointer, _ = FAULTS[fault]
    member = pointer.split("/")[1]
    faulty = payloads.card(**{member: payloads.address(**value) if isinstance(value, dict) else value})
    return [payloads.card(accountNumber=VISA, cardType="VI"), faulty, payloads.card(accountNumber=MASTERCARD, cardType="MC")]


def _nothing_done(merchant: Merchant, profile: Profile, done: dict[str, int]) -> None:
    """Demand that a profile is as it was, and that nothing has happened."""
    assert merchant.read(profile).state == profile.state
    assert merchant.effects() == done


@pytest.mark.operation("addPaymentMethod")
@pytest.mark.parametrize("fault", FAULTS)
def test_one_card_of_an_add(merchant: Merchant, payloads: Payloads, fault: str) -> None:
    """Three cards are added at once, and the second of them has a fault.

    Expect a refusal of all three, and the two others to be added without it.
    """
    # A profile with a card
    profile = merchant.create(payloads.profile())
    done = merchant.effects()

    # One of three has a fault
    cards = _cards(payloads, fault)
    intent = Intent("refuse", "body", f"/cardList/1{FAULTS[fault][1]}", FAULTS[fault][2])
    assert merchant.ask("addPaymentMethod", profile, body={"cardList": cards}, intent=intent).status == 400
    _nothing_done(merchant, profile, done)

    # Without it, the others are added
    added = merchant.add(profile, {"cardList": [cards[0], cards[2]]})
    assert added.methods.keys() == {*profile.methods, added.card(VISA[-4:]), added.card(MASTERCARD[-4:])}
    merchant.expect_effects(profiles_created=1, methods_added=3, addresses_created=3)


@pytest.mark.operation("addPaymentMethod")
def test_address_that_is_nowhere(merchant: Merchant, payloads: Payloads) -> None:
    """Three cards are added at once, and the second of them lives at an address that the profile does not have.

    Expect a refusal of all three; a server that overlooks the address has to add them all.
    """
    # A profile with a card
    profile = merchant.create(payloads.profile())
    done = merchant.effects()

    # One of three is at home nowhere
    homeless = payloads.card(consumerProfileAddress=None, addressIdentifier=NO_ADDRESS)
    cards = [payloads.card(accountNumber=VISA, cardType="VI"), homeless, payloads.card(accountNumber=MASTERCARD, cardType="MC")]
    answer = merchant.ask("addPaymentMethod", profile, body={"cardList": cards})

    # All or nothing
    if answer.status == 200:
        assert len(merchant.read(profile).methods) == 4
    else:
        assert 400 <= answer.status < 500
        _nothing_done(merchant, profile, done)
    assert answer.status != 200 or not merchant.apis.session.target.reference


@pytest.mark.operation("addPaymentMethod")
def test_one_kind_of_an_add(merchant: Merchant, payloads: Payloads) -> None:
    """A card, a bank account and a new default are added at once, and the default has a fault.

    Expect nothing to be added, and the default to stay.
    """
    # A profile with a card, which is its default
    profile = merchant.create(payloads.profile())
    done = merchant.effects()

    # The new default has half a number
    body = {
        "cardList": [payloads.card(accountNumber=VISA, cardType="VI")], "achList": [payloads.ach()],
        "defaultMOP": {"card": payloads.card(accountNumber="51123451")},
    }  # fmt: skip
    intent = Intent("refuse", "body", "/defaultMOP/card/accountNumber", "minLength")
    assert merchant.ask("addPaymentMethod", profile, body=body, intent=intent).status == 400
    _nothing_done(merchant, profile, done)


@pytest.mark.operation("createConsumerProfile")
@pytest.mark.parametrize("fault", FAULTS)
def test_one_card_of_a_new_profile(merchant: Merchant, payloads: Payloads, fault: str) -> None:
    """A profile is created with three cards, and the second of them has a fault.

    Expect no profile, and one with the two others when it is asked for again.
    """
    # One of three has a fault
    cards = _cards(payloads, fault)
    intent = Intent("refuse", "body", f"/profilePaymentMethod/cardList/1{FAULTS[fault][1]}", FAULTS[fault][2])
    assert merchant.ask("createConsumerProfile", body=payloads.profile(*cards), intent=intent).status == 400
    merchant.expect_effects()

    # Without it, there is a profile
    profile = merchant.create(payloads.profile(cards[0], cards[2]))
    assert len(merchant.read(profile).methods) == 2
    merchant.expect_effects(profiles_created=1, methods_added=2, addresses_created=2)


@pytest.mark.operation("updatePaymentMethod")
def test_one_member_of_a_change(merchant: Merchant, payloads: Payloads) -> None:
    """A card gets another expiry, another holder, another status and another address, each time one of them with a fault.

    Expect a refusal each time, and a card as it was.
    """
    # A card
    profile = merchant.create(payloads.profile(payloads.card()))
    card, done = profile.card("0919"), merchant.effects()

    # Its change has one fault
    good = {"cardExpirationMonthYearNumber": "11/2031", "accountStatus": "INACTIVE", "firstName": "Ada", "lastName": "Roe",
            "consumerProfileAddress": payloads.address(line1="1 Elm Street")}  # fmt: skip
    faults: dict[str, tuple[str, dict[str, Any]]] = {
        "/cardExpirationMonthYearNumber": ("pattern", {"cardExpirationMonthYearNumber": "13/2031"}),
        "/accountStatus": ("enum", {"accountStatus": "FROZEN"}),
        "/lastName": ("maxLength", {"lastName": "R" * 71}),
        "/consumerProfileAddress/postalCode": ("minLength", {"consumerProfileAddress": payloads.address(postalCode="1")}),
    }
    for pointer, (keyword, faulty) in faults.items():
        intent = Intent("refuse", "body", f"/card{pointer}", keyword)
        assert merchant.ask("updatePaymentMethod", profile, card, body={"card": {**good, **faulty}}, intent=intent).status == 400
    _nothing_done(merchant, profile, done)

    # Without a fault, all of it is changed
    changed = merchant.change(profile, card, {"card": good})
    assert {changed.methods[card][name] for name in ("firstName", "lastName", "accountStatus")} == {"Ada", "Roe", "INACTIVE"}


@pytest.mark.operation("updateConsumerProfile")
def test_one_member_of_a_profile(merchant: Merchant, payloads: Payloads) -> None:
    """A profile gets another name, another number and another status, each time one of them with a fault.

    Expect a refusal each time, and a profile as it was.
    """
    # A profile
    profile = merchant.create(payloads.profile())
    done = merchant.effects()

    # Its change has one fault
    good = {"firstName": "Ada", "lastName": "Roe", "cardOnFileReferenceNumber": "456", "profileStatus": "INACTIVE"}
    faults = {"firstName": ("maxLength", "A" * 71), "lastName": ("type", 7), "profileStatus": ("enum", "ERRORED")}
    for member, (keyword, value) in faults.items():
        intent = Intent("refuse", "body", f"/{member}", keyword)
        assert merchant.ask("updateConsumerProfile", profile, body={**good, member: value}, intent=intent).status == 400
    _nothing_done(merchant, profile, done)

    # Without a fault, all of it is changed
    changed = merchant.update(profile, **good).shown
    assert {name: changed[name] for name in good} == good
