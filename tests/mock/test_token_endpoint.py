"""The token endpoint: the documented answer, and each error of RFC 6749."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import httpx

    from tests.mock.conftest import Merchant

PATH = "/am/oauth2/alpha/access_token"
FORM = {"grant_type": "client_credentials", "scope": "jpm:payments:sandbox"}


def basic(client_id: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()}


def claims(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    decoded: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return decoded


def ask(merchant: Merchant, data: Any = None, headers: dict[str, str] | None = None) -> httpx.Response:
    usual = basic(merchant.client_id, merchant.client_secret)
    return merchant.client.post(PATH, data=FORM if data is None else data, headers=usual if headers is None else headers)


def test_the_documented_answer(merchant: Merchant) -> None:
    """A client gets a bearer token with the documented members, and nothing keeps the answer."""
    response = ask(merchant)
    body = response.json()
    assert response.status_code == 200
    assert list(body) == ["access_token", "scope", "token_type", "expires_in"]
    assert (body["scope"], body["token_type"], body["expires_in"]) == ("jpm:payments:sandbox", "Bearer", 3599)
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["pragma"] == "no-cache"
    assert response.headers["content-type"] == "application/json"


def test_the_token_is_a_jwt_with_the_documented_claims(merchant: Merchant) -> None:
    """Names of claims as in the documented token; times from the tenant's clock."""
    merchant.control("POST", "/clock", {"set": "2023-06-20T21:27:11Z"})
    token = ask(merchant).json()["access_token"]
    found = claims(token)
    assert list(found) == [
        "sub",
        "cts",
        "auditTrackingId",
        "subname",
        "iss",
        "tokenName",
        "token_type",
        "authGrantId",
        "aud",
        "nbf",
        "grant_type",
        "scope",
        "auth_time",
        "realm",
        "exp",
        "iat",
        "expires_in",
        "jti",
    ]
    assert found["sub"] == found["aud"] == found["subname"] == merchant.client_id
    assert found["iss"] == "https://id.payments.jpmorgan.com:443/am/oauth2"
    assert found["scope"] == ["jpm:payments:sandbox"]
    fixed = ("OAUTH2_STATELESS_GRANT", "access_token", "Bearer", "client_credentials", "/alpha", 3600)
    assert tuple(found[name] for name in ("cts", "tokenName", "token_type", "grant_type", "realm", "expires_in")) == fixed
    assert found["auth_time"] == found["nbf"] == found["iat"]
    assert found["iat"] in (1_687_296_431, 1_687_296_432)
    assert found["exp"] == found["iat"] + 3600 == found["nbf"] + found["expires_in"]
    head = json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))
    assert (head["typ"], head["alg"]) == ("JWT", "HS256")
    assert re.fullmatch(r"([A-Za-z0-9_-]+\.){2}[A-Za-z0-9_-]{43}", token)


def test_each_token_is_new(merchant: Merchant) -> None:
    """Every request gets a token of its own, and all of them work."""
    tokens = [ask(merchant).json()["access_token"] for _ in range(5)]
    assert len(set(tokens)) == 5
    assert len({claims(token)["jti"] for token in tokens}) == 5
    assert {merchant.api("GET", "/NOBODY", Authorization=f"Bearer {token}").status_code for token in tokens} == {404}


@pytest.mark.parametrize("scope", [None, ""])
def test_scope_left_out(merchant: Merchant, scope: str | None) -> None:
    """Without a scope, or with an empty one, the default scope is granted."""
    data = {"grant_type": "client_credentials"} | ({} if scope is None else {"scope": scope})
    assert ask(merchant, data).json()["scope"] == "jpm:payments:sandbox"


def test_scope_asked_for_twice(merchant: Merchant) -> None:
    """A scope that is named twice is granted once."""
    body = ask(merchant, {**FORM, "scope": "jpm:payments:sandbox jpm:payments:sandbox"}).json()
    assert body["scope"] == "jpm:payments:sandbox"
    assert claims(body["access_token"])["scope"] == ["jpm:payments:sandbox"]


def test_credentials_in_the_form(merchant: Merchant) -> None:
    """Credentials in the form are as good as HTTP Basic, and as bad."""
    form = {**FORM, "client_id": merchant.client_id, "client_secret": merchant.client_secret}
    assert ask(merchant, form, {}).status_code == 200
    refused = ask(merchant, {**form, "client_secret": "wrong"}, {})
    assert refused.status_code == 401
    assert refused.json()["error"] == "invalid_client"


def test_credentials_are_percent_decoded(merchant: Merchant) -> None:
    """HTTP Basic carries id and secret form-encoded (RFC 6749 section 2.3.1)."""
    encoded = "".join(f"%{byte:02X}" for byte in merchant.client_secret.encode())
    assert ask(merchant, headers=basic(merchant.client_id, encoded)).status_code == 200


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Basic",
        "Basic !",
        "Basic bm9jb2xvbg==",  # "nocolon"
        "Basic /w==",  # not UTF-8
        "Bearer abc",
        "Digest username=a",
        "Basic bm9ib2R5OndlbGw=",  # nobody
    ],
)
def test_bad_clients(merchant: Merchant, authorization: str) -> None:
    """Whoever is no client gets the documented error with 401 and a challenge."""
    response = ask(merchant, headers={"Authorization": authorization} if authorization else {})
    assert response.status_code == 401
    assert response.json() == {"error_description": "Client authentication failed", "error": "invalid_client"}
    assert response.headers["www-authenticate"].startswith("Basic realm=")
    assert response.headers["cache-control"] == "no-store"


def test_a_wrong_secret(merchant: Merchant) -> None:
    """A wrong secret of a known client is the same error, and does not come back."""
    response = ask(merchant, headers=basic(merchant.client_id, "s3cret"))
    assert response.status_code == 401
    assert "s3cret" not in response.text + str(response.headers)


@pytest.mark.parametrize(
    ("data", "error", "named"),
    [
        ({"scope": "jpm:payments:sandbox"}, "invalid_request", "grant_type"),
        ({"grant_type": "", "scope": "jpm:payments:sandbox"}, "invalid_request", "grant_type"),
        ({"grant_type": ["client_credentials"] * 2}, "invalid_request", "grant_type"),
        ({**FORM, "scope": ["jpm:payments:sandbox"] * 2}, "invalid_request", "scope"),
        ({"grant_type": "password"}, "unsupported_grant_type", "grant_type"),
        ({"grant_type": "CLIENT_CREDENTIALS"}, "unsupported_grant_type", "grant_type"),
        ({**FORM, "scope": "jpm:payments:production"}, "invalid_scope", "scope"),
        ({**FORM, "scope": "jpm:payments:sandbox openid"}, "invalid_scope", "scope"),
        ({**FORM, "scope": "jpm:payments:sandbox  jpm:payments:sandbox"}, "invalid_scope", "scope"),
        ({**FORM, "client_secret": "s3cret"}, "invalid_request", "client_secret"),
        ({**FORM, "client_id": "another"}, "invalid_request", "client_id"),
    ],
)
def test_bad_parameters(merchant: Merchant, data: dict[str, Any], error: str, named: str) -> None:
    """Each error of a parameter has its code and names the parameter."""
    response = ask(merchant, data)
    assert response.status_code == 400
    assert response.json().keys() == {"error", "error_description"}
    assert response.json()["error"] == error
    assert named in response.json()["error_description"]
    assert "s3cret" not in response.text


@pytest.mark.parametrize(
    ("content_type", "content"),
    [
        ("application/json", b'{"grant_type": "client_credentials"}'),
        ("text/plain", b"grant_type=client_credentials"),
        (None, b"grant_type=client_credentials"),
        ("application/x-www-form-urlencoded", b"grant_type=%ff"),
        ("application/x-www-form-urlencoded", b"grant_type=\xff"),
        ("application/x-www-form-urlencoded", b"&".join(b"a%d=1" % n for n in range(101))),
        ("application/x-www-form-urlencoded", b"a" * 1_000_001),
    ],
)
def test_bad_forms(merchant: Merchant, content_type: str | None, content: bytes) -> None:
    """What is no form is an invalid request."""
    headers = basic(merchant.client_id, merchant.client_secret)
    if content_type is not None:
        headers["Content-Type"] = content_type
    response = merchant.client.post(PATH, content=content, headers=headers)
    assert response.status_code == 400
    assert response.json()["error"] == "invalid_request"


def test_a_form_with_a_charset(merchant: Merchant) -> None:
    """Parameters of the media type do not matter, nor does its case."""
    headers = basic(merchant.client_id, merchant.client_secret)
    headers["Content-Type"] = "Application/x-www-form-urlencoded; charset=UTF-8"
    assert merchant.client.post(PATH, content=b"grant_type=client_credentials", headers=headers).status_code == 200


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE"])
def test_other_methods(merchant: Merchant, method: str) -> None:
    """The endpoint knows POST."""
    response = merchant.client.request(method, PATH)
    assert response.status_code == 405
    assert response.headers["allow"] == "OPTIONS, POST"


def test_options(merchant: Merchant) -> None:
    """OPTIONS tells what is allowed."""
    response = merchant.client.request("OPTIONS", PATH)
    assert (response.status_code, response.headers["allow"]) == (204, "OPTIONS, POST")


def test_the_demo_tenant_signs_in(merchant: Merchant) -> None:
    """The published credentials work."""
    assert ask(merchant, headers=basic("payproof-demo", "payproof-demo-secret")).status_code == 200


def test_refusals_have_no_effect(merchant: Merchant) -> None:
    """Only a granted token counts."""
    before = merchant.effects()["tokens issued"]
    ask(merchant, {"grant_type": "password"})
    ask(merchant, headers=basic(merchant.client_id, "wrong"))
    assert merchant.effects()["tokens issued"] == before
    ask(merchant)
    assert merchant.effects()["tokens issued"] == before + 1
