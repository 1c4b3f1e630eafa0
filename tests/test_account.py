"""A journal read again tells what the run told, and nothing else is taken for a journal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from payproof import journal
from payproof.errors import Exit, JournalError
from payproof.report import account

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path



def header(**changed: Any) -> dict[str, Any]:
    """Give a journal's header with one clause of one operation."""
    clause = {"id": "A-SAME", "api": "a", "operation": "get", "keyword": "must", "basis": "documented", "text": "It is the same.",
              "needs": [], "document": "d", "at": "top"}  # fmt: skip
    whole = {
        "payproof": "0", "source": "run", "target": "mock", "mock": True, "has": [], "faults": [], "depth": "smoke", "seed": 1,
        "strict": False, "partial": False, "started": "2026-11-20T10:00:00.000Z", "scope": {"apis": ["a"], "clauses": None},
        "apis": [{"id": "a", "spec_sha256": "0", "contract_sha256": "0", "contract_version": 1}], "clauses": [clause],
        "operations": [{"api": "a", "id": "get", "method": "GET", "resources": []}], "documents": {"a": {"d": "The document"}},
    }  # fmt: skip
    return {**whole, **changed}


def exchange(number: int, *, elapsed: float = 1.0, status: int = 200, judged: tuple[int, ...] = (0,)) -> dict[str, Any]:
    """Give an exchange as journals have it."""
    return {"kind": "exchange", "id": f"w0-{number}", "api": "a", "operation": "get", "tenant": "t", "test": "suites/test_a.py::test_it",
            "started": number, "elapsed": elapsed, "at": number, "request": {"method": "GET", "url": "/", "headers": [], "body": ""},
            "response": {"status": status, "headers": [], "body": ""}, "judged": list(judged), "unjudged": {}}  # fmt: skip


def finding(number: int) -> dict[str, Any]:
    """Give a finding as journals have it."""
    return {"kind": "finding", "clause": "A-SAME", "api": "a", "operation": "get", "keyword": "must", "basis": "documented",
            "pointer": "/x", "expected": "1", "seen": "2", "exchange": f"w0-{number}", "fingerprint": "f" * 16}  # fmt: skip


def write(path: Path, *records: dict[str, Any], **changed: Any) -> Path:
    """Write a journal of these records."""
    with journal.Writer(path, header(**changed)) as writer:
        for record in records:
            writer.write(record)
        writer.close({"finished": "2026-11-20T10:00:01.000Z", "stopped": [], "gaps": [], "generated": [], "drift": [], "outcomes": []})
    return path


def test_account_keeps_what_reports_show(tmp_path: Path) -> None:
    """The first exchange of each finding and of each clause, how often and how long each operation was asked."""
    records = (exchange(1, judged=()), exchange(2), exchange(3, elapsed=9.0), finding(3), exchange(4, status=404), finding(4))

    told = account.read(write(tmp_path / "j", *records))

    (use,) = told.uses
    assert sorted(told.evidence) == ["w0-2", "w0-3"]
    assert told.witnesses == {"A-SAME": "w0-2"}
    assert list(told.repeats.values()) == [["w0-3", "w0-4"]]
    assert (use.exchanges, dict(use.statuses), use.total, use.share(0.5), use.share(1.0)) == (4, {200: 3, 404: 1}, 12.0, 1.0, 9.0)
    assert told.suites == {"suites/test_a.py": 12.0}
    assert told.verdict["exit"] == Exit.NOT_CONFORMANT


def test_operation_that_was_never_asked_has_no_times(tmp_path: Path) -> None:
    (use,) = account.read(write(tmp_path / "j")).uses

    assert (use.exchanges, use.total, use.share(0.5)) == (0, 0, 0.0)


@pytest.mark.parametrize(
    ("records", "changed", "words"),
    [
        pytest.param((), {"clauses": None}, ":1: is not as payproof", id="header-without-clauses"),
        pytest.param(({**exchange(1), "judged": [7]},), {}, ":2: is not as payproof", id="clause-that-is-not-there"),
        pytest.param(({"kind": "exchange", "id": "w0-1"},), {}, ":2: is not as payproof", id="exchange-without-members"),
        pytest.param((exchange(1), {**finding(1), "clause": "B"}), {}, ":3: is not as payproof", id="finding-of-another-clause"),
        pytest.param((finding(1),), {}, ":2: is not as payproof", id="finding-before-any-exchange"),
    ],
)
def test_edited_journal_is_refused(tmp_path: Path, records: tuple[dict[str, Any], ...], changed: dict[str, Any], words: str) -> None:
    """Whole by its digest, and yet not what payproof writes: the line is named."""
    with pytest.raises(JournalError, match=words):
        account.read(write(tmp_path / "j", *records, **changed))


def test_report_command_writes_what_the_run_wrote(payproof: Any, tiny: Callable[..., Path], tmp_path: Path) -> None:
    """All reports again, from the journal alone, in another folder: byte for byte the verdict of the run."""
    root, first, second = tiny(), tmp_path / "first", tmp_path / "second"
    (root / "conftest.py").write_text('pytest_plugins = ("payproof.plugin",)\n', encoding="utf-8")
    (root / "suites" / "test_it.py").write_text('"""Nothing."""\n\n\ndef test_it() -> None:\n    """Pass."""\n', encoding="utf-8")
    payproof("run", "--kit", str(root), "--depth", "smoke", "--workers", "1", "--out", str(first))

    done = payproof("report", str(first / "journal.jsonl"), "--out", str(second))

    assert done.returncode == 0, done.stderr
    assert (second / "verdict.json").read_bytes() == (first / "verdict.json").read_bytes()
    assert (second / "junit.xml").read_bytes() == (first / "junit.xml").read_bytes()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        pytest.param(lambda _: b"", "has no footer", id="empty"),
        pytest.param(lambda text: text[: len(text) // 2], "is not JSON", id="cut-off"),
        pytest.param(lambda text: b"\n".join(text.split(b"\n")[:-2]) + b"\n", "has no footer", id="without-footer"),
        pytest.param(lambda text: text.replace(b'"status":404', b'"status":200', 1), "was edited or shortened", id="edited"),
        pytest.param(lambda _: b'{"log": {"entries": []}}', "is no record of a payproof journal", id="foreign"),
        pytest.param(lambda _: b"\x00\xff\xfe", "is not JSON", id="no-text"),
    ],
)
def test_report_command_refuses_what_is_no_journal(payproof: Any, tmp_path: Path, spoil: Callable[[bytes], bytes], words: str) -> None:
    """Exit 5, a message that names the line and what is wrong, and no report."""
    path = write(tmp_path / "journal.jsonl", exchange(1), exchange(2, status=404))
    path.write_bytes(spoil(path.read_bytes()))

    done = payproof("report", str(path), "--out", str(tmp_path / "out"))

    assert (done.returncode, done.stdout) == (Exit.UNVERIFIED, "")
    assert words in done.stderr
    assert list((tmp_path / "out").iterdir()) == []


def test_report_of_a_journal_that_is_not_there(payproof: Any, tmp_path: Path) -> None:
    done = payproof("report", str(tmp_path / "none.jsonl"))

    assert done.returncode == Exit.UNVERIFIED
    assert "none.jsonl: cannot be read" in done.stderr
    assert "Traceback" not in done.stderr
