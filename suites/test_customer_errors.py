"""Every error code of customers, cards and card tokens, and failures of the server at every operation.

What can go wrong: a fault is called by another number, or a refused request has done something all the same. The reference
server answers with the very code; elsewhere another refusal is as good, and the clauses say which.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from payproof.client import ACCEPT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from suites.fixtures.mercadopago import Sales, Seller

pytestmark = pytest.mark.api("mercadopago-profiles")

NOBODY = "000000001-sT93QZFAsfxU9P5"
"""The documented example of a customer id, which no tenant has."""

ABSENT = object()
"""In the place of a member: leave it out."""


def _changed(members: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**members, **changes}.items() if value is not ABSENT}


CUSTOMERS: dict[str, dict[str, tuple[dict[str, Any], ...]]] = {
    "createCustomer": {
        "101": ({"email": "taken"}, {"email": "TAKEN"}),
        "106": ({"email": "nobody"}, {"email": "@example.com"}, {"email": 7}),
        "107": ({"first_name": 7}, {"first_name": ["Jhon"]}),
        "108": ({"last_name": 7}, {"last_name": ["Doe"]}),
        "109": ({"phone": "55"}, {"phone": ["55"]}, {"phone": {"area_code": ["55"], "number": "1"}}),
        "110": ({"phone": {"area_code": "55", "number": ["1"]}}, {"phone": {"number": {}}}),
        "111": ({"identification": "CPF"}, {"identification": 7}, {"identification": {"type": ["CPF"], "number": "1"}}),
        "112": ({"identification": {"type": "CPF", "number": ["1"]}}, {"identification": {"number": {}}}),
        "113": ({"address": "here"}, {"address": 7}),
        "116": ({"description": 7}, {"description": {}}),
        "117": ({"metadata": "none"}, {"metadata": 7}),
    },
    "createCardToken": {
        "122": (
            {"card_number": "4235"}, {"expiration_month": 13},
            {"expiration_year": 26}, {"security_code": "12"}, {"cardholder": {"name": " "}},
        ),
    },
    "saveCard": {
        "119": ({"token": ABSENT}, {"token": None}),
        "120": ({"token": "9b2d63e00d66a8c721607214ceda233a"}, {"token": "0" * 32}),
        "121": ({"token": 7}, {"token": ["9b2d63e00d66a8c721607214ceda233a"]}),
    },
}  # fmt: skip
"""Faults of customers and cards by the vendor's codes: one member of an accepted body each time.

The addresses of 101 are names of addresses of the seller, who has a customer with the first.
"""


@pytest.mark.parametrize("operation", [pytest.param(name, marks=pytest.mark.operation(name)) for name in CUSTOMERS])
def test_code_of_customers(seller: Seller, sales: Sales, operation: str) -> None:
    """The body of a customer, a card or a card token has one thing wrong with it, each time another.

    Expect the vendor's number for each, and that nothing changes.
    """
    # As it stands, the body is accepted
    customer = seller.register("taken")
    bodies: dict[str, Callable[[], dict[str, Any]]] = {
        "createCustomer": lambda: sales.customer(seller.address(seller.token())),
        "createCardToken": sales.card,
        "saveCard": lambda: {"token": seller.token()},
    }
    assert seller.ask(operation, customer, body=bodies[operation](), intent=ACCEPT).status == 201

    # With one fault each time, it is refused
    body = bodies[operation]()
    done = seller.effects()
    named = [(code, change) for code, changes in CUSTOMERS[operation].items() for change in changes]
    faults = [(code, _changed(body, {"email": seller.address(change["email"])} if code == "101" else change)) for code, change in named]
    for code, faulty in [*faults, ("118", []), ("118", "text")]:
        answer = seller.ask(operation, customer, body=faulty)
        assert answer.status == 400
        if seller.apis.session.target.reference:
            assert [entry["code"] for entry in answer.body["cause"]] == [code], faulty

    # Nothing has happened, and without the fault it is accepted
    assert seller.effects() == done
    assert seller.ask(operation, customer, body=body, intent=ACCEPT).status == 201


@pytest.mark.operation("searchCustomers")
def test_code_of_a_search(seller: Seller) -> None:
    """A search asks for a page that there cannot be.

    Expect a refusal, with the first of the vendor's codes for searches, and the search to be as good as before.
    """
    # Somebody can be found
    customer, payer = seller.register("payer"), seller.address("payer")
    assert [one["id"] for one in seller.search(payer, limit="1", offset="0")] == [customer]

    # Pages that there cannot be
    for query in ({"limit": "0"}, {"limit": "101"}, {"limit": "many"}, {"offset": "-1"}):
        answer = seller.ask("searchCustomers", query={"email": payer, **query})
        assert answer.status == 400
        if seller.apis.session.target.reference:
            assert [entry["code"] for entry in answer.body["cause"]] == ["200"]

    # The customer is still found
    assert [one["id"] for one in seller.search(payer)] == [customer]


@pytest.mark.parametrize("operation", [pytest.param(name, marks=pytest.mark.operation(name)) for name in ("getCustomer", "saveCard")])
def test_no_such_customer(seller: Seller, operation: str) -> None:
    """A customer who was never created is asked for, or given a card. Expect 404, and the card to be there still."""
    # A customer who is there
    customer = seller.register()
    token = seller.token()
    assert seller.customer(customer)["id"] == customer

    # One who is not
    for nobody in (NOBODY, "nobody", f"{customer}x"):
        body = {"token": token} if operation == "saveCard" else None
        assert seller.ask(operation, nobody, body=body).status == 404

    # The token was not used up
    assert seller.save_card(customer, token)


@pytest.mark.needs("fault-control")
def test_failure_before_anything(seller: Seller, sales: Sales) -> None:
    """The server is too busy or broken before it looks at a request, whatever the request is about.

    Expect 429 and 500 for every operation, nothing to have changed, and the same requests to be accepted afterwards.
    """
    # Everything is well
    customer = seller.register()
    card = seller.save_card(customer)
    profile = seller.create(customer, sales.by_card(card), sales.by_token(seller.token()))
    token = seller.token()
    bodies = {
        "createCustomer": sales.customer(seller.address("other")), "createCardToken": sales.card(), "saveCard": {"token": token},
        "createPaymentProfile": sales.profile(sales.by_card(card)),
    }  # fmt: skip
    order = ("searchCustomers", "getCustomer", "createCustomer", "createCardToken", "saveCard", "createPaymentProfile",
             "listPaymentProfiles", "getPaymentProfile", "deleteProfileMethod", "addProfileMethod", "cancelPaymentProfile")  # fmt: skip
    assert set(order) == set(seller.api.session.kit.contracts["mercadopago-profiles"].spec.operations)

    # It is not, for each operation in turn; and the operation is accepted as soon as it is
    for operation in order:
        if operation == "addProfileMethod":
            bodies[operation] = sales.by_card(seller.save_card(customer))
        known, done = seller.look(profile), seller.effects()
        seller.apis.script({"kind": "status", "status": 429, "retry_after": 1}, {"kind": "status", "status": 500})
        about: dict[str, Any] = {"profile": profile.id, "method": next(iter(profile.methods)), "body": bodies.get(operation)}
        answers = [seller.ask(operation, customer, **about) for _ in range(2)]
        assert [answer.status for answer in answers] == [429, 500], operation
        assert answers[0].headers["retry-after"] == "1" or not seller.apis.session.target.reference
        assert (seller.look(profile), seller.effects()) == (known, done), operation
        assert 200 <= seller.ask(operation, customer, **about, intent=ACCEPT).status < 300, operation
