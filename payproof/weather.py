"""The weather at a target that is not ours: what goes wrong with a request although nobody broke a clause.

Only what changes nothing, or has a documented key, is sent again; the outcome of anything else stays unknown. A failure
is the target's own once a request has met it three times while another one, sent in between, was answered well.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn

from hypothesis import currently_in_test_context, reject

from payproof import clock
from payproof.errors import TargetError, UnclearError
from payproof.exchange import lowered, media_type
from payproof.manners import LONGEST_PAUSE, back_off, retry_after

if TYPE_CHECKING:
    import random

    from payproof.client import Answer, Session
    from payproof.exchange import Intent, Request
    from payproof.spec import Operation
    from payproof.target import Tenant
    from payproof.transport import Done

ATTEMPTS = 5
"""How often a request is sent at most."""
CONFIRMED = 3
"""How often a request must fail, good answers in between, until the failure counts as the target's."""
MOST_FOUL = 15
"""After so many exchanges in a row with nothing but weather the target is taken for lost, and the run stops."""
_FAILURES = frozenset({500, 502, 503, 504})
_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_REFUSED = "token refused"
_RENEWALS = 3
"""How often a token is renewed for one request: what takes a token away may take the next one, too."""
_MOVED = frozenset({301, 302, 303, 307, 308})


def weather_of(done: Done, operation: Operation | None) -> str:
    """Say what is between us and the target's own answer; empty where nothing is.

    A page for people (text/html) where the operation has none is one of maintenance, unless it refuses the request.
    """
    response = done.response
    if response is None:
        return "network"
    status = response.status
    if status == 429:
        return "rate limit"
    answer = operation.answer(status) if operation is not None else None
    page = media_type(lowered(response.headers)) == "text/html" and (answer is None or "text/html" not in answer.media)
    if page and not 400 <= status < 500:
        return f"maintenance ({status})"
    if status in _FAILURES:
        return str(status)
    return f"redirect ({status})" if status in _MOVED and answer is None else ""


@dataclass(slots=True)
class Weather:
    """What a session knows of the weather. `tokens` are operations that issue tokens, and change nothing else."""

    luck: random.Random
    consistency: float = 0.0
    tokens: frozenset[str] = frozenset()
    foul: int = 0
    _wrote: dict[str, float] = field(default_factory=dict)
    _control: tuple[Tenant, Request] | None = None
    _failed: Counter[str] = field(default_factory=Counter)

    def send(self, session: Session, tenant: Tenant, request: Request, intent: Intent | None) -> Answer:
        """Send a request until it has an answer, as far as it may be sent again; judge every exchange but those with weather.

        Raises UnclearError where its outcome stays unknown, TargetError where there is nothing but weather.
        """
        operation = session.judge.operation(request)
        again = request.method in _READS or (operation is not None and (operation.id in self.tokens or _keyed(operation, request)))
        ids: list[str] = []
        failures, refused = 0, 0
        for attempt in range(1, ATTEMPTS + 1):
            self._settle(tenant, request)
            done = session.exchange(request, tenant, repeated=attempt > 1)
            what = weather_of(done, operation)
            if len(ids) > refused and operation is not None and operation.writes and done.status == 409:
                what = what or "in progress"
            fresh = _renewed(session, tenant, request, done) if not what and refused < _RENEWALS else None
            if fresh is not None:
                ids.append(session.taken(tenant, done, intent, weather=_REFUSED).exchange.id)
                request, refused, what = fresh, refused + 1, _REFUSED
                continue
            asked = retry_after(done.response, clock.now())
            if what and asked is not None and session.desk is not None:
                session.desk.pause(min(asked, LONGEST_PAUSE))
            if what and done.status not in {0, 429}:
                failures = failures + 1 if self._answers(session) else 0
                if failures == CONFIRMED or (failures and not again and self._often(operation, intent)):
                    what = ""
            answer = session.taken(tenant, done, intent, weather=what, attempts=tuple(ids))
            if not what:
                self._clear(tenant, answer, operation)
                return answer
            ids.append(answer.exchange.id)
            self._worse(session, what)
            if (asked or 0.0) > LONGEST_PAUSE or not (again or done.unsent) or attempt == ATTEMPTS:
                break
            if asked is None:
                clock.pause(back_off(attempt, self.luck))
        return self.give_up(_unclear(request, what, ids, again=again))

    def give_up(self, message: str) -> NoReturn:
        """Say that an outcome stays unclear: an example of Hypothesis that meets weather is none. Raises UnclearError."""
        if currently_in_test_context():
            reject()
        raise UnclearError(message)

    def taken(self, session: Session, tenant: Tenant, done: Done, intent: Intent | None) -> Answer:
        """Take an exchange that was sent together with others, and is not sent again; `UnclearError` is the caller's."""
        operation = session.judge.operation(done.request)
        what = weather_of(done, operation)
        if not what and _renewed(session, tenant, done.request, done) is not None:
            what = _REFUSED
        answer = session.taken(tenant, done, intent, weather=what)
        if what:
            self._worse(session, what)
        else:
            self._clear(tenant, answer, operation)
        return answer

    def _settle(self, tenant: Tenant, request: Request) -> None:
        """Wait before a read until the target has had the time that it takes to show a write."""
        wrote = self._wrote.get(tenant.label)
        if request.method in _READS and wrote is not None and (left := wrote + self.consistency - clock.ticks()) > 0:
            clock.pause(left)

    def _clear(self, tenant: Tenant, answer: Answer, operation: Operation | None) -> None:
        self.foul = 0
        if operation is None:
            return
        if answer.status < 500:
            self._failed.pop(operation.id, None)
        if operation.writes:
            self._wrote[tenant.label] = clock.ticks()
        elif 200 <= answer.status < 300:
            self._control = tenant, answer.exchange.request

    def _worse(self, session: Session, what: str) -> None:
        self.foul += 1
        if self.foul >= MOST_FOUL:
            message = f"{session.target.url} answered none of the last {self.foul} requests as an API, last: {what}"
            raise TargetError(message)

    def _answers(self, session: Session) -> bool:
        """Ask something that was answered well before: a control, sent beside a request that fails."""
        if self._control is None:
            return False
        tenant, request = self._control
        done = session.exchange(request, tenant, repeated=True)
        what = weather_of(done, session.judge.operation(request))
        well = not what and 200 <= done.status < 300
        fresh = _renewed(session, tenant, request, done) if not what and not well else None
        # A control that is not answered well tells nothing, and is held against nobody: its token, or its object, may be gone.
        session.taken(tenant, done, None, weather=what or ("" if well else "control"))
        if not well:
            self._control = (tenant, fresh) if fresh is not None else self._control if what else None
            return False
        self.foul = 0
        return True

    def _often(self, operation: Operation | None, intent: Intent | None) -> bool:
        """Count a failure of something that must not be sent again: three valid requests in a row have to meet it."""
        if operation is None or intent is None or intent.verdict != "accept":
            return False
        self._failed[operation.id] += 1
        return self._failed[operation.id] >= CONFIRMED


def _renewed(session: Session, tenant: Tenant, request: Request, done: Done) -> Request | None:
    """Give a request with a new token, where the target has refused one of our own."""
    if done.response is None or session.keyring is None:
        return None
    return session.keyring.again(tenant, request, done.response)


def _keyed(operation: Operation, request: Request) -> bool:
    return bool(operation.key) and bool(lowered(request.headers).get(operation.key))


def _unclear(request: Request, what: str, ids: list[str], *, again: bool) -> str:
    why = f"{len(ids)} attempts" if again else "it has no documented key, so it was not sent again and its outcome is unknown"
    return f"weather: {request.method} {request.path()}: {what}; {why} ({', '.join(ids)})"
