"""Idempotency keys of one tenant: which requests were answered already, and how."""

from dataclasses import dataclass

from payproof.mock import mercadopago_assumed as assumed
from payproof.mock.clock import Clock
from payproof.mock.mercadopago_errors import denied
from payproof.mock.mercadopago_models import Liar
from payproof.mock.wire import Answer

Scope = tuple[str, ...]
"""What a key counts for: the method, the segments of the path, the key itself."""


@dataclass(frozen=True, slots=True)
class _Kept:
    since: int
    mark: str
    answer: Answer


Memory = dict[Scope, tuple[object, Answer]]
"""Answers of all tenants by method, path without identifiers, and key, with whose they are. Only a lie reads it."""


def _without_ids(scope: Scope) -> Scope:
    # The method, the collections and actions of the path, the key
    return (scope[0], *scope[2:-1:2], scope[-1])


class Keys:
    """The keys of one tenant. ``shared`` is one memory for all tenants, which only a lie uses."""

    def __init__(self, clock: Clock, liar: Liar, shared: Memory) -> None:
        self._clock = clock
        self._liar = liar
        self._kept: dict[Scope, _Kept] = {}
        self._shared = shared

    def forget(self) -> None:
        """Give every key up."""
        self._kept.clear()

    def recall(self, scope: Scope, mark: str) -> Answer | None:
        """Find the answer that was given for a key; raises ``Denied`` where it came with a body of another fingerprint."""
        if self._liar.lies("mp-key-ignored"):
            return None
        if self._liar.lies("mp-key-across-tenants"):
            owner, answer = self._shared.get(_without_ids(scope), (self, None))
            if owner is not self:
                return answer
        scope = self._place(scope)
        kept = self._kept.get(scope)
        if kept is None:
            return None
        if self._expired(kept):
            del self._kept[scope]
            return None
        if kept.mark != mark and not self._liar.lies("mp-key-body-not-compared"):
            raise denied("validation_error", "X-Idempotency-Key was used with another body")
        return kept.answer

    def keep(self, scope: Scope, mark: str, answer: Answer) -> None:
        """Remember the answer for a key."""
        if self._liar.lies("mp-key-across-tenants"):
            self._shared.setdefault(_without_ids(scope), (self, answer))
        # The oldest come first, so this forgets what is due and looks at one more
        while (oldest := next(iter(self._kept), None)) is not None and self._expired(self._kept[oldest]):
            del self._kept[oldest]
        self._kept[self._place(scope)] = _Kept(self._clock.milliseconds(), mark, answer)

    def _place(self, scope: Scope) -> Scope:
        return _without_ids(scope) if self._liar.lies("mp-key-across-resources") else scope

    def _expired(self, kept: _Kept) -> bool:
        age = self._clock.milliseconds() - kept.since
        return age >= assumed.KEY_RETENTION_MILLISECONDS and not self._liar.lies("mp-key-never-forgotten")
