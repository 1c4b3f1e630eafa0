"""Input that was made to hurt: always the documented refusal, never a 500, never a wait."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payproof.mock import jpmorgan_models as models
from payproof.mock.refusal import Invalid

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.mock.conftest import Merchant

CARD = b'{"accountNumber": "4112344112344113"}'


def with_name(value: bytes) -> bytes:
    return b'{"profilePaymentMethod": {"cardList": [' + CARD + b']}, "firstName": ' + value + b"}"


REFUSED = [
    pytest.param(b"\x00", "body", id="a zero byte"),
    pytest.param(with_name(b'"a\x00b"'), "body", id="a zero byte in a string"),
    pytest.param(with_name(rb'"a\u0000b"'), "firstName", id="an escaped zero in a string"),
    pytest.param(with_name(rb'"\ud800"'), "firstName", id="half of a surrogate pair"),
    pytest.param(with_name(b'"\xed\xa0\x80"'), "body", id="an encoded surrogate"),
    pytest.param(with_name(b'"\xc0\xaf"'), "body", id="an overlong encoding"),
    pytest.param(with_name(b'"\xff"'), "body", id="no UTF-8"),
    pytest.param(b"\xef\xbb\xbf" + with_name(b'"a"'), "body", id="a byte order mark"),
    pytest.param(with_name(b'"a"').decode().encode("utf-16"), "body", id="UTF-16"),
    pytest.param(with_name(b'"a\nb"'), "body", id="a control character in a string"),
    pytest.param(with_name(b"NaN"), "body", id="NaN"),
    pytest.param(with_name(b"-Infinity"), "body", id="Infinity"),
    pytest.param(with_name(b"1e999"), "firstName", id="a number beyond every double"),
    pytest.param(with_name(b"9" * 25), "firstName", id="an integer beyond 64 bits"),
    pytest.param(with_name(b"9" * 5_000), "body", id="an integer of 5,000 digits"),
    pytest.param(with_name(b"9" * 900_000), "body", id="an integer of 900,000 digits"),
    pytest.param(b"[" * 900_000, "body", id="an array nested without end"),
    pytest.param(b'{"a":' * 150_000, "body", id="an object nested without end"),
    pytest.param(with_name(b"[" * 100_000 + b"]" * 100_000), "body", id="deep nesting that ends"),
    pytest.param(with_name(b'"a"') + b"{}", "body", id="two documents"),
    pytest.param(with_name(b'"a",'), "body", id="a trailing comma"),
    pytest.param(b"//\n" + with_name(b'"a"'), "body", id="a comment"),
    pytest.param(with_name(b'"a", "firstName": "b"'), "firstName", id="a member twice"),
    pytest.param(b"{%s}" % b",".join(b'"a%d":1' % (n % 80_000) for n in range(80_001)), "a0", id="many members, one twice"),
    pytest.param(b" " * 1_000_001, "body", id="more than a megabyte"),
    pytest.param(with_name(b'"' + b"a" * 900_000 + b'"'), "firstName", id="a very long name"),
    pytest.param(b'{"profilePaymentMethod": {"cardList": [%s]}}' % b",".join([b"{}"] * 50_000), None, id="many faults"),
]


@pytest.mark.parametrize(("content", "entity"), REFUSED)
def test_refused(merchant: Merchant, content: bytes, entity: str | None) -> None:
    """Every such body is refused with 400 and its place, within seconds, and changes nothing."""
    began = time.monotonic()
    response = merchant.api("POST", "", content)
    assert time.monotonic() - began < 5
    assert response.status_code == 400
    errors = response.json()["validationErrors"]
    assert entity is None or [each["entity"] for each in errors] == [entity]
    assert len(response.content) < 50_000
    assert "profiles created" not in merchant.effects()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b'{"x": 1e999, ' + with_name(b'"a"')[1:], id="a huge number nobody reads"),
        pytest.param(rb'{"\u0000\ud800": "\ud800", ' + with_name(b'"a"')[1:], id="broken text nobody reads"),
        pytest.param(b'{"x": %s, ' % (b"[" * 50 + b"]" * 50) + with_name(b'"a"')[1:], id="nesting nobody reads"),
        pytest.param(b'{"browserInfo": {"\\ud800": {"\\u0000": null}}, ' + with_name(b'"a"')[1:], id="an opaque object"),
        pytest.param(b" \r\n\t" + with_name(b'"a"') + b" " * 900_000, id="white space"),
        pytest.param(with_name('"Zoë-\u00a1"'.encode()), id="letters of other alphabets"),
    ],
)
def test_accepted(merchant: Merchant, content: bytes) -> None:
    """What is strange and allowed is accepted."""
    assert merchant.api("POST", "", content).status_code == 200


def test_a_text_survives(merchant: Merchant) -> None:
    """Free text comes back as it was sent, whatever it is made of."""
    strange = "\u202e\ufeff\U0001f4b3\x7f'\";--\\ \x01"
    body = {"accountNumber": "4112344112344113", "consumerProfileAddress": {"line1": strange}}
    assert merchant.create(body)["addresses"][0]["line1"] == strange


def test_the_largest_body(merchant: Merchant) -> None:
    """A million bytes are read, one more is too much."""
    content = with_name(b'"a"')
    assert merchant.api("POST", "", content.ljust(1_000_000)).status_code == 200
    assert merchant.api("POST", "", content.ljust(1_000_001)).status_code == 400


@pytest.mark.parametrize("path", ["/%FF", "/%C0%AF", "/%", "/%zz", "/%00", "/" + "a" * 10_000, "/%E2%80%AE"])
def test_strange_ids(merchant: Merchant, path: str) -> None:
    """A path that is no text is an identifier out of shape."""
    base = f"{merchant.client.base_url}/api/v2/mmp/consumer-profiles"
    response = merchant.client.get(base + path, headers=merchant.headers)
    assert response.status_code == 400
    assert response.json()["validationErrors"][0]["entity"] == "consumer-profile-id"


def test_ten_thousand_headers_worth(merchant: Merchant) -> None:
    """A very long query string and a long unknown header do not matter."""
    response = merchant.api("GET", "/NOBODY?" + "a=b&" * 5_000, X_Long="x" * 10_000)
    assert response.status_code == 404


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
PLACES = [
    (models.create_profile, "profilePaymentMethod cardList 0"),
    (models.create_profile, "profilePaymentMethod defaultMOP card consumerProfileAddress postalCode"),
    (models.create_profile, "communication phoneList 0 countryCode"),
    (models.create_profile, "externalConsumerProfileIdentifier"),
    (models.add_methods, "cardList 0 accountNumber"),
    (models.add_methods, "achList 0 isTransactionMicroEntry"),
    (models.add_methods, "sepaList 0 mandateList 0 mandateSignatureDate"),
    (models.update_method, "card cardExpirationMonthYearNumber"),
    (models.update_method, "bacs"),
    (models.update_profile, "firstName"),
]


@given(place=st.sampled_from(PLACES), value=JSON)
def test_any_value_in_any_place(place: tuple[Callable[[object], object], str], value: object) -> None:
    """Whatever stands where, the models accept it, or refuse it and name places that are ours."""
    read, path = place
    body: object = value
    for step in reversed(path.split()):
        body = [body] if step == "0" else {step: body}
    try:
        accepted, violations = read(body), []
    except Invalid as refused:
        accepted, violations = None, list(refused.violations)
    assert (accepted is None) is bool(violations)
    assert all(each.entity.isascii() and each.rule for each in violations)


def test_a_profile_with_many_cards(merchant: Merchant) -> None:
    """Thousands of cards in one request are added in seconds, each with an identifier of its own."""
    began = time.monotonic()
    profile = merchant.create(*[json.loads(CARD)] * 5_000)
    assert time.monotonic() - began < 10
    assert len({each["paymentMethodId"] for each in profile["paymentMethodType"]["cardList"]}) == 5_000
