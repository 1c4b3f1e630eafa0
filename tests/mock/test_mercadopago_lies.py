"""Each fault of Mercado Pago: its lie is told whenever its condition is met, and the honest mock does not tell it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from payproof.mock.mercadopago_faults import FAULTS
from tests.mock.mercadopago_seller import MASTER, Seller, body_of, card_of, codes, liar, place, seller, seller_of

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["liar", "seller"]

DAY = 86_400


def key_is_ignored(s: Seller) -> bool:
    customer = s.customer()
    body = body_of(s.card(customer))
    answers = [s.done("POST", f"{customer}/payment-profiles", body, key="one") for _ in range(2)]
    assert s.created() in (1, 2)
    assert (answers[0] == answers[1]) is (s.created() == 1)
    return s.created() == 2


def key_is_optional(s: Seller) -> bool:
    customer = s.customer()
    path = f"{customer}/payment-profiles"
    missing = s.call("POST", path, body_of(s.card(customer)), drop="X-Idempotency-Key")
    assert missing.status_code in (201, 401)
    assert s.created() == (missing.status_code == 201)
    return missing.status_code == 201


def equal_requests_race(s: Seller) -> bool:
    customer = s.customer()
    body = body_of(s.card(customer))
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: s.done("POST", f"{customer}/payment-profiles", body, key="one")["id"], range(8)))
    # The one that comes when all are done is answered again also by the liar
    s.done("POST", f"{customer}/payment-profiles", body, key="one")
    assert len(set(answers)) == s.created()
    return s.created() > 1


def key_counts_elsewhere(s: Seller) -> bool:
    customer = s.customer()
    first, second = s.create(customer), s.create(customer)
    for profile in (first, second):
        assert s.call("POST", place(customer, profile, "/cancel"), key="one").status_code == 204
    assert s.read(customer, first)["status"] == "CANCELLED"
    return bool(s.read(customer, second)["status"] == "READY")


def key_of_another_tenant(s: Seller) -> bool:
    other = seller_of(s.client)
    theirs, ours = other.customer(), s.customer()
    first = other.done("POST", f"{theirs}/payment-profiles", body_of(other.card(theirs)), key="one")
    mine = s.done("POST", f"{ours}/payment-profiles", body_of(s.card(ours)), key="one")
    assert s.created() == (mine != first)
    return bool(mine == first)


def key_of_refused_is_used(s: Seller) -> bool:
    customer = s.customer()
    path = f"{customer}/payment-profiles"
    assert s.call("POST", path, body_of(), key="one").status_code == 400
    again = s.call("POST", path, body_of(s.card(customer)), key="one")
    assert again.status_code in (201, 400)
    return again.status_code == 400


def body_is_not_compared(s: Seller) -> bool:
    customer = s.customer()
    path, method = f"{customer}/payment-profiles", s.card(customer)
    first = s.done("POST", path, body_of(method), key="one")
    other = s.call("POST", path, body_of(method, description="another"), key="one")
    assert s.created() == 1
    return other.status_code == 201 and other.json() == first


def key_is_never_forgotten(s: Seller) -> bool:
    customer = s.customer()
    path, body = f"{customer}/payment-profiles", body_of(s.card(customer))
    s.done("POST", path, body, key="one")
    s.control("clock", {"advance": DAY - 60})
    s.done("POST", path, body, key="one")
    assert s.created() == 1
    s.control("clock", {"advance": 60})
    s.done("POST", path, body, key="one")
    return s.created() == 1


def token_is_echoed(s: Seller) -> bool:
    customer, method = s.customer(), s.by_token()
    profile = s.create(customer, method)
    shown = [profile, s.read(customer, profile), s.listed(customer)["data"][0]]
    told = {method["token"] in str(each) for each in shown}
    assert len(told) == 1
    return told == {True}


def two_are_default(s: Seller) -> bool:
    customer = s.customer()
    profile = s.create(customer)
    after = s.done("POST", place(customer, profile, "/payment-methods"), {**s.card(customer), "default_method": True})
    defaults = [each["default_method"] for each in after["payment_methods"]]
    assert after == s.read(customer, profile)
    assert defaults[1] is True
    return defaults[0] is True


def cancelled_comes_back(s: Seller) -> bool:
    customer = s.customer()
    profile = s.create(customer)
    s.done("POST", place(customer, profile, "/cancel"))
    s.call("POST", place(customer, profile, "/payment-methods"), s.card(customer))
    after = s.read(customer, profile)
    assert (after["status"], len(after["payment_methods"])) in (("CANCELLED", 1), ("READY", 2))
    return bool(after["status"] == "READY")


def cancel_does_nothing(s: Seller) -> bool:
    customer = s.customer()
    profile = s.create(customer)
    assert s.call("POST", place(customer, profile, "/cancel")).status_code == 204
    return bool(s.read(customer, profile)["status"] == "READY")


def deleted_is_listed(s: Seller) -> bool:
    customer = s.customer()
    profile = s.create(customer, s.card(customer), s.card(customer, MASTER))
    gone = profile["payment_methods"][0]["payment_method_id"]
    s.done("DELETE", place(customer, profile, f"/payment-methods/{gone}"))
    assert len(s.read(customer, profile)["payment_methods"]) == 1
    item = s.listed(customer)["data"][0]
    return gone in [each["payment_method_id"] for each in item["payment_methods"]]


def third_is_accepted(s: Seller) -> bool:
    customer = s.customer()
    profile = s.create(customer, s.card(customer), s.card(customer, MASTER))
    third = s.call("POST", place(customer, profile, "/payment-methods"), s.card(customer))
    assert third.status_code in (201, 400)
    return len(s.read(customer, profile)["payment_methods"]) == 3


def two_tokens_are_accepted(s: Seller) -> bool:
    customer = s.customer()
    both = s.refused(customer, s.by_token(), s.by_token())
    later = s.call("POST", place(customer, s.create(customer), "/payment-methods"), s.by_token())
    assert both.status_code == later.status_code
    return both.status_code == 201


def nothing_is_accepted(s: Seller) -> bool:
    return s.refused(s.customer(), {"id": "visa", "type": "credit_card"}).status_code == 201


def eleven_days_are_accepted(s: Seller) -> bool:
    customer = s.customer()
    assert s.refused(customer, s.card(customer), max_day_overdue=12).status_code == 400
    return s.refused(customer, s.card(customer), max_day_overdue=11).status_code == 201


def no_days_are_accepted(s: Seller) -> bool:
    customer = s.customer()
    assert s.refused(customer, s.card(customer), max_day_overdue=-1).status_code == 400
    return s.refused(customer, s.card(customer), max_day_overdue=0).status_code == 201


def html_is_stored(s: Seller) -> bool:
    customer = s.customer()
    for name in ("description", "statement_descriptor"):
        answer = s.refused(customer, s.card(customer), **{name: "<b>bold</b>"})
        if answer.status_code == 400:
            return False
        assert answer.json()[name] == "<b>bold</b>"
    return True


def duplicate_has_another_code(s: Seller) -> bool:
    customer = s.customer()
    method = s.card(customer)
    added = s.call("POST", place(customer, s.create(customer, method), "/payment-methods"), method)
    created = s.refused(customer, method, method)
    assert codes(added) == codes(created)
    return codes(created) == ["validation_error"]


def not_found_is_400(s: Seller) -> bool:
    customer = s.customer()
    found = [s.call("GET", f"{customer}/payment-profiles/{'0' * 32}"), s.call("GET", "/customers/nobody/payment-profiles")]
    assert {each.status_code for each in found} in ({400}, {404})
    assert [codes(each) for each in found] == [["resource_not_found"]] * 2
    return found[0].status_code == 400


def details_are_missing(s: Seller) -> bool:
    errors = s.refused(s.customer(), max_day_overdue=0).json()["errors"]
    assert len({"details" in each for each in errors}) == 1
    return "details" not in errors[0]


def refused_profile_is_there(s: Seller) -> bool:
    customer = s.customer()
    assert s.refused(customer, s.by_token("OTHE")).status_code == 402
    return bool(s.listed(customer)["paging"]["total"] == 1)


def sequence_is_always_auto(s: Seller) -> bool:
    customer = s.customer()
    profile = s.create(customer, sequence_control="MANUAL")
    assert s.read(customer, profile) == profile
    return bool(profile["sequence_control"] == "AUTO")


def list_loses_a_row(s: Seller) -> bool:
    customer = s.customer()
    ids = [s.create(customer)["id"] for _ in range(4)]
    assert [each["id"] for each in s.listed(customer, "?limit=2")["data"]] == ids[:2]
    second = [each["id"] for each in s.listed(customer, "?limit=2&offset=2")["data"]]
    return second == ids[3:]


def total_is_of_the_page(s: Seller) -> bool:
    customer = s.customer()
    for _ in range(3):
        s.create(customer)
    assert s.listed(customer)["paging"] == {"total": 3, "limit": 50, "offset": 0}
    return bool(s.listed(customer, "?limit=2")["paging"]["total"] == 2)


def status_filter_is_ignored(s: Seller) -> bool:
    customer = s.customer()
    s.create(customer)
    s.done("POST", place(customer, s.create(customer), "/cancel"))
    return len(s.listed(customer, "?status=CANCELLED")["data"]) == 2


def other_customer_is_served(s: Seller) -> bool:
    first, second = s.customer(), s.customer()
    profile = s.create(first)
    answer = s.call("GET", place(second, profile))
    assert answer.status_code in (200, 400)
    return answer.status_code == 200 and answer.json() == profile


def other_tenants_are_visible(s: Seller) -> bool:
    other = seller_of(s.client)
    customer = other.customer()
    profile = other.create(customer)
    answers = [s.call("GET", customer), s.call("GET", place(customer, profile))]
    assert {each.status_code for each in answers} in ({200}, {404})
    return answers[1].status_code == 200 and answers[1].json() == profile


def number_is_quoted(s: Seller) -> bool:
    refused = s.call("POST", "/card_tokens", card_of("4235-6477-2802-5682"))
    assert refused.status_code == 400
    return "4235-6477-2802-5682" in refused.text


def time_goes_back(s: Seller) -> bool:
    customer = s.customer()
    profile = s.create(customer)
    after = s.done("POST", place(customer, profile, "/payment-methods"), s.card(customer))
    assert after["created_date"] == profile["created_date"]
    return bool(after["last_updated_date"] < profile["last_updated_date"])


def created_is_200(s: Seller) -> bool:
    customer = s.customer()
    created = s.call("POST", f"{customer}/payment-profiles", body_of(s.card(customer)))
    added = s.call("POST", place(customer, created.json(), "/payment-methods"), s.card(customer, MASTER))
    assert created.status_code == added.status_code
    return created.status_code == 200


TOLD: dict[str, Callable[[Seller], bool]] = {
    "mp-key-ignored": key_is_ignored,
    "mp-key-optional": key_is_optional,
    "mp-key-race": equal_requests_race,
    "mp-key-across-resources": key_counts_elsewhere,
    "mp-key-across-tenants": key_of_another_tenant,
    "mp-key-kept-for-failed": key_of_refused_is_used,
    "mp-key-body-not-compared": body_is_not_compared,
    "mp-key-never-forgotten": key_is_never_forgotten,
    "mp-token-echoed": token_is_echoed,
    "mp-default-not-unique": two_are_default,
    "mp-cancelled-revived": cancelled_comes_back,
    "mp-cancel-without-effect": cancel_does_nothing,
    "mp-deleted-method-listed": deleted_is_listed,
    "mp-third-method-accepted": third_is_accepted,
    "mp-two-tokens-accepted": two_tokens_are_accepted,
    "mp-neither-token-nor-card": nothing_is_accepted,
    "mp-eleven-days-accepted": eleven_days_are_accepted,
    "mp-zero-days-accepted": no_days_are_accepted,
    "mp-html-stored": html_is_stored,
    "mp-duplicate-as-validation-error": duplicate_has_another_code,
    "mp-not-found-as-400": not_found_is_400,
    "mp-details-missing": details_are_missing,
    "mp-refused-verification-leaves-profile": refused_profile_is_there,
    "mp-sequence-always-auto": sequence_is_always_auto,
    "mp-list-loses-row": list_loses_a_row,
    "mp-total-of-page": total_is_of_the_page,
    "mp-status-filter-ignored": status_filter_is_ignored,
    "mp-other-customer-served": other_customer_is_served,
    "mp-other-tenant-visible": other_tenants_are_visible,
    "mp-number-in-error": number_is_quoted,
    "mp-time-goes-back": time_goes_back,
    "mp-created-as-200": created_is_200,
}


def test_each_fault_has_a_test() -> None:
    """No fault is registered without a test of its lie."""
    assert TOLD.keys() == {fault.name for fault in FAULTS}
    assert {fault.api for fault in FAULTS} == {"mercadopago-profiles"}


@pytest.mark.parametrize("fault", sorted(TOLD))
def test_the_lie_is_told(liar: Callable[[str], Seller], fault: str) -> None:
    """The mock with a fault tells its lie."""
    assert TOLD[fault](liar(fault)) is True


@pytest.mark.parametrize("fault", sorted(TOLD))
def test_the_honest_mock_does_not_tell_it(seller: Seller, fault: str) -> None:
    """Without the fault the same scenario shows the truth."""
    assert TOLD[fault](seller) is False
