"""Documented exchanges go through the whole judge: what they contradict is listed, exactly, and nothing else is found."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from payproof import documented
from payproof.kit import Kit

if TYPE_CHECKING:
    from collections.abc import Callable

PROFILES = "jpmorgan-profiles"
APIS = ["jpmorgan-oauth", "jpmorgan-payments", PROFILES, "mercadopago-profiles", "zuora-credentials"]


def found(kit: Kit, api: str) -> list[tuple[str, str]]:
    return sorted((finding.exchange, finding.clause) for finding in documented.replay(kit, api))


@pytest.mark.parametrize("api", APIS)
def test_findings_are_the_listed_ones(kit: Kit, api: str) -> None:
    """A contradiction that is not listed fails as much as a listed one that is not found."""
    assert kit.contracts[api].exchanges
    assert found(kit, api) == documented.expected(kit.contracts[api])


def test_every_api_is_replayed(kit: Kit) -> None:
    """No contract of the kit is left out here."""
    assert sorted(kit.contracts) == sorted(APIS)


def changed(kit: Kit, change: Callable[[dict[str, Any]], None]) -> Kit:
    """Give the kit with other documented values; its schemas stay compiled as they were."""
    contract = kit.contracts[PROFILES]
    document = copy.deepcopy(contract.spec.document)
    change(document)
    operations = {
        item[method]["operationId"]: replace(contract.spec.operations[item[method]["operationId"]], definition=item[method])
        for item in document["paths"].values() for method in item if method != "parameters"
    }  # fmt: skip
    spec = replace(contract.spec, document=document, operations={name: operations[name] for name in contract.spec.operations})
    return Kit(kit.root, {**kit.contracts, PROFILES: replace(contract, spec=spec)})


def shown(document: dict[str, Any], path: str, method: str, name: str) -> Any:
    return document["paths"][path][method]["responses"]["200"]["content"]["application/json"]["examples"][name]["value"]


METHOD = "/consumer-profiles/{consumer-profile-id}/payment-methods/{payment-method-Id}"


def test_other_payload_other_findings(kit: Kit) -> None:
    """Had the document shown the deleted card as still there, it would be found."""

    def lie(document: dict[str, Any]) -> None:
        before = shown(document, METHOD, "patch", "update-card")["paymentMethodType"]["cardList"]
        shown(document, METHOD, "delete", "delete-card")["paymentMethodType"]["cardList"].insert(0, before[0])

    more = set(found(changed(kit, lie), PROFILES)) - set(documented.expected(kit.contracts[PROFILES]))
    assert more
    assert {exchange for exchange, _ in more} == {"delete-card"}


def test_required_member_counts_unless_fragment(kit: Kit) -> None:
    """A member that the document leaves out breaks the shape; where it says that it shows a part, it does not."""

    def shorten(document: dict[str, Any]) -> None:
        del shown(document, METHOD, "delete", "delete-card")["profileStatus"]

    short = changed(kit, shorten)
    assert ("delete-card", "deletePaymentMethod.schema") in found(short, PROFILES)
    contract = short.contracts[PROFILES]
    marked = tuple({**one, "fragment": True} if one["name"] == "delete-card" else one for one in contract.exchanges)
    fragment = Kit(kit.root, {**short.contracts, PROFILES: replace(contract, exchanges=marked)})
    assert ("delete-card", "deletePaymentMethod.schema") not in found(fragment, PROFILES)


def test_every_request_payload_is_given(kit: Kit) -> None:
    """The payloads that the suites send are those of the specs: each operation with a body that is documented has one."""
    for api in APIS:
        given = {example.operation for example in documented.requests(kit.contracts[api])}
        bodies = {operation.id for operation in kit.contracts[api].spec.operations.values() if operation.bodies}
        assert bodies - given <= {"issueZuoraToken"}, api
    assert [example.name for example in documented.requests(kit.contracts[PROFILES])] == [
        "create-with-card", "create-with-accounts", "deactivate", "rename", "add-card", "update-card", "suspend-card",
    ]  # fmt: skip


def test_credentials_are_the_documented_ones(kit: Kit) -> None:
    """A profile's exchange carries the token of the quick start, and the merchant of the reference."""
    contract = kit.contracts[PROFILES]
    token = next(example for example in documented.exchanges(kit.contracts["jpmorgan-oauth"], {"basic": "x"}))
    assert token.response is not None
    first = next(documented.exchanges(contract, {"token": "abc", "merchant_id": "993371390059"}))
    assert dict(first.request.headers)["Authorization"] == "Bearer abc"
    assert dict(first.request.headers)["merchantIdentifier"] == "993371390059"
    assert first.request.method == "POST"
    assert first.request.url.endswith("/api/v2/mmp/consumer-profiles/PACJGQ/payment-methods")
