"""What sellers live through with payment profiles, from the first card to the cancellation.

What can go wrong: a card that the customer took back is charged all the same, a profile is shown in one way here and in
another there, a cancelled profile goes on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from suites.fixtures.mercadopago import PaymentProfile, Sales, Seller

pytestmark = pytest.mark.api("mercadopago-profiles")

MASTERCARD = "5031433215406351"
"""The vendor's published Mastercard for tests."""

BRANDS = ("visa", "master", "amex", "diners", "naranja", "cabal", "cencosud", "argencard", "hipercard", "elo", "debelo",
          "debmaster", "debvisa", "debcabal", "maestro")  # fmt: skip
"""The brands that the reference lists."""
TYPES = ("credit_card", "debit_card", "prepaid_card")


def _added(before: PaymentProfile, after: PaymentProfile) -> str:
    """Give the id of the one method that is new; the answer to an addition may show the method or the profile."""
    (new,) = after.methods.keys() - before.methods.keys()
    return new


def test_card_by_token_until_the_end(seller: Seller, sales: Sales) -> None:
    """A customer gives a card by its token, later another one, takes the first back, and in the end cancels.

    Expect the second card alone, as the default, when the first is gone, and a cancelled profile that says so.
    """
    # The profile as the vendor's page shows it
    customer = seller.register()
    profile = seller.create(customer)
    first = profile.default
    assert first is not None
    assert {name: profile.shown[name] for name in ("description", "max_day_overdue", "statement_descriptor", "sequence_control")} == {
        "description": "Test payment profile", "max_day_overdue": 5, "statement_descriptor": "Test Descriptor",
        "sequence_control": "MANUAL",
    }  # fmt: skip

    # Another card is added as the default
    card = seller.save_card(customer, card_number=MASTERCARD)
    seller.add(profile, sales.by_card(card, id="master", default_method=True))
    both = seller.read(profile)
    second = _added(profile, both)
    assert both.methods.keys() == {first, second}
    assert both.methods[second]["card_id"] == card
    assert both.default == second

    # The first card is taken back
    seller.remove(profile, first)
    left = seller.read(profile)
    assert left.methods == {second: both.methods[second]}

    # The profile is cancelled, and still says what it was
    seller.cancel(profile)
    ended = seller.read(profile)
    assert (ended.status, set(ended.methods)) == ("CANCELLED", {second})
    assert ended.shown["created_date"] == profile.shown["created_date"]
    seller.expect_effects(customers_created=1, card_tokens_created=2, cards_saved=2, payment_profiles_created=1,
                          payment_profile_methods_added=1, payment_profile_methods_deleted=1, payment_profiles_cancelled=1)  # fmt: skip


def test_saved_card_in_two_profiles(seller: Seller, sales: Sales) -> None:
    """A customer has one card for two subscriptions, and ends one of them.

    Expect two profiles that share the card and nothing else; what is done to one does not touch the other.
    """
    # One card, two profiles
    customer = seller.register()
    card = seller.save_card(customer)
    one = seller.read(seller.create(customer, sales.by_card(card), description="Magazine"))
    other = seller.read(seller.create(customer, sales.by_card(card), description="Gymnasium"))
    assert one.id != other.id
    assert one.methods.keys().isdisjoint(other.methods)
    assert [method["card_id"] for profile in (one, other) for method in profile.methods.values()] == [card, card]

    # One of them gets another card and is cancelled
    seller.add(one, sales.by_token(seller.token(card_number=MASTERCARD), id="master"))
    seller.cancel(one)

    # The other one is as it was created
    assert seller.read(one).status == "CANCELLED"
    assert seller.read(other).since(other) == other.state
    seller.expect_effects(customers_created=1, card_tokens_created=2, cards_saved=2, payment_profiles_created=2,
                          payment_profile_methods_added=1, payment_profiles_cancelled=1)  # fmt: skip


def test_expired_card_is_replaced(seller: Seller, sales: Sales) -> None:
    """The only card of a profile is taken out before there is another one, and then a new one comes.

    Expect a profile that is not ready while it has no card, and is again when it has one.
    """
    # A profile with one card
    customer = seller.register()
    profile = seller.create(customer, sales.by_card(seller.save_card(customer)))
    assert profile.status == "READY" or not seller.apis.session.target.reference
    (old,) = profile.methods

    # It is emptied
    seller.remove(profile, old)
    empty = seller.read(profile)
    assert empty.methods == {}
    assert empty.status != "READY"
    assert profile.id in seller.profiles(customer)

    # A new card comes, as the only one
    card = seller.save_card(customer)
    seller.add(profile, sales.by_card(card))
    renewed = seller.read(profile)
    (new,) = renewed.methods
    assert new != old
    assert renewed.methods[new]["card_id"] == card
    assert renewed.status == profile.status or not seller.apis.session.target.reference


def test_default_is_passed_on(seller: Seller, sales: Sales) -> None:
    """A profile has two cards; the default moves by an addition, and is deleted afterwards.

    Expect one default at most at every moment, and no card that nobody chose to be lost with it.
    """
    # The chosen one of two cards is the default
    customer = seller.register()
    card = seller.save_card(customer)
    profile = seller.read(seller.create(customer, sales.by_token(seller.token()), sales.by_card(card, default_method=True)))
    chosen = profile.default
    assert chosen is not None
    assert profile.methods[chosen]["card_id"] == card

    # It is deleted: what is left stays, and on the reference server takes its place
    seller.remove(profile, chosen)
    left = seller.read(profile)
    (kept,) = left.methods
    assert kept in profile.methods
    assert left.default in {None, kept}
    if seller.apis.session.target.reference:
        assert left.default == kept

    # A new default is added: the one before it is it no more
    seller.add(profile, sales.by_card(seller.save_card(customer), default_method=True))
    after = seller.read(profile)
    assert after.default == _added(left, after)

    # One that is not to be the default changes nothing about it
    seller.remove(profile, kept)
    seller.add(profile, sales.by_card(seller.save_card(customer)))
    assert seller.read(profile).default == after.default


@pytest.mark.parametrize("sequence", ["AUTO", "MANUAL", None])
def test_optional_members(seller: Seller, sales: Sales, sequence: str | None) -> None:
    """Profiles are created with all, some and none of the members that one may leave out.

    Expect each to show what was sent, and AUTO where nothing was said about the sequence.
    """
    # Every member, at both ends of the range of days
    customer = seller.register()
    for days in (1, 10):
        profile = seller.create(customer, max_day_overdue=days, sequence_control=sequence)
        assert profile.shown["max_day_overdue"] == days
        assert profile.shown["sequence_control"] == (sequence or "AUTO")

    # No member but the methods
    card = seller.save_card(customer)
    bare = seller.create(customer, sales.by_card(card, default_method=None), sequence_control=sequence,
                         description=None, max_day_overdue=None, statement_descriptor=None)  # fmt: skip
    assert bare.shown["sequence_control"] == (sequence or "AUTO")
    assert not {"description", "statement_descriptor"} & bare.shown.keys() or not seller.apis.session.target.reference
    assert seller.read(bare).since(bare) == bare.state


def test_every_brand_and_type(seller: Seller, sales: Sales) -> None:
    """A seller takes cards of every brand and of every type that the vendor lists.

    Expect each profile to show the brand and the type that were sent, and the list to show all of them.
    """
    # One profile for two brands, the types in turn
    customer = seller.register()
    card = seller.save_card(customer)
    made: dict[str, PaymentProfile] = {}
    for number in range(0, len(BRANDS), 2):
        first, second = BRANDS[number], BRANDS[(number + 1) % len(BRANDS)]
        methods = [sales.by_card(card, id=first, type=TYPES[number % 3]),
                   sales.by_token(seller.token(), id=second, type=TYPES[(number + 1) % 3])]  # fmt: skip
        profile = seller.create(customer, *methods)
        shown = {(method["id"], method["type"]) for method in profile.methods.values()}
        assert shown == {(method["id"], method["type"]) for method in methods}
        made[profile.id] = profile

    # All of them are listed as they were created
    listed = seller.profiles(customer)
    assert listed.keys() == made.keys()
    assert {name: listed[name].since(profile) for name, profile in made.items()} == {name: profile.state for name, profile in made.items()}


def test_fintoc_in_chile(seller: Seller, sales: Sales) -> None:
    """A seller in Chile takes a bank transfer by fintoc, which is no card.

    Expect a method without a card, beside which there is room for a card.
    """
    if not seller.apis.session.target.mock:
        pytest.skip("needs an access token of a seller in Chile, which only the reference server gives")

    # A profile with fintoc only
    chilean = seller.using("mercadopago_token_chile")
    customer = chilean.register()
    profile = chilean.create(customer, {"id": "fintoc"})
    ((bank, method),) = profile.methods.items()
    assert method["id"] == "fintoc"
    assert "card_id" not in method

    # A card beside it
    chilean.add(profile, sales.by_token(chilean.token()))
    assert len(chilean.read(profile).methods) == 2

    # Fintoc as the second one
    other = chilean.create(customer)
    chilean.add(other, {"id": "fintoc", "default_method": True})
    assert chilean.read(other).methods.keys() != other.methods.keys()

    # It can be taken out again
    chilean.remove(profile, bank)
    assert bank not in chilean.read(profile).methods


def test_pending_card(seller: Seller, sales: Sales) -> None:
    """The verification of a card is not decided yet: the vendor's test name CONT stands for that.

    Expect a pending method that shows no card, in a profile that is pending until a ready card comes.
    """
    # A card that is ready is named by its id
    customer = seller.register()
    card = seller.save_card(customer)
    ready = seller.create(customer, sales.by_card(card))
    assert next(iter(ready.methods.values())).get("card_id", card) == card
    if not seller.apis.session.target.mock:
        return

    # One that waits is not
    waiting = seller.create(customer, sales.by_token(seller.token(holder="CONT")))
    ((pending, method),) = waiting.methods.items()
    assert (waiting.status, method["status"], method.get("card_id")) == ("PENDING", "PENDING", None)

    # With a ready card beside it the profile is ready; without, it is pending again
    seller.add(waiting, sales.by_card(card))
    both = seller.read(waiting)
    assert (both.status, both.methods[pending]["status"]) == ("READY", "PENDING")
    seller.remove(waiting, _added(waiting, both))
    assert seller.read(waiting).status == "PENDING"


@pytest.mark.parametrize("act", ["create", "add", "delete", "cancel"])
def test_the_same_everywhere(seller: Seller, sales: Sales, act: str) -> None:
    """A profile is created, changed or cancelled, and then looked at from every side.

    Expect the answer, where it shows the profile, a read and the list item to be the same object.
    """
    # A profile with two cards, and another one that nothing happens to
    customer = seller.register()
    other = seller.create(customer, sales.by_card(seller.save_card(customer)))
    profile = seller.create(customer, sales.by_token(seller.token()), sales.by_card(seller.save_card(customer)))
    told = profile.shown

    # It is changed
    if act in {"add", "delete"}:
        seller.remove(profile, next(iter(profile.methods)))
    if act == "add":
        told = seller.add(profile, sales.by_card(seller.save_card(customer)))
    if act == "cancel":
        seller.cancel(profile)

    # A read shows what the answer showed, as far as it did; the list shows what the read shows
    read = seller.read(profile)
    if act == "create" or (act == "add" and "payment_methods" in told):
        shown = type(profile)(customer, told)
        assert read.since(shown) == shown.state
    listed = seller.profiles(customer)
    assert listed.keys() == {profile.id, other.id}
    assert listed[profile.id].since(read) == read.state
    assert listed[other.id].since(other) == other.state

    # The list of its status shows it, and no other list
    for status in ("PENDING", "READY", "CANCELLED"):
        found = seller.profiles(customer, status=status)
        assert (profile.id in found) == (status == read.status)


@pytest.mark.needs("clock")
def test_dates_of_a_profile(seller: Seller, sales: Sales) -> None:
    """A profile lives through two changes and a cancellation, an hour apart each.

    Expect the date of creation to stay, and the date of the last update to move forward with each change only.
    """
    # The two dates are the same at first
    customer = seller.register()
    profile = seller.create(customer, sales.by_card(seller.save_card(customer)))
    created = profile.shown["created_date"]
    assert profile.shown["last_updated_date"] == created

    # Looking at it does not change them
    seller.apis.advance(3600)
    assert seller.read(profile).since(profile) == profile.state

    # Each change moves the second one
    seen = [profile.shown["last_updated_date"]]
    seller.add(profile, sales.by_card(seller.save_card(customer)))
    seen.append(seller.read(profile).shown["last_updated_date"])
    seller.apis.advance(3600)
    seller.remove(profile, next(iter(profile.methods)))
    seen.append(seller.read(profile).shown["last_updated_date"])
    seller.apis.advance(3600)
    seller.cancel(profile)
    seen.append(seller.read(profile).shown["last_updated_date"])
    assert seen == sorted(set(seen))

    # The first one is what it was
    assert seller.read(profile).shown["created_date"] == created


def test_token_becomes_a_card_once(seller: Seller, sales: Sales) -> None:
    """A card token is used for a profile, then once more for another profile and for a saved card.

    Expect the card to be the customer's, and the token to be good for nothing any more.
    """
    # The token makes a card
    customer = seller.register()
    token = seller.token()
    profile = seller.create(customer, sales.by_token(token))
    kept = seller.read(profile)
    assert kept.since(profile) == profile.state

    # It does not make another one
    body = sales.profile(sales.by_token(token))
    assert 400 <= seller.ask("createPaymentProfile", customer, body=body).status < 500
    assert 400 <= seller.ask("saveCard", customer, body={"token": token}).status < 500

    # The card that it made can be used by its id
    card = next(iter(kept.methods.values()))["card_id"]
    again = seller.read(seller.create(customer, sales.by_card(card)))
    assert next(iter(again.methods.values()))["card_id"] == card
    assert seller.profiles(customer).keys() == {profile.id, again.id}
    seller.expect_effects(customers_created=1, card_tokens_created=1, cards_saved=1, payment_profiles_created=2)
