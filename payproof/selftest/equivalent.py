"""Mutants that are known to be no break for the judge, each with the reason: a list that is as short as it can be."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from payproof import fileformat, yamlfile
from payproof.errors import KitError

if TYPE_CHECKING:
    from payproof.kit import Kit

_INDEX = re.compile(r"/[0-9]+(?=/|$)")


@dataclass(frozen=True, slots=True)
class Equivalent:
    """A class of mutants at one place that nothing need find. `at` is a JSON pointer with `*` for an item."""

    clause: str
    kind: str
    at: str
    because: str

    def covers(self, clause: str, kind: str, pointer: str | None) -> bool:
        """Say whether a mutant is one of these."""
        return (self.clause, self.kind, self.at) == (clause, kind, _INDEX.sub("/*", pointer or ""))


def read(kit: Kit, api: str) -> list[Equivalent]:
    """Read the mutants of an API that are listed as equivalent.

    Raises KitError for a file that is not of the format, or an entry for a clause that the spec does not give.
    """
    path = kit.root / "contracts" / "mutants" / f"{api}.yaml"
    if not path.is_file():
        raise KitError(path, "is missing", hint="a kit has for each contract a file of lies, one for each clause")
    file = yamlfile.load(path)
    fileformat.check(file, "mutants.schema.json")
    found = []
    for index, raw in enumerate(file.data.get("equivalent", ())):
        if raw["clause"] not in kit.contracts[api].shapes:
            raise KitError(path, f"{raw['clause']} is no shape clause of {api}", line=file.line(("equivalent", index)))
        found.append(Equivalent(raw["clause"], raw["kind"], raw["at"], raw["because"]))
    return found
