"""The stand-in for the vendors' sandboxes: honest in fair weather, and each kind of weather is what it says."""

from __future__ import annotations

import contextlib
import ssl
import time
import uuid
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tests.standin import start
from tests.standin.tokens import ASSERTION, RESOURCE, signed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.standin import Standin

PAYMENT = {
    "amount": 1234, "currency": "USD", "captureMethod": "MANUAL",
    "merchant": {"merchantSoftware": {"companyName": "A", "productName": "B"}},
    "paymentMethodType": {"card": {"accountNumber": "4112344112344113", "expiry": {"month": 5, "year": 2030}}},
}  # fmt: skip


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standin]:
    """Start one for all tests of this page, with other people in the same account."""
    with start(tmp_path_factory.mktemp("standin"), crowded=1) as found:
        yield found


@pytest.fixture
def standin(running: Standin) -> Iterator[Standin]:
    """Give it in fair weather."""
    running.fair()
    yield running
    running.fair()


@pytest.fixture(scope="module")
def client(running: Standin) -> Iterator[httpx.Client]:
    """Trust its authority."""
    with httpx.Client(verify=ssl.create_default_context(cafile=running.ca_file), timeout=5) as found:
        yield found


class Caller:
    """A merchant that calls the payments API."""

    def __init__(self, standin: Standin, client: httpx.Client) -> None:
        self.client, self.url, self.own = client, standin.apis["jpmorgan-payments"], standin.tenants[0]
        self.sign = f"{standin.urls['id']}/am/oauth2/alpha/access_token"
        self.token = self.signed_in().json()["access_token"]

    def signed_in(self, **rest: Any) -> httpx.Response:
        """Ask for a token."""
        form = {"grant_type": "client_credentials", "scope": "jpm:payments:sandbox"}
        return self.client.post(self.sign, **{"auth": (self.own["client_id"], self.own["client_secret"]), "data": form, **rest})

    def __call__(self, method: str, path: str, body: Any = None, name: str = "") -> httpx.Response:
        """Call an operation."""
        headers = {"Authorization": f"Bearer {self.token}", "merchant-id": self.own["merchant_id"], "request-id": name or uuid.uuid4().hex}
        return self.client.request(method, self.url + path, json=body, headers=headers)

    def pay(self, name: str = "") -> httpx.Response:
        """Authorise a payment."""
        return self("POST", "/payments", PAYMENT, name)


@pytest.fixture
def merchant(standin: Standin, client: httpx.Client) -> Caller:
    """Sign a merchant in."""
    return Caller(standin, client)


def test_only_who_trusts_the_authority_is_served(standin: Standin) -> None:
    """It is HTTPS with an authority of its own, and has no control interface."""
    with httpx.Client() as stranger, pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        stranger.get(standin.url)
    with httpx.Client(verify=ssl.create_default_context(cafile=standin.ca_file)) as trusting:
        assert trusting.get(f"{standin.url}/__mock__/").status_code == 404


def test_client_credentials(standin: Standin, merchant: Caller) -> None:
    """They are taken in a header and in the form; what is wrong gives no token."""
    own = standin.tenants[0]
    form = {"grant_type": "client_credentials", "scope": "jpm:payments:sandbox"}

    assert merchant.signed_in().json()["token_type"] == "Bearer"
    pair = {"client_id": own["client_id"], "client_secret": own["client_secret"]}
    assert merchant.signed_in(auth=None, data=form | pair).status_code == 200
    assert merchant.signed_in(auth=(own["client_id"], "wrong")).json()["error"] == "invalid_client"


def test_a_signed_assertion_counts_once(standin: Standin, client: httpx.Client, merchant: Caller) -> None:
    """A JWT of the client's key gives a token; the same one again, one of another audience and a late one do not."""
    own, door = standin.tenants[0], f"{standin.urls['adfs']}/adfs/oauth2/token"
    key: Any = load_pem_private_key(own["jwt_key"].encode(), None)

    def assertion(**claims: Any) -> str:
        now = int(time.time())
        name = own["jwt_client_id"]
        usual = {"iss": name, "sub": name, "aud": door, "iat": now, "exp": now + 60, "jti": uuid.uuid4().hex}
        return signed(key, {"typ": "JWT", "alg": "RS256", "kid": own["jwt_kid"]}, {**usual, **claims})

    def asked(text: str) -> httpx.Response:
        form = {"grant_type": "client_credentials", "client_id": own["jwt_client_id"], "resource": RESOURCE,
                "client_assertion_type": ASSERTION, "client_assertion": text}  # fmt: skip
        return client.post(door, data=form)

    good = assertion()
    merchant.token = asked(good).json()["access_token"]
    assert merchant.pay().status_code == 200
    for text in (good, assertion(aud="https://elsewhere.example"), assertion(exp=int(time.time()) - 1), assertion() + "A", "x"):
        refused = asked(text)
        assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")


def test_a_token_lives_for_a_moment(standin: Standin, merchant: Caller) -> None:
    """A token that has expired or was revoked opens nothing; the record tells so and holds no token."""
    standin.lifetime(0.001)
    short = merchant.signed_in().json()["access_token"]
    standin.lifetime(30)
    kept, merchant.token = merchant.token, short
    assert merchant.pay().status_code == 401
    merchant.token = kept
    assert merchant.pay().status_code == 200
    standin.revoke()
    assert merchant.pay().status_code == 401
    seen = standin.record()
    assert [each["authorised"] for each in seen[-3:]] == [False, True, False]
    assert kept not in str(seen)


def test_what_was_made_is_known_until_it_is_neutralised(standin: Standin, merchant: Caller) -> None:
    """A payment lives with the request that made it, until it is voided."""
    made = merchant.pay("r-17").json()["transactionId"]

    living = [each for each in standin.living() if each["id"] == made]
    assert [(each["kind"], each["undo"], each["names"]["request-id"]) for each in living] == [("payment", "void", "r-17")]
    assert merchant("PATCH", f"/payments/{made}", {"isVoid": True}).status_code == 200
    assert made not in str(standin.living())


def test_other_people_are_noticed(standin: Standin, client: httpx.Client, merchant: Caller) -> None:
    """What others have in the account can be reached; who reads it names it, who changes it is found out."""
    own, url = standin.tenants[0], standin.apis["zuora-credentials"]
    form = {"client_id": own["zuora_client_id"], "client_secret": own["zuora_client_secret"], "grant_type": "client_credentials"}
    token = client.post(f"{url}/oauth/token", data=form).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    profiles = f"{url}/v1/payment-methods/{own['zuora_payment_method']}/profiles"
    seller = {"Authorization": f"Bearer {own['mercadopago_token']}"}

    there = client.get(profiles, headers=headers).json()["profiles"]
    customer = client.get(f"{standin.apis['mercadopago-profiles']}/customers/search", headers=seller).json()["results"][0]["id"]
    assert standin.touched()["changed"] == []
    assert client.get(f"{standin.apis['mercadopago-profiles']}/customers/{customer}", headers=seller).status_code == 200
    assert client.post(f"{profiles}/{there[0]['number']}/cancel", headers=headers).status_code == 200
    touched = standin.touched()
    assert touched["changed"] == [f"stored-credential {own['zuora_payment_method']}/{there[0]['number']}"]
    assert [customer] in touched["named"].values()


def test_who_the_seller_is(standin: Standin, client: httpx.Client) -> None:
    """The vendor's page about the caller says whether it is a test user."""
    url = f"{standin.urls['mercadopago']}/users/me"
    headers = {"Authorization": f"Bearer {standin.tenants[0]['mercadopago_token']}"}

    assert "test_user" in client.get(url, headers=headers).json()["tags"]
    standin.live()
    try:
        assert client.get(url, headers=headers).json()["tags"] == ["normal"]
    finally:
        standin.live(live=False)
    assert client.get(url).status_code == 401


def test_people_come_and_go(standin: Standin, merchant: Caller) -> None:
    """Others make things in the account while one works; they are not taken for one's own."""
    own, changed = len(standin.living()), standin.touched()["changed"]
    standin.bustle(1)
    merchant.pay()
    merchant.pay()
    standin.bustle(0)

    assert len(standin.living()) == own + 2
    assert standin.touched()["changed"] == changed


# Weather


def test_a_lost_answer(standin: Standin, merchant: Caller) -> None:
    """A reset before the work leaves nothing, one after it a payment; both look the same from outside, as does half an answer."""
    for stroke, left in [("reset-before", 0), ("reset-after", 1), ("cut", 1)]:
        standin.strike(stroke, only="POST /api/v2/payments$")
        since = len(standin.record())
        with pytest.raises(httpx.TransportError):
            merchant.pay()
        assert len(standin.record(since)[0]["made"]) == left


def test_errors_and_pages(standin: Standin, merchant: Caller) -> None:
    """The vendor answers 500 itself; before it stands a gateway that has pages, one of them with the status 200."""
    strokes = [("500", 500, 0, "application/json"), ("504-after", 504, 1, "text/html"), ("maintenance", 503, 0, "text/html"),
               ("html", 200, 0, "text/html"), ("429", 429, 0, "application/json")]  # fmt: skip
    for stroke, status, left, media in strokes:
        standin.strike(stroke)
        since = len(standin.record())
        answer = merchant.pay()
        assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (status, media)
        assert len(standin.record(since)[0]["made"]) == left
        assert ("retry-after" in answer.headers) is (status in {429, 503})


def test_slow_and_late(standin: Standin, client: httpx.Client, merchant: Caller) -> None:
    """A body that comes drop by drop is whole in the end; an answer that does not come is done all the same."""
    standin.weather(slow=1, slow_ms=16, only="POST /api/v2/payments$")
    assert merchant.pay().json()["amount"] == 1234
    standin.weather(slow=0, stall=1, stall_ms=1000)
    client.timeout = httpx.Timeout(0.2)
    try:
        with pytest.raises(httpx.ReadTimeout):
            merchant.pay("late")
    finally:
        client.timeout = httpx.Timeout(5)
    assert any(each["names"]["request-id"] == "late" for each in standin.living())


def test_a_redirect(standin: Standin, merchant: Caller) -> None:
    """It leads to wherever the test wants, and nothing was done."""
    standin.weather(redirect="https://production.example")
    answer = merchant.pay()

    assert answer.headers["location"].startswith("https://production.example/api/v2/payments")
    assert not standin.record()[-1]["done"]


def test_the_rate_of_a_client(standin: Standin, merchant: Caller) -> None:
    """What comes too early is refused and told when to come again, in seconds or by a date."""
    standin.weather(rate=1, burst=2)
    assert [merchant.pay().status_code for _ in range(3)] == [200, 200, 429]
    assert merchant.pay().headers["retry-after"] == "1"
    standin.weather(rate=1, burst=1, retry_after="date")
    merchant.pay()
    assert merchant.pay().headers["retry-after"].endswith(" GMT")


def test_a_read_stays_behind(standin: Standin, merchant: Caller) -> None:
    """For a while a read shows what was before: nothing, then the payment as it was made; a write sees everything at once."""
    standin.weather(lag_ms=60_000)
    made = merchant.pay().json()["transactionId"]
    assert merchant("GET", f"/payments/{made}").status_code == 404
    standin.weather(lag_ms=0)
    merchant("GET", f"/payments/{made}")
    standin.weather(lag_ms=60_000)
    assert merchant("PATCH", f"/payments/{made}", {"isVoid": True}).json()["transactionState"] == "VOIDED"
    before = merchant("GET", f"/payments/{made}")
    standin.weather(lag_ms=0)
    assert (before.status_code, merchant("GET", f"/payments/{made}").json()["transactionState"]) == (404, "VOIDED")


def test_the_same_seed_gives_the_same_weather(standin: Standin, merchant: Caller) -> None:
    """What happened to a sequence of requests happens to it again, and all kinds of it happen."""

    def happened() -> list[list[str]]:
        standin.weather(revoke=0.1, reset_before=0.1, reset_after=0.1, cut=0.1, errors=0.1, errors_after=0.5, maintenance=0.05)
        since = len(standin.record())
        for _ in range(40):
            with contextlib.suppress(httpx.TransportError):
                merchant("GET", "/payments/unknown")
        return [each["strokes"] for each in standin.record(since)]

    first = happened()

    assert happened() == first
    assert len({stroke for strokes in first for stroke in strokes}) >= 7


def test_weather_that_does_not_exist(standin: Standin) -> None:
    """A test that switches on what there is not is told so."""
    asked: tuple[dict[str, Any], ...] = ({"snow": 1}, {"rate": "fast"}, {"cut": True}, {"only": "("})
    for said, changes in zip(("snow", "rate", "cut", "no pattern"), asked, strict=True):
        with pytest.raises(ValueError, match=said):
            standin.weather(**changes)
    with pytest.raises(ValueError, match="hail"):
        standin.strike("hail")
