"""Consumer Profile Management v2 on the wire: paths, headers, the order of checks, the two error bodies."""

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from payproof.mock import assumed, jpmorgan_models
from payproof.mock.jpmorgan_http import Messages, demanded, header, json_body, serve
from payproof.mock.jpmorgan_oauth import Issuer
from payproof.mock.jpmorgan_profiles import Caller, ProfilesWorld
from payproof.mock.refusal import Forbidden, Invalid, NotFound, Unauthenticated, invalid
from payproof.mock.routes import Routes, at
from payproof.mock.tenants import Tenant
from payproof.mock.wire import Answer, BodyTimeout, Request

API = "jpmorgan-profiles"
BASE = ("api", "v2", "mmp", "consumer-profiles")

_UUID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")
_RACE_SECONDS = 0.05

_Act = Callable[[ProfilesWorld, Sequence[str], Any, Caller], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class _Operation:
    act: _Act
    read: Callable[[object], Any] | None = None
    writes: bool = True


_ROUTES: Routes[_Operation] = {
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
"""The operations by the path after the base and the method."""

messages = Messages({400: ("MP_REQ_001", "Invalid request parameter"), **assumed.CODES_BY_STATUS})


def _unauthenticated(refused: Unauthenticated) -> Answer:
    body = {
        "errorSource": assumed.GATEWAY_ERROR_SOURCE,
        "errorCode": assumed.GATEWAY_ERROR_CODE,
        "errorDescription": refused.description,
    }
    return Answer(401, body)


def _demand_merchant(request: Request, tenant: Tenant) -> None:
    named = demanded(request, "merchantIdentifier", assumed.MERCHANT_IDENTIFIER, "must be 8 to 12 letters and digits")
    if named != tenant.merchant_id and not (request.method == "GET" and tenant.profiles.lies("merchant-unchecked-on-reads")):
        raise Forbidden


def _caller(request: Request, *, writes: bool) -> Caller:
    def sent(name: str) -> str | None:
        return header(request, name, assumed.OPTIONAL_HEADER, "must be 1 to 40 printable ASCII characters")

    sent("applicationIdentifier")
    return Caller(sent("requestIdentifier"), sent("correlationIdentifier"), sent("userIdentifier") if writes else None)


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
        return await serve(
            request,
            at(_ROUTES, tuple(rest)),
            lambda operation, tenant: self._perform(operation, request, rest, tenant),
            api=API,
            issuer=self._issuer,
            failure=messages,
            unauthenticated=_unauthenticated,
        )

    async def _perform(self, operation: _Operation, request: Request, rest: Sequence[str], tenant: Tenant) -> Answer:
        try:
            _demand_merchant(request, tenant)
            caller = _caller(request, writes=operation.writes)
            ids = _ids(rest)
            body = None if operation.read is None else operation.read(await json_body(request))
            if rest[1:] == ("payment-methods",) and tenant.profiles.lies("adds-lost-in-race"):
                before = tenant.profiles.exchange_methods(ids[0], None)
                await asyncio.sleep(_RACE_SECONDS)
                tenant.profiles.exchange_methods(ids[0], before)
            return Answer(200, operation.act(tenant.profiles, ids, body, caller))
        except Invalid as refused:
            return messages(400, refused.violations)
        except Forbidden:
            return messages(403, message="The access token is not good for this merchantIdentifier")
        except NotFound as refused:
            if rest[-1] == "default" and refused.noun == "payment method" and tenant.profiles.lies("default-of-unknown-as-500"):
                return messages(500)
            return messages(404, message=f"The {refused.noun} was not found")
        except BodyTimeout:
            return messages(408).with_headers((b"connection", b"close"))
