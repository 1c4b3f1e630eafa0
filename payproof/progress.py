"""Live figures from the workers to whoever watches: datagrams on the loopback interface, lost ones are not missed."""

from __future__ import annotations

import json
import socket
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from payproof import clock

if TYPE_CHECKING:
    from collections.abc import Callable

    from payproof.client import Session

EVERY_SECONDS = 0.2


@dataclass(slots=True)
class Figures:
    """What is known while a run goes on: exchanges, and clauses judged and broken as bit masks over the header's list."""

    exchanges: dict[str, int] = field(default_factory=dict)
    judged: int = 0
    broken: int = 0
    test: str = ""

    def total(self) -> int:
        """Exchanges over all workers."""
        return sum(self.exchanges.values())


class Reporter:
    """Sends a worker's figures, at most every EVERY_SECONDS."""

    def __init__(self, port: int, index: dict[str, int]) -> None:
        """Send to this port of the loopback interface; `index` numbers the clauses."""
        self._address = ("127.0.0.1", port)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._index = index
        self._judged = 0
        self._broken = 0
        self._next = 0.0

    def note(self, judged: list[str], broken: list[str]) -> None:
        """Remember which clauses an exchange was judged by, and which it broke."""
        for name in judged:
            self._judged |= 1 << self._index[name]
        for name in broken:
            self._broken |= 1 << self._index[name]

    def __call__(self, session: Session) -> None:
        """Send the figures if it is time."""
        if clock.ticks() < self._next:
            return
        self._next = clock.ticks() + EVERY_SECONDS
        self.send(session)

    def send(self, session: Session) -> None:
        """Send the figures now. Nobody listening is no fault of the run."""
        figures = {"worker": session.worker, "exchanges": session.exchanges, "judged": hex(self._judged),
                   "broken": hex(self._broken), "test": session.test}  # fmt: skip
        try:
            self._socket.sendto(json.dumps(figures).encode(), self._address)
        except OSError:
            return

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


class Listener:
    """Collects the workers' figures in a thread, and shows them to a callback."""

    def __init__(self, shown: Callable[[Figures], None]) -> None:
        """Listen on a free port of the loopback interface."""
        self.figures = Figures()
        self._shown = shown
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(EVERY_SECONDS)
        self.port: int = self._socket.getsockname()[1]
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="payproof-progress", daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while not self._ended.is_set():
            try:
                data = json.loads(self._socket.recv(65_536))
                self.figures.exchanges[str(data["worker"])] = int(data["exchanges"])
                self.figures.judged |= int(data["judged"], 16)
                self.figures.broken |= int(data["broken"], 16)
                self.figures.test = str(data["test"])
            except TimeoutError:
                pass
            except (OSError, ValueError, KeyError):
                continue
            self._shown(self.figures)

    def close(self) -> None:
        """Stop listening."""
        self._ended.set()
        self._thread.join(timeout=5)
        self._socket.close()
