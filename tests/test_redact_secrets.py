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
