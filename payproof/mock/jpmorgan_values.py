"""The vendor's enumerations and limits, as its reference gives them for Consumer Profile Management v2.

The reference writes some patterns without anchors; they are read as what a whole value must look like. U+0000 is kept
out of every string (``nul`` in ``assumed.BEHAVIOUR``).
"""

from typing import Annotated, Literal

from pydantic import StringConstraints

Text = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")]
"""A string without documented limits."""

ConsumerName = Annotated[str, StringConstraints(max_length=70, pattern=r"^[\p{L}\p{P}0-9' ]*$")]
"""A name of the profile itself."""

HolderName = Annotated[str, StringConstraints(max_length=70, pattern=r"^[^\x00]*$")]
"""A name on a payment method or an address: its length is limited, its characters are not."""

ExternalIdentifier = Annotated[str, StringConstraints(max_length=36, pattern=r"^(?:[A-Za-z0-9,$@&-][A-Za-z0-9,$@& -]*)?$")]
ReferenceNumber = Annotated[str, StringConstraints(max_length=32, pattern=r"^[A-Za-z0-9]*$")]
AccountNumber = Annotated[str, StringConstraints(min_length=16, max_length=16, pattern=r"^[0-9]*$")]
MonthYear = Annotated[str, StringConstraints(pattern=r"^(?:0[1-9]|1[0-2])[/][0-9]{4}$")]

AddressName = Annotated[str, StringConstraints(max_length=75, pattern=r"^[^<>\x00]*$")]
AddressLine = Annotated[str, StringConstraints(max_length=100, pattern=r"^[^<>{}\x00]*$")]
City = Annotated[str, StringConstraints(max_length=40, pattern=r"^[\p{L}0-9\s\-'.,&() ]*$")]
State = Annotated[str, StringConstraints(min_length=1, max_length=3, pattern=r"^[A-Za-z0-9]+(?:[\s-]+[A-Za-z0-9]+)*$")]
PostalCode = Annotated[str, StringConstraints(min_length=3, max_length=12, pattern=r"^[a-zA-Z0-9]+[-\s]*[a-zA-Z0-9]+$")]
CountryCode = Annotated[str, StringConstraints(min_length=3, max_length=3, pattern=r"^[a-zA-Z]{2,3}$")]

RequestedStatus = Literal["ACTIVE", "INACTIVE"]
"""A request may only send these two; the wider set of a response is the vendor's to give."""

AddressType = Literal["SHIPPING", "BILLING"]
AccountNumberType = Literal["PAN", "NETWORK_TOKEN", "DEVICE_TOKEN"]
PreferredNetwork = Literal["VI", "MC", "CB"]
CardBadge = Literal["CO_BADGED", "MONO_BADGED"]
WalletProvider = Literal["APPLE_PAY", "GOOGLE_PAY", "PAZE"]
CardSource = Literal["SAFETECH_TOKEN"]
AchPayment = Literal["WEB", "TEL", "RECURRING"]
AchAccount = Literal["CHECKING", "SAVING", "CORPORATE_CHECKING"]
OrderOverride = Literal["NO_MAPPING", "CONSUMER_REFNUM_ORDERID", "CONSUMER_REFNUM_COMMENTS", "CONSUMER_REFNUM_ORDERID_COMMENTS"]

# fmt: off
CardType = Literal[
    "VI", "MC", "AX", "HC", "EO", "DI", "JC", "DC", "CC", "CZ", "CR", "OX", "IM", "SP", "PP", "AP", "NP", "VR", "MR",
    "EP", "CB", "DP", "PM",
]
Currency = Literal[
    "USD", "EUR", "GBP", "AUD", "NZD", "SGD", "CAD", "JPY", "HKD", "KRW", "TWD", "MXN", "BRL", "DKK", "NOK",
    "ZAR", "SEK", "CHF", "CZK", "PLN", "TRY", "AFN", "ALL", "DZD", "AOA", "ARS", "AMD", "AWG", "AZN", "BSD",
    "BDT", "BBD", "BYN", "BZD", "BMD", "BOB", "BAM", "BWP", "BND", "BGN", "BIF", "BTN", "XOF", "XAF", "XPF",
    "KHR", "CVE", "KYD", "CLP", "CNY", "COP", "KMF", "CDF", "CRC", "HRK", "DJF", "DOP", "XCD", "EGP", "ETB",
    "FKP", "FJD", "GMD", "GEL", "GHS", "GIP", "GTQ", "GYD", "HTG", "HNL", "HUF", "ISK", "INR", "IDR", "ILS",
    "JMD", "KZT", "KES", "LAK", "LBP", "LSL", "LRD", "MOP", "MKD", "MGA", "MWK", "MYR", "MVR", "MRU", "MUR",
    "MDL", "MNT", "MAD", "MZN", "MMK", "NAD", "NPR", "ANG", "PGK", "NIO", "NGN", "PKR", "PAB", "PYG", "PEN",
    "PHP", "QAR", "RON", "RWF", "SHP", "WST", "STN", "SAR", "RSD", "SCR", "SLL", "SBD", "SOS", "LKR", "SRD",
    "SZL", "TJS", "TZS", "THB", "TOP", "TTD", "UGX", "UAH", "AED", "UYU", "UZS", "VUV", "VND", "YER", "ZMW",
    "RUB", "GNF", "VES", "XCG", "UNKNOWN",
]
# fmt: on
