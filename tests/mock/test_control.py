"""The control interface: tenants, clocks, effects, scripts, and its own bad input."""

from __future__ import annotations

import json
import socket
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from payproof import __version__
from payproof.mock.server import MockServer
from tests.mock.conftest import PATIENCE, PROFILES

if TYPE_CHECKING:
    from tests.mock.conftest import Merchant

Card = dict[str, Any]
TOKEN = "/am/oauth2/alpha/access_token"


@pytest.mark.parametrize("path", ["/__mock__/", "/__mock__"])
def test_about(client: httpx.Client, path: str) -> None:
    """The mock says what it is, what it has and which lies it tells."""
    assert client.get(path).json() == {
        "mock": "payproof",
        "version": __version__,
        "has": ["state", "clock", "second-tenant", "fault-control", "effects", "raw-body"],
        "faults": [],
        "variants": [],
    }


def test_without_control(card: Card) -> None:
    """Without control the interface does not exist, and the demo tenant can be used."""
    with MockServer(control=False) as server, httpx.Client(base_url=server.url) as client:
        unknown = client.get("/nothing")
        for method, path in (("GET", "/__mock__/"), ("POST", "/__mock__/tenants")):
            hidden = client.request(method, path)
            assert (hidden.status_code, hidden.json()) == (404, unknown.json())
        form = {"grant_type": "client_credentials"}
        token = client.post(TOKEN, data=form, auth=("payproof-demo", "payproof-demo-secret")).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}", "merchantIdentifier": "998482157630"}
        body = {"profilePaymentMethod": {"cardList": [card]}}
        assert client.post("/api/v2/mmp/consumer-profiles", json=body, headers=headers).status_code == 200


def test_tenants_by_name(client: httpx.Client) -> None:
    """A name is the same tenant again; without a name there is a fresh one each time."""
    first, again, another = (client.post("/__mock__/tenants", json={"name": name}) for name in ("a", "a", "b"))
    fresh = [client.post("/__mock__/tenants").json() for _ in range(2)]
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json() != another.json()
    assert first.json().keys() >= {"client_id", "client_secret", "merchant_id", "mercadopago_token", "zuora_client_id"}
    shared = set(first.json().values()) & set(another.json().values())
    assert shared == {first.json()["zuora_gateway"], first.json()["zuora_plain_gateway"]}
    assert fresh[0] != fresh[1]


def test_forget(merchant: Merchant, card: Card) -> None:
    """A forgotten tenant is gone with its tokens, and so are its profiles."""
    profile = merchant.create(card)
    assert merchant.control("DELETE", "").status_code == 204
    assert merchant.api("GET", f"/{profile['consumerProfileId']}").status_code == 401
    assert merchant.control("GET", "/effects").status_code == 404
    with pytest.raises(httpx.HTTPStatusError, match="401"):
        merchant.token()


def test_a_clock_of_ones_own(merchant: Merchant, other: Merchant, card: Card) -> None:
    """Moving one tenant's clock moves its times and nobody else's."""
    assert merchant.control("POST", "/clock", {"set": "2035-01-01T00:00:00Z"}).json()["now"].startswith("2035-01-01T")
    merchant.sign_in()
    assert merchant.create(card)["createTimestamp"].startswith("2035-01-01T00:00:0")
    moved = merchant.control("POST", "/clock", {"advance": 86_400})
    assert moved.json()["now"].startswith("2035-01-02T00:00:0")
    assert not other.create(card)["createTimestamp"].startswith("2035")


def test_a_clock_that_starts_elsewhere() -> None:
    """All tenants of a mock can start in another year."""
    from datetime import UTC, datetime

    with (
        MockServer(clock_start=datetime(2024, 1, 1, tzinfo=UTC)) as server,
        httpx.Client(base_url=server.url) as client,
    ):
        tenant = client.post("/__mock__/tenants").json()["client_id"]
        now = client.post(f"/__mock__/tenants/{tenant}/clock", json={"advance": 0}).json()["now"]
        assert now.startswith("2024-01-01T00:00:")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"advance": "1"},
        {"advance": True},
        {"advance": 1e300},
        {"advance": 10**30},
        {"set": "tomorrow"},
        {"set": "2035-01-01"},  # no time zone
        {"set": "9999-12-31T23:59:59Z"},
        {"set": 0},
        {"advance": 1, "set": "2035-01-01T00:00:00Z"},
        {"advance": 1, "unit": "days"},
        [],
    ],
)
def test_bad_times(merchant: Merchant, body: Any) -> None:
    """A time that cannot be shown is refused with a reason, and the clock stays."""
    before = merchant.control("POST", "/clock", {"advance": 0}).json()["now"]
    response = merchant.control("POST", "/clock", body)
    assert response.status_code == 400
    assert response.json()["error"]
    assert merchant.control("POST", "/clock", {"advance": 0}).json()["now"][:15] == before[:15]


@pytest.mark.parametrize("body", [[], {"name": ""}, {"name": 7}, {"name": "a" * 201}, {"name": "a\n"}, {"nam": "a"}])
def test_bad_names(client: httpx.Client, body: Any) -> None:
    """A name must be a short printable string."""
    assert client.post("/__mock__/tenants", json=body).status_code == 400


def test_broken_control_requests(client: httpx.Client) -> None:
    """Broken JSON and broken text are refused here as well."""
    for content in (b"{", b'{"name": "\\ud800"}', b"\xff", b" " * 1_000_001):
        response = client.post("/__mock__/tenants", content=content)
        assert response.status_code == 400
        assert response.json().keys() == {"error"}


def test_unknown_control_paths(merchant: Merchant) -> None:
    """Paths, tenants and methods that do not exist are told apart."""
    client = merchant.client
    for path in ("/__mock__/x", "/__mock__/tenants/nobody/effects", f"/__mock__/tenants/{merchant.client_id}/x"):
        assert client.get(path).status_code == 404
    for method, path, allowed in (
        ("POST", "/__mock__/", "GET"),
        ("GET", "/__mock__/tenants", "POST"),
        ("GET", f"/__mock__/tenants/{merchant.client_id}", "DELETE"),
        ("DELETE", f"/__mock__/tenants/{merchant.client_id}/clock", "POST"),
    ):
        response = client.request(method, path)
        assert (response.status_code, response.headers["allow"]) == (405, allowed)


@pytest.mark.parametrize(("status", "retry_after"), [(403, None), (408, None), (429, 1), (500, None), (503, 2), (504, None)])
def test_scripted_status(merchant: Merchant, card: Card, status: int, retry_after: int | None) -> None:
    """A scripted status has the error body of its API and no effect; the answer after it is undisturbed."""
    profile = merchant.create(card)
    before = merchant.effects()
    answer = {"kind": "status", "status": status} | ({} if retry_after is None else {"retry_after": retry_after})
    merchant.script(answer, answer)
    failed = merchant.method("DELETE", profile)
    assert failed.status_code == status
    assert failed.json().keys() == {"responseStatus", "responseCode", "responseMessage"}
    assert failed.headers.get("retry-after") == (None if retry_after is None else str(retry_after))
    form = {"grant_type": "client_credentials"}
    failed = merchant.client.post(TOKEN, data=form, auth=(merchant.client_id, merchant.client_secret))
    assert failed.status_code == status
    assert failed.json().keys() == {"error", "error_description"}
    assert failed.json()["error"] == {403: "access_denied", 500: "server_error"}.get(status, "temporarily_unavailable")
    assert merchant.effects() == before
    assert merchant.read(profile) == profile


def test_scripted_failure_after_commit(merchant: Merchant, card: Card, capfd: pytest.CaptureFixture[str]) -> None:
    """The answer is a 500, or what was asked for, and the change of state has happened."""
    profile = merchant.create(card)
    merchant.script({"kind": "fail-after-commit", "status": 503}, {"kind": "fail-after-commit"})
    assert merchant.method("PATCH", profile, 0, "", {"card": {"firstName": "Jane"}}).status_code == 503
    assert cards(merchant.api("GET", f"/{profile['consumerProfileId']}"), 500) == []
    assert merchant.read(profile)["paymentMethodType"]["cardList"][0]["firstName"] == "Jane"
    assert "".join(capfd.readouterr()) == ""


def cards(response: httpx.Response, status: int) -> list[Any]:
    assert response.status_code == status
    listed: list[Any] = response.json().get("paymentMethodType", {}).get("cardList", [])
    return listed


def test_scripted_drop(merchant: Merchant, card: Card, capfd: pytest.CaptureFixture[str]) -> None:
    """The connection is closed without an answer, after the change of state, and the mock says nothing about it."""
    profile = merchant.create(card)
    merchant.script({"kind": "drop-after-commit"}, {"kind": "drop-after-commit"})
    with pytest.raises(httpx.RemoteProtocolError):
        merchant.add(profile, card)
    with pytest.raises(httpx.RemoteProtocolError):
        merchant.token()
    assert len(merchant.read(profile)["paymentMethodType"]["cardList"]) == 2
    assert merchant.effects()["tokens issued"] == 2
    assert "".join(capfd.readouterr()) == ""


def test_scripted_delay_holds_nobody_else_up(merchant: Merchant, other: Merchant, card: Card) -> None:
    """While an answer is held back for a minute, the same tenant and others are served, and see the change."""
    profile = merchant.create(card)
    path, content = f"{PROFILES}/{profile['consumerProfileId']}/payment-methods", json.dumps({"cardList": [card]}).encode()
    sent = {**merchant.headers, "Host": "mock", "Content-Type": "application/json", "Content-Length": str(len(content))}
    head = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
    base = merchant.client.base_url
    merchant.script({"kind": "delay", "seconds": 60.0})
    with socket.create_connection((base.host, base.port or 80), timeout=PATIENCE) as held:
        held.sendall(f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + content)
        while merchant.effects().get("methods added") != 2:
            time.sleep(0.01)
        other.create(card)
        assert len(merchant.read(profile)["paymentMethodType"]["cardList"]) == 2
        held.settimeout(0)
        with pytest.raises(BlockingIOError):
            held.recv(1)


def test_scripted_delay_is_kept(merchant: Merchant, card: Card) -> None:
    """A delayed answer does not come before its time."""
    profile = merchant.create(card)
    merchant.script({"kind": "delay", "seconds": 0.2})
    began = time.monotonic()
    assert len(merchant.add(profile, card)["paymentMethodType"]["cardList"]) == 2
    assert time.monotonic() - began >= 0.2


def test_scripted_unknown_members(merchant: Merchant, card: Card) -> None:
    """Every object of the answer gets a member that nobody documents; the rest is the same."""
    profile = merchant.create(card)
    merchant.script({"kind": "unknown-members"})
    strange = merchant.read(profile)
    assert "futureMember" in strange
    assert "futureMember" in strange["paymentMethodType"]["cardList"][0]

    def known(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: known(each) for name, each in value.items() if name != "futureMember"}
        return [known(each) for each in value] if isinstance(value, list) else value

    assert known(strange) == profile == merchant.read(profile)


def test_a_script_for_one_api(merchant: Merchant, card: Card) -> None:
    """An answer for the other API waits; a new script takes the place of what waits."""
    profile = merchant.create(card)
    merchant.script({"kind": "status", "status": 503, "api": "jpmorgan-oauth"})
    assert merchant.read(profile) == profile
    with pytest.raises(httpx.HTTPStatusError, match="503"):
        merchant.token()
    assert merchant.token()
    merchant.script({"kind": "status", "status": 503, "api": "jpmorgan-profiles"})
    assert merchant.token()
    assert merchant.api("GET", "/NOBODY").status_code == 503
    body = {"answers": [{"kind": "status", "status": 503}] * 2}
    assert merchant.control("POST", "/script", body).json() == {"scripted": 2}
    merchant.script()
    assert merchant.read(profile) == profile


def test_a_script_is_the_tenants_own(merchant: Merchant, other: Merchant, card: Card) -> None:
    """Other tenants, and requests that nobody signed, do not use it up."""
    merchant.script({"kind": "status", "status": 503})
    assert other.api("GET", "/NOBODY").status_code == 404
    assert merchant.api("GET", "/NOBODY", drop="Authorization").status_code == 401
    assert merchant.api("GET", "/NOBODY").status_code == 503
    assert merchant.api("GET", "/NOBODY").status_code == 404


@pytest.mark.parametrize(
    "answer",
    [
        7,
        {},
        {"kind": "explode"},
        {"kind": "delay"},
        {"kind": "delay", "seconds": -1},
        {"kind": "delay", "seconds": 61},
        {"kind": "delay", "seconds": "1"},
        {"kind": "status"},
        {"kind": "status", "status": 200},
        {"kind": "status", "status": 429, "retry-after": 1},
        {"kind": "fail-after-commit", "status": 429},
        {"kind": "unknown-members", "api": "jpmorgan"},
    ],
)
def test_bad_scripts(merchant: Merchant, answer: Any) -> None:
    """A script with an answer that does not exist is refused as a whole, and says where."""
    merchant.script({"kind": "status", "status": 503})
    response = merchant.control("POST", "/script", {"answers": [{"kind": "drop-after-commit"}, answer]})
    assert response.status_code == 400
    assert response.json()["error"].startswith("answers.1")
    assert merchant.api("GET", "/NOBODY").status_code == 503
    assert merchant.control("POST", "/script", {}).status_code == 400
