"""Idempotency keys of payment profile requests that were refused or failed, or whose answer was lost.

What can go wrong: what was done is done again because nobody was told, or a request that was refused once can never be made
good. What a key means after a refusal is not documented, and only the reference server is held to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from suites.fixtures.mercadopago import Sales, Seller
    from suites.fixtures.mercadopago_deeds import Deed

pytestmark = pytest.mark.api("mercadopago-profiles")

KEYED = ("createPaymentProfile", "addProfileMethod", "deleteProfileMethod", "cancelPaymentProfile")
OPERATIONS = [pytest.param(name, marks=pytest.mark.operation(name)) for name in KEYED]


@pytest.mark.operation("createPaymentProfile")
def test_refused_creation_is_corrected(seller: Seller, sales: Sales, deeds: type[Deed]) -> None:
    """A creation is refused, and the seller corrects it and sends it under the same key.

    Expect nothing from the first one, and on the reference server a profile from the second.
    """
    # Refused for its body, then for its card
    deed = deeds.of(seller, "createPaymentProfile")
    assert deed.body is not None
    refused = {**deed.body, "max_day_overdue": 11}
    assert deed.send(body=refused).status == 400
    assert deed.send(body=refused).status == 400
    declined = sales.profile(sales.by_token(seller.token(holder="OTHE")))
    answer = deed.send("key-of-declined", body=declined)
    assert answer.status == 402 or not seller.apis.session.target.reference
    assert deed.times() == 0 or not seller.apis.session.target.reference

    # Corrected, they are good
    answers = [deed.send(), deed.send("key-of-declined")]
    if seller.apis.session.target.reference:
        assert [answer.status for answer in answers] == [201, 201]
        assert deed.times() == 2


@pytest.mark.operation("addProfileMethod")
def test_refused_addition_is_good_later(seller: Seller, sales: Sales, deeds: type[Deed]) -> None:
    """An addition is refused because the profile is full, and repeated under its key when there is room.

    Expect nothing from the first one, and on the reference server a method from the second.
    """
    # There is no room
    deed = deeds.of(seller, "addProfileMethod")
    (room,) = seller.profiles(deed.customer)[deed.profile].methods
    seller.add(seller.profiles(deed.customer)[deed.profile], sales.by_token(seller.token(), id="elo"))
    seen = deed.seen()
    assert deed.send().status == 400
    assert deed.seen() == seen

    # There is
    seller.remove(seller.profiles(deed.customer)[deed.profile], room)
    answer = deed.send()
    if seller.apis.session.target.reference:
        assert answer.status == 201
        assert len(seller.profiles(deed.customer)[deed.profile].methods) == 2
        assert deed.send().body == answer.body


@pytest.mark.needs("fault-control")
@pytest.mark.parametrize("operation", OPERATIONS)
def test_failed_request_again(seller: Seller, deeds: type[Deed], operation: str) -> None:
    """The server fails before it does anything, and the seller repeats the request under its key.

    Expect it to happen then, once.
    """
    # It fails
    deed = deeds.of(seller, operation)
    seller.apis.script({"kind": "status", "status": 500}, {"kind": "status", "status": 429})
    assert [deed.send().status for _ in range(2)] == [500, 429]
    assert deed.times() == 0

    # It is repeated until it is done, and once more
    first = deed.send(accepted=True)
    assert deed.alike([first, deed.send(accepted=True)])
    assert deed.times() == 1


@pytest.mark.needs("fault-control")
@pytest.mark.parametrize("kind", ["drop-after-commit", "fail-after-commit"])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_lost_answer_again(seller: Seller, deeds: type[Deed], operation: str, kind: str) -> None:
    """A request happens, and its answer is lost or an error; the seller cannot know, and repeats it under its key.

    Expect it to have happened once, and the repetition to be answered as the first one should have been.
    """
    # It happens, and nobody is told
    deed = deeds.of(seller, operation)
    seller.apis.script({"kind": kind})
    assert deed.send().status in {0, 500}

    # The repetition tells
    answer = deed.send(accepted=True)
    assert answer.status in {201, 204}
    assert deed.times() == 1

    # What it tells is what is there
    if operation == "createPaymentProfile":
        assert seller.profiles(deed.customer).keys() == {answer.body["id"]}
    assert deed.alike([answer, deed.send(accepted=True)])
    assert deed.times() == 1
