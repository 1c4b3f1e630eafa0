"""The servers on which `detection.py` tries the programs: the honest mock, its variants, its lies, mutants of its source.

Each runs in a process of its own. As a program this is the server whose mutant is in the file that is named to it.
"""

from __future__ import annotations

import contextlib
import pickle
import random
import re
import subprocess
import sys
import threading
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from payproof.mock.faults import FAULTS

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
CLASSES = HERE / "detection.toml"
MUTANTS = "source mutants"


@dataclass(frozen=True)
class Server:
    """A server to be tried: its name, the class it counts in, its API, and how its process is started."""

    name: str
    kind: str
    api: str
    command: tuple[str, ...]


def classes() -> dict[str, str]:
    """Give the class of every lie. Raises SystemExit for one that has none, or two, or that is not there."""
    listed = tomllib.loads(CLASSES.read_text(encoding="utf-8"))
    found: dict[str, str] = {}
    for kind, names in listed.items():
        for name in names:
            if name in found or name not in FAULTS:
                raise SystemExit(f"{CLASSES}: {name} is listed twice, or is no lie of the mock")
            found[name] = kind
    missing = sorted(FAULTS.keys() - found.keys())
    if missing:
        raise SystemExit(f"{CLASSES}: give a class to {', '.join(missing)}")
    return found


@contextlib.contextmanager
def served(server: Server) -> Iterator[str]:
    """Start a server, and give its URL until the block ends."""
    process = subprocess.Popen(server.command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    guard = threading.Timer(120, process.kill)
    guard.start()
    try:
        assert process.stdout is not None  # noqa: S101  # it was asked for above
        seen = next((match for line in process.stdout if (match := re.search(r"http://127\.0\.0\.1:\d+", line))), None)
        guard.cancel()
        if seen is None:
            raise OSError("it does not start")
        yield seen.group()
    finally:
        guard.cancel()
        process.kill()
        process.wait()


def mock_command(*options: str) -> tuple[str, ...]:
    """Give the command of a mock on a free port."""
    return (sys.executable, "-m", "payproof", "mock", "--port", "0", *options)


def serve_mutant(path: str) -> None:
    """Be the server whose mutant is in a file, until killed."""
    from payproof import target  # noqa: PLC0415  # only in the process that is a mutant
    from payproof.selftest.mutant import switch  # noqa: PLC0415  # see above

    switch(pickle.loads(Path(path).read_bytes()))  # noqa: S301  # written by this program a moment ago
    server = vars(target)["MockServer"](control=True)
    server.start()
    print(server.url, flush=True)
    threading.Event().wait()


def mutants(count: int, seed: int, folder: Path) -> list[Server]:
    """Draw mutants and put each into a file from which a server can be started."""
    from payproof import kit  # noqa: PLC0415  # only where mutants are asked for
    from payproof.selftest import source  # noqa: PLC0415  # see above
    from payproof.selftest.mutant import drawn  # noqa: PLC0415  # see above

    pool = drawn(source.MOCK, kit.load(ROOT).contracts, source.COUNT, source.SEED)
    found = []
    for mutant, apis in random.Random(seed).sample(pool, min(count, len(pool))):  # noqa: S311  # a sample, no secret
        path = folder / f"{mutant.id}.pickle"
        path.write_bytes(pickle.dumps(mutant))
        found.append(Server(mutant.name, MUTANTS, apis[0], (sys.executable, str(HERE / "detection_servers.py"), str(path))))
    return found


if __name__ == "__main__":
    serve_mutant(sys.argv[1])
