"""The lies of Mercado Pago."""

from payproof.mock.lie import Fault

FAULTS: tuple[Fault, ...] = ()
