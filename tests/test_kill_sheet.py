"""The kill sheet in the docs is about the faults, variants and clauses that there are, and each of them came out as it has to.

Whoever adds one is told its name here until the sheet was made anew. Nothing in it that differs from run to run is compared.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from payproof.mock.faults import FAULTS
from payproof.mock.variants import VARIANTS
from payproof.report.killsheet import Sheet, markdown
from payproof.selftest.row import ACCUSED, HONEST, KILLED, SURVIVED, WRONG_CAUSE, Row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from payproof.kit import Kit

MAKE = "run `payproof selftest`, mend what it finds, and copy reports/kill-sheet.md to docs/kill-sheet.md"


@dataclass(frozen=True, slots=True)
class There:
    """What a sheet has to be about: faults with the clauses that they name, variants, and clauses."""

    faults: Mapping[str, str]
    variants: frozenset[str]
    clauses: frozenset[str]


def wrong(page: str, there: There) -> list[str]:
    """Say, with its name, what a page lacks, has too much, or tells no good of."""
    tables = read(page)
    faults = {name: (clause, outcome) for _, name, clause, outcome in tables.get("Faults of the mock", ())}
    variants = {name: outcome for _, name, outcome in tables.get("Honest servers", ()) if ", seed " not in name}
    killed = {clause for clause, named, mutants in tables.get("Clauses", ()) if named or mutants != "0"}
    listed = {clause for clause, _, _ in tables.get("Clauses", ())}
    found = [f"no fault {name} that {clause} kills" for name, clause in there.faults.items() if faults.get(name) != (clause, KILLED)]
    found += [f"no variant {name} that nothing accuses" for name in there.variants if variants.get(name) != HONEST]
    found += [f"no fault and no mutant that {clause} kills" for clause in there.clauses - killed]
    found += [f"a fault {name} that is not there" for name in faults.keys() - there.faults.keys()]
    found += [f"a variant {name} that is not there" for name in variants.keys() - there.variants]
    found += [f"a clause {clause} that is not there" for clause in listed - there.clauses]
    if "## What did not come out as it has to\n\nNothing.\n" not in page:
        found.append("something that did not come out as it has to")
    return sorted(found)


def read(page: str) -> dict[str, list[list[str]]]:
    """Give the rows of a page's tables by the heading above them, without marks and without the head of the table."""
    tables: dict[str, list[list[str]]] = {}
    heading = ""
    for line in page.splitlines():
        if line.startswith("## "):
            heading = line[3:]
        elif line.startswith("| "):
            tables.setdefault(heading, []).append([cell.strip(" `") for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
    return {heading: rows[1:] for heading, rows in tables.items()}


def test_sheet_is_about_what_is_there(root: Path, kit: Kit) -> None:
    """F20: each fault is killed by the clause it names, and a clause that kills nothing says nothing."""
    there = There(
        {name: fault.clause for name, fault in FAULTS.items()}, frozenset(VARIANTS), frozenset(clause.id for clause in kit.clauses())
    )

    assert wrong((root / "docs" / "kill-sheet.md").read_text(encoding="utf-8"), there) == [], MAKE


SMALL = There({"loses-a-row": "A-ONE"}, frozenset({"other-order"}), frozenset({"A-ONE", "get.status"}))
GOOD = (
    Row("live", "loses-a-row", "a", "A-ONE", KILLED, ("A-ONE",), caught=1, first=2.5),
    Row("legal", "other-order", "a", "", HONEST),
    Row("legal", "honest, seed 1", "", "", HONEST),
    Row("replay", "status", "a", "get.status", KILLED, ("get.status",), tried=3, caught=3, first=0.5),
)
FAULT, VARIANT = "no fault loses-a-row that A-ONE kills", "no variant other-order that nothing accuses"
CLAUSE, SHAPE = "no fault and no mutant that A-ONE kills", "no fault and no mutant that get.status kills"
BAD = "something that did not come out as it has to"
LATER = (Row("live", "loses-a-row", "a", "A-ONE", KILLED, ("A-ONE", "get.status"), caught=1, first=9.5), *GOOD[1:])


def made(rows: Sequence[Row], clauses: Sequence[str] = ("A-ONE", "get.status")) -> str:
    sheet = Sheet({"a": clauses}, ["replay", "live", "legal"], 1)
    for row in rows:
        sheet.add(row)
    return "\n".join(markdown(sheet)) + "\n"


@pytest.mark.parametrize("rows", [GOOD, LATER, GOOD[::-1]], ids=["as it is", "after another time", "in another order"])
def test_good_sheet_is_good(rows: Sequence[Row]) -> None:
    assert wrong(made(rows), SMALL) == []


@pytest.mark.parametrize(
    ("page", "said"),
    [
        pytest.param(made(GOOD[1:]), {FAULT, CLAUSE}, id="a fault more"),
        pytest.param(made(GOOD[:1] + GOOD[2:]), {VARIANT}, id="a variant more"),
        pytest.param(made(GOOD[:3]), {SHAPE}, id="no mutant"),
        pytest.param(made(GOOD, ["A-ONE"]), {SHAPE}, id="a clause more"),
        pytest.param(made(GOOD, ["A-ONE", "get.status", "A-TWO"]), {"a clause A-TWO that is not there"}, id="a clause less"),
        pytest.param(made([*GOOD, Row("live", "gone", "a", "A-ONE", KILLED)]), {"a fault gone that is not there"}, id="a fault less"),
        pytest.param(made([*GOOD, Row("legal", "gone", "a", "", HONEST)]), {"a variant gone that is not there"}, id="a variant less"),
        pytest.param(
            made([Row("live", "loses-a-row", "a", "A-ONE", SURVIVED), *GOOD[1:]]),
            {FAULT, CLAUSE, BAD},
            id="a survivor",
        ),
        pytest.param(
            made([Row("live", "loses-a-row", "a", "A-ONE", WRONG_CAUSE, ("get.status",), caught=1), *GOOD[1:]]),
            {FAULT, CLAUSE, BAD},
            id="a wrong cause",
        ),
        pytest.param(
            made([GOOD[0], Row("legal", "other-order", "a", "", ACCUSED, ("A-ONE",)), *GOOD[2:]]),
            {VARIANT, BAD},
            id="an accused variant",
        ),
        pytest.param(
            "# The kill sheet\n",
            {FAULT, VARIANT, CLAUSE, SHAPE, BAD},
            id="nothing",
        ),
    ],
)  # fmt: skip
def test_bad_sheet_is_told_what_is_wrong(page: str, said: set[str]) -> None:
    """Whoever reads the message knows which fault, variant or clause it is about."""
    assert set(wrong(page, SMALL)) == said
