"""How a token is got from a token endpoint: client credentials, a signed assertion, or the request that a contract describes."""

from __future__ import annotations

import base64
import contextlib
import json
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus, urlencode, urlsplit

from payproof import __version__, clock
from payproof.auth import credential
from payproof.connection import Connection, Unanswered
from payproof.errors import TargetError, UsageError
from payproof.exchange import Request
from payproof.place import TEMPLATE, fill
from payproof.transport import insisted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from payproof.kit import Kit
    from payproof.place import Stay
    from payproof.route import Route

LASTING_SECONDS = 10.0**9
"""For how long a token is used of which nobody says how long it is good."""
GRANT_SECONDS = 30.0
"""How long a token endpoint may take, where the target says nothing."""
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
"""RFC 7523 section 2.2."""
ASSERTION_SECONDS = 300
"""How long a signed assertion is good, where the target says nothing."""
_SMALLEST_KEY = 2048
"""In bits; RFC 7518 section 3.3."""
_FORM = "application/x-www-form-urlencoded"
_MOST_BYTES = 262_144
_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Token:
    """A token, and for how many seconds it is good; None where nobody said."""

    text: str = field(repr=False)
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Authority:
    """Gets tokens for the APIs of a place. Nothing of it is judged or written down."""

    kit: Kit
    stay: Stay
    route: Route

    def kind(self, api: str) -> str:
        """Give the kind of authentication of an API."""
        return self.stay.place.site(api).auth.kind

    def credential(self, api: str) -> str:
        """Give the name of the credential that the API's token is kept under."""
        return credential(self.kit.contracts[api].access, self.stay.place.site(api).auth.parts)

    def wants(self, api: str) -> bool:
        """Say whether an API is opened by a token that has to be got."""
        return self.kind(api) != "contract" or "token" in self.kit.contracts[api].access

    def key(self, api: str) -> str:
        """Give a text that is the same for all APIs that one token opens; nothing in it is secret."""
        how = self.kit.contracts[api].access.get("token") if self.kind(api) == "contract" else self.stay.place.site(api).auth.parts
        return f"{self.credential(api)} {self.kind(api)} {how!r}"

    def spent(self, api: str) -> frozenset[str]:
        """Give the names of the credentials that only serve to get the API's token."""
        if self.kind(api) == "contract":
            source = self.kit.contracts[api].access.get("token", {})
            texts = [*source.get("headers", {}).values(), *source.get("form", {}).values()]
        else:
            texts = [value for value in self.stay.place.site(api).auth.parts.values() if isinstance(value, str)]
        named = {name for text in texts for name in TEMPLATE.findall(text)}
        pair = "basic" in named or self.kind(api) == "client-credentials"
        return frozenset(named | ({"client_id", "client_secret"} if pair else set()))

    def fetch(self, api: str, credentials: Mapping[str, str]) -> Token | None:
        """Get a token for an API as a tenant with these credentials; None where the API wants none.

        Raises TargetError where none is given, UsageError for a key that cannot sign or a credential that is missing.
        """
        site = self.stay.place.site(api)
        if site.auth.kind == "contract":
            request = self._described(api, credentials)
            member = str(self.kit.contracts[api].access.get("token", {}).get("member", "access_token"))
            return None if request is None else self._asked(request, member)
        parts = self.stay.auth(api, credentials)
        if site.auth.kind == "bearer":
            return Token(str(parts["token"]))
        headers, form = _assertion(parts) if site.auth.kind == "jwt-assertion" else _client(parts, credentials)
        form |= {name: str(parts[name]) for name in ("scope", "resource") if name in parts}
        if site.auth.kind == "client-credentials" and "audience" in parts:
            form["audience"] = str(parts["audience"])
        return self._asked(self._request(str(parts["url"]), headers, form), "access_token")

    def _described(self, api: str, credentials: Mapping[str, str]) -> Request | None:
        source = self.kit.contracts[api].access.get("token")
        if not source:
            return None
        operation = self.kit.contracts[source["api"]].spec.operations[source["operation"]]
        at = f"{self.stay.place.name}: the token of {api}"
        headers, form = ({name: fill(value, credentials, at) for name, value in source.get(part, {}).items()}
                         for part in ("headers", "form"))  # fmt: skip
        return self._request(self.stay.place.site(source["api"]).url + operation.template, headers, form)

    def _request(self, url: str, headers: Mapping[str, str], form: Mapping[str, str]) -> Request:
        sent = {"Accept": "application/json", "User-Agent": f"payproof/{__version__}", **self.stay.headers(), **headers}
        sent["Content-Type"] = _FORM
        return Request("POST", url, tuple(sent.items()), urlencode(form).encode())

    def _asked(self, request: Request, member: str) -> Token:
        seconds = self.stay.place.seconds or GRANT_SECONDS
        where = request.url.partition("?")[0]
        try:
            with contextlib.closing(Connection(self.route)) as connection:
                status, headers, body = insisted(connection, request, seconds, _MOST_BYTES)
        except Unanswered as error:
            message = f"{where}: no token was given: {error}"
            raise TargetError(message) from error
        given = dict(headers)
        kind = given.get("content-type", "").partition(";")[0].strip().lower() or "nothing that it names"
        try:
            answer = json.loads(body)
        except ValueError:
            answer = None
        if 300 <= status < 400:
            place = urlsplit(given.get("location", "")).netloc or "another place"
            message = f"{where}: no token was given: status {status} points to {place}, and redirects are not followed; is the URL right?"
            raise TargetError(message)
        if not isinstance(answer, dict):
            message = f"{where}: no token was given: status {status} with {kind} where a JSON object belongs; is this the token endpoint?"
            raise TargetError(message)
        text = answer.get(member)
        if status != 200 or not isinstance(text, str) or not text.strip() or not text.isprintable():
            why = self._why(answer) or f"a JSON object without {member}"
            hint = "; are the client's id and secret, or key, right?" if status in {400, 401, 403} else ""
            hint = "; is the URL right?" if status in {404, 405} else hint
            message = f"{where}: no token was given: status {status}: {why}{hint}"
            raise TargetError(message)
        lives = answer.get("expires_in")
        if isinstance(lives, str) and lives.isdigit():
            lives = int(lives)
        return Token(text, float(lives) if isinstance(lives, int | float) and not isinstance(lives, bool) and lives > 0 else None)

    def _why(self, answer: Mapping[str, Any]) -> str:
        """Give what an answer says of its refusal, without any secret that it might repeat."""
        told = ": ".join(str(answer[name]) for name in ("error", "error_description", "message") if isinstance(answer.get(name), str))
        for secret in self.stay.secrets.values():
            told = told.replace(secret, "[hidden]")
        return " ".join(told.split())[:_SHOWN]


def _client(parts: Mapping[str, Any], credentials: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Write client credentials into the header or the form, as RFC 6749 section 2.3.1 has them."""
    known = {name: str(parts[name]) if name in parts else credentials[name] for name in ("client_id", "client_secret")}
    form = {"grant_type": "client_credentials"}
    if parts.get("placement", "basic") == "body":
        return {}, form | known
    pair = ":".join(quote_plus(known[name]) for name in ("client_id", "client_secret"))
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}, form


def _assertion(parts: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    """Write and sign an assertion by RFC 7523 section 3: issuer and subject are the client, the audience is the endpoint."""
    begun, lives = int(clock.now()), int(parts.get("lifetime", ASSERTION_SECONDS))
    client = str(parts["client_id"])
    claims = {"iss": client, "sub": client, "aud": str(parts.get("audience", parts["url"])), "iat": begun, "exp": begun + lives,
              "jti": str(uuid.uuid4())}  # fmt: skip
    form = {"grant_type": "client_credentials", "client_id": client, "client_assertion_type": ASSERTION,
            "client_assertion": signed(str(parts["key"]), {"typ": "JWT", "alg": "RS256", "kid": str(parts["kid"])}, claims)}  # fmt: skip
    return {}, form


def signed(pem: str, head: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
    """Write a JWT and sign it with RS256 (RFC 7518 section 3.3). Raises UsageError for a key that cannot."""
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415  # most runs sign nothing
    from cryptography.hazmat.primitives.asymmetric import padding, rsa  # noqa: PLC0415  # as above

    try:
        # A variable of the environment often has its lines' ends written out.
        key = serialization.load_pem_private_key(pem.replace("\\n", "\n").encode(), password=None)
    except TypeError as error:
        message = "the signing key is encrypted: give the key itself, from a store that asks for no passphrase"
        raise UsageError(message) from error
    except ValueError as error:
        message = "the signing key is no private key in PEM form"
        raise UsageError(message) from error
    if not isinstance(key, rsa.RSAPrivateKey) or key.key_size < _SMALLEST_KEY:
        message = f"the signing key is no RSA key of {_SMALLEST_KEY} bits or more, which RS256 wants"
        raise UsageError(message)
    text = ".".join(_coded(json.dumps(part, separators=(",", ":")).encode()) for part in (head, claims))
    return f"{text}.{_coded(key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def _coded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
