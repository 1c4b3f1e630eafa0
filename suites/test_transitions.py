"""States by operations: what each operation does in each state of a profile, and of a payment method.

The tables name every pair. What is allowed must take effect; what is not allowed must leave everything as it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from payproof.client import ACCEPT
from payproof.transition import cells, drive, every, legal

if TYPE_CHECKING:
    from collections.abc import Callable

    from payproof.transition import Legal, Table
    from suites.fixtures.jpmorgan import Merchant, Payloads, Profile

pytestmark = [pytest.mark.api("jpmorgan-profiles"), pytest.mark.needs("state")]


DONE = legal(200)
"""Accepted."""
MISSING = legal(404)
"""Not found."""
ABSENT = legal(400, 404)
"""Nothing by that id in the profile; the documents have both statuses, and do not say which is for what."""
HIDDEN = legal(400, 403, 404)
"""Not found, or not allowed to look."""
UNSAID = legal(200, unsaid=True)
"""No document forbids it, and none allows it."""
REPEATED = legal(404, unsaid=True)
"""A deletion that has happened already; whether it may be answered like the first one, no document says."""


PROFILE_STATES = ("never-made", "active", "inactive", "deleted", "foreign")
PROFILE_TABLE = cells(PROFILE_STATES, {
    "createConsumerProfile": (DONE, DONE, DONE, DONE, DONE),
    "getConsumerProfile": (MISSING, DONE, DONE, MISSING, HIDDEN),
    "updateConsumerProfile": (MISSING, DONE, DONE, MISSING, HIDDEN),
    "deleteConsumerProfile": (MISSING, DONE, UNSAID, REPEATED, HIDDEN),
    "addPaymentMethod": (MISSING, DONE, UNSAID, MISSING, HIDDEN),
    "updatePaymentMethod": (MISSING, DONE, UNSAID, MISSING, HIDDEN),
    "setDefaultPaymentMethod": (MISSING, DONE, UNSAID, MISSING, HIDDEN),
    "deletePaymentMethod": (MISSING, DONE, UNSAID, MISSING, HIDDEN),
    "getPaymentMethodStatus": (MISSING, DONE, UNSAID, MISSING, HIDDEN),
})  # fmt: skip
"""A foreign profile belongs to another tenant. That an inactive one may not be charged is all that documents say."""

METHOD_STATES = ("never-made", "active", "inactive", "default", "deleted", "of-another-profile", "foreign")
METHOD_TABLE = cells(METHOD_STATES, {
    "createConsumerProfile": (DONE, DONE, DONE, DONE, DONE, DONE, DONE),
    "getConsumerProfile": (DONE, DONE, DONE, DONE, DONE, DONE, DONE),
    "updateConsumerProfile": (DONE, DONE, DONE, DONE, DONE, DONE, DONE),
    "deleteConsumerProfile": (DONE, DONE, DONE, DONE, DONE, DONE, DONE),
    "addPaymentMethod": (DONE, DONE, DONE, DONE, DONE, DONE, DONE),
    "updatePaymentMethod": (ABSENT, DONE, DONE, DONE, ABSENT, ABSENT, HIDDEN),
    "setDefaultPaymentMethod": (ABSENT, DONE, UNSAID, UNSAID, ABSENT, ABSENT, HIDDEN),
    "deletePaymentMethod": (ABSENT, DONE, DONE, UNSAID, REPEATED, ABSENT, HIDDEN),
    "getPaymentMethodStatus": (ABSENT, DONE, UNSAID, DONE, ABSENT, ABSENT, HIDDEN),
})  # fmt: skip
"""The first five concern the profile that the method is in, or that it is asked in, and no state of a method forbids them."""

NO_PROFILE = "NOSUCHPROFILE"
NO_METHOD = "00000000-0000-4000-8000-000000000000"

State = dict[str, Any]
"""What a read shows of a profile, empty where it is not found."""

TAKEN_EFFECT: dict[str, Callable[[State, State, str], bool]] = {
    "createConsumerProfile": lambda before, after, _: after == before,
    "getConsumerProfile": lambda before, after, _: after == before,
    "updateConsumerProfile": lambda _, after, __: after["firstName"] == "Jane",
    "deleteConsumerProfile": lambda _, after, __: after == {},
    "addPaymentMethod": lambda before, after, _: len(after["methods"]) == len(before["methods"]) + 1,
    "updatePaymentMethod": lambda _, after, method: after["methods"][method]["lastName"] == "Roe",
    "setDefaultPaymentMethod": lambda _, after, method: after["default"] == method,
    "deletePaymentMethod": lambda _, after, method: method not in after["methods"],
    "getPaymentMethodStatus": lambda before, after, _: after == before,
}
"""What the profile shows before and after an operation that was accepted for the method of this id."""


@dataclass(frozen=True, slots=True)
class Scene:
    """The ids that an operation is sent with, and the profiles that must stay as they are if it is refused."""

    merchant: Merchant
    profile: str
    method: str
    watched: tuple[tuple[Merchant, Profile], ...]
    resource: str
    state: str

    def seen(self) -> list[State]:
        """Read what each owner sees of the watched profiles."""
        return [owner.look(profile) for owner, profile in self.watched]

    def effects(self) -> list[dict[str, int]]:
        """Count what has happened to the merchant who asks, and to each owner."""
        return [self.merchant.effects(), *(owner.effects() for owner, _ in self.watched)]

    def send(self, operation: str, cell: Legal, payloads: Payloads) -> int:
        """Send the operation, with the claim that it must be accepted where documents say so; give the status."""
        bodies = {
            "createConsumerProfile": payloads.profile(), "updateConsumerProfile": payloads.rename(),
            "addPaymentMethod": payloads.addition(), "updatePaymentMethod": payloads.change(lastName="Roe"),
        }  # fmt: skip
        intent = ACCEPT if cell is DONE else None
        return self.merchant.ask(operation, self.profile, self.method, body=bodies.get(operation), intent=intent).status

    def drive(self, operation: str, cell: Legal, payloads: Payloads) -> None:
        """Send the operation, and look at the answer, then at the state, then at the effects."""

        def took(before: list[State], after: list[State]) -> bool:
            return TAKEN_EFFECT[operation](before[0], after[0], self.method) and after[1:] == before[1:]

        drive(
            self.merchant.apis, api="jpmorgan-profiles", resource=self.resource, state=self.state, operation=operation, cell=cell,
            send=lambda: self.send(operation, cell, payloads), see=self.seen, effects=self.effects, took=took,
        )  # fmt: skip


@pytest.mark.parametrize(("operation", "state"), every(PROFILE_TABLE, always=[("deleteConsumerProfile", "deleted")]))
def test_profile(merchant: Merchant, other_merchant: Merchant, payloads: Payloads, operation: str, state: str) -> None:
    """An operation meets a profile in one of its states.

    Expect it to be accepted or refused as the table says, and a refusal to leave every profile as it was.
    """
    # A profile with two cards, brought into its state
    owner = other_merchant if state == "foreign" else merchant
    profile = owner.create(payloads.profile(payloads.first_card(), payloads.card()))
    method = profile.card("0919")
    if state == "inactive":
        owner.update(profile, profileStatus="INACTIVE")
    if state == "deleted":
        owner.delete(profile)

    # Whoever asks is let in: a stranger has a profile of its own
    watched = [(owner, profile)]
    if state == "foreign":
        watched.append((merchant, merchant.create(payloads.profile())))

    # The operation
    asked = NO_PROFILE if state == "never-made" else profile.id
    Scene(merchant, asked, method, tuple(watched), "profile", state).drive(operation, PROFILE_TABLE[operation, state], payloads)


@pytest.mark.parametrize(("operation", "state"), every(METHOD_TABLE, always=[("deletePaymentMethod", "deleted")]))
def test_method(merchant: Merchant, other_merchant: Merchant, payloads: Payloads, operation: str, state: str) -> None:
    """An operation meets a payment method in one of its states.

    Expect it to be accepted or refused as the table says, and a refusal to leave every profile as it was.
    """
    # A profile with two cards; another one, of this merchant or of another, where the method is not in the first
    profile = merchant.create(payloads.profile(payloads.first_card(), payloads.card()))
    method = profile.card("0919")
    watched = [(merchant, profile)]
    if state in {"of-another-profile", "foreign"}:
        owner = other_merchant if state == "foreign" else merchant
        elsewhere = owner.create(payloads.profile(payloads.card()))
        method = elsewhere.card("0919")
        watched.append((owner, elsewhere))

    # The method is brought into its state
    if state == "never-made":
        method = NO_METHOD
    if state == "inactive":
        merchant.change(profile, method, {"card": {"accountStatus": "INACTIVE"}})
    if state == "default":
        merchant.set_default(profile, method)
    if state == "deleted":
        merchant.remove(profile, method)

    # The operation
    Scene(merchant, profile.id, method, tuple(watched), "payment method", state).drive(operation, METHOD_TABLE[operation, state], payloads)


@pytest.mark.parametrize(
    ("states", "table"),
    [pytest.param(PROFILE_STATES, PROFILE_TABLE, id="profile"), pytest.param(METHOD_STATES, METHOD_TABLE, id="method")],
)
def test_table_is_complete(merchant: Merchant, states: tuple[str, ...], table: Table) -> None:
    """Look for every operation of the API in every state. Expect a cell for each pair, and none for anything else."""
    operations = merchant.api.session.kit.contracts["jpmorgan-profiles"].spec.operations
    assert set(table) == {(operation, state) for operation in operations for state in states}
