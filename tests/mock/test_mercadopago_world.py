"""Mercado Pago's payment profiles as a client lives with them: the documented exchange, keys, lost answers, bad input."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from payproof.mock import mercadopago_models as models
from payproof.mock.mercadopago_errors import Denied, Problem
from payproof.mock.refusal import Invalid
from payproof.mock.wire import fingerprint
from tests.mock.mercadopago_seller import MASTER, VISA, Json, Seller, body_of, card_of, codes, place, seller, seller_of

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["seller"]

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@pytest.fixture
def customer(seller: Seller) -> str:
    return seller.customer()


def test_the_documented_exchange(seller: Seller, customer: str) -> None:
    """The documented request, with a token that exists, gives the documented members; later answers show the same."""
    sent = {
        "description": "Test payment profile",
        "max_day_overdue": 5,
        "statement_descriptor": "Test Descriptor",
        "sequence_control": "MANUAL",
        "payment_methods": [{"id": "visa", "type": "credit_card", "token": seller.card_token(), "default_method": False}],
    }
    response = seller.call("POST", f"{customer}/payment-profiles", sent)
    profile = response.json()
    assert response.status_code == 201
    assert list(profile) == [
        "id",
        "created_date",
        "last_updated_date",
        "description",
        "max_day_overdue",
        "statement_descriptor",
        "status",
        "sequence_control",
        "payment_methods",
    ]
    assert re.fullmatch(r"[0-9a-f]{32}", profile["id"])
    assert MOMENT.fullmatch(profile["created_date"])
    assert all(profile[name] == value for name, value in sent.items() if name != "payment_methods")
    [method] = profile["payment_methods"]
    assert list(method) == ["payment_method_id", "id", "type", "card_id", "status", "default_method"]
    assert UUID.fullmatch(method["payment_method_id"])
    assert type(method["card_id"]) is int
    assert seller.read(customer, profile) == profile
    assert seller.listed(customer) == {"paging": {"total": 1, "limit": 50, "offset": 0}, "data": [profile]}
    assert [each["id"] for each in seller.done("GET", customer)["cards"]] == [method["card_id"]]


def test_defaults_of_members(seller: Seller, customer: str) -> None:
    """What was not sent is not shown, but for sequence_control, which is AUTO."""
    profile = seller.create(customer)
    assert profile.keys() == {"id", "created_date", "last_updated_date", "status", "sequence_control", "payment_methods"}
    assert profile["sequence_control"] == "AUTO"


def test_a_life(seller: Seller, customer: str) -> None:
    """A profile is made, extended, reduced and cancelled; each change moves its date and is counted once."""
    profile = seller.create(customer)
    added = seller.done("POST", place(customer, profile, "/payment-methods"), seller.card(customer, MASTER))
    first = profile["payment_methods"][0]["payment_method_id"]
    removed = seller.call("DELETE", place(customer, profile, f"/payment-methods/{first}"))
    assert (removed.status_code, removed.content) == (204, b"")
    assert seller.call("DELETE", place(customer, profile, f"/payment-methods/{first}")).status_code == 404
    reduced = seller.read(customer, profile)
    cancelled = seller.call("POST", place(customer, profile, "/cancel"))
    assert (cancelled.status_code, cancelled.content) == (204, b"")
    dates = [each["last_updated_date"] for each in (profile, added, reduced, seller.read(customer, profile))]
    assert dates == sorted(set(dates))
    assert seller.control("effects")["effects"] == {
        "customers created": 1,
        "card tokens created": 2,
        "cards saved": 2,
        "payment profiles created": 1,
        "payment profile methods added": 1,
        "payment profile methods deleted": 1,
        "payment profiles cancelled": 1,
    }


def test_a_customer_comes_back(seller: Seller) -> None:
    """A customer is shown as it was sent, by its id and by a search."""
    sent: Json = {
        "email": "jhon@doe.com",
        "first_name": "Jhon",
        "last_name": "Doe",
        "phone": {"area_code": "55", "number": "991234567"},
        "identification": {"type": "CPF", "number": "12345678900"},
        "address": {"zip_code": "01234567", "street_name": "Rua Exemplo", "street_number": 123, "city": {}},
        "description": "Description del user",
    }
    customer = seller.done("POST", "/customers", sent)
    assert {name: customer[name] for name in sent} == sent
    assert customer["cards"] == []
    assert MOMENT.fullmatch(customer["date_created"])
    assert seller.done("GET", f"/customers/{customer['id']}") == customer
    assert seller.done("GET", "/customers/search?email=jhon@doe.com")["results"] == [customer]
    assert seller.call("GET", "/customers/nobody").status_code == 404


@pytest.mark.parametrize(
    ("member", "value", "code"),
    [
        ("first_name", 5, "107"),
        ("last_name", [], "108"),
        ("last_name", None, "108"),
        ("phone", "55", "109"),
        ("phone", {"area_code": 55}, "109"),
        ("phone", {"number": None}, "110"),
        ("identification", 1, "111"),
        ("identification", {"type": []}, "111"),
        ("identification", {"number": 12345678900}, "112"),
        ("address", [], "113"),
        ("description", {}, "116"),
        ("metadata", "a", "117"),
    ],
)
def test_a_customer_is_checked(seller: Seller, member: str, value: object, code: str) -> None:
    """A member of another type has a code of its own, and nobody is created."""
    refused = seller.call("POST", "/customers", {"email": "john@example.com", member: value})
    assert refused.status_code == 400
    assert [each["code"] for each in refused.json()["cause"]] == [code]
    assert refused.json().keys() == {"message", "error", "status", "cause"}
    assert "customers created" not in seller.control("effects")["effects"]


def test_a_saved_card(seller: Seller, customer: str) -> None:
    """A card token becomes a card with a number for an id; without a token there is none."""
    token = seller.done("POST", "/card_tokens", card_of(MASTER))
    assert re.fullmatch(r"[0-9a-f]{32}", token["id"])
    saved = seller.done("POST", f"{customer}/cards", {"token": token["id"]})
    assert type(saved["id"]) is int
    assert saved["customer_id"] == customer.rpartition("/")[2]
    assert (saved["expiration_month"], saved["expiration_year"], saved["payment_method"]["id"]) == (11, 2030, "master")
    for body, code in (({}, "119"), ({"token": 5}, "121"), ({"token": token["id"]}, "120")):
        assert seller.call("POST", f"{customer}/cards", body).json()["cause"][0]["code"] == code
    assert seller.call("POST", "/customers/nobody/cards", {"token": seller.card_token()}).status_code == 404
    assert not any(number in text for number in (VISA, MASTER) for text in seller.seen)


def changes(seller: Seller, customer: str) -> list[tuple[str, str, Any, str]]:
    """List one request for each change of a payment profile, with the name of its effect."""

    def profile() -> Json:
        return seller.create(customer, seller.card(customer))

    reduced = profile()
    method = reduced["payment_methods"][0]["payment_method_id"]
    return [
        ("POST", f"{customer}/payment-profiles", body_of(seller.by_token()), "payment profiles created"),
        ("POST", place(customer, profile(), "/payment-methods"), seller.card(customer), "payment profile methods added"),
        ("POST", place(customer, profile(), "/cancel"), None, "payment profiles cancelled"),
        ("DELETE", place(customer, reduced, f"/payment-methods/{method}"), None, "payment profile methods deleted"),
    ]


def count(seller: Seller, effect: str) -> int:
    return int(seller.control("effects")["effects"].get(effect, 0))


@pytest.mark.parametrize("operation", range(4))
def test_the_same_key_again(seller: Seller, customer: str, operation: int) -> None:
    """A key brings the first answer, also after more has happened; only the first time something is done."""
    verb, path, body, effect = changes(seller, customer)[operation]
    before = count(seller, effect)
    first = seller.call(verb, path, body, key="one")
    seller.create(customer)
    again = seller.call(verb, path, body, key="one")
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert first.status_code in (201, 204)
    assert count(seller, effect) == before + 1 + (operation == 0)


@pytest.mark.parametrize("operation", range(4))
def test_a_lost_answer(seller: Seller, customer: str, operation: int) -> None:
    """An answer that is lost after the change comes when the request is repeated, and so it is with a failure."""
    for kind, script in (("drop-after-commit", {}), ("fail-after-commit", {"status": 503})):
        verb, path, body, effect = changes(seller, customer)[operation]
        before = count(seller, effect)
        seller.control("script", {"answers": [{"kind": kind, **script}]})
        try:
            assert seller.call(verb, path, body, key=kind).status_code == 503
        except httpx.RemoteProtocolError:
            assert kind == "drop-after-commit"
        assert count(seller, effect) == before + 1
        assert seller.call(verb, path, body, key=kind).status_code in (201, 204)
        assert count(seller, effect) == before + 1


@pytest.mark.parametrize("operation", range(4))
def test_many_at_once(seller: Seller, customer: str, operation: int) -> None:
    """Twelve equal requests at once have one effect and one answer."""
    verb, path, body, effect = changes(seller, customer)[operation]
    before = count(seller, effect)
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: seller.call(verb, path, body, key="one"), range(12)))
    assert len({(each.status_code, each.content) for each in answers}) == 1
    assert answers[0].status_code in (201, 204)
    assert count(seller, effect) == before + 1


def test_a_key_after_a_day(seller: Seller, customer: str) -> None:
    """A key is good for 24 hours of the tenant's clock, and then for another request."""
    card = seller.card(customer)
    path = f"{customer}/payment-profiles"
    first = seller.done("POST", path, body_of(card), key="one")
    seller.control("clock", {"advance": 86_390})
    assert seller.done("POST", path, body_of(card), key="one") == first
    seller.control("clock", {"advance": 11})
    assert seller.done("POST", path, body_of(card), key="one")["id"] != first["id"]
    seller.control("clock", {"advance": -90_000})
    assert codes(seller.call("POST", path, body_of(card, description="a"), key="one")) == ["validation_error"]
    assert seller.created() == 2


def test_the_clock_goes_back(seller: Seller, customer: str) -> None:
    """The date of the last change never goes back, whatever the clock does."""
    profile = seller.create(customer)
    seller.control("clock", {"set": "2024-01-01T00:00:00Z"})
    added = seller.done("POST", place(customer, profile, "/payment-methods"), seller.card(customer))
    assert added["last_updated_date"] > profile["last_updated_date"]


def test_scripted_answers(seller: Seller, customer: str) -> None:
    """Scripted failures have the error body of the operation that meets them; a delay and unknown members succeed."""
    path = f"{customer}/payment-profiles"
    seller.control(
        "script",
        {
            "answers": [
                {"kind": "status", "status": 429, "retry_after": 7},
                {"kind": "status", "status": 500},
                {"kind": "status", "status": 503},
                {"kind": "delay", "seconds": 0.01},
                {"kind": "unknown-members", "api": "mercadopago-profiles"},
            ]
        },
    )
    limited, failed = seller.call("POST", path, body_of()), seller.call("GET", path)
    assert (limited.status_code, limited.headers["retry-after"], codes(limited)) == (429, "7", ["Too Many Requests"])
    assert (failed.status_code, codes(failed)) == (500, ["internal_server_error"])
    assert seller.call("GET", customer).json()["status"] == 503
    assert seller.listed(customer)["data"] == []
    assert "futureMember" in seller.listed(customer)


def test_a_tenant_is_forgotten(seller: Seller) -> None:
    """Nothing of a forgotten tenant is left, and its token opens nothing."""
    other = seller_of(seller.client)
    customer = other.customer()
    other.create(customer)
    client_id = other.told["client_id"]
    assert other.client.delete(f"/__mock__/tenants/{client_id}").status_code == 204
    assert other.call("GET", customer).status_code == 401


def test_credentials_follow_from_the_name(seller: Seller) -> None:
    """A tenant of the same name has the same tokens, no two tokens are equal, all have the vendor's shape."""
    first, again = (seller.client.post("/__mock__/tenants", json={"name": "mercadopago"}).json() for _ in range(2))
    tokens = {name: value for name, value in first.items() if name.startswith("mercadopago_")}
    assert first == again
    assert len(tokens) == len(set(tokens.values())) == 8
    assert not set(tokens.values()) & set(seller.told.values())
    assert all(re.fullmatch(r"APP_USR-\d{16}-\d{6}-[0-9a-f]{32}-\d{9}", value) for value in tokens.values())


NESTED = [10, 500, 900, 970, 980, 985, 990, 995, 1_000, 5_000]


@pytest.mark.parametrize("depth", NESTED)
def test_nesting(seller: Seller, customer: str, depth: int) -> None:
    """However deep an unknown member or metadata is nested, the answer is a documented one, and a read works after it."""
    inner = b"[" * depth + b"]" * depth
    card = json.dumps(seller.card(customer)).encode()
    created = seller.call("POST", f"{customer}/payment-profiles", b'{"x": %b, "payment_methods": [%b]}' % (inner, card))
    assert created.status_code in (201, 400)
    kept = seller.call("POST", "/customers", b'{"email": "deep@example.com", "metadata": {"x": %b}}' % inner)
    assert kept.status_code == (201 if depth < 32 else 400)
    assert seller.call("GET", "/customers/search").status_code == 200


def test_a_fingerprint_of_what_was_just_flat_enough() -> None:
    """A body that is nested too deeply to be written is refused like one that cannot be read."""
    body: list[Any] = []
    for _ in range(100_000):
        body = [body]
    with pytest.raises(Invalid, match=r"^body is nested too deeply$"):
        fingerprint(body)


@pytest.mark.parametrize("number", [b"1e999", b"-1e999", b"9" * 4_300, b"1" + b"0" * 400 + b".5"])
def test_huge_numbers(seller: Seller, customer: str, number: bytes) -> None:
    """A number beyond every limit is refused where it counts, and does no harm where nobody reads it."""
    card = json.dumps(seller.card(customer)).encode()
    path = f"{customer}/payment-profiles"
    ignored = seller.call("POST", path, b'{"x": %b, "payment_methods": [%b]}' % (number, card))
    assert ignored.status_code == 201
    assert seller.call("POST", path, b'{"max_day_overdue": %b, "payment_methods": [%b]}' % (number, card)).status_code == 400
    kept = seller.call("POST", "/customers", b'{"email": "a@example.com", "metadata": {"x": %b}}' % number)
    assert kept.status_code in (201, 400)
    assert seller.call("GET", "/customers/search").status_code == 200


def test_many_methods(seller: Seller, customer: str) -> None:
    """A list of a hundred thousand methods is refused, with a short answer."""
    for item in (b"{}", b"5", b"null"):
        content = b'{"payment_methods": [%b]}' % b",".join([item] * 100_000)
        refused = seller.call("POST", f"{customer}/payment-profiles", content)
        assert refused.status_code == 400
        assert len(refused.content) < 1_000


def test_hostile_headers(seller: Seller, customer: str) -> None:
    """Keys and tokens of strange characters are refused or used, and never an error of the mock."""
    path, authorization = f"/v1{customer}/payment-profiles", f"Bearer {seller.told[seller.token]}"
    for name, value in ((b"X-Idempotency-Key", b"\xff\xfe"), (b"X-Idempotency-Key", b"k" * 60_000), (b"Authorization", b"Bearer \xff")):
        headers = {b"Authorization": authorization.encode(), b"X-Idempotency-Key": b"k", name: value}
        answer = seller.client.post(path, json=body_of(seller.card(customer)), headers=list(headers.items()))
        assert answer.status_code in (201, 400, 401, 431)
    twice = [("Authorization", authorization)] * 2
    assert seller.client.get(path, headers=twice).status_code == 401


class _Honest:
    def lies(self, fault: str) -> bool:
        return not fault


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
PLACES: list[tuple[Callable[[Any, models.Liar], object], str]] = [
    (models.create_profile, "payment_methods"),
    (models.create_profile, "payment_methods 0"),
    (models.create_profile, "payment_methods 0 id"),
    (models.create_profile, "payment_methods 0 card_id"),
    (models.create_profile, "sequence_control"),
    (models.create_profile, "max_day_overdue"),
    (models.create_profile, "description"),
    (models.add_method, "type"),
    (models.add_method, "token"),
    (models.add_method, "default_method"),
]


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(where=st.sampled_from(PLACES), value=JSON)
def test_any_value_in_any_place(where: tuple[Callable[[Any, models.Liar], object], str], value: object) -> None:
    """Whatever stands where, it is accepted, or refused with codes and places that are ours."""
    read, path = where
    body: object = value
    for step in reversed(path.split()):
        body = [body] if step == "0" else {step: body}
    problems: tuple[Problem, ...] = ()
    try:
        accepted = read(body, _Honest())
    except Denied as refused:
        accepted, problems = None, refused.problems
    assert (accepted is None) is bool(problems)
    assert all(each.code.isascii() and each.details for each in problems)
    assert all(detail.isascii() for each in problems for detail in each.details)
