"""Whole runs at a target with weather: a small server that fails, limits and lies as a test says."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Payproof = Callable[..., subprocess.CompletedProcess[str]]

SUITE = '''
import pytest

pytestmark = pytest.mark.api("vouchers")


def test_kept(apis):
    """A voucher is read twice."""
    made = apis["vouchers"].call("createVoucher", body={"amount": 5})
    for _ in range(2):
        apis["vouchers"].call("getVoucher", path={"id": made.body["id"]})
'''


class Shop(ThreadingHTTPServer):
    """Makes vouchers and shows them. `strokes` are, by method, what happens to the next requests: a status, or `lie`."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Desk)
        self.made: dict[str, int] = {}
        self.seen: list[str] = []
        self.strokes: dict[str, list[Any]] = {"GET": [], "POST": []}


class Desk(BaseHTTPRequestHandler):
    """One connection."""

    server: Shop
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:  # as the standard library calls it
        """Make a voucher."""
        amount = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["amount"]
        if not self.struck():
            name = f"v{len(self.server.made) + 1}"
            self.server.made[name] = amount
            self.answer(201, {"id": name, "amount": amount})

    def do_GET(self) -> None:  # as the standard library calls it
        """Show one."""
        name = self.path.rpartition("/")[2]
        if name not in self.server.made:
            self.answer(404, {"error": "there is no such voucher"})
        elif not self.struck():
            self.answer(200, {"id": name, "amount": self.server.made[name]})

    def struck(self) -> bool:
        """Let what the test ordered happen."""
        self.server.seen.append(self.command)
        stroke = self.server.strokes[self.command].pop(0) if self.server.strokes[self.command] else 0
        if stroke == "lie":
            self.answer(200, {"id": self.path.rpartition("/")[2], "amount": 999})
        elif stroke:
            self.answer(stroke, None)
        return bool(stroke)

    def answer(self, status: int, body: Any) -> None:
        """Answer JSON, or a page where there is no body."""
        content = json.dumps(body).encode() if body is not None else b"<h1>Back soon</h1>"
        self.send_response(status)
        self.send_header("Content-Type", "application/json" if body is not None else "text/html")
        self.send_header("Content-Length", str(len(content)))
        if status in {429, 503}:
            self.send_header("Retry-After", "0")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def shop() -> Iterator[Shop]:
    """A shop that is open."""
    made = Shop()
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()
    thread.join(timeout=10)


@pytest.fixture
def judged(payproof: Payproof, tiny: Callable[..., Path], tmp_path: Path, shop: Shop) -> Callable[..., tuple[int, dict[str, Any], str]]:
    """Run the suite at the shop as a named target; give the exit code, the verdict and what was printed."""

    def run(**members: Any) -> tuple[int, dict[str, Any], str]:
        root = tiny()
        (root / "conftest.py").write_text('pytest_plugins = ("payproof.plugin",)\n', encoding="utf-8")
        (root / "suites" / "test_it.py").write_text(SUITE, encoding="utf-8")
        lines = ["[targets.shop]", *(f"{name} = {value}" for name, value in members.items()), "[targets.shop.apis.vouchers]",
                 f'url = "http://127.0.0.1:{shop.server_port}/v1"']  # fmt: skip
        (tmp_path / "payproof.toml").write_text("\n".join(lines), encoding="utf-8")
        done = payproof("run", "--target", "shop", "--kit", str(root), "--clause", "VOUCHER-AMOUNT-KEPT", "--workers", "1", "--out", "out")
        return done.returncode, json.loads((tmp_path / "out" / "verdict.json").read_text(encoding="utf-8")), done.stdout + done.stderr

    return run


def test_weather_changes_no_verdict(judged: Callable[..., tuple[int, dict[str, Any], str]], shop: Shop) -> None:
    """Reads are sent again, a write without a key is not: its test begins anew, with a voucher of its own."""
    shop.strokes = {"POST": [503], "GET": [429, 502]}

    exit_code, verdict, told = judged(rate=50.0)

    assert exit_code == 0, told
    assert verdict["clauses"][0]["verdict"] == "passed"
    assert {row["what"]: row["count"] for row in verdict["weather"]} == {"maintenance (503)": 1, "rate limit": 1, "maintenance (502)": 1}
    assert shop.seen[:2] == ["POST", "POST"]
    assert len(shop.made) == 1
    assert "estimated from 1 tests) at 50 a second" in told


def test_clause_that_is_broken_once_is_flaky(judged: Callable[..., tuple[int, dict[str, Any], str]], shop: Shop) -> None:
    """Neither failed nor passed: every attempt is told, and the run is not complete."""
    shop.strokes["GET"] = [0, "lie"]

    exit_code, verdict, told = judged()

    row, found = verdict["clauses"][0], verdict["findings"][0]
    assert (exit_code, row["verdict"]) == (3, "warned"), told
    assert [attempt["outcome"] for attempt in found["attempts"]] == ["broken", "kept"]
    assert len({attempt["exchange"] for attempt in found["attempts"]}) == 2
    assert "flaky" in verdict["gaps"][0]["what"]


def test_clause_that_is_broken_again_has_failed(judged: Callable[..., tuple[int, dict[str, Any], str]], shop: Shop) -> None:
    """The second attempt confirms the first one."""
    shop.strokes["GET"] = [0, "lie", 0, "lie"]

    exit_code, verdict, told = judged()

    assert (exit_code, verdict["clauses"][0]["verdict"]) == (1, "failed"), told
    assert [attempt["outcome"] for attempt in verdict["findings"][0]["attempts"]] == ["broken", "broken"]
    assert len(shop.made) == 2


def test_write_that_never_gets_through_stays_open(judged: Callable[..., tuple[int, dict[str, Any], str]], shop: Shop) -> None:
    """The clause is not run, with the reason, and nothing is held against the target."""
    shop.strokes["POST"] = [503] * 9

    exit_code, verdict, told = judged()

    assert (exit_code, verdict["clauses"][0]["verdict"]) == (3, "not_run"), told
    assert "its outcome is unknown" in verdict["gaps"][0]["what"]
    assert verdict["findings"] == []
    assert shop.seen == ["POST"] * 3


def test_budget_ends_a_run(judged: Callable[..., tuple[int, dict[str, Any], str]], shop: Shop) -> None:
    """What would go beyond it is not sent; the exit code says that the run was refused."""
    exit_code, verdict, told = judged(budget=2)

    assert exit_code == 4, told
    assert verdict["exit"] == 4
    assert "budget of 2 requests" in told
    assert shop.seen == ["POST", "GET"]
