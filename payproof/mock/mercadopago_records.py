"""What the world of Mercado Pago keeps: customers, cards, card tokens, payment profiles, and how an answer shows them."""

from dataclasses import dataclass, field
from typing import Any

from payproof.mock.clock import timestamp

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class NewCard:
    """A card as a token stands for it: its number and its security code were never kept."""

    first_six: str
    last_four: str
    month: int
    year: int
    code_length: int
    brand: str
    brand_name: str
    holder: Json


@dataclass(slots=True, eq=False)
class CardToken:
    """A card token, good for one card."""

    token_id: str
    card: NewCard
    created: int
    used: bool = False

    def show(self) -> Json:
        """Render the response body."""
        return {
            "id": self.token_id,
            "status": "active",
            "first_six_digits": self.card.first_six,
            "last_four_digits": self.card.last_four,
            "expiration_month": self.card.month,
            "expiration_year": self.card.year,
            "security_code_length": self.card.code_length,
            "cardholder": self.card.holder,
            "date_created": timestamp(self.created),
            "date_last_updated": timestamp(self.created),
            "live_mode": False,
        }


@dataclass(frozen=True, slots=True)
class Card:
    """A saved card of a customer. ``view`` is what a response shows and never changes."""

    card_id: int
    holder: str
    view: Json


@dataclass(slots=True, eq=False)
class Method:
    """A payment method of a profile.

    ``token`` is the card token that it came with, ``card_id`` the card, known also while a response does not show it.
    """

    method_id: str
    brand: str
    type: str | None
    status: str
    default: bool
    card_id: int | None = None
    token: str | None = None

    def show(self, *, with_token: bool) -> Json:
        """Render the method; a response shows the card once the method is ready, and the token only as a lie."""
        body: Json = {"payment_method_id": self.method_id, "id": self.brand}
        if self.type is not None:
            body["type"] = self.type
        if self.card_id is not None and self.status == "READY":
            body["card_id"] = self.card_id
        if with_token and self.token is not None:
            body["token"] = self.token
        body["status"] = self.status
        body["default_method"] = self.default
        return body


@dataclass(slots=True, eq=False)
class PaymentProfile:
    """A payment profile; times are milliseconds since 1970."""

    profile_id: str
    customer_id: str
    members: Json
    created: int
    updated: int
    methods: list[Method] = field(default_factory=list)
    cancelled: bool = False
    deleted: list[Method] = field(default_factory=list)
    """Methods that were deleted; only a lie reads them."""

    @property
    def status(self) -> str:
        """CANCELLED for good, READY with a ready method, else PENDING."""
        if self.cancelled:
            return "CANCELLED"
        return "READY" if any(method.status == "READY" for method in self.methods) else "PENDING"

    def show(self, *, with_tokens: bool = False, with_deleted: bool = False) -> Json:
        """Render the response body; tokens and deleted methods are only in it as lies."""
        methods = [*self.deleted, *self.methods] if with_deleted else self.methods
        body: Json = {
            "id": self.profile_id,
            "created_date": timestamp(self.created),
            "last_updated_date": timestamp(self.updated),
        }
        body |= self.members
        body["status"] = self.status
        body["sequence_control"] = body.pop("sequence_control")
        body["payment_methods"] = [method.show(with_token=with_tokens) for method in methods]
        return body


@dataclass(slots=True, eq=False)
class Customer:
    """A customer with cards and payment profiles, each in the order in which they came."""

    customer_id: str
    members: Json
    created: int
    updated: int
    cards: dict[int, Card] = field(default_factory=dict)
    profiles: dict[str, PaymentProfile] = field(default_factory=dict)

    def show(self) -> Json:
        """Render the response body."""
        return {
            "id": self.customer_id,
            **self.members,
            "date_created": timestamp(self.created),
            "date_last_updated": timestamp(self.updated),
            "cards": [card.view for card in self.cards.values()],
            "live_mode": False,
        }
