"""`payproof selftest`: try the suites on servers that lie, and on honest ones."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from payproof.kit import Kit
    from payproof.mock.lie import Fault
    from payproof.report.killsheet import Sheet
    from payproof.selftest.row import Row

_MOST_WORKERS = 8


@click.command("selftest", help="Prove that lies are caught, and honest servers not accused. The sheet goes into a folder.")
@click.option("--api", "apis", multiple=True, metavar="ID", help="Only this API; repeatable.")
@click.option("--replay", is_flag=True, help="Only exchanges of an honest story, broken one by one and judged again.")
@click.option("--live", is_flag=True, help="Only the named faults of the embedded mock.")
@click.option("--legal", is_flag=True, help="Only honest servers: other seeds, and differences that are allowed.")
@click.option("--source", is_flag=True, help="Only mutants of the mock's own source: takes an hour, and is never done unasked.")
@click.option("--resume", is_flag=True, help="With --source: go on with what is in the folder; what was noticed is not tried again.")
@click.option("--fault", "names", multiple=True, metavar="NAME", help="Only this fault; repeatable. Only the live level.")
@click.option("--target", default=None, metavar="URL", help="Where stories are recorded of APIs that the embedded mock does not serve.")
@click.option("--workers", type=click.IntRange(1, 64), default=None, metavar="N", help="Processes [default: one a core, 8 at most].")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=1, show_default=True, help="The same seed sends the same requests.")
@click.option("--seeds", type=click.IntRange(1, 10_000), default=2, show_default=True, help="How many seeds honest servers are tried with.")
@click.option("--out", type=click.Path(path_type=Path), default="reports", show_default=True, help="Where the sheet goes.")
@click.option("--kit", type=click.Path(path_type=Path, file_okay=False), default=None, help="The folder with specs, contracts and suites.")
def command(
    *, apis: tuple[str, ...], replay: bool, live: bool, legal: bool, source: bool, resume: bool, names: tuple[str, ...], target: str | None,
    workers: int | None, seed: int, seeds: int, out: Path, kit: Path | None,
) -> int:  # fmt: skip
    """Run the levels and say what came of them."""
    from payproof import kit as kits  # noqa: PLC0415  # not needed for --help
    from payproof.report import killsheet  # noqa: PLC0415  # not needed for --help

    chosen = {"replay": replay, "live": live or bool(names), "legal": legal}
    levels = [level for level, wanted in chosen.items() if wanted or not (source or any(chosen.values()))] + ["source"] * source
    plan = Plan(
        kits.load(kits.locate(kit)), apis, levels, names, target, workers or min(_MOST_WORKERS, os.cpu_count() or 1),
        range(seed, seed + seeds), out, resume,
    )  # fmt: skip
    scope = kits.selected(plan.kit, apis)
    killsheet.prepare(out)
    sheet = killsheet.Sheet({api: [clause.id for clause in plan.kit.contracts[api].all_clauses()] for api in scope}, plan.levels, seed)
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    progress = killsheet.Progress()
    try:
        for row in _rows(plan, scope, sheet):
            sheet.add(row)
            progress.show(row)
    finally:
        progress.close()
        signal.signal(signal.SIGTERM, before)
    sheet.write(out)
    killsheet.show(sheet)
    click.echo(f"the sheet is in {out}")
    return int(sheet.exit())


@dataclass(frozen=True, slots=True)
class Plan:
    """What was asked for."""

    kit: Kit
    apis: tuple[str, ...]
    levels: Sequence[str]
    faults: tuple[str, ...]
    target: str | None
    workers: int
    seeds: Sequence[int]
    out: Path
    resume: bool


def _rows(plan: Plan, scope: Sequence[str], sheet: Sheet) -> Iterator[Row]:
    from payproof.selftest import live  # noqa: PLC0415  # not needed for --help

    mocked = [api for api in scope if api in live.MOCKED]
    told = live.faults(mocked, plan.faults)
    foreign = [api for api in scope if api not in live.MOCKED]
    if "replay" in plan.levels:
        yield from _replayed(plan, mocked, foreign, sheet)
    others = [level for level in plan.levels if level != "replay"]
    if others and foreign:
        sheet.cannot.append(f"{' and '.join(others)} for {', '.join(foreign)}, which the embedded mock does not serve")
    if "source" in others and mocked:
        from payproof.selftest import source  # noqa: PLC0415  # not needed for --help

        tell = partial(click.echo, err=True)
        yield from source.rows(plan.kit, mocked, plan.workers, plan.seeds[0], out=plan.out, resume=plan.resume, tell=tell)
    if mocked and (played := [level for level in others if level != "source"]):
        yield from _played(plan, played, mocked, told)


def _replayed(plan: Plan, mocked: Sequence[str], foreign: Sequence[str], sheet: Sheet) -> Iterator[Row]:
    from payproof import replay  # noqa: PLC0415  # not needed for --help
    from payproof.approach import Approach  # noqa: PLC0415  # not needed for --help
    from payproof.options import DEPTHS, Options  # noqa: PLC0415  # not needed for --help
    from payproof.selftest import replaying  # noqa: PLC0415  # not needed for --help
    from payproof.target import check  # noqa: PLC0415  # not needed for --help

    figures = replaying.Figures()
    if mocked:
        yield from replaying.rows(plan.kit, mocked, plan.workers, figures=figures)
    if foreign and plan.target is None:
        sheet.cannot.append(f"replay for {', '.join(foreign)}, which the embedded mock does not serve: name a server of them with --target")
    elif foreign and plan.target is not None:
        options = Options(plan.target, depth=DEPTHS[0])
        check(options)
        with Approach.plan(plan.kit, options).entered().open(options, plan.kit.credentials(foreign)) as target:
            chains = {api: replay.record(plan.kit, api, target) for api in foreign}
        yield from replaying.rows(plan.kit, foreign, plan.workers, chains=chains, figures=figures)
    click.echo(str(figures))


def _played(plan: Plan, levels: Sequence[str], mocked: Sequence[str], told: Sequence[Fault]) -> Iterator[Row]:
    from payproof.selftest import legal, live  # noqa: PLC0415  # not needed for --help
    from payproof.selftest.crew import Crew  # noqa: PLC0415  # not needed for --help
    from payproof.selftest.survey import Survey, world  # noqa: PLC0415  # not needed for --help

    with Crew(plan.kit.root, plan.workers) as crew:
        survey = Survey.make(crew, world(plan.kit, {fault.api for fault in told} if plan.faults else mocked), plan.seeds[0])
        honest = legal.honest(survey, plan.seeds[0])
        if not honest.good or "legal" in levels:
            yield replace(honest, level=levels[-1])
        if not honest.good:
            # What an honest server is accused of says nothing about a lying one.
            return
        if "live" in levels:
            yield from live.rows(crew, survey, told, plan.seeds[0])
        if "legal" in levels:
            yield from legal.rows(crew, survey, mocked, plan.seeds)
