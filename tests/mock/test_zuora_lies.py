"""Each fault of Zuora: its lie is told whenever its condition is met, and the honest mock does not tell it."""

from __future__ import annotations

import gzip
import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from payproof.mock.zuora_faults import FAULTS
from tests.mock.zuora_caller import AGREED, DOCUMENTED, Caller, caller, caller_of, gatewayed, liar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["caller", "liar"]

TRACK = "order-" + "7" * 58
DATED = {**AGREED, "agreedOn": "2024-02-29"}


def key_is_ignored(z: Caller) -> bool:
    for _ in range(2):
        assert z.create(Idempotency_Key="one").status_code == 200
    return z.created() == 2


def key_fits_any_url(z: Caller) -> bool:
    assert z.create(Idempotency_Key="one").status_code == 200
    second = z.create(Idempotency_Key="one", method="second_payment_method")
    assert z.created() == 1
    assert second.status_code in (200, 422)
    return second.status_code == 200 and second.json()["paymentMethodId"] == z.names["payment_method"]


def equal_requests_race(z: Caller) -> bool:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: z.create(Idempotency_Key="one").status_code, range(8)))
    assert 200 in answers
    assert set(answers) <= {200, 409}
    return z.created() > 1


def failure_is_forgotten(z: Caller) -> bool:
    assert z.create(gatewayed(z, "failing_gateway"), Idempotency_Key="one").status_code == 400
    return z.create(Idempotency_Key="one").status_code == 200


def key_is_forgotten_early(z: Caller) -> bool:
    z.create(Idempotency_Key="one")
    z.advance(3_601)
    z.sign_in().create(Idempotency_Key="one")
    return z.created() == 2


def long_key_is_accepted(z: Caller) -> bool:
    assert z.create(Idempotency_Key="k" * 255).status_code == 200
    return z.create(Idempotency_Key="k" * 256).status_code == 200


def failed_transaction_creates(z: Caller) -> bool:
    assert z.create(gatewayed(z, "failing_gateway")).status_code == 400
    return z.statuses() == ["Active"]


def plain_gateway_activates(z: Caller) -> bool:
    z.create(gatewayed(z, "plain_gateway"))
    return z.statuses() == ["Active"]


def persisting_only_agrees(z: Caller) -> bool:
    z.create({**DOCUMENTED, "action": "Persist"})
    return z.statuses() == ["Agreed"]


def security_code_is_listed(z: Caller) -> bool:
    z.create({**DOCUMENTED, "cardSecurityCode": "737"})
    return "737" in [each.get("cardSecurityCode") for each in z.profiles()]


def large_is_not_compressed(z: Caller) -> bool:
    for _ in range(5):
        z.create()
    response = z.call("GET", Accept_Encoding="gzip")
    assert len(response.content) > 1000
    return "content-encoding" not in response.headers


def small_is_compressed(z: Caller) -> bool:
    response = z.create(Accept_Encoding="gzip")
    assert response.json()["success"] is True
    return "content-encoding" in response.headers


def plain_body_is_accepted(z: Caller) -> bool:
    content = json.dumps(DOCUMENTED).encode()
    assert z.create(gzip.compress(content), Content_Encoding="gzip").status_code == 200
    return z.create(content, Content_Encoding="gzip").status_code == 200


def track_id_is_lost(z: Caller) -> bool:
    return "zuora-track-id" not in z.create(Zuora_Track_Id=TRACK).headers


def track_id_is_cut(z: Caller) -> bool:
    return z.create(Zuora_Track_Id=TRACK).headers["zuora-track-id"] == TRACK[:32]


def foreign_org_is_accepted(z: Caller) -> bool:
    orgs = f"{z.names['org']},{caller_of(z.client).names['org']}"
    return z.create(Zuora_Org_Ids=orgs).status_code == 200


def entity_is_not_demanded(z: Caller) -> bool:
    return z.sign_in("multi_").create().status_code == 200


def closed_are_listed(z: Caller) -> bool:
    z.create()
    z.call("POST", "/1/cancel")
    return z.statuses(include_all=False) == ["Cancelled"]


def closed_are_cancelled(z: Caller) -> bool:
    z.create()
    z.call("POST", "/1/expire")
    accepted = z.call("POST", "/1/cancel").status_code == 200
    assert z.statuses() == (["Cancelled"] if accepted else ["Expired"])
    return accepted


def closed_expire(z: Caller) -> bool:
    z.create()
    z.call("POST", "/1/cancel")
    accepted = z.call("POST", "/1/expire").status_code == 200
    assert z.statuses() == (["Expired"] if accepted else ["Cancelled"])
    return accepted


def cancel_takes_all(z: Caller) -> bool:
    z.create()
    z.create(AGREED)
    z.call("POST", "/1/cancel")
    return z.statuses() == ["Cancelled", "Cancelled"]


def number_is_reused(z: Caller) -> bool:
    for _ in range(3):
        z.create()
    z.call("POST", "/2/cancel")
    return z.create().json()["number"] == 2


def agreed_on_is_lost(z: Caller) -> bool:
    z.create(DATED)
    agreed_on = z.profiles()[0]["agreedOn"]
    assert agreed_on in (None, "2024-02-29 00:00:00")
    return agreed_on is None


def not_found_is_200(z: Caller) -> bool:
    response = z.call("POST", "/1/cancel")
    assert response.json()["success"] is False
    return response.status_code == 200


def other_tenants_are_visible(z: Caller) -> bool:
    owner = caller_of(z.client)
    owner.create()
    seen = z.call("GET", method=owner.names["payment_method"])
    changed = z.call("POST", "/1/cancel", method=owner.names["payment_method"])
    assert seen.status_code == changed.status_code
    return owner.statuses() == ["Cancelled"]


def expired_token_is_accepted(z: Caller) -> bool:
    z.advance(3_600)
    return z.call("GET").status_code == 200


TOLD: dict[str, Callable[[Caller], bool]] = {
    "zuora-key-ignored": key_is_ignored,
    "zuora-key-any-url": key_fits_any_url,
    "zuora-key-race": equal_requests_race,
    "zuora-failed-key-forgotten": failure_is_forgotten,
    "zuora-key-expires-early": key_is_forgotten_early,
    "zuora-long-key-accepted": long_key_is_accepted,
    "zuora-failed-transaction-creates": failed_transaction_creates,
    "zuora-plain-gateway-activates": plain_gateway_activates,
    "zuora-persist-only-agrees": persisting_only_agrees,
    "zuora-security-code-listed": security_code_is_listed,
    "zuora-gzip-never": large_is_not_compressed,
    "zuora-gzip-always": small_is_compressed,
    "zuora-plain-body-accepted": plain_body_is_accepted,
    "zuora-track-id-lost": track_id_is_lost,
    "zuora-track-id-cut": track_id_is_cut,
    "zuora-foreign-org-accepted": foreign_org_is_accepted,
    "zuora-entity-not-demanded": entity_is_not_demanded,
    "zuora-list-shows-closed": closed_are_listed,
    "zuora-closed-cancelled-again": closed_are_cancelled,
    "zuora-closed-expired-again": closed_expire,
    "zuora-cancel-takes-all": cancel_takes_all,
    "zuora-number-reused": number_is_reused,
    "zuora-agreed-on-lost": agreed_on_is_lost,
    "zuora-not-found-as-200": not_found_is_200,
    "zuora-other-tenant-visible": other_tenants_are_visible,
    "zuora-expired-token-accepted": expired_token_is_accepted,
}


def test_each_fault_has_a_test() -> None:
    """No fault is registered without a test of its lie."""
    assert TOLD.keys() == {fault.name for fault in FAULTS}
    assert {fault.api for fault in FAULTS} == {"zuora-credentials"}


@pytest.mark.parametrize("fault", sorted(TOLD))
def test_the_lie_is_told(liar: Callable[[str], Caller], fault: str) -> None:
    """The mock with a fault tells its lie."""
    assert TOLD[fault](liar(fault)) is True


@pytest.mark.parametrize("fault", sorted(TOLD))
def test_the_honest_mock_does_not_tell_it(caller: Caller, fault: str) -> None:
    """Without the fault the same scenario shows the truth."""
    assert TOLD[fault](caller) is False
