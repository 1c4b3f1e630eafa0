"""What is left at a target after runs that were killed: `python benchmarks/sweep.py [--kills 50] [--seed 1]`.

Each run is killed, all its processes at once, at a moment drawn by the seed: after so many things were announced, and a
random part of a request's time later, so that kills fall between a request and its answer too. `payproof sweep` follows,
against the stand-in for vendors' sandboxes on this machine. Printed are the things that were made, that were not
neutralised although the sweep did not tell of them (must be none), and the kills in the middle of a request. Exits 1
for anything that was forgotten.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from payproof import footprint  # noqa: E402  # the root has to be on the path first
from tests.standin import Standin, start  # noqa: E402  # the root has to be on the path first
from tests.standin.reckoning import forgotten  # noqa: E402  # the root has to be on the path first

APIS = ("jpmorgan-oauth", "jpmorgan-payments", "jpmorgan-profiles")
STORIES = "test_lifecycles or test_money or test_defaults"
LATENCY = 0.05
MOST_SECONDS = 300


def killed(arguments: list[str], environment: dict[str, str], out: Path, draw: random.Random) -> None:
    """Start a run and kill it."""
    things, part = draw.randint(1, 60), draw.random()
    process = subprocess.Popen(
        [sys.executable, "-m", "payproof", *arguments], env=environment, start_new_session=True, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    ends = time.monotonic() + MOST_SECONDS
    while time.monotonic() < ends and process.poll() is None:
        if sum(path.read_bytes().count(b'"kind":"sent"') for path in out.glob(footprint.PATTERN)) >= things:
            break
        time.sleep(0.001)
    time.sleep(part * LATENCY)
    with contextlib.suppress(ProcessLookupError):  # it came to its end before
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(60)


def swept(standin: Standin, folder: Path, seed: int, known: set[str]) -> tuple[int, int, int, int]:
    """Kill one run and sweep: things announced, kills within a request, outcomes told as unknown, things forgotten.

    `known` are the ids of what earlier kills left as unknown.
    """
    out = folder / "out"
    shutil.rmtree(out, ignore_errors=True)
    text, secrets = standin.entry(rate=200.0)
    (folder / "payproof.toml").write_text(text, encoding="utf-8")
    environment = {**os.environ, **secrets}
    apis = [part for api in APIS for part in ("--api", api)]
    arguments = ["run", "--kit", str(ROOT), "--target", "standin", "--targets", str(folder / "payproof.toml"), *apis, "-k", STORIES,
                 "--depth", "smoke", "--workers", "1", "--out", str(out)]  # fmt: skip
    standin.weather(latency_ms=LATENCY * 1000)
    killed(arguments, environment, out, random.Random(seed))  # noqa: S311  # a moment, no secret
    standin.fair()
    traces = footprint.read(out)
    done = subprocess.run([sys.executable, "-m", "payproof", "sweep", str(out)], env=environment, capture_output=True, text=True,
                          timeout=MOST_SECONDS, check=False)  # fmt: skip
    unknown = [line for line in done.stdout.splitlines() if line.startswith("unknown outcome: ")]
    living = [thing for thing in standin.living() if thing["id"] not in known]
    known |= {thing["id"] for thing in living}
    lost = forgotten(living, unknown)
    if lost:
        print(f"seed {seed}: {[(thing['kind'], thing['id']) for thing in lost]}\n{done.stdout}{done.stderr}")
    return len(traces), int(any(trace.state == footprint.UNKNOWN for trace in traces)), len(unknown), len(lost)


def main() -> int:
    """Kill and sweep so many times, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    totals = [0, 0, 0, 0]
    known: set[str] = set()
    with tempfile.TemporaryDirectory(prefix="payproof-sweep-") as name, start(Path(name), crowded=1, lifetime=120.0) as standin:
        for seed in range(given.seed, given.seed + given.kills):
            totals = [total + more for total, more in zip(totals, swept(standin, Path(name), seed, known), strict=True)]
        changed = standin.touched()["changed"]
    made, within, unknown, lost = totals
    print(f"{given.kills} kills, {within} of them within a request; {made} things announced, {unknown} told as unknown, "
          f"{lost} forgotten; {len(changed)} things of other people changed")  # fmt: skip
    return int(bool(lost or changed))


if __name__ == "__main__":
    sys.exit(main())
