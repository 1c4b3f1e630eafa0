"""Bodies of the payments API under any input, and the world behind them without HTTP."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payproof.mock import assumed as common
from payproof.mock import jpmorgan_payments_assumed as assumed
from payproof.mock import jpmorgan_payments_models as models
from payproof.mock.jpmorgan_oauth import Issuer
from payproof.mock.jpmorgan_payments_deals import Call
from payproof.mock.jpmorgan_payments_http import PaymentsApi
from payproof.mock.jpmorgan_payments_refusal import NotPossible
from payproof.mock.refusal import Invalid, NotFound
from payproof.mock.tenants import Tenants
from payproof.mock.wire import Request

if TYPE_CHECKING:
    from collections.abc import Callable

SOFTWARE = {"merchantSoftware": {"companyName": "Payment Company", "productName": "Application Name"}}
CARD = {"accountNumber": "4112344112344113", "expiry": {"month": 12, "year": 2027}}
ORDER = {"amount": 1000, "currency": "USD", "merchant": SOFTWARE, "paymentMethodType": {"card": CARD}}
CALL = Call("998482157630", "one")

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
PLACES: list[tuple[Callable[[object], Any], str]] = [
    (models.payment, "amount"),
    (models.payment, "currency"),
    (models.payment, "captureMethod"),
    (models.payment, "merchant merchantSoftware version"),
    (models.payment, "merchant merchantSoftware companyName"),
    (models.payment, "paymentMethodType"),
    (models.payment, "paymentMethodType card accountNumber"),
    (models.payment, "paymentMethodType card cvv"),
    (models.payment, "paymentMethodType card expiry year"),
    (models.payment, "paymentMethodType consumerProfile"),
    (models.payment, "accountHolder"),
    (models.payment, "accountHolder mobile countryCode"),
    (models.payment, "accountHolder consumerProfileInfo consumerProfileRequestType"),
    (models.payment, "shipTo"),
    (models.payment, "recurring recurringNumber"),
    (models.verification, "amount"),
    (models.refund, "paymentMethodType transactionReference transactionReferenceId"),
    (models.refund, "amount"),
    (models.capture, "amount"),
    (models.capture, "multiCapture multiCaptureSequenceNumber"),
    (models.capture, "isAmountFinal"),
    (models.patch, "isVoid"),
    (models.patch, "amount"),
    (models.patch, "captureMethod"),
]


def put(body: Any, path: str, value: object) -> Any:
    """Build a copy of a body with another value at a path."""
    name, _, rest = path.partition(" ")
    inner = body.get(name) if isinstance(body.get(name), dict) else {}
    return {**body, name: put(inner, rest, value) if rest else value}


@given(place=st.sampled_from(PLACES), value=JSON)
def test_any_value_in_any_place(place: tuple[Callable[[object], Any], str], value: object) -> None:
    """Whatever stands where, the models accept it, or refuse it and name places that are ours."""
    read, path = place
    body = put({} if read in (models.capture, models.patch) else ORDER, path, value)
    try:
        accepted, violations = read(body), []
    except Invalid as refused:
        accepted, violations = None, list(refused.violations)
    assert (accepted is None) is bool(violations)
    assert all(each.entity.isascii() and each.rule for each in violations)


AMOUNTS = st.integers(min_value=0, max_value=1200)
STEPS = st.one_of(
    st.tuples(st.just("capture"), st.fixed_dictionaries({}, optional={"amount": AMOUNTS, "isAmountFinal": st.booleans()})),
    st.tuples(
        st.just("change"),
        st.fixed_dictionaries(
            {}, optional={"amount": AMOUNTS, "isVoid": st.booleans(), "captureMethod": st.sampled_from(["NOW", "MANUAL", "DELAYED"])}
        ),
    ),
    st.tuples(st.just("refund"), st.fixed_dictionaries({}, optional={"amount": AMOUNTS})),
    st.tuples(st.just("wait"), st.just({})),
)


def judge(body: dict[str, Any]) -> None:
    """Judge that no money came from nowhere."""
    chain = body["paymentRequest"]
    authorised = chain["authorizations"][0]["amount"]
    captured = sum(each["amount"] for each in chain.get("captures", []))
    refunded = sum(each["amount"] for each in chain.get("refunds", []))
    assert captured <= authorised
    assert refunded <= captured
    assert captured + body["remainingAuthAmount"] <= authorised
    assert body.get("remainingRefundableAmount", 0) == captured - refunded
    assert sum(each["captureRemainingRefundableAmount"] for each in chain.get("captures", [])) == captured - refunded


@given(method=st.sampled_from(["NOW", "MANUAL", "DELAYED"]), steps=st.lists(STEPS, max_size=8))
def test_money_is_conserved(method: str, steps: list[tuple[str, dict[str, Any]]]) -> None:
    """After any steps the amounts add up, and a refused step leaves everything as it was."""
    tenant = Tenants().named("a")
    world = tenant.payments
    name = world.pay(models.payment({**ORDER, "captureMethod": method}), CALL)["transactionId"]
    back = {"merchant": SOFTWARE, "paymentMethodType": {"transactionReference": {"transactionReferenceId": name}}}
    done: Counter[str] = Counter()
    for step, body in steps:
        before, effects = world.payment(name), dict(tenant.effects)
        try:
            if step == "capture":
                world.capture(name, models.capture(body), CALL)
            elif step == "change":
                world.change(name, models.patch(body), CALL)
            elif step == "refund":
                world.refund(models.refund({**back, **body}), CALL)
            else:
                tenant.clock.advance(7201)
        except (Invalid, NotPossible):
            assert world.payment(name) == before
            assert dict(tenant.effects) == effects
        else:
            done[step] += 1
        judge(world.payment(name))
    refunds = world.payment(name)["paymentRequest"].get("refunds", [])
    assert len(refunds) == done["refund"] == tenant.effects["refunds created"]


def test_a_forgotten_tenant() -> None:
    """What a tenant paid goes with it."""
    tenants = Tenants()
    tenant = tenants.named("a")
    made = tenant.payments.pay(models.payment(ORDER), CALL)
    tenants.forget(tenant)
    for world in (tenant.payments, tenants.named("a").payments):
        with pytest.raises(NotFound):
            world.payment(made["transactionId"])
        with pytest.raises(NotFound):
            world.payment_of_request(CALL.request_id)


def test_a_body_that_never_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """A body that does not arrive is refused after a while, and nothing is paid."""
    monkeypatch.setattr(common, "BODY_TIMEOUT_SECONDS", 0.01)
    tenants = Tenants()
    tenant, issuer = tenants.named("a"), Issuer(tenants)
    token = issuer.grant(tenant, {"grant_type": "client_credentials"})["access_token"]

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(1)
        return {"type": "http.request", "body": json.dumps(ORDER).encode(), "more_body": False}

    headers = {
        "authorization": f"Bearer {token}",
        "merchant-id": tenant.merchant_id,
        "request-id": "one",
        "content-type": "application/json",
    }
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/api/v2/payments",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    answer = asyncio.run(PaymentsApi(issuer)(Request(scope, receive)))
    assert answer.status == assumed.LATE_BODY_STATUS
    assert (b"connection", b"close") in answer.headers
    assert tenant.effects["payments created"] == 0


def test_failure() -> None:
    """An error of the mock itself is the documented 500."""
    answer = PaymentsApi(Issuer(Tenants())).failure()
    assert answer.status == 500
    assert answer.body == {"responseStatus": "ERROR", "responseCode": "HOST_ERROR", "responseMessage": "Internal server error"}
