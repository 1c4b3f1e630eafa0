"""One request on the wire, with a time-out and a size limit on everything, and what came of it.

A server that never ends its answer, or answers without measure, costs a request its answer, not the run its end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from payproof import clock
from payproof.connection import Unanswered
from payproof.exchange import Request, Response

if TYPE_CHECKING:
    from payproof.connection import Connection

REQUEST_SECONDS = 15.0
"""How long one answer may take from the first byte sent to the last received."""
MOST_BYTES = 4_000_000
"""How large an answer may be once its content encoding is undone."""


@dataclass(frozen=True, slots=True)
class Done:
    """A request and what came of it: when it was sent (epoch seconds), how long it took (milliseconds)."""

    request: Request
    response: Response | None
    started: float
    elapsed: float
    problem: str


def exchanged(connection: Connection, request: Request) -> Done:
    """Send a request and give what came of it; no failure on the way is raised."""
    started, ticks = clock.now(), clock.ticks()
    response, problem = None, ""
    try:
        response = Response(*connection.ask(request, REQUEST_SECONDS, MOST_BYTES))
    except Unanswered as error:
        problem = f"{type(error).__name__}: {error}"
    return Done(request, response, started, (clock.ticks() - ticks) * 1000, problem)
