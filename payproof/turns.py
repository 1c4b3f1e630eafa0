"""Turns: when the next request may be sent, so that no second of the target's ever has more of them than it allows.

What counts is when a request can have arrived, not when its turn was given: one that was slow on its way and a quick
one after it may meet at the server. So a turn counts from the last moment at which its request can have got there, its
end less the shortest time that any request took; but for a quarter of a window at most, so that slow answers do not
cost more than that of the rate.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from dataclasses import dataclass, field

from payproof import clock

_SLACK = 0.25
"""How much of its window a turn may count late: on a busy machine a request has been seen to wait for a tenth of a second."""
_TRUSTED = 50
"""How many turns must be over until the shortest of them says how short one can be; before, it may be wrong by up to _DOUBT."""
_DOUBT = 0.06
_MARGIN = 0.01
"""How much longer a window is than the target's, since nobody knows the last millisecond."""
_GAP = 0.75
"""How much of its even share of the window lies between two turns at least: a burst is impolite, and some count by less than seconds."""
_LONGEST_NAP = 0.25
"""Seconds after which whoever waits looks again: the end of another turn, or a pause, changes what it waits for."""


@dataclass(slots=True)
class _Turn:
    given: float
    counts: float
    """From when on it counts; moved forward once the turn is over."""


@dataclass(slots=True)
class Turns:
    """Who may send now. `rate` is in requests a second, None for no limit; times are ticks of this process.

    With `alone` a turn must be over before the next one begins.
    """

    rate: float | None = None
    alone: bool = False
    _recent: deque[_Turn] = field(default_factory=deque)
    _open: dict[int, _Turn] = field(default_factory=dict)
    _number: int = 0
    _shortest: float = math.inf
    _over: int = 0
    _until: float = 0.0
    _line: threading.Lock = field(default_factory=threading.Lock)
    _state: threading.Condition = field(default_factory=threading.Condition)

    @property
    def most(self) -> int:
        """How many turns a window has."""
        return max(1, int(self.rate)) if self.rate is not None else 0

    @property
    def window(self) -> float:
        """How long a window is, in seconds: one, or where less than a request a second is allowed as long as one takes."""
        return max(1.0, self.most / self.rate) if self.rate is not None else 0.0

    def take(self) -> int:
        """Wait for a turn and give its number. Whoever came first is first."""
        with self._line, self._state:
            while (left := self._left(clock.ticks())) > 0:
                self._state.wait(min(left, _LONGEST_NAP))
            now = clock.ticks()
            self._number += 1
            turn = self._open[self._number] = _Turn(now, now + _SLACK * self.window)
            if self.rate is not None:
                self._recent.append(turn)
            return self._number

    def give_back(self, number: int) -> None:
        """Say that the request of a turn is over; a second time says nothing."""
        with self._state:
            turn = self._open.pop(number, None)
            if turn is not None:
                took = clock.ticks() - turn.given
                self._shortest = min(self._shortest, took)
                self._over += 1
                doubt = _DOUBT * self.window * max(0.0, 1 - self._over / _TRUSTED)
                turn.counts = min(turn.counts, turn.given + took - self._shortest + doubt)
            self._state.notify_all()

    def pause(self, seconds: float) -> None:
        """Give no turn for so long."""
        with self._state:
            self._until = max(self._until, clock.ticks() + seconds)

    def _left(self, now: float) -> float:
        """Say how many seconds are left until the next turn as far as is known now."""
        if self.alone and self._open:
            return math.inf
        left = self._until - now
        if self._recent:
            left = max(left, self._recent[-1].given + _GAP * self.window / self.most - now)
        if self.rate is not None and len(self._recent) >= self.most:
            while self._recent[0].counts < now - 2 * self.window and len(self._recent) > self.most:
                self._recent.popleft()
            # One that was given later may count from earlier: it is over already, and was quick.
            counted = sorted(turn.counts for turn in self._recent)
            left = max(left, counted[-self.most] + self.window * (1 + _MARGIN) - now)
        return left
