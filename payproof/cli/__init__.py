"""The `payproof` command: one file a command, each imported only when it is used."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING

import click

from payproof import __version__
from payproof.errors import Exit, PayproofError

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = {
    "run": "Judge a target by every clause of the kit.",
    "mock": "Serve the reference mock of all APIs on one port.",
    "replay": "Send the smallest chain that leads to a finding again.",
    "report": "Write all reports of a journal again.",
    "compare": "Compare two runs by their verdicts or journals.",
    "divergences": "List where two servers chose differently.",
    "selftest": "Prove that lies are caught, and honest servers not accused.",
    "targets": "List the targets that have a name, or check some of them.",
    "sweep": "Neutralise what a run left at a target.",
    "clauses": "List the clauses, or show one of them.",
}
"""Names and what they do; in a table, so that --help need not import them."""


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's interface
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # click's interface
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"payproof.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  # click's interface
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="payproof")
def group() -> None:
    """Ask whether this server, or this SDK version, keeps the documented contract.

    Exit codes: 0 conformant, 1 not conformant, 2 wrong usage, 3 incomplete,
    4 refused for safety, 5 a journal or certificate failed verification.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with the documented code."""
    try:
        code = group.main(args=list(arguments) if arguments is not None else None, standalone_mode=False)
    except click.exceptions.Exit as done:
        code = done.exit_code
    except click.ClickException as error:
        error.show()
        code = Exit.USAGE
    except PayproofError as error:
        click.echo(f"payproof: {error}", err=True)
        code = error.exit
    except (KeyboardInterrupt, click.Abort):
        click.echo("payproof: interrupted", err=True)
        code = Exit.INCOMPLETE
    sys.exit(int(code or 0))
