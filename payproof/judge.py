"""The judge: which clauses an exchange keeps, and which it breaks. It does not care who caused the exchange."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from payproof.exchange import Exchange, Unparsable, lowered
from payproof.expression import Activation, EvaluationError
from payproof.finding import Finding
from payproof.intent import reception, says_no
from payproof.learning import key_of, keys_of, learn
from payproof.ledger import Ledger
from payproof.names import EVERYTHING, response_body
from payproof.names import names as names_of
from payproof.plan import Plans, optional_member, reads_marker
from payproof.redact import marked
from payproof.shape import Fault, Sent, cut, response_faults, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from payproof.chains import Chain
    from payproof.clause import Clause
    from payproof.contract import Contract
    from payproof.exchange import Request
    from payproof.ledger import Key
    from payproof.plan import Compiled, Group
    from payproof.redact import Redactor
    from payproof.spec import Operation


@dataclass(slots=True)
class Judgement:
    """What the judge says of one exchange.

    `judged` are the clauses that got an answer, `unjudged` those that were selected and got none, by reason: `shape` (the
    answer, or the request that a clause reads, has not its documented shape), `absent` (an optional member was left out),
    `state` (what was there before is not known), `answer` (none came), `redacted` (a clause would be broken, but what it
    compares was hidden before it was judged), `weather` (the answer is not the target's own). `hole` says why a refusal
    proves nothing, if it does not; `refused` that a 2xx says no, by the contract's own word for that; `doubtful` that the
    state before comes from an answer without its documented shape; `sent` is where the request departs from the spec, if
    anybody looked.
    """

    api: str = ""
    operation: str = ""
    findings: list[Finding] = field(default_factory=list)
    judged: list[str] = field(default_factory=list)
    unjudged: dict[str, list[str]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    hole: str = ""
    doubtful: bool = False
    refused: bool = False
    sent: list[Fault] | None = None

    def skip(self, reason: str, clause: str) -> None:
        """Count a clause as selected and not judged."""
        self.unjudged.setdefault(reason, []).append(clause)


_STATES = frozenset({"before", "after"})
_CONFIRMATIONS = 20
"""How many breaks of one clause by one operation CEL itself confirms; after that the clause has failed for certain."""


class Judge:
    """Judges exchanges in the order in which they happened.

    `has` is what the traffic's source can offer of the clauses' needs. With `deferred` only the clauses are judged
    that read facts of the whole run, once all of it is there; without, all others.
    """

    def __init__(
        self, contracts: Iterable[Contract], redactor: Redactor, *, has: frozenset[str], deferred: bool = False,
        base_paths: Mapping[str, str] | None = None, plans: Plans | None = None,
    ) -> None:  # fmt: skip
        """Prepare the clauses, or take `plans` that are there already.

        `base_paths` replaces the base path of a spec for a target that has another.
        """
        self._plans = plans or Plans(contracts, has=has, deferred=deferred)
        self.contracts = self._plans.contracts
        self.deferred = self._plans.deferred
        self.redactor = redactor
        self.ledger = Ledger()
        self._confirmed: Counter[tuple[str, str]] = Counter()
        self._bases = base_paths or {}
        self.telling: frozenset[str] = frozenset()  # clauses whose every finding tells what was seen, since somebody asks for it

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

    def operation(self, request: Request) -> Operation | None:
        """Find the operation that a request belongs to."""
        found = self.find(Exchange("", request, None, 0.0, 0.0))
        return found[1] if found is not None else None

    def judge(self, exchange: Exchange) -> Judgement:
        """Say everything about one exchange, and learn from it."""
        found = self.find(exchange)
        if found is None:
            return Judgement()
        contract, operation, path = found
        judgement = Judgement(contract.api, operation.id)
        compiled = self._plans.compiled(contract, operation)
        headers = lowered(exchange.response.headers) if exchange.response else {}
        body = response_body(exchange, headers, operation)
        sent = Sent.of(exchange.request)
        own = exchange.response is not None and not exchange.weather
        judgement.refused = own and says_no(contract.refused, exchange, headers, body)
        if exchange.weather and not self.deferred:
            judgement.skip("weather", f"{operation.id}.status")
        elif not self.deferred:
            self._judge_shape(judgement, compiled, exchange, headers, body)
            self._judge_reception(judgement, compiled, exchange, path, sent)
        names = self._names(compiled, exchange, headers, body, path, sent, compiled.reads)
        activation = Activation(names)
        if own:
            subject = self._subject(compiled, names, activation, exchange)
            self._add_states(names, compiled, activation, subject, exchange, compiled.plan.reads)
            judgement.doubtful = subject is not None and not self.ledger.sound(subject)
            for group in compiled.plan.groups:
                self._judge_group(judgement, compiled, group, names, exchange)
        judgement.errors += activation.doubts
        learn(
            self.ledger, compiled, names, activation, exchange, lost=not own or isinstance(body, Unparsable),
            sound=not judgement.faults,
        )  # fmt: skip
        return judgement

    def names(self, exchange: Exchange) -> dict[str, Any]:
        """Give everything that expressions would see on an exchange, facts aside, without judging or learning."""
        found = self.find(exchange)
        if found is None:
            return {}
        contract, operation, path = found
        compiled = self._plans.compiled(contract, operation)
        headers = lowered(exchange.response.headers) if exchange.response else {}
        body = response_body(exchange, headers, operation)
        names = self._names(compiled, exchange, headers, body, path, Sent.of(exchange.request), EVERYTHING)
        activation = Activation(names)
        self._add_states(names, compiled, activation, self._subject(compiled, names, activation, exchange), exchange, EVERYTHING)
        return names

    def _names(
        self, compiled: Compiled, exchange: Exchange, headers: dict[str, str], body: Any, path: Mapping[str, str], sent: Sent,
        reads: frozenset[str],
    ) -> dict[str, Any]:  # fmt: skip
        marked = compiled.contract.spec.sensitive
        return names_of(exchange, headers, body, path, sent, reads=reads, redactor=self.redactor, sensitive=marked)

    def _judge_shape(
        self, judgement: Judgement, compiled: Compiled, exchange: Exchange, headers: Mapping[str, str], body: Any
    ) -> None:
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
                self._break(judgement, contract.shapes[f"{operation.id}.{fault.suffix}"], self._hidden(fault), exchange)

    def _judge_reception(
        self, judgement: Judgement, compiled: Compiled, exchange: Exchange, path: Mapping[str, str], sent: Sent
    ) -> None:
        received = reception(compiled.contract.spec, compiled.operation, exchange, path, sent, refused=judgement.refused)
        judgement.sent = received.faults
        if received.error:
            judgement.errors.append(received.error)
        if not received.clause:
            return
        clause = compiled.contract.shapes[f"{compiled.operation.id}.{received.clause}"]
        judgement.hole = received.hole
        if received.judged:
            judgement.judged.append(clause.id)
        else:
            judgement.skip("answer", clause.id)
        if received.fault is not None:
            self._break(judgement, clause, self._hidden(received.fault), exchange)

    def _hidden(self, fault: Fault) -> Fault:
        expected, seen = self.redactor.text(fault.expected), cut(self.redactor.member(fault.pointer, fault.seen))
        return Fault(fault.suffix, fault.pointer, expected, seen, fault.ground, fault.keyword)

    def _break(self, judgement: Judgement, clause: Clause, fault: Fault, exchange: Exchange) -> None:
        finding = Finding(
            clause.id, clause.api, judgement.operation, clause.keyword.value, fault.ground.basis, fault.pointer,
            fault.expected, fault.seen, exchange.id,
        )  # fmt: skip
        judgement.findings.append(finding)

    def _subject(self, compiled: Compiled, names: Mapping[str, Any], activation: Activation, exchange: Exchange) -> Key | None:
        if not compiled.effects:
            return None
        effect, identity, _ = compiled.effects[0]
        return key_of(exchange.tenant, effect, identity, names, activation)

    def _add_states(
        self, names: dict[str, Any], compiled: Compiled, activation: Activation, subject: Key | None, exchange: Exchange,
        reads: frozenset[str],
    ) -> None:  # fmt: skip
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
        self, judgement: Judgement, compiled: Compiled, group: Group, names: dict[str, Any], exchange: Exchange
    ) -> None:
        slices = self._slices(group, names, exchange) if group.facts else {}
        names = {**names, "facts": slices}
        activation = Activation(names)
        selected, errors = group.selected(names["status"], frozenset(name for name, known in slices.items() if known), activation)
        for index, error in errors:
            clause = group.clauses[index]
            if clause.when is not None and not _STATES.isdisjoint(clause.when.reads - names.keys()):
                continue
            self._unjudged(judgement, compiled, clause, error)
        judged = judgement.judged
        unknown = _STATES - names.keys()
        for index in selected:
            clause = group.clauses[index]
            if unknown and not unknown.isdisjoint(group.states[index]):
                judgement.skip("state", clause.id)
                continue
            try:
                kept = clause.holds is None or clause.holds.answer(activation) is True
            except EvaluationError as error:
                self._unjudged(judgement, compiled, clause, error)
                continue
            if kept:
                judged.append(clause.id)
            else:
                self._judge_broken(judgement, compiled, clause, activation, exchange)
        judgement.errors += activation.doubts

    def _judge_broken(
        self, judgement: Judgement, compiled: Compiled, clause: Clause, activation: Activation, exchange: Exchange
    ) -> None:
        key = (clause.id, compiled.operation.id)
        value: Any = False
        if clause.holds is not None and (clause.comparison or self._confirmed[key] < _CONFIRMATIONS):
            try:
                value = clause.holds.value(activation)
            except EvaluationError as error:
                self._unjudged(judgement, compiled, clause, error)
                return
            self._confirmed[key] += 1
        if value is True:
            activation.doubts.append(f"{clause.id}: its quick form says that it is broken, CEL that it is kept")
        if value is False and not self.deferred and marked(exchange) and reads_marker(clause, activation.names):
            judgement.skip("redacted", clause.id)
            return
        self._settle(judgement, clause, value, activation, exchange)

    def _settle(self, judgement: Judgement, clause: Clause, value: Any, activation: Activation, exchange: Exchange) -> None:
        if not isinstance(value, bool):
            found = cut(self.redactor.member(clause.pointer, shown(value, limit=0)))
            judgement.errors.append(f"{clause.id}: its value is {found}, which is neither true nor false")
            return
        judgement.judged.append(clause.id)
        if value or clause.that is None or clause.holds is None:
            return
        if clause.comparison:
            other = clause.other.value(activation) if clause.other is not None else clause.holds.text.rpartition(".matches(")[2][:-1]
            wanted, found = (cut(self.redactor.member(clause.pointer, shown(value, limit=0)))
                             for value in (other, clause.that.value(activation)))  # fmt: skip
            expected, seen = f"{clause.comparison} {wanted}", found
        else:
            # The first findings of a clause tell what was there; to say it thousands of times would cost more than judging.
            told = self._confirmed[clause.id, judgement.operation] <= _CONFIRMATIONS // 2 or clause.id in self.telling
            seen = "; ".join(self._told(chain, activation.names) for chain in clause.shows) if told else "as in the findings before"
            expected = clause.text
        self._break(judgement, clause, Fault("", clause.pointer, expected, seen, clause.ground), exchange)

    def _told(self, chain: Chain, names: Mapping[str, Any]) -> str:
        value: Any = names
        for step in (chain.root, *chain.steps):
            if not isinstance(value, dict) or step not in value:
                return f"no {chain}"
            value = value[step]
        return f"{chain} = {cut(self.redactor.member(f'/{chain.steps[-1]}' if chain.steps else '', shown(value, limit=0)))}"

    def _unjudged(self, judgement: Judgement, compiled: Compiled, clause: Clause, error: EvaluationError) -> None:
        shapeless = any(fault.suffix in {"schema", "content-type", "status"} for fault in judgement.faults)
        shapeless |= bool(judgement.sent) and "request" in clause.reads
        if shapeless or (judgement.doubtful and "before" in clause.reads):
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
        activation: Activation | None = None
        slices: dict[str, dict[str, Any]] = {}
        for name, reader in group.facts.items():
            if not self.ledger.knows(exchange.tenant, name):
                slices[name] = {}
                continue
            activation = activation or Activation(names)
            try:
                keys = keys_of(reader.value(names, activation))
            except EvaluationError:
                keys = []
            slices[name] = {**self.ledger.recall("", name, keys), **self.ledger.recall(exchange.tenant, name, keys)}
        return slices
