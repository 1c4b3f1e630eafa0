"""A payment that is to make a consumer profile: what it needs for that, how both are written, and when it fails.

What can go wrong is that the consumer has not paid because a profile could not be made, or that nobody is told of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from suites.fixtures.jpmorgan_payments import Charges, Till

pytestmark = pytest.mark.api("jpmorgan-payments")


@pytest.mark.operation("createPayment")
@pytest.mark.parametrize("place", ["inside", "beside"])
def test_account_holder_in_both_places(till: Till, charges: Charges, place: str) -> None:
    """The account holder is sent inside of the payment method, as one document has it, or beside it, as another.

    Expect a profile to be made from both, and no name or telephone number to come back.
    """
    # The documented payment, with the holder in one of the places
    body = charges.making_profile()
    if place == "beside":
        holder = body["paymentMethodType"].pop("accountHolder")
        body["accountHolder"] = holder
    payment = till.pay(body)
    assert set(payment.made) >= {"consumerProfileId", "paymentMethodId"}

    # A read tells the same profile
    assert till.read(payment).made == payment.made
    till.expect_effects(payments_created=1, captures_created=1, profiles_created=1, methods_added=1)


@pytest.mark.operation("createPayment")
@pytest.mark.parametrize("version", ["1.235", 1.235], ids=["text", "number"])
@pytest.mark.parametrize("code", ["411", 411], ids=["code-text", "code-number"])
def test_values_in_both_types(till: Till, charges: Charges, version: str | float, code: str | int) -> None:
    """The software's version and the card's security code are sent as text and as numbers; the documents have both.

    Expect the payment to be approved each time.
    """
    software = {"companyName": "Payment Company", "productName": "Application Name", "version": version}

    # The payment
    payment = till.pay(charges.by_card(cvv=code), merchant=charges.merchant(merchantSoftware=software))
    assert payment.stage == "CLOSED"

    # A read shows the same
    assert till.read(payment).state == payment.state


@pytest.mark.operation("createPayment")
def test_failed_creation_is_told(till: Till, charges: Charges) -> None:
    """A payment is to make a profile, and names or expiry are missing for it.

    Expect the payment to be answered as any other, the reason to be told in both documented members, and no profile.
    """
    # With everything, there is a profile
    assert "consumerProfileId" in till.pay(charges.making_profile()).made
    done = till.effects()

    # Without what it needs, there is none, and the payment is answered
    missing = [charges.making_profile(firstName=None, lastName=None), charges.making_profile()]
    del missing[1]["paymentMethodType"]["card"]["expiry"]
    for body in missing:
        answer = till.ask("createPayment", body=body)
        if till.apis.session.target.reference:
            assert answer.status == 200
        if answer.status == 200:
            info = answer.body["accountHolder"]["consumerProfileInfo"]
            assert answer.body["responseStatus"] == "SUCCESS"
            assert info["consumerProfileResponseCode"]
            assert info["consumerProfileResponseMessage"]
            assert "consumerProfileId" not in info

    # No further profile was made
    assert till.effects().get("profiles created") == done.get("profiles created")


@pytest.mark.operation("createPayment")
def test_creation_fails_behind_the_payment(till: Till, charges: Charges) -> None:
    """A profile cannot be made although nothing is missing; the reference server has test data for it.

    Expect the payment to be approved and captured, the reason to be told, and a later payment to make the profile.
    """
    # The creation fails, by what only the reference server knows
    wish = "profile-create-fails"
    payment = till.pay(charges.making_profile(referenceId=wish))
    assert (payment.stage, payment.captured) == ("CLOSED", 1234)
    if till.apis.session.target.reference:
        assert payment.made["consumerProfileResponseCode"] == "PROFILE_NOT_CREATED"
        assert payment.made["consumerProfileResponseMessage"]
        assert "consumerProfileId" not in payment.made
        till.expect_effects(payments_created=1, captures_created=1)

    # A read tells the same, and the payment can be refunded
    assert till.read(payment).made == payment.made
    assert till.refund(payment).amount == 1234

    # The next payment makes one
    assert "consumerProfileId" in till.pay(charges.making_profile()).made


@pytest.mark.operation("createPayment")
def test_declined_payment_makes_no_profile(till: Till, charges: Charges) -> None:
    """A payment that is to make a profile is declined, with the vendor's test data.

    Expect no profile of a card that its issuer refuses.
    """
    # Declined
    payment = till.attempt(charges.making_profile(), amount=53_000)
    assert payment.stage == "DECLINED"
    assert "consumerProfileId" not in payment.made
    till.expect_effects(payments_declined=1)

    # Approved, with another amount
    assert "consumerProfileId" in till.pay(charges.making_profile(), amount=53_001).made
    till.expect_effects(payments_declined=1, payments_created=1, captures_created=1, profiles_created=1, methods_added=1)
