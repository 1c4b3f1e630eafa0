"""Legal variants of HTTP and JSON themselves, the same for every API."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

from payproof.mock.clock import Clock
from payproof.mock.variant import Headers, Variant, mapped
from payproof.mock.wire import Answer, Request

EARLY_HINTS = "early-hints"
IN_PIECES = "chunked"
HEADER_CASE = "header-case"

ZUORA = "zuora-credentials"

_WHOLE = re.compile(r'("(?:expires_in|max_day_overdue|total|limit|offset|expiration_month|expiration_year)"\s*:\s*)([0-9]+)(?=[\s,}\]])')
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
_REALM = re.compile(rb'^(Basic|Bearer) realm="[^"]*"')
_MORE = (
    (b"server", b"Cowboy"),
    (b"x-request-id", b"e0b0c2f6-6d0c-4a55-9f57-3c8d1a3a1f10"),
    (b"strict-transport-security", b"max-age=31536000; includeSubDomains; preload"),
    (b"x-content-type-options", b"nosniff"),
    (b"vary", b"Accept-Encoding"),
    (b"vary", b"Origin"),
    (b"via", b"1.1 edge-7 (gateway), 1.1 api"),
    (b"set-cookie", b"edge=7; Path=/; HttpOnly"),
    (b"set-cookie", b"route=b; Path=/; HttpOnly"),
    (b"x-empty", b""),
)
_now = Clock().now


def _header(headers: Headers, name: bytes, value: bytes) -> Headers:
    return [(key, value if key == name else old) for key, old in headers]


def _more(_: Request, headers: Headers) -> Headers:
    return [*_MORE[:4], *headers, *_MORE[4:]]


def _reversed(_: Request, headers: Headers) -> Headers:
    # Lines of one name keep their order, which has a meaning (RFC 9110 section 5.3)
    names = list(dict.fromkeys(name for name, _ in headers))
    return [(name, value) for wanted in reversed(names) for name, value in headers if name == wanted]


def _charset(_: Request, headers: Headers) -> Headers:
    return _header(headers, b"content-type", b"Application/JSON;charset=UTF-8")


def _closed(_: Request, headers: Headers) -> Headers:
    return [*(line for line in headers if line[0] != b"connection"), (b"connection", b"close")]


def _no_length(_: Request, headers: Headers) -> Headers:
    return [line for line in headers if line[0] != b"content-length"]


def _typed(_: Request, headers: Headers) -> Headers:
    present = any(name == b"content-type" for name, _ in headers)
    return headers if present else [*headers, (b"content-type", b"application/json")]


def _allow(_: Request, headers: Headers) -> Headers:
    def other(value: bytes) -> bytes:
        return b",".join(reversed([each.strip() for each in value.split(b",")]))

    return [(name, other(value) if name == b"allow" else value) for name, value in headers]


def _challenge(_: Request, headers: Headers) -> Headers:
    def other(value: bytes) -> bytes:
        return _REALM.sub(rb'\1  realm="api, \\"v2\\"", trace="a=1,b"', value)

    return [(name, other(value) if name == b"www-authenticate" else value) for name, value in headers]


def _date(_: Request, headers: Headers) -> Headers:
    def other(value: bytes) -> bytes:
        return format_datetime(_now().replace(microsecond=0) + timedelta(seconds=int(value)), usegmt=True).encode()

    return [(name, other(value) if name == b"retry-after" else value) for name, value in headers]


def _indented(text: str) -> str:
    pretty = json.dumps(json.loads(text), ensure_ascii=False, indent="\t", separators=(" ,", " :  "))
    return "\r\n" + pretty.replace("\n", "\r\n") + "\r\n\r\n"


def _escaped(text: str) -> str:
    def unit(match: re.Match[str]) -> str:
        pair = match[0].encode("utf-16-be", "surrogatepass")
        return "".join(f"\\u{pair[at : at + 2].hex()}" for at in range(0, len(pair), 2))

    # None of these signs stands outside of a string in JSON
    text = text.replace("/", "\\/").replace("_", "\\u005f").replace("@", "\\u0040").replace("<", "\\u003C")
    return _BEYOND_ASCII.sub(unit, text)


def _with_exponent(text: str) -> str:
    return _WHOLE.sub(lambda match: f"{match[1]}{match[2]}.0e0", text)


def _reordered(_: Request, answer: Answer) -> Answer:
    return replace(answer, body=mapped(answer.body, lambda inner: dict(reversed(inner.items()))))


def _grown(_: Request, answer: Answer) -> Answer:
    def grow(inner: dict[str, Any]) -> dict[str, Any]:
        more: dict[str, Any] = {"_links": {"self": {"href": "/", "templated": False}}, "x-trace": None, "tags": [], "ñ": "ü"}
        return {**more, **inner, "Version": 2.5}

    return replace(answer, body=mapped(answer.body, grow))


def _capitalised(_: Request, headers: Headers) -> Headers:
    return [(b"-".join(part.capitalize() for part in name.split(b"-")), value) for name, value in headers]


def _compressed(request: Request, answer: Answer) -> Answer:
    asked = ",".join(request.headers(b"accept-encoding")).replace(" ", "").lower().split(",")
    return replace(answer, gzip_above=0) if "gzip" in asked else answer


def _other_success(request: Request, answer: Answer) -> Answer:
    return replace(answer, status=200) if request.method == "OPTIONS" and answer.status == 204 else answer


def _unimplemented(request: Request, answer: Answer) -> Answer:
    known = {"GET", "HEAD", "POST", "PATCH", "DELETE", "OPTIONS"}
    return replace(answer, status=501) if answer.status == 405 and request.method not in known else answer


VARIANTS: tuple[Variant, ...] = (
    Variant(
        "extra-members",
        "",
        "Every object of every body has further members, names beyond ASCII and null among them.",
        "RFC 6749 section 5.1 has clients ignore unknown members; no object of the vendors' OpenAPI files forbids more.",
        rewrite=_grown,
    ),
    Variant(
        "member-order", "", "The members of every object come in the reverse order.", "RFC 8259 section 4: unordered.", rewrite=_reordered
    ),
    Variant(
        "gzip-when-asked",
        "",
        "Every body is compressed where the client takes gzip.",
        "RFC 9110 section 12.5.3: Accept-Encoding asks for it. Zuora documents when it compresses, so not there.",
        but=(ZUORA,),
        rewrite=_compressed,
    ),
    Variant(
        "options-200", "", "OPTIONS is answered with 200.", "RFC 9110 section 9.3.7: it names no status, any success will do.",
        rewrite=_other_success,
    ),
    Variant(
        "unimplemented-501",
        "",
        "A method that no resource has is answered with 501.",
        "RFC 9110 section 9.1: 501 for a method that is not implemented, 405 for one that this resource does not allow.",
        rewrite=_unimplemented,
    ),
    Variant(
        "json-indented", "", "Bodies are indented with tabs and CRLF, with white space before and after.",
        "RFC 8259 section 2: white space is insignificant.", write=_indented,
    ),
    Variant(
        "json-exponents",
        "",
        "Counts, limits, months and lifetimes are written as 5.0e0; money and numbers that name something are not.",
        "RFC 8259 section 6 knows one kind of number; JSON Schema section 6.1.1 takes 5.0 for an integer.",
        write=_with_exponent,
    ),
    Variant(
        "json-escapes", "", "Names and texts are written with escapes for signs beyond ASCII, and for some of ASCII.",
        "RFC 8259 section 7: any character may be escaped.", write=_escaped,
    ),
    Variant(
        "charset",
        "",
        "The content type is Application/JSON;charset=UTF-8.",
        "RFC 9110 section 8.3.1: types have no case and may have parameters; by RFC 8259 section 11 this one means nothing.",
        head=_charset,
    ),
    Variant(
        "extra-headers", "", "Further headers: two Vary, two Set-Cookie, an empty one, Server, Via and the like.",
        "RFC 9110 section 5.1: a recipient ignores headers that it does not know.", head=_more,
    ),
    Variant(
        "header-order", "", "The headers come in the reverse order.", "RFC 9110 section 5.3: the order of names means nothing.",
        head=_reversed,
    ),
    Variant(
        IN_PIECES, "", "Bodies come chunked and in pieces, without Content-Length.", "RFC 9112 section 7.1: every client reads chunks.",
        head=_no_length,
    ),
    Variant(
        "connection-close", "", "Each answer closes its connection.", "RFC 9112 section 9.6: a server may, after any answer.", head=_closed
    ),
    Variant(
        "no-content-type", "", "Answers without a body name a content type.", "RFC 9110 section 8.3 does not forbid it.", head=_typed
    ),
    Variant(
        "allow-order", "", "Allow lists the methods in the reverse order and without blanks.",
        "RFC 9110 sections 5.6.1 and 10.2.1: a list without an order.", head=_allow,
    ),
    Variant(
        "challenge",
        "",
        "The challenge of a 401 has another realm, with quotes and a comma in it, and a further parameter.",
        "RFC 9110 section 11.6.1, RFC 6750 section 3: the realm is free, and further parameters may come.",
        but=(ZUORA,),
        head=_challenge,
    ),
    Variant("retry-after-date", "", "Retry-After is a date.", "RFC 9110 section 10.2.3: seconds or a date.", head=_date),
    Variant(EARLY_HINTS, "", "An answer 103 comes before each answer.", "RFC 9110 section 15.2: a client reads over interim answers."),
    Variant(
        HEADER_CASE, "", "Header names are written with capitals, as Content-Type.", "RFC 9110 section 5.1: names have no case.",
        head=_capitalised,
    ),
)  # fmt: skip
