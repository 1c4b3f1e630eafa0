"""Every named lie of the mock is told to the scenarios, and the clause that it names has to catch it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from payproof.mock.faults import FAULTS

if TYPE_CHECKING:
    from payproof.kit import Kit

GROUP = 12
"""How many lies one process tells, one after the other."""
SHARE = 1 if os.environ.get("PAYPROOF_ALL_FAULTS") else 5
"""One lie in so many is told, from the first on; all of them where the environment asks for it, which takes a quarter of an hour."""
SECONDS = 120
"""What one lie may take at most, on a machine that is busy."""
FEWEST = 50


def groups() -> list[list[str]]:
    """Give the names of lies of one API that are told here, so many at a time."""
    by_api: dict[str, list[str]] = defaultdict(list)
    for fault in FAULTS.values():
        by_api[fault.api].append(fault.name)
    told = [names[::SHARE] for names in by_api.values()]
    return [names[at : at + GROUP] for names in told for at in range(0, len(names), GROUP)]


def test_there_are_enough_lies_about_every_api(kit: Kit) -> None:
    assert len(FAULTS) >= FEWEST
    assert {fault.api for fault in FAULTS.values()} == set(kit.contracts)


def test_lies_name_clauses_that_are_there(kit: Kit) -> None:
    known = {clause.id for clause in kit.clauses()}

    assert {fault.name: fault.clause for fault in FAULTS.values() if fault.clause not in known} == {}


@pytest.mark.slow
@pytest.mark.parametrize("names", groups(), ids=lambda names: names[0])
def test_lies_are_caught_by_the_clauses_that_they_name(names: list[str], root: Path, tmp_path: Path) -> None:
    """Each lie makes the run not conformant, and the clause that it names is among the findings."""
    script = Path(__file__).with_name("live_faults.py")
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path), *names], cwd=root, capture_output=True, text=True, timeout=SECONDS * len(names),
        check=False,
    )  # fmt: skip

    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["fault"] for one in told] == names, done.stderr
    survived = {one["fault"]: one for one in told if one["exit"] != 1 or FAULTS[one["fault"]].clause not in one["clauses"]}
    assert survived == {}
