"""What merchants live through with payments, from the authorization to the last refund.

Each story asserts its own steps. What goes wrong with money between them, and what the documents promise of each
answer, is judged on every exchange by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from suites.fixtures.jpmorgan_payments import Charges, Till

pytestmark = pytest.mark.api("jpmorgan-payments")

MINUTE = 60
"""Seconds."""


@pytest.mark.operation("createPayment")
def test_documented_payment(till: Till) -> None:
    """A consumer pays by card, and the money is taken at once, as the vendor's quick start tells it.

    Expect the payment to be closed with one capture of the whole amount, and a read to show the same.
    """
    # The documented payment
    payment = till.pay()
    assert (payment.stage, payment.amount, payment.captured) == ("CLOSED", 1234, 1234)
    assert payment.shown["paymentMethodType"]["card"]["maskedAccountNumber"] == "401200XXXXXX0026"

    # A read shows the same, and nothing was done twice
    assert till.read(payment).state == payment.state
    till.expect_effects(payments_created=1, captures_created=1)


@pytest.mark.operation("createPayment")
@pytest.mark.parametrize("left_out", ["captureMethod", "initiatorType", "accountOnFile", "all"])
def test_what_is_left_out_has_its_default(till: Till, left_out: str) -> None:
    """A payment does not say when it is captured, who started it, or whether the card is stored.

    Expect what the documents take for granted: at once, the cardholder, not stored.
    """
    # The documented payment without one of these, or without any
    defaults = {"captureMethod": "NOW", "initiatorType": "CARDHOLDER", "accountOnFile": "NOT_STORED"}
    payment = till.pay(**dict.fromkeys(defaults if left_out == "all" else [left_out]))

    # It is taken for granted
    assert {payment.shown.get(member, value) for member, value in defaults.items()} == set(defaults.values())
    assert (payment.stage, payment.captured) == ("CLOSED", 1234)

    # A read shows the same
    assert till.read(payment).state == payment.state
    till.expect_effects(payments_created=1, captures_created=1)


@pytest.mark.operation("findPayment")
def test_payment_is_found_by_its_request(till: Till) -> None:
    """A merchant has forgotten the id of a payment, and knows the id of its request.

    The payment is looked for at once, after a capture and after a refund. Expect to find it each time as it is then.
    """
    # Two payments, so that there is something to mix up
    other = till.authorize(700)
    payment = till.authorize(900)
    assert till.find(payment.request_id).state == payment.state

    # It is captured, and has other requests by then
    till.capture(payment)
    found = till.find(payment.request_id)
    assert (found.id, found.captured) == (payment.id, 900)

    # It is refunded
    till.refund(payment, 300)
    assert till.find(payment.request_id).refundable == 600
    assert till.find(payment.request_id).state == till.read(payment).state

    # The other one is still the other one
    assert till.find(other.request_id).state == other.state
    till.expect_effects(payments_created=2, captures_created=1, refunds_created=1)


def test_delayed_payment_waits(till: Till) -> None:
    """A payment is to be captured later by itself, and the merchant thinks better of it at once.

    Expect it to be authorized and not captured, in its answer and when it is read, and void in the end.
    """
    # Authorized, and nothing else
    payment = till.authorize(5000, method="DELAYED")
    assert (payment.stage, payment.captured) == ("AUTHORIZED", 0)
    assert till.read(payment).state == payment.state

    # Nobody is charged
    assert till.void(payment).stage == "VOIDED"
    assert till.read(payment).captured == 0
    till.expect_effects(payments_created=1, payments_voided=1)


@pytest.mark.needs("clock")
def test_delayed_payment_captures_itself(till: Till) -> None:
    """A payment is to be captured later by itself, and hours go by.

    Expect it to be authorized until its time is over, captured once afterwards, and refundable like any other.
    """
    # Authorized
    payment = till.authorize(5000, method="DELAYED")
    assert (payment.stage, payment.captured) == ("AUTHORIZED", 0)

    # An hour and a half later it still is
    till.apis.advance(90 * MINUTE)
    assert till.read(payment).state == payment.state

    # The two hours are over, and one more for a server that is in no hurry
    till.apis.advance(95 * MINUTE)
    taken = till.read(payment)
    assert (taken.stage, taken.captured, taken.refundable) == ("CLOSED", 5000, 5000)

    # It was captured once, whoever looks again, and can be refunded
    assert till.read(payment).state == taken.state
    assert till.refund(payment).refundable == 0
    till.expect_effects(payments_created=1, captures_created=1, refunds_created=1)


@pytest.mark.needs("clock")
def test_delayed_payment_is_voided_in_time(till: Till) -> None:
    """A payment that would capture itself is voided within its two hours.

    Expect it to stay void when the time has come, and nobody to be charged.
    """
    # Authorized, and void an hour later
    payment = till.authorize(5000, method="DELAYED")
    till.apis.advance(55 * MINUTE)
    assert till.void(payment).stage == "VOIDED"

    # Its time comes and goes
    till.apis.advance(180 * MINUTE)
    after = till.read(payment)
    assert (after.stage, after.captured) == ("VOIDED", 0)
    till.expect_effects(payments_created=1, payments_voided=1)


@pytest.mark.needs("clock")
def test_delayed_payment_is_captured_by_hand(till: Till) -> None:
    """A merchant does not wait for a payment that would capture itself.

    Expect one capture, and not another one when the time has come.
    """
    # Captured before its time
    payment = till.authorize(5000, method="DELAYED")
    taken = till.capture(payment)
    assert (taken.stage, taken.captured) == ("CLOSED", 5000)

    # Its time comes and goes
    till.apis.advance(180 * MINUTE)
    assert till.read(payment).captured == 5000
    till.expect_effects(payments_created=1, captures_created=1)


@pytest.mark.operation("capturePayment")
def test_manual_payment_is_captured(till: Till) -> None:
    """Goods are paid when they are ordered, and the money is taken when they are shipped.

    Expect the whole amount to be held, then to be taken, and nothing to be left of the authorization.
    """
    # Held, for as long as nobody asks for it
    payment = till.authorize(1999)
    assert (payment.stage, payment.captured, payment.shown["remainingAuthAmount"]) == ("AUTHORIZED", 0, 1999)
    assert till.read(payment).state == payment.state

    # Taken
    taken = till.capture(payment)
    assert (taken.stage, taken.captured, taken.refundable) == ("CLOSED", 1999, 1999)

    # A read shows the same
    assert (till.read(payment).captured, till.read(payment).refundable) == (1999, 1999)
    till.expect_effects(payments_created=1, captures_created=1)


@pytest.mark.operation("capturePayment")
def test_last_capture_of_a_part(till: Till) -> None:
    """Less is shipped than was ordered, and nothing will follow.

    Expect the part to be taken, and the rest of the authorization to be given back.
    """
    # More is held than will be needed
    payment = till.authorize(1999)

    # The part is taken for good
    taken = till.capture(payment, 1500, final=True)
    assert (taken.stage, taken.captured, taken.refundable) == ("CLOSED", 1500, 1500)

    # Nothing is left to be captured, and the part is what can be given back
    after = till.read(payment)
    assert after.shown.get("remainingAuthAmount", 0) == 0
    assert (after.captured, after.refundable) == (1500, 1500)
    till.expect_effects(payments_created=1, captures_created=1)


@pytest.mark.operation("capturePayment")
def test_captures_to_the_last_cent(till: Till) -> None:
    """An order is shipped in three parcels, and each is paid when it leaves.

    Expect what is left to shrink by each capture, the payment to stay open until the last one, and the captures to
    sum up to the authorization.
    """
    # The order
    payment = till.authorize(1000)

    # Two parcels leave
    first = till.capture(payment, 333, final=False)
    assert (first.captured, first.shown["remainingAuthAmount"]) == (333, 667)
    second = till.capture(payment, 666, final=False)
    assert (second.captured, second.shown["remainingAuthAmount"]) == (999, 1)
    assert till.read(payment).shown["paymentRequest"]["paymentRequestStatus"] == "OPEN"

    # The last one costs one cent
    last = till.capture(payment, 1, final=True)
    assert last.captured == 1000
    assert len({capture["captureId"] for capture in last.shown["paymentRequest"]["captures"]}) == 3

    # The payment is closed, and all of it can be given back
    after = till.read(payment)
    assert (after.stage, after.shown["paymentRequest"]["paymentRequestStatus"]) == ("CLOSED", "CLOSED")
    assert (after.captured, after.refundable) == (1000, 1000)
    till.expect_effects(payments_created=1, captures_created=3)


@pytest.mark.operation("updatePayment")
def test_authorization_is_increased(till: Till) -> None:
    """A guest stays longer than was booked.

    The new total is sent. Expect it to take the place of the old one, and all of it to be captured.
    """
    # Booked
    payment = till.authorize(10_000)

    # Prolonged, twice: what is sent is the total, not what is added
    assert till.increase(payment, 15_000).shown["remainingAuthAmount"] == 15_000
    longer = till.increase(payment, 15_001)
    assert (longer.stage, longer.shown["remainingAuthAmount"]) == ("AUTHORIZED", 15_001)
    assert till.read(payment).shown["remainingAuthAmount"] == 15_001

    # Paid
    taken = till.capture(payment)
    assert (taken.captured, taken.refundable) == (15_001, 15_001)
    till.expect_effects(payments_created=1, authorizations_increased=2, captures_created=1)


@pytest.mark.operation("updatePayment")
def test_authorization_is_reversed_in_part(till: Till) -> None:
    """A tank takes less fuel than was held for it.

    The smaller amount is sent in place of the authorized one. Expect it to be captured at once, and no more.
    """
    # Held
    payment = till.authorize(10_000)

    # The smaller amount is taken, the rest given back
    taken = till.reverse(payment, 6543)
    assert (taken.stage, taken.captured, taken.refundable) == ("CLOSED", 6543, 6543)

    # Nothing is left to be captured
    after = till.read(payment)
    assert (after.captured, after.shown.get("remainingAuthAmount", 0)) == (6543, 0)
    till.expect_effects(payments_created=1, authorizations_reversed=1, captures_created=1)


@pytest.mark.operation("updatePayment")
def test_payment_is_voided(till: Till) -> None:
    """An order is cancelled before it was shipped.

    Expect the whole authorization to be given back, and another payment to be as it was.
    """
    # Two orders
    kept = till.authorize(800)
    payment = till.authorize(900)

    # One of them is cancelled
    gone = till.void(payment)
    assert (gone.stage, gone.captured) == ("VOIDED", 0)
    assert gone.shown["paymentRequest"]["paymentRequestStatus"] == "CANCELLED"

    # Nothing of it is left, and the other one is untouched
    assert till.read(payment).shown.get("remainingAuthAmount", 0) == 0
    assert till.read(kept).state == kept.state
    till.expect_effects(payments_created=2, payments_voided=1)


@pytest.mark.operation("createVerification")
def test_card_is_verified(till: Till, charges: Charges) -> None:
    """A card is checked before it is stored, and then used.

    Expect the check to be approved without moving money, and the card to pay afterwards.
    """
    # The check
    verified = till.verify(charges.verification(initiatorType="CARDHOLDER", accountOnFile="TO_BE_STORED"))
    assert verified.approved
    assert verified.shown.get("amount", 0) == 0

    # The payment
    payment = till.pay(charges.by_card(), accountOnFile="TO_BE_STORED")
    assert payment.shown.get("accountOnFile", "TO_BE_STORED") == "TO_BE_STORED"
    till.expect_effects(verifications_created=1, payments_created=1, captures_created=1)


@pytest.mark.operation("createPayment")
def test_merchant_starts_a_payment(till: Till, charges: Charges) -> None:
    """A subscription is renewed while its consumer sleeps, with a card that the merchant has stored.

    Expect the payment to say who started it and that the card is stored, whenever it is shown.
    """
    # The consumer pays for the first month
    till.pay(charges.by_card(), accountOnFile="TO_BE_STORED")

    # The merchant takes the second one
    renewed = till.pay(charges.by_card(cvv=None), initiatorType="MERCHANT", accountOnFile="STORED")
    assert renewed.shown.get("initiatorType", "MERCHANT") == "MERCHANT"
    assert renewed.shown.get("accountOnFile", "STORED") == "STORED"

    # A read shows the same
    assert till.read(renewed).state == renewed.state
    till.expect_effects(payments_created=2, captures_created=2)
