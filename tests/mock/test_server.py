"""The server: ports, start and stop, connections."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from payproof.mock import jpmorgan_profiles
from payproof.mock.app import create_app
from payproof.mock.faults import UnknownFault
from payproof.mock.server import CannotListen, MockServer, PortInUse
from payproof.mock.wire import AnswerDropped
from tests.mock.conftest import PATIENCE

if TYPE_CHECKING:
    from tests.mock.conftest import Merchant

Card = dict[str, Any]


def test_port_in_use(mock: MockServer) -> None:
    """A port that somebody listens on is an error that names host and port."""
    port = int(mock.url.rpartition(":")[2])
    with pytest.raises(PortInUse, match=rf"127\.0\.0\.1:{port} is in use"):
        MockServer(port=port).start()
    with pytest.raises(OSError, match="in use"):
        MockServer(port=port).start()


@pytest.mark.parametrize("port", [-1, 65_536])
def test_no_port(port: int) -> None:
    """Only ports are ports."""
    with pytest.raises(CannotListen, match="65535"):
        MockServer(port=port)


@pytest.mark.parametrize("host", ["192.0.2.1", "no such host", "a" * 300])
def test_no_host(host: str) -> None:
    """A host that is not this machine is an error that names it."""
    with pytest.raises(CannotListen, match="cannot listen on") as caught:
        MockServer(host=host).start()
    assert host in str(caught.value)


def test_unknown_fault() -> None:
    """A lie that does not exist is told before anything listens."""
    with pytest.raises(UnknownFault):
        MockServer(faults=["no-such-lie"])


def test_stop_frees_the_port() -> None:
    """After a stop the same port can be listened on at once, also by the same mock, which kept its state."""
    server = MockServer()
    with server:
        with pytest.raises(RuntimeError, match="started already"):
            server.start()
        url = server.url
        assert httpx.post(f"{url}/__mock__/tenants", json={"name": "a"}).status_code == 201
        client_id = httpx.post(f"{url}/__mock__/tenants", json={"name": "a"}).json()["client_id"]
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)
    server.stop()
    with server:
        assert server.url == url
        assert httpx.get(f"{url}/__mock__/tenants/{client_id}/effects").status_code == 200


def test_stop_does_not_wait_for_clients() -> None:
    """Open connections and delayed answers do not hold a stop up: whoever waits does not get the answer."""
    answered: list[int] = []
    with MockServer() as server, httpx.Client(base_url=server.url) as client:
        tenant = client.post("/__mock__/tenants").json()
        path = f"/__mock__/tenants/{tenant['client_id']}/script"
        client.post(path, json={"answers": [{"kind": "delay", "seconds": 30}]})
        waiting = threading.Thread(target=wait, args=(server.url, tenant, answered))
        waiting.start()
        while client.get(f"/__mock__/tenants/{tenant['client_id']}/effects").json()["effects"] == {}:
            continue
        server.stop()
        waiting.join(PATIENCE)
        assert not waiting.is_alive()
        assert 200 not in answered


def wait(url: str, tenant: dict[str, str], answered: list[int]) -> None:
    auth, form = (tenant["client_id"], tenant["client_secret"]), {"grant_type": "client_credentials"}
    try:
        answered.append(httpx.post(f"{url}/am/oauth2/alpha/access_token", data=form, auth=auth, timeout=PATIENCE).status_code)
    except httpx.HTTPError:
        return


def test_two_mocks_share_nothing() -> None:
    """Two mocks in one process have tenants of their own."""
    with MockServer() as one, MockServer() as two:
        client_id = httpx.post(f"{one.url}/__mock__/tenants", json={"name": "a"}).json()["client_id"]
        assert httpx.get(f"{two.url}/__mock__/tenants/{client_id}/effects").status_code == 404


def test_ipv6() -> None:
    """The mock listens on IPv6 as well, where the machine has it."""
    if not socket.has_ipv6:
        pytest.skip("this machine has no IPv6")
    try:
        server = MockServer(host="::1").start()
    except CannotListen as error:
        pytest.skip(f"this machine has no IPv6 loopback address: {error}")
    try:
        assert server.url.startswith("http://[::1]:")
        assert httpx.get(f"{server.url}/__mock__/").status_code == 200
    finally:
        server.stop()


def test_answers_do_not_wait_for_acknowledgements(mock: MockServer, client: httpx.Client) -> None:
    """No connection holds small pieces of an answer back until earlier ones are acknowledged (RFC 896): that costs 40 ms each."""
    client.get("/__mock__/")
    assert mock._server is not None
    sockets = [one.transport.get_extra_info("socket") for one in list(mock._server.server_state.connections)]
    assert sockets
    assert all(each.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) for each in sockets)


def test_a_connection_is_reused(mock: MockServer) -> None:
    """Many requests, refused and large ones among them, go over one connection."""
    host, port = mock.url.removeprefix("http://").split(":")
    big = b"POST /api/v2/mmp/consumer-profiles HTTP/1.1\r\nHost: mock\r\nContent-Length: 300000\r\n\r\n" + b"x" * 300_000
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        answers = connection.makefile("rb")
        for request, status in [(b"GET /x HTTP/1.1\r\nHost: mock\r\n\r\n", b"404"), (big, b"401")] * 5:
            connection.sendall(request)
            assert answers.readline().split(b" ")[1] == status
            length = 0
            while (line := answers.readline()) != b"\r\n":
                name, _, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            answers.read(length)


def test_an_error_of_the_mock_is_the_documented_500(
    merchant: Merchant, card: Card, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A fault of the mock's own code becomes a 500, with the place on stderr and without any value."""

    def broken(*_: object) -> None:
        raise LookupError(card["accountNumber"])

    monkeypatch.setattr(jpmorgan_profiles.ProfilesWorld, "create", broken)
    response = merchant.api("POST", "", {"profilePaymentMethod": {"cardList": [card]}})
    assert response.status_code == 500
    assert response.json()["responseStatus"] == "ERROR"
    output = "".join(capfd.readouterr())
    assert "LookupError" in output
    assert "jpmorgan_profiles_http.py" in output
    assert card["accountNumber"] not in output + response.text


def test_a_web_socket_is_closed(mock: MockServer) -> None:
    """A request to upgrade is answered as plain HTTP."""
    headers = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "a"}
    assert httpx.get(f"{mock.url}/x", headers=headers).status_code == 404


def test_many_clients_at_once(merchant: Merchant, card: Card) -> None:
    """Eight clients that add cards to one profile at the same time lose none of them."""
    profile = merchant.create(card)
    path = f"/api/v2/mmp/consumer-profiles/{profile['consumerProfileId']}/payment-methods"

    def add() -> None:
        with httpx.Client(base_url=merchant.client.base_url, headers=merchant.headers) as client:
            for _ in range(5):
                client.post(path, json={"cardList": [card]}).raise_for_status()

    threads = [threading.Thread(target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    listed = merchant.read(profile)["paymentMethodType"]["cardList"]
    assert len({each["paymentMethodId"] for each in listed}) == 41
    assert merchant.effects()["methods added"] == 41


def test_without_a_server_an_answer_cannot_be_lost(card: Card) -> None:
    """In an application without connections a scripted loss is an error that says so."""
    import asyncio

    async def story() -> None:
        transport = httpx.ASGITransport(app=create_app(control=True))
        async with httpx.AsyncClient(transport=transport, base_url="http://mock") as client:
            tenant = (await client.post("/__mock__/tenants")).json()
            script = {"answers": [{"kind": "drop-after-commit"}]}
            await client.post(f"/__mock__/tenants/{tenant['client_id']}/script", json=script)
            auth = (tenant["client_id"], tenant["client_secret"])
            await client.post("/am/oauth2/alpha/access_token", data={"grant_type": "client_credentials"}, auth=auth)

    with pytest.raises(AnswerDropped, match="MockServer"):
        asyncio.run(story())
