"""Every constraint that a spec puts on a request, one by one, so that each can be violated and counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from payproof.door import doors
from payproof.schema import BRANCHES, resolve
from payproof.shape import FORM

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from payproof.spec import Operation, Spec

SINGLE = ("type", "enum", "const", "pattern", "minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum",
          "exclusiveMaximum", "multipleOf", "format", "minItems", "maxItems", "uniqueItems", "minProperties",
          "maxProperties", "anyOf", "oneOf", "not")  # fmt: skip
"""Keywords that one value can violate by itself."""


@dataclass(frozen=True, slots=True)
class Constraint:
    """One keyword at one place of a request.

    `location` is header, path, query, body or authorization; `pointer` names the parameter or is a JSON pointer into
    the body, with `*` for an item; for `required` it ends with the member that must be there. `schema` is the schema
    object around the keyword, for the authorization its security scheme. Keywords beside those of JSON Schema: `json`
    for a body that is none, `content-type` for its header, `scheme` and `credentials` for what a door asks for.

    A constraint inside of an alternative (anyOf, oneOf) counts only where no other alternative holds: `rivals` are the
    members that the others require, and the fault is then reported at `choice`, the place of the alternatives.
    """

    location: str
    pointer: str
    keyword: str
    schema: Mapping[str, Any]
    rivals: frozenset[str] = frozenset()
    choice: str | None = None

    @property
    def id(self) -> str:
        """The name under which it is counted."""
        return f"{self.location}:{self.pointer}:{self.keyword}"


def constraints(spec: Spec, operation: Operation) -> list[Constraint]:
    """Give the constraints on requests of an operation, each once, in the order of the spec."""
    found: dict[str, Constraint] = {}
    for constraint in _all(spec, operation):
        found.setdefault(constraint.id, constraint)
    return list(found.values())


def _all(spec: Spec, operation: Operation) -> Iterator[Constraint]:
    for door in doors(spec, operation)[:1]:
        for keyword in ("required", "credentials") if door.bare else ("required", "scheme", "credentials"):
            yield Constraint("authorization", "", keyword, door.scheme)
    for parameter in operation.parameters:
        schema = parameter.shape.schema
        place = f"/{parameter.name}"
        if parameter.required and parameter.where != "path":
            yield Constraint(parameter.where, place, "required", schema)
        for keyword in SINGLE:
            # On the wire every header, path segment and query value is a string.
            if _binds(keyword, schema) and not (keyword == "type" and schema["type"] == "string"):
                yield Constraint(parameter.where, place, keyword, schema)
    for media, shape in operation.bodies.items():
        form = media == FORM
        if operation.body_required:
            yield Constraint("body", "", "required", shape.schema)
        yield Constraint("header", "/Content-Type", "content-type", shape.schema)
        if not form:
            yield Constraint("body", "", "json", shape.schema)
        for constraint in _schema(spec, shape.schema, "", frozenset()):
            # A form is always an object, and its fields are strings unless they are repeated.
            if not (form and constraint.keyword == "type" and constraint.pointer == ""):
                yield constraint


def _schema(spec: Spec, schema: Any, pointer: str, open_: frozenset[int]) -> Iterator[Constraint]:
    node = resolve(spec.document, schema)
    if not isinstance(node, dict) or id(node) in open_:
        return
    inner = open_ | {id(node)}
    for keyword in SINGLE:
        if _binds(keyword, node):
            yield Constraint("body", pointer, keyword, node)
    for name in node.get("required", ()):
        yield Constraint("body", f"{pointer}/{_escaped(name)}", "required", node)
    for name, member in node.get("properties", {}).items():
        yield from _schema(spec, member, f"{pointer}/{_escaped(name)}", inner)
    if "items" in node:
        yield from _schema(spec, node["items"], f"{pointer}/*", inner)
    for branch in BRANCHES:
        parts = [resolve(spec.document, part) for part in node.get(branch, ())]
        for part in parts:
            if branch == "allOf":
                yield from _schema(spec, part, pointer, inner)
                continue
            others = frozenset(name for other in parts if other is not part for name in other.get("required", ()))
            for name, member in part.get("properties", {}).items():
                for one in _schema(spec, member, f"{pointer}/{_escaped(name)}", inner):
                    yield Constraint("body", one.pointer, one.keyword, one.schema, others - {name}, pointer)


def _binds(keyword: str, schema: Mapping[str, Any]) -> bool:
    return keyword in schema and not (keyword.startswith("min") and keyword != "minimum" and schema[keyword] == 0) and (
        keyword != "uniqueItems" or schema[keyword] is True
    )  # fmt: skip


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
