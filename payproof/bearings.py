"""Whether requests get to an API at all: where nothing is ever found, the base path is wrong, and no verdict follows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from payproof.errors import TargetError

NOWHERE = 404
LOST_AFTER = 12
"""After so many requests to an API, all of them answered with 404, it is taken for being elsewhere. A suite creates before it reads."""


@dataclass(slots=True)
class Bearings:
    """Counts for each API the requests that found nothing, until one is answered otherwise."""

    _missed: Counter[str] = field(default_factory=Counter)
    _met: set[str] = field(default_factory=set)

    def take(self, api: str, url: str, status: int) -> None:
        """Take the status of an answer (0 for none) of an API at a URL. Raises TargetError once it is clear that it is not there."""
        if not api or not status or api in self._met:
            return
        if status != NOWHERE:
            self._met.add(api)
            return
        self._missed[api] += 1
        if self._missed[api] >= LOST_AFTER:
            message = f"{url}: all of {LOST_AFTER} requests to {api} were answered with status {NOWHERE}; is the base path right?"
            raise TargetError(message)
