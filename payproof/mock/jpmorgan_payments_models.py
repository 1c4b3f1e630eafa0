"""The request bodies of Online Payments v2, as the vendor's reference and its guides shape them.

A member that was not sent is absent, null is no value, nothing is coerced, and a member that nobody documents is
ignored. Where the vendor writes a member in two ways (number and string), both are read.
"""

from typing import Annotated, Any, Literal, NotRequired

from pydantic import Field, TypeAdapter
from typing_extensions import TypedDict

from payproof.mock import jpmorgan_payments_assumed as assumed
from payproof.mock import jpmorgan_payments_values as p
from payproof.mock import jpmorgan_values as v
from payproof.mock.jpmorgan_checks import checked
from payproof.mock.jpmorgan_models import JsonObject
from payproof.mock.refusal import Invalid, Violation


class Software(TypedDict):
    """The merchant's software; the vendor writes its version as a string and as a number."""

    companyName: p.SoftwareName
    productName: p.SoftwareName
    version: NotRequired[p.Version]
    softwareId: NotRequired[v.Text]


class Merchant(TypedDict):
    """The merchant, as far as a request describes it."""

    merchantSoftware: Software
    merchantCategoryCode: NotRequired[p.CategoryCode]
    merchantLogoUrl: NotRequired[v.Text]
    softMerchant: NotRequired[JsonObject]


class Expiry(TypedDict):
    """Until when a card is good."""

    month: Annotated[int, Field(ge=1, le=12)]
    year: Annotated[int, Field(ge=2018, le=2999)]


class Card(TypedDict):
    """A card of this one payment."""

    accountNumber: p.CardNumber
    accountNumberType: NotRequired[p.NumberType]
    expiry: NotRequired[Expiry]
    cvv: NotRequired[p.Cvv]
    isBillPayment: NotRequired[bool]
    originalNetworkTransactionId: NotRequired[p.Reference]
    walletProvider: NotRequired[v.WalletProvider]
    cardTypeFunding: NotRequired[Literal["DEBIT", "CREDIT"]]
    preferredPaymentNetworkRoutingCode: NotRequired[v.PreferredNetwork]
    preferredRoutingInitiatorCode: NotRequired[Literal["MERCHANT", "CONSUMER"]]


class StoredMethod(TypedDict):
    """A payment method of a consumer profile."""

    consumerProfileId: v.Text
    paymentMethodId: v.Text
    cvv: NotRequired[p.Cvv]
    isBillPayment: NotRequired[bool]
    originalNetworkTransactionId: NotRequired[p.Reference]
    merchantSalesChannelName: NotRequired[v.Text]
    cardTypeFunding: NotRequired[Literal["DEBIT", "CREDIT"]]


class Phone(TypedDict):
    """A telephone number; the vendor writes its country code as a number and as a string."""

    countryCode: NotRequired[p.DialingCode]
    phoneNumber: p.PhoneNumber


class BillingAddress(TypedDict, total=False):
    """Where the consumer gets the bill."""

    line1: p.Line
    line2: p.Line
    city: p.Line
    state: p.State
    postalCode: p.Postal
    countryCode: p.Country


class ProfileInfo(TypedDict, total=False):
    """The wish to have a profile made."""

    consumerProfileRequestType: Literal["CREATE"]
    legacyConsumerProfileId: v.Text
    externalConsumerProfileIdentifier: v.Text


class AccountHolder(TypedDict, total=False):
    """The consumer who pays."""

    referenceId: p.HolderReference
    consumerIdCreationDate: v.Text
    fullName: p.FullName
    firstName: p.Name
    middleName: p.Name
    lastName: p.Name
    email: p.Mail
    mobile: Phone
    phone: Phone
    IPAddress: p.IpAddress
    billingAddress: BillingAddress
    nationalId: v.Text
    consumerProfileInfo: ProfileInfo


class PaymentMethod(TypedDict, total=False):
    """What is paid with; the vendor's page puts the account holder in here, its reference beside it."""

    card: Card
    consumerProfile: StoredMethod
    accountHolder: AccountHolder


class TransactionReference(TypedDict):
    """The transaction that a refund gives back."""

    transactionReferenceId: p.Reference


class RefundMethod(PaymentMethod, total=False):
    """Where a refund goes: back to a transaction, or to a card of its own."""

    transactionReference: TransactionReference


class Recurring(TypedDict, total=False):
    """A payment that comes again."""

    recurringSequence: Literal["FIRST", "SUBSEQUENT"]
    agreementId: v.Text
    paymentAgreementExpiryDate: v.Text
    isVariableAmount: bool
    recurringNumber: Any


class Installment(TypedDict, total=False):
    """A payment in parts."""

    installmentCount: Annotated[int, Field(ge=1, le=99)]
    totalInstallments: Annotated[int, Field(ge=1, le=999)]


class _Asked(TypedDict, total=False):
    """What payments, verifications and refunds have in common beside their method."""

    initiatorType: p.Initiator
    accountOnFile: p.OnFile
    originalTransactionId: v.Text
    merchantOrderNumber: p.OrderNumber
    recurring: Recurring
    installment: Installment
    accountHolder: AccountHolder
    shipTo: JsonObject
    statementDescriptor: p.Descriptor


class Payment(_Asked):
    """A new payment."""

    amount: p.Amount
    currency: v.Currency
    merchant: Merchant
    paymentMethodType: PaymentMethod
    captureMethod: NotRequired[p.CaptureMethod]
    isCapture: NotRequired[bool]
    isAmountFinal: NotRequired[bool]
    partialAuthorizationSupport: NotRequired[Literal["SUPPORTED", "NOT_SUPPORTED"]]
    authorizationPurpose: NotRequired[Literal["DELAYED_CHARGE", "NO_SHOW", "REAUTHORIZATION", "RESUBMISSION"]]


class Verification(_Asked):
    """A question to the issuer that moves no money."""

    merchant: Merchant
    paymentMethodType: PaymentMethod
    amount: NotRequired[Annotated[int, Field(ge=0, le=0)]]
    currency: NotRequired[v.Currency]


class MultiCapture(TypedDict, total=False):
    """Which of several captures this one is."""

    multiCaptureSequenceNumber: p.SequenceNumber
    multiCaptureRecordCount: int
    isFinalCapture: bool


class Capture(TypedDict, total=False):
    """A capture of an authorised payment."""

    captureMethod: p.CaptureMethod
    amount: p.Amount
    currency: v.Currency
    isAmountFinal: bool
    multiCapture: MultiCapture


class Patch(TypedDict, total=False):
    """A change of a payment that is not captured yet."""

    captureMethod: p.CaptureMethod
    isCapture: bool
    isVoid: bool
    amount: p.Amount
    statementDescriptor: p.Descriptor
    reversalReason: Literal[
        "NO_RESPONSE",
        "LATE_RESPONSE",
        "UNABLE_TO_DELIVER",
        "CARD_DECLINED",
        "MAC_NOT_VERIFIED",
        "MAC_SYNC_ERROR",
        "ZEK_SYNC_ERROR",
        "SYSTEM_MALFUNCTION",
        "SUSPECTED_FRAUD",
    ]


class Refund(_Asked):
    """Money that goes back."""

    merchant: Merchant
    paymentMethodType: NotRequired[RefundMethod]
    amount: NotRequired[p.Amount]
    currency: NotRequired[v.Currency]


_PAYMENT = TypeAdapter(Payment)
_VERIFICATION = TypeAdapter(Verification)
_CAPTURE = TypeAdapter(Capture)
_PATCH = TypeAdapter(Patch)
_REFUND = TypeAdapter(Refund)

_PAID_WITH = ("card", "consumerProfile")
_GIVEN_BACK_TO = ("card", "consumerProfile", "transactionReference")


def _rules(request: Payment | Verification | Refund, kinds: tuple[str, ...]) -> list[Violation]:
    found = []
    method = request.get("paymentMethodType", {})
    if sum(kind in method for kind in kinds) != 1:
        found.append(Violation("paymentMethodType", f"must hold exactly one of {', '.join(kinds)}"))
    if "accountHolder" in request and "accountHolder" in method:
        found.append(Violation("accountHolder", "must not be sent in paymentMethodType as well"))
    if request.get("currency") in assumed.UNKNOWN_CURRENCIES:
        found.append(Violation("currency", "must be a currency that payments can be made in"))
    return found


def _refuse(found: list[Violation]) -> None:
    if found:
        raise Invalid(found)


def payment(body: object) -> Payment:
    """Check the body of a payment; raises ``Invalid``. Source: reference, schema payment."""
    request = checked(_PAYMENT, body)
    _refuse(_rules(request, _PAID_WITH))
    return request


def verification(body: object) -> Verification:
    """Check the body of a verification; raises ``Invalid``. Source: reference, schema verification."""
    request = checked(_VERIFICATION, body)
    _refuse(_rules(request, _PAID_WITH))
    return request


def capture(body: object) -> Capture:
    """Check the body of a capture; raises ``Invalid``. Source: reference, schema captureRequest."""
    return checked(_CAPTURE, body)


def patch(body: object) -> Patch:
    """Check the body of a change; raises ``Invalid``. Source: reference, schema paymentPatch."""
    request = checked(_PATCH, body)
    if request.get("isVoid") and request.keys() & {"amount", "captureMethod", "isCapture"}:
        raise Invalid([Violation("isVoid", "must not be sent with amount, captureMethod or isCapture")])
    if not request.keys() & {"isVoid", "amount", "captureMethod", "isCapture"}:
        raise Invalid([Violation("body", "must hold one of isVoid, amount and captureMethod")])
    return request


def refund(body: object) -> Refund:
    """Check the body of a refund; raises ``Invalid``. Source: reference, schema refund."""
    request = checked(_REFUND, body)
    found = _rules(request, _GIVEN_BACK_TO)
    if "transactionReference" not in request.get("paymentMethodType", {}):
        found += [Violation(name, "is required without a transactionReference") for name in ("amount", "currency") if name not in request]
    _refuse(found)
    return request


def account_holder(request: Payment | Verification | Refund) -> AccountHolder:
    """Find the account holder, in whichever of the two documented places it was sent."""
    inside = request.get("paymentMethodType", {}).get("accountHolder", AccountHolder())
    return request.get("accountHolder", inside)
