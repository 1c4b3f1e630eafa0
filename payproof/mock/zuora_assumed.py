"""Every choice about Zuora that no document makes, one named line each, with its reason; see `assumed`."""

from typing import Final

# --- Credentials and test data ---------------------------------------------------------------------------------------

GATEWAY: Final = "4028905f5702783601570291e14c0015"
"""The gateway of the documented request: every tenant has it, it is the default one, and it knows the framework."""

PLAIN_GATEWAY: Final = "4028905f5702783601570291e14c0016"
"""A gateway that does not know the framework, which every tenant has. It has a fixed id, as test data has."""

FAILING_SECURITY_CODE: Final = "901"
"""A cardholder transaction with this ``cardSecurityCode`` is declined. No document has test data for a failing one."""

BRANDS: Final = ("Visa", "MasterCard")
"""The brands of a tenant's first and second payment method; ``Visa`` is the one that the documents show."""

# --- Token endpoint --------------------------------------------------------------------------------------------------

TOKEN_LIFETIME_SECONDS: Final = 3599
"""A token is good for exactly as long as the documented answer announces."""

BAD_CREDENTIALS: Final = "invalid_client"
"""The body for bad credentials is not documented: the mock answers 401 with the error body of RFC 6749 section 5.2."""

# --- Limits and headers ----------------------------------------------------------------------------------------------

LARGEST_DECODED_BYTES: Final = 1_000_000
"""A compressed body may not grow beyond what an uncompressed one may have; more is refused before it is unpacked."""

MOST_GZIP_MEMBERS: Final = 16
"""RFC 1952 lets a file have any number of members; a million empty ones would keep the server busy for nothing."""

MOST_VIOLATIONS: Final = 100
"""An answer lists that many faults of a body; more would help nobody."""

REQUESTS_PER_MINUTE: Final = 50_000
"""The share of one minute in the documented ``RateLimit-Limit``; the mock counts down and never refuses by itself."""

# --- Error codes -----------------------------------------------------------------------------------------------------

RESOURCE: Final = "567890"
"""The resource code of stored credential profiles was not found; this one lies in the documented range."""

NO_RESOURCE: Final = "500000"
"""The documented code of an unknown object, used for requests without payload."""

# --- Time ------------------------------------------------------------------------------------------------------------

GATEWAY_SECONDS: Final = 0.005
"""How long a gateway takes for a cardholder transaction of a request with a key: a first one that still runs is seen."""

FAILED_CIT_STATUS: Final = 400
"""A failed cardholder transaction is answered as a request error (4XX, documented for this operation), although the
error guide also knows 200 with ``success`` false for payment methods."""

BEHAVIOUR: Final = {
    "action_with_agreed": "an action beside the status Agreed is refused: it only applies to Active, and ignoring it would look done",
    "network_id_without_persist": "a networkTransactionId without the action Persist is refused: it would be lost",
    "two_active": "a second Active profile of the same type is accepted: no rule forbids it",
    "agreed_on_default": "agreedOn of a profile that came without it is the moment of its creation, as one reference page says",
    "agreed_on_time": "agreedOn that was sent as a date is shown with midnight, since responses show a time",
    "activated_on": "activatedOn is the moment at which the profile became Active, and null until then",
    "closed_again": "cancelling or expiring a Cancelled or Expired profile is refused: it cannot be reactivated, and nothing is left to do",
    "expire_agreed": "an Agreed profile can be cancelled and expired like an Active one: no rule forbids it",
    "unknown_gateway": "an authGateway that does not exist is refused whatever the action: it would be wrong later",
    "default_gateway": "without authGateway the cardholder transaction goes through the tenant's documented gateway",
    "number_of_failed": "a request that creates nothing uses no number up",
    "other_tenant": "keys of different tenants never meet: the documented 422 for another tenant id is given for another entity "
    "of the same user, since a key of somebody else must not disturb",
    "other_body": "the same key with another body replays the first result: only tenant, URL and method are documented as mismatches",
    "key_before_operation": "a request that is refused for its headers does not use its key up: the operation never began",
    "key_of_scripted_failure": "a scripted status does not use the key up, and a result lost after the commit is kept under its key",
    "key_on_get": "an Idempotency-Key on a GET is ignored: the source only says not to send it",
    "empty_key": "an empty Idempotency-Key is refused: it identifies nothing",
    "replayed_headers": "a replay carries the headers of its own request (Zuora-Request-Id, Zuora-Track-Id) with the first status and body",
    "request_id": "requestId in an error body is the Zuora-Request-Id of the same answer",
    "empty_track_id": "an empty Zuora-Track-Id is within every documented limit and comes back empty",
    "track_id_without_token": "a good Zuora-Track-Id comes back with every answer, 401 and 404 among them",
    "own_entity": "the entity of a single-entity token is accepted: it should not be sent, and says nothing wrong",
    "orgs_hide_nothing": "every org of the user sees all payment methods of the entity: which belongs to which is not documented",
    "unknown_version": "any Zuora-Version is accepted, as the documents treat unsupported ones as the oldest",
    "unknown_encoding": "a Content-Encoding other than gzip is refused",
    "body_not_expected": "a request body is ignored where the operation has none",
    "authorization_at_token": "an Authorization header at the token endpoint is ignored: the documents only say not to send it",
    "query_code": "a wrong includeAll gets category 27, which the newer guide has for query parameters",
    "duplicate_members": "a JSON member sent twice is refused: which of two values counts must not be luck",
    "nul": "U+0000 is refused in known strings: hardly any data store keeps it",
}
"""Choices about behaviour: a name and the reason."""
