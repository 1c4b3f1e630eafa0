"""The lies of Mercado Pago."""

from payproof.mock.lie import Fault

_API = "mercadopago-profiles"

FAULTS: tuple[Fault, ...] = tuple(
    Fault(name, lie, _API, clause)
    for name, lie, clause in (
        (
            "mp-key-ignored",
            "A request that comes again with its idempotency key is performed again.",
            "MPP-KEY-SAME-ANSWER",
        ),
        (
            "mp-key-optional",
            "A request without the idempotency key that it needs is performed.",
            "MPP-KEY-REQUIRED",
        ),
        (
            "mp-key-race",
            "Of equal requests with one idempotency key that come at the same time each is performed.",
            "MPP-KEY-RACE",
        ),
        (
            "mp-key-across-resources",
            "An idempotency key that was used on one resource counts as used for the same operation on every other one.",
            "MPP-KEY-OTHER-RESOURCE",
        ),
        (
            "mp-key-across-tenants",
            "An idempotency key that another tenant used for the same operation brings that tenant's answer.",
            "MPP-KEY-OTHER-TENANT",
        ),
        (
            "mp-key-kept-for-failed",
            "A refused request uses its idempotency key up.",
            "MPP-KEY-OF-FAILED",
        ),
        (
            "mp-key-body-not-compared",
            "An idempotency key that comes back with another body brings the first answer as if that was done.",
            "MPP-KEY-OTHER-BODY",
        ),
        (
            "mp-key-never-forgotten",
            "An idempotency key still counts after its 24 hours.",
            "MPP-KEY-RETENTION",
        ),
        (
            "mp-token-echoed",
            "A payment method shows the card token that it came with.",
            "MPP-TOKEN-NOT-SHOWN",
        ),
        (
            "mp-default-not-unique",
            "An added method with default_method true leaves the default before it in place.",
            "MPP-ONE-DEFAULT",
        ),
        (
            "mp-cancelled-revived",
            "Adding a method to a cancelled profile is accepted and brings the profile back.",
            "MPP-CANCELLED-IS-FINAL",
        ),
        (
            "mp-cancel-without-effect",
            "Cancelling a profile answers 204 and leaves the profile as it was.",
            "MPP-CANCEL-STAYS",
        ),
        (
            "mp-deleted-method-listed",
            "A deleted method is gone from its profile, and is still there where the profile is listed.",
            "MPP-LIST-SAME-AS-GET",
        ),
        (
            "mp-third-method-accepted",
            "A method is added to a profile that has two.",
            "MPP-AT-MOST-TWO",
        ),
        (
            "mp-two-tokens-accepted",
            "Two methods of one profile may come by a token.",
            "MPP-ONE-TOKEN",
        ),
        (
            "mp-neither-token-nor-card",
            "A method with neither token nor card_id is accepted.",
            "MPP-TOKEN-OR-CARD",
        ),
        (
            "mp-eleven-days-accepted",
            "A max_day_overdue of 11 is accepted.",
            "MPP-DAYS-AT-MOST-TEN",
        ),
        (
            "mp-zero-days-accepted",
            "A max_day_overdue of 0 is accepted.",
            "MPP-DAYS-AT-LEAST-ONE",
        ),
        (
            "mp-html-stored",
            "HTML in description and statement_descriptor is accepted and shown.",
            "MPP-HTML-REFUSED",
        ),
        (
            "mp-duplicate-as-validation-error",
            "A duplicate method is refused with validation_error.",
            "MPP-CODE-DUPLICATE",
        ),
        (
            "mp-not-found-as-400",
            "What does not exist at payment profiles is refused with the right code and the status 400.",
            "MPP-NOT-FOUND-STATUS",
        ),
        (
            "mp-details-missing",
            "No error has the details that its text points at.",
            "MPP-DETAILS",
        ),
        (
            "mp-refused-verification-leaves-profile",
            "A profile whose method was not approved is answered 402, and is there all the same.",
            "MPP-REFUSED-LEAVES-NOTHING",
        ),
        (
            "mp-sequence-always-auto",
            "The sequence_control of every profile is AUTO, whatever was sent.",
            "MPP-SEQUENCE-AS-SENT",
        ),
        (
            "mp-list-loses-row",
            "Every page of the list but the first begins one profile too late.",
            "MPP-LIST-COMPLETE",
        ),
        (
            "mp-total-of-page",
            "The total of a list is the number of profiles on the page.",
            "MPP-LIST-TOTAL",
        ),
        (
            "mp-status-filter-ignored",
            "The list shows profiles of every status, whatever status is asked for.",
            "MPP-LIST-STATUS",
        ),
        (
            "mp-other-customer-served",
            "A profile is found, shown and changed by way of another customer of the same tenant.",
            "MPP-CUSTOMER-MISMATCH",
        ),
        (
            "mp-other-tenant-visible",
            "Customers and profiles of another tenant are found, shown and changed.",
            "MPP-TENANT-ISOLATION",
        ),
        (
            "mp-number-in-error",
            "A card number that is refused is quoted in the error.",
            "MPP-NO-FULL-NUMBER",
        ),
        (
            "mp-time-goes-back",
            "A change sets the last_updated_date to one hour before the previous one.",
            "MPP-TIME-MOVES",
        ),
        (
            "mp-created-as-200",
            "Whatever is created is answered with 200.",
            "MPP-CREATED-STATUS",
        ),
    )
)
