"""Changes of one profile that different machines of a merchant send at the same moment.

What can go wrong is that each of them starts from the profile as it was, and the last one to finish wipes out what the
others were told is done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from payproof.client import ACCEPT

if TYPE_CHECKING:
    from payproof.client import Answer
    from suites.fixtures.jpmorgan import Merchant, Payloads

pytestmark = pytest.mark.api("jpmorgan-profiles")

NUMBERS = (
    "4112344112344113", "4012000033330026", "5112345112345114", "2221000000000009", "6011016011016011", "3566003566003566",
)  # fmt: skip
"""Card numbers that the vendor publishes for tests: as many requests are sent at the same time."""


def _told(answer: Answer, number: str) -> str:
    """Give the id under which an add that was accepted lists its card."""
    cards = answer.body["paymentMethodType"]["cardList"]
    return str(next(card["paymentMethodId"] for card in cards if card["last4CardNumber"] == number[-4:]))


@pytest.mark.operation("addPaymentMethod")
def test_adds_at_once(merchant: Merchant, payloads: Payloads) -> None:
    """Six machines add a card each to the same profile at the same moment.

    Expect each card whose add is accepted to stay: to be listed afterwards, and to be found under the id that was told.
    """
    # Six at once
    profile = merchant.create(payloads.profile())
    api, path = merchant.api, {"consumer-profile-id": profile.id}
    bodies = [{"cardList": [payloads.card(accountNumber=number, cardType=None)]} for number in NUMBERS]
    answers = api.together([api.request("addPaymentMethod", path=path, body=body) for body in bodies])
    told = [_told(answer, number) for answer, number in zip(answers, NUMBERS, strict=True) if answer.status == 200]
    if merchant.apis.session.target.reference:
        assert len(told) == len(NUMBERS)

    # Each is found under its id, after a look at the profile
    after = merchant.look(profile)
    found = {method: merchant.ask("getPaymentMethodStatus", profile, method, intent=ACCEPT).status for method in told}
    assert found == dict.fromkeys(told, 200)

    # And listed, once
    assert after["methods"].keys() == {*profile.methods, *told}
    assert len(set(told)) == len(told)
    merchant.expect_effects(profiles_created=1, methods_added=1 + len(told), addresses_created=1 + len(told))


@pytest.mark.operation("deletePaymentMethod")
def test_adds_and_deletions_at_once(merchant: Merchant, payloads: Payloads) -> None:
    """Three cards are deleted from a profile while three others are added to it.

    Expect each change that is accepted to have happened, and the card that nobody touched to be as it was.
    """
    # Four cards
    old, new = NUMBERS[:3], NUMBERS[3:]
    cards = [payloads.card(accountNumber=number, cardType=None) for number in old]
    profile = merchant.create(payloads.profile(payloads.first_card(), *cards))
    api, path = merchant.api, {"consumer-profile-id": profile.id}

    # Three leave, three come
    leaving = [profile.card(number[-4:]) for number in old]
    requests = [api.request("deletePaymentMethod", path={**path, "payment-method-Id": method}) for method in leaving]
    bodies = [{"cardList": [payloads.card(accountNumber=number, cardType=None)]} for number in new]
    requests += [api.request("addPaymentMethod", path=path, body=body) for body in bodies]
    answers = api.together(requests)
    gone = {method for method, answer in zip(leaving, answers, strict=False) if answer.status == 200}
    told = {_told(answer, number) for answer, number in zip(answers[len(old) :], new, strict=True) if answer.status == 200}

    # Each that came is found under its id, after a look at the profile
    after = merchant.look(profile)["methods"]
    assert {merchant.ask("getPaymentMethodStatus", profile, method, intent=ACCEPT).status for method in told} <= {200}

    # What was told is what is there
    assert after.keys() == (profile.methods.keys() | told) - gone
    kept = profile.card("9999")
    assert after[kept] == profile.methods[kept]


@pytest.mark.operation("createConsumerProfile")
def test_creations_at_once(merchant: Merchant, payloads: Payloads) -> None:
    """Six machines create a profile each at the same moment, for consumers who differ in nothing but their card.

    Expect six profiles, each with the card that was sent for it.
    """
    # Six at once
    api = merchant.api
    bodies = [payloads.profile(payloads.card(accountNumber=number, cardType=None)) for number in NUMBERS]
    answers = api.together([api.request("createConsumerProfile", body=body) for body in bodies], ACCEPT)
    assert {answer.status for answer in answers} == {200}

    # Six profiles, each with its own card
    ids = [answer.body["consumerProfileId"] for answer in answers]
    assert len(set(ids)) == len(NUMBERS)
    shown = [[card["last4CardNumber"] for card in merchant.look(profile)["methods"].values()] for profile in ids]
    assert shown == [[number[-4:]] for number in NUMBERS]
