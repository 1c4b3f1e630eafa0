"""What must never happen to money: more taken than was authorized, more given back than was taken, either of it twice.

Every refused step must leave the payment, and the count of what really happened, as they were.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from suites.fixtures.jpmorgan_payments import Charges, Payment, Till

pytestmark = pytest.mark.api("jpmorgan-payments")

VISA = "4112344112344113"
MASTERCARD = "5112345112345114"
PARTIAL = ("4444444444444455", "5555555555555565")
"""Of these the issuer approves a part, where the merchant supports that."""


def _refused(till: Till, payment: Payment, operation: str, **members: Any) -> None:
    """Demand that an operation on a payment is refused and changes nothing."""
    body: Mapping[str, Any] = members
    before, done = till.look(payment), till.effects()
    answer = till.ask(operation, payment, body=body)
    refused = 400 <= answer.status < 500 or (answer.status == 200 and answer.body["responseStatus"] == "DENIED")
    assert refused, f"{operation} with {members} was answered with {answer.status}"
    assert till.look(payment) == before
    assert till.effects() == done


@pytest.mark.operation("capturePayment")
def test_capture_above_authorized(till: Till) -> None:
    """A capture is one cent larger than what is authorized, then than what is left.

    Expect a refusal each time that leaves the authorization to be captured as before.
    """
    # The first capture is too large
    payment = till.authorize(1000)
    _refused(till, payment, "capturePayment", amount=1001)
    _refused(till, payment, "capturePayment", amount=999_999_999_999)

    # A part is captured, and the second capture is too large for what is left
    till.capture(payment, 600, final=False)
    _refused(till, payment, "capturePayment", amount=401, isAmountFinal=True)

    # What is left can still be captured, to the last cent
    assert till.capture(payment, 400, final=True).captured == 1000
    till.expect_effects(payments_created=1, captures_created=2)


@pytest.mark.operation("capturePayment")
def test_capture_of_what_is_closed(till: Till) -> None:
    """Payments that were captured at once, whole, or for the last time are captured once more.

    Expect each to be refused, whether an amount is named or not.
    """
    # Three ways to be closed
    final = till.authorize(1000)
    till.capture(final, 600, final=True)
    whole = till.authorize(1000)
    till.capture(whole)
    closed = [till.pay(amount=1000), whole, final]

    # None of them is captured again
    for payment in closed:
        _refused(till, payment, "capturePayment")
        _refused(till, payment, "capturePayment", amount=1)
    till.expect_effects(payments_created=3, captures_created=3)


@pytest.mark.operation("updatePayment")
def test_void_after_capture(till: Till) -> None:
    """Payments of which something is captured are made void.

    Expect a refusal each time, and the money that was taken to be refundable as before.
    """
    # Captured at once, whole and in part
    now = till.pay(amount=1000)
    whole, part = till.authorize(1000), till.authorize(1000)
    till.capture(whole)
    till.capture(part, 300, final=False)

    # None of them is made void
    for payment in (now, whole, part):
        _refused(till, payment, "updatePayment", isVoid=True)

    # Each can be refunded
    assert [till.refund(payment).amount for payment in (now, whole, part)] == [1000, 1000, 300]
    till.expect_effects(payments_created=3, captures_created=3, refunds_created=3)


@pytest.mark.operation("updatePayment")
def test_void_is_final(till: Till, charges: Charges) -> None:
    """A void payment is captured, raised and refunded.

    Expect each of it to be refused, and the payment to stay void.
    """
    # Void
    payment = till.authorize(1000)
    assert till.void(payment).stage == "VOIDED"

    # Nothing brings it back
    _refused(till, payment, "capturePayment")
    _refused(till, payment, "capturePayment", amount=1)
    _refused(till, payment, "updatePayment", amount=2000)
    _refused(till, payment, "updatePayment", captureMethod="NOW", amount=500)
    assert till.ask("createRefund", body=charges.refund(payment.id, 1)).status in range(400, 500)

    # Still void
    assert till.read(payment).stage == "VOIDED"
    till.expect_effects(payments_created=1, payments_voided=1)


@pytest.mark.operation("updatePayment")
def test_amount_of_what_is_closed(till: Till) -> None:
    """The amount of captured payments is raised, and lowered.

    Expect a refusal each time.
    """
    # A payment that is open can be raised
    payment = till.authorize(1000)
    till.increase(payment, 1100)

    # Once it is captured, it cannot
    till.capture(payment)
    for closed in (payment, till.pay(amount=1000)):
        _refused(till, closed, "updatePayment", amount=2000)
        _refused(till, closed, "updatePayment", captureMethod="NOW", amount=10)
    till.expect_effects(payments_created=2, authorizations_increased=1, captures_created=2)


@pytest.mark.operation("updatePayment")
@pytest.mark.parametrize("method", ["MANUAL", "DELAYED"])
def test_refused_change_leaves_nothing(till: Till, method: str) -> None:
    """A payment is to be raised or lowered together with something that cannot be done.

    Expect a refusal each time, and the same money to be held as before: it can be captured, and not a cent more.
    """
    # Held
    payment = till.authorize(1000, method=method)

    # Half of each change could be made
    _refused(till, payment, "updatePayment", amount=2000, captureMethod="LATER")
    _refused(till, payment, "updatePayment", amount=500, captureMethod="LATER")
    _refused(till, payment, "updatePayment", amount=2000, isVoid="maybe")
    _refused(till, payment, "updatePayment", amount=-1, captureMethod="NOW")
    _refused(till, payment, "updatePayment", amount=500, reversalReason="BOREDOM")
    _refused(till, payment, "capturePayment", amount=500, isAmountFinal="yes")

    # All of it, and no more, is still held
    _refused(till, payment, "capturePayment", amount=1001, isAmountFinal=True)
    assert till.capture(payment, 1000, final=True).captured == 1000
    till.expect_effects(payments_created=1, captures_created=1)


@pytest.mark.operation("updatePayment")
def test_capture_in_place_of_more(till: Till) -> None:
    """More than is authorized is to be captured in place of it, which the documents know for a smaller amount only.

    Expect a refusal that leaves the payment as it was, or a payment of which just that much is captured.
    """
    # Held
    payment = till.authorize(1000)

    # One cent more, at once
    done = till.effects()
    answer = till.ask("updatePayment", payment, body={"captureMethod": "NOW", "amount": 1001})
    approved = answer.status == 200 and answer.body["responseStatus"] == "SUCCESS"
    assert not (approved and till.apis.session.target.reference)

    # As it was, or as it was asked for
    after = till.read(payment)
    if approved:
        assert after.captured == 1001
    else:
        assert (after.state, till.effects()) == (payment.state, done)
        assert till.capture(payment).captured == 1000


@pytest.mark.operation("createRefund")
def test_refund_above_captured(till: Till, charges: Charges) -> None:
    """Refunds are one cent larger than what was captured, though more was authorized, and than what is left of it.

    Expect a refusal each time, and the last cent to be refundable afterwards, but only once.
    """
    # Less was captured than was authorized
    payment = till.authorize(1000)
    till.capture(payment, 600, final=True)
    refunds = [601, 1000]

    # A refund of more is refused, before and after a part went back
    before, done = till.look(payment), till.effects()
    assert [till.ask("createRefund", body=charges.refund(payment.id, amount)).status // 100 for amount in refunds] == [4, 4]
    assert (till.look(payment), till.effects()) == (before, done)
    till.refund(payment, 599)
    assert till.ask("createRefund", body=charges.refund(payment.id, 2)).status // 100 == 4

    # The last cent goes back, and after it nothing
    assert till.refund(payment, 1).refundable == 0
    assert till.ask("createRefund", body=charges.refund(payment.id, 1)).status // 100 == 4
    assert till.ask("createRefund", body=charges.refund(payment.id)).status // 100 == 4
    after = till.read(payment)
    assert (after.captured, after.refunded, after.refundable) == (600, 600, 0)
    till.expect_effects(payments_created=1, captures_created=1, refunds_created=2)


@pytest.mark.operation("createRefund")
def test_refund_of_what_was_never_taken(till: Till, charges: Charges) -> None:
    """Payments are refunded that are only authorized, or were declined.

    Expect a refusal each time, and the authorized one to be captured and refunded as if nothing had happened.
    """
    # One is held, one was declined
    held = till.authorize(1000)
    declined = till.attempt(charges.by_card(accountNumber=MASTERCARD), amount=52_100)

    # Neither is refunded
    for payment in (held, declined):
        before, done = till.look(payment), till.effects()
        for amount in (None, 1):
            assert till.ask("createRefund", body=charges.refund(payment.id, amount)).status // 100 == 4
        assert (till.look(payment), till.effects()) == (before, done)

    # Once it is captured, it can be
    till.capture(held)
    assert till.refund(held).amount == 1000


@pytest.mark.operation("createRefund")
def test_refund_in_another_currency(till: Till, charges: Charges) -> None:
    """A payment in dollars is refunded in yen.

    Expect a refusal, and a refund that names the currency of the payment to be made.
    """
    # Paid in dollars
    payment = till.pay(amount=1000)

    # Not refunded in yen, nor captured so
    before, done = till.look(payment), till.effects()
    assert till.ask("createRefund", body=charges.refund(payment.id, 1000, currency="JPY")).status // 100 == 4
    assert (till.look(payment), till.effects()) == (before, done)

    # Refunded in dollars
    refund = till.give_back(charges.refund(payment.id, 1000, currency="USD"))
    assert (refund.amount, refund.shown["currency"]) == (1000, "USD")
    till.expect_effects(payments_created=1, captures_created=1, refunds_created=1)


@pytest.mark.operation("createPayment")
@pytest.mark.parametrize(
    ("number", "amount", "reference", "code"),
    [
        pytest.param(MASTERCARD, 52_100, None, "INSUFFICIENT_FUNDS", id="insufficient-funds"),
        pytest.param(VISA, 53_000, None, "DO_NOT_HONOR", id="do-not-honor"),
        pytest.param(VISA, 1234, "decline", "DECLINED", id="declined"),
    ],
)
def test_issuer_declines(till: Till, charges: Charges, number: str, amount: int, reference: str | None, code: str) -> None:
    """The issuer declines a payment, with the vendor's test data.

    Expect 200 with DENIED, nothing to be taken, and another amount of the same card to be approved.
    """
    # Approved
    assert till.pay(charges.by_card(accountNumber=number), amount=amount + 1).approved

    # Declined: on another server, only by the vendor's own test data
    holder = None if reference is None else charges.holder(referenceId=reference)
    payment = till.attempt(charges.by_card(accountNumber=number), amount=amount, accountHolder=holder)
    if reference is None or till.apis.session.target.reference:
        assert (payment.shown["responseStatus"], payment.stage, payment.shown["responseCode"]) == ("DENIED", "DECLINED", code)
        assert payment.captured == 0

        # A read shows the same, and nothing more can be done with it
        assert till.read(payment).state == payment.state
        _refused(till, payment, "capturePayment")
        _refused(till, payment, "updatePayment", isVoid=True)
        till.expect_effects(payments_created=1, captures_created=1, payments_declined=1)


@pytest.mark.operation("createVerification")
def test_issuer_declines_a_verification(till: Till, charges: Charges) -> None:
    """The issuer does not know the consumer whose card is checked.

    Expect 200, and on the reference server DENIED; another consumer's check to be approved.
    """
    # Approved
    assert till.verify(charges.verification(accountHolder=charges.holder())).approved

    # Declined
    checked = till.verify(charges.verification(accountHolder=charges.holder(referenceId="decline")))
    if till.apis.session.target.reference:
        assert (checked.approved, checked.stage) == (False, "DECLINED")
        assert checked.shown.get("amount", 0) == 0


@pytest.mark.operation("createPayment")
@pytest.mark.parametrize("number", PARTIAL, ids=lambda number: number[-4:])
def test_partial_approval(till: Till, charges: Charges, number: str) -> None:
    """The issuer approves a part of an amount, with the vendor's cards for it.

    Expect the part to be taken and no more, to be marked as a part, and the whole where the merchant wants no parts.
    """
    # Without support of parts, the whole amount
    assert till.pay(charges.by_card(accountNumber=number), amount=1000, partialAuthorizationSupport="NOT_SUPPORTED").amount == 1000

    # With it, a part
    payment = till.pay(charges.by_card(accountNumber=number), amount=1001, partialAuthorizationSupport="SUPPORTED")
    assert payment.shown["responseCode"] == "PARTIAL_APPROVAL"
    assert payment.shown["partialAuthorization"] is True
    assert 0 < payment.amount < 1001
    assert payment.captured == payment.amount

    # No more than the part is refunded
    assert till.ask("createRefund", body=charges.refund(payment.id, payment.amount + 1)).status // 100 == 4
    assert till.refund(payment).amount == payment.amount
    till.expect_effects(payments_created=2, captures_created=2, refunds_created=1)


@pytest.mark.operation("capturePayment")
def test_partial_approval_is_captured(till: Till, charges: Charges) -> None:
    """A part of an amount is approved, and captured by hand.

    Expect the part to be all that is left to capture.
    """
    # A part is held
    body = charges.by_card(accountNumber=PARTIAL[0])
    payment = till.authorize(1001, paymentMethodType=body["paymentMethodType"], partialAuthorizationSupport="SUPPORTED")
    held = payment.amount
    assert held < 1001

    # The whole is not captured, the part is
    _refused(till, payment, "capturePayment", amount=1001)
    _refused(till, payment, "capturePayment", amount=held + 1)
    assert till.capture(payment).captured == held
