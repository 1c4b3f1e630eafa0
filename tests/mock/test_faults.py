"""The registry of lies."""

import ast
from pathlib import Path
from typing import get_args

import pytest

import payproof.mock
from payproof.mock import jpmorgan_faults
from payproof.mock.app import create_app
from payproof.mock.faults import FAULTS, UnknownFault, chosen
from payproof.mock.script import Api
from payproof.mock.variants import VARIANTS

CLAUSES = {
    "delete-only-hides": "CPM-DELETE-STAYS-GONE",
    "stale-default-copy": "CPM-DEFAULT-IS-LISTED-COPY",
    "update-touches-neighbour": "CPM-UPDATE-OTHERS-UNTOUCHED",
    "reuses-method-id": "CPM-ADD-ID-NEVER-SEEN",
    "first-four-as-last-four": "CPM-ADD-LAST4",
    "full-number-in-card": "CPM-NO-FULL-NUMBER",
    "time-goes-backwards": "CPM-UPDATE-TIME-MOVES",
    "other-tenant-visible": "CPM-TENANT-ISOLATION",
    "expired-token-accepted": "CPM-TOKEN-EXPIRED",
    "same-token-again": "OAUTH-TOKEN-NEW",
}


def test_each_fault_names_its_clause() -> None:
    """Names, clauses and APIs of the faults are fixed: other programs select by them."""
    assert {fault.name: fault.clause for fault in jpmorgan_faults.FAULTS} == CLAUSES
    assert {fault.api for fault in jpmorgan_faults.FAULTS} == {"jpmorgan-oauth", "jpmorgan-profiles"}
    assert {fault.api for fault in FAULTS.values()} <= set(get_args(Api))
    assert all(name == fault.name and fault.lie.endswith(".") for name, fault in FAULTS.items())


def test_unknown_fault_lists_the_names() -> None:
    """A name that does not exist is an error that shows those that do."""
    with pytest.raises(UnknownFault) as caught:
        create_app(faults=["same-token-again", "no-such-lie"])
    assert "'no-such-lie'" in str(caught.value)
    assert all(name in str(caught.value) for name in FAULTS)


def test_chosen_keeps_known_names() -> None:
    """Known names are what is told."""
    assert chosen(["same-token-again", "same-token-again"]) == {"same-token-again"}
    assert chosen([]) == frozenset()


def test_each_fault_is_told_somewhere() -> None:
    """The code asks for exactly the registered names, so that none is dead and none is misspelled."""
    folder = Path(payproof.mock.__file__).parent
    asked = set()
    for path in folder.glob("*.py"):
        if path.name == "faults.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "lies":
                asked |= {argument.value for argument in node.args if isinstance(argument, ast.Constant)}
            if isinstance(node, ast.Compare) and isinstance(node.left, ast.Constant):
                right = node.comparators[0]
                if isinstance(right, ast.Attribute) and right.attr == "lies":
                    asked.add(node.left.value)
    # A world asks in one way for all that it does otherwise: lies, and the variants that the documents allow.
    assert FAULTS.keys() - asked == set()
    assert asked - FAULTS.keys() - VARIANTS.keys() == set()
