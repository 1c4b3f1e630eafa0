"""Where a secret can stand in a text, and is hidden."""

from __future__ import annotations

import pytest

from payproof.redact import MARK, Redactor

SECRET = "7eb0bb7e641a07c4be28f2b57f0a5c91"
PAIR = "Y2xpZW50/LWlkOmNsaWVudC1zZWNyZXQ="


@pytest.mark.parametrize("secret", [pytest.param(SECRET, id="plain"), pytest.param(PAIR, id="base64")])
@pytest.mark.parametrize(
    "text",
    [
        pytest.param("{}", id="alone"),
        pytest.param("grant_type=client_credentials&client_secret={}", id="form"),
        pytest.param("client_secret={}&scope=jpm%3Apayments%3Asandbox", id="form-first"),
        pytest.param("http://127.0.0.1:8080/v1/things?key={}", id="query"),
        pytest.param('{{"token": "{}"}}', id="json"),
        pytest.param("assert '{}' == 'other'", id="message"),
    ],
)
def test_a_secret_is_hidden_wherever_it_stands(text: str, secret: str) -> None:
    redactor = Redactor({})
    redactor.learn_secret(secret)
    shown = redactor.text(text.format(secret))
    assert secret not in shown
    before, after = text.format("\0").split("\0")
    assert shown.startswith(before + MARK)
    assert shown.endswith("]" + after)


def test_a_secret_is_hidden_in_escaped_json() -> None:
    """A server may escape any letter of a name or a value (RFC 8259 section 7), and many escape each slash."""
    redactor = Redactor({"access_token": "secret"})
    redactor.learn_secret(PAIR)
    by_name, by_value = r'{"access\u005ftoken" : "abc\u002Ddef", "n": "\/"}', rf'{{"other": "{PAIR.replace("/", chr(92) + "/")}"}}'
    assert redactor.text(by_name).startswith('{"access_token" : "' + MARK)
    assert redactor.text(by_value).startswith('{"other": "' + MARK)


@pytest.mark.parametrize("text", [r'{"note": "a\/b\u005f"}', r'{"note": "\\u005f \" \u0022"}', r"C:\u0041\/"])
def test_escapes_stay_where_nothing_is_hidden(text: str) -> None:
    """What was sent is evidence."""
    redactor = Redactor({})
    redactor.learn_secret(SECRET)
    assert redactor.text(text) == text


def test_escaped_backslash_begins_no_escape() -> None:
    """A backslash that is escaped itself and a quotation mark stay as they are beside what is hidden."""
    redactor = Redactor({})
    redactor.learn_secret(SECRET)
    shown = redactor.text(rf'{{"a": "\\u005f \u0022 \u005f", "b": "{SECRET}"}}')
    assert shown.startswith(r'{"a": "\\u005f \u0022 _", "b": "' + MARK)


def test_escaped_card_number_is_seen() -> None:
    """A leak stays one when a digit is escaped."""
    assert Redactor({}).leaked(r'{"n": "\u0034111111111111111"}') == ["4111111111111111"]


def test_a_secret_is_hidden_in_a_path() -> None:
    redactor = Redactor({})
    redactor.learn_secret(SECRET)
    shown = redactor.text(f"http://127.0.0.1:8080/v1/{SECRET}/things")
    assert SECRET not in shown
    assert shown.startswith("http://127.0.0.1:8080/v1/" + MARK)
    assert shown.endswith("]/things")


def test_what_only_looks_like_a_secret_stays() -> None:
    redactor = Redactor({})
    redactor.learn_secret(SECRET)
    text = f"request={SECRET[::-1]}&path=/v1/things/63aaba29-4857-494a-82bc-2a80e1fa2b1e"
    assert redactor.text(text) == text
