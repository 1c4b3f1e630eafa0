"""The second opinion: openapi-core, an independent implementation, on each distinct shape of exchange.

Where it and the judge disagree about whether a message has its documented shape, the suite is at fault somewhere, and
a fault of the suite must never become a verdict on a vendor: the run ends with a suite error that shows both.
"""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from openapi_core import Config, OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_core.validation.request.validators import V31RequestBodyValidator, V31RequestParametersValidator
from werkzeug.datastructures import Headers, ImmutableMultiDict

from payproof.exchange import Exchange, Unparsable, lowered, media_type
from payproof.shape import FORM, form_fields, is_json, request_faults, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from payproof.contract import Contract
    from payproof.judge import Judgement
    from payproof.shape import Fault
    from payproof.spec import Operation

DIFFERENT_FORMATS = frozenset({"email", "uri", "hostname", "duration", "byte", "int32", "int64", "float", "double"})
"""Formats on which the two implementations are known to differ.

email, uri, hostname, duration: jsonschema-rs follows the RFC's grammar, openapi-core checks less or nothing.
byte, int32, int64, float, double: OpenAPI's own, which jsonschema-rs takes for annotations.
"""

_UNCHECKED = Config(spec_validator_cls=None)  # type: ignore[arg-type]  # openapi-core's word for `no check`, which its type lacks


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


@dataclass(frozen=True, slots=True)
class _Asked:
    parameters: OpenAPI
    body: OpenAPI


@dataclass(slots=True)
class SecondOpinion:
    """Asks openapi-core about every shape of parameters, of request body and of response that was not seen before.

    The three are asked about apart, since a run has few shapes of each and many of their combinations. With `coarse`, for a
    look in seconds, a shape is not more than the operation, the status and the constraints that are broken.
    `base_paths` are those of a target whose APIs stand below other paths than the specs say.
    """

    contracts: Iterable[Contract]
    coarse: bool = False
    base_paths: Mapping[str, str] = field(default_factory=dict)
    seen: set[tuple[Any, ...]] = field(default_factory=set)
    asked: int = 0
    _documents: dict[str, _Asked] = field(default_factory=dict)

    def disagreement(self, contract: Contract, operation: Operation, exchange: Exchange, judgement: Judgement,
                     path: Mapping[str, str]) -> str:  # fmt: skip
        """Give what the two disagree about, or the empty string; what has a known shape is not asked about."""
        if exchange.response is None:
            return ""
        request = None
        openapi = self._openapi(contract)
        if not _beyond(exchange) and not (self.coarse and judgement.sent is None):
            faults = judgement.sent if judgement.sent is not None else request_faults(contract.spec, operation, exchange, path)
            parts = (("parameters", openapi.parameters), ("request body", openapi.body))
            for (what, asked), own in zip(parts, _by_part(faults), strict=True):
                if self._new(what, operation, exchange, own):
                    request = request or _request(contract, exchange, path, self.base_paths.get(contract.api))
                    doubt = _compare(what, operation, own, asked.iter_request_errors(request), exchange)
                    if doubt:
                        return doubt
        own = [fault for fault in judgement.faults if fault.suffix in {"schema", "headers"}]
        answer = operation.answer(exchange.response.status)
        if answer is None or (answer.media and not is_json(media_type(lowered(exchange.response.headers)))):
            return ""
        if self._new("response", operation, exchange, own):
            request = request or _request(contract, exchange, path, self.base_paths.get(contract.api))
            return _compare("response", operation, own, openapi.body.iter_response_errors(request, _response(exchange)), exchange)
        return ""

    def _new(self, what: str, operation: Operation, exchange: Exchange, own: list[Fault]) -> bool:
        response = exchange.response
        shape: tuple[Any, ...]
        if self.coarse:
            shape = (response.status,) if response is not None else ()
        elif what == "parameters":
            shape = tuple(sorted(name.lower() for name, _ in exchange.request.headers))
        elif what == "request body":
            shape = (media_type(lowered(exchange.request.headers)), _skeleton(_content(exchange)))
        else:
            shape = (response.status, _skeleton(response.body)) if response is not None else ()
        broken = {(fault.keyword,) if self.coarse else (fault.pointer, fault.keyword) for fault in own}
        key = (what, operation.api, operation.id, shape, tuple(sorted(broken)))
        if key in self.seen:
            return False
        self.seen.add(key)
        self.asked += 1
        return True

    def _openapi(self, contract: Contract) -> _Asked:
        if contract.api not in self._documents:
            document = copy.deepcopy({name: value for name, value in contract.spec.document.items() if name != "servers"})
            for item in document.get("paths", {}).values():
                for node in item.values():
                    if isinstance(node, dict):
                        node.pop("security", None)
            # The document is the same for both, so that once is enough to ask whether it is OpenAPI; not for a look in seconds.
            checked = Config() if not self.coarse else _UNCHECKED
            spec = OpenAPI.from_dict(document, config=checked).spec
            self._documents[contract.api] = _Asked(
                OpenAPI(spec, config=replace(_UNCHECKED, request_validator_cls=V31RequestParametersValidator)),
                OpenAPI(spec, config=replace(_UNCHECKED, request_validator_cls=V31RequestBodyValidator)),
            )
        return self._documents[contract.api]


def _by_part(faults: list[Fault]) -> tuple[list[Fault], list[Fault]]:
    body = [fault for fault in faults if fault.pointer.startswith("/body") or fault.keyword == "content-type"]
    return [fault for fault in faults if fault not in body], body


def _compare(what: str, operation: Operation, own: list[Fault], errors: Iterable[Exception], exchange: Exchange) -> str:
    theirs = list(errors)
    if bool(theirs) == bool(own):
        return ""
    if own and all(fault.keyword == "format" and fault.expected.rpartition(" ")[2] in DIFFERENT_FORMATS for fault in own):
        return ""
    if theirs and all(_about_format(error) for error in theirs):
        return ""
    ours = f"breaks it at {own[0].pointer} ({own[0].expected})" if own else "keeps it"
    other = f"breaks it: {shown([_message(error) for error in theirs])}" if theirs else "keeps it"
    return f"{operation.id}: the two validators disagree on the {what} of {exchange.id}: ours says it {ours}, openapi-core {other}"


def _schema_errors(error: Exception) -> list[Any]:
    found = getattr(error.__cause__, "schema_errors", None) or getattr(error, "schema_errors", None)
    return list(found or ())


def _about_format(error: Exception) -> bool:
    inner = _schema_errors(error)
    return bool(inner) and all(one.validator == "format" and one.validator_value in DIFFERENT_FORMATS for one in inner)


def _message(error: Exception) -> str:
    inner = _schema_errors(error)
    if inner:
        return f"{error}: {'; '.join(one.message for one in inner)}"
    return f"{error} ({error.__cause__})" if error.__cause__ else str(error)


def _skeleton(body: bytes) -> str:
    """Give the member names of a JSON text in order, which is enough to tell shapes apart without parsing it."""
    return "".join(sorted(set(re.findall(r'"[^"\\]{1,60}"\s*:', body.decode("utf-8", "replace")))))


def _content(exchange: Exchange) -> bytes:
    """Give the decoded body, which openapi-core wants; one that cannot be decoded as it stands."""
    try:
        return exchange.request.content()
    except Unparsable:
        return exchange.request.body


def _beyond(exchange: Exchange) -> bool:
    """Say whether a request is of a kind on which the two are known to differ, so that nothing can be concluded.

    openapi-core takes a header that is not sent and one that is sent empty for the same; it does not look at a
    Content-Type that the operation does not know before it looks for a schema; of a form's field that is sent twice it
    sees one value, where RFC 6749 section 3.2 allows only one; it reads NaN and Infinity, which RFC 8259 excludes; and it
    undoes no content encoding, so that it gets a body that only claims to have one as it stands.
    """
    request = exchange.request
    try:
        request.content()
    except Unparsable:
        return True
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


def _request(contract: Contract, exchange: Exchange, path: Mapping[str, str], base: str | None) -> _Request:
    request = exchange.request
    split = urlsplit(request.url)
    headers = lowered(request.headers)
    parameters = RequestParameters(
        query=ImmutableMultiDict(request.query()), header=Headers(list(request.headers)), cookie=ImmutableMultiDict({}),
        path=dict(path),
    )  # fmt: skip
    raw = split.path.removeprefix(contract.spec.base_path if base is None else base)
    return _Request(f"{split.scheme}://{split.netloc}", raw, request.method.lower(), _content(exchange) or None,
                    media_type(headers) or "", parameters)  # fmt: skip


def _response(exchange: Exchange) -> _Response:
    response = exchange.response
    assert response is not None  # noqa: S101  # the caller has looked
    return _Response(response.body or None, response.status, media_type(lowered(response.headers)) or "",
                     Headers(list(response.headers)))  # fmt: skip
