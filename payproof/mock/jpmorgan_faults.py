"""The lies of the token endpoint and of the profiles API."""

from payproof.mock.lie import Fault

_OAUTH = "jpmorgan-oauth"
_PROFILES = "jpmorgan-profiles"

FAULTS = (
    Fault(
        "delete-only-hides",
        "A deleted method is missing in the answer of the delete, and listed again by every later answer.",
        _PROFILES,
        "CPM-DELETE-STAYS-GONE",
    ),
    Fault(
        "stale-default-copy",
        "The default is a copy made when it was set; later updates of the card do not show in it.",
        _PROFILES,
        "CPM-DEFAULT-IS-LISTED-COPY",
    ),
    Fault(
        "update-touches-neighbour",
        "An update of one card moves the expiry of every other card on by a year.",
        _PROFILES,
        "CPM-UPDATE-OTHERS-UNTOUCHED",
    ),
    Fault(
        "reuses-method-id",
        "The next method added to a profile after a delete gets the identifier of the deleted one.",
        _PROFILES,
        "CPM-ADD-ID-NEVER-SEEN",
    ),
    Fault(
        "first-four-as-last-four",
        "The last four digits of a card are its first four.",
        _PROFILES,
        "CPM-ADD-LAST4",
    ),
    Fault(
        "full-number-in-card",
        "A card carries its number in full in every response.",
        _PROFILES,
        "CPM-NO-FULL-NUMBER",
    ),
    Fault(
        "time-goes-backwards",
        "An update sets the time of the last update to one hour before the previous one.",
        _PROFILES,
        "CPM-UPDATE-TIME-MOVES",
    ),
    Fault(
        "other-tenant-visible",
        "A profile of another tenant is found, shown and changed.",
        _PROFILES,
        "CPM-TENANT-ISOLATION",
    ),
    Fault(
        "expired-token-accepted",
        "An expired token still opens every operation.",
        _PROFILES,
        "CPM-TOKEN-EXPIRED",
    ),
    Fault(
        "same-token-again",
        "The token endpoint hands out the same token for every request of a client.",
        _OAUTH,
        "OAUTH-TOKEN-NEW",
    ),
)
