"""A short story at each API, told to a mock in memory, and what came back: what a legal variant changes shows here."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

import httpx

from payproof.mock.app import create_app

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

Json = dict[str, Any]
Seen = list[tuple[Any, ...]]

TOKEN = "/am/oauth2/alpha/access_token"
GRANT = {"grant_type": "client_credentials"}
SCOPE = "jpm:payments:sandbox"
PROFILES = "/api/v2/mmp/consumer-profiles"
NUMBERS = ("4112344112344113", "5112345112345114", "5111005111051128")
SOFTWARE = {"merchantSoftware": {"companyName": "Payment Company", "productName": "Application Name"}}
HOLDER = {"firstName": "John", "lastName": "Smith", "consumerProfileInfo": {"consumerProfileRequestType": "CREATE"}}
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[\d.:]*")


class Teller:
    """Sends the requests of a story as one tenant, and keeps what came back: status, some headers, body."""

    def __init__(self, client: httpx.AsyncClient, told: Json) -> None:
        """Keep the way to the mock and the tenant's credentials."""
        self.client = client
        self.told = told
        self.headers: dict[str, str] = {}
        self.seen: Seen = []
        self._count = 0

    async def __call__(self, verb: str, path: str, body: Any = None, **more: Any) -> Any:
        """Send a request and give the body of the answer."""
        self._count += 1
        headers = {name: value.format(self._count) for name, value in (self.headers | more.pop("headers", {})).items()}
        if body is not None:
            more["json"] = body
        answer = await self.client.request(verb, path, headers=headers, **more)
        kept = {name: value for name, value in answer.headers.items() if name in {"cache-control", "www-authenticate"}}
        kept |= dict.fromkeys((name for name in answer.headers if name.startswith("rate")), "counts")
        # The clock runs on between two tellings: the digits of a moment do not count, how it is written does
        text = _MOMENT.sub(lambda found: re.sub(r"\d", "0", found[0]), answer.text)
        self.seen.append((answer.status_code, kept, shape_of_token(text)))
        return answer.json() if answer.content else None

    async def basic(self, **form: str) -> Any:
        """Ask J.P. Morgan's endpoint for a token, by HTTP Basic."""
        return await self("POST", TOKEN, auth=(self.told["client_id"], self.told["client_secret"]), data=GRANT | form)

    async def sign_in(self, **headers: str) -> None:
        """Send a fresh token of J.P. Morgan and these headers from here on."""
        token = (await self.basic(scope=SCOPE))["access_token"]
        self.headers = {"Authorization": f"Bearer {token}", **headers}


def shape_of_token(text: str) -> str:
    """Put the number of its dots and its length in the place of an access token, and take ids out that are drawn by luck."""
    text = re.sub(r'"access_token":"([^"]*)"', lambda found: f"token with {found[1].count('.')} dots and {len(found[1]) // 100}", text)
    return re.sub(r'"(processId|requestId|jti)":"[0-9A-Fa-f-]*"', r'"\1":"..."', text)


async def token(tell: Teller) -> None:
    """Tokens, good and bad."""
    await tell.basic(scope=SCOPE)
    await tell.basic()
    await tell.basic(scope=f"{SCOPE} jpm:other")
    named = {"client_id": tell.told["client_id"], "client_secret": tell.told["client_secret"]}
    await tell("POST", TOKEN, data=GRANT | named)
    await tell("POST", TOKEN, data=GRANT)


async def profiles(tell: Teller) -> None:
    """A profile with cards, addresses and contacts; defaults, deletes, errors."""
    await tell.sign_in(merchantIdentifier=tell.told["merchant_id"])
    address = {"line1": "200 Elton Farm", "city": "Glen Mills", "addressType": "BILLING"}
    cards = [{"accountNumber": number, "cardExpirationMonthYearNumber": "02/2030", "consumerProfileAddress": address} for number in NUMBERS]
    phone = [{"phoneNumber": "8888888828", "countryCode": "1"}, {"phoneNumber": "8888888829", "countryCode": "1"}]
    body = {"firstName": "John", "lastName": "Doe", "profilePaymentMethod": {"cardList": cards}, "communication": {"phoneList": phone}}
    made = await tell("POST", PROFILES, body)
    own = f"{PROFILES}/{made['consumerProfileId']}"
    ids = sorted(card["paymentMethodId"] for card in made["paymentMethodType"]["cardList"])
    await tell("PATCH", f"{own}/payment-methods/{ids[1]}", {"accountStatus": "INACTIVE"})
    await tell("PATCH", f"{own}/payment-methods/{ids[1]}/default")
    await tell("PATCH", f"{own}/payment-methods/{ids[0]}/default")
    await tell("GET", f"{own}/payment-methods/{ids[0]}/status")
    for name in (ids[0], ids[0], ids[1], ids[2]):
        await tell("DELETE", f"{own}/payment-methods/{name}")
    await tell("GET", own)
    await tell("POST", PROFILES, {"firstName": 5})
    await tell("GET", own, headers={"Authorization": "Bearer nobody"})


async def payments(tell: Teller) -> None:
    """Payments with refunds, a profile, a decline, errors."""
    await tell.sign_in(**{"merchant-id": tell.told["merchant_id"], "request-id": "request-{}"})
    method = {"card": {"accountNumber": NUMBERS[0], "expiry": {"month": 12, "year": 2030}, "cvv": "111"}}
    sale: Json = {"captureMethod": "NOW", "amount": 1234, "currency": "USD", "merchant": SOFTWARE, "paymentMethodType": method}
    paid = await tell("POST", "/api/v2/payments", {**sale, "accountHolder": HOLDER}, headers={"request-id": "once"})
    await tell("POST", "/api/v2/payments", {**sale, "accountHolder": HOLDER}, headers={"request-id": "once"})
    for _ in range(2):
        reference = {"transactionReference": {"transactionReferenceId": paid["transactionId"]}}
        await tell("POST", "/api/v2/refunds", {"merchant": SOFTWARE, "amount": 100, "paymentMethodType": reference})
    await tell("GET", f"/api/v2/payments/{paid['transactionId']}")
    await tell("POST", "/api/v2/payments/4cbf0ee7-0000-4000-8000-000000000000/captures", {})
    await tell("POST", "/api/v2/payments", {**sale, "amount": -1})


async def mercadopago(tell: Teller) -> None:
    """A customer with profiles; defaults, cancels, errors."""
    tell.headers = {"Authorization": f"Bearer {tell.told['mercadopago_token']}", "X-Idempotency-Key": "key-{}"}

    async def saved() -> Json:
        card = {"card_number": "4235647728025682", "expiration_month": 11, "expiration_year": 2030, "security_code": "123",
                "cardholder": {"name": "APRO"}}  # fmt: skip
        made = await tell("POST", f"{own}/cards", {"token": (await tell("POST", "/v1/card_tokens", card))["id"]})
        return {"id": "visa", "type": "credit_card", "card_id": made["id"]}

    own = f"/v1/customers/{(await tell('POST', '/v1/customers', {'email': 'a@example.com'}))['id']}"
    first = await tell("POST", f"{own}/payment-profiles", {"payment_methods": [await saved()]})
    await tell("POST", f"{own}/payment-profiles", {"payment_methods": [await saved()]})
    profile = f"{own}/payment-profiles/{first['id']}"
    await tell("POST", f"{profile}/payment-methods", await saved() | {"default_method": True})
    await tell("GET", own)
    shown = (await tell("GET", profile))["payment_methods"]
    default = next(method["payment_method_id"] for method in shown if method["default_method"])
    await tell("DELETE", f"{profile}/payment-methods/{default}")
    await tell("GET", f"{own}/payment-profiles")
    await tell("POST", f"{own}/payment-profiles", {"max_day_overdue": 11})
    await tell("POST", f"{profile}/cancel")
    await tell("POST", f"{profile}/cancel")


async def zuora(tell: Teller) -> None:
    """Stored credentials; closing, errors."""
    told = tell.told
    form = GRANT | {"client_id": told["zuora_client_id"], "client_secret": told["zuora_client_secret"]}
    await tell("POST", "/oauth/token", data={**form, "client_secret": "nobody"})
    opened = (await tell("POST", "/oauth/token", data=form))["access_token"]
    tell.headers = {"Authorization": f"Bearer {opened}"}
    own = f"/v1/payment-methods/{told['zuora_payment_method']}/profiles"
    agreed = {"consentAgreementSrc": "External", "status": "Agreed", "type": "Recurring"}
    number = (await tell("POST", own, agreed))["number"]
    await tell("POST", own, {**agreed, "status": "Active", "cardSecurityCode": "901"})
    await tell("POST", own, {**agreed, "type": 5})
    await tell("POST", own, agreed, headers={"Zuora-Org-Ids": "nobody"})
    await tell("POST", own, {**agreed, "agreedOn": "2019-03-06"})
    for _ in range(2):
        await tell("POST", f"{own}/{number}/cancel")
    await tell("GET", f"{own}?includeAll=true")


STORIES: dict[str, Callable[[Teller], Awaitable[None]]] = {
    "jpmorgan-oauth": token,
    "jpmorgan-profiles": profiles,
    "jpmorgan-payments": payments,
    "mercadopago-profiles": mercadopago,
    "zuora-credentials": zuora,
}


def told(api: str, variants: Sequence[str] = ()) -> Seen:
    """Tell the story of an API to a fresh mock with these variants, and give what came back."""

    async def tell() -> Seen:
        transport = httpx.ASGITransport(create_app(control=True, variants=variants))
        async with httpx.AsyncClient(transport=transport, base_url="http://mock") as client:
            made = (await client.post("/__mock__/tenants", json={"name": "story"})).json()
            teller = Teller(client, made)
            await STORIES[api](teller)
            return teller.seen

    return asyncio.run(tell())
