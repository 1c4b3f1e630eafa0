"""How long the command takes: --help, a smoke run, a standard run, start-up included.

Run: python benchmarks/run.py [--rounds N]

Each is a real process, timed from outside; the median of the rounds is printed, with its ratio to the start of a bare
Python interpreter in the same round.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CASES = {
    "bare python": [sys.executable, "-c", "pass"],
    "payproof --help": [sys.executable, "-m", "payproof", "--help"],
    "payproof run --depth smoke": [sys.executable, "-m", "payproof", "run", "--depth", "smoke", "--workers", "2"],
    "payproof run --depth standard": [sys.executable, "-m", "payproof", "run", "--depth", "standard", "--workers", "2"],
}
WANTED = {"payproof --help": 0.4, "payproof run --depth smoke": 20.0, "payproof run --depth standard": 120.0}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    bare = 0.0
    for name, command in CASES.items():
        with tempfile.TemporaryDirectory() as folder:
            arguments = [*command, "--out", folder] if "run" in command else command
            taken = []
            for _ in range(rounds):
                begin = time.perf_counter()
                done = subprocess.run(arguments, capture_output=True, text=True, timeout=600, check=False)
                taken.append(time.perf_counter() - begin)
            median = statistics.median(taken)
            bare = bare or median
            wanted = f"  (wanted: at most {WANTED[name]:g} s)" if name in WANTED else ""
            print(f"{name:30} {median:7.2f} s  {median / bare:7.1f} x bare python  exit {done.returncode}{wanted}")
            verdict = Path(folder) / "verdict.json"
            if verdict.is_file():
                counts = json.loads(verdict.read_text(encoding="utf-8"))["counts"]
                print(f"{'':30} {counts['exchanges']} exchanges, {counts['exchanges'] / median:.0f} a second, {counts['clauses']} clauses")


if __name__ == "__main__":
    main()
