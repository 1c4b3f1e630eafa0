"""The request models: each documented limit, kept and broken."""

from typing import Any

import pytest
from pydantic import ValidationError

from payproof.mock import jpmorgan_models as models
from payproof.mock.refusal import Invalid

CARD = {"accountNumber": "4112344112344113"}
ACH = {"accountNumber": "1234561111119999", "financialInstitutionRoutingNumber": "122199983"}
SEPA = {"internationalBankAccountNumber": "DE89370400440532013000", "internationalBusinessIdentifierCode": "COBADEFF"}
BACS = {"accountNumber": "1234561111119999", "bankSortCode": "200000"}
MANDATE = {"mandateId": "M1", "mandateType": "RECURRING", "mandateSignatureDate": "2024-01-31"}


def with_card(**members: Any) -> dict[str, Any]:
    return {"cardList": [CARD | members]}


def with_address(**members: Any) -> dict[str, Any]:
    return with_card(consumerProfileAddress=members)


def create(**members: Any) -> dict[str, Any]:
    return {"profilePaymentMethod": {"cardList": [CARD]}, **members}


@pytest.mark.parametrize(
    "body",
    [
        with_card(),
        with_card(cardExpirationMonthYearNumber="12/2035"),
        with_card(firstName="x" * 70, middleName="<>", lastName=""),
        with_card(cardType="PM", currency="XCG", cardBadgeType="CO_BADGED", consumerPreferredPaymentNetwork="CB"),
        with_card(accountNumberType="NETWORK_TOKEN", isBillPayment=True, authenticationRequest={"any": [None]}),
        with_card(paymentMethodId=5, last4CardNumber=None),  # read-only members are ignored
        with_card(cvv=123),  # as is what nobody documents
        with_address(),
        with_address(state="P-A", postalCode="AB1 2CD", countryCode="usa", city="São Paulo (SP) & 1-2's.,"),
        with_address(line1="x" * 100, consumerAssignedAddressName="x" * 75, addressType="BILLING"),
        {"achList": [ACH | {"paymentType": "TEL", "accountType": "SAVING", "isTransactionMicroEntry": False}]},
        {"sepaList": [{}]},
        {"sepaList": [SEPA | {"mandateList": [MANDATE]}]},
        {"bacsList": [BACS | {"mandateList": [MANDATE]}]},
        {"defaultMOP": {"card": CARD}},
        {"cardList": [CARD], "accountStatus": "INACTIVE", "currency": "USD", "browserInfo": {"\ud800": 1}},
    ],
)
def test_add_accepts(body: dict[str, Any]) -> None:
    """What the reference allows is accepted."""
    assert models.add_methods(body).keys() == body.keys()


@pytest.mark.parametrize(
    ("body", "entity", "rule"),
    [
        ([], "body", "must be an object"),
        (None, "body", "must be an object"),
        ({}, "cardList", "at least one payment method"),
        ({"cardList": []}, "cardList", "at least one payment method"),
        ({"cardList": {}}, "cardList", "must be an array"),
        ({"cardList": [7]}, "cardList[0]", "must be an object"),
        ({"cardList": [CARD, {}]}, "cardList[1].accountNumber", "is required"),
        (with_card(accountNumber=4112344112344113), "cardList[0].accountNumber", "must be a string"),
        (with_card(accountNumber=None), "cardList[0].accountNumber", "must be a string"),
        (with_card(accountNumber="411234411234411"), "cardList[0].accountNumber", "at least 16"),
        (with_card(accountNumber="41123441123441130"), "cardList[0].accountNumber", "at most 16"),
        (with_card(accountNumber="411234411234411x"), "cardList[0].accountNumber", "must match"),
        (with_card(accountNumber="٤112344112344113"), "cardList[0].accountNumber", "must match"),
        (with_card(cardExpirationMonthYearNumber="13/2025"), "cardList[0].cardExpirationMonthYearNumber", "must match"),
        (with_card(cardExpirationMonthYearNumber="01/25"), "cardList[0].cardExpirationMonthYearNumber", "must match"),
        (with_card(cardExpirationMonthYearNumber="01/2025\n"), "cardList[0].cardExpirationMonthYearNumber", "match"),
        (with_card(accountStatus="PENDING"), "cardList[0].accountStatus", "must be one of"),  # a response's value
        (with_card(accountStatus=None), "cardList[0].accountStatus", "must be one of"),
        (with_card(cardType="vi"), "cardList[0].cardType", "must be one of"),
        (with_card(isBillPayment="true"), "cardList[0].isBillPayment", "must be a boolean"),
        (with_card(isBillPayment=1), "cardList[0].isBillPayment", "must be a boolean"),
        (with_card(currency="usd"), "cardList[0].currency", "must be one of"),
        (with_card(firstName="x" * 71), "cardList[0].firstName", "at most 70"),
        (with_card(firstName="a\0"), "cardList[0].firstName", "must match"),
        (with_card(firstName="\ud800"), "cardList[0].firstName", "Unicode"),
        (with_card(authenticationRequest=[]), "cardList[0].authenticationRequest", "must be an object"),
        (with_address(state="PENN"), "cardList[0].consumerProfileAddress.state", "at most 3"),
        (with_address(state=""), "cardList[0].consumerProfileAddress.state", "at least 1"),
        (with_address(state="-"), "cardList[0].consumerProfileAddress.state", "must match"),
        (with_address(postalCode="12"), "cardList[0].consumerProfileAddress.postalCode", "at least 3"),
        (with_address(postalCode="1234567890123"), "cardList[0].consumerProfileAddress.postalCode", "at most 12"),
        (with_address(postalCode="12-"), "cardList[0].consumerProfileAddress.postalCode", "must match"),
        (with_address(countryCode="US"), "cardList[0].consumerProfileAddress.countryCode", "at least 3"),
        (with_address(countryCode="840"), "cardList[0].consumerProfileAddress.countryCode", "must match"),
        (with_address(city="Glen_Mills"), "cardList[0].consumerProfileAddress.city", "must match"),
        (with_address(line1="{}"), "cardList[0].consumerProfileAddress.line1", "must match"),
        (with_address(line2="x" * 101), "cardList[0].consumerProfileAddress.line2", "at most 100"),
        (
            with_address(consumerAssignedAddressName="<b>"),
            "cardList[0].consumerProfileAddress.consumerAssignedAddressName",
            "must match",
        ),
        (
            with_address(primaryAddressIndicator="true"),
            "cardList[0].consumerProfileAddress.primaryAddressIndicator",
            "bool",
        ),
        (with_address(addressType="HOME"), "cardList[0].consumerProfileAddress.addressType", "must be one of"),
        ({"achList": [{"accountNumber": "0" * 16}]}, "achList[0].financialInstitutionRoutingNumber", "is required"),
        ({"achList": [ACH | {"paymentType": "FAX"}]}, "achList[0].paymentType", "must be one of"),
        ({"sepaList": [{"mandateList": [{}]}]}, "sepaList[0].mandateList[0].mandateId", "is required"),
        ({"bacsList": [{"accountNumber": "0" * 16}]}, "bacsList[0].bankSortCode", "is required"),
        ({"defaultMOP": {"ach": {}}}, "defaultMOP.ach.accountNumber", "is required"),
        (
            {"cardList": [CARD], "merchant": {"merchantSoftware": {"version": 1.2}}},
            "merchant.merchantSoftware.version",
            "str",
        ),
    ],
)
def test_add_refuses(body: object, entity: str, rule: str) -> None:
    """What the reference forbids is refused, and the refusal names the member and its rule."""
    with pytest.raises(Invalid) as caught:
        models.add_methods(body)
    first = caught.value.violations[0]
    assert first.entity == entity
    assert rule in first.rule


@pytest.mark.parametrize(
    ("members", "entity"),
    [
        ({"externalConsumerProfileIdentifier": " a"}, "externalConsumerProfileIdentifier"),
        ({"externalConsumerProfileIdentifier": "a_b"}, "externalConsumerProfileIdentifier"),
        ({"externalConsumerProfileIdentifier": "a" * 37}, "externalConsumerProfileIdentifier"),
        ({"cardOnFileReferenceNumber": "1-2"}, "cardOnFileReferenceNumber"),
        ({"cardOnFileReferenceNumber": "1" * 33}, "cardOnFileReferenceNumber"),
        ({"firstName": "a+b"}, "firstName"),
        ({"fullName": "x" * 71}, "fullName"),
        ({"profileStatus": "ERRORED"}, "profileStatus"),
        ({"orderOverrideCode": "NONE"}, "orderOverrideCode"),
        ({"communication": {"phoneList": [{"phoneNumber": "1"}]}}, "communication.phoneList[0].countryCode"),
        ({"communication": {"emailList": [{}]}}, "communication.emailList[0].emailAddress"),
        ({"consumerProfileAddresses": [{"state": "TOOLONG"}]}, "consumerProfileAddresses[0].state"),
        ({"profilePaymentMethod": {}}, "profilePaymentMethod"),
        ({"profilePaymentMethod": {"defaultMOP": {}}}, "profilePaymentMethod"),
        (
            {"profilePaymentMethod": {"sepaList": [{}]}},
            "profilePaymentMethod.sepaList[0].internationalBankAccountNumber",
        ),
    ],
)
def test_create_refuses(members: dict[str, Any], entity: str) -> None:
    """A create has limits of its own."""
    with pytest.raises(Invalid) as caught:
        models.create_profile(create(**members))
    assert caught.value.violations[0].entity == entity


def test_create_accepts_every_member() -> None:
    """All documented members at once."""
    body = create(
        externalConsumerProfileIdentifier="A-1,$@& z",
        cardOnFileReferenceNumber="123",
        firstName="Žofie-Marie",
        lastName="O'Neill",
        fullName="",
        profileStatus="INACTIVE",
        consumerProfileAddresses=[{"line1": "1 Main Street"}],
        communication={"phoneList": [{"phoneNumber": "8888888828", "countryCode": "1"}], "emailList": []},
        merchant={"merchantSoftware": {"companyName": "Payment Company"}},
        browserInfo={},
        orderOverrideCode="NO_MAPPING",
    )
    assert models.create_profile(body) == body


def test_every_fault_is_listed() -> None:
    """A body with several faults gets all of them named at once."""
    with pytest.raises(Invalid) as caught:
        models.add_methods({"cardList": [{}, CARD | {"cardType": "?"}], "accountStatus": 1})
    assert {each.entity for each in caught.value.violations} == {
        "cardList[0].accountNumber",
        "cardList[1].cardType",
        "accountStatus",
    }


def test_the_list_of_faults_ends() -> None:
    """A body with very many faults gets a hundred of them."""
    with pytest.raises(Invalid) as caught:
        models.add_methods({"cardList": [{}] * 5_000})
    assert len(caught.value.violations) == 100


def counted(read: Any, body: dict[str, Any]) -> int:
    """Count the faults that were worked out, told or not."""
    with pytest.raises(Invalid) as refused:
        read(body)
    cause = refused.value.__context__
    assert isinstance(cause, ValidationError)
    return cause.error_count()


@pytest.mark.parametrize(
    ("methods", "most"),
    [
        ({"cardList": [{}] * 10_000}, 100),
        ({"cardList": [7] * 10_000}, 100),
        ({"cardList": [{"accountNumber": "4112344112344113"}] * 200 + [{}] * 10_000}, 100),
        ({"sepaList": [{"mandateList": [{}] * 10_000}] * 3}, 110),
        ({"cardList": [{}] * 10_000, "achList": [{}] * 10_000, "bacsList": [{}] * 10_000}, 110),
    ],
    ids=["items", "no objects", "late items", "nested items", "several lists"],
)
def test_what_is_refused_anyway_is_not_worked_out(methods: dict[str, Any], most: int) -> None:
    """A large faulty body costs no more than its first hundred faults and what one item adds, so that nobody waits for it."""
    assert 100 <= counted(models.create_profile, {"profilePaymentMethod": methods}) <= most
    assert 100 <= counted(models.add_methods, methods) <= most


def test_faults_behind_good_items_are_found() -> None:
    """A fault in the last of many items is told."""
    body = {"cardList": [{"accountNumber": "4112344112344113"}] * 5_000 + [{}]}
    with pytest.raises(Invalid, match=r"^cardList\[5000\].accountNumber is required$"):
        models.add_methods(body)



@pytest.mark.parametrize("value", ["4112344112344113000", "4112344112344x13", 4112344112344113, ["4112344112344113"]])
def test_no_value_comes_back(value: object) -> None:
    """A refusal never quotes what was sent: it may be a card number."""
    with pytest.raises(Invalid) as caught:
        models.add_methods(with_card(accountNumber=value, cardType=value, firstName=value, isBillPayment=value))
    assert "4112344" not in str(caught.value)


@pytest.mark.parametrize("body", [{}, {"card": {}}, {"card": {"cardType": "VI"}}, {"accountStatus": "INACTIVE"}])
def test_update_needs_nothing(body: dict[str, Any]) -> None:
    """No member of an update is required, and members that were not sent stay absent."""
    assert models.update_method(body) == body


def test_update_of_a_profile() -> None:
    """The reference limits the reference number at create only, and keeps the limits of names."""
    assert models.update_profile({"cardOnFileReferenceNumber": "-" * 99})
    with pytest.raises(Invalid, match="lastName must match"):
        models.update_profile({"lastName": "a=b"})
