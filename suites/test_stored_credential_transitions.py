"""States by operations: what each operation does in each state of a stored credential profile.

The table names every pair. What is allowed must take effect; what is not allowed must leave everything as it was. What can
go wrong: a closed consent is closed again with another date or comes back, or a stranger ends one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from payproof.client import ACCEPT
from payproof.transition import cells, drive, every, legal

if TYPE_CHECKING:
    from collections.abc import Callable

    from payproof.transition import Legal
    from suites.fixtures.zuora import Billing, Consents

pytestmark = [pytest.mark.api("zuora-credentials"), pytest.mark.needs("state")]

DONE = legal(200)
"""Accepted."""
MISSING = legal(400, 404)
"""Not there: a 404, or a 200 without success, which counts as a 400 here."""
CLOSED = legal(400, unsaid=True)
"""Over already; no document says more than that a closed profile cannot be active again."""
HIDDEN = legal(400, 403, 404)
"""Not found, or not allowed to look; a 200 without success counts as a 400 here."""

STATES = ("never-made", "agreed", "active", "cancelled", "expired", "foreign")
TABLE = cells(STATES, {
    "createStoredCredential": (DONE, DONE, DONE, DONE, DONE, HIDDEN),
    "listStoredCredentials": (DONE, DONE, DONE, DONE, DONE, HIDDEN),
    "cancelStoredCredential": (MISSING, DONE, DONE, CLOSED, CLOSED, HIDDEN),
    "expireStoredCredential": (MISSING, DONE, DONE, CLOSED, CLOSED, HIDDEN),
    "issueZuoraToken": (DONE, DONE, DONE, DONE, DONE, DONE),
})  # fmt: skip
"""A foreign profile is at a payment method of another tenant. New profiles do not care about the old ones."""

State = dict[int, dict[str, Any]]
"""The profiles of a payment method by number."""


def _created(before: State, after: State, _: int) -> bool:
    return len(after) == len(before) + 1 and {number: after[number] for number in before} == before


def _closed(status: str) -> Callable[[State, State, int], bool]:
    def closed(before: State, after: State, number: int) -> bool:
        others = {other: shown for other, shown in before.items() if other != number}
        return after[number]["status"] == status and {other: after[other] for other in after if other != number} == others

    return closed


TAKEN_EFFECT: dict[str, Callable[[State, State, int], bool]] = {
    "createStoredCredential": _created,
    "listStoredCredentials": lambda before, after, _: after == before,
    "cancelStoredCredential": _closed("Cancelled"),
    "expireStoredCredential": _closed("Expired"),
    "issueZuoraToken": lambda before, after, _: after == before,
}
"""What the owner's list shows before and after an operation that was accepted for the profile of this number."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Who asks, whose profile it is about, and by which number it is called."""

    asker: Billing
    owner: Billing
    number: int
    state: str

    def seen(self) -> list[State]:
        """List the profiles of the payment method, and those of the one who asks."""
        return [self.owner.profiles(), self.asker.profiles()]

    def effects(self) -> list[dict[str, int]]:
        """Count what has happened to both."""
        return [self.owner.effects(), self.asker.effects()]

    def send(self, operation: str, cell: Legal, consents: Consents) -> int:
        """Send the operation about the owner's payment method, with the claim that it must be accepted where that is so."""
        intent = ACCEPT if cell is DONE else None
        if operation == "issueZuoraToken":
            return self.asker.api.call(operation, form=consents.form(self.asker.apis.credentials), intent=intent).status
        body = consents.agreed() if operation == "createStoredCredential" else None
        answer = self.asker.at(self.owner.method).ask(operation, self.number, body=body, intent=intent)
        # A refusal of the business may be a 200 without success
        return 400 if answer.status == 200 and answer.body.get("success") is False else answer.status


@pytest.mark.parametrize(("operation", "state"), every(TABLE))
def test_stored_credential(billing: Billing, other_billing: Billing, consents: Consents, operation: str, state: str) -> None:
    """An operation meets a stored credential profile in one of its states.

    Expect it to be accepted or refused as the table says, and a refusal to leave every profile as it was.
    """
    # A profile beside another one, brought into its state
    owner = other_billing if state == "foreign" else billing
    billing.agree(type="Unscheduled")
    number = owner.agree() if state == "agreed" else owner.persist()
    if state == "cancelled":
        owner.cancel(number)
    if state == "expired":
        owner.expire(number)
    if state == "never-made":
        number = owner.unknown()

    # The operation
    scene, cell = Scene(billing, owner, number, state), TABLE[operation, state]
    drive(
        billing.apis, api="zuora-credentials", resource="stored credential profile", state=state, operation=operation, cell=cell,
        send=lambda: scene.send(operation, cell, consents), see=scene.seen, effects=scene.effects,
        took=lambda before, after: TAKEN_EFFECT[operation](before[0], after[0], number),
    )  # fmt: skip


@pytest.mark.parametrize("then", ["cancelStoredCredential", "expireStoredCredential"])
@pytest.mark.parametrize("first", ["cancelStoredCredential", "expireStoredCredential"])
@pytest.mark.needs("clock")
def test_first_end_counts(billing: Billing, first: str, then: str) -> None:
    """A profile is closed, and half an hour later closed once more in the same or in the other way.

    Expect it to stay what it was, with the time of the first end, on the reference server; and never to be open again.
    """
    # Closed once
    number = billing.activate()
    assert billing.ask(first, number, intent=ACCEPT).status == 200
    ended = billing.profiles()[number]

    # Closed once more, half an hour later
    billing.apis.advance(1800)
    again = billing.ask(then, number)
    after = billing.profiles()[number]
    assert after["status"] in {"Cancelled", "Expired"}
    if billing.apis.session.target.reference:
        assert (again.status, [str(each["code"])[-2:] for each in again.body["reasons"]]) == (400, ["30"])
        assert after == ended

    # It is over, whatever was said
    assert number not in billing.profiles(every=False)


def test_table_is_complete(billing: Billing) -> None:
    """Look for every operation of the API in every state. Expect a cell for each pair, and none for anything else."""
    operations = billing.api.session.kit.contracts["zuora-credentials"].spec.operations
    assert set(TABLE) == {(operation, state) for operation in operations for state in STATES}
