"""An honest seller at Mercado Pago: a customer's cards and profiles, every refusal, and each way of not being let in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from payproof.replay import Play

KEY = "9467b696-d9d5-497c-aa47-019de6f19763"
"""The documented idempotency key."""
NOWHERE = "0f0e0d0c-0b0a-4908-8706-050403020100"
"""An id of a method that no profile has."""

VISA = "4235647728025682"
MASTERCARD = "5031433215406351"
"""The vendor's published numbers for tests."""

CARD: dict[str, Any] = {
    "card_number": VISA,
    "expiration_month": 11,
    "expiration_year": 2030,
    "security_code": "123",
    "cardholder": {"name": "APRO", "identification": {"type": "CPF", "number": "12345678909"}},
}
CUSTOMER: dict[str, Any] = {"email": "test_payer_12345@testuser.com", "first_name": "Jhon", "last_name": "Doe"}
PROFILE: dict[str, Any] = {
    "description": "Test payment profile",
    "max_day_overdue": 5,
    "statement_descriptor": "Test Descriptor",
    "sequence_control": "MANUAL",
}


def story(play: Play) -> None:
    """Live through everything that the payment profiles API documents.

    Every clause of the API is judged on at least one of these exchanges.
    """
    customer, second = _customers(play)
    visa, master = _cards(play, customer)
    foreign = _foreign_card(play, second)
    profile, method = _created(play, customer, visa, master)
    _refused(play, customer, visa, master)
    changed = _changed(play, customer, visa, master, method)
    _found_or_not(play, customer, second, profile)
    _not_let_in(play, customer, changed)
    _strangers(play, customer, profile, visa, foreign)
    _next_day(play, customer, visa)


def _reference(*values: Any) -> dict[str, str]:
    """Give a header that no server reads, with ids that are taken: there a mutant finds them."""
    return {"X-Client-Reference": " ".join(map(str, values))}


def _customers(play: Play) -> tuple[str, str]:
    """Create two customers, find and read the first; give their ids."""
    created = play("create-customer", "createCustomer", body=CUSTOMER)
    customer = str(created.body["id"])
    other = play("create-second-customer", "createCustomer", body={**CUSTOMER, "email": "test_payer_67890@testuser.com"},
                 headers=_reference(customer))  # fmt: skip
    play("create-customer-again", "createCustomer", body=CUSTOMER)
    named = {**CUSTOMER, "email": "test_payer_13579@testuser.com"}
    play("customer-with-listed-number", "createCustomer", body={**named, "identification": {"type": "CPF", "number": ["1"]}})
    play("customer-with-listed-area", "createCustomer", body={**named, "phone": {"area_code": ["55"], "number": "1"}})
    play("read-customer", "getCustomer", path={"customer_id": customer})
    play("search", "searchCustomers", query={"email": CUSTOMER["email"]})
    play("search-one", "searchCustomers", query={"limit": "1"})
    return customer, str(other.body["id"])


def _token(play: Play, label: str, *taken: str, **changes: Any) -> str:
    return str(play(label, "createCardToken", body={**CARD, **changes}, headers=_reference(*taken)).body["id"])


def _cards(play: Play, customer: str) -> tuple[int, int]:
    """Save two cards for the customer; give their ids."""
    path = {"customer_id": customer}
    play("card-token-refused", "createCardToken", body={**CARD, "expiration_month": 13})
    taken = _token(play, "card-token")
    visa = play("save-card", "saveCard", path=path, body={"token": taken})
    token = _token(play, "card-token-of-second", taken, card_number=MASTERCARD)
    master = play("save-second-card", "saveCard", path=path, body={"token": token})
    return int(visa.body["id"]), int(master.body["id"])


def _foreign_card(play: Play, customer: str) -> int:
    """Save a card for the second customer; give its id."""
    token = _token(play, "card-token-of-other")
    return int(play("save-card-of-other", "saveCard", path={"customer_id": customer}, body={"token": token}).body["id"])


def _by_card(card: int, **changes: Any) -> dict[str, Any]:
    return {"id": "visa", "type": "credit_card", "card_id": card, "default_method": False} | changes


def _created(play: Play, customer: str, visa: int, master: int) -> tuple[str, str]:
    """Create profiles by token and by card, read and list them; give the ids of the first and of its method."""
    path = {"customer_id": customer}
    play("list-none", "listPaymentProfiles", path=path)
    method = {"id": "visa", "type": "credit_card", "token": _token(play, "card-token-for-profile"), "default_method": False}
    body = {**PROFILE, "payment_methods": [method]}
    first = play("create", "createPaymentProfile", path=path, body=body, headers={"X-Idempotency-Key": KEY})
    play("create-repeated", "createPaymentProfile", path=path, body=body, headers={"X-Idempotency-Key": KEY})
    other = {**body, "description": "Another profile"}
    play("create-other-body", "createPaymentProfile", path=path, body=other, headers={"X-Idempotency-Key": KEY})
    profile = str(first.body["id"])

    # One without the optional members, whose default is chosen
    chosen = [_by_card(visa, default_method=True), _by_card(master, id="master")]
    both = play("create-both", "createPaymentProfile", path=path, body={"payment_methods": chosen}, headers=_reference(profile))

    # All of them are read and listed
    play("read", "getPaymentProfile", path={**path, "payment_profile_id": profile})
    play("read-both", "getPaymentProfile", path={**path, "payment_profile_id": str(both.body["id"])})
    play("list", "listPaymentProfiles", path=path)
    play("list-by-status", "listPaymentProfiles", path=path, query={"status": str(first.body["status"])})
    play("list-one", "listPaymentProfiles", path=path, query={"limit": "1"})
    play("list-rest", "listPaymentProfiles", path=path, query={"offset": "1"})
    return profile, str(first.body["payment_methods"][0]["payment_method_id"])


def _refused(play: Play, customer: str, visa: int, master: int) -> None:
    """Send one fault in each creation, and read that nothing came of it."""
    path = {"customer_id": customer}
    token = _token(play, "card-token-kept")
    by_token = {"id": "visa", "type": "credit_card", "token": token}
    third = {"id": "elo", "type": "debit_card", "card_id": visa + master}
    faulty: Mapping[str, Mapping[str, Any]] = {
        "methods-null": {"payment_methods": None},
        "methods-empty": {"payment_methods": []},
        "methods-absent": {},
        "three-methods": {"payment_methods": [by_token, _by_card(master, id="master"), third]},
        "blank-id": {"payment_methods": [{**by_token, "id": " "}]},
        "no-card": {"payment_methods": [{"id": "visa", "type": "credit_card"}]},
        "two-tokens": {"payment_methods": [by_token, {**by_token, "token": _token(play, "card-token-spare")}]},
        "two-defaults": {"payment_methods": [_by_card(visa, default_method=True), {**by_token, "default_method": True}]},
        "card-twice": {"payment_methods": [_by_card(visa), _by_card(visa)]},
        "html": {"payment_methods": [by_token], "description": "<b>Test</b> payment profile"},
        "overdue": {"payment_methods": [by_token], "max_day_overdue": 11},
        "other-sequence": {"payment_methods": [by_token], "sequence_control": "NEVER"},
        "fintoc": {"payment_methods": [{"id": "fintoc"}]},
    }
    for label, fault in faulty.items():
        play(label, "createPaymentProfile", path=path, body={**PROFILE, **fault})
    play("unparsable", "createPaymentProfile", path=path, raw=b'{"description": ')
    play("list-after-refusals", "listPaymentProfiles", path=path)
    play("save-kept-card", "saveCard", path=path, body={"token": token})

    # The key of a refusal, with the fault mended
    key = {"X-Idempotency-Key": "mended-after-refusal"}
    play("to-be-mended", "createPaymentProfile", path=path, body={"payment_methods": [_by_card(visa)], "max_day_overdue": 0}, headers=key)
    play("create-mended", "createPaymentProfile", path=path, body={"payment_methods": [_by_card(visa)]}, headers=key)


def _changed(play: Play, customer: str, visa: int, master: int, taken: str) -> str:
    """Add and delete methods of a profile, then cancel it; give its id. `taken` is the id of another method."""
    path = {"customer_id": customer}
    body = {"payment_methods": [_by_card(visa)]}
    created = play("create-for-change", "createPaymentProfile", path=path, body=body, headers=_reference(taken))
    profile = {**path, "payment_profile_id": str(created.body["id"])}
    play("add-again", "addProfileMethod", path=profile, body=_by_card(visa))
    play("add-fintoc", "addProfileMethod", path=profile, body={"id": "fintoc", "default_method": False})
    play("add-no-card", "addProfileMethod", path=profile, body={"id": "master", "type": "credit_card", "default_method": False})
    play.advance(60)
    extra, key = _by_card(master, id="master"), {"X-Idempotency-Key": "add-one-card"}
    play("add", "addProfileMethod", path=profile, body=extra, headers=key)
    play("add-repeated", "addProfileMethod", path=profile, body=extra, headers=key)
    read = play("read-after-add", "getPaymentProfile", path=profile).body
    listed = read["payment_methods"]
    token = _token(play, "card-token-of-third")
    saved = play("save-third-card", "saveCard", path=path, body={"token": token}).body["id"]
    play("add-third", "addProfileMethod", path=profile, body=_by_card(int(saved)))

    # Delete one, then what is not there
    added = next(method["payment_method_id"] for method in listed if method["id"] == "master")
    kept = next(method["payment_method_id"] for method in listed if method["id"] == "visa")
    play.advance(60)
    for label in ("delete", "delete-repeated"):
        play(label, "deleteProfileMethod", path={**profile, "payment_method_id": added}, headers={"X-Idempotency-Key": "delete-one-card"})
    before = _reference(read["last_updated_date"], added)
    play("list-after-delete", "listPaymentProfiles", path=path, headers=before)
    play("read-after-delete", "getPaymentProfile", path=profile, headers=before)
    play("delete-nowhere", "deleteProfileMethod", path={**profile, "payment_method_id": NOWHERE})

    # Cancel it, and try to change it nevertheless
    play.advance(60)
    play("cancel", "cancelPaymentProfile", path=profile)
    play("read-cancelled", "getPaymentProfile", path=profile)
    play("list-cancelled", "listPaymentProfiles", path=path)
    play("add-to-cancelled", "addProfileMethod", path=profile, body=_by_card(master, id="master"))
    play("delete-of-cancelled", "deleteProfileMethod", path={**profile, "payment_method_id": kept})
    cancelled = profile["payment_profile_id"]

    # Empty another one
    texts = {"description": " To be emptied ", "statement_descriptor": "Test Descriptor  "}
    created = play("create-for-emptying", "createPaymentProfile", path=path,
                   body={**texts, "payment_methods": [_by_card(master, id="master")]})  # fmt: skip
    profile = {**path, "payment_profile_id": str(created.body["id"])}
    only = created.body["payment_methods"][0]["payment_method_id"]
    play("delete-only", "deleteProfileMethod", path={**profile, "payment_method_id": only})
    play("read-emptied", "getPaymentProfile", path=profile)
    return cancelled


def _found_or_not(play: Play, customer: str, second: str, profile: str) -> None:
    """Ask for a profile under its own and under another customer."""
    play("read-again", "getPaymentProfile", path={"customer_id": customer, "payment_profile_id": profile})
    play("read-of-other", "getPaymentProfile", path={"customer_id": second, "payment_profile_id": profile})
    play("cancel-of-other", "cancelPaymentProfile", path={"customer_id": second, "payment_profile_id": profile})


def _not_let_in(play: Play, customer: str, profile: str) -> None:
    """Ask without a token, with tokens that are not good, and without a key."""
    path = {"customer_id": customer, "payment_profile_id": profile}
    token = play.credentials["mercadopago_token"]
    play("no-token", "getPaymentProfile", path=path, headers={"Authorization": None})
    play("other-scheme", "getPaymentProfile", path=path, headers={"Authorization": "Basic bm9ib2R5Om5vdGhpbmc="})
    play("short-token", "getPaymentProfile", path=path, headers={"Authorization": "Bearer nonsense"})
    play("longer-token", "getPaymentProfile", path=path, headers={"Authorization": f"Bearer {token}0"})
    play("no-key", "cancelPaymentProfile", path=path, headers={"X-Idempotency-Key": None})
    method = {"id": "visa", "type": "credit_card", "token": _token(play, "card-token-without-key")}
    body = {**PROFILE, "payment_methods": [method]}
    play("create-without-key", "createPaymentProfile", path=path, body=body, headers={"X-Idempotency-Key": None})


def _strangers(play: Play, customer: str, profile: str, card: int, card_of_second: int) -> None:
    """Let another tenant ask for customer, profile, card and token of this one, and use the same key."""
    path = {"customer_id": customer}
    play("borrow-within", "createPaymentProfile", path=path, body={"payment_methods": [_by_card(card_of_second)]})
    token = _token(play, "card-token-for-stranger")
    other = play.other_tenant()
    own = str(other("other-customer", "createCustomer", body=CUSTOMER).body["id"])
    place = {"customer_id": own}
    other("other-search", "searchCustomers", query={"email": CUSTOMER["email"]}, headers=_reference(customer))
    other("foreign-customer", "listPaymentProfiles", path=path)
    other("foreign-profile", "getPaymentProfile", path={**place, "payment_profile_id": profile})
    other("foreign-card", "createPaymentProfile", path=place, body={"payment_methods": [_by_card(card)]})
    by_token = {"id": "visa", "type": "credit_card", "token": token}
    other("foreign-token", "createPaymentProfile", path=place, body={"payment_methods": [by_token]})

    # A profile of its own, under the key that the first tenant used
    mine = _token(other, "other-card-token")
    saved = other("other-save-card", "saveCard", path=place, body={"token": mine}, headers=_reference(card)).body["id"]
    made = other("other-create", "createPaymentProfile", path=place, body={"payment_methods": [_by_card(int(saved))]},
                 headers={"X-Idempotency-Key": KEY, **_reference(profile)})  # fmt: skip
    other("other-list", "listPaymentProfiles", path=place, headers=_reference(profile))
    at = {**place, "payment_profile_id": str(made.body["id"])}
    other("foreign-card-added", "addProfileMethod", path=at, body=_by_card(card))


def _next_day(play: Play, customer: str, card: int) -> None:
    """Use a key again when it is more than a day old."""
    path, body = {"customer_id": customer}, {"payment_methods": [_by_card(card)]}
    key = {"X-Idempotency-Key": "once-a-day"}
    made = play("create-today", "createPaymentProfile", path=path, body=body, headers=key)
    play.advance(100_000)
    play("create-after-day", "createPaymentProfile", path=path, body=body, headers={**key, **_reference(made.body["id"])})
