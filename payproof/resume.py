"""What an interrupted run has done already, as its journal tells, or what a killed one left behind.

A test is done when it has ended; what a test that had not ended sent stays in evidence, and the test is run again from
its beginning, as another tenant. Each test is known by a digest of its name, which may hold what is hidden elsewhere.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from payproof import journal
from payproof.errors import JournalError, UsageError
from payproof.exchange import Unparsable, parse_json
from payproof.options import Options
from payproof.witness import Witness

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from payproof.kit import Kit

Record = dict[str, Any]

SHARDS = ".shards-"
"""How the folder begins in which the workers of a run write until it ends."""
LEFT = "z-earlier{}.jsonl"
"""The shards that the earlier run becomes: behind those of the workers, whose header is the one of the journal."""
_EXCHANGE = re.compile("w[0-9]+(?:r[0-9]+)?-[0-9]+")


def mark(test: str) -> str:
    """Give what a test is known by in a journal."""
    return hashlib.sha256(test.encode("utf-8", "surrogatepass")).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Earlier:
    """The run that goes on: its header, the tests that were done (by `mark`, and as the journal names them), its files."""

    header: Mapping[str, Any]
    done: frozenset[str]
    names: frozenset[str]
    files: tuple[Path, ...]

    @property
    def round(self) -> int:
        """How often the run has been started, this time included, less one."""
        return len(self.header.get("resumed", ())) + 1

    def options(self, out: Path) -> Options:
        """Give the options that the run was started with; the results go to `out`."""
        header = self.header
        own = header["target"] == "mock"
        return Options(
            header["target"], tuple(header["scope"]["apis"]) if header.get("narrowed") else (), tuple(header["scope"]["clauses"] or ()),
            header["depth"], out, header["seed"], header["strict"], tuple(header.get("faults", ())) if own else (),
            header.get("clock"), Path(header["kit"]) if header["kit"] else None, header.get("keyword", ""),
            variants=tuple(header.get("variants", ())) if own else (),
        )  # fmt: skip

    def check(self, kit: Kit) -> None:
        """Make sure that the same is demanded as before. Raises UsageError."""
        for api in self.header["apis"]:
            contract = kit.contracts.get(api["id"])
            if contract is None or (contract.sha256, contract.spec.sha256) != (api["contract_sha256"], api["spec_sha256"]):
                message = f"the spec or the contract of {api['id']} has changed since the run was interrupted: start it anew"
                raise UsageError(message)

    def leave(self, folder: Path, kit: Kit) -> None:
        """Write the records as shards, to be merged and judged with what comes.

        Clauses about the whole run are judged again when all of it is there. Raises OutputError.
        """
        late = {clause.id for clause in kit.clauses() if clause.deferred}
        numbers = {number for number, clause in enumerate(self.header["clauses"]) if clause["id"] in late}
        header = {name: value for name, value in self.header.items() if name not in {"kind", "schema"}}
        for number, path in enumerate(self.files):
            witness = Witness()
            with journal.Writer(folder / LEFT.format(number), header) as writer:
                for record in _records(path):
                    kind = record["kind"]
                    if kind == "exchange":
                        _forget(record, numbers)
                        _look(record, kit, witness)
                    if kind in journal.KINDS and not (kind == "finding" and record["clause"] in late) and self._stands(record):
                        writer.write(record)
                writer.close({"drift": dict(witness.drift), "outcomes": witness.record()})

    def _stands(self, record: Mapping[str, Any]) -> bool:
        """Say whether a record counts although its test is run again: errors of the suite that a test met do not."""
        if record["kind"] != "error" or _EXCHANGE.fullmatch(record["where"]):
            return True
        return record.get("test", record["where"]) in self.names


def read(path: Path) -> Earlier:
    """Read the journal of an interrupted run, or the output folder of one that was killed.

    Raises JournalError for what is no whole journal, UsageError where there is nothing to go on with.
    """
    if not path.is_dir():
        earlier, footer = _told((path,), journal.read(path))
        if not footer.get("stopped"):
            message = f"{path}: the run ended by itself: there is nothing to go on with"
            raise UsageError(message)
        return earlier
    found = tuple(sorted(path.glob(f"{SHARDS}*/*.jsonl"), key=lambda shard: journal.natural(shard.name)))
    if len({shard.parent for shard in found}) != 1:
        what = "more than one run has" if found else "no run has"
        message = f"{path}: {what} left something to go on with; name the journal of an interrupted run, or the folder of a killed one"
        raise UsageError(message)
    return _told(found, (record for shard in found for record in _records(shard)))[0]


def _told(files: tuple[Path, ...], records: Iterable[Record]) -> tuple[Earlier, Record]:
    header: Record = {}
    footer: Record = {}
    done: dict[str, str] = {}
    for record in records:
        if record["kind"] == "header":
            header = header or record
        elif record["kind"] == "done":
            done[record["test"]] = record["name"]
        elif record["kind"] == "footer":
            footer = record
    if not header:
        message = f"{files[0].parent}: the run was killed before it had sent anything: start it anew"
        raise UsageError(message)
    return Earlier(header, frozenset(done), frozenset(done.values()), files), footer


def _records(path: Path) -> Iterator[Record]:
    """Give the records of a file; the last line of a process that was killed may be half a line."""
    with contextlib.suppress(JournalError):
        for _, record in journal.lines(path):
            yield record


def _forget(record: Record, numbers: set[int]) -> None:
    record["judged"] = [number for number in record["judged"] if number not in numbers]
    unjudged = {reason: [number for number in judged if number not in numbers] for reason, judged in record["unjudged"].items()}
    record["unjudged"] = {reason: left for reason, left in unjudged.items() if left}


def _look(record: Mapping[str, Any], kit: Kit, witness: Witness) -> None:
    contract = kit.contracts.get(record["api"])
    operation = contract.spec.operations.get(record["operation"]) if contract is not None else None
    response = record["response"]
    if contract is None or operation is None or response is None:
        return
    try:
        body = parse_json(response["body"].encode("utf-8", "surrogatepass")) if response["body"] else None
    except Unparsable:
        body = None
    witness.take(contract, operation, response["status"], body, scripted=bool(record.get("scripted")))
