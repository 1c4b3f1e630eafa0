"""One run: where its workers write, and how their shards become a journal and a verdict."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from payproof import __version__, clock, footprint, forecast, journal, kit, output, resume, tidy, verdict, waiver, witness
from payproof.approach import Approach
from payproof.desk import Desk, DeskServer
from payproof.errors import Exit, OutputError, PayproofError, RefusedError, TargetError, UsageError
from payproof.generated import Generated
from payproof.judge import Judge
from payproof.place import base_paths
from payproof.redact import Redactor
from payproof.scan import Scan
from payproof.shards import header, merged
from payproof.target import EMBEDDED

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from payproof.kit import Kit
    from payproof.options import Options
    from payproof.resume import Earlier
    from payproof.target import Target

Record = dict[str, Any]


@dataclass(slots=True)
class Run:
    """A run in the process that ends it. `key` lets all workers write equal markers for equal secrets."""

    options: Options
    kit: Kit
    shards: Path
    key: bytes
    started: float
    waivers: tuple[waiver.Waiver, ...] = ()
    approach: Approach = field(default_factory=Approach)
    before: int | None = None
    proofs: list[dict[str, Any]] = field(default_factory=list)
    scan: Scan = field(default_factory=Scan)
    stopped: list[str] = field(default_factory=list)
    result: dict[str, Any] = field(default_factory=dict)
    problem: str = ""
    desk: DeskServer | None = None
    resumed: tuple[str, ...] = ()
    done: frozenset[str] = frozenset()
    tag: str = field(default_factory=lambda: secrets.token_hex(4))
    leftovers: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def begin(cls, options: Options, earlier: Earlier | None = None) -> Run:
        """Read the kit and make sure that what will be seen can be written.

        With an `earlier` run this one goes on where that one ended: its records become shards, its tests are left out.

        Raises KitError, UsageError, RefusedError, OutputError; nothing has been sent then.
        """
        loaded = kit.load(kit.locate(options.kit))
        approach = Approach.plan(loaded, options)
        sites = approach.place.sites if approach.place is not None else None
        kit.selected(loaded, options.apis, sites)
        known = {clause.id for clause in loaded.clauses()}
        for clause in options.clauses:
            if clause not in known:
                message = f"there is no clause {clause!r}; `payproof clauses` lists them"
                raise UsageError(message)
        waivers = _waivers(options, known)
        if earlier is not None:
            earlier.check(loaded)
        before = forecast.earlier(options.out, options, kit.selected(loaded, options.apis, sites))
        try:
            options.out.mkdir(parents=True, exist_ok=True)
            shards = Path(tempfile.mkdtemp(prefix=resume.SHARDS, dir=options.out))
            try:
                output.find_room(shards)
                if earlier is not None:
                    earlier.leave(shards, loaded)
                output.forget(options.out)
            except (OSError, PayproofError):
                shutil.rmtree(shards, ignore_errors=True)
                raise
        except OSError as error:
            at = f" ({error.filename})" if error.filename and Path(error.filename).name in {*output.FILES, output.ALLURE} else ""
            message = f"{options.out} cannot be written: {error.strerror or error}{at}; choose another folder with --out"
            raise OutputError(message) from error
        begun = cls(options, loaded, shards, secrets.token_bytes(32), clock.now(), waivers, approach, before)
        if earlier is not None:
            for folder in {path.parent for path in earlier.files if path.parent.name.startswith(resume.SHARDS)}:
                shutil.rmtree(folder, ignore_errors=True)
            begun.started = datetime.fromisoformat(earlier.header["started"]).timestamp()
            begun.resumed, begun.done = (*earlier.header.get("resumed", ()), clock.iso(clock.now())), earlier.done
        return begun

    @property
    def scope(self) -> tuple[str, ...]:
        """The APIs that are judged: those asked for, or all that the target has."""
        place = self.approach.place
        return kit.selected(self.kit, self.options.apis, place.sites if place is not None else None)

    def reach(self) -> None:
        """Make sure that a target outside of this process is there, and that we have credentials for it.

        Raises TargetError if it is not; the journal and the verdict that say so have been written then. Raises
        UsageError without credentials.
        """
        if self.options.target == EMBEDDED:
            return
        try:
            self.approach = self.approach.entered()
            if (prober := self.approach.prober(self.kit)) is not None:
                self.proofs = prober.proofs()
                prober.look(self.scope)
            with self.approach.open(self.options, self.kit.credentials(self.scope)) as target:
                target.tenant("probe")
                if target.manners is not None:
                    self.desk = DeskServer(Desk(target.manners), self.key)
                    if prober is not None:
                        prober.hand_over(self.desk.desk)
        except (UsageError, RefusedError):
            shutil.rmtree(self.shards, ignore_errors=True)
            raise
        except TargetError as error:
            self.stopped.append(str(error))
            self.finish()
            raise

    def header(self, target: Target | None) -> dict[str, Any]:
        """Give the journal's header: everything that a reader of it needs to know beside the exchanges."""
        scope = self.scope
        chosen = sorted(self.options.clauses) if self.options.clauses else None
        clauses = [
            {"id": c.id, "api": c.api, "operation": c.operation, "keyword": c.keyword.value, "basis": c.ground.basis,
             "text": c.text, "needs": sorted(c.needs), "leans_on": sorted(self.kit.leans_on(c)),
             "document": c.ground.document, "at": c.ground.at}
            for c in self.kit.clauses()
        ]  # fmt: skip
        operations = [
            {"api": contract.api, "id": operation.id, "method": operation.method,
             "resources": sorted({effect.resource for effect in contract.effects.get(operation.id, ())})}
            for contract in self.kit.contracts.values() for operation in contract.spec.operations.values()
        ]  # fmt: skip
        apis = [{"id": c.api, "spec_sha256": c.spec.sha256, "contract_sha256": c.sha256, "contract_version": c.version}
                for c in self.kit.contracts.values()]  # fmt: skip
        documents = {c.api: {name: str(document.get("title", name)) for name, document in c.documents.items()}
                     for c in self.kit.contracts.values()}  # fmt: skip
        return {
            "payproof": __version__, "source": "run", "kit": str(self.options.kit) if self.options.kit else None,
            "target": target.name if target else self.options.target,
            "mock": target.mock if target else False, "has": sorted(target.has) if target else None,
            "faults": list(target.faults) if target else [], "variants": list(target.variants) if target else [],
            "clock": self.options.clock, "depth": self.options.depth, "seed": self.options.seed,
            "strict": self.options.strict, "partial": self.options.partial, "started": clock.iso(self.started),
            "resumed": list(self.resumed), "narrowed": bool(self.options.apis), "keyword": self.options.keyword,
            "scope": {"apis": list(scope), "clauses": chosen}, "apis": apis, "documents": documents, "clauses": clauses,
            **self._placed(), "operations": operations, "waivers": [one.as_json() for one in self.waivers],
        }  # fmt: skip

    def _placed(self) -> dict[str, Any]:
        place = self.approach.place
        return {} if place is None else {"place": {**place.as_json(), "proofs": self.proofs}}

    def tidy(self) -> None:
        """Neutralise what was made at the target, whatever happened; what is left, or may be, is a table of the verdict."""
        folder = self.options.out
        try:
            traces = footprint.read(folder)
            if not traces:
                return
            self.leftovers = tidy.swept(self.kit, self.approach, self.options, traces,
                                        self.desk.desk if self.desk is not None else None)
        except (PayproofError, KeyboardInterrupt) as error:
            # Whatever stops the clean-up must not take the verdict with it.
            self.stopped.append(f"not everything was neutralised, try `payproof sweep {folder}`: {str(error) or 'interrupted'}")
            return
        foreign = {trace.target for trace in traces if trace.target != self.options.target}
        self.stopped += [f"an earlier run left something at {target}: `payproof sweep {folder}`" for target in sorted(foreign)]
        if not foreign and all(row["state"] == tidy.STAYS for row in self.leftovers):
            footprint.forget(folder)

    def finish(self) -> dict[str, Any]:
        """Make `journal.jsonl` and `verdict.json` from the shards, whatever happened, and give the verdict.

        A text of the verdict that holds a card number or a secret is withheld, which is an error of the suite.

        Raises OutputError if they cannot be written; the shards are kept then.
        """
        if self.desk is not None:
            self.desk.close()
        shards = sorted(self.shards.glob("*.jsonl"), key=lambda path: journal.natural(path.name))
        told = next((first for shard in shards if (first := header(shard))), None) or {"kind": "header", **self.header(None)}
        judge = Judge(self.kit.contracts.values(), Redactor(self.kit.sensitive()), has=frozenset(told["has"] or ()), deferred=True,
                      base_paths=base_paths(told))  # fmt: skip
        count = verdict.Count(told)
        generated = Generated(self.kit, told["scope"]["apis"], self.options.depth)
        ends: dict[str, Any] = {"drift": Counter(), "outcomes": []}
        path = self.options.out / "journal.jsonl"
        draft = self.shards / "whole"
        with journal.Writer(draft, {name: value for name, value in told.items() if name not in {"kind", "schema"}}) as writer:
            for group in merged(shards, self.stopped, ends):
                for record in self._judged_late(group, judge, count.index):
                    writer.write(record)
                    count.add(record)
                    generated.add(record)
            outcomes = witness.table((self.kit.contracts[api] for api in told["scope"]["apis"]), ends["outcomes"])
            gaps = [] if self.options.partial else generated.gaps() + (witness.gaps(outcomes) if self._witnessed(told) else [])
            footer = {
                "finished": clock.iso(clock.now()), "stopped": self.stopped, "gaps": gaps, "generated": generated.table(),
                "drift": [{"where": where, "count": number} for where, number in sorted(ends["drift"].items())],
                "outcomes": outcomes, "leftovers": self.leftovers,
            }  # fmt: skip
            writer.close(footer)
        if leak := self.scan.look(draft):
            self.stopped.append(f"journal.jsonl is withheld, and so are the reports made of it: {leak}")
        else:
            output.replace(draft, path)
        hits: list[str] = []
        self.result = self.scan.cleaned(verdict.decide(count, footer, journal.digest(draft if leak else path), version=__version__), hits)
        self._blame(f"verdict.json: a text that holds {kind} is withheld ({number} times)" for kind, number in Counter(hits).items())
        output.write_atomically(self.options.out / "verdict.json", verdict.dumps(self.result))
        shutil.rmtree(self.shards, ignore_errors=True)
        return self.result

    def withhold(self) -> dict[str, Any]:
        """Look at every file that was made of the journal, delete those that hold a card number or a secret, give the verdict.

        Each is an error of the suite. Raises OutputError.
        """
        told = []
        # Of the journal and the verdict `finish` has looked at everything already.
        reports = (self.options.out / name for name in output.FILES if name not in {"journal.jsonl", "verdict.json"})
        for path in (*reports, *sorted((self.options.out / output.ALLURE).glob("*"))):
            if path.is_file() and (leak := self.scan.look(path)):
                path.unlink()
                told.append(f"{path.relative_to(self.options.out)} is withheld: {leak}")
        if told:
            self._blame(told)
            output.write_atomically(self.options.out / "verdict.json", verdict.dumps(self.result))
        return self.result

    def _blame(self, messages: Iterable[str]) -> None:
        """Add errors of the suite to the verdict, which is not conformant then."""
        told = [{"message": message, "where": "run"} for message in messages]
        if told:
            code = verdict.worst(Exit(self.result["exit"]), Exit.INCOMPLETE)
            self.result |= {"conformant": False, "complete": False, "exit": int(code), "suite_errors": self.result["suite_errors"] + told}
            self.result["counts"]["suite_errors"] += len(told)
            for api in self.result["apis"]:
                api["conformant"] = False

    def _witnessed(self, header: Mapping[str, Any]) -> bool:
        """Say whether every documented outcome must have been seen: on a mock, from standard depth on, as it is."""
        return bool(header["mock"]) and not header["faults"] and not header["variants"] and self.options.depth != "smoke"

    def _judged_late(self, group: list[Record], judge: Judge, index: Mapping[str, int]) -> Iterator[Record]:
        exchange, *rest = group
        if exchange["kind"] != "exchange":
            yield from group
            return
        judgement = judge.judge(journal.read_exchange(exchange))
        exchange["judged"] += [index[name] for name in judgement.judged]
        for reason, names in judgement.unjudged.items():
            exchange["unjudged"].setdefault(reason, []).extend(index[name] for name in names)
        yield exchange
        yield from rest
        for finding in judgement.findings:
            yield journal.finding_record(finding)
        for message in judgement.errors:
            yield journal.error_record(message, where=exchange["id"])


def _waivers(options: Options, clauses: Collection[str]) -> tuple[waiver.Waiver, ...]:
    path = options.waivers or Path(waiver.FILE)
    read = waiver.load(path) if options.waivers is not None or path.is_file() else ()
    for one in read:
        if one.clause not in clauses:
            message = f"{path}: waiver {one.id.removeprefix('W')}, clause: there is no clause {one.clause!r}; `payproof clauses` lists them"
            raise UsageError(message)
    return read
