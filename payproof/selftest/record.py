"""What came of mutants of the mock's source, kept as it comes, so that a run that was cut can go on where it was."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from payproof import mock
from payproof.errors import UsageError
from payproof.output import write_atomically
from payproof.selftest.search import NOTICED, UNSURE, Catch

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from payproof.kit import Kit
    from payproof.selftest.mutant import Mutant

TRIALS, LINES = "source-mutants.jsonl", "source-lines.json"
_ENGINE = Path(mock.__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Trial:
    """A mutant, the APIs that its module serves, and what came of it; `earlier` where that was with other code than there is now."""

    mutant: Mutant
    apis: tuple[str, ...]
    catch: Catch
    earlier: bool = False

    @property
    def caught(self) -> bool:
        """Say whether it was noticed, in whatever way."""
        return self.catch.outcome in NOTICED

    @property
    def settled(self) -> bool:
        """Say whether there is no need to try it again: what was noticed stays noticed, what was not may be noticed by other code."""
        return self.caught or (self.catch.outcome != UNSURE and not self.earlier)

    def as_json(self) -> dict[str, Any]:
        """Give it as it stands in the file."""
        catch, mutant = self.catch, self.mutant
        return {
            "mutant": mutant.name, "line": mutant.line, "before": mutant.before, "after": mutant.after, "outcome": catch.outcome,
            "clauses": list(catch.clauses), "test": catch.test, "look": catch.look, "first": catch.first, "seconds": catch.seconds,
            "exchanges": catch.exchanges, "unconfirmed": list(catch.unconfirmed),
        }  # fmt: skip


def state(kit: Kit, seed: int) -> str:
    """Give a digest of everything that what comes of a mutant depends on: the engine, the mock, the kit, and the suites' seed."""
    digest = hashlib.sha256(str(seed).encode())
    folders = [_ENGINE, *(kit.root / name for name in ("specs", "contracts", "suites"))]
    files = {path for folder in folders for suffix in ("py", "yaml", "json") for path in folder.rglob(f"*.{suffix}")}
    for path in sorted(files):
        digest.update(f"{path.name}\n".encode() + path.read_bytes())
    return digest.hexdigest()


class Record:
    """The files of a folder in which trials are kept."""

    def __init__(self, out: Path, now: str, *, resume: bool) -> None:
        """Read what is there if it is to be gone on with; else begin anew. `now` is the state of the code.

        Raises UsageError for files that are not ours, OutputError where none can be written.
        """
        self._out = out
        self._now = now
        self._rows = {str(row["mutant"]): row for row in self._read()} if resume else {}
        write_atomically(out / TRIALS, "".join(map(_line, self._rows.values())))

    def _read(self) -> Iterable[dict[str, Any]]:
        path = self._out / TRIALS
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.is_file() else []
        for number, line in enumerate(lines, 1):
            if not line.endswith("\n"):
                return  # The last line of a run that was cut in the middle of it.
            try:
                row = json.loads(line)
                Catch(row["mutant"], row["outcome"]), row["state"]
            except (ValueError, KeyError, TypeError) as error:
                message = f"{path}:{number}: is no result of a mutant; leave --resume out to begin anew"
                raise UsageError(message) from error
            yield row

    def known(self, mutant: Mutant, apis: tuple[str, ...]) -> Trial | None:
        """Give what is known of a mutant; None where it was never tried."""
        row = self._rows.get(mutant.name)
        if row is None:
            return None
        catch = Catch(mutant.name, row["outcome"], tuple(row["clauses"]), row["test"], row["look"], row["first"], row["seconds"],
                      row["exchanges"], tuple(row["unconfirmed"]))  # fmt: skip
        return Trial(mutant, apis, catch, earlier=row["state"] != self._now)

    def add(self, trial: Trial) -> None:
        """Keep a trial."""
        with (self._out / TRIALS).open("a", encoding="utf-8") as file:
            file.write(_line({**trial.as_json(), "state": self._now}))

    def lines(self, api: str) -> Catch | None:
        """Give what came of the honest mock of an API, and its lines; None where that is not known of the code that there is now."""
        try:
            row = json.loads((self._out / f"{api}-{LINES}").read_text(encoding="utf-8"))
            if row["state"] != self._now:
                return None
            ran = {
                test: frozenset((module, line) for module, own in modules.items() for line in own)
                for test, modules in row["tests"].items()
            }
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return Catch(api, row["outcome"], lines=ran)

    def keep(self, catch: Catch) -> None:
        """Keep what came of the honest mock of an API."""
        tests: dict[str, dict[str, list[int]]] = {}
        for test, ran in catch.lines.items():
            modules = tests.setdefault(test, {})
            for module, line in sorted(ran):
                modules.setdefault(module, []).append(line)
        write_atomically(self._out / f"{catch.name}-{LINES}", json.dumps({"state": self._now, "outcome": catch.outcome, "tests": tests}))


def _line(row: Mapping[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False) + "\n"
