"""The names that expressions see on one exchange, computed only as far as somebody reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from payproof.echo import echoed
from payproof.exchange import Exchange, Unparsable, decimals, media_type, parse_json
from payproof.expression import normalised, suspicious
from payproof.shape import Sent, is_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from payproof.redact import Redactor
    from payproof.spec import Operation

EVERYTHING = frozenset({"query", "request", "pans", "echoed", "members", "decimals", "before", "after"})
"""The names that cost something."""


BODILESS = frozenset({204, 205, 304})
"""Statuses whose answers have no body, whatever their headers say (RFC 9110 sections 15.3.5, 15.3.6 and 15.4.5)."""


def response_body(exchange: Exchange, headers: Mapping[str, str], operation: Operation) -> Any:
    """Give the parsed JSON body of the response, None where it has no JSON, or the `Unparsable` that says why not.

    Where the operation documents no body for the status, an empty one is as it should be, even if a content type is named.
    """
    response = exchange.response
    if response is None or not is_json(media_type(headers)):
        return None
    if not response.body:
        answer = operation.answer(response.status)
        bodiless = response.status in BODILESS or exchange.request.method == "HEAD" or (answer is not None and not answer.media)
        return None if bodiless else Unparsable("empty")
    try:
        return parse_json(response.body)
    except Unparsable as error:
        return error


def names(
    exchange: Exchange, headers: dict[str, str], body: Any, path: Mapping[str, str], sent: Sent, *, reads: frozenset[str],
    redactor: Redactor, sensitive: Mapping[str, str],
) -> dict[str, Any]:  # fmt: skip
    """Give the names for the roots in `reads`; before, after and facts are the judge's to add."""
    response = exchange.response
    odd = "%00" in exchange.request.url
    found: dict[str, Any] = {"path": path, "tenant": exchange.tenant, "at": exchange.at, "elapsed": exchange.elapsed}
    if odd:
        found["path"] = normalised(path)
    if response is not None:
        found["status"] = response.status
        found["headers"] = headers
        found["body_bytes"] = len(response.body)
        if "decimals" in reads:
            found["decimals"] = decimals(response.body)
        parsed = None if isinstance(body, Unparsable) else body
        found["body"] = normalised(parsed) if suspicious(response.body) else parsed
    if "query" in reads:
        query = dict(exchange.request.query())
        found["query"] = normalised(query) if odd else query
    given = None if isinstance(sent.body, Unparsable) else sent.body
    if "request" in reads:
        raw = exchange.request.body
        odd = suspicious(raw) or b"%00" in raw or "content-encoding" in sent.headers
        body_sent = normalised(given) if odd else given
        headers_sent = sent.headers if all(map(str.isascii, sent.headers.values())) else normalised(sent.headers)
        found["request"] = {"headers": headers_sent, "body": body_sent, "method": exchange.request.method}
    if response is not None and not reads.isdisjoint({"pans", "echoed", "members"}):
        whole = "\n".join((response.body.decode("utf-8", "replace"), *headers.values()))
        found["pans"] = redactor.leaked(whole) if "pans" in reads else []
        if "echoed" in reads:
            found["echoed"] = echoed(given, sensitive, whole, parsed, asked=exchange.request.url)
        if "members" in reads:
            found["members"] = list(member_names(found["body"]))
    return found


def member_names(body: Any) -> set[str]:
    """Give the names of all members of a JSON value, at any depth."""
    found: set[str] = set()
    stack = [body]
    for node in stack:
        kind = type(node)
        if kind is dict:
            found.update(node)
            stack += node.values()
        elif kind is list:
            stack += node
    return found
