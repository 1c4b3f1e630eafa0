"""Legal variants of Zuora."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from payproof.mock.jpmorgan_variants import inside
from payproof.mock.variant import Variant, without
from payproof.mock.wire import Answer, Request
from payproof.mock.zuora_http import API

_Object = dict[str, Any]

_MOMENT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}) ([0-9]{2}:[0-9]{2}:[0-9]{2})")
_BUSINESS = ("30", "99")
_ON = ("activatedOn", "cancelledOn", "expiredOn", "agreedOn", "consentAgreementRef")


def _codes(answer: Answer) -> list[str]:
    body = answer.body
    return [str(each["code"]) for each in body.get("reasons", [])] if isinstance(body, dict) else []


def _numeric(inner: _Object) -> _Object:
    return {**inner, "code": int(inner["code"])} if str(inner.get("code", "")).isdecimal() else inner


def _business(_: Request, answer: Answer) -> Answer:
    codes = _codes(answer)
    refused = answer.status == 400 and codes and all(code[-2:] in _BUSINESS for code in codes)
    return replace(answer, status=200) if refused else answer


def _as_guide(_: Request, answer: Answer) -> Answer:
    body: Any = answer.body
    if answer.status != 403 or not _codes(answer):
        return answer
    return replace(answer, body={"code": int(body["reasons"][0]["code"]), "message": body["reasons"][0]["message"]})


def _listed(change: Callable[[_Object], _Object]) -> Callable[[Request, Answer], Answer]:
    def rewrite(_: Request, answer: Answer) -> Answer:
        body = answer.body
        return replace(answer, body=change(body)) if isinstance(body, dict) and "profiles" in body else answer

    return rewrite


def _rfc3339(inner: _Object) -> _Object:
    return {name: _MOMENT.sub(r"\1T\2Z", value) if name in _ON and isinstance(value, str) else value for name, value in inner.items()}


def _no_nulls(inner: _Object) -> _Object:
    return {name: value for name, value in inner.items() if value is not None or name not in _ON}


def _closed_again(request: Request, answer: Answer) -> Answer:
    state = {"cancel": "Cancelled", "expire": "Expired"}.get(request.segments[-1])
    if answer.status != 400 or state is None or f"status is {state}" not in str(answer.body):
        return answer
    body = {"number": int(request.segments[4]), "paymentMethodId": request.segments[2], "success": True}
    return replace(answer, status=200, body=body)


def _process(inner: _Object) -> _Object:
    return {**inner, "processId": f"proc-{inner['processId'].lower()}-0001"} if "processId" in inner else inner


def _rates(_: Request, answer: Answer) -> Answer:
    headers = tuple((re.sub(rb"^ratelimit-", b"rate-limit-", name), value) for name, value in answer.headers)
    return replace(answer, headers=headers)


def _token_type(inner: _Object) -> _Object:
    return {**inner, "token_type": "Bearer", "jti": f"jti.{inner['jti']}"} if "token_type" in inner else inner


def _bad_credentials(request: Request, answer: Answer) -> Answer:
    if request.segments[0] != "oauth" or answer.status != 401:
        return answer
    headers = tuple(line for line in answer.headers if line[0] != b"www-authenticate")
    return replace(answer, status=400, headers=headers, body={"error": "invalid_client"})


def _reworded(inner: _Object) -> _Object:
    # The whole body of a 401 is documented
    texts = [name for name in ("message", "error_description") if name in inner and len(inner) > 1]
    return {**inner, **dict.fromkeys(texts, "This did not work. Please ask your administrator.")}


VARIANTS: tuple[Variant, ...] = (
    Variant(
        "zuora-closed-again", API, "Cancelling a Cancelled profile and expiring an Expired one is a success that changes nothing.",
        "No document has an error for it, only that such a profile cannot be reactivated.", chooses="closed_again", rewrite=_closed_again,
    ),
    Variant(
        "zuora-refusals-200", API, "What a rule or a gateway refuses is answered with 200 and success false.",
        "The vendor's error guide: business errors may come so, and payment methods are named among them.",
        chooses="FAILED_CIT_STATUS", rewrite=_business,
    ),
    Variant(
        "zuora-numeric-codes", API, "The codes of reasons are numbers.",
        "The vendor's guides have numbers, the page of these operations a string.",
        rewrite=inside(_numeric, errors=True),
    ),
    Variant(
        "zuora-403-as-guide", API, "A 403 has a numeric code and a message and nothing else.", "The vendor's guide shows it so.",
        rewrite=_as_guide,
    ),
    Variant(
        "zuora-errors-short", API, "Errors have no requestId.", "The vendor's generic sample of an error has none.",
        rewrite=inside(lambda inner: without(inner, ("requestId",)), errors=True),
    ),
    Variant(
        "zuora-list-without-success", API, "A list has no success.", "The vendor's guide: lists generally have none; the example has it.",
        rewrite=_listed(lambda body: without(body, ("success",))),
    ),
    Variant(
        "zuora-newest-first", API, "Profiles are listed with the newest first.", "No document gives them an order.",
        rewrite=_listed(lambda body: {**body, "profiles": body["profiles"][::-1]}),
    ),
    Variant(
        "zuora-rfc3339", API, "Times in lists are written as 2019-03-06T07:45:55Z.",
        "The vendor's schema says date-time, against the example.", rewrite=inside(_rfc3339),
    ),
    Variant(
        "zuora-nulls-left-out", API, "What does not apply to a profile is left out of lists instead of null.",
        "The vendor's schema requires none of these members.", rewrite=inside(_no_nulls),
    ),
    Variant(
        "zuora-other-numbers", API, "Profiles of a payment method are numbered 1007, 1014, 1021 and so on.",
        "A number is an integer, and nothing says where it begins; the documented answer has 3.",
    ),
    Variant(
        "zuora-other-ids", API, "Payment methods are named by letters, digits, a hyphen and an underscore, processes by longer ids.",
        "Both are strings without a documented format.", rewrite=inside(_process),
    ),
    Variant(
        "zuora-agreed-on-null", API, "A profile that came without agreedOn shows none.",
        "One reference page has it as the date of the agreement, another as that of the creation.", chooses="agreed_on_default",
    ),
    Variant(
        "zuora-rate-names", API, "The rate headers are called Rate-Limit-*.",
        "The vendor's error guide calls them so, the reference RateLimit-*.",
        rewrite=_rates,
    ),
    Variant(
        "zuora-token-type", API, "The token_type is Bearer, the jti has another shape.", "RFC 6749 section 5.1: its case means nothing.",
        rewrite=inside(_token_type),
    ),
    Variant(
        "zuora-other-lifetime", API, "A token lives for 900 seconds, and says so; it has other signs.",
        "The vendor shows one example; RFC 6749 section 4.2.2: expires_in says how long it is.",
    ),
    Variant(
        "zuora-bad-credentials-400", API, "Bad credentials are answered with 400 and an error without description.",
        "The vendor documents no body for it; RFC 6749 section 5.2: 400, 401 for the Authorization header.",
        chooses="BAD_CREDENTIALS", rewrite=_bad_credentials,
    ),
    Variant(
        "zuora-other-words", API, "Errors are told in other words.", "The texts of the documents are samples.",
        rewrite=inside(_reworded, errors=True),
    ),
)  # fmt: skip
