"""The error bodies of Zuora, and its scheme of eight-digit codes."""

from collections.abc import Sequence
from dataclasses import dataclass

from payproof.mock import zuora_assumed as assumed
from payproof.mock.refusal import Refused, Violation
from payproof.mock.wire import Answer

PERMISSION = "10"
INVALID = "20"
MISSING = "22"
MISSING_PARAMETER = "23"
QUERY = "27"
RULE = "30"
NOT_FOUND = "40"
METHOD = "45"
LOCKED = "50"
TEMPORARY = "61"
LIMIT = "70"
MALFORMED = "90"
GATEWAY = "99"
"""The last two digits of a code, as the vendor's table has them."""

_CHALLENGE = (b"www-authenticate", b"Basic realm=Zuora API, ZSession realm=Zuora API, Bearer realm=Zuora API")
_SCRIPTED = {
    403: (PERMISSION, "The operation is not allowed"),
    408: (TEMPORARY, "The request did not arrive in time"),
    412: (RULE, "A condition of the request does not hold"),
    429: (LIMIT, "Too many requests"),
}
_SYSTEM = {502: "bad gateway", 503: "service unavailable", 504: "gateway timeout"}


@dataclass(frozen=True, slots=True)
class Reason:
    """One entry of ``reasons``: the category of its code, and a message that names a member and no value."""

    category: str
    message: str


class Declined(Refused):
    """The request is refused with this status for these reasons, which are never empty."""

    def __init__(self, status: int, *reasons: Reason) -> None:
        super().__init__("; ".join(each.message for each in reasons))
        self.status = status
        self.reasons = reasons


def declined(category: str, message: str, *, status: int = 400) -> Declined:
    """Build a refusal for one reason."""
    return Declined(status, Reason(category, message))


def reasons(violations: Sequence[Violation], category: str = INVALID) -> tuple[Reason, ...]:
    """Write violations as reasons of one category."""
    return tuple(Reason(category, f"{each.entity} {each.rule}") for each in violations)


def request_error(refused: Declined, *, request_id: str, process_id: str, payload: bool) -> Answer:
    """Build the documented 4XX body; ``payload`` tells whether the operation has a request body."""
    resource = assumed.RESOURCE if payload else assumed.NO_RESOURCE
    body = {
        "processId": process_id,
        "reasons": [{"code": resource + each.category, "message": each.message} for each in refused.reasons],
        "requestId": request_id,
        "success": False,
    }
    return Answer(refused.status, body)


def unauthenticated() -> Answer:
    """Build the documented 401."""
    return Answer(401, {"message": "Authentication error"}, (_CHALLENGE,))


def system_error(status: int = 500) -> Answer:
    """Build the documented 500; the other 5xx have its shape."""
    message = _SYSTEM.get(status, "internal server error")
    return Answer(status, {"reasons": [{"code": "SystemError", "message": message}]})


def out_of_order(status: int, *, request_id: str, process_id: str, payload: bool) -> Answer:
    """Build the answer of a server that does not get to the request, for any status that can be scripted."""
    if status not in _SCRIPTED:
        return system_error(status)
    refused = Declined(status, Reason(*_SCRIPTED[status]))
    return request_error(refused, request_id=request_id, process_id=process_id, payload=payload)
