"""Which documented outcomes a run has shown, which only a script has, and what nobody documented."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from payproof import kit as kits
from payproof import witness

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from payproof.contract import Contract

STATE = ("        note: {type: string}", "        note: {type: string}\n        state: {enum: [OPEN, SPENT]}")


@pytest.fixture
def load(tiny: Callable[..., Path]) -> Callable[..., Contract]:
    """Load the vouchers with a state that has two values, and with the given outcomes."""

    def loaded(*excuses: str) -> Contract:
        listed = "outcomes:\n" + "".join(f"  - {excuse}\n" for excuse in excuses) + "statements:" if excuses else "statements:"
        return kits.load(tiny(spec=[STATE], contract=[("statements:", listed)])).contracts["vouchers"]

    return loaded


def shown(contract: Contract, *answers: tuple[str, int, Any], scripted: bool = False) -> witness.Witness:
    """Look at answers."""
    looked = witness.Witness()
    for operation, status, body in answers:
        looked.take(contract, contract.spec.operations[operation], status, body, scripted=scripted)
    return looked


def rows(contract: Contract, *looked: witness.Witness) -> dict[tuple[str, str, str], dict[str, Any]]:
    """Give the rows by operation, member and value."""
    counted = [line for one in looked for line in one.record()]
    return {(row["operation"], row["member"], row["value"]): row for row in witness.table([contract], counted)}


def test_statuses_and_values_are_counted(load: Callable[..., Contract]) -> None:
    """What an answer shows counts, and what it does not show stays at nothing."""
    contract = load()

    found = rows(contract, shown(contract, ("getVoucher", 200, {"id": "a", "state": "OPEN"})))

    assert found["getVoucher", "", "200"]["witnessed"] == 1
    assert found["getVoucher", "/state", "OPEN"]["witnessed"] == 1
    assert found["getVoucher", "/state", "SPENT"]["witnessed"] == 0
    assert found["createVoucher", "/state", "OPEN"]["witnessed"] == 0


def test_scripts_count_apart(load: Callable[..., Contract]) -> None:
    """An answer that the target was told to give is no evidence that anything causes it."""
    contract = load()

    row = rows(contract, shown(contract, ("getVoucher", 200, {"state": "SPENT"}), scripted=True))["getVoucher", "/state", "SPENT"]

    assert (row["witnessed"], row["scripted"]) == (0, 1)


def test_counts_of_workers_add_up(load: Callable[..., Contract]) -> None:
    """Two workers that saw the same have seen it twice."""
    contract = load()
    one = shown(contract, ("getVoucher", 200, {"state": "OPEN"}))

    assert rows(contract, one, one)["getVoucher", "/state", "OPEN"]["witnessed"] == 2


def test_unknown_member_is_drift(load: Callable[..., Contract]) -> None:
    """A member that no schema knows is counted with its place; one that a script added is not."""
    contract = load()
    body = {"id": "a", "colour": "red"}

    assert dict(shown(contract, ("getVoucher", 200, body)).drift) == {"getVoucher 200 /colour": 1}
    assert not shown(contract, ("getVoucher", 200, body), scripted=True).drift


def gaps(contract: Contract, *looked: witness.Witness) -> str:
    return "\n".join(gap["what"] for gap in witness.gaps(rows(contract, *looked).values()))


def test_outcome_that_nobody_saw_is_a_gap(load: Callable[..., Contract]) -> None:
    """What is documented was witnessed, or the contract says why not."""
    contract = load()

    assert "/state = SPENT was never witnessed" in gaps(contract, shown(contract, ("getVoucher", 200, {"state": "OPEN"})))


def test_value_of_a_shared_schema_counts_once(load: Callable[..., Contract]) -> None:
    """Operations that show the same schema share its values: one of them is enough."""
    contract = load()

    assert "/state" not in gaps(
        contract, shown(contract, ("createVoucher", 201, {"state": "OPEN"}), ("getVoucher", 200, {"state": "SPENT"}))
    )


def test_reason_excuses(load: Callable[..., Contract]) -> None:
    """A reason stands in for a witness, for the value that it names only."""
    contract = load("{operation: any, member: /state, values: [SPENT], reason: nothing spends a voucher}")

    missing = gaps(contract)

    assert "SPENT" not in missing
    assert "OPEN" in missing


def test_reason_for_what_was_seen_is_wrong(load: Callable[..., Contract]) -> None:
    """A contract that says `cannot happen` of something that happened has to be mended."""
    contract = load("{operation: any, member: /state, values: all, reason: nobody knows}")

    assert "though the contract" in gaps(contract, shown(contract, ("getVoucher", 200, {"state": "OPEN"})))


INLINE = """"4XX": {description: Why not., content: {application/json: {schema: {anyOf: [{properties: {error: {enum: [gone]}}}]}}}}"""


def test_equal_schemas_in_two_places_are_two(tiny: Callable[..., Path]) -> None:
    """What is written twice is witnessed twice: only what operations refer to is shared."""
    refused = '"4XX": {$ref: "#/components/responses/Refused"}'
    contract = kits.load(tiny(spec=[(refused, INLINE), (refused, INLINE)])).contracts["vouchers"]

    missing = gaps(contract, shown(contract, ("createVoucher", 400, {"error": "gone"})))

    assert "createVoucher 4XX /error" not in missing
    assert "getVoucher 4XX /error = gone was never witnessed" in missing
