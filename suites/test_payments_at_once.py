"""Captures and refunds of one payment that different machines send at the same moment, each for itself.

What can go wrong is that each of them finds enough money left, and together they move more than there is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from suites.fixtures.jpmorgan_payments import Charges, Till

pytestmark = [pytest.mark.api("jpmorgan-payments"), pytest.mark.needs("effects")]

AT_ONCE = 8
"""Requests that are sent at the same time."""


def test_different_captures_at_once(till: Till) -> None:
    """Eight machines capture a quarter of the same payment at the same moment, each with a request-id of its own.

    Expect four of them to succeed, so that never more is captured than was authorized.
    """
    # Eight at once
    payment = till.authorize(1000)
    api, path = till.api, {"id": payment.id}
    body = {"amount": 250, "isAmountFinal": False}
    answers = api.together([api.request("capturePayment", path=path, body=body) for _ in range(AT_ONCE)])

    # Four quarters are a whole
    assert sum(answer.status == 200 for answer in answers) <= 4
    after = till.read(payment)
    assert after.captured == 250 * sum(answer.status == 200 for answer in answers)
    if till.apis.session.target.reference:
        assert after.captured == 1000

    # What was told is what has happened
    assert till.effects()["captures created"] == sum(answer.status == 200 for answer in answers)


def test_different_refunds_at_once(till: Till, charges: Charges) -> None:
    """Eight clerks refund a quarter of the same payment at the same moment, each with a request-id of its own.

    Expect four of them to succeed, so that never more is refunded than was captured.
    """
    # Eight at once
    payment = till.pay(amount=1000)
    api, body = till.api, charges.refund(payment.id, 250)
    answers = api.together([api.request("createRefund", body=body) for _ in range(AT_ONCE)])

    # Four quarters are a whole
    assert sum(answer.status == 200 for answer in answers) <= 4
    after = till.read(payment)
    assert after.refunded == 250 * sum(answer.status == 200 for answer in answers)
    assert after.refundable == 1000 - after.refunded

    # What was told is what has happened
    assert till.effects()["refunds created"] == sum(answer.status == 200 for answer in answers)
