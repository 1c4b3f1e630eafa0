"""What the payments world keeps: a payment with its captures and refunds, and how a response shows them.

All amounts are integers in minor units of the payment's currency, all times milliseconds since 1970.
"""

from dataclasses import dataclass, field
from typing import Any

from payproof.mock.clock import timestamp
from payproof.mock.jpmorgan_payments_issuer import Outcome

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Deal:
    """What a request said that every answer about its transaction repeats."""

    card: Json
    merchant: Json
    initiator: str
    on_file: str
    holder: Json
    host_reference: str
    extras: Json
    """Further members that are shown as they were sent."""


@dataclass(slots=True, eq=False)
class Capture:
    """Money that was taken, and how much of it went back."""

    capture_id: str
    amount: int
    refunded: int = 0

    def show(self) -> Json:
        """Render it as an entry of ``captures``."""
        return {
            "captureId": self.capture_id,
            "amount": self.amount,
            "transactionStatusCode": "CLOSED",
            "captureRemainingRefundableAmount": self.amount - self.refunded,
        }


@dataclass(slots=True, eq=False)
class Refund:
    """Money that went back; ``payment`` is absent where it belongs to none."""

    refund_id: str
    request_id: str
    amount: int
    currency: str
    made: int
    outcome: Outcome
    approval: str | None
    deal: Deal
    reference: str | None = None
    payment: "Payment | None" = None

    def entry(self) -> Json:
        """Render it as an entry of ``refunds``."""
        return {"refundId": self.refund_id, "amount": self.amount, "transactionStatusCode": "CLOSED"}

    def show(self) -> Json:
        """Render the response body."""
        granted = self.outcome.granted
        body: Json = {
            "transactionId": self.refund_id,
            "requestId": self.request_id,
            "transactionState": "AUTHORIZED" if granted else "DECLINED",
            "amount": self.amount,
            "currency": self.currency,
            "responseStatus": self.outcome.status,
            "responseCode": self.outcome.code,
            "responseMessage": self.outcome.message,
        }
        if self.payment is not None:
            body["transactionReferenceId"] = self.reference
            body["remainingRefundableAmount"] = self.payment.refundable
        if self.approval is not None:
            body["approvalCode"] = self.approval
        body |= {
            "hostMessage": self.outcome.host,
            "initiatorType": self.deal.initiator,
            "accountOnFile": self.deal.on_file,
            "transactionDate": timestamp(self.made),
            "merchant": self.deal.merchant,
            "paymentMethodType": {"card": self.deal.card},
            "hostReferenceId": self.deal.host_reference,
        }
        if self.payment is not None:
            body["paymentRequest"] = self.payment.chain()
        elif granted:
            body["paymentRequest"] = {
                "paymentRequestId": self.refund_id,
                "paymentRequestStatus": "CLOSED",
                "refunds": [self.entry()],
            }
        return body


@dataclass(slots=True, eq=False)
class Payment:
    """A payment from its authorisation on. ``captures`` has the newest first, ``due`` is the time of an automatic capture."""

    payment_id: str
    request_id: str
    currency: str
    authorised: int
    capture_method: str
    made: int
    outcome: Outcome
    approval: str | None
    deal: Deal
    state: str
    status: str
    authorisation: str
    authorisation_type: str = "INITIAL"
    due: int | None = None
    captured_at: int | None = None
    changed: bool = False
    captures: list[Capture] = field(default_factory=list)
    refunds: list[Refund] = field(default_factory=list)
    unseen_refunds: int = 0
    """What ``refundable`` leaves out; only a lie writes it."""
    eaten: int = 0
    """What refused captures took from ``remaining``; only a lie writes it."""
    held: bool = False
    """Whether a void gives nothing back; only a lie writes it."""

    @property
    def open(self) -> bool:
        """Tell whether something of the authorisation can still be captured."""
        return self.status in ("PENDING", "OPEN")

    @property
    def captured(self) -> int:
        """Sum what was taken."""
        return sum(each.amount for each in self.captures)

    @property
    def remaining(self) -> int:
        """Tell how much can still be captured."""
        return self.authorised - self.captured - self.eaten if self.open or self.held else 0

    @property
    def refundable(self) -> int:
        """Tell how much of what was taken did not go back."""
        return self.captured - sum(each.amount for each in self.refunds) + self.unseen_refunds

    def take(self, amount: int, *, capture_id: str, final: bool, at: int) -> Capture:
        """Take an amount; a ``final`` capture gives the rest of the authorisation back."""
        capture = Capture(capture_id, amount)
        self.captures.insert(0, capture)
        self.state = "CLOSED"
        self.status = "CLOSED" if final else "OPEN"
        self.captured_at = at
        if final:
            self.due = None
            if len(self.captures) == 1:
                self.authorisation = "CAPTURED"
        return capture

    def void(self, outcome: Outcome, *, forget_due: bool) -> None:
        """Give the whole authorisation back; only a lie does not forget when it was to be captured."""
        self.state, self.status, self.authorisation = "VOIDED", "CANCELLED", "VOIDED"
        self.outcome = outcome
        self.due = None if forget_due else self.due

    def chain(self) -> Json:
        """Render ``paymentRequest``."""
        body: Json = {
            "paymentRequestId": self.payment_id,
            "paymentRequestStatus": self.status,
            "authorizations": [
                {
                    "authorizationId": self.payment_id,
                    "amount": self.authorised,
                    "transactionStatusCode": self.authorisation,
                    "authorizationType": self.authorisation_type,
                }
            ],
        }
        if self.captures:
            body["captures"] = [each.show() for each in self.captures]
        if self.refunds:
            body["refunds"] = [each.entry() for each in self.refunds]
        return body

    def show(self, *, request_id: str | None = None, capture: Capture | None = None) -> Json:
        """Render the response body; ``capture`` makes it the view of that capture, ``request_id`` of that request."""
        outcome = self.outcome
        amount = self.captured if self.captures else self.authorised
        body: Json = {
            "transactionId": self.payment_id if capture is None else capture.capture_id,
            "requestId": request_id or self.request_id,
            "transactionState": self.state,
            "responseStatus": outcome.status,
            "responseCode": outcome.code,
            "responseMessage": outcome.message,
            "paymentMethodType": {"card": self.deal.card},
            "captureMethod": self.capture_method,
        }
        scheduled = self.captured_at if self.captured_at is not None else self.due
        if scheduled is not None:
            body["captureTime"] = timestamp(scheduled)
        body |= {
            "initiatorType": self.deal.initiator,
            "accountOnFile": self.deal.on_file,
            "isVoid": self.state == "VOIDED",
            "transactionDate": timestamp(self.made),
        }
        if self.approval is not None:
            body["approvalCode"] = self.approval
        body |= {"hostMessage": outcome.host, "amount": amount if capture is None else capture.amount, "currency": self.currency}
        if self.captures:
            body["remainingRefundableAmount"] = self.refundable
        body["remainingAuthAmount"] = self.remaining
        if self.changed:
            body["totalAuthorizedAmount"] = self.authorised
        body |= {"hostReferenceId": self.deal.host_reference, "merchant": self.deal.merchant, **self.deal.extras}
        if self.deal.holder:
            body["accountHolder"] = self.deal.holder
        body["paymentRequest"] = self.chain()
        return body


@dataclass(frozen=True, slots=True)
class Verification:
    """A question to the issuer that moved no money."""

    verification_id: str
    request_id: str
    currency: str | None
    made: int
    outcome: Outcome
    approval: str | None
    deal: Deal

    def show(self) -> Json:
        """Render the response body."""
        body: Json = {
            "transactionId": self.verification_id,
            "requestId": self.request_id,
            "transactionState": "AUTHORIZED" if self.outcome.granted else "DECLINED",
            "amount": 0,
        }
        if self.currency is not None:
            body["currency"] = self.currency
        body |= {
            "responseStatus": self.outcome.status,
            "responseCode": self.outcome.code,
            "responseMessage": self.outcome.message,
            "hostMessage": self.outcome.host,
            "paymentMethodType": {"card": self.deal.card},
            "merchant": self.deal.merchant,
            "transactionDate": timestamp(self.made),
            "initiatorType": self.deal.initiator,
            "accountOnFile": self.deal.on_file,
            "hostReferenceId": self.deal.host_reference,
            **self.deal.extras,
        }
        if self.approval is not None:
            body["approvalCode"] = self.approval
        if self.deal.holder:
            body["accountHolder"] = self.deal.holder
        return body
