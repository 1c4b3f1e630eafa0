"""`payproof compare`: two runs side by side."""

from __future__ import annotations

from pathlib import Path

import click

from payproof.errors import Exit


@click.command("compare", help="Compare two runs by their verdicts or journals. Exits 1 on a regression, 5 for a file that is neither.")
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@click.option("--markdown", "page", type=click.Path(path_type=Path), default=None, help="Write the comparison here too.")
def command(old: Path, new: Path, page: Path | None) -> int:
    """Print what differs."""
    from payproof.output import write_atomically  # noqa: PLC0415  # not needed for --help
    from payproof.report import difference  # noqa: PLC0415  # not needed for --help

    before, after = difference.load(old), difference.load(new)
    said = difference.between(before, after)
    if page is not None:
        write_atomically(page, difference.markdown(before, after, said))
    for title, rows in difference.sections(said):
        click.secho(title, bold=True, fg="red" if title == "Regressions" else None)
        for row in rows:
            click.echo(f"  {' '.join(row.split())}")
    click.echo(f"{len(said.regressions)} regressions" if said.regressions else "no regression")
    return Exit.NOT_CONFORMANT if said.regressions else Exit.CONFORMANT
