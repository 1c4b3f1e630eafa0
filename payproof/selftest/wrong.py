"""Values that a keyword of JSON Schema forbids, made from one that it allows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

KINDS: Mapping[str, str] = {
    "required": "required member dropped", "type": "type changed", "null": "null where none may be",
    "enum": "value outside of the enumeration", "const": "value outside of the enumeration", "pattern": "pattern broken",
    "minLength": "length broken", "maxLength": "length broken", "minimum": "number out of range",
    "maximum": "number out of range", "exclusiveMinimum": "number out of range", "exclusiveMaximum": "number out of range",
    "multipleOf": "number out of range", "format": "format broken", "uniqueItems": "item doubled",
    "minItems": "too few or too many items", "maxItems": "too few or too many items",
    "minProperties": "too few or too many members", "maxProperties": "too few or too many members",
    "additionalProperties": "unknown member", "anyOf": "no alternative, or too many", "oneOf": "no alternative, or too many",
    "not": "no alternative, or too many",
}  # fmt: skip
"""What a class of mutants is called, by the keyword that is violated."""

ALTERNATIVES = frozenset({"anyOf", "oneOf", "not"})
"""Keywords that say which of several schemas have to hold."""

_ENOUGH = 4
"""How many texts that break a pattern or an enumeration are tried."""
_ODD = ("☃", "!", " ", "\t", *"<>\"#$%&'()*+,-./:;=?@[]^_`{|}~0aA")
"""Characters that break patterns: one that hardly any allows, then what each leaves out."""

_UNREAL: Mapping[str, tuple[str, ...]] = {
    "date-time": ("yesterday", "2026-11-21", "2026-13-01T00:00:00Z", "2026-02-30T10:00:00Z", "2026-11-21T25:00:00Z",
                  "2026-11-21T10:00:00", "21.11.2026 10:00"),
    "date": ("yesterday", "2026-02-30", "2026-13-01", "21.11.2026", "20261121"),
    "time": ("noon", "25:00:00Z", "10:00"),
    "email": ("nobody", "@example.com", "nobody@", ""),
    "uuid": ("not-a-uuid", "123e4567-e89b-12d3-a456-42661417400", "123e4567e89b12d3a456426614174000x"),
    "uri": ("no uri at all", "://example.com", ""),
    "ipv4": ("256.1.1.1", "1.1.1"),
    "ipv6": ("1:2:3", ":::"),
    "hostname": ("-", "a..b"),
}  # fmt: skip
"""Texts that are none of a format. A format that is not here is an annotation to the judge, and to nobody a constraint."""


def binds(keyword: str, node: Mapping[str, Any]) -> bool:
    """Say whether a schema object has the keyword in a way that forbids anything."""
    if keyword not in node:
        return False
    if keyword in {"minLength", "minItems", "minProperties"}:
        return bool(node[keyword] > 0)
    if keyword in {"uniqueItems", "additionalProperties"}:
        return node[keyword] is (keyword == "uniqueItems")
    return keyword != "format" or node[keyword] in _UNREAL


def wrong(keyword: str, node: Mapping[str, Any], value: Any) -> Iterator[tuple[str, Any]]:
    """Give the kind and the new value of every way in which a value that keeps the keyword is made to break it.

    Nothing where the keyword says nothing about a value of this type.
    """
    maker = _MAKERS[keyword]
    for changed in maker(node, value):
        yield KINDS["null" if changed is None and keyword == "type" else keyword], changed


def _types(node: Mapping[str, Any], value: Any) -> Iterator[Any]:
    kinds = {node["type"]} if isinstance(node["type"], str) else set(node["type"])
    text = str(value) if isinstance(value, int | float) and not isinstance(value, bool) else "text"
    samples = {"null": None, "boolean": True, "integer": 7, "number": 0.5, "string": text, "array": [value], "object": {"value": value}}
    yield from (sample for kind, sample in samples.items() if kind not in kinds and not (kind == "integer" and "number" in kinds))


def _enumerated(node: Mapping[str, Any], value: Any) -> Iterator[Any]:
    known = node["enum"] if "enum" in node else [node["const"]]
    if isinstance(value, bool):
        near: list[Any] = [not value]
    elif isinstance(value, int | float):
        near = [max(known) + 1, min(known) - 1]
    elif isinstance(value, str):
        near = ["OF_ANOTHER_KIND", value.lower(), value.upper(), value.capitalize(), f"{value} ", value[:-1]]
    else:
        near = ["OF_ANOTHER_KIND"]
    seen = [(type(one), one) for one in known]
    made = [one for index, one in enumerate(near) if (type(one), one) not in seen and one not in near[:index]]
    yield from made[:_ENOUGH]


def _unmatched(node: Mapping[str, Any], value: Any) -> Iterator[Any]:
    if isinstance(value, str):
        matches = re.compile(node["pattern"]).search
        half = len(value) // 2
        near = ["", value[:-1], value.swapcase(), *(odd + value for odd in _ODD), value * 2]
        strange = [odd for odd in _ODD if not matches(odd)][:1]
        near = [changed for odd in strange for changed in (value + odd, value[:half] + odd + value[half + 1 :])] + near
        yield from list(dict.fromkeys(changed for changed in near if not matches(changed)))[:_ENOUGH]


def _short(node: Mapping[str, Any], value: Any) -> Iterator[Any]:
    if isinstance(value, str):
        yield from {value[: node["minLength"] - 1], ""}


def _long(node: Mapping[str, Any], value: Any) -> Iterator[Any]:
    if isinstance(value, str):
        yield from (value + (value[-1:] or "a") * (node["maxLength"] + more - len(value)) for more in (1, 40))


def _beyond(keyword: str, *steps: float) -> Callable[[Mapping[str, Any], Any], Iterator[Any]]:
    def numbers(node: Mapping[str, Any], value: Any) -> Iterator[Any]:
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield from (node[keyword] + step for step in steps)

    return numbers


def _uneven(node: Mapping[str, Any], value: Any) -> Iterator[Any]:
    if isinstance(value, int | float) and not isinstance(value, bool):
        yield value + node["multipleOf"] / 2


def _formless(node: Mapping[str, Any], value: Any) -> Iterator[Any]:
    if isinstance(value, str):
        named = Draft202012Validator({"format": node["format"]}, format_checker=Draft202012Validator.FORMAT_CHECKER)
        checked = node["format"] in Draft202012Validator.FORMAT_CHECKER.checkers
        yield from (text for text in _UNREAL[node["format"]] if not checked or not named.is_valid(text))


def _items(_: Mapping[str, Any], value: Any) -> Iterator[Any]:
    if isinstance(value, list) and value:
        yield [*value, value[0]]


def _few(keyword: str) -> Callable[[Mapping[str, Any], Any], Iterator[Any]]:
    def fewer(node: Mapping[str, Any], value: Any) -> Iterator[Any]:
        if keyword == "minItems" and isinstance(value, list):
            yield value[: node[keyword] - 1]
        elif keyword == "minProperties" and isinstance(value, dict):
            yield dict(list(value.items())[: node[keyword] - 1])

    return fewer


def _many(keyword: str) -> Callable[[Mapping[str, Any], Any], Iterator[Any]]:
    def more(node: Mapping[str, Any], value: Any) -> Iterator[Any]:
        most = node[keyword] + 1
        if keyword == "maxItems" and isinstance(value, list):
            yield ((value or [None]) * most)[: max(most, len(value))]
        elif keyword == "maxProperties" and isinstance(value, dict):
            yield {**value, **{f"more{number}": "" for number in range(most)}}

    return more


def _unknown(_: Mapping[str, Any], value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield {**value, "memberOfNoSchema": "text"}


_MAKERS: Mapping[str, Callable[[Mapping[str, Any], Any], Iterator[Any]]] = {
    "type": _types, "enum": _enumerated, "const": _enumerated, "pattern": _unmatched, "minLength": _short, "maxLength": _long,
    "minimum": _beyond("minimum", -1, -1_000_000), "maximum": _beyond("maximum", 1, 1_000_000),
    "exclusiveMinimum": _beyond("exclusiveMinimum", 0, -1), "exclusiveMaximum": _beyond("exclusiveMaximum", 0, 1),
    "multipleOf": _uneven, "format": _formless, "uniqueItems": _items, "minItems": _few("minItems"), "maxItems": _many("maxItems"),
    "minProperties": _few("minProperties"), "maxProperties": _many("maxProperties"), "additionalProperties": _unknown,
}  # fmt: skip
SINGLE = tuple(_MAKERS)
"""The keywords that one value breaks by itself."""
