"""`payproof replay`: the smallest chain of requests that leads to a finding, on fresh tenants, sent again."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from payproof.errors import Exit, UsageError

if TYPE_CHECKING:
    from payproof.again import Chain
    from payproof.redact import Redactor


@click.command("replay", help="Send the smallest chain that leads to a finding again. Exits 1 if it is confirmed, 0 if not.")
@click.argument("journal", type=click.Path(path_type=Path))
@click.argument("exchange", metavar="EXCHANGE")
@click.option("--target", default=None, metavar="mock|URL|NAME", help="Where to [default: the target of the journal].")
@click.option("--targets", type=click.Path(path_type=Path, dir_okay=False), default=None,
              help="The file that names targets [default: payproof.toml, if the current folder has it].")  # fmt: skip
@click.option("--kit", "folder", type=click.Path(path_type=Path, file_okay=False), help="The folder with specs, contracts and suites.")
@click.option("--print", "script", is_flag=True, help="Print the chain as a script instead of sending it.")
def command(journal: Path, exchange: str, target: str | None, targets: Path | None, folder: Path | None, *, script: bool) -> int:
    """Read the excerpt, play it, and say what came of it. EXCHANGE is w0-17, or F1 for the first finding."""
    from payproof import again, excerpt, kit, shell  # noqa: PLC0415  # not needed for --help
    from payproof.approach import Approach  # noqa: PLC0415  # not needed for --help
    from payproof.desk import Desk  # noqa: PLC0415  # not needed for --help
    from payproof.manners import Manners  # noqa: PLC0415  # not needed for --help
    from payproof.options import Options  # noqa: PLC0415  # not needed for --help
    from payproof.redact import Redactor  # noqa: PLC0415  # not needed for --help
    from payproof.report import account  # noqa: PLC0415  # not needed for --help
    from payproof.target import EMBEDDED, check  # noqa: PLC0415  # not needed for --help

    if re.fullmatch("F[0-9]+", exchange):
        found = {row["id"]: row["exchange"] for row in account.read(journal).verdict["findings"]}
        if exchange not in found:
            message = f"{journal}: there is no finding {exchange}; it has {len(found)}"
            raise UsageError(message)
        exchange = found[exchange]
    part = excerpt.read(journal, exchange)
    header = part.header
    given = folder or (Path(header["kit"]) if header["kit"] else None)
    loaded = kit.load(kit.locate(given))
    cards = again.published_cards(loaded.root)
    accounts = again.published_accounts(loaded.root, (name for name, kind in loaded.sensitive().items() if kind == "account"))
    if script:
        click.echo(shell.script(part, cards, again.common_headers(loaded)), nl=False)
        return Exit.CONFORMANT
    if part.last.api not in loaded.contracts:
        message = f"{loaded.root} has no API {part.last.api!r}, which the finding is about; name the kit of the journal with --kit"
        raise UsageError(message)
    where = target or header["target"]
    same = target is None and where == EMBEDDED
    options = Options(where, faults=tuple(header["faults"]) if same else (), variants=tuple(header["variants"]) if same else (),
                      clock=header["clock"] if same else None, kit=given, depth="smoke", targets=targets)  # fmt: skip
    check(options)
    approach = Approach.plan(loaded, options).entered()
    if (prober := approach.prober(loaded)) is not None:
        prober.proofs()
    changed = [api["id"] for api in header["apis"] if api["id"] in loaded.contracts
               and loaded.contracts[api["id"]].sha256 != api["contract_sha256"]]  # fmt: skip
    if changed:
        click.echo(f"the contract of {', '.join(changed)} has changed since the journal was written", err=True)
    with approach.open(options, loaded.credentials(tuple(loaded.contracts))) as opened:
        desk = Desk(opened.manners or Manners())
        stage = again.Stage(loaded, opened, part, part.findings[0], cards, accounts,
                            lambda session: approach.prepare(loaded, session, desk))  # fmt: skip
        chain = stage.smallest()
    _show(chain, Redactor(loaded.sensitive()), part.findings[0].clause)
    return Exit.NOT_CONFORMANT if chain.confirmed else Exit.CONFORMANT


def _show(chain: Chain, redactor: Redactor, clause: str) -> None:
    for step, answer in zip(chain.steps, chain.answers, strict=True):
        request = answer.exchange.request
        click.echo(f"{step.exchange.id:8} {request.method} {redactor.text(request.path())} {answer.status or answer.exchange.error}")
    last = chain.answers[-1]
    for finding in last.judgement.findings:
        place = f" at {finding.pointer}" if finding.pointer else ""
        click.echo(f"  {finding.clause}{place}: expected {finding.expected}; seen {finding.seen}")
    click.echo(f"{clause}: {'confirmed' if chain.confirmed else 'not reproduced'} by {len(chain.steps)} requests")
