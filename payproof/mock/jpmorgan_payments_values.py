"""The vendor's enumerations and limits, as its reference gives them for Online Payments v2.

Where the vendor writes a value in two ways (number and string), both are read. U+0000 is kept out of every string.
"""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from payproof.mock import jpmorgan_payments_assumed as assumed


def _two_ways(expected: str) -> PydanticCustomError:
    return PydanticCustomError("two_ways", "{expected}", {"expected": expected})


def _digits(value: object, shortest: int, longest: int, expected: str) -> str:
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**longest else value
    if isinstance(text, str) and text.isascii() and text.isdecimal() and shortest <= len(text) <= longest:
        return text
    raise _two_ways(expected)


def _cvv(value: object) -> str:
    return _digits(value, 3, 6, "3 to 6 digits, as a string or a number")


def _country_code(value: object) -> str:
    if value == 0:
        raise _two_ways("1 to 3 digits, at least 1 as a number")
    return _digits(value, 1, 3, "1 to 3 digits, as a string or a number")


def _version(value: object) -> str | float:
    if isinstance(value, bool) or not isinstance(value, str | int | float) or (isinstance(value, float) and abs(value) == float("inf")):
        raise _two_ways("a string or a number")
    if isinstance(value, str) and (len(value) > 50 or any(sign in "<>{}\0" or "\ud800" <= sign <= "\udfff" for sign in value)):
        raise _two_ways("at most 50 valid characters without < > { } and U+0000")
    if isinstance(value, int | float) and abs(value) >= assumed.LARGEST_VERSION:
        raise _two_ways("a string or a number")
    return value


def _short(value: object) -> str:
    return _digits(value, 1, 2, "1 or 2 digits, as a string or a number")


# mypy reads the type, the validator says what is accepted
Cvv = Annotated[Any, BeforeValidator(_cvv)]
DialingCode = Annotated[Any, BeforeValidator(_country_code)]
Version = Annotated[Any, BeforeValidator(_version)]
SequenceNumber = Annotated[Any, BeforeValidator(_short)]

Amount = Annotated[int, Field(ge=0, le=999_999_999_999)]
"""Minor units of the currency."""

CardNumber = Annotated[str, StringConstraints(min_length=12, max_length=19, pattern=r"^[0-9]*$")]
SoftwareName = Annotated[str, StringConstraints(max_length=256, pattern=r"^[^<>{}\x00]*$")]
CategoryCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}$")]
OrderNumber = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9 .-]*$")]
Descriptor = Annotated[str, StringConstraints(min_length=4, max_length=100, pattern=r"^[^\x00]*$")]
Reference = Annotated[str, StringConstraints(min_length=4, max_length=40, pattern=r"^[^\x00]*$")]
HolderReference = Annotated[str, StringConstraints(max_length=25, pattern=r"^[^\x00]*$")]
FullName = Annotated[str, StringConstraints(min_length=4, max_length=70, pattern=r"^[^\x00]*$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=70, pattern=r"^[\p{L}\p{P}0-9'. ]*$")]
Mail = Annotated[str, StringConstraints(min_length=6, max_length=60, pattern=r"^[^\x00]*$")]
PhoneNumber = Annotated[str, StringConstraints(max_length=12, pattern=r"^[^\x00]*$")]
IpAddress = Annotated[str, StringConstraints(max_length=40, pattern=r"^[^\x00]*$")]
Line = Annotated[str, StringConstraints(max_length=40, pattern=r"^[^\x00]*$")]
State = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}$")]
Postal = Annotated[str, StringConstraints(min_length=3, max_length=12, pattern=r"^[^\x00]*$")]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{0,3}$")]

CaptureMethod = Literal["NOW", "DELAYED", "MANUAL"]
Initiator = Literal["CARDHOLDER", "MERCHANT"]
OnFile = Literal["NOT_STORED", "STORED", "TO_BE_STORED"]
NumberType = Literal["PAN", "NETWORK_TOKEN", "DEVICE_TOKEN", "SAFETECH_TOKEN", "SAFETECH_PAGE_ENCRYPTION"]
