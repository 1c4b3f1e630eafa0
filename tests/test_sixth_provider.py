"""A provider of which the engine knows nothing: its kit under tests/kits is run as a user runs one, against a server of its own."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from payproof import documented, replay
from payproof import kit as kits
from payproof.target import open_target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Payproof = Callable[..., subprocess.CompletedProcess[str]]

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "tests" / "kits" / "parking"
KIT = kits.load(FOLDER)
API = "parking-accounts"
MUTANTS = replay.mutants(KIT, API)
LIES = {"charges-again": "PARK-PAY-REPLAY", "shows-foreign": "PARK-FOREIGN-HIDDEN"}
"""The lies of the server; the second is told by the page about kits, and its run is looked at there."""
NEEDING = {"PARK-FOREIGN-HIDDEN": "second-tenant", "PARK-TOPUP-KEY-FORGOTTEN": "clock"}
KEY = "garage-key-for-trying-out"


@contextlib.contextmanager
def server(*arguments: str) -> Iterator[str]:
    """Start the provider's server as its README says, on a free port, and give its URL."""
    process = subprocess.Popen([sys.executable, "mock.py", "--port", "0", *arguments], cwd=FOLDER, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().split()[-1]
    finally:
        process.terminate()
        process.communicate(timeout=20)


def judged(payproof: Payproof, out: Path, url: str, *more: str, kit: Path = FOLDER, **environment: str) -> tuple[int, dict[str, Any], str]:
    """Run the kit at a URL; give the exit code, the verdict and what was printed."""
    done = payproof("run", "--kit", str(kit), "--target", url, "--out", str(out), *more, **environment)
    said = json.loads((out / "verdict.json").read_text(encoding="utf-8"))
    return done.returncode, said, done.stdout + done.stderr


def verdicts(said: dict[str, Any], *outcomes: str) -> set[str]:
    """Give the clauses with one of these outcomes."""
    return {row["id"] for row in said["clauses"] if row["verdict"] in outcomes}


@pytest.mark.slow
def test_honest_server_is_conformant(payproof: Payproof, tmp_path: Path) -> None:
    """A whole run, property tests included: every clause is judged, every documented outcome seen or excused, exit 0."""
    with server() as url:
        code, said, output = judged(payproof, tmp_path, url, timeout=600)

    assert code == 0, output
    assert verdicts(said, "passed") == {clause.id for clause in KIT.clauses()}
    assert said["complete"] is True
    assert said["partial"] is False
    for row in said["generated"]:
        assert row["violated"] == row["constraints"] > 0
        assert row["accepted"] >= 30
        assert row["negative"] >= 60
    assert {row["status"] for row in said["outcomes"] if row["reason"]} == {"503"}
    assert said["drift"] == []


@pytest.mark.slow
def test_lie_is_caught_by_its_clause(payproof: Payproof, tmp_path: Path) -> None:
    """A server that lies breaks the clause that its help names, and no other one."""
    with server("--fault", "charges-again") as url:
        code, said, output = judged(payproof, tmp_path, url, "--depth", "smoke", "--workers", "1")

    assert code == 1, output
    assert_caught(said, "charges-again")


def assert_caught(said: dict[str, Any], fault: str) -> None:
    clause = LIES[fault]
    assert verdicts(said, "failed") == {clause}
    assert {finding["clause"] for finding in said["findings"]} == {clause}
    named = re.findall(rf'"{fault}": "([^"]*)"', (FOLDER / "mock.py").read_text(encoding="utf-8"))
    assert clause in named[0]


@pytest.mark.slow
def test_server_without_control_is_judged_too(payproof: Payproof, tmp_path: Path) -> None:
    """A foreign server: its key comes from the environment; what needs more than a server is not applicable."""
    with server("--no-control") as url:
        code, said, output = judged(payproof, tmp_path, url, "--depth", "smoke", "--workers", "1", PAYPROOF_GARAGE_KEY=KEY)

    assert code == 0, output
    assert verdicts(said, "not_applicable") == set(NEEDING)
    assert verdicts(said, "passed") == {clause.id for clause in KIT.clauses()} - set(NEEDING)
    assert {row["id"]: row["reason"] for row in said["clauses"] if row["id"] in NEEDING} == {
        clause: f"the target has no {need}" for clause, need in NEEDING.items()
    }
    written = [path.name for path in tmp_path.rglob("*") if path.is_file() and KEY in path.read_text(encoding="utf-8")]
    assert written == [], "a credential with a name of its own is as secret as any other"


def test_missing_credential_is_named(payproof: Payproof, tmp_path: Path) -> None:
    """The variable is named after the credential in the contract's access; no other one is asked for."""
    environment = {name: "" for name in os.environ if name.startswith("PAYPROOF_")}
    with server("--no-control") as url:
        done = payproof("run", "--kit", str(FOLDER), "--target", url, "--out", str(tmp_path), **environment)

    assert done.returncode == 2, done.stdout + done.stderr
    assert set(re.findall(r"PAYPROOF_\w+", done.stderr)) == {"PAYPROOF_GARAGE_KEY"}


BROKEN = {
    "expression": ("equals: before.balance + int(request.body.amount)", "equals: before.saldo", "knows the member before.saldo"),
    "operation": ("    operation: topUp\n    facts", "    operation: payIn\n    facts", "there is no operation 'payIn'"),
    "basis": ("    harm: Two drivers would pay from one account.\n", "", "PARK-ID-NEW: 'harm' is missing"),
}


@pytest.mark.parametrize(("old", "new", "words"), BROKEN.values(), ids=BROKEN)
def test_broken_clause_stops_the_run(payproof: Payproof, tmp_path: Path, old: str, new: str, words: str) -> None:
    """A clause that says nothing is found before a request is sent: exit 2, with the file and its line."""
    kit = tmp_path / "parking"
    shutil.copytree(FOLDER, kit)
    contract = kit / "contracts" / f"{API}.yaml"
    text = contract.read_text(encoding="utf-8")
    assert text.count(old) > 0
    contract.write_text(text.replace(old, new, 1), encoding="utf-8")
    line = text[: text.index(old)].count("\n") + 1

    for command in (("run", "--target", "http://127.0.0.1:9"), ("clauses",)):
        done = payproof(*command, "--kit", str(kit))

        assert done.returncode == 2, done.stdout + done.stderr
        assert words in done.stderr
        named = re.search(rf"{API}\.yaml:(\d+)", done.stderr)
        assert named is not None, done.stderr
        assert abs(int(named[1]) - line) <= 8, "the line is that of the clause"
        assert "Traceback" not in done.stderr


def test_clauses_are_listed(payproof: Payproof) -> None:
    """`payproof clauses --kit` lists the kit's clauses, and shows one of them with its words, source and condition."""
    listed = payproof("clauses", "--kit", str(FOLDER))
    one = payproof("clauses", "--kit", str(FOLDER), "PARK-PAY-REPLAY")

    assert (listed.returncode, one.returncode) == (0, 0)
    assert all(clause.id in listed.stdout for clause in KIT.clauses())
    assert "jpmorgan" not in listed.stdout
    assert "idempotency key" in one.stdout
    assert "guide" in one.stdout


def test_documented_exchanges_keep_the_contract() -> None:
    """What the guide shows is judged like any other exchange; it contradicts nothing."""
    assert [finding.clause for finding in documented.replay(KIT, API)] == []


@pytest.fixture(scope="module")
def chain() -> Iterator[replay.Chain]:
    """The honest story, recorded on the provider's own server."""
    with server() as url, open_target(replay.Asked(target=url)) as target:
        yield replay.record(KIT, API, target)


def test_honest_story_breaks_nothing(chain: replay.Chain) -> None:
    trial = replay.judge_all(KIT, chain.exchanges, chain.has)

    assert (trial.findings, trial.errors) == ({}, [])
    assert set(KIT.contracts[API].clauses) <= trial.judged


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant.clause}-{mutant.step}")
def test_every_clause_has_a_lie_of_its_own(chain: replay.Chain, mutant: replay.Mutant) -> None:
    exchanges = replay.mutated(KIT, chain, mutant)

    trial = replay.judge_all(KIT, exchanges, chain.has)

    assert trial.errors == []
    assert {number: {finding.clause for finding in found} for number, found in trial.findings.items()} == {
        len(exchanges) - 1: {mutant.clause}
    }


def test_no_clause_is_without_a_lie() -> None:
    assert {mutant.clause for mutant in MUTANTS} == set(KIT.contracts[API].clauses)


def test_engine_does_not_know_the_provider() -> None:
    """No line of the engine, of its mock or of its formats is about this provider."""
    words = re.compile(r"parking|garage|car park|number plate", re.IGNORECASE)
    files = [path for path in (ROOT / "payproof").rglob("*") if path.suffix in {".py", ".json", ".ini", ".yaml"}]
    files += list((ROOT / "contracts").glob("*.json"))
    named = [path.name for path in files if words.search(path.read_text(encoding="utf-8"))]

    assert len(files) > 50
    assert named == []


ANSWERS = "for _ in {1..600}; do (exec 3<>/dev/tcp/127.0.0.1/\\2) 2>/dev/null && break; sleep 0.1; done"
"""A minute at most for a server to begin to listen, in the words of bash."""


def free_ports(number: int) -> list[str]:
    """Give ports that nobody listens on."""
    taken = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [str(one.getsockname()[1]) for one in taken]
    for one in taken:
        one.close()
    return ports


@pytest.mark.slow
def test_every_command_of_the_page_works(tmp_path: Path) -> None:
    """The page about kits is followed word for word, in a checkout: each block of commands succeeds and says what it should.

    Only the ports are others, and a server is waited for until it answers, however busy the machine is.
    """
    blocks = re.findall(r"^```sh\n(.*?)^```$", (ROOT / "docs" / "kit.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    script = "\n".join(f"{block}echo '--- {number}'" for number, block in enumerate(blocks))
    script = re.sub(r"(--port (\d+).*)\nsleep 2$", rf"\1\n{ANSWERS}", script, flags=re.MULTILINE)
    written = sorted(set(re.findall(r"\b80[0-9]{2}\b", script)))
    for old, new in zip(written, free_ports(len(written)), strict=True):
        script = re.sub(rf"\b{old}\b", new, script)
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    for name in ("conftest.py", "suites", "tests"):
        (checkout / name).symlink_to(ROOT / name)
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}

    output = tmp_path / "output"
    with output.open("w", encoding="utf-8") as out:
        shell = subprocess.Popen(["bash", "-e", "-c", script], cwd=checkout, env=environment, stdout=out, stderr=out,  # noqa: S607  # any bash
                                 start_new_session=True)  # fmt: skip
        try:
            code = shell.wait(timeout=600)
        finally:
            # The servers of the page are of the same group; where all went well, the page itself has stopped them.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(shell.pid, signal.SIGTERM)
    text = output.read_text(encoding="utf-8")

    assert code == 0, text[-5000:]
    said = re.split(r"^--- \d+\n", text, flags=re.MULTILINE)
    assert len(said) == len(blocks) + 1 > 8
    assert len(re.findall(r"^conformant: ", text, re.MULTILINE)) == 2 * 3, "three runs, and each says it first and last"
    assert re.search(r"^\| garage \| committed lie +\| 2 +\| 2 +\| 2 +\|$", said[-3], re.MULTILINE)
    assert "exit code 1" in said[-2]
    assert "PARK-FOREIGN-HIDDEN" in said[-2]
    assert_caught(json.loads((tmp_path / "parking-reports" / "verdict.json").read_text(encoding="utf-8")), "shows-foreign")


def test_selftest_replays_the_kit_of_another_provider(payproof: Payproof, tmp_path: Path) -> None:
    """Its stories are recorded on its own server; what only the embedded mock can do is not tried, and said."""
    with server() as url:
        done = payproof("selftest", "--kit", str(FOLDER), "--replay", "--live", "--target", url, "--workers", "1", "--out", str(tmp_path))

    said = json.loads((tmp_path / "kill-sheet.json").read_text(encoding="utf-8"))
    assert {row["outcome"] for row in said["rows"]} == {"killed", "honest"}, done.stdout
    assert {clause.id for clause in KIT.clauses()} == {row["clause"] for row in said["rows"] if row["clause"]}
    assert "not tried: live for parking-accounts" in done.stdout
