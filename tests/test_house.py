"""The repository itself: its modules, its layers, its words, its tests, its commands."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from payproof.cli import COMMANDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "payproof"
MODULES = sorted(PACKAGE.rglob("*.py"))
LONGEST = 350
TOO_LONG: set[Path] = set()
"""Modules that are known to be too long; the test of one that is no longer fails until it is taken out of here."""

ORDER = (
    "payproof", "errors", "clock", "output",
    # values, and how files become them
    "exchange", "finding", "clause", "waiver", "yamlfile", "fileformat",
    # what the contract says
    "syntax", "quick", "chains", "expression", "schema", "spec", "door", "making", "contract", "kit", "ledger",
    # whether an exchange keeps it
    "pan", "redact", "echo", "scan", "shape", "names", "intent", "learning", "plan", "judge", "documented", "opinion", "witness",
    # what is kept
    "journal", "attempts", "shards", "divergence", "verdict",
    # how a target is reached
    "mock", "options", "secret", "place", "host", "route", "proxy", "manners", "turns", "desk", "connection", "transport", "auth", "grant",
    "placefile", "guard", "probe", "bearings", "answer", "footprint", "client", "keyring", "weather", "target", "approach", "tidy",
    # what is sent
    "constraint", "draft", "specimen", "negative", "subject", "boundary", "plot", "explore", "generated", "replay",
    "excerpt", "shell", "again",
    # a run, its readers, and who starts it
    "allurelog", "steps", "progress", "forecast", "resume", "run", "worker", "repeat", "transition", "actor", "report",
    "fixtures", "ground", "selection", "launch", "fleet", "plugin", "selftest", "cli", "__main__",
)  # fmt: skip
"""The modules from the lowest to the highest; `mock`, `report`, `selftest` and `cli` stand for their folders."""

PROVIDERS = re.compile(r"jpmorgan|j\.p\. ?morgan|mercado ?pago|zuora|chase", re.IGNORECASE)


def name_of(path: Path) -> str:
    """Give the place of a module in ORDER: its own name, or that of its folder."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return "payproof" if parts == ("__init__",) else parts[0]


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def ids(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


# Modules


@pytest.mark.parametrize("path", MODULES, ids=ids)
def test_module_has_one_noun(path: Path) -> None:
    """A module begins with what it is about, and is short enough to be read at once."""
    text = path.read_text(encoding="utf-8")

    assert ast.get_docstring(tree_of(path)), "has no docstring"
    assert (len(text.splitlines()) > LONGEST) is (path in TOO_LONG)


def imported(path: Path) -> Iterator[str]:
    """Give the names in ORDER that a module imports when it runs; what only types need vanishes then."""
    tree = tree_of(path)
    for_types = {
        id(inner) for node in ast.walk(tree) if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for statement in node.body for inner in ast.walk(statement)
    }  # fmt: skip
    for node in ast.walk(tree):
        if id(node) in for_types:
            continue
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "payproof":
            inside = (node.module or "").split(".")[1:2]
            for alias in node.names:
                known = (PACKAGE / f"{alias.name}.py").exists() or (PACKAGE / alias.name).is_dir()
                yield inside[0] if inside else alias.name if known else "payproof"
        elif isinstance(node, ast.Import):
            yield from (alias.name.split(".")[1] for alias in node.names if alias.name.startswith("payproof."))


def test_every_module_has_its_place() -> None:
    """Whoever adds a module says where it stands, and whoever removes one takes it out."""
    assert {name_of(path) for path in MODULES} == set(ORDER)
    assert len(set(ORDER)) == len(ORDER)


@pytest.mark.parametrize("path", MODULES, ids=ids)
def test_lower_modules_never_import_higher_ones(path: Path) -> None:
    """Dependencies point one way, late imports inside of functions included."""
    own = name_of(path)

    assert [name for name in imported(path) if ORDER.index(name) > ORDER.index(own)] == []


@pytest.mark.parametrize("path", [path for path in MODULES if name_of(path) == "mock"], ids=ids)
def test_mock_knows_nothing_of_the_engine(path: Path) -> None:
    """The mock is the second reading of the documents: an engine inside of it would agree with itself."""
    assert set(imported(path)) <= {"mock"}


@pytest.mark.parametrize("path", [path for path in MODULES if name_of(path) != "mock"], ids=ids)
def test_engine_names_no_provider(path: Path) -> None:
    """What is about a provider lives in the kit and in the mock."""
    lines = path.read_text(encoding="utf-8").splitlines()
    named = [line for line in lines if PROVIDERS.search(line)]

    assert named == []


CLOCKS = {"time.time", "time.time_ns", "time.monotonic", "time.monotonic_ns", "time.perf_counter", "time.perf_counter_ns", "time.sleep",
          "time.localtime", "time.gmtime", "datetime.now", "datetime.utcnow", "datetime.today", "date.today"}  # fmt: skip


def clocks_read(path: Path) -> set[str]:
    """Give the ways in which a module reads the system clock."""
    found = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Attribute):
            dotted = ast.unparse(node)
            found |= {clock for clock in CLOCKS if dotted == clock or dotted.endswith(f".{clock}")}
        elif isinstance(node, ast.ImportFrom) and node.module == "time":
            found |= {f"time.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("path", [*MODULES, *sorted((ROOT / "suites").rglob("*.py"))], ids=ids)
def test_two_modules_read_the_system_clock(path: Path) -> None:
    """One clock for the engine and one for the mock, so that both can be moved."""
    allowed = path in {PACKAGE / "clock.py", PACKAGE / "mock" / "clock.py"}

    assert bool(clocks_read(path)) is allowed


EXCUSE = re.compile(r"# (?:noqa|type: ?ignore)\b")
REASONED = re.compile(r"# (?:noqa: [A-Z0-9, ]+|type: ignore\[[a-z, -]+\])(?:  # | - )\S")


@pytest.mark.parametrize("folder", ["payproof", "suites", "tests", "benchmarks"])
def test_every_excuse_has_its_reason_beside_it(folder: str) -> None:
    """Who reads the line sees at once why a rule does not hold for it."""
    bare = []
    for path in sorted((ROOT / folder).rglob("*.py")):
        lines = path.read_text(encoding="utf-8").splitlines()
        bare += [f"{ids(path)}:{number}" for number, line in enumerate(lines, 1) if EXCUSE.search(line) and not REASONED.search(line)]

    assert bare == []


# Tests

SENDING = {"call", "send", "explore", "drive"}
"""Names of what sends a request that is judged, in suites."""


def checks(function: ast.AST, helpers: set[str], *, suite: bool) -> bool:
    """Say whether a function asserts something, expects an exception, or (in a suite) sends what is judged."""
    for node in ast.walk(function):
        if isinstance(node, ast.Assert):
            return True
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in {"raises", "fail"} | helpers or (suite and called in SENDING):
                return True
    return False


def functions_in(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(tree_of(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


@pytest.mark.parametrize("folder", ["tests", "suites"])
def test_every_test_can_fail(folder: str) -> None:
    """A test without an assertion proves nothing; in a suite, what is sent is judged by clauses."""
    without = []
    for path in sorted((ROOT / folder).rglob("*.py")):
        suite = "suites" in path.parts
        helpers: set[str] = set()
        near = [path, *(parent / "conftest.py" for parent in path.parents if (parent / "conftest.py").exists() and parent != ROOT)]
        near += (ROOT / folder / "fixtures").glob("*.py")
        known = [function for file in near for function in functions_in(file)]
        for _ in range(3):
            helpers |= {function.name for function in known
                        if not function.name.startswith("test_") and checks(function, helpers, suite=suite)}  # fmt: skip
        without += [f"{ids(path)}::{function.name}" for function in functions_in(path)
                    if function.name.startswith("test_") and not checks(function, helpers, suite=suite)]  # fmt: skip

    assert without == []


# Commands


@pytest.mark.parametrize("name", COMMANDS)
def test_command_says_the_same_everywhere(name: str, root: Path) -> None:
    """The table of commands, each command's own help and the README agree."""
    command = importlib.import_module(f"payproof.cli.{name}").command
    first = re.split(r"(?<=\.)\s", command.help or "")[0]

    assert command.name == name
    assert first == COMMANDS[name]
    assert re.search(rf"payproof {name}\b", (root / "README.md").read_text(encoding="utf-8")), "the README does not mention it"


def test_help_lists_every_command(payproof: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    """`payproof --help` prints each command with what it does."""
    done = payproof("--help")

    listed = dict(re.findall(r"^  (\w+)  +(\S.*)$", done.stdout.partition("Commands:")[2], re.MULTILINE))
    assert done.returncode == 0
    assert listed == COMMANDS
    assert "\n  Exit codes: 0 conformant, 1 not conformant," in done.stdout


SHOWN = re.compile(r"(?:`|^|&& |bin/)payproof (-?-?[a-z][^`\n&|#]*)", re.MULTILINE)
PROSE = re.compile(r"payproof (?:judges|knows|puts) ")


@pytest.mark.parametrize("path", [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))], ids=ids)
def test_page_shows_commands_that_are_there(path: Path) -> None:
    """Whoever pastes a command from a page has no wrong usage: the command and its options are known."""
    unknown = []
    for shown in SHOWN.findall(PROSE.sub("", path.read_text(encoding="utf-8"))):
        name, *words = shown.split()
        if name in COMMANDS:
            parameters = importlib.import_module(f"payproof.cli.{name}").command.params
            known = {"--help", *(option for one in parameters for option in (*one.opts, *one.secondary_opts))}
            unknown += [shown for word in words if re.match("--?[a-z]", word) and word.partition("=")[0].strip(".,)") not in known]
        elif name not in {"--help", "--version"}:
            unknown.append(shown)

    assert unknown == []


def test_every_command_has_a_file() -> None:
    """One file a command, and no file without one."""
    assert {path.stem for path in (PACKAGE / "cli").glob("*.py")} - {"__init__"} == set(COMMANDS)


# Words

FOREIGN = re.compile(
    r"[/](?:work|opt/venv|root|home|(?-i:Users)|tmp)/|[/]opt/venv\b|\.\.[/]shared\b"
    r"|pypi[.]org|pythonhosted[.]org|npmjs[.](?:org|com)|registry[.][a-z]|jfrog[.]|artifactory[.]|nexus[.]",
    re.IGNORECASE,
)


def committed(root: Path) -> list[Path]:
    """Give the files under version control; in a copy without any, those that would be."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=False)  # noqa: S607  # any git
    if listed.returncode:
        files = [path for path in root.rglob("*") if path.is_file()]
        return [path for path in files if not any(part.startswith(".") for part in path.relative_to(root).parts)]
    return [root / name for name in listed.stdout.split("\0") if name and (root / name).is_file()]


def test_no_file_names_a_machine(root: Path) -> None:
    """No path of a machine and no registry's host: the repository is the same wherever it is."""
    named = []
    for path in committed(root):
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        named += [f"{ids(path)}:{number}: {line.strip()[:80]}" for number, line in enumerate(text.splitlines(), 1) if FOREIGN.search(line)]

    assert named == []
