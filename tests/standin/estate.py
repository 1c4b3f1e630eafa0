"""What lies at the stand-in: which request made it, what of it is still alive, and what a read may still see of before."""

from __future__ import annotations

import copy
import time
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from payproof.mock.jpmorgan_payments_records import Payment, Refund
from payproof.mock.jpmorgan_records import Profile
from payproof.mock.mercadopago_records import Customer, PaymentProfile
from payproof.mock.zuora import Credential, PaymentMethod

if TYPE_CHECKING:
    from collections.abc import Iterator

    from payproof.mock.tenants import Tenant

_V = TypeVar("_V")
_OPEN = ("Agreed", "Active")
_MOST_IMAGES = 20


@dataclass(slots=True)
class Visit:
    """The request that is being worked on: its number, whether it only reads, and the ids of what it has made."""

    number: int
    reads: bool
    made: list[str] = field(default_factory=list)


VISIT: ContextVar[Visit | None] = ContextVar("VISIT", default=None)


@dataclass(slots=True)
class Thing:
    """Something that lies here. `owner` is the tenant's number, `by` the request that made it, 0 for other people's."""

    kind: str
    name: str
    owner: int
    by: int
    held: Any

    def state(self) -> tuple[str, str | None]:
        """Tell the state, and how the vendor lets one neutralise it: an empty text where nothing is left to do, None for no way."""
        held = self.held
        if isinstance(held, Payment):
            if held.status == "PENDING":
                return held.state, "void"
            if held.refundable > 0:
                return held.state, "refund"
            return held.state, None if held.open else ""
        if isinstance(held, Refund):
            return held.outcome.status, "" if held.payment is not None or not held.outcome.granted else None
        if isinstance(held, PaymentProfile):
            return held.status, "" if held.cancelled else "cancel"
        if isinstance(held, Credential):
            return held.status, "cancel" if held.status in _OPEN else ""
        return "kept", None if isinstance(held, Customer) else "delete"

    def shown(self) -> Any:
        """Give what a read would show of it."""
        if isinstance(self.held, PaymentProfile):
            return self.held.show(with_tokens=False, with_deleted=False)
        if isinstance(self.held, Credential):
            return self.held.show(PaymentMethod(self.name.partition("/")[0], "", ""))
        return self.held.show()


class Estate:
    """Everything at one stand-in. `lag` is how many seconds a read stays behind a write."""

    def __init__(self) -> None:
        self.lag = 0.0
        self.things: dict[tuple[str, str], Thing] = {}

    def born(self, kind: str, name: str, owner: int, held: Any) -> None:
        """Note something new."""
        visit = VISIT.get()
        self.things[kind, name] = Thing(kind, name, owner, 0 if visit is None else visit.number, held)
        if visit is not None:
            visit.made.append(name)

    def gone(self, kind: str, name: str) -> None:
        """Note that something was deleted."""
        self.things.pop((kind, name), None)

    def living(self, *, hopeless: bool = False) -> Iterator[Thing]:
        """Go through what requests made and nobody neutralised; with `hopeless` only through what cannot be."""
        for thing in self.things.values():
            undo = thing.state()[1]
            if thing.by and (undo is None if hopeless else undo):
                yield thing

    def settle(self, tenant: Tenant, owner: int) -> None:
        """Take over the worlds of a tenant: from here on everything new is noted."""
        payments, profiles, seller, zuora = tenant.payments, tenant.profiles, tenant.mercadopago, tenant.zuora
        payments._payments = Store(self, owner, "payment")
        payments._by_request = Store(self, owner)
        payments._captures = Store(self, owner)
        payments._refunds = Store(self, owner, "refund")
        profiles._profiles = Store[Profile](self, owner, "profile")
        seller._profiles = Store(self, owner, "payment-profile")
        seller.customers._customers = Store(self, owner, "customer")
        seller.customers._by_email = Store(self, owner)
        methods = Store[PaymentMethod](self, owner)
        for name, method in zuora._methods.items():
            method.profiles = Shelf(self, owner, name)
            methods.put(name, method)
        zuora._methods = methods


class Store(dict[str, _V], Generic[_V]):
    """A shelf of a world: notes what is put there, and lets a read see what was there `lag` seconds ago.

    Before a write looks at something, a copy of it is kept; a read that comes too early is given that copy.
    """

    def __init__(self, estate: Estate, owner: int, kind: str = "") -> None:
        super().__init__()
        self._estate, self._owner, self._kind = estate, owner, kind
        self._images: dict[str, list[tuple[float, _V | None]]] = {}

    def put(self, name: str, value: _V) -> None:
        """Put something there without noting it."""
        super().__setitem__(name, value)

    def __setitem__(self, name: str, value: _V) -> None:
        if self._estate.lag and VISIT.get() is not None and name not in self:
            self._images[name] = [(time.monotonic(), None)]
        super().__setitem__(name, value)
        if self._kind:
            self._estate.born(self._kind, name, self._owner, value)

    def __delitem__(self, name: str) -> None:
        super().__delitem__(name)
        self._estate.gone(self._kind, name)

    def setdefault(self, name: str, default: Any = None) -> _V:
        """Put something there unless something is."""
        if name not in self:
            self[name] = default
        return self[name]

    def pop(self, name: str, *default: Any) -> Any:
        """Take something away."""
        if name in self:
            self._estate.gone(self._kind, name)
        return super().pop(name, *default)

    def get(self, name: str, default: Any = None) -> Any:
        """Find something, as it is for a write and as it was for a read."""
        visit = VISIT.get()
        if visit is None or not self._estate.lag:
            return super().get(name, default)
        since = time.monotonic() - self._estate.lag
        young = [image for image in self._images.get(name, ()) if image[0] > since]
        if visit.reads:
            if not young:
                return super().get(name, default)
            return default if young[0][1] is None else young[0][1]
        value = super().get(name)
        if value is not None:
            self._images[name] = [*young, (time.monotonic(), copy.deepcopy(value))][:_MOST_IMAGES]
        return default if value is None else value

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[str, _V]:
        return copy.deepcopy(dict(self), memo)


class Shelf(list[Credential]):
    """The stored credentials of a payment method."""

    def __init__(self, estate: Estate, owner: int, method: str) -> None:
        super().__init__()
        self._estate, self._owner, self._method = estate, owner, method

    def append(self, credential: Credential) -> None:
        """Put a credential at the end, and note it."""
        super().append(credential)
        self._estate.born("stored-credential", f"{self._method}/{credential.number}", self._owner, credential)

    def __deepcopy__(self, memo: dict[int, Any]) -> list[Credential]:
        return copy.deepcopy(list(self), memo)
