"""Who gets a token, what it opens, and for how long.

The reference server answers every credential that is no good with 401. Elsewhere a malformed one may also get 400
(RFC 6750 section 3.1); what the standards demand of each answer is in the clauses.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

from payproof.client import ACCEPT
from payproof.exchange import Intent

if TYPE_CHECKING:
    from payproof.client import Answer
    from payproof.plot import Ground
    from payproof.worker import Apis
    from suites.fixtures.jpmorgan import Merchant, Payloads
    from suites.fixtures.jpmorgan_access import ExpectClosed

OPERATIONS = (
    "createConsumerProfile",
    "getConsumerProfile",
    "updateConsumerProfile",
    "deleteConsumerProfile",
    "addPaymentMethod",
    "updatePaymentMethod",
    "setDefaultPaymentMethod",
    "deletePaymentMethod",
    "getPaymentMethodStatus",
)

MARGIN = 90
"""Seconds by which clocks may differ, and a little more: this close to the end of a token nobody promises anything."""
REFUSE = Intent("refuse", "authorization", "/Authorization", "credentials")
"""The claim that credentials let nobody in."""


@pytest.mark.api("jpmorgan-profiles")
@pytest.mark.parametrize("operation", [pytest.param(name, marks=pytest.mark.operation(name)) for name in OPERATIONS])
def test_operation_is_closed(merchant: Merchant, payloads: Payloads, expect_closed: ExpectClosed, operation: str) -> None:
    """Somebody without a good token tries every door.

    Expect each operation to be closed to all of them, and that nothing changes.
    """
    expect_closed(merchant, operation, lambda base: base.ids.get("profile") or merchant.create(payloads.profile()).id)


@pytest.mark.api("jpmorgan-profiles")
def test_operations_are_complete(merchant: Merchant) -> None:
    """Look for every operation of the API. Expect each to be tried without a token, and no other one."""
    assert set(OPERATIONS) == set(merchant.api.session.kit.contracts["jpmorgan-profiles"].spec.operations)


@pytest.mark.api("jpmorgan-profiles")
@pytest.mark.operation("getConsumerProfile")
def test_token_in_the_query(merchant: Merchant, payloads: Payloads) -> None:
    """A token is sent in the URL, where logs and proxies would see it, and not in the header.

    Expect it to open nothing.
    """
    # In the header it opens the profile
    profile = merchant.create(payloads.profile())
    assert merchant.read(profile).id == profile.id

    # In the query it does not
    query = {"access_token": merchant.apis.credentials["token"]}
    path = {"consumer-profile-id": profile.id}
    answer = merchant.api.call("getConsumerProfile", path=path, query=query, headers={"Authorization": None})
    assert answer.status == 401
    assert "consumerProfileId" not in answer.text


@pytest.mark.api("jpmorgan-profiles")
@pytest.mark.needs("second-tenant")
def test_token_of_another_tenant(merchant: Merchant, other_merchant: Merchant, payloads: Payloads) -> None:
    """A merchant gets hold of a token, but not of the identifier that it belongs to; and the other way round.

    Expect neither to open the profile, and the profile to stay as it was.
    """
    # Both are customers with profiles of their own
    profile = merchant.create(payloads.profile())
    other_merchant.create(payloads.profile())
    ours, theirs = merchant.apis.credentials, other_merchant.apis.credentials

    # Half of the other's credentials, both ways
    for headers in (
        {"Authorization": f"Bearer {theirs['token']}"},
        {"Authorization": f"Bearer {ours['token']}", "merchantIdentifier": theirs["merchant_id"]},
    ):
        assert merchant.ask("getConsumerProfile", profile, headers=headers).status in {400, 401, 403, 404}
        assert merchant.ask("deleteConsumerProfile", profile, headers=headers).status in {400, 401, 403, 404}

    # The profile is still there
    assert merchant.read(profile).state == profile.state
    merchant.expect_effects(profiles_created=1, methods_added=1, addresses_created=1)


@pytest.mark.api("jpmorgan-profiles")
@pytest.mark.needs("clock")
def test_token_until_its_end(merchant: Merchant, payloads: Payloads) -> None:
    """Time passes until a token is nearly used up.

    Expect it to open every kind of operation until then.
    """
    # A token in use
    profile = merchant.create(payloads.profile())

    # A little before its end it is as good as on the first day
    merchant.apis.advance(merchant.api.token_seconds() - MARGIN, keep=True)
    added = merchant.add(profile, payloads.addition())
    assert merchant.status(profile, added.card("0919"))["consumerProfileId"] == profile.id
    assert merchant.read(profile).state == added.state


@pytest.mark.api("jpmorgan-profiles")
@pytest.mark.needs("clock")
@pytest.mark.parametrize("operation", [pytest.param(name, marks=pytest.mark.operation(name)) for name in OPERATIONS])
def test_expired_token(merchant: Merchant, ground: Ground, payloads: Payloads, operation: str) -> None:
    """A token has run out, and the merchant fetches a fresh one.

    Expect the old one to open nothing and to change nothing, and the fresh one to open what the old one did.
    """
    # The token is good
    profile = merchant.create(payloads.profile())
    base = ground(operation, apis=merchant.apis)
    done = merchant.effects()

    # Its time is over
    merchant.apis.advance(merchant.api.token_seconds() + MARGIN, keep=True)
    assert base.send(None).status == 401
    assert merchant.ask("getConsumerProfile", profile).status == 401
    assert merchant.effects() == done

    # A fresh one opens the same door
    merchant.api.token()
    assert base.send().status == 200
    assert merchant.read(profile).state == profile.state


@pytest.mark.api("jpmorgan-profiles")
def test_two_tokens_at_a_time(merchant: Merchant, payloads: Payloads) -> None:
    """A merchant's second machine fetches a token of its own.

    Expect the first machine's token to stay good until its end.
    """
    # One token is in use
    profile = merchant.create(payloads.profile())
    first = {"Authorization": f"Bearer {merchant.apis.credentials['token']}"}

    # Another one is fetched and used
    merchant.api.token()
    assert merchant.read(profile).state == profile.state

    # The first one is as good as before
    answer = merchant.ask("getConsumerProfile", profile, headers=first, intent=ACCEPT)
    assert answer.status == 200
    assert answer.body["consumerProfileId"] == profile.id


def _fetch(apis: Apis, payloads: Payloads, **parts: Any) -> Answer:
    return apis["jpmorgan-oauth"].call("issueToken", **({"form": payloads.form()} | parts))


def _basic(client: str, secret: str) -> dict[str, str | None]:
    return {"Authorization": "Basic " + base64.b64encode(f"{client}:{secret}".encode()).decode()}


@pytest.mark.api("jpmorgan-oauth")
@pytest.mark.operation("issueToken")
def test_wrong_credentials(apis: Apis, payloads: Payloads) -> None:
    """Somebody guesses at the credentials of a client.

    Expect no token for any guess, and the client to get its own as before.
    """
    # The client gets a token
    client, secret = apis.credentials["client_id"], apis.credentials["client_secret"]
    assert _fetch(apis, payloads).status == 200

    # Guesses, and what is no credentials at all
    guesses: dict[str, dict[str, str | None]] = {
        "wrong secret": _basic(client, "not-the-secret"),
        "empty secret": _basic(client, ""),
        "secret with a space": _basic(client, secret + " "),
        "wrong client": _basic("nobody", secret),
        "client and secret exchanged": _basic(secret, client),
        "nobody": {"Authorization": None},
        "no Base64": {"Authorization": "Basic %%%"},
        "another scheme": {"Authorization": "Bearer nonsense"},
    }
    answers = {name: _fetch(apis, payloads, headers=headers, intent=REFUSE) for name, headers in guesses.items()}
    assert {name: answer.status for name, answer in answers.items() if answer.status not in {400, 401}} == {}
    if apis.session.target.reference:
        assert {answer.body["error"] for answer in answers.values()} == {"invalid_client"}

    # The client is not shut out by them
    assert _fetch(apis, payloads).status == 200


def _nearly(word: str) -> dict[str, str]:
    """Give words that some way of comparing takes for this one: in part, or without case (RFC 6749 section 1.5 knows case)."""
    half = len(word) // 2
    near = {
        "first half": word[:half],
        "first half, and another second": word[:half] + word[half:][::-1],
        "second half, and another first": word[:half][::-1] + word[half:],
        "without its last character": word[:-1],
        "one character more": f"{word}0",
        "another last character": word[:-1] + ("1" if word.endswith("0") else "0"),
        "the other case": word.swapcase(),
    }
    return {name: other for name, other in near.items() if other != word}


@pytest.mark.api("jpmorgan-oauth")
@pytest.mark.operation("issueToken")
def test_credentials_that_are_nearly_right(apis: Apis, payloads: Payloads) -> None:
    """Somebody knows the credentials of a client but for a part, or but for the case of their letters.

    Expect no token, wherever the credentials are sent, and the client to get its own as before.
    """
    # The client gets a token
    client, secret = apis.credentials["client_id"], apis.credentials["client_secret"]
    assert _fetch(apis, payloads, intent=ACCEPT).status == 200

    # Nearly its secret, and nearly its name
    guesses = {f"secret: {name}": (client, near) for name, near in _nearly(secret).items()}
    guesses |= {f"client: {name}": (near, secret) for name, near in _nearly(client).items()}
    answers = {name: _fetch(apis, payloads, headers=_basic(*guess), intent=REFUSE).status for name, guess in guesses.items()}
    for name, (one, other) in guesses.items():
        form = payloads.form(client_id=one, client_secret=other)
        answers[f"{name}, in the form"] = _fetch(apis, payloads, headers={"Authorization": None}, form=form, intent=REFUSE).status
    assert {name: status for name, status in answers.items() if status not in {400, 401}} == {}

    # The client is not shut out by them
    assert _fetch(apis, payloads, intent=ACCEPT).status == 200


@pytest.mark.api("jpmorgan-oauth")
@pytest.mark.operation("issueToken")
@pytest.mark.needs("second-tenant")
def test_secret_of_another_client(merchant: Merchant, other_merchant: Merchant, payloads: Payloads) -> None:
    """A client tries the secret of another client.

    Expect invalid_client, and both to get tokens of their own.
    """
    # Each gets a token with its own
    ours, theirs = merchant.apis, other_merchant.apis
    assert _fetch(ours, payloads).status == 200
    assert _fetch(theirs, payloads).status == 200

    # Neither gets one with the other's secret
    for client, secret in ((ours, theirs), (theirs, ours)):
        headers = _basic(client.credentials["client_id"], secret.credentials["client_secret"])
        answer = _fetch(ours, payloads, headers=headers, intent=REFUSE)
        assert (answer.status, answer.body["error"]) == (401, "invalid_client")

    # Each goes on with its own
    assert merchant.create(payloads.profile()).id != other_merchant.create(payloads.profile()).id


@pytest.mark.api("jpmorgan-oauth")
@pytest.mark.operation("issueToken")
def test_credentials_in_two_places(apis: Apis, payloads: Payloads) -> None:
    """A client sends its credentials in the header and in the form, which RFC 6749 section 2.3 forbids.

    Expect no token, although both are right.
    """
    # In the header alone they are good
    credentials = apis.credentials
    assert _fetch(apis, payloads).status == 200

    # In both places they are not
    form = payloads.form(client_id=credentials["client_id"], client_secret=credentials["client_secret"])
    answer = _fetch(apis, payloads, form=form)
    assert answer.status in {400, 401}
    assert answer.body["error"] in {"invalid_request", "invalid_client"}


@pytest.mark.api("jpmorgan-oauth")
@pytest.mark.operation("issueToken")
def test_credentials_in_the_form(merchant: Merchant, payloads: Payloads) -> None:
    """A client sends its credentials in the form only, which RFC 6749 section 2.3.1 lets a server take or refuse.

    Expect either a refusal, or a token that is as good as any.
    """
    # The client is known, and has a profile
    profile = merchant.create(payloads.profile())
    credentials = merchant.apis.credentials

    # A wrong secret in the form is refused in any case
    wrong = payloads.form(client_id=credentials["client_id"]) | {"client_secret": "not-the-secret"}
    assert _fetch(merchant.apis, payloads, headers={"Authorization": None}, form=wrong, intent=REFUSE).status in {400, 401}

    # With the right one, there is a token that opens the profile, or none
    form = payloads.form(client_id=credentials["client_id"], client_secret=credentials["client_secret"])
    answer = _fetch(merchant.apis, payloads, headers={"Authorization": None}, form=form)
    if answer.status == 200:
        bearer = {"Authorization": f"Bearer {answer.body['access_token']}"}
        assert merchant.ask("getConsumerProfile", profile, headers=bearer).status == 200
    else:
        assert answer.status in {400, 401}
