"""The agreement between merchant, consumer and issuer that each transaction of the payments API starts with."""

from dataclasses import dataclass
from typing import Any

from payproof.mock import jpmorgan_payments_models as models
from payproof.mock.ids import Ids
from payproof.mock.jpmorgan_payments_issuer import Outcome, ask, card_view
from payproof.mock.jpmorgan_payments_records import Deal, Json
from payproof.mock.jpmorgan_payments_wallet import Wallet

_HOST_REFERENCE_LETTERS = 22
_SHOWN_AS_SENT = ("isAmountFinal", "partialAuthorizationSupport", "merchantOrderNumber")
_ECHOED = ("referenceId", "IPAddress")
_SOFTWARE = ("companyName", "productName", "version")
_USUAL_MASK = 6

AnyRequest = models.Payment | models.Verification | models.Refund


@dataclass(frozen=True, slots=True)
class Call:
    """What the headers of a request say: on whose behalf, and under which request-id."""

    merchant_id: str
    request_id: str


class Deals:
    """Makes the deals of one tenant; ``lies`` are names of faults."""

    def __init__(self, ids: Ids, wallet: Wallet, lies: frozenset[str]) -> None:
        self._ids = ids
        self._wallet = wallet
        self._lies = lies

    def lies(self, fault: str) -> bool:
        """Tell whether the deals tell the lie of that name."""
        return fault in self._lies

    def strike(self, request: AnyRequest, amount: int, call: Call, *, partly: bool = False, keep: bool = True) -> tuple[Outcome, Deal]:
        """Ask the issuer of the request's card for an amount, and make the profile that the request wants.

        ``partly`` says that a part of the amount is welcome, ``keep`` that a profile may be made. Raises
        ``NotPossible`` where the stored card cannot pay.
        """
        method: models.PaymentMethod = request["paymentMethodType"]
        holder = models.account_holder(request)
        paying: Any = method["card"] if "card" in method else method["consumerProfile"]
        number = method["card"]["accountNumber"] if "card" in method else self._wallet.number(method["consumerProfile"])
        outcome = ask(number, amount, reference=holder.get("referenceId"), partly=partly)
        first = 8 if self.lies("mask-shows-eight") else _USUAL_MASK
        card = card_view(number, paying, address="billingAddress" in holder, first=first)
        if self.lies("cvv-returned") and "cvv" in paying:
            card["cvv"] = paying["cvv"]
        shown: Json = {name: holder[name] for name in _ECHOED if name in holder}  # type: ignore[literal-required]  # two names
        if keep and "consumerProfileRequestType" in holder.get("consumerProfileInfo", {}):
            shown["consumerProfileInfo"] = self._wallet.keep(holder, method, outcome)
        return outcome, self.repeat(request, card, call, shown)

    def repeat(self, request: AnyRequest, card: Json, call: Call, holder: Json) -> Deal:
        """Make the deal of a request about a card that the issuer was asked about before."""
        merchant = request["merchant"]
        software = merchant["merchantSoftware"]
        shown: Json = {
            "merchantId": call.merchant_id,
            "merchantSoftware": {name: software[name] for name in _SOFTWARE if name in software},  # type: ignore[literal-required]  # three names
        }
        if "merchantCategoryCode" in merchant:
            shown["merchantCategoryCode"] = merchant["merchantCategoryCode"]
        return Deal(
            card=card,
            merchant=shown,
            initiator=request.get("initiatorType", "MERCHANT" if self.lies("merchant-initiates-by-default") else "CARDHOLDER"),
            on_file=request.get("accountOnFile", "NOT_STORED"),
            holder=holder,
            host_reference=self._ids.letters(_HOST_REFERENCE_LETTERS, taken=()),
            extras={name: request[name] for name in _SHOWN_AS_SENT if name in request},  # type: ignore[literal-required]  # three names
        )

    def approval(self, outcome: Outcome) -> str | None:
        """Draw the issuer's approval code; None where it declined."""
        return f"tst{self._ids.digits(3)}" if outcome.granted else None
