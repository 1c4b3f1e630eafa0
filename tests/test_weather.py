"""Weather at a target that is not ours: what is sent again, what stays unknown, and what is a finding all the same."""

from __future__ import annotations

import json
import random
from collections import deque
from typing import TYPE_CHECKING, Any

import pytest

from payproof import clock, verdict
from payproof import kit as kits
from payproof.client import ACCEPT, Session
from payproof.errors import TargetError, UnclearError
from payproof.exchange import Request, Response
from payproof.finding import Finding
from payproof.journal import finding_record
from payproof.judge import Judge
from payproof.redact import Redactor
from payproof.target import Target, Tenant
from payproof.transport import Done
from payproof.weather import ATTEMPTS, Weather, weather_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

URL = "http://vouchers.test"
JSON = (("Content-Type", "application/json"),)
HTML = (("Content-Type", "text/html; charset=utf-8"),)
VOUCHER = {"id": "v1", "amount": 100}
_NAMED = "operationId: createVoucher\n"
KEYED = [(_NAMED, _NAMED + "      parameters: [{name: Once, in: header, x-idempotency-key: true, schema: {type: string}}]\n")]

OK = (200, VOUCHER)
LOST = (0, None)
DOWN = (503, None)


class Scripted(Session):
    """A session at a target that answers what a test says, in that order; nothing is sent anywhere."""

    answers: deque[tuple[int, Any]]
    sent: list[str]

    def exchange(self, request: Request, tenant: Tenant, *, repeated: bool = False) -> Done:
        """Give the next answer; status 0 is none, and one without a body a page of HTML."""
        assert tenant is ME
        status, body = self.answers.popleft()
        now = 1000.0 + len(self.sent)
        self.sent.append(f"{request.method} {request.path().rpartition('/')[2]}{' again' if repeated else ''}")
        if not status:
            return Done(request, None, now, 1.0, "Unanswered: the connection broke", unsent=body == "unsent")
        headers, content = (JSON, json.dumps(body).encode()) if body is not None else (HTML, b"<p>Back soon.</p>")
        return Done(request, Response(status, headers, content), now, 1.0, "")


class Shards(list[dict[str, Any]]):
    """A journal in memory."""

    write = list.append


@pytest.fixture
def paused(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were made, none of which lasts."""
    pauses: list[float] = []
    monkeypatch.setattr(clock, "pause", pauses.append)
    return pauses


@pytest.fixture
def session(tiny: Callable[..., Path], paused: list[float]) -> Callable[..., Scripted]:  # nobody waits
    """Give a session whose target answers as told."""

    def make(*answers: tuple[int, Any], keyed: bool = False, consistency: float = 0.0) -> Scripted:
        kit = kits.load(tiny(spec=KEYED if keyed else ()))
        redactor, has = Redactor(kit.sensitive()), frozenset({"state"})
        judge = Judge(kit.contracts.values(), redactor, has=has)
        weather = Weather(random.Random(1), consistency)  # noqa: S311  # jitter needs no cryptography
        made = Scripted(kit, Target("t", URL, has, mock=False), judge, redactor, Shards(), weather=weather)
        made.answers, made.sent = deque(answers), []
        return made

    return make


ME = Tenant("me", {})


def read(session: Session, name: str = "v1") -> Any:
    return session.send(ME, Request("GET", f"{URL}/v1/vouchers/{name}"), ACCEPT)


def create(session: Session, *, key: str = "") -> Any:
    headers = (*JSON, ("Once", key)) if key else JSON
    return session.send(ME, Request("POST", f"{URL}/v1/vouchers", headers, b'{"amount": 100}'), ACCEPT)


def kinds(session: Scripted) -> list[str]:
    """Give for each exchange of the journal what the weather was."""
    return [record.get("weather", "") for record in session.journal if record["kind"] == "exchange"]  # type: ignore[attr-defined]  # the test's own journal is a list


@pytest.mark.parametrize("bad", [LOST, DOWN, (502, None), (504, {"error": "late"}), (429, {"error": "slow down"}), (200, None), (500, {})])
def test_read_is_sent_again(session: Callable[..., Scripted], bad: tuple[int, Any]) -> None:
    """What changes nothing is read again; both attempts are in the journal, and nothing is held against the target."""
    one = session(bad, OK)

    answer = read(one)

    assert answer.status == 200
    assert answer.exchange.attempts == ("w0-1",)
    assert [bool(what) for what in kinds(one)] == [True, False]
    assert one.found == []


def test_write_is_not_sent_again(session: Callable[..., Scripted]) -> None:
    """Without a documented key nobody may repeat it: its outcome is unknown, and that is said."""
    one = session(LOST)

    with pytest.raises(UnclearError, match=r"POST /v1/vouchers: network; it has no documented key.*unknown \(w0-1\)"):
        create(one)

    assert one.sent == ["POST vouchers"]
    assert one.found == []


def test_rate_limit_does_not_repeat_a_write_either(session: Callable[..., Scripted]) -> None:
    """Nobody documents that a refused write did nothing."""
    one = session((429, {"error": "slow down"}))

    with pytest.raises(UnclearError, match="rate limit"):
        create(one)

    assert one.sent == ["POST vouchers"]


def test_write_that_was_never_sent_is_tried_again(session: Callable[..., Scripted]) -> None:
    """Where there was no connection nothing can have happened."""
    one = session((0, "unsent"), (201, VOUCHER))

    assert create(one).status == 201


def test_write_with_a_documented_key_is_sent_again(session: Callable[..., Scripted]) -> None:
    """With the key that says that it is the same."""
    one = session(LOST, (409, {"error": "still at it"}), (201, VOUCHER), keyed=True)

    answer = create(one, key="k1")

    assert answer.status == 201
    assert kinds(one) == ["network", "in progress", ""]
    assert one.found == []


def test_key_that_was_left_out_documents_nothing(session: Callable[..., Scripted]) -> None:
    """An operation that has a key is not sent again without one."""
    one = session(LOST, keyed=True)

    with pytest.raises(UnclearError):
        create(one)


def test_attempts_end(session: Callable[..., Scripted], paused: list[float]) -> None:
    """A read that gets nothing but weather stays unclear; each pause is longer."""
    one = session(*[LOST] * ATTEMPTS)

    with pytest.raises(UnclearError, match=f"{ATTEMPTS} attempts"):
        read(one)

    assert len(one.sent) == ATTEMPTS
    assert paused == sorted(paused)
    assert len(paused) == ATTEMPTS - 1


def test_what_a_lost_write_did_is_unknown(session: Callable[..., Scripted]) -> None:
    """A clause that compares with the state before is not judged until the next read has told it."""
    one = session(OK, (503, None), OK, (200, {"id": "v1", "amount": 70}), (200, {"id": "v1", "amount": 70}))

    read(one)
    with pytest.raises(UnclearError):
        one.send(ME, Request("PATCH", f"{URL}/v1/vouchers/v1", JSON, b'{"amount": 70}'), ACCEPT)
    one.weather._control = None  # type: ignore[union-attr]  # what the control taught is not asked for here
    first, second = read(one), read(one)

    assert one.found == first.judgement.findings == []
    assert "VOUCHER-AMOUNT-KEPT" in second.judgement.judged


def test_failure_that_only_one_request_meets_is_a_finding(session: Callable[..., Scripted]) -> None:
    """Three times 5xx, and another request answered well in between: that is no weather."""
    one = session(OK, (500, {}), OK, (500, {}), OK, (500, {}), OK)
    read(one)

    answer = read(one, "v2")

    assert answer.status == 500
    assert one.sent == ["GET v1", "GET v2", "GET v1 again", "GET v2 again", "GET v1 again", "GET v2 again", "GET v1 again"]
    assert {finding.clause for finding in one.found} == {"getVoucher.status", "getVoucher.accepts-valid"}
    assert len(answer.exchange.attempts) == 2


def test_failure_that_others_meet_too_is_weather(session: Callable[..., Scripted]) -> None:
    """While the control fails as well, nothing is held against the target."""
    one = session(OK, DOWN, DOWN, DOWN, DOWN, DOWN, OK, (200, {"id": "v2", "amount": 5}))
    read(one)

    answer = read(one, "v2")

    assert answer.status == 200
    assert one.found == []


def test_valid_write_that_fails_three_times_in_a_row_is_a_finding(session: Callable[..., Scripted]) -> None:
    """Three requests of their own, none of them repeated."""
    one = session(OK, *[(500, {}), OK] * 3)
    read(one)

    for _ in range(2):
        with pytest.raises(UnclearError):
            create(one)
    answer = create(one)

    assert answer.status == 500
    assert "createVoucher.accepts-valid" in {finding.clause for finding in one.found}


def test_target_without_anything_but_weather_is_lost(session: Callable[..., Scripted]) -> None:
    """Maintenance for good ends the run, and not only each test."""
    one = session(*[DOWN] * 40)

    def go_on() -> None:
        for _ in range(10):
            with pytest.raises(UnclearError):
                read(one)

    with pytest.raises(TargetError, match=r"none of the last 15 requests as an API, last: maintenance \(503\)"):
        go_on()


def test_long_absence_is_not_waited_for(session: Callable[..., Scripted], paused: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    """A target that asks for an hour gets no second request from this test."""
    one = session()
    response = Response(503, (*HTML, ("Retry-After", "3600")), b"")

    def away(self: Scripted, request: Request, _: Tenant, *, repeated: bool = False) -> Done:
        self.sent.append(f"{request.method}{' again' if repeated else ''}")
        return Done(request, response, 0.0, 1.0, "")

    monkeypatch.setattr(Scripted, "exchange", away)

    with pytest.raises(UnclearError):
        read(one)

    assert one.sent == ["GET"]
    assert paused == []


def test_read_waits_until_a_write_can_be_seen(session: Callable[..., Scripted], paused: list[float]) -> None:
    """As long as the target says that reads may lag, and not longer; before the first write nobody waits."""
    one = session(OK, (201, VOUCHER), OK, consistency=5.0)

    read(one)
    assert paused == []
    create(one)
    read(one)

    assert len(paused) == 1
    assert 4.0 < paused[0] <= 5.0


class OneToken:
    """A keyring that has a new token once."""

    def __init__(self) -> None:
        self.left = 1

    def again(self, tenant: Tenant, request: Request, response: Response) -> Request | None:
        """Give the request with the new token."""
        assert tenant is ME
        if response.status != 401 or not self.left:
            return None
        self.left -= 1
        return Request(request.method, request.url, (*request.headers, ("Authorization", "Bearer new")), request.body)


def test_refused_token_is_renewed_once(session: Callable[..., Scripted]) -> None:
    """A write goes on with a new token, since a 401 says that nothing was done; a second 401 is the target's answer."""
    one = session((401, {"error": "who"}), (201, VOUCHER))
    one.keyring = OneToken()  # type: ignore[assignment]  # all that a session asks of one
    assert create(one).status == 201
    assert kinds(one) == ["token refused", ""]

    other = session((401, {"error": "who"}), (401, {"error": "who"}))
    other.keyring = OneToken()  # type: ignore[assignment]  # as above
    assert create(other).status == 401
    assert [finding.clause for finding in other.found] == ["createVoucher.accepts-valid"]


def test_control_that_is_refused_is_no_finding(session: Callable[..., Scripted]) -> None:
    """Its token was taken away since: it tells nothing of the target, and the next control has a new token."""
    one = session(OK, DOWN, (401, {"error": "who"}), (200, {"id": "v2", "amount": 5}))
    one.keyring = OneToken()  # type: ignore[assignment]  # all that a session asks of one
    read(one)

    assert read(one, "v2").status == 200
    assert kinds(one) == ["", "control", "maintenance (503)", ""]
    assert one.found == []


def test_weather_among_requests_sent_together(session: Callable[..., Scripted], monkeypatch: pytest.MonkeyPatch) -> None:
    """What one of them may have done is unknown, so nothing is concluded from any; a refused token is no answer either."""
    for bad in (DOWN, (401, {"error": "who"})):
        one = session((201, VOUCHER), bad)
        one.keyring = OneToken()  # type: ignore[assignment]  # as above
        monkeypatch.setattr(Scripted, "_alone", lambda self, tenant, request: self.exchange(request, tenant))
        monkeypatch.setattr("payproof.client.ThreadPoolExecutor", Alone)

        with pytest.raises(UnclearError, match="1 of 2 requests sent together"):
            one.together(ME, [Request("POST", f"{URL}/v1/vouchers", JSON, b'{"amount": 1}')] * 2, ACCEPT)

        assert one.found == []


class Alone:
    """A pool that does one thing after the other, so that the answers have an order."""

    def __init__(self, size: int) -> None:
        assert size == 2

    def __enter__(self) -> Alone:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    map = staticmethod(map)


def test_page_for_people_that_refuses_is_an_answer() -> None:
    """A 404 in HTML may be the API's own, badly shaped; the judge says so."""
    page = Done(Request("GET", URL), Response(404, HTML, b"<p>Not here"), 0.0, 1.0, "")

    assert weather_of(page, None) == ""


def shard(*records: dict[str, Any]) -> dict[str, Any]:
    """Give the verdict of a journal with these records on a target that is not ours."""
    clauses = [{"id": "A", "api": "x", "operation": "get", "keyword": "must", "basis": "documented", "text": "t", "needs": [],
                "document": "", "at": ""}]  # fmt: skip
    header = {"clauses": clauses, "operations": [], "apis": [], "scope": {"apis": ["x"], "clauses": None}, "has": [], "mock": False,
              "variants": [], "faults": [],
              "strict": False, "partial": True, "target": "t", "started": "2026-01-01T00:00:00Z", "seed": 1, "depth": "smoke",
              "source": "run", "kit": None, "waivers": []}  # fmt: skip
    count = verdict.Count(header)
    for record in records:
        count.add(record)
    return verdict.decide(count, {"stopped": [], "gaps": [], "finished": "2026-01-01T00:00:01Z"}, "0", version="1")


def exchange(name: str, **more: Any) -> dict[str, Any]:
    return {"kind": "exchange", "id": name, "test": "t::one", "operation": "get", "response": {"status": 200}, "judged": [0],
            "unjudged": {}, **more}  # fmt: skip


def finding(name: str) -> dict[str, Any]:
    return finding_record(Finding("A", "x", "get", "must", "documented", "", "e", "s", name))


FINGERPRINT = finding("w0-1")["fingerprint"]


def repeat(*outcomes: str) -> dict[str, Any]:
    attempts = [{"exchange": f"w0-{number}", "outcome": outcome} for number, outcome in enumerate(outcomes, 1)]
    return {"kind": "repeat", "test": "t::one", "findings": {FINGERPRINT: attempts}}


def test_clause_that_is_kept_when_repeated_is_flaky() -> None:
    """It is no failure and no pass: a warning with every attempt, and the run is incomplete."""
    result = shard(exchange("w0-1"), finding("w0-1"), exchange("w0-2"), repeat("broken", "kept"))

    row, found = result["clauses"][0], result["findings"][0]
    assert (row["verdict"], result["exit"], result["conformant"]) == ("warned", 3, False)
    assert row["reason"].startswith("flaky")
    assert found["flaky"] is True
    assert found["attempts"] == [{"exchange": "w0-1", "outcome": "broken"}, {"exchange": "w0-2", "outcome": "kept"}]
    assert "A is flaky" in result["gaps"][0]["what"]


@pytest.mark.parametrize("more", [[repeat("broken", "broken")], [], [repeat("broken")], [repeat("broken", "kept"), finding("w0-3")]])
def test_only_the_last_retry_does_not_count(more: list[dict[str, Any]]) -> None:
    """F10 of FALSE-GREEN.md: what came again, was not judged again, or was broken elsewhere as well, has failed."""
    result = shard(exchange("w0-1"), finding("w0-1"), exchange("w0-2"), *more)

    assert result["clauses"][0]["verdict"] == "failed"
    assert result["exit"] == 1
    assert result["findings"][0]["flaky"] is False


def test_verdict_tells_the_weather() -> None:
    """What happened, how often, and what stayed unclear because of it."""
    unclear = {"kind": "error", "message": "weather: GET /x: 503; 5 attempts (w0-1)", "where": "", "test": "t::one", "unclear": "x"}

    result = shard(exchange("w0-1", weather="503", judged=[], unjudged={"weather": [0]}), unclear)

    assert result["weather"] == [{"what": "503", "count": 1}]
    assert result["suite_errors"] == []
    assert result["gaps"] == [{"api": "x", "what": "t::one: weather: GET /x: 503; 5 attempts (w0-1)"}]
    assert result["clauses"][0]["reason"] == "selected 1 times and never judged: weather 1"
    assert result["exit"] == 3
