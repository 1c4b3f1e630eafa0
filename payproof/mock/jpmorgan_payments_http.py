"""jpmorgan-payments on the wire: paths, headers, the order of checks, the error body."""

import asyncio
import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from payproof.mock import jpmorgan_payments_assumed as assumed
from payproof.mock import jpmorgan_payments_models as models
from payproof.mock.jpmorgan_oauth import Issuer
from payproof.mock.jpmorgan_payments import PaymentsWorld
from payproof.mock.jpmorgan_payments_deals import Call
from payproof.mock.jpmorgan_payments_refusal import NotPossible, Reused
from payproof.mock.refusal import Forbidden, Invalid, NotFound, Unauthenticated, Violation, invalid
from payproof.mock.script import ScriptedAnswer
from payproof.mock.tenants import Tenant
from payproof.mock.wire import Answer, BodyTimeout, Request, allow, play, read_json

API = "jpmorgan-payments"

_BEARER = re.compile(r"bearer +([A-Za-z0-9\-._~+/]+=*) *", re.IGNORECASE)
_RACE_SECONDS = 0.05

_Act = Callable[[PaymentsWorld, str, Any, Call], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class _Operation:
    name: str
    act: _Act
    read: Callable[[object], Any] | None = None
    by_query: bool = False
    unknown: int = 404


_ROUTES: Mapping[tuple[str, ...], Mapping[str, _Operation]] = {
    ("payments",): {
        "POST": _Operation("createPayment", lambda world, _, body, call: world.pay(body, call), models.payment),
        "GET": _Operation("findPayment", lambda world, name, _, __: world.payment_of_request(name), by_query=True),
    },
    ("payments", "{id}"): {
        "GET": _Operation("getPayment", lambda world, name, _, __: world.payment(name)),
        "PATCH": _Operation("updatePayment", lambda world, name, body, call: world.change(name, body, call), models.patch),
    },
    ("payments", "{id}", "captures"): {
        "POST": _Operation(
            "capturePayment",
            lambda world, name, body, call: world.capture(name, body, call),
            models.capture,
            unknown=assumed.CAPTURE_UNKNOWN_STATUS,
        ),
    },
    ("refunds",): {"POST": _Operation("createRefund", lambda world, _, body, call: world.refund(body, call), models.refund)},
    ("refunds", "{id}"): {"GET": _Operation("getRefund", lambda world, name, _, __: world.refund_of(name))},
    ("verifications",): {
        "POST": _Operation("createVerification", lambda world, _, body, call: world.verify(body, call), models.verification)
    },
}
"""The operations by the path after the base and the method; the second segment is an identifier."""


def _operations(rest: Sequence[str]) -> Mapping[str, _Operation] | None:
    if "" in rest:
        return None
    return _ROUTES.get(tuple("{id}" if index == 1 else name for index, name in enumerate(rest)))


def messages(status: int, *, code: str | None = None, message: str | None = None, errors: Sequence[dict[str, str]] = ()) -> Answer:
    """Build the vendor's error body ``messages`` for a status."""
    usual_code, usual = assumed.CODES_BY_STATUS[status]
    body: dict[str, Any] = {"responseStatus": "ERROR", "responseCode": code or usual_code, "responseMessage": message or usual}
    if errors:
        body["validationErrors"] = list(errors)
    return Answer(status, body)


def _error(code: str, entity: str, rule: str) -> dict[str, str]:
    return {"code": code, "message": f"{entity} {rule}", "entity": entity}


def _unauthenticated(refused: Unauthenticated) -> Answer:
    challenge = 'Bearer realm="payproof"'
    if refused.error is not None:
        challenge += f', error="{refused.error}", error_description="{refused.description}"'
    return messages(401, message=refused.description).with_headers((b"www-authenticate", challenge.encode()))


def _header(request: Request, name: str, shape: re.Pattern[str], rule: str) -> str | None:
    values = request.headers(name.lower().encode())
    if not values:
        return None
    if len(values) > 1:
        raise invalid(name, "must not be sent twice")
    if shape.fullmatch(values[0]) is None:
        raise invalid(name, rule)
    return values[0]


def _call(request: Request, tenant: Tenant, *, by_id: bool) -> Call:
    merchant = _header(request, "merchant-id", assumed.MERCHANT_ID, "must be 8 to 12 letters and digits")
    if merchant is None:
        raise invalid("merchant-id", "is required")
    if merchant != tenant.merchant_id:
        raise Forbidden
    _header(request, "minorVersion", assumed.MINOR_VERSION, "must be at most 40 printable ASCII characters")
    if by_id:
        return Call(merchant, "")
    request_id = _header(request, "request-id", assumed.REQUEST_ID, "must be 1 to 40 printable ASCII characters")
    if request_id is None:
        raise invalid("request-id", "is required")
    return Call(merchant, request_id)


def _name(operation: _Operation, request: Request, rest: Sequence[str]) -> str:
    if operation.by_query:
        try:
            query = parse_qsl(request.query.decode(errors="replace"), keep_blank_values=True, max_num_fields=100)
        except ValueError:
            raise invalid("requestIdentifier", "must be the only query parameter") from None
        values = [value for key, value in query if key == "requestIdentifier"]
        if len(values) != 1:
            raise invalid("requestIdentifier", "is required" if not values else "must not be sent twice")
        if assumed.REQUEST_ID.fullmatch(values[0]) is None:
            raise invalid("requestIdentifier", "must be 1 to 40 printable ASCII characters")
        return values[0]
    if len(rest) == 1:
        return ""
    if assumed.PAYMENT_ID.fullmatch(rest[1]) is None:
        raise invalid("id", "must be 4 to 40 letters, digits and hyphens")
    return rest[1].lower()


def _fingerprint(body: object) -> str:
    # A digest, so that no card number is kept for the sake of comparing
    try:
        return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    except RecursionError:
        raise invalid("body", "is nested too deeply") from None


def _answer(world: PaymentsWorld, body: dict[str, Any]) -> Answer:
    denied = body["responseStatus"] == "DENIED"
    status = 402 if denied and world.lies("decline-is-402") else 200
    return Answer(status, _with_floats(body) if world.lies("amounts-as-floats") else body)


def _with_floats(value: Any, name: str = "") -> Any:
    if isinstance(value, list):
        return [_with_floats(each) for each in value]
    if isinstance(value, dict):
        return {key: _with_floats(each, key) for key, each in value.items()}
    return float(value) if isinstance(value, int) and name.lower().endswith("amount") else value


def _quoting(refused: Invalid, document: object) -> Invalid:
    method = document.get("paymentMethodType") if isinstance(document, dict) else None
    card = method.get("card") if isinstance(method, dict) else None
    number = card.get("accountNumber") if isinstance(card, dict) else None
    if not isinstance(number, str):
        return refused
    return Invalid([Violation(each.entity, f"{each.rule} (card {number})") for each in refused.violations])


class PaymentsApi:
    """Answers the requests of this API."""

    def __init__(self, issuer: Issuer) -> None:
        self._issuer = issuer

    def serves(self, segments: Sequence[str]) -> bool:
        """Tell whether a path belongs to this API, known or not."""
        return segments[:2] == ("api", "v2") and segments[2:3] != ("mmp",)

    def failure(self) -> Answer:
        """Build the answer for an error of the mock itself."""
        return messages(500)

    async def __call__(self, request: Request) -> Answer:
        """Answer a request."""
        rest = request.segments[2:]
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
            call = _call(request, tenant, by_id=operation.read is None and not operation.by_query)
            name = _name(operation, request, rest)
            if operation.read is None:
                body = operation.act(tenant.payments, name, None, call)
            else:
                body = await self._write(operation.read, operation, request, name, tenant, call)
            return _answer(tenant.payments, body)
        except Invalid as refused:
            return messages(400, errors=[_error(assumed.INVALID, each.entity, each.rule) for each in refused.violations])
        except NotPossible as refused:
            error = _error(refused.code, refused.entity, refused.rule)
            return messages(400, code=refused.code, message=error["message"], errors=[error])
        except Forbidden:
            return messages(403, message="The access token is not good for this merchant-id")
        except NotFound as refused:
            return messages(operation.unknown, message=f"The {refused.noun} was not found")
        except Reused:
            return messages(412, message="The request-id was used before, for another request")
        except BodyTimeout:
            return messages(assumed.LATE_BODY_STATUS, message="The body did not arrive in time").with_headers((b"connection", b"close"))

    async def _write(
        self, read: Callable[[object], Any], operation: _Operation, request: Request, name: str, tenant: Tenant, call: Call
    ) -> dict[str, Any]:
        world = tenant.payments
        if request.media_type() != "application/json":
            raise invalid("Content-Type", "must be application/json")
        document = read_json(await request.body())
        try:
            body = read(document)
        except Invalid as refused:
            raise _quoting(refused, document) if world.lies("full-number-in-error") else refused from None
        key, fingerprint = (operation.name, name, call.request_id), _fingerprint(document)
        known = world.answered(key, fingerprint)
        if known is not None:
            return known
        if world.lies("request-id-race"):
            await asyncio.sleep(_RACE_SECONDS)
        answer = operation.act(world, name, body, call)
        world.remember(key, fingerprint, answer)
        return answer
