"""Every documented error: a request that causes exactly it, and nothing else.

Each starts from a request that is accepted and departs from it in one place. The reference server answers with the
very status; elsewhere another refusal is as good, and the clauses say which. The shape of each error body is judged
on every answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from payproof.client import ACCEPT
from payproof.exchange import Intent

if TYPE_CHECKING:
    from payproof.client import Answer
    from payproof.plot import Base, Ground
    from payproof.worker import Apis
    from suites.fixtures.jpmorgan import Merchant, Payloads

NO_PROFILE = "NOSUCHPROFILE"
NO_METHOD = "00000000-0000-4000-8000-000000000000"

CALLER_ERRORS = {
    "createConsumerProfile": ("400 header", "400 body", "401 token"),
    "getConsumerProfile": ("400 header", "400 profile", "401 token", "404 profile"),
    "updateConsumerProfile": ("400 header", "400 body", "401 token", "404 profile"),
    "deleteConsumerProfile": ("400 header", "400 profile", "401 token", "404 profile"),
    "addPaymentMethod": ("400 header", "400 body", "401 token", "404 profile"),
    "updatePaymentMethod": ("400 header", "400 body", "401 token", "404 profile", "404 method"),
    "setDefaultPaymentMethod": ("400 header", "400 method", "401 token", "404 profile", "404 method"),
    "deletePaymentMethod": ("400 header", "400 method", "401 token", "404 profile", "404 method"),
    "getPaymentMethodStatus": ("400 header", "400 method", "401 token", "404 profile", "404 method"),
}
"""The errors that a caller can cause by itself: the status, and the part of the request that is at fault."""

SERVER_ERRORS = {
    "createConsumerProfile": (408, 500, 503, 504),
    "getConsumerProfile": (408, 500, 504),
    "updateConsumerProfile": (408, 500, 503, 504),
    "deleteConsumerProfile": (408, 500, 503, 504),
    "addPaymentMethod": (408, 500, 503, 504),
    "updatePaymentMethod": (408, 500, 503, 504),
    "setDefaultPaymentMethod": (408, 500, 503, 504),
    "deletePaymentMethod": (408, 500, 503, 504),
    "getPaymentMethodStatus": (408, 500, 504),
}
"""The errors that nobody outside can cause: the reference server gives them when it is told to."""


def _operations(table: dict[str, Any]) -> list[Any]:
    return [pytest.param(operation, marks=pytest.mark.operation(operation)) for operation in table]


def _faulty_body(payloads: Payloads, operation: str) -> tuple[Any, Intent]:
    nameless = payloads.card(accountNumber=None)
    return {
        "createConsumerProfile": (payloads.profile(firstName=7), Intent("refuse", "body", "/firstName", "type")),
        "updateConsumerProfile": (payloads.rename(firstName=7), Intent("refuse", "body", "/firstName", "type")),
        "addPaymentMethod": (
            payloads.addition(cardList=[nameless]), Intent("refuse", "body", "/cardList/0/accountNumber", "required"),
        ),
        "updatePaymentMethod": (
            payloads.change(accountStatus="FROZEN"), Intent("refuse", "body", "/card/accountStatus", "enum"),
        ),
    }[operation]  # fmt: skip


def _cause(error: str, base: Base, payloads: Payloads) -> Answer:
    """Send the request of `base` with the fault that causes an error."""

    def path(name: str, value: str) -> Base:
        return base.but(path={**base.path, name: value})

    if error == "400 body":
        body, intent = _faulty_body(payloads, base.operation)
        return base.but(body=body).send(intent)
    faults = {
        "400 header": (base.but(headers={"merchantIdentifier": None}), ("header", "/merchantIdentifier", "required")),
        "400 profile": (path("consumer-profile-id", "NO_SUCH_PROFILE"), ("path", "/consumer-profile-id", "pattern")),
        "400 method": (path("payment-method-Id", "no-such-method"), ("path", "/payment-method-Id", "pattern")),
        "401 token": (base.but(headers={"Authorization": None}), ("authorization", "/Authorization", "required")),
        "404 profile": (path("consumer-profile-id", NO_PROFILE), None),
        "404 method": (path("payment-method-Id", NO_METHOD), None),
    }
    faulty, violated = faults[error]
    return faulty.send(Intent("refuse", *violated) if violated else None)


@pytest.mark.api("jpmorgan-profiles")
@pytest.mark.parametrize("operation", _operations(CALLER_ERRORS))
def test_caller_errors(merchant: Merchant, ground: Ground, payloads: Payloads, operation: str) -> None:
    """A request has one thing wrong with it: a header, its token, its body or an id.

    Expect the documented error for each, and that none of them changes anything.
    """
    # As it stands, the request is accepted
    control = ground(operation, apis=merchant.apis).send()
    assert control.status == 200

    # With one fault each time, it is refused
    base = ground(operation, apis=merchant.apis)
    watched = base.ids.get("profile") or control.body["consumerProfileId"]
    before, done = merchant.look(watched), merchant.effects()
    caused = {error: _cause(error, base, payloads).status for error in CALLER_ERRORS[operation]}
    if merchant.apis.session.target.reference:
        assert caused == {error: int(error[:3]) for error in CALLER_ERRORS[operation]}
    assert {error: status for error, status in caused.items() if not 400 <= status < 500} == {}

    # Nothing has changed
    assert merchant.look(watched) == before
    assert merchant.effects() == done

    # Without the faults, it is accepted again
    assert base.send().status == 200


@pytest.mark.api("jpmorgan-profiles")
@pytest.mark.needs("second-tenant")
@pytest.mark.parametrize("operation", _operations(CALLER_ERRORS))
def test_foreign_merchant(merchant: Merchant, other_merchant: Merchant, ground: Ground, operation: str) -> None:
    """A request carries the identifier of a merchant that its token does not speak for.

    Expect 403, and that nothing changes, neither here nor there.
    """
    # Each merchant is let in with its own identifier
    base = ground(operation, apis=merchant.apis)
    theirs = ground("getConsumerProfile", apis=other_merchant.apis)
    there = other_merchant.look(theirs.ids["profile"])
    assert there
    done = merchant.effects(), other_merchant.effects()

    # The identifier of the other one is refused
    foreign = {"merchantIdentifier": other_merchant.apis.credentials["merchant_id"]}
    answer = base.but(headers=foreign).send(None)
    assert answer.status in ({403} if merchant.apis.session.target.reference else {400, 401, 403, 404})

    # Nothing has changed
    assert other_merchant.look(theirs.ids["profile"]) == there
    assert (merchant.effects(), other_merchant.effects()) == done

    # With its own identifier, the request is accepted
    assert base.send().status == 200


@pytest.mark.api("jpmorgan-profiles")
@pytest.mark.needs("fault-control")
@pytest.mark.parametrize("operation", _operations(SERVER_ERRORS))
def test_server_errors(merchant: Merchant, ground: Ground, operation: str) -> None:
    """The server, or something behind it, fails before it has done anything.

    Expect each documented error once, nothing to have changed, and the same request to be accepted afterwards.
    """
    # The server is well
    base = ground(operation, apis=merchant.apis)
    watched = base.ids.get("profile") or ground(operation, apis=merchant.apis).send().body["consumerProfileId"]
    before, done = merchant.look(watched), merchant.effects()

    # It fails in each documented way
    merchant.apis.script(*({"kind": "status", "status": status} for status in SERVER_ERRORS[operation]))
    assert tuple(base.send(None).status for _ in SERVER_ERRORS[operation]) == SERVER_ERRORS[operation]

    # Nothing has changed
    assert merchant.look(watched) == before
    assert merchant.effects() == done

    # It is well again
    assert base.send().status == 200


@pytest.mark.api("jpmorgan-profiles")
def test_errors_are_complete(merchant: Merchant) -> None:
    """Look for every error status of every operation of the API. Expect each in a table, and no other one."""
    operations = merchant.api.session.kit.contracts["jpmorgan-profiles"].spec.operations
    documented = {name: {int(status) for status in operation.answers} - {200} for name, operation in operations.items()}
    caused = {
        operation: {403, *(int(error[:3]) for error in errors), *SERVER_ERRORS[operation]} for operation, errors in CALLER_ERRORS.items()
    }
    assert caused == documented


TOKEN_ERRORS = [
    pytest.param("invalid_request", {"form": {"scope": "jpm:payments:sandbox"}}, ("/grant_type", "required"), id="no-grant"),
    pytest.param("invalid_request", {"raw": b"grant_type=client_credentials&grant_type=client_credentials"},
                 ("/grant_type", "enum"), id="grant-twice"),
    pytest.param("invalid_request", {"body": {"grant_type": "client_credentials"}}, ("", "content-type"), id="json"),
    pytest.param("unsupported_grant_type", {"form": {"grant_type": "password", "scope": "jpm:payments:sandbox"}},
                 ("/grant_type", "enum"), id="other-grant"),
    pytest.param("invalid_scope", {"form": {"grant_type": "client_credentials", "scope": "jpm:payments:production"}},
                 ("/scope", "enum"), id="other-scope"),
]  # fmt: skip


@pytest.mark.every_case
@pytest.mark.api("jpmorgan-oauth")
@pytest.mark.operation("issueToken")
@pytest.mark.parametrize(("error", "request_parts", "violated"), TOKEN_ERRORS)
def test_token_errors(apis: Apis, payloads: Payloads, error: str, request_parts: dict[str, Any], violated: tuple[str, str]) -> None:
    """A known client asks for a token with one thing wrong in its form.

    Expect the error of RFC 6749 for it and no token, and the client to get one for a right form. A scope may be ignored
    instead, by section 3.3: then the token is for another one, and the answer says so.
    """
    # The client is known
    token = apis["jpmorgan-oauth"]
    assert token.call("issueToken", form=payloads.form(), intent=ACCEPT).status == 200

    # Its form has a fault
    answer = token.call("issueToken", intent=Intent("refuse", "body", *violated), **request_parts)
    if answer.status == 200 and error == "invalid_scope":
        assert answer.body["scope"] != request_parts["form"]["scope"]
    else:
        assert answer.status == 400
        assert "access_token" not in answer.body
    if apis.session.target.reference:
        assert answer.body["error"] == error

    # A right form is as good as before
    assert token.call("issueToken", form=payloads.form()).status == 200


@pytest.mark.api("jpmorgan-oauth")
@pytest.mark.operation("issueToken")
def test_token_without_scope(apis: Apis) -> None:
    """A known client names no scope, which RFC 6749 lets a server read as its usual one, or refuse.

    Expect a token for a scope that the answer names, or invalid_scope.
    """
    # The form says nothing about the scope
    answer = apis["jpmorgan-oauth"].call("issueToken", form={"grant_type": "client_credentials"})

    # One or the other
    if answer.status == 200:
        assert answer.body["scope"]
    else:
        assert (answer.status, answer.body["error"]) == (400, "invalid_scope")
