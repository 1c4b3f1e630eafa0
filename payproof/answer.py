"""What came back from a target: the exchange, what the judge said of it, and the exception for a clause that it broke."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from payproof.exchange import Unparsable, lowered, parse_json

if TYPE_CHECKING:
    from payproof.exchange import Exchange
    from payproof.finding import Finding
    from payproof.judge import Judgement


class BrokenClause(AssertionError):
    """An exchange broke a clause. There is a subclass for each clause, so that shrinking stays with one of them."""

    kinds: dict[str, type[BrokenClause]] = {}  # noqa: RUF012  # a registry of subclasses, filled by `of`

    @classmethod
    def of(cls, finding: Finding) -> BrokenClause:
        """Give the exception for a finding."""
        kind = cls.kinds.get(finding.clause)
        if kind is None:
            kind = cls.kinds[finding.clause] = type(f"Broken<{finding.clause}>", (cls,), {})
        place = f" at {finding.pointer}" if finding.pointer else ""
        return kind(f"{finding.clause}{place}: expected {finding.expected}; seen {finding.seen} ({finding.exchange})")


def is_finding(error: BaseException) -> bool:
    """Say whether an exception is nothing but broken clauses."""
    return all(map(is_finding, error.exceptions)) if isinstance(error, BaseExceptionGroup) else isinstance(error, BrokenClause)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the exchange, and what the judge said of it. Without a response the status is 0."""

    exchange: Exchange
    judgement: Judgement

    @property
    def status(self) -> int:
        """The status, 0 if no answer came."""
        return self.exchange.response.status if self.exchange.response else 0

    @property
    def headers(self) -> dict[str, str]:
        """Headers by lower-case name."""
        return lowered(self.exchange.response.headers) if self.exchange.response else {}

    @property
    def text(self) -> str:
        """The body as text."""
        return self.exchange.response.body.decode("utf-8", "replace") if self.exchange.response else ""

    @property
    def body(self) -> Any:
        """The JSON body; None where there is none."""
        if self.exchange.response is None or not self.exchange.response.body:
            return None
        try:
            return parse_json(self.exchange.response.body)
        except Unparsable:
            return None
