"""A merchant who does one thing after another in no order, also with what is long deleted.

A model keeps what must be there: which profile lists which methods, and what was deleted. Everything else that must
hold after each step is judged on the exchanges.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from payproof.client import ACCEPT, BrokenClause

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from payproof.client import Answer
    from payproof.exchange import Intent
    from payproof.explore import Explore
    from payproof.plugin import NewTenant
    from suites.fixtures.jpmorgan import Payloads

pytestmark = pytest.mark.api("jpmorgan-profiles")

RUNS = {"smoke": (1, 12), "standard": (16, 30), "deep": (150, 60)}
"""How many lives, and at most how many steps in each, by depth."""

NUMBERS = (
    "4112344112344113", "4012000033330026", "5112345112345114", "2221000000000009", "6011016011016011", "3566003566003566",
)  # fmt: skip
"""Card numbers that the vendor publishes for tests."""
LISTS = ("cardList", "achList", "sepaList", "bacsList")
NOWHERE = "0f0e0d0c-0b0a-4908-8706-050403020100"
"""A well-formed id of a method that no profile has."""
OF_PROFILES = ("getConsumerProfile", "updateConsumerProfile", "deleteConsumerProfile", "addPaymentMethod")
OF_METHODS = ("updatePaymentMethod", "deletePaymentMethod", "setDefaultPaymentMethod", "getPaymentMethodStatus")

WHICH = st.integers(0, 5)
"""Counts from the oldest thing that there is: ids differ from run to run, their order does not."""
NAMES = st.sampled_from(["Ada", "Barbara", "Edsger", "Grace", "Tony"])


def methods(payloads: Payloads) -> SearchStrategy[tuple[str, dict[str, Any]]]:
    """Draw a new payment method, and the name of the list that it belongs to."""
    return st.one_of(
        st.builds(lambda number, name: ("cardList", payloads.card(accountNumber=number, cardType=None, firstName=name)),
                  st.sampled_from(NUMBERS), NAMES),
        st.builds(lambda name: ("achList", payloads.ach(firstName=name)), NAMES),
        st.just(("sepaList", payloads.sepa())),
        st.just(("bacsList", payloads.bacs())),
    )  # fmt: skip


def listed(answer: Answer) -> list[str]:
    """Give the ids of the methods that an answer lists."""
    shown = answer.body["paymentMethodType"]
    return [method["paymentMethodId"] for name in LISTS for method in shown.get(name, [])]


def machine(new_tenant: NewTenant, payloads: Payloads) -> type[RuleBasedStateMachine]:
    """Build the machine for a target. Each life of it is a tenant of its own."""

    class Merchant(RuleBasedStateMachine):
        """What must be there: `alive` has the methods of each profile, oldest first; the rest was deleted."""

        def __init__(self) -> None:
            super().__init__()
            self.api = new_tenant()["jpmorgan-profiles"]
            self.alive: dict[str, list[str]] = {}
            self.deleted: list[str] = []
            self.removed: list[tuple[str, str]] = []

        def pairs(self) -> list[tuple[str, str]]:
            """Give each method that is there, with its profile."""
            return [(profile, method) for profile, known in self.alive.items() for method in known]

        def call(self, operation: str, profile: str = "", method: str = "", body: Any = None, intent: Intent | None = ACCEPT) -> Answer:
            """Make a call; raise at once for a broken clause."""
            path = {"consumer-profile-id": profile, "payment-method-Id": method}
            answer = self.api.call(operation, path=path, body=body, intent=intent)
            if answer.judgement.findings:
                raise BrokenClause.of(answer.judgement.findings[0])
            return answer

        def missing(self, operation: str, *statuses: int) -> set[int]:
            """Give the statuses for what is gone: 404, elsewhere also these, and success for what is deleted twice."""
            if self.api.session.target.reference:
                return {404}
            return {404, *statuses, *({200} if operation.startswith("delete") else ())}

        def learn(self, profile: str, answer: Answer) -> None:
            """Take over what an answer lists beyond what was there before."""
            known = self.alive.setdefault(profile, [])
            known += [method for method in listed(answer) if method not in known]

        @rule(method=methods(payloads), name=NAMES)
        def create(self, method: tuple[str, dict[str, Any]], name: str) -> None:
            """Create a profile with one method."""
            body = payloads.profile(firstName=name, profilePaymentMethod={method[0]: [method[1]]})
            answer = self.call("createConsumerProfile", body=body)
            self.learn(answer.body["consumerProfileId"], answer)

        @precondition(lambda self: self.alive)
        @rule(which=WHICH, method=methods(payloads))
        def add(self, which: int, method: tuple[str, dict[str, Any]]) -> None:
            """Add a method to a profile."""
            profile = list(self.alive)[which % len(self.alive)]
            before = len(self.alive[profile])
            self.learn(profile, self.call("addPaymentMethod", profile, body={method[0]: [method[1]]}))
            assert len(self.alive[profile]) == before + 1

        @precondition(lambda self: self.alive)
        @rule(which=WHICH, name=NAMES)
        def rename(self, which: int, name: str) -> None:
            """Give a profile another name."""
            profile = list(self.alive)[which % len(self.alive)]
            self.call("updateConsumerProfile", profile, body={"firstName": name})

        @precondition(lambda self: self.alive)
        @rule(which=WHICH)
        def read(self, which: int) -> None:
            """Read a profile: it lists what the model knows."""
            profile = list(self.alive)[which % len(self.alive)]
            assert sorted(listed(self.call("getConsumerProfile", profile))) == sorted(self.alive[profile])

        @precondition(lambda self: self.pairs())
        @rule(which=WHICH, status=st.sampled_from(["ACTIVE", "INACTIVE"]))
        def suspend_or_resume(self, which: int, status: str) -> None:
            """Change the status of a method, whatever its kind."""
            profile, method = self.pairs()[which % len(self.pairs())]
            self.call("updatePaymentMethod", profile, method, {"accountStatus": status})

        @precondition(lambda self: self.pairs())
        @rule(which=WHICH)
        def set_default(self, which: int) -> None:
            """Make a method the default."""
            self.call("setDefaultPaymentMethod", *self.pairs()[which % len(self.pairs())])

        @precondition(lambda self: self.pairs())
        @rule(which=WHICH)
        def ask_for_status(self, which: int) -> None:
            """Ask for the 3-D Secure status of a method."""
            self.call("getPaymentMethodStatus", *self.pairs()[which % len(self.pairs())])

        @precondition(lambda self: self.pairs())
        @rule(which=WHICH)
        def remove(self, which: int) -> None:
            """Delete a method."""
            profile, method = self.pairs()[which % len(self.pairs())]
            # No document says whether a profile may be left without any method.
            certain = len(self.alive[profile]) > 1 or self.api.session.target.reference
            answer = self.call("deletePaymentMethod", profile, method, intent=ACCEPT if certain else None)
            if certain or answer.status == 200:
                self.alive[profile].remove(method)
                self.removed.append((profile, method))

        @precondition(lambda self: self.alive)
        @rule(which=WHICH)
        def delete(self, which: int) -> None:
            """Delete a profile with everything in it."""
            profile = list(self.alive)[which % len(self.alive)]
            self.call("deleteConsumerProfile", profile)
            self.removed += [(profile, method) for method in self.alive.pop(profile)]
            self.deleted.append(profile)

        @precondition(lambda self: self.deleted)
        @rule(which=WHICH, operation=st.sampled_from(OF_PROFILES))
        def use_deleted_profile(self, which: int, operation: str) -> None:
            """Use a profile that was deleted. It is not found."""
            bodies = {"updateConsumerProfile": payloads.rename(), "addPaymentMethod": payloads.addition()}
            profile = self.deleted[which % len(self.deleted)]
            assert self.call(operation, profile, body=bodies.get(operation), intent=None).status in self.missing(operation)

        @precondition(lambda self: self.removed or self.alive)
        @rule(which=WHICH, operation=st.sampled_from(OF_METHODS))
        def use_deleted_method(self, which: int, operation: str) -> None:
            """Use a method that was deleted, or that never was. It is not found."""
            gone = self.removed + [(profile, NOWHERE) for profile in self.alive]
            body = payloads.change() if operation == "updatePaymentMethod" else None
            assert self.call(operation, *gone[which % len(gone)], body, intent=None).status in self.missing(operation, 400)

        @precondition(lambda self: self.alive)
        @rule(which=WHICH)
        def add_faulty_card(self, which: int) -> None:
            """Add a card with half a number. It is refused."""
            profile = list(self.alive)[which % len(self.alive)]
            body = payloads.addition(cardList=[payloads.card(accountNumber="41123441")])
            assert self.call("addPaymentMethod", profile, body=body, intent=None).status == 400

        def teardown(self) -> None:
            """Read what is left once more."""
            for profile in self.alive:
                self.call("getConsumerProfile", profile)

    return Merchant


def test_merchant(new_tenant: NewTenant, payloads: Payloads, explore: Explore, depth: str) -> None:
    """A merchant creates, changes and deletes profiles and methods in any order, and uses what is gone.

    Expect every step on what is there to be accepted, every other one to be refused, and nothing to change by itself.
    """
    lives, steps = RUNS[depth]
    explore("merchant", machine(new_tenant, payloads), examples=lives, steps=steps)
