"""Requests that an operation must not accept, or must not refuse, answered as if they were of the other kind."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from payproof.draft import ABSENT
from payproof.exchange import Intent, Request, Response, lowered, media_type
from payproof.selftest.change import Changes
from payproof.selftest.mutation import Mutation, garbled
from payproof.shape import FORM, form_fields, is_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from payproof.selftest.carrier import Carrier, Drawn
    from payproof.selftest.change import Change
    from payproof.spec import Operation, Parameter, Shape

REFUSED = "valid request refused"
ACCEPTED = "invalid request accepted"
CLAIMED = "request that is meant to be invalid accepted"
FAILED = "invalid request answered with 5xx"
LET_IN = "request without credentials accepted"


class Requests:
    """Requests of one operation that were accepted, and answers that refuse."""

    def __init__(self, drawn: Drawn, operation: Operation, accepted: list[Carrier], answers: Mapping[str, list[Carrier]]) -> None:
        """Take exchanges in which a request that keeps the spec got a 2xx, and honest carriers of each documented answer."""
        self._drawn = drawn
        self.operation = operation
        self._accepted = accepted
        self._answers = answers
        self.holes: list[str] = []
        """What could not be broken because no accepted request has it."""
        self.allowed = 0
        """How many changed bodies are no breaks, since another alternative takes them."""

    def refused(self, more: list[Response]) -> Iterator[Mutation]:
        """Give valid requests that are refused; `more` are answers of 2xx that say no in another way."""
        first = self._accepted[0]
        answers = [found[0].response() for status, found in self._answers.items() if found and status[0] in "345"]
        for response in (*answers, *more):
            exchange = replace(first.answered(response), intent=Intent("accept"))
            yield Mutation(REFUSED, "accepts-valid", "/status", "", loose=False, exchange=exchange, number=first.number)

    def accepted(self) -> Iterator[Mutation]:
        """Give invalid requests that are accepted: sent by somebody who says nothing of them, and on purpose."""
        yield from self._let_in()
        claimed: set[tuple[str, str]] = set()
        for pointer, keyword, loose, base, request in self._invalid():
            exchange = replace(base.exchange, request=request)
            yield Mutation(ACCEPTED, "rejects-invalid", pointer, keyword, loose, exchange, base.number)
            location, _, place = pointer[1:].partition("/")
            if (location, keyword) in claimed:
                continue
            claimed.add((location, keyword))
            meant = replace(exchange, intent=Intent("refuse", location, f"/{place}" if place else "", keyword))
            yield Mutation(CLAIMED, "rejects-invalid", pointer, keyword, loose, meant, base.number)
            failed = replace(meant, response=Response(500, (("content-type", "text/html"),), b"<html></html>"))
            yield Mutation(FAILED, "rejects-invalid", pointer, keyword, loose, failed, base.number)

    def _let_in(self) -> Iterator[Mutation]:
        base = self._accepted[0]
        sent = base.exchange.request
        if not any(name.lower() == "authorization" for name, _ in sent.headers):
            return
        for value in (None, "Bearer nonsense"):
            request = replace(sent, headers=_headers(sent, "authorization", value))
            declared = any(one.where == "header" and one.key == "authorization" for one in self.operation.parameters)
            intent = Intent("refuse", "authorization", "", "required" if value is None else "credentials")
            if not declared:
                exchange = replace(base.exchange, request=request, intent=intent)
                yield Mutation(LET_IN, "rejects-invalid", "/header/Authorization", "", loose=False, exchange=exchange, number=base.number)

    def _invalid(self) -> Iterator[tuple[str, str, bool, Carrier, Request]]:
        for parameter in self.operation.parameters:
            yield from self._parameter(parameter)
        for media, shape in self.operation.bodies.items():
            yield from self._body(media, shape)

    def _parameter(self, parameter: Parameter) -> Iterator[tuple[str, str, bool, Carrier, Request]]:
        having = [(one, text) for one in self._accepted if (text := _value(self.operation, parameter, one.exchange.request)) is not None]
        if not having:
            drawn = self._drawn.text(parameter.shape.schema)
            having = [(self._accepted[0], drawn)] if drawn is not None else []
        if not having:
            self.holes.append(f"no request has the {parameter.where} parameter {parameter.name}")
            return
        base, text = having[0]
        request = base.exchange.request
        if parameter.required and parameter.where != "path":
            yield parameter.pointer, "required", False, base, _with(self.operation, parameter, request, None)
        changes = Changes(self._drawn.spec.document, parameter.shape.schema)
        for change in changes.of(parameter.parse(text)):
            value = change.body if isinstance(change.body, str) else json.dumps(change.body)
            lost = parameter.where == "path" and value in {"", ".", ".."}
            if not lost and not changes.oracle.allows(parameter.parse(value)):
                yield parameter.pointer, "", False, base, _with(self.operation, parameter, request, value)

    def _body(self, media: str, shape: Shape) -> Iterator[tuple[str, str, bool, Carrier, Request]]:
        changes = Changes(self._drawn.spec.document, shape.schema)
        first = next((one for one in self._accepted if one.exchange.request.body), self._accepted[0])
        sent = replace(first.exchange.request, headers=_headers(first.exchange.request, "content-encoding", None))
        for one in self._accepted:
            body = _parsed(one.exchange.request, media)
            if body is not ABSENT:
                yield from self._changed(changes, body, media, one, one.exchange.request)
        for more in (False, True):
            for body in () if changes.complete() else self._drawn.bodies(shape.schema, more=more):
                yield from self._changed(changes, body, media, first, sent)
        self.allowed += changes.allowed
        form = media == FORM
        # On the wire a form is an object whose values are texts.
        self.holes += [f"no request has {place.pointer or 'a body'}, whose {place.keyword} could be broken"
                       for place in changes.left() if not (form and place.keyword == "type")]  # fmt: skip
        if self.operation.body_required:
            yield "/body", "required", False, first, replace(sent, body=b"")
        for other in ("text/plain", "application/xml", None):
            request = replace(sent, headers=_headers(sent, "content-type", other))
            yield "/header/Content-Type", "content-type", False, first, request
        if is_json(media):
            for raw in garbled(sent.body):
                yield "/body", "json", False, first, replace(sent, body=raw)

    def _changed(
        self, changes: Changes, body: Any, media: str, one: Carrier, request: Request
    ) -> Iterator[tuple[str, str, bool, Carrier, Request]]:
        for change in changes.of(body):
            if media != FORM or _fields(change):
                yield f"/body{change.pointer}", change.keyword, change.loose, one, _with_body(request, media, change.body)


def _fields(change: Change) -> bool:
    """Say whether a changed body can be sent as a form."""
    def sendable(value: Any) -> bool:
        return isinstance(value, str) or (isinstance(value, list) and len(value) > 1 and all(isinstance(one, str) for one in value))

    return isinstance(change.body, dict) and all(map(sendable, change.body.values()))


def _parsed(request: Request, media: str) -> Any:
    headers = lowered(request.headers)
    if not request.body or media_type(headers) != media or "content-encoding" in headers:
        return ABSENT
    return form_fields(request.body) if media == FORM else json.loads(request.body) if is_json(media) else ABSENT


def _with_body(request: Request, media: str, body: Any) -> Request:
    raw = urlencode(body, doseq=True).encode() if media == FORM else json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass")
    return replace(request, headers=_headers(request, "content-type", media), body=raw)


def _headers(request: Request, name: str, value: str | None) -> tuple[tuple[str, str], ...]:
    kept = tuple((known, text) for known, text in request.headers if known.lower() != name)
    return kept if value is None else (*kept, (name, value))


def _value(operation: Operation, parameter: Parameter, request: Request) -> str | None:
    if parameter.where == "header":
        return lowered(request.headers).get(parameter.key)
    if parameter.where == "query":
        return dict(request.query()).get(parameter.name)
    return request.path().split("/")[_segment(operation, parameter)]


def _segment(operation: Operation, parameter: Parameter) -> int:
    """Give the place of a path parameter among the path's segments, from the end: in front of it a base path may stand."""
    parts = operation.template.split("/")
    return parts.index(f"{{{parameter.name}}}") - len(parts)


def _with(operation: Operation, parameter: Parameter, request: Request, value: str | None) -> Request:
    if parameter.where == "header":
        return replace(request, headers=_headers(request, parameter.key, value))
    split = urlsplit(request.url)
    if parameter.where == "query":
        query = {**dict(request.query()), parameter.name: value}
        kept = urlencode({name: text for name, text in query.items() if text is not None})
        return replace(request, url=split._replace(query=kept).geturl())
    parts = split.path.split("/")
    parts[_segment(operation, parameter)] = quote(value or "", safe="")
    return replace(request, url=split._replace(path="/".join(parts)).geturl())
