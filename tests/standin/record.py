"""Each request that the stand-in got. No secrets: of the headers only those that name a request."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

NAMES = ("request-id", "requestidentifier", "correlationidentifier", "x-idempotency-key", "idempotency-key", "zuora-track-id")
"""Headers by which a caller names a request."""


@dataclass(slots=True)
class Seen:
    """A request. `arrived` and `answered` are seconds since 1970, `ticks` seconds of a clock that nobody moves.

    `client` is the number of the credential set that the token stood for, None for nobody; `done` tells whether the work
    was done, whatever was answered then; `status` is 0 where no answer came; `strokes` is the weather; `made` are ids of
    what it made, `foreign` those of other people's objects that it named.
    """

    number: int
    arrived: float
    ticks: float
    host: str
    method: str
    path: str
    client: int | None = None
    authorised: bool = False
    agent: str = ""
    names: dict[str, str] = field(default_factory=dict)
    strokes: list[str] = field(default_factory=list)
    done: bool = False
    status: int = 0
    answered: float = 0.0
    made: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)


class Record:
    """The requests in the order in which they came."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []

    def begin(self, host: str, method: str, path: str, headers: Iterable[tuple[bytes, bytes]]) -> Seen:
        """Note a request that came."""
        sent = {name.decode("latin-1"): value.decode("latin-1") for name, value in headers}
        names = {name: sent[name] for name in NAMES if name in sent}
        seen = Seen(len(self.seen) + 1, time.time(), time.monotonic(), host, method, path, agent=sent.get("user-agent", ""), names=names)
        self.seen.append(seen)
        return seen

    def since(self, number: int = 0) -> list[dict[str, Any]]:
        """Give the requests after the one of that number."""
        return [asdict(seen) for seen in self.seen[number:]]
