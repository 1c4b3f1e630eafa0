"""Tenants: credentials from a name, identifiers that never meet."""

import re
from datetime import UTC, datetime
from uuid import UUID

from payproof.mock import jpmorgan_models as models
from payproof.mock.ids import Ids
from payproof.mock.jpmorgan_profiles import Caller
from payproof.mock.tenants import Tenant, Tenants

REQUEST = models.create_profile({"profilePaymentMethod": {"cardList": [{"accountNumber": "4112344112344113"}]}})


def credentials(tenant: Tenant) -> tuple[str, str, str]:
    return tenant.client_id, tenant.client_secret, tenant.merchant_id


def test_a_taken_merchant_id_is_passed_over() -> None:
    """Where the merchant id of a name belongs to somebody else, the next one is taken; a forgotten one is free again."""
    usual = credentials(Tenants().named("a"))
    tenants = Tenants()
    tenants._merchants.add(usual[2])  # two names with one merchant id cannot be found in the time of a test
    assert not set(credentials(tenants.named("a"))) & set(usual)
    tenants.forget(tenants.named("a"))
    tenants._merchants.discard(usual[2])
    assert credentials(tenants.named("a")) == usual
    tenants.forget(tenants.named("a"))
    assert credentials(tenants.named("a")) == usual


def test_a_name_gives_the_same_tenant() -> None:
    """The same name is the same tenant in one mock, and the same credentials in every mock."""
    tenants = Tenants()
    assert tenants.named("a") is tenants.named("a")
    assert credentials(tenants.named("a")) == credentials(Tenants().named("a"))


def test_tenants_share_no_credential() -> None:
    """Names and nameless tenants differ in every credential."""
    tenants = Tenants()
    made = [tenants.named(f"tenant {number}") for number in range(200)] + [tenants.named() for _ in range(50)]
    for position in range(3):
        assert len({credentials(tenant)[position] for tenant in made}) == 250
    assert all(re.fullmatch(r"99[0-9]{10}", tenant.merchant_id) for tenant in made)
    assert all(UUID(tenant.client_id).version == 4 for tenant in made)


def test_identifiers_repeat_with_the_name() -> None:
    """A tenant of the same name in another mock issues the same identifiers."""
    shown = []
    for _ in range(2):
        tenants = Tenants(clock_start=datetime(2024, 1, 1, tzinfo=UTC))
        body = tenants.named("a").profiles.create(REQUEST, Caller())
        shown.append((body["consumerProfileId"], body["paymentMethodType"]["cardList"][0]["paymentMethodId"]))
    assert shown[0] == shown[1]


def test_identifiers_differ_between_tenants_and_lives() -> None:
    """No identifier is issued twice: not to another tenant, and not to one that was forgotten and came back."""
    tenants = Tenants()
    bodies = [
        tenants.named("a").profiles.create(REQUEST, Caller()),
        tenants.named("b").profiles.create(REQUEST, Caller()),
    ]
    tenants.forget(tenants.named("a"))
    bodies.append(tenants.named("a").profiles.create(REQUEST, Caller()))
    assert len({body["consumerProfileId"] for body in bodies}) == 3
    assert len({body["paymentMethodType"]["cardList"][0]["paymentMethodId"] for body in bodies}) == 3


def test_forgotten_demo_starts_anew() -> None:
    """The demo tenant is always there, and empty after it was forgotten."""
    tenants = Tenants()
    demo = tenants.named("payproof-demo")
    assert credentials(demo) == ("payproof-demo", "payproof-demo-secret", "998482157630")
    demo.profiles.create(REQUEST, Caller())
    tenants.forget(demo)
    again = tenants.get("payproof-demo")
    assert again is not None
    assert again is not demo
    assert again.effects == {}


def test_forgotten_tenant_is_gone() -> None:
    """A forgotten tenant is found no more, and neither are its tokens."""
    tenants = Tenants()
    tenant = tenants.named("a")
    tenant.tokens["token"] = 0
    tenants.holders["token"] = tenant
    tenants.forget(tenant)
    assert tenants.get(tenant.client_id) is None
    assert tenants.holders == {}
    assert tenant not in list(tenants)


def test_uuids_are_of_version_4() -> None:
    """Identifiers have the shape of random UUIDs and repeat with their seed."""
    drawn = [Ids("a").uuid(), Ids("a").uuid(), Ids("b").uuid()]
    assert all(UUID(each).version == 4 and each == str(UUID(each)) for each in drawn)
    assert drawn[0] == drawn[1] != drawn[2]


def test_letters_grow_where_it_is_crowded() -> None:
    """Where all words of a length are taken, a longer one is drawn."""
    word = Ids("a").letters(1, taken=set("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    assert re.fullmatch(r"[A-Z]{2,}", word)


def test_digits_keep_their_zeros() -> None:
    """Digits are as many as asked for."""
    ids = Ids("a")
    assert all(re.fullmatch(r"[0-9]{3}", ids.digits(3)) for _ in range(500))
