"""Honest runs kept in memory, and what the judge says when one thing in them is changed.

A story is recorded once on the embedded mock; a mutant changes one exchange of it so that a single clause is broken
while the spec still passes. The chain up to that exchange is judged again, without HTTP: exactly that clause has to
be found broken. A clause that nothing breaks says nothing.
"""

from __future__ import annotations

import copy
import importlib.util
import json
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from payproof import fileformat, yamlfile
from payproof.client import Api, Session
from payproof.errors import KitError
from payproof.exchange import Exchange, Request, Response, lowered
from payproof.expression import Activation, EvaluationError, ExpressionError, compiled
from payproof.journal import Nowhere
from payproof.judge import Judge
from payproof.plan import Plans
from payproof.redact import Redactor
from payproof.target import open_target

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from payproof.client import Answer
    from payproof.contract import Contract
    from payproof.finding import Finding
    from payproof.kit import Kit
    from payproof.target import Target, Tenant


@dataclass(frozen=True, slots=True)
class Asked:
    """The options that open the embedded mock."""

    target: str = "mock"
    faults: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()
    clock: str | None = None


@dataclass(slots=True)
class Chain:
    """Recorded exchanges in order, and which label stands for which of them."""

    exchanges: list[Exchange] = field(default_factory=list)
    labels: dict[str, int] = field(default_factory=dict)
    has: frozenset[str] = frozenset()


@dataclass(slots=True)
class Play:
    """What a story acts with: `play("add-card", "addPaymentMethod", path=..., body=...)` as one tenant."""

    session: Session
    api: str
    tenant: Tenant
    labels: dict[str, int]
    tenants: list[int]

    @property
    def credentials(self) -> dict[str, str]:
        """The tenant's credentials; `token` is there after the first call that needs one."""
        return self.tenant.credentials

    def __call__(self, label: str, operation: str, **parts: Any) -> Answer:
        """Call an operation (the parts are those of `Api.call`) and give the exchange a label of its own."""
        api = next(c.api for c in self.session.kit.contracts.values() if operation in c.spec.operations)
        caller = Api(self.session, self.tenant, api)
        before = self.session.exchanges
        request = caller.request(operation, **parts)
        for number in range(before, self.session.exchanges):
            self._label("token", number)
        answer = self.session.send(self.tenant, request)
        self._label(label, self.session.exchanges - 1)
        return answer

    def _label(self, label: str, number: int) -> None:
        name, again = label, 1
        while name in self.labels:
            again += 1
            name = f"{label}-{again}"
        self.labels[name] = number

    def other_tenant(self) -> Play:
        """Give a second tenant of the same target."""
        self.tenants.append(len(self.tenants))
        return replace(self, tenant=self.session.target.tenant(f"story:{self.api}:{len(self.tenants)}"))

    def new_token(self) -> str:
        """Fetch another token and use it from now on."""
        before = self.session.exchanges
        token = Api(self.session, self.tenant, self.api).token()
        for number in range(before, self.session.exchanges):
            self._label("token", number)
        return token

    def advance(self, seconds: float) -> None:
        """Move the tenant's clock."""
        self.session.target.advance(self.tenant, seconds)

    def script(self, *answers: Mapping[str, Any]) -> None:
        """Script the next answers that the tenant gets."""
        self.session.target.script(self.tenant, *answers)


def record(kit: Kit, api: str, target: Target) -> Chain:
    """Play the story of an API on a target and give its exchanges.

    Raises KitError if the kit has no story for the API, or the file has no function `story`.
    """
    path = kit.root / "suites" / "stories" / f"{api.replace('-', '_')}.py"
    module_spec = importlib.util.spec_from_file_location(f"payproof_story_{path.stem}", path) if path.is_file() else None
    if module_spec is None or module_spec.loader is None:
        raise KitError(path, f"there is no story for {api}")
    module = importlib.util.module_from_spec(module_spec)
    module_spec.loader.exec_module(module)
    if not hasattr(module, "story"):
        raise KitError(path, "has no function `story(play)`")
    redactor = Redactor(kit.sensitive())
    judge = Judge(kit.contracts.values(), redactor, has=target.has)
    session = Session(kit, target, judge, redactor, Nowhere(), record=[])
    chain = Chain(has=target.has)
    try:
        module.story(Play(session, api, target.tenant(f"story:{api}"), chain.labels, []))
    finally:
        session.close()
    chain.exchanges = [answer.exchange for answer in session.record or ()]
    return chain


def record_all(kit: Kit) -> dict[str, Chain]:
    """Record the story of every API of the kit on an embedded mock."""
    with open_target(Asked()) as target:
        return {api: record(kit, api, target) for api in kit.contracts}


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of one step; `also` names clauses that cannot but break with it."""

    api: str
    clause: str
    step: str
    lie: str
    changes: tuple[Mapping[str, Any], ...]
    also: frozenset[str] = frozenset()


def mutants(kit: Kit, api: str) -> list[Mutant]:
    """Read the committed mutants of an API.

    Raises KitError for a file that is not of the format, or a mutant of a clause that does not exist.
    """
    path = kit.root / "contracts" / "mutants" / f"{api}.yaml"
    file = yamlfile.load(path)
    fileformat.check(file, "mutants.schema.json")
    found = []
    for clause, entries in file.data["mutants"].items():
        if clause not in kit.contracts[api].clauses:
            raise KitError(path, f"{clause} is no clause of {api}", line=file.line(("mutants", clause)))
        for raw in entries:
            also = frozenset(raw.get("also", ()))
            found.append(Mutant(api, clause, raw["step"], raw["lie"], tuple(raw["change"]), also))
    return found


@dataclass(slots=True)
class Trial:
    """What the judge says of a chain: findings by the number of the exchange, and errors of the suite."""

    findings: dict[int, list[Finding]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    judged: set[str] = field(default_factory=set)


@lru_cache(maxsize=8)
def _plans(contracts: tuple[Contract, ...], has: frozenset[str]) -> tuple[Plans, Plans]:
    return Plans(contracts, has=has), Plans(contracts, has=has, deferred=True)


def judges(kit: Kit, has: frozenset[str]) -> tuple[Judge, Judge]:
    """Give the judge of single exchanges and the one of whole runs, both new."""
    redactor = Redactor(kit.sensitive())
    contracts = tuple(kit.contracts.values())
    first, late = _plans(contracts, has)
    return Judge(contracts, redactor, has=has, plans=first), Judge(contracts, redactor, has=has, plans=late)


def judge_all(kit: Kit, exchanges: Sequence[Exchange], has: frozenset[str]) -> Trial:
    """Judge exchanges in order by every clause, those about the whole run included."""
    trial = Trial()
    both = judges(kit, has)
    for number, exchange in enumerate(exchanges):
        judge_one(trial, both, number, exchange)
    return trial


def judge_one(trial: Trial, both: Sequence[Judge], number: int, exchange: Exchange) -> None:
    """Judge the next exchange by the judge of single exchanges and the one of whole runs, and note what they say."""
    _learn_cards(both[0], exchange)
    for judge in both:
        judgement = judge.judge(exchange)
        trial.judged.update(judgement.judged)
        trial.errors += judgement.errors
        if judgement.findings:
            trial.findings.setdefault(number, []).extend(judgement.findings)


def _learn_cards(judge: Judge, exchange: Exchange) -> None:
    if "json" in lowered(exchange.request.headers).get("content-type", ""):
        try:
            judge.redactor.learn(json.loads(exchange.request.body))
        except ValueError:
            return


def mutated(kit: Kit, chain: Chain, mutant: Mutant) -> list[Exchange]:
    """Give the chain up to the mutant's step, that step changed.

    Raises KeyError for an unknown step, ValueError for a change that cannot be made or changes nothing.
    """
    exchanges = chain.exchanges[: step_of(chain, mutant) + 1]
    first, late = judges(kit, chain.has)
    for exchange in exchanges[:-1]:
        _learn_cards(first, exchange)
        first.judge(exchange)
        late.judge(exchange)
    names = {**late.names(exchanges[-1]), **first.names(exchanges[-1])}
    return [*exchanges[:-1], changed(exchanges[-1], mutant, names)]


def step_of(chain: Chain, mutant: Mutant) -> int:
    """Give the number of the exchange that a mutant changes. Raises KeyError for an unknown step."""
    if mutant.step not in chain.labels:
        message = f"{mutant.clause}: the story has no step {mutant.step!r}; it has {', '.join(chain.labels)}"
        raise KeyError(message)
    return chain.labels[mutant.step]


def changed(exchange: Exchange, mutant: Mutant, names: Mapping[str, Any]) -> Exchange:
    """Give an exchange as the mutant changes it; `names` are what expressions see on the honest one.

    Raises ValueError for a change that cannot be made or changes nothing.
    """
    document = _document(exchange)
    before = copy.deepcopy(document)
    for change in mutant.changes:
        _apply(document, change, names, mutant)
    if json.dumps(document) == json.dumps(before):
        message = f"{mutant.clause}: the mutant of {mutant.step!r} changes nothing"
        raise ValueError(message)
    return _exchange(exchange, document)


def _document(exchange: Exchange) -> dict[str, Any]:
    request, response = exchange.request, exchange.response
    assert response is not None  # noqa: S101  # stories record answers only
    return {
        "tenant": exchange.tenant, "at": exchange.at,
        "request": {"url": request.url, "headers": lowered(request.headers), "body": _json(request.body)},
        "response": {"status": response.status, "headers": lowered(response.headers), "body": _json(response.body)},
    }  # fmt: skip


def _json(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return body.decode("utf-8", "replace")


def _bytes(value: Any) -> bytes:
    if value is None:
        return b""
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()


def _exchange(exchange: Exchange, document: Mapping[str, Any]) -> Exchange:
    sent, got = document["request"], document["response"]
    request = Request(exchange.request.method, sent["url"], tuple(sent["headers"].items()), _bytes(sent["body"]))
    response = Response(got["status"], tuple(got["headers"].items()), _bytes(got["body"]))
    return replace(exchange, request=request, response=response, tenant=document["tenant"], at=document["at"])


def _apply(document: dict[str, Any], change: Mapping[str, Any], names: Mapping[str, Any], mutant: Mutant) -> None:
    *steps, last = (part.replace("~1", "/").replace("~0", "~") for part in change["at"].lstrip("/").split("/"))
    node: Any = document
    try:
        for step in steps:
            node = node[int(step)] if isinstance(node, list) else node[step]
        if change.get("remove"):
            del node[int(last) if isinstance(node, list) else last]
            return
        value = _value(change, names)
        if isinstance(node, list) and last == "-":
            node.append(value)
        else:
            node[int(last) if isinstance(node, list) else last] = value
    except (KeyError, IndexError, TypeError, ValueError, ExpressionError, EvaluationError) as error:
        message = f"{mutant.clause}: the change at {change['at']} of {mutant.step!r} cannot be made: {error!r}"
        raise ValueError(message) from error


def _value(change: Mapping[str, Any], names: Mapping[str, Any]) -> Any:
    if "literal" in change:
        return copy.deepcopy(change["literal"])
    return compiled(change["value"]).value(Activation(names))
