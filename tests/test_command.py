"""The command as a user runs it: the main job, each fault, plain pytest, an installed wheel."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from payproof.mock.faults import FAULTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from payproof.kit import Kit

    Payproof = Callable[..., subprocess.CompletedProcess[str]]


def verdict(out: Path) -> dict[str, Any]:
    """Read the verdict of a run."""
    read: dict[str, Any] = json.loads((out / "verdict.json").read_text(encoding="utf-8"))
    return read


def test_main_job_is_conformant_with_every_clause_judged(payproof: Payproof, kit: Kit, root: Path, tmp_path: Path) -> None:
    """The honest mock at standard depth: exit 0, every clause passed, enough generated requests for each operation."""
    done = payproof("run", "--kit", str(root), "--out", str(tmp_path), "--workers", "2", timeout=600)

    said = verdict(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [(row["id"], row["verdict"]) for row in said["clauses"]] == [(clause.id, "passed") for clause in kit.clauses()]
    assert (said["conformant"], said["complete"], said["partial"]) == (True, True, False)
    for row in said["generated"]:
        assert row["accepted"] >= 30, row
        assert row["negative"] >= 60, row
        assert row["violated"] == row["constraints"], row
        assert row["named"] >= 0.95 * row["refused"], row
        assert not any("masked" in hole for hole in row["holes"]), row
    schema = json.loads((root / "payproof" / "verdict.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(said, schema)


def test_pytest_gives_the_same_verdict(payproof: Payproof, kit: Kit, root: Path, tmp_path: Path) -> None:
    """`pytest suites --target mock` judges the same clauses to the same verdict and exit code as `payproof run` does above."""
    done = payproof("-m-pytest", "suites", "--target", "mock", "-n", "2", "--depth", "smoke", f"--out={tmp_path}",
                    "-p", "no:cacheprovider", cwd=root)  # fmt: skip

    said = verdict(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [(row["id"], row["verdict"]) for row in said["clauses"]] == [(clause.id, "passed") for clause in kit.clauses()]
    assert said["conformant"] is True
    assert (tmp_path / "junit.xml").is_file()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["stale-default-copy", "same-token-again"])
def test_fault_is_caught_by_the_clause_it_names(payproof: Payproof, root: Path, tmp_path: Path, name: str) -> None:
    """A lie of the mock: exit 1, and the clause that it names is among the findings and on the terminal.

    `payproof selftest` tells all of them, without a process for each.
    """
    fault = FAULTS[name]
    done = payproof("run", "--kit", str(root), "--api", fault.api, "--fault", name, "--depth", "smoke", "--out", str(tmp_path),
                    "--workers", "1", timeout=600)  # fmt: skip

    assert done.returncode == 1, done.stdout + done.stderr
    assert fault.clause in {finding["clause"] for finding in verdict(tmp_path)["findings"]}
    assert fault.clause in done.stdout


@pytest.mark.slow
def test_installed_wheel_runs_where_nothing_can_be_written(root: Path) -> None:
    """A wheel in an empty environment, site-packages read-only, another current folder: the kit inside is used."""
    with tempfile.TemporaryDirectory() as folder:
        run_from_a_wheel(root, Path(folder))


def run_from_a_wheel(root: Path, tmp_path: Path) -> None:
    """Build, install and run; the folder must be one that another user can be let into."""
    subprocess.run([sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(tmp_path), str(root)],
                   check=True, timeout=300, capture_output=True)  # fmt: skip
    wheel = next(tmp_path.glob("payproof-*.whl"))
    venv.create(tmp_path / "env", with_pip=True)
    python = tmp_path / "env" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", str(wheel)], check=True, timeout=600, capture_output=True)
    work = tmp_path / "work"
    work.mkdir()
    options: dict[str, Any] = {}
    if os.getuid() == 0:
        # Nothing is read-only for root, so the run is somebody else's.
        tmp_path.chmod(0o755)
        shutil.chown(work, 65534, 65534)
        options = {"user": 65534, "group": 65534, "extra_groups": []}
    else:
        for path in (tmp_path / "env").rglob("*"):
            path.chmod(path.stat().st_mode & ~0o222)

    done = subprocess.run(
        [tmp_path / "env" / "bin" / "payproof", "run", "--depth", "smoke", "--workers", "2"], cwd=work, capture_output=True,
        text=True, timeout=300, check=False, env={"PATH": "/usr/bin:/bin", "HOME": str(work)}, **options,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr
    assert verdict(work / "reports")["conformant"] is True
