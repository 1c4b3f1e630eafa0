"""The worker of a trial: the embedded mock with its lies, both judges at once, and nothing written anywhere."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from payproof import clock
from payproof.client import Session
from payproof.errors import TargetError
from payproof.journal import Nowhere
from payproof.options import Options
from payproof.replay import judges
from payproof.selftest.trial import Outcome
from payproof.target import open_target
from payproof.worker import Worker, observed

if TYPE_CHECKING:
    from payproof.exchange import Exchange
    from payproof.finding import Finding
    from payproof.kit import Kit
    from payproof.opinion import SecondOpinion
    from payproof.selftest.trial import Trial


class Caught(BaseException):
    """The clause that was waited for is broken: there is nothing more to find out.

    No Exception, so that neither a test nor Hypothesis takes it for a failure that could be looked into.
    """


@dataclass(slots=True)
class Ear:
    """Hears every exchange of a trial: what was broken first, and what was judged."""

    trial: Trial
    late: Any
    began: float
    outcome: Outcome = field(default_factory=Outcome)
    judged: Counter[str] = field(default_factory=Counter)
    apis: set[str] = field(default_factory=set)

    def __call__(self, session: Session) -> None:
        """Take the last exchange. Raises Caught once the clause that is waited for was broken."""
        answer = session.last
        if answer is None:
            return
        # Clauses about the whole run are judged as it goes on: in one process, exchanges are in the order of time.
        whole = self.late.judge(answer.exchange)
        judged = [*answer.judgement.judged, *whole.judged]
        self.outcome.exchanges += 1
        self.judged.update(judged)
        if answer.judgement.api:
            self.apis.add(answer.judgement.api)
        # A server that follows variants is somebody else's: our own choices are not demanded of it, invariants are.
        findings = [finding for finding in (*answer.judgement.findings, *whole.findings) if not observed(finding, session.target)]
        for finding in findings:
            if self.outcome.first is None:
                self.outcome.first = clock.ticks() - self.began
            if finding.clause not in self.outcome.broken:
                self.outcome.broken[finding.clause] = _told(finding, answer.exchange, session)
        until = self.trial.until
        if until and until in self.outcome.broken:
            raise Caught
        if until and until in judged:
            self.outcome.judged += 1
            self.outcome.kept = self.outcome.kept or _where(answer.exchange, session)


class Player(Worker):
    """The worker of one trial. Nothing of it is left for the next one but what depends on the kit alone."""

    def __init__(self, kit: Kit, trial: Trial, opinion: SecondOpinion) -> None:
        """Prepare the trial; the mock is started by the first test."""
        options = Options(depth=trial.depth, seed=trial.seed, faults=trial.faults, variants=trial.variants, kit=kit.root)
        super().__init__(kit, options, {"name": "w0"}, lambda _: {})
        self.trial = trial
        self.ear = Ear(trial, None, clock.ticks())
        self._opinion = opinion

    def session(self) -> Session:
        """Give the session, opened on first use. Raises TargetError, again and again once the target is lost."""
        if self.dead:
            raise TargetError(self.dead)
        if self._session is None:
            target = open_target(self.options)
            judge, self.ear.late = judges(self.kit, target.has)
            self._session = Session(
                self.kit, target, judge, judge.redactor, Nowhere(), self.name, opinion=self._opinion, watch=self.ear,
                excused=lambda finding: observed(finding, target),
            )  # fmt: skip
        return self._session

    def fail(self, message: str, *, test: str = "", refused: bool = False, unclear: str | None = None) -> None:  # noqa: ARG002  # mock only
        """Keep an error of the suite, or the unexplained failure of a test."""
        if "Caught" not in message:
            text = self._session.redactor.text(message) if self._session is not None else message
            self.ear.outcome.errors.append(text if test else f"{message}")

    def close(self) -> None:
        """Let the target go."""
        if self._session is not None:
            self._session.close()
            self._session.target.close()
            self._session = None


def _where(exchange: Exchange, session: Session) -> str:
    status = exchange.response.status if exchange.response is not None else "no answer"
    return session.redactor.text(f"{exchange.request.method} {exchange.request.path()} -> {status} in {exchange.test}")


def _told(finding: Finding, exchange: Exchange, session: Session) -> str:
    place = f" at {finding.pointer}" if finding.pointer else ""
    return f"{finding.clause}{place}: expected {finding.expected}; seen {finding.seen}; {_where(exchange, session)}"
