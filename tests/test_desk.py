"""What all workers of a run share: turns within the rate, one budget, one token for all."""

from __future__ import annotations

import heapq
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from payproof import clock
from payproof.desk import Desk, DeskServer, Far
from payproof.errors import RefusedError, TargetError
from payproof.exchange import Response
from payproof.manners import Manners, back_off, retry_after
from payproof.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Iterator


class Play:
    """Workers that send requests as fast as their turns allow, in a time of its own."""

    def __init__(self, turns: Turns, monkeypatch: pytest.MonkeyPatch) -> None:
        self.turns = turns
        self.now = 100.0
        self.under_way: list[tuple[float, int]] = []
        self.arrived: list[float] = []
        monkeypatch.setattr(clock, "ticks", lambda: self.now)
        monkeypatch.setattr(turns._state, "wait", self.wait)

    def wait(self, seconds: float) -> None:
        """Let time pass until then, or until the next answer."""
        if self.under_way and self.under_way[0][0] <= self.now + seconds:
            self.now, number = heapq.heappop(self.under_way)
            self.turns.give_back(number)
        else:
            self.now += seconds

    def run(self, workers: int, requests: int, luck: random.Random, *, jitter: float, latency: float) -> None:
        """Send requests that take their time on both ways."""
        for _ in range(requests):
            while len(self.under_way) >= workers:
                self.wait(10)
            number = self.turns.take()
            there, back = luck.uniform(0, jitter), luck.uniform(0, jitter)
            self.arrived.append(self.now + there)
            heapq.heappush(self.under_way, (self.now + there + latency + back, number))
        self.arrived.sort()

    def most(self, window: float) -> int:
        """Give the largest number of requests that arrived within a window."""
        return max(sum(begin <= other < begin + window for other in self.arrived) for begin in self.arrived)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("jitter", "latency"), [(0.0, 0.1), (0.03, 0.1), (0.02, 0.0), (0.05, 0.1)])
def test_rate_is_used_and_never_exceeded(monkeypatch: pytest.MonkeyPatch, seed: int, jitter: float, latency: float) -> None:
    """With 100 ms latency and ten requests a second nine tenths are used, and no second has more, late as some may arrive."""
    play = Play(Turns(10.0), monkeypatch)

    play.run(4, 200, random.Random(seed), jitter=jitter, latency=latency)  # noqa: S311  # delays need no cryptography

    assert play.most(1.0) <= 10
    assert len(play.arrived) / (play.arrived[-1] - play.arrived[0] + 1) >= 9.0


def test_slow_answers_do_not_cost_the_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fast requests among slow ones do not make each of these count for as long as it takes."""
    play = Play(Turns(10.0), monkeypatch)
    luck = random.Random(1)  # noqa: S311  # delays need no cryptography

    play.run(8, 100, luck, jitter=0.0, latency=0.01)
    play.run(20, 500, luck, jitter=0.0, latency=1.5)

    assert play.most(1.0) <= 10
    assert len(play.arrived) / (play.arrived[-1] - play.arrived[0] + 1) >= 7.5


@pytest.mark.parametrize(("rate", "window", "most"), [(0.5, 2.0, 1), (1.0, 1.0, 1), (2.5, 1.0, 2)])
def test_rate_that_is_no_whole_number(monkeypatch: pytest.MonkeyPatch, rate: float, window: float, most: int) -> None:
    """Less than one a second is one in a longer time; of two and a half, no second has three."""
    play = Play(Turns(rate), monkeypatch)

    play.run(3, 30, random.Random(1), jitter=0.01, latency=0.1)  # noqa: S311  # delays need no cryptography

    assert play.most(window) == most


def test_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next turn begins when the one before is over."""
    play = Play(Turns(None, alone=True), monkeypatch)

    play.run(3, 5, random.Random(1), jitter=0.0, latency=0.5)  # noqa: S311  # delays need no cryptography

    assert [round(moment - 100, 3) for moment in play.arrived] == [0.0, 0.5, 1.0, 1.5, 2.0]


def test_pause_holds_everybody_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a Retry-After nobody is given a turn; a shorter one that comes later does not end it."""
    turns = Turns(None)
    play = Play(turns, monkeypatch)

    turns.pause(7.0)
    turns.pause(1.0)
    turns.take()

    assert play.now == pytest.approx(107.0)


def test_budget_and_cap_refuse_before_anything_is_sent() -> None:
    """What would go beyond is refused and counts for nothing; cleaning up is free."""
    desk = Desk(Manners(rate=None, budget=3, amount_cap=1000))

    desk.turn(600)
    with pytest.raises(RefusedError, match="move 500 minor units, 600 are moved already"):
        desk.turn(500)
    desk.turn(400)
    desk.turn()
    with pytest.raises(RefusedError, match="budget of 3 requests"):
        desk.turn()
    desk.turn(free=True)

    assert (desk.used, desk.moved) == (3, 1000)


def test_token_is_fetched_by_one() -> None:
    """Of several that ask, one is told to fetch; the others get what it brings."""
    desk = Desk(Manners())
    asked = threading.Barrier(4)
    told: list[str | None] = []

    def ask(_: int) -> str | None:
        asked.wait(timeout=10)
        token = desk.token("key")
        told.append(token)
        if token is None:
            desk.keep("key", "T1", 60.0)
        return token

    with ThreadPoolExecutor(4) as pool:
        got = list(pool.map(ask, range(4)))

    assert sorted(map(str, got)) == ["None", "T1", "T1", "T1"]
    assert told[0] is None


def test_token_is_renewed_before_it_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a tenth of its life left a token is fetched anew."""
    now = 100.0
    monkeypatch.setattr(clock, "ticks", lambda: now)
    desk = Desk(Manners())
    desk.token("key")
    desk.keep("key", "T1", 100.0)

    now = 189.0
    assert desk.token("key") == "T1"
    now = 191.0
    assert desk.token("key") is None


def test_token_that_was_refused_is_dropped_once() -> None:
    """Whoever comes late with the old token does not take the new one away."""
    desk = Desk(Manners())
    desk.token("key")
    desk.keep("key", "T1", 60.0)

    desk.drop("key", "T1")
    assert desk.token("key") is None
    desk.keep("key", "T2", 60.0)
    desk.drop("key", "T1")

    assert desk.token("key") == "T2"


@pytest.fixture
def served() -> Iterator[DeskServer]:
    """A desk with a budget of two, one at a time, as workers find it."""
    server = DeskServer(Desk(Manners(rate=None, one_at_a_time=True, budget=2)), b"key")
    yield server
    server.close()


def test_worker_asks_from_afar(served: DeskServer) -> None:
    """Answers and refusals come over; the budget is that of all workers."""
    one, other = Far(served.port, b"key"), Far(served.port, b"key")

    one.done(one.turn())
    other.done(other.turn())

    with pytest.raises(RefusedError, match="budget of 2"):
        one.turn()


def test_worker_that_goes_away_holds_nobody_up(served: DeskServer) -> None:
    """Its turn is over, and the token that it was to fetch is fetched by the next."""
    gone, left = Far(served.port, b"key"), Far(served.port, b"key")
    gone.turn()
    assert gone.token("t") is None

    gone._own.line.close()

    assert left.token("t") is None
    assert left.turn() == 2


def test_desk_knows_its_own(served: DeskServer) -> None:
    """Without the key of the run nobody is answered, and afterwards everybody else still is."""
    with pytest.raises(TargetError, match="nothing more is sent"):
        Far(served.port, b"another key").turn()

    assert Far(served.port, b"key").turn() == 1


def test_many_knock_at_once() -> None:
    """Requests that are sent together ask from threads of their own, each by a connection of its own."""
    server = DeskServer(Desk(Manners(rate=None)), b"key")
    knock = threading.Barrier(32)

    def ask(_: int) -> int:
        knock.wait(timeout=10)
        return far.turn()

    far = Far(server.port, b"key")
    with ThreadPoolExecutor(32) as pool:
        turns = sorted(pool.map(ask, range(32), timeout=30))
    server.close()

    assert turns == list(range(1, 33))


def test_worker_whose_run_is_over() -> None:
    """A worker that outlives the process that began the run stops."""
    server = DeskServer(Desk(Manners()), b"key")
    server.close()

    with pytest.raises(TargetError, match="is over"):
        Far(server.port, b"key").turn()


@pytest.mark.parametrize(
    ("status", "said", "seconds"),
    [(429, "7", 7.0), (503, "Thu, 01 Jan 1970 00:16:50 GMT", 10.0), (503, "Thu, 01 Jan 1970 00:00:00 GMT", 0.0), (429, "-3", None),
     (429, "soon", None), (429, None, None), (200, "7", None)],
)  # fmt: skip
def test_retry_after(status: int, said: str | None, seconds: float | None) -> None:
    """Both forms of RFC 9110 are read; what is neither says nothing."""
    headers = (("Retry-After", said),) if said is not None else ()

    assert retry_after(Response(status, headers), 1000.0) == seconds


def test_back_off_grows_and_differs() -> None:
    """Two workers do not come back at the same moment, and each attempt waits longer, up to a limit."""
    one, other = random.Random(1), random.Random(2)  # noqa: S311  # jitter needs no cryptography

    first, second = [back_off(n, one) for n in range(1, 12)], [back_off(n, other) for n in range(1, 12)]

    assert first != second
    assert 0.25 <= first[0] <= 0.5
    assert first[3] > first[0]
    assert max(first) <= 20.0
