"""The default method of a profile: who becomes it, who stays it, and what choosing it leaves alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from suites.fixtures.jpmorgan import Merchant, Payloads

pytestmark = pytest.mark.api("jpmorgan-profiles")

VISA = "4112344112344113"
MASTERCARD = "5112345112345114"


def test_default_moves_from_card_to_card_and_back(merchant: Merchant, payloads: Payloads) -> None:
    """The consumer pays with one card, then with another, then with the first again.

    Expect one default at a time, and that no card and no address changes by it.
    """
    # Three cards
    cards = [payloads.first_card(), payloads.card(), payloads.card(accountNumber=MASTERCARD, cardType="MC")]
    profile = merchant.create(payloads.profile(*cards))
    first, second, third = profile.card("9999"), profile.card("0919"), profile.card("5114")

    # The default goes round, and once to where it is already
    for chosen in (second, third, first, first):
        shown = merchant.set_default(profile, chosen)
        assert shown.default == chosen
        assert shown.methods == profile.methods

    # A card added now does not become the default
    more = merchant.add(profile, {"cardList": [payloads.card(accountNumber=VISA, cardType="VI")]})
    assert more.default == first

    # A read shows the last choice
    assert merchant.read(profile).state == more.state
    merchant.expect_effects(profiles_created=1, methods_added=4, addresses_created=4, defaults_set=4)


def test_default_is_deleted(merchant: Merchant, payloads: Payloads) -> None:
    """The default card is deleted while another card is there; no document says whether that is allowed.

    Expect either a refusal that changes nothing, or a profile without the card, with another default or none.
    """
    # Two cards, one of them the default
    profile = merchant.create(payloads.profile(payloads.first_card(), payloads.card()))
    chosen, other = profile.card("0919"), profile.card("9999")
    before = merchant.set_default(profile, chosen)

    # The default is deleted
    answer = merchant.ask("deletePaymentMethod", profile, chosen)

    # It is gone as a whole, or it is still the default
    after = merchant.read(profile)
    if answer.status == 200:
        assert after.methods == {other: before.methods[other]}
        assert after.default in {None, other}
    else:
        assert 400 <= answer.status < 500
        assert after.state == before.state

    # The other card can be the default in any case
    assert merchant.set_default(profile, other).default == other


def test_kinds_of_method_in_one_profile(merchant: Merchant, payloads: Payloads) -> None:
    """A business pays from bank accounts, and later by card too.

    An ACH, a SEPA and a BACS account are stored without a word about a default, then a card is added. Expect the
    documented order, ACH before SEPA, and that the card does not push itself forward.
    """
    # Three accounts: the ACH account is the default
    accounts = {"achList": [payloads.ach()], "sepaList": [payloads.sepa()], "bacsList": [payloads.bacs()]}
    business = {"fullName": "Elton Farm Ltd", "profilePaymentMethod": accounts}
    profile = merchant.create(business)
    ach, sepa, bacs = profile.one("achList"), profile.one("sepaList"), profile.one("bacsList")
    assert profile.methods.keys() == {ach, sepa, bacs}
    assert profile.default == ach

    # A card beside them changes nothing about that
    added = merchant.add(profile, payloads.addition())
    card = added.card("0919")
    assert added.methods.keys() == {ach, sepa, bacs, card}
    assert added.default == ach

    # Each kind can be chosen, one at a time
    for method in (sepa, bacs, card, ach):
        assert merchant.set_default(profile, method).default == method

    # An account leaves, the others stay
    left = merchant.remove(profile, bacs)
    assert left.methods.keys() == {ach, sepa, card}
    assert merchant.read(profile).state == left.state
    merchant.expect_effects(profiles_created=1, methods_added=4, addresses_created=1, defaults_set=4, methods_deleted=1)


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        pytest.param(("cardList", "achList", "sepaList"), "cardList", id="card-before-accounts"),
        pytest.param(("achList", "sepaList"), "achList", id="ach-before-sepa"),
        pytest.param(("sepaList", "bacsList"), "sepaList", id="sepa-before-what-is-not-named"),
    ],
)
@pytest.mark.operation("createConsumerProfile")
def test_first_default(merchant: Merchant, payloads: Payloads, kinds: tuple[str, ...], expected: str) -> None:
    """A profile is created with several kinds of method, and nobody chooses a default.

    Expect a card, else an ACH account, else a SEPA account.
    """
    # One method of each kind
    every = {"cardList": [payloads.card()], "achList": [payloads.ach()], "sepaList": [payloads.sepa()],
             "bacsList": [payloads.bacs()]}  # fmt: skip
    profile = merchant.create(payloads.profile(profilePaymentMethod={kind: every[kind] for kind in kinds}))
    assert len(profile.methods) == len(kinds)

    # The default is the one whose turn it is
    assert profile.default == profile.one(expected)

    # A read shows the same
    assert merchant.read(profile).state == profile.state


def test_request_chooses_the_default(merchant: Merchant, payloads: Payloads) -> None:
    """The method that shall be the default comes as such, at creation and again in an add.

    Expect it to be the default at once, and to be listed like every other method.
    """
    # A profile comes with two cards, one of them as the default
    cards = {"cardList": [payloads.first_card()], "defaultMOP": {"card": payloads.card()}}
    profile = merchant.create(payloads.profile(profilePaymentMethod=cards))
    assert profile.default == profile.card("0919")

    # A third card comes as the new default
    added = merchant.add(profile, {"defaultMOP": {"card": payloads.card(accountNumber=VISA, cardType="VI")}})
    assert added.default == added.card("4113")
    assert added.methods.keys() == {*profile.methods, added.card("4113")}

    # A read shows the same
    assert merchant.read(profile).state == added.state
    merchant.expect_effects(profiles_created=1, methods_added=3, addresses_created=3)
