"""Every choice about Mercado Pago that no document makes, one named line each, with its reason; see `assumed`."""

import re
from typing import Final

# --- Headers ---------------------------------------------------------------------------------------------------------

LONGEST_KEY: Final = 64
"""The reference gives 1 to 64 characters for ``X-Idempotency-Key``."""

KEY_RETENTION_MILLISECONDS: Final = 24 * 3_600_000
"""Nothing is said for payment profiles; the vendor's Orders API compares keys within 24 hours."""

# --- Bodies ----------------------------------------------------------------------------------------------------------

HTML: Final = re.compile(r"</?[A-Za-z!][^<>]*>")
"""What counts as an HTML tag: "a < b" is none, ``<b>``, ``</b>`` and ``<!-- -->`` are."""

HTML_MEMBERS: Final = ("description", "statement_descriptor")
"""The source does not say which members refuse HTML; these are the two that are free text."""

CARD_BRANDS: Final = (
    "visa",
    "master",
    "amex",
    "diners",
    "naranja",
    "cabal",
    "cencosud",
    "argencard",
    "hipercard",
    "elo",
    "debelo",
    "debmaster",
    "debvisa",
    "debcabal",
    "maestro",
)
"""The brands of the reference."""

FINTOC: Final = "fintoc"
"""A brand that only an error code implies; it is no card, so it needs neither a token nor a card."""

TOKEN_LENGTHS: Final = (32, 33)
"""The reference gives 32 to 33 characters. The source's example sends 5; a token of that length is refused (M8)."""

LARGEST_LONG: Final = 2**63 - 1
"""``card_id`` is documented as a long."""

EMAIL: Final = re.compile(r"[^\s@]{1,64}@[^\s@.]+(?:\.[^\s@.]+)+")
"""The reference has an error for the format of an e-mail address and no format."""

CARD_NUMBER: Final = re.compile(r"[0-9]{13,19}")
"""Card numbers are checked for their length only: not every published example number has a valid check digit."""

DEEPEST_OBJECT: Final = 32
"""How deep an object may be nested that is kept as it was sent; no limit is documented."""

SECURITY_CODE: Final = re.compile(r"[0-9]{3,4}")

# --- Test data -------------------------------------------------------------------------------------------------------

REJECTED_HOLDERS: Final = frozenset({"OTHE", "CALL", "FUND", "SECU", "EXPI", "FORM"})
"""Cardholder names with which the vendor's test cards are declined: the verification answers 402."""

PENDING_HOLDERS: Final = frozenset({"CONT"})
"""The cardholder name with which the vendor's test cards stay pending: the method is PENDING and has no card_id."""

TEST_CREDENTIALS: Final = (
    ("caller_id_mismatch", 400),
    ("site_id_mismatch", 400),
    ("unknown_error_occurred", 400),
    ("payment_method_validation_failed", 400),
    ("too_many_requests", 429),
    ("internal_server_error", 500),
)
"""Errors that nothing in a request causes, each tied to an access token of its own, with the status."""

SITE: Final = "MLB"
"""The site of the normal access token; only ``CHILE`` knows fintoc."""

CHILE: Final = "MLC"

# --- Answers ---------------------------------------------------------------------------------------------------------

ERROR_ENVELOPE: Final = 2
"""No source shows an error body of payment profiles. 1: message, error, status, cause; 2: errors with code, message,
details; 3: as 1 with the status as a string. 2 is the likeliest, because the source speaks of a member ``details``."""

DEFAULT_LIMIT: Final = 50
LARGEST_LIMIT: Final = 100
"""The reference's page size of the list of profiles, and its bounds."""

DEFAULT_SEARCH_LIMIT: Final = 30
"""The page size that the reference's example of a customer search asks for."""

CUSTOMER_PAYMENT_TYPE: Final = "credit_card"
"""What ``payment_type_id`` of a saved card says: the number alone does not tell."""

BRANDS_BY_PREFIX: Final = (
    (re.compile(r"4"), "visa", "Visa"),
    (re.compile(r"5031|5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720"), "master", "Mastercard"),
    (re.compile(r"3[47]"), "amex", "American Express"),
    (re.compile(r"30[0-5]|3[689]"), "diners", "Diners Club"),
    (re.compile(r"50|5[6-9]|6"), "maestro", "Maestro"),
)
"""The brand of a saved card, from the first digits of its number; ``visa`` where they tell nothing. 5031 is where the
vendor's Mastercard test numbers begin."""

CODES_BY_STATUS: Final = {
    403: "forbidden",
    404: "resource_not_found",
    405: "method_not_allowed",
    408: "request_timeout",
    412: "precondition_failed",
    429: "Too Many Requests",
    500: "internal_server_error",
    502: "bad_gateway",
    503: "service_unavailable",
    504: "gateway_timeout",
}
"""404, 429 and 500 are documented with these codes; the others are asked for by a script, or are plain HTTP."""

BEHAVIOUR: Final = {
    "missing_key": "a missing X-Idempotency-Key is 401 header_missing, the only code for a missing header (M14)",
    "key_out_of_range": "a key that is empty, longer than 64 characters, not of visible ASCII or sent twice is 400 validation_error, "
    "naming the header",
    "key_scope": "a key counts for one tenant, operation and path: the same key elsewhere is another request",
    "key_with_other_body": "a key that comes back with another body is 400 validation_error: the source's catalogue has no 409",
    "same_body": "two bodies are the same when they are the same JSON, whatever their white space and order of members",
    "key_of_refused": "a refused request does not use its key up: nothing happened that a repeat could double",
    "key_of_customers": "customers, cards and card tokens honour a key that is sent and demand none",
    "key_on_read": "a key on a GET is ignored",
    "all_violations": "what is wrong with a body is listed completely, one entry for each code; one fault gives one code",
    "no_methods": "payment_methods absent or [] is payment_methods_required, null or a null in it payment_methods_cannot_be_null",
    "blank_id": "an id that is absent, null, empty or white space is payment_method_id_cannot_be_blank; an unknown one validation_error",
    "type_required": "a card without type is validation_error: the reference's page for add says required and its text version "
    "optional (M10), create says neither and its example sends one; fintoc is no card and needs none",
    "token_or_card": "token and card_id absent or null is payment_method_token_or_card_id_required; one of them null is validation_error",
    "token_and_card": "both may be sent: the card is the one of card_id, and the token is used up",
    "token_once": "a card token makes one card: an unknown, used or foreign one is validation_error, naming the token",
    "token_is_a_card": "each card token makes a card of its own, even for a number that the customer has already",
    "token_in_profile": "one method of a profile may come by a token, also when a second one is added later",
    "duplicate": "a duplicate is the same card_id or the same token, in one request or in the profile",
    "brand_of_card": "the id of a method is not compared with the card's number: no code says so",
    "default_of_none": "where no method is sent as default the first one is it, as the source's example shows (M2)",
    "default_on_add": "an added method with default_method true takes over, and the one before is it no more",
    "default_of_deleted": "after the default was deleted the first method left is the default",
    "add_answers_profile": "adding a method answers the whole profile: the reference only says 201",
    "empty_add": "an empty object at add is payment_methods_required and null is payment_methods_cannot_be_null: both are listed for add",
    "ready_when_verified": "a verified method is READY at once, as in the example; a profile with a READY method is READY",
    "pending_holder": "a card of the test name CONT stays pending: its method is PENDING and shows no card_id",
    "rejected_holder": "a card of the test name OTHE (and the like) is 402 payment_method_not_approved, by token and by card_id",
    "empty_profile": "a profile whose last method was deleted is PENDING",
    "cancelled_is_final": "cancel, add and delete on a cancelled profile are profile_modification_not_allowed, cancelling again too",
    "cancel_keeps_methods": "a cancelled profile still shows its methods as they were",
    "customer_mismatch": "a profile of another customer of the same tenant is customer_id_mismatch, one of another tenant is not found",
    "unknown_card": "a card_id that is not among the customer's cards is 404 resource_not_found, as if it did not exist",
    "unknown_members": "a member that nobody documents is ignored",
    "nul": "U+0000 and broken surrogates are refused in every known string: hardly any data store keeps them",
    "body_of_cancel": "a body of cancel or delete is ignored, since none is documented",
    "test_credential_first": "a test credential fails before anything else of the request is looked at, and only on payment profiles",
    "chile": "fintoc is accepted with the token of a seller in Chile, and refused with any other",
    "list_filters": "limit, offset and status out of range or sent twice are validation_error; profiles come in the order of creation",
    "customer_email": "a customer needs an e-mail address (106), and no other one of the tenant may have it in any case (101)",
    "search_filters": "limit (1 to 100, else 30) and offset that are no numbers are code 200, the first of the search errors",
    "card_digits": "first_six_digits and last_four_digits are strings, as documented: a number would lose leading zeros (M24)",
    "expired_card": "the expiry of a card is not compared with the clock: the documented card of 2023 stays usable",
    "card_token_codes": "what is wrong with a card token's body is code 122; the reference has no list for it",
}
"""Choices about behaviour: a name and the reason. A test of the same name stands for each of them."""
