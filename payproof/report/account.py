"""What all reports tell: a journal read once, from its first line to its last, and the verdict that follows from it.

A report made at the end of a run and one made from the journal later are the same, because both come from here.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from payproof import __version__, journal, verdict
from payproof.errors import JournalError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Record = dict[str, Any]

_REPEATS = 20
"""How many exchanges of one finding are named; the count says how many there were."""


@dataclass(slots=True)
class Use:
    """How an operation was used: exchanges, statuses (0 for no answer), and how long each answer took (milliseconds)."""

    api: str
    operation: str
    method: str
    statuses: Counter[int] = field(default_factory=Counter)
    elapsed: list[float] = field(default_factory=list)

    @property
    def exchanges(self) -> int:
        """How many requests there were."""
        return self.statuses.total()

    @property
    def total(self) -> float:
        """How long all answers together took, in milliseconds."""
        return sum(self.elapsed)

    def share(self, part: float) -> float:
        """Give the time within which this part (0 to 1) of the answers came, in milliseconds; 0.0 without answers."""
        if not self.elapsed:
            return 0.0
        ordered = sorted(self.elapsed)
        return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


@dataclass(slots=True)
class Account:
    """A whole journal, as far as reports need it; what it keeps does not grow with the number of exchanges, but for times.

    `evidence` has the exchange records of findings and witnesses by exchange id, `witnesses` the first exchange on which
    each clause was judged, `repeats` the exchanges of each fingerprint (the first twenty).
    """

    path: Path
    header: Mapping[str, Any]
    footer: Mapping[str, Any]
    verdict: dict[str, Any]
    uses: list[Use]
    evidence: dict[str, Record]
    witnesses: dict[str, str]
    repeats: dict[str, list[str]]
    suites: Counter[str]
    """How long the requests of each suite file took, in milliseconds."""


class _Reader:
    def __init__(self, header: Mapping[str, Any]) -> None:
        self.count = verdict.Count(header)
        self.uses = {row["id"]: Use(row["api"], row["id"], row["method"]) for row in header["operations"]}
        self.clauses = [clause["id"] for clause in header["clauses"]]
        self.evidence: dict[str, Record] = {}
        self.witnesses: dict[str, str] = {}
        self.repeats: dict[str, list[str]] = {}
        self.suites: Counter[str] = Counter()
        self._unseen = set(range(len(self.clauses)))
        self._last: Record = {}

    def add(self, record: Record) -> None:
        self.count.add(record)
        if record["kind"] == "exchange":
            self._exchange(record)
        elif record["kind"] == "finding":
            known = self.repeats.setdefault(record["fingerprint"], [])
            if len(known) < _REPEATS:
                known.append(record["exchange"])
            if len(known) == 1 and self._last["id"] == record["exchange"]:
                self.evidence[record["exchange"]] = self._last

    def _exchange(self, record: Record) -> None:
        self._last = record
        use = self.uses.get(record["operation"])
        if use is not None:
            use.statuses[record["response"]["status"] if record["response"] else 0] += 1
            use.elapsed.append(record["elapsed"])
        self.suites[record["test"].partition("::")[0]] += record["elapsed"]
        if self._unseen:
            for number in self._unseen.intersection(record["judged"]):
                self._unseen.discard(number)
                self.witnesses[self.clauses[number]] = record["id"]
                self.evidence[record["id"]] = record


def read(path: Path) -> Account:
    """Read a journal and decide its verdict.

    Raises JournalError, naming the line, for a file that is no whole journal of payproof.
    """
    reader: _Reader | None = None
    header: Record = {}
    footer: Record = {}
    number = 0
    try:
        for record in journal.read(path):
            number += 1
            if reader is None:
                header, reader = record, _Reader(record)
            elif record["kind"] == "footer":
                footer = record
            else:
                reader.add(record)
        if reader is None:
            message = f"{path}: is empty"
            raise JournalError(message)
        decided = verdict.decide(reader.count, footer, journal.digest(path), version=header["payproof"])
    except (KeyError, TypeError, IndexError, AttributeError, ValueError) as error:
        message = (f"{path}:{number}: is not as payproof {__version__} writes it ({error!r}): "
                   "it was edited, or another version wrote it")  # fmt: skip
        raise JournalError(message) from error
    return Account(path, header, footer, decided, list(reader.uses.values()), reader.evidence, reader.witnesses, reader.repeats,
                   reader.suites)  # fmt: skip
