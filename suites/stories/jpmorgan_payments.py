"""An honest merchant at the payments API: each way in which money comes, goes back, or is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from payproof.client import Answer
    from payproof.replay import Play

VISA = "4112344112344113"
MASTERCARD = "5112345112345114"
PARTIAL = "4444444444444455"
"""The vendor's test card of which only a part is approved."""
NOWHERE = "0f0e0d0c-0b0a-4908-8706-050403020100"
"""A well-formed id of a method that no profile has."""

MERCHANT: dict[str, Any] = {
    "merchantSoftware": {"companyName": "Payment Company", "productName": "Application Name", "version": "1.235"},
    "merchantCategoryCode": "4899",
}
CARD: dict[str, Any] = {"accountNumber": VISA, "expiry": {"month": 12, "year": 2040}, "cvv": "411"}
HOLDER: dict[str, Any] = {
    "referenceId": "1245",
    "firstName": "John",
    "lastName": "Smith",
    "email": "example@example.com",
    "mobile": {"countryCode": 1, "phoneNumber": "1234567890"},
}
CREATE = {"consumerProfileInfo": {"consumerProfileRequestType": "CREATE"}}
QUICK_START: dict[str, Any] = {
    "captureMethod": "NOW",
    "amount": 1234,
    "currency": "USD",
    "merchant": MERCHANT,
    "paymentMethodType": {"card": {**CARD, "accountNumber": "4012000033330026", "isBillPayment": True}},
    "initiatorType": "CARDHOLDER",
    "accountOnFile": "NOT_STORED",
    "isAmountFinal": True,
}


def story(play: Play) -> None:
    """Live through everything that the payments API documents.

    Every clause of the payments API is judged on at least one of these exchanges. Some requests carry ids that are taken
    in headers of free content, which is where a mutant finds them.
    """
    paid = _first_payment(play)
    profile = _profile_in_a_payment(play)
    _captures(play)
    refund = _refunds(play)
    _changes(play)
    _refused_by_the_issuer(play)
    _stored_methods(play, profile)
    _verifications(play, profile)
    _faults(play, paid)
    _strangers(play, paid, refund, profile)
    _time(play, paid)


def _pay(play: Play, label: str, method: str, amount: int = 1000, **more: Any) -> str:
    """Make a payment by card; give its id."""
    body = {**QUICK_START, "captureMethod": method, "amount": amount, "paymentMethodType": {"card": CARD}, **more}
    return str(play(label, "createPayment", body=body).body["transactionId"])


def _first_payment(play: Play) -> str:
    """Pay as the quick start does, ask for it in both ways, and send the request again."""
    labelled = {"request-id": "10cc0270-7bed-11e9-a188-1763956dd7f6"}
    paid = str(play("pay", "createPayment", body=QUICK_START, headers=labelled).body["transactionId"])
    play("read", "getPayment", path={"id": paid})
    play("find", "findPayment", query={"requestIdentifier": labelled["request-id"]})
    play("pay-again", "createPayment", body=QUICK_START, headers=labelled)
    play("pay-other-amount", "createPayment", body={**QUICK_START, "amount": 4321}, headers=labelled)
    play("read-once-more", "getPayment", path={"id": paid})
    play("pay-plainly", "createPayment", body=QUICK_START, headers={"request-id": "pay-plainly"})
    unsaid = {"captureMethod", "initiatorType", "accountOnFile"}
    play("pay-by-default", "createPayment", body={name: value for name, value in QUICK_START.items() if name not in unsaid})
    return paid


def _profile_in_a_payment(play: Play) -> dict[str, str]:
    """Make a profile in a payment as the page shows it, pay with it, and leave out what a profile needs."""
    inside = {"card": {**CARD, "cvv": 411}, "accountHolder": {**HOLDER, **CREATE}}
    merchant = {"merchantSoftware": {**MERCHANT["merchantSoftware"], "version": 1.235}}
    plain = {"captureMethod": "NOW", "amount": 1234, "currency": "USD", "merchant": merchant}
    made = play("make-profile", "createPayment", body={**plain, "paymentMethodType": inside})
    info = made.body["accountHolder"]["consumerProfileInfo"]
    profile = {name: info[name] for name in ("consumerProfileId", "paymentMethodId")}
    play("read-made-profile", "getConsumerProfile", path={"consumer-profile-id": profile["consumerProfileId"]})
    play("pay-stored", "createPayment", body={**plain, "paymentMethodType": {"consumerProfile": profile}})
    beside = {**plain, "paymentMethodType": {"card": CARD}, "accountHolder": {**HOLDER, "phone": HOLDER["mobile"], **CREATE}}
    taken = {"platform-id": profile["consumerProfileId"], "minorVersion": profile["paymentMethodId"]}
    play("make-profile-beside", "createPayment", body=beside, headers=taken)
    nameless = {**CREATE, "referenceId": "1245"}
    play("make-nameless-profile", "createPayment", body={**plain, "paymentMethodType": {"card": CARD, "accountHolder": nameless}})
    play("pay-with-holder", "createPayment", body={**plain, "paymentMethodType": {"card": CARD}, "accountHolder": HOLDER})
    return profile


def _captures(play: Play) -> None:
    """Capture in parts, at a single stroke, and what cannot be captured."""
    pid = {"id": _pay(play, "authorize", "MANUAL")}
    play("capture-above", "capturePayment", path=pid, body={"amount": 1001, "isAmountFinal": True})
    play("read-after-refusal", "getPayment", path=pid)
    labelled = {"request-id": "capture-part"}
    part = {"amount": 400, "isAmountFinal": False}
    play("capture-part", "capturePayment", path=pid, body=part, headers=labelled)
    play("capture-part-repeated", "capturePayment", path=pid, body=part, headers=labelled)
    play("read-open", "getPayment", path=pid)
    play("capture-more", "capturePayment", path=pid, body={"amount": 100, "isAmountFinal": False})
    play("capture-last", "capturePayment", path=pid, body={"amount": 300, "isAmountFinal": True})
    play("read-closed", "getPayment", path=pid)
    play("capture-closed", "capturePayment", path=pid, body={})
    whole = {"id": _pay(play, "authorize-whole", "MANUAL")}
    play("capture-whole", "capturePayment", path=whole, body={})
    play("read-whole", "getPayment", path=whole)
    single = {"id": _pay(play, "authorize-single", "MANUAL")}
    play("capture-single", "capturePayment", path=single, body={"amount": 700, "isAmountFinal": True})
    play("read-single", "getPayment", path=single)
    reference = {"transactionReference": {"transactionReferenceId": single["id"]}}
    play("refund-above-single", "createRefund", body={"merchant": MERCHANT, "amount": 800, "paymentMethodType": reference})


def _refunds(play: Play) -> str:
    """Give back a part, too much, in another currency, the rest, and once more; give the id of the first refund."""
    paid = _pay(play, "pay-to-refund", "NOW")
    body: dict[str, Any] = {"merchant": MERCHANT, "paymentMethodType": {"transactionReference": {"transactionReferenceId": paid}}}
    labelled = {"request-id": "refund-part"}
    refund = play("refund-part", "createRefund", body={**body, "amount": 300}, headers=labelled).body["transactionId"]
    play("refund-part-repeated", "createRefund", body={**body, "amount": 300}, headers=labelled)
    play("read-refund", "getRefund", path={"id": refund})
    play("read-refunded", "getPayment", path={"id": paid})
    play("refund-above", "createRefund", body={**body, "amount": 701})
    play("refund-other-currency", "createRefund", body={**body, "amount": 100, "currency": "EUR"})
    play("refund-rest", "createRefund", body=body, headers={"platform-id": refund})
    play("read-refunded-whole", "getPayment", path={"id": paid})
    play("refund-nothing-left", "createRefund", body=body)
    uncaptured = _pay(play, "authorize-to-refund", "MANUAL")
    reference = {"transactionReference": {"transactionReferenceId": uncaptured}}
    play("refund-uncaptured", "createRefund", body={**body, "paymentMethodType": reference, "amount": 100})
    alone = {**body, "amount": 250, "currency": "USD", "paymentMethodType": {"card": {**CARD, "accountNumber": MASTERCARD}}}
    play("refund-to-card", "createRefund", body=alone)
    return str(refund)


def _changes(play: Play) -> None:
    """Raise, reverse in part, make void; and what can no longer be changed."""
    pid = {"id": _pay(play, "authorize-to-raise", "MANUAL")}
    play("raise", "updatePayment", path=pid, body={"amount": 1500})
    play("read-raised", "getPayment", path=pid)
    pid = {"id": _pay(play, "authorize-to-reverse", "MANUAL")}
    play("reverse-part", "updatePayment", path=pid, body={"captureMethod": "NOW", "amount": 700})
    play("read-reversed", "getPayment", path=pid)
    play("void-captured", "updatePayment", path=pid, body={"isVoid": True})
    play("raise-captured", "updatePayment", path=pid, body={"amount": 900})
    play("read-unchanged", "getPayment", path=pid)
    pid = {"id": _pay(play, "authorize-to-void", "MANUAL")}
    play("void", "updatePayment", path=pid, body={"isVoid": True})
    play("read-void", "getPayment", path=pid)
    play("capture-void", "capturePayment", path=pid, body={})
    play("raise-void", "updatePayment", path=pid, body={"amount": 1500})


def _refused_by_the_issuer(play: Play) -> None:
    """Pay with what the issuer declines, and with what it approves in part."""
    pid = {"id": _pay(play, "declined", "NOW", 53000, accountHolder={**HOLDER, **CREATE})}
    play("read-declined", "getPayment", path=pid)
    play("capture-declined", "capturePayment", path=pid, body={})
    play("raise-declined", "updatePayment", path=pid, body={"amount": 60000})
    part = {"paymentMethodType": {"card": {**CARD, "accountNumber": PARTIAL}}, "partialAuthorizationSupport": "SUPPORTED"}
    _pay(play, "approved-in-part", "NOW", 1000, **part)


def _stored_methods(play: Play, profile: dict[str, str]) -> None:
    """Pay with what is stored, and with what is out of use, deleted or not there."""
    card = {"accountNumber": VISA, "cardExpirationMonthYearNumber": "12/2040", "accountStatus": "ACTIVE"}
    stored = {"profileStatus": "ACTIVE", "profilePaymentMethod": {"cardList": [card, {**card, "accountNumber": MASTERCARD}, card]}}
    created = play("store", "createConsumerProfile", body=stored).body
    pid = {"consumer-profile-id": created["consumerProfileId"]}
    ids = [one["paymentMethodId"] for one in created["paymentMethodType"]["cardList"]]

    def pay(label: str, method: str) -> Answer:
        chosen = {"consumerProfile": {"consumerProfileId": created["consumerProfileId"], "paymentMethodId": method}}
        return play(label, "createPayment", body={**QUICK_START, "accountOnFile": "STORED", "paymentMethodType": chosen})

    pay("pay-with-stored", ids[1])
    pay("pay-with-nowhere", NOWHERE)
    suspended = {"card": {"accountStatus": "INACTIVE"}}
    play("suspend-method", "updatePaymentMethod", path={**pid, "payment-method-Id": ids[0]}, body=suspended)
    pay("pay-with-suspended", ids[0])
    play("delete-method", "deletePaymentMethod", path={**pid, "payment-method-Id": ids[1]})
    pay("pay-with-deleted", ids[1])
    play("suspend-profile", "updateConsumerProfile", path=pid, body={"profileStatus": "INACTIVE"})
    pay("pay-with-suspended-profile", ids[2])
    play("delete-profile", "deleteConsumerProfile", path=pid)
    pay("pay-with-deleted-profile", ids[2])
    refund = {"merchant": MERCHANT, "amount": 250, "currency": "USD", "paymentMethodType": {"consumerProfile": profile}}
    play("refund-to-stored", "createRefund", body=refund)
    play("read-stored", "getConsumerProfile", path={"consumer-profile-id": profile["consumerProfileId"]})


def _verifications(play: Play, profile: dict[str, str]) -> None:
    """Check a card, one that is stored, and one of which a profile is made."""
    body: dict[str, Any] = {"currency": "USD", "merchant": MERCHANT, "initiatorType": "CARDHOLDER", "accountOnFile": "NOT_STORED"}
    play("verify", "createVerification", body={**body, "paymentMethodType": {"card": CARD}})
    play("verify-stored", "createVerification", body={**body, "accountOnFile": "STORED", "paymentMethodType": {"consumerProfile": profile}})
    holder = {**HOLDER, **CREATE}
    made = {**body, "accountOnFile": "TO_BE_STORED", "paymentMethodType": {"card": CARD}, "accountHolder": holder}
    play("verify-and-store", "createVerification", body=made)


def _faults(play: Play, paid: str) -> None:
    """Send a request that has a fault, and requests of somebody who is not let in."""
    play("pay-without-currency", "createPayment", body={name: value for name, value in QUICK_START.items() if name != "currency"})
    play("pay-with-short-number", "createPayment", body={**QUICK_START, "paymentMethodType": {"card": {**CARD, "accountNumber": "4112"}}})
    pid = {"id": paid}
    head, payload, signature = play.credentials["token"].split(".")
    middle = len(signature) // 2
    other = "A" if signature[middle] != "A" else "B"
    forged = ".".join((head, payload, signature[:middle] + other + signature[middle + 1 :]))
    play("no-token", "getPayment", path=pid, headers={"Authorization": None})
    play("other-scheme", "getPayment", path=pid, headers={"Authorization": "Basic bm9ib2R5Om5vdGhpbmc="})
    play("malformed-token", "getPayment", path=pid, headers={"Authorization": "Bearer nonsense"})
    play("altered-token", "getPayment", path=pid, headers={"Authorization": f"Bearer {forged}"})


def _strangers(play: Play, paid: str, refund: str, profile: dict[str, str]) -> None:
    """Let another tenant use the payment, the refund, the stored profile and the merchant identifier of this one."""
    other = play.other_tenant()
    taken = {"platform-id": paid}
    own = other("other-pay", "createPayment", body=QUICK_START, headers={**taken, "request-id": "pay-plainly"}).body["transactionId"]
    other("other-find", "findPayment", query={"requestIdentifier": "10cc0270-7bed-11e9-a188-1763956dd7f6"}, headers=taken)
    other("foreign-read", "getPayment", path={"id": paid})
    other("foreign-void", "updatePayment", path={"id": paid}, body={"isVoid": True})
    other("foreign-capture", "capturePayment", path={"id": paid}, body={})
    other("foreign-refund-read", "getRefund", path={"id": refund})
    back = {"merchant": MERCHANT, "amount": 100, "paymentMethodType": {"transactionReference": {"transactionReferenceId": paid}}}
    other("foreign-refund", "createRefund", body=back)
    other("foreign-profile", "createPayment", body={**QUICK_START, "paymentMethodType": {"consumerProfile": profile}})
    borrowed = {"merchant-id": play.credentials["merchant_id"]}
    other("borrowed-merchant", "getPayment", path={"id": own}, headers=borrowed)


def _time(play: Play, paid: str) -> None:
    """Let a delayed payment capture itself, and let a token run out."""
    pid = {"id": _pay(play, "delayed", "DELAYED")}
    play("read-delayed", "getPayment", path=pid)
    late = {"id": _pay(play, "delayed-too", "DELAYED")}
    play.advance(1800)
    play("read-delayed-early", "getPayment", path=pid)
    play.advance(3700)
    play("expired", "getPayment", path={"id": paid})
    play.new_token()
    play("read-delayed-still", "getPayment", path=pid)
    play.advance(6000)
    play.new_token()
    play("read-delayed-late", "getPayment", path=late)
