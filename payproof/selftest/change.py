"""One change of a JSON value that breaks one keyword of its schema, for every keyword at every place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from payproof.draft import ABSENT, changed_at
from payproof.schema import BRANCHES, resolve
from payproof.selftest.oracle import Oracle
from payproof.selftest.wrong import ALTERNATIVES, KINDS, SINGLE, binds, wrong

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CONDITIONS = ("then", "else")


@dataclass(frozen=True, slots=True)
class Change:
    """A JSON value with one thing wrong in it.

    `pointer` and `keyword` are where and by what it breaks its schema. A `loose` one stands inside of an alternative:
    what is found broken may be the choice between the alternatives, at a pointer above.
    """

    kind: str
    pointer: str
    keyword: str
    body: Any
    loose: bool


@dataclass(frozen=True, slots=True)
class Place:
    """A keyword at a place of a schema, `*` for an item; `node` tells schema objects at one place apart."""

    pointer: str
    keyword: str
    node: int


@dataclass(frozen=True, slots=True)
class _Spot:
    pointer: str
    place: str
    loose: bool
    open: frozenset[int] = frozenset()

    def below(self, step: str | int) -> _Spot:
        name = str(step).replace("~", "~0").replace("/", "~1")
        return _Spot(f"{self.pointer}/{name}", f"{self.place}/{'*' if isinstance(step, int) else name}", self.loose, self.open)

    def inside(self, node: Any, *, loose: bool = False) -> _Spot:
        return _Spot(self.pointer, self.place, self.loose or loose, self.open | {id(node)})


class Changes:
    """The changes that a schema suggests for bodies that keep it; a place that was changed once is left alone after.

    What is changed inside of an alternative may still be allowed by another one: such a body is no break and is not
    made, and neither is one that breaks another alternative than the one it was made for.
    """

    def __init__(self, document: Mapping[str, Any], schema: Mapping[str, Any]) -> None:
        """Take a schema of the document."""
        self._document = document
        self._schema = schema
        self.oracle = Oracle(document, schema)
        self.made: set[Place] = set()
        self._seen: set[Place] = set()
        self.allowed = 0
        """How many changed bodies were not made because they are still allowed."""
        self._known: dict[tuple[str, str], Any] = {}
        self._there: dict[Place, bool] = {}
        self._collect(schema, _Spot("", "", loose=False), self._there)

    def of(self, body: Any) -> Iterator[Change]:
        """Give the changes of a body at places that were not changed yet."""
        self._learn(body, "")
        yield from self._visit(self._schema, body, body, _Spot("", "", loose=False))

    def left(self) -> list[Place]:
        """Give the places that the schema has, alternatives aside, and that no body so far had."""
        return [place for place, loose in self._there.items() if not loose and place not in self.made]

    def complete(self) -> bool:
        """Say whether the bodies so far had everything that the schema knows, what stands inside of alternatives too."""
        return all(place in (self._seen if loose else self.made) for place, loose in self._there.items())

    def _learn(self, value: Any, place: str) -> None:
        if isinstance(value, dict):
            for name, member in value.items():
                self._known.setdefault((place, name), member)
                self._learn(member, f"{place}/{name}")
        elif isinstance(value, list):
            for item in value:
                self._learn(item, f"{place}/*")

    def _visit(self, schema: Any, value: Any, body: Any, spot: _Spot) -> Iterator[Change]:
        node = resolve(self._document, schema)
        if not isinstance(node, dict) or (spot.loose and not self.oracle.fits(node, value)):
            return
        for keyword in SINGLE:
            if binds(keyword, node):
                place = Place(spot.place, keyword, id(node))
                changes = [Change(kind, spot.pointer, keyword, new, spot.loose) for kind, new in wrong(keyword, node, value)]
                yield from self._kept(place, changes, body, spot.pointer)
        for keyword in ALTERNATIVES & node.keys():
            yield from self._chosen(keyword, node, value, body, spot)
        if isinstance(value, dict):
            yield from self._members(node, value, body, spot)
        if isinstance(value, list) and "items" in node:
            for index, item in enumerate(value):
                yield from self._visit(node["items"], item, body, spot.inside(node).below(index))
        for part in node.get("allOf", ()):
            yield from self._visit(part, value, body, spot.inside(node))
        for branch in ("anyOf", "oneOf", *(name for name in CONDITIONS if name in node)):
            parts = node.get(branch, ())
            for part in parts if isinstance(parts, list) else [parts] if parts != () else ():
                yield from self._visit(part, value, body, spot.inside(node, loose=True))

    def _members(self, node: Mapping[str, Any], value: Mapping[str, Any], body: Any, spot: _Spot) -> Iterator[Change]:
        for name in node.get("required", ()):
            if name in value:
                below = spot.below(name)
                change = Change(KINDS["required"], below.pointer, "required", ABSENT, spot.loose)
                yield from self._kept(Place(below.place, "required", id(node)), [change], body, below.pointer)
        for name, member in node.get("properties", {}).items():
            if name in value:
                yield from self._visit(member, value[name], body, spot.inside(node).below(name))

    def _kept(self, place: Place, changes: list[Change], body: Any, pointer: str) -> Iterator[Change]:
        if place in self.made:
            return
        if changes:
            self._seen.add(place)
        for change in changes:
            changed = changed_at(body, pointer, change.body) if pointer or change.body is not ABSENT else None
            if change.loose and self.oracle.allows(changed):
                self.allowed += 1
                continue
            self.made.add(place)
            yield Change(change.kind, change.pointer, change.keyword, changed, change.loose)

    def _chosen(self, keyword: str, node: Mapping[str, Any], value: Any, body: Any, spot: _Spot) -> Iterator[Change]:
        place = Place(spot.place, keyword, id(node))
        if place in self.made or not isinstance(value, dict):
            return
        named = sorted(self._named(node[keyword], frozenset()))
        around = [{name: member for name, member in value.items() if name not in named}] if named else []
        around += [{name: member for name, member in value.items() if name != gone} for gone in named if gone in value]
        around += [{**value, name: self._known.get((spot.place, name), {})} for name in named if name not in value]
        for new in around:
            changed = changed_at(body, spot.pointer, new)
            if not self.oracle.breaks(changed, spot.pointer, keyword):
                self.allowed += self.oracle.allows(changed)
                continue
            self.made.add(place)
            yield Change(KINDS[keyword], spot.pointer, keyword, changed, spot.loose)

    def _named(self, parts: Any, open_: frozenset[int]) -> set[str]:
        """Give the members that alternatives require."""
        found: set[str] = set()
        for part in parts if isinstance(parts, list) else [parts]:
            node = resolve(self._document, part)
            if not isinstance(node, dict) or id(node) in open_:
                continue
            found.update(node.get("required", ()))
            for branch in BRANCHES:
                found |= self._named(node.get(branch, []), open_ | {id(node)})
        return found

    def _collect(self, schema: Any, spot: _Spot, there: dict[Place, bool]) -> None:
        node = resolve(self._document, schema)
        if not isinstance(node, dict) or id(node) in spot.open:
            return
        for keyword in SINGLE:
            if binds(keyword, node):
                there[Place(spot.place, keyword, id(node))] = spot.loose
        inner = spot.inside(node)
        for name in node.get("required", ()):
            there[Place(spot.below(name).place, "required", id(node))] = spot.loose
        for name, member in node.get("properties", {}).items():
            self._collect(member, inner.below(name), there)
        if "items" in node:
            self._collect(node["items"], inner.below(0), there)
        for part in node.get("allOf", ()):
            self._collect(part, inner, there)
        for branch in ("anyOf", "oneOf"):
            for part in node.get(branch, ()):
                self._collect(part, spot.inside(node, loose=True), there)
