"""A run that goes on after an interruption: what was done is not repeated, and nothing that was seen is lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from payproof import resume
from payproof.errors import Exit, UsageError

if TYPE_CHECKING:
    from pathlib import Path

Payproof = "Callable[..., subprocess.CompletedProcess[str]]"


def records(path: Path, kind: str) -> list[dict[str, Any]]:
    return [record for record in map(json.loads, path.read_text(encoding="utf-8").splitlines()) if record["kind"] == kind]


def asked(root: Path, out: Path) -> list[str]:
    return ["run", "--kit", str(root), "--api", "jpmorgan-oauth", "--depth", "smoke", "--workers", "1", "--out", str(out)]


def interrupted(root: Path, out: Path, sent: signal.Signals) -> None:
    """Start a run and stop it once a few tests are done."""
    process = subprocess.Popen(
        [sys.executable, "-m", "payproof", *asked(root, out)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=out.parent,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509  # one call, and no lock
    )  # fmt: skip
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        if any(b'"kind":"done"' in shard.read_bytes() for shard in out.glob(f"{resume.SHARDS}*/*.jsonl")):
            break
        time.sleep(0.02)
    os.kill(process.pid, sent)
    process.wait(60)


@pytest.fixture(scope="module")
def whole(root: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The tests of a run that nobody interrupts."""
    out = tmp_path_factory.mktemp("whole")
    done = subprocess.run([sys.executable, "-m", "payproof", *asked(root, out)], check=False, capture_output=True, timeout=180)
    assert done.returncode == Exit.CONFORMANT
    return sorted(record["test"] for record in records(out / "journal.jsonl", "done"))


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGKILL], ids=lambda sent: sent.name)
def test_run_goes_on_where_it_ended(payproof: Payproof, root: Path, tmp_path: Path, whole: list[str], sent: signal.Signals) -> None:
    """Ctrl-C leaves a journal, kill -9 the workers' shards: from both the same verdict comes out, and no test runs twice."""
    out = tmp_path / "out"
    interrupted(root, out, sent)
    before = out / "journal.jsonl" if sent is signal.SIGINT else next(out.glob(f"{resume.SHARDS}*/*.jsonl"))
    done = {record["name"] for record in records(before, "done")} if sent is signal.SIGINT else set()

    went_on = payproof("run", "--resume", str(out / "journal.jsonl" if sent is signal.SIGINT else out), "--workers", "1")

    assert went_on.returncode == Exit.CONFORMANT, went_on.stdout + went_on.stderr
    assert sorted(record["test"] for record in records(out / "journal.jsonl", "done")) == whole
    again = {record["test"] for record in records(out / "journal.jsonl", "exchange") if "r1-" in record["id"]}
    assert again
    assert not done & again
    verdict = json.loads((out / "verdict.json").read_text(encoding="utf-8"))
    assert [row["verdict"] for row in verdict["clauses"]] == ["passed"] * verdict["counts"]["clauses"]
    assert payproof("report", str(out / "journal.jsonl"), "--out", str(tmp_path / "again")).returncode == Exit.CONFORMANT
    assert list(out.glob(f"{resume.SHARDS}*")) == []


def test_run_that_ended_by_itself_is_not_gone_on_with(payproof: Payproof, root: Path, tmp_path: Path) -> None:
    path = root / "reports" / "example" / "journal.jsonl"

    done = payproof("run", "--resume", str(path))

    assert (done.returncode, done.stderr) == (Exit.USAGE, f"payproof: {path}: the run ended by itself: there is nothing to go on with\n")


def test_other_options_are_refused(payproof: Payproof, root: Path, tmp_path: Path) -> None:
    """A run that goes on under another seed or depth would be two runs in one verdict."""
    path = root / "reports" / "example" / "journal.jsonl"

    done = payproof("run", "--resume", str(path), "--seed", "7", "--depth", "deep")

    assert done.returncode == Exit.USAGE
    assert "leave out depth, seed" in done.stderr


def test_folder_without_anything_left_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no run has left something to go on with"):
        resume.read(tmp_path)
