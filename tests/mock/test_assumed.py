"""The choices that no document makes: one test for each, named as it is."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from payproof.mock import assumed

if TYPE_CHECKING:
    from tests.mock.conftest import Merchant

ACH = {"accountNumber": "1234561111119999", "financialInstitutionRoutingNumber": "122199983"}
SEPA = {"internationalBankAccountNumber": "DE89370400440532013000", "internationalBusinessIdentifierCode": "COBADEFF"}
BACS = {"accountNumber": "1234561111119999", "bankSortCode": "200000"}

Card = dict[str, Any]


def test_each_choice_has_a_test() -> None:
    """Names of choices and names of tests are the same set."""
    module = sys.modules[__name__]
    tested = {name.removeprefix("test_") for name in vars(module) if name.startswith("test_")}
    assert tested - {"each_choice_has_a_test"} == assumed.BEHAVIOUR.keys()


def test_delete_default(merchant: Merchant, card: Card, old_card: Card) -> None:
    """After the default was deleted there is none, although another card is left."""
    profile = merchant.create(card, old_card)
    after = merchant.method("DELETE", profile, 0)
    assert after.status_code == 200
    assert "defaultMOP" not in after.json()["paymentMethodType"]
    assert len(after.json()["paymentMethodType"]["cardList"]) == 1


def test_delete_last(merchant: Merchant, card: Card) -> None:
    """After the last method was deleted an empty list is left."""
    after = merchant.method("DELETE", merchant.create(card))
    assert after.json()["paymentMethodType"] == {"cardList": []}


def test_inactive_default(merchant: Merchant, card: Card, old_card: Card) -> None:
    """An inactive card becomes the default."""
    profile = merchant.create(card, {**old_card, "accountStatus": "INACTIVE"})
    after = merchant.method("PATCH", profile, 1, "/default")
    assert after.json()["paymentMethodType"]["defaultMOP"]["card"]["accountStatus"] == "INACTIVE"


def test_inactive_profile(merchant: Merchant, card: Card) -> None:
    """A method is added to an inactive profile."""
    profile = merchant.create(card, profileStatus="INACTIVE")
    after = merchant.add(profile, card)
    assert after["profileStatus"] == "INACTIVE"
    assert len(after["paymentMethodType"]["cardList"]) == 2


def test_default_in_request(merchant: Merchant, card: Card, old_card: Card) -> None:
    """A default that comes with a create or an add is listed as well."""
    profile = merchant.create(profilePaymentMethod={"cardList": [card], "defaultMOP": {"card": old_card}})
    assert profile["paymentMethodType"]["defaultMOP"]["card"] == profile["paymentMethodType"]["cardList"][1]
    path = f"/{profile['consumerProfileId']}/payment-methods"
    after = merchant.api("POST", path, {"defaultMOP": {"ach": ACH}}).json()["paymentMethodType"]
    assert after["defaultMOP"] == {"ach": after["achList"][0]}


def test_one_default(merchant: Merchant, card: Card) -> None:
    """Two methods in defaultMOP are refused, and so is none."""
    for default in ({"sepa": SEPA, "ach": ACH}, {}):
        body = {"profilePaymentMethod": {"cardList": [card], "defaultMOP": default}}
        refused = merchant.api("POST", "", body)
        assert refused.status_code == 400
        assert [each["entity"] for each in refused.json()["validationErrors"]] == ["profilePaymentMethod.defaultMOP"]


def test_bacs_only(merchant: Merchant) -> None:
    """BACS never becomes the default by itself, and can be chosen."""
    profile = merchant.create(profilePaymentMethod={"bacsList": [BACS]})
    bacs = profile["paymentMethodType"]["bacsList"][0]
    assert "defaultMOP" not in profile["paymentMethodType"]
    path = f"/{profile['consumerProfileId']}/payment-methods/{bacs['paymentMethodId']}/default"
    assert merchant.api("PATCH", path).json()["paymentMethodType"]["defaultMOP"] == {"bacs": bacs}


def test_status_beside_methods(merchant: Merchant, card: Card, old_card: Card) -> None:
    """A status beside the methods of an add or an update does not override a method's own."""
    profile = merchant.create(card)
    path = f"/{profile['consumerProfileId']}/payment-methods"
    body = {"accountStatus": "INACTIVE", "cardList": [card, old_card]}
    added = merchant.api("POST", path, body).json()["paymentMethodType"]["cardList"]
    assert [each["accountStatus"] for each in added] == ["ACTIVE", "ACTIVE", "INACTIVE"]
    updated = merchant.method("PATCH", profile, 0, "", {"accountStatus": "INACTIVE"}).json()
    assert updated["paymentMethodType"]["cardList"][0]["accountStatus"] == "INACTIVE"
    both = {"accountStatus": "INACTIVE", "card": {"accountStatus": "ACTIVE"}}
    again = merchant.method("PATCH", profile, 0, "", both).json()
    assert again["paymentMethodType"]["cardList"][0]["accountStatus"] == "ACTIVE"


def test_request_only(merchant: Merchant, card: Card) -> None:
    """What describes the request of an add is not shown."""
    profile = merchant.create(card)
    beside = {"currency": "USD", "merchant": {"merchantSoftware": {"version": "1.235"}}, "browserInfo": {"a": 1}}
    after = merchant.api("POST", f"/{profile['consumerProfileId']}/payment-methods", {"cardList": [card], **beside})
    assert after.status_code == 200
    assert not {"currency", "merchant", "browserInfo"} & after.json().keys()
    assert "currency" not in after.json()["paymentMethodType"]["cardList"][1]


def test_one_kind(merchant: Merchant, card: Card) -> None:
    """An update for the card and for another kind is refused and changes nothing."""
    profile = merchant.create(card)
    refused = merchant.method("PATCH", profile, 0, "", {"card": {"firstName": "Jane"}, "ach": {"firstName": "Jill"}})
    assert refused.status_code == 400
    assert [each["entity"] for each in refused.json()["validationErrors"]] == ["ach", "card"]
    assert merchant.read(profile) == profile


def test_other_kind_alone(merchant: Merchant, card: Card) -> None:
    """An update that speaks of other kinds only is refused and changes nothing."""
    profile = merchant.create(card)
    refused = merchant.method("PATCH", profile, 0, "", {"ach": {"firstName": "Jill"}})
    assert refused.status_code == 400
    assert [each["entity"] for each in refused.json()["validationErrors"]] == ["ach"]
    assert merchant.read(profile) == profile


def test_empty_update(merchant: Merchant, card: Card) -> None:
    """An empty update changes nothing but the time."""
    profile = merchant.create(card)
    after = merchant.method("PATCH", profile, 0, "", {}).json()
    assert after["updateTimestamp"] > profile["updateTimestamp"]
    assert after == {**profile, "updateTimestamp": after["updateTimestamp"]}


def test_number_in_update(merchant: Merchant, card: Card) -> None:
    """A number in an update does not change the card's."""
    after = merchant.method("PATCH", merchant.create(card), 0, "", {"card": {"accountNumber": "4112344112344113"}})
    assert after.status_code == 200
    assert after.json()["paymentMethodType"]["cardList"][0]["last4CardNumber"] == "0919"


def test_correlation(merchant: Merchant, card: Card) -> None:
    """The correlation identifier of a write stays, the one of a read does not."""
    profile = merchant.create(card)
    path = f"/{profile['consumerProfileId']}"
    assert merchant.api("GET", path, correlationIdentifier="read").json()["correlationIdentifier"] == "read"
    assert merchant.read(profile)["correlationIdentifier"] == profile["correlationIdentifier"]
    merchant.api("PATCH", path, {}, correlationIdentifier="write")
    assert merchant.read(profile)["correlationIdentifier"] == "write"


def test_status_without_card(merchant: Merchant) -> None:
    """There is no 3-D Secure outcome of a bank account."""
    profile = merchant.create(profilePaymentMethod={"achList": [ACH]})
    identifier = profile["paymentMethodType"]["achList"][0]["paymentMethodId"]
    path = f"/{profile['consumerProfileId']}/payment-methods/{identifier}/status"
    assert merchant.api("GET", path).json().keys() == {"requestId", "consumerProfileId", "responseMessage"}


def test_body_not_expected(merchant: Merchant, card: Card) -> None:
    """The default is set whatever the body says."""
    profile = merchant.create(card)
    assert merchant.method("PATCH", profile, 0, "/default", b"\xff not JSON").status_code == 200


def test_hidden_numbers(merchant: Merchant) -> None:
    """No response shows an account number or an IBAN."""
    methods = {"achList": [ACH], "sepaList": [SEPA], "bacsList": [BACS]}
    merchant.create(profilePaymentMethod=methods)
    text = "".join(merchant.seen)
    assert "200000" in text  # the sort code is shown, so the text is the right one
    assert not any(secret in text for secret in ("1234561111119999", "DE89370400440532013000"))
    assert "last4" not in text


def test_three_ds_data(merchant: Merchant, card: Card) -> None:
    """3-D Secure data of a card does not come back."""
    secret = {"authenticationValue": "AAABBEg0VhI0VniQEjRWAAAAAAA="}
    profile = merchant.create({**card, "threeDSAuthenticatedData": secret, "authenticationRequest": secret})
    assert "threeDSAuthenticatedData" not in profile["paymentMethodType"]["cardList"][0]
    assert "AAABBEg0VhI0VniQEjRWAAAAAAA=" not in "".join(merchant.seen)


def test_default_contact(merchant: Merchant, card: Card) -> None:
    """A default e-mail address is listed, and shown once more."""
    profile = merchant.create(card, communication={"defaultEmail": {"emailAddress": "john.doe.x@gmail.com"}})
    communication = profile["communication"]
    assert communication["defaultEmail"] == communication["emailList"][0]
    assert communication.keys() == {"emailList", "defaultEmail"}


def test_duplicate_members(merchant: Merchant) -> None:
    """Two values for one member are refused, and the member is named."""
    refused = merchant.api("POST", "", b'{"firstName": "John", "firstName": "Jane"}')
    assert refused.status_code == 400
    assert refused.json()["validationErrors"][0]["entity"] == "firstName"


def test_repeated_parameters(merchant: Merchant) -> None:
    """A form parameter that nobody knows may not be repeated either."""
    refused = merchant.client.post(
        "/am/oauth2/alpha/access_token",
        auth=(merchant.client_id, merchant.client_secret),
        data={"grant_type": "client_credentials", "x": ["1", "2"]},
    )
    assert refused.status_code == 400
    assert refused.json()["error"] == "invalid_request"


def test_nul(merchant: Merchant, card: Card) -> None:
    """U+0000 in a known string is refused; in a member that nobody knows it is ignored with it."""
    refused = merchant.api("POST", "", {"profilePaymentMethod": {"cardList": [{**card, "firstName": "a\0b"}]}})
    assert refused.status_code == 400
    assert refused.json()["validationErrors"][0]["entity"] == "profilePaymentMethod.cardList[0].firstName"
    assert merchant.create({**card, "unknown": "a\0b"})


def test_client_id_twice(merchant: Merchant) -> None:
    """The client's own id in the form is accepted beside HTTP Basic, another one is not."""
    for client_id, status in ((merchant.client_id, 200), ("another", 400)):
        response = merchant.client.post(
            "/am/oauth2/alpha/access_token",
            auth=(merchant.client_id, merchant.client_secret),
            data={"grant_type": "client_credentials", "client_id": client_id},
        )
        assert response.status_code == status
