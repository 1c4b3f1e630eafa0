"""The lies that the mock can be told to tell, each named for the clause that must catch it."""

from collections.abc import Iterable, Mapping

from payproof.mock import blind_faults, jpmorgan_faults, jpmorgan_payments_faults, mercadopago_faults, zuora_faults
from payproof.mock.lie import Fault


class UnknownFault(ValueError):
    """No lie of that name; the message lists the names."""


_PROVIDERS = (jpmorgan_faults, jpmorgan_payments_faults, mercadopago_faults, zuora_faults, blind_faults)

FAULTS: Mapping[str, Fault] = {fault.name: fault for provider in _PROVIDERS for fault in provider.FAULTS}


def chosen(names: Iterable[str]) -> frozenset[str]:
    """Check the names of lies; raises ``UnknownFault`` for the first that does not exist."""
    active = frozenset(names)
    unknown = sorted(active - FAULTS.keys())
    if unknown:
        raise UnknownFault(f"no fault is called {unknown[0]!r}; the faults are: {', '.join(sorted(FAULTS))}")
    return active
