"""A test that fails: explained by a clause that the target broke, or an error of the suite."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from payproof.errors import Exit
from payproof.finding import Finding
from payproof.journal import error_record, finding_record
from payproof.verdict import Count, decide

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TEST = "suites/test_lifecycles.py::test_documented_story"


def header(*, mock: bool) -> dict[str, Any]:
    clause = {"id": "C-1", "api": "a", "operation": "read", "keyword": "must", "basis": "invariant", "text": "", "needs": []}
    return {
        "source": "run", "target": "mock", "mock": mock, "has": [], "faults": [], "depth": "smoke", "seed": 1, "strict": False,
        "partial": False, "started": "", "scope": {"apis": ["a"], "clauses": None}, "apis": [{"id": "a"}], "clauses": [clause],
        "operations": [{"api": "a", "id": "read", "method": "GET", "resources": []}],
    }  # fmt: skip


def verdict(*records: dict[str, Any], mock: bool = True) -> dict[str, Any]:
    count = Count(header(mock=mock))
    exchange = {"kind": "exchange", "id": "w0-1", "operation": "read", "test": TEST, "judged": [0], "unjudged": {},
                "response": {"status": 200}}  # fmt: skip
    for record in (exchange, *records):
        count.add(record)
    return decide(count, {"stopped": [], "gaps": [], "finished": ""}, "", version="0")


FAILED = error_record("it failed", where=TEST, test=TEST)
BROKEN = finding_record(Finding("C-1", "a", "read", "must", "invariant", "", "one", "two", "w0-1"))


@pytest.mark.parametrize("records", [pytest.param((FAILED, BROKEN), id="before"), pytest.param((BROKEN, FAILED), id="after")])
def test_a_break_explains_the_failure_of_its_test(records: tuple[dict[str, Any], ...]) -> None:
    made = verdict(*records)
    assert made["suite_errors"] == []
    assert made["exit"] == Exit.NOT_CONFORMANT


def test_a_failure_without_a_break_is_an_error_of_the_suite() -> None:
    made = verdict(FAILED)
    assert made["suite_errors"] == [{"message": "it failed", "where": TEST}]
    assert made["exit"] == Exit.INCOMPLETE


def test_a_break_explains_no_other_test() -> None:
    made = verdict(BROKEN, error_record("it failed", where="other", test="other"))
    assert [error["where"] for error in made["suite_errors"]] == ["other"]


def test_a_warning_explains_nothing() -> None:
    made = verdict(BROKEN, FAILED, mock=False)
    assert made["clauses"][0]["verdict"] == "warned"
    assert made["exit"] == Exit.INCOMPLETE


def test_an_error_of_the_judge_is_not_explained() -> None:
    made = verdict(BROKEN, error_record("the two validators disagree", where="w0-1"))
    assert [error["where"] for error in made["suite_errors"]] == ["w0-1"]


SUITE = """\
import pytest

from payproof.actor import accepted

pytestmark = pytest.mark.api("vouchers")


def test_story_goes_on(apis):
    for _ in range(2):
        apis["vouchers"].call("getVoucher", path={"id": "v1"})


def test_fails_for_another_reason(apis):
    accepted(apis["vouchers"].call("getVoucher", path={"id": "v1"}), 201)
"""


class _Vouchers(BaseHTTPRequestHandler):
    """Somebody else's server, whose notes are longer than we chose ours to be."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        found = self.path.startswith("/v1/vouchers/")
        body = b'{"id": "v1", "amount": 5, "note": "longer than ten"}' if found else b'{"error": "none"}'
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_an_observed_break_explains_nothing(payproof: Any, tiny: Callable[..., Path], tmp_path: Path) -> None:
    """Elsewhere, a break of what we only assume ends no story, and a test that fails beside it is still an error of the suite."""
    root = tiny(contract=[("should: A note", "must: A note")])
    (root / "conftest.py").write_text('pytest_plugins = ("payproof.plugin",)\n', encoding="utf-8")
    (root / "suites" / "test_it.py").write_text(SUITE, encoding="utf-8")
    with ThreadingHTTPServer(("127.0.0.1", 0), _Vouchers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        done = payproof("run", "--kit", str(root), "--target", url, "--out", str(tmp_path / "out"), "--workers", "1", "--depth", "smoke")
        server.shutdown()

    said = json.loads((tmp_path / "out" / "verdict.json").read_text(encoding="utf-8"))
    assert done.returncode == Exit.INCOMPLETE, done.stdout + done.stderr
    (row,) = [row for row in said["clauses"] if row["id"] == "VOUCHER-NOTE-SHORT"]
    assert (row["verdict"], row["broken"]) == ("observed", 3)
    (error,) = said["suite_errors"]
    assert "test_fails_for_another_reason failed without a broken clause: AssertionError: getVoucher: 200" in error["message"]
