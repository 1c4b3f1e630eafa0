"""What the payments API refuses, how it says so, and that nothing came of it."""

from __future__ import annotations

import gzip
import json
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.mock.payments_till import SOFTWARE, VISA, Json, Till, card, neighbour, till

__all__ = ["neighbour", "till"]

NOBODY = "9f186d77-cb1b-4a9f-bb44-b5be91b891ac"
OPERATIONS = [
    ("POST", "/payments"),
    ("GET", "/payments?requestIdentifier=nobody"),
    ("GET", f"/payments/{NOBODY}"),
    ("PATCH", f"/payments/{NOBODY}"),
    ("POST", f"/payments/{NOBODY}/captures"),
    ("POST", "/refunds"),
    ("GET", f"/refunds/{NOBODY}"),
    ("POST", "/verifications"),
]


def body_for(till: Till, verb: str, path: str) -> Any:
    """Give a body with which the operation would go on."""
    if verb == "GET":
        return None
    if path.endswith("captures") or verb == "PATCH":
        return {"amount": 1}
    body = till.order()
    if path == "/verifications":
        del body["amount"]
    return body


@pytest.mark.parametrize(("verb", "path"), OPERATIONS)
def test_tokens(till: Till, verb: str, path: str) -> None:
    """Without a good token every operation answers 401 with its own error body and a challenge."""
    for value in (None, "Bearer nobody", "Basic YTpi", "Bearer a b"):
        headers = {} if value is None else {"Authorization": value}
        response = till.call(verb, path, body_for(till, verb, path), drop="" if value else "Authorization", **headers)
        assert response.status_code == 401
        assert response.headers["www-authenticate"].startswith("Bearer ")
        assert response.json().keys() >= {"responseStatus", "responseCode", "responseMessage"}


@pytest.mark.parametrize(("verb", "path"), OPERATIONS)
def test_merchants(till: Till, neighbour: Till, verb: str, path: str) -> None:
    """The merchant-id is required, has a shape, and must be the token's."""
    body = body_for(till, verb, path)
    assert till.refused(verb, path, body, drop="merchant-id") == ["merchant-id"]
    for wrong in ("1234567", "1234567890123", "12345 789"):
        assert till.refused(verb, path, body, merchant_id=wrong) == ["merchant-id"]
    assert till.refused(verb, path, body, merchant_id=neighbour.merchant_id, status=403) == []


@pytest.mark.parametrize(("verb", "path"), OPERATIONS)
def test_request_ids(till: Till, verb: str, path: str) -> None:
    """The request-id is required but where an id in the path says everything; minorVersion may be anything short."""
    body = body_for(till, verb, path)
    ignored = verb == "GET" and NOBODY in path
    for key in ("", "x" * 41):
        response = till.call(verb, path, body, key=key)
        assert (response.status_code == 404) is ignored
        assert ignored or [each["entity"] for each in response.json()["validationErrors"]] == ["request-id"]
    assert (till.call(verb, path, body, drop="request-id").status_code == 404) is ignored
    assert till.refused(verb, path, body, minorVersion="x" * 41) == ["minorVersion"]
    assert till.call(verb, path, body, drop="minorVersion", key="x" * 40).status_code in (200, 404)
    assert till.call(verb, path, body, minorVersion="1").status_code in (200, 404)


@pytest.mark.parametrize(("verb", "path"), OPERATIONS[1:5] + OPERATIONS[6:7])
def test_unknown_and_foreign_payments(till: Till, neighbour: Till, verb: str, path: str) -> None:
    """What does not exist and what belongs to somebody else get the same answer, and stay as they are."""
    theirs = neighbour.hold()
    refund = neighbour.refund(neighbour.pay())
    there = path.replace("nobody", theirs["requestId"])
    there = there.replace(NOBODY, refund["transactionId"] if "refunds" in path else theirs["transactionId"])
    answers = [till.call(verb, each, body_for(till, verb, path)) for each in (path, there)]
    assert [each.status_code for each in answers] == [404, 404]
    assert answers[0].json() == answers[1].json()
    assert neighbour.read(theirs) == theirs


def test_foreign_refund(till: Till, neighbour: Till) -> None:
    """Nobody gives the money of somebody else back."""
    theirs = neighbour.pay()
    assert till.refused("POST", "/refunds", till.back(theirs), status=404) == []
    assert till.refused("POST", "/refunds", till.back({"transactionId": NOBODY}), status=404) == []
    assert neighbour.read(theirs) == theirs


@pytest.mark.parametrize(
    ("change", "blamed"),
    [
        ({"amount": None}, ["amount"]),
        ({"amount": "1000"}, ["amount"]),
        ({"amount": 1000.0}, ["amount"]),
        ({"amount": True}, ["amount"]),
        ({"amount": -1}, ["amount"]),
        ({"amount": 1_000_000_000_000}, ["amount"]),
        ({"amount": 10**400}, ["amount"]),
        ({"currency": "usd"}, ["currency"]),
        ({"currency": "UNKNOWN"}, ["currency"]),
        ({"captureMethod": "LATER"}, ["captureMethod"]),
        ({"merchant": {}}, ["merchant.merchantSoftware"]),
        (
            {"merchant": {"merchantSoftware": {}}},
            ["merchant.merchantSoftware.companyName", "merchant.merchantSoftware.productName"],
        ),
        (
            {"merchant": {"merchantSoftware": {**SOFTWARE["merchantSoftware"], "companyName": "<b>"}}},
            ["merchant.merchantSoftware.companyName"],
        ),
        ({"merchant": {"merchantSoftware": {**SOFTWARE["merchantSoftware"], "version": True}}}, ["merchant.merchantSoftware.version"]),
        ({"merchant": {"merchantSoftware": {**SOFTWARE["merchantSoftware"], "version": "1" * 51}}}, ["merchant.merchantSoftware.version"]),
        ({"merchant": {**SOFTWARE, "merchantCategoryCode": "48990"}}, ["merchant.merchantCategoryCode"]),
        ({"paymentMethodType": {}}, ["paymentMethodType"]),
        (
            {"paymentMethodType": {"card": card(), "consumerProfile": {"consumerProfileId": "NOBODY", "paymentMethodId": NOBODY}}},
            ["paymentMethodType"],
        ),
        ({"paymentMethodType": {"card": {}}}, ["paymentMethodType.card.accountNumber"]),
        ({"paymentMethodType": {"card": card("4" * 20)}}, ["paymentMethodType.card.accountNumber"]),
        ({"paymentMethodType": {"card": card("4112 3441 1234")}}, ["paymentMethodType.card.accountNumber"]),
        ({"paymentMethodType": {"card": card(cvv="12")}}, ["paymentMethodType.card.cvv"]),
        ({"paymentMethodType": {"card": card(cvv=1234567)}}, ["paymentMethodType.card.cvv"]),
        ({"paymentMethodType": {"card": card(cvv=True)}}, ["paymentMethodType.card.cvv"]),
        (
            {"paymentMethodType": {"card": card(expiry={"month": 13, "year": 2017})}},
            ["paymentMethodType.card.expiry.month", "paymentMethodType.card.expiry.year"],
        ),
        ({"paymentMethodType": {"card": card(expiry={"month": "5", "year": 2027})}}, ["paymentMethodType.card.expiry.month"]),
        ({"paymentMethodType": {"consumerProfile": {"paymentMethodId": NOBODY}}}, ["paymentMethodType.consumerProfile.consumerProfileId"]),
        (
            {"paymentMethodType": {"consumerProfile": {"consumerProfileId": "NOBODY"}}},
            ["paymentMethodType.consumerProfile.paymentMethodId"],
        ),
        ({"accountHolder": {"mobile": {"countryCode": 1000, "phoneNumber": "1"}}}, ["accountHolder.mobile.countryCode"]),
        ({"accountHolder": {"phone": {"countryCode": "1"}}}, ["accountHolder.phone.phoneNumber"]),
        ({"accountHolder": {"firstName": ""}}, ["accountHolder.firstName"]),
        ({"accountHolder": {"referenceId": "x" * 26}}, ["accountHolder.referenceId"]),
        ({"merchantOrderNumber": "a\0b"}, ["merchantOrderNumber"]),
        ({"initiatorType": "NOBODY", "accountOnFile": 1}, ["accountOnFile", "initiatorType"]),
    ],
)
def test_bodies(till: Till, change: Json, blamed: list[str]) -> None:
    """A body out of shape is refused with every place that is wrong and with no value of it."""
    assert sorted(till.refused("POST", "/payments", {**till.order(), **change})) == blamed
    assert till.effects("payments created") == 0
    assert not re.search("[0-9]{13}", till.seen[-1].partition("}) ")[2])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff",
        b"\x1f\x8b\x08\x00",
        b"\xef\xbb\xbf{}",
        b'{"amount": NaN}',
        b'{"amount": 1, "amount": 2}',
        b'{"amount": 1e999}',
        b'{"amount": ' + b"9" * 5_000 + b"}",
        b"[" * 100_000,
        b'{"shipTo": ' + b'{"a":' * 900 + b"1" + b"}" * 901,
        b"x" * 5_000_000,
        b'{"currency": "\\u0000\\ud800"}',
    ],
)
@pytest.mark.parametrize("path", ["/payments", f"/payments/{NOBODY}/captures", "/refunds", "/verifications"])
def test_hostile_bodies(till: Till, path: str, content: bytes) -> None:
    """Input that was made to hurt gets a documented refusal."""
    response = till.call("POST", path, content)
    assert response.status_code in (400, 404)
    assert response.json()["responseStatus"] == "ERROR"
    assert till.effects("payments created") == 0


def test_deep_members_nobody_reads(till: Till) -> None:
    """Nesting where nobody looks is either ignored or refused, never an error of the server."""
    order = json.dumps(till.order())[:-1].encode()
    for depth in (50, 300, 500, 700, 900, 950, 990, 5_000):
        response = till.call("POST", "/payments", order + b', "shipTo": {"a": ' + b"[" * depth + b"]" * depth + b"}}")
        assert response.status_code in (200, 400)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_media_types(till: Till, kind: str) -> None:
    """Only JSON is read."""
    assert till.refused("POST", "/payments", json.dumps(till.order()).encode(), Content_Type=kind) == ["Content-Type"]


def test_queries(till: Till) -> None:
    """A payment is found by exactly one request-id, and a list of all does not exist."""
    for query in (
        "",
        "?requestIdentifier=",
        "?requestIdentifier=a&requestIdentifier=b",
        f"?requestIdentifier={'x' * 41}",
        "?" + "a=b&" * 500,
    ):
        assert till.refused("GET", f"/payments{query}") == ["requestIdentifier"]
    strange = till.done("POST", "/payments", till.order(), key="a+b &c=d/%?")
    assert till.done("GET", "/payments?requestIdentifier=a%2Bb+%26c%3Dd%2F%25%3F") == strange


@pytest.mark.parametrize("path", ["/payments/%00", "/payments/abc", "/payments/%FF%FE", "/payments/" + "x" * 41, "/refunds/a b c d"])
def test_strange_ids(till: Till, path: str) -> None:
    """An id out of shape is named."""
    assert till.refused("GET", path) == ["id"]


def test_paths_and_methods(till: Till) -> None:
    """Other paths are not found, other methods are told which ones there are, HEAD is a GET without a body."""
    for path in ("", "/", "/payments/", "/payment", f"/payments/{NOBODY}/refunds", "/captures"):
        assert till.call("GET", path).status_code == 404
    wrong = till.call("DELETE", f"/payments/{NOBODY}")
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "GET, HEAD, OPTIONS, PATCH")
    assert till.call("OPTIONS", "/payments").headers["allow"] == "GET, HEAD, OPTIONS, POST"
    payment = till.pay()
    head = till.call("HEAD", f"/payments/{payment['transactionId']}")
    assert (head.status_code, head.content) == (200, b"")


def test_scripts(till: Till) -> None:
    """Scripted answers have the API's own error body; what was committed is repeated under the same request-id."""
    for status in (403, 408, 412, 429, 500, 502, 503, 504):
        till.control("/script", {"answers": [{"kind": "status", "status": status, "retry_after": 3}]})
        response = till.call("POST", "/payments", till.order())
        assert (response.status_code, response.headers["retry-after"]) == (status, "3")
        assert response.json()["responseStatus"] == "ERROR"
    assert till.effects("payments created") == 0
    till.control("/script", {"answers": [{"kind": "fail-after-commit", "status": 503, "api": "jpmorgan-payments"}]})
    assert till.call("POST", "/payments", till.order(), key="lost").status_code == 503
    found = till.done("GET", "/payments?requestIdentifier=lost")
    assert till.done("POST", "/payments", till.order(), key="lost") == found
    till.control("/script", {"answers": [{"kind": "unknown-members"}]})
    assert "futureMember" in till.done("POST", "/payments", till.order(), key="lost")
    assert till.done("POST", "/payments", till.order(), key="lost") == found
    assert till.effects("payments created") == 1


def test_one_payment_for_a_request_id(till: Till, neighbour: Till) -> None:
    """The same request again gets the first answer, another one under the same request-id is refused."""
    first = till.done("POST", "/payments", till.order(), key="one")
    till.refund(first)
    assert till.done("POST", "/payments", till.order(), key="one") == first
    assert till.refused("POST", "/payments", till.order(1001), key="one", status=412) == []
    assert till.effects("payments created") == 1
    theirs = neighbour.done("POST", "/payments", neighbour.order(), key="one")
    assert theirs["transactionId"] != first["transactionId"]


def test_eight_at_once(till: Till) -> None:
    """Equal requests at the same time move the money once, for payments, captures and refunds."""
    held = till.hold(1000)
    work = [("/payments", till.order()), (f"/payments/{held['transactionId']}/captures", {"amount": 100})]
    for path, body in work:
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _, path=path, body=body: till.done("POST", path, body, key="one"), range(8)))
        assert all(each == answers[0] for each in answers)
    assert till.effects("captures created") == 2
    body = till.back(held, amount=60)
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: till.call("POST", "/refunds", body, key="one").status_code, range(8)))
    assert statuses == [200] * 8
    assert till.effects("refunds created") == 1


def test_eight_different_refunds_at_once(till: Till) -> None:
    """Refunds that do not fit together are not all made."""
    payment = till.pay(1000)
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: till.call("POST", "/refunds", till.back(payment, amount=300)).status_code, range(8)))
    assert sorted(statuses) == [200] * 3 + [400] * 5
    assert till.read(payment)["remainingRefundableAmount"] == 100


def test_no_number_anywhere(till: Till) -> None:
    """No answer shows a full card number."""
    till.pay()
    till.refused("POST", "/payments", till.order(-1))
    assert "411234XXXXXX4113" in "".join(till.seen)
    assert VISA not in "".join(till.seen)


@pytest.mark.parametrize("name", ["merchant-id", "request-id", "minorVersion", "Authorization", "Content-Type"])
def test_repeated_headers(till: Till, name: str) -> None:
    """A header that was sent twice is refused: which of two values counts must not be luck."""
    sent = {
        "Authorization": f"Bearer {till.token}",
        "merchant-id": till.merchant_id,
        "request-id": "one",
        "minorVersion": "",
        "Content-Type": "application/json",
    }
    content = json.dumps(till.order()).encode()
    twice = till.client.post("/api/v2/payments", headers=[*sent.items(), (name, sent[name])], content=content)
    assert twice.status_code == (401 if name == "Authorization" else 400)
    assert name == "Authorization" or twice.json()["validationErrors"][0]["entity"] == name
    assert till.effects("payments created") == 0
    assert till.client.post("/api/v2/payments", headers=sent, content=content).status_code == 200


def test_compressed_bodies(till: Till) -> None:
    """A compressed body is not read, however small it is and however large it would become."""
    bomb = gzip.compress(b" " * 50_000_000)
    for content in (bomb, gzip.compress(json.dumps(till.order()).encode())):
        assert till.refused("POST", "/payments", content, Content_Encoding="gzip") == ["body"]
