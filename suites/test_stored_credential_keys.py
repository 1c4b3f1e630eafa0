"""Idempotency keys of stored credentials: a repetition under one key is the same request, and is done once.

What can go wrong: a retry stores a second consent or asks the cardholder's bank twice, or a key stands for two requests.
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

AT_ONCE = 8


@pytest.mark.parametrize("operation", EACH)
def test_same_key_and_request(billing: Billing, operation: str) -> None:
    """A request is repeated twice as it was, with its key, and once more after another request.

    Expect the same answer each time, and that it was done once.
    """
    # The request with a key
    parts, key, done = billing.ready(operation), str(uuid4()), billing.effects()
    first = billing.ask(operation, key=key, **parts, intent=ACCEPT)
    assert first.status == 200
    before = billing.profiles()

    # Again and again
    again = [billing.ask(operation, key=key, **parts) for _ in range(2)]
    assert [(answer.status, answer.body) for answer in again] == [(200, first.body)] * 2

    # It was done once
    assert billing.profiles() == before
    billing.expect_once(operation, done)


@pytest.mark.operation(CREATE)
def test_same_key_and_other_body(billing: Billing, consents: Consents) -> None:
    """A caller uses a key for a second, different consent.

    Expect that no second one is stored: the first answer again (so does the reference server), or a refusal.
    """
    # One consent
    key = str(uuid4())
    first = billing.ask(CREATE, body=consents.persisted(), key=key, intent=ACCEPT)
    before, done = billing.profiles(), billing.effects()

    # Another one under its key
    for body in (consents.persisted("MCC210987654321"), consents.agreed(), consents.active(type="Unscheduled")):
        answer = billing.ask(CREATE, body=body, key=key)
        assert (answer.status, answer.body) == (200, first.body) or 400 <= answer.status < 500
        if billing.apis.session.target.reference:
            assert answer.status == 200

    # The first one is all there is
    assert billing.profiles() == before
    assert billing.effects() == done


@pytest.mark.parametrize("operation", EACH)
def test_other_key_is_another_request(billing: Billing, operation: str) -> None:
    """The same request is sent with two keys that differ in one letter's case, and without a key.

    Expect each to be a request of its own: three profiles, or one closing and two refusals on the reference server.
    """
    # Two keys and none
    parts, key = billing.ready(operation), str(uuid4())
    answers = [billing.ask(operation, key=each, **parts) for each in (key + "a", key + "A", None)]
    assert answers[0].status == 200

    # Each was done, or was refused for what the first had done
    if operation == CREATE:
        assert len({answer.body["number"] for answer in answers}) == 3
    elif billing.apis.session.target.reference:
        assert [answer.status for answer in answers] == [200, 400, 400]
        assert billing.status(parts["number"]) in {"Cancelled", "Expired"}


@pytest.mark.operation(CREATE)
def test_eight_at_once(billing: Billing, consents: Consents) -> None:
    """Eight equal requests with one key arrive at the same time, and later the same request once more.

    Expect one profile and one cardholder transaction; who comes while the first one runs may be told so.
    """
    # All at once
    key, path = str(uuid4()), {"payment-method-id": billing.method}
    before, done = billing.profiles(), billing.effects()
    request = [billing.api.request(CREATE, path=path, body=consents.active(), headers={"Idempotency-Key": key})
               for _ in range(AT_ONCE)]  # fmt: skip
    answers = billing.api.together(request)
    assert {answer.status for answer in answers} <= {200, 409}
    numbers = {answer.body["number"] for answer in answers if answer.status == 200}
    assert len(numbers) == 1

    # One more when all is quiet
    assert billing.ask(CREATE, body=consents.active(), key=key, intent=ACCEPT).body["number"] in numbers

    # One profile
    assert billing.profiles().keys() - before.keys() == numbers
    billing.expect_once(CREATE, done)


@pytest.mark.operation(CREATE)
def test_different_requests_at_once(billing: Billing, consents: Consents) -> None:
    """Eight consents of one card arrive at the same time, every other one with a key of its own and the rest without.

    Expect eight profiles with eight numbers, each with the reference that was sent with it.
    """
    # All at once
    path, before = {"payment-method-id": billing.method}, billing.profiles()
    references = [f"consent {number}" for number in range(AT_ONCE)]
    request = [billing.api.request(CREATE, path=path, body=consents.active(consentAgreementRef=reference),
                                   headers={"Idempotency-Key": str(uuid4())} if number % 2 else {})
               for number, reference in enumerate(references)]  # fmt: skip
    answers = billing.api.together(request)
    assert {answer.status for answer in answers} == {200}

    # Each has its own number
    after = billing.profiles()
    assert len({answer.body["number"] for answer in answers}) == AT_ONCE
    assert {answer.body["number"]: reference for answer, reference in zip(answers, references, strict=True)} == {
        number: one["consentAgreementRef"] for number, one in after.items() if number not in before
    }  # fmt: skip
    billing.expect_effects(cardholder_transactions_approved=AT_ONCE, stored_credentials_created=AT_ONCE)


@pytest.mark.operation(CANCEL)
def test_different_closings_at_once(billing: Billing) -> None:
    """A profile is cancelled and expired by four callers each at the same moment, nobody with a key.

    Expect the profile to be closed in one of the two ways, and on the reference server one of them to succeed.
    """
    # All at once
    number = billing.agree()
    path = {"payment-method-id": billing.method, "profile-number": str(number)}
    answers = billing.api.together([billing.api.request(operation, path=path) for operation in (CANCEL, EXPIRE) * 4])
    done = [operation for operation, answer in zip((CANCEL, EXPIRE) * 4, answers, strict=True)
            if answer.status == 200 and answer.body["success"] is True]  # fmt: skip
    assert done
    ended = {CANCEL: "Cancelled", EXPIRE: "Expired"}

    # One was done
    assert billing.status(number) in {ended[operation] for operation in done}
    if billing.apis.session.target.reference:
        assert len(done) == 1
        billing.expect_effects(**{"stored_credentials_created": 1, f"stored_credentials_{ended[done[0]].lower()}": 1})


@pytest.mark.needs("fault-control")
@pytest.mark.parametrize("operation", EACH)
def test_while_the_first_one_runs(billing: Billing, operation: str) -> None:
    """The first request takes a third of a second, and seven more with its key come meanwhile.

    Expect 409 for those, one effect, and the answer of the first for whoever asks afterwards.
    """
    # One slow request and seven others
    parts, key = billing.ready(operation), str(uuid4())
    path = {"payment-method-id": billing.method, "profile-number": str(parts.get("number", ""))}
    request = [billing.api.request(operation, path=path, body=parts.get("body"), headers={"Idempotency-Key": key})
               for _ in range(AT_ONCE)]  # fmt: skip
    done = billing.effects()
    billing.apis.script({"kind": "delay", "seconds": 0.3, "api": "zuora-credentials"})
    answers = billing.api.together(request)
    assert sorted(answer.status for answer in answers) == [200] + [409] * (AT_ONCE - 1)
    assert all(str(answer.body["reasons"][0]["code"]).endswith("50") for answer in answers if answer.status == 409)

    # Afterwards the answer is there
    (first,) = [answer for answer in answers if answer.status == 200]
    assert billing.ask(operation, key=key, **parts, intent=ACCEPT).body == first.body
    billing.expect_once(operation, done)
