"""`payproof clauses`: what is demanded, by whom, and why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from payproof.errors import UsageError

if TYPE_CHECKING:
    from payproof.clause import Clause
    from payproof.kit import Kit


@click.command("clauses", help="List the clauses, or show one of them. One is shown with its source and condition.")
@click.argument("clause", required=False, metavar="[ID]")
@click.option("--api", "apis", multiple=True, metavar="ID", help="Only this API; repeatable.")
@click.option("--coverage", is_flag=True, help="Print docs/coverage.md: each sentence of the sources and what judges it.")
@click.option("--features", is_flag=True, help="Print the README's feature table: operations, headers, error codes and their clauses.")
@click.option("--kit", "folder", type=click.Path(path_type=Path, file_okay=False), help="The folder with specs, contracts and suites.")
def command(clause: str | None, apis: tuple[str, ...], folder: Path | None, *, coverage: bool, features: bool) -> int:
    """Print what was asked for."""
    from payproof import kit  # noqa: PLC0415  # not needed for --help
    from payproof.report import coverage as pages  # noqa: PLC0415  # not needed for --help
    from payproof.report import features as tables  # noqa: PLC0415  # not needed for --help

    loaded = kit.load(kit.locate(folder))
    chosen = kit.selected(loaded, apis)
    if coverage:
        click.echo(pages.page(loaded), nl=False)
        return 0
    if features:
        click.echo(tables.table(loaded), nl=False)
        return 0
    if clause is not None:
        click.echo(_whole(loaded, clause))
        return 0
    for api in chosen:
        contract = loaded.contracts[api]
        click.echo(f"{api}: {len(contract.clauses)} clauses of behaviour, {len(contract.shapes)} of shape")
        for one in contract.all_clauses():
            click.echo(f"  {one.id:34} {one.keyword.value:6} {one.ground.basis:10} {one.text}")
    return 0


def _whole(loaded: Kit, wanted: str) -> str:
    for contract in loaded.contracts.values():
        for one in contract.all_clauses():
            if one.id == wanted:
                return "\n".join(f"{name:12} {value}" for name, value in _parts(one, contract.documents) if value)
    message = f"there is no clause {wanted!r}; `payproof clauses` lists them"
    raise UsageError(message)


def _parts(one: Clause, documents: object) -> list[tuple[str, str]]:
    title = documents.get(one.ground.document, {}).get("title", one.ground.document) if isinstance(documents, dict) else ""
    return [
        ("id", one.id), ("api", one.api), (one.keyword.value, one.text), ("basis", one.ground.basis),
        ("source", f"{title}, {one.ground.at}" if one.ground.document else ""), ("harm", one.harm),
        ("operations", ", ".join(one.operations)), ("needs", ", ".join(sorted(one.needs))),
        ("when", one.when.text if one.when else ""), ("that", one.that.text if one.that else ""),
        (one.comparison or "holds", one.other.text if one.other else ""),
    ]  # fmt: skip
