"""What a run makes at a target that is not ours, written down before it is asked for, so that nothing is forgotten.

A worker has a file of its own in the output folder, `footprint-<run>-<worker>.jsonl`: each line is on the disk before
the request that it announces goes out. The ids of things and requests are in it, no secrets.
"""

from __future__ import annotations

import json
import os
import threading
from dataclasses import dataclass, field, replace
from typing import IO, TYPE_CHECKING, Any

from payproof import clock
from payproof.errors import JournalError, OutputError
from payproof.exchange import Exchange, lowered
from payproof.expression import Activation, EvaluationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from payproof.contract import Contract
    from payproof.exchange import Request
    from payproof.judge import Judge
    from payproof.making import Making
    from payproof.spec import Operation
    from payproof.transport import Done

PATTERN = "footprint-*.jsonl"
MADE, UNKNOWN, NOTHING, OVER = "made", "unknown", "nothing", "over"


@dataclass(frozen=True, slots=True)
class Trace:
    """One thing that was or may have been made at a target.

    `number` counts the requests of its file, `index` what the request makes; `request` is the id or key that it carried.
    """

    file: Path
    target: str
    number: int
    index: int
    api: str
    operation: str
    tenant: str
    request: str
    at: str
    state: str = UNKNOWN
    id: str = ""
    keep: Mapping[str, Any] = field(default_factory=dict)

    def known(self) -> dict[str, Any]:
        """Give the values that calls about the thing may name."""
        return {**self.keep, "id": self.id, "request": self.request}


class Footprint:
    """Writes one worker's file; the file is begun with the first thing that is made."""

    def __init__(self, path: Path, told: Mapping[str, Any], judge: Judge) -> None:
        """Keep where to write, and what a later sweep has to know (`told`)."""
        self.path = path
        self._told = told
        self._judge = judge
        self._file: IO[bytes] | None = None
        self._number = 0
        self._announced: dict[int, int] = {}
        self._turn = threading.Lock()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    def before(self, request: Request, tenant: str) -> int:
        """Write down that something is about to be made; 0 where nothing is. Raises OutputError: then it must not be sent."""
        found = self._judge.find(Exchange("", request, None, 0.0, 0.0))
        if found is None or found[1].id not in found[0].cleanup:
            return 0
        contract, operation, _ = found
        keys = _keys(contract, operation)
        key = next((value for name, value in lowered(request.headers).items() if name in keys), "")
        with self._turn:
            self._number += 1
            number = self._number
            self._announced[number] = len(contract.cleanup[operation.id])
        self._write({"kind": "sent", "number": number, "api": contract.api, "operation": operation.id, "tenant": tenant,
                     "request": key, "makes": len(contract.cleanup[operation.id]), "at": clock.iso(clock.now())})  # fmt: skip
        return number

    def after(self, number: int, done: Done) -> None:
        """Write down what came of it."""
        exchange = Exchange("", done.request, done.response, done.started, done.elapsed, "", done.started, done.problem)
        found = self._judge.find(exchange)
        if done.unsent:
            self.never(number)
        if not number or found is None or done.response is None or done.response.status >= 500:
            return
        names = self._judge.names(exchange)
        for index, making in enumerate(found[0].cleanup[found[1].id]):
            record: dict[str, Any] = {"kind": NOTHING, "number": number, "index": index}
            if done.response.status < 300:
                record |= _read(making, names)
            self._write(record)

    def never(self, number: int) -> None:
        """Write down that a request was not sent after all: no turn was given, or there was nobody to send it to."""
        for index in range(self._announced.get(number, 0)):
            self._write({"kind": NOTHING, "number": number, "index": index})

    def _write(self, record: Mapping[str, Any]) -> None:
        try:
            with self._turn:
                if self._file is None:
                    self._file = self.path.open("ab")
                    self._file.write(_line({"kind": "run", **self._told}))
                self._file.write(_line(record))
                self._file.flush()
                os.fsync(self._file.fileno())
        except OSError as error:
            message = f"{self.path} cannot be written: {error.strerror}; nothing may be made at the target without it"
            raise OutputError(message) from error


def _keys(contract: Contract, operation: Operation) -> set[str]:
    """Give the headers that tell one request from another: the documented key, and what is filled afresh each time."""
    fresh = {name.lower() for name, value in contract.access.get("headers", {}).items() if "{fresh}" in value}
    return fresh | ({operation.key} if operation.key else set())


def _line(record: Mapping[str, Any]) -> bytes:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _read(making: Making, names: Mapping[str, Any]) -> dict[str, Any]:
    try:
        if making.when is not None and making.when.value(Activation(names)) is not True:
            return {}
        return {"kind": MADE, "id": str(making.id.value(Activation(names))),
                "keep": {name: kept.value(Activation(names)) for name, kept in making.keep.items()}}  # fmt: skip
    except EvaluationError:
        return {"kind": UNKNOWN}


def read(folder: Path) -> list[Trace]:
    """Give all that runs made of which files in a folder tell, the newest first.

    A request that was sent again under one key has one outcome, known or not. Raises JournalError for what is no such file.
    """
    traces: dict[tuple[Path, int, int], Trace] = {}
    for path in sorted(folder.glob(PATTERN)):
        target = ""
        for record in _records(path):
            kind = record["kind"]
            if kind == "run":
                target = record["target"]
            elif kind == "sent":
                for index in range(record["makes"]):
                    traces[path, record["number"], index] = Trace(
                        path, target, record["number"], index, record["api"], record["operation"], record["tenant"], record["request"],
                        record["at"],
                    )  # fmt: skip
            else:
                place = path, record["number"], record["index"]
                if place not in traces:
                    message = f"{path}: tells what came of request {place[1]}, which it does not announce"
                    raise JournalError(message)
                traces[place] = replace(traces[place], state=kind, id=record.get("id", traces[place].id),
                                        keep=record.get("keep", traces[place].keep))  # fmt: skip
    return sorted(_settled(traces.values()), key=lambda trace: trace.at, reverse=True)


def options(folder: Path, target: str) -> Mapping[str, Any]:
    """Give how the runs at a target were told to reach it: the files `targets` and `kit`, None where there was none."""
    told = (_records(path)[:1] for path in sorted(folder.glob(PATTERN)))
    return next(record for records in told for record in records if record.get("target") == target)


def forget(folder: Path) -> None:
    """Take the files away, once nothing that they tell of is left."""
    for path in folder.glob(PATTERN):
        path.unlink(missing_ok=True)


def _settled(traces: Iterable[Trace]) -> list[Trace]:
    """Leave out unknown outcomes of requests whose repetition, under the same key, has a known one."""
    every = list(traces)
    known = {(one.operation, one.request, one.index) for one in every if one.request and one.state != UNKNOWN}
    return [one for one in every if one.state != UNKNOWN or (one.operation, one.request, one.index) not in known]


def _records(path: Path) -> list[dict[str, Any]]:
    found = []
    lines = path.read_bytes().splitlines()
    for number, line in enumerate(lines, 1):
        try:
            found.append(json.loads(line))
        except ValueError as error:
            if number == len(lines):
                break  # half a line: the process was killed before anything was sent
            message = f"{path}:{number}: is not as payproof writes it"
            raise JournalError(message) from error
    return found


def settle(trace: Trace, state: str) -> None:
    """Write down that a thing is neutralised, or was never made. Raises OutputError."""
    try:
        with trace.file.open("r+b") as file:
            # Of a process that was killed the last line may be half a line.
            file.seek(file.read().rfind(b"\n") + 1)
            file.truncate()
            file.write(_line({"kind": state, "number": trace.number, "index": trace.index}))
    except OSError as error:
        message = f"{trace.file} cannot be written: {error.strerror}"
        raise OutputError(message) from error
