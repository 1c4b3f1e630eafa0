"""zuora-credentials on the wire: paths, the order of checks, keys, the headers of every answer."""

import asyncio
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl

from payproof.mock import zuora_assumed as assumed
from payproof.mock import zuora_headers
from payproof.mock.ids import Ids
from payproof.mock.play import play
from payproof.mock.routes import Routes, at, of_method
from payproof.mock.tenants import Tenants
from payproof.mock.wire import Answer, BodyTimeout, Request
from payproof.mock.zuora import Session, ZuoraWorld
from payproof.mock.zuora_errors import (
    INVALID,
    LOCKED,
    METHOD,
    NOT_FOUND,
    QUERY,
    RULE,
    Declined,
    declined,
    out_of_order,
    request_error,
    system_error,
    unauthenticated,
)
from payproof.mock.zuora_keys import Mismatch, Running, Use
from payproof.mock.zuora_models import create_credential
from payproof.mock.zuora_token_http import PATH as TOKEN_PATH
from payproof.mock.zuora_token_http import endpoint

API = "zuora-credentials"

_BASE = ("v1", "payment-methods")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,9}")
_QUERY_PARTS = 100


@dataclass(frozen=True, slots=True)
class _Call:
    """A request whose sender is known: the session, the entity, and what the path names."""

    request: Request
    session: Session
    entity: str
    method_id: str
    number: str

    @property
    def world(self) -> ZuoraWorld:
        return self.session.world


def _create(call: _Call, body: Any) -> dict[str, Any]:
    # Only a lie draws the number before the profile is made
    number = int(call.number) if call.number else None
    return call.world.create(call.method_id, call.entity, create_credential(body), number=number)


def _list(call: _Call, _: Any) -> dict[str, Any]:
    return call.world.list(call.method_id, call.entity, include_all=_include_all(call))


def _cancel(call: _Call, _: Any) -> dict[str, Any]:
    return call.world.cancel(call.method_id, _number(call), call.entity)


def _expire(call: _Call, _: Any) -> dict[str, Any]:
    return call.world.expire(call.method_id, _number(call), call.entity)


def _number(call: _Call) -> int:
    call.world.method(call.method_id, call.entity)
    if _NUMBER.fullmatch(call.number) is None:
        raise declined(INVALID, "profile-number must be a whole number")
    return int(call.number)


def _include_all(call: _Call) -> bool:
    try:
        pairs = parse_qsl(call.request.query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_QUERY_PARTS)
    except ValueError:
        raise declined(QUERY, "includeAll cannot be read: the query is not in UTF-8, or it is too long") from None
    values = [value for name, value in pairs if name == "includeAll"]
    if len(values) > 1:
        raise declined(QUERY, "includeAll must not be sent twice")
    if values and values[0] not in ("true", "false"):
        raise declined(QUERY, "includeAll must be true or false")
    return values == ["true"] or (values != [] and call.world.lies("zuora-include-all-false-is-true"))


@dataclass(frozen=True, slots=True)
class _Operation:
    act: Callable[[_Call, Any], dict[str, Any]]
    payload: bool = False
    keyed: bool = True


_ROUTES: Routes[_Operation] = {
    ("{method}", "profiles"): {"POST": _Operation(_create, payload=True), "GET": _Operation(_list, keyed=False)},
    ("{method}", "profiles", "{number}", "cancel"): {"POST": _Operation(_cancel)},
    ("{method}", "profiles", "{number}", "expire"): {"POST": _Operation(_expire)},
}
"""The operations by the path after the base and the method."""


class ZuoraApi:
    """Answers the requests of this API."""

    def __init__(self, tenants: Tenants) -> None:
        self._directory = tenants.directories.zuora
        self._ids = Ids(secrets.token_hex(16))
        self._token = endpoint(self._directory)

    def serves(self, segments: Sequence[str]) -> bool:
        """Tell whether a path belongs to this API, known or not."""
        return segments[:2] in (_BASE, TOKEN_PATH)

    def failure(self) -> Answer:
        """Build the answer for an error of the mock itself."""
        return system_error().with_headers((b"zuora-request-id", self._ids.uuid().encode()))

    async def __call__(self, request: Request) -> Answer:
        """Answer a request."""
        if request.segments == TOKEN_PATH:
            return await self._token(request)
        request_id = self._ids.uuid()
        track: str | None = None
        wrong: Declined | None = None
        try:
            track = zuora_headers.track_id(request)
        except Declined as refused:
            wrong = refused
        session = self._session(request)
        if session is None:
            answer = await self._outside(request, request_id)
            return _traced(answer, request_id, track)
        world = session.world
        now = world.clock.milliseconds()
        world.limits.enter(now)
        if track is not None and len(track) == zuora_headers.LONGEST_TRACK_ID and world.lies("zuora-track-id-of-64-refused"):
            wrong = declined(INVALID, "Zuora-Track-Id must have less than 64 characters")
        try:
            answer = await self._inside(request, session, request_id, wrong)
            headers = world.limits.rate(now)
            if answer.status == 200:
                headers += world.limits.concurrency()
        finally:
            world.limits.leave()
        if world.lies("zuora-track-id-lost") or (answer.status != 200 and world.lies("zuora-track-id-not-on-errors")):
            track = None
        if track is not None and world.lies("zuora-track-id-cut"):
            track = track[:32]
        answer = _traced(answer.with_headers(*headers), request_id, track)
        return answer if answer.gzip_above is not None else replace(answer, gzip_above=zuora_headers.gzip_above(request, world))

    def _session(self, request: Request) -> Session | None:
        token = request.bearer()
        session = None if token is None else self._directory.sessions.get(token)
        if session is None:
            return None
        expired = session.world.clock.milliseconds() >= session.expiry
        return None if expired and not session.world.lies("zuora-expired-token-accepted") else session

    def _refuse(self, refused: Declined, request_id: str, *, payload: bool = False) -> Answer:
        return request_error(refused, request_id=request_id, process_id=self._process_id(), payload=payload)

    def _process_id(self) -> str:
        return self._ids.uuid().replace("-", "")[:16].upper()

    def _elsewhere(self, request: Request, request_id: str) -> Answer | _Operation:
        """Find the operation, or the answer where there is none."""
        operations = at(_ROUTES, request.segments[2:])
        if operations is None:
            return self._refuse(declined(NOT_FOUND, "The path was not found", status=404), request_id)
        return of_method(operations, request, lambda: self._refuse(declined(METHOD, "The method is not allowed", status=405), request_id))

    async def _outside(self, request: Request, request_id: str) -> Answer:
        found = self._elsewhere(request, request_id)
        return found if isinstance(found, Answer) else unauthenticated()

    async def _inside(self, request: Request, session: Session, request_id: str, wrong: Declined | None) -> Answer:
        operation = self._elsewhere(request, request_id)
        if isinstance(operation, Answer):
            return operation
        world = session.world
        uses: list[tuple[str, Use[tuple[int, Any]]]] = []

        async def perform() -> Answer:
            try:
                if wrong is not None:
                    raise wrong
                return await self._perform(operation, request, session, request_id, uses)
            except Declined as refused:
                return self._refuse(refused, request_id, payload=operation.payload)
            except BodyTimeout:
                return failure(408).with_headers((b"connection", b"close"))

        def failure(status: int) -> Answer:
            return out_of_order(status, request_id=request_id, process_id=self._process_id(), payload=operation.payload)

        try:
            return await play(request, world.script, API, perform, failure)
        finally:
            # Only now the first request is finished: until its answer is on the way, others with its key get 409
            for key, use in uses:
                world.keys.end(key, use)

    async def _perform(
        self,
        operation: _Operation,
        request: Request,
        session: Session,
        request_id: str,
        uses: list[tuple[str, Use[tuple[int, Any]]]],
    ) -> Answer:
        world = session.world
        entity = zuora_headers.entity(request, session)
        zuora_headers.demand_orgs(request, session)
        call = _Call(request, session, entity, request.segments[2], request.segments[4] if len(request.segments) > 4 else "")
        key = zuora_headers.idempotency_key(request, world) if operation.keyed else None
        if key is None:
            return await self._operate(operation, call, request_id)
        target = (request.method, request.segments, entity)
        if world.lies("zuora-key-any-url"):
            target = (request.method, (), entity)
        now = world.clock.milliseconds()
        try:
            known = world.keys.find(key, target, now)
        except Mismatch:
            raise declined(RULE, "Idempotency-Key was used for another URL, method or entity", status=422) from None
        except Running:
            if not world.lies("zuora-key-race"):
                raise declined(LOCKED, "Idempotency-Key belongs to a request that is still running", status=409) from None
            known = None
        if known is not None:
            return Answer(200 if world.lies("zuora-failure-replayed-as-200") else known[0], known[1])
        if world.lies("zuora-key-race"):
            await asyncio.sleep(4 * assumed.GATEWAY_SECONDS)
        use = world.keys.begin(key, target, now)
        uses.append((key, use))
        answer = await self._operate(operation, call, request_id)
        if operation.payload and answer.status == 200:
            await asyncio.sleep(assumed.GATEWAY_SECONDS)
        if answer.status == 200 or not world.lies("zuora-failed-key-forgotten"):
            use.result = (answer.status, answer.body)
        return answer

    async def _operate(self, operation: _Operation, call: _Call, request_id: str) -> Answer:
        try:
            body = None
            if operation.payload:
                # Before the body, so that a wrong payment method is told whatever the body holds
                method = call.world.method(call.method_id, call.entity)
                body = await zuora_headers.body(call.request, call.world)
                if call.world.lies("zuora-number-race"):
                    call = replace(call, number=str(len(method.profiles) + 1))
                    await asyncio.sleep(4 * assumed.GATEWAY_SECONDS)
            return Answer(200, operation.act(call, body))
        except Declined as refused:
            answer = self._refuse(refused, request_id, payload=operation.payload)
            if answer.status == 404 and call.world.lies("zuora-not-found-as-200"):
                return replace(answer, status=200)
            return answer


def _traced(answer: Answer, request_id: str, track: str | None) -> Answer:
    answer = answer.with_headers((b"zuora-request-id", request_id.encode()))
    return answer if track is None else answer.with_headers((b"zuora-track-id", track.encode("ascii")))
