"""The README's feature table is what the contracts say, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from payproof import kit as kits
from payproof.report import features

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    from payproof.kit import Kit


def test_readme_has_the_table(kit: Kit, root: Path) -> None:
    """The README holds the table that `payproof clauses --features` would print now."""
    assert features.table(kit) in (root / "README.md").read_text(encoding="utf-8"), "stale: paste `payproof clauses --features`"


def test_command_prints_the_table(payproof: Callable[..., subprocess.CompletedProcess[str]], tiny: Callable[..., Path]) -> None:
    """The command prints the table and nothing beside it."""
    root = tiny()

    done = payproof("clauses", "--features", "--kit", str(root))

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == features.table(kits.load(root))


def test_every_operation_header_and_code_has_a_row(tiny: Callable[..., Path]) -> None:
    """An operation, a header that a clause reads, and an error code that a clause names are found with the clause."""
    code = ("{error: {type: string}}", "{error: {enum: [gone, wrong]}}")
    reads = (
        "    that: status\n    among: '[404, 410]'",
        """    that: '!("x-remaining" in headers) && (status == 404 || body.?error.orValue("gone") == "gone")'""",
    )

    table = features.table(kits.load(tiny(spec=[code], contract=[reads])))

    assert "| operation | `GET /v1/vouchers/{id}` | `VOUCHER-AMOUNT-KEPT`, `VOUCHER-STAYS-GONE`, `getVoucher.*` |\n" in table
    assert "| header | `x-remaining` | `VOUCHER-STAYS-GONE`, `createVoucher.headers`" in table
    assert "| error 4XX | `gone` | `VOUCHER-STAYS-GONE`, `createVoucher.schema`" in table
    assert "| error 4XX | `wrong` | `createVoucher.schema`" in table
