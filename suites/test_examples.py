"""Every payload that the documents send, value for value, on ground where it must be accepted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from payproof import documented
from payproof.exchange import Intent

if TYPE_CHECKING:
    from payproof.plot import Ground
    from payproof.worker import Worker

PAYLOADS = {
    "issueToken": ["token"],
    "createConsumerProfile": ["create-with-card", "create-with-accounts"],
    "updateConsumerProfile": ["deactivate", "rename"],
    "addPaymentMethod": ["add-card"],
    "updatePaymentMethod": ["update-card", "suspend-card"],
}
WITHOUT = ("getConsumerProfile", "deleteConsumerProfile", "setDefaultPaymentMethod", "deletePaymentMethod", "getPaymentMethodStatus")
"""Operations whose documented request has no body."""
REFUSED = ("issueToken", "token-refused")


def _api(operation: str) -> list[pytest.MarkDecorator]:
    api = "jpmorgan-oauth" if operation == "issueToken" else "jpmorgan-profiles"
    return [pytest.mark.api(api), pytest.mark.operation(operation)]


@pytest.mark.parametrize(
    ("operation", "name"),
    [pytest.param(operation, name, id=name, marks=_api(operation)) for operation, names in PAYLOADS.items() for name in names],
)
def test_documented_payload_is_accepted(operation: str, name: str, ground: Ground) -> None:
    """A documented payload is sent to a tenant with the documented profile.

    Expect that it is accepted; where it changes a profile, the next read shows the same.
    """
    # The payload as the spec has it, with the tenant's own ids in the path
    base = ground(operation)
    contract = base.api.session.kit.contracts[base.api.api]
    value = next(one.value for one in documented.requests(contract) if (one.operation, one.name) == (operation, name))
    answer = base.but(**({"form": value} if operation == "issueToken" else {"body": value})).send()

    # It is accepted, and what the answer shows is there
    assert answer.status == 200
    if "profile" in base.ids:
        shown = base.read().body
        assert shown["paymentMethodType"] == answer.body["paymentMethodType"]
        assert shown.get("addresses", []) == answer.body.get("addresses", [])


@pytest.mark.parametrize("operation", [pytest.param(one, id=one, marks=_api(one)) for one in WITHOUT])
def test_documented_call_without_body_is_accepted(operation: str, ground: Ground) -> None:
    """A call that is documented without a body is made as it is documented. Expect that it is accepted."""
    base = ground(operation)
    assert base.send().status == 200


@pytest.mark.api("jpmorgan-oauth")
@pytest.mark.operation("issueToken")
def test_documented_refusal(ground: Ground) -> None:
    """The documented form is sent with the right secret, then with a wrong one. Expect the documented error."""
    # The right secret
    base = ground("issueToken")
    assert base.send().status == 200

    # A wrong one: the error is the documented one, word for word where it is a code
    wrong = base.but(headers={"Authorization": "Basic Y2xpZW50LWlkOnVua25vd24="})
    answer = wrong.send(Intent("refuse", "authorization", "", "credentials"))
    assert answer.status == 401
    assert answer.body["error"] == "invalid_client"


def test_no_payload_is_left_out(payproof_worker: Worker) -> None:
    """Each request payload of the specs is one of those above."""
    contracts = payproof_worker.kit.contracts.values()
    given = {(one.operation, one.name) for contract in contracts for one in documented.requests(contract)}
    assert given == {(operation, name) for operation, names in PAYLOADS.items() for name in names} | {REFUSED}
