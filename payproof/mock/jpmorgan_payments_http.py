"""jpmorgan-payments on the wire: paths, headers, the order of checks, the error body."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from payproof.mock import jpmorgan_payments_assumed as assumed
from payproof.mock import jpmorgan_payments_models as models
from payproof.mock.jpmorgan_http import Messages, demanded, header, json_body, serve
from payproof.mock.jpmorgan_oauth import Issuer
from payproof.mock.jpmorgan_payments import PaymentsWorld
from payproof.mock.jpmorgan_payments_deals import Call
from payproof.mock.jpmorgan_payments_refusal import NotPossible, Reused
from payproof.mock.refusal import Forbidden, Invalid, NotFound, Violation, invalid
from payproof.mock.routes import Routes, at
from payproof.mock.tenants import Tenant
from payproof.mock.wire import Answer, BodyTimeout, Request, fingerprint

API = "jpmorgan-payments"

_RACE_SECONDS = 0.05

_Act = Callable[[PaymentsWorld, str, Any, Call], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class _Operation:
    name: str
    act: _Act
    read: Callable[[object], Any] | None = None
    by_query: bool = False
    unknown: int = 404


_ROUTES: Routes[_Operation] = {
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
"""The operations by the path after the base and the method."""

messages = Messages(assumed.CODES_BY_STATUS)


def _call(request: Request, tenant: Tenant, *, by_id: bool) -> Call:
    merchant = demanded(request, "merchant-id", assumed.MERCHANT_ID, "must be 8 to 12 letters and digits")
    if merchant != tenant.merchant_id:
        raise Forbidden
    header(request, "minorVersion", assumed.MINOR_VERSION, "must be at most 40 printable ASCII characters or tabs")
    if by_id:
        return Call(merchant, "")
    request_id = demanded(request, "request-id", assumed.REQUEST_ID, "must be 1 to 40 printable ASCII characters")
    return Call(merchant, request_id[:36] if tenant.payments.lies("request-id-cut") else request_id)


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


def _misread(world: PaymentsWorld, body: Any) -> Any:
    amount = body.get("amount")
    if amount is None:
        return body
    if world.lies("cents-by-float"):
        amount = int(amount / 100 * 100)
    if world.lies("amount-of-32-bits"):
        amount = min(amount, 2**31 - 1)
    if world.lies("yen-in-hundredths") and body.get("currency") == "JPY":
        amount *= 100
    return {**body, "amount": amount}


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
        return await serve(
            request,
            at(_ROUTES, request.segments[2:]),
            lambda operation, tenant: self._perform(operation, request, tenant),
            api=API,
            issuer=self._issuer,
            failure=messages,
            unauthenticated=lambda refused: messages(401, message=refused.description),
        )

    async def _perform(self, operation: _Operation, request: Request, tenant: Tenant) -> Answer:
        try:
            call = _call(request, tenant, by_id=operation.read is None and not operation.by_query)
            name = _name(operation, request, request.segments[2:])
            if operation.read is None:
                body = operation.act(tenant.payments, name, None, call)
                if tenant.payments.lies("payment-read-cached"):
                    body = tenant.payments.seen.setdefault((operation.name, name), body)
            else:
                body = await self._write(operation.read, operation, request, name, tenant, call)
            return _answer(tenant.payments, body)
        except Invalid as refused:
            return messages(400, refused.violations)
        except NotPossible as refused:
            broken = Violation(refused.entity, refused.rule)
            return messages(400, [broken], code=refused.code, message=f"{broken.entity} {broken.rule}")
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
        document = await json_body(request)
        try:
            body = read(document)
        except Invalid as refused:
            raise _quoting(refused, document) if world.lies("full-number-in-error") else refused from None
        body = _misread(world, body)
        request_id = call.request_id.lower() if world.lies("request-id-case-folded") else call.request_id
        key, mark = (operation.name, name, request_id), fingerprint(document)
        known = world.answered(key, mark)
        if known is not None:
            return known
        if world.lies("request-id-race"):
            await asyncio.sleep(_RACE_SECONDS)
        answer = operation.act(world, name, body, call)
        world.remember(key, mark, answer)
        return answer
