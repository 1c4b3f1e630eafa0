"""`payproof selftest` as a process: what it says and leaves behind, on kits that are well, sabotaged, hanging or foreign."""

from __future__ import annotations

import json
import re
import shutil
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from payproof.mock.faults import FAULTS
from payproof.selftest.crew import Crew, SelftestError
from payproof.selftest.trial import Trial

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator

    from payproof.selftest.trial import Outcome

    Interrupted = Callable[..., tuple[int, str]]
    Payproof = Callable[..., subprocess.CompletedProcess[str]]

ROOT = Path(__file__).resolve().parent.parent
FAULT = FAULTS["zuora-gzip-never"]
SUITE = "test_stored_credential_compression.py"


def sheet(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "kill-sheet.json").read_text(encoding="utf-8"))
    return found


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A copy of the kit with one API and the one suite that brings the fault to light."""
    kit = tmp_path / "kit"
    for name in ("specs", "contracts"):
        (kit / name).mkdir(parents=True)
        shutil.copy(ROOT / name / f"{FAULT.api}.yaml", kit / name)
    (kit / "suites" / "fixtures").mkdir(parents=True)
    for path in (ROOT / "conftest.py", *(ROOT / "suites" / "fixtures").glob("zuora*.py"), ROOT / "suites" / SUITE):
        shutil.copy(path, kit / path.relative_to(ROOT))
    return kit


@pytest.mark.slow
def test_fault_is_killed_and_survives_where_its_clause_is_sabotaged(payproof: Payproof, small: Path, tmp_path: Path) -> None:
    """The clause says nothing any more: the fault survives, exit 1, and the sheet and the terminal name both."""
    well = payproof("selftest", "--kit", str(small), "--fault", FAULT.name, "--workers", "1", "--out", str(tmp_path / "well"))
    assert well.returncode == 0, well.stdout + well.stderr
    assert [(row["name"], row["outcome"]) for row in sheet(tmp_path / "well")["rows"]] == [(FAULT.name, "killed")]

    contract = small / "contracts" / f"{FAULT.api}.yaml"
    before, _, after = contract.read_text(encoding="utf-8").partition(f"  {FAULT.clause}:\n")
    clause, _, rest = after.partition("\n  ZU-")
    head = clause.partition("\n    that:")[0]
    assert head != clause
    contract.write_text(f"{before}  {FAULT.clause}:\n{head}\n    that: status > 0\n  ZU-{rest}", encoding="utf-8")
    sick = payproof("selftest", "--kit", str(small), "--fault", FAULT.name, "--workers", "1", "--out", str(tmp_path / "sick"))

    assert sick.returncode == 1, sick.stdout + sick.stderr
    (row,) = sheet(tmp_path / "sick")["rows"]
    assert (row["outcome"], row["clause"]) in {("survived", FAULT.clause), ("wrong-cause", FAULT.clause)}
    assert row["look"]
    assert FAULT.name in sick.stdout
    assert FAULT.clause in sick.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--api", "no-such-api"), 2, "there is no API 'no-such-api'"),
        (("--fault", "no-such-fault"), 2, "there is no fault 'no-such-fault'"),
        (("--kit", "tests"), 2, "is no kit"),
        (("--seeds", "0"), 2, "0 is not in the range"),
        (("--out", f"{ROOT / 'README.md'}/reports"), 3, "choose another folder with --out"),
    ],
    ids=["api", "fault", "kit", "seeds", "out"],
)  # fmt: skip
def test_wrong_use_is_said_in_one_message(payproof: Payproof, arguments: tuple[str, str], code: int, words: str, tmp_path: Path) -> None:
    done = payproof("selftest", "--out", str(tmp_path), *arguments)

    assert done.returncode == code, done.stdout + done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_replay_level_says_how_fast_it_was(payproof: Payproof, tmp_path: Path) -> None:
    """One API, without a request: its clauses are all killed, and the rate is printed."""
    done = payproof("selftest", "--replay", "--api", "jpmorgan-oauth", "--workers", "1", "--out", str(tmp_path))

    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^[0-9]+ mutants from the specs at [0-9,]+ a second and core, [0-9]+ committed lies; ", done.stdout, re.MULTILINE)
    assert {row["outcome"] for row in sheet(tmp_path)["rows"]} == {"killed", "honest"}


def test_kit_of_another_provider_is_told_what_cannot_be_tried(payproof: Payproof, tmp_path: Path) -> None:
    """The embedded mock serves none of its APIs: nothing is tried, which is no success."""
    done = payproof("selftest", "--kit", str(ROOT / "tests" / "kits" / "parking"), "--live", "--legal", "--out", str(tmp_path))

    assert done.returncode == 3, done.stdout + done.stderr
    assert "live and legal for parking-accounts, which the embedded mock does not serve" in done.stdout
    assert len(sheet(tmp_path)["cannot"]) == 1


def children(parent: int) -> set[int]:
    """Give the processes that another one has started."""
    found = set()
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text(encoding="utf-8").rpartition(") ")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent:
            found.add(int(status.parent.name))
    return found


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc; run it on Linux")
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM], ids=lambda sent: sent.name)
def test_interrupt_leaves_nothing_behind(interrupted: Interrupted, small: Path, tmp_path: Path, sent: signal.Signals) -> None:
    """Ctrl-C, or a CI system that ends its job: exit 3, no process and no sheet, not even the one of the time before."""
    out = tmp_path / "out"
    out.mkdir()
    (out / "kill-sheet.json").write_text("{}", encoding="utf-8")
    started: set[int] = set()
    deadline = time.monotonic() + 150

    def until_started(process: subprocess.Popen[str]) -> None:
        nonlocal started
        while time.monotonic() < deadline and len(started := children(process.pid)) < 3 and process.poll() is None:
            time.sleep(0.1)

    code, output = interrupted("selftest", "--kit", str(small), "--workers", "2", "--live", "--out", str(out),
                               wait=until_started, sent=sent)  # fmt: skip

    assert code == 3, output
    assert "interrupted" in output
    assert "Traceback" not in output
    assert len(started) == 3, "two workers, and the one that watches over what processes share"
    while time.monotonic() < deadline and any(Path(f"/proc/{number}/stat").exists() for number in started):
        time.sleep(0.1)  # the watcher sees a moment later that nobody is left
    assert [number for number in started if Path(f"/proc/{number}/stat").exists()] == []
    assert list(out.iterdir()) == []


# Processes that play

CONFTEST = 'pytest_plugins = ("payproof.plugin",)\n'
PLAYS = """\
import os
import time

import pytest


@pytest.fixture(scope="session")
def seen():
    return []


def test_session(seen, payproof_worker):
    seen.append(payproof_worker.options.seed)
    raise ValueError(f"seen {seen}")


def test_label(new_tenant):
    raise ValueError(new_tenant().tenant.label)


def test_hangs():
    time.sleep(3600)


def test_goes_down():
    os._exit(7)
"""


@pytest.fixture
def stage(tiny: Callable[..., Path]) -> Path:
    """An invented kit whose tests misbehave."""
    root = tiny()
    (root / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    (root / "suites" / "test_plays.py").write_text(PLAYS, encoding="utf-8")
    return root


def played(crew: Crew, *trials: Trial) -> Iterator[tuple[str, Outcome]]:
    for trial, outcome in crew.play(trials):
        yield trial.name, outcome


def test_nothing_of_a_trial_is_left_for_the_next_one(stage: Path) -> None:
    """One process plays three trials: fixtures of the session are new each time, tenants are named as if it were the first."""
    with Crew(stage, 1) as crew:
        names = [case.name.partition("::")[2] for case in crew.tests()]
        tests = (names.index("test_session"), names.index("test_label"))
        said = dict(played(crew, *(Trial(str(seed), tests, seed=seed) for seed in (1, 2, 3))))

    for seed in (1, 2, 3):
        fixture, label = said[str(seed)].errors
        assert f"ValueError: seen [{seed}]" in fixture
        assert f"ValueError: {seed}:" in label
        assert label.endswith(":1")


def test_what_hangs_or_goes_down_is_ended_and_the_rest_goes_on(stage: Path) -> None:
    with Crew(stage, 1, seconds=5) as crew:
        names = [case.name.partition("::")[2] for case in crew.tests()]
        trials = [Trial(name, (names.index(name),)) for name in ("test_hangs", "test_goes_down", "test_label")]
        said = dict(played(crew, *trials))

    assert said["test_hangs"].problem == "a test was ended after 5 s"
    assert said["test_goes_down"].problem == "its process went down with 7"
    assert said["test_label"].problem == ""
    assert "ValueError" in said["test_label"].errors[0]


def test_suite_that_cannot_be_read_is_said(stage: Path) -> None:
    (stage / "suites" / "test_plays.py").write_text("import nothing_of_this_name\n", encoding="utf-8")

    with Crew(stage, 1) as crew, pytest.raises(SelftestError, match="nothing_of_this_name"):
        crew.tests()
