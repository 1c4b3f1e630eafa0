"""A merchant that takes payments at the mock."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

Json = dict[str, Any]

VISA, MASTER, AMEX = "4112344112344113", "5112345112345114", "371144371144376"
SOFTWARE: Json = {"merchantSoftware": {"companyName": "Payment Company", "productName": "Application Name", "version": "1.235"}}
WISH: Json = {"firstName": "John", "lastName": "Smith", "consumerProfileInfo": {"consumerProfileRequestType": "CREATE"}}


def card(number: str = VISA, **members: Any) -> Json:
    """Describe a card."""
    return {"accountNumber": number, "expiry": {"month": 12, "year": 2027}, **members}


@dataclass
class Till:
    """One tenant over HTTP; ``seen`` is every answer's text."""

    client: httpx.Client
    client_id: str
    client_secret: str
    merchant_id: str
    token: str = ""
    seen: list[str] = field(default_factory=list)

    def sign_in(self) -> Till:
        """Use a fresh token from here on."""
        form = {"grant_type": "client_credentials", "scope": "jpm:payments:sandbox"}
        auth = (self.client_id, self.client_secret)
        self.token = self.client.post("/am/oauth2/alpha/access_token", auth=auth, data=form).raise_for_status().json()["access_token"]
        return self

    def call(self, verb: str, path: str, body: Any = None, *, key: str | None = None, drop: str = "", **headers: str) -> httpx.Response:
        """Call an operation under a fresh request-id; ``drop`` is a header left out, underscores are hyphens."""
        sent = {
            "Authorization": f"Bearer {self.token}",
            "merchant-id": self.merchant_id,
            "request-id": str(uuid4()) if key is None else key,
            "minorVersion": "",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        sent = {name: value for name, value in sent.items() if name != drop}
        if isinstance(body, bytes):
            sent.setdefault("Content-Type", "application/json")
            response = self.client.request(verb, f"/api/v2{path}", headers=sent, content=body)
        else:
            response = self.client.request(verb, f"/api/v2{path}", headers=sent, json=body)
        self.seen.append(f"{response.headers} {response.text}")
        return response

    def done(self, verb: str, path: str, body: Any = None, **options: Any) -> Json:
        """Call an operation that must succeed and give the body of its answer."""
        response = self.call(verb, path, body, **options)
        assert response.status_code == 200, response.text
        answer: Json = response.json()
        return answer

    def refused(self, verb: str, path: str, body: Any = None, *, status: int = 400, **options: Any) -> list[str]:
        """Call an operation that must be refused, and list the places that it blames."""
        response = self.call(verb, path, body, **options)
        assert response.status_code == status, response.text
        told = response.json()
        assert told["responseStatus"] == "ERROR"
        assert told["responseCode"]
        assert told["responseMessage"]
        return [each["entity"] for each in told.get("validationErrors", [])]

    def order(self, amount: int = 1000, method: Json | None = None, **members: Any) -> Json:
        """Describe a payment by card."""
        return {
            "captureMethod": "NOW",
            "amount": amount,
            "currency": "USD",
            "merchant": SOFTWARE,
            "paymentMethodType": method or {"card": card()},
            **members,
        }

    def pay(self, amount: int = 1000, method: Json | None = None, **members: Any) -> Json:
        """Make a payment."""
        return self.done("POST", "/payments", self.order(amount, method, **members))

    def hold(self, amount: int = 1000, **members: Any) -> Json:
        """Authorise a payment for a later capture."""
        return self.pay(amount, captureMethod="MANUAL", **members)

    def read(self, payment: Json) -> Json:
        """Retrieve a payment."""
        return self.done("GET", f"/payments/{payment['transactionId']}")

    def capture(self, payment: Json, **members: Any) -> Json:
        """Capture a payment."""
        return self.done("POST", f"/payments/{payment['transactionId']}/captures", members)

    def change(self, payment: Json, **members: Any) -> Json:
        """Change a payment."""
        return self.done("PATCH", f"/payments/{payment['transactionId']}", members)

    def back(self, payment: Json, **members: Any) -> Json:
        """Describe a refund of a payment."""
        reference = {"transactionReferenceId": payment["transactionId"]}
        return {"merchant": SOFTWARE, "paymentMethodType": {"transactionReference": reference}, **members}

    def refund(self, payment: Json, **members: Any) -> Json:
        """Give a payment back, all of it or an amount."""
        return self.done("POST", "/refunds", self.back(payment, **members))

    def profiles(self, verb: str, path: str, body: Any = None) -> Json:
        """Call the profiles API with the same token."""
        headers = {"Authorization": f"Bearer {self.token}", "merchantIdentifier": self.merchant_id}
        response = self.client.request(verb, f"/api/v2/mmp/consumer-profiles{path}", headers=headers, json=body)
        answer: Json = response.raise_for_status().json()
        return answer

    def store(self, number: str = VISA) -> Json:
        """Make a profile during a payment, and give what pays with it."""
        made = self.pay(100, {"card": card(number)}, accountHolder=WISH)["accountHolder"]["consumerProfileInfo"]
        return {name: made[name] for name in ("consumerProfileId", "paymentMethodId")}

    def control(self, path: str, body: Any) -> None:
        """Call the control interface for this tenant."""
        self.client.post(f"/__mock__/tenants/{self.client_id}{path}", json=body).raise_for_status()

    def advance(self, minutes: float) -> None:
        """Move the tenant's clock, which outdates its token."""
        self.control("/clock", {"advance": minutes * 60})
        self.sign_in()

    def effects(self, name: str) -> int:
        """Count the changes of state of one name so far."""
        counted: dict[str, int] = self.client.get(f"/__mock__/tenants/{self.client_id}/effects").json()["effects"]
        return counted.get(name, 0)


def till_of(client: httpx.Client) -> Till:
    """Sign a fresh tenant in."""
    told = client.post("/__mock__/tenants", json={}).raise_for_status().json()
    return Till(client, told["client_id"], told["client_secret"], told["merchant_id"]).sign_in()


@pytest.fixture
def till(client: httpx.Client) -> Till:
    """Give a fresh tenant of an honest mock."""
    return till_of(client)


@pytest.fixture
def neighbour(client: httpx.Client) -> Till:
    """Give another tenant of the same mock."""
    return till_of(client)


@pytest.fixture
def liar(lying: Callable[[str], httpx.Client]) -> Callable[[str], Till]:
    """Start a mock that tells one lie, and sign a tenant in there."""
    return lambda fault: till_of(lying(fault))
