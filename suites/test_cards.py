"""What the documents list for tests: each currency and each card pays, and each number comes back masked.

What can go wrong is a figure read in the wrong unit, a card taken for another, and digits that nobody may see.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from suites.fixtures.jpmorgan_payments import Charges, Till

pytestmark = pytest.mark.api("jpmorgan-payments")

VISA = "4112344112344113"
MASTERCARD = "5112345112345114"
CARDS = {
    "4012000033330026": "VI", VISA: "VI", "4110144110144115": "VI", "4470051300000000003": "VI", "4444444444444455": "VI",
    "2221000000000009": "MC", "5111005111051128": "MC", MASTERCARD: "MC", "5555555555555565": "MC",
    "371144371144376": "AX", "341134113411347": "AX", "6011016011016011": "DI", "6559906559906557": "DI",
    "36438936438936": "DC", "36110361103612": "DC", "3566003566003566": "JC", "3528000000000007": "JC", "6221261111113245": "CC",
}  # fmt: skip
"""The vendor's test cards, of fourteen to nineteen digits, and the brand of each."""


@pytest.mark.operation("createPayment")
def test_every_currency_pays(till: Till, depth: str) -> None:
    """A payment is made in every currency that the documents list.

    Expect each to be taken in the currency that was sent, and with the figure that was sent, whatever its decimals.
    """
    # All currencies that a request may have
    spec = till.api.session.kit.contracts["jpmorgan-payments"].spec
    currencies = spec.document["components"]["schemas"]["Currency"]["enum"]
    assert len(set(currencies)) == len(currencies) == 138

    # Each pays once; at smoke some stand for all
    if depth == "smoke":
        currencies = currencies[::20]
    paid = {currency: till.pay(currency=currency, amount=1001) for currency in currencies}
    assert {currency: payment.shown["currency"] for currency, payment in paid.items()} == dict(zip(currencies, currencies, strict=True))
    assert {payment.captured for payment in paid.values()} == {1001}
    till.expect_effects(payments_created=len(currencies), captures_created=len(currencies))


@pytest.mark.operation("createPayment")
def test_every_size_of_amount_pays(till: Till) -> None:
    """Payments are of one cent, of sums where numbers of a fixed size end, and of the largest sum that there is.

    Expect each approved one to be held, captured and refunded to the cent.
    """
    # From the smallest to the largest, on both sides of where signed and unsigned numbers of 32 bits end
    sizes = (1, 99, 100, 9_999_999, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 999_999_999_999)
    held = {amount: till.attempt(amount=amount, captureMethod="MANUAL", isAmountFinal=None) for amount in sizes}
    approved = {amount: payment for amount, payment in held.items() if payment.approved}
    assert approved.keys() == held.keys() or not till.apis.session.target.reference

    # All of it is held, captured, and can be given back
    assert {amount: payment.shown["remainingAuthAmount"] for amount, payment in approved.items()} == {amount: amount for amount in approved}
    taken = {amount: till.capture(payment, amount, final=True) for amount, payment in approved.items()}
    assert {amount: (payment.captured, payment.refundable) for amount, payment in taken.items()} == {
        amount: (amount, amount) for amount in approved
    }
    assert {amount: till.refund(payment, amount).amount for amount, payment in approved.items()} == {amount: amount for amount in approved}


@pytest.mark.operation("updatePayment")
def test_amount_is_raised_to_the_largest(till: Till) -> None:
    """What is authorized is raised in large steps up to the largest sum that there is.

    Expect each new total to be left to capture.
    """
    # Small
    payment = till.authorize(1000)

    # Larger and larger
    for total in (2**31, 2**32 + 1, 999_999_999_999):
        assert till.increase(payment, total).shown["remainingAuthAmount"] == total
    assert till.read(payment).shown["remainingAuthAmount"] == 999_999_999_999


@pytest.mark.operation("createPayment")
def test_every_card_is_masked(till: Till, charges: Charges) -> None:
    """Each of the vendor's test cards pays once.

    Expect the first six and the last four digits of its number, X for each one between, and a brand that it can have.
    """
    # Each pays
    shown = {number: till.pay(charges.by_card(accountNumber=number)).shown["paymentMethodType"]["card"] for number in CARDS}

    # Each is masked, and has the brand of its number
    masked = {number: card["maskedAccountNumber"] for number, card in shown.items()}
    assert {number: (mask[:6], mask[-4:]) for number, mask in masked.items()} == {number: (number[:6], number[-4:]) for number in CARDS}
    assert {mask[6:-4].strip("X") for mask in masked.values()} == {""}
    if till.apis.session.target.reference:
        assert {number: len(mask) for number, mask in masked.items()} == {number: len(number) for number in CARDS}
        assert {number: card["cardType"] for number, card in shown.items()} == CARDS


@pytest.mark.operation("createPayment")
@pytest.mark.parametrize(
    ("number", "code", "result"),
    [
        pytest.param(VISA, "111", "MATCH", id="visa"),
        pytest.param("371144371144376", "1111", "MATCH", id="amex"),
        pytest.param("371144371144376", "3111", "NO_MATCH", id="amex-no-match"),
        pytest.param("371144371144376", "3112", "NOT_PROCESSED", id="amex-not-processed"),
        pytest.param("6011016011016011", "611", "NO_MATCH", id="discover-no-match"),
        pytest.param("3566003566003566", "612", "NOT_PROCESSED", id="jcb-not-processed"),
    ],
)
def test_security_code_is_checked(till: Till, charges: Charges, number: str, code: str, result: str) -> None:
    """A payment carries one of the vendor's test security codes.

    Expect the result of its check, and nowhere the code itself.
    """
    # Without a code there is no result of it, or one that says so
    bare = till.pay(charges.by_card(accountNumber=number, cvv=None))
    network = bare.shown["paymentMethodType"]["card"].get("networkResponse", {})
    assert network.get("cardVerificationResult", "NOT_PRESENT") in {"NOT_PRESENT", "NOT_PROCESSED"}

    # With one, there is
    answer = till.ask("createPayment", body=charges.by_card(accountNumber=number, cvv=code))
    assert answer.status == 200
    if till.apis.session.target.reference:
        assert answer.body["paymentMethodType"]["card"]["networkResponse"]["cardVerificationResult"] == result
    assert "cvv" not in answer.text
