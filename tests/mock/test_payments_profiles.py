"""One world with the profiles: a profile made in a payment is an ordinary one, and what is gone or inactive cannot pay."""

from __future__ import annotations

import pytest

from tests.mock.payments_till import AMEX, MASTER, SOFTWARE, VISA, WISH, Json, Till, card, neighbour, till

__all__ = ["neighbour", "till"]

PROFILE = "paymentMethodType.consumerProfile"


def info(body: Json) -> Json:
    """Give what an answer says about the profile that was wished for."""
    told: Json = body["accountHolder"]["consumerProfileInfo"]
    return told


def documented() -> Json:
    """Give the vendor's sample: a version and a security code as numbers, the account holder inside the method."""
    return {
        "captureMethod": "NOW",
        "amount": 1234,
        "currency": "USD",
        "merchant": {"merchantSoftware": {"companyName": "Payment Company", "productName": "Application Name", "version": 1.235}},
        "paymentMethodType": {
            "card": {"accountNumber": "4112344112344113", "expiry": {"month": 12, "year": 2027}, "cvv": 411},
            "accountHolder": {
                "referenceId": "1245",
                "firstName": "John",
                "lastName": "Smith",
                "email": "example@example.com",
                "mobile": {"countryCode": 1, "phoneNumber": "1234567890"},
                "consumerProfileInfo": {"consumerProfileRequestType": "CREATE"},
            },
        },
    }


def test_the_documented_profile(till: Till) -> None:
    """The sample makes a profile that the profiles API shows, with the card as its default."""
    body = till.done("POST", "/payments", documented())
    assert body["merchant"]["merchantSoftware"]["version"] == 1.235
    assert body["accountHolder"]["referenceId"] == "1245"
    told = info(body)
    assert told.keys() == {"consumerProfileRequestType", "consumerProfileId", "paymentMethodId"}
    profile = till.profiles("GET", f"/{told['consumerProfileId']}")
    stored = profile["paymentMethodType"]["cardList"]
    assert [each["paymentMethodId"] for each in stored] == [told["paymentMethodId"]]
    assert (stored[0]["last4CardNumber"], stored[0]["cardExpirationMonthYearNumber"]) == ("4113", "12/2027")
    assert profile["paymentMethodType"]["defaultMOP"]["card"] == stored[0]
    assert (profile["firstName"], profile["lastName"], profile["profileStatus"]) == ("John", "Smith", "ACTIVE")
    assert profile["communication"]["emailList"][0]["emailAddress"] == "example@example.com"
    assert profile["communication"]["phoneList"][0]["countryCode"] == "1"
    assert till.effects("profiles created") == 1


def test_both_ways_of_writing(till: Till) -> None:
    """Version, security code and country code as text, and the account holder beside the method, make one as well."""
    sample = documented()
    sample["merchant"]["merchantSoftware"]["version"] = "1.235"
    sample["paymentMethodType"]["card"]["cvv"] = "411"
    holder = sample["accountHolder"] = sample["paymentMethodType"].pop("accountHolder")
    holder["mobile"]["countryCode"] = "1"
    holder["billingAddress"] = {"line1": "123 Main Street", "city": "Tampa", "state": "FL", "postalCode": "33626", "countryCode": "USA"}
    told = info(till.done("POST", "/payments", sample))
    profile = till.profiles("GET", f"/{told['consumerProfileId']}")
    assert profile["addresses"][0]["line1"] == "123 Main Street"
    assert profile["addresses"][0]["addressIdentifier"] == profile["paymentMethodType"]["cardList"][0]["addressIdentifier"]


def test_a_profile_of_a_verification(till: Till) -> None:
    """A verification makes a profile too, and a profile can be verified."""
    body = {"merchant": SOFTWARE, "currency": "USD", "paymentMethodType": {"card": card(AMEX)}, "accountHolder": WISH}
    told = info(till.done("POST", "/verifications", body))
    stored = {name: told[name] for name in ("consumerProfileId", "paymentMethodId")}
    answer = till.done("POST", "/verifications", {"merchant": SOFTWARE, "paymentMethodType": {"consumerProfile": stored}})
    assert answer["paymentMethodType"]["card"]["maskedAccountNumber"] == "371144XXXXX4376"


def test_the_named_card_pays(till: Till) -> None:
    """The card that is named pays, whichever is the default."""
    stored = till.store(VISA)
    added = till.profiles("POST", f"/{stored['consumerProfileId']}/payment-methods", {"cardList": [{"accountNumber": MASTER}]})
    second = added["paymentMethodType"]["cardList"][1]["paymentMethodId"]
    paid = till.pay(method={"consumerProfile": {**stored, "paymentMethodId": second.upper()}})
    assert paid["paymentMethodType"]["card"]["maskedAccountNumber"] == "511234XXXXXX5114"
    till.profiles("PATCH", f"/{stored['consumerProfileId']}/payment-methods/{second}/default")
    assert till.pay(method={"consumerProfile": stored})["paymentMethodType"]["card"]["cardType"] == "VI"


@pytest.mark.parametrize("path", ["/payments", "/verifications", "/refunds"])
def test_who_cannot_pay(till: Till, neighbour: Till, path: str) -> None:
    """An inactive profile, an inactive, deleted or unknown method and a stranger's profile are refused, and nothing happens."""
    stored, theirs = till.store(), neighbour.store()
    unknown = "6d66f2e5-ad81-4848-9884-d5ff32ee7690"
    place = f"/{stored['consumerProfileId']}"
    before = till.client.get(f"/__mock__/tenants/{till.client_id}/effects").json()

    def blamed(who: Json) -> list[str]:
        body = till.order(method={"consumerProfile": who})
        if path == "/verifications":
            del body["amount"]
        return till.refused("POST", path, body)

    assert blamed(theirs) == [f"{PROFILE}.consumerProfileId"]
    assert blamed({**stored, "consumerProfileId": "NOBODY"}) == [f"{PROFILE}.consumerProfileId"]
    assert blamed({**stored, "paymentMethodId": unknown}) == [f"{PROFILE}.paymentMethodId"]
    assert blamed({**stored, "paymentMethodId": theirs["paymentMethodId"]}) == [f"{PROFILE}.paymentMethodId"]
    assert till.client.get(f"/__mock__/tenants/{till.client_id}/effects").json() == before
    till.profiles("PATCH", place, {"profileStatus": "INACTIVE"})
    assert blamed(stored) == [f"{PROFILE}.consumerProfileId"]
    till.profiles("PATCH", place, {"profileStatus": "ACTIVE"})
    till.profiles("PATCH", f"{place}/payment-methods/{stored['paymentMethodId']}", {"card": {"accountStatus": "INACTIVE"}})
    assert blamed(stored) == [f"{PROFILE}.paymentMethodId"]
    till.profiles("DELETE", f"{place}/payment-methods/{stored['paymentMethodId']}")
    assert blamed(stored) == blamed({"consumerProfileId": stored["consumerProfileId"]}) == [f"{PROFILE}.paymentMethodId"]
    till.profiles("DELETE", place)
    assert blamed(stored) == [f"{PROFILE}.consumerProfileId"]


@pytest.mark.parametrize(
    ("holder", "method", "code"),
    [
        pytest.param({"lastName": "Smith"}, card(), "PROFILE_DATA_MISSING", id="no first name"),
        pytest.param({"firstName": "John"}, card(), "PROFILE_DATA_MISSING", id="no last name"),
        pytest.param({"fullName": "John Smith"}, card(), "PROFILE_DATA_MISSING", id="a full name only"),
        pytest.param({"firstName": "John", "lastName": "Smith"}, {"accountNumber": VISA}, "PROFILE_DATA_MISSING", id="no expiry"),
        pytest.param(
            {"firstName": "John", "lastName": "Smith", "referenceId": "profile-create-fails"},
            card(),
            "PROFILE_NOT_CREATED",
            id="test datum",
        ),
    ],
)
def test_a_profile_that_cannot_be_made(till: Till, holder: Json, method: Json, code: str) -> None:
    """The payment is answered and moves its money; the answer says why there is no profile."""
    wish = {**holder, "consumerProfileInfo": {"consumerProfileRequestType": "CREATE"}}
    body = till.pay(method={"card": method}, accountHolder=wish)
    assert body["transactionState"] == "CLOSED"
    told = info(body)
    assert told["consumerProfileResponseCode"] == code
    assert told["consumerProfileResponseMessage"]
    assert not {"consumerProfileId", "paymentMethodId"} & told.keys()
    assert (till.effects("payments created"), till.effects("profiles created")) == (1, 0)


def test_a_refused_wish_is_no_profile(till: Till) -> None:
    """A request that is refused for its shape makes neither payment nor profile."""
    wrong = {**WISH, "consumerProfileInfo": {"consumerProfileRequestType": "UPDATE"}}
    blamed = till.refused("POST", "/payments", till.order(accountHolder=wrong))
    assert blamed == ["accountHolder.consumerProfileInfo.consumerProfileRequestType"]
    assert till.effects("profiles created") == till.effects("payments created") == 0
