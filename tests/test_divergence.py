"""What no document settles: where a server chose otherwise than our mock, and two servers side by side."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from payproof import divergence
from payproof.errors import Exit

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path


def clause(name: str, basis: str = "assumed", judged: int = 1) -> dict[str, Any]:
    return {"id": name, "api": "a", "operation": "get", "basis": basis, "text": f"{name} holds.", "judged": judged}


def finding(name: str, seen: str, basis: str = "assumed") -> dict[str, Any]:
    return {"clause": name, "api": "a", "operation": "get", "basis": basis, "pointer": "/x", "expected": "equals 1", "seen": seen,
            "count": 3, "exchange": "w0-1"}  # fmt: skip


def verdict(*findings: dict[str, Any], clauses: tuple[dict[str, Any], ...]) -> dict[str, Any]:
    return {"clauses": list(clauses), "findings": list(findings)}


def test_only_choices_of_ours_diverge_and_never_on_our_own_mock() -> None:
    """A break of what a document says is a finding and no divergence; on the mock a break of a choice is a fault."""
    clauses = (clause("CHOICE"), clause("RULE", "documented"))
    findings = (finding("CHOICE", "2"), finding("RULE", "2", "documented"))

    found = divergence.rows(findings, clauses, reference=False)

    assert [(row["clause"], row["mock"], row["target"], row["count"]) for row in found] == [("CHOICE", "equals 1", "2", 3)]
    assert divergence.rows(findings, clauses, reference=True) == []


def test_two_servers_differ_where_both_were_judged() -> None:
    """Kept and broken, broken in two ways; not where they agree, nor where only one of them was asked."""
    clauses = (clause("KEPT"), clause("ONE"), clause("BOTH"), clause("SAME"), clause("RULE", "documented"))
    first = verdict(finding("BOTH", "2"), finding("SAME", "5"), clauses=(*clauses, clause("LEFT")))
    second = verdict(finding("ONE", "2"), finding("BOTH", "3"), finding("SAME", "5"), clauses=(*clauses, clause("LEFT", judged=0)))

    found = [(row["id"], ours, theirs) for row, ours, theirs in divergence.between(first, second)]

    assert found == [("ONE", "as the clause says", "/x: 2"), ("BOTH", "/x: 2", "/x: 3")]
    assert divergence.compared(first, second) == 4


def test_a_choice_of_a_server_is_in_the_verdict_and_beside_another(
    payproof: Callable[..., subprocess.CompletedProcess[str]], root: Path, tmp_path: Path
) -> None:
    """A server that closes what is closed again: nothing is accused, and both choices are shown."""
    story = ("run", "--kit", str(root), "--api", "zuora-credentials", "-k", "cancelStoredCredential-cancelled", "--workers", "1")
    payproof(*story, "--out", str(tmp_path / "other"), "--variant", "zuora-closed-again")
    other = json.loads((tmp_path / "other" / "verdict.json").read_text(encoding="utf-8"))
    (tmp_path / "mock.json").write_text(json.dumps({**other, "findings": []}), encoding="utf-8")

    done = payproof("divergences", "mock.json", "other/journal.jsonl")

    assert other["counts"]["failed"] == 0
    assert {row["clause"] for row in other["divergences"]} >= {"ZU-CANCEL-CLOSED"}
    assert "ZU-CANCEL-CLOSED" in (tmp_path / "other" / "report.html").read_text(encoding="utf-8").partition('id="divergences"')[2]
    assert done.returncode == Exit.CONFORMANT, done.stderr
    assert "ZU-CANCEL-CLOSED (zuora-credentials, cancelStoredCredential)\n  assumed: " in done.stdout
    assert "  A mock: as the clause says\n  B mock: " in done.stdout


def test_what_is_no_verdict_is_refused(payproof: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{}", encoding="utf-8")

    done = payproof("divergences", "a.json", "a.json")

    assert done.returncode == Exit.UNVERIFIED
    assert done.stderr.startswith("payproof: a.json: is no verdict of payproof")
