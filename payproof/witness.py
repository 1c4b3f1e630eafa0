"""Outcomes: which documented statuses and enum members the answers of a run really showed, and what nobody documented.

Per operation each status, and per status each value of each enumerated member (error codes among them), is an outcome.
It is witnessed by an answer that state or input caused; an answer that the suite had told the target to give is counted
apart, as scripted. A member that no schema knows is no break, since a vendor may add: it is counted as drift.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from payproof.schema import BRANCHES, follow

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from payproof.contract import Contract
    from payproof.spec import Answer, Operation

STATUS = ""
"""The member of an outcome that is the status itself."""

_DEEPEST = 12
"""How far a schema that contains itself is followed."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One documented outcome: a status, or a value at a member (pointer with `*` for items) of the answers with it.

    `place` is where the enumeration stands in the spec: operations that share a schema share the place.
    """

    api: str
    operation: str
    status: str
    member: str
    value: str
    place: str

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What tells it from every other one."""
        return self.operation, self.status, self.member, self.value


@dataclass(slots=True)
class _Node:
    """A schema as far as outcomes need it: known members, items, enumerated values."""

    members: dict[str, _Node] = field(default_factory=dict)
    items: _Node | None = None
    values: dict[str, str] = field(default_factory=dict)
    open: bool = False
    """Whether any member is as good as a known one: the schema says what all others look like, or nothing at all."""


def outcomes(contract: Contract) -> Iterator[Outcome]:
    """Give every documented outcome of an API."""
    for operation in contract.spec.operations.values():
        for status, answer in operation.answers.items():
            yield Outcome(contract.api, operation.id, status, STATUS, status, f"{operation.id} {status}")
            for pointer, value, place in _listed(_tree(contract.spec.document, answer), ""):
                yield Outcome(contract.api, operation.id, status, pointer, value, place)


def _listed(node: _Node | None, pointer: str) -> Iterator[tuple[str, str, str]]:
    if node is None:
        return
    for value, place in node.values.items():
        yield pointer, value, place
    for name, member in node.members.items():
        yield from _listed(member, f"{pointer}/{name}")
    yield from _listed(node.items, f"{pointer}/*")


def _tree(document: Mapping[str, Any], answer: Answer) -> _Node | None:
    shape = next((shape for media, shape in answer.media.items() if "json" in media), None)
    if shape is None:
        return None
    node = _Node()
    _grow(document, shape.schema, "", node, 0)
    return node


def _grow(document: Mapping[str, Any], schema: Any, place: str, node: _Node, depth: int) -> None:
    while isinstance(schema, dict) and "$ref" in schema:
        place = schema["$ref"]
        schema = follow(document, place)
    if not isinstance(schema, dict) or depth > _DEEPEST:
        node.open = True
        return
    place = place or str(id(schema))
    if "const" in schema or "enum" in schema:
        for value in schema.get("enum", [schema.get("const")]):
            node.values.setdefault(_text(value), place)
    for branch in BRANCHES:
        for index, part in enumerate(schema.get(branch, ())):
            _grow(document, part, f"{place}/{branch}/{index}", node, depth)
    for name, member in schema.get("properties", {}).items():
        below = node.members.setdefault(name, _Node())
        _grow(document, member, f"{place}/properties/{name}", below, depth + 1)
    if isinstance(schema.get("items"), dict):
        node.items = node.items or _Node()
        _grow(document, schema["items"], f"{place}/items", node.items, depth + 1)
    if isinstance(schema.get("additionalProperties"), dict) or "patternProperties" in schema:
        node.open = True


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


@dataclass(slots=True)
class Witness:
    """Looks at answers and counts what they show: `seen` and `scripted` by the outcome's key, `drift` by place."""

    seen: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    scripted: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    drift: Counter[str] = field(default_factory=Counter)
    _trees: dict[tuple[str, str], _Node | None] = field(default_factory=dict)

    def take(self, contract: Contract, operation: Operation, status: int, body: Any, *, scripted: bool) -> None:
        """Count what one answer shows; `body` is the parsed one, None where there is none."""
        answer = operation.answer(status)
        if answer is None:
            return
        counted = self.scripted if scripted else self.seen
        counted[operation.id, answer.status, STATUS, answer.status] += 1
        key = (operation.id, answer.status)
        if key not in self._trees:
            self._trees[key] = _tree(contract.spec.document, answer)
        tree = self._trees[key]
        if tree is None:
            return
        stack: list[tuple[str, _Node, Any]] = [("", tree, body)]
        for pointer, node, value in stack:
            kind = type(value)
            if kind is dict:
                for name, inner in value.items():
                    known = node.members.get(name)
                    if known is not None:
                        stack.append((f"{pointer}/{name}", known, inner))
                    elif node.members and not node.open and not scripted:
                        self.drift[f"{operation.id} {answer.status} {pointer}/{name}"] += 1
            elif kind is list:
                if node.items is not None:
                    below = f"{pointer}/*"
                    stack += [(below, node.items, item) for item in value]
            elif node.values:
                text = _text(value)
                if text in node.values:
                    counted[operation.id, answer.status, pointer, text] += 1

    def record(self) -> list[list[Any]]:
        """Give the counts as a journal's footer has them: operation, status, member, value, seen, scripted."""
        return [[*key, self.seen[key], self.scripted[key]] for key in sorted(self.seen.keys() | self.scripted.keys())]


def table(contracts: Iterable[Contract], counted: Iterable[list[Any]]) -> list[dict[str, Any]]:
    """Give a row for each documented outcome: how often it was witnessed, how often scripted, and why not if named.

    A reason belongs to what nothing outside can cause; see the `outcomes` of a contract.
    """
    seen: Counter[tuple[str, ...]] = Counter()
    scripted: Counter[tuple[str, ...]] = Counter()
    for operation, status, member, value, often, told in counted:
        seen[operation, status, member, value] += often
        scripted[operation, status, member, value] += told
    rows = []
    for contract in contracts:
        for outcome in outcomes(contract):
            reason = next((excuse["reason"] for excuse in contract.outcomes if _covers(excuse, outcome)), None)
            rows.append({
                "api": outcome.api, "operation": outcome.operation, "status": outcome.status, "member": outcome.member,
                "value": outcome.value, "witnessed": seen[outcome.key], "scripted": scripted[outcome.key],
                "reason": reason, "place": outcome.place,
            })  # fmt: skip
    return rows


def _covers(excuse: Mapping[str, Any], outcome: Outcome) -> bool:
    operations = excuse["operation"]
    if operations != "any" and outcome.operation not in ([operations] if isinstance(operations, str) else operations):
        return False
    if "status" in excuse and excuse["status"] != outcome.status:
        return False
    if "member" not in excuse:
        return "status" in excuse
    return excuse["member"] == outcome.member and (excuse["values"] == "all" or outcome.value in excuse["values"])


def gaps(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Say which outcomes nobody witnessed without a reason, and which have a reason and were witnessed.

    An enumeration that several operations share is witnessed where one of them shows the value.
    """
    groups: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
    for row in rows:
        place = f"{row['operation']} {row['status']}" if row["member"] == STATUS else row["place"]
        groups.setdefault((row["api"], place, row["value"]), []).append(row)
    missing: list[dict[str, str]] = []
    for (api, _, _), group in groups.items():
        first, witnessed, excused = group[0], any(row["witnessed"] for row in group), any(row["reason"] for row in group)
        where = f"{first['operation']} {first['status']}" + (f" {first['member']} = {first['value']}" if first["member"] else "")
        if not witnessed and not excused:
            missing.append({"api": api, "what": f"{where} was never witnessed, and the contract's outcomes give no reason"})
        elif witnessed and all(row["reason"] for row in group):
            missing.append({"api": api, "what": f"{where} was witnessed, though the contract's outcomes say that it cannot be"})
    return missing
