"""Each error of the profiles API: status, body, and what is checked first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from payproof.mock import assumed

if TYPE_CHECKING:
    import httpx

    from tests.mock.conftest import Merchant

Card = dict[str, Any]
NOWHERE = "6d66f2e5-ad81-4848-9884-d5ff32ee7690"
OPERATIONS: list[tuple[str, str, Any]] = [
    ("POST", "", {"profilePaymentMethod": {"cardList": [{"accountNumber": "4112344112344113"}]}}),
    ("GET", "/NOBODY", None),
    ("PATCH", "/NOBODY", {}),
    ("DELETE", "/NOBODY", None),
    ("POST", "/NOBODY/payment-methods", {"cardList": [{"accountNumber": "4112344112344113"}]}),
    ("PATCH", f"/NOBODY/payment-methods/{NOWHERE}", {}),
    ("DELETE", f"/NOBODY/payment-methods/{NOWHERE}", None),
    ("PATCH", f"/NOBODY/payment-methods/{NOWHERE}/default", None),
    ("GET", f"/NOBODY/payment-methods/{NOWHERE}/status", None),
]
operations = pytest.mark.parametrize(("method", "path", "body"), OPERATIONS, ids=[f"{method} {path}" for method, path, _ in OPERATIONS])
WRITES = {"POST", "PATCH", "DELETE"}


def refused(response: httpx.Response, status: int, *entities: str) -> bool:
    """Check the body ``messages`` of a refusal, and which places it names."""
    body = response.json()
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    assert body["responseStatus"] == "ERROR"
    assert 2 <= len(body["responseCode"]) <= 50
    assert (body["responseCode"] == "MP_REQ_001") is (status == 400)
    assert body["responseMessage"]
    errors = body.get("validationErrors", [])
    assert all(each.keys() == {"code", "message", "entity"} and each["entity"] in each["message"] for each in errors)
    return [each["entity"] for each in errors] == list(entities)


def gateway(response: httpx.Response) -> str:
    """Check the body ``adfsError`` of a 401, and return the challenge."""
    assert response.status_code == 401
    assert response.json().keys() == {"errorSource", "errorCode", "errorDescription"}
    challenge: str = response.headers["www-authenticate"]
    return challenge


@operations
def test_no_token(merchant: Merchant, method: str, path: str, body: Any) -> None:
    """Without a token there is a challenge without an error code (RFC 6750 section 3.1)."""
    assert gateway(merchant.api(method, path, body, drop="Authorization")) == 'Bearer realm="payproof"'


@operations
def test_unknown_token(merchant: Merchant, method: str, path: str, body: Any) -> None:
    """A token that nobody issued is invalid."""
    challenge = gateway(merchant.api(method, path, body, Authorization="Bearer abc"))
    assert challenge == 'Bearer realm="payproof", error="invalid_token", error_description="the access token is not known"'


@operations
def test_expired_token(merchant: Merchant, method: str, path: str, body: Any) -> None:
    """A token is good until an hour has passed, and not any more afterwards."""
    merchant.control("POST", "/clock", {"advance": 3590})
    assert merchant.api(method, path, body).status_code in (200, 404)
    merchant.control("POST", "/clock", {"advance": 10})
    assert 'error="invalid_token"' in gateway(merchant.api(method, path, body))


@pytest.mark.parametrize(
    ("authorization", "error"),
    [("Basic abc", False), ("Bearer", True), ("Bearer a b", True), ("Bearer é", True), ("Bearer =", True)],
)
def test_malformed_authorization(merchant: Merchant, authorization: str, error: bool) -> None:  # noqa: FBT001  # a table of cases
    """Another scheme counts as no token; a bearer token out of shape is an invalid one."""
    headers = [(name.encode(), value.encode()) for name, value in merchant.headers.items() if name != "Authorization"]
    headers.append((b"Authorization", authorization.encode("latin-1")))
    response = merchant.client.get("/api/v2/mmp/consumer-profiles/NOBODY", headers=headers)
    assert ("error=" in gateway(response)) is error


def test_two_tokens(merchant: Merchant) -> None:
    """Two Authorization headers are no choice."""
    headers = [*merchant.headers.items(), ("Authorization", merchant.headers["Authorization"])]
    gateway(merchant.client.get("/api/v2/mmp/consumer-profiles/NOBODY", headers=headers))


def test_the_scheme_has_no_case(merchant: Merchant) -> None:
    """The name of an authentication scheme may be written in any case."""
    token = merchant.headers["Authorization"].removeprefix("Bearer ")
    assert refused(merchant.api("GET", "/NOBODY", Authorization=f"bEARER {token}"), 404)


@operations
def test_no_merchant(merchant: Merchant, method: str, path: str, body: Any) -> None:
    """The merchant header is required everywhere."""
    assert refused(merchant.api(method, path, body, drop="merchantIdentifier"), 400, "merchantIdentifier")


@pytest.mark.parametrize("value", ["", "1234567", "1234567890123", "12345-678", "99824 157630", "é" * 8])
def test_merchant_out_of_shape(merchant: Merchant, value: str) -> None:
    """A merchant header out of shape is refused and named."""
    usual = merchant.headers.items()
    headers = [(name.encode(), sent.encode()) for name, sent in usual if name != "merchantIdentifier"]
    headers.append((b"merchantIdentifier", value.encode("latin-1")))
    response = merchant.client.get("/api/v2/mmp/consumer-profiles/NOBODY", headers=headers)
    assert refused(response, 400, "merchantIdentifier")


@operations
def test_another_merchant(merchant: Merchant, other: Merchant, method: str, path: str, body: Any) -> None:
    """A token does not speak for another tenant's merchant, nor for one that does not exist."""
    for identifier in (other.merchant_id, "000000000000"):
        assert refused(merchant.api(method, path, body, merchantIdentifier=identifier), 403)


@operations
@pytest.mark.parametrize("header", ["requestIdentifier", "correlationIdentifier", "applicationIdentifier", "userIdentifier"])
def test_optional_headers(merchant: Merchant, method: str, path: str, body: Any, header: str) -> None:
    """Optional headers have 1 to 40 characters; only writes know the user."""
    assert merchant.api(method, path, body, **{header: "x" * 40}).status_code in (200, 404)
    known = header != "userIdentifier" or method in WRITES
    for value in ("", "x" * 41):
        response = merchant.api(method, path, body, **{header: value})
        assert refused(response, 400, header) if known else refused(response, 404)


def test_repeated_headers(merchant: Merchant) -> None:
    """A header that was sent twice is refused."""
    for header, value in (("merchantIdentifier", merchant.merchant_id), ("requestIdentifier", "a")):
        headers = [*merchant.headers.items(), (header, value), (header, value)]
        response = merchant.client.get("/api/v2/mmp/consumer-profiles/NOBODY", headers=headers)
        assert refused(response, 400, header)


@pytest.mark.parametrize("value", ["a_b", "%00", "%F0%9F%92%B3", "x" * 41, "a%2Fb", "%20", "a.b", ".."])
def test_profile_id_out_of_shape(merchant: Merchant, value: str) -> None:
    """A profile id out of shape is refused and named."""
    url = f"{merchant.client.base_url}/api/v2/mmp/consumer-profiles/{value}/payment-methods/{NOWHERE}/status"
    if value == "..":
        url = url.replace("/../", "/%2E%2E/")
    assert refused(merchant.client.get(url, headers=merchant.headers), 400, "consumer-profile-id")


@pytest.mark.parametrize("value", ["1", "f99a1ecd-b177-4c3d-a99b-c72e132b260g", NOWHERE.replace("-", ""), "%00", "x" * 36])
def test_method_id_out_of_shape(merchant: Merchant, value: str) -> None:
    """What is no UUID is refused and named, before the profile is looked for."""
    for method, rest, body in (
        ("PATCH", "", {}),
        ("DELETE", "", None),
        ("PATCH", "/default", None),
        ("GET", "/status", None),
    ):
        response = merchant.api(method, f"/NOBODY/payment-methods/{value}{rest}", body)
        assert refused(response, 400, "payment-method-Id")
    assert len(OPERATIONS[5:]) == 4


def test_unknown_ids(merchant: Merchant, card: Card) -> None:
    """Ids in shape that do not exist answer 404."""
    profile = merchant.create(card)
    for method, path, body in OPERATIONS[1:]:
        assert refused(merchant.api(method, path, body), 404)
        if NOWHERE in path:
            assert refused(merchant.api(method, path.replace("NOBODY", profile["consumerProfileId"]), body), 404)
    assert merchant.read(profile) == profile


@operations
def test_content_type(merchant: Merchant, method: str, path: str, body: Any) -> None:
    """A body must be JSON and say so; the reference has no 415."""
    if body is None:
        assert merchant.api(method, path, b"", Content_Type="text/plain").status_code == 404
        return
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "application/problem+json", ""):
        assert refused(merchant.api(method, path, body, Content_Type=content_type), 400, "Content-Type")
    charset = merchant.api(method, path, body, Content_Type="Application/JSON; charset=utf-8")
    assert charset.status_code in (200, 404)


@operations
@pytest.mark.parametrize("content", [b"", b"{", b"nul", b"[]", b"null", b'"a"', b"7"])
def test_no_object(merchant: Merchant, method: str, path: str, body: Any, content: bytes) -> None:
    """What is no JSON object is refused, before the profile is looked for."""
    response = merchant.api(method, path, content)
    assert refused(response, 404) if body is None else refused(response, 400, "body")


def test_faults_of_a_body_are_named_with_their_place(merchant: Merchant, card: Card) -> None:
    """Each fault of a body is one entry with the JSON path of its member."""
    body = {"cardList": [card, {**card, "accountNumber": 1, "consumerProfileAddress": {"state": "Pennsylvania"}}]}
    response = merchant.api("POST", "/NOBODY/payment-methods", body)
    assert refused(response, 400, "cardList[1].consumerProfileAddress.state", "cardList[1].accountNumber") or refused(
        response, 400, "cardList[1].accountNumber", "cardList[1].consumerProfileAddress.state"
    )


@pytest.mark.parametrize("body", [{}, {"profilePaymentMethod": {}}, {"profilePaymentMethod": {"cardList": []}}])
def test_create_needs_a_method(merchant: Merchant, body: dict[str, Any]) -> None:
    """A profile without payment method cannot be created."""
    assert refused(merchant.api("POST", "", body), 400, "profilePaymentMethod")
    assert "profiles created" not in merchant.effects()


def test_a_dangling_address(merchant: Merchant, card: Card) -> None:
    """A reference to no address of the profile is refused and named."""
    profile = merchant.create(card)
    response = merchant.method("PATCH", profile, 0, "", {"card": {"addressIdentifier": NOWHERE}})
    assert refused(response, 400, "card.addressIdentifier")


def test_the_order_of_checks(merchant: Merchant, other: Merchant) -> None:
    """A request with every fault is told the first one; each fault that is mended brings up the next."""
    wrong: dict[str, str] = {
        "Authorization": "Bearer abc",
        "merchantIdentifier": "?",
        "requestIdentifier": "",
        "Content-Type": "text/plain",
    }
    good = dict(merchant.headers)

    def ask(profile: str, method: str, content: bytes) -> httpx.Response:
        url = f"/api/v2/mmp/consumer-profiles/{profile}/payment-methods/{method}"
        return merchant.client.patch(url, content=content, headers=wrong)

    gateway(ask("a_b", "1", b"{"))
    wrong["Authorization"] = good["Authorization"]
    assert refused(ask("a_b", "1", b"{"), 400, "merchantIdentifier")
    wrong["merchantIdentifier"] = other.merchant_id
    assert refused(ask("a_b", "1", b"{"), 403)
    wrong["merchantIdentifier"] = good["merchantIdentifier"]
    assert refused(ask("a_b", "1", b"{"), 400, "requestIdentifier")
    del wrong["requestIdentifier"]
    assert refused(ask("a_b", "1", b"{"), 400, "consumer-profile-id")
    assert refused(ask("NOBODY", "1", b"{"), 400, "payment-method-Id")
    assert refused(ask("NOBODY", NOWHERE, b"{"), 400, "Content-Type")
    wrong["Content-Type"] = "application/json"
    assert refused(ask("NOBODY", NOWHERE, b"{"), 400, "body")
    assert refused(ask("NOBODY", NOWHERE, b'{"card": 7}'), 400, "card")
    assert refused(ask("NOBODY", NOWHERE, b'{"ach": {}}'), 404)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/api/v2/mmp",
        "/api/v2/mmp/consumer-profiles/",
        "/api/v2/mmp/consumer-profiles/NOBODY/addresses",
        "/api/v2/mmp/consumer-profiles/NOBODY/payment-methods/",
        f"/api/v2/mmp/consumer-profiles/NOBODY/payment-methods/{NOWHERE}/other",
        f"/api/v2/mmp/consumer-profiles/NOBODY/payment-methods/{NOWHERE}/status/more",
        "/API/v2/mmp/consumer-profiles",
        "//api/v2/mmp/consumer-profiles",
        "/am/oauth2/alpha/access_token/",
        "/a%0Ab",
        "/docs",
    ],
)
def test_unknown_paths(merchant: Merchant, path: str) -> None:
    """A path that no API has answers 404 in JSON, without a token as well."""
    response = merchant.client.get(f"{merchant.client.base_url}{path}")
    assert refused(response, 404)


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("", "OPTIONS, POST"),
        ("/NOBODY", "DELETE, GET, HEAD, OPTIONS, PATCH"),
        ("/NOBODY/payment-methods", "OPTIONS, POST"),
        (f"/NOBODY/payment-methods/{NOWHERE}", "DELETE, OPTIONS, PATCH"),
        (f"/NOBODY/payment-methods/{NOWHERE}/default", "OPTIONS, PATCH"),
        (f"/NOBODY/payment-methods/{NOWHERE}/status", "GET, HEAD, OPTIONS"),
    ],
)
def test_other_methods(merchant: Merchant, path: str, allowed: str) -> None:
    """A method that a path does not know answers 405 and tells those that it knows."""
    for method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE"} - set(allowed.split(", ")):
        response = merchant.api(method, path)
        assert (response.status_code, response.headers["allow"]) == (405, allowed)
        if method != "HEAD":
            assert refused(response, 405)
    options = merchant.api("OPTIONS", path)
    assert (options.status_code, options.headers["allow"], options.content) == (204, allowed, b"")


def test_a_body_that_does_not_end(merchant: Merchant, monkeypatch: pytest.MonkeyPatch) -> None:
    """A body that stops arriving is answered with the documented 408, and the connection is closed."""
    monkeypatch.setattr(assumed, "BODY_TIMEOUT_SECONDS", 0.05)
    headers = {**merchant.headers, "Content-Type": "application/json", "Content-Length": "100"}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = f"POST /api/v2/mmp/consumer-profiles HTTP/1.1\r\nHost: mock\r\n{lines}\r\n{{"
    answer = raw(merchant, head.encode())
    assert answer.startswith(b"HTTP/1.1 408")
    assert b'"responseStatus":"ERROR"' in answer
    assert "profiles created" not in merchant.effects()


def test_a_client_that_leaves(merchant: Merchant, capfd: pytest.CaptureFixture[str]) -> None:
    """A request whose client left before its end does nothing, although what came would be a whole form."""
    import socket

    content = b"grant_type=client_credentials&client_id=" + merchant.client_id.encode()
    content += b"&client_secret=" + merchant.client_secret.encode()
    head = (
        "POST /am/oauth2/alpha/access_token HTTP/1.1\r\nHost: mock\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(content) + 50}\r\n\r\n"
    )
    before = merchant.effects()
    url = merchant.client.base_url
    with socket.create_connection((url.host, url.port or 80), timeout=5) as connection:
        connection.sendall(head.encode() + content)
    for _ in range(20):
        assert merchant.effects() == before
    assert "".join(capfd.readouterr()) == ""


def raw(merchant: Merchant, content: bytes) -> bytes:
    """Send bytes and return everything that comes back until the connection is closed."""
    import socket

    url = merchant.client.base_url
    with socket.create_connection((url.host, url.port or 80), timeout=5) as connection:
        connection.sendall(content)
        answer = b""
        while chunk := connection.recv(65_536):
            answer += chunk
        return answer
