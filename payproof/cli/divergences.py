"""`payproof divergences`: what two servers made of everything that no document settles."""

from __future__ import annotations

from pathlib import Path

import click

from payproof.errors import Exit


@click.command("divergences", help="List where two servers chose differently. A and B are verdicts or journals, of the mock and of a "
               "sandbox, say; shown are the assumed clauses that both judged. Exits 5 for a file that is neither.")  # fmt: skip
@click.argument("first", metavar="A", type=click.Path(path_type=Path))
@click.argument("second", metavar="B", type=click.Path(path_type=Path))
def command(first: Path, second: Path) -> int:
    """Print each with what it says and what either side did."""
    from payproof import divergence  # noqa: PLC0415  # not needed for --help
    from payproof.report import difference  # noqa: PLC0415  # not needed for --help

    one, other = difference.load(first).verdict, difference.load(second).verdict
    found = list(divergence.between(one, other))
    for clause, ours, theirs in found:
        click.secho(f"{clause['id']} ({clause['api']}, {clause['operation']})", bold=True)
        for name, text in (("assumed", clause["text"]), (f"A {one['target']}", ours), (f"B {other['target']}", theirs)):
            click.echo(f"  {name}: {' '.join(text.split())}")
    click.echo(f"{len(found)} of {divergence.compared(one, other)} assumed clauses that both judged came out differently")
    return Exit.CONFORMANT
