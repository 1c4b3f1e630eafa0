"""How much of what must not be seen survives, and how much evidence is destroyed, over generated exchanges.

Run: python benchmarks/redaction.py [--count 10000] [--seed 1]

Each exchange carries a card number that nobody announced, a token, a verification code, and evidence that looks similar
(moments, amounts, ids, keys, phone numbers), in places drawn at random: members, numbers, URLs, headers, forms, base64.
It is written as a journal writes it. Exits 1 if anything survived or was destroyed. The baseline hides by header name
and by sixteen digits in a row, as HTTP tools do.
"""

from __future__ import annotations

import argparse
import base64
import json
import random
import re
import sys
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from payproof.exchange import Exchange, Request, Response
from payproof.journal import exchange_record
from payproof.judge import Judgement
from payproof.redact import Redactor

if TYPE_CHECKING:
    from collections.abc import Mapping

SENSITIVE = {"accountNumber": "pan", "cvv": "cvv", "access_token": "secret"}
ISSUERS = (("4", 16), ("4", 13), ("4", 19), ("51", 16), ("2221", 16), ("34", 15), ("37", 15), ("6011", 16), ("36", 14), ("3528", 16),
           ("62", 16))  # fmt: skip
GROUPINGS = ("", " ", "-", ".", "\t", "\u00a0")


def card(draw: random.Random) -> str:
    """Give a number of an issuer's range with a right check digit; it stays in memory."""
    prefix, length = draw.choice(ISSUERS)
    body = prefix + "".join(str(draw.randrange(10)) for _ in range(length - len(prefix) - 1))
    total = sum(int(digit) if place % 2 else sum(divmod(2 * int(digit), 10)) for place, digit in enumerate(reversed(body)))
    return body + str(-total % 10)


def grouped(number: str, separator: str) -> str:
    """Give a number in fours, or as American Express groups it; numbers of other lengths stay together."""
    if len(number) == 16:
        return separator.join(number[at : at + 4] for at in range(0, 16, 4))
    if len(number) == 15:
        return separator.join((number[:4], number[4:10], number[10:]))
    return number


@dataclass(slots=True)
class Sent:
    """One generated exchange: what must be gone from its record, and what must still be there."""

    exchange: Exchange
    hidden: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)


def generated(draw: random.Random, number: int, redactor: Redactor) -> Sent:
    """Make an exchange. Its token is learned, as one that a token endpoint gave; its card number is not."""
    pan, token = card(draw), "".join(draw.choices("abcdefghijkmnpqrstuvwxyz23456789", k=draw.randrange(12, 60)))
    redactor.learn_secret(token)
    shown = grouped(pan, draw.choice(GROUPINGS))
    day = f"20{draw.randrange(20, 36)}-{draw.randrange(1, 13):02}-{draw.randrange(1, 29):02}"
    moment = f"{day}T{draw.randrange(24):02}:11:12.{draw.randrange(10**6):06}Z"
    kept = {
        "created": moment, "epoch": str(draw.randrange(1_700_000_000_000, 1_800_000_000_000)), "amount": str(draw.randrange(1, 10**9)),
        "id": str(uuid.UUID(int=draw.getrandbits(128), version=4)), "key": f"key-{draw.getrandbits(64):016x}",
        "phone": f"+{draw.randrange(10**11, 10**13)}", "reference": f"ref_{draw.randrange(10**15, 10**16)}",
    }  # fmt: skip
    body: dict[str, object] = {"created": kept["created"], "epoch": int(kept["epoch"]), "amount": int(kept["amount"]), "id": kept["id"],
                               "phone": kept["phone"], "reference": kept["reference"]}  # fmt: skip
    headers = [("Idempotency-Key", kept["key"]), ("Authorization", f"Bearer {token}")]
    query = {"q": kept["id"]}
    place = draw.randrange(9)
    if place == 0:
        body["accountNumber"] = pan
    elif place == 1:
        body["note"] = f"card {shown}, thanks"
    elif place == 2:
        body["list"] = [{"deep": {"n": int(pan)}}]
    elif place == 3:
        query["card"] = shown
    elif place == 4:
        headers.append(("X-Note", shown.replace("\t", " ").replace("\u00a0", " ")))
    elif place == 5:
        body["blob"] = base64.b64encode(f'{{"n":"{pan}"}}'.encode()).decode()
    elif place == 6:
        body["error"] = f"the number {pan} of {token} is refused"
    elif place == 7:
        body["link"] = f"https://x.test/cards/{pan}?t={quote(token)}"
    else:
        query["card"] = pan[:6] + " " + pan[6:] if len(pan) == 12 else pan
    body["cvv"] = f"{draw.randrange(1000):03}"
    sent_in = draw.random() < 0.5
    raw = json.dumps(body, ensure_ascii=draw.random() < 0.5).encode()
    request = Request("POST", f"http://127.0.0.1:9/v1/cards/{kept['id']}?{urlencode(query)}", tuple(headers), raw if sent_in else b"")
    response = Response(200, (("Content-Type", "application/json"), ("X-Request-Id", kept["id"])), b"{}" if sent_in else raw)
    exchange = Exchange(f"w0-{number}", request, response, 1.0, 1.0, "t", 1.0, "", None, "test")
    gone = [pan, token, f'"cvv": "{body["cvv"]}"', f'"cvv":"{body["cvv"]}"']
    return Sent(exchange, gone, list(kept.values()))


def bare(text: str) -> str:
    """Give a text as a reader may see through it: separators between digits gone, percent and base64 decoded beside it."""
    decoded = [text, re.sub(r"%([0-9A-Fa-f]{2})", lambda match: chr(int(match.group(1), 16)), text).replace("+", " ")]
    for word in re.findall(r"[A-Za-z0-9+/]{16,}={0,2}", text):
        try:
            decoded.append(base64.b64decode(word + "=" * (-len(word) % 4)).decode("latin-1"))
        except ValueError:
            continue
    whole = "\n".join(decoded)
    return whole + "\n" + re.sub(r"(?<=[0-9])(?:[ .\t\u00a0-]|\\t|\\u00a0)(?=[0-9])", "", whole)


def naive(record: Mapping[str, object]) -> str:
    """Hide as HTTP tools do: the header of a name, and sixteen digits in a row."""
    text = json.dumps(record, ensure_ascii=False)
    text = re.sub(r'(\["(?:Authorization|Idempotency-Key)", )"[^"]*"', r'\1"***"', text)
    return re.sub(r"[0-9]{16}", "***", text)


def main() -> int:
    """Generate, write, look, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    draw = random.Random(given.seed)  # noqa: S311  # a seed has to repeat a run
    figures = {"payproof": [0, 0, 0, 0], "by name and sixteen digits": [0, 0, 0, 0]}
    first = ""
    spent = 0.0
    for number in range(1, given.count + 1):
        redactor = Redactor(SENSITIVE)
        sent = generated(draw, number, redactor)
        judgement = Judgement("a", "op")
        began = time.perf_counter()
        record = exchange_record(sent.exchange, judgement, redactor, {})
        spent += time.perf_counter() - began
        asked, answer = sent.exchange.request, sent.exchange.response
        plain = {"url": asked.url, "headers": [list(pair) for pair in asked.headers],
                 "body": (asked.body or (answer.body if answer else b"")).decode()}  # fmt: skip
        for name, text in (("payproof", json.dumps(record, ensure_ascii=False)), ("by name and sixteen digits", naive(plain))):
            seen = bare(text.replace('\\"', '"'))
            survived = [value for value in sent.hidden if value in seen]
            destroyed = [value for value in sent.kept if value not in text]
            figures[name][0] += len(survived)
            figures[name][1] += len(sent.hidden) - 1
            figures[name][2] += len(destroyed)
            figures[name][3] += len(sent.kept)
            if name == "payproof" and (survived or destroyed) and not first:
                first = f"the first: exchange {number}, {len(survived)} survived, {len(destroyed)} destroyed"
    for name, (survived_, hidden, destroyed_, kept) in figures.items():
        rates = f"survived {survived_} of {hidden} ({survived_ / hidden:.4%}), destroyed {destroyed_} of {kept} ({destroyed_ / kept:.4%})"
        print(f"{name:28} {rates}")
    print(f"{given.count} exchanges, seed {given.seed}, {spent / given.count * 1e6:.0f} us each to write")
    if first:
        print(first)
    return int(bool(figures["payproof"][0] or figures["payproof"][2]))


if __name__ == "__main__":
    sys.exit(main())
