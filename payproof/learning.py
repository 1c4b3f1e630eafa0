"""What an exchange teaches the ledger: states of resources and facts to remember."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from payproof.expression import Activation, EvaluationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from payproof.contract import Effect, Fact
    from payproof.exchange import Exchange
    from payproof.ledger import Key, Ledger
    from payproof.plan import Compiled, Reader


READS = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that leave the state as it is (RFC 9110 section 9.2.1)."""


def key_of(tenant: str, effect: Effect, identity: Reader, names: Mapping[str, Any], activation: Activation) -> Key | None:
    """Give the ledger's key of the resource that an effect is about; None where the exchange does not tell its id."""
    try:
        value = identity.value(names, activation)
    except EvaluationError:
        return None
    return (tenant, effect.resource, value) if isinstance(value, str) else None


def keys_of(value: Any) -> list[str]:
    """Give the keys of a fact: a string is one, a list its strings."""
    if isinstance(value, str):
        return [value]
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def learn(
    ledger: Ledger, compiled: Compiled, names: Mapping[str, Any], activation: Activation, exchange: Exchange, *,
    lost: bool, sound: bool,
) -> None:  # fmt: skip
    """Take what the exchange teaches.

    `lost` says that its answer did not come or could not be parsed, `sound` that it has its documented shape.
    """
    response = exchange.response
    if lost or response is None or response.status >= 500:
        if compiled.operation.writes:
            _forget(ledger, compiled, names, activation, exchange)
        _remember(ledger, [(fact, reader) for fact, reader in compiled.facts if fact.asked], names, activation, exchange)
        return
    for effect, identity, state in compiled.effects:
        for inner, one in _instances(effect, names, activation):
            _learn_one(ledger, effect, identity, state, inner, one, exchange, sound=sound)
    _remember(ledger, compiled.facts, names, activation, exchange)


def _remember(
    ledger: Ledger, facts: Iterable[tuple[Fact, Reader]], names: Mapping[str, Any], activation: Activation, exchange: Exchange
) -> None:
    for fact, reader in facts:
        if fact.when is not None and not fact.when.holds(activation):
            continue
        try:
            keys = keys_of(reader.value(names, activation))
            value = fact.value.answer(activation) if fact.value is not None else True
        except EvaluationError:
            continue
        ledger.remember("" if fact.run else exchange.tenant, fact.name, dict.fromkeys(keys, value))


def _forget(ledger: Ledger, compiled: Compiled, names: Mapping[str, Any], activation: Activation, exchange: Exchange) -> None:
    for effect, identity, _ in compiled.effects:
        if effect.variable or "body" in effect.id.reads:
            continue
        key = key_of(exchange.tenant, effect, identity, names, activation)
        if key is not None:
            ledger.forget(key, exchange)


def _instances(effect: Effect, names: Mapping[str, Any], activation: Activation) -> Iterator[tuple[Mapping[str, Any], Activation]]:
    if effect.items is None:
        yield names, activation
        return
    try:
        items = effect.items.value(activation)
    except EvaluationError:
        return
    for item in items if isinstance(items, list) else ():
        inner = {**names, effect.variable: item}
        yield inner, Activation(inner, (effect.variable,))


def _learn_one(
    ledger: Ledger, effect: Effect, identity: Reader, state: Reader | None, names: Mapping[str, Any], activation: Activation,
    exchange: Exchange, *, sound: bool,
) -> None:  # fmt: skip
    key = key_of(exchange.tenant, effect, identity, names, activation)
    if key is None:
        return
    if effect.when is not None and not effect.when.holds(activation):
        # Of exchanges that overlap nobody knows the state before, so what asks for it teaches nothing.
        wrote = exchange.request.method not in READS and exchange.response is not None and exchange.response.status < 300
        (ledger.doubt if wrote else ledger.touch)(key, exchange)
    elif effect.gone:
        ledger.bury(key, exchange)
    elif effect.unknown:
        ledger.forget(key, exchange)
    elif state is None:
        ledger.touch(key, exchange)
    else:
        try:
            found = state.value(names, activation)
        except EvaluationError:
            found = None
        if found is None:
            # A body of another media type, or null where the state should be: a write's outcome cannot be told then.
            (ledger.touch if exchange.request.method in READS else ledger.forget)(key, exchange)
        else:
            ledger.learn(key, exchange, found, merge=effect.merge, first=effect.first, sound=sound)
