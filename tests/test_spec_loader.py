"""Specs that cannot be used are refused with file, line and what to do; those that can are compiled as they stand."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from payproof import kit as kits
from payproof import spec as specs
from payproof.errors import Exit, KitError

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

ID = "id: {name: id, in: path, required: true, schema: {type: string}}"

BROKEN = [
    pytest.param([("openapi: 3.1.0", "openapi: 3.0.3")], "openapi:", "is no OpenAPI 3.1 document", "openapi: 3.1.0", id="another-version"),
    pytest.param([("      operationId: createVoucher\n", "")], "post:", "has no operationId", "", id="no-operation-id"),
    pytest.param([("operationId: getVoucher", "operationId: createVoucher")], "get:", "'createVoucher' is used twice", "",
                 id="operation-id-twice"),
    pytest.param([("schemas/NewVoucher", "schemas/OldVoucher")], "OldVoucher", "'#/components/schemas/OldVoucher' points at nothing",
                 "name a component", id="dangling-reference"),
    pytest.param([("schemas/NewVoucher", "../other.yaml#/x")], "other.yaml#/x", "points at nothing", "name a component",
                 id="reference-below-nothing"),
    pytest.param([('"#/components/schemas/NewVoucher"', "other.yaml")], "other.yaml", "'other.yaml' is not a local one", "name a component",
                 id="reference-to-another-file"),
    pytest.param([("      x-basis: documented\n      x-source: {document: guide, at: Create}\n", "")], "post:", "has no basis",
                 "x-basis", id="no-basis"),
    pytest.param([("x-basis: documented", "x-basis: rumoured")], "post:", "'rumoured'", "documented, reference", id="unknown-basis"),
    pytest.param([("document: guide, at: Create", "document: gossip, at: Create")], "post:", "'gossip'", "x-documents",
                 id="unknown-document"),
    pytest.param([("{document: guide, at: Create}", "{document: guide}")], "post:", "cannot be used", "a place in it",
                 id="source-without-place"),
    pytest.param([("      x-source: {document: guide, at: Create}\n", "")], "post:", "cannot be used", "x-source",
                 id="basis-without-source"),
    pytest.param([('"^[a-z ]*$"', r'"^\\w*$"')], "note:", r"'^\\w*$' is read differently", "character classes", id="foreign-class"),
    pytest.param([('"^[a-z ]*$"', '"^(?P<a>b)$"')], "note:", "is read differently", "character classes", id="foreign-group"),
    pytest.param([('"^[a-z ]*$"', '"^[a-z"')], "note:", "does not compile", "", id="pattern-that-does-not-compile"),
    pytest.param([("amount: {type: integer, minimum: 1, maximum: 1000}", "amount: {type: whole}")], "post:", "does not compile", "",
                 id="unknown-type"),
    pytest.param([("maximum: 1000}", "maximum: 1000, x-keywords: {pattern: {basis: assumed}}}")], "amount:",
                 "x-keywords names 'pattern'", "",
                 id="ground-of-an-absent-keyword"),
    pytest.param([("maximum: 1000}", "maximum: 1000, x-keywords: {maximum: {basis: rumoured}}}")], "amount:",
                 "x-keywords names 'maximum'", "",
                 id="unknown-ground-of-a-keyword"),
    pytest.param([("limit, in: query,", "limit, in: query, x-idempotency-key: true,")], "get:", "is no header or only assumed", "",
                 id="key-that-is-no-header"),
    pytest.param([("operationId: createVoucher\n", "operationId: createVoucher\n      x-moves: /sum\n")], "x-moves:", "no body has /sum",
                 "JSON pointer", id="amount-that-is-nowhere"),
    pytest.param([("paths:", "routes:")], "openapi:", "has no operation", "", id="no-paths"),
    pytest.param([("paths:", "paths: []\nroutes:")], "paths:", "is not of OpenAPI's form", "validate it", id="paths-is-a-list"),
    pytest.param([(ID, "id: {name: id, in: path, required: true}")], "get:", "is not of OpenAPI's form", "validate it",
                 id="parameter-without-schema"),
    pytest.param([('  schema: {$ref: "#/components/schemas/NewVoucher"}\n', "  example: 1\n")], "post:",
                 "is not of OpenAPI's form", "validate it", id="body-without-schema"),
    pytest.param([("x-source: {document: guide, at: Create}", "x-source: the guide")], "post:", "is not of OpenAPI's form", "validate it",
                 id="source-is-a-text"),
    pytest.param([("  /vouchers/{id}:", "  /vouchers/{id}.json:")], "get:", "part of a path segment", "whole segment",
                 id="parameter-in-a-segment"),
]  # fmt: skip


@pytest.mark.parametrize(("edits", "place", "fault", "hint"), BROKEN)
def test_spec_that_cannot_be_used_is_refused(
    tiny: Callable[..., Path], edits: list[tuple[str, str]], place: str, fault: str, hint: str
) -> None:
    """Each fault is one message: the file and line, what is wrong, and what to do about it."""
    root = tiny(spec=edits)

    with pytest.raises(KitError) as caught:
        kits.load(root)

    assert caught.value.path == root / "specs" / "vouchers.yaml"
    assert caught.value.line is not None
    assert place in caught.value.path.read_text(encoding="utf-8").splitlines()[caught.value.line - 1]
    assert fault in caught.value.fault
    assert hint in str(caught.value)


@pytest.mark.parametrize("edits", [case.values[0] for case in BROKEN[:8:3]], ids=[case.id for case in BROKEN[:8:3]])
def test_command_refuses_it(
    payproof: Callable[..., subprocess.CompletedProcess[str]], tiny: Callable[..., Path], edits: list[tuple[str, str]]
) -> None:
    """The command prints the message, nothing else, and exits 2."""
    done = payproof("clauses", "--kit", str(tiny(spec=edits)))

    assert done.returncode == Exit.USAGE
    assert done.stdout == ""
    assert re.match(r"payproof: \S+vouchers\.yaml:[0-9]+: ", done.stderr)
    assert "Traceback" not in done.stderr


def loaded(tiny: Callable[..., Path], *edits: tuple[str, str]) -> specs.Spec:
    return specs.load(tiny(spec=edits) / "specs" / "vouchers.yaml")


@pytest.mark.parametrize(
    ("method", "path", "operation", "parameters"),
    [
        pytest.param("POST", "/v1/vouchers", "createVoucher", {}, id="without-parameters"),
        pytest.param("GET", "/v1/vouchers/v1", "getVoucher", {"id": "v1"}, id="with-a-parameter"),
        pytest.param("GET", "/v1/vouchers/a%2Fb%20c", "getVoucher", {"id": "a/b c"}, id="percent-decoded-once"),
        pytest.param("GET", "/v1/vouchers/a%252F", "getVoucher", {"id": "a%2F"}, id="not-decoded-twice"),
        pytest.param("GET", "/v1/vouchers/", "getVoucher", {"id": ""}, id="empty-parameter"),
        pytest.param("PUT", "/v1/vouchers/v1", None, {}, id="other-method"),
        pytest.param("GET", "/v1/vouchers/v1/", None, {}, id="trailing-slash"),
        pytest.param("GET", "/vouchers/v1", None, {}, id="without-the-base-path"),
        pytest.param("POST", "/v1x/vouchers", None, {}, id="base-path-inside-a-word"),
    ],
)
def test_operation_is_found_by_method_and_path(
    tiny: Callable[..., Path], method: str, path: str, operation: str | None, parameters: dict[str, str]
) -> None:
    """An exchange belongs to the operation whose template its path fits."""
    found = loaded(tiny).find(method, path)

    assert (found and (found[0].id, found[1])) == (operation and (operation, parameters))


def test_fixed_path_wins_over_a_parameter(tiny: Callable[..., Path]) -> None:
    """A template that names a segment is tried before one that takes any."""
    fixed = """  /vouchers/latest:
    get:
      operationId: latestVoucher
      x-basis: documented
      x-source: {document: guide, at: Latest}
      responses: {"200": {$ref: "#/components/responses/Voucher"}}
components:"""
    spec = loaded(tiny, ("components:", fixed))

    latest, other = spec.find("GET", "/v1/vouchers/latest"), spec.find("GET", "/v1/vouchers/late")

    assert latest is not None
    assert other is not None
    assert (latest[0].id, other[0].id) == ("latestVoucher", "getVoucher")


@pytest.mark.parametrize(
    ("status", "documented"),
    [
        pytest.param(200, "200", id="exact"),
        pytest.param(404, "4XX", id="range"),
        pytest.param(500, None, id="undocumented"),
        pytest.param(201, None, id="another-success"),
    ],
)
def test_answer_is_found_by_status(tiny: Callable[..., Path], status: int, documented: str | None) -> None:
    """A documented response is exact, by range, or not there."""
    answer = loaded(tiny).operations["getVoucher"].answer(status)

    assert (answer and answer.status) == documented


def test_default_answer_stands_for_every_other_status(tiny: Callable[..., Path]) -> None:
    """`default` documents what nothing else does, and a status as a bare number documents that status."""
    refused = '"4XX": {$ref: "#/components/responses/Refused"}\n'
    spec = loaded(tiny, ('"200":', "200:"), (f"{refused}  /vouchers/{{id}}:", "default: {description: Any.}\n  /vouchers/{id}:"))
    created, read = spec.operations["createVoucher"].answer(503), spec.operations["getVoucher"].answer(200)

    assert created is not None
    assert created.status == "default"
    assert read is not None
    assert read.status == "200"


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        pytest.param("integer", "12", 12, id="integer"),
        pytest.param("integer", "-12", -12, id="negative"),
        pytest.param("integer", "1.0", "1.0", id="no-integer-stays-a-text"),
        pytest.param("number", "1.5", 1.5, id="number"),
        pytest.param("number", "12", 12, id="whole-number"),
        pytest.param("number", "nan", "nan", id="nan-is-no-number"),
        pytest.param("boolean", "true", True, id="true"),
        pytest.param("boolean", "True", "True", id="no-boolean-stays-a-text"),
        pytest.param("string", "12", "12", id="text"),
        pytest.param("[integer, 'null']", "12", 12, id="one-of-several-types"),
    ],
)
def test_parameter_is_read_by_its_type(tiny: Callable[..., Path], kind: str, text: str, value: Any) -> None:
    """On the wire everything is text; the schema's type says what it is."""
    spec = loaded(tiny, ("schema: {type: integer, minimum: 1}", f"schema: {{type: {kind}}}"))
    limit = next(parameter for parameter in spec.operations["getVoucher"].parameters if parameter.name == "limit")

    parsed = limit.parse(text)

    assert parsed == value
    assert type(parsed) is type(value)


def test_parameter_of_an_operation_replaces_that_of_its_path(tiny: Callable[..., Path]) -> None:
    """OpenAPI lets an operation override a parameter of its path; only the operation's own counts then."""
    shared = '  /vouchers/{id}:\n    parameters: [{name: limit, in: query, required: true, schema: {type: integer, maximum: 5}}]\n'
    spec = loaded(tiny, ("  /vouchers/{id}:\n", shared))
    limits = {name: [p for p in operation.parameters if p.name == "limit"] for name, operation in spec.operations.items()}

    assert [(limit.required, limit.shape.schema) for limit in limits["getVoucher"]] == [(False, {"type": "integer", "minimum": 1})]
    assert [limit.required for limit in limits["deleteVoucher"]] == [True]


def test_sensitive_members_are_known_by_name(tiny: Callable[..., Path]) -> None:
    """The spec says which members are never written down."""
    assert loaded(tiny).sensitive == {"cardNumber": "pan", "cvv": "cvv"}


def test_grounds_are_inherited(tiny: Callable[..., Path]) -> None:
    """What has no basis of its own is demanded on that of its operation."""
    operation = loaded(tiny).operations["getVoucher"]

    assert operation.ground.at == "Read"
    assert {answer.ground for answer in operation.answers.values()} == {operation.ground}
    assert {parameter.shape.ground for parameter in operation.parameters} == {operation.ground}


def test_digest_is_that_of_the_file(tiny: Callable[..., Path]) -> None:
    """Two readings of one file have one digest; another byte is another spec."""
    first, other = loaded(tiny), specs.load(tiny(spec=[("title: Vouchers", "title: Tokens")], folder="other") / "specs" / "vouchers.yaml")

    assert first.sha256 != other.sha256
    assert first.sha256 == loaded(tiny).sha256
