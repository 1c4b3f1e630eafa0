"""What a person sees of a run: figures while it goes on, then a table per API, then each finding with its cause."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console as Terminal
from rich.live import Live
from rich.table import Table
from rich.text import Text

from payproof import clock
from payproof.forecast import Forecast, Watch, lasting
from payproof.progress import Figures, Listener
from payproof.report import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from payproof.run import Run

_COLOURS = {"failed": "red", "not_run": "yellow", "warned": "yellow", "passed": "green"}
_FINDINGS_SHOWN = 30
_PLAIN_WIDTH = 140
_TOLD_EVERY = 60.0
"""Seconds between two words on how long the rest takes, where the output is no terminal."""


class Console:
    """Shows a run on the terminal; plain text, and nothing that moves, where the output is none."""

    name = "payproof-console"

    def __init__(self, run: Run, workers: int) -> None:
        """Start listening to the workers."""
        self._run = run
        # What is printed comes from servers, paths and contracts: brackets and colons in it are no markup.
        self._terminal = Terminal(highlight=False, soft_wrap=True, markup=False, emoji=False)
        if not self._terminal.is_terminal:
            self._terminal = Terminal(highlight=False, soft_wrap=True, markup=False, emoji=False, width=_PLAIN_WIDTH)
        self._started = clock.ticks()
        self._total = sum(clause.api in run.scope for clause in run.kit.clauses())
        self._clauses = [clause.id for clause in run.kit.clauses()]
        self._terminal.print(f"payproof: {', '.join(run.scope)} on {run.options.target}, depth {run.options.depth}, "
                             f"seed {run.options.seed}, {workers} workers")  # fmt: skip
        self._live = Live(console=self._terminal, refresh_per_second=5, transient=True) if self._terminal.is_terminal else None
        if self._live is not None:
            self._live.start()
        self._forecast: Forecast | None = None
        self._told = 0.0
        self._listener: Listener | None = Listener(self._progress)
        self.port = self._listener.port

    def forecast(self) -> list[Watch]:
        """Tell from now on how long the run will take, where the target asks for manners; give what pytest needs for that."""
        desk = self._run.desk
        if desk is None:
            return []
        self._forecast = known = Forecast(self._run.options.depth, desk.desk.manners.rate, self._run.before)
        return [Watch(known, lambda: self._terminal.print(known.told()))]

    def _progress(self, figures: Figures) -> None:
        seconds = max(clock.ticks() - self._started, 0.001)
        left = self._forecast.left(figures.total(), seconds) if self._forecast is not None else ""
        if self._live is None:
            if left and seconds - self._told > _TOLD_EVERY:
                self._told = seconds
                self._terminal.print(f"{lasting(seconds)}: {figures.total()} exchanges, {left}")
            return
        line = Text(f"{seconds:5.0f} s  ")
        line.append(f"{figures.judged.bit_count()}/{self._total} clauses judged", "green")
        if figures.broken:
            line.append(f"  {figures.broken.bit_count()} broken", "bold red")
        line.append(f"  {figures.total()} exchanges  {figures.total() / seconds:.0f}/s  {left}  {figures.test[-60:]}", "dim")
        self._live.update(line)

    def close(self) -> None:
        """Stop listening and give the terminal back; a second call does nothing."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        if self._live is not None:
            self._live.stop()
            self._live = None

    def show(self, verdict: Mapping[str, Any]) -> None:
        """Print the verdict: one line that says it all, tables, findings, what is missing, and that line again."""
        self._terminal.print(one_line(verdict))
        for api in verdict["apis"]:
            self._table(api, verdict)
        for finding in verdict["findings"][:_FINDINGS_SHOWN]:
            self._finding(finding, verdict)
        if len(verdict["findings"]) > _FINDINGS_SHOWN:
            self._terminal.print(f"... and {len(verdict['findings']) - _FINDINGS_SHOWN} more findings in verdict.json")
        problems = [("suite error", item["message"]) for item in verdict["suite_errors"]]
        problems += [("missing", item["what"]) for item in verdict["gaps"]]
        problems += [("not run", f"{row['id']}: {row['reason']}") for row in verdict["clauses"] if row["verdict"] == "not_run"]
        problems += [("rarely judged", f"{row['id']}: judged {row['judged']} of {row['selected']} times ({_reasons(row)})")
                     for row in verdict["clauses"] if row["judged"] and row["judged"] * 2 < row["selected"]]  # fmt: skip
        for kind, message in problems[:_FINDINGS_SHOWN]:
            self._terminal.print(Text.assemble((f"{kind}: ", "yellow"), message))
        if len(problems) > _FINDINGS_SHOWN:
            self._terminal.print(f"... and {len(problems) - _FINDINGS_SHOWN} more")
        colour = "green" if verdict["conformant"] else "red"
        self._terminal.print(Text(one_line(verdict), f"bold {colour}"))
        self._terminal.print(f"{clock.ticks() - self._started:.1f} s; results in {self._run.options.out}")

    def _table(self, api: Mapping[str, Any], verdict: Mapping[str, Any]) -> None:
        table = Table(title=f"{api['id']}: {'conformant' if api['conformant'] else 'not shown to be conformant'}",
                      box=box.SIMPLE_HEAD if self._terminal.is_terminal else box.ASCII2, title_justify="left", pad_edge=False)  # fmt: skip
        for name in ("operation", "passed", "failed", "not run", "other", "accepted", "negative", "constraints", "refusal named"):
            table.add_column(name, justify="left" if name == "operation" else "right")
        generated = {row["operation"]: row for row in verdict["generated"]}
        rows = [row for row in verdict["clauses"] if row["api"] == api["id"]]
        for operation in dict.fromkeys([row["operation"] for row in rows]):
            own = [row["verdict"] for row in rows if row["operation"] == operation]
            known = ("passed", "failed", "not_run")
            cells = [Text(str(own.count(name)), _COLOURS[name] if own.count(name) else "dim") for name in known]
            figures = generated.get(operation)
            table.add_row(operation, *cells, str(sum(name not in known for name in own)), *_figures(figures))
        self._terminal.print(table)

    def _finding(self, finding: Mapping[str, Any], verdict: Mapping[str, Any]) -> None:
        text = next(row["text"] for row in verdict["clauses"] if row["id"] == finding["clause"])
        times = f" ({finding['count']} times)" if finding["count"] > 1 else ""
        place = f" at {finding['pointer']}" if finding["pointer"] else ""
        waived = f", waived by {finding['waiver']}" if finding.get("waiver") else ""
        flaky = ", flaky" if finding.get("flaky") else ""
        self._terminal.print(Text.assemble((f"{finding['id']} {finding['clause']}", "bold yellow" if waived or flaky else "bold red"),
                                           f" {finding['operation']}{place}{times}{waived}{flaky}"))  # fmt: skip
        for name, value in (("must", text), ("basis", finding["basis"]), ("expected", finding["expected"]), ("seen", finding["seen"]),
                            ("exchange", finding["exchange"]), ("repeat", finding["reproduce"])):  # fmt: skip
            self._terminal.print(Text.assemble((f"  {name:9} ", "dim"), value))


def _reasons(row: Mapping[str, Any]) -> str:
    return ", ".join(f"{reason} {number}" for reason, number in row["unjudged"].items())


def _figures(row: Mapping[str, Any] | None) -> tuple[str, str, str, str]:
    if row is None:
        return "", "", "", ""
    share = f"{row['named'] / row['refused']:.0%}" if row["refused"] else ""
    return str(row["accepted"]), str(row["negative"]), f"{row['violated']}/{row['constraints']}", share
