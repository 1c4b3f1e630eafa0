"""The constraints of a spec, one by one: each keyword that binds is listed once, at the place where it can be violated."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from payproof import spec as specs
from payproof.constraint import SINGLE, constraints

if TYPE_CHECKING:
    from pathlib import Path

    from payproof.kit import Kit

GROUND = {"x-basis": "documented", "x-source": {"document": "page", "at": "here"}}


def listed(tmp_path: Path, **operation: Any) -> list[str]:
    """Give the ids of the constraints of one operation."""
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Toy", "version": "1"},
        "x-documents": {"page": {"title": "Page", "publisher": "Nobody"}},
        "components": {
            "securitySchemes": {"Token": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Node": {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Node"}}}},
        },
        "paths": {"/things": {"post": {"operationId": "add", **GROUND, "responses": {"200": {"description": "Done."}}, **operation}}},
    }
    path = tmp_path / "toy.yaml"
    path.write_text(json.dumps(document), encoding="utf-8")
    spec = specs.load(path)
    return [constraint.id for constraint in constraints(spec, spec.operations["add"])]


def body(schema: dict[str, Any], media: str = "application/json", *, required: bool = True) -> dict[str, Any]:
    """Give the part of an operation that demands a body of this schema."""
    return {"requestBody": {"required": required, "content": {media: {"schema": schema}}}}


def test_nothing_is_demanded(tmp_path: Path) -> None:
    """An operation that takes nothing has no constraint."""
    assert listed(tmp_path) == []


def test_security_is_three_constraints(tmp_path: Path) -> None:
    """Credentials must be there, of the right scheme, and known; where they are optional, nothing is demanded."""
    demanded = ["authorization::required", "authorization::scheme", "authorization::credentials"]
    assert listed(tmp_path, security=[{"Token": []}]) == demanded
    assert listed(tmp_path, security=[{}, {"Token": []}]) == []


def test_parameters_are_texts_on_the_wire(tmp_path: Path) -> None:
    """That a header is a string cannot be violated, that it is an integer can; a path parameter cannot be left out."""
    parameters = [
        {"name": "X-Name", "in": "header", "required": True, "schema": {"type": "string", "maxLength": 5}},
        {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1}},
        {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "pattern": "^[a-z]+$"}},
    ]
    assert listed(tmp_path, parameters=parameters) == [
        "header:/X-Name:required", "header:/X-Name:maxLength", "query:/limit:type", "query:/limit:minimum", "path:/id:pattern",
    ]  # fmt: skip


def test_body_as_a_whole(tmp_path: Path) -> None:
    """A body must be there, announced by its type, and be JSON; a form is no JSON, and always an object."""
    assert listed(tmp_path, **body({"type": "object"})) == [
        "body::required", "header:/Content-Type:content-type", "body::json", "body::type",
    ]  # fmt: skip
    form = {"type": "object", "properties": {"scope": {"type": "string"}}}
    assert listed(tmp_path, **body(form, "application/x-www-form-urlencoded", required=False)) == [
        "header:/Content-Type:content-type", "body:/scope:type",
    ]  # fmt: skip


@pytest.mark.parametrize("keyword", ["minLength", "minItems", "minProperties"])
def test_zero_binds_nothing(tmp_path: Path, keyword: str) -> None:
    """At least nothing is no demand; at least one is."""
    assert f"body:/a:{keyword}" not in listed(tmp_path, **body({"properties": {"a": {keyword: 0}}}))
    assert f"body:/a:{keyword}" in listed(tmp_path, **body({"properties": {"a": {keyword: 1}}}))


def test_unique_items_false_binds_nothing(tmp_path: Path) -> None:
    """Only `uniqueItems: true` forbids anything; `minimum: 0` does, too."""
    found = listed(tmp_path, **body({"properties": {"a": {"uniqueItems": False}, "b": {"uniqueItems": True}, "c": {"minimum": 0}}}))
    assert "body:/a:uniqueItems" not in found
    assert {"body:/b:uniqueItems", "body:/c:minimum"} <= set(found)


def test_members_items_and_parts(tmp_path: Path) -> None:
    """Members are named by pointer, items by a star, names are escaped, parts of allOf belong to the whole."""
    schema = {
        "required": ["a/b"],
        "properties": {"list": {"items": {"required": ["id"], "properties": {"id": {"maxLength": 3}}}}},
        "allOf": [{"properties": {"more": {"const": 1}}}],
    }
    assert listed(tmp_path, **body(schema))[3:] == [
        "body:/a~1b:required", "body:/list/*/id:required", "body:/list/*/id:maxLength", "body:/more:const",
    ]  # fmt: skip


def test_recursion_ends(tmp_path: Path) -> None:
    """A schema that contains itself is walked through once."""
    assert listed(tmp_path, **body({"$ref": "#/components/schemas/Node"}))[3:] == ["body::type"]


def test_alternatives_know_their_rivals(tmp_path: Path) -> None:
    """What one alternative demands can be violated only where no member of another one is there."""
    path = tmp_path / "toy.yaml"
    branches = [{"required": ["a"], "properties": {"a": {"minItems": 1}}}, {"required": ["b"]}]
    listed(tmp_path, **body({"properties": {"a": {"type": "array"}, "b": {"type": "array"}}, "anyOf": branches}))
    spec = specs.load(path)
    found = {constraint.id: constraint for constraint in constraints(spec, spec.operations["add"])}
    assert found["body:/a:minItems"].rivals == {"b"}
    assert found["body:/a:minItems"].choice == ""
    assert found["body:/a:type"].choice is None
    assert "body::anyOf" in found


def test_each_is_listed_once(kit: Kit) -> None:
    """No operation of the kit has two constraints of one id, and every one that does not stand for a whole is a keyword."""
    for contract in kit.contracts.values():
        for operation in contract.spec.operations.values():
            found = constraints(contract.spec, operation)
            assert len({constraint.id for constraint in found}) == len(found) > 0
            wholes = {"required", "json", "content-type", "scheme", "credentials"}
            assert {constraint.keyword for constraint in found} <= {*SINGLE, *wholes}
