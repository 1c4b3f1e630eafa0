"""`payproof sweep`: finish what a run could not take back."""

from __future__ import annotations

from pathlib import Path

import click

from payproof.errors import Exit


@click.command("sweep", help="Neutralise what a run left at a target. DIR is the folder of its results. Exits 3 while something is left.")
@click.argument("folder", metavar="[DIR]", type=click.Path(path_type=Path, exists=True, file_okay=False), default="reports")
@click.option("--allow-production", is_flag=True, help="Not refuse the production host that the target names; both are needed.")
def command(folder: Path, *, allow_production: bool) -> int:
    """Go over all that the files of the folder tell of, and print what is left."""
    from payproof import footprint, kit, tidy  # noqa: PLC0415  # not needed for --help
    from payproof.approach import Approach  # noqa: PLC0415  # not needed for --help
    from payproof.options import DEPTHS, Options  # noqa: PLC0415  # not needed for --help

    traces = footprint.read(folder)
    left = 0
    for target in sorted({trace.target for trace in traces}):
        told = footprint.options(folder, target)
        given = {name: Path(told[name]) if told[name] else None for name in ("kit", "targets")}
        options = Options(target, depth=DEPTHS[0], kit=given["kit"], targets=given["targets"], allow_production=allow_production)
        loaded = kit.load(kit.locate(options.kit))
        approach = Approach.plan(loaded, options).entered()
        if (prober := approach.prober(loaded)) is not None:
            prober.proofs()
        for row in tidy.swept(loaded, approach, options, traces):
            left += row["state"] != tidy.STAYS
            named = row["id"] or (f"{row['count']} of them" if row["state"] == tidy.STAYS else f"request {row['request']}")
            click.echo(f"{row['state']}: {row['resource']} {named} at {target}: {row['why']}")
    if left:
        click.echo(f"{left} left")
        return Exit.INCOMPLETE
    footprint.forget(folder)
    click.echo("nothing is left" if traces else f"{folder} tells of nothing that was made")
    return Exit.CONFORMANT
