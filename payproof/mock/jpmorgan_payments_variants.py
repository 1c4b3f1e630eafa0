"""Legal variants of the payments API."""

from dataclasses import replace
from typing import Any

from payproof.mock.jpmorgan_payments_http import API
from payproof.mock.jpmorgan_variants import bare, finer, inside, moments, turned
from payproof.mock.variant import Variant, mapped, without
from payproof.mock.wire import Answer, Request

_Object = dict[str, Any]

_RARE = ("hostMessage", "hostReferenceId", "approvalCode", "captureTime", "initiatorType", "accountOnFile", "isVoid", "merchant",
         "networkResponse", "cardTypeName")  # fmt: skip
_MESSAGES = {
    "Transaction approved by Issuer": "Transaction approved. Honor with ID.",
    "Transaction accepted": "Requested action is completed",
}
"""Two texts of the vendor's table of response codes for one code each."""


def _reworded(inner: _Object) -> _Object:
    if "responseMessage" in inner:
        inner["responseMessage"] = _MESSAGES.get(inner["responseMessage"], f"Hm, {inner.get('responseCode')}.")
    if "hostMessage" in inner:
        inner["hostMessage"] = "00"
    if "entity" in inner:
        inner["message"] = f"Please check {inner['entity']}!"
    return inner


def _recoded(_: Request, answer: Answer) -> Answer:
    if answer.status < 400:
        return answer

    def change(inner: _Object) -> _Object:
        if "responseCode" in inner:
            inner["responseCode"] = f"E{answer.status}"
        if "entity" in inner:
            inner["code"] = "E1"
        return inner

    return replace(answer, body=mapped(answer.body, change))


def _referenced(inner: _Object) -> _Object:
    if "hostReferenceId" in inner:
        inner["hostReferenceId"] = f"{inner['hostReferenceId']}-0"
    if "approvalCode" in inner:
        inner["approvalCode"] = inner["approvalCode"].replace("tst", "000")
    return inner


def _unknown_for_capture(request: Request, answer: Answer) -> Answer:
    if answer.status != 404 or request.segments[-1] != "captures" or not isinstance(answer.body, dict):
        return answer
    return replace(answer, status=400, body={**answer.body, "responseCode": "VALIDATION_ERROR"})


def _quiet(inner: _Object) -> _Object:
    return without(inner, ("consumerProfileRequestType",))


def _outcome(inner: _Object) -> _Object:
    if "consumerProfileId" in inner and "paymentMethodId" in inner and "consumerProfileRequestType" in inner:
        return {**inner, "consumerProfileResponseCode": "SUCCESS", "consumerProfileResponseMessage": "The profile was created"}
    return inner


_REFERENCE = "The vendor's OpenAPI file of the payments API"

VARIANTS: tuple[Variant, ...] = (
    Variant(
        "payments-long-ids", API, "Transactions are named by 40 characters that are no UUID.",
        f"{_REFERENCE}: 4 to 40 characters.",
    ),
    Variant(
        "payments-numeric-ids", API, "Transactions are named by twelve digits, a zero first.",
        f"{_REFERENCE}: 4 to 40 characters.", apart=("payments-long-ids",),
    ),
    Variant(
        "payments-profile-outcome", API, "A profile that was made comes with a response code and message, too.",
        f"{_REFERENCE} says that they tell success or error; the older page speaks of failures.", rewrite=inside(_outcome, errors=False),
    ),
    Variant(
        "payments-create-not-repeated", API, "The answer does not repeat the consumerProfileRequestType.",
        f"{_REFERENCE} has it write-only, against the documented answer.", rewrite=inside(_quiet, errors=False),
    ),
    Variant(
        "payments-less", API, "Members of an answer that nobody requires are left out.",
        f"{_REFERENCE} requires seven members of a payment, and none of these.", rewrite=inside(lambda inner: without(inner, _RARE)),
    ),
    Variant(
        "payments-refunds-turned", API, "The refunds of a payment are listed with the newest first.",
        "No document gives them an order.", rewrite=inside(turned("refunds")),
    ),
    Variant(
        "payments-other-references", API, "The approvalCode is six digits, the hostReferenceId longer.",
        f"{_REFERENCE}: strings, the first of at most 50 characters.", rewrite=inside(_referenced),
    ),
    Variant(
        "payments-microseconds", API, "The captureTime is shown with six digits after the second.",
        f"{_REFERENCE} gives it no format.", rewrite=inside(moments(finer, "captureTime")),
    ),
    Variant(
        "payments-unknown-capture-400", API, "A capture of an unknown payment is answered with 400.",
        f"{_REFERENCE} declares no 404 for captures.", chooses="CAPTURE_UNKNOWN_STATUS", rewrite=_unknown_for_capture,
    ),
    Variant(
        "payments-other-words", API, "Outcomes are told in the other documented words, errors and declines in words of nobody's.",
        "The vendor's table of response codes has several messages for one code; the rest of it is not to be seen.",
        rewrite=inside(_reworded),
    ),
    Variant(
        "payments-other-codes", API, "Errors have other codes.", "The codes of this API's errors could not be seen, only those of others.",
        rewrite=_recoded,
    ),
    Variant(
        "payments-errors-bare", API, "Errors do not list what is wrong.", f"{_REFERENCE} does not require validationErrors.",
        rewrite=inside(bare, errors=True),
    ),
    Variant(
        "payments-duplicate-412", API, "A request-id that comes again, with the same body, is answered with 412.",
        f"{_REFERENCE} demands unique request-ids and declares 412; what a repeated one brings is not documented.",
        chooses="request_id_again",
    ),
)  # fmt: skip
