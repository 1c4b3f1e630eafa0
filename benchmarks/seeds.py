"""Whether the honest mock is ever accused: many seeds, with and without CI in the environment, at other times of the clock.

Run: python benchmarks/seeds.py [--seeds N] [--depth standard]

Runs `payproof run` with seeds 1 to N, every second one with CI=true, and every fifth one with the mock's clock at 2024
or 2035. Prints exit code, findings and how many of the generated requests no other seed sent.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CLOCKS = (None, None, None, "2024-02-29T12:00:00Z", "2035-06-30T23:59:00Z")


def main() -> None:
    """Run the seeds and print a line each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--depth", default="standard")
    given = parser.parse_args()
    requests: dict[int, set[str]] = {}
    bad = 0
    for seed in range(given.first, given.first + given.seeds):
        clock = CLOCKS[seed % len(CLOCKS)]
        environment = {name: value for name, value in os.environ.items() if name != "CI"} | ({"CI": "true"} if seed % 2 else {})
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "payproof", "run", "--seed", str(seed), "--depth", given.depth, "--out", folder]
            begin = time.perf_counter()
            done = subprocess.run(command + (["--clock", clock] if clock else []), env=environment, capture_output=True, text=True,
                                  timeout=900, check=False)  # fmt: skip
            seconds = time.perf_counter() - begin
            counts = json.loads((Path(folder) / "verdict.json").read_text(encoding="utf-8"))["counts"]
            requests[seed] = generated(Path(folder) / "journal.jsonl")
        bad += done.returncode != 0
        print(f"seed {seed:3} CI {'yes' if 'CI' in environment else 'no ':3} clock {clock or 'now':20} exit {done.returncode} "
              f"findings {counts['findings']} suite errors {counts['suite_errors']} exchanges {counts['exchanges']} "
              f"generated {len(requests[seed])} {seconds:.0f} s", flush=True)  # fmt: skip
        if done.returncode:
            print(done.stdout[-3000:], flush=True)
    for seed, own in requests.items():
        others = set().union(*(sent for other, sent in requests.items() if other != seed))
        print(f"seed {seed:3}: {len(own - others)} of {len(own)} generated requests were sent by no other seed")
    print(f"{given.seeds - bad} of {given.seeds} seeds conformant")
    sys.exit(1 if bad else 0)


def generated(path: Path) -> set[str]:
    """Give digests of the requests of a journal that were sent to be accepted or refused, without ids and credentials."""
    found = set()
    with path.open(encoding="utf-8", errors="surrogatepass") as file:
        for line in file:
            record = json.loads(line)
            if record["kind"] == "exchange" and "intent" in record:
                request = record["request"]
                headers = [pair for pair in request["headers"] if pair[0].lower() not in {"authorization", "merchantidentifier"}]
                text = repr((record["operation"], headers, request["body"], record["intent"]))
                found.add(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).hexdigest())
    return found


if __name__ == "__main__":
    main()
