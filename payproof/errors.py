"""Everything that can end a run before its verdict, in the order in which a run meets it.

A run reads its kit (`KitError`: specs and contracts that cannot be used), resolves what was asked for
(`UsageError`), reaches for its target (`TargetError`), is stopped where it must not go (`RefusedError`), and
writes down what it saw (`JournalError` when a journal cannot be written or read again). Each says what is wrong,
where, and what to do; each carries the exit code that the design documents for it.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class Exit(IntEnum):
    """The documented exit codes; `verdict.worst` knows which of several wins."""

    CONFORMANT = 0
    NOT_CONFORMANT = 1
    USAGE = 2
    INCOMPLETE = 3
    REFUSED = 4
    UNVERIFIED = 5


class PayproofError(Exception):
    """Something a user can mend: one message with what, where and what to do."""

    exit = Exit.USAGE


class UsageError(PayproofError):
    """An option, a name or a setting is wrong. Nothing was sent."""


class AbsentError(UsageError):
    """The tenant has no such credential, as the file that names the target says."""


class ElsewhereError(UsageError):
    """The target has no such API, as the file that names it says."""


class KitError(PayproofError):
    """A spec or a contract cannot be used: the file is at fault, not the server."""

    def __init__(self, path: Path, message: str, *, line: int | None = None, hint: str = "") -> None:
        """Name the file, the 1-based line where it is known, the fault, and what to do."""
        self.path = path
        self.line = line
        self.fault = message
        place = f"{path}:{line}" if line is not None else str(path)
        super().__init__(f"{place}: {message}" + (f"\n  {hint}" if hint else ""))


class TargetError(PayproofError):
    """The target could not be reached, or is not what it was said to be. No verdict on it follows."""

    exit = Exit.INCOMPLETE


class UnclearError(PayproofError):
    """What became of one request stays unclear, by no fault that could be told: what needed its answer was not run."""

    exit = Exit.INCOMPLETE


class RefusedError(PayproofError):
    """A request was about to go where it must not. Nothing was sent."""

    exit = Exit.REFUSED


class JournalError(PayproofError):
    """A journal is not whole, or not what was written. It is not a result."""

    exit = Exit.UNVERIFIED


class OutputError(PayproofError):
    """The output folder cannot be written, so that there would be no evidence."""

    exit = Exit.INCOMPLETE
