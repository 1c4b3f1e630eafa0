"""Which lines of a folder's modules each test runs, told by the interpreter itself."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

Line = tuple[str, int]
"""A module of the mock and the number of a line in it."""


class Trace:
    """Notes which lines of the modules in a folder are run by threads that start after it did."""

    def __init__(self, folder: Path) -> None:
        """Look at modules of this folder."""
        self.ran: dict[str, frozenset[Line]] = {}
        self._prefix = str(folder.resolve()) + os.sep
        self._names: dict[str, str | None] = {}
        self._seen: set[Line] = set()

    def start(self) -> None:
        """Look at threads that start from now on, and at this one until the first `note`."""
        threading.settrace(self._call)
        sys.settrace(self._call)

    def note(self, test: str) -> None:
        """Put down what was run since the last time as run by this test."""
        seen, self._seen = self._seen, set()
        if not self.ran:
            sys.settrace(None)
        self.ran[test] = frozenset(seen) | self.ran.get(test, frozenset())

    def _call(self, frame: FrameType, _: str, __: object) -> Callable[..., Any] | None:
        path = frame.f_code.co_filename
        if path not in self._names:
            self._names[path] = Path(path).stem if path.startswith(self._prefix) else None
        name = self._names[path]
        if name is None:
            return None

        def line(frame: FrameType, event: str, _: object) -> Callable[..., Any]:
            if event == "line":
                self._seen.add((name, frame.f_lineno))
            return line

        self._seen.add((name, frame.f_lineno))
        return line
