"""The proxy of the environment: a tunnel to other machines, never to this one, and a clear word where there is none."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import threading
from typing import TYPE_CHECKING

import pytest
import trustme

from payproof.connection import Connection, Unreachable
from payproof.errors import RefusedError
from payproof.exchange import Request
from payproof.route import Route

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECONDS, MOST = 10.0, 10_000
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"


class Way:
    """A proxy, and the one host that it leads to; `asked` is what it was asked for, `refusal` what it says instead."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.asked: list[bytes] = []
        self.refusal = b""
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            with line, contextlib.suppress(OSError):
                self._lead(line)

    def _lead(self, line: socket.socket) -> None:
        line.settimeout(SECONDS)
        self.asked.append(line.recv(4096))
        if self.refusal:
            line.sendall(self.refusal)
            return
        line.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with self._context.wrap_socket(line, server_side=True) if self._context is not None else line as spoken:
            self.asked.append(spoken.recv(4096))
            spoken.sendall(ANSWER)
            select.select([spoken], [], [], SECONDS)

    def close(self) -> None:
        """Stop."""
        self._listener.close()


@pytest.fixture
def way(monkeypatch: pytest.MonkeyPatch) -> Iterator[Way]:
    """A proxy that the environment names for everything."""
    for name in ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    made = Way()
    monkeypatch.setenv("all_proxy", made.url)
    yield made
    made.close()


def ask(url: str, route: Route | None = None) -> int:
    """Send a request and give the status."""
    with contextlib.closing(Connection(route)) as connection:
        return connection.ask(Request("GET", url), SECONDS, MOST)[0]


def test_request_goes_through_the_tunnel(way: Way) -> None:
    """The proxy is told the host and nothing else; the request is that of the journal."""
    assert ask("http://vouchers.test:8080/v1?q=1") == 200
    assert way.asked == [b"CONNECT vouchers.test:8080 HTTP/1.1\r\nHost: vouchers.test:8080\r\n\r\n",
                         b"GET /v1?q=1 HTTP/1.1\r\nHost: vouchers.test:8080\r\n\r\n"]  # fmt: skip


def test_certificate_is_that_of_the_host(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, way: Way) -> None:
    """TLS is spoken through the tunnel with the host itself: the proxy reads nothing, and another name is not believed."""
    ca, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("vouchers.test").configure_cert(context)
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with contextlib.closing(Way(context)) as secure:
        monkeypatch.setenv("https_proxy", secure.url)
        route = Route(str(tmp_path / "ca.pem"))

        assert ask("https://vouchers.test/", route) == 200
        with pytest.raises(Unreachable, match="certificate"):
            ask("https://elsewhere.test/", route)
        with pytest.raises(Unreachable, match="certificate"):
            ask("https://vouchers.test/")
    assert way.asked == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_this_machine_needs_no_proxy(way: Way, host: str) -> None:
    """Whatever the environment says, a mock is never looked for elsewhere."""
    with pytest.raises(Unreachable):
        ask(f"http://{host}:1/")

    assert way.asked == []


@pytest.mark.parametrize("exempt", ["vouchers.invalid", ".invalid", "other.test, vouchers.invalid:8080", "*"])
def test_host_without_proxy(monkeypatch: pytest.MonkeyPatch, way: Way, exempt: str) -> None:
    """What NO_PROXY names is asked directly; its name does not exist, so that nothing is sent."""
    monkeypatch.setenv("no_proxy", exempt)

    with pytest.raises(Unreachable):
        ask("http://vouchers.invalid:8080/")

    assert way.asked == []


def test_proxy_that_asks_who_we_are(monkeypatch: pytest.MonkeyPatch, way: Way) -> None:
    """What the environment says goes to the proxy, and into no message."""
    monkeypatch.setenv("all_proxy", way.url.replace("//", "//me:pa%20ss@"))
    assert ask("http://vouchers.test/") == 200
    assert b"Proxy-Authorization: Basic bWU6cGEgc3M=\r\n" in way.asked[0]

    way.refusal = b"HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n"
    with pytest.raises(Unreachable, match=r"opens no way to vouchers\.test:80: it wants other credentials") as told:
        ask("http://vouchers.test/")
    assert "pa ss" not in str(told.value)


@pytest.mark.parametrize(
    ("url", "message"),
    [("http://127.0.0.1:1", "the proxy 127.0.0.1:1 is not there"), ("socks5://127.0.0.1:1", "write it as http://host:port"),
     ("http://127.0.0.1:http", "cannot be used")],
)  # fmt: skip
def test_proxy_that_cannot_be_used(monkeypatch: pytest.MonkeyPatch, way: Way, url: str, message: str) -> None:
    """One clear word, and nothing is sent past it."""
    monkeypatch.setenv("all_proxy", url)

    with pytest.raises(Unreachable, match=message):
        ask("http://vouchers.test/")

    assert way.asked == []


@pytest.mark.parametrize("said", [b"HTTP/1.1 503 Busy\r\n\r\n", b"SSH-2.0-x\r\n\r\n", b""])
def test_proxy_that_lets_nobody_through(way: Way, said: bytes) -> None:
    """Its refusal is no answer of the target."""
    way.refusal = said or b"\r\n"

    with pytest.raises(Unreachable, match="opens no way"):
        ask("http://vouchers.test/")


def test_forbidden_host_is_no_proxy_either(monkeypatch: pytest.MonkeyPatch, way: Way) -> None:
    """Neither as the target behind a proxy nor as the proxy itself is a production host reached."""
    with pytest.raises(RefusedError):
        ask("http://live.test/", Route(None, frozenset({"live.test"})))
    monkeypatch.setenv("all_proxy", "http://live.test:3128")
    with pytest.raises(RefusedError):
        ask("http://vouchers.test/", Route(None, frozenset({"live.test"})))

    assert way.asked == []
