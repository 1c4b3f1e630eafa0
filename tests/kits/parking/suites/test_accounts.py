"""What operators do: accounts are opened, filled, emptied and blocked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from payproof import documented

if TYPE_CHECKING:
    from suites.fixtures.parking import Operator

    from payproof.plot import Ground
    from payproof.worker import Worker

pytestmark = pytest.mark.api("parking-accounts")


def test_life_of_an_account(operator: Operator) -> None:
    """An account is filled, paid from and blocked. Expect the balance to follow, in both currencies."""
    for currency in ("EUR", "GBP"):
        # Open and fill
        account = operator.open(currency=currency)
        assert operator.top_up(account, 1000)["balance"] == 1000
        assert operator.top_up(account, 1)["balance"] == 1001

        # Pay until there is nothing left
        assert operator.pay(account, 1000)["balance"] == 1
        assert operator.pay(account, 1)["balance"] == 0
        assert operator.ask("payParking", account, amount=1).status == 422

        # Block it with money in it: money can be put in, not taken out
        operator.top_up(account, 500)
        assert operator.block(account)["balance"] == 500
        assert operator.ask("payParking", account, amount=1).status == 409
        assert operator.read(account)["balance"] == 500


def test_blocked_account_is_shown_as_such(operator: Operator) -> None:
    """A blocked account is blocked again, filled and read. Expect every answer to say that it is blocked."""
    account = operator.open()
    operator.block(account)
    assert operator.block(account)["status"] == "BLOCKED"
    assert operator.top_up(account, 100)["status"] == "BLOCKED"
    assert operator.read(account)["status"] == "BLOCKED"


def test_refused_payment_takes_nothing(operator: Operator) -> None:
    """More is asked for than is there. Expect 422, and the balance as it was."""
    account = operator.open()
    operator.top_up(account, 99)
    assert operator.ask("payParking", account, amount=100).status == 422
    assert operator.read(account)["balance"] == 99


@pytest.mark.parametrize("operation", ["openAccount", "getAccount", "topUp", "payParking", "blockAccount"])
def test_nobody_gets_in_without_a_key(operation: str, ground: Ground) -> None:
    """A request that is accepted is sent again without its key. Expect 401."""
    base = ground(operation)
    assert base.send().status in {200, 201}
    assert base.but(headers={"Authorization": None}).send(intent=None).status == 401


@pytest.mark.parametrize("operation", ["getAccount", "topUp", "payParking", "blockAccount"])
def test_account_that_never_was(operation: str, ground: Ground) -> None:
    """An id that belongs to nobody. Expect 404."""
    assert ground(operation).but(path={"account-id": "acc_ffffffffffffffff"}).send(intent=None).status == 404


@pytest.mark.needs("second-tenant")
def test_operators_do_not_see_each_other(operator: Operator, other_operator: Operator) -> None:
    """One operator asks for the account of another. Expect 404 from every operation, and the account as it was."""
    account = operator.open()
    operator.top_up(account, 1000)
    assert other_operator.ask("getAccount", account).status == 404
    assert other_operator.ask("topUp", account, amount=1).status == 404
    assert other_operator.ask("payParking", account, amount=1).status == 404
    assert other_operator.ask("blockAccount", account).status == 404
    assert operator.read(account)["balance"] == 1000


def test_documented_payloads_are_accepted(ground: Ground, payproof_worker: Worker) -> None:
    """Each payload of the guide is sent as it stands there. Expect it to be accepted."""
    payloads = list(documented.requests(payproof_worker.kit.contracts["parking-accounts"]))
    assert {one.operation for one in payloads} == {"openAccount", "topUp", "payParking"}
    for one in payloads:
        assert ground(one.operation).but(body=one.value).send().status in {200, 201}
