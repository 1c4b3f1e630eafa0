"""evidence.har: the exchanges that show something, as browsers and HTTP tools read them (HAR 1.2).

There are the first exchange of each finding and the first on which each clause was judged; what was redacted stays so.
"""

from __future__ import annotations

import base64
import http
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlsplit

from harfile import Content, Creator, HarFile, PostData, Record, Request, Response, Timings

from payproof import clock
from payproof.errors import OutputError
from payproof.journal import BINARY, natural
from payproof.report.words import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from payproof.report.account import Account


def write(path: Path, told: Account) -> None:
    """Write the file, whole or not at all. Raises OutputError."""
    findings: dict[str, list[str]] = {}
    for finding in told.verdict["findings"]:
        findings.setdefault(finding["exchange"], []).append(f"{finding['id']} {finding['clause']}")
    shows: dict[str, list[str]] = {}
    for clause, exchange in told.witnesses.items():
        shows.setdefault(exchange, []).append(clause)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    creator = Creator("payproof", told.verdict["payproof"])
    comment = f"{one_line(told.verdict)}; journal {told.verdict['journal_sha256']}"
    try:
        with draft.open("w", encoding="utf-8") as file, HarFile(file, creator=creator, comment=comment) as har:
            for record in sorted(told.evidence.values(), key=lambda one: natural(one["id"])):
                note = [record["id"], record["operation"] or "no operation of the spec", record["test"]]
                note += [f"breaks {', '.join(findings[record['id']])}"] if record["id"] in findings else []
                note += [f"first judged by {', '.join(shows[record['id']])}"] if record["id"] in shows else []
                _entry(har, record, "; ".join(note))
        draft.replace(path)
    except OSError as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        message = f"{path} cannot be written: {error.strerror}"
        raise OutputError(message) from error


def _entry(har: HarFile, record: Mapping[str, Any], comment: str) -> None:
    sent, came = record["request"], record["response"]
    url = quote(sent["url"], safe=":/?#@!$&'()*+,;=%-._~")
    body = sent["body"]
    post = PostData(_header(sent["headers"], "content-type"), text=body) if body else None
    query = [Record(name, value) for name, value in parse_qsl(urlsplit(url).query, keep_blank_values=True)]
    request = Request(sent["method"], url, "HTTP/1.1", headers=_records(sent["headers"]), queryString=query, postData=post,
                      bodySize=len(body.encode("utf-8", "replace")))  # fmt: skip
    wait = record["elapsed"]
    har.add_entry(startedDateTime=clock.iso(record["started"]), time=wait, request=request,
                  response=_response(came) if came else _nothing(record), timings=Timings(send=0, wait=wait, receive=0),
                  comment=comment)  # fmt: skip


def _response(came: Mapping[str, Any]) -> Response:
    body, kind = came["body"], _header(came["headers"], "content-type")
    if body.startswith(BINARY):
        size = len(base64.b64decode(body.removeprefix(BINARY)))
        content = Content(size, mimeType=kind, text=body.removeprefix(BINARY), encoding="base64")
    else:
        size = len(body.encode("utf-8", "replace"))
        content = Content(size, mimeType=kind, text=body)
    return Response(came["status"], _phrase(came["status"]), "HTTP/1.1", headers=_records(came["headers"]), content=content,
                    redirectURL=_header(came["headers"], "location"), bodySize=size)  # fmt: skip


def _nothing(record: Mapping[str, Any]) -> Response:
    """Give what stands for an answer that did not come: status 0, as browsers write it."""
    return Response(0, "", "", comment=record.get("error", "no answer"))


def _phrase(status: int) -> str:
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return ""


def _records(headers: Iterable[tuple[str, str]]) -> list[Record]:
    return [Record(name, value) for name, value in headers]


def _header(headers: Iterable[tuple[str, str]], wanted: str) -> str:
    return next((value for name, value in headers if name.lower() == wanted), "")
