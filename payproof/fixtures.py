"""Fixtures of a kit's providers: the files `suites/fixtures/*.py`, each a pytest plugin of its own.

They are loaded by path, since a kit is no package: nothing of it can be imported by name, wherever it lies. Among
themselves they are one package, so that a file takes what it needs of another one by `from .other import ...`.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING

from payproof.errors import KitError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FOLDER = ("suites", "fixtures")
PACKAGE = "payproof_kit_fixtures"
"""What the folder is called while it is loaded; one kit's at a time."""


def load(root: Path) -> Iterator[tuple[str, ModuleType]]:
    """Give each fixture file of a kit as a module, with a name that no other plugin has; none where the kit has none.

    Raises KitError for a file that cannot be imported.
    """
    _forget()
    folder = root.joinpath(*FOLDER)
    package = ModuleType(PACKAGE, "The fixtures of a kit.")
    package.__path__ = [str(folder)]
    sys.modules[PACKAGE] = package
    importlib.invalidate_caches()
    for path in sorted(folder.glob("*.py")):
        name = f"{PACKAGE}.{path.stem}"
        try:
            module = importlib.import_module(name)
        except Exception as error:
            _forget()
            raise KitError(path, f"cannot be imported: {type(error).__name__}: {error}") from error
        yield name, module


def _forget() -> None:
    """Let go of what an earlier kit has left: files of two kits may have one name."""
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]
