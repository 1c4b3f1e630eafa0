"""Neutralises what a run has made at a target, the newest first, and says what is left."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from payproof import footprint
from payproof.client import Api, Session
from payproof.desk import Desk
from payproof.errors import RefusedError, TargetError, UnclearError
from payproof.expression import Activation, EvaluationError
from payproof.footprint import MADE, NOTHING, OVER, UNKNOWN, Trace
from payproof.journal import Nowhere
from payproof.judge import Judge
from payproof.manners import Manners
from payproof.redact import Redactor

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from payproof.answer import Answer
    from payproof.approach import Approach
    from payproof.desk import Shared
    from payproof.expression import Expression
    from payproof.kit import Kit
    from payproof.making import Call, Making
    from payproof.options import Options
    from payproof.target import Tenant

_ROUNDS = 3
"""How often a thing is tried that can be taken back in parts."""

LEFT, LOST, STAYS = "left over", "unknown outcome", "stays"


def swept(kit: Kit, approach: Approach, options: Options, traces: Sequence[Trace], desk: Shared | None = None) -> list[dict[str, Any]]:
    """Neutralise what was made at the target of these options, and give a row for each thing that is left, and for what stays.

    The exchanges are part of no verdict and count for no budget. Raises TargetError, UsageError and RefusedError where the
    target cannot be gone to.
    """
    with approach.open(options, kit.credentials(kit.contracts)) as target:
        redactor = Redactor(kit.sensitive())
        judge = Judge(kit.contracts.values(), redactor, has=target.has, base_paths=target.base_paths())
        session = Session(kit, target, judge, redactor, Nowhere(), "sweep", excused=lambda _: True, free=True)
        approach.equip(session, desk or Desk(target.manners or Manners()), random.Random())  # noqa: S311  # how long to wait is no secret
        try:
            return Sweep(session).all(trace for trace in traces if trace.target == options.target)
        finally:
            session.close()


@dataclass(slots=True)
class Sweep:
    """One going over what was made; `lost` says why nothing more can be asked, once that is so."""

    session: Session
    lost: str = ""
    _tenants: dict[str, Tenant] = field(default_factory=dict)

    def all(self, traces: Iterable[Trace]) -> list[dict[str, Any]]:
        """Neutralise each thing, and give a row for each that is left; what can never be neutralised is counted by kind."""
        rows: list[dict[str, Any]] = []
        staying: dict[tuple[str, str], dict[str, Any]] = {}
        met: set[tuple[str, str, str]] = set()
        for trace in traces:
            if trace.state in {NOTHING, OVER}:
                continue
            making = self.session.kit.contracts[trace.api].cleanup[trace.operation][trace.index]
            # A request that was repeated under its key showed the thing twice.
            if trace.id and (trace.api, making.resource, trace.id) in met:
                footprint.settle(trace, OVER)
                continue
            met.add((trace.api, making.resource, trace.id))
            if making.stays and trace.state == MADE:
                row = staying.setdefault((trace.api, making.resource), _row(trace, making, STAYS, making.stays))
                row["count"] += 1
                continue
            left = self._one(trace, making)
            if left is not None:
                rows.append({**left, "count": 1})
        return rows + [{**row, "id": "", "request": ""} for row in staying.values()]

    def _one(self, trace: Trace, making: Making) -> dict[str, Any] | None:
        if self.lost:
            return _row(trace, making, LEFT if trace.state == MADE else LOST, self.lost)
        try:
            if trace.state == UNKNOWN:
                return self._unknown(trace, making)
            why = self._neutralised(trace, making)
        except (UnclearError, RefusedError) as error:
            why = str(error)
        except TargetError as error:
            self.lost = why = str(error)
        if why:
            return _row(trace, making, LEFT if trace.state == MADE else LOST, self.session.redactor.text(why))
        footprint.settle(trace, OVER)
        return None

    def _unknown(self, trace: Trace, making: Making) -> dict[str, Any] | None:
        """Look a thing up whose making had no answer: it is there, it never was, or nobody can say."""
        hint = f"look for what {trace.operation} made at {trace.at}" + (f" with the request id {trace.request}" if trace.request else "")
        if making.find is None or making.found is None:
            return _row(trace, making, LOST, hint)
        answer = self._call(trace, making.find)
        if answer.status == 404:
            footprint.settle(trace, NOTHING)
            return None
        found = self._value(making.found, answer) if _good(answer) else None
        if not isinstance(found, str) or not found:
            return _row(trace, making, LOST, f"{making.find.operation} answered {answer.status}; {hint}")
        return self._one(replace(trace, state=MADE, id=found, keep=self._kept(making, trace, answer)), making)

    def _neutralised(self, trace: Trace, making: Making) -> str:
        """Neutralise one thing; say why that did not work, nothing where it did.

        Where `see` tells how much is left, a success may have taken back a part only.
        """
        for _ in range(_ROUNDS):
            why = self._undone(trace, making)
            if making.look is None or making.over is None or not (why or making.see):
                return why
            answer = self._call(trace, making.look)
            if answer.status == 404 or (_good(answer) and self._value(making.over, answer, id=trace.id) is True):
                return ""
            seen = {name: self._value(value, answer, id=trace.id) for name, value in making.see.items()} if _good(answer) else {}
            why = why or f"something is left of it: {seen or answer.status}"
            if not seen or all(trace.keep.get(name) == value for name, value in seen.items()):
                return why
            trace = replace(trace, keep={**trace.keep, **seen})
        return why

    def _undone(self, trace: Trace, making: Making) -> str:
        """Try the ways to undo a thing in their order; say what came of them, nothing once one succeeds."""
        said = []
        for call in making.undo:
            try:
                answer = self._call(trace, call)
            except KeyError as error:
                said.append(f"{call.operation} needs {error}, which nobody knows")
                continue
            if _good(answer) or answer.status == 404:
                return ""
            said.append(f"{call.operation} answered {answer.status or answer.exchange.error}")
        return ", ".join(said)

    def _call(self, trace: Trace, call: Call) -> Answer:
        return Api(self.session, self._tenant(trace.tenant), call.api or trace.api).call(call.operation, **call.filled(trace.known()))

    def _tenant(self, label: str) -> Tenant:
        """Give the set of credentials that made a thing: the same, or it could be another's."""
        if label not in self._tenants:
            self._tenants[label] = self.session.target.tenant(label.replace("tenant-", "sweep:"))
        return self._tenants[label]

    def _value(self, expression: Expression, answer: Answer, **extra: str) -> Any:
        names = {**self.session.judge.names(answer.exchange), **extra}
        try:
            return expression.value(Activation(names, tuple(extra)))
        except EvaluationError:
            return None

    def _kept(self, making: Making, trace: Trace, answer: Answer) -> Mapping[str, Any]:
        """Read what later calls name from the answer that found a thing, as far as it has it."""
        read = {name: self._value(kept, answer) for name, kept in making.keep.items()}
        return {**{name: value for name, value in read.items() if value is not None}, **trace.keep}


def _good(answer: Answer) -> bool:
    return 200 <= answer.status < 300 and not answer.judgement.refused


def _row(trace: Trace, making: Making, state: str, why: str) -> dict[str, Any]:
    return {"api": trace.api, "resource": making.resource, "id": trace.id, "state": state, "operation": trace.operation,
            "request": trace.request, "at": trace.at, "why": why, "count": 0}  # fmt: skip
