"""Fixtures of a kit's providers: found by path, named apart, and named when they cannot be used."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from payproof import fixtures
from payproof.errors import KitError

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    from payproof.kit import Kit
    from payproof.plot import Plot

SHOP = '''
"""A shop."""
from __future__ import annotations
from dataclasses import dataclass
import pytest

@dataclass(frozen=True, slots=True)
class Shop:
    """It has a name."""
    name: str

@pytest.fixture
def shop() -> Shop:
    """Give a shop."""
    return Shop("corner")
'''


def written(kit: Path, name: str, text: str) -> Path:
    folder = kit.joinpath(*fixtures.FOLDER)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.py").write_text(text, encoding="utf-8")
    (kit / "conftest.py").write_text('pytest_plugins = ("payproof.plugin",)', encoding="utf-8")
    return kit


def test_every_file_is_a_module(tiny: Callable[..., Path]) -> None:
    """The files come in the order of their names, each under a name that says where it is from."""
    kit = written(written(tiny(), "shop", SHOP), "bank", "")

    found = dict(fixtures.load(kit))
    assert list(found) == [f"{fixtures.PACKAGE}.bank", f"{fixtures.PACKAGE}.shop"]
    assert all(sys.modules[name] is module for name, module in found.items())


def test_a_kit_needs_none(tiny: Callable[..., Path]) -> None:
    """A kit without the folder has no fixtures of its own."""
    assert list(fixtures.load(tiny())) == []


def test_a_file_that_cannot_be_imported_is_named(tiny: Callable[..., Path]) -> None:
    """Whatever a file raises, the message says which file it is, and nothing of it stays behind."""
    kit = written(tiny(), "shop", "raise RuntimeError('closed')")

    with pytest.raises(KitError, match=r"fixtures.shop\.py: cannot be imported: RuntimeError: closed"):
        list(fixtures.load(kit))
    assert not [name for name in sys.modules if name.startswith(fixtures.PACKAGE)]


def test_a_file_takes_what_another_one_has(tmp_path: Path) -> None:
    """Files are neighbours in one package, whichever comes first; those of a kit that was loaded before are forgotten."""
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        kit = written(tmp_path / name, "till", f"name = {name!r}")
        written(kit, "bank", "from .till import name")

        bank = dict(fixtures.load(kit))[f"{fixtures.PACKAGE}.bank"]
        assert bank.name == name


def test_an_operation_without_a_plot_is_named(tiny: Callable[..., Path], payproof: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    """Whoever asks for ground that nobody prepared hears which, and where it belongs."""
    kit = written(tiny(), "shop", SHOP)
    (kit / "suites" / "test_shop.py").write_text("def test_shop(ground):\n    ground('sell')\n", encoding="utf-8")

    done = payproof("run", f"--kit={kit}", "--workers=1", "--depth=smoke")
    assert "sell has no plot: add it to a fixture grounds_... in suites/fixtures" in done.stdout + done.stderr


def test_a_run_stops_at_such_a_file(tiny: Callable[..., Path], payproof: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    """`payproof run` names the file, and that it is the kit that is wrong."""
    kit = written(tiny(), "shop", "import nothing_of_this_name")

    done = payproof("run", f"--kit={kit}", "--workers=1")
    assert done.returncode == 2
    assert "shop.py: cannot be imported: ModuleNotFoundError" in done.stdout + done.stderr


@pytest.mark.parametrize("workers", ["1", "2"])
def test_suites_use_them(tiny: Callable[..., Path], payproof: Callable[..., subprocess.CompletedProcess[str]], workers: str) -> None:
    """A fixture of such a file is there for the suites, in one process and in workers, also where the kit cannot be written to."""
    kit = written(tiny(), "shop", SHOP)
    suite = "def test_shop(shop):\n    assert shop.name == 'other'\n"
    (kit / "suites" / "test_shop.py").write_text(suite, encoding="utf-8")
    for folder in (kit / "suites" / "fixtures", kit / "suites", kit):
        folder.chmod(0o555)
    try:
        done = payproof("run", f"--kit={kit}", f"--workers={workers}", "--depth=smoke")
    finally:
        for folder in (kit, kit / "suites", kit / "suites" / "fixtures"):
            folder.chmod(0o755)
    assert "Shop(name='corner')" in done.stdout + done.stderr or "'corner' == 'other'" in done.stdout + done.stderr


def test_every_operation_has_a_plot(kit: Kit, plots: dict[str, Plot]) -> None:
    """The suites about all providers reach each operation of this kit, and nothing else is prepared."""
    operations = {name for contract in kit.contracts.values() for name in contract.spec.operations}

    assert plots.keys() == operations
