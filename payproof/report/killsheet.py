"""The kill sheet: which clause caught which fault, what survived, and which clauses nothing has broken."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.table import Table

from payproof import __version__
from payproof.errors import Exit, OutputError
from payproof.output import find_room, write_atomically

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from payproof.selftest.row import Row

SCHEMA = 1
NAMES = ("kill-sheet.json", "kill-sheet.md")
_WIDTH = 140
_GLANCE = 600
"""How much of what to look at is said at once; all of it is on the sheet."""
_OUTCOMES = ("killed", "wrong-cause", "survived", "honest", "accused", "no-result")
_BREAKS = frozenset({"survived", "wrong-cause", "accused"})
_ACQUITTED = frozenset({"honest", "accused"})
_MANY = frozenset({"replay", "source"})
"""Levels whose rows are told by class: there are hundreds of them."""
_BOTH = frozenset({"live", "replay"})
_ABOUT = {
    "replay": "exchanges of an honest run, broken in memory and judged again",
    "live": "named faults of the mock, told to the suites",
    "legal": "honest servers: other seeds, and differences that the documents allow",
    "source": "mutants of the mock's own source",
}


@dataclass(slots=True)
class Sheet:
    """What the levels found. `clauses` are those of the APIs in scope, by API; `cannot` says which levels the kit cannot offer, and why."""

    clauses: Mapping[str, Sequence[str]]
    levels: Sequence[str]
    seed: int
    rows: list[Row] = field(default_factory=list)
    cannot: list[str] = field(default_factory=list)

    def add(self, row: Row) -> None:
        """Take a row."""
        self.rows.append(row)

    def sorted(self, level: str = "") -> list[Row]:
        """Give the rows, or those of a level, in an order that does not depend on who was first."""
        chosen = [row for row in self.rows if not level or row.level == level]
        return sorted(chosen, key=lambda row: (self.levels.index(row.level), row.api, row.name, row.clause))

    def bad(self) -> list[Row]:
        """Give the rows that did not come out as they have to."""
        return [row for row in self.sorted() if not row.good]

    def kills(self) -> dict[str, list[Row]]:
        """Give for each clause what it was the one to catch."""
        found: dict[str, list[Row]] = defaultdict(list)
        for row in self.sorted():
            if row.clause and row.caught and row.clause in row.killed_by and row.level in _BOTH:
                found[row.clause].append(row)
        return found

    def without(self) -> list[str] | None:
        """Give the clauses without a kill; None where that cannot be known, since not both levels were run."""
        if not set(self.levels) >= _BOTH:
            return None
        killed = self.kills()
        return [clause for clauses in self.clauses.values() for clause in clauses if clause not in killed]

    def exit(self) -> Exit:
        """Give the exit code: 1 for a break, 3 where something has no result or nothing was tried."""
        outcomes = {row.outcome for row in self.rows}
        if outcomes & _BREAKS or self.without():
            return Exit.NOT_CONFORMANT
        return Exit.INCOMPLETE if not outcomes or "no-result" in outcomes else Exit.CONFORMANT

    def counts(self) -> dict[str, dict[str, int]]:
        """Count rows by level and outcome, and the lies and mutants that were tried and caught."""
        found = {}
        for level in self.levels:
            rows = self.sorted(level)
            lies = [row for row in rows if row.outcome not in _ACQUITTED]
            found[level] = {"tried": sum(row.tried for row in lies), "caught": sum(row.caught for row in lies),
                            **{name: sum(row.outcome == name for row in rows) for name in _OUTCOMES}}  # fmt: skip
        return found

    def document(self) -> dict[str, Any]:
        """Give the sheet as data."""
        return {
            "schema": SCHEMA, "payproof": __version__, "seed": self.seed, "levels": list(self.levels), "apis": list(self.clauses),
            "exit": int(self.exit()), "counts": self.counts(), "clauses_without_kill": self.without(), "cannot": self.cannot,
            "rows": [asdict(row) for row in self.sorted()],
        }  # fmt: skip

    def write(self, out: Path) -> None:
        """Write both files. Raises OutputError."""
        write_atomically(out / NAMES[0], json.dumps(self.document(), indent=1) + "\n")
        write_atomically(out / NAMES[1], "\n".join(markdown(self)) + "\n")


def prepare(out: Path) -> None:
    """Make sure that a sheet can be written, and take away what an earlier one left. Raises OutputError."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        find_room(out)
        for name in NAMES:
            write_atomically(out / name, "")
            (out / name).unlink()
    except OSError as error:
        message = f"{out} cannot be written: {error.strerror}; choose another folder with --out"
        raise OutputError(message) from error


def markdown(sheet: Sheet) -> Iterator[str]:
    """Give the lines of the page. There is no time in it, so that equal runs make equal pages."""
    yield from ("# The kill sheet", "", "Made by `payproof selftest`. Nobody wrote it by hand, and nobody should.", "")
    yield from _table("| level | | tried | caught | killed as named | by others only | survived | honest | accused | no result |", (
        (level, _ABOUT[level], row["tried"], row["caught"], *(row[name] for name in _OUTCOMES)) for level, row in sheet.counts().items()
    ))  # fmt: skip
    for line in sheet.cannot:
        yield from (f"Not tried: {line}.", "")
    yield from ("## What did not come out as it has to", "")
    bad = sheet.bad()
    if not bad:
        yield from ("Nothing.", "")
    else:
        yield from _table("| level | name | has to be caught by | outcome | broken were | look at |", (
            (row.level, f"`{row.name}`", _code(row.clause), row.outcome, ", ".join(map(_code, row.killed_by)), row.look) for row in bad
        ))  # fmt: skip
    yield from ("## Clauses without a kill", "")
    without = sheet.without()
    if without is None:
        yield "Not known: that takes the levels `replay` and `live`."
    else:
        yield from [f"- `{clause}`" for clause in without] or ["None."]
    yield ""
    if "live" in sheet.levels:
        yield from ("## Faults of the mock", "")
        yield from _table("| api | fault | has to be caught by | outcome |", (
            (row.api, f"`{row.name}`", f"`{row.clause}`", row.outcome) for row in sheet.sorted("live")
        ))  # fmt: skip
    if "legal" in sheet.levels:
        yield from ("## Honest servers", "")
        yield from _table("| api | variant | outcome |", (
            (row.api or "all", f"`{row.name}`", row.outcome) for row in sheet.sorted("legal")
        ))  # fmt: skip
    for level in sorted(_MANY & set(sheet.levels)):
        yield from (f"## Classes of mutants: {level}", "")
        yield from _table("| api | class | clauses | tried | caught |", _classes(sheet.sorted(level)))
    if sheet.levels and _BOTH & set(sheet.levels):
        yield from ("## Clauses", "", "What each of them was the one to catch.", "")
        yield from _table("| clause | faults of the mock | mutants |", _kills(sheet))


def _classes(rows: Sequence[Row]) -> Iterator[tuple[Any, ...]]:
    classes: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        classes[row.api, row.name].append(row)
    for (api, name), members in sorted(classes.items()):
        yield (api, f"`{name}`", len({row.clause for row in members if row.clause}) or "any",
               sum(row.tried for row in members), sum(row.caught for row in members))  # fmt: skip


def _kills(sheet: Sheet) -> Iterator[tuple[Any, ...]]:
    killed = sheet.kills()
    for clauses in sheet.clauses.values():
        for clause in clauses:
            rows = killed.get(clause, [])
            named = ", ".join(f"`{row.name}`" for row in rows if row.level == "live")
            yield (f"`{clause}`", named, sum(row.caught for row in rows if row.level == "replay"))


def _table(head: str, rows: Iterator[tuple[Any, ...]]) -> Iterator[str]:
    yield head
    yield "|" + "---|" * (head.count("|") - 1)
    for row in rows:
        yield "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in row) + " |"
    yield ""


def _code(name: str) -> str:
    return f"`{name}`" if name else ""


class Progress:
    """How far it is: on a terminal a line that changes, elsewhere only what did not come out as it has to, at once."""

    def __init__(self) -> None:
        """Begin."""
        self._terminal = Console(stderr=True, highlight=False, soft_wrap=True, markup=False, emoji=False)
        self._status = self._terminal.status("an honest run first") if self._terminal.is_terminal else None
        self._done = 0
        if self._status is not None:
            self._status.start()

    def show(self, row: Row) -> None:
        """Take a row."""
        self._done += 1
        if not row.good:
            self._terminal.print(f"{row.level} {row.name}: {row.outcome} {row.clause}\n    {row.look[:_GLANCE]}")
        if self._status is not None:
            self._status.update(f"{row.level}: {self._done} done, last {row.name}")

    def close(self) -> None:
        """End."""
        if self._status is not None:
            self._status.stop()


def show(sheet: Sheet) -> None:
    """Print the sheet: what was tried, every row but the classes of mutants, what did not come out as it has to."""
    terminal = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)
    if not terminal.is_terminal:
        terminal = Console(highlight=False, soft_wrap=True, markup=False, emoji=False, width=_WIDTH)
    style = box.SIMPLE if terminal.is_terminal else box.ASCII2
    single = [row for row in sheet.sorted() if row.level not in _MANY and row.good]
    if single:
        table = Table("level", "api", "fault or variant", "caught by", "outcome", "s", box=style)
        for row in single:
            seconds = f"{row.first:.1f}" if row.first is not None else ""
            table.add_row(row.level, row.api or "all", row.name, row.clause, row.outcome, seconds)
        terminal.print(table)
    for level in sorted(_MANY & set(sheet.levels)):
        table = Table("api", "class of mutants", "clauses", "tried", "caught", title=level, box=style)
        for cells in _classes(sheet.sorted(level)):
            table.add_row(*(str(cell).strip("`") for cell in cells))
        terminal.print(table)
    for row in sheet.bad():
        wanted = f"; it has to be caught by {row.clause}" if row.clause else ""
        others = f"; broken were {', '.join(row.killed_by)}" if row.killed_by else ""
        terminal.print(f"{row.level} {row.name}: {row.outcome}{others}{wanted}\n    {row.look}", style="red")
    for line in sheet.cannot:
        terminal.print(f"not tried: {line}")
    without = sheet.without()
    for clause in without or ():
        terminal.print(f"{clause} has no kill", style="red")
    for level, counted in sheet.counts().items():
        times = [one.first for one in sheet.sorted(level) if one.first is not None]
        first = f"; first kill after {median(times):.1f} s in the middle, {max(times):.1f} s at most" if times else ""
        said = ", ".join(f"{counted[name]} {name}" for name in _OUTCOMES if counted[name])
        terminal.print(f"{level}: {counted['tried']} tried: {said or 'nothing'}{first}")
    if without is not None:
        terminal.print(f"{len(without)} of {sum(map(len, sheet.clauses.values()))} clauses without a kill")
