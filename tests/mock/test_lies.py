"""Each fault of the token endpoint and the profiles: its lie is always told, and the honest mock does not tell it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from payproof.mock import jpmorgan_faults
from tests.mock.conftest import merchant_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.mock.conftest import Merchant

FAULTS = {fault.name for fault in jpmorgan_faults.FAULTS}
Card = dict[str, Any]
OTHER = {"accountNumber": "5112345112345114", "cardExpirationMonthYearNumber": "02/2031"}


def cards(body: dict[str, Any]) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = body["paymentMethodType"]["cardList"]
    return listed


def deletes_only_hide(merchant: Merchant, card: Card) -> bool:
    profile = merchant.create(card, OTHER)
    deleted = merchant.method("DELETE", profile, 0).json()
    assert cards(deleted) == cards(profile)[1:]
    assert "defaultMOP" not in deleted["paymentMethodType"]
    return cards(merchant.read(profile)) == cards(profile)


def default_is_stale(merchant: Merchant, card: Card) -> bool:
    profile = merchant.create(card)
    after = merchant.method("PATCH", profile, 0, "", {"card": {"firstName": "Jane"}}).json()
    assert cards(after)[0]["firstName"] == "Jane"
    chosen = merchant.method("PATCH", profile, 0, "/default").json()
    assert chosen["paymentMethodType"]["defaultMOP"]["card"] == cards(chosen)[0]
    return bool(after["paymentMethodType"]["defaultMOP"]["card"] == cards(profile)[0])


def update_touches_neighbours(merchant: Merchant, card: Card) -> bool:
    profile = merchant.create(card, OTHER, {"accountNumber": "6011016011016011"})
    after = merchant.method("PATCH", profile, 1, "", {"card": {"firstName": "Jane"}}).json()
    assert cards(after)[1] == {**cards(profile)[1], "firstName": "Jane"}
    touched = [cards(after)[index] != cards(profile)[index] for index in (0, 2)]
    assert touched[0] == touched[1]
    return touched[0]


def method_id_comes_back(merchant: Merchant, card: Card) -> bool:
    profile = merchant.create(card, OTHER)
    merchant.method("DELETE", profile, 0)
    added = cards(merchant.add(profile, card))[-1]
    assert cards(merchant.add(profile, card))[-1]["paymentMethodId"] != added["paymentMethodId"]
    return bool(added["paymentMethodId"] == cards(profile)[0]["paymentMethodId"])


def last_four_are_the_first(merchant: Merchant, card: Card) -> bool:
    created = cards(merchant.create(card))[0]["last4CardNumber"]
    assert created in ("4234", "0919")
    return bool(created == "4234")


def full_number_is_shown(merchant: Merchant, card: Card) -> bool:
    profile = merchant.create(card)
    shown = [cards(profile)[0], profile["paymentMethodType"]["defaultMOP"]["card"], cards(merchant.read(profile))[0]]
    numbers = {each.get("accountNumber") for each in shown}
    assert len(numbers) == 1
    return numbers == {card["accountNumber"]}


def time_goes_backwards(merchant: Merchant, card: Card) -> bool:
    profile = merchant.create(card)
    of_method = merchant.method("PATCH", profile, 0, "", {"card": {"firstName": "Jane"}}).json()
    of_profile = merchant.api("PATCH", f"/{profile['consumerProfileId']}", {"firstName": "Jane"}).json()
    times = [each["updateTimestamp"] for each in (profile, of_method, of_profile)]
    assert times in (sorted(times), sorted(times, reverse=True))
    assert merchant.add(profile, card)["updateTimestamp"] > times[-1]
    return times == sorted(times, reverse=True)


def other_tenants_are_visible(merchant: Merchant, card: Card) -> bool:
    other = merchant_of(merchant.client)
    profile = other.create(card)
    found = merchant.api("GET", f"/{profile['consumerProfileId']}")
    assert found.status_code in (200, 404)
    return found.status_code == 200 and found.json() == profile


def expired_token_opens(merchant: Merchant, card: Card) -> bool:
    profile = merchant.create(card)
    merchant.control("POST", "/clock", {"advance": 3601})
    codes = {merchant.api("GET", f"/{profile['consumerProfileId']}").status_code}
    codes.add(merchant.method("PATCH", profile, 0, "/default").status_code)
    assert codes in ({200}, {401})
    return codes == {200}


def token_is_the_same(merchant: Merchant, card: Card) -> bool:
    tokens = {merchant.token() for _ in range(3)}
    assert len(tokens) in (1, 3)
    assert merchant.api("GET", "/NOBODY").status_code == 404
    return len(tokens) == 1


TOLD: dict[str, Callable[[Merchant, Card], bool]] = {
    "delete-only-hides": deletes_only_hide,
    "stale-default-copy": default_is_stale,
    "update-touches-neighbour": update_touches_neighbours,
    "reuses-method-id": method_id_comes_back,
    "first-four-as-last-four": last_four_are_the_first,
    "full-number-in-card": full_number_is_shown,
    "time-goes-backwards": time_goes_backwards,
    "other-tenant-visible": other_tenants_are_visible,
    "expired-token-accepted": expired_token_opens,
    "same-token-again": token_is_the_same,
}


def test_each_fault_has_a_test() -> None:
    """No fault is registered without a test of its lie."""
    assert TOLD.keys() == FAULTS


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_the_lie_is_told(liar: Callable[[str], Merchant], card: Card, fault: str) -> None:
    """The mock with a fault tells its lie, and says which one it is."""
    merchant = liar(fault)
    assert merchant.client.get("/__mock__/").json()["faults"] == [fault]
    assert TOLD[fault](merchant, card) is True


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_the_honest_mock_does_not_tell_it(merchant: Merchant, card: Card, fault: str) -> None:
    """Without the fault the same scenario shows the truth."""
    assert TOLD[fault](merchant, card) is False
