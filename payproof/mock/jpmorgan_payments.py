"""Payments of one tenant: what each operation of Online Payments v2 does. No HTTP in here."""

from collections import Counter

from payproof.mock.clock import Clock
from payproof.mock.ids import Ids
from payproof.mock.jpmorgan_profiles import ProfilesWorld


class PaymentsDirectory:
    """What the payments of all tenants share."""


class PaymentsWorld:
    """The payments of one tenant; ``profiles`` is the same tenant's world of consumer profiles."""

    def __init__(
        self,
        *,
        clock: Clock,
        ids: Ids,
        effects: Counter[str],
        directory: PaymentsDirectory,
        profiles: ProfilesWorld,
        lies: frozenset[str] = frozenset(),
    ) -> None:
        self._clock = clock
        self._ids = ids
        self._effects = effects
        self._directory = directory
        self._profiles = profiles
        self._lies = lies

    def forget(self) -> None:
        """Give everything up, so that nothing of this world is found any more."""
