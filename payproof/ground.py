"""What the suites of every kit share: tests by the seed of the run, and the ground of every operation.

Nothing here is about a provider: the plots come from the kit's own files, `suites/fixtures/*.py`; `payproof.plot` says
how both fit together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from payproof import fixtures
from payproof.explore import Explore

if TYPE_CHECKING:
    from payproof.plot import Base, Ground, Plot
    from payproof.plugin import NewTenant
    from payproof.worker import Apis, Worker

GROUNDS = "grounds_"
"""What the name of a fixture begins with that gives plots."""


@pytest.fixture(scope="session")
def explore(payproof_worker: Worker) -> Explore:
    """Run tests of Hypothesis by the seed of the run."""
    return Explore(payproof_worker)


@pytest.fixture(scope="session")
def plots(request: pytest.FixtureRequest) -> dict[str, Plot]:
    """The plot of each operation of every provider."""
    found: dict[str, Plot] = {}
    for name, module in request.config.pluginmanager.list_name_plugin():
        if name.startswith(f"{fixtures.PACKAGE}."):
            for giver in sorted(known for known in vars(module) if known.startswith(GROUNDS)):
                found |= request.getfixturevalue(giver)
    return found


@pytest.fixture(scope="session")
def ground(new_tenant: NewTenant, plots: dict[str, Plot]) -> Ground:
    """Prepare what an operation needs, with a tenant of its own unless one is given."""

    def prepare(operation: str, *, apis: Apis | None = None, full: bool = False) -> Base:
        if operation not in plots:
            folder = "/".join(fixtures.FOLDER)
            pytest.fail(f"{operation} has no plot: add it to a fixture {GROUNDS}... in {folder}")
        return plots[operation].prepare(apis if apis is not None else new_tenant(), full)

    return prepare
