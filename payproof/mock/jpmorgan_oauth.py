"""Access tokens for the vendor's sandbox: who gets one, what is in it, whom it stands for. No HTTP in here."""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from payproof.mock import assumed
from payproof.mock.refusal import TokenRefused, Unauthenticated
from payproof.mock.tenants import Tenant, Tenants

GRANT_TYPE = "client_credentials"
SCOPES = frozenset({"jpm:payments:sandbox"})
ANNOUNCED_LIFETIME_SECONDS = 3599
"""``expires_in`` of the documented answer; the token itself says 3600."""

OTHER_LIFETIME_SECONDS = 1800
"""How long a token lives by a legal variant."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """A client id and secret, percent-decoded."""

    client_id: str
    client_secret: str


def _part(content: Mapping[str, Any]) -> str:
    raw = json.dumps(content, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Issuer:
    """Issues the access tokens of all tenants and says later whom one stands for."""

    def __init__(self, tenants: Tenants) -> None:
        self._tenants = tenants
        self._key = secrets.token_bytes(32)
        self._key_id = secrets.token_urlsafe(18)

    def varies(self, variant: str) -> bool:
        """Tell whether the endpoint follows the legal variant of that name."""
        return variant in self._tenants.variants

    def lies(self, fault: str) -> bool:
        """Tell whether the issuer tells the lie of that name."""
        return fault in self._tenants.lies

    def client(self, credentials: Credentials | None) -> Tenant:
        """Find the client of these credentials; raises ``TokenRefused`` with ``invalid_client``."""
        tenant = None if credentials is None else self._tenants.get(credentials.client_id)
        if credentials is not None and tenant is not None:
            sent, known = credentials.client_secret.encode(), tenant.client_secret.encode()
            if self.lies("secret-compared-in-part"):
                sent, known = sent[:8], known[:8]
            if hmac.compare_digest(sent, known):
                return tenant
        raise TokenRefused("invalid_client", "Client authentication failed")

    def grant(self, tenant: Tenant, parameters: Mapping[str, str]) -> dict[str, Any]:
        """Answer the token request of an authenticated client.

        ``parameters`` are those of the form, each once. Raises ``TokenRefused`` as RFC 6749 section 5.2 says.
        """
        grant_type = parameters.get("grant_type", "")
        if not grant_type:
            raise TokenRefused("invalid_request", "The parameter grant_type is missing")
        if grant_type != GRANT_TYPE:
            raise TokenRefused("unsupported_grant_type", f"The parameter grant_type must be {GRANT_TYPE}")
        # RFC 6749 section 3.2: a parameter without a value counts as left out
        varies = self._tenants.variants
        if not parameters.get("scope") and "oauth-scope-demanded" in varies:
            raise TokenRefused("invalid_scope", "The parameter scope is missing")
        scope = (parameters.get("scope") or assumed.DEFAULT_SCOPE).split(" ")
        granted = SCOPES.intersection(scope) if "oauth-unknown-scope-ignored" in varies else set(scope)
        scope = [each for each in scope if each in granted] or [assumed.DEFAULT_SCOPE]
        if not SCOPES.issuperset(scope):
            raise TokenRefused("invalid_scope", f"The parameter scope must be {' '.join(sorted(SCOPES))}")
        granted_scope = " ".join(dict.fromkeys(scope))
        body = {
            "access_token": self._token(tenant, list(dict.fromkeys(scope))),
            "scope": granted_scope,
            "token_type": "Bearer",
            "expires_in": OTHER_LIFETIME_SECONDS if "oauth-other-lifetime" in varies else ANNOUNCED_LIFETIME_SECONDS,
        }
        if "oauth-scope-left-out" in varies and parameters.get("scope") == granted_scope:
            del body["scope"]
        return body

    def holder(self, token: str) -> Tenant:
        """Find the tenant that a token stands for; raises ``Unauthenticated``."""
        tenant = self._tenants.holders.get(token)
        if tenant is None:
            raise Unauthenticated("the access token is not known", error="invalid_token")
        if tenant.clock.milliseconds() >= tenant.tokens[token] and "expired-token-accepted" not in self._tenants.lies:
            raise Unauthenticated("the access token has expired", error="invalid_token")
        return tenant

    def _token(self, tenant: Tenant, scope: list[str]) -> str:
        varies = self._tenants.variants
        lifetime = OTHER_LIFETIME_SECONDS if "oauth-other-lifetime" in varies else assumed.TOKEN_LIFETIME_SECONDS
        opens = 1800 if self.lies("token-expires-early") else lifetime
        expiry = tenant.clock.milliseconds() + opens * 1000
        if self.lies("new-token-ends-old"):
            tenant.tokens.update(dict.fromkeys(tenant.tokens, 0))
        again = next(iter(tenant.tokens), None) if "same-token-again" in self._tenants.lies else None
        token = again or self._signed(tenant, scope, lifetime)
        tenant.tokens[token] = expiry
        self._tenants.holders[token] = tenant
        tenant.effects["tokens issued"] += 1
        return token

    def _signed(self, tenant: Tenant, scope: list[str], lifetime: int) -> str:
        issued = tenant.clock.milliseconds() // 1000
        content = {
            "sub": tenant.client_id,
            "cts": "OAUTH2_STATELESS_GRANT",
            "auditTrackingId": tenant.token_ids.uuid(),
            "subname": tenant.client_id,
            "iss": "https://id.payments.jpmorgan.com:443/am/oauth2",
            "tokenName": "access_token",
            "token_type": "Bearer",
            "authGrantId": tenant.token_ids.uuid(),
            "aud": tenant.client_id,
            "nbf": issued,
            "grant_type": GRANT_TYPE,
            "scope": scope,
            "auth_time": issued,
            "realm": "/alpha",
            "exp": issued + lifetime,
            "iat": issued,
            "expires_in": lifetime,
            "jti": tenant.token_ids.uuid(),
        }
        head = {"typ": "JWT", "kid": self._key_id, "alg": assumed.TOKEN_ALGORITHM}
        signed = f"{_part(head)}.{_part(content)}"
        signature = hmac.new(self._key, signed.encode(), hashlib.sha256).digest()
        return f"{signed}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"
