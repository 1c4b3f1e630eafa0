"""What the suites share: tests by the seed of the run, and the ground of every operation. The same in every kit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from payproof.explore import Explore

if TYPE_CHECKING:
    from payproof.plot import Base, Ground, Plot
    from payproof.plugin import NewTenant
    from payproof.worker import Apis, Worker

PROVIDERS = sorted(path.stem for path in (Path(__file__).parent / "fixtures").glob("*.py"))


@pytest.fixture(scope="session")
def explore(payproof_worker: Worker) -> Explore:
    """Run tests of Hypothesis by the seed of the run."""
    return Explore(payproof_worker)


@pytest.fixture(scope="session")
def plots(request: pytest.FixtureRequest) -> dict[str, Plot]:
    """The plot of each operation of every provider."""
    found: dict[str, Plot] = {}
    for provider in PROVIDERS:
        found |= request.getfixturevalue(f"grounds_{provider}")
    return found


@pytest.fixture(scope="session")
def ground(new_tenant: NewTenant, plots: dict[str, Plot]) -> Ground:
    """Prepare what an operation needs, with a tenant of its own unless one is given."""

    def prepare(operation: str, *, apis: Apis | None = None, full: bool = False) -> Base:
        return plots[operation].prepare(apis if apis is not None else new_tenant(), full)

    return prepare
