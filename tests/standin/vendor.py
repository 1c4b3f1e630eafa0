"""The five APIs, each at the host that its vendor has it on, with choices of their own wherever no document makes one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from payproof.mock import (
    jpmorgan_oauth_http,
    jpmorgan_payments_http,
    jpmorgan_profiles_http,
    mercadopago_http,
    mercadopago_variants,
    token_http,
    zuora_http,
)
from payproof.mock.delivery import Delivery
from payproof.mock.jpmorgan_oauth import Issuer
from payproof.mock.jpmorgan_payments_http import PaymentsApi
from payproof.mock.jpmorgan_profiles_http import ProfilesApi
from payproof.mock.mercadopago_http import MercadoPagoApi
from payproof.mock.tenants import Tenant, Tenants
from payproof.mock.variants import VARIANTS, chosen, groups
from payproof.mock.wire import Answer, Request
from payproof.mock.zuora_http import ZuoraApi
from payproof.mock.zuora_token_http import PATH as ZUORA_TOKEN
from tests.standin.estate import Estate
from tests.standin.tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.types import Message, Receive, Scope

HOSTS = {
    "id": "id.payments.jpmorgan.com",
    "adfs": "idag2.jpmorganchase.com",
    "payments": "api-ms-test.payments.jpmorgan.com",
    "profiles": "cat-profiles-api.merchant.jpmorgan.com",
    "mercadopago": "api.mercadopago.com",
    "zuora": "rest.apisandbox.zuora.com",
}
"""The hosts, each a port here, and whom each one plays."""

ALL = "all"
"""One more port, on which everything is served: for callers that know one URL only."""

ADFS = ("adfs", "oauth2", "token")
USER = ("users", "me")

BASES = {
    "jpmorgan-oauth": ("id", ""),
    "jpmorgan-payments": ("payments", "/api/v2"),
    "jpmorgan-profiles": ("profiles", "/api/v2/mmp"),
    "mercadopago-profiles": ("mercadopago", "/v1"),
    "zuora-credentials": ("zuora", ""),
}
"""Where each API is: the host, and what stands before the paths of its document."""

_TIRESOME = frozenset({"connection-close", "early-hints", "header-case"})
"""Differences of HTTP that cost every request a new connection or need another parser; they are tested at the mock."""


def quirks(name: str) -> frozenset[str]:
    """Give the legal variants that are switched on: `none`, `assumed` (all about choices that nobody documents), or `all`."""
    usable = [variant for variant in groups()[0] if variant not in _TIRESOME]
    if name == "all":
        return frozenset(usable)
    return frozenset(each for each in usable if VARIANTS[each].chooses) if name == "assumed" else frozenset()


class Vendor:
    """The vendors' sandboxes. `accounts` is how many sets of credentials there are; ids repeat with the seed."""

    def __init__(self, *, seed: int, accounts: int, variety: frozenset[str], lifetime: float) -> None:
        self.variety = variety
        self.tenants = Tenants(variants=variety)
        for tenant in list(self.tenants):
            self._dismiss(tenant)
        self.own = [self.tenants.named(f"sandbox {seed} {number}") for number in range(accounts)]
        self.estate = Estate()
        for number, tenant in enumerate(self.own):
            self.estate.settle(tenant, number)
        self.tokens = Tokens(self.tenants, self.own, lifetime=lifetime, quirks=variety)
        found = chosen(variety)
        self._delivery = Delivery(found)
        self.live: set[int] = set()
        """The accounts that sell for real, so that the vendor's page about its user has no test user in it."""
        issuer = Issuer(self.tenants)
        envelope = next((mercadopago_variants.ENVELOPES[each.name] for each in found if each.name in mercadopago_variants.ENVELOPES), 2)
        self._payments, self._profiles = PaymentsApi(issuer), ProfilesApi(issuer)
        self._seller, self._zuora = MercadoPagoApi(self.tenants, envelope=envelope), ZuoraApi(self.tenants)
        self.credentials = [self._told(number) for number in range(accounts)]
        """Everything that a customer of the vendors would be told, by the names of the contracts, for each account."""

    def host(self, segments: Sequence[str]) -> str:
        """Tell which host a path belongs to; empty for none."""
        path = tuple(segments)
        if path == jpmorgan_oauth_http.PATH:
            return "id"
        if path == ADFS:
            return "adfs"
        if path[:3] == jpmorgan_profiles_http.BASE[:3]:
            return "profiles"
        if self._payments.serves(path):
            return "payments"
        if path == USER or self._seller.serves(path):
            return "mercadopago"
        return "zuora" if self._zuora.serves(path) else ""

    async def answer(self, host: str, scope: Scope, receive: Receive) -> list[Message]:
        """Do what a request asks for, and give the messages of the answer."""
        request = Request(scope, receive)
        there = self.host(request.segments)
        if there == "" or host not in {there, ALL}:
            return self._delivery.prepare(request, "", Answer(404, {"message": "Not Found"}))
        if there in {"id", "adfs"}:
            api = jpmorgan_oauth_http.API if there == "id" else ""
            return self._delivery.prepare(request, api, await self.tokens.endpoints[there](request))
        if there == "profiles":
            answer = await self._profiles(request, request.segments[len(jpmorgan_profiles_http.BASE) :])
            return self._delivery.prepare(request, jpmorgan_profiles_http.API, answer)
        if request.segments == ZUORA_TOKEN:
            return self._delivery.prepare(request, zuora_http.API, await self.tokens.endpoints["zuora"](request))
        if there == "payments":
            return self._delivery.prepare(request, jpmorgan_payments_http.API, await self._payments(request))
        if request.segments == USER:
            return self._delivery.prepare(request, mercadopago_http.API, self._user(request))
        if there == "mercadopago":
            return self._delivery.prepare(request, mercadopago_http.API, await self._seller(request))
        return self._delivery.prepare(request, zuora_http.API, await self._zuora(request))

    def refusal(self, scope: Scope, receive: Receive, status: int) -> list[Message]:
        """Give the vendor's own body of 429 or 500."""
        request = Request(scope, receive)
        there = self.host(request.segments)
        if there == "profiles":
            answer = jpmorgan_profiles_http.messages(status)
        elif there == "payments":
            answer = jpmorgan_payments_http.messages(status)
        elif there == "mercadopago":
            answer = self._seller._failed(status, profiles=True)
        else:
            answer = token_http.failure(status)
        return Delivery(()).prepare(request, "", answer)

    def _user(self, request: Request) -> Answer:
        number = self.tokens.seller(request.bearer() or "")
        if request.method != "GET" or number is None:
            return Answer(405 if number is not None else 401, {"message": "invalid access token", "error": "unauthorized", "cause": []})
        user = 200_000_000 + number
        tags = ["normal"] if number in self.live else ["normal", "test_user"]
        body = {"id": user, "nickname": f"TETE{user}", "site_id": "MLB", "tags": tags, "status": {"site_status": "active"}}
        return Answer(200, body)

    def _told(self, number: int) -> dict[str, str]:
        tenant, signer = self.own[number], self.tokens.signers[number]
        own = {"client_id": tenant.client_id, "client_secret": tenant.client_secret, "merchant_id": tenant.merchant_id}
        jwt = {"jwt_client_id": signer.client_id, "jwt_kid": signer.kid, "jwt_key": signer.pem()}
        return own | jwt | self.tokens.static[number] | tenant.zuora.credentials

    def _dismiss(self, tenant: Tenant) -> None:
        for kept in (self.tenants._by_client, self.tenants._by_name):
            kept.clear()
        tenant.forget()
