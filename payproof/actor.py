"""An actor: a tenant in the words of what it does at one API. Each provider's fixtures have one of their own."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from payproof.client import BrokenClause

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    from payproof.client import Answer
    from payproof.worker import Apis


@dataclass(frozen=True, slots=True)
class Actor:
    """A tenant who acts. `labels` are headers that go with every request that the actor makes."""

    apis: Apis
    labels: Mapping[str, str] = field(default_factory=dict)

    def labelled(self, labels: Mapping[str, str] | None = None, **more: str) -> Self:
        """Give the same actor with other labels, such as `userIdentifier`."""
        return replace(self, labels={**(labels or {}), **more})

    def effects(self) -> dict[str, int]:
        """Count what has really changed in this tenant's world, tokens aside; empty where nobody counts."""
        if "effects" not in self.apis.session.target.has:
            return {}
        return {name: count for name, count in self.apis.effects().items() if count and not name.endswith("tokens issued")}

    def expect_effects(self, **counts: int) -> None:
        """Demand that exactly this has happened so far, where the target counts it: `methods_added=2`."""
        if "effects" in self.apis.session.target.has:
            assert self.effects() == {name.replace("_", " "): count for name, count in counts.items()}  # noqa: S101  # a test's demand


def varied(documented: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Give a documented body with members replaced by name; one that is None is left out."""
    return {name: value for name, value in {**documented, **changes}.items() if value is not None}


def accepted(answer: Answer, status: int = 200) -> dict[str, Any]:
    """Give the body, a JSON object, of an answer that must have this status; None where the status has no body.

    Raises BrokenClause for what the judge found, else AssertionError.
    """
    if answer.status != status:
        if answer.judgement.findings:
            raise BrokenClause.of(answer.judgement.findings[0])
        message = f"{answer.judgement.operation}: {answer.status} {answer.exchange.error}"
        raise AssertionError(message)
    body: dict[str, Any] = answer.body
    return body
