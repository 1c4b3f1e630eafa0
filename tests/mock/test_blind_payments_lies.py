"""Each fault of payments that was written without a look at the clauses: its lie is told, and the honest mock does not tell it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from payproof.mock.blind_faults import FAULTS
from tests.mock.payments_till import Till, liar, till, till_of

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["liar", "till"]


def voided_is_captured_when_due(t: Till) -> bool:
    later = t.pay(captureMethod="DELAYED")
    t.change(later, isVoid=True)
    t.advance(121)
    return bool(t.read(later)["transactionState"] == "CLOSED")


def final_flag_is_ignored(t: Till) -> bool:
    return bool(t.capture(t.hold(), amount=400, isAmountFinal=True)["remainingAuthAmount"] == 600)


def only_the_last_capture_counts(t: Till) -> bool:
    held = t.hold()
    t.capture(held, amount=700, multiCapture={"isFinalCapture": False})
    t.capture(held, amount=100, multiCapture={"isFinalCapture": False})
    third = t.call("POST", f"/payments/{held['transactionId']}/captures", {"amount": 800})
    return third.status_code == 200


def rest_is_all(t: Till) -> bool:
    paid = t.pay()
    t.refund(paid, amount=400)
    return bool(t.refund(paid)["amount"] == 1000)


def cents_are_lost(t: Till) -> bool:
    assert t.pay(1000)["amount"] == 1000
    return bool(t.pay(115)["amount"] == 114)


def yen_are_hundredths(t: Till) -> bool:
    return bool(t.pay(1000, currency="JPY")["amount"] == 100_000)


def declined_is_captured(t: Till) -> bool:
    declined = t.pay(captureMethod="MANUAL", accountHolder={"referenceId": "decline"})
    assert declined["responseStatus"] == "DENIED"
    return t.call("POST", f"/payments/{declined['transactionId']}/captures", {}).status_code == 200


def foreign_profile_pays(t: Till) -> bool:
    stored = till_of(t.client).store()
    return t.call("POST", "/payments", t.order(method={"consumerProfile": stored})).status_code == 200


def old_payment_is_read(t: Till) -> bool:
    held = t.hold()
    before = t.read(held)
    t.capture(held)
    return t.read(held) == before


TOLD: dict[str, Callable[[Till], bool]] = {
    "voided-captured-when-due": voided_is_captured_when_due,
    "final-flag-ignored": final_flag_is_ignored,
    "only-last-capture-counts": only_the_last_capture_counts,
    "refund-of-rest-is-all": rest_is_all,
    "cents-by-float": cents_are_lost,
    "yen-in-hundredths": yen_are_hundredths,
    "captures-declined": declined_is_captured,
    "foreign-profile-pays": foreign_profile_pays,
    "payment-read-cached": old_payment_is_read,
}


def test_each_fault_has_a_test() -> None:
    """No fault is registered without a test of its lie."""
    assert TOLD.keys() == {fault.name for fault in FAULTS if fault.api == "jpmorgan-payments"}


@pytest.mark.parametrize("fault", sorted(TOLD))
def test_the_lie_is_told(liar: Callable[[str], Till], fault: str) -> None:
    """The mock with a fault tells its lie."""
    assert TOLD[fault](liar(fault)) is True


@pytest.mark.parametrize("fault", sorted(TOLD))
def test_the_honest_mock_does_not_tell_it(till: Till, fault: str) -> None:
    """Without the fault the same scenario shows the truth."""
    assert TOLD[fault](till) is False
