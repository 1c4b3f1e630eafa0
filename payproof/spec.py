"""An OpenAPI 3.1 document under contract: its operations, compiled for the judge, and the ground of every demand."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import jsonschema_rs

from payproof import yamlfile
from payproof.clause import Basis
from payproof.errors import KitError
from payproof.schema import ANNOTATIONS, DanglingReference, Ground, identifiers, members, resolve, sensitive

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

METHODS = ("get", "put", "post", "delete", "patch", "head", "options", "trace")

_FOREIGN_REGEX = re.compile(r"\\[dDwWsSpPbBAZz]|\(\?P<|\(\?<(?![=!])|\(\?[a-zA-Z]")
"""What regex engines read in different ways; specs use explicit character classes instead."""

_SEGMENT = re.compile(r"[^{}]*|\{[^{}]+\}")


@dataclass(frozen=True, slots=True)
class Shape:
    """A schema with its validator and the ground that it inherits where it is used."""

    schema: Mapping[str, Any]
    validator: jsonschema_rs.Draft202012Validator
    ground: Ground
    grounds: dict[tuple[str | int, ...], Ground] = field(default_factory=dict, repr=False, compare=False)
    """Of each constraint that was broken once, by its evaluation path."""

    def parse(self, text: str) -> Any:
        """Read what stands in a URL or a header as the schema's type; the text itself where it is none of that type."""
        declared = self.schema.get("type", "string")
        if declared == "string":
            return text
        kinds = declared if isinstance(declared, list) else [declared]
        if {"integer", "number"} & set(kinds) and re.fullmatch(r"-?[0-9]{1,300}", text):
            return int(text)
        if "number" in kinds and re.fullmatch(r"-?[0-9]+\.[0-9]+", text):
            return float(text)
        if "boolean" in kinds and text in {"true", "false"}:
            return text == "true"
        return text


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of an operation; values are strings on the wire and are read by the type of the schema.

    `key` is the name under which a request's values are looked up, `pointer` where findings point. `once` says that
    requests with the same value are one and the same to the server (x-idempotency-key).
    """

    name: str
    where: str
    required: bool
    shape: Shape
    key: str
    pointer: str
    once: bool = False

    def parse(self, text: str) -> Any:
        """Read the value as the schema's type; the text itself where it is none of that type."""
        return self.shape.parse(text)


@dataclass(frozen=True, slots=True)
class Answer:
    """A documented response: media types with their shapes, and headers with whether they are required."""

    status: str
    ground: Ground
    media: Mapping[str, Shape]
    headers: Mapping[str, tuple[bool, Shape]]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of an API."""

    api: str
    id: str
    method: str
    template: str
    ground: Ground
    parameters: tuple[Parameter, ...]
    body_required: bool
    bodies: Mapping[str, Shape]
    answers: Mapping[str, Answer]
    definition: Mapping[str, Any]

    def answer(self, status: int) -> Answer | None:
        """Give the documented response for a status: exact, by range (`4XX`), or the default; None if undocumented."""
        answers = self.answers
        return answers.get(str(status)) or answers.get(f"{status // 100}XX") or answers.get("default")

    @property
    def key(self) -> str:
        """The lower-case name of the header that makes it safe to send a request again; empty where none is documented."""
        return next((one.key for one in self.parameters if one.once), "")

    @property
    def moves(self) -> str:
        """The JSON pointer of the amount (minor units) that a request of this operation moves; empty for one that moves none."""
        return str(self.definition.get("x-moves", ""))

    @property
    def writes(self) -> bool:
        """Whether the method may change state (RFC 9110 section 9.2.1)."""
        return self.method not in {"GET", "HEAD", "OPTIONS"}


@dataclass(frozen=True, slots=True)
class Spec:
    """A loaded spec."""

    api: str
    path: Path
    sha256: str
    document: Mapping[str, Any]
    base_path: str
    operations: Mapping[str, Operation]
    sensitive: Mapping[str, str]
    identifiers: frozenset[str]
    _routes: Mapping[tuple[str, int], list[tuple[tuple[str | None, ...], tuple[str, ...], Operation]]] = field(repr=False)

    def find(self, method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
        """Find the operation for a method and a raw path below the base path, with its decoded path parameters."""
        if not path.startswith(self.base_path):
            return None
        parts = path[len(self.base_path) :].split("/")
        for literals, names, operation in self._routes.get((method, len(parts)), ()):
            if all(literal is None or literal == part for literal, part in zip(literals, parts, strict=True)):
                values = [unquote(part) for literal, part in zip(literals, parts, strict=True) if literal is None]
                return operation, dict(zip(names, values, strict=True))
        return None


def load(path: Path) -> Spec:
    """Read and compile a spec; the file's name without its ending is the API's id.

    Raises KitError, with the line, for a document that is no OpenAPI 3.1, has a dangling reference, an operation
    without an id, a demand without x-basis and x-source, or a pattern outside the common subset of regex dialects.
    """
    loader = _Loader(path)
    try:
        return loader.load()
    except (AttributeError, IndexError, KeyError, TypeError) as error:
        # What a validator of OpenAPI checks is not checked again here; a document that none has seen ends up in this.
        hint = "validate it: python -m openapi_spec_validator FILE"
        raise loader.fail(loader.at, f"is not of OpenAPI's form ({type(error).__name__}: {error})", hint) from error


class _Loader:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = yamlfile.load(path)
        self.document: dict[str, Any] = self.file.data if isinstance(self.file.data, dict) else {}
        self.components: dict[str, Any] = {}
        self.known: set[str] = set()
        self.at: tuple[str | int, ...] = ()
        self.checked: set[tuple[str | int, Ground]] = set()
        self.validators: dict[str | int, jsonschema_rs.Draft202012Validator] = {}

    def fail(self, at: tuple[str | int, ...], message: str, hint: str = "") -> KitError:
        return KitError(self.path, message, line=self.file.line(at), hint=hint)

    def load(self) -> Spec:
        if not str(self.document.get("openapi", "")).startswith("3.1"):
            raise self.fail((), "is no OpenAPI 3.1 document", "the first member must be `openapi: 3.1.0`")
        self.components = {"schemas": self.document.get("components", {}).get("schemas", {})}
        self.known = set(self.document.get("x-documents", ()))
        servers = self.document.get("servers", [])
        base = urlsplit(servers[0]["url"]).path.rstrip("/") if servers else ""
        operations: dict[str, Operation] = {}
        self.check_references(self.document, ())
        self.at = ("paths",)
        for template, item in self.document.get("paths", {}).items():
            for method in METHODS:
                if method not in item:
                    continue
                at = self.at = ("paths", template, method)
                operation = self.operation(template, item, method, at)
                if operation.id in operations:
                    raise self.fail(at, f"the operationId {operation.id!r} is used twice")
                operations[operation.id] = operation
        if not operations:
            raise self.fail(("paths",), "has no operation")
        routes: dict[tuple[str, int], list[tuple[tuple[str | None, ...], tuple[str, ...], Operation]]] = {}
        for operation in operations.values():
            parts = operation.template.split("/")
            literals = tuple(None if part.startswith("{") else part for part in parts)
            names = tuple(part[1:-1] for part in parts if part.startswith("{"))
            routes.setdefault((operation.method, len(parts)), []).append((literals, names, operation))
        for found in routes.values():
            found.sort(key=lambda route: sum(literal is None for literal in route[0]))
        digest = hashlib.sha256(self.path.read_bytes()).hexdigest()
        return Spec(
            self.path.stem, self.path, digest, self.document, base, operations, sensitive(self.document), identifiers(self.document), routes
        )

    def check_references(self, node: Any, at: tuple[str | int, ...]) -> None:
        if isinstance(node, dict):
            if isinstance(node.get("$ref"), str):
                try:
                    resolve(self.document, node)
                except DanglingReference as error:
                    raise self.fail((*at, "$ref"), str(error), "name a component of this file") from error
            for name, member in node.items():
                if name not in {"example", "examples", "const", "enum"}:
                    self.check_references(member, (*at, name))
        elif isinstance(node, list):
            for index, member in enumerate(node):
                self.check_references(member, (*at, index))

    def ground(self, node: Mapping[str, Any], around: Ground | None, at: tuple[str | int, ...]) -> Ground:
        own = Ground.of(node)
        if own is None:
            if around is None:
                hint = "give the operation x-basis (documented, reference, standard, assumed) and x-source"
                raise self.fail(at, "has no basis: nobody could say why it may be demanded", hint)
            return around
        if own.basis not in set(Basis) or own.document not in self.known or not own.at:
            hint = f"x-basis is one of {', '.join(Basis)}; x-source names a document of x-documents and a place in it"
            raise self.fail(self.place(node) or at, f"has a basis that cannot be used: {own.basis!r}, document {own.document!r}", hint)
        return own

    def operation(self, template: str, item: Mapping[str, Any], method: str, at: tuple[str | int, ...]) -> Operation:
        node = item[method]
        if "operationId" not in node:
            raise self.fail(at, "has no operationId", "clauses name operations by it")
        if not all(_SEGMENT.fullmatch(part) for part in template.split("/")):
            raise self.fail(at, f"{template} has a parameter in a part of a path segment", "a parameter is a whole segment here")
        ground = self.ground(node, None, at)
        parameters = {}
        for raw in (*item.get("parameters", ()), *node.get("parameters", ())):
            parameter = resolve(self.document, raw)
            own = self.ground(parameter, ground, at)
            shape = self.shape(parameter["schema"], own, at)
            name, where = parameter["name"], parameter["in"]
            key = name.lower() if where == "header" else name
            once = parameter.get("x-idempotency-key", False)
            if once and (where != "header" or own.basis == Basis.ASSUMED):
                raise self.fail(at, f"{name} is marked x-idempotency-key, and is no header or only assumed: nothing is sent again for it")
            parameters[name, where] = Parameter(name, where, parameter.get("required", False), shape, key, f"/{where}/{name}", once)
        body = resolve(self.document, node.get("requestBody", {}))
        around = self.ground(body, ground, at)
        bodies = {media: self.shape(value["schema"], around, at) for media, value in body.get("content", {}).items()}
        moves = node.get("x-moves", "").split("/")[1:]
        if moves and not any(True for shape in bodies.values() for _ in members(self.document, shape.schema, moves)):
            raise self.fail((*at, "x-moves"), f"no body has {node['x-moves']}", "give the JSON pointer of an amount in the body")
        answers = {status: self.answer(status, raw, ground, (*at, "responses", status))
                   for status, raw in node.get("responses", {}).items()}  # fmt: skip
        return Operation(
            self.path.stem, node["operationId"], method.upper(), template, ground, tuple(parameters.values()),
            body.get("required", False), bodies, answers, node,
        )  # fmt: skip

    def answer(self, status: str, raw: Mapping[str, Any], around: Ground, at: tuple[str | int, ...]) -> Answer:
        node = resolve(self.document, raw)
        ground = self.ground(raw, self.ground(node, around, at), at)
        media = {name: self.shape(value["schema"], ground, at) for name, value in node.get("content", {}).items()}
        headers = {}
        for name, raw_header in node.get("headers", {}).items():
            header = resolve(self.document, raw_header)
            shape = self.shape(header.get("schema", {}), self.ground(header, ground, at), at)
            headers[name.lower()] = (header.get("required", False), shape)
        return Answer(status, ground, media, headers)

    def shape(self, schema: Mapping[str, Any], around: Ground, at: tuple[str | int, ...]) -> Shape:
        target = resolve(self.document, schema)
        key: str | int = schema["$ref"] if schema.keys() == {"$ref"} else id(schema)
        if (key, around) not in self.checked:
            self.checked.add((key, around))
            for node, ground in self.schemas(schema, around, at, frozenset()):
                self.check_schema(node, ground, at)
        if key not in self.validators:
            whole = {**schema, "components": self.components}
            try:
                self.validators[key] = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
            except ValueError as error:
                raise self.fail(at, f"has a schema that does not compile: {error}") from error
        return Shape(target, self.validators[key], around)

    def schemas(
        self, schema: Any, around: Ground, at: tuple[str | int, ...], open_: frozenset[int]
    ) -> Iterator[tuple[Mapping[str, Any], Ground]]:
        node = resolve(self.document, schema)
        if not isinstance(node, dict) or id(node) in open_:
            return
        ground = self.ground(node, around, at)
        yield node, ground
        inner = open_ | {id(node)}
        below = [*node.get("properties", {}).values(), *node.get("prefixItems", ())]
        below += [part for branch in ("allOf", "anyOf", "oneOf") for part in node.get(branch, ())]
        below += [node[name] for name in ("items", "not", "if", "then", "else", "additionalProperties") if name in node]
        for part in below:
            yield from self.schemas(part, ground, at, inner)

    def place(self, wanted: Any) -> tuple[str | int, ...]:
        """Find where a node stands in the file: the same schema serves many operations."""
        stack: list[tuple[tuple[str | int, ...], Any]] = [((), self.document)]
        for at, node in stack:
            if node is wanted:
                return at
            if isinstance(node, dict):
                stack += [((*at, name), member) for name, member in node.items()]
            elif isinstance(node, list):
                stack += [((*at, index), member) for index, member in enumerate(node)]
        return ()

    def check_schema(self, node: Mapping[str, Any], ground: Ground, at: tuple[str | int, ...]) -> None:
        for name, own in node.get("x-keywords", {}).items():
            if name not in node or own.get("basis") not in set(Basis):
                raise self.fail(self.place(node) or at, f"x-keywords names {name!r}, which the schema does not use or has no known basis")
        if "pattern" in node:
            try:
                re.compile(node["pattern"])
            except re.error as error:
                raise self.fail(self.place(node) or at, f"the pattern {node['pattern']!r} does not compile: {error}") from error
            if _FOREIGN_REGEX.search(node["pattern"]):
                hint = "write explicit character classes"
                raise self.fail(self.place(node) or at, f"the pattern {node['pattern']!r} is read differently by regex engines", hint)
        if not ground.basis and set(node) - ANNOTATIONS:
            raise self.fail(at, "has a constraint without basis")
