"""Customers of one tenant of Mercado Pago, their cards, and the card tokens that become cards. No HTTP in here."""

import math
import string
from collections import Counter
from collections.abc import Mapping
from typing import Any

from payproof.mock import mercadopago_assumed as assumed
from payproof.mock.clock import Clock, timestamp
from payproof.mock.ids import Ids
from payproof.mock.mercadopago_errors import Denied, Problem, denied, not_found
from payproof.mock.mercadopago_models import Liar, Problems, broken_text
from payproof.mock.mercadopago_records import Card, CardToken, Customer, Json, NewCard

_TEXTS = (("first_name", "107"), ("last_name", "108"), ("description", "116"))
_INNER = (("phone", "area_code", "109"), ("phone", "number", "110"), ("identification", "type", "111"), ("identification", "number", "112"))
_OBJECTS = (("phone", "109"), ("identification", "111"), ("address", "113"), ("metadata", "117"))
_SHOWN = ("email", "first_name", "last_name", "phone", "identification", "address", "description", "metadata")


class Customers:
    """The customers of one tenant. ``directory`` and ``card_ids`` are shared by all tenants: ids are unique across them."""

    def __init__(
        self, *, clock: Clock, ids: Ids, effects: Counter[str], directory: dict[str, Customer], card_ids: set[int], liar: Liar
    ) -> None:
        self._clock = clock
        self._ids = ids
        self._effects = effects
        self._directory = directory
        self._card_ids = card_ids
        self._liar = liar
        self._customers: dict[str, Customer] = {}
        self._by_email: dict[str, Customer] = {}
        self._tokens: dict[str, CardToken] = {}
        self._account = int("2" + ids.digits(8))

    def forget(self) -> None:
        """Give everything up."""
        for customer_id, customer in self._customers.items():
            self._directory.pop(customer_id, None)
            self._card_ids.difference_update(customer.cards)
        self._customers.clear()
        self._by_email.clear()
        self._tokens.clear()

    def create(self, body: object) -> Json:
        """Create a customer; raises ``Denied``."""
        members = _customer(body)
        email = members["email"].lower()
        if email in self._by_email:
            raise denied("101", "email belongs to a customer already")
        now = self._clock.milliseconds()
        customer = Customer(self._customer_id(), members, now, now)
        self._customers[customer.customer_id] = self._directory[customer.customer_id] = customer
        self._by_email[email] = customer
        self._effects["customers created"] += 1
        return customer.show()

    def get(self, customer_id: str) -> Customer:
        """Find a customer; raises ``Denied``."""
        known = self._directory if self._liar.lies("mp-other-tenant-visible") else self._customers
        customer = known.get(customer_id)
        if customer is None:
            raise not_found("customer")
        return customer

    def search(self, *, email: str | None, limit: int, offset: int) -> Json:
        """List the customers, or the one with an e-mail address, in the order in which they came."""
        if email is None:
            found = list(self._customers.values())
        else:
            customer = self._by_email.get(email.lower())
            found = [] if customer is None else [customer]
        page = found[offset : offset + limit]
        paging = {"total": len(found), "limit": limit, "offset": offset}
        return {"paging": paging, "results": [customer.show() for customer in page]}

    def tokenize(self, body: object) -> Json:
        """Make a token of a card; raises ``Denied``."""
        card = _new_card(body, self._liar)
        token = CardToken(self._ids.uuid().replace("-", ""), card, self._clock.milliseconds())
        self._tokens[token.token_id] = token
        self._effects["card tokens created"] += 1
        return token.show()

    def token(self, token_id: str) -> CardToken | None:
        """Find a card token that was not used yet."""
        token = self._tokens.get(token_id)
        return None if token is None or token.used else token

    def save_card(self, customer_id: str, body: object) -> Json:
        """Save the card of a token; raises ``Denied``."""
        customer = self.get(customer_id)
        token_id = _object(body).get("token")
        if token_id is None:
            raise denied("119", "token is required")
        if not isinstance(token_id, str):
            raise denied("121", "token must be a string")
        token = self.token(token_id)
        if token is None:
            raise denied("120", "token must be a card token that was not used yet")
        card = self.keep(customer, token)
        return card.view

    def keep(self, customer: Customer, token: CardToken) -> Card:
        """Use a token up: its card becomes one of the customer's."""
        token.used = True
        now = self._clock.milliseconds()
        card = self._card(customer, token.card, now)
        customer.cards[card.card_id] = card
        customer.updated = max(now, customer.updated + 1)
        self._effects["cards saved"] += 1
        return card

    def _customer_id(self) -> str:
        # A letter in front of the rest keeps the example's shape: digits, a hyphen, letters and digits
        while True:
            tail = self._ids.uuid().replace("-", "")[:15]
            customer_id = f"{self._account}-{string.ascii_letters[int(tail[0], 16)]}{tail[1:]}"
            if self._liar.lies("mp-other-ids"):
                customer_id = f"0{int(tail, 16) % 10**9:09d}"
            if customer_id not in self._directory:
                return customer_id

    def _card(self, customer: Customer, card: NewCard, now: int) -> Card:
        while True:
            # No card issuer's numbers begin with 1, so that no id looks like a card number
            card_id = len(self._card_ids) + 10_000 if self._liar.lies("mp-other-ids") else int("1" + self._ids.digits(12))
            if card_id not in self._card_ids:
                break
        self._card_ids.add(card_id)
        view: Json = {
            "id": card_id,
            "customer_id": customer.customer_id,
            "expiration_month": card.month,
            "expiration_year": card.year,
            "first_six_digits": card.first_six,
            "last_four_digits": card.last_four,
            "payment_method": {
                "id": card.brand,
                "name": card.brand_name,
                "payment_type_id": assumed.CUSTOMER_PAYMENT_TYPE,
            },
            "security_code": {"length": card.code_length, "card_location": "back"},
            "issuer": {"id": 1, "name": card.brand_name},
            "cardholder": card.holder,
            "date_created": timestamp(now),
            "date_last_updated": timestamp(now),
            "user_id": self._account,
            "live_mode": False,
        }
        return Card(card_id, card.holder["name"], view)


def _object(body: object) -> Mapping[str, Any]:
    if not isinstance(body, dict):
        raise denied("118", "body must be a JSON object")
    return body


def _can_be_written(value: object) -> bool:
    # What is echoed as it was sent must be possible to write, however deep it sits
    waiting = [(value, assumed.DEEPEST_OBJECT)]
    while waiting:
        each, room = waiting.pop()
        if isinstance(each, str) and broken_text(each):
            return False
        if isinstance(each, float) and not math.isfinite(each):
            return False
        inner = [*each, *each.values()] if isinstance(each, dict) else each if isinstance(each, list) else []
        if inner and not room:
            return False
        waiting += [(one, room - 1) for one in inner]
    return True


def _customer(body: object) -> Json:
    sent = _object(body)
    problems = Problems()
    email = sent.get("email")
    if not isinstance(email, str) or not assumed.EMAIL.fullmatch(email) or broken_text(email):
        problems.add("106", "email must be an e-mail address")
    for name, code in _TEXTS:
        if name in sent and not _is_text(sent[name]):
            problems.add(code, f"{name} must be a string of valid Unicode characters")
    for name, code in _OBJECTS:
        if name in sent and (not isinstance(sent[name], dict) or not _can_be_written(sent[name])):
            problems.add(code, f"{name} must be an object with valid values")
    for name, inner, code in _INNER:
        if isinstance(sent.get(name), dict) and not _is_text(sent[name].get(inner, "")):
            problems.add(code, f"{name}.{inner} must be a string of valid Unicode characters")
    problems.demand_none()
    return {name: sent[name] for name in _SHOWN if name in sent}


def _is_text(value: object) -> bool:
    return isinstance(value, str) and not broken_text(value)


def _new_card(body: object, liar: Liar) -> NewCard:
    sent = _object(body)
    places: list[str] = []
    number, code = sent.get("card_number"), sent.get("security_code")
    month, year = sent.get("expiration_month"), sent.get("expiration_year")
    holder = sent.get("cardholder")
    if not isinstance(number, str) or not assumed.CARD_NUMBER.fullmatch(number):
        quoted = f" and not {number}" if liar.lies("mp-number-in-error") else ""
        places.append(f"card_number must be a string of 13 to 19 digits{quoted}")
    if not isinstance(month, int) or isinstance(month, bool) or not 1 <= month <= 12:
        places.append("expiration_month must be an integer between 1 and 12")
    if not isinstance(year, int) or isinstance(year, bool) or not 2000 <= year <= 2099:
        places.append("expiration_year must be an integer between 2000 and 2099")
    if not isinstance(code, str) or not assumed.SECURITY_CODE.fullmatch(code):
        places.append("security_code must be a string of 3 or 4 digits")
    if not isinstance(holder, dict):
        places.append("cardholder must be an object")
        holder = {}
    name, identification = holder.get("name"), holder.get("identification")
    if not isinstance(name, str) or not name.strip() or broken_text(name):
        places.append("cardholder.name must be a string that is not blank")
    if "identification" in holder and (not isinstance(identification, dict) or not _can_be_written(identification)):
        places.append("cardholder.identification must be an object with valid values")
    shown_as = identification if isinstance(identification, dict) else {}
    places += [
        f"cardholder.identification.{inner} must be a string of valid Unicode characters"
        for inner in ("type", "number")
        if not _is_text(shown_as.get(inner, ""))
    ]
    if places:
        raise Denied(400, *(Problem("122", (place,)) for place in places))
    shown = {"name": name} if identification is None else {"name": name, "identification": identification}
    brand, brand_name = next(((b, n) for p, b, n in assumed.BRANDS_BY_PREFIX if p.match(str(number))), ("visa", "Visa"))
    return NewCard(str(number)[:6], str(number)[-4:], month or 1, year or 0, len(str(code)), brand, brand_name, shown)
