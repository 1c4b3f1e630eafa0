"""Every choice that no document makes and that a server must still make, one named line each, with its reason.

A choice ends up here when neither the vendor's pages nor its reference nor an RFC decides it. What a clause demands
beyond these lines has another basis than ``assumed``.
"""

import re
from typing import Final

# --- The demo tenant -------------------------------------------------------------------------------------------------

DEMO_CLIENT_ID: Final = "payproof-demo"
"""A mock without control interface needs one client that everybody knows."""

DEMO_CLIENT_SECRET: Final = "payproof-demo-secret"  # noqa: S105 - published on purpose, it opens nothing but the mock

DEMO_MERCHANT_ID: Final = "998482157630"
"""The merchant id of the vendor's quick start."""

# --- Token endpoint --------------------------------------------------------------------------------------------------

DEFAULT_SCOPE: Final = "jpm:payments:sandbox"
"""RFC 6749 section 3.3 lets a server default or fail where the scope is left out; the mock knows one scope only."""

BODY_CREDENTIALS_STATUS: Final = 401
"""RFC 6749 section 5.2 demands 401 for a failed Basic header and allows it elsewhere; one status for one error."""

TOKEN_LIFETIME_SECONDS: Final = 3600
"""The documented token lives from ``iat`` to ``exp`` = ``iat`` + 3600, although the answer beside it says 3599."""

TOKEN_ALGORITHM: Final = "HS256"  # noqa: S105 - the name of an algorithm
"""The vendor signs with RS256; the mock has no key pair, and a client may not look into a bearer token anyway."""

# --- Profiles: headers and path parameters ---------------------------------------------------------------------------

MERCHANT_IDENTIFIER: Final = re.compile(r"[0-9A-Za-z]{8,12}")
"""The vendor limits the merchant id of its payments API to 8 to 12 characters and gives no limit here."""

OPTIONAL_HEADER: Final = re.compile(r"(?! )[ -~]{1,40}(?<! )")
"""The payments API limits its request id to 40 characters; printable ASCII keeps logs and echoes harmless."""

PROFILE_ID: Final = re.compile(r"[A-Za-z0-9-]{1,40}")
"""Six letters in the documents, letters, digits and a hyphen in reports from the field."""

PROFILE_ID_LETTERS: Final = 6
"""Profile ids are as long as the documented ones."""

DEFAULT_USER: Final = "api"
"""What stands in the user members where no ``userIdentifier`` header came; the vendor's examples are people's names."""

# --- Profiles: bodies ------------------------------------------------------------------------------------------------

LARGEST_BODY_BYTES: Final = 1_000_000
"""The reference has no 413 and no limit; without one a client could fill the memory."""

BODY_TIMEOUT_SECONDS: Final = 10.0
"""How long a request body may take to arrive before the answer is the documented 408."""

MOST_VIOLATIONS: Final = 100
"""An answer lists that many faults of a body; more would help nobody and be larger than the request."""

# --- Profiles: behaviour ---------------------------------------------------------------------------------------------

DEFAULT_ORDER: Final = ("card", "ach", "sepa")
"""The documented order of the default at create. BACS is not in it: a profile with BACS methods only has no default."""

METHOD_STATUS: Final = "ACTIVE"
"""A method that is created without ``accountStatus`` is usable, as all in the documents are."""

PROFILE_STATUS: Final = "ACTIVE"
"""A profile that is created without ``profileStatus`` is usable, as all in the documents are."""

ABSENT_ADDRESS_LINE: Final = ""
"""The reference requires ``line1`` and ``line2`` in a response and neither in a request."""

ADDRESS_CHOICE: Final = "either a new consumerProfileAddress or an addressIdentifier may be sent, not both"
"""Nobody says which of the two would win, so the mock refuses both together."""

CARD_TYPES_BY_PREFIX: Final = (
    (re.compile(r"4"), "VI"),
    (re.compile(r"5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720"), "MC"),
    (re.compile(r"3[47]"), "AX"),
    (re.compile(r"6011|64[4-9]|65"), "DI"),
    (re.compile(r"35(2[89]|[3-8])"), "JC"),
    (re.compile(r"30[0-5]|3[689]"), "DC"),
)
"""A sent ``cardType`` is echoed even where it does not fit the number, as documented; one left out is derived."""


def card_type(number: str) -> str | None:
    """Derive the card type from the first digits of a card number; None where they tell nothing."""
    return next((kind for prefix, kind in CARD_TYPES_BY_PREFIX if prefix.match(number)), None)


BEHAVIOUR: Final = {
    "delete_default": "deleting the default is allowed and leaves none: only the consumer can say which comes next",
    "delete_last": "deleting the last method is allowed and leaves an empty list: only a create demands one",
    "inactive_default": "an INACTIVE method may become the default: no document ties the two together",
    "inactive_profile": "an INACTIVE profile may be changed: the documents only forbid to pay with it",
    "default_in_request": "defaultMOP in a request is a new method, listed like the others, since it has their shape",
    "one_default": "defaultMOP in a request holds one method: which of several would count must not be luck",
    "bacs_only": "a profile with BACS methods only has no default, since the documented order does not name BACS",
    "status_beside_methods": "accountStatus beside the methods counts for those that do not carry their own",
    "request_only": "currency, merchant and browserInfo of an add describe the request and are not kept",
    "one_kind": "an update that names more than one kind of method is refused: a method has one kind",
    "other_kind_alone": "an update with nothing but an object for another kind is refused: it would change nothing and look done",
    "empty_update": "an update that names no member is accepted, and moves the time of the last update",
    "number_in_update": "a number in an update is ignored like any member that the reference does not list there",
    "correlation": "a write keeps the correlationIdentifier that it brings; a read echoes its own and keeps nothing",
    "status_without_card": "the status of a method that is no card has no cardAuthenticationDetails",
    "body_not_expected": "a request body is ignored where the operation has none",
    "hidden_numbers": "account numbers and IBANs are never shown, not even in part, but for a card's last four digits",
    "three_ds_data": "3-D Secure data of a request is never shown: it is worth as much as the card's number",
    "default_contact": "defaultPhone and defaultEmail are listed with the others, as the default method is",
    "duplicate_members": "a JSON member sent twice is refused: which of two values counts must not be luck",
    "repeated_parameters": "a form parameter sent twice is refused even if unknown (RFC 6749 section 3.2 forbids it)",
    "nul": "U+0000 is refused in known strings, which no pattern excludes: hardly any data store keeps it",
    "client_id_twice": "a client_id in the form beside HTTP Basic is harmless as long as both are the same",
}
"""Choices about behaviour: a name and the reason. A test of the same name stands for each of them."""

# --- Profiles: response codes ----------------------------------------------------------------------------------------

CODES_BY_STATUS: Final = {
    403: ("MP_FORBIDDEN", "Forbidden"),
    404: ("MP_NOT_FOUND", "Not found"),
    405: ("MP_METHOD_NOT_ALLOWED", "Method not allowed"),
    408: ("MP_TIMEOUT", "Timeout Error"),
    412: ("MP_PRECONDITION_FAILED", "Precondition failed"),
    429: ("MP_TOO_MANY_REQUESTS", "Too many requests"),
    500: ("MP_INTERNAL_ERROR", "Internal server error"),
    502: ("MP_BAD_GATEWAY", "Bad gateway"),
    503: ("MP_UNAVAILABLE", "Service unavailable"),
    504: ("MP_GATEWAY_TIMEOUT", "Gateway timeout"),
}
"""The only visible code is MP_REQ_001, for 400; the others keep its prefix, and are words since nobody knows them."""

GATEWAY_ERROR_SOURCE: Final = "APG-EDGE"
GATEWAY_ERROR_CODE: Final = "EDG00012"
"""Source and code of the reference's only example of a 401; the description says what was wrong instead."""
