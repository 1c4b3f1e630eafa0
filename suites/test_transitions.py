"""States by operations: what each operation does in each state of a profile, and of a payment method.

The tables name every pair. What is allowed must take effect; what is not allowed must leave everything as it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from payproof.client import ACCEPT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from suites.fixtures.jpmorgan import Merchant, Payloads, Profile

pytestmark = [pytest.mark.api("jpmorgan-profiles"), pytest.mark.needs("state")]


@dataclass(frozen=True, slots=True)
class Legal:
    """The statuses that are right. Where no document says so, they bind the reference server only."""

    statuses: frozenset[int]
    unsaid: bool = False

    @property
    def word(self) -> str:
        """What the verdict's table of transitions says: allowed, refused, or that no document decides."""
        return "either" if self.unsaid else "allowed" if 200 in self.statuses else "refused"

    def covers(self, status: int, *, reference: bool) -> bool:
        """Say whether a status is right, on the reference server or on another."""
        return status in self.statuses or (self.unsaid and not reference and 200 <= status < 500)


DONE = Legal(frozenset({200}))
"""Accepted."""
MISSING = Legal(frozenset({404}))
"""Not found."""
HIDDEN = Legal(frozenset({403, 404}))
"""Not found, or not allowed to look."""
UNSAID = Legal(frozenset({200}), unsaid=True)
"""No document forbids it, and none allows it."""
REPEATED = Legal(frozenset({404}), unsaid=True)
"""A deletion that has happened already; whether it may be answered like the first one, no document says."""


def _cells(states: tuple[str, ...], rows: Mapping[str, tuple[Legal, ...]]) -> dict[tuple[str, str], Legal]:
    return {(operation, state): legal for operation, row in rows.items() for state, legal in zip(states, row, strict=False)}


PROFILE_STATES = ("never-made", "active", "inactive", "deleted", "foreign")
PROFILE_TABLE = _cells(PROFILE_STATES, {
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
METHOD_TABLE = _cells(METHOD_STATES, {
    "createConsumerProfile": (DONE, DONE, DONE, DONE, DONE, DONE, DONE),
    "getConsumerProfile": (DONE, DONE, DONE, DONE, DONE, DONE, DONE),
    "updateConsumerProfile": (DONE, DONE, DONE, DONE, DONE, DONE, DONE),
    "deleteConsumerProfile": (DONE, DONE, DONE, DONE, DONE, DONE, DONE),
    "addPaymentMethod": (DONE, DONE, DONE, DONE, DONE, DONE, DONE),
    "updatePaymentMethod": (MISSING, DONE, DONE, DONE, MISSING, MISSING, HIDDEN),
    "setDefaultPaymentMethod": (MISSING, DONE, UNSAID, UNSAID, MISSING, MISSING, HIDDEN),
    "deletePaymentMethod": (MISSING, DONE, DONE, UNSAID, REPEATED, MISSING, HIDDEN),
    "getPaymentMethodStatus": (MISSING, DONE, UNSAID, DONE, MISSING, MISSING, HIDDEN),
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


def _every(table: Mapping[tuple[str, str], Legal]) -> list[Any]:
    needs = {"foreign": [pytest.mark.needs("second-tenant")]}
    return [pytest.param(operation, state, marks=[pytest.mark.operation(operation), *needs.get(state, [])])
            for operation, state in table]  # fmt: skip


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

    def send(self, operation: str, legal: Legal, payloads: Payloads) -> int:
        """Send the operation, with the claim that it must be accepted where documents say so; give the status."""
        bodies = {
            "createConsumerProfile": payloads.profile(), "updateConsumerProfile": payloads.rename(),
            "addPaymentMethod": payloads.addition(), "updatePaymentMethod": payloads.change(lastName="Roe"),
        }  # fmt: skip
        intent = ACCEPT if legal is DONE else None
        return self.merchant.ask(operation, self.profile, self.method, body=bodies.get(operation), intent=intent).status

    def drive(self, operation: str, legal: Legal, payloads: Payloads) -> None:
        """Send the operation, and look at the answer, then at the state, then at the effects."""
        before, done = self.seen(), self.effects()
        status = self.send(operation, legal, payloads)
        self.merchant.apis.transition(api="jpmorgan-profiles", resource=self.resource, state=self.state, operation=operation,
                                      expected=legal.word, status=status)  # fmt: skip
        assert legal.covers(status, reference=self.merchant.apis.session.target.mock)
        after = self.seen()
        if status == 200:
            assert TAKEN_EFFECT[operation](before[0], after[0], self.method)
            assert after[1:] == before[1:]
        else:
            assert after == before
            assert self.effects() == done


@pytest.mark.parametrize(("operation", "state"), _every(PROFILE_TABLE))
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


@pytest.mark.parametrize(("operation", "state"), _every(METHOD_TABLE))
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
def test_table_is_complete(merchant: Merchant, states: tuple[str, ...], table: dict[tuple[str, str], Legal]) -> None:
    """Look for every operation of the API in every state. Expect a cell for each pair, and none for anything else."""
    operations = merchant.api.session.kit.contracts["jpmorgan-profiles"].spec.operations
    assert set(table) == {(operation, state) for operation in operations for state in states}
