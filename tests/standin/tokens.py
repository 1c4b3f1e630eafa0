"""How one signs in at the stand-in: client credentials, a signed assertion, a static token; tokens that live for seconds."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from payproof.mock import token_http
from payproof.mock.mercadopago import Credential
from payproof.mock.refusal import TokenRefused
from payproof.mock.token_http import TokenEndpoint
from payproof.mock.zuora import Session

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from payproof.mock.script import Script
    from payproof.mock.tenants import Tenant, Tenants
    from payproof.mock.token_http import Grant
    from payproof.mock.wire import Answer, Request
    from payproof.mock.zuora import Client

GRANT = "client_credentials"
SCOPE = "jpm:payments:sandbox"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
RESOURCE = "JPMC:URI:RS-104153-92398-HelixAPIEntitlementsCAT-PROD"
LONGEST_ASSERTION_SECONDS = 3600
_SLACK_SECONDS = 60
_FORM = ("grant_type", "scope", "client_id", "client_secret", "resource", "client_assertion_type", "client_assertion")


def coded(raw: bytes) -> str:
    """Write bytes as base64url without padding, as a JWT has them."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed(key: rsa.RSAPrivateKey, head: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
    """Write a JWT and sign it with RS256."""
    text = ".".join(coded(json.dumps(part, separators=(",", ":")).encode()) for part in (head, claims))
    return f"{text}.{coded(key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def _read(part: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


@dataclass(slots=True)
class Signer:
    """A client that signs in with assertions: its id, the name of its key, the key, and the ids that it has used up."""

    client_id: str
    kid: str
    key: rsa.RSAPrivateKey
    spent: set[str]

    def pem(self) -> str:
        """Write the private key for the client."""
        written = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return written.decode()


class Tokens:
    """Who may sign in, and which tokens are good. `lifetime` is in seconds; `audience` is filled in when the ports are known."""

    def __init__(self, tenants: Tenants, own: Sequence[Tenant], *, lifetime: float, quirks: frozenset[str]) -> None:
        self._tenants = tenants
        self._own = own
        self._quirks = quirks
        self.lifetime = lifetime
        self.audience: frozenset[str] = frozenset()
        self._key = rsa.generate_private_key(65537, 2048)
        self.signers = [self._signer(tenant) for tenant in own]
        self.static = [self._static(tenant) for tenant in own]
        self.fetched = 0
        """How many tokens were given out."""
        basic, form = self._endpoint("jpmorgan-oauth", self._basic), self._endpoint("zuora-credentials", self._form)
        self.endpoints = {"id": basic, "adfs": self._endpoint("adfs", self._asserted), "zuora": form}
        """What answers at the token path of each host."""

    def holder(self, authorization: str) -> int | None:
        """Tell which tenant (by its number) a header Authorization stands for; None for nobody."""
        token = authorization.partition(" ")[2].strip()
        tenant = self._tenants.holders.get(token)
        if tenant is not None and tenant.tokens.get(token, 0) > tenant.clock.milliseconds():
            return self._own.index(tenant)
        directories = self._tenants.directories
        session = directories.zuora.sessions.get(token)
        if session is not None and session.expiry > session.world.clock.milliseconds():
            return next((number for number, each in enumerate(self._own) if each.zuora is session.world), None)
        return self.seller(token)

    def seller(self, token: str) -> int | None:
        """Tell which tenant (by its number) a static token stands for."""
        credential = self._tenants.directories.mercadopago.credentials.get(token)
        return next((number for number, each in enumerate(self._own) if credential and each.mercadopago is credential.world), None)

    def revoke(self, number: int | None = None) -> None:
        """Make all fetched tokens of a tenant worthless, by default of all tenants. Static ones stay."""
        for tenant in self._own if number is None else [self._own[number]]:
            for token in tenant.tokens:
                self._tenants.holders.pop(token, None)
            tenant.tokens.clear()
            sessions = self._tenants.directories.zuora.sessions
            for token in [token for token, session in sessions.items() if session.world is tenant.zuora]:
                del sessions[token]

    def _signer(self, tenant: Tenant) -> Signer:
        key = rsa.generate_private_key(65537, 2048)
        public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        kid = hashlib.sha1(public, usedforsecurity=False).hexdigest().upper()
        return Signer(f"CC-{tenant.client_id[:8]}-S", kid, key, set())

    def _static(self, tenant: Tenant) -> dict[str, str]:
        world, directory = tenant.mercadopago, self._tenants.directories.mercadopago.credentials
        given = {}
        for name in ("mercadopago_token", "mercadopago_token_chile"):
            site = directory[world.credentials[name]].site
            # Test credentials of this vendor are told by their first word
            given[name] = f"TEST-{world.credentials[name].removeprefix('APP_USR-')}"
            directory[given[name]] = Credential(world, site)
        for token in world.credentials.values():
            del directory[token]
        return given

    def _endpoint(self, api: str, admit: Any) -> TokenEndpoint:
        return TokenEndpoint(api, known=_FORM, admit=admit, refusal=self._refused(api))

    def _refused(self, api: str) -> Any:
        def refusal(refused: TokenRefused) -> Answer:
            if refused.error != "invalid_client":
                return token_http.error(400, refused.error, refused.description)
            challenge = (b"www-authenticate", b'Basic realm="sandbox"')
            return token_http.error(400 if api == "adfs" else 401, refused.error, refused.description, challenge)

        return refusal

    def _basic(self, request: Request, form: dict[str, str]) -> tuple[Script, Grant]:
        """Take client credentials in a header or in the form, but not in both (RFC 6749 section 5.2)."""
        pair = _pair(request)
        if pair is not None and form.get("client_secret"):
            raise TokenRefused("invalid_request", "More than one way of client authentication")
        sent = pair or (form.get("client_id", ""), form.get("client_secret", ""))
        tenant = self._tenants.get(sent[0])
        if tenant is None or not hmac.compare_digest(sent[1].encode(), tenant.client_secret.encode()):
            raise TokenRefused("invalid_client", "Client authentication failed")
        self._granted(form)
        scope = form.get("scope", "" if "oauth-scope-demanded" in self._quirks else SCOPE)
        if scope != SCOPE:
            raise TokenRefused("invalid_scope", "Unknown/invalid scope(s)")
        return tenant.script, lambda: {**self._opened(tenant), "scope": scope, "token_type": "Bearer"}

    def _form(self, _: Request, form: dict[str, str]) -> tuple[Script, Grant]:
        known = self._tenants.directories.zuora.clients.get(form.get("client_id", ""))
        if known is None or not hmac.compare_digest(form.get("client_secret", "").encode(), known[1].client_secret.encode()):
            raise TokenRefused("invalid_client", "Client authentication failed")
        self._granted(form)
        world, client = known

        def grant() -> dict[str, Any]:
            token = secrets.token_hex(16)
            expiry = world.clock.milliseconds() + round(self.lifetime * 1000)
            world.directory.sessions[token] = Session(world, client, expiry)
            self.fetched += 1
            return {"access_token": token, "token_type": "bearer", "expires_in": round(self.lifetime), "scope": _scope(client),
                    "jti": secrets.token_hex(16)}  # fmt: skip

        return world.script, grant

    def _asserted(self, _: Request, form: dict[str, str]) -> tuple[Script, Grant]:
        """Take a signed assertion, and its id only once."""
        self._granted(form)
        if form.get("client_assertion_type") != ASSERTION or not form.get("resource"):
            raise TokenRefused("invalid_request", "MSIS9611: The authorization request is malformed")
        number = next((n for n, signer in enumerate(self.signers) if signer.client_id == form.get("client_id")), None)
        if number is None:
            raise TokenRefused("invalid_client", "MSIS9607: The client_id is not registered")
        wrong = self._wrong(self.signers[number], form.get("client_assertion", ""))
        if wrong:
            raise TokenRefused("invalid_grant", f"MSIS9622: Client authentication failed: {wrong}")
        tenant = self._own[number]
        return tenant.script, lambda: {**self._opened(tenant), "token_type": "bearer"}

    def _wrong(self, signer: Signer, assertion: str) -> str:
        text, _, signature = assertion.rpartition(".")
        try:
            head, claims = map(_read, text.split("."))
            raw = base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
            signer.key.public_key().verify(raw, text.encode(), padding.PKCS1v15(), hashes.SHA256())
        except (ValueError, binascii.Error):
            return "this is no signed JWT"
        except InvalidSignature:
            return "the signature does not fit"
        if head.get("alg") != "RS256" or head.get("typ") != "JWT" or head.get("kid") != signer.kid:
            return "alg, typ or kid"
        now = time.time()
        issued, ends = claims.get("iat"), claims.get("exp")
        if not isinstance(issued, int) or not isinstance(ends, int) or not issued - _SLACK_SECONDS <= now < ends:
            return "iat or exp"
        if ends - issued > LONGEST_ASSERTION_SECONDS:
            return "it lives too long"
        if claims.get("iss") != signer.client_id or claims.get("sub") != signer.client_id or claims.get("aud") not in self.audience:
            return "iss, sub or aud"
        spent = claims.get("jti")
        if not isinstance(spent, str) or not spent or spent in signer.spent:
            return "jti"
        signer.spent.add(spent)
        return ""

    def _granted(self, form: Mapping[str, str]) -> None:
        if form.get("grant_type") != GRANT:
            raise TokenRefused("unsupported_grant_type" if form.get("grant_type") else "invalid_request", "grant_type")

    def _opened(self, tenant: Tenant) -> dict[str, Any]:
        issued = tenant.clock.milliseconds() // 1000
        claims = {"sub": tenant.client_id, "subname": tenant.client_id, "aud": tenant.client_id, "iss": "https://sandbox.example/am/oauth2",
                  "tokenName": "access_token", "token_type": "Bearer", "grant_type": GRANT, "scope": [SCOPE], "realm": "/alpha",
                  "nbf": issued, "iat": issued, "auth_time": issued, "exp": issued + round(self.lifetime),
                  "expires_in": round(self.lifetime), "jti": secrets.token_urlsafe(20)}  # fmt: skip
        token = signed(self._key, {"typ": "JWT", "kid": "sandbox-1", "alg": "RS256"}, claims)
        tenant.tokens[token] = tenant.clock.milliseconds() + round(self.lifetime * 1000)
        self._tenants.holders[token] = tenant
        self.fetched += 1
        return {"access_token": token, "expires_in": round(self.lifetime)}


def _scope(client: Client) -> str:
    return " ".join(["user.4028", *(f"entity.{entity}" for entity in client.entities), "tenant.10001"])


def _pair(request: Request) -> tuple[str, str] | None:
    scheme, _, encoded = next(iter(request.headers(b"authorization")), "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, _, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return "", ""
    return unquote_plus(client_id), unquote_plus(secret)
