"""The life of money: what a payment shows after each step, and which steps are refused."""

from __future__ import annotations

from typing import Any

import pytest

from payproof.mock.jpmorgan_payments_issuer import mask
from tests.mock.payments_till import AMEX, MASTER, SOFTWARE, VISA, Json, Till, card, till

__all__ = ["till"]

APPROVED = ("APPROVED", "Transaction approved by Issuer")
ACCEPTED = ("ACCEPTED", "Transaction accepted")


def seen(body: Json) -> tuple[Any, ...]:
    """Give state, code, message and the statuses of request, authorisation and newest capture, as the state table has them."""
    chain = body["paymentRequest"]
    first, newest = chain["authorizations"][0], chain.get("captures", [{}])[0]
    return (
        body["transactionState"],
        (body["responseCode"], body["responseMessage"]),
        chain["paymentRequestStatus"],
        first["transactionStatusCode"],
        newest.get("transactionStatusCode"),
    )


def money(body: Json) -> tuple[Any, ...]:
    """Give amount, what is left of the authorisation, and what can be refunded."""
    return body["amount"], body["remainingAuthAmount"], body.get("remainingRefundableAmount")


def test_the_documented_payment(till: Till) -> None:
    """The quick start's request gets every member of its answer, consistent with what was sent."""
    request = {
        "captureMethod": "NOW",
        "amount": 1234,
        "currency": "USD",
        "merchant": {**SOFTWARE, "merchantCategoryCode": "4899"},
        "paymentMethodType": {"card": {"accountNumber": "4012000033330026", "expiry": {"month": 5, "year": 2027}, "isBillPayment": True}},
        "initiatorType": "CARDHOLDER",
        "accountOnFile": "NOT_STORED",
        "isAmountFinal": True,
    }
    body = till.done("POST", "/payments", request, key="10cc0270-7bed-11e9-a188-1763956dd7f6")
    name, moment = body["transactionId"], body["transactionDate"]
    assert body == {
        "transactionId": name,
        "requestId": "10cc0270-7bed-11e9-a188-1763956dd7f6",
        "transactionState": "CLOSED",
        "responseStatus": "SUCCESS",
        "responseCode": "APPROVED",
        "responseMessage": "Transaction approved by Issuer",
        "paymentMethodType": {
            "card": {
                "cardType": "VI",
                "cardTypeName": "VISA",
                "maskedAccountNumber": "401200XXXXXX0026",
                "isBillPayment": True,
                "networkResponse": {"addressVerificationResult": "NOT_REQUESTED"},
            }
        },
        "captureMethod": "NOW",
        "captureTime": moment,
        "initiatorType": "CARDHOLDER",
        "accountOnFile": "NOT_STORED",
        "isVoid": False,
        "transactionDate": moment,
        "approvalCode": body["approvalCode"],
        "hostMessage": "Approved",
        "amount": 1234,
        "currency": "USD",
        "remainingRefundableAmount": 1234,
        "remainingAuthAmount": 0,
        "hostReferenceId": body["hostReferenceId"],
        "merchant": {"merchantId": till.merchant_id, **SOFTWARE, "merchantCategoryCode": "4899"},
        "isAmountFinal": True,
        "paymentRequest": {
            "paymentRequestId": name,
            "paymentRequestStatus": "CLOSED",
            "authorizations": [
                {"authorizationId": name, "amount": 1234, "transactionStatusCode": "CAPTURED", "authorizationType": "INITIAL"}
            ],
            "captures": [{"captureId": name, "amount": 1234, "transactionStatusCode": "CLOSED", "captureRemainingRefundableAmount": 1234}],
        },
    }
    assert till.read(body) == body
    assert till.done("GET", f"/payments?requestIdentifier={body['requestId']}") == body
    assert till.effects("payments created") == till.effects("captures created") == 1


def test_now_is_the_default(till: Till) -> None:
    """Without captureMethod the money is taken at once."""
    order = till.order()
    del order["captureMethod"]
    assert seen(till.done("POST", "/payments", order)) == ("CLOSED", APPROVED, "CLOSED", "CAPTURED", "CLOSED")


def test_manual_and_full_capture(till: Till) -> None:
    """A manual payment waits for its capture."""
    held = till.hold()
    assert seen(held) == ("AUTHORIZED", APPROVED, "PENDING", "AUTHORIZED", None)
    assert money(held) == (1000, 1000, None)
    taken = till.capture(held, captureMethod="NOW")
    assert seen(taken) == ("CLOSED", ACCEPTED, "CLOSED", "CAPTURED", "CLOSED")
    assert money(taken) == (1000, 0, 1000)
    assert taken["transactionId"] == held["transactionId"]
    assert till.read(held) == {**taken, "requestId": held["requestId"]}


def test_partial_capture(till: Till) -> None:
    """A final capture of a part gives the rest back."""
    taken = till.capture(till.hold(), amount=400, isAmountFinal=True)
    assert seen(taken) == ("CLOSED", APPROVED, "CLOSED", "CAPTURED", "CLOSED")
    assert money(taken) == (400, 0, 400)
    assert taken["paymentRequest"]["authorizations"][0]["amount"] == taken["totalAuthorizedAmount"] == 1000


def test_captures_in_parts(till: Till) -> None:
    """Several captures add up, the newest first, each with its own transaction id but the first."""
    held = till.hold()
    one = till.capture(held, amount=300, multiCapture={"multiCaptureSequenceNumber": "1", "isFinalCapture": False})
    assert seen(one) == ("CLOSED", ACCEPTED, "OPEN", "AUTHORIZED", "CLOSED")
    assert money(one) == (300, 700, 300)
    two = till.capture(held, amount=200, multiCapture={"multiCaptureSequenceNumber": 2, "multiCaptureRecordCount": 3})
    assert seen(two) == ("CLOSED", ACCEPTED, "OPEN", "AUTHORIZED", "CLOSED")
    assert two["transactionId"] not in (held["transactionId"], one["transactionId"])
    last = till.capture(held, amount=100, multiCapture={"isFinalCapture": True})
    assert seen(last) == ("CLOSED", ACCEPTED, "CLOSED", "AUTHORIZED", "CLOSED")
    assert money(last) == (100, 0, 600)
    assert [each["amount"] for each in last["paymentRequest"]["captures"]] == [100, 200, 300]
    assert [each["captureId"] for each in last["paymentRequest"]["captures"]] == [
        last["transactionId"],
        two["transactionId"],
        held["transactionId"],
    ]
    assert money(till.read(held)) == (600, 0, 600)
    assert till.effects("captures created") == 3


def test_delayed_capture(till: Till) -> None:
    """A delayed payment is captured after 120 minutes, not earlier, and once."""
    delayed = till.pay(captureMethod="DELAYED")
    assert seen(delayed) == ("AUTHORIZED", APPROVED, "PENDING", "AUTHORIZED", None)
    till.advance(119)
    assert till.read(delayed) == delayed
    till.advance(2)
    after = till.read(delayed)
    assert seen(after) == ("CLOSED", APPROVED, "CLOSED", "CAPTURED", "CLOSED")
    assert money(after) == (1000, 0, 1000)
    assert after["captureTime"] == delayed["captureTime"]
    assert after == till.read(delayed)
    assert till.effects("captures created") == 1


def test_incremental(till: Till) -> None:
    """The amount of an incremental authorization is the new total."""
    held = till.hold()
    more = till.change(held, amount=1500)
    assert seen(more) == ("AUTHORIZED", APPROVED, "PENDING", "AUTHORIZED", None)
    assert more["paymentRequest"]["authorizations"] == [
        {
            "authorizationId": held["transactionId"],
            "amount": 1500,
            "transactionStatusCode": "AUTHORIZED",
            "authorizationType": "INCREMENTAL",
        }
    ]
    assert money(more) == (1500, 1500, None)
    assert till.capture(held)["amount"] == 1500


def test_reversal(till: Till) -> None:
    """A partial reversal takes the replacement amount, or leaves it for a capture."""
    taken = till.change(till.hold(), captureMethod="NOW", amount=300)
    assert seen(taken) == ("CLOSED", APPROVED, "CLOSED", "CAPTURED", "CLOSED")
    assert money(taken) == (300, 0, 300)
    held = till.hold()
    less = till.change(held, captureMethod="MANUAL", amount=300)
    assert seen(less) == ("AUTHORIZED", APPROVED, "PENDING", "AUTHORIZED", None)
    assert money(less) == (300, 300, None)
    assert till.refused("POST", f"/payments/{held['transactionId']}/captures", {"amount": 301}) == ["amount"]


def test_void(till: Till) -> None:
    """A void gives everything back, and nothing moves after it."""
    held = till.hold()
    void = till.change(held, isVoid=True)
    assert seen(void) == ("VOIDED", APPROVED, "CANCELLED", "VOIDED", None)
    assert void["isVoid"] is True
    assert money(void) == (1000, 0, None)
    place = f"/payments/{held['transactionId']}"
    assert till.refused("POST", f"{place}/captures", {}) == ["id"]
    assert till.refused("PATCH", place, {"isVoid": True}) == ["id"]
    assert till.refused("PATCH", place, {"amount": 2000}) == ["id"]
    assert till.refused("POST", "/refunds", till.back(held))
    assert till.read(held) == {**void, "requestId": held["requestId"]}


@pytest.mark.parametrize("method", ["NOW", "MANUAL"])
def test_a_captured_payment_is_only_refunded(till: Till, method: str) -> None:
    """After the capture there is no void, no change and no second capture."""
    payment = till.pay(captureMethod=method)
    if method == "MANUAL":
        till.capture(payment)
    before = till.read(payment)
    place = f"/payments/{payment['transactionId']}"
    for verb, path, body in [
        ("PATCH", place, {"isVoid": True}),
        ("PATCH", place, {"amount": 5000}),
        ("PATCH", place, {"captureMethod": "NOW", "amount": 1}),
        ("POST", f"{place}/captures", {"amount": 1}),
    ]:
        assert till.refused(verb, path, body) == ["id"]
    assert till.read(payment) == before


def test_refused_captures_change_nothing(till: Till) -> None:
    """More than what is left, another currency or nothing at all is not taken."""
    held = till.hold()
    place = f"/payments/{held['transactionId']}/captures"
    assert till.refused("POST", place, {"amount": 1001}) == ["amount"]
    assert till.refused("POST", place, {"amount": 0}) == ["amount"]
    assert till.refused("POST", place, {"amount": 10, "currency": "EUR"}) == ["currency"]
    assert till.refused("POST", place, {"captureMethod": "MANUAL"}) == ["captureMethod"]
    assert till.read(held) == held
    till.capture(held, amount=600)
    assert till.refused("POST", place, {"amount": 401}) == ["amount"]
    assert till.capture(held, amount=400)["paymentRequest"]["paymentRequestStatus"] == "CLOSED"


def test_refunds(till: Till) -> None:
    """Partial refunds add up to the capture and never beyond it."""
    payment = till.pay()
    one = till.refund(payment, amount=300, currency="USD")
    assert (one["transactionState"], one["responseCode"], one["amount"], one["currency"]) == ("AUTHORIZED", "APPROVED", 300, "USD")
    assert one["transactionReferenceId"] == payment["transactionId"]
    assert one["remainingRefundableAmount"] == 700
    assert one["paymentRequest"]["captures"][0]["captureRemainingRefundableAmount"] == 700
    assert one["paymentRequest"]["refunds"] == [{"refundId": one["transactionId"], "amount": 300, "transactionStatusCode": "CLOSED"}]
    assert till.done("GET", f"/refunds/{one['transactionId']}") == one
    assert till.refused("POST", "/refunds", till.back(payment, amount=701)) == ["amount"]
    assert till.refused("POST", "/refunds", till.back(payment, amount=1, currency="EUR")) == ["currency"]
    rest = till.refund(payment)
    assert (rest["amount"], rest["remainingRefundableAmount"]) == (700, 0)
    assert till.refused("POST", "/refunds", till.back(payment)) == ["amount"]
    after = till.read(payment)
    assert money(after) == (1000, 0, 0)
    assert [each["amount"] for each in after["paymentRequest"]["refunds"]] == [300, 700]
    assert till.effects("refunds created") == 2


def test_refund_of_a_part(till: Till) -> None:
    """What was authorised and not captured cannot be refunded."""
    held = till.hold()
    assert till.refused("POST", "/refunds", till.back(held))
    till.capture(held, amount=400, isAmountFinal=True)
    assert till.refused("POST", "/refunds", till.back(held, amount=401)) == ["amount"]
    assert till.refund(held)["amount"] == 400


def test_refund_to_a_card(till: Till) -> None:
    """A refund without a payment goes to a card or to a stored card."""
    body = {"merchant": SOFTWARE, "amount": 1234, "currency": "USD", "paymentMethodType": {"card": card("4012000033330026")}}
    alone = till.done("POST", "/refunds", body)
    assert alone["paymentMethodType"]["card"]["maskedAccountNumber"] == "401200XXXXXX0026"
    assert "remainingRefundableAmount" not in alone
    assert alone["paymentRequest"]["refunds"][0]["amount"] == 1234
    assert till.done("GET", f"/refunds/{alone['transactionId']}") == alone
    stored = till.done("POST", "/refunds", {**body, "paymentMethodType": {"consumerProfile": till.store(MASTER)}})
    assert stored["paymentMethodType"]["card"]["cardType"] == "MC"
    assert till.refused("POST", "/refunds", {"merchant": SOFTWARE, "paymentMethodType": body["paymentMethodType"]}) == [
        "amount",
        "currency",
    ]


@pytest.mark.parametrize(
    ("number", "amount", "holder", "code"),
    [
        (MASTER, 52100, {}, "INSUFFICIENT_FUNDS"),
        (VISA, 53000, {}, "DO_NOT_HONOR"),
        (VISA, 1000, {"referenceId": "decline"}, "DECLINED"),
    ],
)
def test_declines(till: Till, number: str, amount: int, holder: Json, code: str) -> None:
    """A decline is answered with 200 and moves nothing, now and later."""
    body = till.pay(amount, {"card": card(number)}, accountHolder=holder)
    assert (body["responseStatus"], body["responseCode"], body["transactionState"]) == ("DENIED", code, "DECLINED")
    assert body["paymentRequest"]["authorizations"][0]["transactionStatusCode"] == "FAILED"
    assert "captures" not in body["paymentRequest"]
    assert "approvalCode" not in body
    assert money(body) == (amount, 0, None)
    assert till.read(body) == body
    assert till.refused("POST", f"/payments/{body['transactionId']}/captures", {}) == ["id"]
    assert till.refused("PATCH", f"/payments/{body['transactionId']}", {"isVoid": True}) == ["id"]
    assert till.refused("POST", "/refunds", till.back(body))
    assert till.effects("payments created") == till.effects("captures created") == 0


def test_declined_refund_and_verification(till: Till) -> None:
    """The issuer may decline a refund to a card, and a verification."""
    body = {"merchant": SOFTWARE, "paymentMethodType": {"card": card()}, "accountHolder": {"referenceId": "decline"}}
    for path, more in (("/refunds", {"amount": 100, "currency": "USD"}), ("/verifications", {})):
        answer = till.done("POST", path, {**body, **more})
        assert (answer["responseStatus"], answer["transactionState"]) == ("DENIED", "DECLINED")
    assert till.effects("refunds created") == 0


@pytest.mark.parametrize(("number", "masked"), [("4444444444444455", "444444XXXXXX4455"), ("5555555555555565", "555555XXXXXX5565")])
def test_partial_approval(till: Till, number: str, masked: str) -> None:
    """A part is approved where the merchant supports it, and only that part moves."""
    part = till.pay(1001, {"card": card(number)}, partialAuthorizationSupport="SUPPORTED")
    assert seen(part)[:2] == ("CLOSED", ("PARTIAL_APPROVAL", "Transaction partially approved by issuer"))
    assert (part["partialAuthorization"], part["requestedAuthorizationAmount"]) == (True, 1001)
    assert money(part) == (500, 0, 500)
    assert part["paymentMethodType"]["card"]["maskedAccountNumber"] == masked
    assert till.refused("POST", "/refunds", till.back(part, amount=501)) == ["amount"]
    held = till.hold(1000, method={"card": card(number)}, partialAuthorizationSupport="SUPPORTED")
    assert till.refused("POST", f"/payments/{held['transactionId']}/captures", {"amount": 501}) == ["amount"]


def test_verification(till: Till) -> None:
    """A verification says what the issuer thinks of a card, and moves nothing."""
    body = {"merchant": SOFTWARE, "currency": "USD", "paymentMethodType": {"card": card(AMEX, cvv="1111")}}
    answer = till.done("POST", "/verifications", body, key="v-1")
    assert (answer["requestId"], answer["responseStatus"], answer["responseCode"]) == ("v-1", "SUCCESS", "APPROVED")
    assert answer["paymentMethodType"]["card"]["cardTypeName"] == "AMERICAN_EXPRESS"
    assert answer["amount"] == 0
    assert (till.effects("verifications created"), till.effects("payments created")) == (1, 0)
    assert till.refused("POST", "/verifications", {**body, "amount": 1}) == ["amount"]


@pytest.mark.parametrize(
    ("number", "kind", "name", "masked"),
    [
        ("4470051300000000003", "VI", "VISA", "447005XXXXXXXXX0003"),
        ("2221000000000009", "MC", "MASTERCARD", "222100XXXXXX0009"),
        ("341134113411347", "AX", "AMERICAN_EXPRESS", "341134XXXXX1347"),
        ("6011016011016011", "DI", "DISCOVER", "601101XXXXXX6011"),
        ("36438936438936", "DC", "DINERS_CLUB", "364389XXXX8936"),
        ("3566003566003566", "JC", "JCB", "356600XXXXXX3566"),
        ("6221261111113245", "CC", "CHINA_UNION_PAY", "622126XXXXXX3245"),
    ],
)
def test_brands(till: Till, number: str, kind: str, name: str, masked: str) -> None:
    """The published card of each brand is shown as what it is."""
    shown = till.pay(method={"card": card(number)})["paymentMethodType"]["card"]
    assert (shown["cardType"], shown["cardTypeName"], shown["maskedAccountNumber"]) == (kind, name, masked)
    assert mask(number, first=6) == masked
    assert number not in "".join(till.seen)


@pytest.mark.parametrize(
    ("number", "cvv", "result"),
    [
        (VISA, 111, "MATCH"),
        (AMEX, "1111", "MATCH"),
        (AMEX, 3111, "NO_MATCH"),
        (AMEX, "3112", "NOT_PROCESSED"),
        ("6011016011016011", "611", "NO_MATCH"),
        ("3566003566003566", 612, "NOT_PROCESSED"),
        (VISA, "611", "MATCH"),
    ],
)
def test_security_codes(till: Till, number: str, cvv: str | int, result: str) -> None:
    """A security code gets its published result and is nowhere to be seen."""
    shown = till.pay(method={"card": card(number, cvv=cvv)})["paymentMethodType"]["card"]
    assert shown["networkResponse"]["cardVerificationResult"] == result
    assert "cvv" not in shown
