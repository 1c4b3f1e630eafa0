"""Answers with one thing wrong in them by the spec, for every documented answer of an operation."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from payproof.selftest import carrier as carriers
from payproof.selftest.change import Changes
from payproof.selftest.oracle import Oracle
from payproof.shape import is_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from payproof.exchange import Exchange
    from payproof.selftest.carrier import Carrier, Drawn
    from payproof.selftest.change import Change
    from payproof.spec import Answer, Operation, Shape

_STATUSES = (200, 201, 202, 203, 204, 206, 301, 302, 304, 307, 400, 401, 402, 403, 404, 405, 406, 408, 409, 410, 412, 415, 418, 422,
             423, 429, 451, 500, 501, 502, 503, 504, 599)  # fmt: skip
_MEDIA = ("text/html", "text/plain; charset=utf-8", "application/xml", "application/octet-stream", "application/problem+json",
          "application/json5", None)  # fmt: skip

TRUNCATED = "body truncated"
GARBLED = "body that is no JSON"
RETYPED = "content type changed"
UNKNOWN = "status that is not documented"
SWAPPED = "answer under the status of another"
LOST = "header lost"
SPOILT = "header broken"


@dataclass(frozen=True, slots=True)
class Mutation:
    """An exchange with one thing wrong, and what has to be said about it.

    `suffix` is that of the shape clause that must be found broken, `pointer` where (None: anywhere), `keyword` by which
    constraint (empty: by whichever). A `loose` one may be reported at a pointer above, as a choice that nothing meets.
    """

    kind: str
    suffix: str
    pointer: str | None
    keyword: str
    loose: bool
    exchange: Exchange
    number: int


class Answers:
    """The documented answers of one operation, each with honest carriers and the changes of their bodies."""

    def __init__(self, drawn: Drawn, operation: Operation, base: Carrier, story: list[tuple[int, Exchange]]) -> None:
        """Take the operation's exchanges in the story, each with its number; the base lends its request where none got an answer."""
        self.spec = drawn.spec
        self.operation = operation
        self.holes: list[str] = []
        """What could not be broken because nothing honest has it."""
        self.allowed = 0
        """How many changed bodies are no breaks, since another alternative takes them."""
        self._drawn = drawn
        self._base = base
        self.carriers: dict[str, list[Carrier]] = {}
        for status, answer in operation.answers.items():
            self.carriers[status] = carriers.recorded(operation, answer, story) or list(carriers.made(drawn, operation, answer, base))
            if not self.carriers[status]:
                self.holes.append(f"no story has an answer {status}, and none could be made from the spec")

    def mutations(self) -> Iterator[Mutation]:
        """Give every mutation of every documented answer."""
        for status, found in self.carriers.items():
            answer = self.operation.answers[status]
            if not found:
                continue
            yield from self._of_status(answer, found[0])
            yield from self._of_headers(answer, found)
            for media, shape in answer.media.items():
                yield from self._of_media(answer, found[0])
                if is_json(media):
                    yield from self._of_body(answer, shape, found)
                    yield from self._raw(found[0])

    def _of_status(self, answer: Answer, found: Carrier) -> Iterator[Mutation]:
        for status in _STATUSES:
            if self.operation.answer(status) is None:
                yield self._mutation(UNKNOWN, "status", "/status", found, found.with_status(status), "status")
        headers = {name.lower() for name, _ in found.response().headers}
        for other in self.operation.answers.values():
            if other is answer or not other.media:
                continue
            exchange = found.with_status(carriers.status_of(self.operation, other))
            for name, (required, _) in other.headers.items():
                if required and name not in headers:
                    yield self._mutation(SWAPPED, "headers", f"/headers/{name}", found, exchange)
            if not answer.media:
                yield self._mutation(SWAPPED, "content-type", "/headers/content-type", found, exchange, "content-type")
            for media, shape in other.media.items():
                if media in answer.media and is_json(media) and not Oracle(self.spec.document, shape.schema).allows(found.body):
                    yield self._mutation(SWAPPED, "schema", None, found, exchange)

    def _of_headers(self, answer: Answer, found: list[Carrier]) -> Iterator[Mutation]:
        for name, (required, shape) in answer.headers.items():
            having = [one for one in found if any(known.lower() == name for known, _ in one.response().headers)]
            if not having:
                made = carriers.made(self._drawn, self.operation, answer, self._base)
                having = [one for one in made if any(known.lower() == name for known, _ in one.response().headers)]
            if not having:
                self.holes.append(f"no answer {answer.status} has the header {name}")
                continue
            if required:
                yield self._mutation(LOST, "headers", f"/headers/{name}", having[0], having[0].with_header(name, None))
            text = next(value for known, value in having[0].response().headers if known.lower() == name)
            changes = Changes(self.spec.document, shape.schema)
            for change in changes.of(shape.parse(text)):
                value = change.body if isinstance(change.body, str) else json.dumps(change.body)
                if not changes.oracle.allows(shape.parse(value)):
                    spoilt = having[0].with_header(name, value)
                    yield self._mutation(SPOILT, "headers", f"/headers/{name}", having[0], spoilt)

    def _of_media(self, answer: Answer, found: Carrier) -> Iterator[Mutation]:
        for media in _MEDIA:
            if (media or "").partition(";")[0] not in answer.media:
                changed = found.with_header("content-type", media)
                yield self._mutation(RETYPED, "content-type", "/headers/content-type", found, changed, "content-type")

    def _of_body(self, answer: Answer, shape: Shape, found: list[Carrier]) -> Iterator[Mutation]:
        changes = Changes(self.spec.document, shape.schema)
        for one in found:
            yield from (self._changed(change, one) for change in changes.of(one.body))
        for more in (False, True):
            for one in () if changes.complete() else carriers.made(self._drawn, self.operation, answer, self._base, more=more):
                yield from (self._changed(change, one) for change in changes.of(one.body))
        self.allowed += changes.allowed
        self.holes += [f"no answer {answer.status} has {place.pointer or 'a body'}, whose {place.keyword} could be broken"
                       for place in changes.left()]  # fmt: skip

    def _changed(self, change: Change, found: Carrier) -> Mutation:
        exchange = found.with_body(change.body)
        return Mutation(change.kind, "schema", change.pointer, change.keyword, change.loose, exchange, found.number)

    def _raw(self, found: Carrier) -> Iterator[Mutation]:
        whole = found.response().body
        for raw in truncated(whole):
            yield self._mutation(TRUNCATED, "schema", "", found, found.with_raw(raw), "json")
        for raw in garbled(whole):
            yield self._mutation(GARBLED, "schema", "", found, found.with_raw(raw), "json")

    def _mutation(
        self, kind: str, suffix: str, pointer: str | None, found: Carrier, exchange: Exchange, keyword: str = ""
    ) -> Mutation:
        return Mutation(kind, suffix, pointer, keyword, loose=False, exchange=exchange, number=found.number)


def truncated(whole: bytes) -> list[bytes]:
    """Give the beginnings of a JSON object or array, the empty one among them: none of them is JSON."""
    return list(dict.fromkeys([*(whole[: len(whole) * share // 8] for share in range(8)), whole[:-1]]))


def garbled(whole: bytes) -> list[bytes]:
    """Give what looks like a JSON body, or stands in its place, and is none by RFC 8259."""
    return [
        b"<html><body>Bad Gateway</body></html>", b"OK", b"undefined", b"{'single': 'quotes'}", b"{unquoted: 1}", whole + b",",
        whole[:-1] + b",}", whole + whole, b"\xff\xfe" + whole, b"\xef\xbb\xbf" + whole, b'{"value": NaN}', b'{"value": 01}',
        b'{"value": "\xc3("}', b"// comment\n" + whole,
    ]  # fmt: skip
