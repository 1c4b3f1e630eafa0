"""An honest merchant at the profiles API: the life of three profiles, and each way of not being let in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from payproof.replay import Play

NOWHERE = "0f0e0d0c-0b0a-4908-8706-050403020100"
"""A well-formed id of a method that no profile has."""

ADDRESS: dict[str, Any] = {
    "firstName": "John",
    "lastName": "Doe",
    "consumerAssignedAddressName": "Work",
    "primaryAddressIndicator": True,
    "addressType": "SHIPPING",
    "line1": "400 Elton Farm",
    "line2": "Apt 123",
    "city": "Glen Mills",
    "state": "PA",
    "postalCode": "19342",
    "countryCode": "USA",
    "addressStatus": "ACTIVE",
}
CARD: dict[str, Any] = {
    "cardExpirationMonthYearNumber": "02/2025",
    "accountNumber": "4234555678990919",
    "accountStatus": "ACTIVE",
    "cardType": "DI",
    "firstName": "John",
    "lastName": "Doe",
}
FIRST_CARD = {**CARD, "accountNumber": "1234561111119999", "cardExpirationMonthYearNumber": "01/2025", "cardType": "MC"}
COMMUNICATION = {
    "phoneList": [{"phoneNumber": "8888888828", "countryCode": "1", "phoneNumberType": "Home"}],
    "emailList": [{"emailAddress": "john.doe.x@gmail.com", "emailAddressType": "Home"}],
}
PROFILE: dict[str, Any] = {
    "externalConsumerProfileIdentifier": "ORDER-121",
    "cardOnFileReferenceNumber": "123",
    "firstName": "John",
    "lastName": "Doe",
    "profileStatus": "ACTIVE",
    "communication": COMMUNICATION,
    "profilePaymentMethod": {"cardList": [{**FIRST_CARD, "consumerProfileAddress": {**ADDRESS, "line1": "200 Elton Farm"}}]},
}
ACCOUNTS: dict[str, Any] = {
    "fullName": "Elton Farm",
    "profilePaymentMethod": {
        "achList": [
            {
                "accountNumber": "8000271156000314",
                "financialInstitutionRoutingNumber": "122199983",
                "firstName": "John",
                "accountType": "CHECKING",
            }
        ],
        "sepaList": [
            {
                "internationalBankAccountNumber": "DE89370400440532013000",
                "internationalBusinessIdentifierCode": "COBADEFFXXX",
            }
        ],
        "bacsList": [{"accountNumber": "8000271156000999", "bankSortCode": "200000"}],
    },
}


def story(play: Play) -> None:
    """Live through everything that the profiles API documents.

    Every clause of the profiles API is judged on at least one of these exchanges.
    """
    pid, first, second = _documented_life(play)
    accounts = _accounts_and_defaults(play, pid, second)
    _made_in_a_payment(play)
    _nothing_there(play, pid, first)
    _not_let_in(play, pid)
    _strangers(play, pid, second)
    _ends(play, pid, accounts)


def _documented_life(play: Play) -> tuple[str, str, str]:
    """Create, add, update, choose, ask and delete, in the order of the vendor's page; give profile and card ids."""
    labels = {"userIdentifier": "jack", "correlationIdentifier": "648ccc37-e006-45ee-a127-2718bffeadad"}
    created = play("create", "createConsumerProfile", body=PROFILE, headers=labels)
    pid = created.body["consumerProfileId"]
    first = created.body["paymentMethodType"]["cardList"][0]["paymentMethodId"]
    profile = {"consumer-profile-id": pid}
    play("read", "getConsumerProfile", path=profile)
    play("rename", "updateConsumerProfile", path=profile, body={"firstName": "Jane"}, headers={"userIdentifier": "jill"})

    # Add the documented card, then one without address
    play.advance(60)
    card = {**CARD, "consumerProfileAddress": ADDRESS}
    added = play("add-card", "addPaymentMethod", path=profile, body={"cardList": [card]}, headers=labels)
    listed = added.body["paymentMethodType"]["cardList"]
    second = next(item["paymentMethodId"] for item in listed if item["last4CardNumber"] == "0919")
    play(
        "add-plain-card",
        "addPaymentMethod",
        path=profile,
        body={"cardList": [{**CARD, "accountNumber": "4012000033330026"}]},
    )

    # Change it as documented, then in one member only
    method = {**profile, "payment-method-Id": second}
    change = {name: CARD[name] for name in ("cardExpirationMonthYearNumber", "accountStatus", "firstName", "lastName")}
    billing = {**ADDRESS, "addressType": "BILLING", "line1": "300 Elton Street"}
    play("update-card", "updatePaymentMethod", path=method, body={"card": {**change, "consumerProfileAddress": billing}})
    play("update-expiry", "updatePaymentMethod", path=method, body={"card": {"cardExpirationMonthYearNumber": "11/2031"}})
    play("suspend", "updatePaymentMethod", path=method, body={"card": {"accountStatus": "INACTIVE"}})
    play("resume", "updatePaymentMethod", path=method, body={"card": {"accountStatus": "ACTIVE"}}, headers=labels)

    # Make it the default, twice, and ask for its authentication
    play("set-default", "setDefaultPaymentMethod", path=method)
    play("set-default-again", "setDefaultPaymentMethod", path=method)
    asked = {"requestIdentifier": "85b42b15-7f87-45a5-a972-65037acdcf18"}
    reported = play("status", "getPaymentMethodStatus", path=method, headers=asked)
    transaction = reported.body["cardAuthenticationDetails"]["transactionIdentifier"]
    play("status-again", "getPaymentMethodStatus", path=method)
    origin = {**profile, "payment-method-Id": first}
    play("status-of-first", "getPaymentMethodStatus", path=origin, headers={"correlationIdentifier": transaction})

    # Add and rename while there is a default, then delete the card that is not the default
    extra = {**CARD, "accountNumber": "4112344112344113", "cardType": "VI"}
    play("add-beside-default", "addPaymentMethod", path=profile, body={"cardList": [extra]})
    play("rename-back", "updateConsumerProfile", path=profile, body={"firstName": "John"})
    play("delete-card", "deletePaymentMethod", path=origin)
    play("read-after-delete", "getConsumerProfile", path=profile, headers={"correlationIdentifier": first})
    return pid, first, second


def _accounts_and_defaults(play: Play, pid: str, card: str) -> str:
    """Create profiles with bank accounts, without an address, and with a chosen default; give the id of the first.

    The labels of these requests are ids that are taken, which is where a mutant finds them.
    """
    taken = {"correlationIdentifier": pid, "requestIdentifier": card}
    created = play("create-accounts", "createConsumerProfile", body=ACCOUNTS)
    pid = created.body["consumerProfileId"]
    profile = {"consumer-profile-id": pid}
    account = {"accountNumber": "8000271156000777", "financialInstitutionRoutingNumber": "122199983", "lastName": "McDonald"}
    added = play("add-account", "addPaymentMethod", path=profile, body={"achList": [account]}, headers=taken)
    newest = added.body["paymentMethodType"]["achList"][-1]["paymentMethodId"]
    play("set-default-account", "setDefaultPaymentMethod", path={**profile, "payment-method-Id": newest})
    play("read-accounts", "getConsumerProfile", path=profile)
    play("create-plain", "createConsumerProfile", body={"profilePaymentMethod": {"cardList": [CARD]}}, headers=taken)
    chosen = {"cardList": [CARD], "defaultMOP": {"card": {**CARD, "accountNumber": "4012000033330026"}}}
    play("create-chosen", "createConsumerProfile", body={"profilePaymentMethod": chosen})
    return str(pid)


def _made_in_a_payment(play: Play) -> None:
    """Pay so that a profile is made, and read it."""
    holder = {"firstName": "John", "lastName": "Smith", "consumerProfileInfo": {"consumerProfileRequestType": "CREATE"}}
    card = {"accountNumber": "4112344112344113", "expiry": {"month": 12, "year": 2040}}
    software = {"merchantSoftware": {"companyName": "Payment Company", "productName": "Application Name"}}
    body = {"amount": 1234, "currency": "USD", "merchant": software, "paymentMethodType": {"card": card}, "accountHolder": holder}
    made = play("pay-and-store", "createPayment", body=body).body["accountHolder"]["consumerProfileInfo"]
    play("read-made", "getConsumerProfile", path={"consumer-profile-id": made["consumerProfileId"]})


def _nothing_there(play: Play, pid: str, deleted: str) -> None:
    """Ask for a deleted method and for one that never was, and send a card that has a fault."""
    gone = {"consumer-profile-id": pid, "payment-method-Id": deleted}
    play("update-deleted", "updatePaymentMethod", path=gone, body={"card": {"accountStatus": "ACTIVE"}})
    play("status-deleted", "getPaymentMethodStatus", path=gone)
    play("delete-again", "deletePaymentMethod", path=gone)
    play("delete-nowhere", "deletePaymentMethod", path={**gone, "payment-method-Id": NOWHERE})
    faulty = {"cardList": [{**CARD, "accountNumber": "4234"}]}
    play("add-short-number", "addPaymentMethod", path={"consumer-profile-id": pid}, body=faulty)


def _not_let_in(play: Play, pid: str) -> None:
    """Read a profile without a token and with tokens that are not good."""
    profile = {"consumer-profile-id": pid}
    token = play.credentials["token"]
    head, payload, signature = token.split(".")
    middle = len(signature) // 2
    other = "A" if signature[middle] != "A" else "B"
    forged = ".".join((head, payload, signature[:middle] + other + signature[middle + 1 :]))
    play("no-token", "getConsumerProfile", path=profile, headers={"Authorization": None})
    play("other-scheme", "getConsumerProfile", path=profile, headers={"Authorization": "Basic bm9ib2R5Om5vdGhpbmc="})
    play("malformed-token", "getConsumerProfile", path=profile, headers={"Authorization": "Bearer nonsense"})
    play("altered-token", "getConsumerProfile", path=profile, headers={"Authorization": f"Bearer {forged}"})


def _strangers(play: Play, pid: str, method: str) -> None:
    """Let another tenant ask for the profile, and use the merchant identifier of this one."""
    other = play.other_tenant()
    body = {"profilePaymentMethod": {"cardList": [CARD]}}
    own = other("other-create", "createConsumerProfile", body=body).body["consumerProfileId"]
    other("foreign-read", "getConsumerProfile", path={"consumer-profile-id": pid})
    other("foreign-delete", "deletePaymentMethod", path={"consumer-profile-id": pid, "payment-method-Id": method})
    borrowed = {"merchantIdentifier": play.credentials["merchant_id"]}
    other("borrowed-merchant", "getConsumerProfile", path={"consumer-profile-id": own}, headers=borrowed)


def _ends(play: Play, pid: str, accounts: str) -> None:
    """Delete a profile and ask for it again; then let the token run out."""
    gone = {"consumer-profile-id": accounts}
    play("delete-profile", "deleteConsumerProfile", path=gone)
    play("read-deleted", "getConsumerProfile", path=gone)
    play("delete-profile-again", "deleteConsumerProfile", path=gone)
    play.advance(3700)
    play("expired", "getConsumerProfile", path={"consumer-profile-id": pid})
