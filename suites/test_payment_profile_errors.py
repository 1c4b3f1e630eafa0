"""Every error code of payment profiles, customers and cards: requests that cause exactly it, and nothing else.

Each departs in one place from a request that is accepted. What can go wrong: a fault is called by another name, a refused
request has done something all the same, or a code of the documents is caused by nothing. The reference server answers
with the very code; elsewhere another refusal is as good, and the clauses say which.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from payproof.witness import outcomes

if TYPE_CHECKING:
    from payproof.client import Answer
    from suites.fixtures.mercadopago import Seller
    from suites.fixtures.mercadopago_refusals import Refusals

pytestmark = pytest.mark.api("mercadopago-profiles")

GROUPS = {
    "createPaymentProfile": ("methods", "pairs", "values", "world"),
    "addProfileMethod": ("method", "profile", "world"),
    "deleteProfileMethod": ("all",),
    "cancelPaymentProfile": ("all",),
    "getPaymentProfile": ("all",),
    "listPaymentProfiles": ("all",),
}
"""By operation the groups of codes that one scene can hold; the requests are in `fixtures/mercadopago_refusals.py`."""

PROMISED = {
    "payment_method_id_cannot_be_blank", "payment_methods_cannot_be_null", "payment_methods_required",
    "payment_method_token_or_card_id_required", "html_insertion_not_allowed", "max_day_overdue_out_of_range",
    "validation_error", "payload_failed",
}  # fmt: skip
"""The codes whose texts on the vendor's page point at `details`."""

STATUSES = {
    "header_missing": 401, "Unauthorized Access Token": 401, "payment_method_not_approved": 402, "resource_not_found": 404,
    "Too Many Requests": 429, "internal_server_error": 500,
}  # fmt: skip
"""The status of each code that is not under 400."""

UNSAID = {("cancelPaymentProfile", "profile_modification_not_allowed")}
"""What no document forbids: to cancel what is cancelled changes nothing."""


def _entries(answer: Answer) -> list[dict[str, Any]]:
    """Give the errors of an answer, in whichever of the vendor's envelopes they are."""
    body = answer.body
    assert isinstance(body, dict)
    entries = body.get("errors") or body.get("cause") or [{"code": body.get("error")}]
    return [dict(entry) for entry in entries]


def _groups() -> list[Any]:
    return [
        pytest.param(operation, group, marks=pytest.mark.operation(operation), id=f"{operation}-{group}")
        for operation, groups in GROUPS.items()
        for group in groups
    ]

@pytest.mark.every_case
@pytest.mark.parametrize(("operation", "group"), _groups())
def test_code(seller: Seller, refusals: Refusals, operation: str, group: str) -> None:
    """A request has one thing wrong with it, each time another.

    Expect the documented code for each and no other, details where the page promises them, and that nothing changes.
    """
    # As it stands, the request is accepted
    customer = seller.register()
    card = seller.save_card(customer)
    first = refusals.stand(seller, operation, customer, card).send(accepted=True)
    assert 200 <= first.status < 300

    # With one fault each time, it is refused, and nothing has changed
    stand = refusals.stand(seller, operation, customer, card)
    reference = seller.apis.session.target.reference
    for code, faults in refusals.table[operation][group].items():
        if code in refusals.by_credential and not seller.apis.session.target.mock:
            continue
        ways = [fault(stand) for fault in faults]
        before = stand.seen()
        for number, parts in enumerate(ways):
            answer = stand.send(parts)
            assert 400 <= answer.status < 600 or (operation, code) in UNSAID
            if reference:
                told = _entries(answer)
                assert (answer.status, [entry["code"] for entry in told]) == (STATUSES.get(code, 400), [code]), f"{code}, way {number}"
                assert code not in PROMISED or all(entry["details"] for entry in told), f"{code}, way {number}"
        assert stand.seen() == before, code

    # Without the faults, it is accepted
    assert stand.send(accepted=True).status == first.status


def test_codes_are_complete(seller: Seller, refusals: Refusals) -> None:
    """Look for every error code of every operation in the spec.

    Expect each to have its requests, two where a request can cause it at all, or a reason in the contract why it has none;
    and no request for a code that the spec does not know.
    """
    # The table is driven whole
    assert {operation: tuple(groups) for operation, groups in refusals.table.items()} == GROUPS

    # What the spec knows, and what the contract excuses
    contract = seller.api.session.kit.contracts["mercadopago-profiles"]
    known: dict[str, set[str]] = {operation: set() for operation in GROUPS}
    for outcome in outcomes(contract):
        if outcome.member == "/errors/*/code":
            known[outcome.operation].add(outcome.value)
    excused = {
        (operation, code)
        for excuse in contract.outcomes
        if excuse.get("member") == "/errors/*/code"
        for operation in ([excuse["operation"]] if isinstance(excuse["operation"], str) else excuse["operation"])
        for code in excuse["values"]
        if code not in refusals.by_credential
    }

    # Operation by operation: what is known, and what is caused or cannot be
    for operation, groups in refusals.table.items():
        caused = [code for faults in groups.values() for code in faults]
        assert len(set(caused)) == len(caused)
        assert set(caused) == {code for code in known[operation] if (operation, code) not in excused}, operation

    # Every code of the page about the creation is caused somewhere
    everywhere = {code for groups in refusals.table.values() for faults in groups.values() for code in faults}
    assert known["createPaymentProfile"] <= everywhere

    # Each in two ways at least, but for test credentials, and for the one header that a read has
    for operation, groups in refusals.table.items():
        reads = operation in {"getPaymentProfile", "listPaymentProfiles"}
        alone = {code for faults in groups.values() for code, ways in faults.items() if len(ways) < 2}
        assert alone == (refusals.by_credential & known[operation]) | ({"header_missing"} if reads else set()), operation
