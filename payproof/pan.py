"""What a card number (PAN) looks like: issuer ranges, check digit, and the ways in which its digits are grouped."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from payproof.expression import luhn

if TYPE_CHECKING:
    from collections.abc import Container
    from pathlib import Path

SPACED = re.compile(
    r"(?<![0-9A-Za-z_.-])[0-9]{4}([.\t\u00a0\u2007\u2009\u202f]|\\t|\\u00a0)"
    r"(?:[0-9]{4}\1[0-9]{4}\1[0-9]{4}(?:\1[0-9]{3})?|[0-9]{6}\1[0-9]{4,5})(?!\1?[0-9A-Za-z_])"
)
"""Digits in the groups of a card number with dots, tabs or fixed spaces between them, which stand between other digits too."""
_SHORTEST = b"0" * 12
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


_NUMBER = re.compile(r"(?<![0-9])[0-9]{12,19}(?![0-9])")


def is_card_number(digits: str) -> bool:
    """Say whether digits are a card number by issuer range, length and check digit."""
    return _ISSUERS.fullmatch(digits) is not None and luhn(digits)


def published(folder: Path) -> list[str]:
    """Give the card numbers that the files of a kit name, in order: test cards and examples of the vendors."""
    numbers: list[str] = []
    for place in ("specs", "contracts", "suites"):
        for path in sorted((folder / place).rglob("*")):
            if path.suffix in {".yaml", ".py"}:
                numbers += _NUMBER.findall(path.read_text(encoding="utf-8"))
    return numbers


def bare(text: str) -> str:
    """Give the digits of a grouped number; of an escape only the letters and digits after it are no digits of it."""
    return re.sub(r"\\u00a0|[^0-9]", "", text)


def may_hold_number(text: str, known: Container[str]) -> bool:
    """Say whether twelve digits in a row, blanks and hyphens aside, stand outside of a longer word, or are a known number.

    A filter that costs a tenth of the regular expressions, which then have the last word.
    """
    raw = text.encode("utf-8", "replace")
    runs = raw.translate(_RUNS)
    at = runs.find(_SHORTEST)
    while at >= 0:
        end = at + 12
        while end < len(runs) and runs[end] == _ZERO:
            end += 1
        run = raw[at:end]
        if not raw[at - 1 : at].isalpha() or not run.isdigit() or run.decode() in known:
            return True
        at = runs.find(_SHORTEST, end)
    return False


def may_be_spaced(text: str) -> bool:
    """Say whether groups of digits stand with one of the odd separators between them: a filter as the one above."""
    runs = text.encode("utf-8", "replace").translate(_RUNS)
    return any(pattern in runs for pattern in _GROUPS)


_GROUPS = tuple(f"0000{separator}0000".encode() for separator in (".", "\t", "\u00a0", "\u2007", "\u2009", "\u202f", "\\t", "\\u00a0"))
"""In what is left of a text whose digits are zeros; the escape's own zeros stay."""
_RUNS = bytes.maketrans(b"0123456789 -", b"0" * 12)
_ZERO = ord("0")
