"""The lies of the payments API."""

from payproof.mock.lie import Fault

_PAYMENTS = "jpmorgan-payments"

FAULTS: tuple[Fault, ...] = (
    Fault("capture-above-authorised", "A capture of more than was authorised is accepted.", _PAYMENTS, "PAY-CAPTURE-ABOVE-REFUSED"),
    Fault(
        "refused-capture-eats",
        "A capture that is refused for its amount still uses up what was left of the authorisation.",
        _PAYMENTS,
        "PAY-READ-LEFT",
    ),
    Fault("captures-voided", "A voided payment can still be captured.", _PAYMENTS, "PAY-CAPTURE-VOIDED-REFUSED"),
    Fault("void-after-capture", "A captured payment can still be voided.", _PAYMENTS, "PAY-VOID-CAPTURED-REFUSED"),
    Fault("void-holds-money", "After a void the whole amount is still shown as authorised and left.", _PAYMENTS, "PAY-VOID-NOTHING-LEFT"),
    Fault("delayed-never-captured", "A payment with delayed capture is never captured by itself.", _PAYMENTS, "PAY-DELAYED-CAPTURED"),
    Fault("increment-adds", "The new total of an incremental authorization is added to the old one.", _PAYMENTS, "PAY-RAISE-TOTAL"),
    Fault(
        "refund-from-authorised",
        "A refund may be as large as what was authorised, even where less was captured.",
        _PAYMENTS,
        "PAY-REFUND-ABOVE-REFUSED",
    ),
    Fault(
        "refunds-not-summed",
        "Each refund is compared with the whole capture, whatever went back before.",
        _PAYMENTS,
        "PAY-REFUNDED-WITHIN-CAPTURED",
    ),
    Fault(
        "refund-changes-currency", "A refund in another currency than the payment's is accepted.", _PAYMENTS, "PAY-REFUND-CURRENCY-REFUSED"
    ),
    Fault(
        "stale-remaining-after-refund",
        "The refundable amount of a payment stays the same after a refund.",
        _PAYMENTS,
        "PAY-REFUNDABLE-BALANCE",
    ),
    Fault("money-rounded", "What is captured is rounded down to whole units of the currency.", _PAYMENTS, "PAY-NOW-AMOUNTS"),
    Fault("amounts-as-floats", "Amounts are written with a fraction: 1234.0.", _PAYMENTS, "PAY-MONEY-WHOLE"),
    Fault("request-id-charges-twice", "The same request-id and body again moves the money again.", _PAYMENTS, "PAY-REPEATED-ONE-PAYMENT"),
    Fault("request-id-race", "Two equal requests at the same time both move the money.", _PAYMENTS, "PAY-REPEATED-ONE-PAYMENT"),
    Fault(
        "request-id-of-another-merchant",
        "A request-id that another merchant used gets that merchant's answer.",
        _PAYMENTS,
        "PAY-ID-NEW",
    ),
    Fault("foreign-payment-visible", "A payment of another tenant is found, shown and changed.", _PAYMENTS, "PAY-TENANT-ISOLATION"),
    Fault("mask-shows-eight", "The masked card number shows the first eight digits.", _PAYMENTS, "PAY-MASK"),
    Fault("cvv-returned", "The security code of the request comes back in the answer.", _PAYMENTS, "PAY-NO-VERIFICATION-CODE"),
    Fault("full-number-in-error", "The answer to an invalid request quotes the card number.", _PAYMENTS, "PAY-NO-FULL-NUMBER"),
    Fault("inactive-profile-pays", "An inactive consumer profile can pay.", _PAYMENTS, "PAY-STORED-INACTIVE"),
    Fault("inactive-method-pays", "An inactive payment method of a profile can pay.", _PAYMENTS, "PAY-STORED-METHOD-INACTIVE"),
    Fault("deleted-method-pays", "A deleted payment method of a profile can pay.", _PAYMENTS, "PAY-STORED-DELETED-METHOD"),
    Fault("default-method-pays", "The default method pays, whichever method the request names.", _PAYMENTS, "PAY-STORED-CARD"),
    Fault("decline-is-402", "A decline is answered with HTTP status 402.", _PAYMENTS, "createPayment.status"),
    Fault("decline-is-success", "A decline is answered with the responseStatus SUCCESS.", _PAYMENTS, "PAY-DECLINE-STATE"),
    Fault("partial-approval-in-full", "A partial approval takes the full amount.", _PAYMENTS, "PAY-PARTIAL-SMALLER"),
    Fault(
        "profile-despite-decline", "A declined payment still makes the profile that it asked for.", _PAYMENTS, "PAY-PROFILE-NOT-ON-DECLINE"
    ),
    Fault(
        "failed-profile-fails-payment",
        "Where no profile can be made the payment is refused as well.",
        _PAYMENTS,
        "PAY-PROFILE-FAILURE-PAYS",
    ),
)
