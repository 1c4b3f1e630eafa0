"""`payproof report`: all reports again, from a journal alone."""

from __future__ import annotations

from pathlib import Path

import click

from payproof.errors import OutputError


@click.command("report", help="Write all reports of a journal again. Exits 0, or 5 if the journal is not whole.")
@click.argument("journal", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), default=None, help="Where to [default: beside the journal].")
def command(journal: Path, out: Path | None) -> int:
    """Read the journal, and write what a run writes."""
    from payproof import report, verdict  # noqa: PLC0415  # not needed for --help
    from payproof.output import write_atomically  # noqa: PLC0415  # not needed for --help

    folder = out or journal.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"{folder} cannot be written: {error.strerror}; choose another folder with --out"
        raise OutputError(message) from error
    told = report.write(folder, journal)
    write_atomically(folder / "verdict.json", verdict.dumps(told))
    click.echo(report.one_line(told))
    click.echo(f"reports in {folder}")
    return 0
