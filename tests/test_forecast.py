"""How long a run will take: from what an earlier one sent, or from its tests, and from its own pace once there is one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from payproof.forecast import Forecast, earlier
from payproof.options import Options

if TYPE_CHECKING:
    from pathlib import Path


def test_told_before_the_first_request() -> None:
    """By the tests, or by the last run, and how that is known."""
    by_tests, by_run = Forecast("smoke", 10.0, tests=60), Forecast("smoke", 10.0, 3000, tests=60)

    assert by_tests.told() == "about 600 requests (estimated from 60 tests) at 10 a second: 60 s or more"
    assert by_run.told() == "about 3000 requests (as in the last run here) at 10 a second: 5 min or more"
    assert Forecast("smoke", None, tests=3).told() == "about 30 requests (estimated from 3 tests); the target names no rate"


def test_told_while_it_runs() -> None:
    """The run's own pace counts as soon as it has one."""
    run = Forecast("smoke", 10.0, tests=60)
    assert run.left(4, 1.0) == "60 s or more"

    run.done = 15
    assert run.left(300, 40.0) == "2 min left"
    run.done = 60
    assert run.left(700, 100.0) == "nearly done"


def test_last_run_tells_by_its_requests() -> None:
    """A property test sends as much as many others: requests tell more than tests."""
    run = Forecast("smoke", 10.0, 1000, tests=10, done=9)

    assert run.left(250, 30.0) == "2 min left"


@pytest.mark.parametrize(("change", "known"), [
    ({}, 777), ({"depth": "deep"}, None), ({"target": "other"}, None), ({"counts": 3}, None),
    ({"suite_errors": [{"where": "run", "message": "interrupted"}]}, None), ({"scope": {"apis": ["b"], "clauses": None}}, None),
])  # fmt: skip
def test_only_the_same_kind_of_run_tells(tmp_path: Path, change: dict[str, object], known: int | None) -> None:
    """Another target, depth or API, or a run that was cut off, says nothing about this one."""
    verdict = {"target": "t", "depth": "smoke", "scope": {"apis": ["a"], "clauses": None}, "partial": True, "suite_errors": [],
               "counts": {"exchanges": 777}}  # fmt: skip
    (tmp_path / "verdict.json").write_text(json.dumps({**verdict, **change}), encoding="utf-8")

    assert earlier(tmp_path, Options(target="t", depth="smoke", apis=("a",)), ["a"]) == known


def test_no_earlier_run(tmp_path: Path) -> None:
    """Nothing, or something that is no verdict, is there."""
    assert earlier(tmp_path, Options(), []) is None
    (tmp_path / "verdict.json").write_text("[", encoding="utf-8")
    assert earlier(tmp_path, Options(), []) is None
