"""The consumer profiles of a tenant as its payments use them: to pay with a stored card, and to store one."""

from typing import Any

from payproof.mock import jpmorgan_payments_assumed as assumed
from payproof.mock.jpmorgan_models import Address, Communication, CreateProfile, ProfileCard
from payproof.mock.jpmorgan_payments_issuer import Outcome
from payproof.mock.jpmorgan_payments_models import AccountHolder, Card, PaymentMethod, StoredMethod
from payproof.mock.jpmorgan_payments_refusal import NotPossible
from payproof.mock.jpmorgan_profiles import Caller, ProfilesWorld
from payproof.mock.jpmorgan_records import Json, Method

_STORED = "paymentMethodType.consumerProfile"


def _refused(member: str, rule: str) -> NotPossible:
    return NotPossible(assumed.PROFILE, f"{_STORED}.{member}", rule)


class Wallet:
    """What payments see of the profiles; ``lies`` are names of faults."""

    def __init__(self, profiles: ProfilesWorld, lies: frozenset[str]) -> None:
        self._profiles = profiles
        self._lies = lies

    def lies(self, fault: str) -> bool:
        """Tell whether the wallet tells the lie of that name."""
        return fault in self._lies

    def number(self, stored: StoredMethod) -> str:
        """Find the number of a stored card; raises ``NotPossible`` where it cannot pay."""
        profile = self._profiles.find(stored["consumerProfileId"])
        if profile is None:
            raise _refused("consumerProfileId", "must name a consumer profile")
        if profile.members["profileStatus"] != "ACTIVE" and not self.lies("inactive-profile-pays"):
            raise _refused("consumerProfileId", "must name an active consumer profile")
        method: Method | None
        if self.lies("default-method-pays"):
            method = profile.default
        else:
            identifier = stored["paymentMethodId"].lower()
            method = profile.find(identifier)
            if method is None and self.lies("deleted-method-pays"):
                method = profile.buried.get(identifier)
        if method is None:
            raise _refused("paymentMethodId", "must name a payment method of this consumer profile")
        if method.kind != "card":
            raise _refused("paymentMethodId", "must name a card")
        if method.view["accountStatus"] != "ACTIVE" and not self.lies("inactive-method-pays"):
            raise _refused("paymentMethodId", "must name an active payment method")
        return method.number

    def keep(self, holder: AccountHolder, method: PaymentMethod, outcome: Outcome) -> Json:
        """Make the profile that a request asks for.

        Returns the ``consumerProfileInfo`` of its answer: the identifiers, or why there are none.
        """
        info: Json = {"consumerProfileRequestType": "CREATE"}
        if not outcome.granted and not self.lies("profile-despite-decline"):
            return {**info, **self._failed(assumed.PROFILE_FAILED, "A declined transaction creates no consumer profile")}
        card = method.get("card")
        missing = [f"accountHolder.{name}" for name in ("firstName", "lastName") if name not in holder]
        if card is None:
            missing.append("paymentMethodType.card")
        elif "expiry" not in card:
            missing.append("paymentMethodType.card.expiry")
        if card is None or missing:
            return {**info, **self._failed(assumed.PROFILE_INCOMPLETE, f"Required to create a consumer profile: {', '.join(missing)}")}
        if holder.get("referenceId") == assumed.PROFILE_FAILURE_REFERENCE:
            return {**info, **self._failed(assumed.PROFILE_FAILED, "The consumer profile could not be created")}
        made = self._profiles.create(_profile(holder, card), Caller())
        return {
            **info,
            "consumerProfileId": made["consumerProfileId"],
            "paymentMethodId": made["paymentMethodType"]["cardList"][0]["paymentMethodId"],
        }

    def _failed(self, code: str, message: str) -> Json:
        if self.lies("failed-profile-fails-payment"):
            raise NotPossible(code, "accountHolder.consumerProfileInfo", "must be possible to carry out")
        return {"consumerProfileResponseCode": code, "consumerProfileResponseMessage": message}


def _profile(holder: AccountHolder, card: Card) -> CreateProfile:
    expiry = card["expiry"]
    stored: ProfileCard = {
        "accountNumber": card["accountNumber"],
        "cardExpirationMonthYearNumber": f"{expiry['month']:02d}/{expiry['year']}",
        "firstName": holder["firstName"],
        "lastName": holder["lastName"],
    }
    if "isBillPayment" in card:
        stored["isBillPayment"] = card["isBillPayment"]
    if "billingAddress" in holder:
        address: Address = {"addressType": "BILLING", **holder["billingAddress"]}  # type: ignore[typeddict-item]  # same names
        stored["consumerProfileAddress"] = address
    request: CreateProfile = {
        "firstName": holder["firstName"],
        "lastName": holder["lastName"],
        "profilePaymentMethod": {"cardList": [stored]},
    }
    if "fullName" in holder:
        request["fullName"] = holder["fullName"]
    communication: Communication = {}
    sent: list[Any] = [holder[name] for name in ("mobile", "phone") if name in holder]
    if sent:
        communication["phoneList"] = [{"phoneNumber": phone["phoneNumber"], "countryCode": phone.get("countryCode", "")} for phone in sent]
    if "email" in holder:
        communication["emailList"] = [{"emailAddress": holder["email"]}]
    if communication:
        request["communication"] = communication
    return request
