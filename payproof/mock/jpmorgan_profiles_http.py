"""Consumer Profile Management v2 on the wire: paths, headers, the order of checks, the two error bodies."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from payproof.mock import assumed, jpmorgan_models
from payproof.mock.jpmorgan_oauth import Issuer
from payproof.mock.jpmorgan_profiles import Caller, ProfilesWorld
from payproof.mock.refusal import Forbidden, Invalid, NotFound, Unauthenticated, Violation, invalid
from payproof.mock.script import ScriptedAnswer
from payproof.mock.tenants import Tenant
from payproof.mock.wire import Answer, BodyTimeout, Request, allow, play, read_json

API = "jpmorgan-profiles"
BASE = ("api", "v2", "mmp", "consumer-profiles")

_UUID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")
_BEARER = re.compile(r"bearer +([A-Za-z0-9\-._~+/]+=*) *", re.IGNORECASE)
_INVALID_REQUEST = "MP_REQ_001"

_Act = Callable[[ProfilesWorld, Sequence[str], Any, Caller], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class _Operation:
    act: _Act
    read: Callable[[object], Any] | None = None
    writes: bool = True


_ROUTES: Mapping[tuple[str, ...], Mapping[str, _Operation]] = {
    (): {
        "POST": _Operation(lambda world, _, body, caller: world.create(body, caller), jpmorgan_models.create_profile),
    },
    ("{id}",): {
        "GET": _Operation(lambda world, ids, _, caller: world.retrieve(ids[0], caller), writes=False),
        "PATCH": _Operation(lambda world, ids, body, caller: world.update(ids[0], body, caller), jpmorgan_models.update_profile),
        "DELETE": _Operation(lambda world, ids, _, __: world.delete(ids[0])),
    },
    ("{id}", "payment-methods"): {
        "POST": _Operation(lambda world, ids, body, caller: world.add(ids[0], body, caller), jpmorgan_models.add_methods),
    },
    ("{id}", "payment-methods", "{id}"): {
        "PATCH": _Operation(
            lambda world, ids, body, caller: world.update_method(ids[0], ids[1], body, caller),
            jpmorgan_models.update_method,
        ),
        "DELETE": _Operation(lambda world, ids, _, caller: world.delete_method(ids[0], ids[1], caller)),
    },
    ("{id}", "payment-methods", "{id}", "default"): {
        "PATCH": _Operation(lambda world, ids, _, caller: world.set_default(ids[0], ids[1], caller)),
    },
    ("{id}", "payment-methods", "{id}", "status"): {
        "GET": _Operation(lambda world, ids, _, caller: world.method_status(ids[0], ids[1], caller), writes=False),
    },
}
"""The operations by the path after the base and the method; the first and the third segment are identifiers."""


def _operations(rest: Sequence[str]) -> Mapping[str, _Operation] | None:
    if "" in rest:
        return None
    return _ROUTES.get(tuple("{id}" if index in (0, 2) else name for index, name in enumerate(rest)))


def messages(status: int, violations: Sequence[Violation] = (), *, message: str | None = None) -> Answer:
    """Build the vendor's error body ``messages`` for a status."""
    code, usual = (_INVALID_REQUEST, "Invalid request parameter") if status == 400 else assumed.CODES_BY_STATUS[status]
    body: dict[str, Any] = {"responseStatus": "ERROR", "responseCode": code, "responseMessage": message or usual}
    if violations:
        body["validationErrors"] = [
            {"code": _INVALID_REQUEST, "message": f"{each.entity} {each.rule}", "entity": each.entity} for each in violations
        ]
    return Answer(status, body)


def _unauthenticated(refused: Unauthenticated) -> Answer:
    challenge = 'Bearer realm="payproof"'
    if refused.error is not None:
        challenge += f', error="{refused.error}", error_description="{refused.description}"'
    body = {
        "errorSource": assumed.GATEWAY_ERROR_SOURCE,
        "errorCode": assumed.GATEWAY_ERROR_CODE,
        "errorDescription": refused.description,
    }
    return Answer(401, body, ((b"www-authenticate", challenge.encode()),))


def _header(request: Request, name: str) -> str | None:
    values = request.headers(name.lower().encode())
    if not values:
        return None
    if len(values) > 1:
        raise invalid(name, "must not be sent twice")
    if assumed.OPTIONAL_HEADER.fullmatch(values[0]) is None:
        raise invalid(name, "must be 1 to 40 printable ASCII characters")
    return values[0]


def _demand_merchant(request: Request, tenant: Tenant) -> None:
    values = request.headers(b"merchantidentifier")
    if not values:
        raise invalid("merchantIdentifier", "is required")
    if len(values) > 1:
        raise invalid("merchantIdentifier", "must not be sent twice")
    if assumed.MERCHANT_IDENTIFIER.fullmatch(values[0]) is None:
        raise invalid("merchantIdentifier", "must be 8 to 12 letters and digits")
    if values[0] != tenant.merchant_id:
        raise Forbidden


def _caller(request: Request, *, writes: bool) -> Caller:
    _header(request, "applicationIdentifier")
    return Caller(
        request=_header(request, "requestIdentifier"),
        correlation=_header(request, "correlationIdentifier"),
        user=_header(request, "userIdentifier") if writes else None,
    )


def _ids(rest: Sequence[str]) -> Sequence[str]:
    ids = rest[0:3:2]
    if ids and assumed.PROFILE_ID.fullmatch(ids[0]) is None:
        raise invalid("consumer-profile-id", "must be 1 to 40 letters, digits and hyphens")
    if len(ids) > 1 and _UUID.fullmatch(ids[1]) is None:
        raise invalid("payment-method-Id", "must be a UUID")
    return ids


class ProfilesApi:
    """Answers requests below the base path of the profiles API."""

    def __init__(self, issuer: Issuer) -> None:
        self._issuer = issuer

    async def __call__(self, request: Request, rest: Sequence[str]) -> Answer:
        """Answer a request; ``rest`` are the segments of its path after the base."""
        operations = _operations(rest)
        if operations is None:
            return messages(404)
        method = "GET" if request.method == "HEAD" else request.method
        if method not in operations:
            allowed = allow([*operations, *(["HEAD"] if "GET" in operations else []), "OPTIONS"])
            return Answer(204, headers=(allowed,)) if method == "OPTIONS" else messages(405).with_headers(allowed)
        try:
            tenant = self._tenant(request)
        except Unauthenticated as refused:
            return _unauthenticated(refused)

        async def perform() -> Answer:
            return await self._perform(operations[method], request, rest, tenant)

        def failure(scripted: ScriptedAnswer) -> Answer:
            answer = messages(scripted.status)
            if scripted.retry_after is None:
                return answer
            return answer.with_headers((b"retry-after", str(scripted.retry_after).encode()))

        return await play(tenant.script.next(API), perform, failure)

    def _tenant(self, request: Request) -> Tenant:
        values = request.headers(b"authorization")
        if not values:
            raise Unauthenticated("an access token is required", error=None)
        if not any(value.partition(" ")[0].lower() == "bearer" for value in values):
            raise Unauthenticated("the Authorization header must hold a bearer token", error=None)
        bearer = _BEARER.fullmatch(values[0]) if len(values) == 1 else None
        if bearer is None:
            raise Unauthenticated("the bearer token is malformed", error="invalid_token")
        return self._issuer.holder(bearer[1])

    async def _perform(self, operation: _Operation, request: Request, rest: Sequence[str], tenant: Tenant) -> Answer:
        try:
            _demand_merchant(request, tenant)
            caller = _caller(request, writes=operation.writes)
            ids = _ids(rest)
            body = None
            if operation.read is not None:
                if request.media_type() != "application/json":
                    raise invalid("Content-Type", "must be application/json")
                body = operation.read(read_json(await request.body()))
            return Answer(200, operation.act(tenant.profiles, ids, body, caller))
        except Invalid as refused:
            return messages(400, refused.violations)
        except Forbidden:
            return messages(403, message="The access token is not good for this merchantIdentifier")
        except NotFound as refused:
            return messages(404, message=f"The {refused.noun} was not found")
        except BodyTimeout:
            return messages(408).with_headers((b"connection", b"close"))
