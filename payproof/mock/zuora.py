"""Stored credential profiles of one tenant of Zuora. No HTTP in here."""

import hashlib
import secrets
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from payproof.mock import zuora_assumed as assumed
from payproof.mock.clock import Clock
from payproof.mock.ids import Ids
from payproof.mock.script import Script
from payproof.mock.zuora_errors import GATEWAY, INVALID, NOT_FOUND, RULE, declined
from payproof.mock.zuora_keys import Keys
from payproof.mock.zuora_limits import Limits
from payproof.mock.zuora_models import CreateCredential

Json = dict[str, Any]

_OPEN = frozenset({"Agreed", "Active"})


@dataclass(slots=True, eq=False)
class Credential:
    """A stored credential profile; moments are written as the API shows them, None where they do not apply."""

    number: int
    status: str
    type: str
    source: str
    reference: str | None
    agreed_on: str | None
    activated_on: str | None = None
    cancelled_on: str | None = None
    expired_on: str | None = None
    security_code: str | None = None

    def show(self, method: "PaymentMethod") -> Json:
        """Write the profile as a list shows it."""
        shown: Json = {
            "number": self.number,
            "paymentMethodId": method.method_id,
            "brand": method.brand,
            "status": self.status,
            "type": self.type,
            "consentAgreementSrc": self.source,
            "consentAgreementRef": self.reference,
            "agreedOn": self.agreed_on,
            "activatedOn": self.activated_on,
            "cancelledOn": self.cancelled_on,
            "expiredOn": self.expired_on,
        }
        if self.security_code is not None:
            shown["cardSecurityCode"] = self.security_code
        return shown


@dataclass(slots=True, eq=False)
class PaymentMethod:
    """A card of an entity, with its profiles in the order in which they came."""

    method_id: str
    entity: str
    brand: str
    profiles: list[Credential] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Client:
    """An OAuth client: the entities that its tokens are valid for."""

    client_id: str
    client_secret: str
    entities: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Session:
    """What an access token opens until ``expiry`` (milliseconds, by the tenant's clock)."""

    world: "ZuoraWorld"
    client: Client
    expiry: int


class ZuoraDirectory:
    """What all tenants share: whom a client id and an access token stand for, whose a payment method is."""

    def __init__(self) -> None:
        self.clients: dict[str, tuple[ZuoraWorld, Client]] = {}
        self.sessions: dict[str, Session] = {}
        self.methods: dict[str, PaymentMethod] = {}


class ZuoraWorld:
    """The world of one tenant. ``key`` is a hexadecimal digest (64 digits) of its own, from which credentials follow.

    ``lies`` are names of faults, ``effects`` counts changes of state by name. Every operation takes identifiers and a
    checked body, returns the body of its answer, and raises ``Declined`` without having changed anything.
    """

    def __init__(
        self,
        *,
        key: str,
        clock: Clock,
        ids: Ids,
        effects: Counter[str],
        directory: ZuoraDirectory,
        script: Script,
        lies: frozenset[str] = frozenset(),
    ) -> None:
        self._key = key
        self._ids = ids
        self._effects = effects
        self._lies = lies
        self.clock = clock
        self.directory = directory
        self.script = script
        self.keys: Keys[tuple[int, Any]] = Keys(hurried=self.lies("zuora-key-expires-early"))
        """Under each key the first status and body."""
        self.limits = Limits()
        self.entities = (self._uuid("entity"), self._uuid("other entity"))
        self.orgs = (self._uuid("org"), self._uuid("other org"))
        self._plain_gateway, self._failing_gateway = assumed.PLAIN_GATEWAY, self._hex("failing gateway")
        self._tenant_number = str(10_000 + int(self._digest("tenant")[:8], 16) % 90_000)
        self._user = self._hex("user")
        self._clients = (
            Client(self._uuid("client"), self._digest("secret")[:40], self.entities[:1]),
            Client(self._uuid("multi client"), self._digest("multi secret")[:40], self.entities),
        )
        self._methods = {
            method_id: PaymentMethod(method_id, self.entities[0], brand)
            for method_id, brand in zip((self._method_id("method"), self._method_id("second method")), assumed.BRANDS, strict=True)
        }
        self._tokens: list[str] = []
        directory.clients |= {client.client_id: (self, client) for client in self._clients}
        directory.methods |= self._methods

    @property
    def credentials(self) -> dict[str, str]:
        """What the control interface tells of this world beside the client id: names begin with ``zuora_``."""
        single, multi = self._clients
        first, second = self._methods
        return {
            "zuora_client_id": single.client_id,
            "zuora_client_secret": single.client_secret,
            "zuora_multi_client_id": multi.client_id,
            "zuora_multi_client_secret": multi.client_secret,
            "zuora_entity": self.entities[0],
            "zuora_other_entity": self.entities[1],
            "zuora_org": self.orgs[0],
            "zuora_other_org": self.orgs[1],
            "zuora_payment_method": first,
            "zuora_second_payment_method": second,
            "zuora_gateway": assumed.GATEWAY,
            "zuora_plain_gateway": self._plain_gateway,
            "zuora_failing_gateway": self._failing_gateway,
        }

    def lies(self, fault: str) -> bool:
        """Tell whether this world tells the lie of that name."""
        return fault in self._lies

    def forget(self) -> None:
        """Give everything up, so that nothing of this world is found any more."""
        for client in self._clients:
            self.directory.clients.pop(client.client_id, None)
        for token in self._tokens:
            self.directory.sessions.pop(token, None)
        for method_id in self._methods:
            self.directory.methods.pop(method_id, None)
        self._methods.clear()
        self.keys.clear()

    def issue(self, client: Client) -> Json:
        """Issue an access token to a client that was authenticated."""
        # An access token guards something, so it does not come from the seeded stream
        other = self.lies("zuora-other-lifetime")
        token = f"{secrets.token_hex(40)}.~+/_-=" if other else secrets.token_hex(16)
        lifetime = 900 if other else assumed.TOKEN_LIFETIME_SECONDS
        expiry = self.clock.milliseconds() + lifetime * 1000
        self.directory.sessions[token] = Session(self, client, expiry)
        self._tokens.append(token)
        self._effects["zuora tokens issued"] += 1
        scope = [f"user.{self._user}", *(f"entity.{entity}" for entity in client.entities), f"tenant.{self._tenant_number}"]
        return {
            "access_token": token,
            "token_type": "bearer",
            "expires_in": lifetime,
            "scope": " ".join(scope),
            "jti": self._ids.uuid().replace("-", ""),
        }

    def create(self, method_id: str, entity: str, request: CreateCredential, *, number: int | None = None) -> Json:
        """Create a profile; a cardholder transaction that fails leaves nothing behind. Only a lie has a ``number`` before."""
        method = self.method(method_id, entity)
        gateway = request.get("authGateway", assumed.GATEWAY)
        if gateway not in (assumed.GATEWAY, self._plain_gateway, self._failing_gateway):
            raise declined(INVALID, "authGateway is no payment gateway of this tenant")
        status = request["status"]
        failed = False
        usual = "Persist" if self.lies("zuora-persist-by-default") else "Activate"
        if status == "Active" and request.get("action", usual) == "Activate":
            if gateway == self._plain_gateway:
                status = "Active" if self.lies("zuora-plain-gateway-activates") else "Agreed"
            elif gateway == self._failing_gateway or request.get("cardSecurityCode") == assumed.FAILING_SECURITY_CODE:
                failed = True
            else:
                self._effects["cardholder transactions approved"] += 1
        elif status == "Active" and self.lies("zuora-persist-only-agrees"):
            status = "Agreed"
        elif status == "Agreed" and self.lies("zuora-agreed-asks-cardholder"):
            failed = gateway == self._failing_gateway
        if not failed or self.lies("zuora-failed-transaction-creates"):
            credential = self._keep(method, request, status, number)
        if failed:
            refusal = "authGateway did not approve the cardholder-initiated transaction"
            if self.lies("zuora-security-code-in-error"):
                refusal += f" with {request.get('cardSecurityCode')}"
            raise declined(GATEWAY, refusal, status=assumed.FAILED_CIT_STATUS)
        return self._done(method, credential)

    def list(self, method_id: str, entity: str, *, include_all: bool) -> Json:
        """List the profiles of a payment method, closed ones only with ``include_all``."""
        known = self._methods.get(method_id) if self.lies("zuora-other-entity-listed") else None
        method = known or self.method(method_id, entity)
        shown = include_all or self.lies("zuora-list-shows-closed")
        return {"profiles": [each.show(method) for each in method.profiles if shown or each.status in _OPEN], "success": True}

    def cancel(self, method_id: str, number: int, entity: str) -> Json:
        """Cancel a profile for good."""
        method, credential = self._closable(method_id, number, entity, closed=self.lies("zuora-closed-cancelled-again"))
        credential.status, credential.cancelled_on = "Cancelled", self._now()
        self._effects["stored credentials cancelled"] += 1
        if self.lies("zuora-cancel-takes-all"):
            for other in method.profiles:
                if other.status in _OPEN:
                    other.status, other.cancelled_on = credential.status, credential.cancelled_on
        return self._done(method, credential)

    def expire(self, method_id: str, number: int, entity: str) -> Json:
        """Let a profile expire for good."""
        method, credential = self._closable(method_id, number, entity, closed=self.lies("zuora-closed-expired-again"))
        credential.status, credential.expired_on = "Expired", self._now()
        if self.lies("zuora-expiry-dated-as-cancel"):
            credential.cancelled_on, credential.expired_on = credential.expired_on, None
        self._effects["stored credentials expired"] += 1
        return self._done(method, credential)

    def method(self, method_id: str, entity: str) -> PaymentMethod:
        """Find a payment method of an entity; raises ``Declined`` with 404."""
        method = self._methods.get(method_id)
        if method is None and self.lies("zuora-other-tenant-visible"):
            return self._known(self.directory.methods.get(method_id))
        return self._known(method if method is not None and method.entity == entity else None)

    def _known(self, method: PaymentMethod | None) -> PaymentMethod:
        if method is None:
            raise declined(NOT_FOUND, "payment-method-id was not found", status=404)
        return method

    def _keep(self, method: PaymentMethod, request: CreateCredential, status: str, number: int | None) -> Credential:
        now = self._now()
        agreed_on: str | None = f"{request['agreedOn']} 00:00:00" if "agreedOn" in request else now
        if "agreedOn" in request and self.lies("zuora-agreed-on-day-early"):
            agreed_on = f"{date.fromordinal(max(1, date.fromisoformat(request['agreedOn']).toordinal() - 1))} 00:00:00"
        reference = request.get("consentAgreementRef")
        if reference is not None and self.lies("zuora-reference-cut"):
            reference = reference[:127]
        if self.lies("zuora-agreed-on-lost") or ("agreedOn" not in request and self.lies("zuora-agreed-on-null")):
            agreed_on = None
        credential = Credential(
            number=number or self._number(method),
            status=status,
            type=request["type"],
            source=request["consentAgreementSrc"],
            reference=reference,
            agreed_on=agreed_on,
            activated_on=now if status == "Active" else None,
            security_code=request.get("cardSecurityCode") if self.lies("zuora-security-code-listed") else None,
        )
        method.profiles.append(credential)
        self._effects["stored credentials created"] += 1
        return credential

    def _number(self, method: PaymentMethod) -> int:
        if self.lies("zuora-number-reused"):
            taken = {each.number for each in method.profiles if each.status in _OPEN}
            return next(number for number in range(1, len(taken) + 2) if number not in taken)
        following = len(method.profiles) + 1
        return 1000 + 7 * following if self.lies("zuora-other-numbers") else following

    def _closable(self, method_id: str, number: int, entity: str, *, closed: bool) -> tuple[PaymentMethod, Credential]:
        method = self.method(method_id, entity)
        # The latest first: only a lie gives two profiles one number
        found = next((each for each in reversed(method.profiles) if each.number == number), None)
        if found is None:
            raise declined(NOT_FOUND, "profile-number was not found", status=404)
        if found.status not in _OPEN and not closed:
            raise declined(RULE, f"profile-number belongs to a profile whose status is {found.status}")
        return method, found

    def _done(self, method: PaymentMethod, credential: Credential) -> Json:
        return {"number": credential.number, "paymentMethodId": method.method_id, "success": True}

    def _now(self) -> str:
        return datetime.fromtimestamp(self.clock.milliseconds() // 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")

    def _digest(self, name: str) -> str:
        return hashlib.sha256(f"{self._key}\n{name}".encode()).hexdigest()

    def _hex(self, name: str) -> str:
        # As long as the documented ids, and like them beginning with 4028
        return "4028" + self._digest(name)[:28]

    def _method_id(self, name: str) -> str:
        return f"P-{self._digest(name)[:10]}_Z" if self.lies("zuora-other-ids") else self._hex(name)

    def _uuid(self, name: str) -> str:
        digest = self._digest(name)
        return f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-a{digest[17:20]}-{digest[20:32]}"
