"""The feature table of the README: each operation, header and error code that is documented, and the clauses about it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from payproof.door import doors
from payproof.witness import outcomes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from payproof.clause import Clause
    from payproof.contract import Contract
    from payproof.kit import Kit

BEGIN, END = "<!-- features: made by `payproof clauses --features` -->", "<!-- end of features -->"
"""Where the table stands in the README."""

_CODE = re.compile(r"/(code|error|responseCode|errorCode)$")
"""Members of error bodies that hold a code."""

_SHOWN = 4


def table(kit: Kit) -> str:
    """Give the table of a kit: per API the operations, the headers, the error codes, each with what judges it."""
    lines = [BEGIN, ""]
    for contract in kit.contracts.values():
        lines += [f"**{contract.api}**: {len(contract.clauses)} clauses of behaviour, {len(contract.shapes)} of shape", "",
                  "| | | judged by |", "|---|---|---|"]  # fmt: skip
        for kind, name, clauses in _rows(contract):
            lines.append(f"| {kind} | `{name}` | {_named(clauses)} |")
        lines.append("")
    return "\n".join([*lines, END]) + "\n"


def _rows(contract: Contract) -> Iterator[tuple[str, str, list[str]]]:
    every = list(contract.clauses.values())
    everywhere = set(contract.spec.operations)
    for operation in contract.spec.operations.values():
        own = [clause.id for clause in every if operation.id in clause.operations and set(clause.operations) != everywhere]
        yield "operation", f"{operation.method} {contract.spec.base_path}{operation.template}", [*own, f"{operation.id}.*"]
    for name, shapes in _headers(contract).items():
        read = [clause.id for clause in every if _reads(clause, name)]
        yield "header", name, [*read, *shapes]
    for code, (statuses, shapes) in _codes(contract).items():
        yield f"error {', '.join(statuses)}", code, [*(clause.id for clause in every if _names(clause, code)), *shapes]


def _headers(contract: Contract) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for operation in contract.spec.operations.values():
        for parameter in operation.parameters:
            if parameter.where == "header":
                found.setdefault(parameter.name, []).append(f"{operation.id}.rejects-invalid")
        for door in doors(contract.spec, operation)[:1]:
            if door.where == "header":
                found.setdefault(door.name, []).append(f"{operation.id}.rejects-invalid")
        for answer in operation.answers.values():
            for name in answer.headers:
                known = next((one for one in found if one.lower() == name.lower()), name)
                found.setdefault(known, [])
                if f"{operation.id}.headers" not in found[known]:
                    found[known].append(f"{operation.id}.headers")
    return found


def _reads(clause: Clause, header: str) -> bool:
    quoted = f'"{header.lower()}"'
    parts = (clause.when, clause.that, clause.other, *clause.facts.values())
    return any(quoted in part.text and part.reads & {"headers", "request"} for part in parts if part is not None)


def _codes(contract: Contract) -> dict[str, tuple[list[str], list[str]]]:
    """Give each error code with the statuses that it comes with and the shape clauses that know it."""
    found: dict[str, tuple[dict[str, None], dict[str, None]]] = {}
    for outcome in outcomes(contract):
        if outcome.status[0] in "45" and _CODE.search(outcome.member):
            statuses, shapes = found.setdefault(outcome.value, ({}, {}))
            statuses[outcome.status] = shapes[f"{outcome.operation}.schema"] = None
    return {code: (sorted(statuses), list(shapes)) for code, (statuses, shapes) in found.items()}


def _names(clause: Clause, code: str) -> bool:
    quoted = re.compile(rf"""(["']){re.escape(code)}\1""")
    parts: tuple[Any, ...] = (clause.when, clause.that, clause.other)
    return any(quoted.search(part.text) for part in parts if part is not None)


def _named(clauses: Iterable[str]) -> str:
    named = list(dict.fromkeys(clauses))
    shown = ", ".join(f"`{name}`" for name in named[:_SHOWN])
    return shown + (f" and {len(named) - _SHOWN} more" if len(named) > _SHOWN else "")
