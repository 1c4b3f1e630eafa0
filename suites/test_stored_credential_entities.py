"""Entities and orgs of stored credential profiles: which of a tenant's parts a request is about.

What can go wrong: an entity is guessed, or an org of somebody else opens something.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from suites.fixtures.zuora import Billing, Consents

pytestmark = pytest.mark.api("zuora-credentials")

OPERATIONS = ("createStoredCredential", "listStoredCredentials", "cancelStoredCredential", "expireStoredCredential")
EVERY_OPERATION = [pytest.param(name, marks=pytest.mark.operation(name)) for name in OPERATIONS]


@pytest.mark.parametrize("operation", EVERY_OPERATION)
def test_entity_of_a_token_for_several(billing: Billing, consents: Consents, operation: str) -> None:
    """A token is valid for two entities, and the request names the right one, none, the other one, or two at once.

    Expect the right one alone to be accepted, and the others to change nothing.
    """
    # With the entity in which the card is
    number = billing.agree()
    several = billing.in_entities()
    assert several.send(operation).status == 200
    before, done = billing.profiles(), billing.effects()

    # None, the other one, both, and one that nobody knows
    known = billing.apis.credentials
    body = consents.agreed() if operation == "createStoredCredential" else None
    wrong = {
        None: 400, known["zuora_other_entity"]: 404, f"{known['zuora_entity']},{known['zuora_other_entity']}": 400,
        "402881836953a3c7016953aec290000d": 403,
    }  # fmt: skip
    for entity, status in wrong.items():
        answer = several.ask(operation, number, body=body, headers={"Zuora-Entity-Ids": entity})
        assert answer.status >= 400 or answer.body["success"] is False, entity
        assert answer.status == status or not billing.apis.session.target.reference, entity

    # Nothing has happened
    assert billing.profiles() == before
    assert billing.effects() == done


@pytest.mark.operation("listStoredCredentials")
def test_entity_of_a_token_for_one(billing: Billing) -> None:
    """A token is valid for one entity, which a caller should not name.

    Expect it to work without the header, and another entity to be refused.
    """
    # Without the header
    number = billing.agree()
    assert number in billing.profiles()

    # Another entity of the same tenant
    answer = billing.ask("listStoredCredentials", headers={"Zuora-Entity-Ids": billing.apis.credentials["zuora_other_entity"]})
    assert answer.status >= 400 or answer.body["success"] is False
    assert answer.status == 403 or not billing.apis.session.target.reference


@pytest.mark.needs("second-tenant")
@pytest.mark.parametrize("operation", EVERY_OPERATION)
def test_orgs_of_the_user(billing: Billing, other_billing: Billing, consents: Consents, operation: str) -> None:
    """Requests name orgs: one, both of the user's, and then one of another tenant, alone and beside their own.

    Expect the user's own to be accepted, and every request with a foreign one to fail and to change nothing.
    """
    # One org, the other one, both in any order; and the other tenant uses its own
    ours, theirs = billing.apis.credentials, other_billing.apis.credentials
    one, two, foreign = ours["zuora_org"], ours["zuora_other_org"], theirs["zuora_org"]
    for orgs in (one, two, f"{one},{two}", f"{two},{one}"):
        assert billing.send(operation, Zuora_Org_Ids=orgs).status == 200
    assert other_billing.send(operation, Zuora_Org_Ids=foreign).status == 200

    # A foreign one, alone and among the user's own
    number = billing.agree()
    before, done = billing.profiles(), billing.effects()
    body = consents.agreed() if operation == "createStoredCredential" else None
    for orgs in (foreign, f"{one},{foreign}", f"{foreign},{one}"):
        answer = billing.ask(operation, number, body=body, headers={"Zuora-Org-Ids": orgs})
        assert answer.status >= 400 or answer.body["success"] is False, orgs
        assert answer.status == 403 or not billing.apis.session.target.reference, orgs

    # Nothing has happened
    assert billing.profiles() == before
    assert billing.effects() == done
