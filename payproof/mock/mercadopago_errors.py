"""Errors of Mercado Pago: what a world refuses, and the bodies that say so."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from payproof.mock.refusal import Refused, Violation

Json = dict[str, Any]

PROMISED_DETAILS: Final = frozenset(
    {
        "payment_method_id_cannot_be_blank",
        "payment_methods_cannot_be_null",
        "payment_methods_required",
        "payment_method_token_or_card_id_required",
        "html_insertion_not_allowed",
        "max_day_overdue_out_of_range",
        "validation_error",
        "payload_failed",
    }
)
"""The codes whose text in the source document points at ``details``."""

_MESSAGES: Final[Mapping[str, str]] = {
    "payment_method_id_cannot_be_blank": "A payment method has no id",
    "payment_methods_cannot_be_null": "The payment methods are null",
    "payment_methods_required": "At least one payment method is required",
    "payment_method_token_or_card_id_required": "A payment method needs a token or a card_id",
    "html_insertion_not_allowed": "HTML is not allowed here",
    "max_day_overdue_out_of_range": "max_day_overdue is out of its range",
    "validation_error": "The request is not valid",
    "payload_failed": "The body cannot be read",
    "multiple_default_payment_methods_not_allowed": "Only one of payment_methods may have default_method true",
    "more_than_two_payment_methods_not_allowed": "A payment profile has at most two payment_methods",
    "two_cards_with_token_not_allowed": "Only one of payment_methods may come with a token",
    "duplicate_payment_method_not_allowed": "The same one of payment_methods is there twice",
    "invalid_site_id_for_fintoc": "The id fintoc of payment_methods is only known to sellers in Chile",
    "profile_modification_not_allowed": "The payment profile is cancelled and cannot be changed",
    "payment_method_validation_failed": "The payment method could not be verified",
    "customer_id_mismatch": "The payment profile does not belong to this customer_id",
    "caller_id_mismatch": "The payment profile does not belong to this caller_id",
    "site_id_mismatch": "The payment profile does not belong to this site_id",
    "unknown_error_occurred": "An unknown error occurred",
    "header_missing": "A required header is missing",
    "Unauthorized Access Token": "The access token is not known",
    "payment_method_not_approved": "The verification of the payment method was not approved",
    "resource_not_found": "There is no such resource",
    "Too Many Requests": "Too many requests were made",
    "internal_server_error": "The server failed",
}

_WORDS: Final[Mapping[int, str]] = {
    400: "bad_request",
    401: "unauthorized",
    402: "payment_required",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    408: "request_timeout",
    412: "precondition_failed",
    429: "too_many_requests",
    500: "internal_error",
    502: "bad_gateway",
    503: "service_unavailable",
    504: "gateway_timeout",
}

_CUSTOMER_CODES: Final[Mapping[str, str]] = {"payload_failed": "118", "validation_error": "125"}
"""What customers, cards and card tokens call the errors that every operation can meet."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One error code and the places that it is about. No place ever carries a value out of the request."""

    code: str
    details: tuple[str, ...] = ()


class Denied(Refused):
    """A request was refused with ``status`` for ``problems``, which are never empty, and nothing was changed."""

    def __init__(self, status: int, *problems: Problem) -> None:
        super().__init__(", ".join(each.code for each in problems))
        self.status = status
        self.problems = problems


def denied(code: str, detail: str | None = None, *, status: int = 400) -> Denied:
    """Build the refusal with one code."""
    return Denied(status, Problem(code, () if detail is None else (detail,)))


def not_found(noun: str) -> Denied:
    """Build the refusal of an identifier that names nothing in the caller's world."""
    return denied("resource_not_found", f"the {noun} was not found", status=404)


def unreadable(violations: Iterable[Violation]) -> Denied:
    """Build the refusal of a body that is no JSON object."""
    return Denied(400, Problem("payload_failed", tuple(f"{each.entity} {each.rule}" for each in violations)))


def _entry(problem: Problem, *, with_details: bool) -> Json:
    entry: Json = {"code": problem.code, "message": _MESSAGES.get(problem.code, problem.code.replace("_", " "))}
    if problem.code not in PROMISED_DETAILS:
        entry["message"] = ": ".join([entry["message"], *problem.details])
    elif with_details:
        entry["details"] = list(problem.details)
    return entry


def profile_error(refused: Denied, envelope: int, *, with_details: bool = True) -> Json:
    """Write the error body of payment profiles in one of the three envelopes; ``with_details`` is False for a lie."""
    entries = [_entry(problem, with_details=with_details) for problem in refused.problems]
    if envelope == 2:
        return {"errors": entries}
    causes = []
    for entry in entries:
        entry["description"] = entry.pop("message")
        causes.append(entry)
    return {
        "message": causes[0]["description"],
        "error": _WORDS[refused.status],
        "status": str(refused.status) if envelope == 3 else refused.status,
        "cause": causes,
    }


def customer_error(refused: Denied) -> Json:
    """Write the error body of customers, cards and card tokens; the codes are strings, as the vendor's servers send them."""
    causes = []
    if refused.status == 400:
        causes = [
            {"code": _CUSTOMER_CODES.get(each.code, each.code), "description": ", ".join(each.details), "data": None}
            for each in refused.problems
        ]
    message = causes[0]["description"] if causes else _MESSAGES.get(refused.problems[0].code, refused.problems[0].code)
    return {"message": message, "error": _WORDS[refused.status], "status": refused.status, "cause": causes}
