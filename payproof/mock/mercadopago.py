"""Payment profiles of one tenant of Mercado Pago: what each operation does. No HTTP in here."""

import hashlib
from collections import Counter
from collections.abc import Container
from dataclasses import dataclass, field

from payproof.mock import mercadopago_assumed as assumed
from payproof.mock.clock import Clock
from payproof.mock.ids import Ids
from payproof.mock.mercadopago_customers import Customers
from payproof.mock.mercadopago_errors import denied, not_found
from payproof.mock.mercadopago_keys import Keys, Memory
from payproof.mock.mercadopago_models import NewMethod, NewProfile, duplicate_code
from payproof.mock.mercadopago_records import Card, CardToken, Customer, Json, Method, PaymentProfile
from payproof.mock.script import Script

_HOUR = 3_600_000


@dataclass(frozen=True, slots=True)
class Credential:
    """What an access token stands for: a world, a seller's site, and the error that it is there to cause, if any."""

    world: "MercadoPagoWorld"
    site: str = assumed.SITE
    error: tuple[str, int] | None = None


@dataclass(slots=True)
class MercadoPagoDirectory:
    """What all tenants share: whom an access token stands for, which ids are taken."""

    credentials: dict[str, Credential] = field(default_factory=dict)
    customers: dict[str, Customer] = field(default_factory=dict)
    profiles: dict[str, PaymentProfile] = field(default_factory=dict)
    card_ids: set[int] = field(default_factory=set)
    keys: Memory = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Found:
    """What a method stands for: a saved card, a card token that was not used yet, both, or (fintoc) neither."""

    card: Card | None
    token: CardToken | None

    def is_held_by(self, names: Container[str]) -> bool:
        return (self.card is not None and self.card.holder in names) or (self.token is not None and self.token.card.holder["name"] in names)


class MercadoPagoWorld:
    """The world of one tenant.

    ``key`` is a hexadecimal digest (64 digits) of its own, from which credentials follow. ``script`` holds the
    answers that wait for the tenant's next requests. Every operation takes identifiers and a checked body, returns
    the body of its answer, and raises ``Denied`` without having changed anything.
    """

    def __init__(
        self,
        *,
        key: str,
        clock: Clock,
        ids: Ids,
        effects: Counter[str],
        directory: MercadoPagoDirectory,
        script: Script,
        lies: frozenset[str] = frozenset(),
    ) -> None:
        self._clock = clock
        self._ids = ids
        self._effects = effects
        self._directory = directory
        self._lies = lies
        self.script = script
        self.customers = Customers(
            clock=clock, ids=ids, effects=effects, directory=directory.customers, card_ids=directory.card_ids, liar=self
        )
        self.keys = Keys(clock, self, directory.keys)
        self._profiles: dict[str, PaymentProfile] = {}
        self._listed: dict[tuple[str, str | None, int, int], Json] = {}
        """Lists that were shown; only a lie reads them."""
        self.credentials: dict[str, str] = {}
        """What the control interface tells of this world beside the client id: names begin with ``mercadopago_``."""
        self._sign_up(key)

    def lies(self, fault: str) -> bool:
        """Tell whether this world tells the lie of that name."""
        return fault in self._lies

    def forget(self) -> None:
        """Give everything up, so that nothing of this world is found any more."""
        for token in self.credentials.values():
            self._directory.credentials.pop(token, None)
        for profile_id in self._profiles:
            self._directory.profiles.pop(profile_id, None)
        self._profiles.clear()
        self.keys.forget()
        self.customers.forget()

    def create(self, customer_id: str, request: NewProfile, site: str) -> Json:
        """Create a payment profile with one or two methods."""
        customer = self.customers.get(customer_id)
        found = [self._find(customer, None, method, f"payment_methods[{n}].", site) for n, method in enumerate(request.methods)]
        refused = any(each.is_held_by(assumed.REJECTED_HOLDERS) for each in found)
        if refused and not self.lies("mp-refused-verification-leaves-profile"):
            self._leave_cards(customer, *found)
            raise denied("payment_method_not_approved", status=402)
        now = self._clock.milliseconds()
        profile_id = self._profile_id()
        if self.lies("mp-id-of-description"):
            profile_id = hashlib.sha256(f"{customer_id} {request.members.get('description')}".encode()).hexdigest()[:32]
        profile = PaymentProfile(profile_id, customer.customer_id, dict(request.members), now, now)
        profile.methods = [self._method(customer, *each) for each in zip(request.methods, found, strict=True)]
        if not any(method.default for method in profile.methods):
            profile.methods[0].default = True
        self._profiles[profile.profile_id] = self._directory.profiles[profile.profile_id] = profile
        customer.profiles[profile.profile_id] = profile
        self._listed.clear()
        self._effects["payment profiles created"] += 1
        if refused:
            raise denied("payment_method_not_approved", status=402)
        return self._show(profile)

    def list(self, customer_id: str, *, status: str | None, limit: int, offset: int) -> Json:
        """List the payment profiles of a customer in the order in which they came."""
        customer = self.customers.get(customer_id)
        wanted = None if self.lies("mp-status-filter-ignored") else status
        found = [profile for profile in customer.profiles.values() if wanted in (None, profile.status)]
        if self.lies("mp-newest-first"):
            found.reverse()
        first = offset + 1 if offset and self.lies("mp-list-loses-row") else offset
        if status is not None and self.lies("mp-offset-lost-with-status"):
            first = 0
        page = found[first : first + limit + self.lies("mp-page-one-longer")]
        total = len(page) if self.lies("mp-total-of-page") else len(found)
        shown = [self._show(profile, with_deleted=self.lies("mp-deleted-method-listed")) for profile in page]
        listed = {"paging": {"total": total, "limit": limit, "offset": offset}, "data": shown}
        return self._listed.setdefault((customer_id, status, limit, offset), listed) if self.lies("mp-list-cached") else listed

    def get(self, customer_id: str, profile_id: str) -> Json:
        """Show a payment profile."""
        return self._show(self._profile(customer_id, profile_id))

    def cancel(self, customer_id: str, profile_id: str) -> None:
        """Cancel a payment profile for good."""
        profile = self._changeable(customer_id, profile_id)
        profile.cancelled = not self.lies("mp-cancel-without-effect")
        self._effects["payment profiles cancelled"] += 1
        self._touch(profile)

    def add(self, customer_id: str, profile_id: str, request: NewMethod, site: str) -> Json:
        """Add a method to a payment profile that has room for it."""
        profile = self._profile(customer_id, profile_id) if self.lies("mp-cancelled-revived") else self._changeable(customer_id, profile_id)
        if len(profile.methods) >= 2 and not self.lies("mp-third-method-accepted"):
            if self.lies("mp-refused-third-spends-token") and (spent := self.customers.token(request.token or "")):
                spent.used = True
            raise denied("more_than_two_payment_methods_not_allowed")
        customer = self.customers.get(profile.customer_id)
        found = self._find(customer, profile, request, "", site)
        if found.is_held_by(assumed.REJECTED_HOLDERS):
            self._leave_cards(customer, found)
            raise denied("payment_method_not_approved", status=402)
        method = self._method(customer, request, found)
        method.default = method.default or self.lies("mp-added-takes-default")
        if method.default and not self.lies("mp-default-not-unique"):
            for other in profile.methods:
                other.default = False
        method.default = method.default or not profile.methods
        profile.methods.append(method)
        profile.cancelled = False
        self._effects["payment profile methods added"] += 1
        self._touch(profile)
        return self._show(profile)

    def delete_method(self, customer_id: str, profile_id: str, method_id: str) -> None:
        """Delete a method of a payment profile; the first one left becomes the default where the default went."""
        profile = self._changeable(customer_id, profile_id)
        method = next((each for each in profile.methods if each.method_id == method_id), None)
        if method is None:
            raise not_found("payment method")
        profile.methods.remove(method)
        profile.deleted.append(method)
        if method.default and profile.methods and not self.lies("mp-no-next-default"):
            profile.methods[0].default = True
        self._effects["payment profile methods deleted"] += 1
        if not self.lies("mp-delete-leaves-date"):
            self._touch(profile)

    def _sign_up(self, key: str) -> None:
        for number, (name, site, error) in enumerate(
            [
                ("mercadopago_token", assumed.SITE, None),
                ("mercadopago_token_chile", assumed.CHILE, None),
                *((f"mercadopago_token_{code}", assumed.SITE, (code, status)) for code, status in assumed.TEST_CREDENTIALS),
            ]
        ):
            # The shape of the vendor's tokens; 1 is no card issuer's prefix
            app, day, account = (f"{int(key[start:end], 16):015d}" for start, end in ((0, 12), (12, 20), (20, 28)))
            token = f"APP_USR-1{app[-15:]}-{day[-6:]}-{key[32:63]}{number:x}-1{account[-8:]}"
            self.credentials[name] = token
            self._directory.credentials[token] = Credential(self, site, error)

    def _profile_id(self) -> str:
        drawn = self._ids.uuid()
        return f"PP-{drawn.upper()}" if self.lies("mp-other-ids") else drawn.replace("-", "")

    def _profile(self, customer_id: str, profile_id: str) -> PaymentProfile:
        self.customers.get(customer_id)
        profiles = self._directory.profiles if self.lies("mp-other-tenant-visible") else self._profiles
        profile = profiles.get(profile_id)
        if profile is None:
            raise not_found("payment profile")
        if profile.customer_id != customer_id and not self.lies("mp-other-customer-served"):
            raise denied("customer_id_mismatch")
        return profile

    def _changeable(self, customer_id: str, profile_id: str) -> PaymentProfile:
        profile = self._profile(customer_id, profile_id)
        if profile.cancelled:
            raise denied("profile_modification_not_allowed")
        return profile

    def _find(self, customer: Customer, profile: PaymentProfile | None, request: NewMethod, place: str, site: str) -> _Found:
        """Find what a method stands for, and refuse what must not come in."""
        there = [] if profile is None else profile.methods
        for method in there:
            same_card = request.card_id is not None and method.card_id == request.card_id
            if same_card and self.lies("mp-duplicate-added"):
                continue
            if same_card or (request.token is not None and method.token == request.token):
                raise denied(duplicate_code(self), f"{place}{'card_id' if same_card else 'token'} is in the payment profile already")
        if request.token is not None and any(method.token for method in there) and not self.lies("mp-two-tokens-accepted"):
            raise denied("two_cards_with_token_not_allowed")
        if request.brand == assumed.FINTOC and site != assumed.CHILE:
            raise denied("invalid_site_id_for_fintoc")
        card = None
        if request.card_id is not None:
            card = customer.cards.get(request.card_id)
            if card is None:
                raise not_found(f"{place}card_id")
        token = None
        if request.token is not None:
            token = self.customers.token(request.token)
            if token is None:
                raise denied("validation_error", f"{place}token must be a card token that was not used yet")
        return _Found(card, token)

    def _method(self, customer: Customer, request: NewMethod, found: _Found) -> Method:
        card = found.card
        if card is not None and found.token is not None:
            found.token.used = True
        elif found.token is not None:
            card = self.customers.keep(customer, found.token)
        return Method(
            method_id=self._ids.uuid(),
            brand=request.brand,
            type=request.type,
            status="PENDING" if found.is_held_by(assumed.PENDING_HOLDERS) else "READY",
            default=request.default is True,
            card_id=None if card is None else card.card_id,
            token=request.token,
        )

    def _touch(self, profile: PaymentProfile) -> None:
        before = profile.updated
        profile.updated = before - _HOUR if self.lies("mp-time-goes-back") else max(self._clock.milliseconds(), before + 1)
        if self.lies("mp-created-date-moves"):
            profile.created = profile.updated

    def _leave_cards(self, customer: Customer, *refused: _Found) -> None:
        if self.lies("mp-refused-method-leaves-card"):
            for each in refused:
                if each.token is not None:
                    self.customers.keep(customer, each.token)

    def _show(self, profile: PaymentProfile, *, with_deleted: bool = False) -> Json:
        return profile.show(with_tokens=self.lies("mp-token-echoed"), with_deleted=with_deleted)
