"""Waivers: what they cover, what becomes of them, and that none outlives its reason."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from payproof import waiver
from payproof.errors import Exit, UsageError
from payproof.finding import Finding
from payproof.verdict import Count, decide
from payproof.waiver import Cause, Waiver

if TYPE_CHECKING:
    from pathlib import Path

FILE = """\
[[waiver]]
clause = "A-ONE"
target = "mock"
cause = {pointer = "/x", seen = "2"}
reason = "The vendor mends it in the next release."
owner = "checkout team"
link = "https://tracker.example/17"
expires = 2026-12-31
"""
SHA = "0" * 64


def finding(clause: str = "A-ONE", *, seen: str = "it was 2", pointer: str = "/x", number: int = 1) -> Finding:
    return Finding(clause, "a", "get", "must", "documented", pointer, "equals 1", seen, f"w0-{number}")


def one(**changed: Any) -> Waiver:
    """Give the waiver of FILE."""
    whole = {"id": "W1", "clause": "A-ONE", "target": "mock", "cause": {"pointer": "/x", "seen": "2"}, "reason": "r", "owner": "o",
             "link": "https://tracker.example/17", "expires": "2026-12-31"}  # fmt: skip
    return Waiver.from_json({**whole, **changed})


def decided(*found: Finding, waivers: tuple[Waiver, ...] = (one(),), **changed: Any) -> dict[str, Any]:
    """Decide on a run of two clauses that broke by these findings."""
    clauses = [{"id": name, "api": "a", "operation": "get", "keyword": "must", "basis": "documented", "text": name, "needs": []}
               for name in ("A-ONE", "B-TWO")]  # fmt: skip
    count = Count({
        "source": "run", "target": "mock", "mock": True, "has": [], "faults": [], "depth": "smoke", "seed": 1, "strict": False,
        "partial": False, "started": "2026-11-20T10:00:00.000Z", "scope": {"apis": ["a"], "clauses": None},
        "apis": [{"id": "a"}], "clauses": clauses, "waivers": [each.as_json() for each in waivers],
        "operations": [{"api": "a", "id": "get", "method": "GET", "resources": ["thing"]}], **changed,
    })  # fmt: skip
    for number in (1, 2):
        count.add({"kind": "exchange", "id": f"w0-{number}", "operation": "get", "judged": changed.get("judged", [0, 1]), "unjudged": {},
                   "test": f"test_{number}", "response": {"status": 200}})  # fmt: skip
        for each in found:
            if each.exchange == f"w0-{number}":
                count.add({"kind": "finding", **each.as_json()})
                count.add({"kind": "error", "message": "the story went wrong", "test": f"test_{number}"})
    return decide(count, {"stopped": [], "gaps": [], "finished": "2026-11-20T10:00:01.000Z"}, SHA, version="0")


def test_waived_break_is_shown_and_does_not_fail() -> None:
    """Exit 0, and the finding, the clause and the waiver say that it is waived; nor is the story that it spoiled an error."""
    said = decided(finding())

    assert (said["exit"], said["conformant"], said["suite_errors"]) == (Exit.CONFORMANT, True, [])
    assert [(row["id"], row["verdict"], row["reason"]) for row in said["clauses"]] == [("A-ONE", "waived", "W1"), ("B-TWO", "passed", None)]
    assert [row["waiver"] for row in said["findings"]] == ["W1"]
    assert [(row["state"], row["count"], row["owner"]) for row in said["waivers"]] == [("used", 1, "o")]
    assert said["counts"]["waived"] == 1


@pytest.mark.parametrize(
    ("other", "why"),
    [
        pytest.param(finding(seen="it was 3", number=2), "seen", id="same-place-other-value"),
        pytest.param(finding(pointer="/y", number=2), "pointer", id="another-place"),
        pytest.param(finding("B-TWO", number=2), "clause", id="another-clause"),
    ],
)
def test_waiver_covers_its_cause_only(other: Finding, why: str) -> None:
    """A second break that the waiver does not describe fails the run, and is counted apart from the first."""
    said = decided(finding(), other)

    assert said["exit"] == Exit.NOT_CONFORMANT, why
    assert [row["waiver"] for row in said["findings"]] == ["W1", None]
    assert {row["verdict"] for row in said["clauses"] if row["id"] == other.clause} == {"failed"}


@pytest.mark.parametrize(
    ("found", "waivers", "state", "words"),
    [
        pytest.param((), (one(),), "cured", "excuses a clause that is kept", id="f15-cured"),
        pytest.param((finding(),), (one(cause={"pointer": "/z"}),), "unmatched", "matches nothing", id="f5-unmatched"),
        pytest.param((finding(),), (one(expires="2026-11-19"),), "expired", "expired on 2026-11-19", id="f15-expired"),
        pytest.param((), (one(expires="2026-11-19"),), "expired", "expired on 2026-11-19", id="f15-expired-and-cured"),
    ],
)
def test_stale_waiver_fails_the_run(found: tuple[Finding, ...], waivers: tuple[Waiver, ...], state: str, words: str) -> None:
    """F5, F15: a waiver that is of no use any more is no success, and is named."""
    said = decided(*found, waivers=waivers)

    assert said["exit"] == (Exit.NOT_CONFORMANT if found else Exit.INCOMPLETE)
    assert [row["state"] for row in said["waivers"]] == [state]
    assert [gap["what"] for gap in said["gaps"] if words in gap["what"] and "waiver W1 of A-ONE" in gap["what"]]


def test_last_day_of_a_waiver_counts() -> None:
    assert decided(finding(), waivers=(one(expires="2026-11-20"),))["exit"] == Exit.CONFORMANT


@pytest.mark.parametrize(
    ("waivers", "changed"),
    [
        pytest.param((one(target="sandbox"),), {}, id="another-target"),
        pytest.param((one(),), {"partial": True}, id="only-a-part-was-run"),
    ],
)
def test_waiver_that_was_not_met_is_no_fault(waivers: tuple[Waiver, ...], changed: dict[str, Any]) -> None:
    """A file for several targets, and a narrowed run: what could not be seen is not taken for cured."""
    said = decided(waivers=waivers, **changed)

    assert [row["state"] for row in said["waivers"]] == ["not_met"]
    assert said["gaps"] == []


def test_waiver_for_another_target_excuses_nothing() -> None:
    said = decided(finding(), waivers=(one(target="sandbox"),))

    assert (said["exit"], said["findings"][0]["waiver"]) == (Exit.NOT_CONFORMANT, None)


def test_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "waivers.toml"
    path.write_text(FILE, encoding="utf-8")

    (read,) = waiver.load(path)

    assert read == one(reason="The vendor mends it in the next release.", owner="checkout team")
    assert read.cause == Cause(pointer="/x", seen="2")
    assert Waiver.from_json(json.loads(json.dumps(read.as_json()))) == read


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        pytest.param("owner", "onwer", "waiver 1, owner: Field required", id="missing"),
        pytest.param('owner = "', 'rank = 1\nowner = "', "waiver 1, rank: Extra inputs", id="unknown"),
        pytest.param('{pointer = "/x", seen = "2"}', "{}", "waiver 1, cause: says nothing", id="no-cause"),
        pytest.param('pointer = "/x"', 'pointer = ""', "waiver 1, cause, pointer", id="empty-cause"),
        pytest.param("2026-12-31", '"soon"', "waiver 1, expires", id="no-date"),
        pytest.param("https:", "ticket:", "waiver 1, link: URL scheme", id="no-link"),
        pytest.param("[[waiver]]", "[[waiver", "is not TOML", id="no-toml"),
        pytest.param("[[waiver]]", "[[waivers]]", "the file: Field required", id="no-waiver"),
    ],
)
def test_faulty_file_is_named(tmp_path: Path, old: str, new: str, words: str) -> None:
    """One message: the file, the waiver, the key, what is wrong."""
    path = tmp_path / "waivers.toml"
    path.write_text(FILE.replace(old, new), encoding="utf-8")

    with pytest.raises(UsageError) as raised:
        waiver.load(path)

    assert str(raised.value).startswith(f"{path}: {'waiver 1' if words.startswith('waiver') else ''}")
    assert words in str(raised.value)


BREAK = """\
[[waiver]]
clause = "CPM-DEFAULT-IS-LISTED-COPY"
target = "mock"
cause = {pointer = "/paymentMethodType/defaultMOP/card/paymentMethodId", seen = "defaultMOP"}
reason = "Told on purpose."
owner = "the tests"
link = "https://tracker.example/1"
expires = 2999-12-31
"""


def test_command_waives(payproof: Any, root: Path, tmp_path: Path) -> None:
    """A lie of the mock that is waived: its breaks are shown, the run has no failed clause, and other options still work."""
    (tmp_path / "waivers.toml").write_text(BREAK, encoding="utf-8")
    narrow = ("--kit", str(root), "--api", "jpmorgan-profiles", "--api", "jpmorgan-oauth", "-k", "renewed_card", "--workers", "1")

    done = payproof("run", *narrow, "--fault", "stale-default-copy", "--out", str(tmp_path / "out"))

    said = json.loads((tmp_path / "out" / "verdict.json").read_text(encoding="utf-8"))
    row = next(row for row in said["clauses"] if row["id"] == "CPM-DEFAULT-IS-LISTED-COPY")
    assert (row["verdict"], row["reason"]) == ("waived", "W1"), done.stdout + done.stderr
    assert said["counts"]["failed"] == 0
    assert "waived by W1" in done.stdout


def test_command_refuses_a_waiver_of_no_clause(payproof: Any, root: Path, tmp_path: Path) -> None:
    """The file is named with --waivers; nothing is sent, and nothing is written."""
    path = tmp_path / "mine.toml"
    path.write_text(BREAK.replace("LISTED-COPY", "LITSED-COPY"), encoding="utf-8")

    done = payproof("run", "--kit", str(root), "--waivers", str(path), "--out", str(tmp_path / "out"))

    assert done.returncode == Exit.USAGE
    assert "mine.toml: waiver 1, clause: there is no clause 'CPM-DEFAULT-IS-LITSED-COPY'" in done.stderr
    assert not (tmp_path / "out").exists()
