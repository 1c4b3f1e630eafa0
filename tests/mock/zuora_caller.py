"""A tenant of the mock that calls Zuora's API."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

DOCUMENTED = {
    "authGateway": "4028905f5702783601570291e14c0015",
    "consentAgreementRef": "ACCT1338AgreementV1.pdf",
    "consentAgreementSrc": "External",
    "status": "Active",
    "type": "Recurring",
}
AGREED = {"consentAgreementSrc": "External", "status": "Agreed", "type": "Recurring"}


@dataclass
class Caller:
    """One tenant over HTTP: ``names`` are its credentials without ``zuora_``, ``headers`` go with every call."""

    client: httpx.Client
    client_id: str
    names: dict[str, str]
    headers: dict[str, str] = field(default_factory=dict)

    def token(self, kind: str = "") -> httpx.Response:
        """Ask for a token; ``multi_`` is the client whose tokens are valid for two entities."""
        form = {
            "client_id": self.names[f"{kind}client_id"],
            "client_secret": self.names[f"{kind}client_secret"],
            "grant_type": "client_credentials",
        }
        return self.client.post("/oauth/token", data=form)

    def sign_in(self, kind: str = "") -> "Caller":
        """Send a fresh token from here on."""
        token = self.token(kind).raise_for_status().json()["access_token"]
        self.headers = {"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"}
        return self

    def path(self, rest: str = "", *, method: str = "payment_method") -> str:
        """Write the path of a payment method's profiles."""
        return f"/v1/payment-methods/{self.names.get(method, method)}/profiles{rest}"

    def call(self, verb: str, rest: str = "", body: Any = None, *, method: str = "payment_method", **headers: str) -> httpx.Response:
        """Call an operation; underscores in the names of ``headers`` are hyphens."""
        sent = self.headers | {name.replace("_", "-"): value for name, value in headers.items()}
        if isinstance(body, bytes):
            sent.setdefault("Content-Type", "application/json")
            return self.client.request(verb, self.path(rest, method=method), headers=sent, content=body)
        return self.client.request(verb, self.path(rest, method=method), headers=sent, json=body)

    def create(self, body: Any = None, *, method: str = "payment_method", **headers: str) -> httpx.Response:
        """Create a profile, by default the documented one."""
        return self.call("POST", "", DOCUMENTED if body is None else body, method=method, **headers)

    def profiles(self, *, include_all: bool = True, method: str = "payment_method") -> list[dict[str, Any]]:
        """List the profiles of a payment method."""
        rest = "?includeAll=true" if include_all else ""
        listed: list[dict[str, Any]] = self.call("GET", rest, method=method).raise_for_status().json()["profiles"]
        return listed

    def statuses(self, *, include_all: bool = True) -> list[str]:
        """List the statuses of the first payment method's profiles."""
        return [each["status"] for each in self.profiles(include_all=include_all)]

    def control(self, what: str, body: Any = None) -> Any:
        """Use the control interface for this tenant."""
        verb = "GET" if body is None else "POST"
        return self.client.request(verb, f"/__mock__/tenants/{self.client_id}/{what}", json=body).raise_for_status().json()

    def advance(self, seconds: float) -> None:
        """Move the clock."""
        self.control("clock", {"advance": seconds})

    def script(self, *answers: dict[str, Any]) -> None:
        """Script the next answers."""
        self.control("script", {"answers": list(answers)})

    def effects(self) -> dict[str, int]:
        """Count the changes of state so far."""
        counted: dict[str, int] = self.control("effects")["effects"]
        return counted

    def created(self) -> int:
        """Count the profiles created so far."""
        return self.effects().get("stored credentials created", 0)


def caller_of(client: httpx.Client) -> Caller:
    told = client.post("/__mock__/tenants", json={}).raise_for_status().json()
    names = {name.removeprefix("zuora_"): value for name, value in told.items() if name.startswith("zuora_")}
    return Caller(client, told["client_id"], names).sign_in()


@pytest.fixture
def caller(client: httpx.Client) -> Caller:
    return caller_of(client)


@pytest.fixture
def other(client: httpx.Client) -> Caller:
    return caller_of(client)


@pytest.fixture
def liar(lying: Callable[[str], httpx.Client]) -> Callable[[str], Caller]:
    """Start a mock that tells one lie, and sign a tenant in there."""
    return lambda fault: caller_of(lying(fault))


def gatewayed(caller: Caller, name: str) -> dict[str, str]:
    """Build the documented body with another gateway."""
    return {**DOCUMENTED, "authGateway": caller.names[name]}
