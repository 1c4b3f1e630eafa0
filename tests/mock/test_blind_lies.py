"""Each fault of tokens and profiles that was written without a look at the clauses: its lie is told, and the honest mock does not."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from payproof.mock.blind_faults import FAULTS
from tests.mock.conftest import TOKEN, merchant_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.mock.conftest import Merchant

Json = dict[str, Any]
OTHER = {"accountNumber": "5112345112345114", "cardExpirationMonthYearNumber": "02/2031"}


def cards(body: Json) -> list[Json]:
    listed: list[Json] = body["paymentMethodType"]["cardList"]
    return listed


def default_of(body: Json) -> str | None:
    chosen: Json = body["paymentMethodType"].get("defaultMOP", {}).get("card", {})
    return chosen.get("paymentMethodId")


def token_expires_early(m: Merchant, card: Json) -> bool:
    m.control("POST", "/clock", {"advance": 3_500})
    return m.api("GET", "/NOBODY").status_code == 401


def secret_is_compared_in_part(m: Merchant, card: Json) -> bool:
    wrong = m.client_secret[:-1] + ("0" if m.client_secret[-1] != "0" else "1")
    form = {"grant_type": "client_credentials"}
    return m.client.post(TOKEN, auth=(m.client_id, wrong), data=form).status_code == 200


def new_token_ends_old(m: Merchant, card: Json) -> bool:
    assert m.api("GET", "/NOBODY").status_code == 404
    m.token()
    return m.api("GET", "/NOBODY").status_code == 401


def wrong_client_is_400(m: Merchant, card: Json) -> bool:
    form = {"grant_type": "client_credentials"}
    return m.client.post(TOKEN, auth=("nobody", "nothing"), data=form).status_code == 400


def add_takes_default(m: Merchant, card: Json) -> bool:
    profile = m.create(card)
    return default_of(m.add(profile, OTHER)) != default_of(profile)


def last_four_are_a_number(m: Merchant, card: Json) -> bool:
    return bool(cards(m.create(card))[0]["last4CardNumber"] == "919")


def december_becomes_january(m: Merchant, card: Json) -> bool:
    shown = cards(m.create({**card, "cardExpirationMonthYearNumber": "12/2029"}))[0]
    return bool(shown["cardExpirationMonthYearNumber"] == "01/2030")


def inactive_card_is_not_shown(m: Merchant, card: Json) -> bool:
    profile = m.create(card, {**OTHER, "accountStatus": "INACTIVE"})
    assert len(cards(profile)) == 2
    return len(cards(m.read(profile))) == 1


def update_drops_the_reference(m: Merchant, card: Json) -> bool:
    profile = m.create(card, cardOnFileReferenceNumber="123")
    m.api("PATCH", f"/{profile['consumerProfileId']}", {"firstName": "Jane"})
    return "cardOnFileReferenceNumber" not in m.read(profile)


def address_is_changed_in_place(m: Merchant, card: Json) -> bool:
    profile = m.create(card)
    after = m.method("PATCH", profile, 0, "", {"card": {"consumerProfileAddress": {"line1": "1 Way", "line2": ""}}}).json()
    return len(after["addresses"]) == 1


def delete_takes_the_address(m: Merchant, card: Json) -> bool:
    return bool(m.method("DELETE", m.create(card, OTHER), 0).json()["addresses"] == [])


def delete_loses_the_default(m: Merchant, card: Json) -> bool:
    return default_of(m.method("DELETE", m.create(card, OTHER), 1).json()) is None


def add_is_half_done(m: Merchant, card: Json) -> bool:
    profile = m.create(card)
    body = {"cardList": [OTHER, {**OTHER, "addressIdentifier": "nowhere"}]}
    assert m.api("POST", f"/{profile['consumerProfileId']}/payment-methods", body).status_code == 400
    return len(cards(m.read(profile))) == 2


def creation_moves(m: Merchant, card: Json) -> bool:
    profile = m.create(card)
    return bool(m.add(profile, OTHER)["createTimestamp"] != profile["createTimestamp"])


def names_are_capitalised(m: Merchant, card: Json) -> bool:
    return bool(cards(m.create({**card, "lastName": "McDonald"}))[0]["lastName"] == "Mcdonald")


def deleted_method_has_a_status(m: Merchant, card: Json) -> bool:
    profile = m.create(card, OTHER)
    m.method("DELETE", profile, 0)
    return m.method("GET", profile, 0, "/status").status_code == 200


def adds_are_lost(m: Merchant, card: Json) -> bool:
    profile = m.create(card)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: m.add(profile, OTHER), range(4)))
    return len(cards(m.read(profile))) < 5


def merchant_is_unchecked(m: Merchant, card: Json) -> bool:
    profile = m.create(card)
    merchant = merchant_of(m.client).merchant_id
    assert m.method("DELETE", profile, 0, "", None).status_code == 200
    assert m.api("PATCH", f"/{profile['consumerProfileId']}", {}, merchantIdentifier=merchant).status_code == 403
    return m.api("GET", f"/{profile['consumerProfileId']}", merchantIdentifier=merchant).status_code == 200


def default_of_unknown_is_500(m: Merchant, card: Json) -> bool:
    nobody = "00000000-0000-4000-8000-000000000000"
    path = f"/{m.create(card)['consumerProfileId']}/payment-methods/{nobody}"
    assert m.api("DELETE", path).status_code == 404
    return m.api("PATCH", f"{path}/default").status_code == 500


TOLD: dict[str, Callable[[Merchant, Json], bool]] = {
    "token-expires-early": token_expires_early,
    "secret-compared-in-part": secret_is_compared_in_part,
    "new-token-ends-old": new_token_ends_old,
    "wrong-client-as-400": wrong_client_is_400,
    "add-takes-default": add_takes_default,
    "last-four-as-number": last_four_are_a_number,
    "december-becomes-january": december_becomes_january,
    "inactive-card-not-shown": inactive_card_is_not_shown,
    "profile-update-drops-reference": update_drops_the_reference,
    "address-changed-in-place": address_is_changed_in_place,
    "delete-takes-address": delete_takes_the_address,
    "delete-loses-default": delete_loses_the_default,
    "add-half-done": add_is_half_done,
    "create-time-moves": creation_moves,
    "holder-name-capitalised": names_are_capitalised,
    "deleted-method-has-status": deleted_method_has_a_status,
    "adds-lost-in-race": adds_are_lost,
    "merchant-unchecked-on-reads": merchant_is_unchecked,
    "default-of-unknown-as-500": default_of_unknown_is_500,
}


def test_each_fault_has_a_test() -> None:
    """No fault is registered without a test of its lie."""
    assert TOLD.keys() == {fault.name for fault in FAULTS if fault.api in ("jpmorgan-oauth", "jpmorgan-profiles")}


@pytest.mark.parametrize("fault", sorted(TOLD))
def test_the_lie_is_told(liar: Callable[[str], Merchant], card: Json, fault: str) -> None:
    """The mock with a fault tells its lie."""
    assert TOLD[fault](liar(fault), card) is True


@pytest.mark.parametrize("fault", sorted(TOLD))
def test_the_honest_mock_does_not_tell_it(merchant: Merchant, card: Json, fault: str) -> None:
    """Without the fault the same scenario shows the truth."""
    assert TOLD[fault](merchant, card) is False
