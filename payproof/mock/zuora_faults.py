"""The lies of Zuora."""

from payproof.mock.lie import Fault

_LIES = {
    "zuora-key-ignored": ("The Idempotency-Key is ignored: every request does its work.", "ZSC-KEY-ONE-EFFECT"),
    "zuora-key-any-url": ("A key that was used for one URL replays its result for every other URL.", "ZSC-KEY-OTHER-URL"),
    "zuora-key-race": ("Equal requests at the same time all find their key unused, and each does its work.", "ZSC-KEY-CONCURRENT"),
    "zuora-failed-key-forgotten": ("Only successes are kept under a key: a repeated failure is done again.", "ZSC-KEY-KEEPS-FAILURE"),
    "zuora-key-expires-early": ("A key is forgotten after one hour.", "ZSC-KEY-24-HOURS"),
    "zuora-long-key-accepted": ("A key of more than 255 characters is accepted.", "ZSC-KEY-LENGTH"),
    "zuora-failed-transaction-creates": (
        "A failed cardholder transaction is answered as a failure, and leaves an Active profile behind.",
        "ZSC-FAILED-CIT-CREATES-NOTHING",
    ),
    "zuora-plain-gateway-activates": (
        "A gateway without the framework gives an Active profile, although nobody was asked.",
        "ZSC-PLAIN-GATEWAY-AGREED",
    ),
    "zuora-persist-only-agrees": ("A profile that is persisted is only Agreed.", "ZSC-PERSIST-ACTIVE"),
    "zuora-security-code-listed": ("The list shows the cardSecurityCode of a profile.", "ZSC-NO-SECURITY-CODE"),
    "zuora-gzip-never": ("No response is compressed, whatever its size.", "ZSC-GZIP-LARGE"),
    "zuora-gzip-always": ("Responses of 1000 bytes and less are compressed as well.", "ZSC-GZIP-SMALL"),
    "zuora-plain-body-accepted": ("A body that is no gzip is read although Content-Encoding says gzip.", "ZSC-GZIP-BODY"),
    "zuora-track-id-lost": ("The Zuora-Track-Id does not come back.", "ZSC-TRACK-ID-ECHO"),
    "zuora-track-id-cut": ("The Zuora-Track-Id comes back cut to 32 characters.", "ZSC-TRACK-ID-ECHO"),
    "zuora-foreign-org-accepted": ("An org that the user has no access to is accepted.", "ZSC-ORG-SUBSET"),
    "zuora-entity-not-demanded": ("A multi-entity token without an entity works in its first entity.", "ZSC-ENTITY-REQUIRED"),
    "zuora-list-shows-closed": ("The list shows Cancelled and Expired profiles without includeAll.", "ZSC-LIST-OPEN-ONLY"),
    "zuora-closed-cancelled-again": ("A Cancelled or Expired profile can be cancelled.", "ZSC-CANCEL-CLOSED"),
    "zuora-closed-expired-again": ("A Cancelled or Expired profile can be expired.", "ZSC-EXPIRE-CLOSED"),
    "zuora-cancel-takes-all": ("Cancelling one profile cancels every open profile of the payment method.", "ZSC-CANCEL-OTHERS-UNTOUCHED"),
    "zuora-number-reused": ("The number of a closed profile is given to the next new one.", "ZSC-NUMBER-NEW"),
    "zuora-agreed-on-lost": ("The agreedOn of a profile is not kept.", "ZSC-AGREED-ON-KEPT"),
    "zuora-not-found-as-200": ("What is not found is answered with 200 and success false.", "ZSC-NOT-FOUND"),
    "zuora-other-tenant-visible": ("The payment methods of other tenants are found, shown and changed.", "ZSC-TENANT-ISOLATION"),
    "zuora-expired-token-accepted": ("An expired token still opens every operation.", "ZSC-TOKEN-EXPIRED"),
}

FAULTS: tuple[Fault, ...] = tuple(Fault(name, lie, "zuora-credentials", clause) for name, (lie, clause) in _LIES.items())
