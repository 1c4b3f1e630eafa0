"""Requests to a mock that have to succeed, for benchmarks: what they need there before anything is measured."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlencode

from payproof.connection import Connection
from payproof.exchange import Request

if TYPE_CHECKING:
    from collections.abc import Mapping

SECONDS = 60.0
MOST = 4_000_000
"""How long an answer may take, and how many bytes it may have."""


class Refused(Exception):
    """A request that had to succeed, and did not."""


def basic(name: str, password: str) -> str:
    """Give the value of an Authorization header by RFC 7617."""
    return f"Basic {base64.b64encode(f'{name}:{password}'.encode()).decode()}"


class Wire:
    """A connection to a mock. Use it as a context manager."""

    def __init__(self, url: str) -> None:
        """Open nothing yet."""
        self._url = url
        self._connection = Connection()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def call(self, method: str, path: str, headers: Mapping[str, str], body: Any = None) -> Any:
        """Send a request with a JSON body, and give that of the answer. Raises Refused, Unanswered, ValueError for no JSON."""
        if body is None:
            return self._asked(Request(method, self._url + path, tuple(headers.items())))
        sent = {**headers, "Content-Type": "application/json"}
        return self._asked(Request(method, self._url + path, tuple(sent.items()), json.dumps(body).encode()))

    def form(self, path: str, headers: Mapping[str, str], **members: str) -> Any:
        """Send a form, and give the JSON body of the answer. Raises as `call` does."""
        sent = {**headers, "Content-Type": "application/x-www-form-urlencoded"}
        return self._asked(Request("POST", self._url + path, tuple(sent.items()), urlencode(members).encode()))

    def _asked(self, request: Request) -> Any:
        status, _, content = self._connection.ask(request, SECONDS, MOST)
        if status >= 300:
            message = f"{request!r} was answered with status {status}"
            raise Refused(message)
        return json.loads(content)
