"""The token endpoint of Zuora: client credentials in the form, and its headers."""

import hmac
from typing import Any

from payproof.mock import token_http
from payproof.mock import zuora_assumed as assumed
from payproof.mock.refusal import TokenRefused
from payproof.mock.script import Script
from payproof.mock.token_http import Grant, TokenEndpoint
from payproof.mock.wire import Answer, Request
from payproof.mock.zuora import Client, ZuoraDirectory, ZuoraWorld

PATH = ("oauth", "token")

_API = "zuora-credentials"
_GRANT_TYPE = "client_credentials"
_KNOWN = ("client_id", "client_secret", "grant_type")
_CHALLENGE = (b"www-authenticate", b'Basic realm="Zuora API"')
_LIMIT = ((b"x-ratelimit-limit-minute", b"100"), (b"x-ratelimit-remaining-minute", b"0"))


def endpoint(directory: ZuoraDirectory) -> TokenEndpoint:
    """Build the endpoint that serves the clients of all tenants."""

    def client(parameters: dict[str, str]) -> tuple[ZuoraWorld, Client]:
        known = directory.clients.get(parameters["client_id"])
        if known is not None and hmac.compare_digest(parameters["client_secret"].encode(), known[1].client_secret.encode()):
            return known
        raise TokenRefused(assumed.BAD_CREDENTIALS, "Client authentication failed")

    def admit(_: Request, parameters: dict[str, str]) -> tuple[Script, Grant]:
        _check(parameters)
        world, found = client(parameters)

        def grant() -> dict[str, Any]:
            return world.issue(found)

        return world.script, grant

    return TokenEndpoint(_API, known=_KNOWN, admit=admit, refusal=_refusal, out_of_order=_failure)


def _check(parameters: dict[str, str]) -> None:
    for name in _KNOWN:
        if not parameters.get(name):
            raise TokenRefused("invalid_request", f"The parameter {name} is missing")
    if parameters["grant_type"] != _GRANT_TYPE:
        raise TokenRefused("unsupported_grant_type", f"The parameter grant_type must be {_GRANT_TYPE}")


def _failure(status: int) -> Answer:
    answer = token_http.failure(status)
    return answer.with_headers(*_LIMIT) if status == 429 else answer


def _refusal(refused: TokenRefused) -> Answer:
    if refused.error == assumed.BAD_CREDENTIALS:
        return token_http.error(401, refused.error, refused.description, _CHALLENGE)
    return token_http.error(400, refused.error, refused.description)
