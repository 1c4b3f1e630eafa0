"""The choices about the payments API that no document makes: one test for each, named as it is."""

from __future__ import annotations

import sys

from payproof.mock import jpmorgan_payments_assumed as assumed
from tests.mock.payments_till import SOFTWARE, VISA, WISH, Till, card, neighbour, till

__all__ = ["neighbour", "till"]


def test_each_choice_has_a_test() -> None:
    """Names of choices and names of tests are the same set."""
    module = sys.modules[__name__]
    tested = {name.removeprefix("test_") for name in vars(module) if name.startswith("test_")}
    assert tested - {"each_choice_has_a_test"} == assumed.BEHAVIOUR.keys()


def test_request_id_again(till: Till) -> None:
    """A repeated refund is the refund, not a second one."""
    payment = till.pay()
    first = till.done("POST", "/refunds", till.back(payment, amount=100), key="one")
    assert till.done("POST", "/refunds", till.back(payment, amount=100), key="one") == first
    assert till.read(payment)["remainingRefundableAmount"] == 900


def test_request_id_other_body(till: Till) -> None:
    """Another amount under the same request-id is refused and changes nothing."""
    held = till.hold()
    place = f"/payments/{held['transactionId']}/captures"
    till.done("POST", place, {"amount": 100}, key="one")
    before = till.read(held)
    assert till.refused("POST", place, {"amount": 200}, key="one", status=412) == []
    assert till.read(held) == before


def test_request_id_scope(till: Till, neighbour: Till) -> None:
    """One request-id pays, verifies, captures two payments, and pays for a neighbour."""
    one, two = till.hold(), till.hold()
    till.done("POST", "/payments", till.order(), key="one")
    till.done("POST", "/verifications", {"merchant": SOFTWARE, "paymentMethodType": {"card": card()}}, key="one")
    for held in (one, two):
        assert till.done("POST", f"/payments/{held['transactionId']}/captures", {}, key="one")["transactionId"] == held["transactionId"]
    neighbour.done("POST", "/payments", neighbour.order(), key="one")
    assert (till.effects("captures created"), neighbour.effects("captures created")) == (3, 1)


def test_request_id_refused(till: Till) -> None:
    """What was refused can be corrected under its request-id."""
    assert till.refused("POST", "/payments", till.order(-1), key="one") == ["amount"]
    assert till.done("POST", "/payments", till.order(), key="one")["requestId"] == "one"


def test_request_id_of_reads(till: Till) -> None:
    """A change shows its own request-id, a read the one that made the payment."""
    held = till.done("POST", "/payments", till.order(captureMethod="MANUAL"), key="made")
    changed = till.done("PATCH", f"/payments/{held['transactionId']}", {"amount": 2000}, key="changed")
    assert changed["requestId"] == "changed"
    assert till.read(held)["requestId"] == "made"
    assert till.refused("GET", "/payments?requestIdentifier=changed", status=404) == []


def test_one_method(till: Till) -> None:
    """Two methods are refused, and so is one of a kind that is not served."""
    both = {"card": card(), "consumerProfile": till.store()}
    for method in (both, {"ach": {"accountNumber": "0888271156"}}):
        assert till.refused("POST", "/payments", till.order(method=method)) == ["paymentMethodType"]


def test_holder_twice(till: Till) -> None:
    """Two account holders are refused."""
    method = {"card": card(), "accountHolder": {"firstName": "Jane"}}
    assert till.refused("POST", "/payments", till.order(method=method, accountHolder={"firstName": "John"})) == ["accountHolder"]


def test_cards_only(till: Till) -> None:
    """A stored bank account cannot pay."""
    stored = till.store()
    account = {"accountNumber": "1234561111119999", "financialInstitutionRoutingNumber": "122199983"}
    added = till.profiles("POST", f"/{stored['consumerProfileId']}/payment-methods", {"achList": [account]})
    method = {"consumerProfile": {**stored, "paymentMethodId": added["paymentMethodType"]["achList"][0]["paymentMethodId"]}}
    assert till.refused("POST", "/payments", till.order(method=method)) == ["paymentMethodType.consumerProfile.paymentMethodId"]


def test_missing_for_profile(till: Till) -> None:
    """The answer names each member that a profile would have needed."""
    wish = {"consumerProfileInfo": {"consumerProfileRequestType": "CREATE"}}
    info = till.pay(method={"card": {"accountNumber": VISA}}, accountHolder=wish)["accountHolder"]["consumerProfileInfo"]
    for name in ("accountHolder.firstName", "accountHolder.lastName", "paymentMethodType.card.expiry"):
        assert name in info["consumerProfileResponseMessage"]


def test_profile_of_profile(till: Till) -> None:
    """A stored profile pays, and no second one is made of it."""
    paid = till.pay(method={"consumerProfile": till.store()}, accountHolder=WISH)
    assert paid["accountHolder"]["consumerProfileInfo"]["consumerProfileResponseCode"] == "PROFILE_DATA_MISSING"
    assert till.effects("profiles created") == 1


def test_declined_profile(till: Till) -> None:
    """A declined payment says that there is no profile."""
    info = till.pay(53000, accountHolder=WISH)["accountHolder"]["consumerProfileInfo"]
    assert info["consumerProfileResponseCode"] == "PROFILE_NOT_CREATED"
    assert till.effects("profiles created") == 0


def test_profile_members(till: Till) -> None:
    """The profile has what the account holder said."""
    told = {"fullName": "John Smith", "email": "example@example.com", "phone": {"phoneNumber": "1234567890"}}
    address = {"line1": "123 Main Street", "countryCode": "USA"}
    info = till.pay(accountHolder={**WISH, **told, "billingAddress": address})["accountHolder"]["consumerProfileInfo"]
    profile = till.profiles("GET", f"/{info['consumerProfileId']}")
    assert profile["fullName"] == "John Smith"
    assert profile["communication"].keys() == {"phoneList", "emailList"}
    assert (profile["addresses"][0]["addressType"], profile["addresses"][0]["line1"]) == ("BILLING", "123 Main Street")


def test_expired_card(till: Till) -> None:
    """A card of the year 2018 pays."""
    assert till.pay(method={"card": card(expiry={"month": 1, "year": 2018})})["responseCode"] == "APPROVED"


def test_luhn(till: Till) -> None:
    """A documented number that fails the Luhn digit pays."""
    assert till.pay(method={"card": card("4234555678990919")})["responseCode"] == "APPROVED"


def test_no_match(till: Till) -> None:
    """A wrong security code is told and does not decline."""
    paid = till.pay(method={"card": card("371144371144376", cvv="3111")})
    assert paid["paymentMethodType"]["card"]["networkResponse"]["cardVerificationResult"] == "NO_MATCH"
    assert paid["responseStatus"] == "SUCCESS"


def test_partial_unsupported(till: Till) -> None:
    """The cards for partial approval pay everything where parts are not supported."""
    for support in ({}, {"partialAuthorizationSupport": "NOT_SUPPORTED"}):
        paid = till.pay(method={"card": card("4444444444444455")}, **support)
        assert (paid["responseCode"], paid["amount"], paid.get("partialAuthorization")) == ("APPROVED", 1000, None)


def test_capture_above(till: Till) -> None:
    """One minor unit too much is refused, also as a final capture."""
    held = till.hold()
    assert till.refused("POST", f"/payments/{held['transactionId']}/captures", {"amount": 1001, "isAmountFinal": True}) == ["amount"]


def test_capture_open(till: Till) -> None:
    """Without a word about the end the rest can be captured; what takes the rest is the end."""
    held = till.hold()
    assert till.capture(held, amount=400)["paymentRequest"]["paymentRequestStatus"] == "OPEN"
    assert till.capture(held, amount=100, isAmountFinal=False)["remainingAuthAmount"] == 500
    assert till.capture(held, amount=500)["paymentRequest"]["paymentRequestStatus"] == "CLOSED"


def test_capture_rest(till: Till) -> None:
    """After a final capture nothing is left of the authorisation."""
    held = till.hold()
    till.capture(held, amount=400)
    assert till.capture(held, amount=1, isAmountFinal=True)["remainingAuthAmount"] == 0
    assert till.refused("POST", f"/payments/{held['transactionId']}/captures", {"amount": 1}) == ["id"]


def test_capture_zero(till: Till) -> None:
    """Nothing cannot be captured, authorised or given back to a payment."""
    held = till.hold()
    assert till.refused("POST", f"/payments/{held['transactionId']}/captures", {"amount": 0}) == ["amount"]
    assert till.refused("PATCH", f"/payments/{held['transactionId']}", {"amount": 0, "captureMethod": "NOW"}) == ["amount"]
    assert till.refused("POST", "/refunds", till.back(till.pay(), amount=0)) == ["amount"]


def test_patch_lower(till: Till) -> None:
    """A lower or equal total alone is refused, and so is a higher one that is to be captured at once."""
    held = till.hold()
    for body in ({"amount": 999}, {"amount": 1000}, {"amount": 1001, "captureMethod": "NOW"}):
        assert till.refused("PATCH", f"/payments/{held['transactionId']}", body) == ["amount"]
    assert till.read(held) == held


def test_patch_empty(till: Till) -> None:
    """A change of nothing is refused."""
    held = till.hold()
    for body in ({}, {"statementDescriptor": "Payment Company"}):
        assert till.refused("PATCH", f"/payments/{held['transactionId']}", body) == ["body"]
    assert till.read(held) == held


def test_delayed_open(till: Till) -> None:
    """Part of a delayed payment is captured early, the rest after its time."""
    delayed = till.pay(captureMethod="DELAYED")
    till.capture(delayed, amount=300)
    till.advance(121)
    after = till.read(delayed)
    assert [each["amount"] for each in after["paymentRequest"]["captures"]] == [700, 300]
    assert (after["transactionState"], after["paymentRequest"]["paymentRequestStatus"]) == ("CLOSED", "CLOSED")


def test_refund_by_capture(till: Till) -> None:
    """Each capture is refunded by its own id, the first one by that of the payment."""
    held = till.hold()
    till.capture(held, amount=300)
    second = till.capture(held, amount=700)
    assert till.refused("POST", "/refunds", till.back(held, amount=301)) == ["amount"]
    assert till.refund(held)["amount"] == 300
    assert till.refund(second)["amount"] == 700
    assert till.read(held)["remainingRefundableAmount"] == 0


def test_refund_remaining(till: Till) -> None:
    """What remains is what is left of all captures."""
    held = till.hold()
    till.capture(held, amount=300)
    till.capture(held, amount=700)
    refund = till.refund(held, amount=100)
    assert refund["remainingRefundableAmount"] == 900
    left = [each["captureRemainingRefundableAmount"] for each in refund["paymentRequest"]["captures"]]
    assert left == [700, 200]


def test_refund_profile(till: Till) -> None:
    """A refund makes no profile."""
    body = {"merchant": SOFTWARE, "amount": 1, "currency": "USD", "paymentMethodType": {"card": card()}, "accountHolder": WISH}
    till.done("POST", "/refunds", body)
    assert till.effects("profiles created") == 0


def test_amount_read(till: Till) -> None:
    """A payment's amount is what was captured of it."""
    held = till.hold()
    assert till.read(held)["amount"] == 1000
    till.capture(held, amount=300)
    till.capture(held, amount=200)
    assert till.read(held)["amount"] == 500


def test_capture_read(till: Till) -> None:
    """A later capture is found by its transaction id, and cannot be captured or voided itself."""
    held = till.hold()
    till.capture(held, amount=300)
    second = till.capture(held, amount=200)
    shown = till.read(second)
    assert (shown["transactionId"], shown["amount"]) == (second["transactionId"], 200)
    assert till.refused("POST", f"/payments/{second['transactionId']}/captures", {}, status=404) == []
    assert till.refused("PATCH", f"/payments/{second['transactionId']}", {"isVoid": True}, status=404) == []


def test_is_capture(till: Till) -> None:
    """The old member decides on its own, the newer one where both are sent."""
    order = till.order()
    del order["captureMethod"]
    held = till.done("POST", "/payments", {**order, "isCapture": False})
    assert (held["transactionState"], held["captureMethod"]) == ("AUTHORIZED", "MANUAL")
    assert till.done("POST", "/payments", {**order, "isCapture": True})["captureMethod"] == "NOW"
    assert till.pay(isCapture=False)["transactionState"] == "CLOSED"
    assert till.change(held, isCapture=True)["transactionState"] == "CLOSED"


def test_version_as_sent(till: Till) -> None:
    """Text stays text, a number a number, and none is none."""
    for version in ("1.235", 1.235, 2):
        software = {**SOFTWARE["merchantSoftware"], "version": version}
        shown = till.pay(merchant={"merchantSoftware": software})["merchant"]["merchantSoftware"]["version"]
        assert (shown, type(shown)) == (version, type(version))
    bare = {name: SOFTWARE["merchantSoftware"][name] for name in ("companyName", "productName")}
    assert "version" not in till.pay(merchant={"merchantSoftware": bare})["merchant"]["merchantSoftware"]


def test_zero_payment(till: Till) -> None:
    """Nothing is paid, and nothing can be given back."""
    paid = till.pay(0)
    assert (paid["transactionState"], paid["amount"], paid["remainingRefundableAmount"]) == ("CLOSED", 0, 0)
    assert till.refused("POST", "/refunds", till.back(paid)) == ["amount"]


def test_closed_decline(till: Till) -> None:
    """Nothing of a declined payment is open."""
    assert till.pay(53000)["paymentRequest"]["paymentRequestStatus"] == "CLOSED"
