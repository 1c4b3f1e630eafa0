"""Other people's objects in the same tenant, and whether a run has touched any of them."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from payproof.mock import jpmorgan_models, jpmorgan_payments_models
from payproof.mock.jpmorgan_payments_deals import Call
from payproof.mock.jpmorgan_profiles import Caller
from payproof.mock.mercadopago_models import create_profile
from payproof.mock.zuora import PaymentMethod
from payproof.mock.zuora_models import create_credential
from tests.standin.estate import Shelf

if TYPE_CHECKING:
    from payproof.mock.tenants import Tenant
    from tests.standin.estate import Estate, Thing

_WORD = re.compile(r'"([^"\\]{4,80})"|([0-9]{5,})')
_MERCHANT = {"merchantSoftware": {"companyName": "Somebody Else", "productName": "Another till"}}
_CARD = {"accountNumber": "4112344112344113", "expiry": {"month": 5, "year": 2030}}


def _payment(amount: int, **members: Any) -> Any:
    body = {"amount": amount, "currency": "USD", "merchant": _MERCHANT, "paymentMethodType": {"card": _CARD}, **members}
    return jpmorgan_payments_models.payment(body)


class Crowd:
    """Other people. What they put there is theirs; nobody else may change it, or name it in a request."""

    def __init__(self, estate: Estate) -> None:
        self._estate = estate
        self._theirs: dict[tuple[str, str], str] = {}
        self._names: set[str] = set()
        self._arrivals = 0
        self.every = 0
        """At each so many requests somebody comes; 0 for never."""

    def arrive(self, tenant: Tenant, owner: int) -> None:
        """Let somebody put one thing of each kind into a tenant."""
        before = set(self._estate.things)
        self._arrivals += 1
        self._buy(tenant)
        self._sell(tenant)
        self._agree(tenant, owner)
        for key in self._estate.things.keys() - before:
            self._theirs[key] = _mark(self._estate.things[key])
            self._names.add(key[1].partition("/")[0])
        # Everybody agrees on the payment methods that the tenant came with, so naming those is no offence
        self._names -= set(list(tenant.zuora._methods)[:2])

    def named(self, path: str, body: bytes) -> list[str]:
        """List what of theirs a request names."""
        if not self._names:
            return []
        words = set(re.split(r"[/?&=]", unquote(path)))
        if body:
            words |= {text or number for text, number in _WORD.findall(body.decode("utf-8", errors="replace"))}
        found = sorted(words & self._names)
        closed = re.search(r"/payment-methods/([^/]+)/profiles/([^/]+)/", path)
        theirs = closed is not None and ("stored-credential", f"{closed[1]}/{closed[2]}") in self._theirs
        return [*found, f"{closed[1]}/{closed[2]}"] if closed is not None and theirs else found

    def changed(self) -> list[str]:
        """List what of theirs is no longer as they left it, or is gone."""
        found = []
        for key, mark in self._theirs.items():
            thing = self._estate.things.get(key)
            if thing is None or _mark(thing) != mark:
                found.append(" ".join(key))
        return found

    def _buy(self, tenant: Tenant) -> None:
        number = self._arrivals
        name = f"someone-{number}"
        card = {"accountNumber": "4112344112344113", "cardExpirationMonthYearNumber": "05/2030", "cardType": "VI"}
        profile = jpmorgan_models.create_profile({"firstName": "Some", "lastName": "One", "profilePaymentMethod": {"cardList": [card]}})
        tenant.profiles.create(profile, Caller(user=name))
        payments = tenant.payments
        payments.pay(_payment(1000 + number), Call(tenant.merchant_id, f"{name}-now"))
        held = payments.pay(_payment(2000 + number, captureMethod="MANUAL"), Call(tenant.merchant_id, f"{name}-held"))
        assert held["transactionState"] == "AUTHORIZED", "other people's payments are good ones"

    def _sell(self, tenant: Tenant) -> None:
        seller = tenant.mercadopago
        customer = seller.customers.create({"email": f"someone.{self._arrivals}@example.org", "first_name": "Some"})["id"]
        token = seller.customers.tokenize({
            "card_number": "5031433215406351", "security_code": "123", "expiration_month": 11, "expiration_year": 2030,
            "cardholder": {"name": "APRO"},
        })["id"]  # fmt: skip
        method = {"id": "master", "type": "credit_card", "token": token}
        seller.create(customer, create_profile({"description": "Somebody's", "payment_methods": [method]}, seller), "MLB")

    def _agree(self, tenant: Tenant, owner: int) -> None:
        zuora = tenant.zuora
        method_id = hashlib.sha256(f"{tenant.client_id} {self._arrivals}".encode()).hexdigest()[:32]
        method = PaymentMethod(method_id, zuora.entities[0], "Visa")
        method.profiles = Shelf(self._estate, owner, method_id)
        zuora._methods[method_id] = method
        agreement = {"type": "Recurring", "status": "Active", "action": "Persist", "consentAgreementSrc": "External",
                     "networkTransactionId": "016153570198200"}  # fmt: skip
        for each in (method_id, next(iter(zuora._methods))):
            zuora.create(each, zuora.entities[0], create_credential(agreement))


def _mark(thing: Thing) -> str:
    shown = json.dumps([thing.state(), thing.shown()], sort_keys=True, default=str)
    return hashlib.sha256(shown.encode()).hexdigest()


