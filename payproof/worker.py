"""One process that sends requests, and the APIs as a tenant of it sees them."""

from __future__ import annotations

import hashlib
import json
import random
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from payproof import clock, kit
from payproof.approach import Approach
from payproof.client import Api, Session
from payproof.desk import Far
from payproof.errors import TargetError
from payproof.footprint import Footprint
from payproof.generated import MARK
from payproof.journal import Writer, act_record, done_record, error_record
from payproof.judge import Judge
from payproof.opinion import SecondOpinion
from payproof.progress import Reporter
from payproof.redact import Redactor
from payproof.resume import mark
from payproof.secret import is_secret
from payproof.verdict import Outcome, weight
from payproof.waiver import Waiver

if TYPE_CHECKING:
    from collections.abc import Callable

    from payproof.finding import Finding
    from payproof.kit import Kit
    from payproof.options import Options
    from payproof.steps import Steps
    from payproof.target import Target

_USED_UP_SECONDS = 60.0
"""This close to the end of a token nobody promises anything: clocks differ, and requests take their time."""


class Worker:
    """One process that sends requests: it opens the target when the first test needs it, and writes its shard."""

    def __init__(
        self, run_kit: Kit, options: Options, shared: dict[str, Any], header: Callable[[Target], dict[str, Any]],
        approach: Approach | None = None,
    ) -> None:  # fmt: skip
        """Take what the controller hands to each worker: the shard folder, the marker key, the progress port."""
        self.kit = run_kit
        self.options = options
        self.approach = approach or Approach()
        place = self.approach.place
        self.scope = kit.selected(run_kit, options.apis, place.sites if place is not None else None)
        self.shared = shared
        self.dead = ""
        self._header = header
        self._session: Session | None = None
        self._reporter: Reporter | None = None
        self._journal: Writer | None = None
        self._tenants: dict[str, int] = {}
        self._lacking: set[str] = set()
        self.steps: Steps | None = None
        self.unclear = ""
        self.judged: dict[tuple[str, str], str] = {}

    @property
    def name(self) -> str:
        """The worker's short name: w0, w1, ..."""
        return str(self.shared["name"])

    def session(self) -> Session:
        """Give the session, opened on first use. Raises TargetError, again and again once the target is lost."""
        if self.dead:
            raise TargetError(self.dead)
        if self._session is None:
            target = self.approach.open(self.options, self.kit.credentials(self.scope))
            redactor = Redactor(self.kit.sensitive(), key=bytes.fromhex(self.shared["key"]))
            self._journal = journal = Writer(Path(self.shared["shards"]) / f"{self.name}.jsonl", self._header(target))
            judge = Judge(self.kit.contracts.values(), redactor, has=target.has, base_paths=target.base_paths())
            opinion = SecondOpinion(list(self.kit.contracts.values()), coarse=self.options.depth == "smoke",
                                    base_paths=target.base_paths())  # fmt: skip
            excused = self._excused(judge, target)
            self._session = Session(self.kit, target, judge, redactor, journal, self.name, excused=excused, opinion=opinion)
            far = Far(self.shared["desk"], bytes.fromhex(self.shared["key"])) if self.shared.get("desk") else None
            luck = random.Random(f"{self.options.seed} {self.name}")  # noqa: S311  # how long to wait need not be kept from anybody
            self.approach.equip(self._session, far, luck)
            if not target.mock:
                self._session.tag = self.shared["tag"]
                path = self.options.out / f"footprint-{self.shared['tag']}-{self.name}.jsonl"
                self._session.footprint = Footprint(path, self._told(), judge)
            if self.shared.get("port"):
                self._reporter = Reporter(self.shared["port"], self._session.numbers)
            self._session.watch = self._report
        return self._session

    def _told(self) -> dict[str, Any]:
        """Give what a later sweep has to know in order to reach the target again."""
        options = self.options
        return {"target": options.target, "targets": str(options.targets.resolve()) if options.targets is not None else None,
                "kit": str(options.kit.resolve()) if options.kit is not None else None}  # fmt: skip

    def _excused(self, judge: Judge, target: Target) -> Callable[[Finding], bool]:
        waivers, day = [Waiver.from_json(row) for row in self.shared["waivers"]], clock.iso(self.shared["started"])[:10]
        judge.telling = frozenset(one.clause for one in waivers)
        return lambda finding: observed(finding, target) or any(one.covers(finding, target.name, day) for one in waivers)

    def _report(self, session: Session) -> None:
        last = session.last
        if last is not None and session.weather is not None:
            self.judged |= {(clause, last.judgement.operation): last.exchange.id for clause in last.judgement.judged}
        if last is not None and self.steps is not None:
            self.steps.note(session, last)
        if last is not None and self._reporter is not None:
            self._reporter.note(last.judgement.judged, [finding.clause for finding in last.judgement.findings])
            self._reporter(session)

    def tenant_label(self, test: str) -> str:
        """Give a label that no other tenant of the run has, and that the same seed gives again."""
        number = self._tenants[test] = self._tenants.get(test, 0) + 1
        again = f":{self.shared['round']}" if self.shared.get("round") else ""
        return f"{self.options.seed}:{test}:{number}{again}"

    def fail(self, message: str, *, test: str = "", refused: bool = False, unclear: str | None = None) -> None:
        """Write an error of the suite, or the unexplained failure of a test, into the shard, if there is one already."""
        if self._session is not None and self._journal is not None:
            where = self._session.test or "suite"
            text = self._session.redactor.text(message)
            self._journal.write(error_record(text, where=where, test=test, refused=refused, unclear=unclear))

    def write(self, record: dict[str, Any]) -> None:
        """Write a record into the shard, if there is one already."""
        if self._journal is not None:
            self._journal.write(record)

    def found(self) -> list[Finding]:
        """Give the findings so far for which the target fails."""
        return self._session.found if self._session is not None else []

    def lose(self, why: str, *, refused: bool = False) -> None:
        """Write down once that the target is lost, or that nothing more may be sent there; `session` raises from now on."""
        if not self.dead:
            self.dead = why
            self.fail(why, refused=refused)

    def end(self, test: str) -> None:
        """Write down that a test has ended, so that a run that goes on later leaves it out; not once the target is lost."""
        if self._session is not None and self._journal is not None and not (self.dead or self.unclear):
            self._journal.write(done_record(mark(test), self.hide(test)))

    def lack(self, why: str) -> None:
        """Write down once that a test could not be run since the tenant has no such credential."""
        if why not in self._lacking:
            self._lacking.add(why)
            self.fail(why)

    def forgets(self, error: BaseException) -> bool:
        """Say whether a test failed on what only a target with state could give it; its clauses are not judged then."""
        stateless = self._session is not None and "state" not in self._session.target.has
        return stateless and isinstance(error, AssertionError | LookupError | TypeError | AttributeError)

    def hide(self, text: str) -> str:
        """Hide in a text about exchanges what the process knows by now."""
        return text if self._session is None else self._session.redactor.prose(text)

    def known(self) -> tuple[list[str], list[str]]:
        """Give the card numbers and secrets that the process has met; they stay in memory."""
        return ([], []) if self._session is None else self._session.redactor.known()

    def close(self) -> None:
        """Finish the shard and let the target go."""
        if self._session is None or self._journal is None:
            return
        if self._reporter is not None:
            self._reporter.send(self._session)
            self._reporter.close()
        self._session.close()
        if self._session.footprint is not None:
            self._session.footprint.close()
        self._session.target.close()
        witness = self._session.witness
        self._journal.close({"drift": dict(witness.drift), "outcomes": witness.record()})


def observed(finding: Finding, target: Target) -> bool:
    """Say whether a finding is no more than an observation on a target: nobody but our mock has to choose as it does."""
    return weight(finding, mock=target.reference, strict=True) is Outcome.OBSERVED


class Apis:
    """The APIs of the kit as one tenant sees them: `apis["some-api"].call("anOperation")`.

    `mark` is a short word of letters and digits, for names that nobody else may have: no other tenant of the run has it,
    and where the target is not ours no other run. On the mock the same seed gives it again.
    """

    def __init__(self, session: Session, label: str) -> None:
        """Create the tenant at the target."""
        self.session = session
        self.tenant = session.target.tenant(label)
        self.mark = MARK + (hashlib.sha256(label.encode()).hexdigest() if session.target.mock else uuid.uuid4().hex)[:10]
        special = [name for contract in session.kit.contracts.values() for name in contract.access.get("scripted", ())]
        known = self.tenant.credentials
        self.tenant.scripted = frozenset(known[name] for name in special if name in known)
        secret = session.kit.secrets()
        for name, value in known.items():
            if is_secret(name, secret):
                session.redactor.learn_secret(value)
            elif value.isdigit():
                session.redactor.exempt(value)

    def __getitem__(self, api: str) -> Api:
        """Give one API."""
        return Api(self.session, self.tenant, api)

    @property
    def credentials(self) -> dict[str, str]:
        """The tenant's credentials; `token` is there once one was fetched."""
        return self.tenant.credentials

    def advance(self, seconds: float, *, keep: bool = False) -> None:
        """Move the tenant's clock forward. A token that is used up by then is fetched anew, unless the old one is to be kept."""
        self.session.target.advance(self.tenant, seconds)
        self.session.journal.write(act_record(self.tenant.label, advance=seconds))
        for api, end in () if keep else list(self.tenant.tokens.values()):
            if end < clock.now() + self.tenant.offset + _USED_UP_SECONDS:
                self[api].token()

    def script(self, *answers: dict[str, Any]) -> None:
        """Script the next answers that this tenant gets."""
        self.session.target.script(self.tenant, *answers)
        self.session.journal.write(act_record(self.tenant.label, script=json.loads(self.session.redactor.text(json.dumps(answers)))))

    def transition(self, *, api: str, resource: str, state: str, operation: str, expected: str, status: int) -> None:
        """Write down that an operation met a resource in a state: what was expected of it, and the status that came."""
        self.session.journal.write({
            "kind": "transition", "api": api, "resource": resource, "state": state, "operation": operation,
            "expected": expected, "status": status, "exchange": self.session.last.exchange.id if self.session.last else "",
        })  # fmt: skip

    def effects(self) -> dict[str, int]:
        """Count what has really changed in this tenant's world."""
        return self.session.target.effects(self.tenant)
