"""Every payload that the documents send, value for value, on ground where it must be accepted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from payproof import documented
from payproof.client import ACCEPT
from payproof.exchange import Intent
from payproof.plugin import kit_of

if TYPE_CHECKING:
    from payproof.plot import Ground, Plot

REFUSED = ("issueToken", "token-refused")
"""A payload that is shown with a refusal."""


pytestmark = pytest.mark.every_case


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test each payload of the kit, another each operation that is documented without a body."""
    contracts = kit_of(metafunc.config).contracts.values()
    if "example" in metafunc.fixturenames:
        metafunc.parametrize("example", [
            pytest.param((one.operation, one.name), id=f"{one.operation}-{one.name}",
                         marks=[pytest.mark.api(contract.api), pytest.mark.operation(one.operation)])
            for contract in contracts for one in documented.requests(contract) if (one.operation, one.name) != REFUSED
        ])  # fmt: skip
    if "bare" in metafunc.fixturenames:
        metafunc.parametrize("bare", [
            pytest.param(operation.id, id=operation.id, marks=[pytest.mark.api(contract.api), pytest.mark.operation(operation.id)])
            for contract in contracts for operation in contract.spec.operations.values() if not operation.bodies
        ])  # fmt: skip


def test_documented_payload_is_accepted(example: tuple[str, str], ground: Ground, plots: dict[str, Plot]) -> None:
    """A documented payload is sent to a tenant who has what it is about; ids in it are those of the tenant.

    Expect that it is accepted, and that what it is about can be read afterwards, where it was there before.
    """
    # The payload as the spec has it, with the tenant's own ids
    operation, name = example
    base = ground(operation, full=True)
    contract = base.api.session.kit.contracts[base.api.api]
    value = next(one.value for one in documented.requests(contract) if (one.operation, one.name) == (operation, name))
    draft = base.draft()
    draft = replace(draft, form=tuple(value.items())) if base.form is not None else replace(draft, body=value)
    settled = plots[operation].settle(base, draft)
    answer = base.api.session.send(base.api.tenant, settled.request(base.api), ACCEPT)

    # It is accepted, and what it is about is there
    assert 200 <= answer.status < 300
    if base.back is not None and not plots[operation].consuming:
        assert base.read().status == 200


def test_documented_call_without_body_is_accepted(bare: str, ground: Ground) -> None:
    """A call that is documented without a body is made as it is documented. Expect that it is accepted."""
    base = ground(bare)
    assert 200 <= base.send().status < 300


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
