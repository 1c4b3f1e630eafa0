"""The part of a journal that leads to a finding: the exchanges of its test that the last one depends on, in their order.

What depends on what shows in the values: an id that one answer gave and a later request names, a key that two requests
share. Values hidden in the journal show too, since equal secrets have equal markers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from payproof import journal
from payproof.errors import UsageError
from payproof.exchange import Unparsable, parse_json
from payproof.finding import Finding
from payproof.redact import MARK

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping, Sequence
    from pathlib import Path

    from payproof.exchange import Exchange

_SHORTEST = 6
"""How long a text has to be, with a digit in it, to name one thing only."""
_SHORTEST_ASKED = 3
_ROUTE = re.compile("[a-z_-]+")
_WORD = re.compile(r"\[redacted:[^\]]*\]|[A-Za-z0-9._~-]+")
_READS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Step:
    """One exchange as it was, and what was done to its tenant's world right before (`advance` in seconds, `script`)."""

    exchange: Exchange
    api: str
    operation: str
    acts: tuple[Mapping[str, Any], ...] = ()

    def words(self, leaving: Container[str] = ()) -> frozenset[str]:
        """Give what names something in the request or the answer, leaving out headers of these lower-case names."""
        request, response = self.exchange.request, self.exchange.response
        texts = [value for name, value in request.headers if name.lower() not in leaving]
        texts += [_text(request.body)] + ([_text(response.body)] if response else [])
        return self.asks() | frozenset(word for text in texts for word in _WORD.findall(text) if names(word))

    def asks(self) -> frozenset[str]:
        """Give what the URL names: its segments and values, those aside that look like the route itself."""
        split = urlsplit(self.exchange.request.url)
        parts = [*split.path.split("/"), *(value for _, value in parse_qsl(split.query))]
        return frozenset(part for part in map(unquote, parts) if len(part) >= _SHORTEST_ASKED and not _ROUTE.fullmatch(part))

    def gives(self) -> dict[str, str]:
        """Give what the answer's body gives: values, and the JSON pointers to them."""
        return {value: pointer for pointer, value in leaves(self.exchange.response.body)} if self.exchange.response else {}


def names(text: str) -> bool:
    """Say whether a text can be the name of one thing: long enough, and with a digit, or hidden."""
    return text.startswith(MARK) or (len(text) >= _SHORTEST and any(letter.isdigit() for letter in text))


def leaves(body: bytes) -> Iterator[tuple[str, str]]:
    """Give the texts and numbers of a JSON body with their pointers; nothing for what is no JSON."""
    try:
        stack: list[tuple[str, Any]] = [("", parse_json(body))]
    except Unparsable:
        return
    while stack:
        pointer, value = stack.pop()
        if isinstance(value, dict):
            stack += [(f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}", inner) for name, inner in value.items()]
        elif isinstance(value, list):
            stack += [(f"{pointer}/{index}", inner) for index, inner in enumerate(value)]
        elif isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
            yield pointer, str(value)


def _text(body: bytes) -> str:
    return body.decode("utf-8", "replace")


@dataclass(slots=True)
class Excerpt:
    """A journal's header, the exchanges of one test up to the one that broke a clause, and what it broke."""

    header: Mapping[str, Any]
    steps: list[Step] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def last(self) -> Step:
        """The exchange that broke the clause."""
        return self.steps[-1]

    def sliced(self, common: Container[str] = ("authorization",)) -> list[Step]:
        """Give the steps that the last one depends on: who gave what is named, and who changed what has these names.

        `common` are the lower-case names of headers that all requests of a tenant share: they link nothing.
        """
        words = [step.words() for step in self.steps]
        links = [step.words(common) for step in self.steps]
        given_before: list[set[str]] = [set()]
        for step in self.steps[:-1]:
            given_before.append(given_before[-1] | step.gives().keys())
        needed = {len(self.steps) - 1}
        known, linked = set(words[-1]), set(links[-1])
        for number in range(len(self.steps) - 2, -1, -1):
            step = self.steps[number]
            given = known.intersection(step.gives())
            first = any(value not in given_before[number] for value in given)
            if first or (links[number] & linked and step.exchange.request.method not in _READS):
                needed.add(number)
                known |= words[number]
                linked |= links[number]
        return without(self.steps, set(range(len(self.steps))) - needed)


def without(steps: Sequence[Step], dropped: set[int]) -> list[Step]:
    """Leave steps out. Time that passed before one of them passes before the next of its tenant; its script is not needed."""
    kept: list[Step] = []
    waiting: dict[str, list[Mapping[str, Any]]] = {}
    for number, step in enumerate(steps):
        tenant = step.exchange.tenant
        if number in dropped:
            waiting.setdefault(tenant, []).extend(act for act in step.acts if "advance" in act)
        else:
            kept.append(replace(step, acts=(*waiting.pop(tenant, ()), *step.acts)))
    return kept


def read(path: Path, wanted: str) -> Excerpt:
    """Find an exchange by its id (w0-17) in a journal, with what happened before it in its test.

    Raises JournalError for what is no whole journal, UsageError where the exchange is not there or broke no clause.
    """
    found: Excerpt | None = None
    excerpt = Excerpt({})
    tests: dict[str, tuple[str, list[Step]]] = {}
    acts: dict[str, list[Mapping[str, Any]]] = {}
    for record in journal.read(path):
        kind = record["kind"]
        if kind == "header":
            excerpt.header = record
        elif kind == "exchange":
            worker = record["id"].partition("-")[0]
            test, steps = tests.get(worker, ("", []))
            if test != record["test"]:
                test, steps = tests[worker] = (record["test"], [])
            step = Step(journal.read_exchange(record), record["api"], record["operation"], tuple(acts.pop(record["tenant"], ())))
            steps.append(step)
            if record["id"] == wanted:
                excerpt.steps = list(steps)
                found = excerpt
        elif kind == "act" and record.keys() & {"advance", "script"}:
            acts.setdefault(record["tenant"], []).append(record)
        elif kind == "finding" and record["exchange"] == wanted:
            excerpt.findings.append(Finding.from_json(record))
    if found is None:
        message = f"{path}: there is no exchange {wanted!r}; verdict.json names the exchange of each finding"
        raise UsageError(message)
    if not found.findings:
        message = f"{path}: exchange {wanted} broke no clause; verdict.json names the exchange of each finding"
        raise UsageError(message)
    return found
