"""Every choice about the payments API that no document makes, one named line each, with its reason; see `assumed`."""

import re
from typing import Final

# --- Headers and parameters ------------------------------------------------------------------------------------------

MERCHANT_ID: Final = re.compile(r"[0-9A-Za-z]{8,12}")
"""The reference limits the length and gives an example of digits; letters harm nobody."""

REQUEST_ID: Final = re.compile(r"(?! )[ -~]{1,40}(?<! )")
"""The reference limits the length; printable ASCII keeps logs and echoes harmless."""

MINOR_VERSION: Final = re.compile(r"[\t -~]{0,40}")
"""The reference has a string with the example 1 and no limits; the quick start sends it empty. HTTP allows a tab in a value."""

PAYMENT_ID: Final = re.compile(r"[A-Za-z0-9-]{4,40}")
"""The reference limits the length; all documented ids are UUIDs."""

LARGEST_VERSION: Final = 1e15
"""A version that was sent as a number comes back as it was sent, so it must be one that every JSON reader can hold."""

UNKNOWN_CURRENCIES: Final = frozenset({"XCG", "UNKNOWN"})
"""The profiles API lists these two beyond the currencies of the payments API."""

# --- Test data -------------------------------------------------------------------------------------------------------

DECLINED_BY_NUMBER: Final = {
    ("5112345112345114", 52100): ("INSUFFICIENT_FUNDS", "Insufficient funds"),
    ("4112344112344113", 53000): ("DO_NOT_HONOR", "Do not honor"),
}
"""The published triggers, card and amount; the messages are assumed, since the page is cut off before them."""

DECLINE_REFERENCE: Final = "decline"
"""An accountHolder.referenceId that makes the issuer decline anything: no published trigger gives the code DECLINED."""

DECLINED: Final = ("DECLINED", "Transaction declined")
"""The code is documented, its message is not."""

PARTIAL_NUMBERS: Final = frozenset({"4444444444444455", "5555555555555565"})
"""The published cards for partial authorisation."""

PARTIAL_DIVISOR: Final = 2
"""A partial approval is for half of the amount, rounded down: no document says how much a test card has."""

PROFILE_FAILURE_REFERENCE: Final = "profile-create-fails"
"""An accountHolder.referenceId with which no profile can be made: no document has test data for this."""

CVV_RESULTS: Final = {"3111": "NO_MATCH", "3112": "NOT_PROCESSED"}
CVV_RESULTS_BY_BRAND: Final = {"611": "NO_MATCH", "612": "NOT_PROCESSED"}
CVV_BRANDS: Final = frozenset({"DI", "DC", "JC"})
CVV_OTHERWISE: Final = "MATCH"
"""The published security codes are 111 and 1111 (a match) and those above; the page is cut off after them."""

ADDRESS_RESULT: Final = "NOT_VERIFIED"
"""The result for a billing address that was sent; no test data for addresses is published."""

# --- Behaviour -------------------------------------------------------------------------------------------------------

DELAY_MINUTES: Final = 120
"""Documented as the default delay; the capture is made when the payment is next looked at."""

CARD_NAMES: Final = {
    "VI": "VISA",
    "MC": "MASTERCARD",
    "AX": "AMERICAN_EXPRESS",
    "DI": "DISCOVER",
    "JC": "JCB",
    "DC": "DINERS_CLUB",
    "CC": "CHINA_UNION_PAY",
}
UNION_PAY: Final = re.compile(r"62")
OTHER_CARD: Final = "VI"
"""The type of a number whose prefix belongs to no brand: the reference lets a response have a brand of its list only."""

CAPTURE_UNKNOWN_STATUS: Final = 404
"""The reference declares no 404 for captures; an unknown payment is answered as it is everywhere else."""

LATE_BODY_STATUS: Final = 400
"""The reference of this API has no 408, unlike that of the profiles API, and nothing was wrong on the server's side."""

BEHAVIOUR: Final = {
    "request_id_again": "the same request-id and body again get the first answer: one request-id moves money once",
    "request_id_other_body": "the same request-id with another body gets 412: neither body may win by luck",
    "request_id_scope": "request-ids of another tenant, operation or payment are not compared",
    "request_id_refused": "a request that was refused leaves its request-id free: nothing happened under it",
    "request_id_of_reads": "a payment shows the request-id that made it, an answer to a change shows its own",
    "one_method": "a payment has exactly one of card and consumerProfile: which of two pays must not be luck",
    "holder_twice": "accountHolder in both documented places is refused: which of two counts must not be luck",
    "cards_only": "a stored method that is no card is refused: what such a payment looks like is not known",
    "missing_for_profile": "firstName, lastName and expiry missing for CREATE fail the creation, not the payment",
    "profile_of_profile": "CREATE beside a stored profile fails the creation: there is no card to keep",
    "declined_profile": "a declined payment makes no profile: nobody showed that the card is good",
    "profile_members": "a profile made in a payment keeps names, billing address, e-mail and telephone numbers",
    "expired_card": "an expiry in the past is accepted, as the reference only limits the year and its own examples are old",
    "luhn": "the Luhn digit is not checked, since documented numbers fail it",
    "no_match": "a security code that does not match does not decline: no document says so",
    "partial_unsupported": "a card for partial approval pays in full without SUPPORTED, as the guide has full amounts only then",
    "capture_above": "a capture above what is authorised is refused, although one guide speaks of a new authorisation for it",
    "capture_open": "a capture below what is left is final only where isAmountFinal or isFinalCapture says so",
    "capture_rest": "a final capture gives the rest of the authorisation back, and nothing of it remains",
    "capture_zero": "a capture, a change or a linked refund of 0 is refused: it would do nothing and look done",
    "patch_lower": "a lower amount without captureMethod is refused: the guide reverses with captureMethod only",
    "patch_empty": "a change that names nothing to change is refused: it would do nothing and look done",
    "delayed_open": "after 120 minutes what is left of a DELAYED payment is captured, an earlier capture may have been made",
    "refund_by_capture": "a refund names a capture, the payment's own id the first one; more than that capture is refused",
    "refund_remaining": "remainingRefundableAmount is what is left of all captures of the payment",
    "refund_profile": "CREATE in a refund is ignored: the newer page names authorization, sale and verification only",
    "amount_read": "a payment that was read shows as amount what was captured, or what was authorised before that",
    "capture_read": "GET /payments/{id} finds a later capture by its own transactionId as well",
    "is_capture": "the deprecated isCapture counts where captureMethod is left out: true is NOW, false is MANUAL",
    "version_as_sent": "the version of the software comes back as it was sent, as text or as a number",
    "zero_payment": "a payment of 0 is an ordinary payment, which moves nothing: the reference allows the amount",
    "closed_decline": "a declined payment has the paymentRequestStatus CLOSED: nothing of it is open",
}
"""Choices about behaviour: a name and the reason. A test of the same name stands for each of them."""

# --- Response codes --------------------------------------------------------------------------------------------------

INVALID: Final = "VALIDATION_ERROR"
"""The code of sibling APIs for 400; the table of this API could not be seen."""

STATE: Final = "INVALID_STATE"
AMOUNT: Final = "INVALID_AMOUNT"
PROFILE: Final = "INVALID_PROFILE"
"""Words for what a well-formed request may not do: nobody knows the vendor's."""

PROFILE_INCOMPLETE: Final = "PROFILE_DATA_MISSING"
PROFILE_FAILED: Final = "PROFILE_NOT_CREATED"
"""Values of consumerProfileResponseCode, which no document lists."""

CODES_BY_STATUS: Final = {
    400: (INVALID, "Request contains validation error"),
    401: ("UNAUTHENTICATED", "The access token is missing or not valid"),
    403: ("UNAUTHORIZED", "Forbidden"),
    404: ("NOT_FOUND", "Not found"),
    405: ("METHOD_NOT_ALLOWED", "Method not allowed"),
    408: ("TIMEOUT", "Timeout"),
    412: ("PRECONDITION_FAILED", "Precondition failed"),
    429: ("TOO_MANY_REQUESTS", "Too many requests"),
    500: ("HOST_ERROR", "Internal server error"),
    502: ("BAD_GATEWAY", "Bad gateway"),
    503: ("SERVICE_UNAVAILABLE", "Service unavailable"),
    504: ("TIMEOUT", "Gateway timeout"),
}
"""VALIDATION_ERROR, UNAUTHORIZED, NOT_FOUND, HOST_ERROR and TIMEOUT are those of sibling APIs, the others are words."""
