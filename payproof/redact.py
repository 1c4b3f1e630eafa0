"""What never reaches a disk, a log or a terminal: card numbers, security codes, tokens and secrets.

By value where a value is recognisable, by the name of its member where three digits by value would destroy the
evidence. What is hidden leaves a marker, which shape clauses read as unknown, so that a redacted journal can be
judged again. Markers of one value are equal within a run (a keyed digest, whose key is never written), so that a token
handed out twice still shows. Idempotency keys, request and correlation ids stay readable.
"""

from __future__ import annotations

import base64
import binascii
import copy
import hashlib
import hmac
import re
import secrets
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from payproof.pan import SPACED, bare, is_card_number, may_be_spaced, may_hold_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from payproof.exchange import Exchange, Headers

MARK = "[redacted:"
"""How every marker begins."""
_MARK = MARK.encode()
HIDDEN_CODE = f"{MARK}cvv]"
"""What stands in the place of a card security code: the same for all, since a digest of three digits hides nothing."""

_RUN = re.compile(r"(?<![0-9A-Za-z_.-])(?<!^\+)(?<![^0-9A-Za-z]\+)[0-9](?:[ -]?[0-9]){11,}(?!-?[0-9A-Za-z_])")
"""Digits that stand alone, one blank or hyphen between them allowed; a plus before them makes them a phone number."""
_JSON_NUMBER = re.compile(r'"(?:[^"\\]|\\.)*"|(?<![0-9.eE+-])([0-9]{12,19})(?:\.[0-9]+)?(?![0-9.eE])')
_DIGITS = re.compile(r"(?<![0-9])[0-9]{12,19}(?![0-9])")
_CUT = re.compile(r"(?P<start>[A-Za-z0-9._~+/=-]{5,}?)?\.\.\.(?P<end>[A-Za-z0-9_~+/=-]{5,})?")
"""Where pytest shortens what it shows: the rest of a secret may stand on either side."""
_LAYOUTS = frozenset({(4, 4, 4, 4), (4, 4, 4, 4, 3), (4, 6, 5), (4, 6, 4)})
"""How card numbers are grouped where other digits stand beside them."""
_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]{8,}")
_ESCAPE = re.compile(r"\\(?:u00([2-7][0-9a-fA-F])|.)", re.DOTALL)
_SCHEMES = frozenset({"authorization", "proxy-authorization"})
_HIDDEN_HEADERS = _SCHEMES | {"cookie", "set-cookie"}

def _plain(text: str) -> str:
    """Write what JSON lets one escape and does not make one escape as it is, so that names and values are recognised."""

    def sign(match: re.Match[str]) -> str:
        meant = chr(int(match[1], 16)) if match[1] else "/" if match[0] == "\\/" else ""
        return meant if meant and meant not in '"\\\x7f' else match[0]

    return _ESCAPE.sub(sign, text) if "\\" in text and text.lstrip()[:1] in {"{", "[", '"'} else text


def marked(exchange: Exchange) -> bool:
    """Say whether an exchange comes from where something was hidden."""
    bodies = exchange.request.body, exchange.response.body if exchange.response is not None else b""
    return any(_MARK in body for body in bodies) or any(MARK in value for _, value in exchange.request.headers)


class Redactor:
    """Knows what must not be written, and writes markers in its place.

    `sensitive` maps member names to their kind (pan, cvv, secret, account). Values are learned as the run meets them.
    A member of kind id is none of these: digits in it that only look like a card number are no card number anywhere.
    """

    def __init__(self, sensitive: Mapping[str, str], *, exempt: Iterable[str] = (), key: bytes | None = None) -> None:
        """Take the sensitive member names of all specs, and values that only look like card numbers (merchant ids).

        `key` is what the workers of one run share; left out, it is drawn.
        """
        self._key = key or secrets.token_bytes(32)
        self._kinds = {name: kind for name, kind in sensitive.items() if kind != "id"}
        self._ids = sensitive.keys() - self._kinds.keys()
        self._pans: set[str] = set()
        self._secrets: set[str] = set()
        self._lengths: set[int] = set()
        self._odd: set[str] = set()
        self._exempt = set(exempt)
        self._volunteered: set[str] = set()
        names = "|".join(sorted(map(re.escape, self._kinds), key=len, reverse=True)) or "(?!)"
        self._member = re.compile(rf'"({names})"(\s*:\s*)("(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*|\[[^\[\]{{}}]*\])')
        self._told = re.compile(rf"""(\\*["'])({names})(\\*["']\s*:\s*\\*["']?)([^"'\\,}}\s]+)""")
        self._field = re.compile(rf"(^|[&?])({names})=([^&\s]*)")

    @property
    def kinds(self) -> Mapping[str, str]:
        """The members whose values are hidden, each with its kind."""
        return self._kinds

    def copy(self) -> Redactor:
        """Give a redactor that hides the same in the same way, and learns by itself from now on."""
        other = copy.copy(self)
        for name in ("_pans", "_secrets", "_lengths", "_odd", "_exempt", "_volunteered"):
            setattr(other, name, set(getattr(self, name)))
        return other

    def known(self) -> tuple[list[str], list[str]]:
        """Give the card numbers and the secrets that were met so far: for whoever looks whether one of them was written."""
        return sorted(self._pans), sorted(self._secrets | self._odd)

    def learn_card(self, number: str) -> None:
        """Hide this card number from now on, whether or not it looks like one."""
        self._pans.add(number)

    def learn_secret(self, value: str) -> None:
        """Hide this token or secret from now on."""
        if len(value) >= 8 and _TOKEN.fullmatch(value):
            self._secrets.add(value)
            self._lengths.add(len(value))
        elif len(value) >= 8:
            self._odd.add(value)

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
                if name in self._ids and isinstance(value, str):
                    # What a caller made up is not the vendor's, even if an id of the vendor's is the same.
                    found = set(self.card_numbers(value)) - self._pans - self._volunteered
                    (self._volunteered if sent else self._exempt).update(found)
                    continue
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
        found: dict[str, None] = {}
        text = _plain(text)
        if may_be_spaced(text):
            found.update(dict.fromkeys(digits for match in SPACED.finditer(text) if self._hides(digits := bare(match.group()))))
        if not may_hold_number(text, self._pans):
            return list(found)
        for match in _RUN.finditer(text):
            found.update(dict.fromkeys(digits for _, _, digits in self._numbers(match.group())))
        found.update(dict.fromkeys(digits for digits in _DIGITS.findall(text) if digits in self._pans))
        return list(found)

    def _hides(self, digits: str) -> bool:
        return digits in self._pans or (digits not in self._exempt and is_card_number(digits))

    def _numbers(self, run: str) -> Iterator[tuple[int, int, str]]:
        """Give the card numbers in a run of digits and separators, with where they begin and end.

        The whole run may be one; or some of its groups are, with an expiry or a date beside them.
        """
        whole = run.replace(" ", "").replace("-", "")
        if len(whole) <= 19 and self._hides(whole):
            yield 0, len(run), whole
            return
        groups = [(group.start(), group.end()) for group in re.finditer("[0-9]+", run)]
        first = 0
        while first < len(groups):
            digits, number, after = "", "", first + 1
            for last in range(first, len(groups)):
                digits += run[slice(*groups[last])]
                if len(digits) > 19:
                    break
                layout = tuple(end - start for start, end in groups[first : last + 1])
                if digits in self._pans or ((len(layout) == 1 or layout in _LAYOUTS) and self._hides(digits)):
                    number, after = digits, last + 1
            if number:
                yield groups[first][0], groups[after - 1][1], number
            first = after

    def text(self, text: str) -> str:
        """Write markers over everything that must not be seen in a text: a body, a URL, a message.

        JSON in which something is hidden loses the escapes that it need not have.
        """
        plain = _plain(text)
        hidden = self._hidden(plain)
        return text if hidden == plain else hidden

    def _hidden(self, text: str) -> str:
        text = self._member.sub(self._hide_member, text)
        text = self._field.sub(self._hide_field, text)
        if may_be_spaced(text):
            text = SPACED.sub(self._hide_spaced, text)
        if may_hold_number(text, self._pans):
            if text.lstrip()[:1] in {"{", "["}:
                text = _JSON_NUMBER.sub(self._hide_json_number, text)
            text = _RUN.sub(self._hide_run, text)
            text = _DIGITS.sub(self._hide_known, text)
        if "%" in text or "+" in text:
            text = self._hide_encoded(text)
        if _CODED_DIGITS.search(text):
            text = _CODED.sub(self._hide_coded, text)
        if self._secrets:
            text = _TOKEN.sub(self._hide_token, text)
        for secret in self._odd:
            text = text.replace(secret, str(self._marker("secret", secret)))
        return text

    def prose(self, text: str) -> str:
        """Hide what must not be seen in a text about bodies: a traceback shows members as Python writes them, or escaped."""
        return self.text(_CUT.sub(self._hide_cut, self._told.sub(self._hide_told, text)))

    def _hide_cut(self, match: re.Match[str]) -> str:
        end, start = match.group("end") or "", match.group("start") or ""
        known = (*self._pans, *self._secrets)
        rest = (end and any(value.endswith(end) for value in known)) or (start and any(value.startswith(start) for value in known))
        return "..." if rest else match.group()

    def _hide_told(self, match: re.Match[str]) -> str:
        before, name, between, value = match.groups()
        marker = self._marker(self._kinds[name], value) if value and MARK not in value else None
        return match.group() if marker is None else f"{before}{name}{between}{marker}"

    def member(self, pointer: str, value: str) -> str:
        """Hide what must not be seen in a value, in its JSON text, of the member that a JSON pointer leads to."""
        names = [step for step in pointer.split("/") if step in self._kinds]
        if not names:
            return self.text(value)
        return self.text(f'"{names[-1]}":{value}').partition(":")[2]

    def headers(self, headers: Headers) -> list[list[str]]:
        """Give headers as they may be written; of credentials only the scheme stays."""
        shown = []
        for name, value in headers:
            if name.lower() in _HIDDEN_HEADERS:
                scheme, blank, rest = value.partition(" ") if name.lower() in _SCHEMES else ("", "", value)
                hidden = self._marker("secret", rest or value)
                shown.append([name, f"{self.text(scheme)} {hidden}" if blank and rest else str(hidden)])
            else:
                shown.append([name, self.text(value)])
        return shown

    def _marker(self, kind: str, value: str) -> str | None:
        if kind == "cvv":
            return HIDDEN_CODE
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
        run, at, parts = match.group(), 0, []
        for start, end, digits in self._numbers(run):
            parts += [run[at:start], str(self._marker("pan", digits))]
            at = end
        return "".join((*parts, run[at:]))

    def _hide_spaced(self, match: re.Match[str]) -> str:
        digits = bare(match.group())
        return str(self._marker("pan", digits)) if self._hides(digits) else match.group()

    def _hide_known(self, match: re.Match[str]) -> str:
        # A number that the run has met is hidden inside of longer words too.
        digits = match.group()
        return str(self._marker("pan", digits)) if digits in self._pans else digits

    def _hide_json_number(self, match: re.Match[str]) -> str:
        # Written as a text, so that the JSON around it can be read again.
        digits = match.group(1)
        return f'"{self._marker("pan", digits)}"' if digits and self._hides(digits) else match.group()

    def _hide_encoded(self, text: str) -> str:
        """Hide card numbers that show only once a URL or a form is decoded."""
        decoded = unquote(_ENCODED_BLANK.sub(" ", text))
        for digits in self.card_numbers(decoded):
            written = _ENCODED_GAP.join(f"(?:{digit}|%3{digit})" for digit in digits)
            text = re.sub(written, str(self._marker("pan", digits)), text)
        return text

    def _hide_coded(self, match: re.Match[str]) -> str:
        word = match.group().rstrip("=").replace("-", "+").replace("_", "/")
        try:
            decoded = base64.b64decode(word + "=" * (-len(word) % 4)).decode("latin-1")
        except binascii.Error:
            return match.group()
        numbers = self.card_numbers(decoded)
        return str(self._marker("pan", numbers[0])) if numbers else match.group()

    def _hide_token(self, match: re.Match[str]) -> str:
        word = match.group()
        if word in self._secrets:
            return str(self._marker("secret", word))
        for length in self._lengths:
            for at in range(len(word) - length + 1):
                piece = word[at : at + length]
                if piece in self._secrets:
                    rest = _TOKEN.sub(self._hide_token, word[at + length :])
                    return f"{word[:at]}{self._marker('secret', piece)}{rest}"
        return word


_CODED = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")
_CODED_DIGITS = re.compile("[MNO][DTjz][AEIMQUYcgk][w-z0-5]" * 3)
"""Nine ASCII digits in base64, wherever in the four characters they begin: only then is a word worth decoding."""

_ENCODED_GAP = r"(?:[ +.-]|%20|%09|%2[bBdDeE]|%[cC]2%[aA]0|%[eE]2%80%(?:87|89|[aA][fF]))?"
_ENCODED_BLANK = re.compile(r"(?<=[0-9A-Za-z])\+")
