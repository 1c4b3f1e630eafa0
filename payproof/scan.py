"""A last look at everything that was written, for a card number or a secret of this run that is in it after all.

A reading of its own, which shares nothing with the redactor: it knows the values that the run has met, and looks for
them in the bytes of a file, grouped, percent-encoded and in base64 too. What has a hit is withheld.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from payproof.pan import is_card_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_RUN = re.compile("[0-9](?:[ .\t\u00a0\u2007\u2009\u202f-]?[0-9]){11,}")
_GROUP = re.compile("[0-9]+")
_WORD = re.compile(r"[A-Za-z0-9._-]{8,}")
"""What is looked up: `=`, `/`, `+` and `~` stand between a secret and its neighbours, though a secret may have them, too."""
_CODED = re.compile("(?:[MNO][DTjz][AEIMQUYcgk][w-z0-5]){3}")
"""Nine digits in base64: three bytes of 0x30 to 0x39 are one group of four such letters."""
_BASE64 = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_")
_LONGEST = 19
_ESCAPED = re.compile(r"\\+(?:u00([2-7][0-9a-fA-F])|[nrt/])")
"""A sign that JSON may escape; a body is JSON within the JSON of a journal, so that there are more backslashes than one.

An end of a line would otherwise lend its letter to the word behind it.
"""
_ESCAPES = ("\\u00", "\\/", "\\n", "\\r", "\\t")
_SHORTEST = 8
_DIFFERENT = 3
_FEWEST = 12
"""How many digits a card number has at least."""


def _meant(match: re.Match[str]) -> str:
    return chr(int(match[1], 16)) if match[1] else "/" if match[0].endswith("/") else " "


def _alone(match: re.Match[str]) -> bool:
    """Say whether digits stand by themselves, and are no part of a word or an id."""
    around = match.string[match.start() - 1 : match.start()] + match.string[match.end() : match.end() + 1]
    return not any(letter.isalnum() or letter in "_-" for letter in around)


class Scan:
    """Looks for what a run has met: card numbers, and secrets of eight characters and more."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._cards: set[str] = set()
        self._numbers: set[str] = set()
        self._secrets: set[str] = set()
        self._odd: list[str] = []

    def learn(self, cards: Iterable[str], secrets: Iterable[str]) -> None:
        """Take values; shorter ones would be found everywhere."""
        for number in cards:
            if is_card_number(number):
                self._cards.add(number)
            elif len(number) >= _FEWEST and len(set(number)) >= _DIFFERENT:
                # An account, or what a test made up: its digits can stand in an id by chance, a row of zeros anywhere.
                self._numbers.add(number)
        for secret in secrets:
            words = _WORD.findall(secret)
            if words:
                self._secrets.add(max(words, key=len))
            elif len(secret) >= _SHORTEST:
                self._odd.append(secret)

    def look(self, path: Path) -> str:
        """Say where in a file something stands that must not, and of what kind; never the value. Empty if there is nothing.

        Raises OSError for a file that cannot be read.
        """
        with path.open(encoding="utf-8", errors="surrogateescape") as file:
            for number, line in enumerate(file, 1):
                kind = next(self._kinds(line), "")
                if kind:
                    return f"line {number} holds {kind}"
        return ""

    def cleaned(self, value: Any, hits: list[str]) -> Any:
        """Give a JSON value in which a word stands for each text that holds something, and note in `hits` of what kind it was."""
        if isinstance(value, str):
            kind = next(self._kinds(value), "")
            if not kind:
                return value
            hits.append(kind)
            return f"[withheld: {kind}]"
        if isinstance(value, dict):
            return {name: self.cleaned(member, hits) for name, member in value.items()}
        return [self.cleaned(item, hits) for item in value] if isinstance(value, list) else value

    def _kinds(self, line: str) -> Iterator[str]:
        texts = {line, unquote(line)} if "%" in line else {line}
        if any(escape in line for escape in _ESCAPES):
            texts.add(_ESCAPED.sub(_meant, line))
        for text in texts:
            if any(self._card(match.group(), alone=_alone(match)) for match in _RUN.finditer(text)):
                yield "a card number"
            if not self._secrets.isdisjoint(_WORD.findall(text)) or any(secret in text for secret in self._odd):
                yield "a secret"
        if any(self._coded(line, match.start(), match.end()) for match in _CODED.finditer(line)):
            yield "a card number in base64"

    def _card(self, run: str, *, alone: bool) -> bool:
        if alone and run in self._numbers:
            return True
        groups = _GROUP.findall(run)
        for first in range(len(groups)):
            digits = ""
            for group in groups[first:]:
                digits += group
                if len(digits) > _LONGEST:
                    break
                if digits in self._cards:
                    return True
        return False

    def _coded(self, line: str, start: int, end: int) -> bool:
        while start and line[start - 1] in _BASE64:
            start -= 1
        while end < len(line) and line[end] in _BASE64:
            end += 1
        # Where a word begins is not certain: what stands before it may be of the same letters.
        for shift in range(4):
            word = line[start + shift : end].replace("_", "/")
            try:
                decoded = base64.b64decode(word + "=" * (-len(word) % 4))
            except binascii.Error:
                continue
            if any(digits.decode() in self._cards for digits in re.findall(rb"[0-9]{12,19}", decoded)):
                return True
        return False
