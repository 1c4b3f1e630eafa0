"""The choices about Mercado Pago that no document makes: one test for each, named as it is."""

from __future__ import annotations

import sys
from typing import Any
from uuid import uuid4

import pytest

from payproof.mock import mercadopago_assumed as assumed
from tests.mock.mercadopago_seller import MASTER, VISA, Json, Seller, body_of, card_of, codes, place, seller, seller_of

__all__ = ["seller"]


@pytest.fixture
def customer(seller: Seller) -> str:
    return seller.customer()


@pytest.fixture
def card(seller: Seller, customer: str) -> Json:
    return seller.card(customer)


@pytest.fixture
def profile(seller: Seller, customer: str, card: Json) -> Json:
    return seller.create(customer, card)


def defaults(shown: Json) -> list[bool]:
    return [each["default_method"] for each in shown["payment_methods"]]


def causes(seller: Seller, path: str, body: Any) -> list[str]:
    response = seller.call("POST", path, body)
    assert response.status_code == 400, response.text
    return [each["code"] for each in response.json()["cause"]]


def test_each_choice_has_a_test() -> None:
    """Names of choices and names of tests are the same set."""
    module = sys.modules[__name__]
    tested = {name.removeprefix("test_") for name in vars(module) if name.startswith("test_")}
    assert tested - {"each_choice_has_a_test"} == assumed.BEHAVIOUR.keys()


def test_missing_key(seller: Seller, customer: str, card: Json) -> None:
    """A create without a key is 401 and names the code of a missing header."""
    missing = seller.call("POST", f"{customer}/payment-profiles", body_of(card), drop="X-Idempotency-Key")
    assert (missing.status_code, codes(missing)) == (401, ["header_missing"])
    assert seller.created() == 0


def test_key_out_of_range(seller: Seller, customer: str, card: Json) -> None:
    """An empty key, a long one and two of them are refused, and the header is named."""
    path = f"{customer}/payment-profiles"
    authorization = f"Bearer {seller.told[seller.token]}"
    for keys in ([""], ["k" * 65], ["k", "k"]):
        headers = [("Authorization", authorization), *(("X-Idempotency-Key", key) for key in keys)]
        refused = seller.client.post(f"/v1{path}", json=body_of(card), headers=headers)
        assert codes(refused) == ["validation_error"]
        assert "X-Idempotency-Key" in refused.json()["errors"][0]["details"][0]
    assert seller.created() == 0


def test_key_scope(seller: Seller, customer: str) -> None:
    """One key is good for another profile, for another operation, for another customer and for another tenant."""
    first, second = seller.create(customer), seller.create(customer)
    for profile in (first, second):
        seller.done("POST", place(customer, profile, "/payment-methods"), seller.card(customer), key="one")
        seller.done("POST", place(customer, profile, "/cancel"), key="one")
        assert seller.read(customer, profile)["status"] == "CANCELLED"
        assert len(seller.read(customer, profile)["payment_methods"]) == 2
    for each in (seller, seller, seller_of(seller.client)):
        path = each.customer()
        before = each.created()
        each.done("POST", f"{path}/payment-profiles", body_of(each.card(path)), key="one")
        assert each.created() == before + 1


def test_key_with_other_body(seller: Seller, customer: str, card: Json) -> None:
    """A key that comes with another body is refused and does nothing; the first body is still answered."""
    path = f"{customer}/payment-profiles"
    first = seller.done("POST", path, body_of(card), key="one")
    for other in (body_of(card, description="other"), body_of({**card, "default_method": False}), body_of()):
        assert codes(seller.call("POST", path, other, key="one")) == ["validation_error"]
    assert seller.done("POST", path, body_of(card), key="one") == first
    assert seller.created() == 1


def test_same_body(seller: Seller, customer: str, card: Json) -> None:
    """Order and white space do not make another body."""
    path = f"{customer}/payment-profiles"
    first = seller.done("POST", path, b'{"description": "a", "payment_methods": [%b]}' % method(card, "id", "card_id", "type"), key="one")
    again = seller.done("POST", path, b'{ "payment_methods":[%b],"description":"a"}' % method(card, "type", "id", "card_id"), key="one")
    assert again == first
    assert seller.created() == 1


def method(card: Json, *names: str) -> bytes:
    """Write a method with its members in an order of one's own."""
    members = [f'"{name}": {card[name]}' if name == "card_id" else f'"{name}": "{card[name]}"' for name in names]
    return "{{{}}}".format(", ".join(members)).encode()


def test_key_of_refused(seller: Seller, customer: str, card: Json) -> None:
    """A key of a refused request is good for a correct one."""
    path = f"{customer}/payment-profiles"
    assert seller.call("POST", path, body_of(), key="one").status_code == 400
    assert seller.call("POST", path, body_of(seller.by_token("OTHE")), key="one").status_code == 402
    assert seller.done("POST", path, body_of(card), key="one")
    assert seller.created() == 1


def test_key_of_customers(seller: Seller) -> None:
    """Customers are created without a key, and once with one."""
    for drop in ("X-Idempotency-Key", ""):
        body = {"email": f"{uuid4()}@example.com"}
        first = seller.done("POST", "/customers", body, drop=drop, key="one")
        again = seller.call("POST", "/customers", body, drop=drop, key="one")
        assert (again.status_code, again.json().get("id")) == ((400, None) if drop else (201, first["id"]))
    customer = f"/customers/{first['id']}"
    token = seller.done("POST", "/card_tokens", card_of(), key="one")
    assert seller.done("POST", "/card_tokens", card_of(), key="one") == token
    card = seller.done("POST", f"{customer}/cards", {"token": token["id"]}, key="one")
    assert seller.done("POST", f"{customer}/cards", {"token": token["id"]}, key="one") == card


def test_key_on_read(seller: Seller, customer: str, profile: Json) -> None:
    """A read with a key shows the present, not what the key showed before."""
    for key in ("one", "k" * 65):
        assert seller.done("GET", place(customer, profile), key=key) == seller.read(customer, profile)
        seller.call("POST", place(customer, profile, "/cancel"))
    assert seller.done("GET", place(customer, profile), key="one")["status"] == "CANCELLED"


def test_all_violations(seller: Seller, customer: str) -> None:
    """Two faults of one code are one entry, a fault of another code is another."""
    errors = seller.refused(customer, description=5, statement_descriptor=5).json()["errors"]
    assert [(each["code"], len(each["details"])) for each in errors] == [("validation_error", 2), ("payment_methods_required", 1)]


def test_no_methods(seller: Seller, customer: str) -> None:
    """No methods are required, null is null."""
    for body, code in (
        ({}, "payment_methods_required"),
        ({"payment_methods": []}, "payment_methods_required"),
        ({"payment_methods": None}, "payment_methods_cannot_be_null"),
        ({"payment_methods": [None]}, "payment_methods_cannot_be_null"),
    ):
        assert codes(seller.call("POST", f"{customer}/payment-profiles", body)) == [code]


def test_blank_id(seller: Seller, customer: str, card: Json) -> None:
    """An id of white space is blank, one that nobody knows is not valid."""
    for value, code in (("\n", "payment_method_id_cannot_be_blank"), ("pix", "validation_error")):
        assert codes(seller.refused(customer, {**card, "id": value})) == [code]


def test_type_required(seller: Seller, customer: str, card: Json) -> None:
    """A card needs a type; fintoc needs none."""
    del card["type"]
    assert codes(seller.refused(customer, card)) == ["validation_error"]
    seller.token = "mercadopago_token_chile"
    assert "type" not in seller.create(customer, {"id": "fintoc"})["payment_methods"][0]


def test_token_or_card(seller: Seller, customer: str, card: Json) -> None:
    """Null is as good as absent where both are; beside a value it is no string."""
    nothing = {"id": "visa", "type": "credit_card"}
    for method in (nothing, {**nothing, "token": None}, {**nothing, "token": None, "card_id": None}):
        assert codes(seller.refused(customer, method)) == ["payment_method_token_or_card_id_required"]
    assert codes(seller.refused(customer, {**card, "token": None})) == ["validation_error"]


def test_token_and_card(seller: Seller, customer: str, card: Json) -> None:
    """With both the card is the saved one, and the token cannot be used again."""
    both = {**card, "token": seller.card_token(MASTER)}
    assert seller.create(customer, both)["payment_methods"][0]["card_id"] == card["card_id"]
    assert codes(seller.refused(customer, {**seller.by_token(), "token": both["token"]})) == ["validation_error"]


def test_token_once(seller: Seller, customer: str) -> None:
    """A token is good for one card, wherever it was used, and not for another tenant."""
    saved, used, foreign = seller.by_token(), seller.by_token(), seller_of(seller.client).by_token()
    seller.done("POST", f"{customer}/cards", {"token": saved["token"]})
    seller.create(customer, used)
    for method in (saved, used, foreign, {**saved, "token": "0" * 32}):
        refused = seller.refused(customer, method)
        assert codes(refused) == ["validation_error"]
        assert method["token"] not in refused.text
        assert causes(seller, f"{customer}/cards", {"token": method["token"]}) == ["120"]


def test_token_is_a_card(seller: Seller, customer: str) -> None:
    """Two tokens of one number are two cards."""
    first, second = seller.card(customer), seller.card(customer)
    assert first["card_id"] != second["card_id"]
    assert len(seller.create(customer, first, second)["payment_methods"]) == 2


def test_token_in_profile(seller: Seller, customer: str, card: Json) -> None:
    """A second method by token is refused while the first one is there."""
    profile = seller.create(customer)
    path = place(customer, profile, "/payment-methods")
    method = seller.by_token()
    assert codes(seller.call("POST", path, method)) == ["two_cards_with_token_not_allowed"]
    assert codes(seller.call("POST", path, {**card, "token": method["token"]})) == ["two_cards_with_token_not_allowed"]
    seller.done("DELETE", f"{path}/{profile['payment_methods'][0]['payment_method_id']}")
    assert len(seller.done("POST", path, method)["payment_methods"]) == 1


def test_duplicate(seller: Seller, customer: str, card: Json, profile: Json) -> None:
    """The same card as another brand is the same card; in another profile it is none."""
    path = place(customer, profile, "/payment-methods")
    assert codes(seller.call("POST", path, {**card, "id": "master"})) == ["duplicate_payment_method_not_allowed"]
    assert seller.create(customer, card)


def test_brand_of_card(seller: Seller, customer: str, card: Json) -> None:
    """A Visa card is accepted as master."""
    assert seller.create(customer, {**card, "id": "master"})["payment_methods"][0]["id"] == "master"


def test_default_of_none(seller: Seller, customer: str, card: Json) -> None:
    """Without a default the first method is it, also where it was sent as none; a sent one is kept."""
    second = seller.card(customer, MASTER)
    assert defaults(seller.create(customer, card, second)) == [True, False]
    assert defaults(seller.create(customer, {**card, "default_method": False})) == [True]
    assert defaults(seller.create(customer, card, {**second, "default_method": True})) == [False, True]


def test_default_on_add(seller: Seller, customer: str, card: Json) -> None:
    """An added default takes over, an added method that is none does not."""
    for sent, expected in (({}, [True, False]), ({"default_method": False}, [True, False]), ({"default_method": True}, [False, True])):
        profile = seller.create(customer, card)
        after = seller.done("POST", place(customer, profile, "/payment-methods"), {**seller.card(customer, MASTER), **sent})
        assert defaults(after) == expected


def test_default_of_deleted(seller: Seller, customer: str, card: Json) -> None:
    """The method that is left becomes the default."""
    profile = seller.create(customer, card, seller.card(customer, MASTER))
    seller.done("DELETE", place(customer, profile, f"/payment-methods/{profile['payment_methods'][0]['payment_method_id']}"))
    after = seller.read(customer, profile)
    assert after["payment_methods"] == [{**profile["payment_methods"][1], "default_method": True}]


def test_add_answers_profile(seller: Seller, customer: str, profile: Json) -> None:
    """The answer of an add is what a read shows after it."""
    added = seller.done("POST", place(customer, profile, "/payment-methods"), seller.card(customer, MASTER))
    assert added == seller.read(customer, profile) == seller.listed(customer)["data"][0]
    assert added["payment_methods"][0] == profile["payment_methods"][0]


def test_empty_add(seller: Seller, customer: str, profile: Json) -> None:
    """An empty object and null have codes of their own."""
    path = place(customer, profile, "/payment-methods")
    assert codes(seller.call("POST", path, b"{}")) == ["payment_methods_required"]
    assert codes(seller.call("POST", path, b"null")) == ["payment_methods_cannot_be_null"]


def test_ready_when_verified(seller: Seller, customer: str, profile: Json) -> None:
    """A profile and its method are ready at once, and its two dates are equal."""
    assert profile["status"] == profile["payment_methods"][0]["status"] == "READY"
    assert profile["created_date"] == profile["last_updated_date"]


def test_pending_holder(seller: Seller, customer: str, card: Json) -> None:
    """A pending card makes a pending profile and shows no card; a ready one beside it makes the profile ready."""
    for pending in (seller.by_token("CONT"), seller.card(customer, MASTER, "CONT")):
        profile = seller.create(customer, pending)
        assert profile["status"] == profile["payment_methods"][0]["status"] == "PENDING"
        assert "card_id" not in profile["payment_methods"][0]
        after = seller.done("POST", place(customer, profile, "/payment-methods"), card)
        assert (after["status"], [each["status"] for each in after["payment_methods"]]) == ("READY", ["PENDING", "READY"])


def test_rejected_holder(seller: Seller, customer: str) -> None:
    """The test names decline, other names do not."""
    for holder in sorted(assumed.REJECTED_HOLDERS):
        assert codes(seller.refused(customer, seller.by_token(holder))) == ["payment_method_not_approved"]
    assert codes(seller.refused(customer, {**seller.card(customer), **seller.by_token("OTHE")})) == ["payment_method_not_approved"]
    assert seller.create(customer, seller.by_token("Other"))


def test_empty_profile(seller: Seller, customer: str, card: Json, profile: Json) -> None:
    """A profile without methods is pending, and becomes ready with one, which is the default."""
    path = place(customer, profile, "/payment-methods")
    seller.done("DELETE", f"{path}/{profile['payment_methods'][0]['payment_method_id']}")
    empty = seller.read(customer, profile)
    assert (empty["status"], empty["payment_methods"]) == ("PENDING", [])
    after = seller.done("POST", path, card)
    assert (after["status"], defaults(after)) == ("READY", [True])


def test_cancelled_is_final(seller: Seller, customer: str, card: Json, profile: Json) -> None:
    """Nothing brings a cancelled profile back, not even deleting its method and the passing of time."""
    seller.done("POST", place(customer, profile, "/cancel"))
    for verb, rest in (("POST", "/cancel"), ("DELETE", f"/payment-methods/{profile['payment_methods'][0]['payment_method_id']}")):
        assert codes(seller.call(verb, place(customer, profile, rest))) == ["profile_modification_not_allowed"]
    seller.control("clock", {"advance": 86_400})
    assert seller.read(customer, profile)["status"] == "CANCELLED"


def test_cancel_keeps_methods(seller: Seller, customer: str, profile: Json) -> None:
    """Cancelling changes the status and the date, nothing else."""
    seller.done("POST", place(customer, profile, "/cancel"))
    after = seller.read(customer, profile)
    assert after["last_updated_date"] > profile["last_updated_date"]
    assert after == {**profile, "status": "CANCELLED", "last_updated_date": after["last_updated_date"]}


def test_customer_mismatch(seller: Seller, customer: str, profile: Json) -> None:
    """Another customer of the tenant does not match, another tenant finds nothing."""
    assert codes(seller.call("GET", place(seller.customer(), profile))) == ["customer_id_mismatch"]
    other = seller_of(seller.client)
    assert codes(other.call("GET", place(other.customer(), profile))) == ["resource_not_found"]
    assert codes(other.call("GET", place(customer, profile))) == ["resource_not_found"]


def test_unknown_card(seller: Seller, customer: str, card: Json) -> None:
    """A card of another customer is not found, and named by its place alone."""
    refused = seller.refused(seller.customer(), card)
    assert (refused.status_code, codes(refused)) == (404, ["resource_not_found"])
    assert "payment_methods[0].card_id" in refused.text
    assert str(card["card_id"]) not in refused.text


def test_unknown_members(seller: Seller, customer: str, card: Json) -> None:
    """A member that nobody documents is neither refused nor shown."""
    profile = seller.create(customer, {**card, "novel": {"a": None}}, novel="\0")
    assert "novel" not in str(profile)


def test_nul(seller: Seller, customer: str, card: Json) -> None:
    """U+0000 and half a surrogate pair are refused in what is kept; other letters come back."""
    for value in (b'"a\\u0000b"', b'"\\ud800"'):
        body = b'{"email": "john@example.com", "first_name": %b}' % value
        assert causes(seller, "/customers", body) == ["107"]
        body = b'{"email": "john@example.com", "metadata": {"a": [%b]}}' % value
        assert causes(seller, "/customers", body) == ["117"]
    strange = "\u202e\ufeff\U0001f4b3\x7f'\";--\\ \x01 a < b > c"
    assert seller.create(customer, card, description=strange)["description"] == strange


def test_body_of_cancel(seller: Seller, customer: str, profile: Json) -> None:
    """Whatever comes with a cancel, the profile is cancelled."""
    assert seller.call("POST", place(customer, profile, "/cancel"), b"\xff not JSON", Content_Type="text/plain").status_code == 204


def test_test_credential_first(seller: Seller) -> None:
    """A test credential fails for a customer that does not exist and a body that is nothing, and not elsewhere."""
    token = "mercadopago_token_site_id_mismatch"
    failed = seller.call("POST", "/customers/nobody/payment-profiles", b"", drop="X-Idempotency-Key", token=token)
    assert codes(failed) == ["site_id_mismatch"]
    assert seller.call("GET", "/customers/search", token=token).status_code == 200


def test_chile(seller: Seller, customer: str, card: Json) -> None:
    """Fintoc is refused in Brazil and accepted in Chile, with a card's members and without."""
    for method in ({"id": "fintoc"}, {**card, "id": "fintoc"}):
        assert codes(seller.refused(customer, method)) == ["invalid_site_id_for_fintoc"]
        accepted = seller.done("POST", f"{customer}/payment-profiles", body_of(method), token="mercadopago_token_chile")
        assert (accepted["status"], accepted["payment_methods"][0]["id"]) == ("READY", "fintoc")


def test_list_filters(seller: Seller, customer: str) -> None:
    """Pages and statuses are cut out of the order of creation; two values for one filter are refused."""
    profiles = [seller.create(customer) for _ in range(3)]
    seller.done("POST", place(customer, profiles[1], "/cancel"))
    page = seller.listed(customer, "?limit=1&offset=1&status=READY&novel=1")
    assert page == {"paging": {"total": 2, "limit": 1, "offset": 1}, "data": [profiles[2]]}
    assert seller.listed(customer, "?offset=3")["data"] == []
    assert codes(seller.call("GET", f"{customer}/payment-profiles?status=READY&status=READY")) == ["validation_error"]


def test_customer_email(seller: Seller) -> None:
    """An e-mail address is needed, once a tenant."""
    address = f"{uuid4()}@example.com"
    customer = seller.done("POST", "/customers", {"email": address})
    for value in (address, address.upper()):
        assert causes(seller, "/customers", {"email": value}) == ["101"]
    for body in ({}, {"email": None}, {"email": 5}, {"email": "john"}, {"email": "a@b"}, {"email": "a b@example.com"}):
        assert causes(seller, "/customers", body) == ["106"]
    other = seller_of(seller.client)
    assert other.done("POST", "/customers", {"email": address})["id"] != customer["id"]


def test_search_filters(seller: Seller) -> None:
    """A search finds by address in any case, page by page; a filter that is no number is code 200."""
    addresses = [f"{uuid4()}@example.com" for _ in range(3)]
    found = [seller.done("POST", "/customers", {"email": address}) for address in addresses]
    assert seller.done("GET", f"/customers/search?email={addresses[1].upper()}")["results"] == [found[1]]
    assert seller.done("GET", "/customers/search?email=nobody@example.com")["results"] == []
    page = {"paging": {"total": 3, "limit": 2, "offset": 2}, "results": [found[2]]}
    assert seller.done("GET", "/customers/search?limit=2&offset=2") == page
    assert seller.done("GET", "/customers/search")["paging"] == {"total": 3, "limit": 30, "offset": 0}
    for query in ("limit=0", "limit=101", "offset=x", "email=a&email=b"):
        assert seller.call("GET", f"/customers/search?{query}").json()["cause"][0]["code"] == "200"


def test_card_digits(seller: Seller, customer: str) -> None:
    """Digits of a card are strings that keep their zeros."""
    saved = seller.done("POST", f"{customer}/cards", {"token": seller.card_token(MASTER)})
    assert (saved["first_six_digits"], saved["last_four_digits"]) == ("503175", "0604")
    assert seller.done("GET", customer)["cards"] == [saved]
    assert not any(number in text for number in (VISA, MASTER, '"123"') for text in seller.seen)


def test_expired_card(seller: Seller, customer: str) -> None:
    """A card whose expiry is past is usable."""
    seller.control("clock", {"set": "2035-01-01T00:00:00Z"})
    assert seller.create(customer, seller.by_token())["status"] == "READY"


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("card_number", "4235 6477 2802 5682"),
        ("card_number", 4235647728025682),
        ("card_number", "4" * 12),
        ("card_number", "4" * 20),
        ("card_number", "\u0664" * 16),
        ("expiration_month", 0),
        ("expiration_month", 13),
        ("expiration_month", "11"),
        ("expiration_month", True),
        ("expiration_year", 30),
        ("expiration_year", "2030"),
        ("security_code", 123),
        ("security_code", "12"),
        ("cardholder", "APRO"),
        ("cardholder", {"name": " "}),
        ("cardholder", {"name": "APRO", "identification": "1"}),
    ],
)
def test_card_token_codes(seller: Seller, member: str, value: object) -> None:
    """A fault of a card token has code 122, names the member and does not repeat the value."""
    for body in ({**card_of(), member: value}, {name: each for name, each in card_of().items() if name != member}):
        response = seller.call("POST", "/card_tokens", body)
        assert response.status_code == 400
        assert all(each["code"] == "122" and member in each["description"] for each in response.json()["cause"])
        assert str(value) not in response.text or len(str(value)) < 4
    assert "card tokens created" not in seller.control("effects")["effects"]
