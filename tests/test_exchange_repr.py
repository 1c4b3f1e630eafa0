"""What pytest may print of an exchange when an assertion on it fails."""

from __future__ import annotations

from payproof.exchange import Exchange, Request, Response


def test_an_exchange_shows_neither_headers_nor_bodies() -> None:
    request = Request("POST", "http://127.0.0.1:1/token?access_token=abc", (("Authorization", "Bearer secret"),), b"4012000033330026")
    exchange = Exchange("w0-1", request, Response(200, (("Set-Cookie", "secret"),), b"secret"), 0.0, 1.0)
    shown = repr(exchange)
    assert "w0-1" in shown
    assert "POST /token" in shown
    assert not any(hidden in shown for hidden in ("secret", "4012000033330026", "abc"))
