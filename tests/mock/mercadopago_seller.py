"""A tenant of the mock that calls Mercado Pago's API."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
import pytest

VISA, MASTER = "4235647728025682", "5031755734530604"
Json = dict[str, Any]


@dataclass
class Seller:
    """One tenant over HTTP: ``told`` are its credentials, ``token`` the name of the one that is used.

    ``seen`` is every answer's text.
    """

    client: httpx.Client
    told: dict[str, str]
    token: str = "mercadopago_token"
    seen: list[str] = field(default_factory=list)

    def call(
        self, verb: str, path: str, body: Any = None, *, key: str | None = None, drop: str = "", token: str = "", **headers: str
    ) -> httpx.Response:
        """Call an operation with a fresh key; ``drop`` is a header left out, underscores in ``headers`` are hyphens."""
        sent = {
            "Authorization": f"Bearer {self.told[token or self.token]}",
            "X-Idempotency-Key": str(uuid4()) if key is None else key,
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        sent.pop(drop, None)
        if isinstance(body, bytes):
            sent.setdefault("Content-Type", "application/json")
            response = self.client.request(verb, f"/v1{path}", headers=sent, content=body)
        else:
            response = self.client.request(verb, f"/v1{path}", headers=sent, json=body)
        self.seen.append(f"{response.headers} {response.text}")
        return response

    def done(self, verb: str, path: str, body: Any = None, **options: Any) -> Any:
        """Call an operation that must succeed and give the body of its answer."""
        response = self.call(verb, path, body, **options)
        assert response.status_code in (200, 201, 204), response.text
        return response.json() if response.content else None

    def customer(self) -> str:
        """Create a customer and give its path."""
        return f"/customers/{self.done('POST', '/customers', {'email': f'{uuid4()}@example.com'})['id']}"

    def card_token(self, number: str = VISA, holder: str = "APRO") -> str:
        """Make a card token."""
        token: str = self.done("POST", "/card_tokens", card_of(number, holder))["id"]
        return token

    def card(self, customer: str, number: str = VISA, holder: str = "APRO") -> Json:
        """Save a card and give the method that uses it."""
        saved = self.done("POST", f"{customer}/cards", {"token": self.card_token(number, holder)})
        return {"id": "visa", "type": "credit_card", "card_id": saved["id"]}

    def by_token(self, holder: str = "APRO") -> Json:
        """Give a method that comes by a fresh token."""
        return {"id": "visa", "type": "credit_card", "token": self.card_token(holder=holder)}

    def create(self, customer: str, *methods: Json, **members: Any) -> Json:
        """Create a profile; without methods with one that comes by a token."""
        profile: Json = self.done("POST", f"{customer}/payment-profiles", body_of(*(methods or (self.by_token(),)), **members))
        return profile

    def refused(self, customer: str, *methods: Json, **members: Any) -> httpx.Response:
        """Try to create a profile."""
        return self.call("POST", f"{customer}/payment-profiles", body_of(*methods, **members))

    def read(self, customer: str, profile: Json) -> Json:
        """Retrieve a profile."""
        read: Json = self.done("GET", place(customer, profile))
        return read

    def listed(self, customer: str, query: str = "") -> Json:
        """List the profiles of a customer."""
        page: Json = self.done("GET", f"{customer}/payment-profiles{query}")
        return page

    def control(self, what: str, body: Any = None) -> Any:
        """Use the control interface for this tenant."""
        verb = "GET" if body is None else "POST"
        path = f"/__mock__/tenants/{self.told['client_id']}/{what}"
        return self.client.request(verb, path, json=body).raise_for_status().json()

    def created(self) -> int:
        """Count the payment profiles created so far."""
        return int(self.control("effects")["effects"].get("payment profiles created", 0))


def card_of(number: str = VISA, holder: str = "APRO") -> Json:
    """Build the body of a card token."""
    return {
        "card_number": number,
        "expiration_month": 11,
        "expiration_year": 2030,
        "security_code": "123",
        "cardholder": {"name": holder},
    }


def body_of(*methods: Json, **members: Any) -> Json:
    """Build the body of a create."""
    return {**members, "payment_methods": list(methods)}


def place(customer: str, profile: Json, rest: str = "") -> str:
    """Write the path of a profile."""
    return f"{customer}/payment-profiles/{profile['id']}{rest}"


def codes(response: httpx.Response) -> list[str]:
    """List the error codes of a refusal."""
    return [each["code"] for each in response.json()["errors"]]


def seller_of(client: httpx.Client) -> Seller:
    return Seller(client, client.post("/__mock__/tenants", json={}).raise_for_status().json())


@pytest.fixture
def seller(client: httpx.Client) -> Seller:
    return seller_of(client)


@pytest.fixture
def liar(lying: Callable[[str], httpx.Client]) -> Callable[[str], Seller]:
    """Start a mock that tells one lie, and give a seller there."""
    return lambda fault: seller_of(lying(fault))
