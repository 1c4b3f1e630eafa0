"""What the J.P. Morgan APIs behind an access token have in common on the wire: who asks, the headers, the error body."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

from payproof.mock.jpmorgan_oauth import Issuer
from payproof.mock.play import play
from payproof.mock.refusal import Unauthenticated, Violation, invalid
from payproof.mock.routes import of_method
from payproof.mock.tenants import Tenant
from payproof.mock.wire import Answer, Request, read_json

_Operation = TypeVar("_Operation")


class Messages:
    """Builds the vendor's error body ``messages``; ``usual`` is a code and a sentence for each status."""

    def __init__(self, usual: Mapping[int, tuple[str, str]]) -> None:
        self._usual = usual

    def __call__(
        self, status: int, violations: Sequence[Violation] = (), *, code: str | None = None, message: str | None = None
    ) -> Answer:
        """Answer with a status, the usual code and sentence unless others are given, and the rules that were broken."""
        usual_code, usual = self._usual[status]
        code = code or usual_code
        body: dict[str, Any] = {"responseStatus": "ERROR", "responseCode": code, "responseMessage": message or usual}
        if violations:
            body["validationErrors"] = [
                {"code": code, "message": f"{each.entity} {each.rule}", "entity": each.entity} for each in violations
            ]
        return Answer(status, body)


def header(request: Request, name: str, shape: re.Pattern[str], rule: str) -> str | None:
    """Read a header that may be left out; raises ``Invalid`` where it is there twice or has another shape."""
    values = request.headers(name.lower().encode())
    if not values:
        return None
    if len(values) > 1:
        raise invalid(name, "must not be sent twice")
    if shape.fullmatch(values[0]) is None:
        raise invalid(name, rule)
    return values[0]


def demanded(request: Request, name: str, shape: re.Pattern[str], rule: str) -> str:
    """Read a header as ``header`` does; raises ``Invalid`` where it is left out, too."""
    value = header(request, name, shape, rule)
    if value is None:
        raise invalid(name, "is required")
    return value


async def json_body(request: Request) -> object:
    """Read a body that must be JSON and say so; raises ``Invalid`` and what ``Request.body`` raises."""
    if request.media_type() != "application/json":
        raise invalid("Content-Type", "must be application/json")
    return read_json(await request.body())


async def serve(
    request: Request,
    operations: Mapping[str, _Operation] | None,
    perform: Callable[[_Operation, Tenant], Awaitable[Answer]],
    *,
    api: str,
    issuer: Issuer,
    failure: Callable[[int], Answer],
    unauthenticated: Callable[[Unauthenticated], Answer],
) -> Answer:
    """Answer a request: its path, its method, its token, then a script or ``perform``.

    ``operations`` are those of the path by their methods, None for a path that does not exist; ``failure`` builds the
    error body of a status, ``unauthenticated`` that of a refused token, to which the challenge is added here.
    """
    if operations is None:
        return failure(404)
    operation = of_method(operations, request, lambda: failure(405))
    if isinstance(operation, Answer):
        return operation
    try:
        tenant = _holder(request, issuer)
    except Unauthenticated as refused:
        return unauthenticated(refused).with_headers(_challenge(refused))
    return await play(request, tenant.script, api, lambda: perform(operation, tenant), failure)


def _holder(request: Request, issuer: Issuer) -> Tenant:
    values = request.headers(b"authorization")
    if not values:
        raise Unauthenticated("an access token is required", error=None)
    if not any(value.partition(" ")[0].lower() == "bearer" for value in values):
        raise Unauthenticated("the Authorization header must hold a bearer token", error=None)
    token = request.bearer()
    if token is None:
        raise Unauthenticated("the bearer token is malformed", error="invalid_token")
    return issuer.holder(token)


def _challenge(refused: Unauthenticated) -> tuple[bytes, bytes]:
    challenge = 'Bearer realm="payproof"'
    if refused.error is not None:
        challenge += f', error="{refused.error}", error_description="{refused.description}"'
    return (b"www-authenticate", challenge.encode())
