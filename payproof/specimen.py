"""Bodies in which everything occurs that a schema knows, so that every constraint has a place where it can be broken.

One body is seldom enough: of some members only one may be there. So a schema gives several skeletons, each as full as
it can be, and every member is in at least one of them. A skeleton's leaves are strategies; which members it has is
known before anything is drawn.
"""

from __future__ import annotations

import re
import sys
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, Any

import jsonschema_rs
from hypothesis import reject
from hypothesis import strategies as st

from payproof.schema import resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from hypothesis.strategies import SearchStrategy

Skeleton = Any
"""A dict of skeletons, a list of skeletons, or a strategy for a value."""

RULES = ("anyOf", "oneOf", "not")
"""Keywords that say which members may be there together."""

_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"
_VISIBLE = "".join(map(chr, range(0x21, 0x7F)))
_REPEATED = re.compile(r"\^(\[(?:[^\]\\]|\\.)+\])(?:[*+]|\{([0-9]+),([0-9]+)\})\$")
_TRIES = 12
"""How often a text is drawn until its length fits."""
_LONGER = 16
"""How much longer than it must be a text may get where nothing limits it: more characters find nothing more."""

_FORMATS: Mapping[str, SearchStrategy[str]] = {
    "uuid": st.uuids().map(str),
    "date": st.dates().map(str),
    "date-time": st.datetimes().map(lambda moment: moment.isoformat(timespec="seconds") + "Z"),
    "email": st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=10).map("{}@example.com".format),
    "uri": st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=10).map("https://example.com/{}".format),
}


class Specimens:
    """Makes the skeletons of a spec's schemas.

    `values` gives strategies for members by name, where the schema says too little (a reference to something that
    exists; a date that must lie ahead). A member that refers to something (x-refers-to) is left out without one.
    `apart` lists members of one object that are never sent together although the schema allows it.
    """

    def __init__(
        self, document: Mapping[str, Any], *, values: Mapping[str, SearchStrategy[Any]] | None = None,
        apart: Collection[frozenset[str]] = (),
    ) -> None:  # fmt: skip
        self._document = document
        self._values = values or {}
        self._apart = apart

    def of(self, schema: Mapping[str, Any]) -> list[Skeleton]:
        """Give the skeletons of a schema, the fullest first; each is valid, and together they have every member."""
        return self._any(schema, frozenset())

    def _any(self, schema: Any, open_: frozenset[int]) -> list[Skeleton]:
        node = resolve(self._document, schema)
        if id(node) in open_:
            return []
        inner = open_ | {id(node)}
        whole = self._merged(node)
        if "properties" in whole:
            return self._objects(whole, inner)
        if "items" in whole:
            return self._arrays(whole, inner)
        branches = whole.get("oneOf") or whole.get("anyOf")
        if branches and "type" not in whole:
            return [skeleton for branch in branches for skeleton in self._any(branch, inner)]
        return [leaf(whole)]

    def _merged(self, schema: Any) -> dict[str, Any]:
        node = resolve(self._document, schema)
        whole = {**node, "required": list(node.get("required", ())), "rules": [{k: node[k]} for k in RULES if k in node]}
        for part in node.get("allOf", ()):
            other = self._merged(part)
            whole["required"] += other.pop("required")
            whole["rules"] += other.pop("rules")
            properties = {**other.pop("properties", {}), **whole.get("properties", {})}
            whole = {**other, **whole, **({"properties": properties} if properties else {})}
        return whole

    def _objects(self, node: Mapping[str, Any], open_: frozenset[int]) -> list[Skeleton]:
        choices: dict[str, list[Skeleton]] = {}
        for name, member in node["properties"].items():
            if name in self._values:
                choices[name] = [self._values[name]]
            elif "x-refers-to" not in resolve(self._document, member) and (found := self._any(member, open_)):
                choices[name] = found
        made: list[Skeleton] = []
        for group in self._groups(node, choices):
            for turn in range(max((len(choices[name]) for name in group), default=1)):
                one = {name: choices[name][turn % len(choices[name])] for name in group}
                if one not in made:
                    made.append(one)
        return made

    def _groups(self, node: Mapping[str, Any], choices: Mapping[str, Sequence[Skeleton]]) -> list[list[str]]:
        allowed = self._rule(node["rules"], choices)
        required = [name for name in node["required"] if name in choices]
        groups: list[list[str]] = []
        left = list(choices)
        while left:
            group = self._grown(required, chain(left, choices), allowed)
            if left[0] in group and allowed(group):
                groups.append(group)
            left = [name for name in left[1:] if name not in group]
        rules = [branch for rule in node["rules"] for branch in rule.get("anyOf", ())]
        alternatives = [set(resolve(self._document, branch).get("required", ())) for branch in rules]
        named = set().union(*alternatives) if alternatives else set()
        for wanted in alternatives:
            group = self._grown(required, [name for name in choices if name in wanted or name not in named], allowed)
            if allowed(group) and group not in groups:
                groups.append(group)
        return groups or [[]]

    def _grown(self, required: Sequence[str], order: Iterable[str], allowed: Callable[[Sequence[str]], bool]) -> list[str]:
        group = list(required)
        for name in order:
            if name in group or any(name in pair and not pair.isdisjoint({*group} - {name}) for pair in self._apart):
                continue
            if allowed([*group, name]) or not allowed(group):
                group.append(name)
        return group

    def _rule(self, rules: Sequence[Mapping[str, Any]], choices: Mapping[str, Sequence[Skeleton]]) -> Callable[[Sequence[str]], bool]:
        if not rules:
            return lambda _: True
        schema = {"allOf": list(rules), "components": self._document.get("components", {})}
        validator = jsonschema_rs.Draft202012Validator(schema)
        return lambda names: validator.is_valid({name: outline(choices[name][0]) for name in names})

    def _arrays(self, node: Mapping[str, Any], open_: frozenset[int]) -> list[Skeleton]:
        items = self._any(node["items"], open_)
        if not items:
            return [[]]
        most = max(1, min(len(items), node.get("maxItems", len(items))))
        made = [items[start : start + most] for start in range(0, len(items), most)]
        return [(some * node.get("minItems", 1))[: max(len(some), node.get("minItems", 1))] for some in made]


def strategy(skeleton: Skeleton) -> SearchStrategy[Any]:
    """Give the strategy that draws all leaves of a skeleton."""
    if isinstance(skeleton, dict):
        return st.fixed_dictionaries({name: strategy(member) for name, member in skeleton.items()})
    if isinstance(skeleton, list):
        return st.tuples(*map(strategy, skeleton)).map(list)
    drawn: SearchStrategy[Any] = skeleton
    return drawn


def outline(skeleton: Skeleton) -> Any:
    """Give the shape of a skeleton: its objects and arrays, with an empty text for each leaf."""
    if isinstance(skeleton, dict):
        return {name: outline(member) for name, member in skeleton.items()}
    return [outline(item) for item in skeleton] if isinstance(skeleton, list) else ""


def leaf(node: Mapping[str, Any]) -> SearchStrategy[Any]:
    """Give a strategy for a value that is no object and no array, in plain ASCII where it is a text."""
    if "const" in node:
        return st.just(node["const"])
    if "enum" in node:
        return st.sampled_from(node["enum"])
    kinds = node.get("type", "string")
    return st.one_of([_of_kind(kind, node) for kind in ([kinds] if isinstance(kinds, str) else kinds)])


def _of_kind(kind: str, node: Mapping[str, Any]) -> SearchStrategy[Any]:
    if kind == "string":
        return _texts(node)
    if kind in {"integer", "number"}:
        return _integers(node)
    if kind == "boolean":
        return st.booleans()
    empty: Mapping[str, Any] = {"object": {}, "array": []}
    return st.just(empty.get(kind))


def _integers(node: Mapping[str, Any]) -> SearchStrategy[int]:
    low = node.get("minimum", node["exclusiveMinimum"] + 1 if "exclusiveMinimum" in node else 0)
    high = node.get("maximum", node["exclusiveMaximum"] - 1 if "exclusiveMaximum" in node else low + 1_000_000)
    step: int = node.get("multipleOf", 1)
    return st.integers(-(-low // step), high // step).map(lambda number: number * step)


def _texts(node: Mapping[str, Any]) -> SearchStrategy[str]:
    low, high = node.get("minLength", 0), node.get("maxLength", sys.maxsize)
    if "pattern" in node:
        return matching(node["pattern"], low, high)
    if node.get("format") in _FORMATS:
        return _FORMATS[node["format"]]
    return st.text(_LETTERS, min_size=max(1, low), max_size=min(high, low + _LONGER))


@cache
def matching(pattern: str, low: int, high: int) -> SearchStrategy[str]:
    """Give texts in visible ASCII that match a pattern, with a length in characters."""
    repeated = _REPEATED.fullmatch(pattern)
    if repeated is None:
        drawn = st.from_regex(re.compile(pattern), fullmatch=True, alphabet=_VISIBLE)
        return _of_length(drawn, low, high)
    one = re.compile(repeated[1])
    low = max(1, low, int(repeated[2] or 0))
    high = min(high, int(repeated[3] or high), low + _LONGER)
    return st.text("".join(letter for letter in _VISIBLE if one.fullmatch(letter)), min_size=low, max_size=high)


@st.composite
def _of_length(draw: st.DrawFn, texts: SearchStrategy[str], low: int, high: int) -> str:
    # A filter gives up after three draws, and a whole body with it.
    for _ in range(_TRIES):
        text = draw(texts)
        if low <= len(text) <= high:
            return text
    return reject()
