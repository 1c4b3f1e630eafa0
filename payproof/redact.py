"""What never reaches a disk, a log or a terminal: card numbers, security codes, tokens and secrets.

By value where a value is recognisable, by the name of its member where three digits by value would destroy the
evidence. What is hidden leaves a marker, which shape clauses read as unknown, so that a redacted journal can be
judged again. Markers of one value are equal within a run (a keyed digest, whose key is never written), so that a token
handed out twice still shows. Idempotency keys, request and correlation ids stay readable.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from typing import TYPE_CHECKING, Any

from payproof.expression import luhn

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from payproof.exchange import Headers

MARK = "[redacted:"
"""How every marker begins."""

_RUN = re.compile(r"(?<![0-9A-Za-z_.:+-])[0-9](?:[ -]?[0-9]){11,18}(?![0-9A-Za-z_:-])")
_SHORTEST = b"0" * 12
_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]{8,}")
_PIECE = re.compile(r"[^=/]{8,}")
_HIDDEN_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie"})

_ISSUERS = re.compile(
    r"4(?:[0-9]{12}|[0-9]{15}|[0-9]{18})"  # Visa
    r"|(?:5[1-5][0-9]{2}|222[1-9]|22[3-9][0-9]|2[3-6][0-9]{2}|27[01][0-9]|2720)[0-9]{12}"  # Mastercard
    r"|3[47][0-9]{13}"  # American Express
    r"|(?:6011|64[4-9][0-9]|65[0-9]{2})[0-9]{12,15}"  # Discover
    r"|(?:36|38|39|30[0-5])[0-9]{11,17}"  # Diners Club
    r"|35(?:2[89]|[3-8][0-9])[0-9]{12,15}"  # JCB
    r"|62[0-9]{14,17}"  # UnionPay
    r"|(?:50|5[6-9]|6[0-9])[0-9]{10,17}"  # Maestro
)
"""Issuer ranges and lengths of ISO/IEC 7812 as the schemes publish them."""


def _may_hold_number(text: str) -> bool:
    """Say whether twelve digits in a row, blanks and hyphens aside, stand anywhere outside of a longer word.

    A filter that costs a tenth of the regular expression, which then has the last word.
    """
    raw = text.encode("utf-8", "replace")
    runs = raw.translate(_RUNS)
    at = runs.find(_SHORTEST)
    while at >= 0:
        end = at + 12
        while end < len(runs) and runs[end] == _ZERO:
            end += 1
        run = raw[at:end]
        if not raw[at - 1 : at].isalpha() or not run.isdigit():
            return True
        at = runs.find(_SHORTEST, end)
    return False


_RUNS = bytes.maketrans(b"0123456789 -", b"0" * 12)
_ZERO = ord("0")


def is_card_number(digits: str) -> bool:
    """Say whether digits are a card number by issuer range, length and check digit."""
    return _ISSUERS.fullmatch(digits) is not None and luhn(digits)


class Redactor:
    """Knows what must not be written, and writes markers in its place.

    `sensitive` maps member names to their kind (pan, cvv, secret, account). Values are learned as the run meets them.
    """

    def __init__(self, sensitive: Mapping[str, str], *, exempt: Iterable[str] = (), key: bytes | None = None) -> None:
        """Take the sensitive member names of all specs, and values that only look like card numbers (merchant ids).

        `key` is what the workers of one run share; left out, it is drawn.
        """
        self._key = key or secrets.token_bytes(32)
        self._kinds = dict(sensitive)
        self._pans: set[str] = set()
        self._secrets: set[str] = set()
        self._exempt = set(exempt)
        self._volunteered: set[str] = set()
        names = "|".join(sorted(map(re.escape, self._kinds), key=len, reverse=True)) or "(?!)"
        self._member = re.compile(rf'"({names})"(\s*:\s*)("(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*)')
        self._field = re.compile(rf"(^|[&?])({names})=([^&\s]*)")

    def learn_card(self, number: str) -> None:
        """Hide this card number from now on, whether or not it looks like one."""
        self._pans.add(number)

    def learn_secret(self, value: str) -> None:
        """Hide this token or secret from now on."""
        if len(value) >= 8:
            self._secrets.add(value)

    def exempt(self, value: str) -> None:
        """Never take this value for a card number: an id that the vendor assigned."""
        self._exempt.add(value)

    def learn(self, body: Any, *, sent: bool = False) -> None:
        """Learn the values of sensitive members of a parsed body; `sent` says that a caller wrote it.

        A number that a caller writes where no card number belongs (a name, a note) looks like one and is hidden like
        one, but a server that shows that text again has not leaked a card.
        """
        if isinstance(body, dict):
            for name, value in body.items():
                kind = self._kinds.get(name)
                if kind is not None and isinstance(value, str):
                    if kind in {"pan", "account"} and value.isdigit() and len(value) >= 12:
                        self.learn_card(value)
                    elif kind == "secret":
                        self.learn_secret(value)
                else:
                    self.learn(value, sent=sent)
        elif isinstance(body, list):
            for item in body:
                self.learn(item, sent=sent)
        elif sent and isinstance(body, str) and len(body) >= 12:
            self._volunteered.update(self.card_numbers(body))

    def leaked(self, text: str) -> list[str]:
        """Find the card numbers in an answer, those aside that a caller wrote into members that are shown again."""
        return [number for number in self.card_numbers(text) if number in self._pans or number not in self._volunteered]

    def card_numbers(self, text: str) -> list[str]:
        """Find the full card numbers in a text, each once, in order; grouped digits count too."""
        if not _may_hold_number(text):
            return []
        found: dict[str, None] = {}
        for match in _RUN.finditer(text):
            digits = re.sub("[ -]", "", match.group())
            if self._hides(digits):
                found[digits] = None
        return list(found)

    def _hides(self, digits: str) -> bool:
        return digits in self._pans or (digits not in self._exempt and is_card_number(digits))

    def text(self, text: str) -> str:
        """Write markers over everything that must not be seen in a text: a body, a URL, a message."""
        text = self._member.sub(self._hide_member, text)
        text = self._field.sub(self._hide_field, text)
        if _may_hold_number(text):
            text = _RUN.sub(self._hide_run, text)
        if self._secrets:
            text = _TOKEN.sub(self._hide_token, text)
        return text

    def headers(self, headers: Headers) -> list[list[str]]:
        """Give headers as they may be written; of credentials only the scheme stays."""
        shown = []
        for name, value in headers:
            if name.lower() in _HIDDEN_HEADERS:
                scheme, blank, rest = value.partition(" ")
                hidden = self._marker("secret", rest or value)
                shown.append([name, f"{scheme} {hidden}" if blank and rest else str(hidden)])
            else:
                shown.append([name, self.text(value)])
        return shown

    def _marker(self, kind: str, value: str) -> str | None:
        if kind == "cvv":
            return f"{MARK}cvv]"
        tag = hmac.new(self._key, value.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:10]
        if kind in {"pan", "account"} and value.isdigit() and len(value) >= 12:
            return f"{MARK}pan:{value[-4:]}:{tag}]"
        if kind == "pan" or (kind == "account" and sum(map(str.isdigit, value)) < 4):
            return None  # a value that is no number at all is evidence, not a secret
        return f"{MARK}{kind}:{tag}]"

    def _hide_member(self, match: re.Match[str]) -> str:
        name, colon, value = match.groups()
        plain = value[1:-1] if value.startswith('"') else value
        marker = self._marker(self._kinds[name], plain) if plain and MARK not in plain else None
        return match.group() if marker is None else f'"{name}"{colon}"{marker}"'

    def _hide_field(self, match: re.Match[str]) -> str:
        before, name, value = match.groups()
        marker = self._marker(self._kinds[name], value) if value and MARK not in value else None
        return match.group() if marker is None else f"{before}{name}={marker}"

    def _hide_run(self, match: re.Match[str]) -> str:
        digits = re.sub("[ -]", "", match.group())
        return self._marker("pan", digits) or match.group() if self._hides(digits) else match.group()

    def _hide_token(self, match: re.Match[str]) -> str:
        word = match.group()
        if word in self._secrets:
            return str(self._marker("secret", word))
        # A secret may be the value of a form's field or a segment of a path; base64 has both signs in it.
        name, sign, value = word.partition("=")
        if value in self._secrets:
            return f"{name}{sign}{self._marker('secret', value)}"
        if sign or "/" in word:
            return _PIECE.sub(lambda piece: str(self._marker("secret", piece[0])) if piece[0] in self._secrets else piece[0], word)
        return word
