"""Idempotency keys of one tenant of Zuora: what each one was used for, and what came of it. No HTTP in here."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

_RETAINED = 24 * 3_600_000
_HURRIED = 3_600_000

_Result = TypeVar("_Result")


class Mismatch(Exception):
    """The key was used for another URL, with another method or for another entity."""


class Running(Exception):
    """The first request with this key is not finished."""


@dataclass(slots=True, eq=False)
class Use(Generic[_Result]):
    """One use of a key, for ``target`` since ``began`` (milliseconds). ``result`` is None until the operation has one."""

    target: Hashable
    began: int
    running: bool = True
    result: _Result | None = None


class Keys(Generic[_Result]):
    """The keys of one tenant. A key is forgotten 24 hours after it was first used (``hurried``: after one hour)."""

    def __init__(self, *, hurried: bool = False) -> None:
        self._retained = _HURRIED if hurried else _RETAINED
        self._uses: dict[str, Use[_Result]] = {}

    def find(self, key: str, target: Hashable, now: int) -> _Result | None:
        """Find the first result of a key, None for one that is new at ``now``; raises ``Running`` and ``Mismatch``."""
        use = self._uses.get(key)
        if use is None or self._is_old(use, now):
            return None
        if use.target != target:
            raise Mismatch
        if use.running or use.result is None:
            raise Running
        return use.result

    def begin(self, key: str, target: Hashable, now: int) -> Use[_Result]:
        """Use a key that is new."""
        self._uses.pop(key, None)
        # The oldest stand first, so that what is no longer needed costs nothing to find
        while self._uses and self._is_old(first := next(iter(self._uses.values())), now) and not first.running:
            del self._uses[next(iter(self._uses))]
        use = self._uses[key] = Use[_Result](target, now)
        return use

    def end(self, key: str, use: Use[_Result]) -> None:
        """Finish a use: its result is kept, and without one the key is new again."""
        use.running = False
        if use.result is None and self._uses.get(key) is use:
            del self._uses[key]

    def clear(self) -> None:
        """Forget every key."""
        self._uses.clear()

    def _is_old(self, use: Use[_Result], now: int) -> bool:
        return now - use.began >= self._retained and not use.running
