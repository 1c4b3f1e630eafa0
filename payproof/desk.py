"""What all workers of a run share while it lasts: turns, the budget, the amount moved, tokens.

The process that began the run keeps the desk and serves it on the loopback interface to whoever knows the key of the
run; each worker asks by a connection of its own. What a worker holds that goes away is free again.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from dataclasses import dataclass, field
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Listener
from typing import TYPE_CHECKING, Any, Protocol

from payproof import clock
from payproof.errors import PayproofError, RefusedError, TargetError
from payproof.turns import Turns

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from payproof.manners import Manners

_FETCH_SECONDS = 90.0
"""How long whoever was told to fetch a token may take before another one is told to."""
_EARLY = 0.1
"""Which share of a token's life is left when it is renewed, _EARLIEST seconds at most."""
_EARLIEST = 60.0
_BACKLOG = 128
"""How many threads of workers may knock at once: one beyond that would wait for an answer for ever."""


class Shared(Protocol):
    """What a worker may ask of the desk, in its own process or in another."""

    def turn(self, amount: int = 0, *, free: bool = False) -> int:
        """Wait until a request may be sent that moves this amount (minor units), and give the turn's number.

        What is `free` counts neither for the budget nor for the cap: what was made is cleaned up after both are used up.
        Raises RefusedError, and gives no turn, where a request would go beyond one of them.
        """

    def done(self, turn: int) -> None:
        """Say that the request of a turn is over."""

    def pause(self, seconds: float) -> None:
        """Let nobody send anything for so long."""

    def token(self, key: str) -> str | None:
        """Give the token of this key, waiting while somebody fetches it; None tells the caller to fetch it."""

    def keep(self, key: str, token: str, seconds: float) -> None:
        """Take a token that was fetched, and how many seconds it lives."""

    def give_up(self, key: str) -> None:
        """Say that the token could not be fetched: the next who asks is told to."""

    def drop(self, key: str, token: str) -> None:
        """Forget a token that the target did not accept, unless it was replaced already."""


_METHODS = frozenset({"turn", "done", "pause", "token", "keep", "give_up", "drop"})


@dataclass(slots=True)
class _Token:
    text: str = ""
    until: float = 0.0
    """Ticks until which the token is used, or until which somebody is fetching it."""


@dataclass(slots=True)
class Desk:
    """The desk of a run; see `Shared` for what it answers."""

    manners: Manners
    used: int = 0
    moved: int = 0
    _turns: Turns = field(default_factory=Turns)
    _tokens: dict[str, _Token] = field(default_factory=dict)
    _state: threading.Condition = field(default_factory=threading.Condition)

    def __post_init__(self) -> None:
        """Take the rate from the manners."""
        self._turns = Turns(self.manners.rate, self.manners.one_at_a_time)

    def turn(self, amount: int = 0, *, free: bool = False) -> int:
        """See Shared."""
        if not free:
            self._count(amount)
        return self._turns.take()

    def _count(self, amount: int) -> None:
        budget, cap = self.manners.budget, self.manners.amount_cap
        with self._state:
            if budget is not None and self.used >= budget:
                message = f"the budget of {budget} requests is used up: raise `budget` of the target, or ask for less"
                raise RefusedError(message)
            if cap is not None and self.moved + amount > cap:
                message = (f"a request would move {amount} minor units, {self.moved} are moved already, and the target's `amount_cap` "
                           f"is {cap}: raise it, or ask for less")  # fmt: skip
                raise RefusedError(message)
            self.used += 1
            self.moved += amount

    def done(self, turn: int) -> None:
        """See Shared."""
        self._turns.give_back(turn)

    def pause(self, seconds: float) -> None:
        """See Shared."""
        self._turns.pause(seconds)

    def token(self, key: str) -> str | None:
        """See Shared."""
        with self._state:
            while True:
                known, now = self._tokens.get(key), clock.ticks()
                if known is None or now >= known.until:
                    self._tokens[key] = _Token(until=now + _FETCH_SECONDS)
                    return None
                if known.text:
                    return known.text
                self._state.wait(known.until - now)

    def keep(self, key: str, token: str, seconds: float) -> None:
        """See Shared."""
        with self._state:
            self._tokens[key] = _Token(token, clock.ticks() + seconds - min(_EARLIEST, seconds * _EARLY))
            self._state.notify_all()

    def give_up(self, key: str) -> None:
        """See Shared."""
        with self._state:
            self._tokens.pop(key, None)
            self._state.notify_all()

    def drop(self, key: str, token: str) -> None:
        """See Shared."""
        with self._state:
            if key in self._tokens and self._tokens[key].text == token:
                del self._tokens[key]


class DeskServer:
    """Serves a desk to the workers of a run; `address` and the key lead there."""

    def __init__(self, desk: Desk, key: bytes) -> None:
        """Listen on a free port of the loopback interface."""
        self.desk = desk
        self._listener = Listener(("127.0.0.1", 0), backlog=_BACKLOG, authkey=key)
        self.port: int = self._listener.address[1]
        self._ended = threading.Event()
        threading.Thread(target=self._accept, name="payproof-desk", daemon=True).start()

    def _accept(self) -> None:
        while not self._ended.is_set():
            # Whoever does not know the key is sent away; the desk stays open.
            with contextlib.suppress(OSError, EOFError, AuthenticationError):
                line = self._listener.accept()
                threading.Thread(target=self._serve, args=(line,), name="payproof-desk", daemon=True).start()

    def _serve(self, line: Connection[Any, Any]) -> None:
        held: set[int] = set()
        fetching: set[str] = set()
        with line, contextlib.suppress(OSError, EOFError):
            while True:
                method, given, named = line.recv()
                line.send(self._answer(method, given, named, held, fetching))
        for turn in held:
            self.desk.done(turn)
        for key in fetching:
            self.desk.give_up(key)

    def _answer(self, method: str, given: tuple[Any, ...], named: dict[str, Any], held: set[int], fetching: set[str]) -> Any:
        if method not in _METHODS:
            return TargetError(f"the desk does not know {method!r}")
        try:
            answer = getattr(self.desk, method)(*given, **named)
        except PayproofError as error:
            return error
        if method == "turn":
            held.add(answer)
        elif method == "done":
            held.discard(*given)
        elif method == "token" and answer is None:
            fetching.add(*given)
        elif method in {"keep", "give_up"}:
            fetching.discard(given[0])
        return answer

    def close(self) -> None:
        """Stop listening; workers that are still connected are answered until they go."""
        self._ended.set()
        with contextlib.suppress(OSError, EOFError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
            pass  # what waits for a connection is not woken by its end
        self._listener.close()


class Far:
    """The desk as a worker sees it: each thread asks by a connection of its own."""

    def __init__(self, port: int, key: bytes) -> None:
        """Connect nowhere yet."""
        self._address = ("127.0.0.1", port)
        self._key = key
        self._own = threading.local()

    def _ask(self, method: str, *given: Any, **named: Any) -> Any:
        line: Connection[Any, Any] | None = getattr(self._own, "line", None)
        try:
            if line is None:
                line = self._own.line = Client(self._address, authkey=self._key)
            line.send((method, given, named))
            answer = line.recv()
        except (OSError, EOFError, AuthenticationError) as error:
            message = "the run that this worker belongs to is over: nothing more is sent"
            raise TargetError(message) from error
        if isinstance(answer, PayproofError):
            raise answer
        return answer

    def turn(self, amount: int = 0, *, free: bool = False) -> int:
        """See Shared. Raises TargetError, as all of these, once the process that began the run is gone."""
        turn: int = self._ask("turn", amount, free=free)
        return turn

    def done(self, turn: int) -> None:
        """See Shared."""
        self._ask("done", turn)

    def pause(self, seconds: float) -> None:
        """See Shared."""
        self._ask("pause", seconds)

    def token(self, key: str) -> str | None:
        """See Shared."""
        token: str | None = self._ask("token", key)
        return token

    def keep(self, key: str, token: str, seconds: float) -> None:
        """See Shared."""
        self._ask("keep", key, token, seconds)

    def give_up(self, key: str) -> None:
        """See Shared."""
        self._ask("give_up", key)

    def drop(self, key: str, token: str) -> None:
        """See Shared."""
        self._ask("drop", key, token)
