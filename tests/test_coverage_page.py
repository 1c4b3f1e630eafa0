"""docs/coverage.md is what the contracts say, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from payproof import kit as kits
from payproof.report import coverage

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    from payproof.kit import Kit


def test_page_is_up_to_date(kit: Kit, root: Path) -> None:
    """The committed page is the one that `payproof clauses --coverage > docs/coverage.md` would write now."""
    committed = (root / "docs" / "coverage.md").read_text(encoding="utf-8")

    assert committed == coverage.page(kit), "stale: run `payproof clauses --coverage > docs/coverage.md`"


def test_command_prints_the_page(payproof: Callable[..., subprocess.CompletedProcess[str]], tiny: Callable[..., Path]) -> None:
    """The command prints the page and nothing beside it."""
    root = tiny()

    done = payproof("clauses", "--coverage", "--kit", str(root))

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == coverage.page(kits.load(root))


def test_every_statement_has_its_line(kit: Kit) -> None:
    """No statement of a contract is missing from the page, and none is there that no contract has."""
    rows = [line for line in coverage.page(kit).splitlines() if line.startswith("| ") and line.count(" | ") == 2]

    said = [statement for contract in kit.contracts.values() for statement in contract.statements]
    assert len(rows) - sum(row.startswith("| at |") for row in rows) == len(said)


@pytest.mark.parametrize(
    ("mapped", "judged"),
    [
        pytest.param("by: [VOUCHER-AMOUNT-KEPT, getVoucher.schema]", "`VOUCHER-AMOUNT-KEPT`, `getVoucher.schema`", id="clauses"),
        pytest.param("client: Keep the id.", "the caller's duty: Keep the id.", id="duty-of-the-caller"),
        pytest.param("untestable: It happens on paper.", "not testable: It happens on paper.", id="untestable"),
    ],
)
def test_statement_says_what_judges_it(tiny: Callable[..., Path], mapped: str, judged: str) -> None:
    """A clause, a duty of the caller, or the reason why nothing can judge it."""
    page = coverage.page(kits.load(tiny(contract=[("by: [VOUCHER-AMOUNT-KEPT]", mapped)])))

    assert f"| Read | The amount never changes. | {judged} |\n" in page


def test_page_counts(tiny: Callable[..., Path]) -> None:
    """Each API begins with how much there is and how much of it is judged."""
    page = coverage.page(kits.load(tiny(contract=[("by: [VOUCHER-AMOUNT-KEPT]", "untestable: It happens on paper.")])))

    assert "2 statements, 1 of them judged; 4 clauses of behaviour, 24 of shape, 0 discrepancies of the documents.\n" in page
    assert "### Voucher guide (Example Vouchers)\n" in page


def test_texts_do_not_break_the_table(tiny: Callable[..., Path]) -> None:
    """A bar in a sentence is no column, and a line end no row."""
    page = coverage.page(kits.load(tiny(contract=[("says: The amount never changes.", 'says: "One | two\\nthree."')])))

    assert "| Read | One \\| two three. | `VOUCHER-AMOUNT-KEPT` |\n" in page


def test_page_lists_contradictions(tiny: Callable[..., Path]) -> None:
    """Where the documents contradict themselves, the page says what we follow."""
    edit = """discrepancies:
  amount: {at: {document: guide, at: Read}, says: It is ten., but: It is twelve., we_follow: The example., findings: []}
statements:"""
    page = coverage.page(kits.load(tiny(contract=[("statements:", edit)])))

    assert "| amount | It is ten. | It is twelve. | The example. |\n" in page
    assert "1 discrepancies" in page
