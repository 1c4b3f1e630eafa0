"""Members of a stored credential profile that do not go together, and several faults in one request.

What can go wrong: a rule between two members is guessed, one fault hides another, or the words about a fault show a security code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from suites.fixtures.zuora import Billing, Consents

pytestmark = [pytest.mark.api("zuora-credentials"), pytest.mark.operation("createStoredCredential")]

RULE = "30"
"""The last two digits of the code of a broken rule."""


def test_rules_that_no_page_completes(billing: Billing, consents: Consents) -> None:
    """An action stands beside Agreed, or a network transaction id beside an action that is not Persist.

    The page says when these members apply and not what happens otherwise: expect the reference server to refuse them as
    rules, and any other one to refuse them or to store what the status says.
    """
    # Where they apply
    stored = billing.persist()
    assert billing.status(stored) == "Active"

    # Where they do not
    network = {"networkTransactionId": "MCC123456789012"}
    for body in (consents.agreed(action="Activate"), consents.agreed(action="Persist"), {**consents.agreed(), **network},
                 {**consents.active(), **network}, consents.active(action="Activate", **network)):  # fmt: skip
        before = billing.profiles()
        answer = billing.ask("createStoredCredential", body=body)
        assert answer.status < 500
        after = billing.profiles()
        if billing.apis.session.target.reference:
            assert (answer.status, [str(reason["code"])[-2:] for reason in answer.body["reasons"]]) == (400, [RULE])
        if answer.status == 200 and answer.body["success"]:
            assert after[answer.body["number"]]["status"] in {"Agreed", body["status"]}
        else:
            assert after == before


def test_several_faults_at_once(billing: Billing, consents: Consents) -> None:
    """A request lacks a member, and others hold what they may not.

    Expect one refusal; the reference server has a reason for each fault, and no security code in any.
    """
    # The request without faults
    assert billing.store(consents.active(cardSecurityCode="123")) in billing.profiles()
    before, done = billing.profiles(), billing.effects()

    # With three, and a security code
    body = consents.active(type=None, agreedOn="yesterday", consentAgreementRef="R" * 129, cardSecurityCode="987654321")
    answer = billing.ask("createStoredCredential", body=body)
    assert 400 <= answer.status < 500
    assert "987654321" not in answer.text
    if billing.apis.session.target.reference:
        messages = [reason["message"] for reason in answer.body["reasons"]]
        assert sorted(message.split()[0] for message in messages) == ["agreedOn", "consentAgreementRef", "type"]

    # Nothing was created
    assert billing.profiles() == before
    assert billing.effects() == done
