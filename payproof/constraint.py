"""Every constraint that a spec puts on a request, one by one, so that each can be violated and counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from payproof.schema import BRANCHES, resolve

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

    `location` is header, path, query or body; `pointer` names the parameter or is a JSON pointer into the body, with
    `*` for an item; for `required` it ends with the member that must be there. `schema` is the schema object around
    the keyword. Two more keywords stand for the body as a whole: `content-type` and `json`.
    """

    location: str
    pointer: str
    keyword: str
    schema: Mapping[str, Any]

    @property
    def id(self) -> str:
        """The name under which it is counted."""
        return f"{self.location}:{self.pointer}:{self.keyword}"


def constraints(spec: Spec, operation: Operation) -> list[Constraint]:
    """Give the constraints on requests of an operation, each once."""
    found: dict[str, Constraint] = {}
    for constraint in _all(spec, operation):
        found.setdefault(constraint.id, constraint)
    return list(found.values())


def _all(spec: Spec, operation: Operation) -> Iterator[Constraint]:
    for parameter in operation.parameters:
        schema = parameter.shape.schema
        place = f"/{parameter.name}"
        if parameter.required and parameter.where != "path":
            yield Constraint(parameter.where, place, "required", schema)
        for keyword in SINGLE:
            # On the wire every header, path segment and query value is a string.
            if keyword in schema and not (keyword == "type" and schema["type"] == "string"):
                yield Constraint(parameter.where, place, keyword, schema)
    for media, shape in operation.bodies.items():
        if operation.body_required:
            yield Constraint("body", "", "required", shape.schema)
        yield Constraint("body", "", "content-type", shape.schema)
        if media != "application/x-www-form-urlencoded":
            yield Constraint("body", "", "json", shape.schema)
        yield from _schema(spec, shape.schema, "", form=media == "application/x-www-form-urlencoded", open_=frozenset())


def _schema(spec: Spec, schema: Any, pointer: str, *, form: bool, open_: frozenset[int]) -> Iterator[Constraint]:
    node = resolve(spec.document, schema)
    if not isinstance(node, dict) or id(node) in open_:
        return
    inner = open_ | {id(node)}
    for keyword in SINGLE:
        # A field of a form is always a string, and the form itself always an object.
        if keyword in node and not (form and keyword == "type"):
            yield Constraint("body", pointer, keyword, node)
    for name in node.get("required", ()):
        yield Constraint("body", f"{pointer}/{name}", "required", node)
    for name, member in node.get("properties", {}).items():
        yield from _schema(spec, member, f"{pointer}/{name}", form=form, open_=inner)
    if "items" in node:
        yield from _schema(spec, node["items"], f"{pointer}/*", form=form, open_=inner)
    for branch in BRANCHES:
        for part in node.get(branch, ()):
            if branch == "allOf":
                yield from _schema(spec, part, pointer, form=form, open_=inner)
            elif "properties" in (resolved := resolve(spec.document, part)):
                for name, member in resolved["properties"].items():
                    yield from _schema(spec, member, f"{pointer}/{name}", form=form, open_=inner)
