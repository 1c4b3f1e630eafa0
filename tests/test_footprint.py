"""What a run makes at a target is written down before it is sent, and taken back, whatever happens to the run."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from payproof import footprint
from payproof.errors import Exit, JournalError
from payproof.exchange import Request
from payproof.footprint import Footprint
from payproof.judge import Judge
from payproof.redact import Redactor
from payproof.transport import Done
from tests.standin import start
from tests.standin.reckoning import forgotten

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from payproof.kit import Kit
    from tests.standin import Standin

STORIES = "test_lifecycles or test_money or test_defaults"
APIS = ("jpmorgan-payments", "jpmorgan-profiles", "jpmorgan-oauth")


@pytest.fixture(scope="module")
def standin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standin]:
    """A vendor's sandbox, with other people's things in it."""
    with start(tmp_path_factory.mktemp("standin"), crowded=1, lifetime=120.0) as found:
        yield found


@pytest.fixture
def asked(standin: Standin, root: Path, tmp_path: Path) -> tuple[list[str], dict[str, str]]:
    """The command that runs stories there, and its environment."""
    text, environment = standin.entry(rate=200.0)
    (tmp_path / "payproof.toml").write_text(text, encoding="utf-8")
    apis = [part for api in APIS for part in ("--api", api)]
    return ["run", "--kit", str(root), "--target", "standin", "--targets", str(tmp_path / "payproof.toml"), *apis, "--depth", "smoke",
            "-k", STORIES, "--workers", "1", "--out", str(tmp_path / "out")], {**os.environ, **environment}  # fmt: skip


def call(arguments: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "payproof", *arguments], env=environment, capture_output=True, text=True, timeout=300,
                          check=False)  # fmt: skip


def left(out: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((out / "verdict.json").read_text(encoding="utf-8"))["leftovers"]
    return found


def test_nothing_is_left_after_a_run(standin: Standin, asked: tuple[list[str], dict[str, str]], tmp_path: Path) -> None:
    """Payments are made void or refunded, profiles deleted; nothing of other people is touched."""
    done = call(*asked)

    assert done.stderr == ""
    assert [row for row in left(tmp_path / "out") if row["state"] != "stays"] == []
    assert standin.living() == []
    assert standin.touched()["changed"] == []
    assert list((tmp_path / "out").glob(footprint.PATTERN)) == []


def killed_after(arguments: list[str], environment: dict[str, str], out: Path, things: int) -> None:
    """Start a run and kill it, its workers too, once so many requests that make something have been announced."""
    process = subprocess.Popen([sys.executable, "-m", "payproof", *arguments], env=environment, start_new_session=True,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    deadline = time.monotonic() + 200
    while time.monotonic() < deadline and process.poll() is None:
        if sum(path.read_bytes().count(b'"kind":"sent"') for path in out.glob(footprint.PATTERN)) >= things:
            break
        time.sleep(0.001)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(60)


@pytest.mark.parametrize("seed", [1, 2])
def test_sweep_finishes_what_a_killed_run_left(
    standin: Standin, asked: tuple[list[str], dict[str, str]], tmp_path: Path, seed: int
) -> None:
    """F19. Killed between a request and its answer, or anywhere else: all is taken back, or is told of as unknown."""
    out = tmp_path / "out"
    arguments, environment = asked
    before = {thing["id"] for thing in standin.living()}
    standin.weather(latency_ms=20, jitter_ms=20)
    killed_after(arguments, environment, out, random.Random(seed).randint(1, 12))  # noqa: S311  # a moment, no secret
    standin.fair()

    done = call(["sweep", str(out)], environment)

    unknown = [line for line in done.stdout.splitlines() if line.startswith("unknown outcome: ")]
    assert done.returncode == (Exit.INCOMPLETE if unknown else Exit.CONFORMANT), done.stdout + done.stderr
    assert forgotten([thing for thing in standin.living() if thing["id"] not in before], unknown) == []
    assert standin.touched()["changed"] == []


def test_what_cannot_be_taken_back_is_a_verdict_of_its_own(
    standin: Standin, asked: tuple[list[str], dict[str, str]], tmp_path: Path
) -> None:
    """F19: clean-up that fails is told, and the run is incomplete; a sweep finishes it later."""
    arguments, environment = asked
    before = {thing["id"] for thing in standin.living()}
    standin.strike("500", only="DELETE /.*", times=1000)

    done = call(arguments, environment)
    rows = [row for row in left(tmp_path / "out") if row["state"] == "left over"]
    standin.fair()
    swept = call(["sweep", str(tmp_path / "out")], environment)

    assert done.returncode in {Exit.INCOMPLETE, Exit.NOT_CONFORMANT}
    assert rows
    assert {row["resource"] for row in rows} == {"profile"}
    assert (swept.returncode, swept.stdout.splitlines()[-1]) == (Exit.CONFORMANT, "nothing is left")
    assert {thing["id"] for thing in standin.living()} <= before


def test_file_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "footprint-1-w0.jsonl").write_text("nothing\n{}\n", encoding="utf-8")

    with pytest.raises(JournalError, match=r"footprint-1-w0\.jsonl:1: is not as payproof writes it"):
        footprint.read(tmp_path)


def test_half_a_line_of_a_killed_process_was_never_sent(tmp_path: Path) -> None:
    """It is cut off before anything is added."""
    path = tmp_path / "footprint-1-w0.jsonl"
    sent = {"kind": "sent", "number": 1, "api": "a", "operation": "make", "tenant": "own", "request": "r", "makes": 1, "at": "2026"}
    path.write_text(f'{{"kind":"run","target":"t"}}\n{json.dumps(sent)}\n{{"kind":"se', encoding="utf-8")

    trace, = footprint.read(tmp_path)
    footprint.settle(trace, footprint.OVER)

    assert (trace.state, trace.target) == (footprint.UNKNOWN, "t")
    assert [found.state for found in footprint.read(tmp_path)] == [footprint.OVER]


def test_request_that_was_not_sent_made_nothing(kit: Kit, tmp_path: Path) -> None:
    """Announced, and then refused a turn, or without anybody to send it to."""
    judge = Judge(kit.contracts.values(), Redactor(kit.sensitive()), has=frozenset())
    written = Footprint(tmp_path / "footprint-1-w0.jsonl", {"target": "t"}, judge)
    request = Request("POST", "https://x.example/api/v2/payments", (("request-id", "r-1"),), b"{}")

    written.never(written.before(request, "own"))
    refused = [(trace.request, trace.state) for trace in footprint.read(tmp_path)]
    written.after(written.before(request, "own"), Done(request, None, 0.0, 1.0, "nobody", unsent=True))
    written.close()

    assert refused == [("r-1", footprint.NOTHING)] * 2
    assert {trace.state for trace in footprint.read(tmp_path)} == {footprint.NOTHING}


def test_verdict_is_written_although_the_clean_up_cannot_be_done(root: Path, tmp_path: Path) -> None:
    """A file that somebody spoilt stops the clean-up and makes the run incomplete; what was judged is kept."""
    (tmp_path / "footprint-1-w0.jsonl").write_text('{"kind":"run","target":"t"}\n{"kind":"made","number":1,"index":0}\n', encoding="utf-8")

    done = call(["run", "--kit", str(root), "--api", "jpmorgan-oauth", "--depth", "smoke", "--workers", "1", "--out", str(tmp_path)],
                dict(os.environ))  # fmt: skip
    verdict = json.loads((tmp_path / "verdict.json").read_text(encoding="utf-8"))

    assert (done.returncode, verdict["exit"], verdict["counts"]["failed"]) == (Exit.INCOMPLETE,) * 2 + (0,)
    assert verdict["counts"]["passed"] == verdict["counts"]["clauses"] > 0
    assert [error["message"].partition(":")[0] for error in verdict["suite_errors"]] == [
        f"not everything was neutralised, try `payproof sweep {tmp_path}`"
    ]
