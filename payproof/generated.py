"""What the property tests really sent: distinct accepted and refused requests, and which constraints were violated.

Counted from the journal, not claimed by a test: a request counts as accepted when its answer was 2xx, as refused when
the answer was a 4xx that names the changed member, and the same request sent twice counts once.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from payproof.constraint import constraints

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from payproof.kit import Kit

WANTED: Mapping[str, tuple[int, int]] = {"smoke": (0, 0), "standard": (30, 60), "deep": (100, 300)}
"""Distinct accepted and negative requests that each operation gets at least, by depth."""

NAMED_SHARE = 0.95
"""The share of negative requests whose refusal must name the changed member."""

_VARYING = frozenset({"authorization", "merchantidentifier", "user-agent", "content-length", "host"})


@dataclass(slots=True)
class _Operation:
    api: str
    constraints: frozenset[str]
    accepted: set[bytes] = field(default_factory=set)
    negative: set[bytes] = field(default_factory=set)
    violated: set[str] = field(default_factory=set)
    refused: int = 0
    named: int = 0
    holes: Counter[str] = field(default_factory=Counter)


class Generated:
    """Counts the requests whose sender said what they were for."""

    def __init__(self, kit: Kit, apis: Iterable[str], depth: str) -> None:
        """Look up the operations and constraints of the APIs in scope."""
        self.depth = depth
        self.operations = {
            operation.id: _Operation(api, frozenset(c.id for c in constraints(kit.contracts[api].spec, operation)))
            for api in apis for operation in kit.contracts[api].spec.operations.values()
        }  # fmt: skip

    def add(self, record: Mapping[str, Any]) -> None:
        """Take one journal record; only exchanges with an intent count."""
        if record["kind"] != "exchange" or "intent" not in record:
            return
        counted = self.operations.get(record["operation"])
        intent, response = record["intent"], record["response"]
        if counted is None or response is None:
            return
        if intent["verdict"] == "accept":
            if 200 <= response["status"] < 300:
                counted.accepted.add(_digest(record, ""))
            return
        counted.negative.add(_digest(record, f"{intent['location']}{intent['pointer']}"))
        counted.violated.add(f"{intent['location']}:{_starred(intent['pointer'])}:{intent['keyword']}")
        if 400 <= response["status"] < 500:
            counted.refused += 1
            if "hole" in record:
                counted.holes[record["hole"]] += 1
            else:
                counted.named += 1

    def table(self) -> list[dict[str, Any]]:
        """Give a row an operation: what was sent, and what a refusal proved."""
        return [
            {"api": op.api, "operation": name, "accepted": len(op.accepted), "negative": len(op.negative),
             "constraints": len(op.constraints), "violated": len(op.violated & op.constraints),
             "refused": op.refused, "named": op.named, "holes": dict(op.holes.most_common(5))}
            for name, op in self.operations.items()
        ]  # fmt: skip

    def gaps(self) -> list[dict[str, str]]:
        """Say what is missing at this depth; a run with gaps is incomplete."""
        accepted, negative = WANTED[self.depth]
        gaps = []
        for name, op in self.operations.items():
            if len(op.accepted) < accepted:
                gaps.append(f"{name}: {len(op.accepted)} distinct accepted requests of {accepted}")
            if len(op.negative) < negative:
                gaps.append(f"{name}: {len(op.negative)} distinct negative requests of {negative}")
            missing = sorted(op.constraints - op.violated)
            if negative and missing:
                gaps.append(f"{name}: {len(missing)} constraints never violated, the first is {missing[0]}")
            if op.refused and op.named / op.refused < NAMED_SHARE:
                gaps.append(f"{name}: only {op.named} of {op.refused} refusals name the changed member")
        return [{"api": self.operations[gap.partition(":")[0]].api, "what": gap} for gap in gaps]


def _starred(pointer: str) -> str:
    return "/".join("*" if step.isdigit() else step for step in pointer.split("/"))


def _digest(record: Mapping[str, Any], changed: str) -> bytes:
    request = record["request"]
    split = urlsplit(request["url"])
    headers = sorted(
        (name.lower(), value) for name, value in request["headers"]
        if name.lower() not in _VARYING or changed.lower().startswith((f"header/{name.lower()}", "authorization"))
    )  # fmt: skip
    path = split.path if changed.startswith("path") else record["operation"]
    text = repr((record["operation"], path, split.query, headers, request["body"], changed))
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest()
