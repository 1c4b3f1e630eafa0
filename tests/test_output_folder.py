"""Results that cannot be written: exit 3 and what is in the way, before anything is sent."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from payproof.errors import Exit

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits and capabilities are set as Linux has them; run it there")

DROP_CAPABILITY, MAY_WRITE_ANYWHERE = 24, 1
"""PR_CAPBSET_DROP and CAP_DAC_OVERRIDE of Linux."""


def as_anybody() -> None:
    """Take from root what nobody else has: that a read-only folder does not hold for it."""
    if os.getuid() == 0:
        ctypes.CDLL(None).prctl(DROP_CAPABILITY, MAY_WRITE_ANYWHERE, 0, 0, 0)


def on_a_full_disk() -> None:
    """Let no file grow beyond 1,000 bytes."""
    import resource  # Windows has none

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, 1_000))


def call(*arguments: str, cwd: Path, before: Callable[[], None] = as_anybody) -> subprocess.CompletedProcess[str]:
    """Run the command as a real process."""
    return subprocess.run([sys.executable, "-m", "payproof", *arguments], cwd=cwd, capture_output=True, text=True, timeout=120, check=False,
                          preexec_fn=before)  # fmt: skip


def file_in_the_way(out: Path) -> str:
    out.write_text("mine", encoding="utf-8")
    return str(out)


def folder_in_the_way_of_a_file(out: Path) -> str:
    (out / "verdict.json").mkdir(parents=True)
    return str(out / "verdict.json")


def file_in_the_way_of_a_folder(out: Path) -> str:
    out.mkdir()
    return file_in_the_way(out / "allure-results")


def read_only(out: Path) -> str:
    out.mkdir(mode=0o555)
    return str(out)


def nothing(out: Path) -> str:
    return str(out)


@pytest.mark.parametrize(
    ("prepare", "before"),
    [
        pytest.param(file_in_the_way, as_anybody, id="file-in-the-way"),
        pytest.param(folder_in_the_way_of_a_file, as_anybody, id="folder-in-the-way-of-a-file"),
        pytest.param(file_in_the_way_of_a_folder, as_anybody, id="file-in-the-way-of-a-folder"),
        pytest.param(read_only, as_anybody, id="read-only"),
        pytest.param(nothing, on_a_full_disk, id="full-disk"),
    ],
)
def test_run_without_a_place_for_its_results(
    tiny: Callable[..., Path], tmp_path: Path, prepare: Callable[[Path], str], before: Callable[[], None]
) -> None:
    """F8: one line that names the place, exit 3, nothing begun, and nothing of somebody else's taken away."""
    out = tmp_path / "out"
    named = prepare(out)

    done = call("run", "--kit", str(tiny()), "--out", str(out), cwd=tmp_path, before=before)

    assert (done.returncode, done.stdout) == (Exit.INCOMPLETE, ""), done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert named in done.stderr
    assert "cannot be written" in done.stderr
    assert out.is_file() or not list(out.glob(".shards-*"))
    assert prepare is not file_in_the_way or out.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    ("prepare", "before"),
    [
        pytest.param(file_in_the_way, as_anybody, id="file-in-the-way"),
        pytest.param(read_only, as_anybody, id="read-only"),
        pytest.param(nothing, on_a_full_disk, id="full-disk"),
    ],
)
def test_reports_without_a_place(root: Path, tmp_path: Path, prepare: Callable[[Path], str], before: Callable[[], None]) -> None:
    """F8: `payproof report` that could not write ends with exit 3, and does not say what it did not do."""
    out = tmp_path / "out"
    named = prepare(out)

    done = call("report", str(root / "reports" / "example" / "journal.jsonl"), "--out", str(out), cwd=tmp_path, before=before)

    assert (done.returncode, done.stdout) == (Exit.INCOMPLETE, ""), done.stderr
    assert named in done.stderr
    assert "cannot be written" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("prepare", "before"),
    [pytest.param(file_in_the_way, as_anybody, id="file-in-the-way"), pytest.param(nothing, on_a_full_disk, id="full-disk")],
)
def test_selftest_without_a_place(
    tiny: Callable[..., Path], tmp_path: Path, prepare: Callable[[Path], str], before: Callable[[], None]
) -> None:
    """F8: exit 3 as for a run, before anything is tried."""
    out = tmp_path / "out"
    named = prepare(out)

    done = call("selftest", "--replay", "--kit", str(tiny()), "--out", str(out), cwd=tmp_path, before=before)

    assert (done.returncode, done.stdout) == (Exit.INCOMPLETE, ""), done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert named in done.stderr
    assert "cannot be written" in done.stderr


@pytest.mark.parametrize("where", ["folder", "folder/missing/page.md"])
def test_comparison_without_a_place(root: Path, tmp_path: Path, where: str) -> None:
    """F8: a folder in the way of the page, or none for it: exit 3, not the comparison's own 0 or 1."""
    (tmp_path / "folder").mkdir()
    path = str(root / "reports" / "example" / "journal.jsonl")

    done = call("compare", path, path, "--markdown", where, cwd=tmp_path)

    assert (done.returncode, done.stdout) == (Exit.INCOMPLETE, ""), done.stderr
    assert f"{where} cannot be written" in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in (tmp_path / "folder").iterdir()] == []
