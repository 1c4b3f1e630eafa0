"""Idempotency keys of stored credentials, judged by what really happened and not by what was answered.

What can go wrong: a retry stores a second consent or asks the cardholder's bank twice, a key is forgotten too early or
never, it brings the answer of another resource or of another tenant, or a failure that is repeated is done after all.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest

from payproof.client import ACCEPT

if TYPE_CHECKING:
    from typing import Any

    from payproof.client import Answer
    from suites.fixtures.zuora import Billing, Consents

pytestmark = pytest.mark.api("zuora-credentials")

CREATE, CANCEL, EXPIRE = "createStoredCredential", "cancelStoredCredential", "expireStoredCredential"
EACH = [pytest.param(name, marks=pytest.mark.operation(name)) for name in (CREATE, CANCEL, EXPIRE)]
CLOSINGS = [pytest.param(name, marks=pytest.mark.operation(name)) for name in (CANCEL, EXPIRE)]

AT_ONCE = 8
DAY = 86_400
MARGIN = 3_700
"""Seconds within which a key of about a day is not looked at, since clocks and clean-ups are not exact."""
EFFECTS = {
    CREATE: {"cardholder transactions approved": 1, "stored credentials created": 1},
    CANCEL: {"stored credentials cancelled": 1},
    EXPIRE: {"stored credentials expired": 1},
}
"""What one request does."""


def _prepared(billing: Billing, consents: Consents, operation: str) -> dict[str, Any]:
    """Give what a request of this operation needs to be accepted: the documented body, or the number of an open profile."""
    if operation == CREATE:
        return {"body": consents.active()}
    return {"number": billing.agree()}


def _key() -> str:
    """Give a key that nobody has used, in an earlier run either."""
    return str(uuid.uuid4())


def _gained(billing: Billing, before: dict[str, int]) -> dict[str, int]:
    return {name: count - before.get(name, 0) for name, count in billing.effects().items() if count != before.get(name, 0)}


@pytest.mark.parametrize("operation", EACH)
def test_same_key_and_request(billing: Billing, consents: Consents, operation: str) -> None:
    """A request is repeated twice as it was, with its key, and once more after another request.

    Expect the same answer each time, and that it was done once.
    """
    # The request with a key
    parts, key, done = _prepared(billing, consents, operation), _key(), billing.effects()
    first = billing.ask(operation, key=key, **parts, intent=ACCEPT)
    assert first.status == 200
    before = billing.profiles()

    # Again and again
    again = [billing.ask(operation, key=key, **parts) for _ in range(2)]
    assert [(answer.status, answer.body) for answer in again] == [(200, first.body)] * 2

    # It was done once
    assert billing.profiles() == before
    if done or billing.effects():
        assert _gained(billing, done) == EFFECTS[operation]


@pytest.mark.operation(CREATE)
def test_same_key_and_other_body(billing: Billing, consents: Consents) -> None:
    """A caller uses a key for a second, different consent.

    Expect that no second one is stored: the first answer again (so does the reference server), or a refusal.
    """
    # One consent
    key = _key()
    first = billing.ask(CREATE, body=consents.persisted(), key=key, intent=ACCEPT)
    before, done = billing.profiles(), billing.effects()

    # Another one under its key
    for body in (consents.persisted("MCC210987654321"), consents.agreed(), consents.active(type="Unscheduled")):
        answer = billing.ask(CREATE, body=body, key=key)
        assert (answer.status, answer.body) == (200, first.body) or 400 <= answer.status < 500
        if billing.apis.session.target.mock:
            assert answer.status == 200

    # The first one is all there is
    assert billing.profiles() == before
    assert billing.effects() == done


@pytest.mark.parametrize("operation", EACH)
def test_other_key_is_another_request(billing: Billing, consents: Consents, operation: str) -> None:
    """The same request is sent with two keys that differ in one letter's case, and without a key.

    Expect each to be a request of its own: three profiles, or one closing and two refusals on the reference server.
    """
    # Two keys and none
    parts, key = _prepared(billing, consents, operation), _key()
    answers = [billing.ask(operation, key=each, **parts) for each in (key + "a", key + "A", None)]
    assert answers[0].status == 200

    # Each was done, or was refused for what the first had done
    if operation == CREATE:
        assert len({answer.body["number"] for answer in answers}) == 3
    elif billing.apis.session.target.mock:
        assert [answer.status for answer in answers] == [200, 400, 400]
        assert billing.status(parts["number"]) in {"Cancelled", "Expired"}


@pytest.mark.operation(CREATE)
def test_eight_at_once(billing: Billing, consents: Consents) -> None:
    """Eight equal requests with one key arrive at the same time, and later the same request once more.

    Expect one profile and one cardholder transaction; who comes while the first one runs may be told so.
    """
    # All at once
    key, path = _key(), {"payment-method-id": billing.method}
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
    if done or billing.effects():
        assert _gained(billing, done) == EFFECTS[CREATE]


@pytest.mark.needs("fault-control")
@pytest.mark.parametrize("operation", EACH)
def test_while_the_first_one_runs(billing: Billing, consents: Consents, operation: str) -> None:
    """The first request takes a third of a second, and seven more with its key come meanwhile.

    Expect 409 for those, one effect, and the answer of the first for whoever asks afterwards.
    """
    # One slow request and seven others
    parts, key = _prepared(billing, consents, operation), _key()
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
    assert _gained(billing, done) == EFFECTS[operation]


@pytest.mark.operation(CREATE)
@pytest.mark.needs("fault-control")
def test_key_of_a_failed_request(billing: Billing, consents: Consents) -> None:
    """A cardholder transaction is declined, and the request is repeated with its key; then it is mended, with its key.

    Expect the same failure each time, with the ids of the first one, and no profile; a new key makes it a new request.
    """
    # A declined one
    key, gateway = _key(), billing.apis.credentials["zuora_failing_gateway"]
    before, done = billing.profiles(), billing.effects()
    failed = billing.ask(CREATE, body=consents.active(authGateway=gateway), key=key)
    assert failed.status == 400

    # As it was, and mended
    for body in (consents.active(authGateway=gateway), consents.active()):
        again = billing.ask(CREATE, body=body, key=key)
        assert (again.status, again.body) == (400, failed.body)
    assert billing.profiles() == before
    assert billing.effects() == done

    # With a new key it is done
    number = billing.ask(CREATE, body=consents.active(), key=key + "new", intent=ACCEPT).body["number"]
    assert billing.profiles().keys() - before.keys() == {number}


@pytest.mark.operation(CREATE)
def test_key_of_a_request_with_a_fault(billing: Billing, consents: Consents) -> None:
    """A request lacks a member and has a key; it is sent twice, and mended under a new key.

    Expect the same refusal both times (to the letter on the reference server), and then one profile.
    """
    # Twice the same fault
    key, before = _key(), billing.profiles()
    first, second = (billing.ask(CREATE, body=consents.agreed(type=None), key=key) for _ in range(2))
    assert 400 <= first.status < 500
    assert second.status == first.status
    assert second.body == first.body or not billing.apis.session.target.mock

    # Mended
    number = billing.ask(CREATE, body=consents.agreed(), key=key + "mended", intent=ACCEPT).body["number"]
    assert billing.profiles().keys() - before.keys() == {number}


@pytest.mark.parametrize("operation", CLOSINGS)
def test_key_of_a_refused_closing(billing: Billing, operation: str) -> None:
    """A profile is closed that does not exist yet, with a key; then it is created, and the request is repeated.

    Expect the first refusal again, and the new profile to be open.
    """
    # Nothing to close
    key, number = _key(), max(billing.profiles(), default=0) + 1
    refused = billing.ask(operation, number, key=key)
    assert refused.status >= 400 or refused.body["success"] is False

    # Now there is, but the key belongs to the refusal
    assert billing.agree() == number or not billing.apis.session.target.mock
    again = billing.ask(operation, number, key=key)
    if billing.apis.session.target.mock:
        assert (again.status, again.body) == (refused.status, refused.body)
        assert billing.status(number) == "Agreed"

    # Without the key it is done
    if billing.status(number) == "Agreed":
        assert billing.ask(operation, number, intent=ACCEPT).status == 200
    assert billing.status(number) in {"Cancelled", "Expired"}


@pytest.mark.parametrize("operation", EACH)
def test_key_on_another_resource(billing: Billing, consents: Consents, operation: str) -> None:
    """A key that was used for one payment method or profile is used for others, and for another operation.

    Expect 422 each time, nothing done, and the first request to be answered as before.
    """
    # The key belongs to the first profile
    parts, key = _prepared(billing, consents, operation), _key()
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
def test_key_of_another_tenant(billing: Billing, other_billing: Billing, consents: Consents, operation: str) -> None:
    """Two tenants happen to use the same key at the same time, each for a request of its own.

    Expect each to be done once, and neither to see the other's answer.
    """
    # One key for both
    key = _key()
    ours, theirs = _prepared(billing, consents, operation), _prepared(other_billing, consents, operation)
    done = [billing.effects(), other_billing.effects()]
    mine = billing.ask(operation, key=key, **ours, intent=ACCEPT)
    yours = other_billing.ask(operation, key=key, **theirs, intent=ACCEPT)
    assert (mine.body["paymentMethodId"], yours.body["paymentMethodId"]) == (billing.method, other_billing.method)

    # Each again
    assert billing.ask(operation, key=key, **ours).body == mine.body
    assert other_billing.ask(operation, key=key, **theirs).body == yours.body
    for one, before in zip((billing, other_billing), done, strict=True):
        if before or one.effects():
            assert _gained(one, before) == EFFECTS[operation]


@pytest.mark.operation(CREATE)
@pytest.mark.needs("clock")
def test_key_within_and_after_its_day(billing: Billing, consents: Consents) -> None:
    """A request is repeated with its key after two hours, after nearly a day, and after more than a day.

    Expect the first profile until then, and a new one afterwards.
    """
    # The first use counts, and not the last one
    key, body = _key(), consents.persisted()
    number = billing.ask(CREATE, body=body, key=key, intent=ACCEPT).body["number"]
    for seconds in (7_200, DAY - 7_200 - MARGIN):
        billing.apis.advance(seconds)
        billing.api.token()
        assert billing.ask(CREATE, body=body, key=key, intent=ACCEPT).body["number"] == number

    # A day and a bit after the first use
    billing.apis.advance(2 * MARGIN)
    billing.api.token()
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
    key, body = _key(), consents.agreed()
    number = billing.ask(CREATE, body=body, key=key, intent=ACCEPT).body["number"]

    # As good as new
    billing.apis.advance(DAY + MARGIN)
    billing.api.token()
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
    key, number = _key(), billing.agree()
    first = billing.ask(operation, number, key=key, intent=ACCEPT)
    ended = billing.profiles()[number]

    # Within the day
    billing.apis.advance(DAY - MARGIN)
    billing.api.token()
    assert billing.ask(operation, number, key=key).body == first.body

    # After it
    billing.apis.advance(2 * MARGIN)
    billing.api.token()
    late = billing.ask(operation, number, key=key)
    assert late.status == 400 or not billing.apis.session.target.mock
    assert billing.profiles()[number] == ended or not billing.apis.session.target.mock


@pytest.mark.parametrize("kind", ["drop-after-commit", "fail-after-commit"])
@pytest.mark.parametrize("operation", EACH)
@pytest.mark.needs("fault-control")
def test_lost_answer_is_repeated(billing: Billing, consents: Consents, operation: str, kind: str) -> None:
    """The answer is lost, or an error, after the request was done; the caller repeats it with its key.

    Expect the answer that was lost, and that it was done once.
    """
    # Done, but the caller does not know
    parts, key = _prepared(billing, consents, operation), _key()
    before, done = billing.profiles(), billing.effects()
    billing.apis.script({"kind": kind, "api": "zuora-credentials"})
    assert billing.ask(operation, key=key, **parts).status in {0, 500}

    # Repeated
    answer = billing.ask(operation, key=key, **parts, intent=ACCEPT)
    assert answer.body["success"] is True

    # Once
    after = billing.profiles()
    assert _gained(billing, done) == EFFECTS[operation]
    if operation == CREATE:
        assert after.keys() - before.keys() == {answer.body["number"]}
    else:
        assert after[answer.body["number"]]["status"] == {CANCEL: "Cancelled", EXPIRE: "Expired"}[operation]


@pytest.mark.operation(CREATE)
@pytest.mark.needs("fault-control")
def test_lost_answer_without_a_key(billing: Billing, consents: Consents) -> None:
    """The answer is lost and the request had no key, so the caller looks before it tries again.

    Expect the profile to be there, once.
    """
    # An undisturbed one
    known = billing.agree()
    before = billing.profiles()

    # The next answer is lost
    billing.apis.script({"kind": "drop-after-commit", "api": "zuora-credentials"})
    assert billing.ask(CREATE, body=consents.persisted()).status == 0

    # It is found
    (found,) = billing.profiles().keys() - before.keys()
    assert found != known
    assert billing.status(found) == "Active"
    billing.expect_effects(stored_credentials_created=2)


@pytest.mark.operation(CREATE)
@pytest.mark.needs("fault-control")
@pytest.mark.parametrize("status", [429, 500, 503])
def test_key_of_a_request_that_never_began(billing: Billing, consents: Consents, status: int) -> None:
    """The server is too busy or out of order and does nothing; the caller repeats the request with its key.

    Expect it to be done then, once, and to be given again afterwards.
    """
    # Nothing was done
    key, before = _key(), billing.profiles()
    billing.apis.script({"kind": "status", "status": status, "api": "zuora-credentials"})
    assert billing.ask(CREATE, body=consents.active(), key=key).status == status
    assert billing.profiles() == before

    # Repeated until it is done, and once more
    answers: list[Answer] = [billing.ask(CREATE, body=consents.active(), key=key, intent=ACCEPT) for _ in range(2)]
    assert len({answer.body["number"] for answer in answers}) == 1
    billing.expect_effects(cardholder_transactions_approved=1, stored_credentials_created=1)


@pytest.mark.operation(CREATE)
def test_key_of_a_request_without_a_good_token(billing: Billing, consents: Consents) -> None:
    """Somebody without a token uses a key, and then the tenant does.

    Expect the refusal to leave the key alone.
    """
    # Refused at the door
    key, before = _key(), billing.profiles()
    assert billing.ask(CREATE, body=consents.agreed(), key=key, headers={"Authorization": None}).status == 401

    # The same key with a token
    number = billing.ask(CREATE, body=consents.agreed(), key=key, intent=ACCEPT).body["number"]
    assert billing.profiles().keys() - before.keys() == {number}

    # And the door is still closed to somebody who knows the key
    answer = billing.ask(CREATE, body=consents.agreed(), key=key, headers={"Authorization": None})
    assert answer.status == 401
    assert "number" not in answer.body
