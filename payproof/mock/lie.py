"""A named lie of the mock: a behaviour that holds in every scenario that meets its condition."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One lie: its name, what it says, the API that it is told in, the clause that names it."""

    name: str
    lie: str
    api: str
    clause: str
