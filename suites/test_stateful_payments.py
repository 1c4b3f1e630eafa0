"""A merchant who takes money and gives it back in any order: in parts, whole, too much, or from what is long closed.

A model keeps what must be there to the last cent: what was authorized, taken and given back of each payment. Everything
else that must hold after each step is judged on the exchanges.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from payproof.client import BrokenClause

if TYPE_CHECKING:
    from collections.abc import Callable

    from payproof.explore import Explore
    from payproof.plugin import NewTenant
    from suites.fixtures.jpmorgan_payments import Charges, Payment, Till

pytestmark = pytest.mark.api("jpmorgan-payments")

RUNS = {"smoke": (2, 14), "standard": (12, 24), "deep": (100, 50)}
"""How many lives, and at most how many steps in each, by depth."""

WHICH = st.integers(0, 5)
"""Counts from the oldest payment that there is: ids differ from run to run, their order does not."""
SHARE = st.integers(1, 99)
"""Percent of an amount."""


@dataclass(slots=True)
class Account:
    """What the model knows of a payment, in minor units; `open` as long as something may be captured.

    Captures and refunds are by the id of the capture: no document says how a refund of the whole payment is spread.
    """

    payment: Payment
    authorized: int
    captures: dict[str, int] = field(default_factory=dict)
    refunds: Counter[str] = field(default_factory=Counter)
    open: bool = True
    void: bool = False

    @property
    def captured(self) -> int:
        """What was taken."""
        return sum(self.captures.values())

    @property
    def refunded(self) -> int:
        """What was given back."""
        return self.refunds.total()

    @property
    def left(self) -> int:
        """What may still be captured."""
        return self.authorized - self.captured if self.open else 0

    @property
    def refundable(self) -> int:
        """What may still be given back."""
        return self.captured - self.refunded

    @property
    def stage(self) -> str:
        """The state that the payment must show: it is closed from the first capture on, though a rest may be open."""
        return "VOIDED" if self.void else "CLOSED" if self.captured else "AUTHORIZED"

    def returnable(self, least: int = 1) -> dict[str, int]:
        """Give the captures of which so much or more may be given back, with what that is."""
        return {name: left for name, amount in self.captures.items() if (left := amount - self.refunds[name]) >= least}

    def take(self, seen: Payment, amount: int, *, final: bool) -> None:
        """Note a capture: the one that an answer shows and none before it did."""
        (new,) = (one for one in seen.shown["paymentRequest"]["captures"] if one["captureId"] not in self.captures)
        assert new["amount"] == amount
        self.captures[new["captureId"]] = amount
        self.open = not final

    def shown(self) -> tuple[str, int, int, int]:
        """Give what a read must show."""
        return self.stage, self.captured, self.refunded, self.refundable


def part(amount: int, share: int) -> int:
    """Give a share of an amount, which is neither nothing nor all of it: the amount is 2 at least."""
    return min(max(amount * share // 100, 1), amount - 1)


def machine(new_tenant: NewTenant, anybody: Till, charges: Charges) -> type[RuleBasedStateMachine]:
    """Build the machine for a target. Each life of it is a tenant of its own."""

    class Merchant(RuleBasedStateMachine):
        """What must be there: one account for each payment, oldest first."""

        def __init__(self) -> None:
            super().__init__()
            self.till = replace(anybody, apis=new_tenant())
            self.judged = len(self.till.apis.session.found)
            self.accounts: list[Account] = []

        def those(self, wanted: Callable[[Account], bool]) -> list[Account]:
            """Give the accounts of which something is true."""
            return [account for account in self.accounts if wanted(account)]

        def one(self, which: int, wanted: Callable[[Account], bool]) -> Account:
            """Give one of them."""
            found = self.those(wanted)
            return found[which % len(found)]

        def refused(self, account: Account, operation: str, body: dict[str, Any]) -> None:
            """Demand that money does not move."""
            answer = self.till.ask(operation, account.payment, body=body)
            assert 400 <= answer.status < 500 or answer.body["responseStatus"] == "DENIED"
            self.look(account)

        def look(self, account: Account) -> None:
            """Read a payment: it shows what the model knows."""
            seen = self.till.read(account.payment)
            assert (seen.stage, seen.captured, seen.refunded, seen.refundable) == account.shown()

        @invariant()
        def no_clause_is_broken(self) -> None:
            """Stop at the first step that the judge has found something in."""
            found = self.till.apis.session.found
            if len(found) > self.judged:
                raise BrokenClause.of(found[self.judged])

        @rule(amount=st.integers(2, 5000), method=st.sampled_from(["NOW", "DELAYED", "MANUAL"]))
        def create(self, amount: int, method: str) -> None:
            """Make a payment, captured at once or later."""
            made = self.till.pay(amount=amount) if method == "NOW" else self.till.authorize(amount, method=method)
            account = Account(made, amount)
            if method == "NOW":
                account.take(made, amount, final=True)
            self.accounts.append(account)

        @precondition(lambda self: self.those(lambda one: one.left > 1))
        @rule(which=WHICH, share=SHARE, final=st.booleans())
        def capture_part(self, which: int, share: int, final: bool) -> None:  # noqa: FBT001  # Hypothesis calls rules by name
            """Capture a part; the rest stays authorized, or is given up."""
            account = self.one(which, lambda one: one.left > 1)
            amount = part(account.left, share)
            account.take(self.till.capture(account.payment, amount, final=final), amount, final=final)

        @precondition(lambda self: self.those(lambda one: one.left))
        @rule(which=WHICH)
        def capture_the_rest(self, which: int) -> None:
            """Capture all that is left, for the last time."""
            account = self.one(which, lambda one: bool(one.left))
            amount = account.left
            account.take(self.till.capture(account.payment, amount, final=True), amount, final=True)

        @precondition(lambda self: self.those(lambda one: one.open and not one.captured))
        @rule(which=WHICH, more=st.integers(1, 1000))
        def increase(self, which: int, more: int) -> None:
            """Authorize more."""
            account = self.one(which, lambda one: one.open and not one.captured)
            account.authorized += more
            self.till.increase(account.payment, account.authorized)

        @precondition(lambda self: self.those(lambda one: one.open and not one.captured))
        @rule(which=WHICH)
        def void(self, which: int) -> None:
            """Make a payment void before anything is captured."""
            account = self.one(which, lambda one: one.open and not one.captured)
            assert self.till.void(account.payment).stage == "VOIDED"
            account.open, account.void = False, True

        def give_back(self, which: int, least: int, share: int | None) -> None:
            """Refund a share of a capture, or all that is left of it."""
            pairs = [(account, name) for account in self.accounts for name in account.returnable(least)]
            account, name = pairs[which % len(pairs)]
            left = account.returnable()[name]
            amount = left if share is None else part(left, share)
            refund = self.till.give_back(charges.refund(name, amount))
            account.refunds[name] += amount
            assert (refund.amount, refund.refundable) == (amount, account.refundable)

        @precondition(lambda self: self.those(lambda one: bool(one.returnable(2))))
        @rule(which=WHICH, share=SHARE)
        def refund_part(self, which: int, share: int) -> None:
            """Give a part of a capture back."""
            self.give_back(which, 2, share)

        @precondition(lambda self: self.those(lambda one: bool(one.refundable)))
        @rule(which=WHICH)
        def refund_the_rest(self, which: int) -> None:
            """Give back all that is left of a capture."""
            self.give_back(which, 1, None)

        @precondition(lambda self: self.accounts)
        @rule(which=WHICH)
        def read(self, which: int) -> None:
            """Read a payment."""
            self.look(self.one(which, lambda _: True))

        @precondition(lambda self: self.accounts)
        @rule(which=WHICH, more=st.integers(1, 1000))
        def capture_too_much(self, which: int, more: int) -> None:
            """Capture more than is left, or from what is closed. It is refused."""
            account = self.one(which, lambda _: True)
            self.refused(account, "capturePayment", {"amount": account.left + more})

        @precondition(lambda self: self.accounts)
        @rule(which=WHICH, more=st.integers(1, 1000))
        def refund_too_much(self, which: int, more: int) -> None:
            """Give back more than was taken. It is refused."""
            account = self.one(which, lambda _: True)
            self.refused(account, "createRefund", charges.refund(account.payment.id, account.refundable + more))

        @precondition(lambda self: self.those(lambda one: one.captured or not one.open))
        @rule(which=WHICH)
        def void_too_late(self, which: int) -> None:
            """Make void what was captured, or is void already. It is refused."""
            self.refused(self.one(which, lambda one: bool(one.captured) or not one.open), "updatePayment", {"isVoid": True})

        def teardown(self) -> None:
            """Count the money once more."""
            for account in self.accounts:
                self.look(account)

    return Merchant


def test_money_of_a_merchant(new_tenant: NewTenant, till: Till, charges: Charges, explore: Explore, depth: str) -> None:
    """A merchant authorizes, captures, voids and refunds in any order, also too much and too late.

    Expect every step that the money allows to be accepted, every other one to be refused, and no cent to appear or vanish.
    """
    lives, steps = RUNS[depth]
    explore("money", machine(new_tenant, till, charges), examples=lives, steps=steps)
