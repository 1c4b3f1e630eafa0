"""The lies of Mercado Pago."""

from payproof.mock.lie import Fault

_API = "mercadopago-profiles"

FAULTS: tuple[Fault, ...] = tuple(
    Fault(name, lie, _API, clause)
    for name, lie, clause in (
        (
            "mp-key-ignored",
            "A request that comes again with its idempotency key is performed again.",
            "MP-KEY-ONE-PROFILE",
        ),
        (
            "mp-key-optional",
            "A request without the idempotency key that it needs is performed.",
            "MP-KEY-MISSING",
        ),
        (
            "mp-key-race",
            "Of equal requests with one idempotency key that come at the same time each is performed.",
            "MP-KEY-ONE-PROFILE",
        ),
        (
            "mp-key-across-resources",
            "An idempotency key that was used on one resource counts as used for the same operation on every other one.",
            "MP-KEY-OWN-PLACE",
        ),
        (
            "mp-key-across-tenants",
            "An idempotency key that another tenant used for the same operation brings that tenant's answer.",
            "MP-KEY-OWN-PLACE",
        ),
        (
            "mp-key-kept-for-failed",
            "A refused request uses its idempotency key up.",
            "MP-KEY-OF-REFUSAL-FREE",
        ),
        (
            "mp-key-body-not-compared",
            "An idempotency key that comes back with another body brings the first answer as if that was done.",
            "MP-KEY-OTHER-BODY",
        ),
        (
            "mp-key-never-forgotten",
            "An idempotency key still counts after its 24 hours.",
            "MP-KEY-FORGOTTEN",
        ),
        (
            "mp-token-echoed",
            "A payment method shows the card token that it came with.",
            "MP-TOKEN-NOT-SHOWN",
        ),
        (
            "mp-default-not-unique",
            "An added method with default_method true leaves the default before it in place.",
            "MP-ONE-DEFAULT",
        ),
        (
            "mp-cancelled-revived",
            "Adding a method to a cancelled profile is accepted and brings the profile back.",
            "MP-CANCELLED-NOT-EXTENDED",
        ),
        (
            "mp-cancel-without-effect",
            "Cancelling a profile answers 204 and leaves the profile as it was.",
            "MP-CANCEL-SHOWN",
        ),
        (
            "mp-deleted-method-listed",
            "A deleted method is gone from its profile, and is still there where the profile is listed.",
            "MP-DELETE-GONE-FROM-LIST",
        ),
        (
            "mp-third-method-accepted",
            "A method is added to a profile that has two.",
            "MP-ADD-THIRD",
        ),
        (
            "mp-two-tokens-accepted",
            "Two methods of one profile may come by a token.",
            "MP-CREATE-TWO-TOKENS",
        ),
        (
            "mp-neither-token-nor-card",
            "A method with neither token nor card_id is accepted.",
            "MP-CREATE-CARD-REQUIRED",
        ),
        (
            "mp-eleven-days-accepted",
            "A max_day_overdue of 11 is accepted.",
            "MP-CREATE-OVERDUE",
        ),
        (
            "mp-zero-days-accepted",
            "A max_day_overdue of 0 is accepted.",
            "MP-CREATE-OVERDUE",
        ),
        (
            "mp-html-stored",
            "HTML in description and statement_descriptor is accepted and shown.",
            "MP-CREATE-HTML",
        ),
        (
            "mp-duplicate-as-validation-error",
            "A duplicate method is refused with validation_error.",
            "MP-CREATE-DUPLICATE",
        ),
        (
            "mp-not-found-as-400",
            "What does not exist at payment profiles is refused with the right code and the status 400.",
            "getPaymentProfile.schema",
        ),
        (
            "mp-details-missing",
            "No error has the details that its text points at.",
            "MP-DETAILS",
        ),
        (
            "mp-refused-verification-leaves-profile",
            "A profile whose method was not approved is answered 402, and is there all the same.",
            "MP-LIST-NO-STRANGER",
        ),
        (
            "mp-sequence-always-auto",
            "The sequence_control of every profile is AUTO, whatever was sent.",
            "MP-CREATE-SEQUENCE",
        ),
        (
            "mp-list-loses-row",
            "Every page of the list but the first begins one profile too late.",
            "MP-LIST-PAGE",
        ),
        (
            "mp-total-of-page",
            "The total of a list is the number of profiles on the page.",
            "MP-LIST-OFFSET",
        ),
        (
            "mp-status-filter-ignored",
            "The list shows profiles of every status, whatever status is asked for.",
            "MP-LIST-STATUS",
        ),
        (
            "mp-other-customer-served",
            "A profile is found, shown and changed by way of another customer of the same tenant.",
            "MP-CUSTOMER-MISMATCH",
        ),
        (
            "mp-other-tenant-visible",
            "Customers and profiles of another tenant are found, shown and changed.",
            "MP-CUSTOMER-FOREIGN",
        ),
        (
            "mp-number-in-error",
            "A card number that is refused is quoted in the error.",
            "MP-NO-FULL-NUMBER",
        ),
        (
            "mp-time-goes-back",
            "A change sets the last_updated_date to one hour before the previous one.",
            "MP-DATES-IN-ORDER",
        ),
        (
            "mp-created-as-200",
            "Whatever is created is answered with 200.",
            "createCustomer.status",
        ),
    )
)
