"""`payproof targets`: the targets that have a name here, and whether one of them is what its entry says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from payproof.errors import Exit, PayproofError
from payproof.options import DEPTHS, Options

if TYPE_CHECKING:
    from payproof.approach import Approach
    from payproof.kit import Kit
    from payproof.place import Place


@click.command("targets", help="List the targets that have a name, or check some of them. Checking fetches tokens and sends reads only.")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--targets", "file", type=click.Path(path_type=Path, dir_okay=False), default=None,
              help="The file that names targets [default: payproof.toml, if the current folder has it].")  # fmt: skip
@click.option("--kit", "folder", type=click.Path(path_type=Path, file_okay=False), help="The folder with specs, contracts and suites.")
@click.option("--allow-production", is_flag=True, help="Not refuse the production host that the target names; both are needed.")
def command(names: tuple[str, ...], file: Path | None, folder: Path | None, *, allow_production: bool) -> int:
    """List, or check each name; the exit code is that of the first check that fails."""
    from payproof import kit, placefile  # noqa: PLC0415  # not needed for --help

    loaded = kit.load(kit.locate(folder))
    atlas = placefile.read(loaded, file)
    if not names:
        for place in atlas.places.values():
            _list(place, own=place.name in atlas.own)
        return Exit.CONFORMANT
    code = Exit.CONFORMANT
    for name in names:
        place_named = atlas.place(name)
        depth = place_named.depth if place_named is not None else DEPTHS[0]
        options = Options(name, targets=file, kit=folder, allow_production=allow_production, depth=depth)
        try:
            _check(loaded, options)
        except PayproofError as error:
            click.echo(f"payproof: {error}", err=True)
            code = code or error.exit
    return code


def _list(place: Place, *, own: bool) -> None:
    limits = [f"{place.rate:g} requests a second" if place.rate is not None else "", "one request at a time" if place.one_at_a_time else "",
              f"{place.budget} requests a run" if place.budget is not None else "",
              f"{place.amount_cap} minor units a run" if place.amount_cap is not None else "", f"depth {place.depth} at most"]  # fmt: skip
    click.echo(f"{place.name}{'' if own else ' (ready-made)'}: {place.about}".rstrip(": "))
    for api, site in place.sites.items():
        click.echo(f"  {api:22} {site.url} ({site.auth.kind})")
    tenants = f"{len(place.tenants)} set{'' if len(place.tenants) == 1 else 's'} of credentials"
    click.echo(f"  {'role':22} {place.role}, {tenants}; has {', '.join(sorted(place.offers)) or 'nothing'}")
    click.echo(f"  {'limits':22} {', '.join(filter(None, limits))}")


def _check(loaded: Kit, options: Options) -> None:
    from payproof.approach import Approach  # noqa: PLC0415  # not needed for --help

    planned = Approach.plan(loaded, options)
    click.echo(f"{options.target}: the entry can be used, and its hosts may be reached")
    if planned.place is None:
        return
    approach: Approach = planned.entered()
    click.echo(f"{options.target}: {len(approach.secrets)} secrets are there")
    prober = approach.prober(loaded)
    if prober is None:
        return
    for proof in prober.proofs():
        click.echo(f"{options.target}: tenant {proof['tenant']}, {proof['credential']}: shown that {proof['says'] or proof['that']}")
    for line in prober.look(planned.place.sites):
        click.echo(f"{options.target}: {line}")
    click.echo(f"{options.target}: ready for payproof run --target {options.target} --depth {planned.place.depth}")
