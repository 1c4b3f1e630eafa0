"""A seed repeats a run's generated requests, another one gives others, whatever the environment says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from payproof import journal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.slow

VOLATILE = {"authorization", "host", "user-agent"}
MARKER = re.compile(r"(\[redacted:[a-z]+(?::[0-9]{4})?):[0-9a-f]{10}\]")
"""Markers are equal for equal secrets within a run, and differ from run to run."""


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Callable[..., set[tuple[str, ...]]]:
    """Run the generated requests of three operations, and give what was sent: each request with its test."""

    def run(seed: int, **environment: str) -> set[tuple[str, ...]]:
        out = tmp_path_factory.mktemp("run")
        chosen = "(test_properties and (issueToken or updateConsumerProfile or getPaymentMethodStatus)) or (stateful and test_merchant)"
        arguments = ["suites", "--target", "mock", "--seed", str(seed), "--out", str(out), "-k", chosen, "-q", "-p", "no:cacheprovider"]
        plain = {name: value for name, value in os.environ.items() if name != "CI"}
        subprocess.run([sys.executable, "-m", "pytest", *arguments], cwd=root, env=plain | environment, check=False, capture_output=True)
        found = set()
        for _, record in journal.lines(out / "journal.jsonl"):
            if record["kind"] == "exchange" and "intent" in record:
                request = record["request"]
                headers = sorted(f"{name}: {value}" for name, value in request["headers"] if name.lower() not in VOLATILE)
                path = request["url"].partition("://")[2].partition("/")[2]
                found.add((record["test"], request["method"], path, *headers, MARKER.sub(r"\1]", request["body"])))
        assert len(found) > 300
        return found

    return run


def test_seed_says_what_is_sent(sent: Callable[..., set[tuple[str, ...]]]) -> None:
    """Two runs by one seed send the same, also where CI and the hashing of strings differ.

    Runs by different seeds share next to nothing, ids aside: the simplest values, and what has only one value.
    """
    first, again, other = sent(7, PYTHONHASHSEED="1"), sent(7, CI="true", PYTHONHASHSEED="2"), sent(8)
    assert len(first ^ again) == 0

    first, other = ({(test, method, *rest) for test, method, _, *rest in one} for one in (first, other))
    assert len(first & other) < len(first) / 5
