"""The request bodies of payment profiles, as the source document and the reference shape them.

Each rule has an error code of its own, which a schema library does not give, so the rules are written out. They are
read in one go: what is wrong is collected by code, and no value out of the request is ever repeated.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from payproof.mock import mercadopago_assumed as assumed
from payproof.mock.mercadopago_errors import Denied, Problem, unreadable
from payproof.mock.refusal import Violation

_BRANDS = frozenset({*assumed.CARD_BRANDS, assumed.FINTOC})
_TYPES = ("credit_card", "debit_card", "prepaid_card")
_SEQUENCES = ("AUTO", "MANUAL")
_FEWEST, _MOST = assumed.TOKEN_LENGTHS


class Liar(Protocol):
    """Whoever knows which lies are told."""

    def lies(self, fault: str) -> bool:
        """Tell whether the lie of that name is told."""


@dataclass(frozen=True, slots=True)
class NewMethod:
    """A payment method that a request brings; ``default`` is None where it does not say."""

    brand: str
    type: str | None
    token: str | None
    card_id: int | None
    default: bool | None


@dataclass(frozen=True, slots=True)
class NewProfile:
    """A payment profile that a request brings; ``members`` are its own, as sent."""

    members: dict[str, Any]
    methods: tuple[NewMethod, ...]


class Problems:
    """What is wrong with a body: places by error code, in the order in which they were found."""

    def __init__(self) -> None:
        self._found: dict[str, list[str]] = {}

    def add(self, code: str, detail: str) -> None:
        """Note a place."""
        self._found.setdefault(code, []).append(detail)

    def demand_none(self) -> None:
        """Raise ``Denied`` with all that was noted, if anything was."""
        if self._found:
            raise Denied(400, *(Problem(code, tuple(details)) for code, details in self._found.items()))


def broken_text(text: str) -> bool:
    """Tell whether a text has characters that hardly any data store keeps: U+0000 and halves of surrogate pairs."""
    return "\0" in text or (not text.isascii() and any("\ud800" <= each <= "\udfff" for each in text))


def json_object(body: object) -> Mapping[str, Any]:
    """Demand that a body is a JSON object; raises ``Denied``."""
    if not isinstance(body, dict):
        raise unreadable([Violation("body", "must be a JSON object")])
    return body


def create_profile(body: object, liar: Liar) -> NewProfile:
    """Check the body of a create; raises ``Denied``. Source: source document, reference for limits."""
    sent = json_object(body)
    problems = Problems()
    members = _own(sent, problems, liar)
    methods = _methods(sent, problems, liar)
    problems.demand_none()
    return NewProfile(members, methods)


def add_method(body: object, liar: Liar) -> NewMethod:
    """Check the body of an add, which is one method; raises ``Denied``. Source: reference."""
    problems = Problems()
    if body is None:
        problems.add("payment_methods_cannot_be_null", "body must not be null")
    elif body == {}:
        problems.add("payment_methods_required", "body must hold a payment method")
    problems.demand_none()
    method = _method(json_object(body), "", problems, liar)
    problems.demand_none()
    return method


def _own(sent: Mapping[str, Any], problems: Problems, liar: Liar) -> dict[str, Any]:
    members: dict[str, Any] = {}
    if "description" in sent:
        members["description"] = _text(sent, "description", problems, liar)
    if "max_day_overdue" in sent:
        members["max_day_overdue"] = _days(sent["max_day_overdue"], problems, liar)
    if "statement_descriptor" in sent:
        members["statement_descriptor"] = _text(sent, "statement_descriptor", problems, liar)
    sequence = sent.get("sequence_control", "MANUAL" if liar.lies("mp-sequence-manual-by-default") else "AUTO")
    if sequence not in _SEQUENCES:
        problems.add("validation_error", f"sequence_control must be one of {', '.join(_SEQUENCES)}")
    members["sequence_control"] = "AUTO" if liar.lies("mp-sequence-always-auto") else sequence
    return members


def _text(sent: Mapping[str, Any], name: str, problems: Problems, liar: Liar) -> str:
    value = sent[name]
    if not isinstance(value, str):
        problems.add("validation_error", f"{name} must be a string")
        return ""
    if broken_text(value):
        problems.add("validation_error", f"{name} must be made of valid Unicode characters")
    elif _html(liar).search(value) and not liar.lies("mp-html-stored"):
        problems.add("html_insertion_not_allowed", f"{name} must not contain HTML tags")
    return value.strip() if liar.lies("mp-texts-trimmed") else value


def _html(liar: Liar) -> re.Pattern[str]:
    return re.compile(r"</?[a-z!][^<>]*>") if liar.lies("mp-upper-case-html-stored") else assumed.HTML


def _days(value: object, problems: Problems, liar: Liar) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        problems.add("validation_error", "max_day_overdue must be an integer")
        return 1
    lowest = 0 if liar.lies("mp-zero-days-accepted") else 1
    highest = 11 if liar.lies("mp-eleven-days-accepted") else 9 if liar.lies("mp-ten-days-refused") else 10
    if not lowest <= value <= highest:
        problems.add("max_day_overdue_out_of_range", "max_day_overdue must be between 1 and 10")
    return value


def _methods(sent: Mapping[str, Any], problems: Problems, liar: Liar) -> tuple[NewMethod, ...]:
    name = "payment_methods"
    listed = sent.get(name, [])
    if listed is None or (isinstance(listed, list) and None in listed):
        problems.add("payment_methods_cannot_be_null", f"{name} must not be null, and none of its items either")
    elif not isinstance(listed, list):
        problems.add("validation_error", f"{name} must be an array")
    elif not listed:
        problems.add("payment_methods_required", f"{name} must hold at least one payment method")
    elif len(listed) > 2:
        problems.add("more_than_two_payment_methods_not_allowed", f"{name} must hold at most two payment methods")
    elif not all(isinstance(each, dict) for each in listed):
        problems.add("validation_error", f"{name} must hold objects")
    else:
        methods = tuple(_method(each, f"{name}[{index}].", problems, liar) for index, each in enumerate(listed))
        _compare(methods, problems, liar)
        return methods
    return ()


def _compare(methods: tuple[NewMethod, ...], problems: Problems, liar: Liar) -> None:
    if sum(method.default is True for method in methods) > 1:
        problems.add("multiple_default_payment_methods_not_allowed", "payment_methods must have at most one default_method true")
    tokens = [method.token for method in methods if method.token is not None]
    cards = [method.card_id for method in methods if method.card_id is not None]
    if len(set(cards)) < len(cards) or len(set(tokens)) < len(tokens):
        problems.add(duplicate_code(liar), "payment_methods must not hold the same method twice")
    elif len(tokens) > 1 and not liar.lies("mp-two-tokens-accepted"):
        problems.add("two_cards_with_token_not_allowed", "payment_methods must hold at most one token")


def duplicate_code(liar: Liar) -> str:
    """Name the error of a duplicate, or another one as a lie."""
    return "validation_error" if liar.lies("mp-duplicate-as-validation-error") else "duplicate_payment_method_not_allowed"


def _method(sent: Mapping[str, Any], place: str, problems: Problems, liar: Liar) -> NewMethod:
    brand = _brand(sent.get("id"), place, problems)
    card = brand != assumed.FINTOC
    kind = sent.get("type")
    if (card or "type" in sent) and kind not in _TYPES:
        problems.add("validation_error", f"{place}type must be one of {', '.join(_TYPES)}")
    token, card_id = sent.get("token"), sent.get("card_id")
    if token is None and card_id is None:
        if card and not liar.lies("mp-neither-token-nor-card"):
            problems.add("payment_method_token_or_card_id_required", f"{place}token or {place}card_id is required")
    else:
        _identities(sent, place, problems)
    default = sent.get("default_method")
    if "default_method" in sent and not isinstance(default, bool):
        problems.add("validation_error", f"{place}default_method must be a boolean")
    return NewMethod(
        brand=brand,
        type=kind if kind in _TYPES else None,
        token=token if isinstance(token, str) else None,
        card_id=card_id if isinstance(card_id, int) else None,
        default=default if isinstance(default, bool) else None,
    )


def _brand(value: object, place: str, problems: Problems) -> str:
    if value is None or (isinstance(value, str) and not value.strip()):
        problems.add("payment_method_id_cannot_be_blank", f"{place}id must not be blank")
    elif not isinstance(value, str):
        problems.add("validation_error", f"{place}id must be a string")
    elif value not in _BRANDS:
        problems.add("validation_error", f"{place}id must be a known payment method")
    else:
        return value
    return ""


def _identities(sent: Mapping[str, Any], place: str, problems: Problems) -> None:
    if "token" in sent:
        token = sent["token"]
        if not isinstance(token, str):
            problems.add("validation_error", f"{place}token must be a string")
        elif not _FEWEST <= len(token) <= _MOST:
            problems.add("validation_error", f"{place}token must have {_FEWEST} to {_MOST} characters")
        elif broken_text(token):
            problems.add("validation_error", f"{place}token must be made of valid Unicode characters")
    if "card_id" in sent:
        card_id = sent["card_id"]
        if not isinstance(card_id, int) or isinstance(card_id, bool):
            problems.add("validation_error", f"{place}card_id must be an integer")
        elif not 0 <= card_id <= assumed.LARGEST_LONG:
            problems.add("validation_error", f"{place}card_id must be an integer of 64 bits that is not negative")
