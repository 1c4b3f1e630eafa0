"""Stored credential profiles: create, list, cancel, expire, and what is refused."""

from __future__ import annotations

import re
from typing import Any

import pytest

from payproof.mock import zuora_assumed as assumed
from tests.mock.zuora_caller import AGREED, DOCUMENTED, Caller, caller, gatewayed, other

__all__ = ["caller", "other"]

MEMBERS = [
    "number",
    "paymentMethodId",
    "brand",
    "status",
    "type",
    "consentAgreementSrc",
    "consentAgreementRef",
    "agreedOn",
    "activatedOn",
    "cancelledOn",
    "expiredOn",
]


def test_the_documented_request(caller: Caller) -> None:
    """The documented request gives an Active profile, which the list shows with every documented member."""
    response = caller.create()
    assert response.status_code == 200
    assert response.json() == {"number": 1, "paymentMethodId": caller.names["payment_method"], "success": True}
    [profile] = caller.profiles()
    assert list(profile) == MEMBERS
    assert profile["status"] == "Active"
    assert profile["brand"] == "Visa"
    assert profile["consentAgreementRef"] == DOCUMENTED["consentAgreementRef"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", profile["activatedOn"])
    assert profile["cancelledOn"] is profile["expiredOn"] is None
    assert caller.effects()["cardholder transactions approved"] == 1


def test_numbers(caller: Caller) -> None:
    """Each payment method counts from one; what is refused uses no number up."""
    assert [caller.create().json()["number"] for _ in range(3)] == [1, 2, 3]
    assert caller.create(gatewayed(caller, "failing_gateway")).status_code == 400
    caller.call("POST", "/3/cancel")
    assert caller.create().json()["number"] == 4
    assert caller.create(method="second_payment_method").json()["number"] == 1
    assert caller.profiles(method="second_payment_method")[0]["brand"] == "MasterCard"


@pytest.mark.parametrize("gateway", ["gateway", "plain_gateway", "failing_gateway"])
def test_agreed(caller: Caller, gateway: str) -> None:
    """An Agreed profile asks no gateway."""
    assert caller.create({**AGREED, "authGateway": caller.names[gateway]}).status_code == 200
    assert caller.profiles()[0]["status"] == "Agreed"
    assert caller.profiles()[0]["activatedOn"] is None
    assert "cardholder transactions approved" not in caller.effects()


@pytest.mark.parametrize("gateway", ["gateway", "plain_gateway", "failing_gateway"])
def test_persist(caller: Caller, gateway: str) -> None:
    """A persisted profile is Active and asks no gateway; the network's id is not shown."""
    body = {**gatewayed(caller, gateway), "action": "Persist", "networkTransactionId": "x" * 128}
    assert caller.create(body).status_code == 200
    assert caller.profiles()[0]["status"] == "Active"
    assert list(caller.profiles()[0]) == MEMBERS
    assert "cardholder transactions approved" not in caller.effects()


def test_plain_gateway(caller: Caller) -> None:
    """A gateway without the framework gives an Agreed profile."""
    assert caller.create({**gatewayed(caller, "plain_gateway"), "action": "Activate"}).status_code == 200
    assert caller.statuses() == ["Agreed"]


@pytest.mark.parametrize("way", ["gateway", "security code"])
def test_failed_transaction(caller: Caller, way: str) -> None:
    """A cardholder transaction that fails creates nothing, and the next profile is as if it had not been."""
    declining = {**DOCUMENTED, "cardSecurityCode": assumed.FAILING_SECURITY_CODE}
    response = caller.create(gatewayed(caller, "failing_gateway") if way == "gateway" else declining)
    assert response.status_code == assumed.FAILED_CIT_STATUS
    assert response.json()["success"] is False
    assert response.json()["reasons"][0]["code"] == assumed.RESOURCE + "99"
    assert caller.profiles() == []
    assert caller.created() == 0
    assert caller.create().json()["number"] == 1


def test_security_code(caller: Caller) -> None:
    """The security code comes back from no operation."""
    created = caller.create({**DOCUMENTED, "cardSecurityCode": "737-secret"})
    refused = caller.create({**DOCUMENTED, "cardSecurityCode": "737-secret", "type": "737-secret"})
    listed = caller.call("GET")
    assert (created.status_code, refused.status_code) == (200, 400)
    assert "737-secret" not in created.text + refused.text + listed.text


def test_agreed_on(caller: Caller) -> None:
    """A date that was sent is kept; without one it is the moment of the creation."""
    caller.create({**AGREED, "agreedOn": "2024-02-29"})
    caller.control("clock", {"set": "2031-05-06T07:08:09Z"})
    caller.sign_in().create()
    first, second = caller.profiles()
    assert first["agreedOn"] == "2024-02-29 00:00:00"
    assert second["agreedOn"] == second["activatedOn"]
    assert second["agreedOn"].startswith("2031-05-06 07:08:")


def test_two_active(caller: Caller) -> None:
    """Two Active profiles of one type are accepted."""
    assert [caller.create().status_code for _ in range(2)] == [200, 200]


WRONG: list[tuple[str, Any, str]] = [
    ("consentAgreementSrc", "Internal", "20"),
    ("consentAgreementSrc", None, "20"),
    ("consentAgreementSrc", ..., "22"),
    ("status", "Cancelled", "20"),
    ("status", "active", "20"),
    ("status", ..., "22"),
    ("type", "Unsecheduled", "20"),
    ("type", ..., "22"),
    ("action", "Cancel", "20"),
    ("action", 1, "20"),
    ("agreedOn", "2023-02-29", "20"),
    ("agreedOn", "2024-2-1", "20"),
    ("agreedOn", "20240201", "20"),
    ("agreedOn", "0000-01-01", "20"),
    ("agreedOn", "2024-02-01T00:00:00Z", "20"),
    ("agreedOn", "\u0662\u0660\u0662\u0664-01-01", "20"),
    ("agreedOn", 20240201, "20"),
    ("authGateway", "4028905f5702783601570291e14c0017", "20"),
    ("authGateway", True, "20"),
    ("cardSecurityCode", 737, "20"),
    ("cardSecurityCode", "7\x0037", "20"),
    ("consentAgreementRef", "r" * 129, "20"),
    ("consentAgreementRef", ["r"], "20"),
    ("networkTransactionId", "n", "30"),
]


@pytest.mark.parametrize(("name", "value", "category"), WRONG)
def test_wrong_member(caller: Caller, name: str, value: object, category: str) -> None:
    """One wrong member is refused with its name, without its value, and nothing changes."""
    body = {**DOCUMENTED, name: value}
    if value is ...:
        del body[name]
    response = caller.create(body)
    assert response.status_code == 400
    refused = response.json()
    assert list(refused) == ["processId", "reasons", "requestId", "success"]
    assert refused["success"] is False
    assert re.fullmatch("[0-9A-F]{16}", refused["processId"])
    assert refused["requestId"] == response.headers["zuora-request-id"]
    [reason] = refused["reasons"]
    assert reason["code"] == assumed.RESOURCE + category
    assert reason["message"].startswith(f"{name} ")
    assert caller.profiles() == []
    assert caller.created() == 0


def test_limits_hold(caller: Caller) -> None:
    """What is exactly as long as allowed is accepted, and comes back."""
    longest = "\U0001f4b3" * 128
    assert caller.create({**AGREED, "consentAgreementRef": longest}).status_code == 200
    assert caller.profiles()[0]["consentAgreementRef"] == longest


def test_all_faults_at_once(caller: Caller) -> None:
    """Every fault of a body is told in one answer."""
    response = caller.create({"status": "Agreed", "action": "Activate", "agreedOn": "x", "networkTransactionId": "n", "unknown": 1})
    named = [each["message"].split(" ")[0] for each in response.json()["reasons"]]
    assert named == ["consentAgreementSrc", "type", "agreedOn", "action", "networkTransactionId"]


@pytest.mark.parametrize("action", ["Activate", "Persist"])
def test_action_with_agreed(caller: Caller, action: str) -> None:
    """An action beside the status Agreed is refused."""
    response = caller.create({**AGREED, "action": action})
    assert response.status_code == 400
    assert response.json()["reasons"][0]["code"].endswith("30")


@pytest.mark.parametrize(("first", "state"), [("cancel", "Cancelled"), ("expire", "Expired")])
@pytest.mark.parametrize("body", [DOCUMENTED, AGREED], ids=["active", "agreed"])
def test_closing(caller: Caller, first: str, state: str, body: dict[str, str]) -> None:
    """An open profile is closed once, shown with includeAll only, and never opened or closed again."""
    caller.create(body)
    caller.create()
    before = caller.profiles()
    response = caller.call("POST", f"/1/{first}")
    assert response.json() == {"number": 1, "paymentMethodId": caller.names["payment_method"], "success": True}
    after = caller.profiles()
    moment = {"cancel": "cancelledOn", "expire": "expiredOn"}[first]
    assert after[0][moment] is not None
    assert after == [{**before[0], "status": state, moment: after[0][moment]}, before[1]]
    assert caller.profiles(include_all=False) == [before[1]]
    for again in ("cancel", "expire"):
        refused = caller.call("POST", f"/1/{again}")
        assert refused.status_code == 400
        assert refused.json()["reasons"][0]["code"] == assumed.NO_RESOURCE + "30"
    assert caller.profiles() == after


@pytest.mark.parametrize("number", ["2", "0", "9999999999"])
@pytest.mark.parametrize("what", ["cancel", "expire"])
def test_unknown_number(caller: Caller, number: str, what: str) -> None:
    """A number that no profile has is not found."""
    caller.create()
    response = caller.call("POST", f"/{number}/{what}")
    assert response.status_code == 404
    assert response.json()["reasons"] == [{"code": assumed.NO_RESOURCE + "40", "message": "profile-number was not found"}]
    assert caller.statuses() == ["Active"]


@pytest.mark.parametrize("number", ["one", "01", "1.0", "-1", "%31%00", "1" * 5_000, "%D9%A1"])
def test_a_number_that_is_none(caller: Caller, number: str) -> None:
    """What is no whole number is refused."""
    caller.create()
    response = caller.call("POST", f"/{number}/cancel")
    assert response.status_code == 400
    assert response.json()["reasons"][0]["message"].startswith("profile-number ")


@pytest.mark.parametrize("kind", ["unknown", "foreign"])
def test_payment_method_not_found(caller: Caller, other: Caller, kind: str) -> None:
    """A foreign payment method is answered like an unknown one by every operation."""
    other.create()
    method = other.names["payment_method"] if kind == "foreign" else "402881836953a3c7016953aec290000d"
    for verb, rest, body in (("POST", "", DOCUMENTED), ("GET", "", None), ("POST", "/1/cancel", None), ("POST", "/1/expire", None)):
        response = caller.call(verb, rest, body, method=method)
        assert response.status_code == 404
        assert response.json()["reasons"][0]["message"] == "payment-method-id was not found"
    assert other.statuses() == ["Active"]


@pytest.mark.parametrize(("query", "count"), [("", 1), ("?includeAll=false", 1), ("?includeAll=true", 2), ("?other=1&includeAll=true", 2)])
def test_include_all(caller: Caller, query: str, count: int) -> None:
    """Closed profiles are listed with includeAll only."""
    caller.create()
    caller.create()
    caller.call("POST", "/1/cancel")
    listed = caller.call("GET", query).json()
    assert len(listed["profiles"]) == count
    assert listed["success"] is True


@pytest.mark.parametrize("query", ["?includeAll=", "?includeAll=TRUE", "?includeAll=1", "?includeAll=true&includeAll=true", "?%FF"])
def test_include_all_is_a_boolean(caller: Caller, query: str) -> None:
    """Anything but true and false is refused."""
    response = caller.call("GET", query)
    assert response.status_code == 400
    assert response.json()["reasons"][0]["message"].startswith("includeAll ")


def test_no_profiles(caller: Caller) -> None:
    """A payment method without profiles has an empty list."""
    assert caller.call("GET").json() == {"profiles": [], "success": True}


def test_forgotten_tenant(caller: Caller) -> None:
    """Of a tenant that was given up nothing is left: no token, no client."""
    caller.client.delete(f"/__mock__/tenants/{caller.client_id}").raise_for_status()
    assert caller.call("GET").status_code == 401
    assert caller.token().status_code == 401


def test_demo_tenant_starts_anew(caller: Caller) -> None:
    """A name that is made again has its old credentials and none of its profiles."""
    told = caller.client.post("/__mock__/tenants", json={"name": "zuora"}).json()
    caller.client.delete(f"/__mock__/tenants/{told['client_id']}").raise_for_status()
    assert caller.client.post("/__mock__/tenants", json={"name": "zuora"}).json() == told
