"""What a target asks of those who use it: how often, how much, and how patiently."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

    from payproof.exchange import Response

LONGEST_PAUSE = 120.0
"""How many seconds a target may ask everybody to stay away; whoever asks for more is not waited for."""
_FIRST_PAUSE = 0.5
_LONGEST_BACK_OFF = 20.0


@dataclass(frozen=True, slots=True)
class Manners:
    """How a target that is not ours is treated.

    `rate` is in requests a second, over all workers, `budget` in requests a run, `amount_cap` in minor units a run,
    `consistency_ms` how long a read may lag behind a write, `seconds` how long one answer may take.
    """

    rate: float | None = 10.0
    one_at_a_time: bool = False
    budget: int | None = None
    amount_cap: int | None = None
    consistency_ms: int = 0
    seconds: float = 15.0


def retry_after(response: Response | None, now: float) -> float | None:
    """Give the seconds that a 429 or 503 asks to wait (RFC 9110 section 10.2.3: seconds or a date); None where it says nothing.

    `now` is the time of day in seconds since the epoch. What is no delay, such as a negative number, counts as nothing said.
    """
    if response is None or response.status not in {429, 503}:
        return None
    said = next((value.strip() for name, value in response.headers if name.lower() == "retry-after"), "")
    if said.isascii() and said.isdigit():
        return float(said)
    try:
        moment = parsedate_to_datetime(said)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, moment.timestamp() - now)


def back_off(attempt: int, luck: random.Random) -> float:
    """Give the seconds to wait after the attempt of this number, from 1 on: longer each time, and never the same for two workers."""
    most = min(_LONGEST_BACK_OFF, _FIRST_PAUSE * 2 ** (attempt - 1))
    return luck.uniform(most / 2, most)
