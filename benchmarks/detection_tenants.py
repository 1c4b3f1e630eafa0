"""Tenants at a mock with their credentials, and resources that exist there, for the peer of `detection.py`.

payproof makes its own by the same control interface.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wire import basic

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wire import Wire

SEEDED = 12
"""How many existing resources of each kind the tuned peer is told of."""


def tenant(wire: Wire, name: str) -> dict[str, str]:
    """Make a tenant and fetch its tokens."""
    made: dict[str, str] = wire.call("POST", "/__mock__/tenants", {}, {"name": name})
    pair = {"Authorization": basic(made["client_id"], made["client_secret"])}
    answer = wire.form("/am/oauth2/alpha/access_token", pair, grant_type="client_credentials", scope="jpm:payments:sandbox")
    made["token"] = answer["access_token"]
    answer = wire.form("/oauth/token", {}, client_id=made["zuora_client_id"], client_secret=made["zuora_client_secret"],
                       grant_type="client_credentials")  # fmt: skip
    made["zuora_token"] = answer["access_token"]
    return made


def access(api: str, made: Mapping[str, str]) -> dict[str, str]:
    """Give the headers that let a tenant in at an API."""
    bearer = {"Authorization": f"Bearer {made['token']}"}
    if api == "jpmorgan-oauth":
        return {"Authorization": basic(made["client_id"], made["client_secret"])}
    if api == "jpmorgan-payments":
        return {**bearer, "merchant-id": made["merchant_id"]}
    if api == "jpmorgan-profiles":
        return {**bearer, "merchantIdentifier": made["merchant_id"]}
    return {"Authorization": f"Bearer {made['mercadopago_token' if api.startswith('mercadopago') else 'zuora_token']}"}


CARD = {"accountNumber": "4112344112344113", "expiry": {"month": 12, "year": 2040}}
STORED = {"accountNumber": "4234555678990919", "cardExpirationMonthYearNumber": "02/2040", "accountStatus": "ACTIVE", "cardType": "VI",
          "firstName": "John", "lastName": "Doe"}  # fmt: skip


def seeded(api: str, wire: Wire, made: Mapping[str, str]) -> list[dict[str, Any]]:
    """Make resources for a tenant, and give what belongs together, by the names of parameters, headers and members."""
    headers = access(api, made)
    known: list[dict[str, Any]] = []
    body: dict[str, Any]
    for number in range(SEEDED):
        if api == "jpmorgan-payments":
            keyed = {**headers, "request-id": f"seed-{number}"}
            merchant = {"merchantSoftware": {"companyName": "Payment Company", "productName": "Application Name"}}
            body = {"captureMethod": "MANUAL" if number % 2 else "NOW", "amount": 1000, "currency": "USD", "merchant": merchant,
                    "paymentMethodType": {"card": CARD}, "initiatorType": "CARDHOLDER", "accountOnFile": "NOT_STORED"}  # fmt: skip
            paid = wire.call("POST", "/api/v2/payments", keyed, body)["transactionId"]
            stored = profile_of(wire, access("jpmorgan-profiles", made))
            known.append({"id": paid, "transactionReferenceId": paid, "consumerProfileId": stored["consumer-profile-id"],
                          "paymentMethodId": stored["payment-method-Id"]})  # fmt: skip
        elif api == "jpmorgan-profiles":
            known.append(dict(profile_of(wire, headers)))
        elif api == "mercadopago-profiles":
            customer = wire.call("POST", "/v1/customers", headers, {"email": f"test_payer_{number}@testuser.com"})["id"]
            holder = {"name": "APRO", "identification": {"type": "CPF", "number": "12345678909"}}
            card = {"card_number": "4235647728025682", "expiration_month": 11, "expiration_year": 2040, "security_code": "123",
                    "cardholder": holder}  # fmt: skip
            token, other = (wire.call("POST", "/v1/card_tokens", headers, card)["id"] for _ in range(2))
            saved = wire.call("POST", f"/v1/customers/{customer}/cards", headers, {"token": other})["id"]
            body = {"payment_methods": [{"id": "visa", "type": "credit_card", "token": token, "default_method": True}]}
            keyed = {**headers, "X-Idempotency-Key": f"seed-{number}"}
            profile = wire.call("POST", f"/v1/customers/{customer}/payment-profiles", keyed, body)
            method = str(profile["payment_methods"][0]["payment_method_id"])
            known.append({"customer_id": customer, "payment_profile_id": profile["id"], "payment_method_id": method, "card_id": saved})
        elif api == "zuora-credentials":
            method = made["zuora_payment_method" if number % 2 else "zuora_second_payment_method"]
            body = {"status": "Agreed", "type": "Recurring", "consentAgreementRef": "ACCT1338AgreementV1.pdf",
                    "consentAgreementSrc": "External", "authGateway": made["zuora_gateway"]}  # fmt: skip
            stored = wire.call("POST", f"/v1/payment-methods/{method}/profiles", headers, body)
            known.append({
                "payment-method-id": method, "profile-number": str(stored["number"]), "Zuora-Entity-Ids": made["zuora_entity"],
                "Zuora-Org-Ids": made["zuora_org"], "authGateway": made["zuora_gateway"], "client_id": made["zuora_client_id"],
                "client_secret": made["zuora_client_secret"],
            })  # fmt: skip
    return known


def profile_of(wire: Wire, headers: Mapping[str, str]) -> dict[str, str]:
    """Make a consumer profile with a card, and give the path parameters that lead to both."""
    body = {"firstName": "John", "lastName": "Doe", "profilePaymentMethod": {"cardList": [STORED]}}
    made = wire.call("POST", "/api/v2/mmp/consumer-profiles", headers, body)
    method = made["paymentMethodType"]["cardList"][0]["paymentMethodId"]
    return {"consumer-profile-id": made["consumerProfileId"], "payment-method-Id": method}
