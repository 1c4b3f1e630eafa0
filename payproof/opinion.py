"""The second opinion: openapi-core, an independent implementation, on each distinct shape of exchange.

Where it and the judge disagree about whether a message has its documented shape, the suite is at fault somewhere, and
a fault of the suite must never become a verdict on a vendor: the run ends with a suite error that shows both.
"""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from openapi_core import Config, OpenAPI
from openapi_core.datatypes import RequestParameters
from werkzeug.datastructures import Headers, ImmutableMultiDict

from payproof.exchange import Exchange, Unparsable, lowered, media_type
from payproof.shape import FORM, form_fields, is_json, request_faults, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from payproof.contract import Contract
    from payproof.judge import Judgement
    from payproof.spec import Operation

DIFFERENT_FORMATS = frozenset({"email", "uri", "hostname", "duration", "byte", "int32", "int64", "float", "double"})
"""Formats on which the two implementations are known to differ.

email, uri, hostname, duration: jsonschema-rs follows the RFC's grammar, openapi-core checks less or nothing.
byte, int32, int64, float, double: OpenAPI's own, which jsonschema-rs takes for annotations.
"""


@dataclass(slots=True)
class _Request:
    host_url: str
    path: str
    method: str
    body: bytes | None
    content_type: str
    parameters: RequestParameters


@dataclass(slots=True)
class _Response:
    data: bytes | None
    status_code: int
    content_type: str
    headers: Any


@dataclass(slots=True)
class SecondOpinion:
    """Asks openapi-core about every shape of exchange that was not seen before."""

    contracts: Iterable[Contract]
    seen: set[tuple[Any, ...]] = field(default_factory=set)
    asked: int = 0
    _documents: dict[str, OpenAPI] = field(default_factory=dict)

    def disagreement(self, contract: Contract, operation: Operation, exchange: Exchange, judgement: Judgement,
                     path: Mapping[str, str]) -> str:  # fmt: skip
        """Give what the two disagree about, or the empty string; exchanges of a known shape are not asked about."""
        own = {fault.suffix for fault in request_faults(contract.spec, operation, exchange, path)}
        key = _shape(operation, exchange, own, judgement)
        if key in self.seen or exchange.response is None:
            return ""
        self.seen.add(key)
        self.asked += 1
        openapi = self._openapi(contract)
        request = _request(contract, exchange, path)
        theirs = [] if not own and _beyond(exchange) else _messages(openapi.iter_request_errors(request))
        if bool(theirs) != bool(own) and not _beyond(exchange):
            return _say("request", operation, bool(own), theirs, exchange)
        answer = operation.answer(exchange.response.status)
        if answer is None or (answer.media and not is_json(media_type(lowered(exchange.response.headers)))):
            return ""
        theirs = _messages(openapi.iter_response_errors(request, _response(exchange)))
        broken = bool({fault.suffix for fault in judgement.faults} & {"schema", "headers"})
        if bool(theirs) != broken:
            return _say("response", operation, broken, theirs, exchange)
        return ""

    def _openapi(self, contract: Contract) -> OpenAPI:
        if contract.api not in self._documents:
            document = copy.deepcopy({name: value for name, value in contract.spec.document.items() if name != "servers"})
            for item in document.get("paths", {}).values():
                for node in item.values():
                    if isinstance(node, dict):
                        node.pop("security", None)
            self._documents[contract.api] = OpenAPI.from_dict(document, config=Config())
        return self._documents[contract.api]


def _shape(operation: Operation, exchange: Exchange, own: set[str], judgement: Judgement) -> tuple[Any, ...]:
    response = exchange.response
    intent = exchange.intent
    faults = tuple(sorted((fault.suffix, fault.keyword, fault.pointer) for fault in judgement.faults))
    sent = (intent.location, intent.pointer, intent.keyword) if intent is not None else ()
    return (operation.api, operation.id, response.status if response else 0, tuple(own), faults, sent,
            _skeleton(exchange.request.body), _skeleton(response.body) if response else "")  # fmt: skip


def _skeleton(body: bytes) -> str:
    """Give the member names of a JSON text in order, which is enough to tell shapes apart without parsing it."""
    return "".join(sorted(set(re.findall(r'"[^"\\]{1,60}"\s*:', body.decode("utf-8", "replace")))))


def _beyond(exchange: Exchange) -> bool:
    """Say whether a request is of a kind on which the two are known to differ, so that nothing can be concluded.

    openapi-core takes a header that is not sent and one that is sent empty for the same; it does not look at a
    Content-Type that the operation does not know before it looks for a schema; of a form's field that is sent twice it
    sees one value, where RFC 6749 section 3.2 allows only one; and it reads NaN and Infinity, which RFC 8259 excludes.
    """
    request = exchange.request
    if b"NaN" in request.body or b"Infinity" in request.body:
        return True
    if any(value == "" for _, value in request.headers):
        return True
    if media_type(lowered(request.headers)) != FORM:
        return False
    try:
        return any(isinstance(value, list) for value in form_fields(request.body).values())
    except Unparsable:
        return False


def _request(contract: Contract, exchange: Exchange, path: Mapping[str, str]) -> _Request:
    request = exchange.request
    split = urlsplit(request.url)
    headers = lowered(request.headers)
    parameters = RequestParameters(
        query=ImmutableMultiDict(request.query()), header=Headers(list(request.headers)), cookie=ImmutableMultiDict({}),
        path=dict(path),
    )  # fmt: skip
    raw = split.path.removeprefix(contract.spec.base_path)
    return _Request(f"{split.scheme}://{split.netloc}", raw, request.method.lower(), request.body or None,
                    media_type(headers) or "", parameters)  # fmt: skip


def _response(exchange: Exchange) -> _Response:
    response = exchange.response
    assert response is not None  # noqa: S101  # the caller has looked
    return _Response(response.body or None, response.status, media_type(lowered(response.headers)) or "",
                     Headers(list(response.headers)))  # fmt: skip


def _messages(errors: Iterable[Exception]) -> list[str]:
    found = []
    for error in errors:
        cause = error.__cause__
        inner = getattr(cause, "schema_errors", None) or getattr(error, "schema_errors", None)
        found.append(f"{error}: {'; '.join(item.message for item in inner)}" if inner else f"{error} ({cause})" if cause else str(error))
    return found


def _say(what: str, operation: Operation, broken: bool, theirs: list[str], exchange: Exchange) -> str:  # noqa: FBT001  # a private helper with one caller
    ours = "breaks" if broken else "keeps"
    other = f"breaks it: {shown(theirs)}" if theirs else "keeps it"
    return f"{operation.id}: the two validators disagree on the {what} of {exchange.id}: ours says it {ours} the spec, openapi-core {other}"
