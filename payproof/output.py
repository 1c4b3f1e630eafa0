"""The folder that a run writes into: what stands there, whether there is room, and how a file comes to be whole."""

from __future__ import annotations

import contextlib
import os
import shutil
from typing import TYPE_CHECKING

from payproof.errors import OutputError

if TYPE_CHECKING:
    from pathlib import Path

FILES = ("journal.jsonl", "verdict.json", "junit.xml", "evidence.har", "summary.md", "allurerc.json", "report.html")
"""What a run writes into its folder, the folder of Allure's results aside."""
ALLURE = "allure-results"
_ROOM = 1 << 20
"""How many bytes there must be room for before anything is sent: about what the results of a run of one test take."""


def forget(out: Path) -> None:
    """Take away what an earlier run left, so that nobody reads its results for those of this one."""
    for name in FILES:
        (out / name).unlink(missing_ok=True)
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(out / ALLURE)


def find_room(folder: Path) -> None:
    """Write and take away a file, since a folder can be made on a disk that is full. Raises OSError."""
    probe = folder / f".room.{os.getpid()}"
    try:
        probe.write_bytes(bytes(_ROOM))
    finally:
        with contextlib.suppress(OSError):
            probe.unlink(missing_ok=True)


def replace(draft: Path, path: Path) -> None:
    """Put a finished file in its place. Raises OutputError."""
    try:
        draft.replace(path)
    except OSError as error:
        message = f"{path} cannot be written: {error.strerror}"
        raise OutputError(message) from error


def write_atomically(path: Path, text: str) -> None:
    """Write a file so that a reader sees the old one or the new one, never a part. Raises OutputError."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        message = f"{path} cannot be written: {error.strerror}"
        raise OutputError(message) from error
