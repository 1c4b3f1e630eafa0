"""The same request twice: money moves once for each idempotency key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from suites.fixtures.parking import Operator

    from payproof.worker import Apis

pytestmark = [pytest.mark.api("parking-accounts"), pytest.mark.parametrize("operation", ["topUp", "payParking"])]

KEY = "a-key-of-this-test"
BACK = {"topUp": 1100, "payParking": 900}
"""The balance after one movement of 100, when there were 1000."""


def filled(operator: Operator) -> str:
    """Give an account with 1000 in it."""
    account = operator.open()
    operator.top_up(account, 1000)
    return account


def test_repeated_request_is_answered_again(operator: Operator, operation: str) -> None:
    """A movement is sent three times with one key. Expect the same answer, and the money to move once."""
    account = filled(operator)
    key = f"{KEY}-{account.replace('_', '-')}"
    first = operator.ask(operation, account, key=key, amount=100)
    for _ in range(2):
        again = operator.ask(operation, account, key=key, amount=100)
        assert (again.status, again.body) == (first.status, first.body)
    assert operator.read(account)["balance"] == BACK[operation]


def test_key_belongs_to_one_request(operator: Operator, operation: str) -> None:
    """A key is used again with another amount, and for another account. Expect 409, and the money to move once."""
    account, other = filled(operator), filled(operator)
    key = f"{KEY}-{account.replace('_', '-')}"
    operator.ask(operation, account, key=key, amount=100)
    assert operator.ask(operation, account, key=key, amount=200).status == 409
    assert operator.ask(operation, other, key=key, amount=100).status == 409
    assert operator.read(account)["balance"] == BACK[operation]
    assert operator.read(other)["balance"] == 1000


@pytest.mark.needs("clock")
def test_key_is_forgotten_after_a_day(operator: Operator, apis: Apis, operation: str) -> None:
    """A key is used again a day and some minutes later. Expect the money to move again."""
    account = filled(operator)
    operator.ask(operation, account, key=KEY, amount=100)
    apis.advance(86_400 + 300)
    operator.ask(operation, account, key=KEY, amount=100)
    assert operator.read(account)["balance"] == 2 * BACK[operation] - 1000


@pytest.mark.needs("fault-control", "effects")
@pytest.mark.parametrize("kind", ["unavailable", "unavailable-after-commit"])
def test_lost_answer_is_asked_for_again(operator: Operator, apis: Apis, operation: str, kind: str) -> None:
    """The server says 503, before or after it has done the work; the request is repeated. Expect it to be done once."""
    account = filled(operator)
    before = apis.effects()
    apis.script({"kind": kind})
    assert operator.ask(operation, account, key=KEY, amount=100).status == 503
    assert operator.ask(operation, account, key=KEY, amount=100).status == 200
    after = apis.effects()
    assert sum(after.values()) == sum(before.values()) + 1
    assert operator.read(account)["balance"] == BACK[operation]
