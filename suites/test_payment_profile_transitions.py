"""States by operations: what each operation does in each state of a payment profile, and of a method in it.

The tables name every pair. What is allowed must take effect; what is not allowed must leave everything as it was. What can
go wrong: a cancelled profile comes back to life, or what was refused has happened all the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from payproof.client import ACCEPT
from payproof.transition import cells, drive, legal

if TYPE_CHECKING:
    from collections.abc import Callable

    from payproof.transition import Legal, Table
    from suites.fixtures.mercadopago import PaymentProfile, Sales, Seller

pytestmark = [pytest.mark.api("mercadopago-profiles"), pytest.mark.needs("state")]

MADE = legal(201)
"""Accepted, with something new."""
SHOWN = legal(200)
"""Accepted, with an answer that shows it."""
DONE = legal(204)
"""Accepted, without a body."""
REFUSED = legal(400)
"""Refused by a documented rule."""
MISSING = legal(404)
"""Not found."""
MISMATCH = legal(400, 404)
"""Refused because customer and profile do not belong together, or not found."""
HIDDEN = legal(400, 403, 404)
"""Not found, or not allowed to look."""
ENDED = legal(400, unsaid=True)
"""A cancellation that has happened already; whether it may be answered like the first one, no document says."""
REPEATED = legal(404, unsaid=True)
"""A deletion that has happened already; the same."""


PROFILE_STATES = ("never-made", "pending", "ready", "cancelled", "of-another-customer", "foreign")
PROFILE_TABLE = cells(PROFILE_STATES, {
    "createPaymentProfile": (MADE, MADE, MADE, MADE, MADE, MADE),
    "listPaymentProfiles": (SHOWN, SHOWN, SHOWN, SHOWN, SHOWN, SHOWN),
    "getPaymentProfile": (MISSING, SHOWN, SHOWN, SHOWN, MISMATCH, HIDDEN),
    "cancelPaymentProfile": (MISSING, DONE, DONE, ENDED, MISMATCH, HIDDEN),
    "addProfileMethod": (MISSING, MADE, MADE, REFUSED, MISMATCH, HIDDEN),
    "deleteProfileMethod": (MISSING, DONE, DONE, REFUSED, MISMATCH, HIDDEN),
})  # fmt: skip
"""The first two are about the customer, who is there in every state. A foreign profile belongs to another tenant."""

METHOD_STATES = ("never-made", "default", "other", "deleted", "of-another-profile", "foreign")
METHOD_TABLE = cells(METHOD_STATES, {
    "createPaymentProfile": (MADE, MADE, MADE, MADE, MADE, MADE),
    "listPaymentProfiles": (SHOWN, SHOWN, SHOWN, SHOWN, SHOWN, SHOWN),
    "getPaymentProfile": (SHOWN, SHOWN, SHOWN, SHOWN, SHOWN, SHOWN),
    "cancelPaymentProfile": (DONE, DONE, DONE, DONE, DONE, DONE),
    "addProfileMethod": (REFUSED, REFUSED, REFUSED, MADE, REFUSED, REFUSED),
    "deleteProfileMethod": (MISSING, DONE, DONE, REPEATED, MISSING, HIDDEN),
})  # fmt: skip
"""The profile has two methods, for which reason another one is refused unless one was deleted."""

NO_PROFILE = "7036b192b541454fa9b9990660dfa1b5"
NO_METHOD = "64abf0f5-3e15-48a5-9be0-a8ac56bbd87a"
"""The documented examples, which no tenant has."""

State = dict[str, Any]
"""What a read shows of a profile, empty where it is not found."""

CHANGES = {"cancelPaymentProfile", "addProfileMethod", "deleteProfileMethod"}
"""The operations after which, if they were accepted, a profile is no longer in the state that it was brought into."""

TAKEN_EFFECT: dict[str, Callable[[State, State, str], bool]] = {
    "createPaymentProfile": lambda before, after, _: after == before,
    "listPaymentProfiles": lambda before, after, _: after == before,
    "getPaymentProfile": lambda before, after, _: after == before,
    "cancelPaymentProfile": lambda before, after, _: (
        after["status"] == "CANCELLED" and after["payment_methods"].keys() == before["payment_methods"].keys()
    ),
    "addProfileMethod": lambda before, after, _: len(after["payment_methods"]) == len(before["payment_methods"]) + 1,
    "deleteProfileMethod": lambda before, after, method: (
        before["payment_methods"].keys() - after["payment_methods"].keys() == {method} and len(before["payment_methods"]) > 0
    ),
}
"""What the profile shows before and after an operation that was accepted for the method of this id."""


@dataclass(frozen=True, slots=True)
class Scene:
    """The ids that an operation is sent with, and the profiles that must stay as they are if it is refused."""

    seller: Seller
    customer: str
    card: int
    profile: str
    method: str
    watched: tuple[tuple[Seller, PaymentProfile], ...]
    resource: str
    state: str

    def seen(self) -> list[State]:
        """Read what each owner sees of the watched profiles."""
        return [owner.look(profile) for owner, profile in self.watched]

    def effects(self) -> list[dict[str, int]]:
        """Count what has happened to the seller who asks, and to each owner."""
        return [self.seller.effects(), *(owner.effects() for owner, _ in self.watched)]

    def send(self, operation: str, cell: Legal, sales: Sales) -> int:
        """Send the operation, with the claim that it must be accepted where documents say so; give the status."""
        method = sales.by_card(self.card, id="elo")
        bodies = {"createPaymentProfile": sales.profile(method), "addProfileMethod": method}
        answer = self.seller.ask(operation, self.customer, profile=self.profile, method=self.method, body=bodies.get(operation),
                                 intent=ACCEPT if cell in {MADE, SHOWN, DONE} else None)  # fmt: skip
        return answer.status

    def drive(self, operation: str, cell: Legal, sales: Sales) -> None:
        """Send the operation, and look at the answer, then at the state, then at the effects."""

        def took(before: list[State], after: list[State]) -> bool:
            return TAKEN_EFFECT[operation](before[0], after[0], self.method) and after[1:] == before[1:]

        drive(
            self.seller.apis, api="mercadopago-profiles", resource=self.resource, state=self.state, operation=operation, cell=cell,
            send=lambda: self.send(operation, cell, sales), see=self.seen, effects=self.effects, took=took,
        )  # fmt: skip


def _operations(table: Table, state: str) -> list[tuple[str, Legal]]:
    """Give the operations of the API with their cells for a state: first those after which the state is still the same."""
    found = [(operation, cell) for (operation, met), cell in table.items() if met == state]
    return sorted(found, key=lambda one: one[0] in CHANGES and one[1] in {MADE, DONE, ENDED, REPEATED})


def _states(states: tuple[str, ...]) -> list[Any]:
    marks = {"foreign": [pytest.mark.needs("second-tenant")], "cancelled": [pytest.mark.every_case], "never-made": [pytest.mark.every_case]}
    return [pytest.param(state, marks=marks.get(state, [])) for state in states]


@pytest.mark.parametrize("state", _states(PROFILE_STATES))
def test_profile(seller: Seller, other_seller: Seller, sales: Sales, state: str) -> None:
    """Every operation meets a payment profile in one of its states.

    Expect each to be accepted or refused as the table says, and a refusal to leave every profile as it was.
    """
    # Whoever asks is let in: a customer of its own, with a card
    owner = other_seller if state == "foreign" else seller
    owned = owner.register()
    customer = seller.register("other") if state in {"of-another-customer", "foreign"} else owned
    card = seller.save_card(customer)
    scene: Scene | None = None
    for operation, cell in _operations(PROFILE_TABLE, state):
        # A profile with one card, of this seller or of another, brought into its state
        if scene is None:
            profile = owner.create(owned, sales.by_token(owner.token(holder="CONT" if state == "pending" else "APRO")))
            if owner.apis.session.target.reference:
                assert profile.status == ("PENDING" if state == "pending" else "READY")
            if state == "cancelled":
                owner.cancel(profile)
            asked = NO_PROFILE if state == "never-made" else profile.id
            method = next(iter(profile.methods))
            scene = Scene(seller, customer, card, asked, method, ((owner, profile),), "payment profile", state)

        # The operation; where it is accepted, the next one meets another profile
        scene.drive(operation, cell, sales)
        if operation in CHANGES and cell in {MADE, DONE, ENDED, REPEATED}:
            scene = None


@pytest.mark.parametrize("state", _states(METHOD_STATES))
def test_method(seller: Seller, other_seller: Seller, sales: Sales, state: str) -> None:
    """Every operation meets a method of a payment profile in one of its states.

    Expect each to be accepted or refused as the table says, and a refusal to leave every profile as it was.
    """
    # Another profile, of this seller or of another, where the method is not in the first
    customer = seller.register()
    card, spare = seller.save_card(customer), seller.save_card(customer)
    method = NO_METHOD
    elsewhere: list[tuple[Seller, PaymentProfile]] = []
    if state in {"of-another-profile", "foreign"}:
        owner = other_seller if state == "foreign" else seller
        elsewhere.append((owner, owner.create(owner.register("other"))))
        method = next(iter(elsewhere[0][1].methods))
    scene: Scene | None = None
    for operation, cell in _operations(METHOD_TABLE, state):
        # A profile with two cards, one of which is brought into its state
        if scene is None:
            profile = seller.create(customer, sales.by_token(seller.token()), sales.by_card(card, id="master", default_method=True))
            chosen = profile.default
            assert chosen is not None
            if state in {"default", "other", "deleted"}:
                method = chosen if state == "default" else next(name for name in profile.methods if name != chosen)
            if state == "deleted":
                seller.remove(profile, method)
            scene = Scene(seller, customer, spare, profile.id, method, ((seller, profile), *elsewhere), "profile method", state)

        # The operation; where it is accepted, the next one meets another profile
        scene.drive(operation, cell, sales)
        if operation in CHANGES and cell in {MADE, DONE, ENDED, REPEATED}:
            scene = None


@pytest.mark.parametrize(
    ("states", "table"),
    [pytest.param(PROFILE_STATES, PROFILE_TABLE, id="profile"), pytest.param(METHOD_STATES, METHOD_TABLE, id="method")],
)
def test_table_is_complete(seller: Seller, states: tuple[str, ...], table: Table) -> None:
    """Look for every operation about payment profiles in every state. Expect a cell for each pair, and none for anything else."""
    operations = seller.api.session.kit.contracts["mercadopago-profiles"].spec.operations
    about = {name for name, operation in operations.items() if "payment-profiles" in operation.template}
    assert set(table) == {(operation, state) for operation in about for state in states}
