"""Payments of one tenant: what each operation of Online Payments v2 does. No HTTP in here."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from payproof.mock import jpmorgan_payments_assumed as assumed
from payproof.mock import jpmorgan_payments_models as models
from payproof.mock.clock import Clock
from payproof.mock.ids import Ids
from payproof.mock.jpmorgan_payments_issuer import ACCEPTED, APPROVED, Outcome, ask, card_view
from payproof.mock.jpmorgan_payments_records import Capture, Deal, Json, Payment, Refund, Verification
from payproof.mock.jpmorgan_payments_refusal import NotPossible, Reused
from payproof.mock.jpmorgan_payments_wallet import Wallet
from payproof.mock.jpmorgan_profiles import ProfilesWorld
from payproof.mock.refusal import NotFound

_MINUTE = 60_000
_HOST_REFERENCE_LETTERS = 22
_SHOWN_AS_SENT = ("isAmountFinal", "partialAuthorizationSupport", "merchantOrderNumber")
_STATE = "must name a payment that is authorised and not captured, voided or declined"


@dataclass(slots=True)
class PaymentsDirectory:
    """Every payment of every tenant by its id: ids are unique across tenants."""

    payments: dict[str, Payment] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Call:
    """What the headers of a request say: on whose behalf, and under which request-id."""

    merchant_id: str
    request_id: str


class PaymentsWorld:
    """The payments of one tenant; ``profiles`` is the same tenant's world of consumer profiles.

    ``lies`` are names of faults, ``effects`` counts changes of state by name, ``directory`` is shared by all tenants.
    Every operation takes identifiers and a checked body, returns the body of its answer, and raises ``NotFound`` or
    ``NotPossible``, in both cases without having changed anything.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        ids: Ids,
        effects: Counter[str],
        directory: PaymentsDirectory,
        profiles: ProfilesWorld,
        lies: frozenset[str] = frozenset(),
    ) -> None:
        self._clock = clock
        self._ids = ids
        self._effects = effects
        self._directory = directory
        self._wallet = Wallet(profiles, lies)
        self._lies = lies
        self._payments: dict[str, Payment] = {}
        self._by_request: dict[str, Payment] = {}
        self._captures: dict[str, tuple[Payment, Capture]] = {}
        self._refunds: dict[str, Refund] = {}
        self._answers: dict[tuple[str, ...], tuple[str, Json]] = {}

    def lies(self, fault: str) -> bool:
        """Tell whether this world tells the lie of that name."""
        return fault in self._lies

    def forget(self) -> None:
        """Give everything up, so that nothing of this world is found any more."""
        for payment_id in self._payments:
            self._directory.payments.pop(payment_id, None)
        for kept in (self._payments, self._by_request, self._captures, self._refunds, self._answers):
            kept.clear()

    def answered(self, key: tuple[str, ...], fingerprint: str) -> Json | None:
        """Find the first answer to a request, by its operation and request-id; raises ``Reused`` for another body."""
        known = self._answers.get(key)
        if known is None or self.lies("request-id-charges-twice"):
            return None
        if known[0] != fingerprint:
            raise Reused
        return known[1]

    def remember(self, key: tuple[str, ...], fingerprint: str, answer: Json) -> None:
        """Keep the answer to a request for those that repeat it."""
        self._answers.setdefault(key, (fingerprint, answer))

    def pay(self, request: models.Payment, call: Call) -> Json:
        """Authorise a payment, and capture it at once unless it says otherwise."""
        outcome, deal = self._deal(request, request["amount"], call, partly=request.get("partialAuthorizationSupport") == "SUPPORTED")
        now = self._clock.milliseconds()
        method = request.get("captureMethod") or ("MANUAL" if request.get("isCapture") is False else "NOW")
        amount = outcome.approved if outcome.granted else request["amount"]
        if outcome.granted and amount < request["amount"]:
            deal.extras.update(partialAuthorization=True, requestedAuthorizationAmount=request["amount"])
        payment = Payment(
            payment_id=self._ids.uuid(),
            request_id=call.request_id,
            currency=request["currency"],
            authorised=amount,
            capture_method=method,
            made=now,
            outcome=outcome,
            approval=self._approval(outcome),
            deal=deal,
            state="AUTHORIZED" if outcome.granted else "DECLINED",
            status="PENDING" if outcome.granted else "CLOSED",
            authorisation="AUTHORIZED" if outcome.granted else "FAILED",
        )
        self._payments[payment.payment_id] = payment
        self._directory.payments[payment.payment_id] = payment
        self._by_request.setdefault(call.request_id, payment)
        self._effects["payments created" if outcome.granted else "payments declined"] += 1
        if outcome.granted and method == "DELAYED":
            payment.due = now + assumed.DELAY_MINUTES * _MINUTE
        if outcome.granted and method == "NOW":
            self._take(payment, amount, call.request_id, final=True, at=now)
        return payment.show()

    def payment(self, payment_id: str) -> Json:
        """Show a payment, by its own transaction id or by that of a capture."""
        payment = self._payment(payment_id)
        found = self._captures.get(payment_id)
        return payment.show() if found is None or payment_id == payment.payment_id else payment.show(capture=found[1])

    def payment_of_request(self, request_id: str) -> Json:
        """Show the payment that the request of this request-id made."""
        payment = self._by_request.get(request_id)
        if payment is None:
            raise NotFound("payment")
        self._settle(payment)
        return payment.show()

    def capture(self, payment_id: str, request: models.Capture, call: Call) -> Json:
        """Take money that was authorised, all that is left of it or an amount."""
        payment = self._own(payment_id)
        if not payment.open:
            raise NotPossible(assumed.STATE, "id", _STATE)
        if request.get("captureMethod", "NOW") != "NOW":
            raise NotPossible(assumed.INVALID, "captureMethod", "must be NOW in a capture")
        self._demand_currency(payment, request.get("currency"))
        left = payment.remaining
        amount = request.get("amount", left)
        if amount < 1:
            raise NotPossible(assumed.AMOUNT, "amount", "must be at least 1")
        if amount > left:
            raise NotPossible(assumed.AMOUNT, "amount", "must not be more than what is left of the authorisation")
        several = request.get("multiCapture", models.MultiCapture())
        final = amount == left or request.get("isAmountFinal", False) or several.get("isFinalCapture", False)
        full = amount == left
        alone = final and not payment.captures and "multiCapture" not in request
        capture = self._take(payment, amount, call.request_id, final=final, at=self._clock.milliseconds())
        payment.authorisation = "CAPTURED" if alone else "AUTHORIZED"
        payment.outcome = APPROVED if alone and not full else ACCEPTED
        payment.capture_method = "NOW"
        payment.changed = True
        return payment.show(request_id=call.request_id, capture=capture)

    def change(self, payment_id: str, request: models.Patch, call: Call) -> Json:
        """Void a payment that was not captured, or authorise another amount of it."""
        payment = self._own(payment_id)
        if payment.status != "PENDING":
            raise NotPossible(assumed.STATE, "id", _STATE)
        if request.get("isVoid"):
            self._void(payment)
        else:
            self._adjust(payment, request, call)
        return payment.show(request_id=call.request_id)

    def verify(self, request: models.Verification, call: Call) -> Json:
        """Ask the issuer about a card without moving money."""
        outcome, deal = self._deal(request, 0, call)
        verification = Verification(
            verification_id=self._ids.uuid(),
            request_id=call.request_id,
            currency=request.get("currency"),
            made=self._clock.milliseconds(),
            outcome=outcome,
            approval=self._approval(outcome),
            deal=deal,
        )
        self._effects["verifications created"] += 1
        return verification.show()

    def refund(self, request: models.Refund, call: Call) -> Json:
        """Give money back: of a payment, or to a card."""
        method = request.get("paymentMethodType", models.RefundMethod())
        refund = self._linked(request, method["transactionReference"], call) if "transactionReference" in method else self._alone(request, call)
        self._refunds[refund.refund_id] = refund
        if refund.outcome.granted:
            self._effects["refunds created"] += 1
        return refund.show()

    def refund_of(self, refund_id: str) -> Json:
        """Show a refund."""
        refund = self._refunds.get(refund_id.lower())
        if refund is None:
            raise NotFound("refund")
        return refund.show()

    def _linked(self, request: models.Refund, reference: models.TransactionReference, call: Call) -> Refund:
        name = reference["transactionReferenceId"].lower()
        payment, capture = self._captures.get(name, (None, None))
        if payment is None or capture is None:
            payment = self._payment(name)
            if not payment.captures:
                raise NotPossible(
                    assumed.STATE, "paymentMethodType.transactionReference.transactionReferenceId", "must name a payment that is captured"
                )
            capture = payment.captures[-1]
        self._demand_currency(payment, request.get("currency"))
        left = capture.amount - capture.refunded
        amount = request.get("amount", left)
        if amount < 1:
            raise NotPossible(assumed.AMOUNT, "amount", "must be at least 1, and something must be left of the capture")
        if amount > left:
            raise NotPossible(assumed.AMOUNT, "amount", "must not be more than what is left of the capture")
        refund = Refund(
            refund_id=self._ids.uuid(),
            request_id=call.request_id,
            amount=amount,
            currency=payment.currency,
            made=self._clock.milliseconds(),
            outcome=APPROVED,
            approval=self._approval(APPROVED),
            deal=self._with_card(request, payment.deal.card, call, {}),
            reference=name,
            payment=payment,
        )
        capture.refunded += amount
        payment.refunds.append(refund)
        return refund

    def _alone(self, request: models.Refund, call: Call) -> Refund:
        outcome, deal = self._deal(request, request["amount"], call, keep=False)
        return Refund(
            refund_id=self._ids.uuid(),
            request_id=call.request_id,
            amount=request["amount"],
            currency=request["currency"],
            made=self._clock.milliseconds(),
            outcome=outcome,
            approval=self._approval(outcome),
            deal=deal,
        )

    def _deal(
        self, request: models.Payment | models.Verification | models.Refund, amount: int, call: Call, *, partly: bool = False, keep: bool = True
    ) -> tuple[Outcome, Deal]:
        method: models.PaymentMethod = request["paymentMethodType"]
        holder = models.account_holder(request)
        paying: Any = method["card"] if "card" in method else method["consumerProfile"]
        number = method["card"]["accountNumber"] if "card" in method else self._wallet.number(method["consumerProfile"])
        outcome = ask(number, amount, reference=holder.get("referenceId"), partly=partly)
        card = card_view(number, paying, address="billingAddress" in holder, cvv=paying.get("cvv"))
        shown: Json = {name: holder[name] for name in ("referenceId", "IPAddress") if name in holder}  # type: ignore[literal-required]  # two names
        if keep and "consumerProfileRequestType" in holder.get("consumerProfileInfo", {}):
            shown["consumerProfileInfo"] = self._wallet.keep(holder, method, outcome)
        return outcome, self._with_card(request, card, call, shown)

    def _with_card(self, request: models.Payment | models.Verification | models.Refund, card: Json, call: Call, holder: Json) -> Deal:
        merchant = request["merchant"]
        software = merchant["merchantSoftware"]
        shown: Json = {
            "merchantId": call.merchant_id,
            "merchantSoftware": {name: software[name] for name in ("companyName", "productName", "version") if name in software},  # type: ignore[literal-required]  # three names
        }
        if "merchantCategoryCode" in merchant:
            shown["merchantCategoryCode"] = merchant["merchantCategoryCode"]
        return Deal(
            card=card,
            merchant=shown,
            initiator=request.get("initiatorType", "CARDHOLDER"),
            on_file=request.get("accountOnFile", "NOT_STORED"),
            holder=holder,
            host_reference=self._ids.letters(_HOST_REFERENCE_LETTERS, taken=()),
            extras={name: request[name] for name in _SHOWN_AS_SENT if name in request},  # type: ignore[literal-required]  # three names
        )

    def _approval(self, outcome: Outcome) -> str | None:
        return f"tst{self._ids.digits(3)}" if outcome.granted else None

    def _take(self, payment: Payment, amount: int, request_id: str, *, final: bool, at: int) -> Capture:
        capture_id = self._ids.uuid() if payment.captures else payment.payment_id
        capture = Capture(capture_id, amount, request_id)
        payment.captures.insert(0, capture)
        self._captures[capture_id] = payment, capture
        payment.state = "CLOSED"
        payment.status = "CLOSED" if final else "OPEN"
        payment.captured_at = at
        payment.due = payment.due if payment.open else None
        if final and len(payment.captures) == 1:
            payment.authorisation = "CAPTURED"
        self._effects["captures created"] += 1
        return capture

    def _settle(self, payment: Payment) -> None:
        if payment.due is None or not payment.open or self._clock.milliseconds() < payment.due:
            return
        due = payment.due
        if payment.remaining:
            self._take(payment, payment.remaining, payment.request_id, final=True, at=due)
        else:
            payment.state = payment.status = "CLOSED"

    def _void(self, payment: Payment) -> None:
        payment.state, payment.status, payment.authorisation = "VOIDED", "CANCELLED", "VOIDED"
        payment.outcome = APPROVED
        payment.due = None
        self._effects["payments voided"] += 1

    def _adjust(self, payment: Payment, request: models.Patch, call: Call) -> None:
        method = request.get("captureMethod") or {True: "NOW", False: "MANUAL", None: None}[request.get("isCapture")]
        amount = request.get("amount", payment.authorised)
        if "amount" in request and amount < 1:
            raise NotPossible(assumed.AMOUNT, "amount", "must be at least 1")
        if method is None and "amount" in request and amount <= payment.authorised:
            raise NotPossible(assumed.AMOUNT, "amount", "must be more than the authorised amount, or be sent with a captureMethod")
        if method == "NOW" and amount > payment.authorised:
            raise NotPossible(assumed.AMOUNT, "amount", "must not be more than the authorised amount, to be captured at once")
        if method == "NOW" and not payment.remaining:
            raise NotPossible(assumed.AMOUNT, "captureMethod", "needs something that can be captured")
        if method is None and "amount" not in request:
            return
        payment.outcome = APPROVED
        payment.changed = True
        if amount > payment.authorised:
            payment.authorised = amount
            payment.authorisation_type = "INCREMENTAL"
            self._effects["authorizations increased"] += 1
        elif amount < payment.authorised:
            self._effects["authorizations reversed"] += 1
            if method != "NOW":
                payment.authorised = amount
        now = self._clock.milliseconds()
        if method == "NOW":
            self._take(payment, amount, call.request_id, final=True, at=now)
        elif method == "DELAYED" and payment.due is None:
            payment.due = now + assumed.DELAY_MINUTES * _MINUTE
        elif method == "MANUAL":
            payment.due = None
        payment.capture_method = method or payment.capture_method

    def _demand_currency(self, payment: Payment, currency: str | None) -> None:
        if currency is not None and currency != payment.currency:
            raise NotPossible(assumed.AMOUNT, "currency", "must be the currency of the payment")

    def _own(self, payment_id: str) -> Payment:
        payment = self._payments.get(payment_id.lower())
        if payment is None:
            raise NotFound("payment")
        self._settle(payment)
        return payment

    def _payment(self, payment_id: str) -> Payment:
        found = self._captures.get(payment_id.lower())
        return self._own(payment_id if found is None else found[0].payment_id)
