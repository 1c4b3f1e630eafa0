"""Whether a request and a response have the shape that the spec gives them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from payproof.exchange import Exchange, Request, Unparsable, lowered, media_type, parse_json
from payproof.redact import MARK
from payproof.schema import Ground, ground_along

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from payproof.spec import Operation, Shape, Spec

FORM = "application/x-www-form-urlencoded"

_WORDS = {"object": "an object", "array": "an array"}


@dataclass(frozen=True, slots=True)
class Fault:
    """One place where a message departs from the spec: which suffix of the shape clauses, where, and why."""

    suffix: str
    pointer: str
    expected: str
    seen: str
    ground: Ground
    keyword: str = ""


def is_json(media: str | None) -> bool:
    """Say whether a media type carries JSON (RFC 8259, RFC 6838 section 4.2.8)."""
    return media is not None and (media == "application/json" or media.endswith("+json"))


def form_fields(raw: bytes) -> dict[str, Any]:
    """Parse a form body: a name given once has a string, a repeated one the list of its values. Raises Unparsable."""
    try:
        parsed = parse_qs(raw.decode("utf-8"), keep_blank_values=True, max_num_fields=1000)
    except ValueError as error:
        message = f"not a form: {error}"
        raise Unparsable(message) from error
    return {name: values[0] if len(values) == 1 else values for name, values in parsed.items()}


@dataclass(frozen=True, slots=True)
class Sent:
    """A request taken apart: headers by lower-case name, and the parsed body (None if empty) or why it cannot be parsed."""

    headers: dict[str, str]
    body: Any

    @classmethod
    def of(cls, request: Request) -> Sent:
        """Take a request apart by its media type."""
        headers = lowered(request.headers)
        if not request.body:
            return cls(headers, None)
        media = media_type(headers)
        try:
            content = request.content()
            if is_json(media):
                return cls(headers, parse_json(content))
            if media == FORM:
                return cls(headers, form_fields(content))
        except Unparsable as error:
            return cls(headers, error)
        return cls(headers, Unparsable(f"media type {media!r} is not one that carries fields"))


def moved(operation: Operation | None, request: Request) -> int:
    """Give the amount (minor units) that a request moves, by the spec's own word for where it stands (x-moves); else 0."""
    steps = operation.moves.split("/")[1:] if operation is not None else []
    value = Sent.of(request).body if steps else None
    for step in steps:
        value = value.get(step) if isinstance(value, dict) else None
    return value if type(value) is int and value > 0 else 0


def response_faults(spec: Spec, operation: Operation, exchange: Exchange, headers: Mapping[str, str], body: Any) -> list[Fault]:
    """Judge a response: status, media type, headers, schema. `body` is the parsed body or an `Unparsable`."""
    response = exchange.response
    if response is None:
        return []
    answer = operation.answer(response.status)
    if answer is None:
        listed = ", ".join(sorted(operation.answers))
        return [Fault("status", "/status", f"one of {listed}", str(response.status), operation.ground, "status")]
    faults: list[Fault] = []
    for name, (required, shape) in answer.headers.items():
        if name not in headers:
            if required:
                faults.append(Fault("headers", f"/headers/{name}", "the header is there", "no such header", shape.ground))
            continue
        faults += [Fault("headers", f"/headers/{name}", error.expected, error.seen, error.ground, error.keyword)
                   for error in _errors(spec, shape, shape.parse(headers[name]))]  # fmt: skip
    if not answer.media:
        return faults
    media = media_type(headers) or ""
    if media not in answer.media:
        listed = ", ".join(answer.media)
        faults.append(Fault("content-type", "/headers/content-type", listed, media or "none", answer.ground, "content-type"))
        return faults
    if not is_json(media):
        return faults
    if isinstance(body, Unparsable):
        faults.append(Fault("schema", "", "a JSON body", str(body), answer.ground, "json"))
        return faults
    shape = answer.media[media]
    if not shape.validator.is_valid(body):
        faults.extend(_errors(spec, shape, body))
    return faults


def request_faults(
    spec: Spec, operation: Operation, exchange: Exchange, path: Mapping[str, str], sent: Sent | None = None
) -> list[Fault]:
    """Say where a request departs from the spec: parameters first, then the body. `sent` spares parsing it again."""
    request = exchange.request
    sent = sent or Sent.of(request)
    query = dict(request.query()) if "?" in request.url else {}
    given: Mapping[str, Mapping[str, str]] = {"path": path, "query": query, "header": sent.headers}
    faults: list[Fault] = []
    for parameter in operation.parameters:
        values = given.get(parameter.where, {})
        if parameter.key not in values:
            if parameter.required:
                faults.append(Fault("request", parameter.pointer, "it is given", "missing", parameter.shape.ground, "required"))
            continue
        value = parameter.parse(values[parameter.key])
        if not parameter.shape.validator.is_valid(value):
            faults += [Fault("request", parameter.pointer, e.expected, e.seen, e.ground, e.keyword)
                       for e in _errors(spec, parameter.shape, value)]  # fmt: skip
    if operation.bodies:
        faults += _body_faults(spec, operation, request, sent)
    return faults


def _body_faults(spec: Spec, operation: Operation, request: Request, sent: Sent) -> list[Fault]:
    if not request.body:
        return [Fault("request", "/body", "a body", "none", operation.ground, "required")] if operation.body_required else []
    media = media_type(sent.headers)
    shape = operation.bodies.get(media or "")
    if shape is None:
        return [Fault("request", "/header/Content-Type", ", ".join(operation.bodies), str(media), operation.ground, "content-type")]
    body = sent.body
    if isinstance(body, Unparsable):
        return [Fault("request", "/body", "a body of its media type", str(body), shape.ground, "json")]
    if shape.validator.is_valid(body):
        return []
    return [Fault("request", "/body" + e.pointer, e.expected, e.seen, e.ground, e.keyword) for e in _errors(spec, shape, body)]


def _errors(spec: Spec, shape: Shape, value: Any) -> Iterator[Fault]:
    for error in shape.validator.iter_errors(value):
        instance = error.instance
        if isinstance(instance, str) and MARK in instance:
            continue
        keyword = str(error.schema_path[-1]) if error.schema_path else ""
        path = tuple(_below(error.evaluation_path))
        ground = shape.grounds.get(path)
        if ground is None:
            ground = shape.grounds[path] = ground_along(spec.document, shape.schema, path, shape.ground)
        pointer = "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in error.instance_path)
        detail = error.kind.as_dict() if hasattr(error.kind, "as_dict") else {}
        if keyword == "required" and "property" in detail:
            pointer = f"{pointer}/{detail['property']}"
            yield Fault("schema", pointer, "the member is there", "missing", ground, keyword)
            continue
        yield Fault("schema", pointer, expectation(keyword, detail), shown(instance, limit=0), ground, keyword)


def _below(path: Sequence[str | int]) -> Sequence[str | int]:
    # The validator's root is the schema at its place of use; a $ref there is the first step, and already resolved.
    while path and path[0] == "$ref":
        path = path[1:]
    return path


def expectation(keyword: str, detail: Mapping[str, Any]) -> str:
    """Say in a few words what a JSON Schema keyword demands."""
    if keyword == "type":
        types = detail.get("types") or detail.get("type")
        listed = types if isinstance(types, list) else [types]
        return "type " + " or ".join(sorted(str(item) for item in listed))
    values = [value for name, value in detail.items() if name not in {"context", "keyword"}]
    return f"{keyword} {values[0]}" if values else keyword


def shown(value: Any, limit: int = 120) -> str:
    """Show a value as it stands in JSON, cut after `limit` characters; 0 leaves it whole, for whoever hides parts of it first."""
    text = json.dumps(value, ensure_ascii=False, default=str).encode("utf-8", "backslashreplace").decode()
    return cut(text, limit) if limit else text


def cut(text: str, limit: int = 120) -> str:
    """Cut a text after `limit` characters. What must be hidden has to be hidden before: half a secret is not recognised."""
    return text if len(text) <= limit else text[: limit - 1] + "…"
