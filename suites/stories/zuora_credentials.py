"""An honest caller of the stored credential profiles: consents given, withdrawn and run out, and each way of not being let in."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from payproof.replay import Play

CONSENT: dict[str, Any] = {
    "authGateway": "4028905f5702783601570291e14c0015",
    "consentAgreementRef": "ACCT1338AgreementV1.pdf",
    "consentAgreementSrc": "External",
    "status": "Active",
    "type": "Recurring",
}
"""The documented request."""

AGREED: dict[str, Any] = {
    "agreedOn": "2019-03-06",
    "consentAgreementRef": "ACCT1339AgreementV2.pdf",
    "consentAgreementSrc": "External",
    "status": "Agreed",
    "type": "Unscheduled",
}
ALL = {"includeAll": "true"}
HOUR = 3_600


def story(play: Play) -> None:
    """Live through everything that is documented of stored credential profiles.

    Every clause of this API is judged on at least one of these exchanges.
    """
    method = {"payment-method-id": play.credentials["zuora_payment_method"]}
    second = {"payment-method-id": play.credentials["zuora_second_payment_method"]}
    _tokens(play)
    _consents(play, method)
    _refusals(play, method)
    _ends(play, method)
    _headers(play, method, second)
    _keys(play, method, second)
    _scopes(play, second)
    _not_let_in(play, second)
    _strangers(play, method)
    _next_day(play, method, second)


def _form(play: Play, client: str = "zuora") -> dict[str, str]:
    return {
        "client_id": play.credentials[f"{client}_client_id"],
        "client_secret": play.credentials[f"{client}_client_secret"],
        "grant_type": "client_credentials",
    }


def _tokens(play: Play) -> None:
    """Ask for a token twice, then with a secret that is not the client's."""
    first = play("first-token", "issueZuoraToken", form=_form(play))
    play("second-token", "issueZuoraToken", form={**_form(play), "hint": first.body["access_token"]})
    play("wrong-secret", "issueZuoraToken", form={**_form(play), "client_secret": "not-the-secret-of-this-client"})
    play.script({"kind": "status", "status": 429, "retry_after": 30})
    play("token-busy", "issueZuoraToken", form=_form(play))


def _consents(play: Play, method: dict[str, str]) -> None:
    """Create a profile in each documented way, and see all of them in the list."""
    play("list-none", "listStoredCredentials", path=method, query=ALL)
    play("create", "createStoredCredential", path=method, body=CONSENT)
    play("create-agreed", "createStoredCredential", path=method, body=AGREED)
    persisted = {**CONSENT, "action": "Persist", "networkTransactionId": "MCC1230000012", "type": "Unscheduled"}
    play("create-persisted", "createStoredCredential", path=method, body=persisted)
    play("create-activated", "createStoredCredential", path=method, body={**CONSENT, "action": "Activate", "cardSecurityCode": "123"})
    plain = {**CONSENT, "authGateway": play.credentials["zuora_plain_gateway"]}
    play("create-plain", "createStoredCredential", path=method, body=plain)
    play("create-plain-again", "createStoredCredential", path=method, body=plain)
    play("list-all", "listStoredCredentials", path=method, query=ALL)


def _refusals(play: Play, method: dict[str, str]) -> None:
    """Send what is refused, and see that the list is what it was."""
    failing = {**CONSENT, "authGateway": play.credentials["zuora_failing_gateway"]}
    play("create-failing", "createStoredCredential", path=method, body=failing)
    play("create-declined", "createStoredCredential", path=method, body={**CONSENT, "cardSecurityCode": "901"})
    untyped = {name: CONSENT[name] for name in ("consentAgreementSrc", "status")}
    play("create-without-type", "createStoredCredential", path=method, body=untyped)
    play("create-agreed-weekly", "createStoredCredential", path=method, body={**AGREED, "type": "Weekly"})
    play("cancel-unknown", "cancelStoredCredential", path={**method, "profile-number": "99"})
    play("list-after-refusals", "listStoredCredentials", path=method, query=ALL)


def _ends(play: Play, method: dict[str, str]) -> None:
    """Cancel a profile and expire another; neither is open again."""
    play.advance(60)
    play("cancel", "cancelStoredCredential", path={**method, "profile-number": "1"})
    play("list-open", "listStoredCredentials", path=method)
    play("cancel-again", "cancelStoredCredential", path={**method, "profile-number": "1"})
    play("expire-cancelled", "expireStoredCredential", path={**method, "profile-number": "1"})
    play("expire", "expireStoredCredential", path={**method, "profile-number": "2"})
    play("list-ended", "listStoredCredentials", path=method, query=ALL)


def _headers(play: Play, method: dict[str, str], second: dict[str, str]) -> None:
    """Be traced, and send and receive compressed bodies."""
    play("track", "listStoredCredentials", path=second, headers={"Zuora-Track-Id": "Order 4711/a"})
    play("track-longest", "listStoredCredentials", path=second, headers={"Zuora-Track-Id": "Order-4711/" + "a" * 53})
    play("gzip-large", "listStoredCredentials", path=method, query=ALL, headers={"Accept-Encoding": "gzip"})
    for label, coding in (("gzip-refused", "gzip;q=0, identity"), ("gzip-not-named", "br")):
        play(label, "listStoredCredentials", path=method, query=ALL, headers={"Accept-Encoding": coding})
    play("gzip-small", "listStoredCredentials", path=second, headers={"Accept-Encoding": "gzip"})
    packed = gzip.compress(json.dumps({**AGREED, "consentAgreementRef": "packed"}).encode())
    play("create-packed", "createStoredCredential", path=method, raw=packed, headers={"Content-Encoding": "gzip"})
    play("create-not-packed", "createStoredCredential", path=method, body=AGREED, headers={"Content-Encoding": "gzip"})
    play("list-packed", "listStoredCredentials", path=method, query=ALL)


def _keys(play: Play, method: dict[str, str], second: dict[str, str]) -> None:
    """Repeat requests with their keys, and use a key where it does not belong."""
    key = {"Idempotency-Key": "order-4711"}
    first = play("create-keyed", "createStoredCredential", path=method, body=CONSENT, headers=key)
    play("create-keyed-again", "createStoredCredential", path=method, body=CONSENT, headers=key)
    # The reference names the profile of the other key, which is where a mutant finds it
    body = {**CONSENT, "consentAgreementRef": str(first.body["number"])}
    play("create-keyed-in-capitals", "createStoredCredential", path=method, body=body, headers={"Idempotency-Key": "ORDER-4711"})
    play("create-keyed-elsewhere", "createStoredCredential", path=second, body=CONSENT, headers=key)
    failing = {**CONSENT, "authGateway": play.credentials["zuora_failing_gateway"]}
    for label in ("create-keyed-failing", "create-keyed-failing-again"):
        play(label, "createStoredCredential", path=method, body=failing, headers={"Idempotency-Key": "order-4712"})
    play("list-keyed", "listStoredCredentials", path=method, query=ALL)
    for label in ("cancel-keyed", "cancel-keyed-again"):
        cancelled = {**method, "profile-number": "3"}
        play(label, "cancelStoredCredential", path=cancelled, headers={"Idempotency-Key": "order-4713"})
    for label in ("cancel-keyed-unknown", "cancel-keyed-unknown-again"):
        unknown = {**method, "profile-number": "99"}
        play(label, "cancelStoredCredential", path=unknown, headers={"Idempotency-Key": "order-4715"})
    for label in ("expire-keyed", "expire-keyed-again"):
        expired = {**method, "profile-number": "4"}
        play(label, "expireStoredCredential", path=expired, headers={"Idempotency-Key": "order-4714"})


def _scopes(play: Play, method: dict[str, str]) -> None:
    """Say in which entity and for which orgs; with a token for two entities that has to be said."""
    play("org", "listStoredCredentials", path=method, headers={"Zuora-Org-Ids": play.credentials["zuora_org"]})
    token = play("token-for-two", "issueZuoraToken", form=_form(play, "zuora_multi")).body["access_token"]
    several = {"Authorization": f"Bearer {token}"}
    play("entity-missing", "listStoredCredentials", path=method, headers=several)
    for label, entity in (("entity", "zuora_entity"), ("entity-other", "zuora_other_entity")):
        play(label, "listStoredCredentials", path=method, headers={**several, "Zuora-Entity-Ids": play.credentials[entity]})


def _not_let_in(play: Play, method: dict[str, str]) -> None:
    """List profiles without a token and with what is none."""
    play("no-token", "listStoredCredentials", path=method, headers={"Authorization": None})
    play("other-scheme", "listStoredCredentials", path=method, headers={"Authorization": "Basic bm9ib2R5Om5vdGhpbmc="})
    play("guessed-token", "listStoredCredentials", path=method, headers={"Authorization": "Bearer nonsense"})


def _strangers(play: Play, method: dict[str, str]) -> None:
    """Let another tenant use a payment method, an entity, an org, a token and a key of this one."""
    other = play.other_tenant()
    own = {"payment-method-id": other.credentials["zuora_payment_method"]}
    other("other-token", "issueZuoraToken", form={**_form(other), "hint": play.credentials["zuora_token"]})
    other("foreign-list", "listStoredCredentials", path=method)
    borrowed = {"Zuora-Org-Ids": play.credentials["zuora_org"]}
    other("foreign-org", "listStoredCredentials", path=own, headers=borrowed)
    token = other("other-token-for-two", "issueZuoraToken", form=_form(other, "zuora_multi")).body["access_token"]
    borrowed = {"Authorization": f"Bearer {token}", "Zuora-Entity-Ids": play.credentials["zuora_entity"]}
    other("foreign-entity", "listStoredCredentials", path=own, headers=borrowed)
    # The reference names the other tenant's payment method, which is where a mutant finds it
    body = {**CONSENT, "authGateway": other.credentials["zuora_gateway"], "consentAgreementRef": method["payment-method-id"]}
    other("foreign-key", "createStoredCredential", path=own, body=body, headers={"Idempotency-Key": "order-4711"})


def _next_day(play: Play, method: dict[str, str], second: dict[str, str]) -> None:
    """Let the token run out, and use a key again within its 24 hours and after them."""
    play.advance(22 * HOUR)
    play("expired", "listStoredCredentials", path=second)
    key = {"Idempotency-Key": "order-4711"}
    for label, seconds in (("create-same-day", 0), ("create-next-day", 26 * HOUR)):
        play.advance(seconds)
        play.new_token()
        play(label, "createStoredCredential", path=method, body=CONSENT, headers=key)
    play("list-next-day", "listStoredCredentials", path=method, query=ALL)
