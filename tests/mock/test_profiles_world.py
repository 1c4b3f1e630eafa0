"""The profiles world without HTTP: what each operation changes, and what it leaves alone."""

import re
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from payproof.mock import jpmorgan_models as models
from payproof.mock.clock import Clock
from payproof.mock.ids import Ids
from payproof.mock.jpmorgan_profiles import Caller, ProfilesWorld
from payproof.mock.refusal import Invalid, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable

VISA = {"accountNumber": "4112344112344113", "cardExpirationMonthYearNumber": "01/2030"}
MASTERCARD = {"accountNumber": "5112345112345114", "cardExpirationMonthYearNumber": "02/2031"}
ACH = {"accountNumber": "1234561111119999", "financialInstitutionRoutingNumber": "122199983"}
SEPA = {"internationalBankAccountNumber": "DE89370400440532013000", "internationalBusinessIdentifierCode": "COBADEFF"}
BACS = {"accountNumber": "1234561111119999", "bankSortCode": "200000"}
MANDATE = {"mandateId": "M1", "mandateType": "RECURRING", "mandateSignatureDate": "2024-01-31"}
JACK = Caller(user="jack", correlation="648ccc37-e006-45ee-a127-2718bffeadad")


class World:
    """A world with its surroundings, and short ways to its operations."""

    def __init__(self) -> None:
        self.clock = Clock(datetime(2024, 7, 2, 9, 38, 54, 781_000, tzinfo=UTC))
        self.effects: Counter[str] = Counter()
        self.profiles = ProfilesWorld(clock=self.clock, ids=Ids("test"), effects=self.effects, directory={})

    def create(self, caller: Caller = JACK, /, **members: Any) -> dict[str, Any]:
        """Create a profile, by default with one Visa card."""
        body = {"profilePaymentMethod": {"cardList": [VISA]}, **members}
        return self.profiles.create(models.create_profile(body), caller)

    def add(self, profile_id: str, body: dict[str, Any], caller: Caller = JACK) -> dict[str, Any]:
        """Add payment methods."""
        return self.profiles.add(profile_id, models.add_methods(body), caller)

    def change(self, profile_id: str, method_id: str, body: dict[str, Any]) -> dict[str, Any]:
        """Update a payment method."""
        return self.profiles.update_method(profile_id, method_id, models.update_method(body), JACK)


@pytest.fixture
def world() -> World:
    return World()


def cards(body: dict[str, Any]) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = body["paymentMethodType"]["cardList"]
    return listed


def default(body: dict[str, Any]) -> dict[str, Any]:
    chosen: dict[str, Any] = body["paymentMethodType"]["defaultMOP"]
    return chosen


def test_members_come_in_the_documented_order(world: World) -> None:
    """A profile shows its members in the order of the vendor's page."""
    body = world.create(
        cardOnFileReferenceNumber="123",
        firstName="John",
        lastName="Doe",
        communication={
            "phoneList": [{"phoneNumber": "8888888828", "countryCode": "1", "phoneNumberType": "Home"}],
            "emailList": [{"emailAddress": "john.doe.x@gmail.com", "emailAddressType": "Home"}],
        },
        profilePaymentMethod={"cardList": [{**VISA, "lastName": "Doe", "firstName": "John", "consumerProfileAddress": {}}]},
    )
    assert list(body) == [
        "consumerProfileId",
        "cardOnFileReferenceNumber",
        "firstName",
        "lastName",
        "communication",
        "paymentMethodType",
        "addresses",
        "correlationIdentifier",
        "createTimestamp",
        "createUserIdentifier",
        "updateTimestamp",
        "updateUserIdentifier",
        "profileStatus",
    ]
    assert list(cards(body)[0]) == [
        "paymentMethodId",
        "cardExpirationMonthYearNumber",
        "last4CardNumber",
        "accountStatus",
        "cardType",
        "firstName",
        "lastName",
        "addressIdentifier",
    ]
    phone, email = body["communication"]["phoneList"][0], body["communication"]["emailList"][0]
    assert list(phone) == ["phoneNumber", "countryCode", "phoneNumberType", "communicationIdentifier"]
    assert re.fullmatch(r"HH[0-9]{11}", phone["communicationIdentifier"])
    assert re.fullmatch(r"EE[0-9]{13}", email["communicationIdentifier"])


HOLDER = {"firstName": "John", "middleName": "Q", "lastName": "Doe"}
EVERY_METHOD: dict[str, list[dict[str, Any]]] = {
    "cardList": [
        {
            **VISA,
            **HOLDER,
            "accountStatus": "INACTIVE",
            "cardType": "VI",
            "isBillPayment": False,
            "billerDebitCardReferenceNumber": "B1",
            "currency": "USD",
            "consumerPreferredPaymentNetwork": "CB",
            "cardBadgeType": "CO_BADGED",
            "walletProvider": "PAZE",
            "profileCardSourceName": "SAFETECH_TOKEN",
        }
    ],
    "achList": [
        {
            **ACH,
            **HOLDER,
            "paymentType": "WEB",
            "accountType": "CHECKING",
            "isTransactionMicroEntry": True,
            "accountStatus": "INACTIVE",
        }
    ],
    "sepaList": [{**SEPA, **HOLDER, "accountStatus": "INACTIVE"}],
    "bacsList": [{**BACS, **HOLDER, "accountStatus": "INACTIVE"}],
}
HIDDEN = {"accountNumber", "internationalBankAccountNumber"}


def test_every_member_of_a_method_is_shown(world: World) -> None:
    """What was sent for a method comes back, but for its number."""
    shown = world.create(profilePaymentMethod=EVERY_METHOD)["paymentMethodType"]
    for name, methods in EVERY_METHOD.items():
        sent, method = methods[0], shown[name][0]
        added = {"paymentMethodId"} | ({"last4CardNumber"} if name == "cardList" else set())
        assert method.keys() - added == sent.keys() - HIDDEN
        assert all(method[member] == value for member, value in sent.items() if member not in HIDDEN)


def test_every_member_of_an_address_is_shown(world: World) -> None:
    """What was sent for an address comes back, with an identifier."""
    sent = {
        "firstName": "John",
        "lastName": "Doe",
        "consumerAssignedAddressName": "Work",
        "primaryAddressIndicator": False,
        "addressType": "BILLING",
        "line1": "300 Elton Street",
        "line2": "Apt 123",
        "city": "Glen Mills",
        "state": "PA",
        "postalCode": "19342",
        "countryCode": "USA",
        "addressStatus": "INACTIVE",
    }
    (shown,) = world.create(consumerProfileAddresses=[sent])["addresses"]
    assert shown == {**sent, "addressIdentifier": shown["addressIdentifier"]}


def test_every_member_of_a_profile_is_shown(world: World) -> None:
    """What was sent for the profile itself comes back, at create and after an update."""
    sent = {
        "cardOnFileReferenceNumber": "123",
        "firstName": "John",
        "lastName": "Doe",
        "fullName": "Doe Ltd.",
        "profileStatus": "INACTIVE",
        "orderOverrideCode": "NO_MAPPING",
    }
    body = world.create(merchant={"merchantSoftware": {"version": "1.235"}}, **sent)
    assert body.items() >= {**sent, "merchant": {"merchantSoftware": {"version": "1.235"}}}.items()
    changed = {**sent, "fullName": "Roe Ltd.", "orderOverrideCode": "CONSUMER_REFNUM_ORDERID"}
    after = world.profiles.update(body["consumerProfileId"], models.update_profile(changed), JACK)
    assert after.items() >= changed.items()


@pytest.mark.parametrize("kind", ["card", "ach", "sepa", "bacs"])
def test_every_kind_is_updated_by_its_own_object(world: World, kind: str) -> None:
    """The object of the addressed kind changes the method, and a status beside it does too."""
    before = world.create(profilePaymentMethod=EVERY_METHOD)
    method = before["paymentMethodType"][f"{kind}List"][0]
    other = "ach" if kind == "card" else "card"
    for body, changed in (
        ({kind: {"lastName": "Roe"}}, {"lastName": "Roe"}),
        ({other: {"lastName": "Poe"}, "accountStatus": "ACTIVE"}, {"lastName": "Roe", "accountStatus": "ACTIVE"}),
    ):
        after = world.change(before["consumerProfileId"], method["paymentMethodId"], body)
        listed = {name: shown for name, shown in after["paymentMethodType"].items() if name != "defaultMOP"}
        expected = {name: before["paymentMethodType"][name] for name in listed} | {f"{kind}List": [{**method, **changed}]}
        assert listed == expected
    with pytest.raises(Invalid, match=f"{other} does not fit"):
        world.change(before["consumerProfileId"], method["paymentMethodId"], {other: {}})


def test_create_says_who_and_when(world: World) -> None:
    """Times come from the tenant's clock, users and correlation from the caller."""
    body = world.create()
    assert body["createTimestamp"].startswith("2024-07-02T09:38:5")
    assert body["createTimestamp"] == body["updateTimestamp"]
    assert body["createUserIdentifier"] == body["updateUserIdentifier"] == "jack"
    assert body["correlationIdentifier"] == JACK.correlation
    assert re.fullmatch(r"[A-Z]{6}", body["consumerProfileId"])


def test_create_without_headers(world: World) -> None:
    """Without headers there is a generated correlation identifier and a user of the mock's own."""
    body = world.create(Caller())
    assert UUID(body["correlationIdentifier"]).version == 4
    assert body["createUserIdentifier"] == "api"
    assert world.profiles.retrieve(body["consumerProfileId"], Caller()) == body


def test_the_external_identifier_is_write_only(world: World) -> None:
    """What the reference marks write-only is not shown."""
    assert "externalConsumerProfileIdentifier" not in world.create(externalConsumerProfileIdentifier="A-1")


@pytest.mark.parametrize(
    ("methods", "kind"),
    [
        ({"sepaList": [SEPA], "achList": [ACH], "cardList": [VISA]}, "card"),
        ({"sepaList": [SEPA], "achList": [ACH]}, "ach"),
        ({"sepaList": [SEPA], "bacsList": [BACS]}, "sepa"),
    ],
)
def test_default_at_create(world: World, methods: dict[str, Any], kind: str) -> None:
    """Where none is chosen the default is the first card, else ACH, else SEPA."""
    body = world.create(profilePaymentMethod=methods)
    assert default(body) == {kind: body["paymentMethodType"][f"{kind}List"][0]}


def test_add_appends_and_leaves_the_rest(world: World) -> None:
    """An add lists the card last, with a new identifier and the last four digits, and keeps the default."""
    before = world.create()
    after = world.add(before["consumerProfileId"], {"cardList": [MASTERCARD]})
    assert cards(after)[:-1] == cards(before)
    assert cards(after)[-1]["last4CardNumber"] == "5114"
    assert cards(after)[-1]["paymentMethodId"] != cards(before)[0]["paymentMethodId"]
    assert default(after) == default(before)
    assert after["updateTimestamp"] > before["updateTimestamp"]
    assert after["createTimestamp"] == before["createTimestamp"]


def test_add_several(world: World) -> None:
    """Several methods of several kinds are added at once, in the order in which they came."""
    profile_id = world.create()["consumerProfileId"]
    body = world.add(profile_id, {"bacsList": [BACS], "cardList": [MASTERCARD, VISA], "achList": [ACH]})
    assert [card["last4CardNumber"] for card in cards(body)] == ["4113", "5114", "4113"]
    assert list(body["paymentMethodType"]) == ["cardList", "achList", "bacsList", "defaultMOP"]
    assert world.effects == {"profiles created": 1, "methods added": 5}


def test_update_is_partial(world: World) -> None:
    """Members that are sent change, all others stay, and so does every other card."""
    profile_id = world.create(profilePaymentMethod={"cardList": [VISA, {**MASTERCARD, "firstName": "Jane"}]})["consumerProfileId"]
    before = world.profiles.retrieve(profile_id, Caller())
    method_id = cards(before)[1]["paymentMethodId"]
    after = world.change(profile_id, method_id, {"card": {"accountStatus": "INACTIVE", "middleName": "Q"}})
    assert cards(after)[0] == cards(before)[0]
    assert cards(after)[1] == {**cards(before)[1], "accountStatus": "INACTIVE", "middleName": "Q"}
    assert list(cards(after)[1]).index("middleName") == list(cards(after)[1]).index("firstName") + 1


def test_answers_do_not_change_afterwards(world: World) -> None:
    """An answer is a value: later operations do not reach into it."""
    before = world.create()
    copy = repr(before)
    world.change(before["consumerProfileId"], cards(before)[0]["paymentMethodId"], {"card": {"firstName": "Jane"}})
    world.add(before["consumerProfileId"], {"cardList": [MASTERCARD]})
    world.profiles.delete_method(before["consumerProfileId"], cards(before)[0]["paymentMethodId"], JACK)
    assert repr(before) == copy


def test_update_of_the_default_shows_in_its_copy(world: World) -> None:
    """The default is a full copy of the listed card at every time."""
    before = world.create()
    after = world.change(
        before["consumerProfileId"],
        cards(before)[0]["paymentMethodId"],
        {"card": {"cardExpirationMonthYearNumber": "12/2035"}},
    )
    assert default(after) == {"card": cards(after)[0]}
    assert cards(after)[0]["cardExpirationMonthYearNumber"] == "12/2035"


def test_update_with_an_address_makes_a_new_one(world: World) -> None:
    """A new address is appended, the card points at it, and the old one stays."""
    before = world.create(profilePaymentMethod={"cardList": [{**VISA, "consumerProfileAddress": {"line1": "400 Elton Farm"}}]})
    profile_id, method_id = before["consumerProfileId"], cards(before)[0]["paymentMethodId"]
    after = world.change(profile_id, method_id, {"card": {"consumerProfileAddress": {"line1": "300 Elton Street"}}})
    assert after["addresses"][:-1] == before["addresses"]
    assert after["addresses"][-1]["line1"] == "300 Elton Street"
    assert cards(after)[0]["addressIdentifier"] == after["addresses"][-1]["addressIdentifier"]
    assert cards(before)[0]["addressIdentifier"] == before["addresses"][-1]["addressIdentifier"]
    # A card can go back to an address that the profile has
    old = before["addresses"][0]["addressIdentifier"]
    again = world.change(profile_id, method_id, {"card": {"addressIdentifier": old}})
    assert cards(again)[0]["addressIdentifier"] == old
    assert again["addresses"] == after["addresses"]


@pytest.mark.parametrize("members", [{"addressIdentifier": "f99a1ecd-b177-4c3d-a99b-c72e132b260f"}])
def test_an_address_must_exist(world: World, members: dict[str, Any]) -> None:
    """A reference to an address that the profile does not have is refused and changes nothing."""
    before = world.create()
    profile_id, method_id = before["consumerProfileId"], cards(before)[0]["paymentMethodId"]
    with pytest.raises(Invalid, match=r"card\.addressIdentifier must name an address"):
        world.change(profile_id, method_id, {"card": members})
    with pytest.raises(Invalid, match=r"cardList\[1\]\.addressIdentifier must name an address"):
        world.add(profile_id, {"cardList": [MASTERCARD, {**VISA, **members}]})
    with pytest.raises(Invalid, match=r"defaultMOP\.ach\.addressIdentifier must name an address"):
        world.add(profile_id, {"defaultMOP": {"ach": {**ACH, **members}}})
    assert world.profiles.retrieve(profile_id, Caller()) == before


def test_an_address_or_a_reference(world: World) -> None:
    """A new address and a reference to an old one contradict each other."""
    before = world.create(consumerProfileAddresses=[{"line1": "400 Elton Farm"}])
    both = {"addressIdentifier": before["addresses"][0]["addressIdentifier"], "consumerProfileAddress": {}}
    with pytest.raises(Invalid, match=r"card\.addressIdentifier cannot be used here"):
        world.change(before["consumerProfileId"], cards(before)[0]["paymentMethodId"], {"card": both})
    assert world.profiles.retrieve(before["consumerProfileId"], Caller()) == before


def test_address_lines_are_always_there(world: World) -> None:
    """The reference requires both lines of an address in a response."""
    body = world.create(consumerProfileAddresses=[{"city": "Glen Mills"}])
    assert [body["addresses"][0][line] for line in ("line1", "line2")] == ["", ""]


def test_set_default(world: World) -> None:
    """The default becomes a copy of the card, which stays in the list; nothing else changes."""
    before = world.create(profilePaymentMethod={"cardList": [VISA, MASTERCARD]})
    after = world.profiles.set_default(before["consumerProfileId"], cards(before)[1]["paymentMethodId"], JACK)
    assert cards(after) == cards(before)
    assert default(after) == {"card": cards(before)[1]}
    assert after["addresses"] == before["addresses"]


def test_set_default_of_another_kind(world: World) -> None:
    """A default of another kind takes the place of the card."""
    before = world.create(profilePaymentMethod={"cardList": [VISA], "sepaList": [SEPA]})
    sepa = before["paymentMethodType"]["sepaList"][0]
    after = world.profiles.set_default(before["consumerProfileId"], sepa["paymentMethodId"], JACK)
    assert default(after) == {"sepa": sepa}


def test_delete_leaves_the_rest(world: World) -> None:
    """A deleted card is listed no more; others, the default and all addresses stay."""
    before = world.create(profilePaymentMethod={"cardList": [VISA, {**MASTERCARD, "consumerProfileAddress": {"line1": "1 Main Street"}}]})
    profile_id, method_id = before["consumerProfileId"], cards(before)[1]["paymentMethodId"]
    after = world.profiles.delete_method(profile_id, method_id, JACK)
    assert cards(after) == cards(before)[:1]
    assert default(after) == default(before)
    assert after["addresses"] == before["addresses"]
    assert world.profiles.retrieve(profile_id, Caller()) == after


def test_a_deleted_method_answers_nothing(world: World) -> None:
    """Every operation on a deleted method fails, and none of them changes anything."""
    before = world.create()
    profile_id, method_id = before["consumerProfileId"], cards(before)[0]["paymentMethodId"]
    after = world.profiles.delete_method(profile_id, method_id, JACK)
    calls: list[Callable[[], object]] = [
        lambda: world.change(profile_id, method_id, {"card": {}}),
        lambda: world.profiles.set_default(profile_id, method_id, JACK),
        lambda: world.profiles.delete_method(profile_id, method_id, JACK),
        lambda: world.profiles.method_status(profile_id, method_id, JACK),
    ]
    for call in calls:
        with pytest.raises(NotFound, match="payment method"):
            call()
    assert world.profiles.retrieve(profile_id, Caller()) == after


def test_a_deleted_profile_answers_nothing(world: World) -> None:
    """A delete is accepted once; afterwards no operation finds the profile."""
    before = world.create()
    profile_id, method_id = before["consumerProfileId"], cards(before)[0]["paymentMethodId"]
    assert world.profiles.delete(profile_id) == {
        "responseStatus": "SUCCESS",
        "responseCode": "ACCEPTED",
        "responseMessage": "Request Accepted",
    }
    calls: list[Callable[[], object]] = [
        lambda: world.profiles.retrieve(profile_id, JACK),
        lambda: world.profiles.update(profile_id, {}, JACK),
        lambda: world.profiles.delete(profile_id),
        lambda: world.add(profile_id, {"cardList": [VISA]}),
        lambda: world.change(profile_id, method_id, {"card": {}}),
        lambda: world.profiles.set_default(profile_id, method_id, JACK),
        lambda: world.profiles.delete_method(profile_id, method_id, JACK),
        lambda: world.profiles.method_status(profile_id, method_id, JACK),
    ]
    for call in calls:
        with pytest.raises(NotFound, match="consumer profile"):
            call()
    assert world.effects == {"profiles created": 1, "methods added": 1, "profiles deleted": 1}


def test_update_of_the_profile(world: World) -> None:
    """The profile's own members change, and nothing else does."""
    before = world.create(firstName="John", lastName="Doe")
    request = models.update_profile({"lastName": "Roe", "profileStatus": "INACTIVE", "consumerProfileId": "OTHER"})
    after = world.profiles.update(before["consumerProfileId"], request, Caller(user="jill"))
    changed = {"lastName": "Roe", "profileStatus": "INACTIVE", "updateUserIdentifier": "jill"}
    assert after == {**before, **changed, "updateTimestamp": after["updateTimestamp"]}
    assert after["updateTimestamp"] > before["updateTimestamp"]


def test_every_change_moves_the_time(world: World) -> None:
    """Each change has a later time than the one before, even within a millisecond or with the clock turned back."""
    body = world.create()
    profile_id, method_id = body["consumerProfileId"], cards(body)[0]["paymentMethodId"]
    world.clock.set(datetime(2023, 1, 1, tzinfo=UTC))
    times = [body["updateTimestamp"]]
    for _ in range(3):
        answers = (
            world.profiles.update(profile_id, {}, JACK),
            world.add(profile_id, {"cardList": [VISA]}),
            world.change(profile_id, method_id, {}),
            world.profiles.set_default(profile_id, method_id, JACK),
        )
        times += [after["updateTimestamp"] for after in answers]
    assert times == sorted(set(times))
    assert world.profiles.retrieve(profile_id, JACK)["updateTimestamp"] == times[-1]


def test_status_is_stable(world: World) -> None:
    """The outcome of the authentication is the one of the vendor's page, and the same at every call."""
    body = world.create()
    profile_id, method_id = body["consumerProfileId"], cards(body)[0]["paymentMethodId"]
    first = world.profiles.method_status(profile_id, method_id, Caller(request="85b42b15-7f87-45a5-a972-65037acdcf18"))
    second = world.profiles.method_status(profile_id, method_id.upper(), Caller())
    details = first["cardAuthenticationDetails"]
    assert list(first) == ["requestId", "consumerProfileId", "responseMessage", "cardAuthenticationDetails"]
    assert first["requestId"] == "85b42b15-7f87-45a5-a972-65037acdcf18"
    assert first["responseMessage"] == "Request Accepted"
    assert list(details) == [
        "transactionIdentifier",
        "responseStatus",
        "responseCode",
        "responseMessage",
        "hostMessage",
        "transactionDate",
        "authenticationId",
    ]
    assert (details["responseStatus"], details["responseCode"], details["hostMessage"]) == (
        "SUCCESS",
        "ACCEPTED",
        "Success",
    )
    assert UUID(second["requestId"]) != UUID(first["requestId"])
    assert second["cardAuthenticationDetails"] == details


def test_worlds_do_not_see_each_other() -> None:
    """A profile is found in its own world only."""
    directory: dict[str, Any] = {}
    mine, theirs = (ProfilesWorld(clock=Clock(), ids=Ids(name), effects=Counter(), directory=directory) for name in ("a", "b"))
    body = mine.create(models.create_profile({"profilePaymentMethod": {"cardList": [VISA]}}), JACK)
    with pytest.raises(NotFound):
        theirs.retrieve(body["consumerProfileId"], JACK)
    assert mine.retrieve(body["consumerProfileId"], JACK)["consumerProfileId"] == body["consumerProfileId"]
    mine.forget()
    assert directory == {}
    with pytest.raises(NotFound):
        mine.retrieve(body["consumerProfileId"], JACK)


def test_mandates_get_a_reference(world: World) -> None:
    """Mandates are shown with an identifier of the mock's, at create and after an update."""
    body = world.create(profilePaymentMethod={"bacsList": [{**BACS, "mandateList": [MANDATE]}]})
    bacs = body["paymentMethodType"]["bacsList"][0]
    assert UUID(bacs["mandateList"][0]["mandateReferenceId"])
    after = world.change(body["consumerProfileId"], bacs["paymentMethodId"], {"bacs": {"mandateList": [{**MANDATE, "mandateId": "M2"}]}})
    listed = after["paymentMethodType"]["bacsList"][0]["mandateList"]
    assert [mandate["mandateId"] for mandate in listed] == ["M2"]
    assert listed[0]["mandateReferenceId"] != bacs["mandateList"][0]["mandateReferenceId"]


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        ("4112344112344113", "VI"),
        ("5112345112345114", "MC"),
        ("2221000000000009", "MC"),
        ("6011016011016011", "DI"),
        ("3566003566003566", "JC"),
        ("1234561111119999", None),
    ],
)
def test_card_type_without_one(world: World, number: str, kind: str | None) -> None:
    """A card type that was not sent follows from the number, where the number tells it."""
    body = world.create(profilePaymentMethod={"cardList": [{"accountNumber": number}]})
    assert cards(body)[0].get("cardType") == kind


def test_card_type_is_echoed(world: World) -> None:
    """A card type that was sent is kept even where it does not fit, as on the vendor's page."""
    body = world.create(profilePaymentMethod={"cardList": [{"accountNumber": "4234555678990919", "cardType": "DI"}]})
    assert cards(body)[0]["cardType"] == "DI"
