"""What happens to Zuora's operations where something goes wrong around them."""

from __future__ import annotations

import gzip
import json
import socket
import time
from typing import TYPE_CHECKING

import pytest

from payproof.mock import assumed as common
from payproof.mock import zuora_assumed as assumed
from payproof.mock.zuora import ZuoraWorld
from tests.mock.zuora_caller import AGREED, DOCUMENTED, Caller, caller

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["caller"]

CONTENT = json.dumps(DOCUMENTED).encode()


@pytest.fixture
def half_a_request(caller: Caller) -> Callable[[str], socket.socket]:
    """Begin a create with a key, and leave its last byte out."""

    def start(key: str) -> socket.socket:
        url = caller.client.base_url
        connection = socket.create_connection((url.host, url.port), timeout=5)
        head = f"POST {caller.path()} HTTP/1.1\r\nHost: a\r\nAuthorization: {caller.headers['Authorization']}\r\n"
        head += f"Content-Type: application/json\r\nIdempotency-Key: {key}\r\nContent-Length: {len(CONTENT)}\r\n\r\n"
        connection.sendall(head.encode() + CONTENT[:-1])
        return connection

    return start


def until(caller: Caller, status: int, key: str) -> bool:
    """Repeat a request with a key until it is answered so, for a minute at most."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if caller.create(Idempotency_Key=key).status_code == status:
            return True
        time.sleep(0.01)
    return False


def test_half_a_request_holds_its_key(caller: Caller, half_a_request: Callable[[str], socket.socket]) -> None:
    """A request that is still coming in holds its key; once its client is gone the key is free and nothing was done."""
    with half_a_request("one"):
        time.sleep(0.2)
        assert caller.create(Idempotency_Key="one").status_code == 409
    assert until(caller, 200, "one")
    assert caller.created() == 1


def test_body_that_never_comes(caller: Caller, half_a_request: Callable[[str], socket.socket], monkeypatch: pytest.MonkeyPatch) -> None:
    """A body that does not end gets 408 with an error body, and its key stays free."""
    monkeypatch.setattr(common, "BODY_TIMEOUT_SECONDS", 0.1)
    with half_a_request("one") as connection:
        # The answer says "connection: close", so its end is the end of the connection
        answer = b"".join(iter(lambda: connection.recv(10_000), b""))
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"56789061"' in answer
    assert caller.create(Idempotency_Key="one").status_code == 200
    assert caller.created() == 1


def test_error_of_the_mock(caller: Caller, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """An error of the mock itself is the documented 500, and its key is free."""

    def crash(*_: object) -> None:
        raise RuntimeError("7" * 16)

    monkeypatch.setattr(ZuoraWorld, "create", crash)
    response = caller.create(Idempotency_Key="one")
    assert response.status_code == 500
    assert response.json() == {"reasons": [{"code": "SystemError", "message": "internal server error"}]}
    assert len(response.headers["zuora-request-id"]) == 36
    assert "7" * 16 not in capsys.readouterr().err
    monkeypatch.undo()
    assert caller.create(Idempotency_Key="one").status_code == 200


def test_body_not_expected(caller: Caller) -> None:
    """What comes as a body of a cancel or an expire is ignored, and so is how it is packed."""
    caller.create()
    caller.create(AGREED)
    assert caller.call("POST", "/1/cancel", b"\xff{", Content_Encoding="gzip").status_code == 200
    assert caller.call("POST", "/2/expire", b"x" * 100, Content_Encoding="br", Content_Type="text/plain").status_code == 200
    assert caller.statuses() == ["Cancelled", "Expired"]


def test_authorization_at_token(caller: Caller) -> None:
    """An Authorization header at the token endpoint is ignored."""
    form = {"client_id": caller.names["client_id"], "client_secret": caller.names["client_secret"], "grant_type": "client_credentials"}
    response = caller.client.post("/oauth/token", data=form, headers={"Authorization": "Basic eDp5"})
    assert response.status_code == 200


def test_tokens_open_their_api_only(caller: Caller) -> None:
    """A token of Zuora opens nothing of the other vendors, and theirs open nothing here."""
    elsewhere = caller.client.get("/api/v2/mmp/consumer-profiles/ABCDEF", headers=caller.headers)
    assert elsewhere.status_code == 401
    told = caller.client.post("/__mock__/tenants", json={}).json()
    assert caller.call("GET", Authorization=f"Bearer {told['mercadopago_token']}").status_code == 401


def test_duplicate_members(caller: Caller) -> None:
    """Two values for one member are refused, and the member is named."""
    response = caller.create(CONTENT[:-1] + b', "status": "Agreed"}')
    assert response.status_code == 400
    assert response.json()["reasons"] == [{"code": assumed.RESOURCE + "90", "message": "status must not be sent twice"}]


def test_unknown_members_are_ignored(caller: Caller) -> None:
    """A member that nobody knows does not matter."""
    assert caller.create({**DOCUMENTED, "future": {"a": [1.5, None]}, "Status": 7}).status_code == 200


def test_large_errors_are_compressed(caller: Caller) -> None:
    """An error is compressed like any other answer, if it is long enough."""
    wrong = dict.fromkeys(DOCUMENTED, 1) | {"action": 1, "agreedOn": 1, "cardSecurityCode": 1, "networkTransactionId": 1}
    plain = caller.create(wrong)
    packed = caller.create(wrong, Accept_Encoding="gzip")
    assert len(plain.json()["reasons"]) == 10
    assert ("content-encoding" in packed.headers) is (len(plain.content) > 1000)


def test_gzip_on_the_wire(caller: Caller) -> None:
    """What comes is gzip to the last byte, and its length is told."""
    for _ in range(5):
        caller.create()
    with caller.client.stream("GET", caller.path(), headers={**caller.headers, "Accept-Encoding": "gzip"}) as response:
        raw = b"".join(response.iter_raw())
    assert response.headers["content-length"] == str(len(raw))
    assert len(json.loads(gzip.decompress(raw))["profiles"]) == 5


def test_limits_start_anew_each_minute(caller: Caller) -> None:
    """The remaining requests are counted down within a minute of the tenant's clock."""
    caller.control("clock", {"set": "2031-01-01T00:00:00Z"})
    caller.sign_in()
    first, second = (caller.call("GET").headers for _ in range(2))
    assert int(first["ratelimit-remaining"]) - int(second["ratelimit-remaining"]) == 1
    assert first["ratelimit-reset"] in ("59", "60")
    caller.advance(60)
    assert caller.call("GET").headers["ratelimit-remaining"] == first["ratelimit-remaining"]
