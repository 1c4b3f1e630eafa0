"""A connection to an HTTP/1.1 server: a request goes out as it stands, and the whole answer comes back within limits.

httptools parses the answer. There are no redirects, cookies and retries, and no headers are added but Host and
Content-Length: what is sent is what the journal says. A proxy of the environment is asked for a tunnel, nothing else.
"""

from __future__ import annotations

import contextlib
import functools
import re
import select
import socket
import zlib
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import httptools

from payproof import clock
from payproof.proxy import Proxy
from payproof.route import Route

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from payproof.exchange import Headers, Request

Origin = tuple[str, str, int]
"""Scheme, host and port."""

_LARGEST_HEAD = 102_400
"""How many bytes may come that are no body; RFC 9112 section 3 leaves the limit to the recipient."""
_MOST_INTERIM = 20
"""How many 1xx answers may come before the final one."""
_CHUNK = 65_536
_PORTS = {"http": 80, "https": 443}

_LEGAL = "!$%&'()*+,-./:;=?@[\\]^_|~"
_TARGET = re.compile(f"[{re.escape(_LEGAL)}0-9A-Za-z]+")
"""What stands in a request line as it is; browsers, too, percent-encode the rest."""
_NAME = re.compile(rb"[-!#$%&'*+.^_`|~0-9a-zA-Z]+")
_VALUE = re.compile(rb"(?:[^\x00\s]+(?:[ \t]+[^\x00\s]+)*)?")
"""Names and values of headers by RFC 9110 section 5; with anything else a second header or request could be smuggled in."""


class Unanswered(Exception):
    """A request to which no answer came, none that is HTTP, or none that ended."""


class Unreachable(Unanswered):
    """Nobody listens, or nobody who can prove to be the one."""


class Late(Unanswered):
    """The answer did not end in time."""


class Overflow(Unanswered):
    """The answer is larger than it may be."""


class Connection:
    """A connection that is opened when it is needed and kept while the server keeps it; for one thread at a time."""

    def __init__(self, route: Route | None = None) -> None:
        """Open nothing yet."""
        self._route = route or Route()
        self._socket: socket.socket | None = None
        self._origin: Origin = ("", "", 0)

    def close(self) -> None:
        """Close the connection, if there is one; the next request opens another."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def ask(
        self, request: Request, seconds: float, most: int, ready: Callable[[], None] | None = None
    ) -> tuple[int, Headers, bytes]:  # fmt: skip
        """Send a request and read its answer: the status, the headers with lower-case names, the body.

        The content encodings gzip and deflate (RFC 9110 section 8.4) are undone. Everything together takes `seconds` at
        most, the body has `most` bytes at most, before and after that. `ready` is called when there is a connection and
        the first byte is about to be sent; how long it takes does not count. Raises an Unanswered, and closes the connection.
        """
        self._route.check(request)
        try:
            answer = self._received(request, seconds, most, ready)
            body = decoded(answer.body(), answer.encodings(), most)
        except TimeoutError as error:
            self.close()
            raise _late(seconds) from error
        except OSError as error:
            self.close()
            message = f"the connection broke: {error}"
            raise Unanswered(message) from error
        except BaseException:
            self.close()
            raise
        if not answer.kept:
            self.close()
        return answer.status, answer.headers(), body

    def _received(self, request: Request, seconds: float, most: int, ready: Callable[[], None] | None) -> _Answer:
        origin, message = _written(request)
        ends = clock.ticks() + seconds
        line = self._opened(origin, seconds)
        if ready is not None:
            ready()
            ends = clock.ticks() + seconds
            line = self._opened(origin, seconds)
        # A server may answer before it has read everything, and close; its answer can still be read.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            line.sendall(message)
        answer = _Answer(headless=request.method == "HEAD")
        taken = 0
        while not answer.done:
            left = ends - clock.ticks()
            if left <= 0:
                raise _late(seconds)
            line.settimeout(left)
            data = line.recv(_CHUNK)
            if not data:
                answer.end()
                break
            answer.feed(data)
            taken += len(data)
            if answer.size > most:
                raise _large(most)
            if answer.interim > _MOST_INTERIM or (not answer.begun and taken > _LARGEST_HEAD):
                endless = "the head of the answer does not end"
                raise Overflow(endless)
        return answer

    def _opened(self, origin: Origin, seconds: float) -> socket.socket:
        if self._socket is not None and (origin != self._origin or _readable(self._socket)):
            self.close()
        if self._socket is None:
            self._socket, self._origin = _connected(self._route, *origin, seconds), origin
        self._socket.settimeout(seconds)
        return self._socket


class _Answer:
    """What has come so far; httptools calls its methods while it parses."""

    def __init__(self, *, headless: bool) -> None:
        self.status = 0
        self.begun = False
        self.done = False
        self.kept = False
        self.size = 0
        self.interim = 0
        self._headers: list[tuple[bytes, bytes]] = []
        self._chunks: list[bytes] = []
        self._bodiless = headless
        self._parser = httptools.HttpResponseParser(self)

    def feed(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self.kept = False
        except httptools.HttpParserError as error:
            self.kept = False
            if not self.done:
                message = f"the answer is no HTTP/1.1: {error}"
                raise Unanswered(message) from error

    def end(self) -> None:
        """Take the end of the connection, which ends an answer of unknown length (RFC 9112 section 6.3)."""
        measured = any(name.lower() in {b"content-length", b"transfer-encoding"} for name, _ in self._headers)
        if not self.begun or measured:
            message = "the server closed the connection before its answer was whole"
            raise Unanswered(message)

    def headers(self) -> Headers:
        """Give the headers in their order; UTF-8 if all of them are that, else ISO 8859-1."""
        raw = b"".join(value for _, value in self._headers)
        charset = "ascii" if raw.isascii() else "utf-8"
        try:
            raw.decode(charset)
        except UnicodeDecodeError:
            charset = "latin-1"
        return tuple((name.decode("latin-1").lower(), value.decode(charset)) for name, value in self._headers)

    def encodings(self) -> list[str]:
        listed = b",".join(value for name, value in self._headers if name.lower() == b"content-encoding")
        return [one.strip().lower() for one in listed.decode("latin-1").split(",")]

    def body(self) -> bytes:
        return b"".join(self._chunks)

    def on_message_begin(self) -> None:
        if self.done:
            self.kept = False

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.begun:
            self._headers.append((name, value.rstrip(b" \t")))

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if self.begun:
            return
        if 100 <= status < 200 and status != 101:
            self._headers.clear()
            self.interim += 1
            return
        self.status, self.begun, self.done = status, True, self._bodiless

    def on_body(self, data: bytes) -> None:
        if not self.done:
            self._chunks.append(data)
            self.size += len(data)

    def on_message_complete(self) -> None:
        if self.begun and not self.done:
            self.done, self.kept = True, self._parser.should_keep_alive()


def decoded(body: bytes, encodings: list[str], most: int) -> bytes:
    """Undo content encodings, the last one first; one that is not known is left as it is. Raises Unanswered or Overflow."""
    for encoding in reversed(encodings):
        if encoding not in {"gzip", "deflate"} or not body:
            continue
        # What is called deflate comes with and without the frame that RFC 9110 section 8.4.1.2 asks for.
        windows = (zlib.MAX_WBITS | 16,) if encoding == "gzip" else (zlib.MAX_WBITS, -zlib.MAX_WBITS)
        body = _inflated(body, windows, most)
        if len(body) > most:
            raise _large(most)
    return body


def _inflated(body: bytes, windows: tuple[int, ...], most: int) -> bytes:
    problem = ""
    for window in windows:
        try:
            return zlib.decompressobj(window).decompress(body, most + 1)
        except zlib.error as error:
            problem = problem or f"the body is not as its Content-Encoding says: {error}"
    raise Unanswered(problem)


def _late(seconds: float) -> Late:
    return Late(f"the answer did not end within {seconds:g} s")


def _large(most: int) -> Overflow:
    return Overflow(f"the answer is larger than {most} bytes")


def _connected(route: Route, scheme: str, host: str, port: int, seconds: float) -> socket.socket:
    route.allow(host)
    try:
        proxy = Proxy.of(scheme, host, port)
        line = socket.create_connection((host, port), timeout=seconds) if proxy is None else proxy.tunnel(host, port, seconds, route)
    except (OSError, UnicodeError) as error:
        message = f"{host}:{port}: {error}"
        raise Unreachable(message) from error
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if scheme != "https":
        return line
    try:
        return route.certificates().wrap_socket(line, server_hostname=host)
    except (OSError, ValueError) as error:
        line.close()
        message = f"{host}:{port}: {error}"
        raise Unreachable(message) from error


def _readable(line: socket.socket) -> bool:
    """Say whether something came on an idle connection, which as a rule is its end."""
    if not hasattr(select, "poll"):  # Windows
        return bool(select.select([line], [], [], 0)[0])
    poll = select.poll()
    poll.register(line, select.POLLIN)
    return bool(poll.poll(0))


@functools.lru_cache(maxsize=64)
def _place(scheme: str, netloc: str) -> tuple[Origin, bytes]:
    """Give the origin and the Host header (RFC 9110 section 7.2) of a URL's first parts. Raises Unanswered."""
    split = urlsplit(f"{scheme}://{netloc}")
    try:
        host, port = (split.hostname or "").encode("idna" if "%" not in netloc else "ascii").decode(), split.port
    except (UnicodeError, ValueError) as error:
        message = f"{scheme}://{netloc} is no place to send anything to: {error}"
        raise Unanswered(message) from error
    if scheme not in _PORTS or not host:
        message = f"{scheme}://{netloc} is no place to send anything to"
        raise Unanswered(message)
    named = f"[{host}]" if ":" in host else host
    shown = named if port in {None, _PORTS[scheme]} else f"{named}:{port}"
    return (scheme, host, port or _PORTS[scheme]), shown.encode()


def _written(request: Request) -> tuple[Origin, bytes]:
    """Write a request as it goes out. Raises Unanswered for one that HTTP/1.1 cannot carry."""
    try:
        split = urlsplit(request.url)
        origin, host = _place(split.scheme, split.netloc)
        target = (split.path or "/") + (f"?{split.query}" if split.query else "")
        if not _TARGET.fullmatch(target):
            target = quote(target, safe=_LEGAL)
        lines = [f"{request.method} {target} HTTP/1.1".encode()]
        lines += [b"%b: %b" % one for one in _framed(request, host)]
    except ValueError as error:
        message = f"the request cannot be written as HTTP/1.1: {error}"
        raise Unanswered(message) from error
    return origin, b"\r\n".join(lines) + b"\r\n\r\n" + request.body


def _framed(request: Request, host: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Give the headers with Host and Content-Length, in the order in which they are sent."""
    given = [(name.encode(), value.encode("utf-8", "surrogateescape")) for name, value in request.headers]
    known = {name.lower(): value for name, value in given}
    length = b"%d" % len(request.body)
    if not _NAME.fullmatch(request.method.encode()):
        message = f"there is no HTTP method {request.method!r}"
        raise Unanswered(message)
    for name, value in given:
        if not (_NAME.fullmatch(name) and _VALUE.fullmatch(value)):
            message = f"no HTTP header can be named {name!r} and have this value"
            raise Unanswered(message)
    if b"transfer-encoding" in known or known.get(b"content-length", length) != length:
        message = "the headers say that the body has another length, so that the server would wait for the rest or misread it"
        raise Unanswered(message)
    yield from ((name, value) for name, value in given if name.lower() == b"host")
    if b"host" not in known:
        yield b"Host", host
    yield from ((name, value) for name, value in given if name.lower() != b"host")
    if b"content-length" not in known and (request.body or request.method in {"POST", "PUT", "PATCH"}):
        yield b"Content-Length", length
