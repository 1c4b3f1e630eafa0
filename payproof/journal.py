"""The run as JSON lines: a header, exchanges, findings, a footer. Every report is a reader of it.

Workers write shards; the run's own journal is made from them. A journal without its footer is not a result, and one
whose lines do not add up to the footer's digest was shortened or edited.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import IO, TYPE_CHECKING, Any, Self

from payproof.echo import hidden, told_codes
from payproof.errors import JournalError, OutputError
from payproof.exchange import Exchange, Intent, Request, Response, Unparsable
from payproof.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from payproof.judge import Judgement
    from payproof.redact import Redactor

SCHEMA = 1

KINDS = ("exchange", "finding", "error", "transition", "act", "repeat", "done")
"""What stands between header and footer. An act is what was done to a target beside its API: its clock, its next answers. A
repeat says what became of a test's findings when the test was run again; done is a test that has ended."""

_UNSAID: dict[str, Any] = {"kit": None, "faults": [], "variants": [], "clock": None, "documents": {}, "waivers": []}
"""What headers did not have from the beginning, and what it means where one lacks it."""

BINARY = "base64:"
"""What a body begins with that is no text; base64 follows."""


def exchange_record(exchange: Exchange, judgement: Judgement, redactor: Redactor, index: Mapping[str, int]) -> dict[str, Any]:
    """Give an exchange as it may be written: redacted, with what was judged on it (clauses by index of the header)."""
    request, response, intent = exchange.request, exchange.response, exchange.intent
    try:
        content = request.content()
    except Unparsable:
        content = request.body
    record: dict[str, Any] = {
        "kind": "exchange",
        "id": exchange.id,
        "api": judgement.api,
        "operation": judgement.operation,
        "tenant": exchange.tenant,
        "test": exchange.test,
        "started": round(exchange.started, 6),
        "elapsed": round(exchange.elapsed, 3),
        "at": round(exchange.at, 6),
        "request": {
            "method": request.method,
            "url": redactor.text(request.url),
            "headers": redactor.headers(request.headers),
            "body": _written(content, redactor),
            **({"decoded": True} if content is not request.body else {}),
        },
        "response": None
        if response is None
        else {
            "status": response.status,
            "headers": redactor.headers(response.headers),
            "body": hidden(_written(response.body, redactor), told_codes(request.url, content, response.body, redactor.kinds)),
        },
        "judged": [index[name] for name in judgement.judged],
        "unjudged": {reason: [index[name] for name in names] for reason, names in judgement.unjudged.items()},
    }
    if exchange.error:
        record["error"] = redactor.text(exchange.error)
    if intent is not None:
        record["intent"] = {"verdict": intent.verdict, "location": intent.location, "pointer": intent.pointer,
                            "keyword": intent.keyword}  # fmt: skip
    if exchange.scripted:
        record["scripted"] = True
    if exchange.weather:
        record["weather"] = exchange.weather
    if exchange.attempts:
        record["attempts"] = list(exchange.attempts)
    if judgement.refused:
        record["refused"] = True
    if judgement.hole:
        record["hole"] = judgement.hole
    return record


def read_exchange(record: Mapping[str, Any]) -> Exchange:
    """Build the exchange of a record again; redacted values stay markers. Raises JournalError."""
    try:
        request, response, intent = record["request"], record["response"], record.get("intent")
        return Exchange(
            record["id"],
            Request(request["method"], request["url"], tuple((n, v) for n, v in request["headers"]), _read(request["body"]),
                    request.get("decoded", False)),
            None if response is None else Response(
                response["status"], tuple((n, v) for n, v in response["headers"]), _read(response["body"])
            ),
            record["started"], record["elapsed"], record["tenant"], record["at"], record.get("error", ""),
            None if intent is None else Intent(**intent), record["test"], record.get("scripted", False),
            record.get("weather", ""), tuple(record.get("attempts", ())),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError) as error:
        message = f"exchange {record.get('id', '?')} is not as payproof writes it: {error!r}"
        raise JournalError(message) from error


def _written(body: bytes, redactor: Redactor) -> str:
    try:
        text = redactor.text(body.decode("utf-8"))
    except UnicodeDecodeError:
        text = ""
    if not body or (text and not text.startswith(BINARY)):
        return text
    # A body that is no text, or looks like one of those, is kept as it was, unless a card number can be read in it.
    shown = body.decode("latin-1")
    return BINARY + base64.b64encode(redactor.text(shown).encode("latin-1", "replace")).decode()


def _read(body: str) -> bytes:
    if body.startswith(BINARY):
        return base64.b64decode(body[len(BINARY) :])
    return body.encode("utf-8", "surrogatepass")


class Writer:
    """Writes a journal line by line; memory does not grow with its length. Use it as a context manager."""

    def __init__(self, path: Path, header: Mapping[str, Any]) -> None:
        """Open the file and write the header. Raises OutputError if that cannot be done."""
        self.path = path
        self.counts = dict.fromkeys(KINDS, 0)
        self._digest = hashlib.sha256()
        try:
            self._file: IO[bytes] = path.open("wb")
        except OSError as error:
            message = f"{path} cannot be written: {error.strerror}; choose another folder with --out"
            raise OutputError(message) from error
        self._line({"kind": "header", "schema": SCHEMA, **header})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def _line(self, record: Mapping[str, Any]) -> None:
        line = json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass") + b"\n"
        try:
            self._file.write(line)
        except OSError as error:
            message = f"{self.path} cannot be written: {error.strerror}"
            raise OutputError(message) from error
        self._digest.update(line)

    def write(self, record: Mapping[str, Any]) -> None:
        """Write a record of one of KINDS."""
        self._line(record)
        self.counts[record["kind"]] += 1

    def flush(self) -> None:
        """Hand what was written to the operating system. Raises OutputError."""
        try:
            self._file.flush()
        except OSError as error:
            message = f"{self.path} cannot be written: {error.strerror}"
            raise OutputError(message) from error

    def close(self, footer: Mapping[str, Any]) -> None:
        """Write the footer, with counts and the digest of all lines before it, and close the file."""
        self._line({"kind": "footer", **footer, "counts": self.counts, "sha256": self._digest.hexdigest()})
        self.flush()
        self._file.close()


class Nowhere:
    """A journal that keeps nothing, for exchanges that stay in memory or are shown."""

    def write(self, record: Mapping[str, Any]) -> None:
        """Forget it."""


def lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Read a journal line by line, with 1-based numbers, without asking whether it is whole.

    Raises JournalError, naming the line, for a file that cannot be read or a line that is not a record.
    """
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                try:
                    record = json.loads(line.decode("utf-8", "surrogatepass"))
                except ValueError as error:
                    message = f"{path}:{number}: is not JSON: the line is cut off or was edited"
                    raise JournalError(message) from error
                if not isinstance(record, dict) or "kind" not in record:
                    message = f"{path}:{number}: is no record of a payproof journal"
                    raise JournalError(message)
                yield number, record
    except OSError as error:
        message = f"{path}: cannot be read: {error.strerror}"
        raise JournalError(message) from error


def read(path: Path) -> Iterator[dict[str, Any]]:
    """Read a whole journal: header first, footer last. What a header of an earlier version lacks is there as it was then.

    Raises JournalError for an empty or foreign file, a missing footer, lines after it, counts or a digest that do not
    agree with the lines, and an exchange id that occurs twice.
    """
    digest = hashlib.sha256()
    counts = dict.fromkeys(KINDS, 0)
    last: dict[str, int] = {}
    footer: dict[str, Any] | None = None
    for (number, record), raw in zip(lines(path), _raw(path), strict=True):
        kind = record["kind"]
        if footer is not None:
            message = f"{path}:{number}: comes after the footer"
            raise JournalError(message)
        if (number == 1) != (kind == "header") or (number == 1 and record.get("schema") != SCHEMA):
            message = f"{path}:{number}: the journal begins with one header of schema {SCHEMA}; this is {kind!r}"
            raise JournalError(message)
        if kind == "footer":
            footer = record
            if _counted(record.get("counts")) != _counted(counts) or record.get("sha256") != digest.hexdigest():
                message = f"{path}:{number}: the footer does not agree with the lines before it: the journal was edited or shortened"
                raise JournalError(message)
        else:
            digest.update(raw)
            if kind in counts:
                counts[kind] += 1
            if kind == "exchange":
                worker, _, count = str(record.get("id", "")).rpartition("-")
                if not count.isdigit() or int(count) <= last.get(worker, 0):
                    message = f"{path}:{number}: the exchange {record.get('id')!r} occurs twice, or out of its order"
                    raise JournalError(message)
                last[worker] = int(count)
        yield {**_UNSAID, **record} if number == 1 else record
    if footer is None:
        message = f"{path}: has no footer: the run did not end, or the file was cut off"
        raise JournalError(message)


def _counted(counts: Any) -> Any:
    """Leave out kinds that did not occur: a journal may be older than one of them."""
    return {kind: number for kind, number in counts.items() if number} if isinstance(counts, dict) else counts


def _raw(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from file


def finding_record(finding: Finding) -> dict[str, Any]:
    """Give a finding as a journal line."""
    return {"kind": "finding", **finding.as_json()}


def error_record(message: str, *, where: str = "", test: str = "", refused: bool = False, unclear: str | None = None) -> dict[str, Any]:
    """Give an error of the suite as a journal line: never a verdict on the target.

    `test` names a test that failed where no clause was found broken so far; clauses that are judged at the end of the
    run may still explain it. `refused` says that the run was stopped where it must not go, or not go on, `unclear` names the API
    of which something stays unclear by no fault of the suite.
    """
    record: dict[str, Any] = {"kind": "error", "message": message, "where": where}
    told = {"test": test or None, "refused": refused or None, "unclear": unclear}
    return record | {name: value for name, value in told.items() if value is not None}


def done_record(test: str, name: str) -> dict[str, Any]:
    """Give a test that has ended as a journal line: what it is known by, and its name as it may be written."""
    return {"kind": "done", "test": test, "name": name}


def act_record(tenant: str, **act: Any) -> dict[str, Any]:
    """Give what was done to a tenant's world (`advance` in seconds, or `script`) as a journal line."""
    return {"kind": "act", "tenant": tenant, **act}


def findings(records: Iterable[Mapping[str, Any]]) -> Iterator[Finding]:
    """Give the findings among records."""
    for record in records:
        if record["kind"] == "finding":
            yield Finding.from_json(dict(record))


def digest(path: Path) -> str:
    """Give the SHA-256 of a whole journal file, as the verdict names it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def natural(text: str) -> list[Any]:
    """Sort key that puts w0-9 before w0-10."""
    return [int(part) if part.isdigit() else part for part in re.split(r"([0-9]+)", text)]
