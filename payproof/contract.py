"""A contract file: what one API promises beyond shapes, read, checked against its spec and compiled."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from payproof import fileformat, making, yamlfile
from payproof.chains import Chain, chains, result, telling
from payproof.clause import Clause, Keyword, of_shapes
from payproof.errors import KitError
from payproof.expression import Expression, ExpressionError, compiled
from payproof.schema import Ground, members

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from payproof.making import Making
    from payproof.spec import Operation, Spec
    from payproof.yamlfile import YamlFile

COMPARISONS = ("equals", "among", "includes", "excludes", "matches")
_ASKED = frozenset({"path", "query", "request", "tenant", "at"})
"""What is known of an exchange before it is answered."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What one operation teaches the ledger about one resource; see `ledger`."""

    resource: str
    id: Expression
    state: Expression | None
    unknown: bool
    gone: bool
    merge: bool
    when: Expression | None
    variable: str = ""
    items: Expression | None = None
    first: bool = False


@dataclass(frozen=True, slots=True)
class Fact:
    """Something to remember: under which key, with which value, for a tenant or for the whole run.

    What was `asked` is remembered whatever became of it, also where no answer came.
    """

    name: str
    operations: frozenset[str]
    when: Expression | None
    key: Expression
    value: Expression | None
    run: bool
    asked: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Contract:
    """A loaded contract. `shapes` are the clauses that its spec gives it, `clauses` the written ones."""

    api: str
    path: Path
    sha256: str
    version: int
    spec: Spec
    clauses: Mapping[str, Clause]
    shapes: Mapping[str, Clause]
    effects: Mapping[str, tuple[Effect, ...]]
    facts: Mapping[str, Fact]
    access: Mapping[str, Any]
    exchanges: tuple[Mapping[str, Any], ...]
    discrepancies: Mapping[str, Mapping[str, Any]]
    statements: tuple[Mapping[str, Any], ...]
    documents: Mapping[str, Mapping[str, str]]
    retired: frozenset[str] = field(default_factory=frozenset)
    outcomes: tuple[Mapping[str, Any], ...] = ()
    refused: Expression | None = None
    cleanup: Mapping[str, tuple[Making, ...]] = field(default_factory=dict)

    def all_clauses(self) -> Iterator[Clause]:
        """Give the shape clauses, then the written ones, in the order of the files."""
        yield from self.shapes.values()
        yield from self.clauses.values()


def load(
    path: Path, spec: Spec, *, facts: Mapping[str, bool] | None = None, trusted: bool = False, file: YamlFile | None = None
) -> Contract:
    """Read, check and compile a contract; `facts` are those of the whole kit, as `remembered` gives them.

    `trusted` leaves out checks that another process of the same run has made; `file` is the contract if it was read already.

    Raises KitError, with file, line and clause, for anything that is not of the format, an unknown operation, member,
    fact or document, an expression that does not compile, a reused id, a statement that nothing judges.
    """
    return _Loader(path, spec, facts or {}, trusted=trusted, file=file).load()


def remembered(file: YamlFile) -> dict[str, bool]:
    """Give the facts that a contract remembers, and whether each is the whole run's; nothing else is checked."""
    data = file.data
    raw = data.get("remember", {}) if isinstance(data, dict) else {}
    if not isinstance(raw, dict):
        return {}
    return {name: isinstance(fact, dict) and fact.get("scope") == "run" for name, fact in raw.items()}


class _Loader:
    def __init__(self, path: Path, spec: Spec, facts: Mapping[str, bool], *, trusted: bool, file: YamlFile | None) -> None:
        self.path = path
        self.spec = spec
        self.trusted = trusted
        self.file = file or yamlfile.load(path)
        self.data: Any = self.file.data
        self.facts = dict(facts)

    def fail(self, at: tuple[str | int, ...], message: str, hint: str = "") -> KitError:
        where = f"{at[1]}: " if len(at) > 1 and at[0] in {"clauses", "discrepancies"} else ""
        return KitError(self.path, where + message, line=self.file.line(at), hint=hint)

    def load(self) -> Contract:
        if not self.trusted:
            fileformat.check(self.file, "contract.schema.json")
        data = self.data
        if data["api"] != self.path.stem:
            raise self.fail(("api",), f"api is {data['api']!r}, but the file is named {self.path.name!r}")
        self.facts |= remembered(self.file)
        effects = {name: tuple(self.effect(name, index, raw) for index, raw in enumerate(entries))
                   for name, entries in data.get("effects", {}).items()}  # fmt: skip
        facts = {name: self.fact(name, raw) for name, raw in data.get("remember", {}).items()}
        clauses = {name: self.clause(name, raw, effects) for name, raw in data["clauses"].items()}
        retired = frozenset(item["id"] for item in data.get("retired", ()))
        for name in retired & clauses.keys():
            raise self.fail(("clauses", name), "is a retired id; ids are never reused", "give the clause a new id")
        shapes = {clause.id: clause for operation in self.spec.operations.values() for clause in of_shapes(operation)}
        self.check_statements(clauses, shapes)
        self.check_exchanges(clauses, shapes)
        for index, excuse in enumerate(data.get("outcomes", ())):
            self.operations(("outcomes", index), excuse["operation"])
        digest = hashlib.sha256(self.path.read_bytes()).hexdigest()
        return Contract(
            data["api"], self.path, digest, data["version"], self.spec, clauses, shapes, effects, facts,
            data.get("access", {}), tuple(data.get("exchanges", ())), data.get("discrepancies", {}),
            tuple(data["statements"]), data["documents"], retired, tuple(data.get("outcomes", ())),
            self.refused(), making.load(self, data),
        )  # fmt: skip

    def expression(self, at: tuple[str | int, ...], text: str, extra: tuple[str, ...] = ()) -> Expression:
        try:
            return compiled(text, extra=extra)
        except ExpressionError as error:
            raise self.fail(at, f"the expression does not compile\n{error}") from error

    def condition(self, at: tuple[str | int, ...], expression: Expression | None) -> None:
        if expression is not None and not expression.boolean:
            raise self.fail(at, "is no condition: its value is not true or false", "compare it with something")

    def operation(self, at: tuple[str | int, ...], name: str) -> Operation:
        if name not in self.spec.operations:
            known = ", ".join(self.spec.operations)
            raise self.fail(at, f"there is no operation {name!r}", f"the spec has {known}")
        return self.spec.operations[name]

    def operations(self, at: tuple[str | int, ...], raw: str | list[str]) -> tuple[str, ...]:
        if raw == "any":
            return tuple(self.spec.operations)
        names = [raw] if isinstance(raw, str) else raw
        return tuple(self.operation(at, name).id for name in names)

    def refused(self) -> Expression | None:
        if "refused" not in self.data:
            return None
        found = self.expression(("refused",), self.data["refused"])
        self.condition(("refused",), found)
        if found.reads - {"status", "body", "headers"}:
            raise self.fail(("refused",), "reads more than the answer", "only status, headers and body tell a refusal")
        return found

    def effect(self, name: str, index: int, raw: Mapping[str, Any]) -> Effect:
        at = ("effects", name, index)
        operations = (self.operation(at, name).id,)
        variable, _, items = raw.get("for", "").partition(" in ")
        extra = (variable,) if variable else ()
        unknown = raw.get("state") == "unknown"
        parts = {key: self.expression((*at, key), raw[key], extra) for key in ("id", "state", "when")
                 if key in raw and not (key == "state" and unknown)}  # fmt: skip
        self.condition((*at, "when"), parts.get("when"))
        ranged = self.expression((*at, "for"), items) if items else None
        for expression in (*parts.values(), *([ranged] if ranged else [])):
            self.check_members(at, expression, operations, {})
        return Effect(
            raw["resource"], parts["id"], parts.get("state"), unknown, raw.get("gone", False),
            raw.get("mode") == "merge", parts.get("when"), variable, ranged, raw.get("mode") == "first",
        )  # fmt: skip

    def fact(self, name: str, raw: Mapping[str, Any]) -> Fact:
        at = ("remember", name)
        operations = self.operations((*at, "operation"), raw["operation"])
        parts = {key: self.expression((*at, key), raw[key]) for key in ("when", "key", "value") if key in raw}
        self.condition((*at, "when"), parts.get("when"))
        for key, expression in parts.items():
            self.check_members((*at, key), expression, operations, {})
        run, asked = raw.get("scope") == "run", raw.get("asked", False)
        if asked and any(part.reads - _ASKED for part in parts.values()):
            raise self.fail(at, "is remembered of requests without an answer, and reads more than the request", "drop `asked`, or the rest")
        return Fact(name, frozenset(operations), parts.get("when"), parts["key"], parts.get("value"), run, asked)

    def clause(self, name: str, raw: Mapping[str, Any], effects: Mapping[str, tuple[Effect, ...]]) -> Clause:
        at = ("clauses", name)
        operations = self.operations((*at, "operation"), raw["operation"])
        source = raw.get("source", {"document": "", "at": ""})
        if source["document"]:
            self.document((*at, "source"), source)
        for fact in raw.get("facts", ()):
            if fact not in self.facts:
                raise self.fail((*at, "facts"), f"no contract remembers {fact!r}", "add it to `remember:`, or name one that is there")
        if len({self.facts[fact] for fact in raw.get("facts", ())}) > 1:
            hint = "what the whole run knows is known when it is over, what a tenant knows at once: write two clauses"
            raise self.fail((*at, "facts"), "looks up facts of the run and facts of a tenant", hint)
        comparison = next((key for key in COMPARISONS if key in raw), "")
        parts = {key: self.expression((*at, key), raw[key]) for key in ("when", "that", *COMPARISONS[:4]) if key in raw}
        looked_up = {fact: self.expression((*at, "facts"), text) for fact, text in raw.get("facts", {}).items()}
        holds = self.expression((*at, "that"), _condition(raw, comparison))
        self.condition((*at, "when"), parts.get("when"))
        self.condition((*at, "that"), holds)
        for key, expression in (*parts.items(), *((("facts"), part) for part in looked_up.values())):
            self.check_members((*at, key), expression, operations, effects)
        read = {chain.steps[0] for part in (*parts.values(), holds) for chain in chains(part.tree)
                if chain.root == "facts" and chain.steps}  # fmt: skip
        if read - looked_up.keys():
            missing = ", ".join(sorted(read - looked_up.keys()))
            raise self.fail(at, f"reads facts.{missing} without saying under which key", "add it to `facts:`")
        keyword = Keyword.MUST if "must" in raw else Keyword.SHOULD
        return Clause(
            name, self.data["api"], keyword, raw[keyword.value], Ground(raw["basis"], source["document"], source["at"]),
            operations, frozenset(raw.get("needs", ())), parts.get("when"), parts["that"], comparison,
            parts.get(comparison) if comparison != "matches" else None, holds, looked_up,
            deferred=any(self.facts[fact] for fact in looked_up),
            pointer=_pointer(parts["that"]), shows=tuple(telling(parts["that"].tree)), harm=raw.get("harm", ""),
        )  # fmt: skip

    def check_members(
        self, at: tuple[str | int, ...], expression: Expression, operations: Iterable[str],
        effects: Mapping[str, tuple[Effect, ...]],
    ) -> None:  # fmt: skip
        for chain in () if self.trusted else sorted(chains(expression.tree), key=lambda item: item.steps):
            if chain.root not in {"body", "before", "after", "request"} or (chain.root, chain.steps[0]) == ("request", "headers"):
                continue
            roots = list(self.schemas(chain, operations, effects))
            steps = chain.steps[1:] if chain.root == "request" else chain.steps
            if chain.root == "request" and chain.steps in {("method",), ("body",)}:
                continue
            if not roots and chain.root in {"before", "after"}:
                continue
            if not any(True for root, prefix in roots for _ in members(self.spec.document, root, (*prefix, *steps))):
                raise self.fail(at, f"no schema of {', '.join(operations)} knows the member {chain}", "look for its name in the spec")

    def schemas(
        self, chain: Chain, operations: Iterable[str], effects: Mapping[str, tuple[Effect, ...]]
    ) -> Iterator[tuple[Mapping[str, Any], tuple[str, ...]]]:
        for name in operations:
            operation = self.spec.operations[name]
            if chain.root == "request" and chain.steps[:1] == ("body",):
                yield from ((shape.schema, ()) for shape in operation.bodies.values())
            if chain.root == "body":
                yield from _bodies(operation)
            if chain.root == "after" and name in effects:
                yield from _state(effects[name][0], operation)
            if chain.root == "before" and name in effects:
                resource = effects[name][0].resource
                for other, entries in effects.items():
                    for effect in entries:
                        if effect.resource == resource:
                            yield from _state(effect, self.spec.operations[other])

    def document(self, at: tuple[str | int, ...], source: Mapping[str, Any]) -> None:
        if source["document"] not in self.data["documents"]:
            known = ", ".join(self.data["documents"])
            raise self.fail(at, f"there is no document {source['document']!r}", f"this contract has {known}")

    def check_statements(self, clauses: Mapping[str, Clause], shapes: Mapping[str, Clause]) -> None:
        for index, statement in enumerate(self.data["statements"]):
            at = ("statements", index)
            self.document(at, statement)
            for name in statement.get("by", ()):
                if name not in clauses and name not in shapes:
                    hint = "name a clause, or say `untestable:` or `client:` with the reason"
                    raise self.fail(at, f"the statement is mapped to {name!r}, which is no clause", hint)

    def check_exchanges(self, clauses: Mapping[str, Clause], shapes: Mapping[str, Clause]) -> None:
        names = set()
        for index, exchange in enumerate(self.data.get("exchanges", ())):
            self.operation(("exchanges", index), exchange["operation"])
            self.document(("exchanges", index), exchange["source"])
            if exchange["name"] in names:
                raise self.fail(("exchanges", index), f"there are two documented exchanges {exchange['name']!r}")
            names.add(exchange["name"])
        for slug, discrepancy in self.data.get("discrepancies", {}).items():
            self.document(("discrepancies", slug), discrepancy["at"])
            for expected in discrepancy["findings"]:
                if expected["exchange"] not in names:
                    raise self.fail(("discrepancies", slug), f"there is no documented exchange {expected['exchange']!r}")
                if expected["clause"] not in clauses and expected["clause"] not in shapes:
                    raise self.fail(("discrepancies", slug), f"{expected['clause']!r} is no clause")


def _bodies(operation: Operation) -> Iterator[tuple[Mapping[str, Any], tuple[str, ...]]]:
    for answer in operation.answers.values():
        for shape in answer.media.values():
            yield shape.schema, ()


def _state(effect: Effect, operation: Operation) -> Iterator[tuple[Mapping[str, Any], tuple[str, ...]]]:
    """Give where the state that an effect teaches stands in the bodies of its operation."""
    state = result(effect.state.tree) if effect.state else None
    if state is not None and state.root == "body":
        yield from ((schema, state.steps) for schema, _ in _bodies(operation))


def _condition(raw: Mapping[str, Any], comparison: str) -> str:
    that = raw["that"]
    other = raw.get(comparison, "")
    forms: dict[str, str] = {
        "": that,
        "equals": f"({that}) == ({other})",
        "among": f"({that}) in ({other})",
        "includes": f"({other}) in ({that})",
        "excludes": f"!(({other}) in ({that}))",
        "matches": f"({that}).matches({json.dumps(other, ensure_ascii=False)})",
    }
    return forms[comparison]


def _pointer(that: Expression) -> str:
    places = [chain for chain in chains(that.tree) if chain.root in {"body", "after"} and "*" not in chain.steps]
    if places:
        longest = max(places, key=lambda chain: (len(chain.steps), chain.steps))
        return "".join(f"/{step}" for step in longest.steps)
    return "/status" if "status" in that.reads else ""
