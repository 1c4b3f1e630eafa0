"""evidence.har: what a browser needs to open it, and no more than the journal has."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from payproof import journal
from payproof.errors import OutputError
from payproof.report import account, har

if TYPE_CHECKING:
    from pathlib import Path


def header() -> dict[str, Any]:
    clause = {"id": "A-SAME", "api": "a", "operation": "get", "keyword": "must", "basis": "documented", "text": "It is so.", "needs": []}
    return {
        "payproof": "0", "source": "run", "target": "mock", "mock": True, "has": [], "faults": [], "depth": "smoke", "seed": 1,
        "strict": False, "partial": False, "started": "2026-11-20T10:00:00.000Z", "scope": {"apis": ["a"], "clauses": None},
        "apis": [{"id": "a"}], "clauses": [clause], "operations": [],
    }  # fmt: skip


def exchange(number: int, judged: tuple[int, ...] = (), body: str = "", response: dict[str, Any] | None = None) -> dict[str, Any]:
    request = {"method": "POST", "url": "http://x.test/a?q=1&q=%20&card=[redacted:pan:1111:ab]", "headers": [["Content-Type", "text/x"]],
               "body": body}  # fmt: skip
    return {"kind": "exchange", "id": f"w0-{number}", "api": "a", "operation": "get", "tenant": "t", "test": "suites/test_a.py::test_it",
            "started": 1795168800.5 + number, "elapsed": 12.5, "at": 0, "request": request, "response": response, "judged": list(judged),
            "unjudged": {}, **({} if response else {"error": "ReadTimeout: no answer"})}  # fmt: skip


def answer(body: str) -> dict[str, Any]:
    return {"status": 200, "headers": [["Content-Type", "application/json"], ["Location", "/there"]], "body": body}


@pytest.fixture
def written(tmp_path: Path) -> dict[str, Any]:
    """The archive of three exchanges: a witness, one without an answer that breaks a clause, and one that shows nothing."""
    found = {"kind": "finding", "clause": "A-SAME", "api": "a", "operation": "get", "keyword": "must", "basis": "documented", "pointer": "",
             "expected": "1", "seen": "2", "exchange": "w0-10", "fingerprint": "f" * 16}  # fmt: skip
    with journal.Writer(tmp_path / "j", header()) as writer:
        for record in (exchange(2, (0,), '{"a":1}', answer('{"ä":2}')), exchange(3, response=answer("x")), exchange(10, (0,)), found):
            writer.write(record)
        writer.close({"finished": "2026-11-20T10:00:01.000Z", "stopped": [], "gaps": []})
    har.write(tmp_path / "evidence.har", account.read(tmp_path / "j"))
    log: dict[str, Any] = json.loads((tmp_path / "evidence.har").read_text(encoding="utf-8"))["log"]
    return log


def test_archive_has_what_shows_something(written: dict[str, Any]) -> None:
    """The witness of each clause and the exchange of each finding, in their order, each with what it shows."""
    first, second = written["entries"]

    assert first["comment"] == "w0-2; get; suites/test_a.py::test_it; first judged by A-SAME"
    assert second["comment"] == "w0-10; get; suites/test_a.py::test_it; breaks F1 A-SAME"
    assert (written["version"], written["creator"]["name"]) == ("1.2", "payproof")


def test_entry_is_as_har_wants_it(written: dict[str, Any]) -> None:
    """Members that viewers need; sizes in bytes; a URL that can be parsed although a number in it is hidden."""
    entry = written["entries"][0]
    sent, came = entry["request"], entry["response"]

    assert (entry["startedDateTime"], entry["time"]) == ("2026-11-20T10:00:02.500Z", 12.5)
    assert sum(value for value in entry["timings"].values() if value > 0) == entry["time"]
    assert urlsplit(sent["url"]).query == "q=1&q=%20&card=%5Bredacted:pan:1111:ab%5D"
    assert [(one["name"], one["value"]) for one in sent["queryString"]] == [("q", "1"), ("q", " "), ("card", "[redacted:pan:1111:ab]")]
    assert sent["postData"] == {"mimeType": "text/x", "text": '{"a":1}'}
    assert (came["status"], came["statusText"], came["redirectURL"]) == (200, "OK", "/there")
    assert came["content"] == {"size": 8, "mimeType": "application/json", "text": '{"ä":2}'}
    assert {"cookies", "headers", "headersSize", "bodySize", "httpVersion"} <= came.keys() & sent.keys()


def test_answer_that_did_not_come_has_status_0(written: dict[str, Any]) -> None:
    came = written["entries"][1]["response"]

    assert (came["status"], came["comment"]) == (0, "ReadTimeout: no answer")


def test_bytes_that_are_no_text_stay_bytes(tmp_path: Path) -> None:
    with journal.Writer(tmp_path / "j", header()) as writer:
        writer.write(exchange(1, (0,), response=answer("base64:/w==")))
        writer.close({"finished": "2026-11-20T10:00:01.000Z", "stopped": [], "gaps": []})
    har.write(tmp_path / "evidence.har", account.read(tmp_path / "j"))

    (entry,) = json.loads((tmp_path / "evidence.har").read_text(encoding="utf-8"))["log"]["entries"]
    assert entry["response"]["content"] == {"size": 1, "mimeType": "application/json", "text": "/w==", "encoding": "base64"}


def test_archive_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    """What is in the way is named, and no draft stays behind."""
    with journal.Writer(tmp_path / "j", header()) as writer:
        writer.close({"finished": "2026-11-20T10:00:01.000Z", "stopped": [], "gaps": []})
    (tmp_path / "out" / "evidence.har").mkdir(parents=True)

    with pytest.raises(OutputError, match=r"evidence\.har cannot be written"):
        har.write(tmp_path / "out" / "evidence.har", account.read(tmp_path / "j"))
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["evidence.har"]
