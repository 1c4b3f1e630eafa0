"""Honest exchanges to be changed: those of a story, and for answers that it never got, some made from the spec."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable

from payproof.exchange import Response, lowered, media_type
from payproof.schema import resolve
from payproof.selftest.oracle import Oracle
from payproof.shape import is_json
from payproof.specimen import Specimens, leaf, strategy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from hypothesis.strategies import SearchStrategy

    from payproof.exchange import Exchange
    from payproof.spec import Answer, Operation, Spec

_TRIES = 24
"""How many values are drawn; the first is the plainest, and mostly keeps all of its schema."""


@dataclass(frozen=True, slots=True)
class Carrier:
    """An honest exchange, the parsed JSON body of its answer (None where there is none), and its number in the story.

    One that is made from the spec has the number of the exchange that gave it its request.
    """

    exchange: Exchange
    body: Any
    number: int

    def with_body(self, body: Any) -> Exchange:
        """Give the exchange with another JSON body."""
        return self.with_raw(json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass"))

    def with_raw(self, raw: bytes) -> Exchange:
        """Give the exchange with another body, as it stands."""
        response = self.response()
        return self.answered(Response(response.status, response.headers, raw))

    def with_header(self, name: str, value: str | None) -> Exchange:
        """Give the exchange with another value of a header of its answer, or without it."""
        response = self.response()
        kept = [(known, text) for known, text in response.headers if known.lower() != name]
        added = [] if value is None else [(name, value)]
        return self.answered(Response(response.status, (*kept, *added), response.body))

    def with_status(self, status: int) -> Exchange:
        """Give the exchange with another status."""
        response = self.response()
        return self.answered(Response(status, response.headers, response.body))

    def answered(self, response: Response) -> Exchange:
        """Give the exchange with another answer."""
        return replace(self.exchange, response=response)

    def response(self) -> Response:
        """Give the answer."""
        assert self.exchange.response is not None  # noqa: S101  # a carrier has one
        return self.exchange.response


def recorded(operation: Operation, answer: Answer, exchanges: list[tuple[int, Exchange]]) -> list[Carrier]:
    """Give the carriers among an operation's exchanges that got this documented answer."""
    found = []
    for number, exchange in exchanges:
        response = exchange.response
        if response is not None and operation.answer(response.status) is answer:
            found.append(Carrier(exchange, parsed(response), number))
    return found


def parsed(response: Response) -> Any:
    """Parse the JSON body of an honest answer; None where it has none."""
    return json.loads(response.body) if response.body and is_json(media_type(lowered(response.headers))) else None


class Drawn:
    """Values that keep a schema of a spec, drawn once for all the answers that have it."""

    def __init__(self, spec: Spec) -> None:
        """Take the spec."""
        self.spec = spec
        self._known: dict[tuple[int, bool], list[Any]] = {}

    def bodies(self, schema: Mapping[str, Any], *, more: bool = False) -> list[Any]:
        """Give bodies that have together every member of a schema; none where none that keeps it is found.

        With `more` there are several of each, so that a member of more than one type is of each in one of them.
        """
        key = (id(schema), more)
        if key not in self._known:
            document = self.spec.document
            skeletons = Specimens(document, values=dict(_references(document, schema, frozenset()))).of(schema)
            allows = Oracle(document, schema).allows
            self._known[key] = [body for skeleton in skeletons for body in _drawn(strategy(skeleton), allows, more=more)]
        return self._known[key]

    def text(self, schema: Mapping[str, Any]) -> str | None:
        """Give a value of a header or a parameter; a text that begins or ends with a blank is another one on the wire."""
        allows = Oracle(self.spec.document, schema).allows
        found = _drawn(leaf(schema), lambda value: allows(value) and str(value).strip() == str(value) != "", more=False)
        return str(found[0]) if found else None


def _drawn(values: SearchStrategy[Any], wanted: Callable[[Any], bool], *, more: bool) -> list[Any]:
    """Draw values that are wanted, the same ones each time: the first, or all of them."""
    found: list[Any] = []

    @seed(1)
    @settings(max_examples=_TRIES if more else 1, database=None, deadline=None, phases=(Phase.generate,),
              suppress_health_check=list(HealthCheck))
    @given(values)
    def look(value: Any) -> None:
        if wanted(value):
            found.append(value)

    with suppress(Unsatisfiable):
        look()
    return found if more or found else _drawn(values, wanted, more=True)[:1]


def made(drawn: Drawn, operation: Operation, answer: Answer, base: Carrier, *, more: bool = False) -> Iterator[Carrier]:
    """Make honest answers of a documented kind by the spec alone, with every member and header that it knows.

    The base gives the request; its own answer is left out of everything. With `more` there are other values, too.
    """
    status = status_of(operation, answer)
    headers = [(name, text) for name, (_, shape) in answer.headers.items() if (text := drawn.text(shape.schema)) is not None]
    media = next(iter(answer.media), None)
    if media is None:
        yield Carrier(base.answered(Response(status, tuple(headers))), None, base.number)
        return
    schema = answer.media[media].schema
    for body in drawn.bodies(schema, more=more):
        response = Response(status, (("content-type", media), *headers), json.dumps(body).encode())
        yield Carrier(base.answered(response), body, base.number)


def status_of(operation: Operation, answer: Answer) -> int:
    """Give a status that a documented answer stands for: its own, or one of its range that has no answer of its own."""
    if answer.status.isdigit():
        return int(answer.status)
    first = int(answer.status[0]) * 100 if answer.status[0].isdigit() else 400
    within: Iterator[int] = iter((first + 18, *range(first, first + 100)))
    return next(status for status in within if operation.answer(status) is answer)


def _references(document: Mapping[str, Any], schema: Any, open_: frozenset[int]) -> Iterator[tuple[str, SearchStrategy[Any]]]:
    """Give values for members that name something that exists: here nobody asks whether it does."""
    node = resolve(document, schema)
    if not isinstance(node, dict) or id(node) in open_:
        return
    inner = open_ | {id(node)}
    for name, member in node.get("properties", {}).items():
        target = resolve(document, member)
        if isinstance(target, dict) and "x-refers-to" in target:
            yield name, leaf(target)
        yield from _references(document, member, inner)
    for branch in ("allOf", "anyOf", "oneOf"):
        for part in node.get(branch, ()):
            yield from _references(document, part, inner)
    if "items" in node:
        yield from _references(document, node["items"], inner)
