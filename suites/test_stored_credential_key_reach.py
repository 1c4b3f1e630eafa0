"""How far an idempotency key of stored credentials reaches: one resource, one operation, one tenant, about one day.

What can go wrong: a key is forgotten too early or never, or it brings the answer of another resource or of another tenant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from payproof.client import ACCEPT

if TYPE_CHECKING:
    from suites.fixtures.zuora import Billing, Consents

pytestmark = pytest.mark.api("zuora-credentials")

CREATE, CANCEL, EXPIRE = "createStoredCredential", "cancelStoredCredential", "expireStoredCredential"
EACH = [pytest.param(name, marks=pytest.mark.operation(name)) for name in (CREATE, CANCEL, EXPIRE)]
CLOSINGS = [pytest.param(name, marks=pytest.mark.operation(name)) for name in (CANCEL, EXPIRE)]

DAY = 86_400
MARGIN = 3_700
"""Seconds within which a key of about a day is not looked at, since clocks and clean-ups are not exact."""


@pytest.mark.parametrize("operation", EACH)
def test_key_on_another_resource(billing: Billing, consents: Consents, operation: str) -> None:
    """A key that was used for one payment method or profile is used for others, and for another operation.

    Expect 422 each time, nothing done, and the first request to be answered as before.
    """
    # The key belongs to the first profile
    parts, key = billing.ready(operation), str(uuid4())
    first = billing.ask(operation, key=key, **parts, intent=ACCEPT)
    other, second = billing.persist(), billing.at_second()
    elsewhere = second.persist()
    before, done = (billing.profiles(), second.profiles()), billing.effects()

    # Another payment method, another profile, another operation
    refused = [second.ask(CREATE, body=consents.agreed(), key=key), second.ask(CANCEL, elsewhere, key=key),
               billing.ask(CANCEL, other, key=key), billing.ask(EXPIRE, other, key=key)]  # fmt: skip
    if operation != CREATE:
        refused.append(billing.ask(CREATE, body=consents.agreed(), key=key))
    assert [answer.status for answer in refused] == [422] * len(refused)

    # Nothing was done, and the key is still good where it belongs
    assert (billing.profiles(), second.profiles()) == before
    assert billing.effects() == done
    assert billing.ask(operation, key=key, **parts).body == first.body


@pytest.mark.parametrize("operation", EACH)
@pytest.mark.needs("second-tenant")
def test_key_of_another_tenant(billing: Billing, other_billing: Billing, operation: str) -> None:
    """Two tenants happen to use the same key at the same time, each for a request of its own.

    Expect each to be done once, and neither to see the other's answer.
    """
    # One key for both
    key = str(uuid4())
    ours, theirs = billing.ready(operation), other_billing.ready(operation)
    done = [billing.effects(), other_billing.effects()]
    mine = billing.ask(operation, key=key, **ours, intent=ACCEPT)
    yours = other_billing.ask(operation, key=key, **theirs, intent=ACCEPT)
    assert (mine.body["paymentMethodId"], yours.body["paymentMethodId"]) == (billing.method, other_billing.method)

    # Each again
    assert billing.ask(operation, key=key, **ours).body == mine.body
    assert other_billing.ask(operation, key=key, **theirs).body == yours.body
    for one, before in zip((billing, other_billing), done, strict=True):
        one.expect_once(operation, before)


@pytest.mark.operation(CREATE)
@pytest.mark.needs("clock")
def test_key_within_and_after_its_day(billing: Billing, consents: Consents) -> None:
    """A request is repeated with its key after two hours, after nearly a day, and after more than a day.

    Expect the first profile until then, and a new one afterwards.
    """
    # The first use counts, and not the last one
    key, body = str(uuid4()), consents.persisted()
    number = billing.ask(CREATE, body=body, key=key, intent=ACCEPT).body["number"]
    for seconds in (7_200, DAY - 7_200 - MARGIN):
        billing.apis.advance(seconds)
        assert billing.ask(CREATE, body=body, key=key, intent=ACCEPT).body["number"] == number

    # A day and a bit after the first use
    billing.apis.advance(2 * MARGIN)
    renewed = billing.ask(CREATE, body=body, key=key, intent=ACCEPT).body["number"]
    assert renewed != number
    assert {number, renewed} <= billing.profiles().keys()


@pytest.mark.operation(CREATE)
@pytest.mark.needs("clock")
def test_key_used_once_and_after_its_day(billing: Billing, consents: Consents) -> None:
    """A key is used once, and a day and a bit later again.

    Expect it to be as good as new: a second profile, which is then given again.
    """
    # Used once
    key, body = str(uuid4()), consents.agreed()
    number = billing.ask(CREATE, body=body, key=key, intent=ACCEPT).body["number"]

    # As good as new
    billing.apis.advance(DAY + MARGIN)
    renewed, again = (billing.ask(CREATE, body=body, key=key, intent=ACCEPT).body["number"] for _ in range(2))
    assert renewed != number
    assert again == renewed
    assert {number, renewed} <= billing.profiles().keys()


@pytest.mark.parametrize("operation", CLOSINGS)
@pytest.mark.needs("clock")
def test_closing_key_within_and_after_its_day(billing: Billing, operation: str) -> None:
    """A closing is repeated with its key after nearly a day, and after more than a day.

    Expect success again, and then what a closed profile answers without a key.
    """
    # Closed
    key, number = str(uuid4()), billing.agree()
    first = billing.ask(operation, number, key=key, intent=ACCEPT)
    ended = billing.profiles()[number]

    # Within the day
    billing.apis.advance(DAY - MARGIN)
    assert billing.ask(operation, number, key=key).body == first.body

    # After it
    billing.apis.advance(2 * MARGIN)
    late = billing.ask(operation, number, key=key)
    assert late.status == 400 or not billing.apis.session.target.reference
    assert billing.profiles()[number] == ended or not billing.apis.session.target.reference
