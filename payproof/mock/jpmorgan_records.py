"""What the profiles world keeps: a profile, its methods and addresses, and how a response shows them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from payproof.mock.clock import timestamp

Json = dict[str, Any]
Kind = Literal["card", "ach", "sepa", "bacs"]

LISTS: Mapping[Kind, str] = {"card": "cardList", "sepa": "sepaList", "ach": "achList", "bacs": "bacsList"}
"""The list that shows the methods of a kind, in the order of a response."""

_HOLDER = ("firstName", "middleName", "lastName", "addressIdentifier")

SHOWN: Mapping[Kind, tuple[str, ...]] = {
    "card": (
        "paymentMethodId",
        "accountNumber",
        "cardExpirationMonthYearNumber",
        "last4CardNumber",
        "accountStatus",
        "cardType",
        *_HOLDER,
        "isBillPayment",
        "billerDebitCardReferenceNumber",
        "currency",
        "consumerPreferredPaymentNetwork",
        "cardBadgeType",
        "walletProvider",
        "profileCardSourceName",
    ),
    "ach": (
        "paymentMethodId",
        "financialInstitutionRoutingNumber",
        "paymentType",
        "accountType",
        "isTransactionMicroEntry",
        "accountStatus",
        *_HOLDER,
    ),
    "sepa": ("paymentMethodId", "internationalBusinessIdentifierCode", "mandateList", "accountStatus", *_HOLDER),
    "bacs": ("paymentMethodId", "bankSortCode", "mandateList", "accountStatus", *_HOLDER),
}
"""The members of a method that a response shows, in its order. An honest card has no ``accountNumber`` to show."""

ADDRESS = (
    "addressIdentifier",
    "firstName",
    "lastName",
    "consumerAssignedAddressName",
    "primaryAddressIndicator",
    "addressType",
    "line1",
    "line2",
    "city",
    "state",
    "postalCode",
    "countryCode",
    "addressStatus",
)
"""The members of an address in a response, in its order."""

OWN = (
    "cardOnFileReferenceNumber",
    "merchant",
    "firstName",
    "lastName",
    "fullName",
    "profileStatus",
    "orderOverrideCode",
)
"""The profile's own members that are kept. ``externalConsumerProfileIdentifier`` is write-only and not among them."""

_NAMES = ("cardOnFileReferenceNumber", "merchant", "firstName", "lastName", "fullName")


def ordered(members: Mapping[str, Any], names: tuple[str, ...]) -> Json:
    """Keep those of ``names`` that ``members`` has, in the order of ``names``."""
    return {name: members[name] for name in names if name in members}


@dataclass(slots=True, eq=False)
class Method:
    """A payment method. ``view`` is what a response shows, replaced and never changed in place.

    ``authentication`` is the outcome of the 3-D Secure authentication of a card, and absent for other kinds;
    ``number`` is what is paid with, and no response shows it.
    """

    kind: Kind
    view: Json
    authentication: Json | None
    number: str = field(default="", repr=False)

    @property
    def method_id(self) -> str:
        """The ``paymentMethodId``."""
        identifier: str = self.view["paymentMethodId"]
        return identifier

    def change(self, members: Mapping[str, Any]) -> None:
        """Give some members new values and leave the rest."""
        self.view = ordered({**self.view, **members}, SHOWN[self.kind])


@dataclass(slots=True, eq=False)
class Profile:
    """A consumer profile; times are milliseconds since 1970."""

    profile_id: str
    members: Json
    communication: Json
    correlation: str
    created: int
    created_by: str
    updated: int
    updated_by: str
    methods: dict[Kind, dict[str, Method]] = field(default_factory=dict)
    addresses: dict[str, Json] = field(default_factory=dict)
    default: Method | None = None
    default_copy: Json | None = None
    given_up: list[str] = field(default_factory=list)
    """Identifiers of deleted methods; only a lie reads them."""
    buried: dict[str, Method] = field(default_factory=dict)
    """Deleted methods; only a lie reads them."""

    def find(self, method_id: str) -> Method | None:
        """Find a method of any kind by its identifier (lower case)."""
        for listed in self.methods.values():
            if method_id in listed:
                return listed[method_id]
        return None

    def cards(self) -> Iterator[Method]:
        """Go through the cards in the order in which they were added."""
        yield from self.methods.get("card", {}).values()

    def list(self, method: Method) -> None:
        """Put a method at the end of the list of its kind."""
        self.methods.setdefault(method.kind, {})[method.method_id] = method

    def remove(self, method: Method) -> None:
        """Take a method off its list; a list that becomes empty stays."""
        del self.methods[method.kind][method.method_id]
        if self.default is method:
            self.default = None
            self.default_copy = None

    def _method_types(self, without: Method | None) -> Json:
        shown: Json = {
            name: [method.view for method in self.methods[kind].values() if method is not without]
            for kind, name in LISTS.items()
            if kind in self.methods
        }
        if self.default is not None and self.default is not without:
            shown["defaultMOP"] = {self.default.kind: self.default_copy or self.default.view}
        return shown

    def show(self, *, correlation: str | None = None, without: Method | None = None) -> Json:
        """Render the response body; ``without`` leaves one method out of it."""
        body: Json = {"consumerProfileId": self.profile_id, **ordered(self.members, _NAMES)}
        if self.communication:
            body["communication"] = self.communication
        body["paymentMethodType"] = self._method_types(without)
        body["addresses"] = list(self.addresses.values())
        body["correlationIdentifier"] = correlation or self.correlation
        body["createTimestamp"] = timestamp(self.created)
        body["createUserIdentifier"] = self.created_by
        body["updateTimestamp"] = timestamp(self.updated)
        body["updateUserIdentifier"] = self.updated_by
        body["profileStatus"] = self.members["profileStatus"]
        if "orderOverrideCode" in self.members:
            body["orderOverrideCode"] = self.members["orderOverrideCode"]
        return body
