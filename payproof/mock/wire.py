"""HTTP as the mock's APIs need it: a request that is read with limits, an answer that is sent in one piece."""

import asyncio
import gzip
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NoReturn
from urllib.parse import unquote_to_bytes

from starlette.types import Receive, Scope

from payproof.mock import assumed
from payproof.mock.refusal import invalid

TRANSPORT = "payproof.mock.transport"
"""Where the server leaves the connection in the scope, for answers that are lost on purpose."""

_BEARER = re.compile(r"bearer +([A-Za-z0-9\-._~+/]+=*) *", re.IGNORECASE)
_QUALITY = re.compile(r"q=(?:(0(?:\.[0-9]{0,3})?)|(1(?:\.0{0,3})?))", re.IGNORECASE)
GZIP = ("gzip", "x-gzip")
"""RFC 9110 section 8.4.1.3 makes the second name mean the first."""


class AnswerDropped(ConnectionError):
    """An answer was to be lost and there is no connection to close: the app does not run in a ``MockServer``."""


class ClientGone(ConnectionError):
    """The client left before its request was complete, so nothing of it may count."""


class BodyTimeout(Exception):
    """The request's body did not arrive in time."""


def compact(body: Any) -> str:
    """Write a body as JSON without white space."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Answer:
    """A response: ``body`` is written as JSON, None for an empty one; ``dropped`` closes the connection instead.

    A body longer than ``gzip_above`` bytes is compressed; None never compresses.
    """

    status: int
    body: dict[str, Any] | list[Any] | None = None
    headers: tuple[tuple[bytes, bytes], ...] = ()
    dropped: bool = False
    gzip_above: int | None = None

    def with_headers(self, *headers: tuple[bytes, bytes]) -> "Answer":
        """Build the same answer with further headers."""
        return replace(self, headers=self.headers + headers)

    def render(self, write: Callable[[Any], bytes] = lambda body: compact(body).encode()) -> tuple[list[tuple[bytes, bytes]], bytes]:
        """Write headers and body; ``write`` turns the body into JSON."""
        headers = list(self.headers)
        content = b""
        if self.body is not None:
            content = write(self.body)
            headers.append((b"content-type", b"application/json"))
            if self.gzip_above is not None and len(content) > self.gzip_above:
                content = gzip.compress(content, mtime=0)
                headers.append((b"content-encoding", b"gzip"))
        if self.status != 204:
            headers.append((b"content-length", str(len(content)).encode()))
        return headers, content


class Request:
    """A request as the server hands it over.

    ``segments`` is the path, split before it was percent-decoded; ``query`` is what follows the question mark, as sent.
    """

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.method: str = scope["method"]
        self.query: bytes = scope.get("query_string", b"")
        path: bytes = scope.get("raw_path") or scope["path"].encode()
        self.segments: tuple[str, ...] = tuple(
            (unquote_to_bytes(part) if b"%" in part else part).decode(errors="replace")
            for part in path.partition(b"?")[0].removeprefix(b"/").split(b"/")
        )
        self._headers: list[tuple[bytes, bytes]] = scope["headers"]
        self._receive = receive

    def headers(self, name: bytes) -> list[str]:
        """List the values of a header; ``name`` is in lower case."""
        return [value.decode("latin-1") for key, value in self._headers if key == name]

    def media_type(self) -> str | None:
        """Tell the media type of the body without its parameters, in lower case; None without or with several."""
        values = self.headers(b"content-type")
        return values[0].partition(";")[0].strip().lower() if len(values) == 1 else None

    def bearer(self) -> str | None:
        """Read the access token (RFC 6750 section 2.1); None without one, or where the header is no single bearer token."""
        values = self.headers(b"authorization")
        found = _BEARER.fullmatch(values[0]) if len(values) == 1 else None
        return None if found is None else found[1]

    def takes_gzip(self) -> bool | None:
        """Tell whether the client takes a compressed answer; None where it does not say (RFC 9110 section 12.5.3)."""
        said = self.headers(b"accept-encoding")
        weights: dict[str, bool] = {}
        for each in ",".join(said).lower().split(","):
            coding, _, parameter = each.partition(";")
            quality = _QUALITY.fullmatch(parameter.strip()) if parameter else None
            weights[coding.strip()] = not parameter or (quality is not None and float(quality[1] or 1) > 0)
        return next((weights[name] for name in (*GZIP, "*") if name in weights), False) if said else None

    async def body(self) -> bytes:
        """Read the body.

        Raises ``Invalid`` where it is longer than ``assumed.LARGEST_BODY_BYTES``, ``BodyTimeout`` where it does not
        end within ``assumed.BODY_TIMEOUT_SECONDS``, and ``ClientGone`` where it never will.
        """
        chunks: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(assumed.BODY_TIMEOUT_SECONDS):
                while True:
                    message = await self._receive()
                    if message["type"] == "http.disconnect":
                        raise ClientGone
                    chunk = message.get("body", b"")
                    size += len(chunk)
                    if size > assumed.LARGEST_BODY_BYTES:
                        raise invalid("body", f"must not be longer than {assumed.LARGEST_BODY_BYTES} bytes")
                    chunks.append(chunk)
                    if not message.get("more_body", False):
                        return b"".join(chunks)
        except TimeoutError:
            raise BodyTimeout from None


class _RepeatedError(ValueError):
    """A JSON object has a member twice; the argument is its name."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise _RepeatedError(name)
            seen.add(name)
    return found


def _not_json(constant: str) -> NoReturn:
    raise ValueError(constant)


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_not_json)


def read_json(raw: bytes) -> object:
    """Read a JSON body; raises ``Invalid`` with the place and never with a value.

    UTF-8 without byte order mark, no NaN, no member twice, no number longer than 4,300 digits.
    """
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise invalid("body", f"is not UTF-8 at byte {error.start}") from None
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise invalid("body", f"is not JSON at line {error.lineno}, column {error.colno}") from None
    except _RepeatedError as error:
        raise invalid(_harmless(error.args[0]), "must not be sent twice") from None
    except RecursionError:
        raise invalid("body", "is nested too deeply") from None
    except ValueError:
        raise invalid("body", "has a number that JSON does not have, or that is too long") from None


def _harmless(name: str) -> str:
    # A card number as the name of a member must not come back in an error message
    return name if name.isascii() and name.isidentifier() and sum(map(str.isdigit, name)) < 4 else "body"


def fingerprint(body: object) -> str:
    """Tell bodies apart without keeping what may be a card number: the same JSON gives the same, in any order of members.

    Raises ``Invalid`` for a body that was just flat enough to be read.
    """
    try:
        return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    except RecursionError:
        raise invalid("body", "is nested too deeply") from None


async def drop(scope: Scope, receive: Receive) -> None:
    """Close the connection without an answer; raises ``AnswerDropped`` where the app does not know the connection."""
    transport = scope.get(TRANSPORT)
    if transport is None:
        raise AnswerDropped("the answer was to be lost, which needs the app to run in a MockServer")
    transport.close()
    # The server answers 500 for an app that returns before the connection is gone
    while (await receive())["type"] != "http.disconnect":
        continue
