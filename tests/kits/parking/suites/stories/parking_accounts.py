"""An honest operator: every clause is judged on at least one of these exchanges."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from payproof.replay import Play

CAR = {"plate": "PP2026", "currency": "EUR", "note": "the blue one"}
FIRST, SECOND, THIRD = "first-top-up", "first-payment", "second-payment"


def story(play: Play) -> None:
    """Open, fill, pay, repeat, block; then let another operator ask."""
    # An account with money in it
    account = play("open", "openAccount", body=CAR).body["id"]
    here = {"account-id": account}
    play("top-up", "topUp", path=here, body={"amount": 1000}, headers={"Idempotency-Key": FIRST})
    play("pay", "payParking", path=here, body={"amount": 250}, headers={"Idempotency-Key": SECOND})
    play("read", "getAccount", path=here)

    # The same again, and the same keys for something else
    play("top-up-again", "topUp", path=here, body={"amount": 1000}, headers={"Idempotency-Key": FIRST})
    play("pay-again", "payParking", path=here, body={"amount": 250}, headers={"Idempotency-Key": SECOND})
    play("top-up-other", "topUp", path=here, body={"amount": 2000}, headers={"Idempotency-Key": FIRST})
    play("pay-other", "payParking", path=here, body={"amount": 300}, headers={"Idempotency-Key": SECOND})
    play("pay-too-much", "payParking", path=here, body={"amount": 5000})

    # A day later the first key is new
    play.advance(86_400 + 300)
    play("top-up-later", "topUp", path=here, body={"amount": 1000}, headers={"Idempotency-Key": FIRST})

    # Nothing can be paid from a blocked account
    play("block", "blockAccount", path=here)
    play("pay-blocked", "payParking", path=here, body={"amount": 250}, headers={"Idempotency-Key": THIRD})

    # Whoever has no key, or another one's
    play("no-key", "getAccount", path=here, headers={"Authorization": None})
    other = play.other_tenant()
    other("other-open", "openAccount", body={**CAR, "note": account})
    other("foreign-read", "getAccount", path=here)
