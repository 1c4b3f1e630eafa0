"""The weather at the stand-in: what goes wrong with a request although nothing is wrong with it. Drawn by a seed."""

from __future__ import annotations

import random
import re
import time
from dataclasses import dataclass, field, fields, replace
from typing import Any

STROKES = (
    "reset-before", "reset-after", "cut", "stall", "slow", "revoke", "maintenance", "html", "redirect", "429",
    "500", "502", "503", "504", "500-after", "502-after", "503-after", "504-after",
)  # fmt: skip
"""What can happen to one request. `before` and `after` tell whether the work was done: after it the answer is lost only."""

_ALONE = ("reset_before", "reset_after", "cut", "stall", "slow")
_ERRORS = ("500", "502", "503", "504")


def _pattern(text: str) -> None:
    try:
        re.compile(text)
    except re.error as error:
        message = f"{text!r} is no pattern: {error}"
        raise ValueError(message) from error


@dataclass(frozen=True)
class Weather:
    """What is switched on. Shares lie between 0 and 1; times are in milliseconds, lengths in requests."""

    latency_ms: float = 0.0
    jitter_ms: float = 0.0
    rate: float = 0.0
    """Requests a second that each client may send; 0 is no limit. A token bucket."""
    burst: int = 1
    """How many requests may come at once before the rate counts."""
    retry_after: str = "seconds"
    """How a 429, a 503 and maintenance tell when to come again: `seconds`, `date` or `none`."""
    reset_before: float = 0.0
    reset_after: float = 0.0
    cut: float = 0.0
    stall: float = 0.0
    stall_ms: float = 60_000.0
    slow: float = 0.0
    slow_ms: float = 400.0
    errors: float = 0.0
    """The share of requests at which a burst of 500, 502, 503 and 504 begins."""
    errors_length: int = 3
    errors_after: float = 0.0
    """The share of a burst's answers that lie: the work was done."""
    maintenance: float = 0.0
    """The share of requests at which maintenance begins; 1 is maintenance for good."""
    maintenance_length: int = 5
    revoke: float = 0.0
    """The share of requests before which all tokens of the client are revoked."""
    lag_ms: float = 0.0
    """How long a read shows what was before a write."""
    redirect: str = ""
    """Where every request is redirected to, by 307: a scheme and a host."""
    only: str = ""
    """A pattern for `METHOD /path`: whom all this happens to. Latency, rate and lag happen to everybody."""

    def changed(self, changes: dict[str, Any]) -> Weather:
        """Give the weather with some of it changed; raises ValueError for what does not exist or cannot be."""
        known = {each.name: type(each.default) for each in fields(self)}
        for name, value in changes.items():
            if name not in known:
                message = f"the weather knows no {name!r}; it knows {', '.join(known)}"
                raise ValueError(message)
            if isinstance(value, bool) or not isinstance(value, (int, float) if known[name] in {int, float} else str):
                message = f"{name} cannot be {value!r}"
                raise ValueError(message)  # noqa: TRY004 - one kind of error for whatever is asked wrongly
        _pattern(str(changes.get("only", "")))
        return replace(self, **changes)


STORM = {
    "latency_ms": 5.0, "jitter_ms": 10.0, "reset_before": 0.01, "reset_after": 0.01, "cut": 0.01, "slow": 0.01, "slow_ms": 50.0,
    "errors": 0.01, "errors_after": 0.3, "maintenance": 0.002, "revoke": 0.01, "lag_ms": 30.0,
}  # fmt: skip
"""Every fault at a moderate rate."""


@dataclass(slots=True)
class Ordered:
    """A stroke that a test asked for: it happens to the next `times` requests that fit, after `skip` of them."""

    stroke: str
    only: str = ""
    times: int = 1
    skip: int = 0

    def fits(self, what: str) -> bool:
        """Say whether it happens to a request, and count."""
        if self.times <= 0 or re.search(self.only, what) is None:
            return False
        if self.skip:
            self.skip -= 1
            return False
        self.times -= 1
        return True


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


@dataclass(slots=True)
class Draw:
    """What happens to one request: strokes, and the latency before and after the work, in seconds."""

    strokes: tuple[str, ...] = ()
    before: float = 0.0
    after: float = 0.0


@dataclass(slots=True)
class Sky:
    """Draws what happens to each request; the same seed gives the same weather to the same sequence of requests."""

    seed: int
    weather: Weather = field(default_factory=Weather)
    ordered: list[Ordered] = field(default_factory=list)
    _number: int = 0
    _burst: int = 0
    _closed: int = 0
    _buckets: dict[str, _Bucket] = field(default_factory=dict)

    def turn(self, changes: dict[str, Any] | None) -> None:
        """Change the weather; None is fair weather again. Draws begin anew."""
        self.weather = Weather() if changes is None else self.weather.changed(changes)
        self._number = self._burst = self._closed = 0
        self._buckets.clear()
        if changes is None:
            self.ordered.clear()

    def order(self, stroke: str, **rest: Any) -> None:
        """Let a stroke happen to the next requests that fit; raises ValueError where there is no such stroke."""
        if stroke not in STROKES:
            message = f"there is no stroke {stroke!r}; there is {', '.join(STROKES)}"
            raise ValueError(message)
        _pattern(str(rest.get("only", "")))
        self.ordered.append(Ordered(stroke, **rest))

    def draw(self, what: str) -> Draw:
        """Draw what happens to a request, given as `METHOD /path`."""
        weather = self.weather
        self._number += 1
        dice = random.Random(f"{self.seed} {self._number}")  # noqa: S311 - weather guards nothing
        latency = (weather.latency_ms + weather.jitter_ms * dice.random()) / 1000
        share = dice.random()
        strokes = [each.stroke for each in self.ordered if each.fits(what)]
        if not strokes and re.search(weather.only, what):
            strokes = self._struck(dice)
        return Draw(tuple(strokes), latency * share, latency * (1 - share))

    def wait(self, client: str) -> float:
        """Take a request out of the client's share; gives 0, or the seconds that it came too early."""
        if self.weather.rate <= 0:
            return 0.0
        now = time.monotonic()
        bucket = self._buckets.setdefault(client, _Bucket(self.weather.burst, now))
        bucket.left = min(float(self.weather.burst), bucket.left + (now - bucket.at) * self.weather.rate)
        bucket.at = now
        if bucket.left < 1:
            return (1 - bucket.left) / self.weather.rate
        bucket.left -= 1
        return 0.0

    def _struck(self, dice: random.Random) -> list[str]:
        weather = self.weather
        rolled = {name: dice.random() for name in ("revoke", "maintenance", "errors", *_ALONE)}
        error, lies = dice.choice(_ERRORS), dice.random() < weather.errors_after
        struck = ["revoke"] if rolled["revoke"] < weather.revoke else []
        if weather.redirect:
            return ["redirect"]
        if self._closed or rolled["maintenance"] < weather.maintenance:
            self._closed = self._closed - 1 if self._closed else weather.maintenance_length - 1
            return ["maintenance"]
        if self._burst or rolled["errors"] < weather.errors:
            self._burst = self._burst - 1 if self._burst else weather.errors_length - 1
            return [*struck, f"{error}-after" if lies else error]
        for name in _ALONE:
            if rolled[name] < getattr(weather, name):
                return [*struck, name.replace("_", "-")]
        return struck
