"""Idempotency keys of stored credential requests that failed, were refused, or whose answer was lost.

What can go wrong: a failure that is repeated is done after all, what was done is done again, or a refusal at the door uses up a key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from payproof.client import ACCEPT

if TYPE_CHECKING:
    from payproof.client import Answer
    from suites.fixtures.zuora import Billing, Consents

pytestmark = pytest.mark.api("zuora-credentials")

CREATE, CANCEL, EXPIRE = "createStoredCredential", "cancelStoredCredential", "expireStoredCredential"
EACH = [pytest.param(name, marks=pytest.mark.operation(name)) for name in (CREATE, CANCEL, EXPIRE)]
CLOSINGS = [pytest.param(name, marks=pytest.mark.operation(name)) for name in (CANCEL, EXPIRE)]


@pytest.mark.operation(CREATE)
@pytest.mark.needs("fault-control")
def test_key_of_a_failed_request(billing: Billing, consents: Consents) -> None:
    """A cardholder transaction is declined, and the request is repeated with its key; then it is mended, with its key.

    Expect the same failure each time, with the ids of the first one, and no profile; a new key makes it a new request.
    """
    # A declined one
    key, gateway = str(uuid4()), billing.apis.credentials["zuora_failing_gateway"]
    before, done = billing.profiles(), billing.effects()
    failed = billing.ask(CREATE, body=consents.active(authGateway=gateway), key=key)
    assert 400 <= failed.status < 500 or failed.body["success"] is False

    # As it was, and mended
    for body in (consents.active(authGateway=gateway), consents.active()):
        again = billing.ask(CREATE, body=body, key=key)
        assert (again.status, again.body) == (failed.status, failed.body)
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
    key, before = str(uuid4()), billing.profiles()
    first, second = (billing.ask(CREATE, body=consents.agreed(type=None), key=key) for _ in range(2))
    assert 400 <= first.status < 500
    assert second.status == first.status
    assert second.body == first.body or not billing.apis.session.target.reference

    # Mended
    number = billing.ask(CREATE, body=consents.agreed(), key=key + "mended", intent=ACCEPT).body["number"]
    assert billing.profiles().keys() - before.keys() == {number}


@pytest.mark.parametrize("operation", CLOSINGS)
def test_key_of_a_refused_closing(billing: Billing, operation: str) -> None:
    """A profile is closed that does not exist yet, with a key; then it is created, and the request is repeated.

    Expect the first refusal again on the reference server, and the new profile to be open until it is closed without the key.
    """
    # Nothing to close
    key, number = str(uuid4()), billing.unknown()
    refused = billing.ask(operation, number, key=key)
    assert refused.status >= 400 or refused.body["success"] is False

    # Now there is, but the key belongs to the refusal
    created = billing.agree()
    again = billing.ask(operation, number, key=key)
    if billing.apis.session.target.reference:
        assert created == number
        assert (again.status, again.body) == (refused.status, refused.body)
        assert billing.status(created) == "Agreed"

    # Without the key it is done
    if billing.status(created) == "Agreed":
        assert billing.ask(operation, created, intent=ACCEPT).status == 200
    assert billing.status(created) in {"Cancelled", "Expired"}


@pytest.mark.parametrize("kind", ["drop-after-commit", "fail-after-commit"])
@pytest.mark.parametrize("operation", EACH)
@pytest.mark.needs("fault-control")
def test_lost_answer_is_repeated(billing: Billing, operation: str, kind: str) -> None:
    """The answer is lost, or an error, after the request was done; the caller repeats it with its key.

    Expect the answer that was lost, and that it was done once.
    """
    # Done, but the caller does not know
    parts, key = billing.ready(operation), str(uuid4())
    before, done = billing.profiles(), billing.effects()
    billing.apis.script({"kind": kind, "api": "zuora-credentials"})
    assert billing.ask(operation, key=key, **parts).status in {0, 500}

    # Repeated
    answer = billing.ask(operation, key=key, **parts, intent=ACCEPT)
    assert answer.body["success"] is True

    # Once
    after = billing.profiles()
    billing.expect_once(operation, done)
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
    key, before = str(uuid4()), billing.profiles()
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
    key, before = str(uuid4()), billing.profiles()
    assert billing.ask(CREATE, body=consents.agreed(), key=key, headers={"Authorization": None}).status == 401

    # The same key with a token
    number = billing.ask(CREATE, body=consents.agreed(), key=key, intent=ACCEPT).body["number"]
    assert billing.profiles().keys() - before.keys() == {number}

    # And the door is still closed to somebody who knows the key
    answer = billing.ask(CREATE, body=consents.agreed(), key=key, headers={"Authorization": None})
    assert answer.status == 401
    assert "number" not in answer.body
