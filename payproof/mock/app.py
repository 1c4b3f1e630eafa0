"""The ASGI application: which API a request belongs to, and what happens when the mock itself fails."""

import sys
import traceback
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from payproof.mock import (
    jpmorgan_oauth_http,
    jpmorgan_payments_http,
    jpmorgan_profiles_http,
    mercadopago_http,
    mercadopago_variants,
    zuora_http,
)
from payproof.mock.control import ROOT, Control
from payproof.mock.delivery import Delivery
from payproof.mock.faults import chosen
from payproof.mock.jpmorgan_oauth import Issuer
from payproof.mock.jpmorgan_payments_http import PaymentsApi
from payproof.mock.jpmorgan_profiles_http import ProfilesApi, messages
from payproof.mock.mercadopago_http import MercadoPagoApi
from payproof.mock.settings import MERCADOPAGO_ENVELOPE, settled
from payproof.mock.tenants import Tenants
from payproof.mock.variant import Variant
from payproof.mock.variants import chosen as chosen_variants
from payproof.mock.wire import Answer, ClientGone, Request, drop
from payproof.mock.zuora_http import ZuoraApi

_BASE_LENGTH = len(jpmorgan_profiles_http.BASE)


def _report(error: Exception) -> None:
    # The message of an exception may quote a card number, so only its type and the lines of code are printed
    frames = "".join(traceback.format_tb(error.__traceback__))
    print(f"payproof mock failed: {type(error).__name__}\n{frames}", file=sys.stderr)  # noqa: T201 - no logger is set up


class _Front:
    """Hands each request to the API that it belongs to."""

    def __init__(self, tenants: Tenants, settings: Mapping[str, str], variants: Sequence[Variant], *, control: bool) -> None:
        issuer = Issuer(tenants)
        self._token = jpmorgan_oauth_http.endpoint(issuer)
        self._profiles = ProfilesApi(issuer)
        self._others: Mapping[str, PaymentsApi | MercadoPagoApi | ZuoraApi] = {
            jpmorgan_payments_http.API: PaymentsApi(issuer),
            mercadopago_http.API: MercadoPagoApi(tenants, envelope=_envelope(settings, variants)),
            zuora_http.API: ZuoraApi(tenants),
        }
        self._control = Control(tenants, tenants.lies, tenants.variants) if control else None
        self._plain = Delivery(())
        self._delivery = Delivery(variants)

    async def __call__(self, scope: Scope, receive: Receive, respond: Send) -> None:
        if scope["type"] != "http":
            await respond({"type": "websocket.close", "code": 1000})
            return
        request = Request(scope, receive)
        inside = request.segments[0] == ROOT and self._control is not None
        delivery = self._plain if inside else self._delivery
        try:
            answer = await self._answer(request)
            messages = delivery.prepare(request, self._api(request), answer)
        except ClientGone:
            return
        except Exception as error:  # noqa: BLE001 - an error of the mock must become the documented 500
            _report(error)
            answer = self._failure(request)
            messages = self._plain.prepare(request, "", answer)
        if answer.dropped:
            await drop(scope, receive)
            return
        delivery.begin(scope)
        for message in messages:
            await respond(message)

    async def _answer(self, request: Request) -> Answer:
        segments = request.segments
        if segments[:_BASE_LENGTH] == jpmorgan_profiles_http.BASE:
            return await self._profiles(request, segments[_BASE_LENGTH:])
        if segments == jpmorgan_oauth_http.PATH:
            return await self._token(request)
        if segments[0] == ROOT and self._control is not None:
            return await self._control(request, segments[1:])
        for api in self._others.values():
            if api.serves(segments):
                return await api(request)
        return messages(404)

    def _api(self, request: Request) -> str:
        segments = request.segments
        if segments[:_BASE_LENGTH] == jpmorgan_profiles_http.BASE:
            return jpmorgan_profiles_http.API
        if segments == jpmorgan_oauth_http.PATH:
            return jpmorgan_oauth_http.API
        return next((name for name, api in self._others.items() if api.serves(segments)), "")

    def _failure(self, request: Request) -> Answer:
        return next((api.failure() for api in self._others.values() if api.serves(request.segments)), messages(500))


def _envelope(settings: Mapping[str, str], variants: Sequence[Variant]) -> int:
    asked = next((each for each in map(mercadopago_variants.ENVELOPES.get, (one.name for one in variants)) if each is not None), None)
    return int(settings[MERCADOPAGO_ENVELOPE]) if asked is None else asked


def create_app(
    *,
    faults: Iterable[str] = (),
    control: bool = False,
    clock_start: datetime | None = None,
    settings: Mapping[str, str] | None = None,
    variants: Iterable[str] = (),
) -> Starlette:
    """Build a mock with worlds of its own.

    ``faults`` are names of lies to tell, ``control`` opens the control interface, ``clock_start`` (with time zone) is
    where the tenants' clocks start, by default at the present; ``settings`` are those of the module of that name,
    ``variants`` names of legal variants. The published demo tenant is there from the start. Raises ``UnknownFault``,
    ``UnknownSetting``, ``UnknownVariant`` and ``ClockRangeError``.
    """
    app = Starlette()
    app.router.redirect_slashes = False
    # The APIs route on the path before it is percent-decoded, which Starlette's own routes cannot do
    found = chosen_variants(variants)
    tenants = Tenants(lies=chosen(faults), clock_start=clock_start, variants=frozenset(variant.name for variant in found))
    app.router.default = _Front(tenants, settled(settings or {}), found, control=control)
    return app
