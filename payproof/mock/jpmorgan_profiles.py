"""Consumer profiles of one tenant: what each operation of Consumer Profile Management v2 does. No HTTP in here."""

from collections import Counter
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

from payproof.mock import assumed
from payproof.mock.clock import Clock, timestamp
from payproof.mock.ids import Ids
from payproof.mock.jpmorgan_models import AddMethods, Address, CreateProfile, UpdateMethod, UpdateProfile
from payproof.mock.jpmorgan_records import ADDRESS, LISTS, OWN, SHOWN, Json, Kind, Method, Profile, ordered
from payproof.mock.refusal import Invalid, NotFound, Violation

_HOUR = 3_600_000
_KINDS: tuple[Kind, ...] = ("card", "ach", "sepa", "bacs")
_COMMUNICATION = (("phoneList", "defaultPhone", "HH", 11), ("emailList", "defaultEmail", "EE", 13))
_ACCEPTED: Mapping[str, str] = {
    "responseStatus": "SUCCESS",
    "responseCode": "ACCEPTED",
    "responseMessage": "Request Accepted",
}

Directory = MutableMapping[str, Profile]
"""Every profile of every tenant by its id: ids are unique across tenants."""


@dataclass(frozen=True, slots=True)
class Caller:
    """What the request's headers say about who asks: each member is absent where its header is."""

    request: str | None = None
    correlation: str | None = None
    user: str | None = None


class ProfilesWorld:
    """The profiles of one tenant.

    ``lies`` are names of faults, ``effects`` counts changes of state by name, ``directory`` is shared by all tenants.
    Every operation takes identifiers and a checked body, returns the body of its answer, and raises ``NotFound`` or
    ``Invalid``, in both cases without having changed anything.
    """

    def __init__(self, *, clock: Clock, ids: Ids, effects: Counter[str], directory: Directory, lies: frozenset[str] = frozenset()) -> None:
        self._clock = clock
        self._ids = ids
        self._effects = effects
        self._directory = directory
        self._lies = lies
        self._profiles: dict[str, Profile] = {}

    def lies(self, fault: str) -> bool:
        """Tell whether this world tells the lie of that name."""
        return fault in self._lies

    def varies(self, variant: str) -> bool:
        """Tell whether this world follows the legal variant of that name."""
        return variant in self._lies

    def exchange_methods(self, profile_id: str, methods: Mapping[Kind, dict[str, Method]] | None) -> dict[Kind, dict[str, Method]]:
        """Put the methods of a profile back as they were and give a copy of them; only a lie does this."""
        profile = self._profile(profile_id)
        if methods is not None:
            profile.methods = dict(methods)
        return {kind: dict(listed) for kind, listed in profile.methods.items()}

    def forget(self) -> None:
        """Give every profile up, so that nothing of this world is found any more."""
        for profile_id in self._profiles:
            self._directory.pop(profile_id, None)
        self._profiles.clear()

    def create(self, request: CreateProfile, caller: Caller) -> Json:
        """Create a profile with at least one payment method."""
        now = self._clock.milliseconds()
        user = caller.user or assumed.DEFAULT_USER
        profile = Profile(
            profile_id=self._profile_id(),
            members={"profileStatus": assumed.PROFILE_STATUS, **ordered(request, OWN)},
            communication=self._communication(request.get("communication", {})),
            correlation=caller.correlation or self._ids.uuid(),
            created=now,
            created_by=user,
            updated=now,
            updated_by=user,
        )
        for address in request.get("consumerProfileAddresses", []):
            self._keep_address(profile, address)
        added = self._add(profile, request["profilePaymentMethod"], None)
        if profile.default is None:
            first = next((m for kind in assumed.DEFAULT_ORDER for m in added if m.kind == kind), None)
            if first is not None:
                self._choose(profile, first)
        self._profiles[profile.profile_id] = profile
        self._directory[profile.profile_id] = profile
        self._effects["profiles created"] += 1
        return profile.show()

    def find(self, profile_id: str) -> Profile | None:
        """Find a profile for the payments API."""
        if self.lies("foreign-profile-pays"):
            return self._directory.get(profile_id)
        try:
            return self._profile(profile_id)
        except NotFound:
            return None

    def retrieve(self, profile_id: str, caller: Caller) -> Json:
        """Show a profile."""
        body = self._profile(profile_id).show(correlation=caller.correlation)
        methods = body["paymentMethodType"]
        if self.lies("inactive-card-not-shown") and "cardList" in methods:
            methods["cardList"] = [card for card in methods["cardList"] if card["accountStatus"] == "ACTIVE"]
        return body

    def update(self, profile_id: str, request: UpdateProfile, caller: Caller) -> Json:
        """Change the profile's own members; what is not sent stays."""
        profile = self._profile(profile_id)
        if self.lies("profile-update-drops-reference"):
            profile.members.pop("cardOnFileReferenceNumber", None)
        profile.members |= ordered(request, OWN)
        self._effects["profiles updated"] += 1
        return self._updated(profile, caller)

    def delete(self, profile_id: str) -> Json:
        """Delete a profile for good."""
        self._profile(profile_id)
        del self._directory[profile_id]
        self._profiles.pop(profile_id, None)
        self._effects["profiles deleted"] += 1
        return dict(_ACCEPTED)

    def add(self, profile_id: str, request: AddMethods, caller: Caller) -> Json:
        """Add payment methods; the default stays unless the request brings one."""
        profile = self._profile(profile_id)
        try:
            self._demand_addresses(profile, request)
        except Invalid:
            if self.lies("add-half-done"):
                good = [card for card in request.get("cardList", []) if card.get("addressIdentifier") in (None, *profile.addresses)]
                self._add(profile, {"cardList": good}, None)
            raise
        added = self._add(profile, request, request.get("accountStatus"))
        if self.lies("add-takes-default"):
            self._choose(profile, added[-1])
        return self._touched(profile, caller)

    def update_method(self, profile_id: str, method_id: str, request: UpdateMethod, caller: Caller) -> Json:
        """Change a payment method; what is not sent stays, and so does its number."""
        profile = self._profile(profile_id)
        method = self._method(profile, method_id)
        others = [kind for kind in _KINDS if kind != method.kind and kind in request]
        if others and method.kind not in request and "accountStatus" not in request:
            raise Invalid([Violation(kind, f"does not fit a payment method of kind {method.kind}") for kind in others])
        changes: Mapping[str, Any] = request.get(method.kind, {})
        self._demand_address(profile, changes, method.kind)
        if "accountStatus" in request:
            changes = {"accountStatus": request["accountStatus"], **changes}
        changes = self._december(changes)
        if self.lies("address-changed-in-place") and "consumerProfileAddress" in changes and "addressIdentifier" in method.view:
            identifier = method.view["addressIdentifier"]
            profile.addresses[identifier] |= ordered(changes["consumerProfileAddress"], ADDRESS)
            changes = {name: value for name, value in changes.items() if name != "consumerProfileAddress"}
        method.change({**changes, **self._address(profile, changes), **self._mandates(changes)})
        if self.lies("update-touches-neighbour") and method.kind == "card":
            for card in profile.cards():
                if card is not method:
                    month, year = card.view.get("cardExpirationMonthYearNumber", "12/2029").split("/")
                    card.change({"cardExpirationMonthYearNumber": f"{month}/{(int(year) + 1) % 10_000:04d}"})
        self._effects["methods updated"] += 1
        return self._updated(profile, caller)

    def set_default(self, profile_id: str, method_id: str, caller: Caller) -> Json:
        """Make a method the default of its profile."""
        profile = self._profile(profile_id)
        method = self._method(profile, method_id)
        if method.view["accountStatus"] == "INACTIVE" and self.varies("profiles-inactive-no-default"):
            raise Invalid([Violation("payment-method-Id", "must name an active payment method")])
        self._choose(profile, method)
        self._effects["defaults set"] += 1
        return self._touched(profile, caller)

    def delete_method(self, profile_id: str, method_id: str, caller: Caller) -> Json:
        """Delete a payment method for good; its address stays."""
        profile = self._profile(profile_id)
        if method_id.lower() in profile.buried and self.varies("profiles-delete-again") and profile.find(method_id.lower()) is None:
            return profile.show()
        method = self._method(profile, method_id)
        if self.varies("profiles-last-method-kept") and sum(map(len, profile.methods.values())) == 1:
            raise Invalid([Violation("payment-method-Id", "must not be the last payment method of the profile")])
        profile.given_up.append(method.method_id)
        profile.buried[method.method_id] = method
        if self.lies("delete-takes-address"):
            profile.addresses.pop(method.view.get("addressIdentifier", ""), None)
        if self.lies("delete-loses-default"):
            profile.default = None
        self._effects["methods deleted"] += 1
        if self.lies("delete-only-hides"):
            return self._touched(profile, caller, without=method)
        bereft = profile.default is method
        profile.remove(method)
        if bereft and self.varies("profiles-next-default"):
            profile.default = next(iter(profile.cards()), None)
        return self._touched(profile, caller)

    def method_status(self, profile_id: str, method_id: str, caller: Caller) -> Json:
        """Show the outcome of the 3-D Secure authentication of a method."""
        profile = self._profile(profile_id)
        buried = profile.buried.get(method_id.lower()) if self.lies("deleted-method-has-status") else None
        method = buried or self._method(profile, method_id)
        body: Json = {
            "requestId": caller.request or self._ids.uuid(),
            "consumerProfileId": profile_id,
            "responseMessage": _ACCEPTED["responseMessage"],
        }
        if method.authentication is not None:
            body["cardAuthenticationDetails"] = method.authentication
        return body

    def _profile_id(self) -> str:
        if self.varies("profiles-other-ids"):
            return f"JPMCW-{self._ids.uuid().replace('-', '')[:16].upper()}"
        return self._ids.letters(assumed.PROFILE_ID_LETTERS, taken=self._directory)

    def _profile(self, profile_id: str) -> Profile:
        profiles = self._directory if self.lies("other-tenant-visible") else self._profiles
        profile = profiles.get(profile_id)
        if profile is None:
            raise NotFound("consumer profile")
        return profile

    def _method(self, profile: Profile, method_id: str) -> Method:
        method = profile.find(method_id.lower())
        if method is None:
            raise NotFound("payment method")
        return method

    def _touched(self, profile: Profile, caller: Caller, *, without: Method | None = None) -> Json:
        profile.updated = max(self._clock.milliseconds(), profile.updated + 1)
        if self.lies("create-time-moves"):
            profile.created = profile.updated
        profile.updated_by = caller.user or assumed.DEFAULT_USER
        profile.correlation = caller.correlation or profile.correlation
        return profile.show(without=without)

    def _updated(self, profile: Profile, caller: Caller) -> Json:
        before = profile.updated
        body = self._touched(profile, caller)
        if not self.lies("time-goes-backwards"):
            return body
        profile.updated = before - _HOUR
        return profile.show()

    def _communication(self, request: Mapping[str, Any]) -> Json:
        shown: Json = {}
        for name, default, prefix, digits in _COMMUNICATION:
            if name not in request and default not in request:
                continue
            sent = [*request.get(name, []), *([request[default]] if default in request else [])]
            first = "contact/" if self.varies("profiles-other-ids") else prefix
            shown[name] = [{**entry, "communicationIdentifier": first + self._ids.digits(digits)} for entry in sent]
            if default in request:
                shown[default] = shown[name][-1]
        return shown

    def _keep_address(self, profile: Profile, address: Address) -> str:
        identifier = f"{len(profile.addresses) + 1}" if self.varies("profiles-other-ids") else self._ids.uuid()
        lines = {"line1": assumed.ABSENT_ADDRESS_LINE, "line2": assumed.ABSENT_ADDRESS_LINE}
        profile.addresses[identifier] = ordered({**lines, **address, "addressIdentifier": identifier}, ADDRESS)
        self._effects["addresses created"] += 1
        return identifier

    def _demand_address(self, profile: Profile, method: Mapping[str, Any], place: str) -> None:
        if "addressIdentifier" not in method:
            return
        entity = f"{place}.addressIdentifier"
        if "consumerProfileAddress" in method:
            raise Invalid([Violation(entity, f"cannot be used here: {assumed.ADDRESS_CHOICE}")])
        if method["addressIdentifier"] not in profile.addresses:
            raise Invalid([Violation(entity, "must name an address of this profile")])

    def _demand_addresses(self, profile: Profile, request: Mapping[str, Any]) -> None:
        for kind, name in LISTS.items():
            for index, method in enumerate(request.get(name, [])):
                self._demand_address(profile, method, f"{name}[{index}]")
            if kind in request.get("defaultMOP", {}):
                self._demand_address(profile, request["defaultMOP"][kind], f"defaultMOP.{kind}")

    def _address(self, profile: Profile, method: Mapping[str, Any]) -> Json:
        if "consumerProfileAddress" not in method:
            return {}
        return {"addressIdentifier": self._keep_address(profile, method["consumerProfileAddress"])}

    def _mandates(self, method: Mapping[str, Any]) -> Json:
        if "mandateList" not in method:
            return {}
        listed = [{**mandate, "mandateReferenceId": self._ids.uuid()} for mandate in method["mandateList"]]
        return {"mandateList": listed}

    def _authentication(self) -> Json:
        return {
            "transactionIdentifier": self._ids.uuid(),
            **_ACCEPTED,
            "hostMessage": "Success",
            "transactionDate": timestamp(self._clock.milliseconds()),
            "authenticationId": self._ids.uuid(),
        }

    def _add(self, profile: Profile, request: Mapping[str, Any], status: str | None) -> list[Method]:
        added = [self._new(profile, kind, method, status) for kind in _KINDS for method in request.get(LISTS[kind], [])]
        chosen = request.get("defaultMOP", {})
        defaults = [self._new(profile, kind, chosen[kind], status) for kind in _KINDS if kind in chosen]
        if defaults:
            self._choose(profile, defaults[0])
        return added + defaults

    def _december(self, method: Mapping[str, Any]) -> Mapping[str, Any]:
        expiry = str(method.get("cardExpirationMonthYearNumber", ""))
        if not expiry.startswith("12/") or not self.lies("december-becomes-january"):
            return method
        return {**method, "cardExpirationMonthYearNumber": f"01/{min(int(expiry[3:]) + 1, 9999):04d}"}

    def _choose(self, profile: Profile, method: Method) -> None:
        profile.default = method
        profile.default_copy = method.view if self.lies("stale-default-copy") else None

    def _new(self, profile: Profile, kind: Kind, request: Mapping[str, Any], status: str | None) -> Method:
        reused = self.lies("reuses-method-id") and profile.given_up
        identifier = profile.given_up.pop() if reused else self._ids.uuid()
        members: Json = {"accountStatus": status or assumed.METHOD_STATUS, **self._december(request), "paymentMethodId": identifier}
        if self.lies("holder-name-capitalised"):
            members |= {name: members[name].capitalize() for name in ("firstName", "lastName") if name in members}
        number = members.pop("accountNumber", "")
        members |= self._address(profile, request)
        if kind == "card":
            members["last4CardNumber"] = number[:4] if self.lies("first-four-as-last-four") else number[-4:]
            if self.lies("last-four-as-number"):
                members["last4CardNumber"] = str(int(number[-4:]))
            if self.lies("full-number-in-card"):
                members["accountNumber"] = number
            derived = assumed.card_type(number)
            if derived is not None:
                members.setdefault("cardType", derived)
        members |= self._mandates(request)
        method = Method(kind, ordered(members, SHOWN[kind]), self._authentication() if kind == "card" else None, number)
        profile.list(method)
        self._effects["methods added"] += 1
        return method
