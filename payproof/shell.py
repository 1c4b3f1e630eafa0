"""A chain of requests as a shell script: curl and jq, tokens from the environment, test cards by name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from payproof.excerpt import names
from payproof.redact import MARK

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from payproof.excerpt import Excerpt, Step
    from payproof.exchange import Exchange

_MARKER = re.compile(r"\[redacted:([a-z]+)(?::([0-9]{4}))?(?::[0-9a-f]+)?\]")
_SPECIAL = re.compile(r'([\\"$`])')
_PLACE = re.compile(r"<<([A-Z0-9_]+)>>")
_QUIET = frozenset({"user-agent", "content-length", "host"})
"""Headers that curl sets itself, or that nobody needs."""


class _Script:
    def __init__(self, cards: Mapping[str, str]) -> None:
        self._cards = cards
        self._values: dict[str, str] = {}
        self._secrets: dict[str, str] = {}
        self.needs: dict[str, str] = {}

    def quoted(self, text: str) -> str:
        """Give a text as a double-quoted word of the shell, values that are known by then as variables."""
        for value in sorted((value for value in self._values if value in text), key=len, reverse=True):
            text = text.replace(value, f"<<{self._values[value]}>>")
        text = _MARKER.sub(self._hidden, text)
        return '"' + _PLACE.sub(r"${\1}", _SPECIAL.sub(r"\\\1", text)) + '"'

    def _hidden(self, match: re.Match[str]) -> str:
        kind, last = match.groups()
        if kind == "pan":
            name = f"CARD_{last}"
            known = self._cards.get(last)
            ask = f': "${{{name}:?a test card that ends with {last}}}"'
            self.needs[name] = f"{name}={known}  # a published test card" if known else ask
        elif kind == "cvv":
            name = "CODE"
            self.needs[name] = "CODE=123  # any code will do for a test card"
        elif kind == "account":
            name = self._secrets.setdefault(match.group(), f"ACCOUNT_{len(self._secrets) + 1}")
            self.needs[name] = f': "${{{name}:?an account number for tests; see the member that it stands in}}"'
        else:
            name = self._secrets.setdefault(match.group(), "PAYPROOF_TOKEN" + (f"_{len(self._secrets) + 1}" if self._secrets else ""))
            self.needs[name] = f': "${{{name}:?a token or secret; see the header that it stands in}}"'
        return f"<<{name}>>"

    def gives(self, number: int, step: Step, later: list[Step]) -> list[str]:
        """Give the lines that keep what later requests name."""
        texts = [text for one in later for text in (one.exchange.request.url, *(value for _, value in one.exchange.request.headers),
                                                    one.exchange.request.body.decode("utf-8", "replace"))]  # fmt: skip
        lines = []
        for value, pointer in sorted(step.gives().items()):
            named = names(value) or any(value in one.asks() for one in later)
            if named and MARK not in value and value not in self._values and any(value in text for text in texts):
                name = self._values[value] = f"VALUE_{len(self._values) + 1}"
                lines.append(f"{name}=$(jq -r '{_jq(pointer)}' <<<\"$ANSWER_{number}\")")
        return lines


def script(part: Excerpt, cards: Mapping[str, str], common: Container[str] = ("authorization",)) -> str:
    """Give the script of an excerpt. `cards` are published test cards by their last four digits, `common` as in `Excerpt.sliced`."""
    lines, writer = [], _Script(cards)
    steps = [step for step in part.sliced(common) if step is part.last or not _issues_secret(step)]
    for number, step in enumerate(steps, 1):
        request, response = step.exchange.request, step.exchange.response
        came = response.status if response else "no answer"
        lines += ["", f"# {number}. {step.operation or 'no operation of the spec'}: {came} ({step.exchange.id})"]
        lines += [_act(act) for act in step.acts]
        split = urlsplit(request.url)
        target = writer.quoted(split.path + (f"?{split.query}" if split.query else ""))[1:]
        parts = [f'curl -sS -X {request.method} "$BASE{target}']
        parts += [f"-H {writer.quoted(f'{name}: {value}')}" for name, value in request.headers if name.lower() not in _QUIET]
        parts += [f"--data-binary {writer.quoted(request.body.decode('utf-8', 'replace'))}"] if request.body else []
        call = " \\\n  ".join(parts)
        lines += [f"{call} \\\n  -i"] if step is steps[-1] else [f"ANSWER_{number}=$({call})", *writer.gives(number, step, steps[number:])]
    return "\n".join([*_head(part, writer), *lines, ""])


def line(exchange: Exchange) -> str:
    """Give one exchange as a command; what is hidden stands as a variable."""
    request = exchange.request
    writer = _Script({})
    parts = [f"curl -sS -i -X {request.method} {writer.quoted(request.url)}"]
    parts += [f"-H {writer.quoted(f'{name}: {value}')}" for name, value in request.headers if name.lower() not in _QUIET]
    parts += [f"--data-binary {writer.quoted(request.body.decode('utf-8', 'replace'))}"] if request.body else []
    return " \\\n  ".join(parts)


def _head(part: Excerpt, writer: _Script) -> list[str]:
    split = urlsplit(part.last.exchange.request.url)
    said = [f"# {found.clause}{' at ' + found.pointer if found.pointer else ''}: expected {found.expected}; seen {found.seen}"
            for found in part.findings]  # fmt: skip
    return ["#!/usr/bin/env bash", *(" ".join(line.split()) for line in said), "set -euo pipefail",
            f': "${{BASE:={split.scheme}://{split.netloc}}}"', *writer.needs.values()]  # fmt: skip


def _issues_secret(step: Step) -> bool:
    """Say whether a step only fetched a token, which a script takes from the environment."""
    return any(value.startswith(f"{MARK}secret") for value in step.gives())


def _act(act: Mapping[str, object]) -> str:
    if "advance" in act:
        return f"# here {act['advance']:g} seconds passed on the clock of the server"
    return f"# here the server was told how to answer next: {act['script']}"


def _jq(pointer: str) -> str:
    steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
    return "." + "".join(f"[{step}]" if step.isdigit() else f'["{step}"]' for step in steps)
