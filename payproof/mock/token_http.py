"""A token endpoint on the wire, as RFC 6749 has it: a form comes in, a token or an error of section 5.2 goes out."""

from collections.abc import Callable, Collection
from typing import Any
from urllib.parse import parse_qsl

from payproof.mock.play import play
from payproof.mock.refusal import Invalid, TokenRefused
from payproof.mock.routes import allow
from payproof.mock.script import Script
from payproof.mock.wire import Answer, BodyTimeout, Request

_FORM = "application/x-www-form-urlencoded"
_MOST_PARAMETERS = 100
_NEVER_STORED = ((b"cache-control", b"no-store"), (b"pragma", b"no-cache"))

Grant = Callable[[], dict[str, Any]]
Admit = Callable[[Request, dict[str, str]], tuple[Script, Grant]]
"""Finds the client by the request and the form: what is scripted for it, and what gives it a token.

Both may raise ``TokenRefused``.
"""


def error(status: int, code: str, description: str, *headers: tuple[bytes, bytes]) -> Answer:
    """Build an error body of RFC 6749 section 5.2, which no cache may keep."""
    return Answer(status, {"error": code, "error_description": description}, (*_NEVER_STORED, *headers))


def failure(status: int) -> Answer:
    """Build the answer of an endpoint that is out of order, with the codes of RFC 6749 section 4.1.2.1."""
    code = {403: "access_denied", 500: "server_error"}.get(status, "temporarily_unavailable")
    return error(status, code, "The request could not be served now")


class TokenEndpoint:
    """Answers requests for a token of ``api``.

    ``known`` are the parameters whose names may be repeated to the client, ``refusal`` builds the answer to an
    unsuccessful request and ``out_of_order`` that of a status.
    """

    def __init__(
        self,
        api: str,
        *,
        known: Collection[str],
        admit: Admit,
        refusal: Callable[[TokenRefused], Answer],
        out_of_order: Callable[[int], Answer] = failure,
    ) -> None:
        self._api = api
        self._known = known
        self._admit = admit
        self._refusal = refusal
        self._out_of_order = out_of_order

    async def __call__(self, request: Request) -> Answer:
        """Answer a request for the token path."""
        allowed = allow("POST", "OPTIONS")
        if request.method == "OPTIONS":
            return Answer(204, headers=(allowed,))
        if request.method != "POST":
            return error(405, "invalid_request", "The method must be POST", allowed)
        try:
            script, grant = self._admit(request, self._parameters(request, await request.body()))
        except TokenRefused as refused:
            return self._refusal(refused)
        except Invalid:
            return self._refusal(TokenRefused("invalid_request", "The body is too long"))
        except BodyTimeout:
            return self._out_of_order(408).with_headers((b"connection", b"close"))

        async def perform() -> Answer:
            try:
                return Answer(200, grant(), _NEVER_STORED)
            except TokenRefused as refused:
                return self._refusal(refused)

        return await play(request, script, self._api, perform, self._out_of_order)

    def _parameters(self, request: Request, raw: bytes) -> dict[str, str]:
        if request.media_type() != _FORM:
            raise TokenRefused("invalid_request", f"The header Content-Type must be {_FORM}")
        try:
            pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_PARAMETERS)
        except ValueError:
            raise TokenRefused("invalid_request", f"The body is no {_FORM} in UTF-8") from None
        parameters: dict[str, str] = {}
        for name, value in pairs:
            if name in parameters:
                shown = name if name in self._known else "of another name"
                raise TokenRefused("invalid_request", f"The parameter {shown} is repeated")
            parameters[name] = value
        return parameters
