"""The bank that issued a card: what it says to an amount, and how a card is shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from payproof.mock import assumed as profiles_assumed
from payproof.mock import jpmorgan_payments_assumed as assumed


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an answer says about the issuer's decision; ``approved`` is how much of the amount it agreed to."""

    status: str
    code: str
    message: str
    host: str
    approved: int = 0

    @property
    def granted(self) -> bool:
        """Tell whether the issuer agreed to anything."""
        return self.status == "SUCCESS"


ACCEPTED = Outcome("SUCCESS", "ACCEPTED", "Transaction accepted", "Approved")
APPROVED = Outcome("SUCCESS", "APPROVED", "Transaction approved by Issuer", "Approved")


def ask(number: str, amount: int, *, reference: str | None, partly: bool) -> Outcome:
    """Ask the issuer for an amount; ``partly`` says that less is welcome, ``reference`` is the account holder's."""
    declined = assumed.DECLINED_BY_NUMBER.get((number, amount))
    if reference == assumed.DECLINE_REFERENCE:
        declined = assumed.DECLINED
    if declined is not None:
        return Outcome("DENIED", *declined, "Declined")
    part = amount // assumed.PARTIAL_DIVISOR
    if partly and number in assumed.PARTIAL_NUMBERS and part:
        return Outcome("SUCCESS", "PARTIAL_APPROVAL", "Transaction partially approved by issuer", "Approved", part)
    return Outcome(APPROVED.status, APPROVED.code, APPROVED.message, APPROVED.host, amount)


def mask(number: str, *, first: int) -> str:
    """Show the ``first`` and the last four digits of a card number, and X for each digit between."""
    return number[:first] + "X" * (len(number) - first - 4) + number[-4:]


def brand(number: str) -> str:
    """Tell the card type by the first digits of a number."""
    if assumed.UNION_PAY.match(number):
        return "CC"
    return profiles_assumed.card_type(number) or assumed.OTHER_CARD


def card_view(number: str, method: Mapping[str, Any], *, address: bool, first: int) -> dict[str, Any]:
    """Show a card as a response does; ``method`` is the request's object for it."""
    kind = brand(number)
    view: dict[str, Any] = {
        "cardType": kind,
        "cardTypeName": assumed.CARD_NAMES[kind],
        "maskedAccountNumber": mask(number, first=first),
    }
    if "isBillPayment" in method:
        view["isBillPayment"] = method["isBillPayment"]
    network = {"addressVerificationResult": assumed.ADDRESS_RESULT if address else "NOT_REQUESTED"}
    if "cvv" in method:
        network["cardVerificationResult"] = _cvv_result(kind, method["cvv"])
    view["networkResponse"] = network
    return view


def _cvv_result(kind: str, cvv: str) -> str:
    known = assumed.CVV_RESULTS if kind == "AX" else assumed.CVV_RESULTS_BY_BRAND if kind in assumed.CVV_BRANDS else {}
    return known.get(cvv, assumed.CVV_OTHERWISE)
