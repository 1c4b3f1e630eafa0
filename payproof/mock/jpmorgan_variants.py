"""Legal variants of J.P. Morgan's token endpoint and of its profiles API."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import uuid4

from payproof.mock.jpmorgan_oauth_http import API as OAUTH
from payproof.mock.jpmorgan_profiles_http import API as PROFILES
from payproof.mock.variant import Rewrite, Variant, mapped, without
from payproof.mock.wire import Answer, Request

_Object = dict[str, Any]

_LISTS = ("cardList", "sepaList", "achList", "bacsList")
_OTHERS = ("addresses", "phoneList", "emailList")
_RARE = ("correlationIdentifier", "createTimestamp", "createUserIdentifier", "updateTimestamp", "updateUserIdentifier",
         "cardAuthenticationDetails")  # fmt: skip
_MOMENT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3})(Z|[+-][0-9]{2}:[0-9]{2})")
_EASTERN = timezone(timedelta(hours=-5))


def inside(change: Callable[[_Object], _Object], *, errors: bool | None = None) -> Rewrite:
    """Make a rewrite that changes every object of a body: of errors, of successes (False), or of both (None)."""

    def rewrite(_: Request, answer: Answer) -> Answer:
        if errors is not None and errors is not (answer.status >= 400):
            return answer
        return replace(answer, body=mapped(answer.body, change))

    return rewrite


def turned(*names: str) -> Callable[[_Object], _Object]:
    """Make a change that turns the lists of these names round."""
    return lambda inner: {name: value[::-1] if name in names and isinstance(value, list) else value for name, value in inner.items()}


def moments(change: Callable[[str], str], *names: str) -> Callable[[_Object], _Object]:
    """Make a change that writes moments in another way, all of them or those of these names."""

    def other(name: str, value: Any) -> Any:
        fits = isinstance(value, str) and _MOMENT.fullmatch(value) and (not names or name in names)
        return change(value) if fits else value

    return lambda inner: {name: other(name, value) for name, value in inner.items()}


def finer(moment: str) -> str:
    """Write a moment with microseconds."""
    return _MOMENT.sub(r"\g<1>000\2", moment)


def local(moment: str) -> str:
    """Write a moment with the offset of another place."""
    return datetime.fromisoformat(moment).astimezone(_EASTERN).isoformat(timespec="milliseconds")


def _bearer(_: Request, answer: Answer) -> Answer:
    body = answer.body
    return replace(answer, body={**body, "token_type": "bearer"}) if isinstance(body, dict) and answer.status == 200 else answer


def _unchallenged(request: Request, answer: Answer) -> Answer:
    if answer.status != 401 or request.headers(b"authorization"):
        return answer
    return replace(answer, status=400, headers=tuple(line for line in answer.headers if line[0] != b"www-authenticate"))


def _cached(_: Request, answer: Answer) -> Answer:
    headers = tuple((name, b"Private, No-Store, max-age=0" if name == b"cache-control" else value) for name, value in answer.headers)
    return replace(answer, headers=headers)


def _explained(inner: _Object) -> _Object:
    return {"error": inner["error"], "error_description": "Please see the guide.", "error_uri": "https://example.com/oauth#errors"}


def _less(inner: _Object) -> _Object:
    empty = [name for name in (*_LISTS, *_OTHERS) if inner.get(name) == []]
    return without(inner, (*_RARE, *empty))


def _more(_: Request, answer: Answer) -> Answer:
    body = answer.body
    if answer.status != 200 or not isinstance(body, dict) or "paymentMethodType" not in body:
        return answer
    cards = [card for name in _LISTS for card in body["paymentMethodType"].get(name, [])]
    shown = body.get("addresses")
    addresses = shown and [
        {**each, "paymentMethodIdList": [c["paymentMethodId"] for c in cards if c.get("addressIdentifier") == each["addressIdentifier"]]}
        for each in shown
    ]
    more = {"requestId": str(uuid4()), "consumerProfileUniqueId": "U417"} | body
    return replace(answer, body=more if addresses is None else {**more, "addresses": addresses})


def _upper(inner: _Object) -> _Object:
    return {name: value.upper() if name == "paymentMethodId" else value for name, value in inner.items()}


def _reworded(inner: _Object) -> _Object:
    said = {name: f"Sorry! {number}" for number, name in enumerate(("responseMessage", "errorDescription", "message")) if name in inner}
    return {**inner, **said}


def _recoded(_: Request, answer: Answer) -> Answer:
    body = answer.body
    if answer.status < 400 or answer.status == 400 or not isinstance(body, dict):
        return answer
    others = {"responseCode": f"MP_E_{answer.status}", "errorSource": "GW", "errorCode": "4010"}
    return replace(answer, body={**body, **{name: value for name, value in others.items() if name in body}})


def bare(inner: _Object) -> _Object:
    """Leave the list of violations out of an error."""
    return without(inner, ("validationErrors",))


def _unknown_method(_: Request, answer: Answer) -> Answer:
    body = answer.body
    if answer.status != 404 or not isinstance(body, dict) or "payment method" not in body["responseMessage"]:
        return answer
    return replace(answer, status=400, body={**body, "responseCode": "MP_REQ_001"})


def _fresh(request: Request, answer: Answer) -> Answer:
    body = answer.body
    if not isinstance(body, dict) or "correlationIdentifier" not in body or request.headers(b"correlationidentifier"):
        return answer
    return replace(answer, body={**body, "correlationIdentifier": str(uuid4())})


_REFERENCE = "The vendor's OpenAPI file of the profiles API"

VARIANTS: tuple[Variant, ...] = (
    Variant(
        "oauth-other-lifetime", OAUTH, "A token lives for 1800 seconds, and says so.",
        "The quick start shows one example of expires_in, and other pages of the vendor another.",
    ),
    Variant(
        "oauth-bearer-in-small", OAUTH, "The token_type is bearer.",
        "RFC 6749 section 5.1: its case means nothing; the vendor's other token endpoint writes it so.", rewrite=_bearer,
    ),
    Variant(
        "oauth-scope-left-out", OAUTH, "The answer does not repeat a scope that was asked for.",
        "RFC 6749 section 5.1: optional where it is what was asked for.",
    ),
    Variant(
        "oauth-scope-demanded", OAUTH, "A request without scope is invalid_scope.",
        "RFC 6749 section 3.3: a server takes a default or fails.", chooses="DEFAULT_SCOPE",
    ),
    Variant(
        "oauth-unknown-scope-ignored", OAUTH, "Unknown scopes are left out, and the answer names the scope that was granted.",
        "RFC 6749 section 3.3: a server may ignore the scope in part or fully, and then tells what it granted.",
    ),
    Variant(
        "oauth-basic-only", OAUTH, "A client id and a secret in the form are no credentials.",
        "RFC 6749 section 2.3.1: a server may take them in the form; the vendor documents HTTP Basic only.",
    ),
    Variant(
        "oauth-bad-form-400", OAUTH, "Without an Authorization header bad or missing credentials are answered with 400.",
        "RFC 6749 section 5.2: 401 is demanded for the Authorization header only.", chooses="BODY_CREDENTIALS_STATUS",
        rewrite=_unchallenged,
    ),
    Variant(
        "oauth-cache-control", OAUTH, "Cache-Control is Private, No-Store, max-age=0.",
        "RFC 9111 section 5.2: a list of directives, whose case means nothing.", rewrite=_cached,
    ),
    Variant(
        "oauth-other-words", OAUTH, "Errors are described in other words, and with an error_uri.",
        "RFC 6749 section 5.2: the description is for people, error_uri is optional; one text is shown, as an example.",
        rewrite=inside(_explained, errors=True),
    ),
    Variant(
        "profiles-newest-first", PROFILES, "Payment methods are listed with the newest first.",
        "The documented answers list a new card last, the vendor's own scripts read it first; no text says which.",
        rewrite=inside(turned(*_LISTS)),
    ),
    Variant(
        "profiles-lists-turned", PROFILES, "Addresses, telephone numbers and e-mail addresses are listed with the newest first.",
        "No document gives them an order.", rewrite=inside(turned(*_OTHERS)),
    ),
    Variant(
        "profiles-other-ids", PROFILES, "Profiles are named like JPMCW-7Q0ZK4R1B8W2M5XT, addresses and contacts by other short ids.",
        "The vendor's report samples show such profile ids; addresses and contacts have no documented format.",
    ),
    Variant(
        "profiles-ids-in-capitals", PROFILES, "UUIDs of payment methods are written in capitals.",
        "RFC 9562 section 4: in capitals, small letters or both.", rewrite=inside(_upper),
    ),
    Variant(
        "profiles-less", PROFILES, "Users, times, the correlation, empty lists and the outcome of 3-D Secure are not shown.",
        f"{_REFERENCE} requires no member of these answers.", rewrite=inside(_less, errors=False),
    ),
    Variant(
        "profiles-more", PROFILES, "Optional members that the documented answers lack: requestId, a unique id, the methods of an address.",
        f"{_REFERENCE} has them, none required.", rewrite=_more,
    ),
    Variant(
        "profiles-local-times", PROFILES, "Times are shown with the offset of New York.",
        f"{_REFERENCE} gives them no format; the documented answers are examples.", rewrite=inside(moments(local)),
    ),
    Variant(
        "profiles-microseconds", PROFILES, "Times are shown with six digits after the second.",
        f"{_REFERENCE} gives them no format; the documented answers are examples.", rewrite=inside(moments(finer)),
    ),
    Variant(
        "profiles-unknown-method-400", PROFILES, "An unknown payment method of a known profile is answered with 400.",
        f"{_REFERENCE} declares 400 and 404 and does not say which is for what.",
        rewrite=_unknown_method,
    ),
    Variant(
        "profiles-other-words", PROFILES, "Errors are told in other words.", "No document has these texts.",
        rewrite=inside(_reworded, errors=True),
    ),
    Variant(
        "profiles-other-codes", PROFILES, "Errors but 400 have other codes.", "Only the code of a 400 is visible in the documents.",
        rewrite=_recoded,
    ),
    Variant(
        "profiles-errors-bare", PROFILES, "Errors do not list what is wrong.", f"{_REFERENCE} does not require validationErrors.",
        rewrite=inside(bare, errors=True),
    ),
    Variant(
        "profiles-fresh-correlation", PROFILES, "Where no correlationIdentifier was sent, each answer has one of its own.",
        "No document says where it comes from.", chooses="correlation", rewrite=_fresh,
    ),
    Variant(
        "profiles-delete-again", PROFILES, "Deleting a deleted payment method again is answered like the first time.",
        "No document says what a repeated delete brings; RFC 9110 section 9.2.2: DELETE is idempotent.",
    ),
    Variant(
        "profiles-next-default", PROFILES, "After the default was deleted the first card left is the default.",
        "No document says what becomes of the default then.", chooses="delete_default",
    ),
    Variant(
        "profiles-last-method-kept", PROFILES, "Deleting the last payment method is refused with 400.",
        "A profile is made with at least one method; no document says that it may lose it.", chooses="delete_last",
    ),
    Variant(
        "profiles-inactive-no-default", PROFILES, "An INACTIVE method is refused as default with 400.",
        "No document ties the two together or apart.", chooses="inactive_default",
    ),
)  # fmt: skip
