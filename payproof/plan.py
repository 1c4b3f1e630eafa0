"""How the clauses of one operation are evaluated: conditions that a status settles left out, equal ones asked once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from payproof.chains import chains, result
from payproof.expression import Activation, EvaluationError, Expression
from payproof.redact import MARK
from payproof.schema import members
from payproof.syntax import settled

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from payproof.clause import Clause
    from payproof.contract import Contract, Effect, Fact
    from payproof.spec import Operation


class Reader:
    """Reads a value that is a plain path below a root (`path["id"]`, `body.id`) without CEL, anything else with it."""

    __slots__ = ("expression", "steps")

    def __init__(self, expression: Expression) -> None:
        """Find out whether the expression is a plain path."""
        self.expression = expression
        nodes = list(expression.tree.walk())
        plain = all(node.kind == "name" or (node.kind == "member" and not node.optional) for node in nodes)
        chain = result(expression.tree) if plain else None
        self.steps: tuple[str, ...] | None = (chain.root, *chain.steps) if chain is not None else None

    def value(self, names: Mapping[str, Any], activation: Activation) -> Any:
        """Give the value. Raises EvaluationError where it has none."""
        if self.steps is None:
            return self.expression.answer(activation)
        value: Any = names
        try:
            for step in self.steps:
                value = value[step]
        except (KeyError, TypeError, IndexError) as error:
            message = f"NOT_FOUND: Key not found in map : {error}"
            raise EvaluationError(message) from error
        return value


@dataclass(slots=True)
class Conditions:
    """The conditions of clauses for one status and set of known facts: the settled left out, equal ones asked once."""

    always: list[int]
    whens: list[tuple[Expression, list[int]]]

    @classmethod
    def of(cls, clauses: Sequence[Clause], status: int, known: frozenset[str]) -> Conditions:
        """Sort the clauses (by index) into always, never and it depends."""
        always: list[int] = []
        whens: dict[str, tuple[Expression, list[int]]] = {}
        for index, clause in enumerate(clauses):
            decided = True if clause.when is None else settled(clause.when.tree, status, known)
            if decided:
                always.append(index)
            elif decided is None and clause.when is not None:
                whens.setdefault(clause.when.text, (clause.when, []))[1].append(index)
        return cls(always, list(whens.values()))

    def true(self, activation: Activation) -> tuple[list[int], list[tuple[int, EvaluationError]]]:
        """Give the clauses whose condition is true, in order, and those whose condition has no value."""
        chosen = self.always.copy()
        errors: list[tuple[int, EvaluationError]] = []
        for when, indexes in self.whens:
            try:
                if when.answer(activation) is True:
                    chosen += indexes
            except EvaluationError as error:
                errors += [(index, error) for index in indexes]
        chosen.sort()
        return chosen, errors


@dataclass(slots=True)
class Group:
    """Clauses that one activation serves: no two of them look up one fact under different keys."""

    clauses: list[Clause]
    facts: dict[str, Reader] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    conditions: dict[tuple[int, frozenset[str]], Conditions] = field(default_factory=dict)
    states: list[frozenset[str]] = field(default_factory=list)

    def takes(self, clause: Clause) -> bool:
        """Say whether a clause looks up its facts under the keys that the group has."""
        return all(self.keys.get(name, key.text) == key.text for name, key in clause.facts.items())

    def add(self, clause: Clause) -> None:
        """Take a clause in."""
        self.clauses.append(clause)
        self.states.append(clause.reads & {"before", "after"})
        for name, key in clause.facts.items():
            self.keys[name] = key.text
            self.facts.setdefault(name, Reader(key))

    def selected(
        self, status: int, known: frozenset[str], activation: Activation
    ) -> tuple[list[int], list[tuple[int, EvaluationError]]]:
        """Give the clauses (by index) whose condition is true, and those whose condition has no value.

        `known` are the facts of which the exchange's keys have something.
        """
        conditions = self.conditions.get((status, known))
        if conditions is None:
            conditions = self.conditions[status, known] = Conditions.of(self.clauses, status, known)
        return conditions.true(activation)


@dataclass(slots=True)
class Plan:
    """The clauses of one operation, in groups, and the roots that they read."""

    groups: list[Group]
    reads: frozenset[str]

    @classmethod
    def of(cls, clauses: Iterable[Clause]) -> Plan:
        """Build the plan for the clauses of one operation."""
        groups: list[Group] = []
        reads: frozenset[str] = frozenset()
        for clause in clauses:
            group = next((group for group in groups if group.takes(clause)), None)
            if group is None:
                group = Group([])
                groups.append(group)
            group.add(clause)
            reads |= clause.reads
        return cls(groups, reads)


@dataclass(slots=True)
class Compiled:
    """Everything about one operation that judging it needs."""

    contract: Contract
    operation: Operation
    plan: Plan
    effects: list[tuple[Effect, Reader, Reader | None]]
    facts: list[tuple[Fact, Reader]]
    reads: frozenset[str]


class Plans:
    """What judges of the same contracts, needs and moment share: how each operation's clauses are evaluated."""

    def __init__(self, contracts: Iterable[Contract], *, has: frozenset[str], deferred: bool = False) -> None:
        """Take the contracts and what the traffic's source can offer; see `Judge` for `deferred`."""
        self.contracts = tuple(contracts)
        self.has = has
        self.deferred = deferred
        self._facts = [(fact, Reader(fact.key)) for contract in self.contracts for fact in contract.facts.values()]
        self._compiled: dict[tuple[str, str], Compiled] = {}

    def compiled(self, contract: Contract, operation: Operation) -> Compiled:
        """Give the plan of an operation, made when it is first asked for."""
        known = self._compiled.get((contract.api, operation.id))
        if known is not None:
            return known
        clauses = [clause for clause in contract.clauses.values()
                   if operation.id in clause.operations and clause.deferred == self.deferred and clause.needs <= self.has]  # fmt: skip
        effects = [(effect, Reader(effect.id), Reader(effect.state) if effect.state else None)
                   for effect in contract.effects.get(operation.id, ())]  # fmt: skip
        facts = [(fact, reader) for fact, reader in self._facts
                 if fact.name in contract.facts and operation.id in fact.operations and fact.run == self.deferred]  # fmt: skip
        plan = Plan.of(clauses)
        reads = plan.reads
        for effect, _, _ in effects:
            parts = (effect.id, effect.state, effect.when, effect.items)
            reads = reads.union(*(part.reads for part in parts if part is not None))
        for fact, _ in facts:
            reads = reads.union(*(part.reads for part in (fact.when, fact.key, fact.value) if part is not None))
        made = self._compiled[contract.api, operation.id] = Compiled(contract, operation, plan, effects, facts, reads)
        return made


def reads_marker(clause: Clause, names: Mapping[str, Any]) -> bool:
    """Say whether a clause reads something that a redacted journal does not show."""
    parts = [part for part in (clause.when, clause.that, clause.other, *clause.facts.values()) if part is not None]
    return any(MARK in str(found) for part in parts for chain in chains(part.tree)
               for found in _values(names, (chain.root, *chain.steps)))  # fmt: skip


def _values(node: Any, steps: Sequence[str]) -> Iterator[Any]:
    if not steps:
        yield node
    elif steps[0] == "*" and isinstance(node, list):
        for item in node:
            yield from _values(item, steps[1:])
    elif isinstance(node, dict) and steps[0] in node:
        yield from _values(node[steps[0]], steps[1:])


def optional_member(contract: Contract, clause: Clause, operation: str, missing: str) -> bool:
    """Say whether a member that an expression missed is one that the spec makes optional where the clause reads it."""
    spec = contract.spec
    parts = [part for part in (clause.when, clause.that, clause.other, *clause.facts.values()) if part is not None]
    schemas = [shape.schema for answer in spec.operations[operation].answers.values() for shape in answer.media.values()]
    sent = [shape.schema for shape in spec.operations[operation].bodies.values()]
    for effects in contract.effects.items():
        schemas += [shape.schema for answer in spec.operations[effects[0]].answers.values() for shape in answer.media.values()]
    for chain in (chain for part in parts for chain in chains(part.tree)):
        if missing not in chain.steps:
            continue
        if chain.root in {"headers", "query"}:
            return True
        roots, steps = (sent, chain.steps[1:]) if chain.root == "request" else (schemas, chain.steps)
        steps = steps[: steps.index(missing) + 1] if missing in steps else steps
        if chain.root == "request" and chain.steps[0] == "headers":
            return True
        if any(not required for root in roots for _, required in members(spec.document, root, steps)):
            return True
    return False
