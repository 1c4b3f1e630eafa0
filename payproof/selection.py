"""Which tests of a kit a run takes, and where reports show them."""

from __future__ import annotations

import pytest

SMOKE_CASES = 3
"""How many cases of a test stand for all of them at smoke, if not each is needed."""


def sampled(items: list[pytest.Item]) -> list[pytest.Item]:
    """Give the items that a smoke run takes, in their order."""
    cases: dict[str, list[pytest.Item]] = {}
    for item in items:
        cases.setdefault(item.nodeid.partition("[")[0], []).append(item)
    chosen = {id(item) for group in cases.values() for item in _sample(group)}
    return [item for item in items if id(item) in chosen]


def label(item: pytest.Item) -> None:
    """Say where Allure shows a test: below its API, then below the file that it stands in."""
    api = item.get_closest_marker("api")
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    name = api.args[0] if api is not None else str(parameters.get("api", "several APIs"))
    for kind, value in (("epic", name), ("feature", item.path.stem.removeprefix("test_").replace("_", " "))):
        item.add_marker(pytest.mark.allure_label(value, label_type=kind))


def _sample(cases: list[pytest.Item]) -> list[pytest.Item]:
    """Give cases from the first to the last, evenly apart, and those that are marked as needed."""
    last = len(cases) - 1
    picked = {round(number * last / (SMOKE_CASES - 1)) for number in range(SMOKE_CASES)}
    return [case for index, case in enumerate(cases) if index in picked or case.get_closest_marker("every_case")]
