"""The request bodies of Consumer Profile Management v2, as the vendor's reference shapes them.

The models are typed dictionaries: a member that was not sent is absent (a partial update needs the difference), null
is no value, nothing is coerced, and a member that nobody documents is ignored.
"""

from typing import Any, NotRequired

from pydantic import TypeAdapter
from typing_extensions import TypedDict

from payproof.mock import jpmorgan_values as v
from payproof.mock.jpmorgan_checks import Listed, checked
from payproof.mock.refusal import Invalid, Violation

JsonObject = dict[Any, Any]
"""An object that nobody looks into, so nothing is said about its keys either."""


class Address(TypedDict, total=False):
    """A postal address of the consumer."""

    firstName: v.HolderName
    lastName: v.HolderName
    consumerAssignedAddressName: v.AddressName
    primaryAddressIndicator: bool
    addressType: v.AddressType
    line1: v.AddressLine
    line2: v.AddressLine
    city: v.City
    state: v.State
    postalCode: v.PostalCode
    countryCode: v.CountryCode
    addressStatus: v.RequestedStatus


class Phone(TypedDict):
    """A telephone number; the country code is the dialling prefix."""

    phoneNumber: v.Text
    countryCode: v.Text
    phoneNumberType: NotRequired[v.Text]


class Email(TypedDict):
    """An e-mail address, without a documented format."""

    emailAddress: v.Text
    emailAddressType: NotRequired[v.Text]


class Communication(TypedDict, total=False):
    """How to reach the consumer."""

    phoneList: Listed[Phone]
    emailList: Listed[Email]
    defaultPhone: Phone
    defaultEmail: Email


class Software(TypedDict, total=False):
    """The merchant's software."""

    companyName: v.Text
    productName: v.Text
    version: v.Text


class Merchant(TypedDict, total=False):
    """The merchant, as far as a request describes it."""

    merchantSoftware: Software


class Mandate(TypedDict):
    """A direct debit mandate."""

    mandateId: v.Text
    mandateType: v.Text
    mandateSignatureDate: v.Text


class _Holder(TypedDict, total=False):
    """What methods of every kind have in common."""

    accountStatus: v.RequestedStatus
    firstName: v.HolderName
    middleName: v.HolderName
    lastName: v.HolderName
    consumerProfileAddress: Address


class _Addressed(TypedDict, total=False):
    """A method of an existing profile can point at an address of it; a new profile has none yet."""

    addressIdentifier: v.Text


class _Card(_Holder, total=False):
    cardExpirationMonthYearNumber: v.MonthYear
    cardType: v.CardType
    isBillPayment: bool
    billerDebitCardReferenceNumber: v.Text
    currency: v.Currency
    consumerPreferredPaymentNetwork: v.PreferredNetwork
    cardBadgeType: v.CardBadge
    threeDSAuthenticatedData: JsonObject


class _NewCard(_Card):
    accountNumber: v.AccountNumber
    accountNumberType: NotRequired[v.AccountNumberType]
    authenticationRequest: NotRequired[JsonObject]


class UpdateCard(_Card, _Addressed, total=False):
    """The members of a card that can change; its number is not among them."""


class CreateCard(_NewCard, _Addressed):
    """A new card of an existing profile."""


class ProfileCard(_NewCard):
    """A card of a new profile."""

    walletProvider: NotRequired[v.WalletProvider]
    profileCardSourceName: NotRequired[v.CardSource]


class _Ach(_Holder, total=False):
    paymentType: v.AchPayment
    accountType: v.AchAccount
    isTransactionMicroEntry: bool


class UpdateAch(_Ach, _Addressed, total=False):
    """The members of an ACH account that can change."""


class ProfileAch(_Ach):
    """An ACH account of a new profile."""

    accountNumber: v.AccountNumber
    financialInstitutionRoutingNumber: v.Text


class CreateAch(ProfileAch, _Addressed):
    """A new ACH account of an existing profile."""


class _Sepa(_Holder, total=False):
    mandateList: Listed[Mandate]


class UpdateSepa(_Sepa, _Addressed, total=False):
    """The members of a SEPA account that can change."""


class ProfileSepa(_Sepa):
    """A SEPA account of a new profile, where both of its numbers are required."""

    internationalBankAccountNumber: v.Text
    internationalBusinessIdentifierCode: v.Text


class CreateSepa(_Sepa, _Addressed, total=False):
    """A new SEPA account of an existing profile."""

    internationalBankAccountNumber: v.Text
    internationalBusinessIdentifierCode: v.Text


class _Bacs(_Holder, total=False):
    mandateList: Listed[Mandate]


class UpdateBacs(_Bacs, _Addressed, total=False):
    """The members of a BACS account that can change."""


class ProfileBacs(_Bacs):
    """A BACS account of a new profile."""

    accountNumber: v.AccountNumber
    bankSortCode: v.Text


class CreateBacs(ProfileBacs, _Addressed):
    """A new BACS account of an existing profile."""


class AddedDefault(TypedDict, total=False):
    """A new method of an existing profile that becomes the default."""

    card: CreateCard
    ach: CreateAch
    sepa: CreateSepa
    bacs: CreateBacs


class ProfileDefault(TypedDict, total=False):
    """A method of a new profile that becomes the default."""

    card: ProfileCard
    ach: ProfileAch
    sepa: ProfileSepa
    bacs: ProfileBacs


class ProfileMethods(TypedDict, total=False):
    """The payment methods of a new profile."""

    cardList: Listed[ProfileCard]
    achList: Listed[ProfileAch]
    sepaList: Listed[ProfileSepa]
    bacsList: Listed[ProfileBacs]
    defaultMOP: ProfileDefault


class AddMethods(TypedDict, total=False):
    """New payment methods of an existing profile."""

    cardList: Listed[CreateCard]
    achList: Listed[CreateAch]
    sepaList: Listed[CreateSepa]
    bacsList: Listed[CreateBacs]
    defaultMOP: AddedDefault
    accountStatus: v.RequestedStatus
    currency: v.Currency
    merchant: Merchant
    browserInfo: JsonObject


class CreateProfile(TypedDict, total=False):
    """A new profile."""

    externalConsumerProfileIdentifier: v.ExternalIdentifier
    cardOnFileReferenceNumber: v.ReferenceNumber
    firstName: v.ConsumerName
    lastName: v.ConsumerName
    fullName: v.ConsumerName
    profileStatus: v.RequestedStatus
    consumerProfileAddresses: Listed[Address]
    profilePaymentMethod: ProfileMethods
    communication: Communication
    merchant: Merchant
    browserInfo: JsonObject
    orderOverrideCode: v.OrderOverride


class UpdateProfile(TypedDict, total=False):
    """The members of a profile that can change."""

    externalConsumerProfileIdentifier: v.ExternalIdentifier
    cardOnFileReferenceNumber: v.Text
    firstName: v.ConsumerName
    lastName: v.ConsumerName
    fullName: v.ConsumerName
    profileStatus: v.RequestedStatus
    orderOverrideCode: v.OrderOverride


class UpdateMethod(TypedDict, total=False):
    """A change of one payment method: the object of its kind, and a status for it."""

    card: UpdateCard
    ach: UpdateAch
    sepa: UpdateSepa
    bacs: UpdateBacs
    accountStatus: v.RequestedStatus


_KINDS = frozenset({"card", "ach", "sepa", "bacs"})

_CREATE_PROFILE = TypeAdapter(CreateProfile)
_UPDATE_PROFILE = TypeAdapter(UpdateProfile)
_ADD_METHODS = TypeAdapter(AddMethods)
_UPDATE_METHOD = TypeAdapter(UpdateMethod)


def _demand_method(methods: ProfileMethods | AddMethods, entity: str) -> None:
    lists = ("cardList", "achList", "sepaList", "bacsList", "defaultMOP")
    if not any(methods.get(name) for name in lists):
        raise Invalid([Violation(entity, f"must hold at least one payment method in {', '.join(lists)}")])


def _demand_one_default(methods: ProfileMethods | AddMethods, entity: str) -> None:
    if "defaultMOP" in methods and len(_KINDS & methods["defaultMOP"].keys()) != 1:
        raise Invalid([Violation(entity, f"must hold exactly one of {', '.join(sorted(_KINDS))}")])


def create_profile(body: object) -> CreateProfile:
    """Check the body of a create; raises ``Invalid``. Source: reference, schema consumerProfile."""
    request = checked(_CREATE_PROFILE, body)
    methods = request.get("profilePaymentMethod", {})
    _demand_method(methods, "profilePaymentMethod")
    _demand_one_default(methods, "profilePaymentMethod.defaultMOP")
    return request


def update_profile(body: object) -> UpdateProfile:
    """Check the body of a profile's update; raises ``Invalid``. Source: reference, schema updateConsumerProfile."""
    return checked(_UPDATE_PROFILE, body)


def add_methods(body: object) -> AddMethods:
    """Check the body of an add; raises ``Invalid``. Source: reference, schema createPaymentMethod."""
    request = checked(_ADD_METHODS, body)
    _demand_method(request, "cardList")
    _demand_one_default(request, "defaultMOP")
    return request


def update_method(body: object) -> UpdateMethod:
    """Check the body of a method's update; raises ``Invalid``. Source: reference, schema updatePaymentMethod."""
    request = checked(_UPDATE_METHOD, body)
    named = sorted(_KINDS & request.keys())
    if len(named) > 1:
        raise Invalid([Violation(kind, "cannot be changed together with another kind") for kind in named])
    return request
