"""States by operations: a table that names what each operation does in each state, and how a cell of it is driven.

What is allowed must take effect; what is not allowed must leave everything as it was. Each driven cell is written down,
and becomes a row of the verdict's `transitions`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from payproof.worker import Apis


@dataclass(frozen=True, slots=True)
class Legal:
    """The statuses that are right. Where no document says so (`unsaid`), they bind the reference server only."""

    statuses: frozenset[int]
    unsaid: bool = False

    @property
    def word(self) -> str:
        """What the verdict's table says: allowed, refused, or either where no document decides."""
        if self.unsaid:
            return "either"
        return "allowed" if any(status < 300 for status in self.statuses) else "refused"

    def covers(self, status: int, *, reference: bool) -> bool:
        """Say whether a status is right, on the reference server or on another."""
        return status in self.statuses or (self.unsaid and not reference and 200 <= status < 500)


def legal(*statuses: int, unsaid: bool = False) -> Legal:
    """Give the legality of an operation in a state by the statuses that are right."""
    return Legal(frozenset(statuses), unsaid)


Table = dict[tuple[str, str], Legal]
"""By operation id and state."""


def cells(states: Sequence[str], rows: Mapping[str, Sequence[Legal]]) -> Table:
    """Give a table from its rows. Raises ValueError where a row has not one cell for each state."""
    for operation, row in rows.items():
        if len(row) != len(states):
            message = f"{operation} has {len(row)} cells for {len(states)} states"
            raise ValueError(message)
    return {(operation, state): cell for operation, row in rows.items() for state, cell in zip(states, row, strict=True)}


def every(table: Table, *, foreign: str = "foreign", always: Collection[tuple[str, str]] = ()) -> list[Any]:
    """Give a parameter (operation, state) for each cell; the state named `foreign` needs a second tenant.

    At smoke some cells stand for all of them; those in `always` are among them.
    """
    needs = {foreign: [pytest.mark.needs("second-tenant")]}
    return [
        pytest.param(operation, state, marks=[
            pytest.mark.operation(operation), *needs.get(state, []), *([pytest.mark.every_case] if (operation, state) in always else []),
        ]) for operation, state in table
    ]  # fmt: skip


def drive(
    apis: Apis, *, api: str, resource: str, state: str, operation: str, cell: Legal, send: Callable[[], int],
    see: Callable[[], Any], effects: Callable[[], Any], took: Callable[[Any, Any], bool],
) -> None:  # fmt: skip
    """Send an operation to a resource in a state; look at the answer, then at the state, then at the effects.

    `send` gives the status, `see` what reads show, `effects` what has really happened; `took` says of what was seen before
    and after whether an operation that was accepted has taken effect. Raises AssertionError.
    """
    before, done = see(), effects()
    status = send()
    apis.transition(api=api, resource=resource, state=state, operation=operation, expected=cell.word, status=status)
    where = f"{operation} on a {resource} that is {state}"
    if not cell.covers(status, reference=apis.session.target.reference):
        message = f"{where}: {status}, and right is {sorted(cell.statuses)}"
        raise AssertionError(message)
    after = see()
    if 200 <= status < 300:
        if not took(before, after):
            message = f"{where} was accepted and has not taken effect: before {before}, after {after}"
            raise AssertionError(message)
    elif after != before or effects() != done:
        message = f"{where} was refused and has changed something: before {before}, after {after}"
        raise AssertionError(message)
