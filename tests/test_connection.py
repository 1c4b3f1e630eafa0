"""What goes over the wire as it stands, and what a server cannot do to a run: never end, answer without measure, lie."""

from __future__ import annotations

import contextlib
import gzip
import socket
import threading
import time
import zlib
from typing import TYPE_CHECKING

import pytest

from payproof.connection import Connection, Late, Overflow, Unanswered, Unreachable
from payproof.exchange import Request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
SECONDS = 5.0
MOST = 10_000


class Server:
    """A server that plays what it was given, one entry a connection, and keeps what it got."""

    def __init__(self, plays: tuple[Callable[[socket.socket], None] | bytes, ...]) -> None:
        self.got: list[bytes] = []
        self.connections = 0
        self._plays = plays
        self._ended = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            for play in self._plays:
                connection, _ = self._listener.accept()
                connection.settimeout(SECONDS)
                self.connections += 1
                with connection, contextlib.suppress(OSError):
                    if callable(play):
                        play(connection)
                    else:
                        self.got.append(whole(connection))
                        connection.sendall(play)

    def close(self) -> None:
        """Stop, also where fewer connections came than were expected."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(timeout=SECONDS)


def whole(connection: socket.socket) -> bytes:
    """Read one request: its head, and what its Content-Length promises."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65_536)
    head, _, body = data.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    while len(body) < length:
        body += connection.recv(65_536)
    return head + b"\r\n\r\n" + body


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Start a server that plays one entry a connection: bytes after a whole request, or what a function does."""
    with contextlib.ExitStack() as stack:

        def start(*plays: Callable[[socket.socket], None] | bytes) -> Server:
            server = Server(plays)
            stack.callback(server.close)
            return server

        yield start


@pytest.fixture
def connection() -> Iterator[Connection]:
    with contextlib.closing(Connection()) as made:
        yield made


# What is sent


def test_request_goes_out_as_it_stands(serve: Callable[..., Server], connection: Connection) -> None:
    """Order, spelling and number of headers are kept; bytes that are no text are sent as bytes; nothing is added but the frame."""
    server = serve(OK)
    raw = b"\xff\xe9".decode("utf-8", "surrogateescape")
    headers = (("X-Two", "1"), ("accept", "*/*"), ("x-two", "2"), ("X-Raw", raw), ("X-Empty", ""))

    connection.ask(Request("POST", f"{server.url}/a%2Fb/../c?q=%20&r", headers, b"{}"), SECONDS, MOST)

    host = server.url.removeprefix("http://").encode()
    assert server.got == [
        b"POST /a%2Fb/../c?q=%20&r HTTP/1.1\r\nHost: " + host + b"\r\nX-Two: 1\r\naccept: */*\r\nx-two: 2\r\nX-Raw: \xff\xe9\r\n"
        b"X-Empty: \r\nContent-Length: 2\r\n\r\n{}"
    ]


@pytest.mark.parametrize(("method", "framed"), [("POST", True), ("PATCH", True), ("GET", False), ("DELETE", False)])
def test_empty_body(serve: Callable[..., Server], connection: Connection, method: str, *, framed: bool) -> None:
    """A method that has a body as a rule says that this one is empty; the others say nothing."""
    server = serve(OK)

    connection.ask(Request(method, server.url), SECONDS, MOST)

    assert server.got[0].startswith(f"{method} / HTTP/1.1\r\n".encode())
    assert (b"Content-Length: 0" in server.got[0]) is framed


def test_letters_that_a_request_line_cannot_hold(serve: Callable[..., Server], connection: Connection) -> None:
    """They are percent-encoded; what is encoded already stays as it is."""
    server = serve(OK)

    connection.ask(Request("GET", f'{server.url}/é "{{%41}}?ü=<1>#fragment'), SECONDS, MOST)

    assert server.got[0].split(b"\r\n")[0] == b"GET /%C3%A9%20%22%7B%41%7D?%C3%BC=%3C1%3E HTTP/1.1"


@pytest.mark.parametrize(
    "request_",
    [
        Request("GET", "http://127.0.0.1:1/", (("X-A", "1\r\nX-B: 2"),)),
        Request("GET", "http://127.0.0.1:1/", (("X-A", "1\x00"),)),
        Request("GET", "http://127.0.0.1:1/", (("X-A", " 1"),)),
        Request("GET", "http://127.0.0.1:1/", (("X A", "1"),)),
        Request("GET", "http://127.0.0.1:1/", (("", "1"),)),
        Request("GET", "http://127.0.0.1:1/", (("X-\udcff", "1"),)),
        Request("POST", "http://127.0.0.1:1/", (("Content-Length", "3"),), b"{}"),
        Request("POST", "http://127.0.0.1:1/", (("Transfer-Encoding", "chunked"),), b"{}"),
        Request("GET /x", "http://127.0.0.1:1/"),
        Request("GET", "ftp://127.0.0.1/"),
        Request("GET", "http:///nowhere"),
        Request("GET", "http://127.0.0.1:99999/"),
        Request("GET", "http://[::1/"),
        Request("GET", f"http://{'a' * 70}.example/"),
    ],
)
def test_request_that_cannot_be_sent(connection: Connection, request_: Request) -> None:
    """What would become another request, or none, is refused before anybody is called."""
    with pytest.raises(Unanswered) as refused:
        connection.ask(request_, SECONDS, MOST)

    assert not isinstance(refused.value, Unreachable)


def test_proxy_of_the_environment_is_not_asked(
    serve: Callable[..., Server], connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request goes to the target itself."""
    server = serve(OK)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    assert connection.ask(Request("GET", server.url), SECONDS, MOST)[0] == 200


# What comes back


def test_headers_come_back_in_order(serve: Callable[..., Server], connection: Connection) -> None:
    """Names in lower case, repeated ones apart, text that is not UTF-8 as ISO 8859-1; a trailer is no header."""
    head = b"HTTP/1.1 201 Made\r\nX-B: 1 \r\nx-a:2\r\nX-b: \xe9\r\nTransfer-Encoding: chunked\r\n\r\n"
    server = serve(head + b"2\r\nab\r\n1\r\nc\r\n0\r\nX-T: 1\r\n\r\n")

    status, headers, body = connection.ask(Request("GET", server.url), SECONDS, MOST)

    assert (status, body) == (201, b"abc")
    assert headers == (("x-b", "1"), ("x-a", "2"), ("x-b", "é"), ("transfer-encoding", "chunked"))


def test_redirect_is_an_answer(serve: Callable[..., Server], connection: Connection) -> None:
    """Nobody goes where it points."""
    server = serve(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")

    status, headers, _ = connection.ask(Request("GET", server.url), SECONDS, MOST)

    assert (status, dict(headers)["location"]) == (302, "http://127.0.0.1:1/")


def test_interim_answers_are_waited_out(serve: Callable[..., Server], connection: Connection) -> None:
    """103 and 100 come before the answer; without end they are none."""
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
    server = serve(early + OK, early * 15)

    assert connection.ask(Request("GET", server.url), SECONDS, MOST) == (200, (("content-length", "2"),), b"ok")
    connection.close()
    with pytest.raises(Overflow, match="does not end"):
        connection.ask(Request("GET", server.url), SECONDS, MOST)


@pytest.mark.parametrize(
    ("encoding", "sent"),
    [
        (b"gzip", gzip.compress(b"whole")),
        (b"GZip", gzip.compress(b"whole")),
        (b"deflate", zlib.compress(b"whole")),
        (b"deflate", zlib.compress(b"whole", wbits=-15)),
        (b"deflate, gzip", gzip.compress(zlib.compress(b"whole"))),
        (b"identity", b"whole"),
        (b"unheard-of", b"whole"),
    ],
)
def test_content_encoding_is_undone(serve: Callable[..., Server], connection: Connection, encoding: bytes, sent: bytes) -> None:
    """The header stays, so that a clause can ask for it."""
    server = serve(b"HTTP/1.1 200 OK\r\nContent-Encoding: %b\r\nContent-Length: %d\r\n\r\n%b" % (encoding, len(sent), sent))

    _, headers, body = connection.ask(Request("GET", server.url), SECONDS, MOST)

    assert body == b"whole"
    assert dict(headers)["content-encoding"] == encoding.decode()


def test_answer_to_head_has_no_body(serve: Callable[..., Server], connection: Connection) -> None:
    """Its Content-Length is that of another answer."""
    server = serve(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")

    assert connection.ask(Request("HEAD", server.url), SECONDS, MOST)[2] == b""


def test_answer_of_unknown_length_ends_with_the_connection(serve: Callable[..., Server], connection: Connection) -> None:
    """HTTP/1.0 ends an answer so."""
    server = serve(b"HTTP/1.0 200 OK\r\n\r\nall of it")

    assert connection.ask(Request("GET", server.url), SECONDS, MOST)[2] == b"all of it"


# Connections


def test_connection_is_kept_and_opened_anew(serve: Callable[..., Server], connection: Connection) -> None:
    """One connection serves several requests; one that the server has closed is not used again."""
    closed = threading.Event()

    def twice(line: socket.socket) -> None:
        for _ in range(2):
            whole(line)
            line.sendall(OK)
        line.close()
        closed.set()

    server = serve(twice, OK)
    for _ in range(2):
        assert connection.ask(Request("GET", server.url), SECONDS, MOST)[0] == 200
    assert server.connections == 1
    assert closed.wait(SECONDS)
    assert connection.ask(Request("GET", server.url), SECONDS, MOST)[0] == 200
    assert server.connections == 2


def test_answer_that_nobody_asked_for_is_not_taken_for_the_next(serve: Callable[..., Server], connection: Connection) -> None:
    """What comes behind an answer ends the connection."""
    stray = b"HTTP/1.1 500 Stray\r\nContent-Length: 0\r\n\r\n"
    server = serve(OK + stray, OK)

    assert [connection.ask(Request("GET", server.url), SECONDS, MOST)[0] for _ in range(2)] == [200, 200]
    assert server.connections == 2


def test_answer_before_the_request_was_read(serve: Callable[..., Server], connection: Connection) -> None:
    """A server that refuses a large body at once is heard."""

    def refuse(line: socket.socket) -> None:
        line.recv(100)
        line.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        time.sleep(0.05)
        while line.recv(65_536):
            pass

    assert connection.ask(Request("POST", serve(refuse).url, (), b"x" * 3_000_000), SECONDS, MOST)[0] == 413


# Servers that misbehave


def dripping(begin: bytes, drop: bytes) -> Callable[[socket.socket], None]:
    def play(line: socket.socket) -> None:
        whole(line)
        line.sendall(begin)
        for _ in range(200):
            line.sendall(drop)
            time.sleep(0.02)

    return play


def whole_and_wait(line: socket.socket) -> None:
    whole(line)
    line.recv(1)


@pytest.mark.parametrize(
    "play",
    [
        dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n", b"x"),
        dripping(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        dripping(b"HTTP/1.1 200 OK\r\n", b"X-A: 1\r\n"),
        whole_and_wait,
    ],
    ids=["body", "chunks", "head", "nothing"],
)
def test_answer_that_does_not_end(serve: Callable[..., Server], connection: Connection, play: Callable[[socket.socket], None]) -> None:
    """The time is that of the whole answer, not of the wait for each part."""
    with pytest.raises(Late, match=r"did not end within 0\.3 s"):
        connection.ask(Request("GET", serve(play).url), 0.3, MOST)


@pytest.mark.parametrize(
    "play",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 20000\r\n\r\n" + b"x" * 20_000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + (b"3e8\r\n" + b"x" * 1000 + b"\r\n") * 20,
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n" + gzip.compress(b"0" * 5_000_000),
        b"HTTP/1.1 200 OK\r\n" + b"X-A: 1\r\n" * 20_000,
        b"HTTP/1.1 200 OK\r\nX-A: " + b"1" * 200_000,
    ],
    ids=["body", "chunks", "bomb", "headers", "header"],
)
def test_answer_without_measure(serve: Callable[..., Server], connection: Connection, play: bytes) -> None:
    with pytest.raises(Overflow):
        connection.ask(Request("GET", serve(play).url), SECONDS, MOST)


@pytest.mark.parametrize(
    "play",
    [
        b"",
        b"<html>",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nno header\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\nContent-Length: 2\r\n\r\n\xff\xff",
    ],
)
def test_answer_that_is_none(serve: Callable[..., Server], connection: Connection, play: bytes) -> None:
    """It is not taken for a shorter one; the next request has a connection of its own."""
    server = serve(play, OK)

    with pytest.raises(Unanswered):
        connection.ask(Request("GET", server.url), SECONDS, MOST)
    assert connection.ask(Request("GET", server.url), SECONDS, MOST)[0] == 200


def test_nobody_there(connection: Connection) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    with pytest.raises(Unreachable, match=str(port)):
        connection.ask(Request("GET", f"http://127.0.0.1:{port}/"), SECONDS, MOST)


def test_tls_without_a_certificate_that_holds(serve: Callable[..., Server], connection: Connection) -> None:
    """A server that cannot prove who it is gets no request."""
    heard: list[bytes] = []

    def plain(line: socket.socket) -> None:
        heard.append(line.recv(65_536))
        line.sendall(OK)

    url = serve(plain).url.replace("http:", "https:")
    with pytest.raises(Unreachable):
        connection.ask(Request("GET", url, (("Authorization", "Bearer x"),)), SECONDS, MOST)
    assert b"Bearer" not in heard[0]
