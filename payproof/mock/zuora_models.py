"""The request body of a stored credential profile, as the vendor's page shapes it.

Nothing is coerced, null is no value, and a member that nobody documents is ignored.
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal, NotRequired

from pydantic import StringConstraints, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from payproof.mock import zuora_assumed as assumed
from payproof.mock.zuora_errors import INVALID, MISSING, RULE, Declined, Reason

Text = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")]
"""A string without documented limits; U+0000 is kept out of it (``nul`` in ``zuora_assumed.BEHAVIOUR``)."""

Text128 = Annotated[str, StringConstraints(max_length=128, pattern=r"^[^\x00]*$")]


class CreateCredential(TypedDict):
    """A new stored credential profile. ``agreedOn`` is a calendar date, yyyy-mm-dd."""

    action: NotRequired[Literal["Activate", "Persist"]]
    agreedOn: NotRequired[Text]
    authGateway: NotRequired[Text]
    cardSecurityCode: NotRequired[Text]
    consentAgreementRef: NotRequired[Text128]
    consentAgreementSrc: Literal["External"]
    networkTransactionId: NotRequired[Text128]
    status: Literal["Agreed", "Active"]
    type: Literal["Recurring", "Unscheduled"]


_ADAPTER = TypeAdapter(CreateCredential)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_RULES = {
    "missing": "is required",
    "string_type": "must be a string",
    "string_unicode": "must be made of valid Unicode characters",
    "string_too_long": "must have at most {max_length} characters",
    "string_pattern_mismatch": "must not contain U+0000",
    "literal_error": "must be {expected}",
}


def _shape(error: ValidationError) -> list[Reason]:
    # The library's own messages are not used: some of them quote the value, which may be a security code
    found = []
    for each in error.errors(include_url=False, include_input=False)[: assumed.MOST_VIOLATIONS]:
        name = each["loc"][0] if each["loc"] else "body"
        rule = _RULES.get(each["type"], "is not valid").format_map(each.get("ctx", {})) if each["loc"] else "must be an object"
        found.append(Reason(MISSING if each["type"] == "missing" else INVALID, f"{name} {rule}"))
    return found


def _is_date(text: str) -> bool:
    if _DATE.fullmatch(text) is None:
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _rules(body: Mapping[Any, Any]) -> list[Reason]:
    # Judged on the raw body, so that all faults of a request are told at once
    found = []
    agreed_on, action = body.get("agreedOn"), body.get("action")
    if isinstance(agreed_on, str) and not _is_date(agreed_on):
        found.append(Reason(INVALID, "agreedOn must be a date in the format yyyy-mm-dd"))
    if body.get("status") == "Agreed" and "action" in body:
        found.append(Reason(RULE, "action only applies if status is Active"))
    if "networkTransactionId" in body and action != "Persist":
        found.append(Reason(RULE, "networkTransactionId only applies if action is Persist"))
    return found


def create_credential(body: object) -> CreateCredential:
    """Check the body of a create; raises ``Declined`` with every fault. Source: the vendor's page of this operation."""
    found: list[Reason] = []
    request: CreateCredential | None = None
    try:
        request = _ADAPTER.validate_python(body, strict=True)
    except ValidationError as error:
        found = _shape(error)
    if isinstance(body, dict):
        found += _rules(body)
    if found or request is None:
        raise Declined(400, *found)
    return request
