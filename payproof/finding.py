"""A clause that an exchange breaks: what was expected, what was seen, and whether it was seen before."""

from __future__ import annotations

import hashlib
import re
from dataclasses import asdict, dataclass
from typing import Any

_NUMBERED = re.compile(r"/[0-9]+(?=/|$)")


@dataclass(frozen=True, slots=True)
class Finding:
    """One break of one clause by one exchange.

    `pointer` is a JSON pointer into the response body (or `/status`, `/headers/NAME` before it), `expected` and
    `seen` are for people. `basis` is that of the very constraint that is broken, which for a shape clause can differ
    from constraint to constraint.
    """

    clause: str
    api: str
    operation: str
    keyword: str
    basis: str
    pointer: str
    expected: str
    seen: str
    exchange: str

    @property
    def fingerprint(self) -> str:
        """The same for every finding of one cause: the clause, the operation, the place and the demand, no values."""
        place = _NUMBERED.sub("/*", self.pointer)
        cause = "\n".join((self.clause, self.operation, place, self.expected if "." in self.clause else ""))
        return hashlib.sha256(cause.encode("utf-8", "replace")).hexdigest()[:16]

    def as_json(self) -> dict[str, Any]:
        """Give the finding as it stands in journals."""
        return {**asdict(self), "fingerprint": self.fingerprint}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Finding:
        """Read what `as_json` wrote; KeyError names a member that is missing."""
        return cls(**{name: data[name] for name in cls.__dataclass_fields__})
