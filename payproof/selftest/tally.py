"""The mutants of one operation, judged, and counted by class and clause."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from payproof import clock
from payproof.judge import Judge
from payproof.redact import Redactor
from payproof.selftest.carrier import Carrier, Drawn
from payproof.selftest.mutation import Answers
from payproof.selftest.mutation_request import Requests
from payproof.selftest.row import ACCUSED, KILLED, SURVIVED, WRONG_CAUSE, Row
from payproof.selftest.wrong import ALTERNATIVES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from payproof.exchange import Exchange, Response
    from payproof.finding import Finding
    from payproof.judge import Judgement
    from payproof.kit import Kit
    from payproof.selftest.equivalent import Equivalent
    from payproof.selftest.mutation import Mutation
    from payproof.selftest.prepared import Prepared
    from payproof.spec import Operation

HOLE = "not broken anywhere"
NEEDLESS = "listed as equivalent without need"


@dataclass(slots=True)
class Figures:
    """How much was judged: mutants from the spec, the processor seconds that took, lies, and changes that are no breaks."""

    mutants: int = 0
    seconds: float = 0.0
    lies: int = 0
    allowed: int = 0

    def add(self, other: Figures) -> None:
        """Add what another process has judged."""
        self.mutants += other.mutants
        self.seconds += other.seconds
        self.lies += other.lies
        self.allowed += other.allowed

    def __str__(self) -> str:
        """Say it in one line."""
        rate = self.mutants / self.seconds if self.seconds else 0.0
        return (f"{self.mutants} mutants from the specs at {rate:,.0f} a second and core, {self.lies} committed lies; "
                f"{self.allowed} changes left out that another alternative allows")  # fmt: skip


@dataclass(slots=True)
class _Class:
    """Mutants of one kind for one clause."""

    tried: int = 0
    caught: int = 0
    first: float | None = None
    killers: set[str] = field(default_factory=set)
    missed: list[Mutation] = field(default_factory=list)
    sample: Mutation | None = None


class Tally:
    """Judges the mutants of an API's operations: their shapes alone, and one of each class by every clause."""

    def __init__(self, kit: Kit, api: str, prepared: Prepared, equivalents: Sequence[Equivalent], began: float) -> None:
        """Take the prepared story of the API; `began` is what `clock.now` said when the level began."""
        self.api = api
        self.figures = Figures()
        self._contract = kit.contracts[api]
        self._drawn = Drawn(self._contract.spec)
        self._prepared = prepared
        self._equivalents = equivalents
        self._began = began
        # No path is in two specs, so the order changes nothing but how soon an operation is found.
        contracts = sorted(kit.contracts.values(), key=lambda contract: contract.api != api)
        bare = [replace(contract, clauses={}, effects={}, facts={}) for contract in contracts]
        self._judge = Judge(bare, Redactor(kit.sensitive()), has=prepared.chain.has)
        self._story: dict[str, list[tuple[int, Exchange]]] = {}
        for number, exchange in enumerate(prepared.chain.exchanges):
            found = self._judge.find(exchange)
            if found is not None and found[0].api == api:
                self._story.setdefault(found[1].id, []).append((number, exchange))

    def rows(self, operation: Operation) -> Iterator[Row]:
        """Give a row for each class of mutants of an operation, and one for each thing that nothing could break."""
        story = self._story.get(operation.id, [])
        accepted, denied = self._accepted(story)
        if not accepted:
            yield self._hole(f"{operation.id}.accepts-valid", "no request of the story is accepted")
            return
        answers = Answers(self._drawn, operation, accepted[0], story)
        requests = Requests(self._drawn, operation, accepted, answers.carriers)
        dishonest = [one for found in answers.carriers.values() for one in found if self._judge.judge(one.exchange).findings]
        for one in dishonest[:1]:
            finding = self._judge.judge(one.exchange).findings[0]
            yield Row("replay", "honest answer", self.api, "", ACCUSED, (finding.clause,), tried=1, caught=1,
                      look=f"{_shown(one.exchange)}: {finding.pointer}: expected {finding.expected}; seen {finding.seen}")  # fmt: skip
        classes: dict[tuple[str, str], _Class] = {}
        used: set[Equivalent] = set()
        for source in (answers.mutations(), requests.refused(denied), requests.accepted()):
            self._try(operation, list(source), classes, used)
        for (kind, clause), found in classes.items():
            yield self._row(kind, clause, found)
        for suffix, holes in (("schema", answers.holes), ("rejects-invalid", requests.holes)):
            yield from (self._hole(f"{operation.id}.{suffix}", hole) for hole in holes)
        for entry in self._equivalents:
            if entry.clause.partition(".")[0] == operation.id and entry not in used:
                place = entry.at or "the body"
                look = f"contracts/mutants lists {entry.kind} at {place} as equivalent, and it is found, or not made: take it out"
                yield Row("replay", NEEDLESS, self.api, entry.clause, SURVIVED, tried=0, look=look)
        self.figures.allowed += answers.allowed + requests.allowed

    def _accepted(self, story: list[tuple[int, Exchange]]) -> tuple[list[Carrier], list[Response]]:
        """Give the exchanges in which a valid request was accepted, and answers of 2xx that say no."""
        accepted, denied = [], []
        for number, exchange in story:
            if exchange.response is None or exchange.response.status >= 300:
                continue
            judgement = self._judge.judge(exchange)
            if judgement.refused:
                denied.append(exchange.response)
            elif judgement.sent == []:
                accepted.append(Carrier(exchange, None, number))
        return accepted, denied[:1]

    def _try(self, operation: Operation, mutations: list[Mutation], classes: dict[tuple[str, str], _Class], used: set[Equivalent]) -> None:
        begin = clock.worked()
        judge = self._judge.judge
        judged = [judge(mutation.exchange) for mutation in mutations]
        self.figures.seconds += clock.worked() - begin
        self.figures.mutants += len(mutations)
        for mutation, judgement in zip(mutations, judged, strict=True):
            clause = f"{operation.id}.{mutation.suffix}"
            known = classes.setdefault((mutation.kind, clause), _Class())
            broken = {finding.clause for finding in judgement.findings}
            caught = clause in broken and named(mutation, judgement)
            listed = [] if caught else [one for one in self._equivalents if one.covers(clause, mutation.kind, mutation.pointer)]
            if listed:
                used.update(listed)
                continue
            known.tried += 1
            known.killers |= broken
            known.sample = known.sample or mutation
            if caught:
                known.caught += 1
                if known.first is None:
                    known.first = clock.now() - self._began
            else:
                known.missed.append(mutation)

    def _row(self, kind: str, clause: str, found: _Class) -> Row:
        look, outcome = "", KILLED
        for mutation in found.missed[:1]:
            broken = sorted({finding.clause for finding in self._whole(mutation)[0]})
            place = f"{mutation.pointer or 'the whole'} ({mutation.keyword})" if mutation.keyword else mutation.pointer or "the whole"
            look = f"{place}: {_shown(mutation.exchange)}; found: {', '.join(broken) or 'nothing'}"
            outcome = WRONG_CAUSE if broken else SURVIVED
            found.killers.update(broken)
        if found.sample is not None and not look:
            errors = self._whole(found.sample)[1]
            if errors:
                look, outcome = f"an error of the suite: {errors[0]}: {_shown(found.sample.exchange)}", WRONG_CAUSE
        return Row("replay", kind, self.api, clause, outcome, tuple(sorted(found.killers)), tried=found.tried, caught=found.caught,
                   first=found.first, look=look)  # fmt: skip

    def _whole(self, mutation: Mutation) -> tuple[list[Finding], list[str]]:
        """Judge a mutant by every clause, where it stands in the story."""
        trial = self._prepared.judge(mutation.number, mutation.exchange)
        return trial.findings.get(mutation.number, []), trial.errors

    def _hole(self, clause: str, what: str) -> Row:
        return Row("replay", HOLE, self.api, clause, SURVIVED, tried=0, look=what)


def named(mutation: Mutation, judgement: Judgement) -> bool:
    """Say whether the judge names what is wrong with a mutant: its place, and the constraint that is broken there."""
    intent = mutation.exchange.intent
    if intent is not None and (intent.verdict == "accept" or intent.location == "authorization"):
        return any(finding.pointer == mutation.pointer for finding in judgement.findings)
    request = mutation.suffix == "rejects-invalid"
    faults = (judgement.sent or []) if request else [fault for fault in judgement.faults if fault.suffix == mutation.suffix]
    for fault in faults:
        exact = mutation.pointer in {None, fault.pointer} and mutation.keyword in {"", fault.keyword}
        if exact or (mutation.loose and fault.keyword in ALTERNATIVES and f"{mutation.pointer}/".startswith(f"{fault.pointer}/")):
            return True
    return False


def _shown(exchange: Exchange) -> str:
    response = exchange.response
    if response is None:
        return f"{exchange.request.method} {exchange.request.path()}"
    body = response.body.decode("utf-8", "replace")
    return f"{exchange.request.method} {exchange.request.path()} -> {response.status} {body[:160]}"
