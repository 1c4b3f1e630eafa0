"""The lies of Zuora."""

from payproof.mock.lie import Fault

_LIES = {
    "zuora-key-ignored": ("The Idempotency-Key is ignored: every request does its work.", "ZU-KEY-SAME-PROFILE"),
    "zuora-key-any-url": ("A key that was used for one URL replays its result for every other URL.", "ZU-KEY-OTHER-URL"),
    "zuora-key-race": ("Equal requests at the same time all find their key unused, and each does its work.", "ZU-KEY-SAME-PROFILE"),
    "zuora-failed-key-forgotten": ("Only successes are kept under a key: a repeated failure is done again.", "ZU-KEY-SAME-FAILURE"),
    "zuora-key-expires-early": ("A key is forgotten after one hour.", "ZU-KEY-SAME-PROFILE"),
    "zuora-long-key-accepted": ("A key of more than 255 characters is accepted.", "createStoredCredential.rejects-invalid"),
    "zuora-failed-transaction-creates": (
        "A failed cardholder transaction is answered as a failure, and leaves an Active profile behind.",
        "ZU-LIST-NO-STRANGER",
    ),
    "zuora-plain-gateway-activates": (
        "A gateway without the framework gives an Active profile, although nobody was asked.",
        "ZU-GATEWAY-WITHOUT-FRAMEWORK",
    ),
    "zuora-persist-only-agrees": ("A profile that is persisted is only Agreed.", "ZU-PERSISTED"),
    "zuora-security-code-listed": ("The list shows the cardSecurityCode of a profile.", "ZU-SECURITY-CODE-NEVER-BACK"),
    "zuora-gzip-never": ("No response is compressed, whatever its size.", "ZU-GZIP-LARGE"),
    "zuora-gzip-always": ("Responses of 1000 bytes and less are compressed as well.", "ZU-GZIP-SMALL"),
    "zuora-plain-body-accepted": (
        "A body that is no gzip is read although Content-Encoding says gzip.",
        "createStoredCredential.rejects-invalid",
    ),
    "zuora-track-id-lost": ("The Zuora-Track-Id does not come back.", "ZU-TRACK-ECHOED"),
    "zuora-track-id-cut": ("The Zuora-Track-Id comes back cut to 32 characters.", "ZU-TRACK-ECHOED"),
    "zuora-foreign-org-accepted": ("An org that the user has no access to is accepted.", "ZU-ORG-OUTSIDE"),
    "zuora-entity-not-demanded": ("A multi-entity token without an entity works in its first entity.", "ZU-ENTITY-REQUIRED"),
    "zuora-list-shows-closed": ("The list shows Cancelled and Expired profiles without includeAll.", "ZU-LIST-OPEN-ONLY"),
    "zuora-closed-cancelled-again": ("A Cancelled or Expired profile can be cancelled.", "ZU-CANCEL-CLOSED"),
    "zuora-closed-expired-again": ("A Cancelled or Expired profile can be expired.", "ZU-EXPIRE-CLOSED"),
    "zuora-cancel-takes-all": ("Cancelling one profile cancels every open profile of the payment method.", "ZU-LIST-UNCHANGED"),
    "zuora-number-reused": ("The number of a closed profile is given to the next new one.", "ZU-CREATE-NUMBER-NEW"),
    "zuora-agreed-on-lost": ("The agreedOn of a profile is not kept.", "ZU-LIST-AGREED-ON"),
    "zuora-not-found-as-200": ("What is not found is answered with 200 and success false.", "ZU-CLOSE-UNKNOWN-404"),
    "zuora-other-tenant-visible": ("The payment methods of other tenants are found, shown and changed.", "ZU-TENANT-ISOLATION"),
    "zuora-expired-token-accepted": ("An expired token still opens every operation.", "ZU-TOKEN-EXPIRED"),
}

FAULTS: tuple[Fault, ...] = tuple(Fault(name, lie, "zuora-credentials", clause) for name, (lie, clause) in _LIES.items())
