"""What a billing department lives through with stored credential profiles, from the consent to its end.

What can go wrong: a consent that was never validated counts as active, a failed transaction leaves one behind, a closed
one comes back or takes others with it, or a profile is listed with something else than what was sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from suites.fixtures.zuora import Billing, Consents

pytestmark = pytest.mark.api("zuora-credentials")

DECLINED = "901"
"""The security code with which the reference server declines a cardholder transaction."""
AGREED_ON = "2019-03-06"
"""The day of the documented list."""
ENDS = ("cancelledOn", "expiredOn")


def test_activated_consent_until_it_is_withdrawn(billing: Billing) -> None:
    """A customer consents to recurring charges, the card is asked, and in the end the customer withdraws.

    Expect one cardholder transaction, an active profile, and then a cancelled one that nobody sees who asks for open ones.
    """
    # The documented request asks the cardholder's bank
    number = billing.activate()
    open_one = billing.profiles(every=False)[number]
    assert (open_one["status"], open_one["type"]) == ("Active", "Recurring")
    assert open_one["consentAgreementRef"] == "ACCT1338AgreementV1.pdf"
    assert open_one["activatedOn"] is not None

    # The consent is withdrawn
    billing.cancel(number)
    ended = billing.profiles()[number]
    assert (ended["status"], ended["activatedOn"]) == ("Cancelled", open_one["activatedOn"])
    assert ended["cancelledOn"] is not None
    assert number not in billing.profiles(every=False)
    billing.expect_effects(cardholder_transactions_approved=1, stored_credentials_created=1, stored_credentials_cancelled=1)


def test_agreed_consent_until_it_runs_out(billing: Billing) -> None:
    """A merchant migrates a payment method: the consent is noted as agreed, and in the end runs out.

    Expect no cardholder transaction, an agreed profile without a time of activation, and an expired one afterwards.
    """
    # Nobody asks a bank
    number = billing.agree(agreedOn=AGREED_ON)
    noted = billing.profiles()[number]
    assert noted["status"] == "Agreed"
    assert noted.get("activatedOn") is None
    assert str(noted["agreedOn"]).startswith(AGREED_ON) or not billing.apis.session.target.reference

    # The consent runs out
    billing.expire(number)
    ended = billing.profiles()[number]
    assert ended["status"] == "Expired"
    assert ended["expiredOn"] is not None
    assert ended.get("cancelledOn") is None
    assert number not in billing.profiles(every=False)
    billing.expect_effects(stored_credentials_created=1, stored_credentials_expired=1)


def test_consent_from_another_system(billing: Billing) -> None:
    """A consent that another system activated is taken over with the id of the network's transaction.

    Expect an active profile without a cardholder transaction, also without that id and with one of 128 characters.
    """
    # With the id, with the longest one, and without
    numbers = [billing.persist(), billing.persist("N" * 128), billing.activate(action="Persist", type="Unscheduled")]
    assert len(set(numbers)) == 3

    # All of them are active
    shown = billing.profiles(every=False)
    assert {number: shown[number]["status"] for number in numbers} == dict.fromkeys(numbers, "Active")
    assert all(shown[number]["activatedOn"] is not None for number in numbers)
    billing.expect_effects(stored_credentials_created=3)


def test_action_by_default(billing: Billing) -> None:
    """Two profiles are created as active, one says Activate and the other says nothing.

    Expect the same of both: a cardholder transaction each, and both active.
    """
    # Said, and left out
    said, silent = billing.activate(action="Activate"), billing.activate()

    # Both are what the default is
    shown = billing.profiles()
    assert shown[said]["status"] == shown[silent]["status"]
    if billing.apis.session.target.reference:
        assert shown[said]["status"] == "Active"
    billing.expect_effects(cardholder_transactions_approved=2, stored_credentials_created=2)


@pytest.mark.operation("createStoredCredential")
@pytest.mark.needs("fault-control")
@pytest.mark.parametrize("reason", ["gateway", "security code"])
def test_declined_cardholder_transaction(billing: Billing, consents: Consents, reason: str) -> None:
    """The cardholder's bank declines the transaction that is to validate a consent.

    Expect a refusal (on the reference server one of the category for gateways), no profile, and the next consent to be stored
    as if nothing had happened.
    """
    # An approved one
    billing.activate(cardSecurityCode="123")
    before, done = billing.profiles(), billing.effects()

    # A declined one
    changes = {"authGateway": billing.apis.credentials["zuora_failing_gateway"]} if reason == "gateway" else {"cardSecurityCode": DECLINED}
    answer = billing.ask("createStoredCredential", body=consents.active(**changes))
    assert 400 <= answer.status < 500 or answer.body["success"] is False
    if billing.apis.session.target.reference:
        assert (answer.status, [str(each["code"])[-2:] for each in answer.body["reasons"]]) == (400, ["99"])

    # Nothing was created
    assert billing.profiles() == before
    assert billing.effects() == done

    # The same card and type can be tried again
    second = billing.activate()
    assert billing.profiles().keys() - before.keys() == {second}
    billing.expect_effects(cardholder_transactions_approved=2, stored_credentials_created=2)


@pytest.mark.operation("createStoredCredential")
@pytest.mark.needs("fault-control")
def test_declining_gateway_is_not_asked(billing: Billing) -> None:
    """Consents that need no cardholder transaction name a gateway that declines every one.

    Expect them to be stored all the same, since nobody asks it.
    """
    # The gateway is only noted
    gateway = billing.apis.credentials["zuora_failing_gateway"]
    agreed = billing.agree(authGateway=gateway)
    persisted = billing.persist(authGateway=gateway, cardSecurityCode=DECLINED)

    # Both are what they were sent as
    shown = billing.profiles()
    assert (shown[agreed]["status"], shown[persisted]["status"]) == ("Agreed", "Active")
    billing.expect_effects(stored_credentials_created=2)


@pytest.mark.operation("createStoredCredential")
@pytest.mark.needs("fault-control")
def test_gateway_without_the_framework(billing: Billing) -> None:
    """A consent is activated with a gateway that does not support the stored credential framework.

    Expect an agreed profile and no cardholder transaction; persisted with the same gateway, it is active.
    """
    # With the framework, it is active
    gateway = billing.apis.credentials["zuora_plain_gateway"]
    supported = billing.activate()

    # Without, it is agreed
    plain = billing.activate(authGateway=gateway)
    persisted = billing.persist(authGateway=gateway)
    shown = billing.profiles()
    assert {number: shown[number]["status"] for number in (supported, plain, persisted)} == {
        supported: "Active", plain: "Agreed", persisted: "Active",
    }  # fmt: skip
    assert shown[plain].get("activatedOn") is None
    billing.expect_effects(cardholder_transactions_approved=1, stored_credentials_created=3)


def test_list_of_all_and_of_open_ones(billing: Billing) -> None:
    """Profiles of every status are listed: all of them, the open ones, and without saying which.

    Expect all four, then the agreed and the active one, and the same two again where nothing is said.
    """
    # What was there before
    before = billing.profiles()

    # One of each status, and the closed ones of each kind
    agreed, active = billing.agree(), billing.persist()
    cancelled, expired = billing.agree(type="Unscheduled"), billing.persist(type="Unscheduled")
    billing.cancel(cancelled)
    billing.expire(expired)

    # All
    everyone = billing.profiles()
    assert {number: one["status"] for number, one in everyone.items() if number not in before} == {
        agreed: "Agreed", active: "Active", cancelled: "Cancelled", expired: "Expired",
    }  # fmt: skip

    # The open ones, asked for and by default
    open_ones = {number: one for number, one in everyone.items() if one["status"] in {"Agreed", "Active"}}
    assert {agreed, active} <= open_ones.keys()
    assert billing.profiles(every=False) == open_ones
    answer = billing.ask("listStoredCredentials")
    assert billing.own(answer.body["profiles"]) == open_ones


def test_what_was_sent_is_what_is_listed(billing: Billing, consents: Consents) -> None:
    """Profiles are created with every member, with the required ones only, and with texts at their longest.

    Expect each to be listed with what was sent, for the payment method of the path, and no security code anywhere.
    """
    # Every member, only the required ones, the longest text, a text with many alphabets
    sent = [
        consents.active(action="Activate", agreedOn=AGREED_ON, cardSecurityCode="123"),
        consents.agreed(authGateway=None, consentAgreementRef=None, type="Unscheduled"),
        consents.agreed(consentAgreementRef="R" * 128, agreedOn="2020-02-29"),
        consents.persisted(consentAgreementRef="Zoë's \N{HIRAGANA LETTER A} & \N{GRINNING FACE}"),
    ]
    numbers = [billing.store(body) for body in sent]
    assert len(set(numbers)) == len(sent)

    # Each is listed as it was sent
    shown = billing.profiles()
    for number, body in zip(numbers, sent, strict=True):
        one = shown[number]
        assert one["paymentMethodId"] == billing.method
        assert (one["type"], one["consentAgreementSrc"]) == (body["type"], body["consentAgreementSrc"])
        assert one.get("consentAgreementRef") == body.get("consentAgreementRef")
        assert all(one.get(end) is None for end in ENDS)
        if billing.apis.session.target.reference:
            assert str(one["agreedOn"]).startswith(body.get("agreedOn", ""))

    # What nobody may see again
    assert "cardSecurityCode" not in str(shown)
    billing.expect_effects(cardholder_transactions_approved=1, stored_credentials_created=4)


def test_two_payment_methods(billing: Billing) -> None:
    """A customer has two cards, and consents for both of them.

    Expect profiles that count within their card, and what is done to those of one to leave those of the other.
    """
    # One consent for the first card, two for the second
    second = billing.at_second()
    mine = billing.agree()
    theirs = [second.persist(), second.agree(type="Unscheduled")]
    before = second.profiles()
    assert set(theirs) <= set(before)
    assert {one["paymentMethodId"] for one in before.values()} == {second.method}

    # The first card's is cancelled
    billing.cancel(mine)
    assert billing.status(mine) == "Cancelled"

    # The second card's are as they were, and a number that neither has is found nowhere
    assert second.profiles() == before
    assert billing.ask("cancelStoredCredential", billing.unknown(second)).status == 404 or not billing.apis.session.target.reference
    assert second.profiles() == before


@pytest.mark.parametrize("close", ["cancel", "expire"])
def test_closing_one_leaves_the_others(billing: Billing, close: str) -> None:
    """One of three consents is closed.

    Expect it alone to be closed, and the next consent to get a number that no other one has or had.
    """
    # Three consents
    first, closed, third = billing.agree(), billing.persist(), billing.agree(type="Unscheduled")
    before = billing.profiles()

    # The one in the middle ends
    end: Callable[[int], None] = billing.cancel if close == "cancel" else billing.expire
    end(closed)
    after = billing.profiles()
    assert after[closed]["status"] == ("Cancelled" if close == "cancel" else "Expired")
    assert {first: after[first], third: after[third]} == {first: before[first], third: before[third]}

    # A new one does not take its place
    new = billing.agree()
    assert new not in before
    assert billing.profiles()[closed] == after[closed]


@pytest.mark.needs("clock")
def test_moments_follow_the_clock(billing: Billing) -> None:
    """A consent is activated, and withdrawn on another day.

    Expect the time of activation to come before that of the cancellation, and never to change.
    """
    # Activated today
    number = billing.persist()
    activated: Any = billing.profiles()[number]["activatedOn"]

    # Cancelled a day later
    billing.apis.advance(86_400)
    billing.cancel(number)
    ended = billing.profiles()[number]
    assert ended["activatedOn"] == activated
    assert str(ended["cancelledOn"])[:10] > str(activated)[:10]


def test_second_consent_of_the_same_type(billing: Billing) -> None:
    """A customer consents again before the first consent of the same type has ended.

    Expect two profiles, since no document forbids it, and to close one without the other.
    """
    # Two active ones of one type
    first, second = billing.persist(), billing.persist("MCC210987654321")
    assert first != second
    before = billing.profiles()

    # One of them ends
    billing.expire(first)
    assert (billing.status(first), billing.status(second)) == ("Expired", "Active")
    assert billing.profiles()[second] == before[second]
