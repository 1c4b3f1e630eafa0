"""The token endpoint on the wire: HTTP Basic, a form, and the errors of RFC 6749 section 5.2."""

import base64
import binascii
from urllib.parse import parse_qsl, unquote_plus

from payproof.mock import assumed
from payproof.mock.jpmorgan_oauth import Credentials, Issuer, TokenRefused
from payproof.mock.play import play
from payproof.mock.refusal import Invalid
from payproof.mock.routes import allow
from payproof.mock.wire import Answer, BodyTimeout, Request

API = "jpmorgan-oauth"
PATH = ("am", "oauth2", "alpha", "access_token")

_FORM = "application/x-www-form-urlencoded"
_MOST_PARAMETERS = 100
_KNOWN = frozenset({"grant_type", "scope", "client_id", "client_secret"})
_NEVER_STORED = ((b"cache-control", b"no-store"), (b"pragma", b"no-cache"))
_CHALLENGE = (b"www-authenticate", b'Basic realm="payproof", charset="UTF-8"')


def failure(status: int) -> Answer:
    """Build the answer of an endpoint that is out of order, with the codes of RFC 6749 section 4.1.2.1."""
    error = {403: "access_denied", 500: "server_error"}.get(status, "temporarily_unavailable")
    body = {"error_description": "The request could not be served now", "error": error}
    return Answer(status, body, _NEVER_STORED)


def _refusal(refused: TokenRefused) -> Answer:
    body = {"error_description": refused.description, "error": refused.error}
    if refused.error == "invalid_client":
        return Answer(assumed.BODY_CREDENTIALS_STATUS, body, (*_NEVER_STORED, _CHALLENGE))
    return Answer(400, body, _NEVER_STORED)


def _parameters(request: Request, raw: bytes) -> dict[str, str]:
    if request.media_type() != _FORM:
        raise TokenRefused("invalid_request", f"The header Content-Type must be {_FORM}")
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_PARAMETERS)
    except ValueError:
        raise TokenRefused("invalid_request", f"The body is no {_FORM} in UTF-8") from None
    parameters: dict[str, str] = {}
    for name, value in pairs:
        if name in parameters:
            shown = name if name in _KNOWN else "of another name"
            raise TokenRefused("invalid_request", f"The parameter {shown} is repeated")
        parameters[name] = value
    return parameters


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


class TokenEndpoint:
    """Answers requests for a token."""

    def __init__(self, issuer: Issuer) -> None:
        self._issuer = issuer

    async def __call__(self, request: Request) -> Answer:
        """Answer a request for the token path."""
        if request.method == "OPTIONS":
            return Answer(204, headers=(allow("POST", "OPTIONS"),))
        if request.method != "POST":
            body = {"error_description": "The method must be POST", "error": "invalid_request"}
            return Answer(405, body, (*_NEVER_STORED, allow("POST", "OPTIONS")))
        try:
            parameters = _parameters(request, await request.body())
            basic_only = self._issuer.varies("oauth-basic-only")
            tenant = self._issuer.client(_credentials(request, parameters, basic_only=basic_only))
        except TokenRefused as refused:
            return _refusal(refused)
        except Invalid:
            return _refusal(TokenRefused("invalid_request", "The body is too long"))
        except BodyTimeout:
            return failure(408).with_headers((b"connection", b"close"))

        async def perform() -> Answer:
            try:
                return Answer(200, self._issuer.grant(tenant, parameters), _NEVER_STORED)
            except TokenRefused as refused:
                return _refusal(refused)

        return await play(request, tenant.script, API, perform, failure)
