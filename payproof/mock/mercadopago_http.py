"""mercadopago-profiles on the wire: paths, headers, the order of checks, the error bodies."""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

from payproof.mock import mercadopago_assumed as assumed
from payproof.mock.mercadopago import Credential, MercadoPagoWorld
from payproof.mock.mercadopago_errors import Denied, customer_error, denied, not_found, profile_error, unreadable
from payproof.mock.mercadopago_models import add_method, create_profile
from payproof.mock.play import play
from payproof.mock.refusal import Invalid, Violation
from payproof.mock.routes import Routes, at, of_method
from payproof.mock.tenants import Tenants
from payproof.mock.wire import Answer, BodyTimeout, Request, fingerprint, read_json

API = "mercadopago-profiles"

_CHALLENGE = (b"www-authenticate", b'Bearer realm="payproof"')
_NUMBER = re.compile(r"[0-9]{1,9}")
_STATUSES = ("PENDING", "READY", "CANCELLED")
_RACE_SECONDS: Final = 0.05
"""How long the lie about equal requests looks away: long enough for requests that were sent at once to arrive."""


@dataclass(frozen=True, slots=True)
class _Call:
    """A request as an operation sees it: ``ids`` are the identifiers of its path, ``query`` its parameters as sent."""

    world: MercadoPagoWorld
    site: str
    ids: Sequence[str]
    query: bytes
    body: object


@dataclass(frozen=True, slots=True)
class _Operation:
    """``profiles`` tells payment profiles from customers; ``key`` is whether a key is demanded, or None on a read."""

    act: Callable[[_Call], Any]
    status: int = 200
    reads_body: bool = False
    profiles: bool = True
    key: bool | None = None


def _parameters(query: bytes, code: str, *names: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
        if name in names:
            if name in found:
                raise denied(code, f"{name} must not be sent twice")
            found[name] = value
    return found


def _number(sent: Mapping[str, str], name: str, *, default: int, bounds: tuple[int, int], code: str) -> int:
    text = sent.get(name)
    if text is None:
        return default
    if not _NUMBER.fullmatch(text) or not bounds[0] <= int(text) <= bounds[1]:
        raise denied(code, f"{name} must be an integer between {bounds[0]} and {bounds[1]}")
    return int(text)


def _page(sent: Mapping[str, str], code: str, default: int) -> tuple[int, int]:
    limit = _number(sent, "limit", default=default, bounds=(1, assumed.LARGEST_LIMIT), code=code)
    return limit, _number(sent, "offset", default=0, bounds=(0, 999_999_999), code=code)


def _list(call: _Call) -> Any:
    sent = _parameters(call.query, "validation_error", "limit", "offset", "status")
    usual = assumed.DEFAULT_SEARCH_LIMIT if call.world.lies("mp-default-limit-thirty") else assumed.DEFAULT_LIMIT
    limit, offset = _page(sent, "validation_error", usual)
    if sent.get("status", "READY") not in _STATUSES:
        raise denied("validation_error", f"status must be one of {', '.join(_STATUSES)}")
    return call.world.list(call.ids[0], status=sent.get("status"), limit=limit, offset=offset)


def _search(call: _Call) -> Any:
    sent = _parameters(call.query, "200", "email", "limit", "offset")
    limit, offset = _page(sent, "200", assumed.DEFAULT_SEARCH_LIMIT)
    return call.world.customers.search(email=sent.get("email"), limit=limit, offset=offset)


def _create(call: _Call) -> Any:
    return call.world.create(call.ids[0], create_profile(call.body, call.world), call.site)


def _add(call: _Call) -> Any:
    return call.world.add(call.ids[0], call.ids[1], add_method(call.body, call.world), call.site)


_ROUTES: Routes[_Operation] = {
    ("card_tokens",): {
        "POST": _Operation(lambda call: call.world.customers.tokenize(call.body), 201, reads_body=True, profiles=False, key=False),
    },
    ("customers",): {
        "POST": _Operation(lambda call: call.world.customers.create(call.body), 201, reads_body=True, profiles=False, key=False),
    },
    ("customers", "search"): {"GET": _Operation(_search, profiles=False)},
    ("customers", "{id}"): {"GET": _Operation(lambda call: call.world.customers.get(call.ids[0]).show(), profiles=False)},
    ("customers", "{id}", "cards"): {
        "POST": _Operation(
            lambda call: call.world.customers.save_card(call.ids[0], call.body), 201, reads_body=True, profiles=False, key=False
        ),
    },
    ("customers", "{id}", "payment-profiles"): {
        "POST": _Operation(_create, 201, reads_body=True, key=True),
        "GET": _Operation(_list),
    },
    ("customers", "{id}", "payment-profiles", "{id}"): {
        "GET": _Operation(lambda call: call.world.get(call.ids[0], call.ids[1])),
    },
    ("customers", "{id}", "payment-profiles", "{id}", "cancel"): {
        "POST": _Operation(lambda call: call.world.cancel(call.ids[0], call.ids[1]), 204, key=True),
    },
    ("customers", "{id}", "payment-profiles", "{id}", "payment-methods"): {
        "POST": _Operation(_add, 201, reads_body=True, key=True),
    },
    ("customers", "{id}", "payment-profiles", "{id}", "payment-methods", "{id}"): {
        "DELETE": _Operation(lambda call: call.world.delete_method(call.ids[0], call.ids[1], call.ids[2]), 204, key=True),
    },
}
"""The operations by the path after the version and the method."""


def _key(request: Request, operation: _Operation, world: MercadoPagoWorld) -> str | None:
    if operation.key is None:
        return None
    values = request.headers(b"x-idempotency-key")
    if not values:
        if operation.key and not world.lies("mp-key-optional"):
            raise denied("header_missing", "X-Idempotency-Key is required", status=401)
        return None
    if len(values) > 1:
        raise denied("validation_error", "X-Idempotency-Key must not be sent twice")
    longest = assumed.LONGEST_KEY - 1 if world.lies("mp-key-of-64-refused") else assumed.LONGEST_KEY
    if not 1 <= len(values[0]) <= longest or not all("!" <= each <= "~" for each in values[0]):
        raise denied("validation_error", f"X-Idempotency-Key must have 1 to {assumed.LONGEST_KEY} visible characters of ASCII")
    if request.method == "DELETE" and world.lies("mp-delete-not-repeatable"):
        return None
    return values[0].lower() if world.lies("mp-key-case-folded") else values[0]


class MercadoPagoApi:
    """Answers the requests of this API; ``envelope`` is the shape of the error bodies of payment profiles, 1, 2 or 3."""

    def __init__(self, tenants: Tenants, *, envelope: int = assumed.ERROR_ENVELOPE) -> None:
        self._credentials: Mapping[str, Credential] = tenants.directories.mercadopago.credentials
        self._envelope = envelope
        self._swapped = "mp-401-codes-swapped" in tenants.lies

    def serves(self, segments: Sequence[str]) -> bool:
        """Tell whether a path belongs to this API, known or not."""
        return segments[0] == "v1" and segments[1:2] in (("customers",), ("card_tokens",))

    def failure(self) -> Answer:
        """Build the answer for an error of the mock itself."""
        return self._failed(500, profiles=True)

    async def __call__(self, request: Request) -> Answer:
        """Answer a request."""
        path = request.segments[1:]
        operations = at(_ROUTES, path)
        if operations is None:
            return self._refused(not_found("path"), profiles="payment-profiles" in path)
        profiles = next(iter(operations.values())).profiles
        operation = of_method(operations, request, lambda: self._failed(405, profiles=profiles))
        if isinstance(operation, Answer):
            return operation
        try:
            credential = self._credential(request)
        except Denied as refused:
            return self._refused(refused, profiles=operation.profiles)

        async def perform() -> Answer:
            return await self._perform(operation, request, credential)

        def failure(status: int) -> Answer:
            return self._failed(status, profiles=profiles)

        return await play(request, credential.world.script, API, perform, failure)

    def _credential(self, request: Request) -> Credential:
        if not request.headers(b"authorization"):
            raise denied("Unauthorized Access Token" if self._swapped else "header_missing", status=401)
        token = request.bearer()
        credential = self._credentials.get(token) if token is not None else None
        if credential is None:
            raise denied("header_missing" if self._swapped else "Unauthorized Access Token", status=401)
        return credential

    async def _perform(self, operation: _Operation, request: Request, credential: Credential) -> Answer:
        world = credential.world
        scope: tuple[str, ...] | None = None
        mark = ""
        try:
            if operation.profiles and credential.error is not None:
                code, status = credential.error
                raise denied(assumed.CODES_BY_STATUS.get(status, code), status=status)
            key = _key(request, operation, world)
            body = await _body(request) if operation.reads_body else None
            if key is not None:
                mark = _mark(body)
                scope = (request.method, *request.segments, key)
                known = world.keys.recall(scope, mark)
                if known is not None:
                    return known
                if world.lies("mp-key-race"):
                    await asyncio.sleep(_RACE_SECONDS)
            call = _Call(world, credential.site, request.segments[2::2], request.query, body)
            status = 200 if operation.status == 201 and world.lies("mp-created-as-200") else operation.status
            answer = Answer(status, operation.act(call))
        except Denied as refused:
            answer = self._refused(refused, profiles=operation.profiles, world=world)
            if scope is None or not world.lies("mp-key-kept-for-failed"):
                return answer
        except BodyTimeout:
            late = unreadable([Violation("body", "did not arrive in time")])
            return self._refused(late, profiles=operation.profiles).with_headers((b"connection", b"close"))
        if scope is not None:
            world.keys.keep(scope, mark, answer)
        return answer

    def _failed(self, status: int, *, profiles: bool) -> Answer:
        return self._refused(denied(assumed.CODES_BY_STATUS[status], status=status), profiles=profiles)

    def _refused(self, refused: Denied, *, profiles: bool, world: MercadoPagoWorld | None = None) -> Answer:
        headers = (_CHALLENGE,) if refused.status == 401 else ()
        if not profiles:
            return Answer(refused.status, customer_error(refused), headers)
        with_details = world is None or not world.lies("mp-details-missing")
        status = refused.status
        if status == 404 and world is not None and world.lies("mp-not-found-as-400"):
            status = 400
        return Answer(status, profile_error(refused, self._envelope, with_details=with_details), headers)


def _mark(body: object) -> str:
    try:
        return fingerprint(body)
    except Invalid as refused:
        raise unreadable(refused.violations) from None


async def _body(request: Request) -> object:
    if request.media_type() != "application/json":
        raise unreadable([Violation("Content-Type", "must be application/json")])
    try:
        return read_json(await request.body())
    except Invalid as refused:
        raise unreadable(refused.violations) from None
