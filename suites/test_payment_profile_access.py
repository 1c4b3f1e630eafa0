"""Who is let in to payment profiles, customers and cards, and who sees what.

What can go wrong: a door that was forgotten, a token that is looked at only in part, or a seller who reads, charges or ends
what belongs to another. The reference server answers with the documented codes; elsewhere another refusal is as good, and
the clauses say which.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from payproof.client import ACCEPT

if TYPE_CHECKING:
    from payproof.client import Answer
    from payproof.plot import Ground
    from suites.fixtures.mercadopago import Sales, Seller

pytestmark = pytest.mark.api("mercadopago-profiles")

PROFILES = (
    "createPaymentProfile",
    "listPaymentProfiles",
    "getPaymentProfile",
    "cancelPaymentProfile",
    "addProfileMethod",
    "deleteProfileMethod",
)
CUSTOMERS = ("createCustomer", "searchCustomers", "getCustomer", "createCardToken", "saveCard")
OPERATIONS = [pytest.param(name, marks=pytest.mark.operation(name)) for name in PROFILES + CUSTOMERS]

CLOSED = {400, 401, 403, 404}
"""How a server may answer somebody who must not see or change anything."""


def _useless(token: str) -> dict[str, str | None]:
    """Give Authorization headers that open nothing, made from a token that is good."""
    middle = len(token) // 2
    other = "0" if token[middle] != "0" else "1"
    return {
        "no header": None,
        "nothing": "",
        "no token": "Bearer",
        "no scheme": token,
        "another scheme": "Basic dXNlcjpwYXNzd29yZA==",
        "no token of the vendor": "Bearer nonsense",
        "the beginning of a token": f"Bearer {token[:-1]}",
        "more than a token": f"Bearer {token}0",
        "another character": f"Bearer {token[:middle]}{other}{token[middle + 1 :]}",
        "two tokens": f"Bearer {token} {token}",
        "a token and more": f"Bearer {token}, Bearer {token}",
    }


def _codes(answer: Answer) -> list[Any]:
    """Give the codes of a refusal, in whichever of the vendor's envelopes they are."""
    body = answer.body
    return [entry.get("code") for entry in body.get("errors") or body.get("cause") or [{"code": body.get("error")}]]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_operation_is_closed(seller: Seller, ground: Ground, operation: str) -> None:
    """Somebody without a good token tries every door.

    Expect each operation to be closed to all of them with the documented codes, and that nothing changes.
    """
    # Without a good token, the request is refused
    base = ground(operation, apis=seller.apis)
    shown, done = (base.read().body if base.back is not None else None), seller.effects()
    doors = _useless(seller.apis.credentials["mercadopago_token"])
    answers = {name: base.but(headers={"Authorization": value}).send(None) for name, value in doors.items()}
    reference = seller.apis.session.target.reference
    assert {name: each.status for name, each in answers.items() if each.status not in ({401} if reference else {400, 401, 403})} == {}

    # By the right name
    if reference and operation in PROFILES:
        wrong = {name: ["header_missing" if name == "no header" else "Unauthorized Access Token"] for name in doors}
        assert {name: _codes(each) for name, each in answers.items()} == wrong

    # Nothing has changed
    assert (base.read().body if base.back is not None else None) == shown
    assert seller.effects() == done

    # With the token it is accepted, in any spelling of the scheme
    assert 200 <= base.send().status < 300
    for scheme in ("bearer", "BEARER"):
        spelled = {"Authorization": f"{scheme} {seller.apis.credentials['mercadopago_token']}"}
        assert seller.ask("searchCustomers", headers=spelled).status in ({200} if reference else {200, *CLOSED})


def test_operations_are_complete(seller: Seller) -> None:
    """Look for every operation of the API. Expect each to be tried without a token, and no other one."""
    assert {*PROFILES, *CUSTOMERS} == set(seller.api.session.kit.contracts["mercadopago-profiles"].spec.operations)


@pytest.mark.operation("getPaymentProfile")
def test_token_in_the_query(seller: Seller) -> None:
    """A token is sent in the URL, where logs and proxies would see it, and not in the header. Expect it to open nothing."""
    # In the header it opens the profile
    profile = seller.create(seller.register())
    assert seller.read(profile).since(profile) == profile.state

    # In the query it does not
    query = {"access_token": seller.apis.credentials["mercadopago_token"]}
    answer = seller.ask("getPaymentProfile", profile, query=query, headers={"Authorization": None})
    assert answer.status == 401
    assert profile.id not in answer.text


@pytest.mark.needs("clock")
def test_token_does_not_run_out(seller: Seller) -> None:
    """A seller goes on using the access token of the developer panel for a year. Expect it to open what it opened."""
    # The token is good
    profile = seller.create(seller.register())

    # It still is
    seller.apis.advance(365 * 24 * 3600)
    answer = seller.ask("getPaymentProfile", profile)
    if seller.apis.session.target.reference:
        assert answer.status == 200
    assert answer.status in {200, 401}


@pytest.mark.needs("second-tenant")
def test_foreign_profiles(seller: Seller, other_seller: Seller, sales: Sales) -> None:
    """Two sellers have a customer with a profile each, and try everything with the other's ids, both ways.

    The foreign profile is asked for under its own customer and under one's own. Expect a refusal each time, and both
    profiles to be as they were.
    """
    # Each reads its own
    mine = seller.read(seller.create(seller.register()))
    theirs = other_seller.read(other_seller.create(other_seller.register()))
    cards = {visitor.apis.tenant.label: visitor.save_card(own.customer) for visitor, own in ((seller, mine), (other_seller, theirs))}

    # Neither gets at the other's
    for visitor, own, foreign in ((seller, mine, theirs), (other_seller, theirs, mine)):
        method = sales.by_card(cards[visitor.apis.tenant.label])
        for customer in (foreign.customer, own.customer):
            about: dict[str, Any] = {"profile": foreign.id, "method": next(iter(foreign.methods))}
            refusals = [
                visitor.ask("getPaymentProfile", customer, **about),
                visitor.ask("addProfileMethod", customer, **about, body=method),
                visitor.ask("deleteProfileMethod", customer, **about),
                visitor.ask("cancelPaymentProfile", customer, **about),
            ]
            assert {answer.status for answer in refusals} <= CLOSED
            assert not any(name in answer.text for answer in refusals for name in foreign.methods)
            if visitor.apis.session.target.reference:
                assert [(answer.status, _codes(answer)) for answer in refusals] == [(404, ["resource_not_found"])] * 4
        listed = visitor.ask("listPaymentProfiles", foreign.customer)
        assert listed.status in CLOSED
        assert foreign.id not in listed.text
        assert visitor.profiles(own.customer).keys() == {own.id}

    # Both are as they were
    assert seller.read(mine).since(mine) == mine.state
    assert other_seller.read(theirs).since(theirs) == theirs.state
    for visitor in (seller, other_seller):
        visitor.expect_effects(customers_created=1, card_tokens_created=2, cards_saved=2, payment_profiles_created=1)


@pytest.mark.needs("second-tenant")
def test_foreign_customers(seller: Seller, other_seller: Seller, sales: Sales) -> None:
    """Two sellers know the same person, and try to reach what the other one knows of this person.

    Expect each to have a customer of its own under the same address, and nothing of the other's.
    """
    # The same address twice, and each finds its own
    shared = seller.address("payer")
    mine = seller.register("payer")
    theirs = other_seller.ask("createCustomer", body=sales.customer(shared, first_name="Jane"), intent=ACCEPT).body["id"]
    assert mine != theirs
    assert [one["id"] for one in seller.search(shared)] == [mine]
    assert [one["id"] for one in other_seller.search(shared)] == [theirs]
    everybody = seller.everybody()
    assert mine in everybody
    assert theirs not in everybody
    assert len(everybody) == 1 or not seller.apis.session.target.mock

    # Neither can read the other's, give it a card, or make a profile for it
    for visitor, foreign in ((seller, theirs), (other_seller, mine)):
        token = visitor.token()
        body = sales.profile(sales.by_token(token))
        assert visitor.ask("getCustomer", foreign).status in CLOSED
        assert visitor.ask("saveCard", foreign, body={"token": token}).status in CLOSED
        assert visitor.ask("createPaymentProfile", foreign, body=body).status in CLOSED

        # The card is still good for a customer of one's own
        own = visitor.register("another")
        assert visitor.ask("createPaymentProfile", own, body=body, intent=ACCEPT).status == 201

    # The customers have nothing
    assert seller.profiles(mine) == {}
    assert other_seller.profiles(theirs) == {}
    assert seller.customer(mine)["first_name"] == "Jhon"


@pytest.mark.needs("second-tenant")
def test_foreign_cards(seller: Seller, other_seller: Seller, sales: Sales) -> None:
    """A seller gets hold of another seller's card id and card token, and tries to charge them.

    Expect a refusal in every place where a card is named, and card and token to be good for their owner.
    """
    # Each has a card, a token, and a profile with another card
    customers = {who.apis.tenant.label: who.register() for who in (seller, other_seller)}
    pairs = [(seller, other_seller), (other_seller, seller)]
    for visitor, owner in pairs:
        own, foreign = customers[visitor.apis.tenant.label], customers[owner.apis.tenant.label]
        card, token = owner.save_card(foreign), owner.token()
        profile = visitor.create(own)
        done = visitor.effects(), owner.effects()

        # The other one cannot use them
        for method in (sales.by_card(card), sales.by_token(token)):
            assert visitor.ask("createPaymentProfile", own, body=sales.profile(method)).status in CLOSED
        assert visitor.ask("addProfileMethod", profile, body=sales.by_card(card)).status in CLOSED
        assert visitor.ask("saveCard", own, body={"token": token}).status in CLOSED
        assert visitor.read(profile).since(profile) == profile.state
        assert (visitor.effects(), owner.effects()) == done

        # Their owner can
        assert owner.create(foreign, sales.by_card(card), sales.by_token(token)).methods


def test_card_of_another_customer(seller: Seller, sales: Sales) -> None:
    """Two customers of one seller have a card each, and the seller mixes them up.

    Expect no profile with the card of somebody else.
    """
    # Each pays with the own card
    one, other = seller.register("one"), seller.register("other")
    card = seller.save_card(one)
    profile = seller.create(other, sales.by_card(seller.save_card(other)))
    assert seller.create(one, sales.by_card(card)).customer == one

    # Not with the other's, in a new profile or in one that is there
    assert seller.ask("createPaymentProfile", other, body=sales.profile(sales.by_card(card))).status in CLOSED
    assert seller.ask("addProfileMethod", profile, body=sales.by_card(card)).status in CLOSED
    assert {name: each.since(profile) for name, each in seller.profiles(other).items()} == {profile.id: profile.state}


@pytest.mark.needs("second-tenant")
def test_token_of_another_tenant(seller: Seller, other_seller: Seller) -> None:
    """A seller puts the token of another seller into its own requests, by mistake in its configuration.

    Expect the world of the token to be the one that is seen, whoever sends it: none of the own customers is there.
    """
    # Each with its own token
    mine = seller.create(seller.register())
    theirs = other_seller.create(other_seller.register())

    # With the other's token, the other's world
    mixed = {"Authorization": f"Bearer {other_seller.apis.credentials['mercadopago_token']}"}
    assert seller.ask("getPaymentProfile", mine, headers=mixed).status in CLOSED
    assert seller.ask("cancelPaymentProfile", mine, headers=mixed).status in CLOSED
    assert seller.ask("getCustomer", mine.customer, headers=mixed).status in CLOSED

    # Both profiles are as they were
    assert seller.read(mine).since(mine) == mine.state
    assert other_seller.read(theirs).since(theirs) == theirs.state


def test_nothing_secret_is_shown(seller: Seller, sales: Sales) -> None:
    """A card number goes in, right and wrong, with its security code and a token for it.

    Expect that no answer has the number, and that no answer about a profile has the token.
    """
    # Right: the token, the card, the profile
    customer = seller.register()
    number = sales.card()["card_number"]
    answers = [seller.ask("createCardToken", body=sales.card(), intent=ACCEPT)]
    token = answers[0].body["id"]
    answers.append(seller.ask("createPaymentProfile", customer, body=sales.profile(sales.by_token(token)), intent=ACCEPT))
    profile = answers[-1].body["id"]
    answers.append(seller.ask("getPaymentProfile", customer, profile=profile, intent=ACCEPT))
    answers.append(seller.ask("listPaymentProfiles", customer, intent=ACCEPT))
    assert not any(token in answer.text for answer in answers[1:])
    answers.append(seller.ask("getCustomer", customer, intent=ACCEPT))

    # Wrong: the number as a number, with another digit too many, in the place of other things
    answers += [
        seller.ask("createCardToken", body=sales.card(card_number=int(number))),
        seller.ask("createCardToken", body=sales.card(card_number=f"{number}-")),
        seller.ask("createCardToken", body=sales.card(card_number=f" {number}")),
        seller.ask("saveCard", customer, body={"token": number}),
        seller.ask("createPaymentProfile", customer, body=sales.profile(sales.by_token(number))),
        seller.ask("addProfileMethod", customer, profile=profile, body=sales.by_card(int(number))),
        seller.ask("searchCustomers", query={"email": number}),
    ]
    assert not any(number in answer.text for answer in answers)
    assert all(answer.status >= 400 for answer in answers[-7:-1])
