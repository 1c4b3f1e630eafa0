"""How much of an allowed rate a run uses, as the server sees it: `python benchmarks/sandbox.py`.

A run of one API at smoke depth, two workers, against the stand-in for vendors' sandboxes on this machine: HTTPS, 100 ms
latency, ten requests a second allowed. Printed are the share of the rate that was used between the first and the last
request, and the largest number of requests that the server got within any second.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from payproof import journal  # noqa: E402  # the root has to be on the path first
from tests.standin import start  # noqa: E402  # the root has to be on the path first

MOST_SECONDS = 1800


def busiest(arrived: list[float]) -> int:
    """Give the largest number of requests within any second."""
    most = first = 0
    for index, moment in enumerate(arrived):
        while arrived[first] <= moment - 1.0:
            first += 1
        most = max(most, index - first + 1)
    return most


def main() -> None:
    """Run once and print what the server saw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--api", default="zuora-credentials")
    parser.add_argument("--rate", type=float, default=10.0)
    parser.add_argument("--latency", type=float, default=100.0, help="in milliseconds")
    parser.add_argument("--workers", default="2")
    parser.add_argument("-k", dest="keyword", default="", help="only suites whose name matches")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, start(Path(folder), lifetime=300.0, weather={"latency_ms": given.latency}) as standin:
        text, credentials = standin.entry(rate=given.rate)
        (Path(folder) / "payproof.toml").write_text(text, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "payproof", "run", "--kit", str(ROOT), "--target", "standin", "--api", given.api, "--depth", "smoke",
             "--workers", given.workers, "--out", folder, *(["-k", given.keyword] if given.keyword else [])],
            cwd=folder, env={**os.environ, **credentials}, capture_output=True, text=True, timeout=MOST_SECONDS, check=False,
        )  # fmt: skip
        written = [record for record in journal.read(Path(folder) / "journal.jsonl") if record["kind"] == "exchange"]
        begun = min((record["started"] for record in written), default=0.0)
        # What is looked at before the run, and the seconds in which the workers start, are no part of its pace.
        arrived = sorted(seen["arrived"] for seen in standin.record() if seen["arrived"] >= begun)
    told = [line for line in done.stdout.splitlines() if "requests (" in line]
    if len(arrived) < 2 * given.rate:
        sys.exit(f"{done.stdout}\n{done.stderr}\nonly {len(arrived)} requests: too few to say anything")
    span = arrived[-1] - arrived[0]
    print(*told, done.stdout.splitlines()[-1], sep="\n")
    print(f"{len(arrived)} requests in {span:.1f} s, {given.latency:g} ms latency, {given.workers} workers, exit {done.returncode}")
    print(f"used: {(len(arrived) - 1) / span / given.rate:.1%} of {given.rate:g} requests a second")
    print(f"most requests within a second: {busiest(arrived)}")


if __name__ == "__main__":
    main()
