"""What the property tests really sent: distinct accepted and refused requests, and which constraints were violated.

Counted from the journal, not claimed by a test. A request counts as accepted when its answer was 2xx, as refused when
the answer was a 4xx that names the changed member; the same request sent twice counts once. A constraint counts as
violated only where the same test had sent an equal request before, except for the place that was changed, and that one
had been accepted: a refusal proves nothing else.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from payproof.constraint import constraints
from payproof.door import doors
from payproof.draft import ABSENT, Draft, changed_at, follow
from payproof.shape import FORM

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from payproof.contract import Contract
    from payproof.kit import Kit
    from payproof.spec import Operation

WANTED: Mapping[str, tuple[int, int]] = {"smoke": (0, 0), "standard": (30, 60), "deep": (100, 300)}
"""Distinct accepted and negative requests that each operation gets at least, by depth."""

NAMED_SHARE = 0.95
"""The share of negative requests whose refusal must name the changed member."""

UNPROVEN = "unproven: no accepted request of the test differs in this place alone"

MARK = "pp"
"""What the mark of a tenant begins with; see `worker.Apis`."""
_MARKED = re.compile(f"{MARK}[0-9a-f]{{10}}")
_VARYING = frozenset({"authorization", "user-agent", "content-length", "host"})
"""Headers that no test chooses. Those that a contract's access fills in are none of them either."""
REFERS = "x-refers-to"
"""What a spec writes where a value must name something that exists."""
_REMEMBERED = 16
"""How many of a test's accepted requests are kept to compare with: it sends the base just before what differs."""
_TESTS = 64
"""For how many tests of an operation they are kept: more than run at the same time."""


@dataclass(frozen=True, slots=True)
class _Sent:
    """A request of the journal, in parts that can be compared. The path is left out: ids differ between tenants.

    So are `varying` headers and parameters, which differ from tenant to tenant or from request to request whatever a test
    does, and the ids that the body has at the places `ids`: they name what was prepared for this one request.
    """

    query: Mapping[str, str]
    headers: Mapping[str, str]
    text: str
    body: Any

    @classmethod
    def of(cls, record: Mapping[str, Any], varying: _Varying, ids: Iterable[str]) -> _Sent:
        request = _unmarked(record["request"])
        headers = {name.lower(): value for name, value in request["headers"] if name.lower() not in varying.headers}
        text = request["body"]
        body: Any = None
        if headers.get("content-type", "").startswith(FORM):
            body = dict(parse_qsl(text, keep_blank_values=True))
        elif text:
            try:
                body = json.loads(text)
            except (ValueError, RecursionError):
                body = None
        for pointer in ids:
            for place in Draft("", body=body).spots("body", pointer):
                if isinstance(follow(body, place), str | int):
                    body = changed_at(body, place, "an id")
        query = parse_qsl(urlsplit(request["url"]).query, keep_blank_values=True)
        return cls({name: value for name, value in query if name not in varying.query}, headers, text, body)

    def differs_only_at(self, other: _Sent, location: str, pointer: str) -> bool:
        """Say whether two requests are equal except for one place."""
        own, theirs = dict(self.headers), dict(other.headers)
        query, known = dict(self.query), dict(other.query)
        if location == "header":
            own.pop(pointer[1:].lower(), None)
            theirs.pop(pointer[1:].lower(), None)
        elif location == "query":
            query.pop(pointer[1:], None)
            known.pop(pointer[1:], None)
        if own != theirs or query != known:
            return False
        if location != "body":
            return self.body == other.body if self.body is not None else self.text == other.text
        return _without(self.body, pointer) == _without(other.body, pointer) if pointer else True


def _without(body: Any, pointer: str) -> Any:
    if follow(body, pointer) is ABSENT:
        return body
    return changed_at(body, pointer, ABSENT)


@dataclass(frozen=True, slots=True)
class _Varying:
    """Headers and query parameters that no test chooses; those of the door are among them."""

    headers: frozenset[str]
    query: frozenset[str]
    door: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, contract: Contract, operation: Operation) -> _Varying:
        door = frozenset((one.where, one.key) for one in doors(contract.spec, operation))
        headers = _VARYING | {name.lower() for name, value in contract.access.get("headers", {}).items() if "{" in value}
        headers |= {one.key for one in operation.parameters if one.where == "header" and REFERS in one.shape.schema}
        query = frozenset(name for name, value in contract.access.get("query", {}).items() if "{" in value)
        own = {where: frozenset(key for place, key in door if place == where) for where in ("header", "query")}
        return cls(headers | own["header"], query | own["query"], door)

    def chosen(self, where: str, key: str, changed: str) -> bool:
        """Say whether a value tells requests apart that differ at the place `changed`."""
        held = self.headers if where == "header" else self.query
        if key not in held or changed == f"{where}/{key}":
            return True
        return changed == "authorization" and (where, key) in self.door


@dataclass(slots=True)
class _Operation:
    api: str
    constraints: frozenset[str]
    varying: _Varying
    ids: tuple[str, ...]
    bare: bool
    accepted: set[bytes] = field(default_factory=set)
    negative: set[bytes] = field(default_factory=set)
    violated: set[str] = field(default_factory=set)
    refused: int = 0
    named: int = 0
    holes: Counter[str] = field(default_factory=Counter)
    bases: dict[str, deque[_Sent]] = field(default_factory=dict)

    @classmethod
    def of(cls, contract: Contract, operation: Operation) -> _Operation:
        """Look up what is counted of an operation, and what tells its requests apart."""
        varying = _Varying.of(contract, operation)
        chosen = [one for one in operation.parameters if one.where in {"query", "header"} and varying.chosen(one.where, one.key, "")]
        demanded = constraints(contract.spec, operation)
        known = frozenset(constraint.id for constraint in demanded)
        ids = {one.pointer for one in demanded if one.location == "body" and one.keyword == "type" and REFERS in one.schema}
        return cls(contract.api, known, varying, tuple(sorted(ids)), bare=not chosen and not operation.bodies)

    def of_test(self, test: str) -> deque[_Sent]:
        """Give the accepted requests of a test, the newest last, and forget those of tests that are long over."""
        found = self.bases.pop(test, deque(maxlen=_REMEMBERED))
        self.bases[test] = found
        if len(self.bases) > _TESTS:
            del self.bases[next(iter(self.bases))]
        return found

    def digest(self, record: Mapping[str, Any], changed: str) -> bytes:
        """Tell requests apart whichever tenant sends them.

        A path counts where it was changed, and where nothing else can differ: then each is about another thing.
        """
        request = _unmarked(record["request"])
        split = urlsplit(request["url"])
        place = changed.lower() if changed.startswith("header") else changed
        headers = sorted(
            (name.lower(), value) for name, value in request["headers"] if self.varying.chosen("header", name.lower(), place)
        )
        asked = parse_qsl(split.query, keep_blank_values=True)
        query = [(name, value) for name, value in asked if self.varying.chosen("query", name, place)]
        path = split.path if self.bare or changed.startswith("path") else record["operation"]
        text = repr((record["operation"], path, query, headers, request["body"], changed))
        return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest()


class Generated:
    """Counts the requests whose sender said what they were for."""

    def __init__(self, kit: Kit, apis: Iterable[str], depth: str) -> None:
        """Look up the operations and constraints of the APIs in scope."""
        self.depth = depth
        self.operations = {
            operation.id: _Operation.of(kit.contracts[api], operation)
            for api in apis for operation in kit.contracts[api].spec.operations.values()
        }  # fmt: skip

    def add(self, record: Mapping[str, Any]) -> None:
        """Take one journal record, in the order of time; only exchanges with an intent count."""
        if record["kind"] != "exchange" or "intent" not in record:
            return
        counted = self.operations.get(record["operation"])
        intent, response = record["intent"], record["response"]
        if counted is None or response is None:
            return
        if intent["verdict"] == "accept":
            if 200 <= response["status"] < 300 and not record.get("refused"):
                counted.accepted.add(counted.digest(record, ""))
                counted.of_test(record["test"]).append(_Sent.of(record, counted.varying, counted.ids))
            return
        location, pointer = intent["location"], intent["pointer"]
        counted.negative.add(counted.digest(record, location + pointer))
        sent = _Sent.of(record, counted.varying, counted.ids)
        if any(sent.differs_only_at(base, location, pointer) for base in reversed(counted.of_test(record["test"]))):
            counted.violated.add(f"{location}:{_starred(pointer)}:{intent['keyword']}")
        else:
            counted.holes[UNPROVEN] += 1
        if 400 <= response["status"] < 500 or record.get("refused"):
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
            masked = sum(number for hole, number in op.holes.items() if hole.startswith("masked"))
            if masked:
                gaps.append(f"{name}: {masked} negative requests were refused before the changed member was looked at")
        return [{"api": self.operations[gap.partition(":")[0]].api, "what": gap} for gap in gaps]


def _starred(pointer: str) -> str:
    return "/".join("*" if step.isdigit() else step for step in pointer.split("/"))


def _unmarked(request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give a request as any other tenant would have sent it."""
    if not _MARKED.search(request["url"] + request["body"] + "".join(value for _, value in request["headers"])):
        return request
    headers = [(name, _MARKED.sub(MARK, value)) for name, value in request["headers"]]
    return {**request, "url": _MARKED.sub(MARK, request["url"]), "headers": headers, "body": _MARKED.sub(MARK, request["body"])}
