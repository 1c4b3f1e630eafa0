"""One request on the wire, with a time-out and a size limit on everything, and what came of it.

A server that never ends its answer, or answers without measure, costs a request its answer, not the run its end.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from payproof import clock
from payproof.connection import Late, Unanswered, Unreachable
from payproof.exchange import Request, Response
from payproof.manners import LONGEST_PAUSE, back_off, retry_after

if TYPE_CHECKING:
    from payproof.connection import Connection
    from payproof.desk import Shared
    from payproof.exchange import Headers

REQUEST_SECONDS = 15.0
"""How long one answer may take from the first byte sent to the last received."""
MOST_BYTES = 4_000_000
"""How large an answer may be once its content encoding is undone."""

_INSISTENCE = 4
"""How often something that changes nothing is asked."""
_PASSING = frozenset({429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Done:
    """A request and what came of it: when it was sent (epoch seconds), how long it took (milliseconds).

    `unsent` says that there was no connection, so that nothing of it can have arrived.
    """

    request: Request
    response: Response | None
    started: float
    elapsed: float
    problem: str
    unsent: bool = False

    @property
    def status(self) -> int:
        """The status, 0 if no answer came."""
        return self.response.status if self.response is not None else 0


def exchanged(
    connection: Connection, request: Request, *, seconds: float = REQUEST_SECONDS, desk: Shared | None = None, amount: int = 0,
    free: bool = False,
) -> Done:  # fmt: skip
    """Send a request and give what came of it; no failure on the way is raised.

    `seconds` is how long the answer may take. From a `desk` a turn is asked for that moves this amount, or is `free`, once
    there is a connection: what a request waits for is not part of its time. Raises RefusedError as `Shared.turn` does.
    """
    sent = _Sent(desk, amount, free, clock.now(), clock.ticks())
    response, problem, unsent = None, "", False
    try:
        response = Response(*connection.ask(request, seconds, MOST_BYTES, sent.wait if desk is not None else None))
    except Unanswered as error:
        problem, unsent = f"{type(error).__name__}: {error}", isinstance(error, Unreachable)
    finally:
        elapsed = (clock.ticks() - sent.ticks) * 1000
        if desk is not None and sent.turn is not None:
            desk.done(sent.turn)
    return Done(request, response, sent.started, elapsed, problem, unsent)


def insisted(connection: Connection, request: Request, seconds: float, most: int) -> tuple[int, Headers, bytes]:
    """Ask something that changes nothing, again while only the weather answers; give the last answer, as `Connection.ask` does.

    Where nobody listens, or in time, nobody is asked twice. Raises an Unanswered as `ask` does.
    """
    luck = random.Random()  # noqa: S311  # jitter needs no cryptography
    for attempt in range(1, _INSISTENCE):
        wait: float | None = None
        try:
            answer = connection.ask(request, seconds, most)
            if answer[0] not in _PASSING:
                return answer
            wait = retry_after(Response(*answer), clock.now())
        except (Unreachable, Late):
            raise
        except Unanswered:
            pass  # as good a reason to ask again as a 503
        clock.pause(min(wait, LONGEST_PAUSE) if wait is not None else back_off(attempt, luck))
    return connection.ask(request, seconds, most)


@dataclass(slots=True)
class _Sent:
    """When a request went out, and by which turn."""

    desk: Shared | None
    amount: int
    free: bool
    started: float
    ticks: float
    turn: int | None = None

    def wait(self) -> None:
        if self.desk is not None:
            self.turn = self.desk.turn(self.amount, free=self.free)
            self.started, self.ticks = clock.now(), clock.ticks()
