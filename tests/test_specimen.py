"""Bodies in which everything occurs: each is valid, each is as full as it can be, and together they have every member."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from payproof import spec as specs
from payproof.boundary import Boundaries, closed
from payproof.constraint import constraints
from payproof.draft import Draft
from payproof.exchange import Exchange, Request
from payproof.negative import spots
from payproof.shape import FORM, request_faults
from payproof.specimen import Specimens, leaf, matching, outline, strategy
from payproof.subject import Drawn, Subject

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from payproof.kit import Kit
    from payproof.plot import Plot
    from payproof.spec import Spec

TEXT = {"type": "string", "maxLength": 3}


def shapes(schema: dict[str, Any], **options: Any) -> list[Any]:
    return [outline(skeleton) for skeleton in Specimens({}, **options).of(schema)]


def drawn(values: st.SearchStrategy[Any], count: int = 30) -> list[Any]:
    found: list[Any] = []

    @settings(max_examples=count, database=None, derandomize=True)
    @given(values)
    def draw(value: Any) -> None:
        found.append(value)

    draw()
    return found


def members(shape: Any, pointer: str = "") -> set[str]:
    """Give the pointers of everything in a shape, with a star for an item."""
    if isinstance(shape, dict):
        return {pointer}.union(*(members(value, f"{pointer}/{name}") for name, value in shape.items()))
    if isinstance(shape, list):
        return {pointer}.union(*(members(item, f"{pointer}/*") for item in shape))
    return {pointer}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        pytest.param({"properties": {"a": TEXT, "b": {"properties": {"c": TEXT}}}}, [{"a": "", "b": {"c": ""}}], id="all members"),
        pytest.param({"properties": {"a": TEXT}, "allOf": [{"properties": {"b": TEXT}}]}, [{"b": "", "a": ""}], id="parts"),
        pytest.param({"items": {"properties": {"a": TEXT}}}, [[{"a": ""}]], id="items"),
        pytest.param({"items": TEXT, "minItems": 3}, [["", "", ""]], id="enough items"),
        pytest.param({"properties": {"a": TEXT, "b": TEXT}, "not": {"required": ["a", "b"]}}, [{"a": ""}, {"b": ""}], id="not both"),
        pytest.param(
            {"properties": {"a": TEXT, "b": TEXT, "c": TEXT}, "oneOf": [{"required": ["a"]}, {"required": ["b"]}]},
            [{"a": "", "c": ""}, {"b": "", "c": ""}], id="one of two",
        ),
        pytest.param(
            {"properties": {"a": TEXT, "b": TEXT, "c": TEXT}, "anyOf": [{"required": ["a"]}, {"required": ["b"]}]},
            [{"a": "", "b": "", "c": ""}, {"a": "", "c": ""}, {"b": "", "c": ""}], id="any of two, together and alone",
        ),
        pytest.param({"properties": {"a": {"x-refers-to": "thing", **TEXT}, "b": TEXT}}, [{"b": ""}], id="references are left out"),
    ],
)  # fmt: skip
def test_skeletons(schema: dict[str, Any], expected: list[Any]) -> None:
    """Every member is there in one of the skeletons, and no skeleton breaks a rule about members."""
    assert shapes(schema) == expected


def test_members_that_are_never_sent_together() -> None:
    """What the caller keeps apart is in different bodies, both beside everything else."""
    schema = {"required": ["n"], "properties": {"n": TEXT, "old": TEXT, "new": TEXT}}
    assert shapes(schema, apart=[frozenset({"old", "new"})]) == [{"n": "", "old": ""}, {"n": "", "new": ""}]


def test_items_show_every_way_to_be_full() -> None:
    """A list has one item of each kind, or is cut where there may not be so many."""
    item = {"properties": {"a": TEXT, "b": TEXT}, "not": {"required": ["a", "b"]}}
    assert shapes({"items": item}) == [[{"a": ""}, {"b": ""}]]
    assert shapes({"items": item, "maxItems": 1}) == [[{"a": ""}], [{"b": ""}]]


def test_recursion_ends() -> None:
    """A schema that contains itself is filled once."""
    document: dict[str, Any] = {"components": {"schemas": {}}}
    node = {"properties": {"name": TEXT, "next": {"$ref": "#/components/schemas/Node"}}}
    document["components"]["schemas"]["Node"] = node
    assert [outline(skeleton) for skeleton in Specimens(document).of(node)] == [{"name": ""}]


@pytest.mark.parametrize(
    "schema",
    [
        {"const": 7}, {"enum": ["a", "b"]}, {"type": "boolean"}, {"type": "null"}, {"type": ["string", "null"]},
        {"type": "integer", "minimum": 3, "maximum": 9}, {"type": "integer", "exclusiveMinimum": 3, "exclusiveMaximum": 5},
        {"type": "number", "multipleOf": 5, "minimum": 7, "maximum": 30}, {"type": "string", "minLength": 4, "maxLength": 6},
        {"type": "string", "pattern": "^[0-9]*$", "minLength": 16, "maxLength": 16},
        {"type": "string", "pattern": "^[a-zA-Z]{2,3}$", "minLength": 3},
        {"type": "string", "pattern": "^(0[1-9]|1[0-2])[/][0-9]{4}$"}, {"type": "string", "pattern": "^a+(b|-)*c$", "maxLength": 5},
        {"type": "string", "format": "uuid"}, {"type": "string", "format": "date-time"}, {"type": "string", "format": "date"},
        {"type": "string", "format": "email"}, {"type": "string", "format": "uri"},
    ],
    ids=str,
)  # fmt: skip
def test_leaves_are_valid(schema: Mapping[str, Any]) -> None:
    """What is drawn for a schema is valid against it."""
    validator = jsonschema_rs.Draft202012Validator(dict(schema), validate_formats=True)
    for value in drawn(leaf(schema)):
        assert validator.is_valid(value), value


def test_texts_vary() -> None:
    """Texts of a pattern are not always the same ones."""
    assert len(set(drawn(matching("^[A-Za-z0-9,]*$", 0, 30)))) > 15


def test_every_body_of_the_kit(kit: Kit, plots: dict[str, Plot]) -> None:
    """The bodies of each operation are valid, and all members that its constraints name are in one of them."""
    for contract in kit.contracts.values():
        for operation in contract.spec.operations.values():
            plot = plots[operation.id]
            subject = Subject(contract.spec, operation, plot.values, plot.apart, (), plot.once, plot.shaped)
            for shape in operation.bodies.values():
                for skeleton in subject.skeletons:
                    for value in drawn(strategy(skeleton), 3):
                        assert shape.validator.is_valid(value), value
                there = set().union(*(members(outline(skeleton)) for skeleton in subject.skeletons))
                named = {one.pointer for one in constraints(contract.spec, operation) if one.location == "body"}
                assert named <= there


def test_every_constraint_has_a_body(kit: Kit, plots: dict[str, Plot]) -> None:
    """Grouping loses no constraint, and puts each into a body that has its place."""
    for contract in kit.contracts.values():
        for operation in contract.spec.operations.values():
            plot = plots[operation.id]
            subject = Subject(contract.spec, operation, plot.values, plot.apart, (), plot.once, plot.shaped)
            grouped = list(subject.grouped(subject.constraints, 7))
            assert sorted(one.id for _, group in grouped for one in group) == sorted(one.id for one in subject.constraints)
            assert all(len(group) <= 7 for _, group in grouped)
            for skeleton, group in grouped:
                shape = outline(skeleton)
                draft = Draft(operation.id, body=shape, form=tuple(shape.items()) if subject.form else None)
                assert all(spots(one, draft) for one in group)


def test_discretion(kit: Kit) -> None:
    """A name that is as long a number as a card's is not sent; a card's own number is."""
    contract = kit.contracts["jpmorgan-profiles"]
    subject = Subject(contract.spec, contract.spec.operations["updateConsumerProfile"])
    assert subject.discreet(Drawn({"firstName": "John", "accountNumber": "4112344112344113"}, {}))
    assert not subject.discreet(Drawn({"firstName": "4112 3441 1234 4113"}, {}))
    assert not subject.discreet(Drawn({"list": [{"line1": "4112-3441-1234-4113"}]}, {}))
    assert not subject.discreet(Drawn({}, {"userIdentifier": "4112344112344113"}))


def test_closed_spec_knows_no_other_members(kit: Kit) -> None:
    """In the spec that Schemathesis draws from, request bodies are closed and answers are not."""
    document = closed(kit.contracts["jpmorgan-profiles"].spec.document)
    operation = document["paths"]["/consumer-profiles"]["post"]
    body = operation["requestBody"]["content"]["application/json"]["schema"]
    assert body["additionalProperties"] is False
    assert body["properties"]["profilePaymentMethod"]["properties"]["cardList"]["items"]["additionalProperties"] is False
    assert all("additionalProperties" not in branch for branch in body["properties"]["profilePaymentMethod"]["anyOf"])
    assert "additionalProperties" not in document["components"]["schemas"]["ConsumerProfile"]


def test_boundaries_violate_one_constraint(kit: Kit) -> None:
    """What Schemathesis sends beyond a boundary, put into a valid request, violates the constraint that is named."""
    contract = kit.contracts["jpmorgan-oauth"]
    subject = Subject(contract.spec, next(iter(contract.spec.operations.values())))
    boundaries = Boundaries(contract.spec, 1)
    base = drawn(subject.drawn(subject.skeletons[0]), 2)[-1]
    draft = subject.draft(base, path={}, headers={})
    kinds = set()
    for constraint, negative in boundaries.beyond(subject, [draft], lambda changed: _faults(subject, changed)):
        assert negative.intent.keyword == constraint.keyword
        assert {fault.pointer for fault in _faults(subject, negative.draft)} == {f"/{constraint.location}{constraint.pointer}"}
        kinds.add(constraint.id)
    assert "body:/grant_type:enum" in kinds
    assert "body:/grant_type:required" in kinds
    for valid in drawn(boundaries.valid(subject), 10):
        assert _faults(subject, subject.draft(valid, path={}, headers={})) == []


def _faults(subject: Subject, draft: Draft) -> list[Any]:
    body = urlencode(draft.form or ()).encode()
    headers = tuple({"Content-Type": FORM, **{name: value for name, value in draft.headers.items() if value is not None}}.items())
    request = Request("POST", "https://host/", headers, body)
    return request_faults(subject.spec, subject.operation, Exchange("", request, None, 0.0, 0.0), draft.path)


PARAMETERS: dict[str, Any] = {
    "/things/{id}": {
        "get": {
            "operationId": "listThings",
            "x-basis": "documented",
            "x-source": {"document": "page", "at": "here"},
            "parameters": [
                {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
                {"name": "all", "in": "query", "schema": {"type": "boolean"}},
                {"name": "owner", "in": "query", "schema": {"type": "string", "x-refers-to": "owner"}},
                {"name": "X-Key", "in": "header", "schema": {"type": "string", "maxLength": 4}},
                {"name": "X-Merchant", "in": "header", "required": True, "schema": {"type": "string"}},
                {"name": "X-Trace", "in": "header", "required": True, "schema": {"type": "string", "maxLength": 4}},
            ],
            "responses": {"200": {"description": "The things."}},
        }
    }
}


@pytest.fixture
def things(tmp_path: Path) -> Spec:
    document = {
        "openapi": "3.1.0", "info": {"title": "Things", "version": "1"}, "servers": [{"url": "https://things.example/v1"}],
        "x-documents": {"page": {"title": "Page", "publisher": "Nobody"}}, "paths": PARAMETERS,
    }  # fmt: skip
    path = tmp_path / "things.yaml"
    path.write_text(json.dumps(document), encoding="utf-8")
    return specs.load(path)


def test_parameters_are_drawn(things: Spec) -> None:
    """What a caller chooses is drawn, in the words of the wire; what access supplies and what must exist is not."""
    subject = Subject(things, things.operations["listThings"], supplied=["x-merchant"], once=["X-Key"])

    found = drawn(subject.drawn(subject.skeletons[0]))
    assert {one.query["all"] for one in found} == {"true", "false"}
    assert {frozenset(one.query) for one in found} == {frozenset({"all"})}
    assert {frozenset(one.labels) for one in found} == {frozenset({"X-Trace"})}
    assert not subject.bare


def test_a_request_alone_has_every_parameter(things: Spec) -> None:
    """A parameter that no two requests may share is drawn for a request that stays alone, and a reference with a value."""
    values = {"owner": st.just("somebody")}
    subject = Subject(things, things.operations["listThings"], values, supplied=["X-Merchant"], once=["X-Key"])

    found = drawn(subject.drawn(subject.skeletons[0], alone=True))
    assert all(one.labels.keys() == {"X-Key", "X-Trace"} and one.query["owner"] == "somebody" for one in found)


def test_bodies_are_divided(kit: Kit) -> None:
    """A plot may divide what the spec allows together; each constraint still has a place."""
    spec = kit.contracts["jpmorgan-profiles"].spec

    def one_each(skeletons: list[Any]) -> list[Any]:
        return [{name: member} for whole in skeletons for name, member in whole.items()]

    subject = Subject(spec, spec.operations["updateConsumerProfile"], shaped=one_each)
    assert all(len(skeleton) == 1 for skeleton in subject.skeletons)
    assert {one.id for _, group in subject.grouped(subject.constraints, 9) for one in group} == {one.id for one in subject.constraints}
