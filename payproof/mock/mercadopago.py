"""Customers, cards and payment profiles of one tenant of Mercado Pago. No HTTP in here."""

from collections import Counter

from payproof.mock.clock import Clock
from payproof.mock.ids import Ids
from payproof.mock.script import Script


class MercadoPagoDirectory:
    """What all tenants share: whom an access token stands for, which ids are taken."""


class MercadoPagoWorld:
    """The world of one tenant. ``key`` is a hexadecimal digest (64 digits) of its own, from which credentials follow."""

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
        self._key = key
        self._clock = clock
        self._ids = ids
        self._effects = effects
        self._directory = directory
        self._lies = lies
        self.script = script

    @property
    def credentials(self) -> dict[str, str]:
        """What the control interface tells of this world beside the client id: names begin with ``mercadopago_``."""
        return {}

    def forget(self) -> None:
        """Give everything up, so that nothing of this world is found any more."""
