"""A request in the parts that a spec speaks of, so that exactly one of them can be changed."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from payproof.client import Api
    from payproof.exchange import Request


class _Sign:
    """A value that no JSON document can hold."""

    def __init__(self, shown: str) -> None:
        self._shown = shown

    def __repr__(self) -> str:
        return self._shown


ABSENT: Final[Any] = _Sign("ABSENT")
"""What stands at a place where there is nothing; `put` with it removes what is there."""

NULL: Final[Any] = _Sign("NULL")
"""The JSON body `null`; a body that is None is no body."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A request before it is on the wire.

    A header that is None is not sent, nor is a query parameter that is. `form` holds the fields of a form body in order;
    `raw` is a body as it stands and wins over `body` and `form`.
    """

    operation: str
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str | None] = field(default_factory=dict)
    body: Any = None
    form: Sequence[tuple[str, str]] | None = None
    raw: bytes | None = None

    def request(self, api: Api) -> Request:
        """Build the request as the tenant of `api` sends it. A body goes in the content coding that a header names, gzip."""
        raw = self.raw
        if raw is None and self.form is not None:
            raw = urlencode(self.form).encode()
        if raw is None and self.body is NULL:
            raw = b"null"
        coding = self.at("header", "/Content-Encoding")
        if isinstance(coding, str) and coding.lower() == "gzip" and (raw or (raw is None and self.body is not None)):
            # RFC 9110 section 8.4.1: names of codings know no case
            raw = gzip.compress(json.dumps(self.body).encode() if raw is None else raw, mtime=0)
        return api.request(self.operation, path=self.path, query=self.query, headers=self.headers,
                           body=None if raw is not None else self.body, raw=raw)  # fmt: skip

    def at(self, location: str, pointer: str) -> Any:
        """Give what stands at a place: a parameter by its name, a member by its JSON pointer; ABSENT for nothing."""
        if location == "body":
            return dict(self.form).get(pointer[1:], ABSENT) if self.form is not None else follow(self.body, pointer)
        held = self._held(location)
        found = held.get(_spelled(held, pointer[1:]))
        return ABSENT if found is None else found

    def put(self, location: str, pointer: str, value: Any) -> Draft:
        """Give the draft with this value at this place and no other change. Raises KeyError if its parent is absent.

        ABSENT leaves the member out; a list in a form repeats the field.
        """
        if location == "body" and self.form is not None:
            return replace(self, form=_with_field(self.form, pointer[1:], value))
        if location == "body":
            changed = changed_at(self.body, pointer, value)
            return replace(self, body=NULL if changed is None else changed)
        held = self._held(location)
        name = _spelled(held, pointer[1:])
        kept = {other: held[other] for other in held if other != name}
        if value is not ABSENT:
            kept[name] = value
        elif location == "header" or (location == "query" and name not in held):
            # What a contract's access fills in is in no draft.
            kept[name] = None
        if location == "header":
            return replace(self, headers=kept)
        return replace(self, path=kept) if location == "path" else replace(self, query=kept)

    def spots(self, location: str, pointer: str) -> Iterator[str]:
        """Give the places that a pointer with `*` for an item stands for here: those whose parent is there."""
        if location == "body" and self.form is None:
            yield from _expanded(self.body, pointer.split("/")[1:], "")
        else:
            yield pointer

    def _held(self, location: str) -> Mapping[str, Any]:
        return {"path": self.path, "query": self.query, "header": self.headers}[location]


def follow(value: Any, pointer: str) -> Any:
    """Give the value at a JSON pointer (RFC 6901), ABSENT where there is none."""
    for step in _steps(pointer):
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return ABSENT
    return value


def changed_at(value: Any, pointer: str, new: Any) -> Any:
    """Give a copy of a JSON value that differs at a pointer only. Raises KeyError where the parent is not there."""
    steps = _steps(pointer)
    return _changed(value, steps, new) if steps else new


def _changed(value: Any, steps: Sequence[str], new: Any) -> Any:
    first, rest = steps[0], steps[1:]
    if isinstance(value, dict):
        inner = _changed(value[first], rest, new) if rest else new
        if inner is ABSENT:
            return {name: member for name, member in value.items() if name != first}
        return {**value, first: inner}
    if isinstance(value, list) and first.isdigit() and int(first) < len(value):
        index = int(first)
        inner = _changed(value[index], rest, new) if rest else new
        return [*value[:index], *([] if inner is ABSENT else [inner]), *value[index + 1 :]]
    raise KeyError(first)


def _steps(pointer: str) -> list[str]:
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def _expanded(value: Any, steps: Sequence[str], walked: str) -> Iterator[str]:
    if not steps:
        yield walked
        return
    first, rest = steps[0], steps[1:]
    if first == "*":
        for index, item in enumerate(value if isinstance(value, list) else ()):
            yield from _expanded(item, rest, f"{walked}/{index}")
    elif isinstance(value, dict):
        name = first.replace("~1", "/").replace("~0", "~")
        if not rest or name in value:
            yield from _expanded(value.get(name), rest, f"{walked}/{first}")


def _with_field(form: Sequence[tuple[str, str]], name: str, value: Any) -> list[tuple[str, str]]:
    texts = [] if value is ABSENT else value if isinstance(value, list) else [value]
    new = [(name, text) for text in texts]
    before = [index for index, (other, _) in enumerate(form) if other == name]
    at = before[0] if before else len(form)
    return [*form[:at], *new, *((other, text) for other, text in form[at:] if other != name)]


def _spelled(held: Mapping[str, Any], name: str) -> str:
    return next((known for known in held if known.lower() == name.lower()), name)
