"""A running mock, and merchants that talk to it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from payproof.mock.server import MockServer

PROFILES = "/api/v2/mmp/consumer-profiles"
TOKEN = "/am/oauth2/alpha/access_token"
PATIENCE = 60.0
"""Seconds until a request counts as never answered: no more than a guard against hanging, as machines can be busy."""


@dataclass
class Merchant:
    """One tenant of a mock over HTTP. ``headers`` go with every call of ``api``; ``seen`` is every answer's text."""

    client: httpx.Client
    client_id: str
    client_secret: str
    merchant_id: str
    headers: dict[str, str] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)

    def token(self) -> str:
        """Get a fresh access token."""
        form = {"grant_type": "client_credentials", "scope": "jpm:payments:sandbox"}
        response = self.client.post(TOKEN, auth=(self.client_id, self.client_secret), data=form)
        token: str = response.raise_for_status().json()["access_token"]
        return token

    def sign_in(self) -> "Merchant":
        """Send a fresh token and the usual headers from here on."""
        self.headers = {
            "Authorization": f"Bearer {self.token()}",
            "merchantIdentifier": self.merchant_id,
            "userIdentifier": "jack",
        }
        return self

    def api(self, method: str, path: str = "", body: Any = None, *, drop: str = "", **headers: str) -> httpx.Response:
        """Call the profiles API; ``headers`` (underscores are hyphens) replace the usual ones; ``drop`` is left out."""
        sent = self.headers | {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {name: value for name, value in sent.items() if name != drop}
        content = {"content": body} if isinstance(body, bytes) else {"json": body} if body is not None else {}
        if isinstance(body, bytes):
            sent.setdefault("Content-Type", "application/json")
        response = self.client.request(method, PROFILES + path, headers=sent, **content)
        self.seen.append(f"{response.headers} {response.text}")
        return response

    def create(self, *cards: dict[str, Any], **members: Any) -> dict[str, Any]:
        """Create a profile with these cards and members."""
        methods = {"profilePaymentMethod": {"cardList": list(cards)}} if cards else {}
        response = self.api("POST", "", {**methods, **members})
        assert response.status_code == 200, response.text
        body: dict[str, Any] = response.json()
        return body

    def add(self, profile: dict[str, Any], *cards: dict[str, Any]) -> dict[str, Any]:
        """Add cards to a profile."""
        response = self.api("POST", f"/{profile['consumerProfileId']}/payment-methods", {"cardList": list(cards)})
        assert response.status_code == 200, response.text
        body: dict[str, Any] = response.json()
        return body

    def read(self, profile: dict[str, Any]) -> dict[str, Any]:
        """Retrieve a profile."""
        response = self.api("GET", f"/{profile['consumerProfileId']}")
        assert response.status_code == 200, response.text
        body: dict[str, Any] = response.json()
        return body

    def method(self, method: str, profile: dict[str, Any], index: int = -1, rest: str = "", body: Any = None) -> httpx.Response:
        """Call an operation on the card at ``index`` of a profile."""
        identifier = profile["paymentMethodType"]["cardList"][index]["paymentMethodId"]
        return self.api(method, f"/{profile['consumerProfileId']}/payment-methods/{identifier}{rest}", body)

    def control(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """Call the control interface for this tenant."""
        return self.client.request(method, f"/__mock__/tenants/{self.client_id}{path}", json=body)

    def effects(self) -> dict[str, int]:
        """Count the changes of state so far."""
        counted: dict[str, int] = self.control("GET", "/effects").json()["effects"]
        return counted

    def script(self, *answers: dict[str, Any]) -> None:
        """Script the next answers."""
        self.control("POST", "/script", {"answers": list(answers)}).raise_for_status()


def merchant_of(client: httpx.Client, name: str | None = None) -> Merchant:
    response = client.post("/__mock__/tenants", json={} if name is None else {"name": name})
    told = response.raise_for_status().json()
    return Merchant(client, told["client_id"], told["client_secret"], told["merchant_id"]).sign_in()


@pytest.fixture(scope="session")
def mock() -> Iterator[MockServer]:
    with MockServer() as server:
        yield server


@pytest.fixture(scope="session")
def client(mock: MockServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=mock.url, timeout=PATIENCE) as client:
        yield client


@pytest.fixture
def merchant(client: httpx.Client) -> Merchant:
    return merchant_of(client)


@pytest.fixture
def other(client: httpx.Client) -> Merchant:
    return merchant_of(client)


@pytest.fixture
def lying() -> Iterator[Callable[[str], httpx.Client]]:
    """Start a mock that tells one lie, and give a client of it; both end with the test."""
    with ExitStack() as stack:

        def start(fault: str) -> httpx.Client:
            server = stack.enter_context(MockServer(faults=[fault]))
            return stack.enter_context(httpx.Client(base_url=server.url, timeout=PATIENCE))

        yield start


@pytest.fixture
def liar(lying: Callable[[str], httpx.Client]) -> Callable[[str], Merchant]:
    """Start a mock that tells one lie, and sign a merchant in there."""
    return lambda fault: merchant_of(lying(fault))


@pytest.fixture
def card() -> dict[str, Any]:
    """Give the card that the vendor's page on payment methods adds, with its address."""
    return {
        "cardExpirationMonthYearNumber": "02/2025",
        "accountNumber": "4234555678990919",
        "accountStatus": "ACTIVE",
        "cardType": "DI",
        "firstName": "John",
        "lastName": "Doe",
        "consumerProfileAddress": {
            "firstName": "John",
            "lastName": "Doe",
            "consumerAssignedAddressName": "Work",
            "primaryAddressIndicator": True,
            "addressType": "SHIPPING",
            "line1": "400 Elton Farm",
            "line2": "Apt 123",
            "city": "Glen Mills",
            "state": "PA",
            "postalCode": "19342",
            "countryCode": "USA",
            "addressStatus": "ACTIVE",
        },
    }


@pytest.fixture
def old_card() -> dict[str, Any]:
    """Give a card like the one that the documented profile has before: its last four digits are 9999."""
    return {"cardExpirationMonthYearNumber": "01/2025", "accountNumber": "1234561111119999", "cardType": "MC"}
