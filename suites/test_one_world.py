"""Consumer profiles and payments are one world: what one API makes, changes or deletes, the other one knows at once.

What can go wrong is that a card is charged which its consumer took back, or another card than the one that was named,
or that a profile is lost which a payment has made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from suites.fixtures.jpmorgan import Merchant, Payloads, Profile
    from suites.fixtures.jpmorgan_payments import Charges, Till

pytestmark = pytest.mark.api("jpmorgan-payments")

VISA = "4112344112344113"
MASTERCARD = "5112345112345114"
NO_METHOD = "00000000-0000-4000-8000-000000000000"


def _two_cards(merchant: Merchant, payloads: Payloads) -> Profile:
    """Create a profile with a Visa and a Mastercard."""
    visa = payloads.first_card(accountNumber=VISA, cardType="VI", cardExpirationMonthYearNumber="12/2040")
    mastercard = payloads.card(accountNumber=MASTERCARD, cardType="MC", cardExpirationMonthYearNumber="11/2040")
    return merchant.create(payloads.profile(visa, mastercard))


def _all_refuse(till: Till, charges: Charges, profile: str, method: str) -> None:
    """Demand that a stored method neither pays, is verified nor gets a refund, and that nothing happens."""
    stored = {"consumerProfile": {"consumerProfileId": profile, "paymentMethodId": method}}
    requests = {
        "createPayment": charges.by_profile(profile, method),
        "createVerification": charges.verification(paymentMethodType=stored),
        "createRefund": charges.payout(stored),
    }
    done = till.effects()
    for operation, body in requests.items():
        answer = till.ask(operation, body=body)
        refused = 400 <= answer.status < 500 or (answer.status == 200 and answer.body["responseStatus"] != "SUCCESS")
        assert refused, f"{operation}: {answer.status}"
    assert till.effects() == done


def _all_accept(till: Till, charges: Charges, profile: str, method: str) -> None:
    """Demand that a stored method pays, is verified, and gets a refund."""
    stored = {"consumerProfile": {"consumerProfileId": profile, "paymentMethodId": method}}
    assert till.pay(charges.by_profile(profile, method)).stage == "CLOSED"
    assert till.verify(charges.verification(paymentMethodType=stored)).approved
    assert till.give_back(charges.payout(stored)).amount == 1234


@pytest.mark.operation("createPayment")
def test_profile_of_a_payment_lives(till: Till, merchant: Merchant, charges: Charges, payloads: Payloads) -> None:
    """A consumer pays for the first time and wants the card to be kept, as the vendor's page tells it.

    The profile is retrieved, gets a second card and a default, and pays with each card. Expect it to be a profile like
    any other, and each payment to be by the card that it names.
    """
    # The payment makes a profile
    made = till.pay(charges.making_profile()).made
    profile, named = made["consumerProfileId"], made["paymentMethodId"]

    # It can be retrieved, and has the card that has paid
    kept = merchant.look(profile)
    (first,) = kept["methods"]
    assert first.lower() == named.lower()
    assert kept["methods"][first]["last4CardNumber"] == VISA[-4:]
    assert (kept["firstName"], kept["lastName"]) == ("John", "Smith")

    # It can be extended, and given a default
    card = payloads.card(accountNumber=MASTERCARD, cardType="MC", cardExpirationMonthYearNumber="11/2040")
    added = merchant.ask("addPaymentMethod", profile, body={"cardList": [card]})
    assert added.status == 200
    (second,) = merchant.look(profile)["methods"].keys() - {first}
    assert merchant.ask("setDefaultPaymentMethod", profile, second).status == 200
    assert merchant.look(profile)["default"] == second

    # Each of its cards pays when it is named, whichever is the default
    endings = {}
    for method in (first, second):
        payment = till.pay(charges.by_profile(profile, method))
        endings[method] = payment.shown["paymentMethodType"]["card"]["maskedAccountNumber"][-4:]
    assert endings == {first: VISA[-4:], second: MASTERCARD[-4:]}
    till.expect_effects(payments_created=3, captures_created=3, profiles_created=1, methods_added=2, addresses_created=1, defaults_set=1)


@pytest.mark.operation("createVerification")
def test_profile_of_a_verification_pays(till: Till, merchant: Merchant, charges: Charges) -> None:
    """A card is checked and kept before anything is bought; the account holder stands beside the payment method.

    Expect a profile that can be retrieved, pays, and gets money back.
    """
    # The verification makes a profile
    wish = {"consumerProfileRequestType": "CREATE"}
    made = till.verify(charges.verification(accountHolder=charges.holder(consumerProfileInfo=wish))).made
    profile, method = made["consumerProfileId"], made["paymentMethodId"]
    assert [listed.lower() for listed in merchant.look(profile)["methods"]] == [method.lower()]

    # It serves all three
    _all_accept(till, charges, profile, method)
    till.expect_effects(profiles_created=1, methods_added=1, verifications_created=2, payments_created=1, captures_created=1,
                        refunds_created=1)  # fmt: skip


@pytest.mark.needs("state")
@pytest.mark.operation("createPayment")
def test_inactive_profile_cannot_pay(till: Till, merchant: Merchant, charges: Charges, payloads: Payloads) -> None:
    """A profile is taken out of use, and later back.

    Expect its cards to pay nothing in between, not to be verified, and to get no refund; and all of it afterwards.
    """
    # In use
    profile = _two_cards(merchant, payloads)
    method = profile.card(VISA[-4:])
    _all_accept(till, charges, profile.id, method)

    # Out of use
    merchant.update(profile, profileStatus="INACTIVE")
    _all_refuse(till, charges, profile.id, method)

    # In use again
    merchant.update(profile, profileStatus="ACTIVE")
    _all_accept(till, charges, profile.id, method)


@pytest.mark.needs("state")
@pytest.mark.operation("createPayment")
def test_inactive_method_cannot_pay(till: Till, merchant: Merchant, charges: Charges, payloads: Payloads) -> None:
    """One card of a profile is taken out of use, and later back.

    Expect it to pay nothing in between, and the other card to pay all the time.
    """
    # Both in use
    profile = _two_cards(merchant, payloads)
    resting, other = profile.card(VISA[-4:]), profile.card(MASTERCARD[-4:])
    _all_accept(till, charges, profile.id, resting)

    # One rests
    merchant.change(profile, resting, {"card": {"accountStatus": "INACTIVE"}})
    _all_refuse(till, charges, profile.id, resting)
    _all_accept(till, charges, profile.id, other)

    # It is back
    merchant.change(profile, resting, {"card": {"accountStatus": "ACTIVE"}})
    _all_accept(till, charges, profile.id, resting)


@pytest.mark.needs("state")
@pytest.mark.operation("createPayment")
def test_deleted_method_cannot_pay(till: Till, merchant: Merchant, charges: Charges, payloads: Payloads) -> None:
    """A consumer takes one of two cards back, and it is the default.

    Expect it to pay nothing any more, nor a method that was never there, and the other card to pay as before.
    """
    # Both pay
    profile = _two_cards(merchant, payloads)
    gone, kept = profile.card(VISA[-4:]), profile.card(MASTERCARD[-4:])
    merchant.set_default(profile, kept)
    _all_accept(till, charges, profile.id, gone)

    # One is deleted
    merchant.remove(profile, gone)
    _all_refuse(till, charges, profile.id, gone)
    _all_refuse(till, charges, profile.id, NO_METHOD)

    # The other one is as good as before
    _all_accept(till, charges, profile.id, kept)


@pytest.mark.needs("state")
@pytest.mark.operation("createPayment")
def test_deleted_profile_cannot_pay(till: Till, merchant: Merchant, charges: Charges, payloads: Payloads) -> None:
    """A consumer leaves, having paid before.

    Expect nothing of the profile to pay any more, and what was paid before to be refundable all the same.
    """
    # It has paid
    profile = _two_cards(merchant, payloads)
    method = profile.card(VISA[-4:])
    payment = till.pay(charges.by_profile(profile.id, method))

    # It is deleted
    merchant.delete(profile)
    _all_refuse(till, charges, profile.id, method)

    # The payment is still there, and goes back
    assert till.read(payment).state == payment.state
    assert till.refund(payment).amount == 1234


@pytest.mark.needs("state")
@pytest.mark.operation("createPayment")
def test_methods_of_two_profiles_do_not_mix(till: Till, merchant: Merchant, charges: Charges, payloads: Payloads) -> None:
    """A payment names the profile of one consumer and the card of another.

    Expect a refusal, and each card to pay for its own consumer.
    """
    # Two consumers
    one, other = _two_cards(merchant, payloads), merchant.create(payloads.profile())
    _all_accept(till, charges, one.id, one.card(VISA[-4:]))
    _all_accept(till, charges, other.id, other.card("9999"))

    # The one's profile with the other's card, both ways
    _all_refuse(till, charges, one.id, other.card("9999"))
    _all_refuse(till, charges, other.id, one.card(VISA[-4:]))


@pytest.mark.needs("state")
@pytest.mark.operation("createPayment")
def test_both_show_the_same_card(till: Till, merchant: Merchant, charges: Charges, payloads: Payloads) -> None:
    """Each card of a profile pays, is verified, and gets a refund.

    Expect every answer to show the card that the profile shows under the same id.
    """
    # What the profile shows
    profile = _two_cards(merchant, payloads)
    endings = {method: shown["last4CardNumber"] for method, shown in profile.methods.items()}
    assert sorted(endings.values()) == sorted([VISA[-4:], MASTERCARD[-4:]])

    # What the payments show, whichever is the default
    for chosen in endings:
        merchant.set_default(profile, chosen)
        for method, ending in endings.items():
            stored = {"consumerProfile": {"consumerProfileId": profile.id, "paymentMethodId": method}}
            answers = [
                till.pay(charges.by_profile(profile.id, method)),
                till.verify(charges.verification(paymentMethodType=stored)),
                till.give_back(charges.payout(stored)),
            ]
            shown = [answer.shown["paymentMethodType"]["card"]["maskedAccountNumber"][-4:] for answer in answers]
            assert shown == [ending] * 3

    # Paying has changed nothing in the profile
    assert merchant.read(profile).methods == profile.methods


@pytest.mark.needs("second-tenant")
@pytest.mark.operation("createPayment")
def test_profile_of_another_merchant_cannot_pay(
    till: Till, other_till: Till, merchant: Merchant, other_merchant: Merchant, charges: Charges, payloads: Payloads
) -> None:
    """Two merchants have profiles of the same consumer; each tries to charge the other's.

    Expect a refusal both ways, and each to charge its own.
    """
    # Each charges its own
    mine, theirs = merchant.create(payloads.profile()), other_merchant.create(payloads.profile())
    _all_accept(till, charges, mine.id, mine.card("9999"))
    _all_accept(other_till, charges, theirs.id, theirs.card("9999"))

    # Neither charges the other's, nor its own profile by the other's card
    done = till.effects(), other_till.effects()
    _all_refuse(till, charges, theirs.id, theirs.card("9999"))
    _all_refuse(other_till, charges, mine.id, mine.card("9999"))
    _all_refuse(till, charges, mine.id, theirs.card("9999"))

    # Nothing has happened, here or there
    assert (till.effects(), other_till.effects()) == done
    assert merchant.read(mine).state == mine.state
    assert other_merchant.read(theirs).state == theirs.state
