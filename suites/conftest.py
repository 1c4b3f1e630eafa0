"""What the suites share: payloads with the documented values, and ground on which a request must be accepted.

Payload values are those of the vendor's page on managing payment methods; the other kinds of method have the values of
its OpenAPI file, as far as it gives any. Nothing here is a test.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from payproof.client import ACCEPT, BrokenClause
from payproof.draft import Draft
from payproof.explore import Explore

if TYPE_CHECKING:
    from collections.abc import Mapping

    from payproof.client import Answer, Api
    from payproof.exchange import Intent, Request
    from payproof.plugin import NewTenant
    from payproof.worker import Apis, Worker

OAUTH = "jpmorgan-oauth"
PROFILES = "jpmorgan-profiles"

FIRST_NUMBER = "1234561111119999"
"""The card that the documented profile has from the start."""
SECOND_NUMBER = "4234555678990919"
"""The card that the documented profile gets added."""


def _with(documented: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in (documented | dict(changes)).items() if value is not None}


class Payloads:
    """Request bodies with the documented values; a member given by name replaces one of them, None removes it."""

    def address(self, **changes: Any) -> dict[str, Any]:
        """Give the address of the documented add."""
        documented = {
            "firstName": "John", "lastName": "Doe", "consumerAssignedAddressName": "Work",
            "primaryAddressIndicator": True, "addressType": "SHIPPING", "line1": "400 Elton Farm", "line2": "Apt 123",
            "city": "Glen Mills", "state": "PA", "postalCode": "19342", "countryCode": "USA", "addressStatus": "ACTIVE",
        }  # fmt: skip
        return _with(documented, changes)

    def card(self, **changes: Any) -> dict[str, Any]:
        """Give the card of the documented add, with its address."""
        documented = {
            "cardExpirationMonthYearNumber": "02/2025", "accountNumber": SECOND_NUMBER, "accountStatus": "ACTIVE",
            "cardType": "DI", "firstName": "John", "lastName": "Doe", "consumerProfileAddress": self.address(),
        }  # fmt: skip
        return _with(documented, changes)

    def first_card(self, **changes: Any) -> dict[str, Any]:
        """Give the card that the documented profile has from the start, with its address."""
        documented = {
            "cardExpirationMonthYearNumber": "01/2025", "accountNumber": FIRST_NUMBER, "cardType": "MC",
            "consumerProfileAddress": self.address(line1="200 Elton Farm"),
        }  # fmt: skip
        return self.card(**(documented | changes))

    def ach(self, **changes: Any) -> dict[str, Any]:
        """Give a bank account in the United States."""
        documented = {
            "accountNumber": "0000888271156000", "financialInstitutionRoutingNumber": "011000015",
            "accountType": "CHECKING", "paymentType": "WEB",
        }  # fmt: skip
        return _with(documented, changes)

    def sepa(self, **changes: Any) -> dict[str, Any]:
        """Give a bank account in the euro area, with a mandate."""
        documented = {
            "internationalBankAccountNumber": "DE89370400440532013000",
            "internationalBusinessIdentifierCode": "COBADEFFXXX",
            "mandateList": [{"mandateId": "M-1", "mandateType": "RECURRING", "mandateSignatureDate": "2024-07-02"}],
        }  # fmt: skip
        return _with(documented, changes)

    def bacs(self, **changes: Any) -> dict[str, Any]:
        """Give a bank account in the United Kingdom."""
        return _with({"accountNumber": "0000000031926819", "bankSortCode": "601613"}, changes)

    def profile(self, *cards: dict[str, Any], **changes: Any) -> dict[str, Any]:
        """Give the profile of the documented answers as it is created: with these cards, or with its first one."""
        documented = {
            "cardOnFileReferenceNumber": "123", "firstName": "John", "lastName": "Doe",
            "communication": {
                "phoneList": [{"phoneNumber": "8888888828", "countryCode": "1", "phoneNumberType": "Home"}],
                "emailList": [{"emailAddress": "john.doe.x@gmail.com", "emailAddressType": "Home"}],
            },
            "profilePaymentMethod": {"cardList": list(cards) or [self.first_card()]},
        }  # fmt: skip
        return _with(documented, changes)

    def rename(self, **changes: Any) -> dict[str, Any]:
        """Give a change of a profile's names."""
        return _with({"firstName": "Jane", "lastName": "Doe"}, changes)

    def addition(self, **changes: Any) -> dict[str, Any]:
        """Give the documented add: one card."""
        return _with({"cardList": [self.card()]}, changes)

    def change(self, **changes: Any) -> dict[str, Any]:
        """Give the documented update of a card; members given by name are members of the card."""
        documented = {
            "cardExpirationMonthYearNumber": "02/2025", "accountStatus": "ACTIVE", "firstName": "John",
            "lastName": "Doe", "consumerProfileAddress": self.address(addressType="BILLING", line1="300 Elton Street"),
        }  # fmt: skip
        return {"card": _with(documented, changes)}

    def form(self, **changes: Any) -> dict[str, str]:
        """Give the form of the documented token request."""
        return _with({"grant_type": "client_credentials", "scope": "jpm:payments:sandbox"}, changes)


@dataclass(frozen=True, slots=True)
class Base:
    """A request that must be accepted in the state that it meets, not sent yet.

    `ids` are what the tenant has: `profile`; `first` and `second`, its two cards; `first-address`, `second-address`;
    with accounts also `ach`, `sepa` and `bacs`.
    """

    apis: Apis
    api: Api
    operation: str
    path: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str | None] = field(default_factory=dict)
    body: Any = None
    form: Mapping[str, str] | None = None
    ids: Mapping[str, str] = field(default_factory=dict)

    def but(self, **changes: Any) -> Base:
        """Give the same request with other parts: path, headers, body or form."""
        return replace(self, **changes)

    def request(self) -> Request:
        """Give the request as it would be sent."""
        return self.api.request(self.operation, path=self.path, headers=self.headers, body=self.body, form=self.form)

    def send(self, intent: Intent | None = ACCEPT) -> Answer:
        """Send it. The claim is that it must be accepted, unless another one is given; None claims nothing."""
        return self.api.session.send(self.api.tenant, self.request(), intent)

    def draft(self) -> Draft:
        """Give the request in parts, so that one of them can be changed."""
        form = None if self.form is None else tuple(self.form.items())
        return Draft(self.operation, self.path, {}, self.headers, self.body, form)

    def read(self) -> Answer:
        """Read the profile back."""
        return self.api.call("getConsumerProfile", path={"consumer-profile-id": self.ids["profile"]})


class Ground(Protocol):
    """`ground("deletePaymentMethod")` prepares a fresh tenant, or the given one, and gives the documented request."""

    def __call__(self, operation: str, *, apis: Apis | None = None, accounts: bool = False) -> Base:
        """Prepare the ground of an operation; with `accounts` the profile has a bank account of each kind, too."""


@pytest.fixture(scope="session")
def explore(payproof_worker: Worker) -> Explore:
    """Run tests of Hypothesis by the seed of the run."""
    return Explore(payproof_worker)


@pytest.fixture(scope="session")
def payloads() -> Payloads:
    """Request bodies with the documented values."""
    return Payloads()


@pytest.fixture(scope="session")
def ground(new_tenant: NewTenant, payloads: Payloads) -> Ground:
    """Prepare what an operation needs: a tenant, its profile with the two documented cards, a request with real ids.

    Update and set default address the second card, delete the first one, as documented; status the first one.
    """
    bodies = {"createConsumerProfile": payloads.profile, "updateConsumerProfile": payloads.rename,
              "addPaymentMethod": payloads.addition, "updatePaymentMethod": payloads.change}  # fmt: skip
    second = {"updatePaymentMethod", "setDefaultPaymentMethod"}

    def prepare(operation: str, *, apis: Apis | None = None, accounts: bool = False) -> Base:
        tenant = apis if apis is not None else new_tenant()
        if operation == "issueToken":
            return Base(tenant, tenant[OAUTH], operation, form=payloads.form())
        api = tenant[PROFILES]
        body = bodies[operation]() if operation in bodies else None
        if operation == "createConsumerProfile":
            return Base(tenant, api, operation, body=body)
        profile = payloads.profile(payloads.first_card(), payloads.card())
        if accounts:
            lists = {"achList": [payloads.ach()], "sepaList": [payloads.sepa()], "bacsList": [payloads.bacs()]}
            profile["profilePaymentMethod"] |= lists
        made = api.call("createConsumerProfile", body=profile, intent=ACCEPT)
        cards = {card["last4CardNumber"]: card for card in made.body["paymentMethodType"]["cardList"]}
        ids = {"profile": made.body["consumerProfileId"]}
        for name, number in (("first", FIRST_NUMBER), ("second", SECOND_NUMBER)):
            ids[name] = cards[number[-4:]]["paymentMethodId"]
            ids[f"{name}-address"] = cards[number[-4:]]["addressIdentifier"]
        for kind in ("ach", "sepa", "bacs") if accounts else ():
            ids[kind] = made.body["paymentMethodType"][f"{kind}List"][0]["paymentMethodId"]
        path = {"consumer-profile-id": ids["profile"]}
        if "{payment-method-Id}" in api.session.kit.contracts[PROFILES].spec.operations[operation].template:
            path["payment-method-Id"] = ids["second" if operation in second else "first"]
        return Base(tenant, api, operation, path, body=body, ids=ids)

    return prepare


@dataclass(frozen=True, slots=True)
class Profile:
    """A consumer profile as one answer shows it; `shown` is that answer's body."""

    shown: Mapping[str, Any]

    @property
    def id(self) -> str:
        """The profile's id."""
        return str(self.shown["consumerProfileId"])

    @property
    def methods(self) -> dict[str, dict[str, Any]]:
        """The listed methods of every kind, by id."""
        kinds = self.shown["paymentMethodType"]
        names = ("cardList", "achList", "sepaList", "bacsList")
        return {method["paymentMethodId"]: method for name in names for method in kinds.get(name, [])}

    @property
    def default(self) -> str | None:
        """The id of the default method, of whatever kind; None without one."""
        chosen = self.shown["paymentMethodType"].get("defaultMOP", {})
        return next((str(method["paymentMethodId"]) for method in chosen.values()), None)

    @property
    def addresses(self) -> dict[str, dict[str, Any]]:
        """The addresses, by id."""
        return {address["addressIdentifier"]: address for address in self.shown.get("addresses", [])}

    @property
    def state(self) -> dict[str, Any]:
        """What two answers agree on if nothing happened between them: no order of lists, no labels of a request."""
        told = {"requestId", "correlationIdentifier", "paymentMethodType", "addresses"}
        kept = {name: value for name, value in self.shown.items() if name not in told}
        return {**kept, "methods": self.methods, "default": self.default, "addresses": self.addresses}

    def card(self, last4: str) -> str:
        """Give the id of the one card whose number ends in these digits."""
        (found,) = (i for i, method in self.methods.items() if method.get("last4CardNumber") == last4)
        return found

    def one(self, kind: str) -> str:
        """Give the id of the only method in a list: cardList, achList, sepaList or bacsList."""
        (method,) = self.shown["paymentMethodType"][kind]
        return str(method["paymentMethodId"])


@dataclass(frozen=True, slots=True)
class Merchant:
    """A tenant at the profiles API, in the words of what a merchant does there.

    Each act must be accepted, and gives what the answer shows; `ask` is for requests about which nothing is claimed.
    `labels` are headers that go with every request.
    """

    apis: Apis
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def api(self) -> Api:
        """The profiles API as this tenant sees it."""
        return self.apis[PROFILES]

    def labelled(self, **labels: str) -> Merchant:
        """Give the same merchant with other labels, such as `userIdentifier`."""
        return replace(self, labels=labels)

    def create(self, body: Mapping[str, Any]) -> Profile:
        """Create a profile."""
        return Profile(_accepted(self.ask("createConsumerProfile", body=body, intent=ACCEPT)))

    def read(self, profile: Profile) -> Profile:
        """Read a profile."""
        return Profile(_accepted(self.ask("getConsumerProfile", profile, intent=ACCEPT)))

    def update(self, profile: Profile, **members: Any) -> Profile:
        """Change members of the profile itself."""
        return Profile(_accepted(self.ask("updateConsumerProfile", profile, body=members, intent=ACCEPT)))

    def delete(self, profile: Profile) -> dict[str, Any]:
        """Delete a profile; what is given is the vendor's message."""
        return _accepted(self.ask("deleteConsumerProfile", profile, intent=ACCEPT))

    def add(self, profile: Profile, body: Mapping[str, Any]) -> Profile:
        """Add payment methods."""
        return Profile(_accepted(self.ask("addPaymentMethod", profile, body=body, intent=ACCEPT)))

    def change(self, profile: Profile, method: str, body: Mapping[str, Any]) -> Profile:
        """Change a payment method."""
        return Profile(_accepted(self.ask("updatePaymentMethod", profile, method, body=body, intent=ACCEPT)))

    def set_default(self, profile: Profile, method: str) -> Profile:
        """Make a payment method the default."""
        return Profile(_accepted(self.ask("setDefaultPaymentMethod", profile, method, intent=ACCEPT)))

    def remove(self, profile: Profile, method: str) -> Profile:
        """Delete a payment method."""
        return Profile(_accepted(self.ask("deletePaymentMethod", profile, method, intent=ACCEPT)))

    def status(self, profile: Profile, method: str) -> dict[str, Any]:
        """Ask for the 3-D Secure status of a payment method."""
        return _accepted(self.ask("getPaymentMethodStatus", profile, method, intent=ACCEPT))

    def ask(
        self, operation: str, profile: Profile | str = "", method: str = "", *, body: Any = None,
        headers: Mapping[str, str | None] | None = None, intent: Intent | None = None,
    ) -> Answer:  # fmt: skip
        """Send any request. Nothing is claimed about it unless an intent is given."""
        sent = {**self.labels, **(headers or {})}
        return self.api.call(operation, path=_path(profile, method), headers=sent, body=body, intent=intent)

    def look(self, profile: Profile | str) -> dict[str, Any]:
        """Read the state of a profile that may be gone: empty where it is not found."""
        answer = self.ask("getConsumerProfile", profile)
        assert answer.status in {200, 404}
        return Profile(answer.body).state if answer.status == 200 else {}

    def effects(self) -> dict[str, int]:
        """Count what has really changed in this tenant's world, tokens aside; empty where nobody counts."""
        if "effects" not in self.apis.session.target.has:
            return {}
        return {name: count for name, count in self.apis.effects().items() if count and name != "tokens issued"}

    def expect_effects(self, **counts: int) -> None:
        """Demand that exactly this has happened so far, where the target counts it: `methods_added=2`."""
        if "effects" in self.apis.session.target.has:
            assert self.effects() == {name.replace("_", " "): count for name, count in counts.items()}


def _path(profile: Profile | str, method: str = "") -> dict[str, str]:
    identifier = profile if isinstance(profile, str) else profile.id
    path = {"consumer-profile-id": identifier, "payment-method-Id": method}
    return {name: value for name, value in path.items() if value}


def _accepted(answer: Answer) -> dict[str, Any]:
    if answer.status != 200 and answer.judgement.findings:
        raise BrokenClause.of(answer.judgement.findings[0])
    assert answer.status == 200, f"{answer.judgement.operation}: {answer.status} {answer.exchange.error}"
    body: dict[str, Any] = answer.body
    return body


@pytest.fixture
def merchant(apis: Apis) -> Merchant:
    """Give a merchant with a world of its own."""
    return Merchant(apis)


@pytest.fixture
def other_merchant(new_tenant: NewTenant) -> Merchant:
    """Give a second merchant, who must see nothing of the first."""
    return Merchant(new_tenant())
