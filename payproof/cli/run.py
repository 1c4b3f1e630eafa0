"""`payproof run`: judge a target by every clause of the kit."""

from __future__ import annotations

import os
import shlex
import signal
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from payproof.errors import PayproofError, UsageError
from payproof.options import DEPTHS, Options

if TYPE_CHECKING:
    from payproof.resume import Earlier
    from payproof.run import Run

_MOST_WORKERS = 8
_ANEW = ("out", "waivers", "targets")
"""What a run that goes on may be told, beside its workers."""


@click.command("run", help="Judge a target by every clause of the kit. The evidence goes into a folder.")
@click.option("--target", default="mock", metavar="mock|URL|NAME", help="What is judged: the embedded mock, a URL, or a named target.")
@click.option("--targets", type=click.Path(path_type=Path, dir_okay=False), default=None,
              help="The file that names targets [default: payproof.toml, if the current folder has it].")  # fmt: skip
@click.option("--allow-production", is_flag=True, help="Not refuse the production host that the target names; both are needed.")
@click.option("--api", "apis", multiple=True, metavar="ID", help="Only this API; repeatable. Partial.")
@click.option("--clause", "clauses", multiple=True, metavar="ID", help="Only this clause; repeatable. The verdict is partial.")
@click.option("-k", "keyword", default="", metavar="EXPR", help="Only suites whose name matches, as in pytest. Partial.")
@click.option("--depth", type=click.Choice(DEPTHS), default="standard", show_default=True, help="How thorough.")
@click.option("--out", type=click.Path(path_type=Path), default="reports", show_default=True, help="Where the results go.")
@click.option("--workers", type=click.IntRange(1, 64), default=None, metavar="N", help="Processes [default: one a core, 8 at most].")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=1, show_default=True, help="The same seed sends the same requests.")
@click.option("--strict", is_flag=True, help="A break of an invariant fails on every target.")
@click.option("--fault", "faults", multiple=True, metavar="NAME", help="A named lie of the embedded mock; repeatable.")
@click.option("--variant", "variants", multiple=True, metavar="NAME", help="A legal variant of the embedded mock; repeatable.")
@click.option("--clock", default=None, metavar="MOMENT", help="Start the embedded mock's clock here, as 2035-01-01T00:00:00Z.")
@click.option("--waivers", type=click.Path(path_type=Path, dir_okay=False), default=None,
              help="Breaks that somebody answers for [default: waivers.toml, if the current folder has it].")  # fmt: skip
@click.option("--kit", type=click.Path(path_type=Path, file_okay=False), default=None, help="The folder with specs, contracts and suites.")
@click.option("--resume", "earlier", type=click.Path(path_type=Path, exists=True), default=None, metavar="JOURNAL",
              help="Go on with an interrupted run: its journal, or the folder of one that was killed.")  # fmt: skip
@click.pass_context
def command(context: click.Context, /, workers: int | None, earlier: Path | None, **given: object) -> int:
    """Run the suites and say what the verdict is."""
    options = Options(**given)  # type: ignore[arg-type]  # click has checked the types by the options above
    workers = workers or min(_MOST_WORKERS, os.cpu_count() or 1)
    if earlier is None:
        return run(options, workers)
    from payproof import resume  # noqa: PLC0415  # not needed for --help

    chosen = sorted(name for name in given if name not in _ANEW and context.get_parameter_source(name) is not ParameterSource.DEFAULT)
    if chosen:
        message = f"--resume goes on with the options of the run that was interrupted: leave out {', '.join(chosen)}"
        raise UsageError(message)
    known = resume.read(earlier)
    beside = earlier if earlier.is_dir() else earlier.parent
    out = options.out if context.get_parameter_source("out") is not ParameterSource.DEFAULT else beside
    return run(replace(known.options(out), waivers=options.waivers, targets=options.targets), workers, known)


def run(options: Options, workers: int, earlier: Earlier | None = None) -> int:
    """Run the suites of a kit and give the exit code of the verdict; with an `earlier` run, what that one has left.

    Raises PayproofError for anything that makes a run impossible before its first request.
    """
    import pytest  # noqa: PLC0415  # not needed for --help

    from payproof import launch, report  # noqa: PLC0415  # not needed for --help
    from payproof.report.console import Console  # noqa: PLC0415  # not needed for --help
    from payproof.report.summary import publish  # noqa: PLC0415  # not needed for --help
    from payproof.run import Run  # noqa: PLC0415  # not needed for --help
    from payproof.target import check  # noqa: PLC0415  # not needed for --help

    check(options)
    begun = Run.begin(options, earlier)
    console = Console(begun, workers)
    try:
        begun.reach()
    except PayproofError:
        console.close()
        if begun.result:
            report.write(options.out, options.out / "journal.jsonl")
        raise
    launch.prepare_environment()
    arguments = [*launch.arguments(begun.kit.root, options), f"--payproof-shared={console.port}"]
    watch = console.forecast()
    arguments += [f"-n{workers}", "--dist=worksteal"] if workers > 1 else []
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        status = pytest.main(arguments, plugins=[Given(begun), console, *watch])
    finally:
        signal.signal(signal.SIGTERM, before)
        console.close()
    if begun.problem:
        click.echo(f"payproof: {begun.problem}", err=True)
    if not begun.result and not begun.problem:
        click.echo(f"payproof: the suites could not be run (pytest ended with {int(status)}): "
                   f"try {shlex.join(['pytest', str(begun.kit.root / 'suites'), '--target', options.target])}", err=True)  # fmt: skip
        return 3
    if not begun.result:
        return int(status)
    console.show(begun.result)
    if os.environ.get("GITHUB_STEP_SUMMARY"):
        for line in publish(begun.result, os.environ["GITHUB_STEP_SUMMARY"]):
            click.echo(line)
    return int(begun.result["exit"])


class Given:
    """Hands the run that was begun here to the pytest plugin, which looks for this attribute."""

    def __init__(self, begun: Run) -> None:
        """Keep the run."""
        self.payproof_run = begun
