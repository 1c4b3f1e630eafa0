"""Requests that differ from an accepted one in exactly one place, derived from the constraint that is violated there."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from hypothesis import reject
from hypothesis import strategies as st

from payproof.door import Door
from payproof.draft import ABSENT, follow
from payproof.exchange import Intent
from payproof.specimen import leaf, strategy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from hypothesis.strategies import SearchStrategy

    from payproof.constraint import Constraint
    from payproof.draft import Draft
    from payproof.shape import Fault
    from payproof.specimen import Skeleton

    Faults = Callable[[Draft], Sequence[Fault]]
    """Says where a draft departs from the spec, as the judge will say of the request."""

_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_WORD = st.text(_LETTERS + "0123456789", min_size=1, max_size=16)
_TRIES = 8
"""How often a request is drawn until one violates the constraint and nothing else; nearly always it is the first."""
_LONGER = 12
"""By how much a text that is too long is too long, at most."""

_FOREIGN: Mapping[str, str] = {
    "body": _LETTERS + "0123456789 !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
    "query": _LETTERS + "0123456789 !\"$'()*,-.:;<>@[]^_`{|}~",
    "path": _LETTERS + "0123456789 !\"$'()*,:<>@[]^_`{|}~",
    "header": _LETTERS + "0123456789!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~\u00a3\u00a7\u00b1\u00df\u00e9\u00f1",
}
"""Characters that may break a pattern. Beyond ASCII only where nothing else can: elsewhere regex dialects differ."""

_KINDS: Mapping[str, SearchStrategy[Any]] = {
    "null": st.none(),
    "boolean": st.booleans(),
    "integer": st.integers(-(2**31), 2**31),
    "number": st.integers(-(2**31), 2**31).map(lambda number: number + 0.5),
    "string": st.text(_LETTERS + "0123456789 -/", max_size=16),
    "array": st.lists(_WORD, max_size=2),
    "object": st.dictionaries(_WORD, _WORD, max_size=2),
}
_OF_TEXT = frozenset({"minLength", "maxLength", "pattern", "format"})
_MEDIA = ("text/plain", "text/html", "application/xml", "application/octet-stream", "application/x-www-form-urlencoded",
          "application/json", "multipart/form-data")  # fmt: skip
_SCHEMES = ("Basic", "Bearer", "Digest", "HOBA", "Mutual", "Negotiate")


@dataclass(frozen=True, slots=True)
class Negative:
    """A draft that must be refused, and what its sender says about it."""

    draft: Draft
    intent: Intent


def spots(constraint: Constraint, draft: Draft) -> list[str]:
    """Give the places of a draft at which a constraint can be violated; none where what it is about is not there."""
    found = []
    for pointer in draft.spots(constraint.location, constraint.pointer):
        around = follow(draft.body, pointer.rpartition("/")[0]) if constraint.choice is not None else None
        if isinstance(around, dict) and not constraint.rivals.isdisjoint(around):
            continue
        there = constraint.location != "body" or not pointer or draft.at("body", pointer) is not ABSENT
        if there:
            found.append(pointer)
    return found


@st.composite
def negatives(draw: st.DrawFn, constraint: Constraint, base: Draft, faults: Faults, others: Sequence[Skeleton] = ()) -> Negative:
    """Draw requests that violate a constraint and nothing else; the base is a request that is accepted.

    `others` are further skeletons of the body, from which a member is taken where a constraint forbids one more. What
    departs from the spec anywhere else, or by another keyword only, is discarded. Gives no request at all where the
    base has no place for it: see `spots`.
    """
    places = spots(constraint, base)
    # A filter gives up after three draws, and all that was drawn before with it.
    for _ in range(_TRIES if places else 0):
        spot = places[0] if len(places) == 1 else draw(st.sampled_from(places))
        now = base.at(constraint.location, spot) if constraint.location == "body" else ABSENT
        if now is ABSENT or "x-refers-to" in constraint.schema:
            # Ids differ from tenant to tenant, and what is drawn must not depend on them.
            now = draw(leaf(constraint.schema)) if constraint.keyword in _OF_TEXT else ABSENT
        negative = draw(_at(constraint, base, spot, now, others))
        if isolated(constraint, negative, faults):
            return negative
    return reject()


def isolated(constraint: Constraint, negative: Negative, faults: Faults) -> bool:
    """Say whether a request violates the constraint at its place, and departs from the spec nowhere else."""
    location, pointer, form = negative.intent.location, negative.intent.pointer, negative.draft.form is not None
    if location == "authorization":
        return not faults(negative.draft)
    if not _sendable(location, negative.draft.at(location, pointer), form=form):
        return False
    found = faults(negative.draft)
    place = f"/{constraint.location}{negative.intent.pointer}"
    if constraint.choice is not None:
        depth = constraint.choice.count("/") + 2
        choice = "/".join(place.split("/")[:depth])
        return bool(found) and all(fault.pointer == choice for fault in found)
    return all(fault.pointer == place for fault in found) and any(fault.keyword == constraint.keyword for fault in found)


def _at(constraint: Constraint, base: Draft, spot: str, now: Any, others: Sequence[Skeleton]) -> SearchStrategy[Negative]:
    location, keyword = constraint.location, constraint.keyword
    intent = Intent("refuse", location, spot, keyword)
    if location == "authorization":
        door = Door.of(constraint.schema)
        return _authorization(constraint, door).map(lambda value: Negative(base.put(door.where, f"/{door.name}", value), intent))
    if keyword == "json":
        return _broken(json.dumps(base.body)).map(lambda raw: Negative(replace(base, raw=raw), intent))
    if keyword == "content-type":
        media = st.one_of(st.sampled_from(_MEDIA), _WORD.map(lambda word: f"application/{word.lower()}"), st.none())
        return media.map(lambda value: Negative(_typed(base, value), intent))
    if (location, spot, keyword) == ("body", "", "required"):
        return st.just(Negative(replace(base, raw=b""), intent))
    values = _values(constraint, now, spot, others, form=base.form is not None)
    if location != "body":
        values = values.map(lambda value: value if value is ABSENT else str(value))
    return values.map(lambda value: Negative(base.put(location, spot, value), intent))


def _typed(base: Draft, media: str | None) -> Draft:
    return base.put("header", "/Content-Type", ABSENT if media is None else media)


def _sendable(location: str, value: Any, *, form: bool) -> bool:
    """Say whether a value reaches the other side as it is, by the rules of HTTP, URLs and forms."""
    if value is ABSENT:
        return True
    if location == "header":
        return isinstance(value, str) and value == value.strip()
    if location == "path":
        return value not in {"", ".", ".."}
    # RFC 6749 section 3.2: a parameter without a value counts as left out.
    return not form or value != ""


def _values(constraint: Constraint, now: Any, spot: str, others: Sequence[Skeleton], *, form: bool) -> SearchStrategy[Any]:
    keyword, schema = constraint.keyword, constraint.schema
    if keyword == "required":
        return st.just(ABSENT)
    if keyword == "type":
        return _other_type(schema["type"], now, plain=constraint.location != "body", form=form)
    if keyword in {"enum", "const"}:
        return _other_value(tuple(schema["enum"]) if keyword == "enum" else (schema["const"],))
    if keyword in {"anyOf", "oneOf", "not"}:
        return _other_members(keyword, schema, now, spot, others)
    if keyword in _OF_TEXT:
        return _other_text(constraint, now if isinstance(now, str) else "")
    if keyword in {"minItems", "maxItems", "uniqueItems"}:
        return _other_items(keyword, schema, now)
    if keyword in {"minProperties", "maxProperties"}:
        few = [dict(list(now.items())[:size]) for size in range(schema.get("minProperties", 0))]
        many = {**now, **{f"more{number}": "" for number in range(schema.get("maxProperties", 0) + 1)}}
        return st.sampled_from(few if keyword == "minProperties" else [many])
    return _other_number(keyword, schema[keyword])


def _other_type(kinds: str | list[str], now: Any, *, plain: bool, form: bool) -> SearchStrategy[Any]:
    if form:
        return st.integers(2, 3).map(lambda times: [now] * times)
    if plain:
        return st.text(_LETTERS, min_size=1, max_size=16)
    return _not_of(frozenset([kinds] if isinstance(kinds, str) else kinds))


@cache
def _not_of(kinds: frozenset[str]) -> SearchStrategy[Any]:
    wanted = kinds | {"integer"} if "number" in kinds else kinds
    return st.one_of([drawn for kind, drawn in _KINDS.items() if kind not in wanted])


@cache
def _other_value(known: tuple[Any, ...]) -> SearchStrategy[Any]:
    texts = [value for value in known if isinstance(value, str)]
    near: set[str] = set()
    for text in texts:
        near |= {text.lower(), text.capitalize(), f"{text} ", f" {text}", text[:-1], f"{text}{text[-1:]}", text[::-1], ""}
    near -= set(texts)
    drawn = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ_", min_size=1, max_size=16)
    other = drawn.filter(lambda text: text not in texts)
    return st.one_of(other, st.sampled_from(sorted(near))) if near else other


def _other_members(keyword: str, schema: Mapping[str, Any], now: Any, spot: str, others: Sequence[Skeleton]) -> SearchStrategy[Any]:
    if not isinstance(now, dict):
        return st.nothing()
    options: list[SearchStrategy[Any]] = []
    branches = schema[keyword] if keyword != "not" else ()
    named = {name for branch in branches for name in branch.get("required", ())}
    if named:
        options.append(st.just({name: value for name, value in now.items() if name not in named}))
    if keyword != "anyOf":
        added: dict[str, SearchStrategy[Any]] = {}
        for other in others:
            there = follow(other, spot)
            for name in there if isinstance(there, dict) else ():
                if name not in now:
                    added.setdefault(name, strategy(there[name]))
        options += [_one_more(now, name, drawn) for name, drawn in added.items() if not named or name in named]
    return st.one_of(options)


def _one_more(now: Mapping[str, Any], name: str, drawn: SearchStrategy[Any]) -> SearchStrategy[Any]:
    return drawn.map(lambda value: {**now, name: value})


def _other_text(constraint: Constraint, now: str) -> SearchStrategy[str]:
    keyword, schema, location = constraint.keyword, constraint.schema, constraint.location
    letters = "".join(sorted(set(now.replace(" ", "")))) or "a"
    if keyword == "minLength":
        return st.text(letters, min_size=1 if location == "path" else 0, max_size=schema["minLength"] - 1)
    if keyword == "maxLength":
        most = schema["maxLength"]
        unit = st.text(letters, min_size=1, max_size=8)
        return st.tuples(unit, st.integers(most + 1, most + _LONGER)).map(lambda drawn: (drawn[0] * drawn[1])[: drawn[1]])
    if keyword == "format":
        return _WORD
    return _unmatched(schema["pattern"], now, _FOREIGN[location])


def _unmatched(pattern: str, now: str, foreign: str) -> SearchStrategy[str]:
    matches = re.compile(pattern).search
    places = range(0, len(now), 1 + len(now) // 8)
    changed = [(index, letter) for index in places for letter in foreign
               if not matches(now[:index] + letter + now[index + 1 :])]  # fmt: skip
    options = []
    if changed:
        options.append(st.sampled_from(changed).map(lambda at: now[: at[0]] + at[1] + now[at[0] + 1 :]))
    alone = "".join(letter for letter in foreign if not matches(letter))
    if alone:
        size = max(1, len(now))
        options.append(st.text(alone, min_size=size, max_size=size))
    return st.one_of(options) if options else _WORD.filter(lambda text: not matches(text))


def _other_items(keyword: str, schema: Mapping[str, Any], now: Any) -> SearchStrategy[Any]:
    if keyword == "minItems":
        return st.integers(0, schema["minItems"] - 1).map(lambda size: now[:size])
    if keyword == "uniqueItems":
        return st.integers(0, len(now) - 1).map(lambda index: [*now, now[index]])
    most = schema["maxItems"]
    return st.integers(most + 1, most + _LONGER).map(lambda size: (now * size)[:size])


def _other_number(keyword: str, bound: float) -> SearchStrategy[float]:
    away = st.integers(1, 10_000)
    if keyword == "multipleOf":
        return away.map(lambda times: times * bound + bound / 2)
    if keyword in {"minimum", "exclusiveMinimum"}:
        return away.map(lambda steps: bound - steps + (keyword == "exclusiveMinimum"))
    return away.map(lambda steps: bound + steps - (keyword == "exclusiveMaximum"))


def _authorization(constraint: Constraint, door: Door) -> SearchStrategy[Any]:
    scheme = str(constraint.schema.get("scheme", "bearer")).lower()
    pair = st.tuples(_WORD, _WORD).map(":".join).map(lambda text: base64.b64encode(text.encode()).decode())
    token = st.tuples(_WORD, _WORD, _WORD).map(".".join)
    if constraint.keyword == "required":
        return st.just(ABSENT)
    if door.bare:
        return _WORD.map(door.written)
    if constraint.keyword == "scheme":
        others = st.sampled_from([name for name in _SCHEMES if name.lower() != scheme])
        return st.tuples(others, st.one_of(pair, token)).map(" ".join)
    return (pair if scheme == "basic" else st.one_of(token, _WORD)).map(lambda value: f"{scheme.capitalize()} {value}")


def _broken(text: str) -> SearchStrategy[bytes]:
    whole = text.encode()
    inserted: Iterable[bytes] = (b",}", b"}", b"]", b"'", b"//", b"\xff", b"\xc3(")
    return st.one_of(
        st.integers(1, 999).map(lambda share: whole[: max(1, len(whole) * share // 1000)]),
        st.sampled_from([whole + more for more in inserted]),
        st.sampled_from([b"{'a': 1}", b"{a: 1}", b'{"a": NaN}', b'{"a": 1,}', b"<a/>"]),
        _WORD.filter(lambda word: not word.isdigit() and word not in {"true", "false", "null"}).map(str.encode),
    )
