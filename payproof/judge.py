"""The judge: which clauses an exchange keeps, and which it breaks. It does not care who caused the exchange."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from payproof.exchange import Exchange, Unparsable, lowered, media_type, parse_json
from payproof.expression import Activation, EvaluationError, normalised, suspicious
from payproof.finding import Finding
from payproof.ledger import Ledger
from payproof.plan import Plan, Reader, optional_member
from payproof.shape import Fault, is_json, request_body, request_faults, response_faults, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from payproof.clause import Clause
    from payproof.contract import Contract, Effect, Fact
    from payproof.ledger import Key
    from payproof.plan import Group
    from payproof.redact import Redactor
    from payproof.spec import Operation


@dataclass(slots=True)
class Judgement:
    """What the judge says of one exchange.

    `judged` are the clauses that got an answer, `unjudged` those that were selected and got none, by reason:
    `shape` (the answer has not its documented shape), `absent` (an optional member was left out), `state` (what was
    there before is not known), `answer` (none came). `hole` says why a refusal proves nothing, if it does not.
    """

    api: str = ""
    operation: str = ""
    findings: list[Finding] = field(default_factory=list)
    judged: list[str] = field(default_factory=list)
    unjudged: dict[str, list[str]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    hole: str = ""

    def skip(self, reason: str, clause: str) -> None:
        """Count a clause as selected and not judged."""
        self.unjudged.setdefault(reason, []).append(clause)


@dataclass(slots=True)
class _Compiled:
    contract: Contract
    operation: Operation
    plan: Plan
    effects: list[tuple[Effect, Reader, Reader | None]]
    facts: list[tuple[Fact, Reader]]
    reads: frozenset[str]


class Judge:
    """Judges exchanges in the order in which they happened.

    `has` is what the traffic's source can offer of the clauses' needs. With `deferred` only the clauses are judged
    that read facts of the whole run, once all of it is there; without, all others.
    """

    def __init__(
        self, contracts: Iterable[Contract], redactor: Redactor, *, has: frozenset[str], deferred: bool = False,
        base_paths: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        """Prepare the clauses; `base_paths` replaces the base path of a spec for a target that has another."""
        self.contracts = tuple(contracts)
        self.redactor = redactor
        self.has = has
        self.deferred = deferred
        self.ledger = Ledger()
        self._bases = base_paths or {}
        self._compiled: dict[tuple[str, str], _Compiled] = {}
        self._facts = [(fact, Reader(fact.key)) for contract in self.contracts for fact in contract.facts.values()]

    def exchange(self, exchange: Exchange) -> list[Finding]:
        """Give the findings of one exchange, and learn from it."""
        return self.judge(exchange).findings

    def find(self, exchange: Exchange) -> tuple[Contract, Operation, dict[str, str]] | None:
        """Find the contract and operation that an exchange belongs to, with its path parameters."""
        raw = exchange.request.path()
        for contract in self.contracts:
            base = self._bases.get(contract.api)
            path = raw
            if base is not None:
                if not raw.startswith(base):
                    continue
                path = contract.spec.base_path + raw[len(base) :]
            found = contract.spec.find(exchange.request.method, path)
            if found is not None:
                return contract, *found
        return None

    def judge(self, exchange: Exchange) -> Judgement:
        """Say everything about one exchange, and learn from it."""
        found = self.find(exchange)
        if found is None:
            return Judgement()
        contract, operation, path = found
        judgement = Judgement(contract.api, operation.id)
        compiled = self._compiled.get((contract.api, operation.id)) or self._compile(contract, operation)
        headers = lowered(exchange.response.headers) if exchange.response else {}
        body = _parsed(exchange, headers)
        if not self.deferred:
            self._judge_shape(judgement, compiled, exchange, headers, body, path)
        names = self._names(compiled, exchange, headers, body, path)
        if exchange.response is not None:
            activation = Activation(names)
            subject = self._subject(compiled, names, activation, exchange)
            self._add_states(names, compiled, activation, subject, exchange)
            for group in compiled.plan.groups:
                self._judge_group(judgement, compiled, group, names, exchange)
        self._learn(compiled, names, exchange, body)
        return judgement

    def names(self, exchange: Exchange) -> dict[str, Any]:
        """Give everything that expressions would see on an exchange, facts aside, without judging or learning."""
        found = self.find(exchange)
        if found is None:
            return {}
        contract, operation, path = found
        compiled = self._compile(contract, operation)
        everything = frozenset({"query", "request", "pans", "echoed", "members", "before", "after"})
        compiled.reads, compiled.plan.reads = everything, everything
        del self._compiled[contract.api, operation.id]
        headers = lowered(exchange.response.headers) if exchange.response else {}
        names = self._names(compiled, exchange, headers, _parsed(exchange, headers), path)
        activation = Activation(names)
        self._add_states(names, compiled, activation, self._subject(compiled, names, activation, exchange), exchange)
        return names

    def _compile(self, contract: Contract, operation: Operation) -> _Compiled:
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
        compiled = _Compiled(contract, operation, plan, effects, facts, reads)
        self._compiled[contract.api, operation.id] = compiled
        return compiled

    def _judge_shape(
        self, judgement: Judgement, compiled: _Compiled, exchange: Exchange, headers: Mapping[str, str], body: Any,
        path: Mapping[str, str],
    ) -> None:  # fmt: skip
        contract, operation = compiled.contract, compiled.operation
        if exchange.response is None:
            judgement.skip("answer", f"{operation.id}.status")
        else:
            judgement.faults = response_faults(contract.spec, operation, exchange, headers, body)
            broken = {fault.suffix for fault in judgement.faults}
            reached = [f"{operation.id}.status"]
            answer = operation.answer(exchange.response.status)
            if answer is not None:
                if answer.headers:
                    reached.append(f"{operation.id}.headers")
                if answer.media:
                    reached.append(f"{operation.id}.content-type")
                    if "content-type" not in broken:
                        reached.append(f"{operation.id}.schema")
            judgement.judged.extend(reached)
            for fault in judgement.faults:
                self._break(judgement, contract.shapes[f"{operation.id}.{fault.suffix}"], fault, exchange)
        self._judge_intent(judgement, compiled, exchange, path)

    def _judge_intent(self, judgement: Judgement, compiled: _Compiled, exchange: Exchange, path: Mapping[str, str]) -> None:
        intent, response = exchange.intent, exchange.response
        contract, operation = compiled.contract, compiled.operation
        accepts, rejects = (contract.shapes[f"{operation.id}.{suffix}"] for suffix in ("accepts-valid", "rejects-invalid"))
        if intent is None:
            if response is not None and response.status < 300:
                for fault in request_faults(contract.spec, operation, exchange, path)[:1]:
                    judgement.judged.append(rejects.id)
                    self._break(judgement, rejects, _accepted(fault, response.status), exchange)
            return
        faults = request_faults(contract.spec, operation, exchange, path)
        if intent.verdict == "accept":
            if faults:
                judgement.errors.append(
                    f"{operation.id}: a request meant to be valid is not, by the spec: {faults[0].pointer} {faults[0].expected}"
                )
            elif response is None:
                judgement.skip("answer", accepts.id)
            else:
                judgement.judged.append(accepts.id)
                if not 200 <= response.status < 300:
                    seen = f"{response.status} {shown(response.body.decode('utf-8', 'replace'))}"
                    self._break(judgement, accepts, Fault("", "/status", "2xx", seen, operation.ground), exchange)
            return
        if not faults and intent.location != "authorization":
            where = f"{intent.location} {intent.pointer} ({intent.keyword})"
            judgement.errors.append(f"{operation.id}: a request meant to be invalid is valid by the spec: {where}")
        elif response is None:
            judgement.skip("answer", rejects.id)
        else:
            judgement.judged.append(rejects.id)
            if not 400 <= response.status < 500:
                fault = faults[0] if faults else Fault("", "/header/Authorization", "401", "", operation.ground)
                self._break(judgement, rejects, _accepted(fault, response.status), exchange)
            else:
                judgement.hole = _hole(exchange)

    def _break(self, judgement: Judgement, clause: Clause, fault: Fault, exchange: Exchange) -> None:
        hide = self.redactor.text
        judgement.findings.append(
            Finding(
                clause.id, clause.api, judgement.operation, clause.keyword.value, fault.ground.basis, fault.pointer,
                hide(fault.expected), hide(fault.seen), exchange.id,
            )  # fmt: skip
        )

    def _names(
        self, compiled: _Compiled, exchange: Exchange, headers: dict[str, str], body: Any, path: Mapping[str, str]
    ) -> dict[str, Any]:
        reads = compiled.reads
        response = exchange.response
        names: dict[str, Any] = {"path": path, "tenant": exchange.tenant, "at": exchange.at, "elapsed": exchange.elapsed}
        if response is not None:
            names["status"] = response.status
            names["headers"] = headers
            parsed = None if isinstance(body, Unparsable) else body
            names["body"] = normalised(parsed) if suspicious(response.body) else parsed
        if "query" in reads:
            names["query"] = dict(exchange.request.query())
        sent: Any = None
        if "request" in reads or "echoed" in reads:
            own = lowered(exchange.request.headers)
            try:
                sent = request_body(exchange.request, own)
            except Unparsable:
                sent = None
            if suspicious(exchange.request.body):
                sent = normalised(sent)
            names["request"] = {"headers": own, "body": sent, "method": exchange.request.method}
        if response is not None and not reads.isdisjoint({"pans", "echoed", "members"}):
            text = response.body.decode("utf-8", "replace")
            whole = text + "\n" + "\n".join(headers.values()) if headers else text
            names["pans"] = self.redactor.card_numbers(whole) if "pans" in reads else []
            if "echoed" in reads:
                names["echoed"] = [name for name, value in _marked(compiled.contract, sent) if value in whole]
            if "members" in reads:
                names["members"] = list(_member_names(names["body"]))
        return names

    def _subject(self, compiled: _Compiled, names: Mapping[str, Any], activation: Activation, exchange: Exchange) -> Key | None:
        if not compiled.effects:
            return None
        effect, identity, _ = compiled.effects[0]
        return _key(exchange.tenant, effect, identity, names, activation)

    def _add_states(
        self, names: dict[str, Any], compiled: _Compiled, activation: Activation, subject: Key | None, exchange: Exchange
    ) -> None:
        reads = compiled.plan.reads
        if subject is None:
            return
        if "before" in reads:
            known, state = self.ledger.before(subject, exchange)
            if known:
                names["before"] = state
        if "after" in reads:
            effect, _, state_reader = compiled.effects[0]
            if state_reader is not None and (effect.when is None or effect.when.holds(activation)):
                try:
                    names["after"] = state_reader.value(names, activation)
                except EvaluationError:
                    return

    def _judge_group(
        self, judgement: Judgement, compiled: _Compiled, group: Group, names: dict[str, Any], exchange: Exchange
    ) -> None:
        if group.facts:
            slices = self._slices(group, names, exchange)
            if group.needs_fact and not slices.get(group.needs_fact):
                return
            names = {**names, "facts": slices}
        activation = Activation(names)
        selected, errors = group.selected(activation)
        for index, error in errors:
            clause = group.clauses[index]
            if clause.when is not None and not {"before", "after"}.isdisjoint(clause.when.reads - names.keys()):
                continue
            self._unjudged(judgement, compiled, clause, error)
        ready = []
        for index in selected:
            clause = group.clauses[index]
            if not {"before", "after"}.isdisjoint(clause.reads - names.keys()):
                judgement.skip("state", clause.id)
            else:
                ready.append(index)
        if not ready:
            return
        if group.all_hold(tuple(ready), activation):
            judgement.judged.extend(group.clauses[index].id for index in ready)
            return
        for index in ready:
            self._judge_clause(judgement, compiled, group.clauses[index], activation, exchange)

    def _judge_clause(
        self, judgement: Judgement, compiled: _Compiled, clause: Clause, activation: Activation, exchange: Exchange
    ) -> None:
        assert clause.holds is not None and clause.that is not None  # noqa: S101, PT018  # only shape clauses lack them
        try:
            value = clause.holds.value(activation)
        except EvaluationError as error:
            self._unjudged(judgement, compiled, clause, error)
            return
        if not isinstance(value, bool):
            judgement.errors.append(f"{clause.id}: its value is {shown(value)}, which is neither true nor false")
            return
        judgement.judged.append(clause.id)
        if value:
            return
        if clause.comparison:
            other = clause.other.value(activation) if clause.other is not None else clause.holds.text.rpartition(".matches(")[2][:-1]
            expected, seen = f"{clause.comparison} {shown(other)}", shown(clause.that.value(activation))
        else:
            expected, seen = clause.text, f"{clause.that.text} is false"
        self._break(judgement, clause, Fault("", clause.pointer, expected, seen, clause.ground), exchange)

    def _unjudged(self, judgement: Judgement, compiled: _Compiled, clause: Clause, error: EvaluationError) -> None:
        if any(fault.suffix in {"schema", "content-type", "status"} for fault in judgement.faults):
            judgement.skip("shape", clause.id)
        elif error.absent and (
            error.missing is None or optional_member(compiled.contract, clause, compiled.operation.id, error.missing)
        ):
            judgement.skip("absent", clause.id)
        elif self.deferred:
            judgement.skip("shape", clause.id)
        else:
            judgement.errors.append(f"{clause.id}: cannot be evaluated on {compiled.operation.id}: {error}")

    def _slices(self, group: Group, names: Mapping[str, Any], exchange: Exchange) -> dict[str, dict[str, Any]]:
        activation = Activation({name: value for name, value in names.items() if name != "facts"})
        slices: dict[str, dict[str, Any]] = {}
        for name, reader in group.facts.items():
            try:
                keys = _keys(reader.value(names, activation))
            except EvaluationError:
                keys = []
            slices[name] = {**self.ledger.recall("", name, keys), **self.ledger.recall(exchange.tenant, name, keys)}
        return slices

    def _learn(self, compiled: _Compiled, names: dict[str, Any], exchange: Exchange, body: Any) -> None:
        response = exchange.response
        lost = response is None or response.status >= 500 or isinstance(body, Unparsable)
        if lost:
            if compiled.operation.writes:
                for effect, identity, _ in compiled.effects:
                    if not effect.variable and "body" not in effect.id.reads:
                        key = _key(exchange.tenant, effect, identity, names, Activation(names))
                        if key is not None:
                            self.ledger.forget(key, exchange)
            return
        activation = Activation(names)
        for effect, identity, state in compiled.effects:
            self._learn_effect(effect, identity, state, names, activation, exchange)
        for fact, reader in compiled.facts:
            if fact.when is not None and not fact.when.holds(activation):
                continue
            try:
                keys = _keys(reader.value(names, activation))
                value = fact.value.value(activation) if fact.value is not None else True
            except EvaluationError:
                continue
            self.ledger.remember("" if fact.run else exchange.tenant, fact.name, dict.fromkeys(keys, value))

    def _learn_effect(
        self, effect: Effect, identity: Reader, state: Reader | None, names: dict[str, Any], activation: Activation,
        exchange: Exchange,
    ) -> None:  # fmt: skip
        if effect.items is not None:
            try:
                items = effect.items.value(activation)
            except EvaluationError:
                return
            for item in items:
                inner = {**names, effect.variable: item}
                one = Activation(inner, (effect.variable,))
                self._learn_one(effect, identity, state, inner, one, exchange)
            return
        self._learn_one(effect, identity, state, names, activation, exchange)

    def _learn_one(
        self, effect: Effect, identity: Reader, state: Reader | None, names: dict[str, Any], activation: Activation,
        exchange: Exchange,
    ) -> None:  # fmt: skip
        key = _key(exchange.tenant, effect, identity, names, activation)
        if key is None:
            return
        if effect.when is not None and not effect.when.holds(activation):
            self.ledger.touch(key, exchange)
        elif effect.gone:
            self.ledger.bury(key, exchange)
        elif effect.unknown:
            self.ledger.forget(key, exchange)
        elif state is not None:
            try:
                self.ledger.learn(key, exchange, state.value(names, activation), merge=effect.merge)
            except EvaluationError:
                self.ledger.forget(key, exchange)
        else:
            self.ledger.touch(key, exchange)


def _parsed(exchange: Exchange, headers: Mapping[str, str]) -> Any:
    response = exchange.response
    if response is None or not response.body:
        return Unparsable("empty") if response is not None and is_json(media_type(headers)) else None
    if not is_json(media_type(headers)):
        return None
    try:
        return parse_json(response.body)
    except Unparsable as error:
        return error


def _key(tenant: str, effect: Effect, identity: Reader, names: Mapping[str, Any], activation: Activation) -> Key | None:
    try:
        value = identity.value(names, activation)
    except EvaluationError:
        return None
    return (tenant, effect.resource, value) if isinstance(value, str) else None


def _keys(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _accepted(fault: Fault, status: int) -> Fault:
    expected = f"refused with 4xx: {fault.pointer} breaks {fault.expected}"
    return Fault("", fault.pointer, expected, str(status), fault.ground, fault.keyword)


def _hole(exchange: Exchange) -> str:
    """Say why a refusal does not prove that the changed member was the reason."""
    intent, response = exchange.intent, exchange.response
    assert intent is not None and response is not None  # noqa: S101, PT018  # the caller has looked
    if intent.location == "authorization":
        return "" if response.status in {400, 401, 403} else f"refused with {response.status} instead of 401"
    if response.status in {401, 404, 429}:
        return f"masked: refused with {response.status} before {intent.pointer} was looked at"
    name = intent.member().lower()
    if name and name not in response.body.decode("utf-8", "replace").lower():
        return f"the refusal ({response.status}) does not name {intent.member()}"
    return ""


def _marked(contract: Contract, sent: Any) -> Iterable[tuple[str, str]]:
    kinds = contract.spec.sensitive
    if isinstance(sent, dict):
        for name, value in sent.items():
            if name in kinds and isinstance(value, str) and len(value) >= 8:
                yield name, value
            elif isinstance(value, dict | list):
                yield from _marked(contract, value)
    elif isinstance(sent, list):
        for item in sent:
            yield from _marked(contract, item)


def _member_names(body: Any) -> set[str]:
    names: set[str] = set()
    stack = [body]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            names.update(node)
            stack.extend(value for value in node.values() if isinstance(value, dict | list))
        elif isinstance(node, list):
            stack.extend(item for item in node if isinstance(item, dict | list))
    return names
