"""The legal variants: ways in which an honest server may differ from this mock, and no clause may accuse it for them."""

from collections.abc import Iterable, Mapping, Sequence

from payproof.mock import jpmorgan_payments_variants, jpmorgan_variants, mercadopago_variants, wire_variants, zuora_variants
from payproof.mock.variant import Variant


class UnknownVariant(ValueError):
    """No variant of that name, or two that exclude each other; the message says which."""


_PROVIDERS = (jpmorgan_variants, jpmorgan_payments_variants, mercadopago_variants, zuora_variants, wire_variants)

VARIANTS: Mapping[str, Variant] = {variant.name: variant for provider in _PROVIDERS for variant in provider.VARIANTS}
"""All of them, in the order in which they are applied: first what is about one API, then JSON and HTTP."""


def excluded(name: str) -> frozenset[str]:
    """Tell which variants cannot be switched on beside one."""
    said = VARIANTS[name].apart
    return frozenset(said) | frozenset(other.name for other in VARIANTS.values() if name in other.apart)


def chosen(names: Iterable[str]) -> tuple[Variant, ...]:
    """Find variants by name; raises ``UnknownVariant`` for the first that does not exist or that another one excludes."""
    wanted = frozenset(names)
    unknown = sorted(wanted - VARIANTS.keys())
    if unknown:
        raise UnknownVariant(f"no variant is called {unknown[0]!r}; the variants are: {', '.join(sorted(VARIANTS))}")
    for name in sorted(wanted):
        against = sorted(wanted & excluded(name))
        if against:
            raise UnknownVariant(f"the variants {name!r} and {against[0]!r} exclude each other: switch one of them on")
    return tuple(variant for variant in VARIANTS.values() if variant.name in wanted)


def groups(names: Iterable[str] | None = None) -> Sequence[tuple[str, ...]]:
    """Put variants into as few groups as is easy, so that those of a group can be switched on together; by default all."""
    found: list[list[str]] = []
    for name in VARIANTS if names is None else names:
        against = excluded(name)
        room = next((group for group in found if against.isdisjoint(group)), None)
        if room is None:
            found.append([name])
        else:
            room.append(name)
    return tuple(tuple(group) for group in found)
