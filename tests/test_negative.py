"""Negatives: each violates the constraint that it was made for, in its place, and departs from the spec nowhere else."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from payproof import spec as specs
from payproof.constraint import constraints
from payproof.draft import ABSENT, NULL, Draft
from payproof.exchange import Exchange, Request
from payproof.negative import Negative, negatives, spots
from payproof.shape import FORM, request_faults
from payproof.subject import Subject

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from payproof.constraint import Constraint
    from payproof.kit import Kit
    from payproof.plot import Plot
    from payproof.shape import Fault
    from payproof.spec import Operation, Spec

GROUND = {"x-basis": "documented", "x-source": {"document": "page", "at": "here"}}
EXISTING = {"consumer-profile-id": "PACJGQ", "payment-method-Id": "63aaba29-4857-494a-82bc-2a80e1fa2b1e"}
NAMED = "0c6ad2a5-6f3c-4ac0-a43c-3a9f4f0b6b53"
"""Stands for whatever a path names."""

BODY = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "minLength": 2, "maxLength": 5, "pattern": "^[a-z]*$"},
        "kind": {"const": "toy"},
        "size": {"enum": ["small", "large"]},
        "day": {"type": "string", "format": "date"},
        "count": {"type": "integer", "minimum": 10, "maximum": 90, "multipleOf": 5},
        "price": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 100},
        "flag": {"type": ["boolean", "null"]},
        "tags": {"type": "array", "minItems": 1, "maxItems": 3, "uniqueItems": True, "items": {"type": "string", "maxLength": 4}},
        "extra": {"type": "object", "minProperties": 1, "maxProperties": 2, "properties": {"a": {"type": "string"}}},
        "one": {
            "type": "object",
            "properties": {"x": {"type": "string"}, "y": {"type": "string"}},
            "oneOf": [{"required": ["x"]}, {"required": ["y"]}],
        },
        "left": {"type": "array", "items": {"type": "string"}},
        "right": {"type": "array", "items": {"type": "string"}},
        "up": {"type": "string"},
        "down": {"type": "string"},
    },
    "anyOf": [{"required": ["left"], "properties": {"left": {"minItems": 1}}}, {"required": ["right"]}],
    "not": {"required": ["up", "down"]},
}


@pytest.fixture
def toy(tmp_path: Path) -> Subject:
    """An operation that uses every keyword that a request can violate."""
    document = {
        "openapi": "3.1.0", "info": {"title": "Toy", "version": "1"}, **GROUND, "components": {"schemas": {}},
        "x-documents": {"page": {"title": "Page", "publisher": "Nobody"}},
        "paths": {"/things/{id}": {"post": {
            "operationId": "add", **GROUND, "responses": {"200": {"description": "Done."}},
            "parameters": [
                {"name": "id", "in": "path", "required": True, "schema": {"type": "integer", "maximum": 999}},
                {"name": "limit", "in": "query", "required": True, "schema": {"type": "integer", "minimum": 1, "maximum": 9}},
                {"name": "X-Label", "in": "header", "schema": {"type": "string", "minLength": 1, "pattern": "^[!-~]*$"}},
            ],
            "requestBody": {"required": True, "content": {"application/json": {"schema": BODY}}},
        }}},
    }  # fmt: skip
    path = tmp_path / "toy.yaml"
    path.write_text(json.dumps(document), encoding="utf-8")
    spec = specs.load(path)
    return Subject(spec, spec.operations["add"])


def judged(spec: Spec, operation: Operation) -> Callable[[Draft], list[Fault]]:
    """Say where a draft departs from the spec, without anybody to send it to."""

    def faults(draft: Draft) -> list[Fault]:
        template = operation.template
        for name, value in draft.path.items():
            template = template.replace(f"{{{name}}}", quote(value, safe=""))
        raw = draft.raw
        if raw is None and draft.form is not None:
            raw = urlencode(draft.form).encode()
        if raw is None and draft.body is not None:
            raw = json.dumps(None if draft.body is NULL else draft.body).encode()
        media = {"Content-Type": next(iter(operation.bodies))} if operation.bodies else {}
        known = {name.lower(): (name, value) for name, value in {**media, **draft.headers}.items()}
        headers = tuple((name, value) for name, value in known.values() if value is not None)
        query = f"?{urlencode(draft.query)}" if draft.query else ""
        request = Request(operation.method, f"http://host{template}{query}", headers, raw or b"")
        return request_faults(spec, operation, Exchange("", request, None, 0.0, 0.0), draft.path)

    return faults


def sample(subject: Subject, constraint: Constraint, path: dict[str, str], query: dict[str, str], *, examples: int) -> list[Negative]:
    """Draw negatives of one constraint, each from a valid request of its own."""
    faults = judged(subject.spec, subject.operation)
    (skeleton, _), *_ = list(subject.grouped([constraint], 1))
    required = {one.name: "998482157630" for one in subject.operation.parameters if one.where == "header" and one.required}
    found: list[Negative] = []

    @settings(max_examples=examples, database=None, deadline=None, derandomize=True)
    @given(st.data())
    def draw(data: st.DataObject) -> None:
        drawn = data.draw(subject.drawn(skeleton))
        base = subject.draft(drawn, path=path, headers=required)
        base = Draft(base.operation, base.path, {**base.query, **query}, base.headers, base.body, base.form)
        assert faults(base) == []
        others = [other for other in subject.skeletons if other is not skeleton]
        negative = data.draw(negatives(constraint, base, faults, others))
        places = {fault.pointer for fault in faults(negative.draft)}
        at = f"/{constraint.location}{negative.intent.pointer}"
        assert len(places) == (constraint.location != "authorization")
        if constraint.choice is None and places:
            assert places == {at}
            assert constraint.keyword in {fault.keyword for fault in faults(negative.draft)}
        found.append(negative)

    draw()
    return found


def test_every_keyword(toy: Subject) -> None:
    """Each constraint of a spec that uses every keyword has negatives, and they are of it alone."""
    path, query = {"id": "7"}, {"limit": "3"}
    for constraint in toy.constraints:
        found = sample(toy, constraint, path, query, examples=5)
        assert found, constraint.id
        assert {negative.intent.keyword for negative in found} == {constraint.keyword}


def test_every_constraint_of_the_kit(kit: Kit, plots: dict[str, Plot]) -> None:
    """Each constraint of the committed specs has a place in a generated body, and negatives of it alone."""
    for contract in kit.contracts.values():
        for operation in contract.spec.operations.values():
            plot = plots[operation.id]
            subject = Subject(contract.spec, operation, plot.values, plot.apart, (), plot.once, plot.shaped)
            path = {one.name: EXISTING.get(one.name, NAMED) for one in operation.parameters if one.where == "path"}
            for constraint in subject.constraints:
                assert sample(subject, constraint, path, {}, examples=1), constraint.id


def test_values_differ(toy: Subject) -> None:
    """Where a constraint can be violated in many ways, a few draws are a few ways."""
    pattern = next(constraint for constraint in toy.constraints if constraint.id == "body:/name:pattern")
    found = sample(toy, pattern, {"id": "7"}, {"limit": "3"}, examples=30)
    assert len({negative.draft.at("body", "/name") for negative in found}) > 10


def test_no_place_no_request(toy: Subject) -> None:
    """A constraint of an alternative has no place where another alternative is there."""
    constraint = next(constraint for constraint in toy.constraints if constraint.id == "body:/left:minItems")
    assert spots(constraint, Draft("add", body={"name": "ab", "left": ["x"]})) == ["/left"]
    assert spots(constraint, Draft("add", body={"name": "ab", "left": ["x"], "right": ["y"]})) == []
    assert spots(constraint, Draft("add", body={"name": "ab"})) == []


def test_repeated_field_is_no_text(kit: Kit) -> None:
    """In a form, the one way not to be a string is to be sent twice."""
    contract = next(contract for contract in kit.contracts.values() if any(FORM in one.bodies for one in contract.spec.operations.values()))
    operation = next(iter(contract.spec.operations.values()))
    constraint = next(one for one in constraints(contract.spec, operation) if one.location == "body" and one.keyword == "type")
    found = sample(Subject(contract.spec, operation), constraint, {}, {}, examples=3)
    for negative in found:
        assert negative.draft.form is not None
        assert sum(name == constraint.pointer[1:] for name, _ in negative.draft.form) > 1


def test_draft_changes_one_place() -> None:
    """A value is put, replaced and left out; everything else stays, and the draft itself, too."""
    draft = Draft("add", {"id": "1"}, {"q": "2"}, {"X-Name": "3"}, {"a": [{"b": 1}, {"b": 2}], "c~/d": 3})
    assert draft.put("body", "/a/1/b", 9).body == {"a": [{"b": 1}, {"b": 9}], "c~/d": 3}
    assert draft.put("body", "/a/0", ABSENT).body == {"a": [{"b": 2}], "c~/d": 3}
    assert draft.put("body", "/c~0~1d", ABSENT).body == {"a": [{"b": 1}, {"b": 2}]}
    assert draft.put("body", "", None).body is NULL
    assert draft.put("header", "/x-name", ABSENT).headers == {"X-Name": None}
    assert draft.put("header", "/x-name", ABSENT).at("header", "/X-Name") is ABSENT
    assert draft.put("path", "/id", "8").path == {"id": "8"}
    assert draft.put("query", "/q", ABSENT).query == {}
    assert draft.at("body", "/a/1/b") == 2
    assert draft.at("body", "/a/2/b") is ABSENT
    assert list(draft.spots("body", "/a/*/b")) == ["/a/0/b", "/a/1/b"]
    assert list(draft.spots("body", "/x/*/b")) == []
    with pytest.raises(KeyError):
        draft.put("body", "/x/y", 1)


def test_draft_of_a_form() -> None:
    """Fields keep their order; a list repeats a field, ABSENT leaves it out."""
    draft = Draft("token", form=(("a", "1"), ("b", "2"), ("c", "3")))
    assert draft.put("body", "/b", ["x", "y"]).form == [("a", "1"), ("b", "x"), ("b", "y"), ("c", "3")]
    assert draft.put("body", "/b", ABSENT).form == [("a", "1"), ("c", "3")]
    assert draft.put("body", "/d", "4").form == [("a", "1"), ("b", "2"), ("c", "3"), ("d", "4")]
    assert draft.at("body", "/b") == "2"


def test_draws_do_not_depend_on_ids(kit: Kit) -> None:
    """What is drawn is the same whatever ids a tenant has: Hypothesis repeats draws for other tenants."""
    spec = kit.contracts["jpmorgan-profiles"].spec
    subject = Subject(spec, spec.operations["getPaymentMethodStatus"])
    others = {"consumer-profile-id": "ZZ-1", "payment-method-Id": "00000000-0000-4000-8000-000000000000"}
    for constraint in subject.constraints:
        first, second = (sample(subject, constraint, path, {}, examples=4) for path in (EXISTING, others))
        if constraint.location != "authorization":
            values = [[one.draft.at(constraint.location, one.intent.pointer) for one in found] for found in (first, second)]
            assert values[0] == values[1]


@pytest.mark.parametrize("coding", ["gzip", "GZip"])
def test_draft_keeps_its_content_coding(coding: str) -> None:
    """A body goes as the header Content-Encoding says, however it is written; one of another coding goes as it is."""
    sender: Any = SimpleNamespace(
        request=lambda _, *, body=None, raw=None, **_parts: raw if raw is not None else json.dumps(body).encode()
    )
    draft = Draft("add", headers={"content-encoding": coding}, body={"a": 1})
    sent: Any = draft.request(sender)
    assert gzip.decompress(sent) == b'{"a": 1}'
    broken: Any = draft.put("header", "/Content-Encoding", "br").request(sender)
    assert broken == b'{"a": 1}'
    nothing: Any = replace(draft, raw=b"").request(sender)
    assert nothing == b""
