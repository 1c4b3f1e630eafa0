"""The token endpoint of Zuora on the wire: a form, and the errors of RFC 6749 section 5.2."""

import hmac
from typing import Any
from urllib.parse import parse_qsl

from payproof.mock import zuora_assumed as assumed
from payproof.mock.play import play
from payproof.mock.refusal import Invalid
from payproof.mock.routes import allow
from payproof.mock.wire import Answer, BodyTimeout, Request
from payproof.mock.zuora import Client, ZuoraDirectory, ZuoraWorld

PATH = ("oauth", "token")

_API = "zuora-credentials"
_FORM = "application/x-www-form-urlencoded"
_GRANT_TYPE = "client_credentials"
_KNOWN = ("client_id", "client_secret", "grant_type")
_MOST_PARAMETERS = 100
_NEVER_STORED = ((b"cache-control", b"no-store"), (b"pragma", b"no-cache"))
_CHALLENGE = (b"www-authenticate", b'Basic realm="Zuora API"')
_LIMIT = (b"x-ratelimit-limit-minute", b"100")
_NONE_LEFT = (b"x-ratelimit-remaining-minute", b"0")


class _Refused(Exception):
    """An error of RFC 6749 section 5.2: its code, and a description without anything that the client sent."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error
        self.description = description


def _failure(status: int) -> Answer:
    error = {403: "access_denied", 500: "server_error"}.get(status, "temporarily_unavailable")
    body = {"error": error, "error_description": "The request could not be served now"}
    return Answer(status, body, (*_NEVER_STORED, _LIMIT, _NONE_LEFT) if status == 429 else _NEVER_STORED)


def _parameters(request: Request, raw: bytes) -> dict[str, str]:
    if request.media_type() != _FORM:
        raise _Refused("invalid_request", f"The header Content-Type must be {_FORM}")
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_PARAMETERS)
    except ValueError:
        raise _Refused("invalid_request", f"The body is no {_FORM} in UTF-8") from None
    parameters: dict[str, str] = {}
    for name, value in pairs:
        if name in parameters:
            raise _Refused("invalid_request", f"The parameter {name if name in _KNOWN else 'of another name'} is repeated")
        parameters[name] = value
    for name in _KNOWN:
        if not parameters.get(name):
            raise _Refused("invalid_request", f"The parameter {name} is missing")
    if parameters["grant_type"] != _GRANT_TYPE:
        raise _Refused("unsupported_grant_type", f"The parameter grant_type must be {_GRANT_TYPE}")
    return parameters


class TokenEndpoint:
    """Answers requests for a token."""

    def __init__(self, directory: ZuoraDirectory) -> None:
        self._directory = directory

    async def __call__(self, request: Request) -> Answer:
        """Answer a request for the token path."""
        if request.method == "OPTIONS":
            return Answer(204, headers=(allow("POST", "OPTIONS"),))
        if request.method != "POST":
            body = {"error": "invalid_request", "error_description": "The method must be POST"}
            return Answer(405, body, (*_NEVER_STORED, allow("POST", "OPTIONS")))
        try:
            parameters = _parameters(request, await request.body())
            world, client = self._client(parameters)
        except _Refused as refused:
            return _refusal(refused)
        except Invalid:
            return _refusal(_Refused("invalid_request", "The body is too long"))
        except BodyTimeout:
            return _failure(408).with_headers((b"connection", b"close"))

        async def perform() -> Answer:
            body: dict[str, Any] = world.issue(client)
            return Answer(200, body, _NEVER_STORED)

        return await play(request, world.script, _API, perform, _failure)

    def _client(self, parameters: dict[str, str]) -> tuple[ZuoraWorld, Client]:
        known = self._directory.clients.get(parameters["client_id"])
        if known is not None and hmac.compare_digest(parameters["client_secret"].encode(), known[1].client_secret.encode()):
            return known
        raise _Refused(assumed.BAD_CREDENTIALS, "Client authentication failed")


def _refusal(refused: _Refused) -> Answer:
    body = {"error": refused.error, "error_description": refused.description}
    if refused.error == assumed.BAD_CREDENTIALS:
        return Answer(401, body, (*_NEVER_STORED, _CHALLENGE))
    return Answer(400, body, _NEVER_STORED)
