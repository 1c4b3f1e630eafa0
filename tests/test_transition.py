"""A cell of a table of transitions: what is right, what took effect, what a refusal left as it was."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from payproof.transition import cells, drive, every, legal


class World:
    """A resource that counts what was done to it, and who writes transitions down."""

    def __init__(self, *, reference: bool = True) -> None:
        self.value, self.done = 0, 0
        self.rows: list[dict[str, Any]] = []
        self.session = SimpleNamespace(target=SimpleNamespace(reference=reference))

    def transition(self, **row: Any) -> None:
        """Write a row down."""
        self.rows.append(row)


def driven(world: World, status: int, cell: Any, *, change: bool) -> None:
    def send() -> int:
        if change:
            world.value += 1
            world.done += 1
        return status

    drive(
        world,  # type: ignore[arg-type]  # as much of a tenant as driving a cell needs
        api="vouchers", resource="voucher", state="spent", operation="spend", cell=cell, send=send,
        see=lambda: world.value, effects=lambda: world.done, took=lambda before, after: after == before + 1,
    )  # fmt: skip


def test_allowed_and_done() -> None:
    world = World()

    driven(world, 200, legal(200), change=True)

    assert world.rows == [
        {"api": "vouchers", "resource": "voucher", "state": "spent", "operation": "spend", "expected": "allowed", "status": 200}
    ]


def test_refused_and_nothing_changed() -> None:
    world = World()

    driven(world, 409, legal(409), change=False)

    assert world.rows[0]["expected"] == "refused"


@pytest.mark.parametrize(
    ("status", "cell", "change", "what"),
    [
        pytest.param(409, legal(200), False, "409, and right is", id="refused-where-allowed"),
        pytest.param(200, legal(409), True, "200, and right is", id="accepted-where-forbidden"),
        pytest.param(200, legal(200), False, "has not taken effect", id="accepted-and-not-done"),
        pytest.param(409, legal(409), True, "was refused and has changed something", id="refused-and-done"),
    ],
)
def test_what_is_not_right_is_told(status: int, cell: Any, what: str, *, change: bool) -> None:
    with pytest.raises(AssertionError, match=what):
        driven(World(), status, cell, change=change)


def test_what_no_document_says_binds_the_reference_only() -> None:
    """Elsewhere another answer is as good, unless the server fails."""
    unsaid = legal(200, unsaid=True)

    driven(World(reference=False), 409, unsaid, change=False)

    with pytest.raises(AssertionError, match="409, and right is"):
        driven(World(), 409, unsaid, change=False)
    with pytest.raises(AssertionError, match="500, and right is"):
        driven(World(reference=False), 500, unsaid, change=False)


def test_table_has_a_cell_for_each_state() -> None:
    table = cells(("fresh", "foreign"), {"spend": (legal(200), legal(404))})

    assert table["spend", "foreign"] == legal(404)
    assert [param.values for param in every(table)] == [("spend", "fresh"), ("spend", "foreign")]
    assert [mark.name for mark in every(table)[1].marks] == ["operation", "needs"]
    with pytest.raises(ValueError, match="spend has 1 cells for 2 states"):
        cells(("fresh", "foreign"), {"spend": (legal(200),)})
