"""The token endpoint of the vendor's sandbox: HTTP Basic, or client credentials in the form."""

import base64
import binascii
from urllib.parse import unquote_plus

from payproof.mock import assumed, token_http
from payproof.mock.jpmorgan_oauth import Credentials, Issuer
from payproof.mock.refusal import TokenRefused
from payproof.mock.script import Script
from payproof.mock.token_http import Grant, TokenEndpoint
from payproof.mock.wire import Answer, Request

API = "jpmorgan-oauth"
PATH = ("am", "oauth2", "alpha", "access_token")

_KNOWN = frozenset({"grant_type", "scope", "client_id", "client_secret"})
_CHALLENGE = (b"www-authenticate", b'Basic realm="payproof", charset="UTF-8"')


def endpoint(issuer: Issuer) -> TokenEndpoint:
    """Build the endpoint that serves the clients of all tenants."""

    def admit(request: Request, parameters: dict[str, str]) -> tuple[Script, Grant]:
        tenant = issuer.client(_credentials(request, parameters, basic_only=issuer.varies("oauth-basic-only")))
        return tenant.script, lambda: issuer.grant(tenant, parameters)

    unauthenticated = 400 if issuer.lies("wrong-client-as-400") else assumed.BODY_CREDENTIALS_STATUS
    return TokenEndpoint(API, known=_KNOWN, admit=admit, refusal=lambda refused: _refusal(refused, unauthenticated))


def _refusal(refused: TokenRefused, unauthenticated: int) -> Answer:
    if refused.error == "invalid_client":
        return token_http.error(unauthenticated, refused.error, refused.description, _CHALLENGE)
    return token_http.error(400, refused.error, refused.description)


def _basic(value: str) -> Credentials | None:
    scheme, _, encoded = value.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, colon, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
        # RFC 6749 section 2.3.1: both are form-encoded before they are joined
        return Credentials(unquote_plus(client_id), unquote_plus(secret)) if colon else None
    except (binascii.Error, ValueError):
        return None


def _credentials(request: Request, parameters: dict[str, str], *, basic_only: bool) -> Credentials | None:
    headers = request.headers(b"authorization")
    if len(headers) > 1:
        raise TokenRefused("invalid_request", "The header Authorization is repeated")
    if not headers:
        if not basic_only and parameters.get("client_id") and parameters.get("client_secret"):
            return Credentials(parameters["client_id"], parameters["client_secret"])
        return None
    if parameters.get("client_secret"):
        raise TokenRefused("invalid_request", "The parameter client_secret comes beside an Authorization header")
    credentials = _basic(headers[0])
    if credentials is not None and parameters.get("client_id", credentials.client_id) != credentials.client_id:
        raise TokenRefused("invalid_request", "The parameter client_id differs from the Authorization header")
    return credentials
