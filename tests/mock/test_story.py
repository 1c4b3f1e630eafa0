"""The documented story over HTTP: create, add, update, set default, delete, status."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest

    from tests.mock.conftest import Merchant

Card = dict[str, Any]


def cards(body: dict[str, Any]) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = body["paymentMethodType"]["cardList"]
    return listed


def test_the_documented_story(merchant: Merchant, card: Card, old_card: Card) -> None:
    """A profile with one card gets a second one, which is changed and becomes the default; the first one is deleted.

    Expect after each act the answer of the vendor's page, the same from a later read, and one effect.
    """
    # John has a profile with a card
    profile = merchant.create(old_card, cardOnFileReferenceNumber="123", firstName="John", lastName="Doe", profileStatus="ACTIVE")
    assert [each["last4CardNumber"] for each in cards(profile)] == ["9999"]
    assert profile["paymentMethodType"]["defaultMOP"] == {"card": cards(profile)[0]}
    assert merchant.read(profile) == profile

    # He adds another one, with the address that belongs to it
    added = merchant.add(profile, card)
    new = cards(added)[1]
    assert cards(added)[0] == cards(profile)[0]
    assert new == {
        "paymentMethodId": new["paymentMethodId"],
        "cardExpirationMonthYearNumber": "02/2025",
        "last4CardNumber": "0919",
        "accountStatus": "ACTIVE",
        "cardType": "DI",
        "firstName": "John",
        "lastName": "Doe",
        "addressIdentifier": added["addresses"][0]["addressIdentifier"],
    }
    sent = card["consumerProfileAddress"]
    assert added["addresses"] == [{"addressIdentifier": new["addressIdentifier"], **sent}]
    assert merchant.read(profile) == added

    # The card gets another address
    change = {
        "cardExpirationMonthYearNumber": "02/2025",
        "accountStatus": "ACTIVE",
        "firstName": "John",
        "lastName": "Doe",
        "consumerProfileAddress": {**sent, "addressType": "BILLING", "line1": "300 Elton Street"},
    }
    updated = merchant.method("PATCH", added, 1, "", {"card": change}).json()
    assert updated["addresses"][0] == added["addresses"][0]
    assert updated["addresses"][1]["line1"] == "300 Elton Street"
    assert cards(updated) == [
        cards(added)[0],
        {**new, "addressIdentifier": updated["addresses"][1]["addressIdentifier"]},
    ]
    assert merchant.read(profile) == updated

    # It becomes the default
    chosen = merchant.method("PATCH", added, 1, "/default").json()
    assert chosen["paymentMethodType"]["defaultMOP"] == {"card": cards(updated)[1]}
    assert cards(chosen) == cards(updated)
    assert chosen["addresses"] == updated["addresses"]
    assert merchant.read(profile) == chosen

    # Its 3-D Secure status can be asked for
    status = merchant.method("GET", added, 1, "/status").json()
    assert status["cardAuthenticationDetails"]["responseStatus"] == "SUCCESS"
    assert status["consumerProfileId"] == profile["consumerProfileId"]

    # The first card is deleted
    deleted = merchant.method("DELETE", added, 0).json()
    assert cards(deleted) == cards(chosen)[1:]
    assert deleted["paymentMethodType"]["defaultMOP"] == chosen["paymentMethodType"]["defaultMOP"]
    assert deleted["addresses"] == chosen["addresses"]
    assert merchant.read(profile) == deleted
    assert merchant.method("GET", added, 0, "/status").status_code == 404

    # Time went on, and nothing happened twice
    times = [each["updateTimestamp"] for each in (profile, added, updated, chosen, deleted)]
    assert times == sorted(set(times))
    assert merchant.effects() == {
        "tokens issued": 1,
        "profiles created": 1,
        "methods added": 2,
        "addresses created": 2,
        "methods updated": 1,
        "defaults set": 1,
        "methods deleted": 1,
    }


def test_no_number_leaves_the_mock(merchant: Merchant, card: Card, old_card: Card, capfd: pytest.CaptureFixture[str]) -> None:
    """Neither an answer nor a log shows a full card number or a security code, whatever was sent where."""
    profile = merchant.create({**card, "cvv": "739", "cardVerificationValue": "739"}, old_card)
    merchant.add(profile, card)
    merchant.method("PATCH", profile, 0, "", {"card": {"accountNumber": card["accountNumber"], "firstName": "Jane"}})
    merchant.method("PATCH", profile, 1, "/default")
    merchant.method("GET", profile, 0, "/status")
    merchant.api("POST", "", {"profilePaymentMethod": {"cardList": [{**card, "cardType": card["accountNumber"]}]}})
    merchant.api("POST", "", {card["accountNumber"]: 1, "profilePaymentMethod": {"cardList": [7]}})
    merchant.api("POST", "", f'{{"{card["accountNumber"]}": 1, "{card["accountNumber"]}": 2}}'.encode())
    merchant.api("POST", "", f'{{"firstName": {card["accountNumber"]}'.encode())
    merchant.api("GET", f"/{card['accountNumber']}!")
    merchant.api("GET", f"/{profile['consumerProfileId']}/payment-methods/{card['accountNumber']}/status")
    merchant.api("GET", "", requestIdentifier=f"{card['accountNumber']}\x7f")
    merchant.method("DELETE", profile, 0)
    assert len(merchant.seen) == 13
    output = "".join(merchant.seen) + "".join(capfd.readouterr())
    assert "0919" in output
    assert card["accountNumber"] not in output
    assert old_card["accountNumber"] not in output
    assert '"739"' not in output


def test_the_world_is_the_tenants_own(merchant: Merchant, other: Merchant, card: Card) -> None:
    """Another tenant's profile answers like one that does not exist, to every operation."""
    profile = merchant.create(card)
    for method, rest, body in (
        ("GET", "", None),
        ("PATCH", "", {}),
        ("DELETE", "", None),
        ("POST", "/payment-methods", {"cardList": [card]}),
        ("PATCH", "/payment-methods/{id}", {}),
        ("PATCH", "/payment-methods/{id}/default", None),
        ("DELETE", "/payment-methods/{id}", None),
        ("GET", "/payment-methods/{id}/status", None),
    ):
        path = rest.replace("{id}", cards(profile)[0]["paymentMethodId"])
        theirs = other.api(method, f"/{profile['consumerProfileId']}{path}", body)
        nobodys = other.api(method, f"/NOBODY{path}", body)
        assert (theirs.status_code, theirs.json()) == (nobodys.status_code, nobodys.json())
        assert theirs.status_code == 404
    assert merchant.read(profile) == profile
    assert other.effects() == {"tokens issued": 1}


def test_head_is_get_without_a_body(merchant: Merchant, card: Card) -> None:
    """HEAD tells what GET would, without the body."""
    profile = merchant.create(card)
    get = merchant.api("GET", f"/{profile['consumerProfileId']}")
    head = merchant.api("HEAD", f"/{profile['consumerProfileId']}")
    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["content-length"] == get.headers["content-length"]


def test_a_profile_is_updated_and_deleted(merchant: Merchant, card: Card) -> None:
    """The profile's own members change over HTTP, and after the delete it is gone."""
    profile = merchant.create(card, firstName="John")
    path = f"/{profile['consumerProfileId']}"
    updated = merchant.api("PATCH", path, {"firstName": "Jane"}, userIdentifier="jill").json()
    assert (updated["firstName"], updated["updateUserIdentifier"], updated["createUserIdentifier"]) == (
        "Jane",
        "jill",
        "jack",
    )
    deleted = merchant.api("DELETE", path)
    assert deleted.json() == {
        "responseStatus": "SUCCESS",
        "responseCode": "ACCEPTED",
        "responseMessage": "Request Accepted",
    }
    gone = merchant.api("GET", path)
    assert gone.status_code == 404
    assert gone.json()["responseStatus"] == "ERROR"
    assert gone.json().keys() == {"responseStatus", "responseCode", "responseMessage"}
