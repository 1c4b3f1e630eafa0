"""The operations that read a body, each with a request that is accepted: the doors at which bad input knocks."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from tests.mock.conftest import PROFILES, merchant_of
from tests.mock.mercadopago_seller import body_of, card_of, seller_of
from tests.mock.payments_till import SOFTWARE, WISH, card, till_of
from tests.mock.zuora_caller import DOCUMENTED, caller_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import httpx

Json = Any


@dataclass(frozen=True)
class Door:
    """One operation of a tenant of its own; ``good`` is a body that is accepted, ``fresh`` a header that must be new."""

    client: httpx.Client
    verb: str
    path: str
    headers: Mapping[str, str]
    good: Json
    fresh: str = ""

    def sent(self, **headers: str | bytes) -> dict[str, str | bytes]:
        """Build the headers of a request; underscores are hyphens."""
        fresh = {self.fresh: str(uuid4())} if self.fresh else {}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return {"Content-Type": "application/json", **self.headers, **fresh, **named}

    def knock(self, content: bytes, **headers: str | bytes) -> httpx.Response:
        """Send a body as it is."""
        return self.client.request(self.verb, self.path, content=content, headers=self.sent(**headers))  # type: ignore[arg-type]  # bytes go, too

    def enter(self) -> httpx.Response:
        """Send the body that is accepted."""
        return self.knock(json.dumps(self.good).encode())


def _profiles(verb: str, rest: str, good: Json) -> Callable[[httpx.Client], Door]:
    def door(client: httpx.Client) -> Door:
        merchant = merchant_of(client)
        profile = merchant.create({"accountNumber": "4112344112344113"})
        method = profile["paymentMethodType"]["cardList"][0]["paymentMethodId"]
        path = rest.format(profile=profile["consumerProfileId"], method=method)
        return Door(client, verb, PROFILES + path, merchant.headers, good)

    return door


def _payments(verb: str, rest: str, good: Json) -> Callable[[httpx.Client], Door]:
    def door(client: httpx.Client) -> Door:
        till = till_of(client)
        held = till.hold(1000) if "{held}" in rest else {"transactionId": ""}
        headers = {"Authorization": f"Bearer {till.token}", "merchant-id": till.merchant_id, "minorVersion": ""}
        body = good if good is not None else till.back(till.pay(1000), amount=100)
        return Door(client, verb, "/api/v2" + rest.format(held=held["transactionId"]), headers, body, "request-id")

    return door


def _mercadopago(rest: str, good: Json) -> Callable[[httpx.Client], Door]:
    def door(client: httpx.Client) -> Door:
        seller = seller_of(client)
        customer = seller.customer()
        body = good
        profile: Json = {"id": ""}
        if good == "card":
            body = {"token": seller.card_token()}
        elif good == "profile":
            body = body_of(seller.card(customer))
        elif good == "method":
            profile = seller.create(customer)
            body = seller.card(customer)
        path = "/v1" + rest.format(customer=customer, profile=profile["id"])
        return Door(client, "POST", path, {"Authorization": f"Bearer {seller.told['mercadopago_token']}"}, body, "X-Idempotency-Key")

    return door


def _zuora(client: httpx.Client) -> Door:
    caller = caller_of(client)
    return Door(client, "POST", caller.path(), caller.headers, {**DOCUMENTED, "agreedOn": "2024-02-29", "cardSecurityCode": "737"})


_CARD = {"accountNumber": "4112344112344113", "cardExpirationMonthYearNumber": "02/2031", "firstName": "John"}
_PAYMENT = {
    "captureMethod": "NOW",
    "amount": 1000,
    "currency": "USD",
    "merchant": SOFTWARE,
    "paymentMethodType": {"card": card()},
    "accountHolder": WISH,
}
_VERIFICATION = {"currency": "USD", "merchant": SOFTWARE, "paymentMethodType": {"card": card()}}

DOORS: Mapping[str, Callable[[httpx.Client], Door]] = {
    "createConsumerProfile": _profiles("POST", "", {"firstName": "John", "profilePaymentMethod": {"cardList": [_CARD]}}),
    "updateConsumerProfile": _profiles("PATCH", "/{profile}", {"firstName": "John", "profileStatus": "ACTIVE"}),
    "addPaymentMethod": _profiles("POST", "/{profile}/payment-methods", {"cardList": [_CARD], "accountStatus": "ACTIVE"}),
    "updatePaymentMethod": _profiles("PATCH", "/{profile}/payment-methods/{method}", {"card": {"firstName": "Jane"}}),
    "createPayment": _payments("POST", "/payments", _PAYMENT),
    "updatePayment": _payments("PATCH", "/payments/{held}", {"isVoid": True}),
    "capturePayment": _payments("POST", "/payments/{held}/captures", {"amount": 400}),
    "createRefund": _payments("POST", "/refunds", None),
    "createVerification": _payments("POST", "/verifications", _VERIFICATION),
    "createCustomer": _mercadopago("/customers", {"email": "somebody@example.com"}),
    "createCardToken": _mercadopago("/card_tokens", card_of()),
    "saveCard": _mercadopago("{customer}/cards", "card"),
    "createPaymentProfile": _mercadopago("{customer}/payment-profiles", "profile"),
    "addProfileMethod": _mercadopago("{customer}/payment-profiles/{profile}/payment-methods", "method"),
    "createStoredCredential": _zuora,
}
"""How each operation with a JSON body is reached, with everything that it needs."""

TOKENS: Mapping[str, tuple[str, Callable[[httpx.Client], dict[str, str]]]] = {
    "issueToken": ("/am/oauth2/alpha/access_token", lambda client: _form(client, "")),
    "issueZuoraToken": ("/oauth/token", lambda client: _form(client, "zuora_")),
}
"""The path of each token endpoint, and how to build a form that is accepted."""


def _form(client: httpx.Client, prefix: str) -> dict[str, str]:
    told = client.post("/__mock__/tenants", json={}).raise_for_status().json()
    return {
        "grant_type": "client_credentials",
        "client_id": told[f"{prefix}client_id"],
        "client_secret": told[f"{prefix}client_secret"],
    }


def leaves(body: Json, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Name every place in a body, inner ones too."""
    steps = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for step, inner in steps:
        yield (*path, step)
        yield from leaves(inner, (*path, step))


def replaced(body: Json, path: tuple[str | int, ...], raw: bytes) -> bytes:
    """Write a body as JSON with ``raw`` at one place."""
    marked = json.loads(json.dumps(body))
    place = marked
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = "@here@"
    return json.dumps(marked).encode().replace(b'"@here@"', raw)
