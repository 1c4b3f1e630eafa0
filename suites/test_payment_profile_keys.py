"""Idempotency keys of payment profiles: how often something really happened, whatever the answers say.

What can go wrong: a customer is charged through two profiles because an answer was lost, a key of one customer brings the
profile of another, or a request that was refused once can never be made good. That the key prevents a second execution is
documented; where the documents stop (another body, refused requests, the 24 hours) only the reference server is held to it.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from payproof.client import ACCEPT

if TYPE_CHECKING:
    from payproof.client import Answer
    from payproof.exchange import Request
    from suites.fixtures.mercadopago import Sales, Seller

pytestmark = pytest.mark.api("mercadopago-profiles")

KEY = "9467b696-d9d5-497c-aa47-019de6f19763"
"""The documented idempotency key."""

DAY = 24 * 3600
"""Seconds."""

EFFECTS = {
    "createPaymentProfile": "payment profiles created",
    "addProfileMethod": "payment profile methods added",
    "deleteProfileMethod": "payment profile methods deleted",
    "cancelPaymentProfile": "payment profiles cancelled",
}
"""The operations that take a key, and what the reference server counts when they happen."""

OPERATIONS = [pytest.param(name, marks=pytest.mark.operation(name)) for name in EFFECTS]
WITH_BODY = [pytest.param(name, marks=pytest.mark.operation(name)) for name in ("createPaymentProfile", "addProfileMethod")]


@dataclass(frozen=True, slots=True)
class Deed:
    """A request that changes something once, and could do it again if it was taken for a new one."""

    seller: Seller
    operation: str
    customer: str
    profile: str
    method: str
    body: dict[str, Any] | None

    def send(self, key: str = KEY, *, body: Any = None, accepted: bool = False, by: Seller | None = None) -> Answer:
        """Send it under a key; `accepted` claims that it must be accepted."""
        return (by or self.seller).ask(self.operation, self.customer, profile=self.profile, method=self.method,
                                       body=body or self.body, key=key, intent=ACCEPT if accepted else None)  # fmt: skip

    def request(self, key: str = KEY) -> Request:
        """Build it without sending it."""
        path = {"customer_id": self.customer, "payment_profile_id": self.profile, "payment_method_id": self.method}
        return self.seller.api.request(self.operation, path=path, headers={"X-Idempotency-Key": key}, body=self.body)

    def seen(self) -> tuple[Any, ...]:
        """Read the customer's profiles, and count what has happened."""
        return {name: one.state for name, one in self.seller.profiles(self.customer).items()}, self.seller.effects()

    def times(self) -> int:
        """Count how often it took effect: as the profiles show it, and as the target counts it if it does."""
        profiles = self.seller.profiles(self.customer)
        shown = {
            "createPaymentProfile": lambda: len(profiles),
            "addProfileMethod": lambda: len(profiles[self.profile].methods) - 1,
            "deleteProfileMethod": lambda: 2 - len(profiles[self.profile].methods),
            "cancelPaymentProfile": lambda: int(profiles[self.profile].status == "CANCELLED"),
        }[self.operation]()
        if "effects" in self.seller.apis.session.target.has:
            made = 0 if self.operation == "createPaymentProfile" else len(profiles)
            assert self.seller.effects().get("payment profiles created", 0) == made or self.operation == "createPaymentProfile"
            assert self.seller.effects().get(EFFECTS[self.operation], 0) == shown
        return shown


def _deed(seller: Seller, sales: Sales, operation: str, customer: str | None = None) -> Deed:
    """Prepare a request for a customer, by a card that could be used again and again."""
    customer = customer or seller.register()
    card = seller.save_card(customer)
    if operation == "createPaymentProfile":
        return Deed(seller, operation, customer, "", "", sales.profile(sales.by_card(card)))
    methods = [sales.by_card(card)]
    if operation == "deleteProfileMethod":
        methods.append(sales.by_token(seller.token()))
    profile = seller.create(customer, *methods)
    body = sales.by_card(seller.save_card(customer)) if operation == "addProfileMethod" else None
    return Deed(seller, operation, customer, profile.id, next(iter(profile.methods)), body)


def _equal(answers: list[Answer]) -> bool:
    return all((answer.status, answer.body) == (answers[0].status, answers[0].body) for answer in answers)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_same_request_again(seller: Seller, sales: Sales, operation: str) -> None:
    """A request is sent three times under one key, and then once more under a new one.

    Expect it to happen once, with the same answer each time, and the last one to be a request of its own.
    """
    # It happens
    deed = _deed(seller, sales, operation)
    first = deed.send(accepted=True)
    assert first.status in {201, 204}
    assert deed.times() == 1
    seen = deed.seen()

    # Its repetitions do nothing, and are answered as the first one was
    again = [deed.send(accepted=True) for _ in range(2)]
    assert _equal([first, *again])
    assert deed.seen() == seen

    # Under a new key it is another request: one more profile, or nothing left to do
    other = deed.send("another-key")
    if operation == "createPaymentProfile":
        assert other.status == 201
        assert deed.times() == 2
    else:
        assert deed.seen() == seen


@pytest.mark.parametrize("operation", WITH_BODY)
def test_another_body(seller: Seller, sales: Sales, operation: str) -> None:
    """A key that was used comes back with another body.

    Expect that what was made first stays as it is and nothing comes to it, and on the reference server a refusal that names the key.
    """
    # It happens once
    deed = _deed(seller, sales, operation)
    assert deed.body is not None
    assert deed.send(accepted=True).status == 201
    seen = deed.seen()

    # Two other bodies: one member has another value, one is not there
    changed, left_out = {**deed.body}, {**deed.body}
    if operation == "createPaymentProfile":
        changed["max_day_overdue"] = 6
        del left_out["statement_descriptor"]
    else:
        changed["type"] = "debit_card"
        del left_out["default_method"]
    for body in (changed, left_out):
        answer = deed.send(body=body)
        if seller.apis.session.target.mock:
            assert answer.status == 400
            assert "X-Idempotency-Key" in answer.text
            assert deed.seen() == seen
        assert deed.seen()[0].items() >= seen[0].items()

    # The first body is still answered as it was
    assert deed.send(accepted=True).status == 201


@pytest.mark.parametrize("operation", OPERATIONS)
def test_eight_at_once(seller: Seller, sales: Sales, operation: str) -> None:
    """Eight equal requests under one key arrive at the same time.

    Expect one of them to happen, whatever the other ones are told; on the reference server they are all told the same.
    """
    # Nothing has happened
    deed = _deed(seller, sales, operation)
    assert deed.times() == 0

    # All at once
    answers = seller.api.together([deed.request() for _ in range(8)])
    done = [answer for answer in answers if answer.status < 300]
    assert done
    assert _equal(done)
    if seller.apis.session.target.mock:
        assert len(done) == 8

    # It has happened once
    assert deed.times() == 1
    assert deed.send(accepted=True).body == done[0].body
    assert deed.times() == 1


@pytest.mark.operation("createPaymentProfile")
def test_different_keys_at_once(seller: Seller, sales: Sales) -> None:
    """Eight creations under eight keys arrive at the same time. Expect eight profiles, since nobody asked for fewer."""
    # Nothing is there
    deed = _deed(seller, sales, "createPaymentProfile")
    assert deed.times() == 0

    # All at once
    answers = seller.api.together([deed.request(f"key-{number}") for number in range(8)])
    assert {answer.status for answer in answers} == {201}
    assert len({answer.body["id"] for answer in answers}) == 8

    # All are there
    assert deed.times() == 8


@pytest.mark.operation("createPaymentProfile")
def test_refused_creation_is_corrected(seller: Seller, sales: Sales) -> None:
    """A creation is refused, and the seller corrects it and sends it under the same key.

    Expect nothing from the first one, and on the reference server a profile from the second.
    """
    # Refused for its body, then for its card
    deed = _deed(seller, sales, "createPaymentProfile")
    assert deed.body is not None
    refused = {**deed.body, "max_day_overdue": 11}
    assert deed.send(body=refused).status == 400
    assert deed.send(body=refused).status == 400
    declined = sales.profile(sales.by_token(seller.token(holder="OTHE")))
    answer = deed.send("key-of-declined", body=declined)
    assert answer.status == 402 or not seller.apis.session.target.mock
    assert deed.times() == 0 or not seller.apis.session.target.mock

    # Corrected, they are good
    if seller.apis.session.target.mock:
        assert deed.send().status == 201
        assert deed.send("key-of-declined").status == 201
        assert deed.times() == 2


@pytest.mark.operation("addProfileMethod")
def test_refused_addition_is_good_later(seller: Seller, sales: Sales) -> None:
    """An addition is refused because the profile is full, and repeated under its key when there is room.

    Expect nothing from the first one, and on the reference server a method from the second.
    """
    # There is no room
    deed = _deed(seller, sales, "addProfileMethod")
    (room,) = seller.profiles(deed.customer)[deed.profile].methods
    seller.add(seller.profiles(deed.customer)[deed.profile], sales.by_token(seller.token(), id="elo"))
    seen = deed.seen()
    assert deed.send().status == 400
    assert deed.seen() == seen

    # There is
    seller.remove(seller.profiles(deed.customer)[deed.profile], room)
    answer = deed.send()
    if seller.apis.session.target.mock:
        assert answer.status == 201
        assert len(seller.profiles(deed.customer)[deed.profile].methods) == 2
        assert deed.send().body == answer.body


@pytest.mark.needs("fault-control")
@pytest.mark.parametrize("operation", OPERATIONS)
def test_failed_request_again(seller: Seller, sales: Sales, operation: str) -> None:
    """The server fails before it does anything, and the seller repeats the request under its key.

    Expect it to happen then, once.
    """
    # It fails
    deed = _deed(seller, sales, operation)
    seller.apis.script({"kind": "status", "status": 500}, {"kind": "status", "status": 429})
    assert [deed.send().status for _ in range(2)] == [500, 429]
    assert deed.times() == 0

    # It is repeated until it is done, and once more
    first = deed.send(accepted=True)
    assert _equal([first, deed.send(accepted=True)])
    assert deed.times() == 1


@pytest.mark.needs("fault-control")
@pytest.mark.parametrize("kind", ["drop-after-commit", "fail-after-commit"])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_lost_answer_again(seller: Seller, sales: Sales, operation: str, kind: str) -> None:
    """A request happens, and its answer is lost or an error; the seller cannot know, and repeats it under its key.

    Expect it to have happened once, and the repetition to be answered as the first one should have been.
    """
    # It happens, and nobody is told
    deed = _deed(seller, sales, operation)
    seller.apis.script({"kind": kind})
    assert deed.send().status in {0, 500}

    # The repetition tells
    answer = deed.send(accepted=True)
    assert answer.status in {201, 204}
    assert deed.times() == 1

    # What it tells is what is there
    if operation == "createPaymentProfile":
        assert seller.profiles(deed.customer).keys() == {answer.body["id"]}
    assert _equal([answer, deed.send(accepted=True)])
    assert deed.times() == 1


@pytest.mark.parametrize("operation", OPERATIONS)
def test_key_on_another_resource(seller: Seller, sales: Sales, operation: str) -> None:
    """A seller uses one key for two customers, or for two profiles, by mistake or by its own counting.

    Expect that none is given what belongs to the other, and on the reference server that both requests happen.
    """
    # It happens for one
    deed = _deed(seller, sales, operation)
    first = deed.send(accepted=True)
    seen = seller.profiles(deed.customer)

    # And for the other
    other = _deed(seller, sales, operation, seller.register("other@example.com"))
    before = seller.profiles(other.customer)
    second = other.send()
    if seller.apis.session.target.mock:
        assert second.status == first.status
        assert seller.profiles(other.customer) != before
    if operation == "createPaymentProfile" and second.status == 201:
        assert second.body["id"] != first.body["id"]

    # Nothing has happened to the first
    assert seller.profiles(deed.customer) == seen


@pytest.mark.operation("createPaymentProfile")
def test_key_and_body_of_another_customer(seller: Seller, sales: Sales) -> None:
    """A seller in Chile sends the very same creation, under the same key, for two customers: fintoc names no card.

    Expect each customer to have a profile of its own, which the key brings again.
    """
    if not seller.apis.session.target.mock:
        pytest.skip("needs an access token of a seller in Chile, which only the reference server gives")

    # One creation for each
    chilean = seller.using("mercadopago_token_chile")
    customers = [chilean.register("one@example.com"), chilean.register("other@example.com")]
    body = sales.profile({"id": "fintoc"})
    made = [chilean.ask("createPaymentProfile", customer, body=body, key=KEY, intent=ACCEPT).body["id"] for customer in customers]
    assert len(set(made)) == 2

    # Each has its own
    assert [list(chilean.profiles(customer)) for customer in customers] == [[profile] for profile in made]

    # The key brings it again
    again = [chilean.ask("createPaymentProfile", customer, body=body, key=KEY, intent=ACCEPT).body["id"] for customer in customers]
    assert again == made


@pytest.mark.operation("createPaymentProfile")
def test_key_of_another_operation(seller: Seller, sales: Sales) -> None:
    """One key goes through a whole life: creation, addition, deletion, cancellation.

    Expect that it never brings the answer of another operation, and on the reference server that all of it happens.
    """
    # Each operation under the same key
    customer = seller.register()
    deed = _deed(seller, sales, "createPaymentProfile", customer)
    created = deed.send(accepted=True)
    assert created.status == 201
    profile = created.body["id"]
    method = created.body["payment_methods"][0]["payment_method_id"]
    card = sales.by_token(seller.token())
    added = seller.ask("addProfileMethod", customer, profile=profile, body=card, key=KEY)
    deleted = seller.ask("deleteProfileMethod", customer, profile=profile, method=method, key=KEY)
    cancelled = seller.ask("cancelPaymentProfile", customer, profile=profile, key=KEY)

    # All of it has happened
    if seller.apis.session.target.mock:
        assert [answer.status for answer in (added, deleted, cancelled)] == [201, 204, 204]
        (left,) = seller.profiles(customer).values()
        assert (left.status, len(left.methods), method in left.methods) == ("CANCELLED", 1, False)


@pytest.mark.needs("second-tenant")
@pytest.mark.parametrize("operation", OPERATIONS)
def test_key_of_another_tenant(seller: Seller, other_seller: Seller, sales: Sales, operation: str) -> None:
    """Two sellers use the same key for the same operation, one after the other and at the same time.

    Expect each to get its own, and what it asked for to have happened once.
    """
    # One after the other
    ours, theirs = _deed(seller, sales, operation), _deed(other_seller, sales, operation)
    first = ours.send(accepted=True)
    second = theirs.send(accepted=True)
    assert first.status == second.status
    assert (ours.times(), theirs.times()) == (1, 1)
    if operation == "createPaymentProfile":
        assert first.body["id"] != second.body["id"]

    # At the same time, under another key that both use: only creations are left to be done
    if operation == "createPaymentProfile":
        with ThreadPoolExecutor(2) as pool:
            requests = [(deed.seller.api, [deed.request("shared-key")] * 4) for deed in (ours, theirs)]
            mine, others = list(pool.map(lambda one: one[0].session.together(one[0].tenant, one[1]), requests))
        assert {answer.body["id"] for answer in mine}.isdisjoint(answer.body["id"] for answer in others)
        assert (ours.times(), theirs.times()) == (2, 2)

    # The key still brings each its own answer
    assert ours.send(accepted=True).body == first.body
    assert theirs.send(accepted=True).body == second.body


@pytest.mark.needs("clock")
@pytest.mark.parametrize("operation", OPERATIONS)
def test_key_after_its_day(seller: Seller, sales: Sales, operation: str) -> None:
    """A request is repeated under its key a little before and a little after 24 hours.

    Expect it to be answered as before within the day. Afterwards the reference server takes it for a new request.
    """
    # It happens
    deed = _deed(seller, sales, operation)
    first = deed.send(accepted=True)
    seen = deed.seen()

    # Within the day
    seller.apis.advance(DAY - 60)
    assert _equal([first, deed.send(accepted=True)])
    assert deed.seen() == seen

    # After it: a second profile, or nothing left to do
    seller.apis.advance(120)
    answer = deed.send()
    if seller.apis.session.target.mock:
        statuses = {"createPaymentProfile": 201, "addProfileMethod": 400, "deleteProfileMethod": 404, "cancelPaymentProfile": 400}
        assert answer.status == statuses[operation]
        assert (deed.seen() == seen) == (operation != "createPaymentProfile")


@pytest.mark.needs("clock")
@pytest.mark.operation("createPaymentProfile")
def test_key_after_days(seller: Seller, sales: Sales) -> None:
    """A seller whose own counting begins anew sends a creation under a key that it used days ago.

    Expect that the profile of then stays as it is, and on the reference server a new one.
    """
    # A profile, days ago
    deed = _deed(seller, sales, "createPaymentProfile")
    first = deed.send(accepted=True)
    then = seller.profiles(deed.customer)
    seller.apis.advance(3 * DAY)

    # The key is free
    answer = deed.send()
    if seller.apis.session.target.mock:
        assert answer.status == 201
        assert answer.body["id"] != first.body["id"]
        assert deed.times() == 2

    # And counts again for a day
    assert deed.send().body == answer.body
    assert seller.profiles(deed.customer).items() >= then.items()


@pytest.mark.operation("createPaymentProfile")
def test_keys_of_every_length(seller: Seller, sales: Sales) -> None:
    """Keys of one character, of 64, and of every kind of visible character are used.

    Expect each to be accepted and to count, and two that differ in their case only to be two.
    """
    # Each makes a profile of its own
    deed = _deed(seller, sales, "createPaymentProfile")
    keys = ("k", "K", "k" * 64, "K" * 64, "!#$%&'*+-.^_`|~0aZ", KEY, KEY.upper())
    answers = {key: deed.send(key, accepted=True) for key in keys}
    assert {answer.status for answer in answers.values()} == {201}
    assert len({answer.body["id"] for answer in answers.values()}) == len(keys)

    # And each is known again
    assert {key: deed.send(key, accepted=True).body["id"] for key in keys} == {key: answer.body["id"] for key, answer in answers.items()}
    assert deed.times() == len(keys)
