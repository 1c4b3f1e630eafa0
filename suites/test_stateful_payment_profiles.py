"""A seller whose customer comes and goes with cards in any order, also with what is long cancelled.

A model keeps what must be there: which methods each profile has, and whether it was cancelled. Everything else that must
hold after each step is judged on the exchanges.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from payproof.client import BrokenClause

if TYPE_CHECKING:
    from collections.abc import Callable

    from payproof.explore import Explore
    from payproof.plugin import NewTenant
    from suites.fixtures.mercadopago import PaymentProfile, Sales, Seller

pytestmark = pytest.mark.api("mercadopago-profiles")

RUNS = {"smoke": (2, 14), "standard": (12, 24), "deep": (100, 50)}
"""How many lives, and at most how many steps in each, by depth."""

WHICH = st.integers(0, 5)
"""Counts from the oldest thing that there is: ids differ from run to run, their order does not."""
CARDS = 3
"""How many cards the customer has: one more than a profile may have methods."""
MOST = 2
"""How many methods a profile may have."""
NO_METHOD = "64abf0f5-3e15-48a5-9be0-a8ac56bbd87a"
"""The documented example of the id of a method, which no tenant has."""


@dataclass(slots=True)
class Known:
    """What the model knows of a profile: the card of each method, by the method's id."""

    profile: PaymentProfile
    methods: dict[str, int] = field(default_factory=dict)
    cancelled: bool = False


def machine(new_tenant: NewTenant, anybody: Seller, sales: Sales) -> type[RuleBasedStateMachine]:
    """Build the machine for a target. Each life of it is a tenant of its own, with one customer."""

    class Shop(RuleBasedStateMachine):
        """What must be there: `known` has the profiles of the customer, oldest first."""

        def __init__(self) -> None:
            super().__init__()
            self.seller = replace(anybody, apis=new_tenant())
            self.judged = len(self.seller.apis.session.found)
            self.customer = ""
            self.cards: list[int] = []
            self.known: list[Known] = []

        @initialize()
        def begin(self) -> None:
            """Register the customer with its cards."""
            self.customer = self.seller.register()
            self.cards = [self.seller.save_card(self.customer) for _ in range(CARDS)]

        def those(self, wanted: Callable[[Known], bool]) -> list[Known]:
            """Give the profiles of which something is true."""
            return [one for one in self.known if wanted(one)]

        def one(self, which: int, wanted: Callable[[Known], bool]) -> Known:
            """Give one of them."""
            found = self.those(wanted)
            return found[which % len(found)]

        def free(self, known: Known) -> int:
            """Give a card that the profile has not got."""
            return next(card for card in self.cards if card not in known.methods.values())

        def refused(self, known: Known, operation: str, *, statuses: set[int], method: str = "", body: Any = None) -> None:
            """Demand that nothing comes of it."""
            before = self.seller.read(known.profile).state
            assert self.seller.ask(operation, known.profile, method=method, body=body).status in statuses
            assert self.seller.read(known.profile).state == before

        def look(self, known: Known) -> None:
            """Read a profile: it shows what the model knows."""
            seen = self.seller.read(known.profile)
            assert seen.methods.keys() == known.methods.keys()
            assert (seen.status == "CANCELLED") is known.cancelled

        @invariant()
        def no_clause_is_broken(self) -> None:
            """Stop at the first step that the judge has found something in."""
            found = self.seller.apis.session.found
            if len(found) > self.judged:
                raise BrokenClause.of(found[self.judged])

        @rule(which=WHICH, control=st.sampled_from(["MANUAL", "AUTO"]))
        def create(self, which: int, control: str) -> None:
            """Create a profile with one card."""
            card = self.cards[which % CARDS]
            profile = self.seller.create(self.customer, sales.by_card(card), sequence_control=control)
            (method,) = profile.methods
            self.known.append(Known(profile, {method: card}))

        @precondition(lambda self: self.those(lambda one: not one.cancelled and len(one.methods) < MOST))
        @rule(which=WHICH, default=st.booleans())
        def add(self, which: int, default: bool) -> None:  # noqa: FBT001  # Hypothesis calls rules by name
            """Add a card that the profile has not got."""
            known = self.one(which, lambda one: not one.cancelled and len(one.methods) < MOST)
            card = self.free(known)
            self.seller.add(known.profile, sales.by_card(card, default_method=default))
            seen = self.seller.read(known.profile)
            (method,) = seen.methods.keys() - known.methods.keys()
            known.methods[method] = card
            assert not default or seen.default == method
            assert seen.methods.keys() == known.methods.keys()

        @precondition(lambda self: self.those(lambda one: not one.cancelled and one.methods))
        @rule(which=WHICH, newest=st.booleans())
        def delete(self, which: int, newest: bool) -> None:  # noqa: FBT001  # Hypothesis calls rules by name
            """Delete a method."""
            known = self.one(which, lambda one: not one.cancelled and bool(one.methods))
            method = list(known.methods)[-newest]
            self.seller.remove(known.profile, method)
            del known.methods[method]
            self.look(known)

        @precondition(lambda self: self.those(lambda one: not one.cancelled))
        @rule(which=WHICH)
        def cancel(self, which: int) -> None:
            """Cancel a profile."""
            known = self.one(which, lambda one: not one.cancelled)
            self.seller.cancel(known.profile)
            known.cancelled = True
            self.look(known)

        @rule()
        def list_all(self) -> None:
            """List the profiles: every one is there with its methods, and the filter finds what was cancelled."""
            listed = self.seller.profiles(self.customer)
            assert {name: set(one.methods) for name, one in listed.items()} == {one.profile.id: set(one.methods) for one in self.known}
            gone = self.seller.profiles(self.customer, status="CANCELLED")
            assert gone.keys() == {one.profile.id for one in self.known if one.cancelled}

        @precondition(lambda self: self.known)
        @rule(which=WHICH)
        def read(self, which: int) -> None:
            """Read a profile."""
            self.look(self.one(which, lambda _: True))

        @precondition(lambda self: self.those(lambda one: one.cancelled))
        @rule(which=WHICH, adding=st.booleans())
        def change_what_is_cancelled(self, which: int, adding: bool) -> None:  # noqa: FBT001  # Hypothesis calls rules by name
            """Add a card to a cancelled profile, or take one away. It is refused."""
            known = self.one(which, lambda one: one.cancelled)
            if adding:
                self.refused(known, "addProfileMethod", statuses={400}, body=sales.by_card(self.free(known)))
            else:
                method = next(iter(known.methods), NO_METHOD)
                self.refused(known, "deleteProfileMethod", statuses={400, 404}, method=method)

        @precondition(lambda self: self.those(lambda one: not one.cancelled and one.methods))
        @rule(which=WHICH)
        def add_what_is_there(self, which: int) -> None:
            """Add a card that the profile has. It is refused, whether there is room or not."""
            known = self.one(which, lambda one: not one.cancelled and bool(one.methods))
            self.refused(known, "addProfileMethod", statuses={400}, body=sales.by_card(next(iter(known.methods.values()))))

        @precondition(lambda self: self.those(lambda one: not one.cancelled and len(one.methods) == MOST))
        @rule(which=WHICH)
        def add_a_third(self, which: int) -> None:
            """Add one card more than a profile may have. It is refused."""
            known = self.one(which, lambda one: not one.cancelled and len(one.methods) == MOST)
            self.refused(known, "addProfileMethod", statuses={400}, body=sales.by_card(self.free(known)))

        @precondition(lambda self: self.those(lambda one: not one.cancelled))
        @rule(which=WHICH)
        def delete_what_never_was(self, which: int) -> None:
            """Delete a method that nobody has. It is not found."""
            known = self.one(which, lambda one: not one.cancelled)
            self.refused(known, "deleteProfileMethod", statuses={404}, method=NO_METHOD)

        def teardown(self) -> None:
            """Read what is left once more."""
            for known in self.known:
                self.look(known)

    return Shop


def test_cards_of_a_customer(new_tenant: NewTenant, seller: Seller, sales: Sales, explore: Explore, depth: str) -> None:
    """A customer's profiles are created, filled, emptied and cancelled in any order, also when it is too late.

    Expect every step that a profile allows to be accepted, every other one to be refused, and nothing to change by itself.
    """
    lives, steps = RUNS[depth]
    explore("shop", machine(new_tenant, seller, sales), examples=lives, steps=steps)
