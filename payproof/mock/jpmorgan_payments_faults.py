"""The lies of the payments API."""

from payproof.mock.lie import Fault

FAULTS: tuple[Fault, ...] = ()
