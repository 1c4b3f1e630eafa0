"""The lies of Zuora."""

from payproof.mock.lie import Fault

FAULTS: tuple[Fault, ...] = ()
