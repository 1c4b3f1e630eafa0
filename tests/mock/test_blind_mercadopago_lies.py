"""Each fault of Mercado Pago that was written without a look at the clauses: its lie is told, and the honest mock does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from payproof.mock.blind_faults import FAULTS
from tests.mock.mercadopago_seller import MASTER, Json, Seller, body_of, codes, liar, place, seller

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["liar", "seller"]


def profiles_of(s: Seller, count: int) -> tuple[str, list[Json]]:
    """Create profiles of one customer with one card."""
    customer = s.customer()
    card = s.card(customer)
    return customer, [s.create(customer, card) for _ in range(count)]


def page_is_one_longer(s: Seller) -> bool:
    customer, _ = profiles_of(s, 3)
    return len(s.listed(customer, "?limit=1")["data"]) == 2


def page_has_thirty(s: Seller) -> bool:
    customer, _ = profiles_of(s, 31)
    return len(s.listed(customer)["data"]) == 30


def ten_days_are_refused(s: Seller) -> bool:
    customer = s.customer()
    assert s.refused(customer, s.by_token(), max_day_overdue=9).status_code == 201
    return s.refused(customer, s.by_token(), max_day_overdue=10).status_code != 201


def longest_key_is_refused(s: Seller) -> bool:
    path = f"{s.customer()}/payment-profiles"
    assert s.call("POST", path, body_of(s.by_token()), key="k" * 63).status_code == 201
    return s.call("POST", path, body_of(s.by_token()), key="k" * 64).status_code != 201


def case_of_keys_is_folded(s: Seller) -> bool:
    customer = s.customer()
    body = body_of(s.card(customer))
    ids = {s.done("POST", f"{customer}/payment-profiles", body, key=key)["id"] for key in ("one", "ONE")}
    return len(ids) == 1


def delete_is_not_repeated(s: Seller) -> bool:
    customer, (profile,) = profiles_of(s, 1)
    path = place(customer, profile, f"/payment-methods/{profile['payment_methods'][0]['payment_method_id']}")
    assert s.call("DELETE", path, key="one").status_code == 204
    return s.call("DELETE", path, key="one").status_code != 204


def sequence_is_manual(s: Seller) -> bool:
    return bool(s.create(s.customer())["sequence_control"] == "MANUAL")


def texts_are_trimmed(s: Seller) -> bool:
    return bool(s.create(s.customer(), description=" a ", statement_descriptor=" b ")["description"] == "a")


def added_takes_default(s: Seller) -> bool:
    customer, (profile,) = profiles_of(s, 1)
    added = s.done("POST", place(customer, profile, "/payment-methods"), {**s.by_token(), "default_method": False})
    return bool(added["payment_methods"][1]["default_method"])


def third_spends_its_token(s: Seller) -> bool:
    customer = s.customer()
    profile = s.create(customer, s.card(customer), s.card(customer, MASTER))
    third = s.by_token()
    assert s.call("POST", place(customer, profile, "/payment-methods"), third).status_code == 400
    return s.refused(customer, third).status_code != 201


def list_is_old(s: Seller) -> bool:
    customer, (profile,) = profiles_of(s, 1)
    before = s.listed(customer)
    s.done("POST", place(customer, profile, "/cancel"))
    return bool(s.listed(customer) == before)


def delete_leaves_the_date(s: Seller) -> bool:
    customer, (profile,) = profiles_of(s, 1)
    s.done("DELETE", place(customer, profile, f"/payment-methods/{profile['payment_methods'][0]['payment_method_id']}"))
    return bool(s.read(customer, profile)["last_updated_date"] == profile["last_updated_date"])


def creation_moves(s: Seller) -> bool:
    customer, (profile,) = profiles_of(s, 1)
    s.done("POST", place(customer, profile, "/cancel"))
    return bool(s.read(customer, profile)["created_date"] != profile["created_date"])


def description_makes_the_id(s: Seller) -> bool:
    customer = s.customer()
    card = s.card(customer)
    return len({s.create(customer, card, description="rent")["id"] for _ in range(2)}) == 1


def upper_case_html_is_stored(s: Seller) -> bool:
    customer = s.customer()
    assert s.refused(customer, s.by_token(), description="<b>").status_code == 400
    return s.refused(customer, s.by_token(), description="<B>").status_code == 201


def duplicate_is_added(s: Seller) -> bool:
    customer = s.customer()
    card = s.card(customer)
    profile = s.create(customer, card)
    return s.call("POST", place(customer, profile, "/payment-methods"), card).status_code == 201


def codes_of_401_are_swapped(s: Seller) -> bool:
    path = f"{s.customer()}/payment-profiles"
    missing, wrong = s.call("GET", path, drop="Authorization"), s.call("GET", path, Authorization="Bearer nobody")
    assert {*codes(missing), *codes(wrong)} == {"header_missing", "Unauthorized Access Token"}
    return codes(wrong) == ["header_missing"]


def offset_is_lost(s: Seller) -> bool:
    customer, (first, second) = profiles_of(s, 2)
    assert [each["id"] for each in s.listed(customer, "?offset=1")["data"]] == [second["id"]]
    return first["id"] in [each["id"] for each in s.listed(customer, "?status=READY&offset=1")["data"]]


def refused_method_leaves_its_card(s: Seller) -> bool:
    customer = s.customer()
    assert s.refused(customer, s.by_token("OTHE")).status_code == 402
    return len(s.done("GET", customer)["cards"]) == 1


TOLD: dict[str, Callable[[Seller], bool]] = {
    "mp-page-one-longer": page_is_one_longer,
    "mp-default-limit-thirty": page_has_thirty,
    "mp-ten-days-refused": ten_days_are_refused,
    "mp-key-of-64-refused": longest_key_is_refused,
    "mp-key-case-folded": case_of_keys_is_folded,
    "mp-delete-not-repeatable": delete_is_not_repeated,
    "mp-sequence-manual-by-default": sequence_is_manual,
    "mp-texts-trimmed": texts_are_trimmed,
    "mp-added-takes-default": added_takes_default,
    "mp-refused-third-spends-token": third_spends_its_token,
    "mp-list-cached": list_is_old,
    "mp-delete-leaves-date": delete_leaves_the_date,
    "mp-created-date-moves": creation_moves,
    "mp-id-of-description": description_makes_the_id,
    "mp-upper-case-html-stored": upper_case_html_is_stored,
    "mp-duplicate-added": duplicate_is_added,
    "mp-401-codes-swapped": codes_of_401_are_swapped,
    "mp-offset-lost-with-status": offset_is_lost,
    "mp-refused-method-leaves-card": refused_method_leaves_its_card,
}


def test_each_fault_has_a_test() -> None:
    """No fault is registered without a test of its lie."""
    assert TOLD.keys() == {fault.name for fault in FAULTS if fault.api == "mercadopago-profiles"}


@pytest.mark.parametrize("fault", sorted(TOLD))
def test_the_lie_is_told(liar: Callable[[str], Seller], fault: str) -> None:
    """The mock with a fault tells its lie."""
    assert TOLD[fault](liar(fault)) is True


@pytest.mark.parametrize("fault", sorted(TOLD))
def test_the_honest_mock_does_not_tell_it(seller: Seller, fault: str) -> None:
    """Without the fault the same scenario shows the truth."""
    assert TOLD[fault](seller) is False
