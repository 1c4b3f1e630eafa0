"""Reading JSON Schemas of a spec: references, member paths, where a constraint's basis stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ANNOTATIONS = frozenset(
    {"title", "description", "default", "examples", "example", "deprecated", "$comment", "$schema", "$id", "properties",
     "items", "prefixItems", "anyOf", "oneOf", "allOf", "not", "if", "then", "else", "$ref", "$defs", "components",
     "patternProperties", "dependentSchemas", "discriminator", "xml", "externalDocs"}
)  # fmt: skip
"""Members of a schema object that constrain nothing by themselves."""

BRANCHES = ("allOf", "anyOf", "oneOf")


class DanglingReference(ValueError):
    """A $ref that leads nowhere."""


@dataclass(frozen=True, slots=True)
class Ground:
    """Why something may be demanded: the basis and the place in a document."""

    basis: str
    document: str
    at: str

    @classmethod
    def of(cls, node: Mapping[str, Any]) -> Ground | None:
        """Read x-basis and x-source of a node; None if it has neither."""
        if "x-basis" not in node and "x-source" not in node:
            return None
        source = node.get("x-source", {})
        return cls(node.get("x-basis", ""), source.get("document", ""), source.get("at", ""))


def resolve(document: Mapping[str, Any], node: Any) -> Any:
    """Follow local references until a node that is none. Raises DanglingReference."""
    seen = set()
    while isinstance(node, dict) and "$ref" in node:
        reference = node["$ref"]
        if not isinstance(reference, str) or not reference.startswith("#/") or reference in seen:
            message = f"the reference {reference!r} is not a local one, or leads to itself"
            raise DanglingReference(message)
        seen.add(reference)
        node = follow(document, reference)
    return node


def follow(document: Mapping[str, Any], reference: str) -> Any:
    """Give the node that a local reference (`#/a/b`) points at. Raises DanglingReference."""
    node: Any = document
    for step in reference[2:].split("/"):
        name = step.replace("~1", "/").replace("~0", "~")
        if not isinstance(node, dict) or name not in node:
            message = f"the reference {reference!r} points at nothing"
            raise DanglingReference(message)
        node = node[name]
    return node


def ground_along(document: Mapping[str, Any], schema: Any, path: Sequence[str | int], around: Ground) -> Ground:
    """Give the ground of the constraint at the end of an evaluation path (with its `$ref` steps).

    The nearest x-basis wins; x-keywords of the last schema object overrides it for single keywords.
    """
    ground, node = around, schema
    for index, step in enumerate(path):
        if isinstance(node, dict):
            ground = Ground.of(node) or ground
            own = node.get("x-keywords", {}).get(step) if index == len(path) - 1 else None
            if own is not None:
                source = own.get("source", {})
                return Ground(own["basis"], source.get("document", ground.document), source.get("at", ground.at))
        if step == "$ref" and isinstance(node, dict):
            node = follow(document, node["$ref"])
        elif isinstance(node, dict):
            node = node.get(str(step), {})
        elif isinstance(node, list) and isinstance(step, int | str) and str(step).isdigit():
            node = node[int(step)]
    return ground


def members(document: Mapping[str, Any], schema: Any, steps: Sequence[str]) -> Iterator[tuple[Any, bool]]:
    """Walk a member path (`*` for an item) and give each schema found at its end, with whether it is required there."""
    yield from _members(document, schema, tuple(steps), required=True)


def _members(document: Mapping[str, Any], schema: Any, steps: tuple[str, ...], *, required: bool) -> Iterator[tuple[Any, bool]]:
    node = resolve(document, schema)
    if not isinstance(node, dict):
        return
    if not steps:
        yield node, required
        return
    for branch in BRANCHES:
        for part in node.get(branch, ()):
            yield from _members(document, part, steps, required=required and branch == "allOf")
    first, rest = steps[0], steps[1:]
    if first == "*":
        if "items" in node:
            yield from _members(document, node["items"], rest, required=required)
        return
    if first in node.get("properties", {}):
        there = required and first in node.get("required", ())
        yield from _members(document, node["properties"][first], rest, required=there)
    elif isinstance(node.get("additionalProperties"), dict):
        yield from _members(document, node["additionalProperties"], rest, required=False)


def sensitive(document: Mapping[str, Any]) -> dict[str, str]:
    """Give the members that the spec marks x-sensitive anywhere: name to kind (pan, cvv, secret, account).

    A name that is a card's in one place and another account's elsewhere is an account: that kind hides more.
    """
    found: dict[str, str] = {}
    for name, kind in _marked(document, "x-sensitive"):
        if found.get(name) != "account":
            found[name] = kind
    return found


def identifiers(document: Mapping[str, Any]) -> frozenset[str]:
    """Give the members that the spec marks x-identifier anywhere: digits in an id of the vendor's are no card number."""
    return frozenset(name for name, marked in _marked(document, "x-identifier") if marked)


def _marked(document: Mapping[str, Any], mark: str) -> Iterator[tuple[str, Any]]:
    stack: list[Any] = [document]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            for name, member in node.get("properties", {}).items() if isinstance(node.get("properties"), dict) else ():
                for place in (member, resolve(document, member)):
                    if isinstance(place, dict) and mark in place:
                        yield name, place[mark]
            stack.extend(reversed(node.values()))
        elif isinstance(node, list):
            stack.extend(reversed(node))
