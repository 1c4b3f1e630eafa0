"""Legal variants of Mercado Pago."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

from payproof.mock.mercadopago_http import API
from payproof.mock.variant import Rewrite, Variant, mapped
from payproof.mock.wire import Answer, Request

_Object = dict[str, Any]

_OWN_DATES = ("date_created", "date_last_updated")
_BUENOS_AIRES = timezone(timedelta(hours=-3))

AS_CAUSES = "mp-errors-as-causes"
AS_TEXT = "mp-errors-status-text"
ENVELOPES = {AS_CAUSES: 1, AS_TEXT: 3}
"""The error envelope that these variants choose."""


def _of(method: str, ending: str, *statuses: int) -> Any:
    """Make a test of a request and its answer: the method, the last segment of the path, the statuses."""

    def fits(request: Request, answer: Answer) -> bool:
        return request.method == method and request.segments[-1] == ending and answer.status in statuses

    return fits


def _on(fits: Any, change: Any) -> Rewrite:
    return lambda request, answer: change(answer) if fits(request, answer) else answer


def _each(change: Any) -> Rewrite:
    return lambda _, answer: replace(answer, body=mapped(answer.body, change))


def _pending(answer: Answer) -> Answer:
    body: Any = answer.body
    methods = [{k: v for k, v in each.items() if k != "card_id"} | {"status": "PENDING"} for each in body["payment_methods"]]
    return replace(answer, body={**body, "status": "PENDING", "payment_methods": methods})


def _only_method(answer: Answer) -> Answer:
    body: Any = answer.body
    return replace(answer, body=body["payment_methods"][-1])


def _turned(inner: _Object) -> _Object:
    return {name: value[::-1] if name in ("payment_methods", "cards") else value for name, value in inner.items()}


def _local(inner: _Object) -> _Object:
    def other(name: str, value: Any) -> Any:
        if name not in _OWN_DATES:
            return value
        return datetime.fromisoformat(value).astimezone(_BUENOS_AIRES).isoformat(timespec="milliseconds")

    return {name: other(name, value) for name, value in inner.items()}


def _reworded(inner: _Object) -> _Object:
    told = "code" in inner or "error" in inner
    said: _Object = {name: "Algo salió mal" for name in ("message", "description") if told and name in inner}
    if isinstance(inner.get("details"), list):
        said["details"] = [f"Verifique: {each}" for each in inner["details"]]
    return {**inner, **said}


def _details_text(inner: _Object) -> _Object:
    return {name: "; ".join(value) if name == "details" else value for name, value in inner.items()}


def _no_total(inner: _Object) -> _Object:
    if "data" not in inner or "paging" not in inner:
        return inner
    return {**inner, "paging": {name: value for name, value in inner["paging"].items() if name != "total"}}


def _cancelled_again(request: Request, answer: Answer) -> Answer:
    if not _of("POST", "cancel", 400)(request, answer) or "profile_modification_not_allowed" not in str(answer.body):
        return answer
    return Answer(204, headers=answer.headers)


VARIANTS: tuple[Variant, ...] = (
    Variant(
        AS_CAUSES, API, "Errors of payment profiles look like those of customers: message, error, status, cause.",
        "No document shows an error body of payment profiles.", chooses="ERROR_ENVELOPE",
    ),
    Variant(
        AS_TEXT, API, "Errors of payment profiles look like those of customers, with the status as a string.",
        "No document shows an error body of payment profiles.", apart=(AS_CAUSES,), chooses="ERROR_ENVELOPE",
    ),
    Variant(
        "mp-details-text", API, "The details of an error are one text.",
        "Errors have details in the documents; what they look like is open.",
        chooses="ERROR_ENVELOPE", rewrite=_each(_details_text),
    ),
    Variant(
        "mp-other-words", API, "Errors are told in Spanish; their details say more.", "No document has these texts as part of an answer.",
        apart=("mp-details-text",), rewrite=lambda request, answer: _each(_reworded)(request, answer) if answer.status >= 400 else answer,
    ),
    Variant(
        "mp-starts-pending", API, "A new profile and its methods are PENDING in the answer that creates them, and READY when next read.",
        "The vendor's status page: PENDING until the verification payment is made; the documented answer has READY.",
        chooses="ready_when_verified", rewrite=_on(_of("POST", "payment-profiles", 201), _pending),
    ),
    Variant(
        "mp-add-answers-method", API, "Adding a method is answered with the method.",
        "The reference gives the status 201 and no body.", chooses="add_answers_profile",
        rewrite=_on(_of("POST", "payment-methods", 201), _only_method),
    ),
    Variant(
        "mp-methods-turned", API, "Methods and cards are listed with the newest first.", "No document gives them an order.",
        rewrite=_each(_turned),
    ),
    Variant(
        "mp-newest-first", API, "Profiles are listed with the newest first.", "No document gives them an order.", chooses="list_filters",
    ),
    Variant(
        "mp-other-ids", API, "Profiles are named like PP-5K..., customers by ten digits, cards by numbers of five digits and more.",
        "They are strings and a long without a documented format; what is shown are examples.",
    ),
    Variant(
        "mp-local-times", API, "Times of customers, cards and tokens are shown with the offset of Buenos Aires.",
        "Only times of payment profiles have a documented format.", rewrite=_each(_local),
    ),
    Variant(
        "mp-no-total", API, "The paging of profiles has no total.", "The members of paging are not documented.", rewrite=_each(_no_total),
    ),
    Variant(
        "mp-cancel-again", API, "Cancelling a cancelled profile is answered with 204, and changes nothing.",
        "The documents refuse changes of a cancelled profile, and this is none.", chooses="cancelled_is_final", rewrite=_cancelled_again,
    ),
    Variant(
        "mp-no-next-default", API, "After the default was deleted no method is the default.",
        "No document says what becomes of the default then.", chooses="default_of_deleted",
    ),
)  # fmt: skip
