"""The last known state of a resource, and when nothing is known of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from payproof.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Callable

    from payproof.exchange import Exchange

KEY = ("t1", "voucher", "v1")
UNKNOWN = (False, None)


def test_nothing_is_known_of_what_was_never_seen(wire: Callable[..., Exchange]) -> None:
    """A resource without any exchange has no before."""
    assert Ledger().before(KEY, wire("GET", "/vouchers/v1")) == UNKNOWN


def test_learned_state_is_the_before_of_the_next_exchange(wire: Callable[..., Exchange]) -> None:
    """What one exchange leaves is what the next one finds."""
    ledger = Ledger()

    ledger.learn(KEY, wire("POST", "/vouchers"), {"amount": 1})

    assert ledger.before(KEY, wire("GET", "/vouchers/v1")) == (True, {"amount": 1})


@pytest.mark.parametrize(
    "other", [("t2", "voucher", "v1"), ("t1", "token", "v1"), ("t1", "voucher", "v2")], ids=["tenant", "resource", "id"]
)
def test_resources_are_told_apart(wire: Callable[..., Exchange], other: tuple[str, str, str]) -> None:
    """A resource is one tenant's, of one kind, with one id."""
    ledger = Ledger()

    ledger.learn(KEY, wire("POST", "/vouchers"), {"amount": 1})

    assert ledger.before(other, wire("GET", "/vouchers/v1")) == UNKNOWN


def test_forgotten_state_is_unknown_until_it_is_read_again(wire: Callable[..., Exchange]) -> None:
    """After a write of unknown outcome nobody knows the state; a read makes it known."""
    ledger = Ledger()
    ledger.learn(KEY, wire("POST", "/vouchers"), {"amount": 1})

    ledger.forget(KEY, wire("PATCH", "/vouchers/v1", None))
    assert ledger.before(KEY, wire("GET", "/vouchers/v1")) == UNKNOWN

    ledger.learn(KEY, wire("GET", "/vouchers/v1"), {"amount": 2})
    assert ledger.before(KEY, wire("GET", "/vouchers/v1")) == (True, {"amount": 2})


def test_buried_resource_has_no_before(wire: Callable[..., Exchange]) -> None:
    """What is gone has no state; if a later answer shows it again, that is its state."""
    ledger = Ledger()
    ledger.learn(KEY, wire("POST", "/vouchers"), {"amount": 1})

    ledger.bury(KEY, wire("DELETE", "/vouchers/v1"))
    assert ledger.before(KEY, wire("GET", "/vouchers/v1")) == UNKNOWN

    ledger.learn(KEY, wire("GET", "/vouchers/v1"), {"amount": 1})
    assert ledger.before(KEY, wire("GET", "/vouchers/v1")) == (True, {"amount": 1})


def test_overlapping_exchange_has_no_before(wire: Callable[..., Exchange]) -> None:
    """Of two exchanges that overlap nobody can say which came first."""
    ledger = Ledger()
    ledger.learn(KEY, wire("POST", "/vouchers", started=10.0, elapsed=2000), {"amount": 1})

    assert ledger.before(KEY, wire("GET", "/vouchers/v1", started=11.0)) == UNKNOWN
    assert ledger.before(KEY, wire("GET", "/vouchers/v1", started=12.0)) == (True, {"amount": 1})


def test_state_learned_in_an_overlap_is_not_known(wire: Callable[..., Exchange]) -> None:
    """After an overlap nothing is known until an exchange that overlaps with none."""
    ledger = Ledger()
    ledger.learn(KEY, wire("PATCH", "/vouchers/v1", started=10.0, elapsed=2000), {"amount": 1})

    ledger.learn(KEY, wire("PATCH", "/vouchers/v1", started=11.0, elapsed=500), {"amount": 2})
    assert ledger.before(KEY, wire("GET", "/vouchers/v1", started=20.0)) == UNKNOWN

    ledger.learn(KEY, wire("GET", "/vouchers/v1", started=20.0), {"amount": 2})
    assert ledger.before(KEY, wire("GET", "/vouchers/v1", started=30.0)) == (True, {"amount": 2})


@pytest.mark.parametrize("how", ["touch", "forget", "bury"])
def test_every_exchange_about_a_resource_can_overlap(wire: Callable[..., Exchange], how: str) -> None:
    """An exchange that teaches nothing can still have changed something while another went on."""
    ledger = Ledger()
    ledger.learn(KEY, wire("POST", "/vouchers", started=1.0), {"amount": 1})
    getattr(ledger, how)(KEY, wire("PATCH", "/vouchers/v1", 400, started=10.0, elapsed=5000))

    ledger.learn(KEY, wire("GET", "/vouchers/v1", started=12.0), {"amount": 1})

    assert ledger.before(KEY, wire("GET", "/vouchers/v1", started=20.0)) == UNKNOWN


def test_touching_leaves_the_state_as_it_was(wire: Callable[..., Exchange]) -> None:
    """A refused write changes nothing that is known."""
    ledger = Ledger()
    ledger.learn(KEY, wire("POST", "/vouchers"), {"amount": 1})

    ledger.touch(KEY, wire("PATCH", "/vouchers/v1", 400))

    assert ledger.before(KEY, wire("GET", "/vouchers/v1")) == (True, {"amount": 1})


def test_merging_changes_only_what_is_named(wire: Callable[..., Exchange]) -> None:
    """An answer that shows a part of the resource replaces that part."""
    ledger = Ledger()
    ledger.learn(KEY, wire("POST", "/vouchers"), {"amount": 1, "note": "a"})

    ledger.learn(KEY, wire("PATCH", "/vouchers/v1"), {"note": "b"}, merge=True)

    assert ledger.before(KEY, wire("GET", "/vouchers/v1")) == (True, {"amount": 1, "note": "b"})


def test_a_part_alone_is_no_state(wire: Callable[..., Exchange]) -> None:
    """Merged into something unknown, a part does not become the whole."""
    ledger = Ledger()
    ledger.learn(KEY, wire("PATCH", "/vouchers/v1"), {"note": "b"}, merge=True)
    assert ledger.before(KEY, wire("GET", "/vouchers/v1")) == UNKNOWN

    ledger.learn(KEY, wire("GET", "/vouchers/v1"), {"amount": 1, "note": "b"})
    ledger.forget(KEY, wire("PATCH", "/vouchers/v1", 500))
    ledger.learn(KEY, wire("PATCH", "/vouchers/v1"), {"note": "c"}, merge=True)
    assert ledger.before(KEY, wire("GET", "/vouchers/v1")) == UNKNOWN

    ledger.learn(KEY, wire("GET", "/vouchers/v1"), {"amount": 1, "note": "c"})
    ledger.bury(KEY, wire("DELETE", "/vouchers/v1"))
    ledger.learn(KEY, wire("PATCH", "/vouchers/v1"), {"note": "d"}, merge=True)
    assert ledger.before(KEY, wire("GET", "/vouchers/v1")) == UNKNOWN


def test_learning_does_not_change_what_was_learned_before(wire: Callable[..., Exchange]) -> None:
    """A state that somebody holds stays as it was when a part is merged into it."""
    ledger = Ledger()
    held = {"amount": 1}
    ledger.learn(KEY, wire("POST", "/vouchers"), held)

    ledger.learn(KEY, wire("PATCH", "/vouchers/v1"), {"amount": 2}, merge=True)

    assert held == {"amount": 1}


def test_facts_are_recalled_by_key() -> None:
    """Only the slice for the keys that are asked for is handed out."""
    ledger = Ledger()
    ledger.remember("t1", "deleted", {"a": 1, "b": 2})
    ledger.remember("t1", "deleted", {"c": 3})

    assert ledger.recall("t1", "deleted", ["b", "c", "x"]) == {"b": 2, "c": 3}
    assert ledger.recall("t1", "other", ["a"]) == {}


def test_facts_of_a_tenant_are_its_own() -> None:
    """What one tenant did is no fact of another; what the run knows all of them know."""
    ledger = Ledger()
    ledger.remember("t1", "deleted", {"a": 1})
    ledger.remember("", "seen", {"a": 1})

    assert ledger.recall("t2", "deleted", ["a"]) == {}
    assert [ledger.knows(tenant, fact) for tenant, fact in (("t1", "deleted"), ("t2", "deleted"), ("t2", "seen"))] == [True, False, True]


def test_first_of_exchanges_sent_together_has_no_before(wire: Callable[..., Exchange]) -> None:
    """Of exchanges that are under way together the first to end may have met what the others did already."""
    ledger = Ledger()
    ledger.learn(KEY, wire("POST", "/vouchers", started=1.0), {"amount": 1})
    first = wire("PATCH", "/vouchers/v1", started=10.0, elapsed=1000)
    ledger.crowd = [(10.0, 11.0), (10.5, 12.0)]

    assert ledger.before(KEY, first) == UNKNOWN
    ledger.doubt(KEY, first)
    ledger.crowd = ()
    assert ledger.before(KEY, wire("GET", "/vouchers/v1", started=13.0)) == UNKNOWN


def test_exchange_alone_in_a_crowd_has_a_before(wire: Callable[..., Exchange]) -> None:
    """Exchanges that were meant to be sent together and came one after the other are like any others."""
    ledger = Ledger()
    ledger.learn(KEY, wire("POST", "/vouchers", started=1.0), {"amount": 1})
    first = wire("PATCH", "/vouchers/v1", started=10.0, elapsed=1000)
    ledger.crowd = [(10.0, 11.0), (11.0, 12.0)]

    ledger.doubt(KEY, first)
    assert ledger.before(KEY, wire("GET", "/vouchers/v1", started=13.0)) == (True, {"amount": 1})
