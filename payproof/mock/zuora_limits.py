"""The limits that Zuora tells with every answer, counted for one tenant. Nothing is refused for them."""

from payproof.mock import zuora_assumed as assumed

_MINUTE = 60_000
_CONCURRENT = 40

Headers = tuple[tuple[bytes, bytes], ...]

_LIMIT = (b"ratelimit-limit", b"2250000, 50000;w=60, 2250000;w=3600, 27000000;w=86400")
_TYPE = (b"concurrency-limit-type", b"Default")
_CONCURRENCY = (b"concurrency-limit-limit", str(_CONCURRENT).encode())


class Limits:
    """How many requests came in this minute of the tenant's clock, and how many are ``running``."""

    def __init__(self) -> None:
        self.running = 0
        self._minute = -1
        self._count = 0

    def enter(self, now: int) -> None:
        """Count a request that comes at ``now`` (milliseconds)."""
        self.running += 1
        minute = now // _MINUTE
        if minute != self._minute:
            self._minute, self._count = minute, 0
        self._count += 1

    def leave(self) -> None:
        """Count a request that was answered."""
        self.running -= 1

    def rate(self, now: int) -> Headers:
        """Write the headers about the rate; the reset is in whole seconds, at least one."""
        remaining = max(assumed.REQUESTS_PER_MINUTE - self._count, 0)
        reset = (_MINUTE - now % _MINUTE + 999) // 1000
        return (
            _LIMIT,
            (b"ratelimit-remaining", str(remaining).encode()),
            (b"ratelimit-reset", str(reset).encode()),
        )

    def concurrency(self) -> Headers:
        """Write the headers about requests at the same time."""
        remaining = max(_CONCURRENT - self.running, 0)
        return (_TYPE, _CONCURRENCY, (b"concurrency-limit-remaining", str(remaining).encode()))
