"""Schemas of a spec as the engine reads them: references, member paths, the ground of a constraint, secrets."""

from __future__ import annotations

from typing import Any

import pytest

from payproof.schema import DanglingReference, Ground, ground_along, identifiers, members, resolve, sensitive

DOCUMENT: dict[str, Any] = {
    "components": {
        "schemas": {
            "Card": {
                "type": "object",
                "required": ["id"],
                "properties": {"id": {"type": "string"}, "number": {"x-sensitive": "pan"}, "next": {"$ref": "#/components/schemas/Card"}},
            },
            "Wallet": {
                "type": "object",
                "required": ["cards"],
                "properties": {"cards": {"type": "array", "items": {"$ref": "#/components/schemas/Card"}}},
            },
            "Alias": {"$ref": "#/components/schemas/Card"},
            "Snake": {"$ref": "#/components/schemas/Snake"},
            "Left": {"$ref": "#/components/schemas/Right"},
            "Right": {"$ref": "#/components/schemas/Left"},
            "a/b~c": {"type": "integer"},
        }
    }
}  # fmt: skip


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def test_reference_is_followed_to_its_end() -> None:
    """A reference to a reference leads to the schema behind both; what is no reference is itself."""
    assert resolve(DOCUMENT, ref("Alias")) is DOCUMENT["components"]["schemas"]["Card"]
    assert resolve(DOCUMENT, {"type": "string"}) == {"type": "string"}


def test_escaped_names_are_read() -> None:
    """`~1` and `~0` of a JSON pointer stand for a slash and a tilde."""
    assert resolve(DOCUMENT, {"$ref": "#/components/schemas/a~1b~0c"}) == {"type": "integer"}


@pytest.mark.parametrize(
    ("reference", "fault"),
    [
        pytest.param("#/components/schemas/Nothing", "points at nothing", id="no-such-component"),
        pytest.param("#/components/schemas/Card/type/deeper", "points at nothing", id="below-a-text"),
        pytest.param("other.yaml#/Card", "not a local one", id="another-file"),
        pytest.param("#/components/schemas/Snake", "leads to itself", id="itself"),
        pytest.param("#/components/schemas/Left", "leads to itself", id="in-a-circle"),
    ],
)
def test_dangling_reference_is_named(reference: str, fault: str) -> None:
    """A reference that leads nowhere says which one it is."""
    with pytest.raises(DanglingReference, match=fault) as caught:
        resolve(DOCUMENT, {"$ref": reference})

    assert "'" in str(caught.value)


@pytest.mark.parametrize(
    ("schema", "path", "required"),
    [
        pytest.param(ref("Wallet"), ["cards"], [True], id="required-member"),
        pytest.param(ref("Wallet"), ["cards", "*", "id"], [True], id="through-items-and-reference"),
        pytest.param(ref("Wallet"), ["cards", "*", "number"], [False], id="optional-member"),
        pytest.param(ref("Card"), ["next", "id"], [False], id="below-an-optional-member"),
        pytest.param(ref("Card"), ["typo"], [], id="unknown-member"),
        pytest.param(ref("Wallet"), ["cards", "id"], [], id="item-step-left-out"),
        pytest.param(ref("Card"), ["id", "*"], [], id="item-of-a-text"),
        pytest.param(ref("Card"), [], [True], id="the-root"),
        pytest.param({"allOf": [ref("Card"), {"required": ["x"], "properties": {"x": {}}}]}, ["x"], [True], id="all-of"),
        pytest.param({"oneOf": [ref("Card"), ref("Wallet")]}, ["id"], [False], id="one-of-makes-it-optional"),
        pytest.param({"anyOf": [ref("Card"), ref("Card")]}, ["id"], [False, False], id="any-of-gives-each"),
        pytest.param({"additionalProperties": {"type": "string"}}, ["anything"], [False], id="additional-properties"),
        pytest.param({"additionalProperties": True}, ["anything"], [], id="free-members-are-not-known"),
        pytest.param(True, ["anything"], [], id="boolean-schema"),
    ],
)
def test_member_path_is_walked(schema: Any, path: list[str], required: list[bool]) -> None:
    """Each schema at the end of a path is found, with whether every valid body has the member."""
    assert [there for _, there in members(DOCUMENT, schema, path)] == required


GROUNDED: dict[str, Any] = {
    "x-basis": "documented",
    "x-source": {"document": "guide", "at": "Read"},
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": {"type": "string", "maxLength": 8, "minLength": 1, "x-basis": "reference", "x-source": {"document": "spec", "at": "id"},
               "x-keywords": {"maxLength": {"basis": "assumed", "source": {"document": "notes", "at": "length"}},
                              "minLength": {"basis": "invariant"}}},
        "note": {"type": "string"},
        "card": ref("Card"),
    },
    "oneOf": [{"required": ["note"], "x-basis": "assumed", "x-source": {"document": "notes", "at": "or"}}],
}  # fmt: skip
AROUND = Ground("standard", "rfc", "section 1")


@pytest.mark.parametrize(
    ("path", "ground"),
    [
        pytest.param(["required"], Ground("documented", "guide", "Read"), id="own"),
        pytest.param(["properties", "note", "type"], Ground("documented", "guide", "Read"), id="inherited"),
        pytest.param(["properties", "id", "type"], Ground("reference", "spec", "id"), id="nearest-wins"),
        pytest.param(["properties", "id", "maxLength"], Ground("assumed", "notes", "length"), id="single-keyword"),
        pytest.param(["properties", "id", "minLength"], Ground("invariant", "spec", "id"), id="single-keyword-with-its-places-source"),
        pytest.param(["properties", "card", "$ref", "required"], Ground("documented", "guide", "Read"), id="through-a-reference"),
        pytest.param(["oneOf", 0, "required"], Ground("assumed", "notes", "or"), id="branch"),
    ],
)
def test_ground_of_a_constraint(path: list[str | int], ground: Ground) -> None:
    """A constraint is demanded on the basis that stands nearest to it."""
    assert ground_along(DOCUMENT, GROUNDED, path, AROUND) == ground


def test_ground_comes_from_around_where_the_schema_has_none() -> None:
    """A schema without basis inherits that of the place that uses it."""
    assert ground_along(DOCUMENT, ref("Card"), ["$ref", "required"], AROUND) == AROUND


def test_node_without_basis_has_no_ground() -> None:
    """Neither x-basis nor x-source is no ground; one of them alone is one that cannot be used."""
    assert Ground.of({"type": "string"}) is None
    assert Ground.of({"x-basis": "documented"}) == Ground("documented", "", "")
    assert Ground.of({"x-source": {"document": "guide", "at": "x"}}) == Ground("", "guide", "x")


def test_sensitive_members_are_found_anywhere() -> None:
    """A member is sensitive by its own mark or by that of the schema it refers to, wherever it stands."""
    document = {
        "paths": {"/x": {"post": {"properties": {"cvv": {"x-sensitive": "cvv"}}}}},
        "components": {"schemas": {"Pan": {"x-sensitive": "pan"}, "Card": {"properties": {"number": ref("Pan")}}}},
    }

    assert sensitive(document) == {"cvv": "cvv", "number": "pan"}


@pytest.mark.parametrize("kinds", [("pan", "account"), ("account", "pan")])
def test_account_hides_more_than_a_card(kinds: tuple[str, str]) -> None:
    """A name that is a card's in one place and an account's in another is an account's, whichever comes first."""
    document = {"a": {"properties": {"number": {"x-sensitive": kinds[0]}}}, "b": {"properties": {"number": {"x-sensitive": kinds[1]}}}}

    assert sensitive(document) == {"number": "account"}


def test_member_named_properties_is_no_list_of_members() -> None:
    """A body may have a member called `properties`."""
    assert sensitive({"properties": {"properties": {"type": "string"}, "x": {"x-sensitive": "secret"}}}) == {"x": "secret"}


def test_ids_of_the_vendor_are_found_wherever_they_are_marked() -> None:
    document = {
        "x": [{"properties": {"a": {"x-identifier": True}, "b": {"type": "string"}, "c": ref("Id")}}],
        "components": {"schemas": {"Id": {"x-identifier": True}}},
    }

    assert identifiers(document) == {"a", "c"}
