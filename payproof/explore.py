"""Tests of Hypothesis by the seed of a run, whatever the environment and its profiles say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.stateful import RuleBasedStateMachine

    from payproof.worker import Worker


class Explore:
    """`explore("name", test, examples=5)` runs a test that is under `hypothesis.given`, or a state machine.

    Shrinking sends requests: hundreds for one generated request, 15,000 for a state machine of thirty steps. So only the
    first failure of a worker is shrunk, only on the mock, and state machines never: their steps stand in the journal.
    """

    def __init__(self, worker: Worker) -> None:
        """Take the process that sends the requests: it knows the seed, the target and what was found so far."""
        self._worker = worker

    def __call__(self, name: str, test: Callable[[], None] | type[RuleBasedStateMachine], *, examples: int, steps: int = 0) -> None:
        """Run the test with as many examples; a state machine takes at most as many `steps` in each.

        The name makes its draws different from those of another test. Raises what the test raises.
        """
        session = self._worker.session()
        shrink = (Phase.shrink,) if session.target.mock and not session.found and not steps else ()
        bound = settings(
            max_examples=examples, stateful_step_count=steps or 1, derandomize=False, database=None, deadline=None,
            print_blob=False, phases=(Phase.generate, *shrink), report_multiple_bugs=False,
            # Requests are sent between draws, so the time that is measured is the target's.
            suppress_health_check=[HealthCheck.too_slow],
        )  # fmt: skip
        seeded = seed(f"{self._worker.options.seed}:{name}")(test)
        if isinstance(seeded, type):
            run_state_machine_as_test(seeded, settings=bound)
        else:
            bound(seeded)()
