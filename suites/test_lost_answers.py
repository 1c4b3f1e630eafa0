"""Writes that happened although their answer was lost or an error: what a merchant finds afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from suites.fixtures.jpmorgan import Merchant, Payloads

pytestmark = [pytest.mark.api("jpmorgan-profiles"), pytest.mark.needs("fault-control")]

VISA = "4112344112344113"


@pytest.mark.operation("addPaymentMethod")
def test_lost_answer_is_looked_up(merchant: Merchant, payloads: Payloads) -> None:
    """The answer to an add is lost after the card was stored.

    The merchant reads the profile before it tries again. Expect the card to be there, once, and ready for use.
    """
    # An undisturbed add leaves one card
    profile = merchant.create(payloads.profile())
    added = merchant.add(profile, payloads.addition())

    # The next answer is lost
    merchant.apis.script({"kind": "drop-after-commit"})
    card = payloads.card(accountNumber=VISA, cardType="VI")
    assert merchant.ask("addPaymentMethod", profile, body={"cardList": [card]}).status == 0

    # The card is there, so nothing has to be sent again
    found = merchant.read(profile)
    assert found.methods == {**added.methods, found.card("4113"): found.methods[found.card("4113")]}
    assert merchant.set_default(profile, found.card("4113")).default == found.card("4113")
    merchant.expect_effects(profiles_created=1, methods_added=3, addresses_created=3, defaults_set=1)


@pytest.mark.operation("deletePaymentMethod")
def test_failed_deletion_is_repeated(merchant: Merchant, payloads: Payloads) -> None:
    """The server breaks down after it deleted a card, and answers 500.

    The merchant cannot know what happened, looks, and deletes once more. Expect the card to be gone, once, and the
    other one to be as it was.
    """
    # Two cards
    profile = merchant.create(payloads.profile(payloads.first_card(), payloads.card()))
    kept, gone = profile.card("9999"), profile.card("0919")

    # The deletion happens and is answered with an error
    merchant.apis.script({"kind": "fail-after-commit", "status": 500})
    assert merchant.ask("deletePaymentMethod", profile, gone).status == 500
    assert merchant.read(profile).methods[kept] == profile.methods[kept]

    # It is repeated, and there may be nothing left to do
    assert merchant.ask("deletePaymentMethod", profile, gone).status in {200, 400, 404}

    # The card is gone, and nothing else
    assert merchant.read(profile).methods == {kept: profile.methods[kept]}
    merchant.expect_effects(profiles_created=1, methods_added=2, addresses_created=2, methods_deleted=1)


@pytest.mark.operation("setDefaultPaymentMethod")
def test_lost_choice_is_repeated(merchant: Merchant, payloads: Payloads) -> None:
    """The answer to a choice of the default is lost, and the merchant simply chooses again.

    Expect the same default as if nothing had happened.
    """
    # Two cards, the first is the default
    profile = merchant.create(payloads.profile(payloads.first_card(), payloads.card()))
    first, second = profile.card("9999"), profile.card("0919")
    merchant.set_default(profile, first)

    # The choice is made, its answer is lost
    merchant.apis.script({"kind": "drop-after-commit"})
    assert merchant.ask("setDefaultPaymentMethod", profile, second).status == 0

    # It is made once more
    chosen = merchant.set_default(profile, second)
    assert chosen.default == second
    assert chosen.methods == profile.methods
    assert merchant.read(profile).state == chosen.state
