"""Who uses the mock: credentials, a clock and a world of one's own for each tenant."""

import hashlib
import secrets
from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from payproof.mock import assumed
from payproof.mock.clock import Clock
from payproof.mock.ids import Ids
from payproof.mock.jpmorgan_payments import PaymentsDirectory, PaymentsWorld
from payproof.mock.jpmorgan_profiles import Directory, ProfilesWorld
from payproof.mock.mercadopago import MercadoPagoDirectory, MercadoPagoWorld
from payproof.mock.script import Script
from payproof.mock.zuora import ZuoraDirectory, ZuoraWorld


class Directories:
    """What the tenants of one mock share, by API: ids are unique across them, and tokens tell whom they stand for."""

    def __init__(self) -> None:
        self.profiles: Directory = {}
        self.payments = PaymentsDirectory()
        self.mercadopago = MercadoPagoDirectory()
        self.zuora = ZuoraDirectory()


class Tenant:
    """One client: what it signs in with, the merchant that it may speak for, and its world.

    ``tokens`` holds the access tokens that were issued to it, with the moment at which each expires (milliseconds
    since 1970, by the tenant's clock). ``effects`` counts changes of state by name, ``lies`` holds the names of whatever
    makes its worlds differ from the honest mock: faults and legal variants.
    """

    def __init__(
        self,
        *,
        name: str,
        seed: str,
        credentials: tuple[str, str, str],
        clock: Clock,
        directories: Directories,
        lies: frozenset[str],
    ) -> None:
        self.name = name
        self.client_id, self.client_secret, self.merchant_id = credentials
        self.clock = clock
        self.token_ids = Ids(f"{seed}/tokens")
        self.tokens: dict[str, int] = {}
        self.script = Script()
        self.effects: Counter[str] = Counter()
        self.profiles = ProfilesWorld(
            clock=clock, ids=Ids(f"{seed}/profiles"), effects=self.effects, directory=directories.profiles, lies=lies
        )
        self.payments = PaymentsWorld(
            clock=clock,
            ids=Ids(f"{seed}/payments"),
            effects=self.effects,
            directory=directories.payments,
            profiles=self.profiles,
            lies=lies,
        )
        self.mercadopago = MercadoPagoWorld(
            key=_key(name, "mercadopago"),
            clock=clock,
            ids=Ids(f"{seed}/mercadopago"),
            effects=self.effects,
            directory=directories.mercadopago,
            script=self.script,
            lies=lies,
        )
        self.zuora = ZuoraWorld(
            key=_key(name, "zuora"),
            clock=clock,
            ids=Ids(f"{seed}/zuora"),
            effects=self.effects,
            directory=directories.zuora,
            script=self.script,
            lies=lies,
        )

    @property
    def credentials(self) -> dict[str, str]:
        """Everything that this tenant signs in with, at every API."""
        own = {"client_id": self.client_id, "client_secret": self.client_secret, "merchant_id": self.merchant_id}
        return own | self.mercadopago.credentials | self.zuora.credentials

    def forget(self) -> None:
        """Give everything of this tenant up."""
        self.payments.forget()
        self.profiles.forget()
        self.mercadopago.forget()
        self.zuora.forget()


def _key(name: str, api: str) -> str:
    return hashlib.sha256(f"{name}\n{api}".encode()).hexdigest()


class Tenants:
    """All tenants of a mock, the published demo tenant among them from the start.

    ``lies`` are the names of faults that every tenant's world tells, ``variants`` those of the legal variants that it
    follows; ``clock_start`` is where each tenant's clock starts, by default at the present.
    """

    def __init__(
        self, *, lies: frozenset[str] = frozenset(), clock_start: datetime | None = None, variants: frozenset[str] = frozenset()
    ) -> None:
        self.lies = lies
        self.variants = variants
        self.holders: dict[str, Tenant] = {}
        """Whom each access token stands for, expired ones included."""
        self._clock_start = clock_start
        self._by_client: dict[str, Tenant] = {}
        self._by_name: dict[str, Tenant] = {}
        self._merchants: set[str] = set()
        self._lives: Counter[str] = Counter()
        self.directories = Directories()
        """What the tenants share, by API."""
        self._add_demo()

    def __iter__(self) -> Iterator[Tenant]:
        """Go through the tenants in the order in which they came."""
        return iter(self._by_client.values())

    def get(self, client_id: str) -> Tenant | None:
        """Find a tenant by its client id."""
        return self._by_client.get(client_id)

    def named(self, name: str | None = None) -> Tenant:
        """Find the tenant of that name or make it; without a name make a fresh one.

        Credentials follow from the name alone. Identifiers follow from the name and from how often a tenant of this
        name was forgotten, because an identifier is never given out twice.
        """
        if name is None:
            name = secrets.token_hex(16)
        known = self._by_name.get(name)
        if known is not None:
            return known
        for attempt in range(1_000):
            digest = hashlib.sha256(f"{name}\n{attempt}".encode()).hexdigest()
            client_id = f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-a{digest[17:20]}-{digest[20:32]}"
            # 99 is no card issuer's prefix, so that no merchant id looks like a card number
            merchant_id = f"99{int(digest[32:48], 16) % 10**10:010d}"
            if merchant_id not in self._merchants and client_id not in self._by_client:
                return self._add(name, (client_id, digest[32:], merchant_id))
        raise RuntimeError("no merchant id is left: too many tenants")

    def forget(self, tenant: Tenant) -> None:
        """Give a tenant up with its tokens and profiles; the demo tenant starts anew."""
        del self._by_client[tenant.client_id]
        del self._by_name[tenant.name]
        self._merchants.discard(tenant.merchant_id)
        for token in tenant.tokens:
            del self.holders[token]
        tenant.forget()
        if tenant.client_id == assumed.DEMO_CLIENT_ID:
            self._add_demo()

    def _add_demo(self) -> None:
        credentials = (assumed.DEMO_CLIENT_ID, assumed.DEMO_CLIENT_SECRET, assumed.DEMO_MERCHANT_ID)
        self._add(assumed.DEMO_CLIENT_ID, credentials)

    def _add(self, name: str, credentials: tuple[str, str, str]) -> Tenant:
        tenant = Tenant(
            name=name,
            seed=f"{name}#{self._lives[name]}",
            credentials=credentials,
            clock=Clock(self._clock_start),
            directories=self.directories,
            lies=self.lies | self.variants,
        )
        self._lives[name] += 1
        self._by_client[tenant.client_id] = tenant
        self._by_name[name] = tenant
        self._merchants.add(tenant.merchant_id)
        return tenant
