"""What an answer repeats of the sensitive values that its request sent, and how that is hidden where it is written down.

A long value is known wherever it appears. A card security code has three digits or a few more, which turn up by chance in ids,
amounts and times: it counts where it stands by itself in a text, and the caller sent it in no other place.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from payproof.exchange import Unparsable, parse_json
from payproof.redact import HIDDEN_CODE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SHORTEST = 8
"""How long a value has to be to be known wherever it appears."""
_LAST_DIGITS = 4
_CODE = re.compile("[0-9]{3,6}")
_UUID = re.compile(r"(?i)[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_LITERAL = re.compile(r'"(?:[^"\\]|\\.)*"')


def echoed(sent: Any, sensitive: Mapping[str, str], answer: str, body: Any, *, asked: str) -> list[str]:
    """Name the members of a request's body whose values come back, those that `sensitive` has a kind for.

    `sent` and `body` are the parsed bodies of request and answer, None where there is none or it is no JSON; `answer` is
    all text of the answer, `asked` the URL of the request.
    """
    found = [name for name, value in _marked(sent, sensitive) if type(value) is str and len(value) >= _SHORTEST and value in answer]
    codes = _codes(sent, sensitive)
    if any(code in answer for code in codes):
        found += [codes[code] for code in _told(codes, sent, answer, body, asked=asked)]
    return found


def told_codes(asked: str, content: bytes, answer: bytes, sensitive: Mapping[str, str]) -> set[str]:
    """Give the card security codes of a request that the body of its answer tells."""
    if not any(kind == "cvv" and name.encode() in content for name, kind in sensitive.items()):
        return set()
    sent, body = _parsed(content), _parsed(answer)
    return _told(_codes(sent, sensitive), sent, answer.decode("utf-8", "replace"), body, asked=asked)


def hidden(text: str, codes: set[str]) -> str:
    """Write a marker over these codes where they stand by themselves; of JSON only in its texts, so that it stays JSON."""
    if not codes:
        return text
    if text.lstrip()[:1] in {"{", "["}:
        return _LITERAL.sub(lambda match: _without(match.group(), codes), text)
    return _without(text, codes)


def _without(text: str, codes: set[str]) -> str:
    for code in codes:
        text = _alone(code).sub(HIDDEN_CODE, text)
    return text


def _parsed(body: bytes) -> Any:
    try:
        return parse_json(body)
    except Unparsable:
        return None


def _codes(sent: Any, sensitive: Mapping[str, str]) -> dict[str, str]:
    found = ((str(value), name) for name, value in _marked(sent, sensitive) if sensitive[name] == "cvv")
    return {value: name for value, name in found if _CODE.fullmatch(value)}


def _told(codes: Mapping[str, str], sent: Any, answer: str, body: Any, *, asked: str) -> set[str]:
    kept = [*_texts(sent, frozenset(codes.values())), ("", asked)]
    shown = list(_texts(body, frozenset(), numbers=False)) if isinstance(body, dict | list) else [("", answer)]
    return {code for code in codes if not _written(code, kept) and any(_tells(code, name, text) for name, text in shown)}


def _alone(code: str) -> re.Pattern[str]:
    # Digits that a sign joins to others are a part of an amount, a date or a masked number.
    return re.compile(rf"(?<![0-9A-Za-z_*])(?<![0-9][.,:/-]){code}(?![0-9A-Za-z_])(?![.,:/-][0-9])")


def _tells(code: str, name: str, text: str) -> bool:
    if text == code and name.lower().endswith("code"):
        return False  # a code of the vendor's own, or a postal code
    return code in text and _alone(code).search(_UUID.sub("", text)) is not None


def _written(code: str, kept: list[tuple[str, str]]) -> bool:
    # The last four digits of a card may come back.
    end = re.compile(rf"{code}(?![0-9])") if len(code) == _LAST_DIGITS else _alone(code)
    return any(end.search(text) or _alone(code).search(text) for _, text in kept if code in text)


def _marked(sent: Any, sensitive: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    stack = [sent]
    for node in stack:
        if type(node) is dict:
            for name in sensitive.keys() & node.keys():
                if type(node[name]) in {str, int}:
                    yield name, node[name]
            stack += node.values()
        elif type(node) is list:
            stack += node


def _texts(body: Any, without: frozenset[str], *, numbers: bool = True) -> Iterator[tuple[str, str]]:
    stack = [("", body)]
    for name, node in stack:
        if type(node) is dict:
            stack += [(below, value) for below, value in node.items() if below not in without]
        elif type(node) is list:
            stack += [(name, item) for item in node]
        elif type(node) is str or (numbers and type(node) is int):
            yield name, str(node)
