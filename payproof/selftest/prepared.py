"""A story judged once, and what was known before each of its exchanges: a changed one is judged without those before it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from payproof import replay
from payproof.judge import Judge
from payproof.plan import Plans
from payproof.redact import Redactor

if TYPE_CHECKING:
    from payproof.exchange import Exchange
    from payproof.kit import Kit
    from payproof.ledger import Ledger
    from payproof.replay import Chain, Trial


class Prepared:
    """The honest story of an API, with what the judges knew before each step.

    `trial` is what they say of the story itself.
    """

    def __init__(self, kit: Kit, chain: Chain) -> None:
        """Judge the story by every clause, those about the whole run included."""
        self._kit = kit
        self.chain = chain
        contracts = tuple(kit.contracts.values())
        self._plans = tuple(Plans(contracts, has=chain.has, deferred=deferred) for deferred in (False, True))
        self.trial = replay.Trial()
        self._known: list[tuple[tuple[Ledger, ...], Redactor]] = []
        redactor = Redactor(kit.sensitive())
        judges = self._judges(redactor)
        for number, exchange in enumerate(chain.exchanges):
            self._known.append((tuple(judge.ledger.copy() for judge in judges), redactor.copy()))
            replay.judge_one(self.trial, judges, number, exchange)

    def judge(self, number: int, exchange: Exchange) -> Trial:
        """Judge an exchange as if it had happened in place of this one of the story, by every clause."""
        trial = replay.Trial()
        replay.judge_one(trial, self._before(number), number, exchange)
        return trial

    def names(self, number: int) -> dict[str, Any]:
        """Give everything that expressions see on an exchange of the story, facts aside."""
        first, late = self._before(number)
        exchange = self.chain.exchanges[number]
        return {**late.names(exchange), **first.names(exchange)}

    def _before(self, number: int) -> tuple[Judge, Judge]:
        ledgers, redactor = self._known[number]
        judges = self._judges(redactor.copy())
        for judge, ledger in zip(judges, ledgers, strict=True):
            judge.ledger = ledger.copy()
        return judges

    def _judges(self, redactor: Redactor) -> tuple[Judge, Judge]:
        first, late = (Judge(plans.contracts, redactor, has=plans.has, plans=plans) for plans in self._plans)
        return first, late
