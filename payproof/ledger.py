"""What earlier exchanges taught us: each resource's last known state, and remembered facts."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from payproof.exchange import Exchange

Key = tuple[str, str, str]
"""Tenant, resource, id."""


@dataclass(slots=True)
class Entry:
    """What is known of one resource.

    `finished` is when the last exchange about it was over (epoch seconds); `sound` whether the answer that showed its
    state had the documented shape.
    """

    state: Any = None
    known: bool = False
    gone: bool = False
    sound: bool = True
    finished: float = 0.0


@dataclass(slots=True)
class Ledger:
    """Resources and facts. Facts of a tenant are kept under its label, those of the run under the empty one."""

    resources: dict[Key, Entry] = field(default_factory=dict)
    facts: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)
    crowd: Sequence[tuple[float, float]] = ()
    """When exchanges that are judged now, and were sent together, began and ended: of them, the first to end has no before either."""

    def copy(self) -> Ledger:
        """Give a ledger that knows the same, and learns by itself from now on; states are shared, since none is ever changed."""
        entries = {key: replace(entry) for key, entry in self.resources.items()}
        return Ledger(entries, {key: dict(values) for key, values in self.facts.items()}, set(self.known), self.crowd)

    def before(self, key: Key, exchange: Exchange) -> tuple[bool, Any]:
        """Give whether the state before the exchange is known, and the state.

        Two exchanges that overlap in time on one resource have no before: nobody can say which came first.
        """
        entry = self.resources.get(key)
        if entry is None or not entry.known or entry.gone or exchange.started < entry.finished or self._crowded(exchange):
            return False, None
        return True, entry.state

    def sound(self, key: Key) -> bool:
        """Say whether the state of a resource comes from an answer of the documented shape."""
        return key not in self.resources or self.resources[key].sound

    def learn(self, key: Key, exchange: Exchange, state: Any, *, merge: bool = False, first: bool = False, sound: bool = True) -> None:
        """Take this as the state after the exchange; after an overlap nothing is known until the next exchange.

        With `merge` it is a part of the state: of something unknown a part alone tells nothing. With `first` it is the
        state that the resource began with, which an answer given again shows again: it is taken once.
        """
        if first and key in self.resources:
            self.touch(key, exchange)
            return
        entry = self.resources.setdefault(key, Entry())
        overlapped = exchange.started < entry.finished or self._crowded(exchange)
        if merge and isinstance(state, dict):
            if not entry.known or not isinstance(entry.state, dict):
                self.forget(key, exchange)
                return
            state = {**entry.state, **state}
            sound = sound and entry.sound
        entry.state, entry.known, entry.gone, entry.sound = state, not overlapped, False, sound
        entry.finished = max(entry.finished, exchange.finished())

    def forget(self, key: Key, exchange: Exchange) -> None:
        """A write whose outcome is not known: nothing is known of the resource until the next read."""
        entry = self.resources.setdefault(key, Entry())
        entry.state, entry.known = None, False
        entry.finished = max(entry.finished, exchange.finished())

    def bury(self, key: Key, exchange: Exchange) -> None:
        """The resource is gone."""
        entry = self.resources.setdefault(key, Entry())
        entry.state, entry.known, entry.gone = None, True, True
        entry.finished = max(entry.finished, exchange.finished())

    def touch(self, key: Key, exchange: Exchange) -> None:
        """An exchange about the resource that teaches nothing, but can overlap with others."""
        entry = self.resources.get(key)
        if entry is not None:
            entry.finished = max(entry.finished, exchange.finished())

    def doubt(self, key: Key, exchange: Exchange) -> None:
        """A write that seems to teach nothing: it may have done anything to the resource if others were under way with it."""
        if key in self.resources and self._crowded(exchange):
            self.forget(key, exchange)
        self.touch(key, exchange)

    def _crowded(self, exchange: Exchange) -> bool:
        start, end = exchange.started, exchange.finished()
        return sum(started < end and start < finished for started, finished in self.crowd) > 1

    def remember(self, scope: str, fact: str, values: Mapping[str, Any]) -> None:
        """Store values by key under a fact, for one tenant (its label) or for the run (the empty label)."""
        self.facts.setdefault((scope, fact), {}).update(values)
        self.known.add(fact)

    def knows(self, tenant: str, fact: str) -> bool:
        """Say whether anything is remembered under a fact, for this tenant or for the run."""
        return fact in self.known and ((tenant, fact) in self.facts or ("", fact) in self.facts)

    def recall(self, scope: str, fact: str, keys: Iterable[str]) -> dict[str, Any]:
        """Give the slice of a fact for these keys: those that are known."""
        known = self.facts.get((scope, fact))
        return {key: known[key] for key in keys if key in known} if known else {}
