"""The level of the sheet that nobody wrote by hand: mutants of the mock's source, drawn by a seed, and what the suites make of them.

Two of the outcomes need a word from people: a mutant that nothing caught is equivalent, which has to be argued, or it has
survived, and then the page says what catching it would take. Both words are in `docs/source-mutants.yaml`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from payproof import mock, yamlfile
from payproof.errors import KitError, PayproofError
from payproof.output import write_atomically
from payproof.selftest import hunt
from payproof.selftest.mutant import Mutant, again, drawn, statement, switch
from payproof.selftest.record import Record, Trial, state
from payproof.selftest.row import KILLED, NO_RESULT, Row
from payproof.selftest.row import SURVIVED as UNNOTICED
from payproof.selftest.search import CAUGHT, NOTICED, STUCK, SUITE, SURVIVED, UNSURE, Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from payproof.kit import Kit
    from payproof.selftest.trace import Line

SEED = 20261121
"""The published seed: the day on which it was written down, before anything was drawn with it."""
COUNT = 200
WANTED = 0.8
"""The share of the mutants that are not equivalent which has to be caught."""
MOST_EQUIVALENT = 0.1

MOCK = Path(mock.__file__).parent
WORDS = MOCK.parent.parent / "docs" / "source-mutants.yaml"


@dataclass(frozen=True, slots=True)
class Word:
    """What people say of a mutant that nothing caught: why it is equivalent, or what catching it takes; and the change itself."""

    equivalent: bool
    text: str
    before: str = ""
    after: str = ""


def words(path: Path = WORDS) -> dict[str, Word]:
    """Read what people say of mutants, by the mutant's name; nothing where there is no such file (an installed package).

    Raises KitError for a file of another form.
    """
    if not path.is_file():
        return {}
    file = yamlfile.load(path)
    found: dict[str, Word] = {}
    for kind, member in (("equivalent", "why"), ("survivors", "takes")):
        entries = file.data.get(kind) or {} if isinstance(file.data, dict) else None
        if not isinstance(entries, dict):
            raise KitError(path, f"needs the mappings `equivalent` and `survivors`; {kind} is none", line=file.line((kind,)))
        for name, entry in entries.items():
            text = entry.get(member) if isinstance(entry, dict) else None
            if not isinstance(text, str) or not text.strip() or set(entry) != {"before", "after", member}:
                raise KitError(path, f"{name}: needs `before`, `after` and `{member}`, and nothing else", line=file.line((kind, name)))
            if name in found:
                raise KitError(path, f"{name}: is both equivalent and a survivor", line=file.line((kind, name)))
            found[name] = Word(kind == "equivalent", text.strip(), str(entry["before"]), str(entry["after"]))
    return found


def stale(said: Mapping[str, Word]) -> list[str]:
    """Give the mutants that people said something of whose code is not there any more."""
    texts = {path.stem: " ".join(path.read_text(encoding="utf-8").split()) for path in MOCK.glob("*.py")}
    return sorted(name for name, word in said.items() if " ".join(word.before.split()) not in texts.get(name.split(".")[0].split()[0], ""))


Chosen = tuple[Mutant, tuple[str, ...]]
"""A mutant that was drawn, and the APIs that its module serves."""


def choice(kit: Kit, apis: Sequence[str], count: int = COUNT) -> list[Chosen]:
    """Draw mutants by SEED, and give those of modules that serve some of these APIs. Raises UsageError where mutmut is missing."""
    return [(mutant, served) for mutant, served in drawn(MOCK, kit.contracts, count, SEED) if set(served) & set(apis)]


def survey(kit: Kit, chosen: Sequence[Chosen], workers: int, record: Record, seed: int = 1) -> Iterator[Trial]:
    """Let the suites loose on each of the mutants, and give what came of it, in the order in which they end.

    `seed` says what the suites send. What the record knows comes first. What is not settled by it is tried: first what was
    never tried, by few tests before by many, then once more, and given once more, what was.

    A mutant is only met by the tests that run the statement it is in on the honest mock: to all others it is the same server.

    Raises UsageError where processes cannot be forked, PayproofError where the honest mock is accused.
    """
    known = {mutant.name: trial for mutant, served in chosen if (trial := record.known(mutant, served)) is not None}
    yield from known.values()
    left = [(mutant, served) for mutant, served in chosen if mutant.name not in known or not known[mutant.name].settled]
    lines = _lines(kit, [api for api in kit.contracts if any(api in served for _, served in left)], workers, record, seed)
    by_name = {mutant.name: (mutant, served) for mutant, served in left}
    servers = [Server(mutant.name, served, partial(switch, mutant), noticing(mutant, lines)) for mutant, served in left]
    servers.sort(key=lambda server: (server.name in known, len(server.tests) if server.tests is not None else len(lines)))
    for catch in hunt.hunt(kit, servers, workers=workers, seed=seed, honest=again) if servers else ():
        trial = Trial(*by_name[catch.name], catch)
        record.add(trial)
        yield trial


def _lines(kit: Kit, apis: Sequence[str], workers: int, record: Record, seed: int) -> dict[str, frozenset[Line]]:
    """Give the lines of the mock that each test runs on the honest mock. Raises PayproofError where that is accused."""
    known = {api: found for api in apis if (found := record.lines(api)) is not None}
    honest = [Server(api, (api,), again) for api in apis if api not in known]
    for catch in hunt.hunt(kit, honest, workers=workers, seed=seed, seconds=2 * hunt.SECONDS, lines=MOCK) if honest else ():
        if catch.outcome != SURVIVED:
            why = ", ".join(catch.clauses) or catch.look
            message = f"{catch.name}: {catch.outcome} on the honest mock ({why}), so mutants would prove nothing"
            raise PayproofError(message)
        record.keep(catch)
        known[catch.name] = catch
    lines: dict[str, frozenset[Line]] = {}
    for catch in known.values():
        for test, ran in catch.lines.items():
            lines[test] = lines.get(test, frozenset()) | ran
    return lines


def noticing(mutant: Mutant, lines: Mapping[str, frozenset[Line]]) -> frozenset[str] | None:
    """Give the tests that run the statement in which a mutant is; None for all, where it is run when the module is imported."""
    own = {(mutant.module, line) for line in statement(mutant.original, mutant.line)}
    if own & lines.get("", frozenset()):
        return None
    return frozenset(test for test, ran in lines.items() if own & ran)


def rows(
    kit: Kit, apis: Sequence[str], workers: int, seed: int = 1, *, out: Path, resume: bool = False, tell: Callable[[str], None] = print
) -> Iterator[Row]:
    """Give a row for each module of the mock: how many of its mutants were tried and caught.

    Raises what `choice` and `survey` do.

    What people said of a mutant that nothing caught keeps its row from being a survivor's; a mutant without a word does not.
    The page about them is written into the folder `out`, also when it is cut, and as they end a file with every trial, which
    `resume` goes on with. `tell` gets a line for each.
    """
    said, trials, record = words(), dict[str, Trial](), Record(out, state(kit, seed), resume=resume)
    chosen = choice(kit, apis)
    try:
        for trial in survey(kit, chosen, workers, record, seed):
            trials[trial.mutant.name] = trial
            tell(f"{len(trials)} of {len(chosen)}: {trial.catch.outcome} {trial.mutant.name} {' '.join(trial.catch.clauses)}")
    finally:
        write_atomically(out / "source-mutants.md", page(list(trials.values()), said, len(chosen) - len(trials)))
    yield from table(trials.values(), said)


def table(trials: Iterable[Trial], said: Mapping[str, Word]) -> Iterator[Row]:
    """Give the rows of the sheet, by module."""
    by_module: dict[str, list[Trial]] = {}
    for trial in trials:
        by_module.setdefault(trial.mutant.module, []).append(trial)
    for module, own in sorted(by_module.items()):
        silent = [trial for trial in own if not trial.caught and trial.mutant.name not in said]
        survived = [trial for trial in silent if trial.catch.outcome == SURVIVED]
        silent = survived or silent
        look = f"{silent[0].mutant.name}: {silent[0].mutant.before} => {silent[0].mutant.after}" if silent else ""
        found = tuple(sorted({clause for trial in own for clause in trial.catch.clauses}))
        first = min((trial.catch.first for trial in own if trial.catch.first is not None), default=None)
        outcome = UNNOTICED if survived else NO_RESULT if silent else KILLED
        yield Row("source", module, own[0].apis[0], "", outcome, found, len(own),
                  sum(trial.caught for trial in own), first, look)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Score:
    """How many mutants were tried, and what came of them."""

    tried: int
    by: Mapping[str, int]
    equivalent: int

    @property
    def caught(self) -> int:
        """How many were noticed, in whatever way."""
        return sum(self.by[outcome] for outcome in NOTICED)

    @property
    def of_all(self) -> float:
        """The share of all."""
        return self.caught / self.tried if self.tried else 0.0

    @property
    def of_others(self) -> float:
        """The share of those that are not equivalent."""
        return self.caught / (self.tried - self.equivalent) if self.tried > self.equivalent else 0.0


def score(trials: Sequence[Trial], said: Mapping[str, Word]) -> Score:
    """Count."""
    by = {outcome: sum(trial.catch.outcome == outcome for trial in trials) for outcome in (*NOTICED, SURVIVED, UNSURE)}
    return Score(len(trials), by, sum(_equivalent(trial, said) for trial in trials))


def _equivalent(trial: Trial, said: Mapping[str, Word]) -> bool:
    word = said.get(trial.mutant.name)
    return trial.catch.outcome == SURVIVED and word is not None and word.equivalent


def needless(trials: Sequence[Trial], said: Mapping[str, Word]) -> list[str]:
    """Give what people said of mutants that are not drawn any more, or that are caught."""
    silent = {trial.mutant.name for trial in trials if not trial.caught}
    return sorted(said.keys() - silent)


def page(trials: Sequence[Trial], said: Mapping[str, Word], left: int = 0) -> str:
    """Write the page about them: the score, the equivalent ones with their arguments, the survivors with what they take.

    `left` is how many were drawn and not tried.
    """
    total = score(trials, said)
    others = total.tried - total.equivalent
    first = sorted(trial.catch.first for trial in trials if trial.catch.first is not None)
    lines = [
        "# Mutants of the mock's source", "",
        f"Written by `payproof selftest --source`: {total.tried} mutants that mutmut makes of the mock's modules about the APIs,",
        f"drawn by the seed {SEED}, each module in proportion to how many it has. Not drawn are sentences (their",
        "wording is free), tables of faults, variants and assumptions, and changes that only matter while the mock tells a",
        "named lie. Each mutant met the tests of the suites at `--depth standard` that run the changed statement, and was left",
        "at the first finding that a second try confirmed and that an honest server does not show as well.", "",
        "| | mutants |", "|---|---|",
        *([f"| drawn, and not tried yet | {left} |"] if left else []),
        f"| tried | {total.tried} |",
        f"| caught by a clause | {total.by[CAUGHT]} |",
        f"| a suite failed and no clause was broken | {total.by[SUITE]} |",
        f"| did not start, answer or end | {total.by[STUCK]} |",
        f"| not noticed, and equivalent | {total.equivalent} ({total.equivalent / max(1, total.tried):.1%}) |",
        f"| not noticed | {total.by[SURVIVED] - total.equivalent} |",
        f"| nothing is known: the honest mock failed there as well, or it took too long | {total.by[UNSURE]} |",
        f"| **score over all** | **{total.caught} of {total.tried}, {total.of_all:.1%}** |",
        f"| **score over those that are not equivalent** | **{total.caught} of {others}, {total.of_others:.1%}** |", "",
    ]  # fmt: skip
    if total.by[UNSURE]:
        lines += ["Both scores take what nothing is known of for not noticed.", ""]
    if first:
        lines += [f"The first finding took {first[len(first) // 2]:.1f} s in the median, {first[-1]:.1f} s at most.", ""]
    silent = sorted((trial for trial in trials if not trial.caught), key=lambda trial: trial.mutant.name)
    if earlier := sum(trial.earlier for trial in trials):
        lines += [f"{earlier} of them were tried with an earlier state of the code, and not again.", ""]
    if needed := needless(trials, said):
        lines += ["Needless words about mutants that are not drawn, or are caught: " + ", ".join(needed) + ".", ""]
    for title, equivalent, member in (("Equivalent", True, "why"), ("Survivors", False, "what it takes")):
        own = [trial for trial in silent if trial.catch.outcome == SURVIVED and _equivalent(trial, said) == equivalent]
        lines += [f"## {title}", "", f"| mutant | change | {member} |", "|---|---|---|"]
        lines += [_row(trial, said.get(trial.mutant.name)) for trial in own] or ["| none | | |"]
        lines.append("")
    if unsure := [trial for trial in silent if trial.catch.outcome == UNSURE]:
        lines += ["## Nothing known", "", "| mutant | change | why |", "|---|---|---|"]
        lines += [_row(trial, Word(equivalent=False, text=trial.catch.look)) for trial in unsure] + [""]
    lines += ["## By module", "", "| module | tried | caught | by clauses |", "|---|---|---|---|"]
    for row in table(trials, said):
        shown = ", ".join(row.killed_by[:6]) + (f" and {len(row.killed_by) - 6} more" if len(row.killed_by) > 6 else "")
        lines.append(f"| {row.name} | {row.tried} | {row.caught} | {shown} |")
    return "\n".join(lines) + "\n"


def _row(trial: Trial, word: Word | None) -> str:
    cells = (trial.mutant.name, f"`{trial.mutant.before}` → `{trial.mutant.after}`", word.text if word else "nobody has said yet")
    return "| " + " | ".join(" ".join(cell.replace("|", "\\|").split()) for cell in cells) + " |"
