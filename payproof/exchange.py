"""One request and its response, as they were on the wire, and what the sender meant by it."""

from __future__ import annotations

import json
import re
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

Headers = tuple[tuple[str, str], ...]


class Unparsable(ValueError):
    """A body that is not what its media type says."""


def _refuse(word: str) -> float:
    message = f"{word} is no JSON"
    raise ValueError(message)


_DECODER = json.JSONDecoder(parse_constant=_refuse)


DEEPEST = 200
"""How many levels a body may be nested; RFC 8259 section 9 lets a reader set a limit."""

LARGEST = 10_000_000
"""How many bytes a compressed body may become; a request of ours is never that large."""

_HALF = re.compile(rb"\\u[dD][89a-fA-F]")


def parse_json(raw: bytes) -> Any:
    """Parse a JSON body by RFC 8259: UTF-8, no NaN or Infinity, at most DEEPEST levels. Raises Unparsable.

    Half a surrogate pair, which is no character and which neither the validator nor CEL can hold, becomes U+FFFD.
    """
    try:
        value = _DECODER.decode(raw.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        message = f"not JSON: {error}"
        raise Unparsable(message) from error
    if raw.count(b"[") + raw.count(b"{") > DEEPEST and _deeper(value, DEEPEST):
        message = f"nested deeper than {DEEPEST} levels"
        raise Unparsable(message)
    return _whole(value) if b"\\u" in raw and _HALF.search(raw) is not None else value


class _Decimal(float):
    """A number that was written with a fraction or an exponent, whatever its value."""


_TOKENS = json.JSONDecoder(parse_float=_Decimal)


def decimals(raw: bytes) -> list[str]:
    """Give the JSON pointers of the numbers of a body that were written with a fraction or an exponent (1234.0, 1e3).

    JSON Schema and CEL take 1234.0 for an integer; whoever parses it into a binary float does not. None in no JSON.
    """
    try:
        value = _TOKENS.decode(raw.decode("utf-8"))
    except (ValueError, RecursionError):
        return []
    found: list[str] = []
    stack: list[tuple[str, Any]] = [("", value)]
    for pointer, node in stack:
        if type(node) is dict:
            stack += [(f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}", inner) for name, inner in node.items()]
        elif type(node) is list:
            stack += [(f"{pointer}/{index}", inner) for index, inner in enumerate(node)]
        elif type(node) is _Decimal:
            found.append(pointer)
    return found


def inflated(raw: bytes) -> bytes:
    """Undo gzip (RFC 1952). Raises Unparsable for what is not gzip, is cut off, or becomes larger than LARGEST."""
    unpacker = zlib.decompressobj(wbits=31)
    try:
        whole = unpacker.decompress(raw, LARGEST)
    except zlib.error as error:
        message = f"not gzip: {error}"
        raise Unparsable(message) from error
    if not unpacker.eof:
        message = f"not gzip: cut off, or larger than {LARGEST} bytes"
        raise Unparsable(message)
    return whole


def _deeper(value: Any, most: int) -> bool:
    level = [value]
    for _ in range(most):
        level = [inner for node in level for inner in (node.values() if isinstance(node, dict) else node)
                 if isinstance(inner, dict | list)]  # fmt: skip
    return bool(level)


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_whole(name): _whole(member) for name, member in value.items()}
    return [_whole(item) for item in value] if isinstance(value, list) else value


def lowered(headers: Headers) -> dict[str, str]:
    """Give headers by lower-case name; repeated ones are joined as RFC 9110 section 5.2 allows."""
    found: dict[str, str] = {}
    for name, value in headers:
        key = name.lower()
        found[key] = f"{found[key]}, {value}" if key in found else value
    return found


def media_type(headers: Mapping[str, str]) -> str | None:
    """Give the media type of a message without its parameters, in lower case; None where none is declared."""
    declared = headers.get("content-type")
    return declared.partition(";")[0].strip().lower() if declared is not None else None


@dataclass(frozen=True, slots=True, repr=False)
class Request:
    """A request as it was sent. `url` is absolute and percent-encoded.

    `decoded` says that the body's content encoding is undone already, as in a journal, which hides parts of it.
    """

    method: str
    url: str
    headers: Headers = ()
    body: bytes = b""
    decoded: bool = False

    def __repr__(self) -> str:
        """Show no header and no body: pytest prints what a failed assertion compares, and nobody redacts that."""
        return f"<{self.method} {self.path()}, {len(self.body)} bytes>"

    def content(self) -> bytes:
        """Give the body with its content encoding undone. Raises Unparsable where it does not have the one it names."""
        if self.decoded or not self.body:
            return self.body
        encoding = next((value for name, value in self.headers if name.lower() == "content-encoding"), "")
        return inflated(self.body) if encoding.strip().lower() == "gzip" else self.body

    def path(self) -> str:
        """Give the path as sent, percent-encoded."""
        url = self.url
        begin = url.find("/", url.find("//") + 2) if "//" in url else 0
        end = min((at for at in (url.find("?"), url.find("#")) if at >= 0), default=len(url))
        return url[begin:end] if begin >= 0 else ""

    def query(self) -> list[tuple[str, str]]:
        """Give the query's names and values, decoded, in order."""
        return parse_qsl(urlsplit(self.url).query, keep_blank_values=True)


@dataclass(frozen=True, slots=True, repr=False)
class Response:
    """A response as it was received; `body` has its content encoding undone."""

    status: int
    headers: Headers = ()
    body: bytes = b""

    def __repr__(self) -> str:
        """Show no header and no body, as a request does."""
        return f"<{self.status}, {len(self.body)} bytes>"


@dataclass(frozen=True, slots=True)
class Intent:
    """What the sender of a request wants to find out.

    `verdict` is `accept` for a request that is valid in itself and in the state that it meets, `refuse` for one that
    differs from an accepted one in a single place. `location` is header, path, query, body or authorization, `pointer`
    the JSON pointer or name of the changed member, `keyword` the constraint of the spec that is violated there.
    """

    verdict: str
    location: str = ""
    pointer: str = ""
    keyword: str = ""

    def member(self) -> str:
        """Give the name of the changed member: the last step of its pointer that is no index."""
        named = [step for step in self.pointer.split("/") if step and not step.isdigit()]
        return named[-1] if named else ""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its response, immutable.

    `started` is in seconds since the epoch on our clock, `at` the same moment on the target's clock as far as the
    suite moved it, `elapsed` in milliseconds. Without a response, `error` says what happened on the way. `scripted` says
    that the suite had told the target how to answer. `weather` says what kept the target's own answer back: such an
    exchange is not judged. `attempts` are the ids of the exchanges before it in which the same request was sent.
    """

    id: str
    request: Request
    response: Response | None
    started: float
    elapsed: float
    tenant: str = ""
    at: float = 0.0
    error: str = ""
    intent: Intent | None = None
    test: str = ""
    scripted: bool = False
    weather: str = ""
    attempts: tuple[str, ...] = ()

    def finished(self) -> float:
        """Seconds since the epoch at which the answer was complete."""
        return self.started + self.elapsed / 1000
