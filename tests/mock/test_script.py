"""Scripted answers: which request takes one, how it is told, and what a client of the day after tomorrow gets."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from payproof.exchange import Request, Response
from payproof.target import Tenant

if TYPE_CHECKING:
    from tests.mock.conftest import Merchant

Json = dict[str, Any]
PROFILE = "/api/v2/mmp/consumer-profiles/{consumer-profile-id}"
FAILED = {"kind": "status", "status": 503}
MARK = "payproof-scripted"


def test_an_answer_for_one_path(merchant: Merchant, card: Json) -> None:
    """Only a request of the method and the path takes it; others, the fetch of a token too, leave it waiting."""
    profile = merchant.create(card)
    merchant.script({**FAILED, "method": "DELETE", "path": f"{PROFILE}/payment-methods/{{payment-method-Id}}"})

    merchant.sign_in()
    assert merchant.read(profile) == profile
    assert merchant.api("DELETE", "/NOBODY").status_code == 404
    assert merchant.method("PATCH", profile, 0, "", {"card": {"firstName": "Jane"}}).status_code == 200

    assert merchant.method("DELETE", profile).status_code == 503
    assert merchant.method("DELETE", profile).status_code == 200


def test_an_answer_for_one_resource(merchant: Merchant, card: Json) -> None:
    """A path without braces is that of one resource."""
    one, another = merchant.create(card), merchant.create(card)
    merchant.script({**FAILED, "path": PROFILE.replace("{consumer-profile-id}", another["consumerProfileId"])})

    assert merchant.read(one) == one
    assert merchant.api("GET", f"/{another['consumerProfileId']}").status_code == 503
    assert merchant.read(another) == another


def test_answers_in_their_order(merchant: Merchant, card: Json) -> None:
    """A request takes the first answer that is meant for it, past those that wait for others."""
    profile = merchant.create(card)
    merchant.script({**FAILED, "api": "jpmorgan-payments"}, {**FAILED, "status": 504, "method": "DELETE"}, {**FAILED, "status": 500})

    found = [merchant.api(method, f"/{profile['consumerProfileId']}").status_code for method in ("GET", "GET", "DELETE", "DELETE")]
    assert found == [500, 200, 504, 200]


def test_what_is_scripted_says_so(merchant: Merchant, other: Merchant, card: Json) -> None:
    """The answer that a script gave is marked, and no other one."""
    profile = merchant.create(card)
    merchant.script({**FAILED, "method": "DELETE"}, {"kind": "delay", "seconds": 0, "method": "GET"})

    answers = [merchant.api("POST", ""), other.api("DELETE", "/NOBODY"), merchant.api("DELETE", "/NOBODY", drop="Authorization"),
               merchant.api("GET", f"/{profile['consumerProfileId']}"), merchant.api("DELETE", "/NOBODY"),
               merchant.api("DELETE", "/NOBODY")]  # fmt: skip
    assert [answer.headers.get(MARK) for answer in answers] == [None, None, None, "delay", "status", None]


def test_the_suite_believes_the_mark_of_a_mock_alone() -> None:
    """Only the target knows which request took what was scripted; a server without control has no say in it."""
    request = Request("GET", "http://127.0.0.1/api")
    marked, plain = Response(503, (("Payproof-Scripted", "status"),)), Response(503)
    mock, elsewhere = Tenant("a", {}, "/__mock__/tenants/a"), Tenant("b", {})

    assert [mock.told(request, marked), mock.told(request, plain), mock.told(request, None)] == [True, False, False]
    assert not elsewhere.told(request, marked)


@pytest.mark.parametrize("status", [403, 408, 412, 429, 500, 502, 503, 504])
@pytest.mark.parametrize(
    ("path", "token"),
    [
        ("/api/v2/mmp/consumer-profiles/NOBODY", ""),
        ("/api/v2/payments/NOBODY", ""),
        ("/v1/customers/NOBODY/payment-profiles", "mercadopago_token"),
        ("/v1/payment-methods/NOBODY/profiles", "zuora"),
    ],
)
def test_every_status_at_every_api(merchant: Merchant, capfd: pytest.CaptureFixture[str], status: int, path: str, token: str) -> None:
    """Each API has an error body for each status that can be scripted."""
    client, headers = merchant.client, merchant.headers
    told = client.post("/__mock__/tenants", json={}).json()
    if token == "zuora":
        form = {"grant_type": "client_credentials", "client_id": told["zuora_client_id"], "client_secret": told["zuora_client_secret"]}
        headers = {"Authorization": f"Bearer {client.post('/oauth/token', data=form).json()['access_token']}"}
    elif token:
        headers = {"Authorization": f"Bearer {told[token]}"}
    else:
        told["client_id"] = merchant.client_id
    answers = [{"kind": "status", "status": status, "retry_after": 3}]
    client.post(f"/__mock__/tenants/{told['client_id']}/script", json={"answers": answers}).raise_for_status()

    answer = client.get(path, headers=headers)

    assert (answer.status_code, answer.headers["retry-after"]) == (status, "3")
    assert isinstance(answer.json(), dict)
    assert "".join(capfd.readouterr()) == ""


def test_a_value_that_nobody_knows(merchant: Merchant, card: Json) -> None:
    """One member of the answer has another value; the rest, and the state, are as they were."""
    profile = merchant.create(card)
    merchant.script(
        {"kind": "unknown-value", "pointer": "/paymentMethodType/cardList/0/cardType"},
        {"kind": "unknown-value", "pointer": "/profileStatus", "value": None},
    )

    strange, empty = merchant.read(profile), merchant.read(profile)

    assert strange["paymentMethodType"]["cardList"][0].pop("cardType") == "FUTURE_VALUE"
    assert empty.pop("profileStatus") is None
    assert merchant.read(profile) == profile
    del profile["profileStatus"]
    assert empty == profile
    del profile["paymentMethodType"]["cardList"][0]["cardType"]
    assert {name: value for name, value in strange.items() if name != "profileStatus"} == profile


@pytest.mark.parametrize("pointer", ["/nothing", "/paymentMethodType/cardList/9", "/paymentMethodType/cardList/x", "/profileStatus/x"])
def test_a_value_where_there_is_none(merchant: Merchant, card: Json, pointer: str) -> None:
    """An answer without the member stays as it is, and is used up."""
    profile = merchant.create(card)
    merchant.script({"kind": "unknown-value", "pointer": pointer})

    answer = merchant.api("GET", f"/{profile['consumerProfileId']}")

    assert (answer.json(), answer.headers[MARK]) == (profile, "unknown-value")


@pytest.mark.parametrize(("wanted", "coding"), [("gzip", "gzip"), ("identity", None), ("gzip;q=0", None), (None, "gzip")])
def test_a_compressed_answer(merchant: Merchant, card: Json, wanted: str | None, coding: str | None) -> None:
    """The body is compressed, unless the client says that it takes none such."""
    profile = merchant.create(card)
    merchant.script({"kind": "gzip"})
    path = PROFILE.replace("{consumer-profile-id}", profile["consumerProfileId"])
    request = merchant.client.build_request("GET", path, headers=merchant.headers)
    del request.headers["accept-encoding"]
    if wanted is not None:
        request.headers["accept-encoding"] = wanted

    answer = merchant.client.send(request, stream=True)
    raw = b"".join(answer.iter_raw())
    answer.close()

    assert (answer.headers.get("content-encoding"), int(answer.headers["content-length"])) == (coding, len(raw))
    assert httpx.Response(200, content=gzip.decompress(raw) if coding else raw).json() == profile


@pytest.mark.parametrize(
    ("answer", "place"),
    [
        ({"kind": "gzip", "seconds": 1}, "answers.0.gzip.seconds"),
        ({"kind": "unknown-value"}, "answers.0.unknown-value.pointer"),
        ({"kind": "unknown-value", "pointer": "status"}, "answers.0.unknown-value.pointer"),
        ({"kind": "unknown-value", "pointer": "/~2"}, "answers.0.unknown-value.pointer"),
        ({"kind": "unknown-value", "pointer": "/a", "value": {}}, "answers.0.unknown-value.value"),
        ({**FAILED, "path": "payments"}, "answers.0.status.path"),
        ({**FAILED, "path": "/payments/"}, "answers.0.status.path"),
        ({**FAILED, "path": "/payments?x=1"}, "answers.0.status.path"),
        ({**FAILED, "method": "get"}, "answers.0.status.method"),
        ({**FAILED, "operation": "getPayment"}, "answers.0.status.operation"),
    ],
)
def test_an_answer_that_cannot_be(merchant: Merchant, answer: Json, place: str) -> None:
    """What is misspelt is refused, and the place is named."""
    refused = merchant.control("POST", "/script", {"answers": [answer]})

    assert refused.status_code == 400
    assert refused.json()["error"].startswith(place)
