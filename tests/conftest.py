"""What the engine's own tests share: the kit of this repository, read once, and a place to run the command."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from payproof import kit as kits

if TYPE_CHECKING:
    from collections.abc import Callable

    from payproof.kit import Kit

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository, which is a kit."""
    return ROOT


@pytest.fixture(scope="session")
def kit() -> Kit:
    """The kit of this repository."""
    return kits.load(ROOT)


@pytest.fixture
def payproof(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command as a real process in an empty folder: `payproof("run", "--target", "mock")`.

    The first argument `-m-pytest` runs pytest instead.
    """

    def call(*arguments: str, cwd: Path = tmp_path, timeout: float = 180, **environment: str) -> subprocess.CompletedProcess[str]:
        program = [sys.executable, "-m", "pytest"] if arguments[0] == "-m-pytest" else [sys.executable, "-m", "payproof", arguments[0]]
        return subprocess.run(
            [*program, *arguments[1:]], cwd=cwd, env={**os.environ, **environment},
            capture_output=True, text=True, timeout=timeout, check=False,
        )  # fmt: skip

    return call
