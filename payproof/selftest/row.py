"""A row of the kill sheet: what came of one fault, of one legal variant, or of one class of mutants."""

from __future__ import annotations

from dataclasses import dataclass

KILLED = "killed"
"""The clause that is named found it; where no clause is named, any did."""
WRONG_CAUSE = "wrong-cause"
"""Other clauses found it, and the one that is named did not: a finding about the suite."""
SURVIVED = "survived"
"""No clause found it."""
HONEST = "honest"
"""A legal variant, or the honest mock, that no clause accuses: as it has to be."""
ACCUSED = "accused"
"""A legal variant, or the honest mock, that a clause accuses: the clause says more than its source."""
NO_RESULT = "no-result"
"""Nothing is known: it was ended because it took too long, or it went wrong in another way that `look` tells."""

GOOD = frozenset({KILLED, HONEST})
"""What a sheet may hold that passes."""

LEVELS = ("replay", "live", "legal", "source")


@dataclass(frozen=True, slots=True)
class Row:
    """What came of one fault, of one legal variant, or of one class of mutants."""

    level: str
    """One of `LEVELS`."""
    name: str
    """The name of the fault, of the variant, or of the class of mutants."""
    api: str
    clause: str
    """The clause that has to find it; empty where none may (`legal`) and where any may (`source`)."""
    outcome: str
    """`killed`, `wrong-cause`, `survived`, `honest`, `accused` or `no-result`."""
    killed_by: tuple[str, ...] = ()
    """The clauses that were found broken, in the order of their ids."""
    tried: int = 1
    """Mutants in the class; 1 for a fault or a variant."""
    caught: int = 0
    """How many of them were found."""
    first: float | None = None
    """Seconds to the first kill."""
    look: str = ""
    """The exchange, the mutant or the difference to look at, where it was not killed as named."""

    @property
    def good(self) -> bool:
        """Say whether it came out as it has to."""
        return self.outcome in GOOD
