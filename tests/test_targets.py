"""Targets that are not there, lie dead, or answer what nobody can use: a clear message, the documented code, a journal."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from payproof import journal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Interrupted = Callable[..., tuple[int, str]]
    Payproof = Callable[..., subprocess.CompletedProcess[str]]

CREDENTIALS = {"PAYPROOF_CLIENT_ID": "client", "PAYPROOF_CLIENT_SECRET": "a-secret-of-the-test", "PAYPROOF_MERCHANT_ID": "998482157630"}


@contextmanager
def server(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """Serve every connection by a function of the test's, on a port of this machine."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.2)
    ended = threading.Event()

    def serve() -> None:
        while not ended.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            threading.Thread(target=one, args=(connection,), daemon=True).start()

    def one(connection: socket.socket) -> None:
        with connection:
            connection.settimeout(20)
            try:
                connection.recv(65536)
                answer(connection)
            except OSError:
                return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        ended.set()
        thread.join(timeout=5)
        listener.close()


def html(connection: socket.socket) -> None:
    """Answer a maintenance page to everything."""
    page = b"<html><body>We are down for maintenance</body></html>"
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(page) + page)


def nothing(connection: socket.socket) -> None:
    """Close the connection without a word."""


def large(connection: socket.socket) -> None:
    """Answer ten megabytes."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: 10000000\r\n\r\n")
    connection.sendall(b'"' + b"x" * 9_999_998 + b'"')


def endless(connection: socket.socket) -> None:
    """Begin an answer that never ends."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(400):
        connection.sendall(b"1\r\nx\r\n")
        time.sleep(0.05)


def journal_of(out: Path) -> list[dict[str, Any]]:
    """Read the whole journal of a run: it must be readable whatever happened."""
    return list(journal.read(out / "journal.jsonl"))


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        pytest.param(html, 1, "text/html", id="html"),  # the token endpoint answers, and breaks its documented media type
        pytest.param(nothing, 3, "does not answer as an HTTP server", id="nothing"),
        pytest.param(large, 3, "no token was given", id="ten-megabytes"),
        pytest.param(endless, 3, "did not end within", id="never-ends"),
    ],
)
def test_target_that_answers_badly(
    payproof: Payproof, root: Path, tmp_path: Path, answer: Callable[[socket.socket], None], code: int, words: str
) -> None:
    """A server that is no API: the run says what it met, exits as documented and leaves a journal."""
    with server(answer) as url:
        done = payproof("run", "--kit", str(root), "--target", url, "--out", str(tmp_path), "--workers", "1", "--depth", "smoke",
                        "--api", "jpmorgan-oauth", "--api", "jpmorgan-profiles", **CREDENTIALS)  # fmt: skip

    assert done.returncode == code, done.stdout + done.stderr
    assert words in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert journal_of(tmp_path)[-1]["kind"] == "footer"
    assert CREDENTIALS["PAYPROOF_CLIENT_SECRET"] not in (tmp_path / "journal.jsonl").read_text(encoding="utf-8")


def test_target_that_is_not_there(payproof: Payproof, root: Path, tmp_path: Path) -> None:
    """Nobody listens: one message with the URL, exit 3, and a journal and verdict that say so."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    done = payproof("run", "--kit", str(root), "--target", f"http://127.0.0.1:{port}", "--out", str(tmp_path), **CREDENTIALS)

    assert done.returncode == 3
    assert f"127.0.0.1:{port} is not there" in done.stderr
    assert journal_of(tmp_path)[-1]["counts"]["exchange"] == 0
    assert json.loads((tmp_path / "verdict.json").read_text(encoding="utf-8"))["exit"] == 3


def test_url_without_credentials(payproof: Payproof, root: Path, tmp_path: Path) -> None:
    """A server without control interface needs credentials from the environment; the message names the variables."""
    with server(html) as url:
        done = payproof("run", "--kit", str(root), "--target", url, "--out", str(tmp_path), "--workers", "1")

    assert done.returncode == 2, done.stdout + done.stderr
    assert "PAYPROOF_CLIENT_ID" in done.stderr


@contextmanager
def mock(*arguments: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Run `payproof mock` as a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "payproof", "mock", "--port", "0", *arguments], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        yield process.stdout.readline().split()[-1], process
    finally:
        process.terminate()
        process.communicate(timeout=20)


def wait_for_exchanges(out: Path) -> None:
    """Wait until a run has written some exchanges; the header comes before them, and is long."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and not any(path.read_bytes().count(b"\n") > 50 for path in out.glob(".shards-*/w*.jsonl")):
        time.sleep(0.1)


def test_target_that_dies_in_the_middle(payproof: Payproof, root: Path, tmp_path: Path) -> None:
    """The mock is killed while the run goes on: exit 3, the reason, and a journal with what had been seen."""
    with mock() as (url, process):
        killer = threading.Thread(target=lambda: (wait_for_exchanges(tmp_path), process.kill()))
        killer.start()
        done = payproof("run", "--kit", str(root), "--target", url, "--out", str(tmp_path), "--workers", "1", "--depth", "smoke")
        killer.join()

    assert done.returncode == 3, done.stdout + done.stderr
    assert "gave no answer" in done.stdout or "does not answer" in done.stdout
    records = journal_of(tmp_path)
    assert records[-1]["counts"]["exchange"] > 0
    assert any(record["kind"] == "error" for record in records)


def test_mock_started_apart_is_conformant(payproof: Payproof, root: Path, tmp_path: Path) -> None:
    """The same kit against `payproof mock` through its URL: every clause is judged, as on the embedded mock."""
    with mock() as (url, _):
        done = payproof("run", "--kit", str(root), "--target", url, "--out", str(tmp_path), "--depth", "smoke")

    said = json.loads((tmp_path / "verdict.json").read_text(encoding="utf-8"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert {row["verdict"] for row in said["clauses"]} == {"passed"}


@pytest.mark.parametrize("options", [
    ["mock", "--variant", "no-such-variant"],
    ["run", "--variant", "no-such-variant"],
    ["run", "--variant", "mp-errors-as-causes", "--variant", "mp-errors-status-text"],
    ["run", "--variant", "member-order", "--target", "http://127.0.0.1:9"],
])  # fmt: skip
def test_variants_that_cannot_be(payproof: Payproof, options: list[str]) -> None:
    """A variant that does not exist, two that exclude each other, one for a target that is not ours: one line, exit 2."""
    done = payproof(*options)

    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "variant" in done.stderr


def test_mock_says_that_its_port_is_in_use(payproof: Payproof) -> None:
    """A port that somebody else has: exit 2 and a message with the port."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = payproof("mock", "--port", port)

    assert done.returncode == 2
    assert port in done.stderr
    assert "in use" in done.stderr


def assert_reports_are_incomplete(out: Path) -> None:
    """Every report is there, and none of them can be taken for that of a whole run."""
    text = {path.name: path.read_text(encoding="utf-8") for path in out.iterdir() if path.is_file()}
    assert text.keys() == {"journal.jsonl", "verdict.json", "junit.xml", "report.html", "summary.md", "evidence.har", "allurerc.json"}
    assert "<title>payproof: incomplete on mock</title>" in text["report.html"]
    assert text["summary.md"].startswith("## payproof: incomplete")
    assert json.loads(text["evidence.har"])["log"]["comment"].startswith("incomplete")
    for report in ("report.html", "summary.md", "junit.xml"):
        assert "interrupted before the end" in text[report], report
    shown = [json.loads(path.read_text(encoding="utf-8")) for path in (out / "allure-results").glob("*-result.json")]
    (whole,) = [one for one in shown if one["name"] == "complete"]
    assert (whole["status"], "interrupted before the end" in whole["statusDetails"]["trace"]) == ("broken", True)
    assert "verdict = incomplete" in (out / "allure-results" / "environment.properties").read_text(encoding="utf-8")


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM], ids=lambda sent: sent.name)
def test_interrupt_leaves_a_journal(interrupted: Interrupted, root: Path, tmp_path: Path, sent: signal.Signals) -> None:
    """Ctrl-C, or a CI system that ends its job: exit 3, a whole journal, a verdict that says interrupted, and all reports say so."""
    code, output = interrupted("run", "--kit", str(root), "--out", str(tmp_path), "--workers", "2", "--depth", "smoke",
                               wait=lambda _: wait_for_exchanges(tmp_path), sent=sent)  # fmt: skip

    assert code == 3, output
    assert journal_of(tmp_path)[-1]["kind"] == "footer"
    said = json.loads((tmp_path / "verdict.json").read_text(encoding="utf-8"))
    assert any("interrupted" in error["message"] for error in said["suite_errors"])
    assert_reports_are_incomplete(tmp_path)
