"""How money goes back: all of it or a part, to the last cent, by payment, by capture, or to a card that has paid nothing.

That never more goes back than came is asked in the suite about money, and judged on every exchange by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from suites.fixtures.jpmorgan_payments import Charges, Till

pytestmark = pytest.mark.api("jpmorgan-payments")


@pytest.mark.operation("createRefund")
def test_payment_is_refunded(till: Till) -> None:
    """Goods come back.

    Expect all of the money to go back although no amount is named, and the refund to be shown again as it was.
    """
    # Paid
    payment = till.pay()

    # Given back
    refund = till.refund(payment)
    assert (refund.amount, refund.refundable) == (1234, 0)

    # The payment shows it, and so does the refund itself
    after = till.read(payment)
    assert (after.captured, after.refunded, after.refundable) == (1234, 1234, 0)
    shown = till.read_refund(refund)
    assert (shown.id, shown.amount, shown.stage) == (refund.id, 1234, refund.stage)
    till.expect_effects(payments_created=1, captures_created=1, refunds_created=1)


@pytest.mark.operation("createRefund")
def test_refunds_to_the_last_cent(till: Till) -> None:
    """Goods come back one after the other.

    Expect what can be refunded to shrink by each refund down to nothing, and each refund to have an id of its own.
    """
    # Paid
    payment = till.pay(amount=1000)

    # Three refunds, the last of one cent
    refunds = [till.refund(payment, amount) for amount in (1, 998, 1)]
    assert [refund.refundable for refund in refunds] == [999, 1, 0]
    assert len({refund.id for refund in refunds}) == 3

    # The payment shows them all, and each is shown by itself
    after = till.read(payment)
    assert (after.refunded, after.refundable) == (1000, 0)
    assert [till.read_refund(refund).amount for refund in refunds] == [1, 998, 1]
    till.expect_effects(payments_created=1, captures_created=1, refunds_created=3)


@pytest.mark.operation("createRefund")
def test_each_capture_is_refunded(till: Till, charges: Charges) -> None:
    """Two parcels are sent back that were captured one by one.

    Each refund names its capture. Expect both captures to go back, and the payment to be empty.
    """
    # Two captures, the newest listed first
    payment = till.authorize(1000)
    first = till.capture(payment, 400, final=False)
    second = till.capture(payment, 600, final=True)
    ids = [capture["captureId"] for capture in second.shown["paymentRequest"]["captures"]]
    assert len(set(ids)) == 2
    assert first.captured == 400

    # Each is given back, by its own id
    for capture in second.shown["paymentRequest"]["captures"]:
        refund = till.give_back(charges.refund(capture["captureId"]))
        assert refund.amount == capture["amount"]

    # Nothing is left
    after = till.read(payment)
    assert (after.captured, after.refunded, after.refundable) == (1000, 1000, 0)
    till.expect_effects(payments_created=1, captures_created=2, refunds_created=2)


@pytest.mark.operation("createRefund")
def test_money_without_a_payment(till: Till, charges: Charges) -> None:
    """Money goes to a card that has paid nothing here, as a gift.

    Expect the refund to be of the amount that was sent, to be found again, and to concern no payment.
    """
    # A payment by the same card is there
    payment = till.pay(charges.by_card())

    # The gift
    refund = till.give_back(charges.payout({"card": charges.card()}, amount=500))
    assert (refund.amount, refund.shown["currency"]) == (500, "USD")

    # It is shown again, and the payment is as it was
    assert till.read_refund(refund).amount == 500
    assert till.read(payment).state == payment.state
    till.expect_effects(payments_created=1, captures_created=1, refunds_created=1)
