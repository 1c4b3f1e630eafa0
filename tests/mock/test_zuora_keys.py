"""Idempotency keys of Zuora, judged by what was done."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.mock.zuora_caller import AGREED, DOCUMENTED, Caller, caller, gatewayed, other

__all__ = ["caller", "other"]

DAY = 24 * 3600


def test_replay(caller: Caller) -> None:
    """The same key gives the first answer, whatever the body, and nothing is done again."""
    first = caller.create(Idempotency_Key="one", Zuora_Track_Id="a")
    again = caller.create(Idempotency_Key="one", Zuora_Track_Id="b")
    changed = caller.create(AGREED, Idempotency_Key="one")
    broken = caller.create(b"{", Idempotency_Key="one")
    assert [each.status_code for each in (first, again, changed, broken)] == [200] * 4
    assert first.content == again.content == changed.content == broken.content
    assert again.headers["zuora-track-id"] == "b"
    assert again.headers["zuora-request-id"] != first.headers["zuora-request-id"]
    assert caller.created() == 1
    assert caller.effects()["cardholder transactions approved"] == 1


def test_keys_differ(caller: Caller) -> None:
    """Another key, one of another case, and none at all are new requests."""
    for headers in ({"Idempotency_Key": "one"}, {"Idempotency_Key": "One"}, {"Idempotency_Key": "k" * 255}, {}, {}):
        assert caller.create(**headers).status_code == 200
    assert caller.created() == 5


@pytest.mark.parametrize("key", ["", "k" * 256])
def test_bad_key(caller: Caller, key: str) -> None:
    """An empty key and one beyond 255 characters are refused by every POST, and ignored by GET."""
    caller.create()
    for rest, body in (("", DOCUMENTED), ("/1/cancel", None), ("/1/expire", None)):
        response = caller.call("POST", rest, body, Idempotency_Key=key)
        assert response.status_code == 400
        assert response.json()["reasons"][0]["message"].startswith("Idempotency-Key ")
    assert caller.call("GET", Idempotency_Key=key).status_code == 200
    assert caller.statuses() == ["Active"]


def test_key_on_get(caller: Caller) -> None:
    """A list is never a replay."""
    assert caller.call("GET", Idempotency_Key="one").json()["profiles"] == []
    assert caller.create(Idempotency_Key="one").status_code == 200
    assert len(caller.call("GET", Idempotency_Key="one").json()["profiles"]) == 1


@pytest.mark.parametrize("kind", ["rule", "transaction", "not found", "no JSON"])
def test_failures_are_kept(caller: Caller, kind: str) -> None:
    """The first result counts even if it was a failure."""
    method = "nobody" if kind == "not found" else "payment_method"
    bodies: dict[str, object] = {
        "rule": {**AGREED, "action": "Persist"},
        "transaction": gatewayed(caller, "failing_gateway"),
        "not found": DOCUMENTED,
        "no JSON": b"{",
    }
    first = caller.create(bodies[kind], method=method, Idempotency_Key="one")
    again = caller.create(DOCUMENTED, method=method, Idempotency_Key="one")
    assert first.status_code in (400, 404)
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert caller.created() == 0


def test_header_faults_use_no_key(caller: Caller) -> None:
    """A request that is refused for its headers leaves its key free."""
    assert caller.create(Idempotency_Key="one", Zuora_Org_Ids="unknown").status_code == 403
    assert caller.create(Idempotency_Key="one", Zuora_Track_Id="a:b").status_code == 400
    assert caller.create(Idempotency_Key="one").status_code == 200


def test_cancel_and_expire(caller: Caller) -> None:
    """A repeated cancel or expire with its key is the first answer, without it a refusal."""
    for number, what in ((1, "cancel"), (2, "expire")):
        caller.create()
        first, again = (caller.call("POST", f"/{number}/{what}", Idempotency_Key=what) for _ in range(2))
        assert (again.status_code, again.json()) == (200, first.json())
        assert caller.call("POST", f"/{number}/{what}").status_code == 400
    effects = caller.effects()
    assert (effects["stored credentials cancelled"], effects["stored credentials expired"]) == (1, 1)


def test_other_url(caller: Caller) -> None:
    """A key belongs to its URL: another payment method, number or operation is refused, and nothing is done."""
    caller.create()
    caller.create(Idempotency_Key="one")
    for rest, method in (("", "second_payment_method"), ("/1/cancel", "payment_method"), ("/2/expire", "payment_method")):
        response = caller.call("POST", rest, DOCUMENTED, method=method, Idempotency_Key="one")
        assert response.status_code == 422
        assert response.json()["reasons"][0]["message"].startswith("Idempotency-Key ")
    assert caller.statuses() == ["Active", "Active"]
    assert caller.created() == 2


def test_other_entity(caller: Caller) -> None:
    """A key belongs to its entity."""
    caller.sign_in("multi_")
    assert caller.create(Idempotency_Key="one", Zuora_Entity_Ids=caller.names["entity"]).status_code == 200
    assert caller.create(Idempotency_Key="one", Zuora_Entity_Ids=caller.names["other_entity"]).status_code == 422


def test_other_token(caller: Caller) -> None:
    """A key survives the token that it was sent with, and the client."""
    caller.create(Idempotency_Key="one")
    caller.sign_in("multi_").create(Idempotency_Key="one", Zuora_Entity_Ids=caller.names["entity"]).raise_for_status()
    assert caller.created() == 1


def test_other_tenant(caller: Caller, other: Caller) -> None:
    """Keys of two tenants never meet."""
    for each in (caller, other):
        assert each.create(Idempotency_Key="one").json()["paymentMethodId"] == each.names["payment_method"]
        assert each.created() == 1


def test_a_day(caller: Caller) -> None:
    """A key is kept for 24 hours of the tenant's clock, and then it is new."""
    caller.create(Idempotency_Key="one")
    caller.advance(DAY - 60)
    caller.sign_in().create(Idempotency_Key="one").raise_for_status()
    assert caller.created() == 1
    caller.advance(61)
    caller.create(AGREED, Idempotency_Key="one", method="second_payment_method").raise_for_status()
    assert caller.created() == 2


def test_clock_set_back(caller: Caller) -> None:
    """A clock that is set back does not forget a key."""
    caller.create(Idempotency_Key="one")
    caller.advance(-DAY * 2)
    caller.sign_in().create(Idempotency_Key="one").raise_for_status()
    assert caller.created() == 1


def test_many_old_keys(caller: Caller) -> None:
    """Old keys go when new ones come, and none of the others with them."""
    for number in range(20):
        caller.create(AGREED, Idempotency_Key=f"old {number}")
    caller.advance(DAY)
    caller.sign_in().create(AGREED, Idempotency_Key="new")
    caller.create(AGREED, Idempotency_Key="new")
    caller.create(AGREED, Idempotency_Key="old 3")
    assert caller.created() == 22


@pytest.mark.parametrize("body", [DOCUMENTED, AGREED], ids=["active", "agreed"])
def test_at_once(caller: Caller, body: dict[str, str]) -> None:
    """Sixteen equal requests at once make one profile; the others wait for it or get its answer."""
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: caller.create(body, Idempotency_Key="one"), range(16)))
    assert caller.created() == 1
    assert {each.status_code for each in answers} <= {200, 409}
    assert {each.content for each in answers if each.status_code == 200} == {caller.create(body, Idempotency_Key="one").content}


def test_still_running(caller: Caller) -> None:
    """While the first answer is under way a second request gets 409, for another URL 422; afterwards the replay."""
    caller.script({"kind": "delay", "seconds": 1.0})
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(caller.create, Idempotency_Key="one")
        while caller.created() == 0:
            continue
        second = caller.create(Idempotency_Key="one")
        elsewhere = caller.create(Idempotency_Key="one", method="second_payment_method")
        free = caller.create(Idempotency_Key="two")
    assert first.result().status_code == free.status_code == 200
    assert (second.status_code, second.json()["reasons"][0]["code"]) == (409, "56789050")
    assert elsewhere.status_code == 422
    assert caller.create(Idempotency_Key="one").json() == first.result().json()
    assert caller.created() == 2


def test_lost_answer(caller: Caller) -> None:
    """An answer that was lost after the commit is found under its key, and nothing is done again."""
    caller.script({"kind": "drop-after-commit"})
    with pytest.raises(httpx.RemoteProtocolError):
        caller.create(Idempotency_Key="one")
    assert caller.created() == 1
    assert caller.create(Idempotency_Key="one").json()["number"] == 1
    assert caller.created() == 1


@pytest.mark.parametrize("status", [500, 503, 504])
def test_failed_after_commit(caller: Caller, status: int) -> None:
    """A result that was replaced by a 5xx on its way is found under its key."""
    caller.script({"kind": "fail-after-commit", "status": status})
    assert caller.create(Idempotency_Key="one").status_code == status
    assert caller.create(Idempotency_Key="one").json()["number"] == 1
    assert caller.created() == 1


def test_scripted_status(caller: Caller) -> None:
    """A server that did not get to the request has not used the key up."""
    caller.script({"kind": "status", "status": 503})
    assert caller.create(Idempotency_Key="one").status_code == 503
    assert caller.create(Idempotency_Key="one").status_code == 200
