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

REPEATED_PARAMETER_REFUSED: Final = True
"""RFC 6749 section 3.2 forbids to repeat a parameter; that covers the ones which the server does not know as well."""

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

DUPLICATE_MEMBERS_REFUSED: Final = True
"""RFC 8259 leaves repeated members open; two values for one card member must not be a matter of luck."""

NUL_REFUSED: Final = True
"""No documented pattern excludes U+0000 from free text; hardly any data store keeps it, so known strings refuse it."""

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


BEHAVIOUR: Final = """
- Deleting the default method, or the last one, is allowed; the default then disappears and an empty list stays.
- A method that is INACTIVE may become the default, and one of an INACTIVE profile may be changed.
- ``defaultMOP`` in a request adds a method that is also listed and makes it the default. Of several the first counts,
  in the order card, ACH, SEPA, BACS.
- ``accountStatus`` beside the methods counts for those of them that do not carry their own.
- ``currency``, ``merchant`` and ``browserInfo`` of an add describe the request and are not kept.
- An update ignores objects for other kinds of method than the addressed one; a body with nothing but such objects is
  refused, since it would change nothing and look like a success.
- An update that names no member is accepted and moves the time of the last update.
- A write keeps the ``correlationIdentifier`` that it brings; a read echoes its own and keeps nothing.
- The status of a method that is no card has no ``cardAuthenticationDetails``.
- A request body is ignored where the operation has none.
- Account numbers, IBANs and 3-D Secure data are never shown, not even in part, except for the last four card digits.
"""
"""Choices about behaviour that are not a value. A test in the mock's own suite stands for each of them."""

# --- Profiles: response codes ----------------------------------------------------------------------------------------

CODE_FORBIDDEN: Final = "MP_FORBIDDEN"
CODE_NOT_FOUND: Final = "MP_NOT_FOUND"
CODE_METHOD_NOT_ALLOWED: Final = "MP_METHOD_NOT_ALLOWED"
CODES_BY_STATUS: Final = {
    403: (CODE_FORBIDDEN, "Forbidden"),
    404: (CODE_NOT_FOUND, "Not found"),
    405: (CODE_METHOD_NOT_ALLOWED, "Method not allowed"),
    408: ("MP_TIMEOUT", "Timeout Error"),
    429: ("MP_TOO_MANY_REQUESTS", "Too many requests"),
    500: ("MP_INTERNAL_ERROR", "Internal server error"),
    503: ("MP_UNAVAILABLE", "Service unavailable"),
    504: ("MP_GATEWAY_TIMEOUT", "Gateway timeout"),
}
"""The only visible code is MP_REQ_001, for 400; the others keep its prefix, and are words since nobody knows them."""

GATEWAY_ERROR_SOURCE: Final = "APG-EDGE"
GATEWAY_ERROR_CODE: Final = "EDG00012"
"""Source and code of the reference's only example of a 401; the description says what was wrong instead."""
