"""Payments of one tenant: what each operation of Online Payments v2 does. No HTTP in here."""

from collections import Counter
from dataclasses import dataclass, field

from payproof.mock import jpmorgan_payments_assumed as assumed
from payproof.mock import jpmorgan_payments_models as models
from payproof.mock.clock import Clock
from payproof.mock.ids import Ids
from payproof.mock.jpmorgan_payments_deals import Call, Deals
from payproof.mock.jpmorgan_payments_issuer import ACCEPTED, APPROVED
from payproof.mock.jpmorgan_payments_records import Capture, Json, Payment, Refund, Verification
from payproof.mock.jpmorgan_payments_refusal import NotPossible, Reused
from payproof.mock.jpmorgan_payments_wallet import Wallet
from payproof.mock.jpmorgan_profiles import ProfilesWorld
from payproof.mock.refusal import NotFound

_MINUTE = 60_000
_STATE = "must name a payment that is authorised and not captured, voided or declined"


_Key = tuple[str, ...]


@dataclass(slots=True)
class PaymentsDirectory:
    """What the payments of all tenants share; only lies read it."""

    payments: dict[str, Payment] = field(default_factory=dict)
    answers: dict[_Key, tuple[str, Json]] = field(default_factory=dict)


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
        self._deals = Deals(ids, Wallet(profiles, lies), lies)
        self._lies = lies
        self._payments: dict[str, Payment] = {}
        self._by_request: dict[str, Payment] = {}
        self._captures: dict[str, tuple[Payment, Capture]] = {}
        self._refunds: dict[str, Refund] = {}
        self._answers: dict[_Key, tuple[str, Json]] = {}
        self.seen: dict[tuple[str, str], Json] = {}

    def lies(self, fault: str) -> bool:
        """Tell whether this world tells the lie of that name."""
        return fault in self._lies

    def _new_id(self) -> str:
        if "payments-long-ids" in self._lies:
            return f"txn-{self._ids.uuid()}"
        return f"0{self._ids.digits(11)}" if "payments-numeric-ids" in self._lies else self._ids.uuid()

    def forget(self) -> None:
        """Give everything up, so that nothing of this world is found any more."""
        for payment_id in self._payments:
            self._directory.payments.pop(payment_id, None)
        for kept in (self._payments, self._by_request, self._captures, self._refunds, self._answers):
            kept.clear()

    def answered(self, key: tuple[str, ...], fingerprint: str) -> Json | None:
        """Find the first answer to a request, by its operation and request-id; raises ``Reused`` for another body."""
        answers = self._directory.answers if self.lies("request-id-of-another-merchant") else self._answers
        known = answers.get(key)
        if known is None or self.lies("request-id-charges-twice"):
            return None
        if known[0] != fingerprint or "payments-duplicate-412" in self._lies:
            raise Reused
        return known[1]

    def remember(self, key: tuple[str, ...], fingerprint: str, answer: Json) -> None:
        """Keep the answer to a request for those that repeat it."""
        self._answers.setdefault(key, (fingerprint, answer))
        if self.lies("request-id-of-another-merchant"):
            self._directory.answers.setdefault(key, (fingerprint, answer))

    def pay(self, request: models.Payment, call: Call) -> Json:
        """Authorise a payment, and capture it at once unless it says otherwise."""
        partly = request.get("partialAuthorizationSupport") == "SUPPORTED"
        outcome, deal = self._deals.strike(request, request["amount"], call, partly=partly)
        now = self._clock.milliseconds()
        method = request.get("captureMethod") or ("MANUAL" if request.get("isCapture") is False else "NOW")
        amount = outcome.approved if outcome.granted else request["amount"]
        if outcome.granted and amount < request["amount"]:
            deal.extras.update(partialAuthorization=True, requestedAuthorizationAmount=request["amount"])
            amount = request["amount"] if self.lies("partial-approval-in-full") else amount
        payment = Payment(
            payment_id=self._new_id(),
            request_id=call.request_id,
            currency=request["currency"],
            authorised=amount,
            capture_method=method,
            made=now,
            outcome=outcome,
            approval=self._deals.approval(outcome),
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
            self._take(payment, amount, final=True, at=now)
        return self._shown(payment.show())

    def payment(self, payment_id: str) -> Json:
        """Show a payment, by its own transaction id or by that of a capture."""
        payment = self._payment(payment_id)
        capture = None if payment_id == payment.payment_id else self._captures[payment_id][1]
        return self._shown(payment.show(capture=capture))

    def payment_of_request(self, request_id: str) -> Json:
        """Show the payment that the request of this request-id made."""
        payment = self._by_request.get(request_id)
        if payment is None:
            raise NotFound("payment")
        self._settle(payment)
        return self._shown(payment.show())

    def capture(self, payment_id: str, request: models.Capture, call: Call) -> Json:
        """Take money that was authorised, all that is left of it or an amount."""
        payment = self._own(payment_id)
        voided = payment.state == "VOIDED" and self.lies("captures-voided")
        declined = payment.state == "DECLINED" and self.lies("captures-declined")
        if not (payment.open or voided or declined):
            raise NotPossible(assumed.STATE, "id", _STATE)
        if request.get("captureMethod", "NOW") != "NOW":
            raise NotPossible(assumed.INVALID, "captureMethod", "must be NOW in a capture")
        self._demand_currency(payment, request.get("currency"))
        left = payment.remaining if payment.open else payment.authorised
        if payment.captures and self.lies("only-last-capture-counts"):
            left = payment.authorised - payment.captures[0].amount
        amount = request.get("amount", left)
        if amount < 1:
            raise NotPossible(assumed.AMOUNT, "amount", "must be at least 1")
        if amount > left and not self.lies("capture-above-authorised"):
            payment.eaten += left if self.lies("refused-capture-eats") else 0
            raise NotPossible(assumed.AMOUNT, "amount", "must not be more than what is left of the authorisation")
        several = request.get("multiCapture", models.MultiCapture())
        final = request.get("isAmountFinal", False) or several.get("isFinalCapture", False)
        final = amount >= left or (final and not self.lies("final-flag-ignored"))
        full = amount >= left
        alone = final and not payment.captures and "multiCapture" not in request
        capture = self._take(payment, amount, final=final, at=self._clock.milliseconds())
        payment.authorisation = "CAPTURED" if alone else "AUTHORIZED"
        payment.outcome = APPROVED if alone and not full else ACCEPTED
        payment.capture_method = "NOW"
        payment.changed = True
        return payment.show(request_id=call.request_id, capture=capture)

    def change(self, payment_id: str, request: models.Patch, call: Call) -> Json:
        """Void a payment that was not captured, or authorise another amount of it."""
        payment = self._own(payment_id)
        voids = request.get("isVoid", False)
        if payment.status != "PENDING" and not (voids and payment.captures and self.lies("void-after-capture")):
            raise NotPossible(assumed.STATE, "id", _STATE)
        if voids:
            payment.void(APPROVED, forget_due=not self.lies("voided-captured-when-due"))
            payment.held = self.lies("void-holds-money")
            self._effects["payments voided"] += 1
        else:
            self._adjust(payment, request)
        return payment.show(request_id=call.request_id)

    def verify(self, request: models.Verification, call: Call) -> Json:
        """Ask the issuer about a card without moving money."""
        outcome, deal = self._deals.strike(request, 0, call)
        verification = Verification(
            verification_id=self._new_id(),
            request_id=call.request_id,
            currency=request.get("currency"),
            made=self._clock.milliseconds(),
            outcome=outcome,
            approval=self._deals.approval(outcome),
            deal=deal,
        )
        self._effects["verifications created"] += 1
        return verification.show()

    def refund(self, request: models.Refund, call: Call) -> Json:
        """Give money back: of a payment, or to a card."""
        method = request.get("paymentMethodType", models.RefundMethod())
        linked = "transactionReference" in method
        refund = self._linked(request, method["transactionReference"], call) if linked else self._alone(request, call)
        self._refunds[refund.refund_id] = refund
        if refund.outcome.granted:
            self._effects["refunds created"] += 1
        return refund.show()

    def refund_of(self, refund_id: str) -> Json:
        """Show a refund."""
        refund = self._refunds.get(refund_id)
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
        currency = payment.currency
        if self.lies("refund-changes-currency"):
            currency = request.get("currency", currency)
        else:
            self._demand_currency(payment, request.get("currency"))
        left = capture.amount - capture.refunded
        rest_is_all = "amount" not in request and self.lies("refund-of-rest-is-all")
        amount = request.get("amount", capture.amount if rest_is_all else left)
        if self.lies("refund-from-authorised"):
            left = payment.authorised - capture.refunded
        if self.lies("refunds-not-summed") or rest_is_all:
            left = capture.amount
        if amount < 1:
            raise NotPossible(assumed.AMOUNT, "amount", "must be at least 1, and something must be left of the capture")
        if amount > left:
            raise NotPossible(assumed.AMOUNT, "amount", "must not be more than what is left of the capture")
        refund = Refund(
            refund_id=self._new_id(),
            request_id=call.request_id,
            amount=amount,
            currency=currency,
            made=self._clock.milliseconds(),
            outcome=APPROVED,
            approval=self._deals.approval(APPROVED),
            deal=self._deals.repeat(request, payment.deal.card, call, {}),
            reference=name,
            payment=payment,
        )
        capture.refunded += amount
        payment.refunds.append(refund)
        payment.unseen_refunds += amount if self.lies("stale-remaining-after-refund") else 0
        return refund

    def _alone(self, request: models.Refund, call: Call) -> Refund:
        outcome, deal = self._deals.strike(request, request["amount"], call, keep=False)
        return Refund(
            refund_id=self._new_id(),
            request_id=call.request_id,
            amount=request["amount"],
            currency=request["currency"],
            made=self._clock.milliseconds(),
            outcome=outcome,
            approval=self._deals.approval(outcome),
            deal=deal,
        )

    def _take(self, payment: Payment, amount: int, *, final: bool, at: int) -> Capture:
        capture_id = self._new_id() if payment.captures else payment.payment_id
        if self.lies("money-rounded"):
            amount = amount - amount % 100 or amount
        capture = payment.take(amount, capture_id=capture_id, final=final, at=at)
        self._captures[capture_id] = payment, capture
        self._effects["captures created"] += 1
        return capture

    def _settle(self, payment: Payment) -> None:
        due = payment.due
        if due is None or self._clock.milliseconds() < due or self.lies("delayed-never-captured"):
            return
        # Nothing remains of what is voided, which only a lie captures
        self._take(payment, payment.remaining or payment.authorised, final=True, at=due)

    def _adjust(self, payment: Payment, request: models.Patch) -> None:
        method = request.get("captureMethod") or {True: "NOW", False: "MANUAL", None: None}[request.get("isCapture")]
        amount = request.get("amount", payment.authorised)
        if self.lies("increment-adds") and amount > payment.authorised:
            amount += payment.authorised
        if "amount" in request and amount < 1:
            raise NotPossible(assumed.AMOUNT, "amount", "must be at least 1")
        if method is None and "amount" in request and amount <= payment.authorised:
            raise NotPossible(assumed.AMOUNT, "amount", "must be more than the authorised amount, or be sent with a captureMethod")
        if method == "NOW" and amount > payment.authorised:
            payment.authorised = amount if self.lies("refused-raise-sticks") else payment.authorised
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
            self._take(payment, amount, final=True, at=now)
        elif method == "DELAYED" and payment.due is None:
            payment.due = now + assumed.DELAY_MINUTES * _MINUTE
        elif method == "MANUAL":
            payment.due = None
        payment.capture_method = method or payment.capture_method

    def _demand_currency(self, payment: Payment, currency: str | None) -> None:
        if currency is not None and currency != payment.currency:
            raise NotPossible(assumed.AMOUNT, "currency", "must be the currency of the payment")

    def _shown(self, body: Json) -> Json:
        if self.lies("decline-is-success") and body["responseStatus"] == "DENIED":
            body["responseStatus"] = "SUCCESS"
        return body

    def _own(self, payment_id: str) -> Payment:
        payments = self._directory.payments if self.lies("foreign-payment-visible") else self._payments
        payment = payments.get(payment_id)
        if payment is None:
            raise NotFound("payment")
        self._settle(payment)
        return payment

    def _payment(self, payment_id: str) -> Payment:
        found = self._captures.get(payment_id)
        return self._own(payment_id if found is None else found[0].payment_id)
