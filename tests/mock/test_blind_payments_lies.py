"""Each fault of payments that was written without a look at the clauses: its lie is told, and the honest mock does not tell it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from payproof.mock.blind_faults import FAULTS
from tests.mock.payments_till import Till, card, liar, till, till_of

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


def case_of_request_id_is_folded(t: Till) -> bool:
    ids = {t.done("POST", "/payments", t.order(), key=key)["transactionId"] for key in ("one", "ONE")}
    return len(ids) == 1


def request_id_is_cut(t: Till) -> bool:
    return bool(t.done("POST", "/payments", t.order(), key="r" * 40)["requestId"] == "r" * 36)


def cents_are_lost(t: Till) -> bool:
    assert t.pay(1000)["amount"] == 1000
    return bool(t.pay(115)["amount"] == 114)


def amount_has_32_bits(t: Till) -> bool:
    return bool(t.pay(999_999_999_999)["amount"] == 2**31 - 1)


def yen_are_hundredths(t: Till) -> bool:
    return bool(t.pay(1000, currency="JPY")["amount"] == 100_000)


def declined_is_captured(t: Till) -> bool:
    declined = t.pay(captureMethod="MANUAL", accountHolder={"referenceId": "decline"})
    assert declined["responseStatus"] == "DENIED"
    return t.call("POST", f"/payments/{declined['transactionId']}/captures", {}).status_code == 200


def refused_raise_sticks(t: Till) -> bool:
    held = t.hold()
    t.refused("PATCH", f"/payments/{held['transactionId']}", {"captureMethod": "NOW", "amount": 2000})
    return bool(t.read(held)["remainingAuthAmount"] == 2000)


def foreign_profile_pays(t: Till) -> bool:
    stored = till_of(t.client).store()
    return t.call("POST", "/payments", t.order(method={"consumerProfile": stored})).status_code == 200


def old_payment_is_read(t: Till) -> bool:
    held = t.hold()
    before = t.read(held)
    t.capture(held)
    return t.read(held) == before


def merchant_initiates(t: Till) -> bool:
    return bool(t.pay(method={"card": card()})["initiatorType"] == "MERCHANT")


TOLD: dict[str, Callable[[Till], bool]] = {
    "voided-captured-when-due": voided_is_captured_when_due,
    "final-flag-ignored": final_flag_is_ignored,
    "only-last-capture-counts": only_the_last_capture_counts,
    "refund-of-rest-is-all": rest_is_all,
    "request-id-case-folded": case_of_request_id_is_folded,
    "request-id-cut": request_id_is_cut,
    "cents-by-float": cents_are_lost,
    "amount-of-32-bits": amount_has_32_bits,
    "yen-in-hundredths": yen_are_hundredths,
    "captures-declined": declined_is_captured,
    "refused-raise-sticks": refused_raise_sticks,
    "foreign-profile-pays": foreign_profile_pays,
    "payment-read-cached": old_payment_is_read,
    "merchant-initiates-by-default": merchant_initiates,
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
