"""How the suites of a kit are started under pytest: its arguments, its plugins, and the environment of its processes."""

from __future__ import annotations

import importlib.util
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from payproof.options import Options

XDIST = "xdist.plugin"
ALLURE = "allure_pytest.plugin"
HYPOTHESIS = "_hypothesis_pytestplugin"
PLUGINS = (XDIST, ALLURE, HYPOTHESIS)
"""What the suites need of pytest's plugins. Others that happen to be installed are not loaded: they cost seconds, since
pytest rewrites the assertions of each, and could change what a run does."""


def arguments(root: Path, options: Options, plugins: Iterable[str] = PLUGINS) -> list[str]:
    """Give the arguments under which pytest runs the suites of the kit in a folder, without its own output."""
    return [
        str(root / "suites"), f"--rootdir={root}", f"--confcutdir={root}", f"-c{Path(__file__).resolve().parent / 'pytest.ini'}",
        "-pno:cacheprovider", "-pno:terminal", *(f"-p{plugin}" for plugin in plugins), *options.as_arguments(),
    ]  # fmt: skip


def prepare_environment() -> None:
    """Let workers import nothing from the current folder, and keep caches out of read-only places."""
    cache = Path(tempfile.gettempdir()) / f"payproof-{os.getuid() if hasattr(os, 'getuid') else 'cache'}"
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    os.environ.setdefault("PYTHONSAFEPATH", "1")
    os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(cache / "hypothesis"))
    if not os.access(Path(importlib.util.find_spec("payproof").origin or "").parent, os.W_OK):  # type: ignore[union-attr]  # payproof is what runs here
        os.environ.setdefault("PYTHONPYCACHEPREFIX", str(cache / "pycache"))
