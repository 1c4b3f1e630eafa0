"""Each fault of the payments API: its lie is told whenever its condition is met, and the honest mock does not tell it."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from payproof.mock.jpmorgan_payments_faults import FAULTS
from tests.mock.payments_till import MASTER, VISA, WISH, Till, card, liar, till, till_of

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["liar", "till"]


def capture_above_authorised(t: Till) -> bool:
    held = t.hold()
    taken = t.call("POST", f"/payments/{held['transactionId']}/captures", {"amount": 1001})
    assert taken.status_code in (200, 400)
    if taken.status_code == 200:
        assert t.refund(held)["amount"] == 1001
    return taken.status_code == 200


def refused_capture_eats(t: Till) -> bool:
    held = t.hold()
    t.refused("POST", f"/payments/{held['transactionId']}/captures", {"amount": 1001})
    left = t.read(held)["remainingAuthAmount"]
    assert left in (0, 1000)
    assert (t.call("POST", f"/payments/{held['transactionId']}/captures", {}).status_code == 200) is (left == 1000)
    return bool(left == 0)


def voided_is_captured(t: Till) -> bool:
    held = t.hold()
    t.change(held, isVoid=True)
    taken = t.call("POST", f"/payments/{held['transactionId']}/captures", {})
    assert t.effects("captures created") == (taken.status_code == 200)
    return taken.status_code == 200


def captured_is_voided(t: Till) -> bool:
    answers = {t.call("PATCH", f"/payments/{t.pay()['transactionId']}", {"isVoid": True}).status_code}
    held = t.hold()
    t.capture(held, amount=1)
    answers.add(t.call("PATCH", f"/payments/{held['transactionId']}", {"isVoid": True}).status_code)
    assert answers in ({200}, {400})
    return answers == {200}


def void_holds_money(t: Till) -> bool:
    held = t.hold()
    left = t.change(held, isVoid=True)["remainingAuthAmount"]
    assert t.read(held)["remainingAuthAmount"] == left
    t.refused("POST", f"/payments/{held['transactionId']}/captures", {})
    return bool(left == 1000)


def delayed_is_never_captured(t: Till) -> bool:
    delayed = t.pay(captureMethod="DELAYED")
    t.advance(121)
    state = t.read(delayed)["transactionState"]
    t.advance(600)
    assert t.read(delayed)["transactionState"] == state
    return bool(state == "AUTHORIZED")


def increment_adds(t: Till) -> bool:
    held = t.hold()
    total = t.change(held, amount=1500)["amount"]
    assert t.change(held, captureMethod="MANUAL", amount=500)["amount"] == 500
    return bool(total == 2500)


def refund_counts_from_authorised(t: Till) -> bool:
    held = t.hold()
    t.capture(held, amount=400, isAmountFinal=True)
    more = t.call("POST", "/refunds", t.back(held, amount=1000))
    assert t.call("POST", "/refunds", t.back(held, amount=1001)).status_code == 400
    return more.status_code == 200


def refunds_are_not_summed(t: Till) -> bool:
    payment = t.pay()
    assert t.refund(payment, amount=600)["amount"] == 600
    again = t.call("POST", "/refunds", t.back(payment, amount=600))
    assert t.call("POST", "/refunds", t.back(payment, amount=1001)).status_code == 400
    return again.status_code == 200


def refund_changes_currency(t: Till) -> bool:
    payment = t.pay()
    assert t.refund(payment, amount=100)["currency"] == "USD"
    other = t.call("POST", "/refunds", t.back(payment, amount=100, currency="EUR"))
    assert other.status_code == 400 or other.json()["currency"] == "EUR"
    return other.status_code == 200


def remaining_is_stale(t: Till) -> bool:
    payment = t.pay()
    refund = t.refund(payment, amount=300)
    left = t.read(payment)["remainingRefundableAmount"]
    assert refund["remainingRefundableAmount"] == left
    t.refused("POST", "/refunds", t.back(payment, amount=701))
    return bool(left == 1000)


def money_is_rounded(t: Till) -> bool:
    taken = {t.pay(1234)["amount"], t.capture(t.hold(1234))["amount"]}
    assert t.pay(1200)["amount"] == 1200
    assert len(taken) == 1
    return taken == {1200}


def amounts_are_floats(t: Till) -> bool:
    payment = t.pay(1234)
    t.refund(payment, amount=34)
    written = [json.loads(text.partition("}) ")[2])["amount"] for text in t.seen]
    assert {type(each) for each in written} in ({int}, {float})
    return '"amount":1234.0' in t.seen[0]


def request_id_charges_twice(t: Till) -> bool:
    answers = [t.done("POST", "/payments", t.order(), key="one") for _ in range(2)]
    made = t.effects("payments created")
    assert (answers[0] == answers[1]) is (made == 1)
    return made == 2


def equal_requests_race(t: Till) -> bool:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: t.done("POST", "/payments", t.order(), key="one")["transactionId"], range(8)))
    # The one that comes when all are done is answered again also by the liar
    assert t.done("POST", "/payments", t.order(), key="one")["transactionId"] in answers
    assert len(set(answers)) == t.effects("payments created")
    return len(set(answers)) > 1


def request_id_of_another_merchant(t: Till) -> bool:
    other = till_of(t.client)
    theirs = other.done("POST", "/payments", other.order(), key="one")
    ours = t.done("POST", "/payments", t.order(), key="one")
    assert t.effects("payments created") == (ours != theirs)
    return ours == theirs


def foreign_payment_is_visible(t: Till) -> bool:
    other = till_of(t.client)
    theirs = other.hold()
    found = t.call("GET", f"/payments/{theirs['transactionId']}")
    changed = t.call("PATCH", f"/payments/{theirs['transactionId']}", {"isVoid": True})
    assert found.status_code == changed.status_code
    assert (other.read(theirs) == theirs) is (found.status_code == 404)
    return found.status_code == 200 and found.json() == theirs


def mask_shows_eight(t: Till) -> bool:
    shown = t.pay()["paymentMethodType"]["card"]["maskedAccountNumber"]
    assert shown in ("411234XXXXXX4113", "41123441XXXX4113")
    return bool(shown == "41123441XXXX4113")


def cvv_is_returned(t: Till) -> bool:
    payment = t.pay(method={"card": card(cvv=411)})
    assert t.read(payment) == payment
    return payment["paymentMethodType"]["card"].get("cvv") == "411"


def number_is_quoted(t: Till) -> bool:
    wrong = t.call("POST", "/payments", {**t.order(), "currency": "XXX"})
    assert wrong.status_code == 400
    assert [each["entity"] for each in wrong.json()["validationErrors"]] == ["currency"]
    return VISA in wrong.text


def _pays(t: Till, stored: dict[str, str]) -> bool:
    answer = t.call("POST", "/payments", t.order(method={"consumerProfile": stored}))
    assert answer.status_code in (200, 400)
    return answer.status_code == 200


def inactive_profile_pays(t: Till) -> bool:
    stored = t.store()
    assert _pays(t, stored)
    t.profiles("PATCH", f"/{stored['consumerProfileId']}", {"profileStatus": "INACTIVE"})
    return _pays(t, stored)


def inactive_method_pays(t: Till) -> bool:
    stored = t.store()
    path = f"/{stored['consumerProfileId']}/payment-methods/{stored['paymentMethodId']}"
    t.profiles("PATCH", path, {"card": {"accountStatus": "INACTIVE"}})
    return _pays(t, stored)


def deleted_method_pays(t: Till) -> bool:
    stored = t.store()
    t.profiles("DELETE", f"/{stored['consumerProfileId']}/payment-methods/{stored['paymentMethodId']}")
    assert not _pays(t, {**stored, "paymentMethodId": "6d66f2e5-ad81-4848-9884-d5ff32ee7690"})
    return _pays(t, stored)


def default_pays(t: Till) -> bool:
    stored = t.store()
    added = t.profiles("POST", f"/{stored['consumerProfileId']}/payment-methods", {"cardList": [{"accountNumber": MASTER}]})
    second = {**stored, "paymentMethodId": added["paymentMethodType"]["cardList"][1]["paymentMethodId"]}
    shown = t.pay(method={"consumerProfile": second})["paymentMethodType"]["card"]["cardType"]
    assert shown in ("VI", "MC")
    return bool(shown == "VI")


def decline_is_402(t: Till) -> bool:
    declined = t.call("POST", "/payments", t.order(53000))
    assert declined.json()["responseStatus"] == "DENIED"
    assert t.call("POST", "/payments", t.order()).status_code == 200
    return declined.status_code == 402


def decline_is_success(t: Till) -> bool:
    declined = t.pay(53000)
    assert t.read(declined) == declined
    assert declined["transactionState"] == "DECLINED"
    return bool(declined["responseStatus"] == "SUCCESS")


def partial_approval_in_full(t: Till) -> bool:
    part = t.pay(1000, {"card": card("4444444444444455")}, partialAuthorizationSupport="SUPPORTED")
    assert part["responseCode"] == "PARTIAL_APPROVAL"
    return bool(part["amount"] == 1000)


def profile_despite_decline(t: Till) -> bool:
    info = t.pay(53000, accountHolder=WISH)["accountHolder"]["consumerProfileInfo"]
    assert t.effects("profiles created") == ("consumerProfileId" in info)
    return "consumerProfileId" in info


def failed_profile_fails_payment(t: Till) -> bool:
    answer = t.call("POST", "/payments", t.order(accountHolder={**WISH, "referenceId": "profile-create-fails"}))
    assert t.effects("payments created") == (answer.status_code == 200)
    return answer.status_code == 400


TOLD: dict[str, Callable[[Till], bool]] = {
    "capture-above-authorised": capture_above_authorised,
    "refused-capture-eats": refused_capture_eats,
    "captures-voided": voided_is_captured,
    "void-after-capture": captured_is_voided,
    "void-holds-money": void_holds_money,
    "delayed-never-captured": delayed_is_never_captured,
    "increment-adds": increment_adds,
    "refund-from-authorised": refund_counts_from_authorised,
    "refunds-not-summed": refunds_are_not_summed,
    "refund-changes-currency": refund_changes_currency,
    "stale-remaining-after-refund": remaining_is_stale,
    "money-rounded": money_is_rounded,
    "amounts-as-floats": amounts_are_floats,
    "request-id-charges-twice": request_id_charges_twice,
    "request-id-race": equal_requests_race,
    "request-id-of-another-merchant": request_id_of_another_merchant,
    "foreign-payment-visible": foreign_payment_is_visible,
    "mask-shows-eight": mask_shows_eight,
    "cvv-returned": cvv_is_returned,
    "full-number-in-error": number_is_quoted,
    "inactive-profile-pays": inactive_profile_pays,
    "inactive-method-pays": inactive_method_pays,
    "deleted-method-pays": deleted_method_pays,
    "default-method-pays": default_pays,
    "decline-is-402": decline_is_402,
    "decline-is-success": decline_is_success,
    "partial-approval-in-full": partial_approval_in_full,
    "profile-despite-decline": profile_despite_decline,
    "failed-profile-fails-payment": failed_profile_fails_payment,
}


def test_each_fault_has_a_test() -> None:
    """No fault is registered without a test of its lie."""
    assert TOLD.keys() == {fault.name for fault in FAULTS}
    assert {fault.api for fault in FAULTS} == {"jpmorgan-payments"}


@pytest.mark.parametrize("fault", sorted(TOLD))
def test_the_lie_is_told(liar: Callable[[str], Till], fault: str) -> None:
    """The mock with a fault tells its lie."""
    assert TOLD[fault](liar(fault)) is True


@pytest.mark.parametrize("fault", sorted(TOLD))
def test_the_honest_mock_does_not_tell_it(till: Till, fault: str) -> None:
    """Without the fault the same scenario shows the truth."""
    assert TOLD[fault](till) is False
