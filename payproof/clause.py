"""Clauses: what one requirement is, before anybody asks whether it is kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from payproof.chains import Chain
    from payproof.expression import Expression
    from payproof.schema import Ground
    from payproof.spec import Operation

SHAPES = ("status", "content-type", "headers", "schema", "accepts-valid", "rejects-invalid")
"""The clauses that every operation has from its spec, as suffixes of `<operationId>.`."""


class Keyword(StrEnum):
    """How strong a clause is: a break of `must` fails, of `should` warns."""

    MUST = "must"
    SHOULD = "should"


class Basis(StrEnum):
    """Why a clause may be demanded."""

    DOCUMENTED = "documented"
    REFERENCE = "reference"
    STANDARD = "standard"
    INVARIANT = "invariant"
    ASSUMED = "assumed"


@dataclass(frozen=True, slots=True)
class Clause:
    """One requirement of one API.

    `operations` are operation ids; `comparison` is empty where `that` holds by itself, else equals, among, includes,
    excludes or matches with `other` on the other side. `holds` is the whole condition as one expression. `pointer` is
    where a finding points, from the first member of the answer that the clause reads; `shows` are the paths whose values a finding
    of a plain condition shows.
    """

    id: str
    api: str
    keyword: Keyword
    text: str
    ground: Ground
    operations: tuple[str, ...]
    needs: frozenset[str] = frozenset()
    when: Expression | None = None
    that: Expression | None = None
    comparison: str = ""
    other: Expression | None = None
    holds: Expression | None = None
    facts: Mapping[str, Expression] = field(default_factory=dict)
    deferred: bool = False
    pointer: str = ""
    shows: tuple[Chain, ...] = ()
    harm: str = ""
    shape: bool = False

    @property
    def operation(self) -> str:
        """The operation that the clause is about; `any` for more than one."""
        return self.operations[0] if len(self.operations) == 1 else "any"

    @property
    def reads(self) -> frozenset[str]:
        """The roots that any of its expressions reads."""
        parts = (self.when, self.holds, *self.facts.values())
        return frozenset().union(*(part.reads for part in parts if part is not None))


_TEXTS = {
    "status": "answers with a documented status",
    "content-type": "answers in a documented media type",
    "headers": "answers with the documented headers",
    "schema": "answers with a body of the documented shape",
    "accepts-valid": "accepts a request that the documents allow",
    "rejects-invalid": "refuses a request that breaks a documented constraint, and nothing else",
}


def of_shapes(operation: Operation) -> Iterator[Clause]:
    """Give the clauses that an operation has from its spec alone."""
    for suffix in SHAPES:
        if suffix == "headers" and not any(answer.headers for answer in operation.answers.values()):
            continue
        yield Clause(
            f"{operation.id}.{suffix}", operation.api, Keyword.MUST, f"{operation.id} {_TEXTS[suffix]}.",
            operation.ground, (operation.id,), shape=True,
        )  # fmt: skip
