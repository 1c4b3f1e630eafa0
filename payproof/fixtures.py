"""Fixtures of a kit's providers: the files `suites/fixtures/*.py`, each a pytest plugin of its own.

They are loaded by path, since a kit is no package: nothing of it can be imported by name, wherever it lies.
"""

from __future__ import annotations

import importlib.util
import sys
from typing import TYPE_CHECKING

from payproof.errors import KitError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import ModuleType

FOLDER = ("suites", "fixtures")
_PREFIX = "payproof_kit_fixtures_"


def load(root: Path) -> Iterator[tuple[str, ModuleType]]:
    """Give each fixture file of a kit as a module, with a name that no other plugin has; none where the kit has none.

    Raises KitError for a file that cannot be imported.
    """
    for path in sorted(root.joinpath(*FOLDER).glob("*.py")):
        name = f"{_PREFIX}{path.stem}"
        spec = importlib.util.spec_from_file_location(name, path)
        if spec is None or spec.loader is None:
            raise KitError(path, "is no module of Python")
        module = importlib.util.module_from_spec(spec)
        # Dataclasses look up the module that they are defined in.
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
        except Exception as error:
            del sys.modules[name]
            raise KitError(path, f"cannot be imported: {type(error).__name__}: {error}") from error
        yield name, module
