"""What is deleted, and stays so: methods and whole profiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from suites.fixtures.jpmorgan import Merchant, Payloads

pytestmark = pytest.mark.api("jpmorgan-profiles")


def test_last_method_is_deleted(merchant: Merchant, payloads: Payloads) -> None:
    """The only card of a profile is deleted; no document says whether that is allowed.

    Expect either a refusal that changes nothing, or a profile that is still there, empty, and takes a card again.
    """
    # One card
    profile = merchant.create(payloads.profile())
    only = profile.card("9999")

    # It is deleted
    answer = merchant.ask("deletePaymentMethod", profile, only)
    after = merchant.read(profile)
    if answer.status == 200:
        assert after.methods == {}
        assert after.default is None
    else:
        assert 400 <= answer.status < 500
        assert after.state == profile.state

    # A new card is welcome, and has an id of its own
    added = merchant.add(profile, payloads.addition())
    assert added.card("0919") != only
    assert merchant.read(profile).state == added.state


def test_deleted_method_stays_gone(merchant: Merchant, payloads: Payloads) -> None:
    """A card is deleted, and life goes on in its profile.

    Expect no later answer to list the card, no operation to find it, and a card added afterwards to get an id of its
    own, also if it has the same number.
    """
    # Two cards, one is deleted
    profile = merchant.create(payloads.profile(payloads.first_card(), payloads.card()))
    kept, gone = profile.card("9999"), profile.card("0919")
    assert gone not in merchant.remove(profile, gone).methods

    # Nothing finds it any more
    assert merchant.ask("updatePaymentMethod", profile, gone, body=payloads.change()).status in {400, 404}
    assert merchant.ask("setDefaultPaymentMethod", profile, gone).status in {400, 404}
    assert merchant.ask("getPaymentMethodStatus", profile, gone).status in {400, 404}

    # The profile lives on without it
    assert merchant.update(profile, firstName="Jane").methods.keys() == {kept}
    assert merchant.change(profile, kept, {"card": {"lastName": "Roe"}}).methods.keys() == {kept}
    assert merchant.set_default(profile, kept).methods.keys() == {kept}

    # The same number again is another method
    again = merchant.add(profile, payloads.addition())
    assert again.methods.keys() == {kept, again.card("0919")}
    assert again.card("0919") != gone
    assert merchant.read(profile).state == again.state


def test_deleted_profile_is_gone(merchant: Merchant, payloads: Payloads) -> None:
    """A consumer wants to be forgotten.

    The profile is deleted, then everything that can be asked of a profile is asked of it. Expect 404 each time, and
    a second profile of the same merchant to be as it was.
    """
    # Two profiles, one of them is deleted
    gone = merchant.create(payloads.profile())
    method = gone.card("9999")
    kept = merchant.create(payloads.profile(payloads.card()))
    assert merchant.delete(gone)["responseStatus"] == "SUCCESS"
    done = merchant.effects()

    # Nothing can be read of it, and nothing can be done to it
    asked = [
        merchant.ask("getConsumerProfile", gone),
        merchant.ask("updateConsumerProfile", gone, body=payloads.rename()),
        merchant.ask("addPaymentMethod", gone, body=payloads.addition()),
        merchant.ask("updatePaymentMethod", gone, method, body=payloads.change()),
        merchant.ask("setDefaultPaymentMethod", gone, method),
        merchant.ask("getPaymentMethodStatus", gone, method),
        merchant.ask("deletePaymentMethod", gone, method),
    ]
    assert {answer.judgement.operation: answer.status for answer in asked if answer.status != 404} == {}

    # The other profile is untouched, and nothing more has happened
    assert merchant.read(kept).state == kept.state
    assert merchant.effects() == done
