"""Every error code of payment profiles, customers and cards: requests that cause exactly it, and nothing else.

Each departs in one place from a request that is accepted. What can go wrong: a fault is called by another name, a refused
request has done something all the same, or a code of the documents is caused by nothing. The reference server answers
with the very code; elsewhere another refusal is as good, and the clauses say which.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from payproof.client import ACCEPT
from payproof.witness import outcomes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from payproof.client import Answer
    from suites.fixtures.mercadopago import PaymentProfile, Sales, Seller

pytestmark = pytest.mark.api("mercadopago-profiles")

NOBODY = "000000001-sT93QZFAsfxU9P5"
"""The documented example of a customer id, which no tenant has."""
NO_PROFILE = "7036b192b541454fa9b9990660dfa1b5"
"""The documented example of a profile id."""
NO_METHOD = "64abf0f5-3e15-48a5-9be0-a8ac56bbd87a"
"""The documented example of the id of a method."""
SHORT = "12345"
"""The token of the documented example, which is shorter than the reference allows."""
MASTERCARD = "5031433215406351"
"""The vendor's published Mastercard for tests."""

PROMISED = {
    "payment_method_id_cannot_be_blank", "payment_methods_cannot_be_null", "payment_methods_required",
    "payment_method_token_or_card_id_required", "html_insertion_not_allowed", "max_day_overdue_out_of_range",
    "validation_error", "payload_failed",
}  # fmt: skip
"""The codes whose texts on the vendor's page point at `details`."""

STATUSES = {
    "header_missing": 401, "Unauthorized Access Token": 401, "payment_method_not_approved": 402, "resource_not_found": 404,
    "Too Many Requests": 429, "internal_server_error": 500,
}  # fmt: skip
"""The status of each code that is not under 400."""

CREDENTIALS = {
    "caller_id_mismatch": "mercadopago_token_caller_id_mismatch",
    "site_id_mismatch": "mercadopago_token_site_id_mismatch",
    "payment_method_validation_failed": "mercadopago_token_payment_method_validation_failed",
    "unknown_error_occurred": "mercadopago_token_unknown_error_occurred",
    "Too Many Requests": "mercadopago_token_too_many_requests",
    "internal_server_error": "mercadopago_token_internal_server_error",
}
"""What no request can cause: the reference server has an access token for each."""

Parts = dict[str, Any]
"""What a fault puts in the place of parts of a request: path, query, headers, body, raw."""


@dataclass(frozen=True, slots=True)
class Stand:
    """A request that must be accepted, and what the customer has who it is about."""

    seller: Seller
    sales: Sales
    operation: str
    customer: str
    card: int
    parts: Parts

    @property
    def body(self) -> dict[str, Any]:
        """The body of the request."""
        body: dict[str, Any] = self.parts["body"]
        return body

    def profile(self, *methods: dict[str, Any]) -> PaymentProfile:
        """Create another profile of the customer, with the saved card unless methods are given."""
        return self.seller.create(self.customer, *(methods or (self.sales.by_card(self.card),)))

    def send(self, parts: Parts | None = None, *, accepted: bool = False) -> Answer:
        """Send the request with other parts; `accepted` claims that it must be accepted."""
        sent = {**self.parts, **(parts or {})}
        if "raw" in sent:
            del sent["body"]
        return self.seller.api.call(self.operation, **sent, intent=ACCEPT if accepted else None)

    def seen(self) -> tuple[Any, ...]:
        """Read the customer's profiles, and count what has happened."""
        return {name: one.state for name, one in self.seller.profiles(self.customer).items()}, self.seller.effects()


Fault = "Callable[[Stand], Parts]"
"""A fault: given a request that is accepted, the parts that it changes."""

ABSENT = object()
"""In the place of a member: leave it out."""


def _but(members: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**members, **changes}.items() if value is not ABSENT}


def _body(**changes: Any) -> Callable[[Stand], Parts]:
    return lambda stand: {"body": _but(stand.body, changes)}


def _method(number: int, **changes: Any) -> Callable[[Stand], Parts]:
    def fault(stand: Stand) -> Parts:
        made = {name: value(stand) if callable(value) else value for name, value in changes.items()}
        methods = [_but(method, made) if at == number else method for at, method in enumerate(stand.body["payment_methods"])]
        return {"body": {**stand.body, "payment_methods": methods}}

    return fault


def _member(**changes: Any) -> Callable[[Stand], Parts]:
    def fault(stand: Stand) -> Parts:
        made = {name: value(stand) if callable(value) else value for name, value in changes.items()}
        return {"body": _but(stand.body, made)}

    return fault


def _more(*brands: str) -> Callable[[Stand], Parts]:
    def fault(stand: Stand) -> Parts:
        more = [stand.sales.by_card(stand.seller.save_card(stand.customer), id=brand) for brand in brands]
        return {"body": {**stand.body, "payment_methods": stand.body["payment_methods"] + more}}

    return fault


def _both_default(stand: Stand) -> Parts:
    return {"body": {**stand.body, "payment_methods": [{**one, "default_method": True} for one in stand.body["payment_methods"][::-1]]}}


def _raw(text: bytes) -> Callable[[Stand], Parts]:
    return lambda _: {"raw": text}


def _header(name: str, value: str | None) -> Callable[[Stand], Parts]:
    return lambda stand: {"headers": {**stand.parts.get("headers", {}), name: value}}


def _longer_token(stand: Stand) -> Parts:
    return {"headers": {"Authorization": f"Bearer {stand.seller.apis.credentials['mercadopago_token']}0"}}


def _path(**names: str | Callable[[Stand], str]) -> Callable[[Stand], Parts]:
    def fault(stand: Stand) -> Parts:
        return {"path": {**stand.parts["path"], **{name: each if isinstance(each, str) else each(stand) for name, each in names.items()}}}

    return fault


def _query(**query: str) -> Callable[[Stand], Parts]:
    return lambda _: {"query": query}


def _credential(name: str) -> Callable[[Stand], Parts]:
    return lambda stand: {"headers": {"Authorization": f"Bearer {stand.seller.apis.credentials[name]}"}}


def _token(**card: Any) -> Callable[[Stand], str]:
    return lambda stand: stand.seller.token(**card)


def _another_customer(stand: Stand) -> str:
    return stand.seller.register(f"other{stand.seller.token()[:8]}@example.com")


def _another_with_profile(stand: Stand) -> str:
    customer = _another_customer(stand)
    stand.seller.create(customer)
    return customer


def _cancelled(*, emptied: bool) -> Callable[[Stand], Parts]:
    def fault(stand: Stand) -> Parts:
        profile = stand.profile()
        method = next(iter(profile.methods))
        if emptied:
            stand.seller.add(profile, stand.sales.by_card(stand.seller.save_card(stand.customer)))
            stand.seller.remove(profile, method)
            method = next(iter(stand.seller.read(profile).methods))
        stand.seller.cancel(profile)
        place = {"payment_profile_id": profile.id}
        if "payment_method_id" in stand.parts["path"]:
            place["payment_method_id"] = method
        return {"path": {**stand.parts["path"], **place}}

    return fault


def _full(**second: Any) -> Callable[[Stand], str]:
    def full(stand: Stand) -> str:
        other = stand.sales.by_card(stand.seller.save_card(stand.customer), **second)
        return stand.profile(stand.sales.by_card(stand.card), other).id

    return full


def _with_token(**card: Any) -> Callable[[Stand], str]:
    return lambda stand: stand.profile(stand.sales.by_token(stand.seller.token(**card))).id


def _token_again(stand: Stand) -> Parts:
    token = stand.seller.token()
    profile = stand.profile(stand.sales.by_token(token))
    return {"path": {**stand.parts["path"], "payment_profile_id": profile.id}, "body": {**stand.body, "token": token}}


def _deleted(stand: Stand) -> str:
    profile = stand.parts["path"]["payment_profile_id"]
    stand.seller.ask("addProfileMethod", stand.customer, profile=profile, body=stand.sales.by_token(stand.seller.token()), intent=ACCEPT)
    shown = stand.seller.ask("getPaymentProfile", stand.customer, profile=profile).body["payment_methods"]
    added = next(str(one["payment_method_id"]) for one in shown if one["payment_method_id"] != stand.parts["path"]["payment_method_id"])
    stand.seller.ask("deleteProfileMethod", stand.customer, profile=profile, method=added, intent=ACCEPT)
    return added


Faults = dict[str, tuple["Callable[[Stand], Parts]", ...]]
"""By error code: two requests or more that cause it, in different ways; one only where a test credential causes it."""


def _told(*codes: str) -> Faults:
    return {code: (_credential(CREDENTIALS[code]),) for code in codes}


DOOR: Faults = {
    "Unauthorized Access Token": (_header("Authorization", "Bearer APP_USR-0"), _longer_token),
    **_told("caller_id_mismatch", "site_id_mismatch", "unknown_error_occurred", "Too Many Requests", "internal_server_error"),
}
"""What every operation has in common."""

READ_DOOR: Faults = {"header_missing": (_header("Authorization", None),), **DOOR}
KEYED_DOOR: Faults = {"header_missing": (_header("Authorization", None), _header("X-Idempotency-Key", None)), **DOOR}

KEYS = (_header("X-Idempotency-Key", ""), _header("X-Idempotency-Key", "k" * 65))
"""Keys that are no keys: too short, too long."""

OTHERS: Faults = {
    "customer_id_mismatch": (_path(customer_id=_another_customer), _path(customer_id=_another_with_profile)),
    "resource_not_found": (_path(payment_profile_id=NO_PROFILE), _path(customer_id=NOBODY)),
}
"""What a profile that is not there, or not there for this customer, is called."""

CREATE: dict[str, Faults] = {
    "methods": {
        "payment_method_id_cannot_be_blank": (_method(0, id=""), _method(1, id=ABSENT), _method(0, id=None)),
        "payment_methods_cannot_be_null": (_body(payment_methods=None), _body(payment_methods=[None])),
        "payment_methods_required": (_body(payment_methods=[]), _body(payment_methods=ABSENT)),
        "payment_method_token_or_card_id_required": (_method(0, token=ABSENT), _method(1, card_id=ABSENT)),
    },
    "pairs": {
        "multiple_default_payment_methods_not_allowed": (_method(0, default_method=True), _both_default),
        "more_than_two_payment_methods_not_allowed": (_more("elo"), _more("elo", "amex")),
        "two_cards_with_token_not_allowed": (
            _method(1, card_id=ABSENT, token=_token()), _method(1, card_id=ABSENT, token=_token(card_number=MASTERCARD), type="debit_card"),
        ),
        "duplicate_payment_method_not_allowed": (
            _method(0, token=ABSENT, card_id=lambda stand: stand.card),
            _method(1, card_id=ABSENT, token=lambda stand: stand.body["payment_methods"][0]["token"]),
        ),
    },
    "values": {
        "html_insertion_not_allowed": (
            _body(description="<b>Test</b> payment profile"), _body(statement_descriptor="<script>alert(1)</script>"),
        ),
        "max_day_overdue_out_of_range": (_body(max_day_overdue=11), _body(max_day_overdue=0), _body(max_day_overdue=-5)),
        "validation_error": (
            _body(sequence_control="NEVER"), _body(description=7), _body(max_day_overdue="5"), _method(0, type="cheque"),
            _method(0, id="barter"), _method(0, token=SHORT), _method(1, default_method="yes"), *KEYS,
        ),
        "payload_failed": (_raw(b'{"description": '), _raw(b"[]"), _raw(b"\xff")),
    },
    "world": {
        "invalid_site_id_for_fintoc": (_body(payment_methods=[{"id": "fintoc"}]), _method(0, id="fintoc")),
        "payment_method_not_approved": (
            _method(0, token=_token(holder="OTHE")),
            _method(1, card_id=lambda stand: stand.seller.save_card(stand.customer, holder="FUND")),
        ),
        "resource_not_found": (_path(customer_id=NOBODY), _path(customer_id="nobody")),
        **KEYED_DOOR,
        **_told("payment_method_validation_failed"),
    },
}  # fmt: skip
"""The faults of a creation, in groups that one scene can hold."""

ADD: dict[str, Faults] = {
    "method": {
        "payment_method_id_cannot_be_blank": (_body(id=""), _body(id=ABSENT)),
        "payment_methods_cannot_be_null": (_raw(b"null"), _raw(b" null ")),
        "payment_methods_required": (_raw(b"{}"), _raw(b"{ }")),
        "payment_method_token_or_card_id_required": (_body(token=ABSENT), _body(token=None)),
        "validation_error": (_body(id="barter"), _body(type="cheque"), _body(default_method=1), _member(token=SHORT), *KEYS),
        "payload_failed": (_raw(b'{"id": "visa"'), _raw(b'"visa"')),
        "invalid_site_id_for_fintoc": (_body(id="fintoc"), _body(id="fintoc", token=ABSENT, type=ABSENT)),
        "payment_method_not_approved": (
            _member(token=_token(holder="OTHE")),
            _member(token=ABSENT, card_id=lambda stand: stand.seller.save_card(stand.customer, holder="SECU")),
        ),
    },
    "profile": {
        "more_than_two_payment_methods_not_allowed": (
            _path(payment_profile_id=_full(id="master")), _path(payment_profile_id=_full(type="debit_card")),
        ),
        "two_cards_with_token_not_allowed": (
            _path(payment_profile_id=_with_token()), _path(payment_profile_id=_with_token(card_number=MASTERCARD)),
        ),
        "duplicate_payment_method_not_allowed": (_member(token=ABSENT, card_id=lambda stand: stand.card), _token_again),
        "profile_modification_not_allowed": (_cancelled(emptied=False), _cancelled(emptied=True)),
    },
    "world": {**OTHERS, **KEYED_DOOR, **_told("payment_method_validation_failed")},
}  # fmt: skip

DELETE: Faults = {
    "validation_error": KEYS,
    "profile_modification_not_allowed": (_cancelled(emptied=False), _cancelled(emptied=True)),
    "customer_id_mismatch": OTHERS["customer_id_mismatch"],
    "resource_not_found": (*OTHERS["resource_not_found"], _path(payment_method_id=NO_METHOD), _path(payment_method_id=_deleted)),
    **KEYED_DOOR,
}
CANCEL: Faults = {
    "validation_error": KEYS,
    "profile_modification_not_allowed": (_cancelled(emptied=False), _cancelled(emptied=True)),
    **OTHERS,
    **KEYED_DOOR,
}
LIST: Faults = {
    "validation_error": (_query(limit="0"), _query(limit="101"), _query(limit="many"), _query(offset="-1"), _query(status="GONE")),
    "resource_not_found": (_path(customer_id=NOBODY), _path(customer_id="nobody")),
    **READ_DOOR,
}

TABLE: dict[str, dict[str, Faults]] = {
    "createPaymentProfile": CREATE,
    "addProfileMethod": ADD,
    "deleteProfileMethod": {"all": DELETE},
    "cancelPaymentProfile": {"all": CANCEL},
    "getPaymentProfile": {"all": {**OTHERS, **READ_DOOR}},
    "listPaymentProfiles": {"all": LIST},
}
"""By operation and group the requests that cause each code."""


def _stand(seller: Seller, sales: Sales, operation: str, customer: str, card: int) -> Stand:
    """Prepare a request that must be accepted: for a new profile, or about one with the saved card."""
    parts: Parts = {"path": {"customer_id": customer}}
    if operation == "createPaymentProfile":
        parts["body"] = sales.profile(sales.by_token(seller.token()), sales.by_card(card, id="master", default_method=True))
    elif operation != "listPaymentProfiles":
        profile = seller.create(customer, sales.by_card(card))
        parts["path"] |= {"payment_profile_id": profile.id}
        if operation == "deleteProfileMethod":
            parts["path"] |= {"payment_method_id": next(iter(profile.methods))}
        if operation == "addProfileMethod":
            parts["body"] = sales.by_token(seller.token())
    return Stand(seller, sales, operation, customer, card, parts)


def _entries(answer: Answer) -> list[dict[str, Any]]:
    """Give the errors of an answer, in whichever of the vendor's envelopes they are."""
    body = answer.body
    assert isinstance(body, dict)
    entries = body.get("errors") or body.get("cause") or [{"code": body.get("error")}]
    return [dict(entry) for entry in entries]


def _groups() -> list[Any]:
    return [
        pytest.param(operation, group, marks=pytest.mark.operation(operation), id=f"{operation}-{group}")
        for operation, groups in TABLE.items()
        for group in groups
    ]


@pytest.mark.every_case
@pytest.mark.parametrize(("operation", "group"), _groups())
def test_code(seller: Seller, sales: Sales, operation: str, group: str) -> None:
    """A request has one thing wrong with it, each time another.

    Expect the documented code for each and no other, details where the page promises them, and that nothing changes.
    """
    # As it stands, the request is accepted
    customer = seller.register()
    card = seller.save_card(customer)
    first = _stand(seller, sales, operation, customer, card).send(accepted=True)
    assert 200 <= first.status < 300

    # With one fault each time, it is refused, and nothing has changed
    stand = _stand(seller, sales, operation, customer, card)
    reference = seller.apis.session.target.mock
    for code, faults in TABLE[operation][group].items():
        if code in CREDENTIALS and not reference:
            continue
        ways = [fault(stand) for fault in faults]
        before = stand.seen()
        for number, parts in enumerate(ways):
            answer = stand.send(parts)
            assert 400 <= answer.status < 600
            if reference:
                told = _entries(answer)
                assert (answer.status, [entry["code"] for entry in told]) == (STATUSES.get(code, 400), [code]), f"{code}, way {number}"
                assert code not in PROMISED or all(entry["details"] for entry in told), f"{code}, way {number}"
        assert stand.seen() == before, code

    # Without the faults, it is accepted
    assert stand.send(accepted=True).status == first.status


def test_codes_are_complete(seller: Seller) -> None:
    """Look for every error code of every operation in the spec.

    Expect each to have its requests, two where a request can cause it at all, or a reason in the contract why it has none;
    and no request for a code that the spec does not know.
    """
    contract = seller.api.session.kit.contracts["mercadopago-profiles"]
    known: dict[str, set[str]] = {operation: set() for operation in TABLE}
    for outcome in outcomes(contract):
        if outcome.member == "/errors/*/code":
            known[outcome.operation].add(outcome.value)
    excused = {
        (operation, code)
        for excuse in contract.outcomes
        if excuse.get("member") == "/errors/*/code"
        for operation in ([excuse["operation"]] if isinstance(excuse["operation"], str) else excuse["operation"])
        for code in excuse["values"]
        if code not in CREDENTIALS
    }

    # Operation by operation: what is known, and what is caused or cannot be
    for operation, groups in TABLE.items():
        caused = [code for faults in groups.values() for code in faults]
        assert len(set(caused)) == len(caused)
        assert set(caused) == {code for code in known[operation] if (operation, code) not in excused}, operation

    # Every code of the page about the creation is caused somewhere
    everywhere = {code for groups in TABLE.values() for faults in groups.values() for code in faults}
    assert known["createPaymentProfile"] <= everywhere

    # Each in two ways at least, but for test credentials, and for the one header that a read has
    for operation, groups in TABLE.items():
        reads = operation in {"getPaymentProfile", "listPaymentProfiles"}
        alone = {code for faults in groups.values() for code, ways in faults.items() if len(ways) < 2}
        assert alone == ({*CREDENTIALS} & {*known[operation]}) | ({"header_missing"} if reads else set()), operation
