"""What an answer repeats of the values that must not come back: a long one anywhere, a security code where it stands by itself."""

from __future__ import annotations

import json
from typing import Any

import pytest

from payproof import echo, journal
from payproof.exchange import Exchange, Request, Response
from payproof.judge import Judgement
from payproof.redact import Redactor

KINDS = {"cvv": "cvv", "securityCode": "cvv", "secret": "secret", "number": "pan"}
SENT = {"card": {"number": "4112344112344113", "cvv": "411", "holder": "John"}, "amount": 1234}
URL = "https://pay.example.com/v1/payments"


def echoed(answer: Any, sent: Any = SENT, url: str = URL) -> list[str]:
    text = json.dumps(answer)
    return echo.echoed(sent, KINDS, text, answer, asked=url)


@pytest.mark.parametrize(
    "text", ["411", "the cvv 411 was declined", "cvv=411", "(411)", "CVV-411", "code: 411.", "411/declined", "\u201e411\u201c"],
)  # fmt: skip
def test_security_code_in_a_text(text: str) -> None:
    assert echoed({"message": text}) == ["cvv"]
    assert echoed({"reasons": [{"data": ["fine", text]}]}) == ["cvv"]


@pytest.mark.parametrize(
    "text",
    ["4411", "0411a", "a411", "12.411", "411.50", "2411-11-21", "10:411", "x_411", "************411", "declined",
     "9467b696-d9d5-497c-aa47-019de6f19411", "09467411-4110-4114-8411-019de6f19763"],
)  # fmt: skip
def test_digits_that_are_a_part_of_something_else(text: str) -> None:
    assert echoed({"message": text}) == []


def test_uuid_that_holds_four_digits_by_chance() -> None:
    assert echoed({"id": "abcdefab-1234-4abc-8abc-abcdefabcdef"}, {"cvv": "1234"}) == []


def test_vendor_has_codes_and_numbers_of_its_own() -> None:
    """A text that is nothing but the digits, in a member that is called a code, is no answer to what was sent; nor is a count."""
    assert echoed({"responseCode": "411", "postalCode": "411", "left": 411, "codes": {"code": "411"}}) == []
    assert echoed({"reason": "411"}) == ["cvv"]
    assert echoed({"responseCode": "411 is wrong"}) == ["cvv"]


@pytest.mark.parametrize(
    "more", [{"street": "411 Main Street"}, {"amount": 411}, {"lines": [{"note": "flat 411"}]}],
)  # fmt: skip
def test_what_the_caller_sent_elsewhere_too_may_come_back(more: dict[str, Any]) -> None:
    assert echoed({"message": "411 Main Street"}, {**SENT, **more}) == []
    assert echoed({"message": "411 Main Street"}) == ["cvv"]


def test_id_of_the_path_may_come_back() -> None:
    assert echoed({"message": "there is no payment 411"}, url=f"{URL}/411") == []


def test_last_four_digits_of_the_card_may_come_back() -> None:
    assert echoed({"last": "4113", "masked": "x 4113"}, {"cvv": "4113", "number": "4112344112344113"}) == []
    assert echoed({"last": "4112"}, {"cvv": "4112", "number": "4112344112344113"}) == ["cvv"]


def test_number_and_text_and_nothing() -> None:
    assert echoed({"message": "cvv 411"}, {"cvv": 411}) == ["cvv"]
    assert echoed({"message": "12"}, {"cvv": "12"}) == []
    assert echoed({"message": "411"}, None) == []
    assert echo.echoed(SENT, KINDS, "<p>cvv 411</p>", None, asked=URL) == ["cvv"]


def test_long_value_counts_wherever_it_is() -> None:
    assert echoed({"id": "x4112344112344113y"}) == ["number"]
    assert echoed({"message": "hunter2-hunter2!"}, {"secret": "hunter2-hunter2"}) == ["secret"]


def exchange(answer: Any) -> Exchange:
    request = Request("POST", URL, (("content-type", "application/json"),), json.dumps(SENT).encode())
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    return Exchange("w0-1", request, Response(400, (("content-type", "application/json"),), body), 0.0, 1.0)


def written(answer: Any) -> dict[str, Any]:
    return journal.exchange_record(exchange(answer), Judgement("api", "pay"), Redactor(KINDS), {})


def test_told_code_is_not_written_down() -> None:
    """The rest of the answer stays as it was, and stays JSON; what is judged again still shows the break."""
    record = written({"message": "cvv 411 declined", "left": 411, "at": "2411-11-21"})
    answer = json.loads(record["response"]["body"])

    assert answer == {"message": "cvv [redacted:cvv] declined", "left": 411, "at": "2411-11-21"}
    assert echoed(answer, json.loads(record["request"]["body"])) == ["cvv"]


def test_told_code_in_a_page_is_not_written_down() -> None:
    assert written(b"<p>cvv 411, card x4411</p>")["response"]["body"] == "<p>cvv [redacted:cvv], card x4411</p>"


@pytest.mark.parametrize("answer", [{"amount": 411}, {"responseCode": "411"}, {"note": "declined"}])
def test_answer_that_tells_no_code_is_written_as_it_is(answer: Any) -> None:
    assert json.loads(written(answer)["response"]["body"]) == answer
