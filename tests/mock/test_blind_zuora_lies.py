"""Each fault of Zuora that was written without a look at the clauses: its lie is told, and the honest mock does not tell it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from payproof.mock.blind_faults import FAULTS
from tests.mock.zuora_caller import AGREED, Caller, caller, gatewayed, liar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["caller", "liar"]


def a_little_is_not_compressed(z: Caller) -> bool:
    empty = len(z.call("GET").content)
    z.create({**AGREED, "consentAgreementRef": ""})
    entry = len(z.call("GET").content) - empty + len(",")
    room = 1024 - len(z.call("GET").content) - 2 * entry
    for length in (room // 2, room - room // 2):
        z.create({**AGREED, "consentAgreementRef": "x" * length})
    assert len(z.call("GET").content) == 1024
    return "Content-Encoding" not in z.call("GET", Accept_Encoding="gzip").headers


def weight_of_nothing_is_ignored(z: Caller) -> bool:
    for _ in range(5):
        z.create(AGREED)
    assert len(z.call("GET").content) > 1000
    return "Content-Encoding" in z.call("GET", Accept_Encoding="gzip;q=0").headers


def longest_track_id_is_refused(z: Caller) -> bool:
    assert z.call("GET", Zuora_Track_Id="t" * 63).status_code == 200
    return z.call("GET", Zuora_Track_Id="t" * 64).status_code != 200


def track_id_is_not_on_errors(z: Caller) -> bool:
    assert z.call("GET", Zuora_Track_Id="track").headers["Zuora-Track-Id"] == "track"
    return "Zuora-Track-Id" not in z.create({}, Zuora_Track_Id="track").headers


def reference_is_cut(z: Caller) -> bool:
    z.create({**AGREED, "consentAgreementRef": "r" * 127})
    z.create({**AGREED, "consentAgreementRef": "r" * 127 + "s"})
    first, second = (each["consentAgreementRef"] for each in z.profiles())
    return bool(first == second)


def agreed_on_is_the_day_before(z: Caller) -> bool:
    z.create({**AGREED, "agreedOn": "2024-03-01"})
    return bool(z.profiles()[0]["agreedOn"].startswith("2024-02-29"))


def numbers_race(z: Caller) -> bool:
    with ThreadPoolExecutor(4) as pool:
        numbers = list(pool.map(lambda _: z.create().json()["number"], range(4)))
    return len(set(numbers)) < len(numbers)


def case_of_keys_is_folded(z: Caller) -> bool:
    z.create(Idempotency_Key="one")
    z.create(Idempotency_Key="ONE")
    return z.created() == 1


def longest_key_is_refused(z: Caller) -> bool:
    assert z.create(Idempotency_Key="k" * 254).status_code == 200
    return z.create(Idempotency_Key="k" * 255).status_code != 200


def failure_comes_back_as_200(z: Caller) -> bool:
    first, second = (z.create(gatewayed(z, "failing_gateway"), Idempotency_Key="one") for _ in range(2))
    assert first.json()["reasons"] == second.json()["reasons"]
    return first.status_code != second.status_code


def false_is_true(z: Caller) -> bool:
    number = z.create().json()["number"]
    z.call("POST", f"/{number}/cancel")
    assert z.profiles(include_all=False) == []
    return z.call("GET", "?includeAll=false").json()["profiles"] != []


def persists_by_default(z: Caller) -> bool:
    z.create(gatewayed(z, "failing_gateway"))
    return z.statuses() == ["Active"]


def agreed_asks_the_cardholder(z: Caller) -> bool:
    made = z.create({**AGREED, "authGateway": z.names["failing_gateway"]})
    return made.status_code != 200


def expiry_is_dated_as_cancel(z: Caller) -> bool:
    z.call("POST", f"/{z.create().json()['number']}/expire")
    listed = z.profiles()[0]
    assert listed["status"] == "Expired"
    return bool(listed["expiredOn"] is None and listed["cancelledOn"])


def other_entity_is_listed(z: Caller) -> bool:
    z.create()
    z.sign_in("multi_")
    assert z.create(Zuora_Entity_Ids=z.names["other_entity"]).status_code == 404
    return z.call("GET", Zuora_Entity_Ids=z.names["other_entity"]).status_code == 200


def only_first_org_is_checked(z: Caller) -> bool:
    assert z.call("GET", Zuora_Org_Ids="nobodys").status_code == 403
    return z.call("GET", Zuora_Org_Ids=f"{z.names['org']},nobodys").status_code == 200


def security_code_is_quoted(z: Caller) -> bool:
    refused = z.create({**gatewayed(z, "failing_gateway"), "cardSecurityCode": "739"})
    assert refused.status_code == 400
    return "739" in "".join(each["message"] for each in refused.json()["reasons"])


TOLD: dict[str, Callable[[Caller], bool]] = {
    "zuora-gzip-above-1024": a_little_is_not_compressed,
    "zuora-gzip-despite-q0": weight_of_nothing_is_ignored,
    "zuora-track-id-of-64-refused": longest_track_id_is_refused,
    "zuora-track-id-not-on-errors": track_id_is_not_on_errors,
    "zuora-reference-cut": reference_is_cut,
    "zuora-agreed-on-day-early": agreed_on_is_the_day_before,
    "zuora-number-race": numbers_race,
    "zuora-key-case-folded": case_of_keys_is_folded,
    "zuora-key-of-255-refused": longest_key_is_refused,
    "zuora-failure-replayed-as-200": failure_comes_back_as_200,
    "zuora-include-all-false-is-true": false_is_true,
    "zuora-persist-by-default": persists_by_default,
    "zuora-agreed-asks-cardholder": agreed_asks_the_cardholder,
    "zuora-expiry-dated-as-cancel": expiry_is_dated_as_cancel,
    "zuora-other-entity-listed": other_entity_is_listed,
    "zuora-first-org-only": only_first_org_is_checked,
    "zuora-security-code-in-error": security_code_is_quoted,
}


def test_each_fault_has_a_test() -> None:
    """No fault is registered without a test of its lie."""
    assert TOLD.keys() == {fault.name for fault in FAULTS if fault.api == "zuora-credentials"}


@pytest.mark.parametrize("fault", sorted(TOLD))
def test_the_lie_is_told(liar: Callable[[str], Caller], fault: str) -> None:
    """The mock with a fault tells its lie."""
    assert TOLD[fault](liar(fault)) is True


@pytest.mark.parametrize("fault", sorted(TOLD))
def test_the_honest_mock_does_not_tell_it(caller: Caller, fault: str) -> None:
    """Without the fault the same scenario shows the truth."""
    assert TOLD[fault](caller) is False
