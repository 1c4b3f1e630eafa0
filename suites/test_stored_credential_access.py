"""Who gets a token for stored credentials, what it opens, for how long, and for whom.

What can go wrong: an operation is open without a token or with one that has run out, a secret is not looked at, or a
tenant sees, adds to or ends the consents of another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from payproof.client import ACCEPT

if TYPE_CHECKING:
    from payproof.client import Answer
    from payproof.plot import Ground
    from suites.fixtures.zuora import Billing, Consents

pytestmark = pytest.mark.api("zuora-credentials")

OPERATIONS = ("createStoredCredential", "listStoredCredentials", "cancelStoredCredential", "expireStoredCredential")
EVERY_OPERATION = [pytest.param(name, marks=pytest.mark.operation(name)) for name in OPERATIONS]

MARGIN = 90
"""Seconds by which clocks may differ, and a little more: this close to the end of a token nobody promises anything."""


def _useless(token: str) -> dict[str, str | None]:
    """Give Authorization headers that open nothing, made from a token that is good."""
    other = token[:-1] + ("0" if token[-1] != "0" else "1")
    return {
        "no header": None,
        "no token": "Bearer",
        "no scheme": token,
        "another scheme": f"Basic {token}",
        "another token": f"Bearer {other}",
        "half a token": f"Bearer {token[: len(token) // 2]}",
        "a guessed token": "Bearer nonsense",
        "two tokens": f"Bearer {token} {token}",
    }


def _fetch(billing: Billing, form: dict[str, str], **parts: Any) -> Answer:
    answer = billing.api.call("issueZuoraToken", form=form, **parts)
    if answer.status == 200:
        billing.apis.session.redactor.learn_secret(answer.body["access_token"])
    return answer


@pytest.mark.parametrize("operation", EVERY_OPERATION)
def test_operation_is_closed(billing: Billing, ground: Ground, operation: str) -> None:
    """Somebody without a good token tries every door.

    Expect each operation to be closed to all of them, and that nothing changes.
    """
    # With a token, the request is accepted
    assert ground(operation, apis=billing.apis).send().status == 200

    # Without a good one, it is refused
    base = ground(operation, apis=billing.apis)
    before, done = billing.profiles(), billing.effects()
    doors = _useless(billing.apis.credentials["zuora_token"])
    answers = {name: base.but(headers={"Authorization": value}).send(None) for name, value in doors.items()}
    legal = {401} if billing.apis.session.target.reference else {400, 401, 403}
    assert {name: answer.status for name, answer in answers.items() if answer.status not in legal} == {}
    if billing.apis.session.target.reference:
        assert all(answer.body == {"message": "Authentication error"} for answer in answers.values())

    # Nothing has changed
    assert billing.profiles() == before
    assert billing.effects() == done

    # The token opens it still
    assert base.send().status == 200


def test_operations_are_complete(billing: Billing) -> None:
    """Look for every operation of the API. Expect each but the token endpoint to be tried without a token."""
    assert {*OPERATIONS, "issueZuoraToken"} == set(billing.api.session.kit.contracts["zuora-credentials"].spec.operations)


@pytest.mark.operation("listStoredCredentials")
def test_token_in_the_query(billing: Billing) -> None:
    """A token is sent in the URL, where logs and proxies would see it, and not in the header.

    Expect it to open nothing.
    """
    # In the header it opens the list
    assert billing.agree() in billing.profiles()

    # In the query it does not
    query = {"access_token": billing.apis.credentials["zuora_token"]}
    answer = billing.ask("listStoredCredentials", query=query, headers={"Authorization": None})
    assert answer.status == 401
    assert "profiles" not in answer.text


@pytest.mark.needs("clock")
@pytest.mark.parametrize("operation", EVERY_OPERATION)
def test_expired_token(billing: Billing, ground: Ground, operation: str) -> None:
    """A token is good until a little before its end, then it has run out, and a fresh one is fetched.

    Expect the old one to open nothing and to change nothing, and the fresh one to open what the old one did.
    """
    # A little before its end it is as good as on the first day
    number = billing.agree()
    base = ground(operation, apis=billing.apis)
    billing.apis.advance(billing.api.token_seconds() - MARGIN, keep=True)
    before, done = billing.profiles(), billing.effects()
    assert billing.status(number) == "Agreed"

    # Its time is over
    billing.apis.advance(2 * MARGIN, keep=True)
    assert base.send(None).status == 401
    assert billing.ask("listStoredCredentials").status == 401
    assert billing.effects() == done

    # A fresh one opens the same door
    billing.api.token()
    assert billing.profiles() == before
    assert base.send().status == 200


@pytest.mark.operation("issueZuoraToken")
def test_two_tokens_at_a_time(billing: Billing, consents: Consents) -> None:
    """A second machine fetches a token of its own.

    Expect a bearer token with a lifetime, another one than the first, and both to be good.
    """
    # Two tokens
    number, first = billing.agree(), billing.apis.credentials["zuora_token"]
    answer = _fetch(billing, consents.form(billing.apis.credentials), intent=ACCEPT)
    assert answer.status == 200
    assert answer.body["token_type"].lower() == "bearer"
    assert answer.body["expires_in"] == 3599 or not billing.apis.session.target.reference
    second = answer.body["access_token"]
    assert second != first or not billing.apis.session.target.reference

    # Both open the list
    for token in (first, second):
        shown = billing.ask("listStoredCredentials", headers={"Authorization": f"Bearer {token}"}, intent=ACCEPT).body["profiles"]
        assert number in {one["number"] for one in shown}


@pytest.mark.operation("issueZuoraToken")
def test_wrong_credentials(billing: Billing, consents: Consents) -> None:
    """Somebody guesses at the credentials of a client.

    Expect no token for any guess (401 on the reference server), and the client to get its own as before.
    """
    # The client gets a token
    known = billing.apis.credentials
    assert _fetch(billing, consents.form(known), intent=ACCEPT).status == 200

    # Guesses
    secret, nobody = known["zuora_client_secret"], "00000000-0000-4000-8000-000000000000"
    guesses = {
        "wrong secret": {"client_secret": "not-the-secret"},
        "secret with a space": {"client_secret": secret + " "},
        "secret in capitals": {"client_secret": secret.upper() + "X"},
        "half a secret": {"client_secret": secret[:20]},
        "secret of another client": {"client_secret": known["zuora_multi_client_secret"]},
        "wrong client": {"client_id": nobody},
        "client and secret exchanged": {"client_id": secret, "client_secret": known["zuora_client_id"]},
    }
    answers = {name: _fetch(billing, {**consents.form(known), **changes}) for name, changes in guesses.items()}
    assert {name: answer.status for name, answer in answers.items() if answer.status not in {400, 401}} == {}
    if billing.apis.session.target.reference:
        told = {name: (answer.status, answer.body["error"]) for name, answer in answers.items()}
        assert told == dict.fromkeys(guesses, (401, "invalid_client"))

    # The client is not shut out by them
    assert _fetch(billing, consents.form(known), intent=ACCEPT).status == 200


@pytest.mark.operation("issueZuoraToken")
def test_faulty_forms(billing: Billing, consents: Consents) -> None:
    """Forms lack a member, ask for another grant, are sent as JSON, or name a member twice.

    Expect a refusal each time, with the error of RFC 6749 on the reference server, and no token.
    """
    # The whole form is good
    known = billing.apis.credentials
    form = consents.form(known)
    assert _fetch(billing, form, intent=ACCEPT).status == 200

    # With one fault each
    form_type = {"Content-Type": "application/x-www-form-urlencoded"}
    wrong: dict[str, tuple[str, dict[str, Any]]] = {
        "no client": ("invalid_request", {"form": consents.form(known, client_id=None)}),
        "no secret": ("invalid_request", {"form": consents.form(known, client_secret=None)}),
        "no grant": ("invalid_request", {"form": consents.form(known, grant_type=None)}),
        "another grant": ("unsupported_grant_type", {"form": consents.form(known, grant_type="password")}),
        "JSON": ("invalid_request", {"body": form}),
        "a grant twice": ("invalid_request", {"raw": b"grant_type=client_credentials&grant_type=client_credentials",
                                              "headers": form_type}),
        "nothing": ("invalid_request", {"raw": b"", "headers": form_type}),
    }  # fmt: skip
    for name, (error, parts) in wrong.items():
        answer = billing.api.call("issueZuoraToken", **parts)
        assert 400 <= answer.status < 500, name
        if billing.apis.session.target.reference:
            assert (answer.status, answer.body["error"]) == (400, error), name

    # Nothing is left of them
    assert _fetch(billing, form, intent=ACCEPT).status == 200


@pytest.mark.operation("issueZuoraToken")
def test_token_for_several_entities(billing: Billing, consents: Consents) -> None:
    """A client of two entities fetches a token.

    Expect it to work with the entity named, and the scope to tell of two entities where it tells of any.
    """
    # The token of one entity, and that of two
    known = billing.apis.credentials
    one = _fetch(billing, consents.form(known), intent=ACCEPT).body
    two = _fetch(billing, consents.form(known, multi=True), intent=ACCEPT).body
    entities = [[word for word in body.get("scope", "").split() if word.startswith("entity.")] for body in (one, two)]
    assert [len(each) for each in entities] in ([1, 2], [0, 0])

    # The second one works in the entity that is named
    number = billing.agree()
    assert number in billing.in_entities().profiles()


@pytest.mark.needs("second-tenant")
@pytest.mark.parametrize("operation", EVERY_OPERATION)
def test_payment_method_of_another_tenant(billing: Billing, other_billing: Billing, consents: Consents, operation: str) -> None:
    """Two tenants have profiles; each tries to reach the other's with its own token.

    Expect each to be told that there is nothing, and both to have what they had.
    """
    # Each has a profile and reads it
    mine, theirs = billing.agree(), other_billing.agree()
    before = billing.profiles(), other_billing.profiles()
    assert (mine in before[0], theirs in before[1]) == (True, True)
    done = billing.effects(), other_billing.effects()

    # The other's payment method, both ways
    body = consents.agreed() if operation == "createStoredCredential" else None
    for visitor, owner, number in ((billing, other_billing, theirs), (other_billing, billing, mine)):
        answer = visitor.at(owner.method).ask(operation, number, body=body)
        assert answer.status in {403, 404} or answer.body["success"] is False
        assert answer.status == 404 or not billing.apis.session.target.reference
        assert "profiles" not in answer.body

    # Both are as they were
    assert (billing.profiles(), other_billing.profiles()) == before
    assert (billing.effects(), other_billing.effects()) == done


@pytest.mark.needs("second-tenant")
@pytest.mark.parametrize("operation", EVERY_OPERATION)
def test_token_of_another_tenant(billing: Billing, other_billing: Billing, consents: Consents, operation: str) -> None:
    """A tenant's own requests are sent with the other's token, also with the names of its own entity and org.

    Expect them to be refused, both ways, and nothing to change.
    """
    # Both are at work, and each says in which entity and for which org
    numbers = {billing.method: billing.agree(), other_billing.method: other_billing.agree()}
    for one in (billing, other_billing):
        known = one.apis.credentials
        named = one.in_entities().labelled({**one.in_entities().labels, "Zuora-Org-Ids": known["zuora_org"]})
        assert numbers[one.method] in named.profiles()
    before = billing.profiles(), other_billing.profiles()

    # The other's token, alone and with the owner's entity and org
    body = consents.agreed() if operation == "createStoredCredential" else None
    for owner, other in ((billing, other_billing), (other_billing, billing)):
        visitor, known = other.at(owner.method), owner.apis.credentials
        several = {"Authorization": other.in_entities().labels["Authorization"], "Zuora-Entity-Ids": known["zuora_entity"]}
        for headers in ({}, {"Zuora-Org-Ids": known["zuora_org"]}, {"Zuora-Entity-Ids": known["zuora_entity"]}, several):
            answer = visitor.ask(operation, numbers[owner.method], body=body, headers=headers)
            assert answer.status in {400, 403, 404} or answer.body["success"] is False

    # Both are as they were
    assert (billing.profiles(), other_billing.profiles()) == before


@pytest.mark.needs("second-tenant")
@pytest.mark.operation("issueZuoraToken")
def test_secret_of_another_tenant(billing: Billing, other_billing: Billing, consents: Consents) -> None:
    """A client tries the secret of another tenant's client, both ways.

    Expect no token, and both to get tokens of their own that are two.
    """
    # Each gets a token with its own
    ours, theirs = billing.apis.credentials, other_billing.apis.credentials
    assert billing.token() != other_billing.token()

    # Neither gets one with the other's secret
    for client, secret in ((ours, theirs), (theirs, ours)):
        answer = _fetch(billing, consents.form(client, client_secret=secret["zuora_client_secret"]))
        assert answer.status in {400, 401}
        assert "access_token" not in answer.text

    # Each goes on with its own
    assert billing.agree() in billing.profiles()
    assert other_billing.agree() in other_billing.profiles()
