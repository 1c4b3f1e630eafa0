"""What a vendor leaves open in more than one known way: a choice each, and the values it may have."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from payproof.mock import mercadopago_assumed


@dataclass(frozen=True, slots=True)
class Setting:
    """One choice: its values, the one that is taken unless another is asked for, and what it is about."""

    values: tuple[str, ...]
    usual: str
    about: str


class UnknownSetting(ValueError):
    """No setting of that name, or no such value of it; the message lists what there is."""


MERCADOPAGO_ENVELOPE: Final = "mercadopago-envelope"

SETTINGS: Mapping[str, Setting] = {
    MERCADOPAGO_ENVELOPE: Setting(
        ("1", "2", "3"),
        str(mercadopago_assumed.ERROR_ENVELOPE),
        "the shape of Mercado Pago's error bodies of payment profiles, which no document shows",
    ),
}


def settled(wanted: Mapping[str, str]) -> Mapping[str, str]:
    """Give the value of every setting; raises ``UnknownSetting`` for a name or a value that does not exist."""
    for name, value in wanted.items():
        if name not in SETTINGS:
            raise UnknownSetting(f"no setting is called {name!r}; the settings are: {', '.join(SETTINGS)}")
        if value not in SETTINGS[name].values:
            raise UnknownSetting(f"{name} cannot be {value!r}; it is one of: {', '.join(SETTINGS[name].values)}")
    return {name: wanted.get(name, setting.usual) for name, setting in SETTINGS.items()}
