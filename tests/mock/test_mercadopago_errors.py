"""Each error code of payment profiles has a request that causes exactly it, one change away from an accepted one."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from payproof.mock import mercadopago_assumed as assumed
from payproof.mock.mercadopago_errors import PROMISED_DETAILS, Denied, Problem, profile_error
from payproof.mock.mercadopago_http import MercadoPagoApi
from payproof.mock.tenants import Tenants
from payproof.mock.wire import Request
from tests.mock.mercadopago_seller import MASTER, Json, Seller, body_of, codes, place, seller, seller_of

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

__all__ = ["seller"]

Change = tuple[str, dict[str, Any], str]
LONG = 2**63

METHOD: list[Change] = [
    ("payment_method_id_cannot_be_blank", {"id": ""}, "id"),
    ("payment_method_id_cannot_be_blank", {"id": " \t"}, "id"),
    ("payment_method_id_cannot_be_blank", {"id": None}, "id"),
    ("payment_method_token_or_card_id_required", {"card_id": None}, "token"),
    ("validation_error", {"id": "bitcoin"}, "id"),
    ("validation_error", {"id": "VISA"}, "id"),
    ("validation_error", {"id": 5}, "id"),
    ("validation_error", {"type": "CREDIT_CARD"}, "type"),
    ("validation_error", {"type": None}, "type"),
    ("validation_error", {"type": ["credit_card"]}, "type"),
    ("validation_error", {"card_id": "1234567890"}, "card_id"),
    ("validation_error", {"card_id": 1234567890.0}, "card_id"),
    ("validation_error", {"card_id": True}, "card_id"),
    ("validation_error", {"card_id": -1}, "card_id"),
    ("validation_error", {"card_id": LONG}, "card_id"),
    ("validation_error", {"token": "12345"}, "token"),
    ("validation_error", {"token": "a" * 31}, "token"),
    ("validation_error", {"token": "a" * 34}, "token"),
    ("validation_error", {"token": ""}, "token"),
    ("validation_error", {"token": 12345}, "token"),
    ("validation_error", {"token": None}, "token"),
    ("validation_error", {"token": "\0" * 32}, "token"),
    ("validation_error", {"token": "a" * 32}, "token"),
    ("validation_error", {"token": "a" * 33}, "token"),
    ("validation_error", {"default_method": "true"}, "default_method"),
    ("validation_error", {"default_method": 1}, "default_method"),
    ("validation_error", {"default_method": None}, "default_method"),
    ("invalid_site_id_for_fintoc", {"id": "fintoc"}, "id"),
]
PROFILE: list[Change] = [
    ("payment_methods_cannot_be_null", {"payment_methods": None}, "payment_methods"),
    ("payment_methods_cannot_be_null", {"payment_methods": [None]}, "payment_methods"),
    ("payment_methods_required", {"payment_methods": []}, "payment_methods"),
    ("validation_error", {"payment_methods": {}}, "payment_methods"),
    ("validation_error", {"payment_methods": "visa"}, "payment_methods"),
    ("validation_error", {"payment_methods": [5]}, "payment_methods"),
    ("html_insertion_not_allowed", {"description": "<b>Test</b>"}, "description"),
    ("html_insertion_not_allowed", {"description": "Test <br/> profile"}, "description"),
    ("html_insertion_not_allowed", {"description": "Test <!-- profile -->"}, "description"),
    ("html_insertion_not_allowed", {"statement_descriptor": "</script>"}, "statement_descriptor"),
    ("max_day_overdue_out_of_range", {"max_day_overdue": 0}, "max_day_overdue"),
    ("max_day_overdue_out_of_range", {"max_day_overdue": 11}, "max_day_overdue"),
    ("max_day_overdue_out_of_range", {"max_day_overdue": -(2**70)}, "max_day_overdue"),
    ("validation_error", {"max_day_overdue": "5"}, "max_day_overdue"),
    ("validation_error", {"max_day_overdue": 5.0}, "max_day_overdue"),
    ("validation_error", {"max_day_overdue": True}, "max_day_overdue"),
    ("validation_error", {"max_day_overdue": None}, "max_day_overdue"),
    ("validation_error", {"description": 5}, "description"),
    ("validation_error", {"description": None}, "description"),
    ("validation_error", {"description": "a\0b"}, "description"),
    ("validation_error", {"description": "\ud800"}, "description"),
    ("validation_error", {"statement_descriptor": ["MERCADOPAGO"]}, "statement_descriptor"),
    ("validation_error", {"sequence_control": "auto"}, "sequence_control"),
    ("validation_error", {"sequence_control": None}, "sequence_control"),
    ("validation_error", {"sequence_control": ["AUTO"]}, "sequence_control"),
]
UNREADABLE = [
    pytest.param(b"", "application/json", id="nothing"),
    pytest.param(b'{"payment_methods": [', "application/json", id="an end too early"),
    pytest.param(b"[]", "application/json", id="an array"),
    pytest.param(b'"text"', "application/json", id="a string"),
    pytest.param(b'{"a": NaN}', "application/json", id="NaN"),
    pytest.param(b'{"description": "a", "description": "b"}', "application/json", id="a member twice"),
    pytest.param(b'{"a": "\xff"}', "application/json", id="no UTF-8"),
    pytest.param(b"[" * 500_000, "application/json", id="an array nested without end"),
    pytest.param(b'{"a": ' + b"9" * 5_000 + b"}", "application/json", id="an integer of 5,000 digits"),
    pytest.param(b" " * 5_000_000, "application/json", id="five megabytes"),
    pytest.param(b"{}", "text/plain", id="another content type"),
    pytest.param(b"{}", "", id="an empty content type"),
]


def names(change: Change) -> str:
    return f"{change[0]}-{change[1]!r}"[:80]


def exactly(response: httpx.Response, code: str, member: str | None = None, status: int = 400) -> bool:
    """Tell whether a refusal has one code, and details exactly where the source promises them."""
    assert response.status_code == status, response.text
    errors = response.json()["errors"]
    assert [each["code"] for each in errors] == [code]
    assert all(each["message"] for each in errors)
    assert ("details" in errors[0]) is (code in PROMISED_DETAILS)
    return member is None or any(member in detail for detail in errors[0].get("details", [errors[0]["message"]]))


@pytest.fixture
def customer(seller: Seller) -> str:
    return seller.customer()


@pytest.fixture
def accepted(seller: Seller, customer: str) -> Json:
    """Give the documented body with a saved card, which is accepted."""
    body = {
        "description": "Test payment profile",
        "max_day_overdue": 5,
        "statement_descriptor": "Test Descriptor",
        "sequence_control": "MANUAL",
        "payment_methods": [seller.card(customer)],
    }
    seller.done("POST", f"{customer}/payment-profiles", body)
    return body


@pytest.mark.parametrize("change", PROFILE, ids=names)
def test_a_profile(seller: Seller, customer: str, accepted: Json, change: Change) -> None:
    """One change to the accepted body causes its code, names the member and creates nothing."""
    code, changed, member = change
    body = {**accepted, **changed}
    content = json.dumps(body).encode()
    assert exactly(seller.call("POST", f"{customer}/payment-profiles", content), code, member)
    assert seller.created() == 1


@pytest.mark.parametrize("change", METHOD, ids=names)
def test_a_method(seller: Seller, customer: str, accepted: Json, change: Change) -> None:
    """One change to the accepted method causes its code at create and at add."""
    code, changed, member = change
    profile = seller.create(customer, seller.card(customer, MASTER))
    method = {**accepted["payment_methods"][0], **changed}
    created = seller.call("POST", f"{customer}/payment-profiles", {**accepted, "payment_methods": [method]})
    assert exactly(created, code, f"payment_methods[0].{member}" if code in PROMISED_DETAILS else member)
    assert exactly(seller.call("POST", place(customer, profile, "/payment-methods"), method), code, member)
    assert seller.created() == 2
    assert seller.read(customer, profile) == profile


@pytest.mark.parametrize("member", ["id", "type", "card_id"])
def test_a_member_missing(seller: Seller, customer: str, accepted: Json, member: str) -> None:
    """A method without its id, its type or its card is refused."""
    expected = {
        "id": "payment_method_id_cannot_be_blank",
        "type": "validation_error",
        "card_id": "payment_method_token_or_card_id_required",
    }
    method = {name: value for name, value in accepted["payment_methods"][0].items() if name != member}
    assert exactly(seller.refused(customer, method), expected[member], member)


def test_methods_missing(seller: Seller, customer: str, accepted: Json) -> None:
    """A body without payment_methods is refused, and so is an add of nothing and of null."""
    del accepted["payment_methods"]
    assert exactly(seller.call("POST", f"{customer}/payment-profiles", accepted), "payment_methods_required", "payment_methods")
    path = place(customer, seller.create(customer), "/payment-methods")
    assert exactly(seller.call("POST", path, {}), "payment_methods_required")
    assert exactly(seller.call("POST", path, b"null"), "payment_methods_cannot_be_null")


@pytest.mark.parametrize("count", [3, 4])
def test_more_than_two(seller: Seller, customer: str, count: int) -> None:
    """More than two methods are refused at create, and a third one at add."""
    methods = [seller.card(customer) for _ in range(count)]
    assert exactly(seller.refused(customer, *methods), "more_than_two_payment_methods_not_allowed")
    profile = seller.create(customer, *methods[:2])
    third = seller.call("POST", place(customer, profile, "/payment-methods"), methods[2])
    assert exactly(third, "more_than_two_payment_methods_not_allowed")
    assert seller.read(customer, profile) == profile


def test_two_defaults(seller: Seller, customer: str) -> None:
    """Two defaults in one request are refused, one is accepted."""
    first, second = seller.card(customer), seller.card(customer, MASTER)
    both = [{**each, "default_method": True} for each in (first, second)]
    assert exactly(seller.refused(customer, *both), "multiple_default_payment_methods_not_allowed")
    created = seller.create(customer, first, both[1])
    assert [each["default_method"] for each in created["payment_methods"]] == [False, True]


def test_two_tokens(seller: Seller, customer: str) -> None:
    """Two tokens in one profile are refused, at create and at add, and neither is used up."""
    first, second = seller.by_token(), seller.by_token()
    assert exactly(seller.refused(customer, first, second), "two_cards_with_token_not_allowed")
    profile = seller.create(customer, first)
    later = seller.call("POST", place(customer, profile, "/payment-methods"), second)
    assert exactly(later, "two_cards_with_token_not_allowed")
    assert seller.create(customer, seller.card(customer), second)


def test_duplicates(seller: Seller, customer: str) -> None:
    """The same card or the same token twice is refused, at create and at add."""
    code = "duplicate_payment_method_not_allowed"
    card, token = seller.card(customer), seller.by_token()
    assert exactly(seller.refused(customer, card, {**card, "type": "debit_card"}), code)
    assert exactly(seller.refused(customer, token, token), code)
    for method in (card, token):
        profile = seller.create(customer, method)
        assert exactly(seller.call("POST", place(customer, profile, "/payment-methods"), method), code)
        known = {"id": "visa", "type": "credit_card", "card_id": profile["payment_methods"][0]["card_id"]}
        assert exactly(seller.call("POST", place(customer, profile, "/payment-methods"), known), code)


def test_cancelled(seller: Seller, customer: str) -> None:
    """A cancelled profile cannot be cancelled, extended or reduced, and stays as it was."""
    profile = seller.create(customer)
    seller.done("POST", place(customer, profile, "/cancel"))
    before = seller.read(customer, profile)
    assert before["status"] == "CANCELLED"
    method = profile["payment_methods"][0]["payment_method_id"]
    for verb, rest, body in (
        ("POST", "/cancel", None),
        ("POST", "/payment-methods", seller.card(customer)),
        ("DELETE", f"/payment-methods/{method}", None),
        ("DELETE", "/payment-methods/nothing", None),
    ):
        assert exactly(seller.call(verb, place(customer, profile, rest), body), "profile_modification_not_allowed")
    assert seller.read(customer, profile) == before


@pytest.mark.parametrize("holder", ["OTHE", "FUND"])
def test_not_approved(seller: Seller, customer: str, holder: str) -> None:
    """A card of a test name is declined by token and by card, and leaves nothing; the token can be tried again."""
    token, card = seller.by_token(holder), seller.card(customer, MASTER, holder)
    profile = seller.create(customer)
    for method in (token, token, card):
        assert exactly(seller.refused(customer, method), "payment_method_not_approved", status=402)
    added = seller.call("POST", place(customer, profile, "/payment-methods"), card)
    assert exactly(added, "payment_method_not_approved", status=402)
    assert seller.listed(customer)["data"] == [profile]


@pytest.mark.parametrize(("content", "media_type"), UNREADABLE)
def test_unreadable(seller: Seller, customer: str, content: bytes, media_type: str) -> None:
    """What is no JSON object is refused at create and at add, and with code 118 at customers and cards."""
    profile = seller.create(customer)
    for path in (f"{customer}/payment-profiles", place(customer, profile, "/payment-methods")):
        assert exactly(seller.call("POST", path, content, Content_Type=media_type), "payload_failed")
    for path in ("/customers", "/card_tokens", f"{customer}/cards"):
        refused = seller.call("POST", path, content, Content_Type=media_type)
        assert refused.status_code == 400
        assert [each["code"] for each in refused.json()["cause"]] == ["118"]
    assert seller.created() == 1


def operations(customer: str, profile: Json, method: Json) -> list[tuple[str, str, Any]]:
    """List the operations on payment profiles, each as it is accepted."""
    first = profile["payment_methods"][0]["payment_method_id"]
    return [
        ("POST", f"{customer}/payment-profiles", body_of(method)),
        ("GET", f"{customer}/payment-profiles", None),
        ("GET", place(customer, profile), None),
        ("POST", place(customer, profile, "/payment-methods"), method),
        ("DELETE", place(customer, profile, f"/payment-methods/{first}"), None),
        ("POST", place(customer, profile, "/cancel"), None),
    ]


@pytest.mark.parametrize(("code", "status"), assumed.TEST_CREDENTIALS)
def test_test_credentials(seller: Seller, customer: str, code: str, status: int) -> None:
    """Each test credential causes its error at every operation on payment profiles, and changes nothing."""
    profile = seller.create(customer)
    expected = {429: "Too Many Requests", 500: "internal_server_error"}.get(status, code)
    for verb, path, body in operations(customer, profile, seller.card(customer)):
        assert exactly(seller.call(verb, path, body, token=f"mercadopago_token_{code}"), expected, status=status)
    assert seller.listed(customer)["data"] == [profile]
    assert seller.call("GET", customer, token=f"mercadopago_token_{code}").status_code == 200


def test_authentication(seller: Seller, customer: str) -> None:
    """Without Authorization a header is missing; a value that opens nothing is no access token."""
    profile = seller.create(customer)
    for verb, path, body in operations(customer, profile, seller.card(customer)):
        missing = seller.call(verb, path, body, drop="Authorization")
        assert exactly(missing, "header_missing", status=401)
        assert missing.headers["www-authenticate"].startswith("Bearer ")
        for value in ("Bearer APP_USR-1", "Basic " + "YTpi", "Bearer", f"Bearer {seller.told['client_secret']}"):
            assert exactly(seller.call(verb, path, body, Authorization=value), "Unauthorized Access Token", status=401)
    assert seller.listed(customer)["data"] == [profile]
    assert seller.call("GET", customer, drop="Authorization").json()["error"] == "unauthorized"


def test_keys(seller: Seller, customer: str) -> None:
    """What changes something needs a key of 1 to 64 characters."""
    profile = seller.create(customer)
    for verb, path, body in operations(customer, profile, seller.card(customer)):
        if verb == "GET":
            assert seller.call(verb, path, drop="X-Idempotency-Key").status_code == 200
            continue
        assert exactly(seller.call(verb, path, body, drop="X-Idempotency-Key"), "header_missing", status=401)
        for key in ("", "k" * 65):
            assert exactly(seller.call(verb, path, body, key=key), "validation_error", "X-Idempotency-Key")
    assert seller.listed(customer)["data"] == [profile]
    for key in ("k", "k" * 64):
        seller.done("POST", f"{customer}/payment-profiles", body_of(seller.card(customer)), key=key)


def test_not_found(seller: Seller, customer: str) -> None:
    """Unknown customers, profiles, methods and cards are not found, those of another tenant neither."""
    profile, method = seller.create(customer), seller.card(customer)
    other = seller_of(seller.client)
    theirs = other.customer()
    foreign = other.create(theirs)
    for path in ("/customers/nobody", theirs):
        for verb, wrong, body in operations(path, profile, method):
            assert exactly(seller.call(verb, wrong, body), "resource_not_found", status=404)
    for identifier in ("0" * 32, "%00", "%FF", "x" * 5_000, foreign["id"]):
        for verb, wrong, body in operations(customer, {**profile, "id": identifier}, method)[2:]:
            assert exactly(seller.call(verb, wrong, body), "resource_not_found", status=404)
    unknown = place(customer, profile, "/payment-methods/64abf0f5-3e15-48a5-9be0-a8ac56bbd87a")
    assert exactly(seller.call("DELETE", unknown), "resource_not_found", status=404)
    for card_id in (0, 1234567890, foreign["payment_methods"][0]["card_id"], seller.card(seller.customer())["card_id"]):
        assert exactly(seller.refused(customer, {**method, "card_id": card_id}), "resource_not_found", status=404)
    assert seller.read(customer, profile) == profile


def test_customer_mismatch(seller: Seller, customer: str) -> None:
    """A profile of another customer of the same tenant does not match."""
    profile, second = seller.create(customer), seller.customer()
    for verb, path, body in operations(second, profile, seller.card(second))[2:]:
        assert exactly(seller.call(verb, path, body), "customer_id_mismatch", "customer_id")
    assert seller.read(customer, profile) == profile


def test_all_violations(seller: Seller, customer: str) -> None:
    """What is wrong with a body is listed completely, by code."""
    answer = seller.refused(customer, {"type": 5}, {"id": "x", "token": 1}, max_day_overdue=11, description="<b>")
    assert codes(answer) == [
        "html_insertion_not_allowed",
        "max_day_overdue_out_of_range",
        "payment_method_id_cannot_be_blank",
        "validation_error",
        "payment_method_token_or_card_id_required",
    ]
    details = {each["code"]: len(each["details"]) for each in answer.json()["errors"]}
    assert details["validation_error"] == 4


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "limit=", "limit=1&limit=2", "offset=-1", "status=ready", "status="])
def test_filters(seller: Seller, customer: str, query: str) -> None:
    """A filter out of range is refused and named."""
    refused = seller.call("GET", f"{customer}/payment-profiles?{query}")
    assert exactly(refused, "validation_error", query.partition("=")[0])


def test_methods_and_paths(seller: Seller, customer: str) -> None:
    """Other methods are answered 405 with what is allowed, other paths 404."""
    for path, allowed in ((f"{customer}/payment-profiles", "GET, HEAD, OPTIONS, POST"), ("/card_tokens", "OPTIONS, POST")):
        answer = seller.call("PUT", path, {})
        assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
        assert seller.call("OPTIONS", path).status_code == 204
        assert seller.call("OPTIONS", path).headers["allow"] == allowed
    assert seller.call("HEAD", f"{customer}/payment-profiles").status_code == 200
    for path in ("/customers/", f"{customer}/payment-profiles/", f"{customer}/cards/1", f"{customer}/a/b/c/d/e/f"):
        assert seller.call("GET", path).status_code == 404


@pytest.mark.parametrize("envelope", [1, 2, 3])
def test_envelopes(envelope: int) -> None:
    """The setting gives the three shapes that are known, and all of them have the code and the details."""
    refused = Denied(400, Problem("validation_error", ("token must be a string",)), Problem("customer_id_mismatch"))
    body = profile_error(refused, envelope)
    entries = body["errors"] if envelope == 2 else body["cause"]
    assert [each["code"] for each in entries] == ["validation_error", "customer_id_mismatch"]
    assert [each.get("details") for each in entries] == [["token must be a string"], None]
    if envelope == 2:
        assert body.keys() == {"errors"}
        return
    assert body.keys() == {"message", "error", "status", "cause"}
    assert body["status"] == {1: 400, 3: "400"}[envelope]


@pytest.mark.parametrize(("envelope", "members"), [(1, {"message", "error", "status", "cause"}), (2, {"errors"})])
def test_the_envelope_is_a_setting(envelope: int, members: set[str]) -> None:
    """The API answers in the shape that it was made with."""
    scope = {"type": "http", "method": "GET", "path": "/v1/customers/x/payment-profiles", "headers": [], "query_string": b""}
    receive: Callable[[], Any] = asyncio.Event().wait
    answer = asyncio.run(MercadoPagoApi(Tenants(), envelope=envelope)(Request(scope, receive)))
    assert answer.status == 401
    assert answer.body is not None
    assert set(answer.body) == members


def failing_call(path: str, receive: Callable[[], Any]) -> tuple[int, Any]:
    """Post to an app in this process, as the tenant ``slow``, and give status and body of the answer."""
    tenants = Tenants()
    token = tenants.named("slow").credentials["mercadopago_token"]
    headers = [(b"authorization", f"Bearer {token}".encode()), (b"x-idempotency-key", b"k"), (b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": path, "headers": headers, "query_string": b""}
    answer = asyncio.run(MercadoPagoApi(tenants)(Request(scope, receive)))
    return answer.status, answer.body


@pytest.mark.parametrize(("path", "family"), [("/v1/customers/x/payment-profiles", "errors"), ("/v1/customers", "cause")])
def test_a_body_that_never_ends(monkeypatch: pytest.MonkeyPatch, path: str, family: str) -> None:
    """A body that does not arrive in time cannot be read, which is documented, unlike 408."""
    monkeypatch.setattr("payproof.mock.assumed.BODY_TIMEOUT_SECONDS", 0.02)
    status, body = failing_call(path, asyncio.Event().wait)
    assert status == 400
    assert body[family][0]["code"] == {"errors": "payload_failed", "cause": "118"}[family]


def test_an_error_of_the_mock() -> None:
    """When the mock itself fails, the answer is the documented 500."""
    answer = MercadoPagoApi(Tenants()).failure()
    assert answer.status == 500
    assert isinstance(answer.body, dict)
    assert [each["code"] for each in answer.body["errors"]] == ["internal_server_error"]
