"""From a journal to a verdict: is the target conformant, was the run complete, and which exit code says so."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from payproof import divergence
from payproof.attempts import FLAKY, Attempts
from payproof.errors import Exit
from payproof.finding import Finding
from payproof.waiver import Waiver

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SCHEMA = 1


class Outcome(StrEnum):
    """What became of a clause in a run."""

    PASSED = "passed"
    FAILED = "failed"
    WARNED = "warned"
    WAIVED = "waived"
    NOT_APPLICABLE = "not_applicable"
    NOT_RUN = "not_run"
    OBSERVED = "observed"


_ORDER = (Exit.REFUSED, Exit.USAGE, Exit.NOT_CONFORMANT, Exit.INCOMPLETE, Exit.CONFORMANT)


def worst(*exits: Exit) -> Exit:
    """Give the exit code that wins: the first of 4, 2, 1, 3, 0 that applies."""
    return min(exits, key=_ORDER.index)


@dataclass(slots=True)
class _Tally:
    selected: int = 0
    judged: int = 0
    broken: int = 0
    unjudged: Counter[str] = field(default_factory=Counter)
    findings: list[tuple[Finding, str]] = field(default_factory=list)


@dataclass(slots=True)
class _Reached:
    success: int = 0
    read_back: bool = False


class Count:
    """Reads the records of a journal, one after the other, and keeps what a verdict needs of them."""

    def __init__(self, header: Mapping[str, Any]) -> None:
        """Start from the journal's header, which names clauses, operations, scope and target."""
        self.header = header
        self.tallies = [_Tally() for _ in header["clauses"]]
        self.index = {clause["id"]: number for number, clause in enumerate(header["clauses"])}
        self.reached: dict[str, _Reached] = defaultdict(_Reached)
        self.exchanges = 0
        self.waivers = [Waiver.from_json(row) for row in header.get("waivers", ())]
        self.findings: dict[tuple[str, str], tuple[Finding, int]] = {}
        self.errors: list[dict[str, Any]] = []
        self.generated: dict[str, Counter[str]] = defaultdict(Counter)
        self.tests: dict[str, str] = {}
        self._last = ("", "")
        self.broken_tests: set[str] = set()
        self.transitions: list[dict[str, Any]] = []
        self.refused = False
        self.attempts = Attempts()

    def add(self, record: Mapping[str, Any]) -> None:
        """Take one record of kind exchange, finding, error, transition or repeat."""
        kind = record["kind"]
        if self.attempts.add(record):
            return
        if kind == "exchange":
            self._exchange(record)
        elif kind == "finding":
            finding = Finding.from_json(dict(record))
            tally = self.tallies[self.index[finding.clause]]
            tally.broken += 1
            exchange, test = self._last
            if exchange == finding.exchange:
                self.tests.setdefault(finding.exchange, test)
            waived = self._waived(finding)
            if waived or weight(finding, mock=reference(self.header), strict=self.header["strict"]) is Outcome.FAILED:
                self.broken_tests.add(self.tests.get(finding.exchange, ""))
            known, count = self.findings.get((finding.fingerprint, waived), (finding, 0))
            self.findings[finding.fingerprint, waived] = (known, count + 1)
            if not count:
                tally.findings.append((finding, waived))
        elif kind == "transition":
            self.transitions.append({name: value for name, value in record.items() if name != "kind"})
        elif kind == "error":
            self.refused |= record.get("refused", False)
            self.errors.append({"message": record["message"], "where": record.get("where", ""), "test": record.get("test", "")})

    def _waived(self, finding: Finding) -> str:
        """Give the id of the waiver that covers a finding, empty if none does."""
        day = self.header["started"][:10]
        return next((one.id for one in self.waivers if one.covers(finding, self.header["target"], day)), "")

    def unexplained(self) -> list[dict[str, str]]:
        """Give the errors of the suite. A test that failed on an exchange by which the target failed is none of them."""
        return [{"message": error["message"], "where": error["where"]} for error in self.errors
                if not error["test"] or error["test"] not in self.broken_tests]  # fmt: skip

    def _exchange(self, record: Mapping[str, Any]) -> None:
        self.exchanges += 1
        for number in record["judged"]:
            tally = self.tallies[number]
            tally.selected += 1
            tally.judged += 1
        for reason, numbers in record["unjudged"].items():
            for number in numbers:
                self.tallies[number].selected += 1
                self.tallies[number].unjudged[reason] += 1
        response = record["response"]
        if response is not None and 200 <= response["status"] < 300 and not record.get("refused"):
            self.reached[record["operation"]].success += 1
        # Findings follow their exchange; the test of every other exchange need not be kept.
        self._last = (record["id"], record["test"])


def decide(count: Count, footer: Mapping[str, Any], journal_sha256: str, *, version: str) -> dict[str, Any]:
    """Give the verdict as `verdict.json` has it."""
    header = count.header
    scope = set(header["scope"]["apis"])
    chosen = header["scope"]["clauses"]
    rows = []
    for clause, tally in zip(header["clauses"], count.tallies, strict=True):
        foreign = not tally.selected and not scope.issuperset(clause.get("leans_on", ()))
        if clause["api"] in scope and not foreign and (chosen is None or clause["id"] in chosen):
            rows.append(_row(clause, tally, count))
    errors = [*count.unexplained(), *({"message": text, "where": "run"} for text in footer["stopped"])]
    waivers = [_waiver(one, count, rows) for one in count.waivers]
    gaps = _gaps(count, scope, rows) + list(footer["gaps"]) + _stale(waivers) + count.attempts.unclear + _flaky(count)
    counts = Counter(row["verdict"] for row in rows)
    in_scope = {row["id"] for row in rows}
    found = [(finding, seen, waived) for (_, waived), (finding, seen) in count.findings.items() if finding.clause in in_scope]
    findings = [_finding(number, finding, seen, waived, count) for number, (finding, seen, waived) in enumerate(found, 1)]
    leftovers = list(footer.get("leftovers", ()))
    tidy = all(row["state"] == "stays" for row in leftovers)
    complete = bool(rows) and count.exchanges > 0 and tidy and not counts["not_run"] and not errors and not gaps
    broken = counts["failed"] > 0
    conformant = complete and not broken
    code = worst(Exit.REFUSED if count.refused else Exit.CONFORMANT, Exit.NOT_CONFORMANT if broken else Exit.CONFORMANT,
                 Exit.CONFORMANT if complete else Exit.INCOMPLETE)  # fmt: skip
    apis = [_api(api, rows, gaps, errors) for api in header["apis"] if api["id"] in scope]
    return {
        "schema": SCHEMA,
        "payproof": version,
        "source": header["source"],
        "target": header["target"],
        **({"place": header["place"]} if "place" in header else {}),
        "depth": header["depth"],
        "scope": header["scope"],
        "started": header["started"],
        "finished": footer["finished"],
        "seed": header["seed"],
        "journal_sha256": journal_sha256,
        "conformant": conformant,
        "complete": complete,
        "partial": header["partial"],
        "exit": int(code),
        "counts": {
            "clauses": len(rows),
            **{outcome.value: counts[outcome.value] for outcome in Outcome},
            "exchanges": count.exchanges,
            "findings": len(findings),
            "suite_errors": len(errors),
        },
        "apis": apis,
        "clauses": rows,
        "findings": findings,
        "outcomes": [{name: value for name, value in row.items() if name != "place"} for row in footer.get("outcomes", [])],
        "transitions": count.transitions,
        "drift": footer.get("drift", []),
        "waivers": waivers,
        "divergences": divergence.rows(findings, rows, reference=reference(header)),
        "leftovers": leftovers,
        "suite_errors": errors,
        "gaps": gaps,
        "weather": [{"what": what, "count": number} for what, number in count.attempts.weather.most_common()],
        "generated": footer.get("generated", []),
    }


def _row(clause: Mapping[str, Any], tally: _Tally, count: Count) -> dict[str, Any]:
    outcome, reason = _outcome(clause, tally, count)
    return {
        "id": clause["id"], "api": clause["api"], "operation": clause["operation"], "keyword": clause["keyword"],
        "basis": clause["basis"], "text": clause["text"], "verdict": outcome.value, "reason": reason,
        "selected": tally.selected, "judged": tally.judged, "broken": tally.broken, "unjudged": dict(tally.unjudged),
    }  # fmt: skip


def _outcome(clause: Mapping[str, Any], tally: _Tally, count: Count) -> tuple[Outcome, str | None]:
    header = count.header
    # Of a target that was never reached nobody knows what it has: nothing is not-applicable then.
    missing = sorted(set(clause["needs"]) - set(header["has"])) if header["has"] is not None else []
    if missing:
        return Outcome.NOT_APPLICABLE, f"the target has no {', '.join(missing)}"
    if tally.broken:
        weights = [Outcome.WAIVED if waived else _weight(finding, count) for finding, waived in tally.findings]
        worst_of_all = min(weights, key=[Outcome.FAILED, Outcome.WARNED, Outcome.OBSERVED, Outcome.WAIVED].index)
        reasons = {waived for _, waived in tally.findings if waived}
        reasons |= {FLAKY for finding, _ in tally.findings if count.attempts.flaky(finding)}
        return worst_of_all, ", ".join(sorted(reasons)) or None
    if not tally.judged:
        if not tally.selected:
            return Outcome.NOT_RUN, "no exchange met its condition"
        why = ", ".join(f"{reason} {number}" for reason, number in tally.unjudged.most_common())
        return Outcome.NOT_RUN, f"selected {tally.selected} times and never judged: {why}"
    return Outcome.PASSED, None


def _weight(finding: Finding, count: Count) -> Outcome:
    found = weight(finding, mock=reference(count.header), strict=count.header["strict"])
    return Outcome.WARNED if found is Outcome.FAILED and count.attempts.flaky(finding) else found


def _flaky(count: Count) -> list[dict[str, str]]:
    """Give the findings that are not confirmed, and must not be forgotten either: whether the clause is kept stays open."""
    mock, strict = reference(count.header), count.header["strict"]
    open_ = [finding for (_, waived), (finding, _) in count.findings.items() if not waived and count.attempts.flaky(finding)]
    return [{"api": finding.api, "what": f"{finding.clause} is {FLAKY} ({finding.exchange})"} for finding in open_
            if weight(finding, mock=mock, strict=strict) is Outcome.FAILED]  # fmt: skip


def reference(header: Mapping[str, Any]) -> bool:
    """Say whether a run's target is our own mock as it is; one that follows variants is an honest server of somebody else."""
    return bool(header["mock"]) and not header.get("variants")


def weight(finding: Finding, *, mock: bool, strict: bool) -> Outcome:
    """Say how a finding counts: by keyword, by basis, and by whether the target is our own mock."""
    if not mock and finding.basis == "assumed":
        return Outcome.OBSERVED
    if finding.keyword == "should":
        return Outcome.WARNED
    if not mock and finding.basis == "invariant" and not strict:
        return Outcome.WARNED
    return Outcome.FAILED


def _gaps(count: Count, scope: set[str], rows: list[dict[str, Any]]) -> list[dict[str, str]]:
    gaps = []
    if not count.exchanges:
        gaps.append({"api": "", "what": "no exchange at all"})
    if not rows:
        gaps.append({"api": "", "what": "no clause in scope"})
    if count.header["partial"]:
        return gaps
    # A resource that two APIs share may be read at either.
    read: dict[str, tuple[str, bool]] = {}
    for operation in count.header["operations"]:
        if operation["api"] not in scope:
            continue
        success = count.reached[operation["id"]].success
        if not success:
            gaps.append({"api": operation["api"], "what": f"{operation['id']} never succeeded"})
        for resource in operation["resources"]:
            api, done = read.get(resource, (operation["api"], False))
            read[resource] = (api, done or (operation["method"] == "GET" and success > 0))
    gaps += [{"api": api, "what": f"{resource} was never read back"} for resource, (api, done) in read.items() if not done]
    return gaps


def _waiver(waiver: Waiver, count: Count, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Say what became of a waiver: used, expired, cured (its clause is kept), unmatched (broken by other causes only), or not met."""
    header = count.header
    used = sum(seen for (_, waived), (_, seen) in count.findings.items() if waived == waiver.id)
    row = next((row for row in rows if row["id"] == waiver.clause), None)
    if header["started"][:10] > waiver.expires:
        state = "expired"
    elif used:
        state = "used"
    elif waiver.target != header["target"] or row is None or not row["judged"] or header["partial"]:
        state = "not_met"
    else:
        state = "unmatched" if row["broken"] else "cured"
    return {**waiver.as_json(), "state": state, "count": used}


_STALE = {
    "expired": "expired on {expires}: what it excused counts again; mend that, or have {owner} decide anew",
    "cured": "excuses a clause that is kept: take it out",
    "unmatched": "matches nothing: the clause is broken, but by another cause than the one it names",
}


def _stale(waivers: list[dict[str, Any]]) -> list[dict[str, str]]:
    return [{"api": "", "what": f"waiver {row['id']} of {row['clause']} " + _STALE[row["state"]].format(**row)}
            for row in waivers if row["state"] in _STALE]  # fmt: skip


def _finding(number: int, finding: Finding, seen: int, waived: str, count: Count) -> dict[str, Any]:
    header = count.header
    test = count.tests.get(finding.exchange, "")
    name = test.rpartition("::")[2].partition("[")[0]
    own = header["target"] == "mock"
    told = [("fault", name) for name in header.get("faults", ())] + [("variant", name) for name in header.get("variants", ())]
    faults = "".join(f" --{kind} {name}" for kind, name in told if own)
    kit = f" --kit {header['kit']}" if header.get("kit") else ""
    again = f"payproof run --target {header['target']}{kit}{faults} --depth {header['depth']} --seed {header['seed']}"
    return {
        "id": f"F{number}", "fingerprint": finding.fingerprint, "count": seen, "clause": finding.clause,
        "keyword": finding.keyword, "basis": finding.basis, "operation": finding.operation, "pointer": finding.pointer,
        "expected": finding.expected, "seen": finding.seen, "exchange": finding.exchange, "attempts": count.attempts.of(finding),
        "reproduce": again + (f" -k {name}" if name else ""), "test": test, "api": finding.api,
        "waiver": waived or None, "flaky": count.attempts.flaky(finding),
    }  # fmt: skip


def _api(api: Mapping[str, Any], rows: Iterable[Mapping[str, Any]], gaps: list[dict[str, str]], errors: list[Any]) -> dict[str, Any]:
    own = [row["verdict"] for row in rows if row["api"] == api["id"]]
    holes = any(gap["api"] in {api["id"], ""} for gap in gaps)
    good = bool(own) and not holes and not errors and not {"failed", "not_run"} & set(own)
    return {**api, "conformant": good}


def dumps(verdict: Mapping[str, Any]) -> str:
    """Give the text of `verdict.json`."""
    return json.dumps(verdict, indent=1, ensure_ascii=False).encode("utf-8", "backslashreplace").decode() + "\n"
