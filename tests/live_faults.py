"""Runs the suites once for each named lie of the mock, in one process, so that nothing is loaded twice.

Run: python tests/live_faults.py OUT FAULT...

Prints a JSON line for each fault: its name, the exit code, the clauses that were broken, and the seconds that it took.
It is no test itself; see `test_faults_live.py`, and `payproof run --fault NAME` for one of them.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
import time
from pathlib import Path

from payproof import kit
from payproof.cli.run import run
from payproof.mock.faults import FAULTS
from payproof.options import Options

ROOT = Path(__file__).resolve().parent.parent

TOGETHER = {
    "jpmorgan-oauth": ("jpmorgan-oauth", "jpmorgan-profiles"),
    "jpmorgan-profiles": ("jpmorgan-oauth", "jpmorgan-profiles"),
    "jpmorgan-payments": ("jpmorgan-oauth", "jpmorgan-payments", "jpmorgan-profiles"),
}
"""APIs that are one world: a lie told at one of them may show at another."""

SCENARIOS = "not test_properties and not test_stateful and not test_examples"
"""Property tests come from the spec and take longest; what a lie breaks beyond the spec, scenarios show."""


def main() -> None:
    """Run and print."""
    out, names = Path(sys.argv[1]), sys.argv[2:]
    loaded = kit.load(ROOT)
    kit.load = lambda *_, **__: loaded  # the same files each time
    for name in names:
        fault = FAULTS[name]
        folder = out / name
        began = time.perf_counter()
        with contextlib.redirect_stdout(io.StringIO()) as said:
            apis = TOGETHER.get(fault.api, (fault.api,))
            options = Options(apis=apis, depth="standard", keyword=SCENARIOS, out=folder, faults=(name,), kit=ROOT)
            code = run(options, workers=1)
        verdict = json.loads((folder / "verdict.json").read_text(encoding="utf-8"))
        line = json.dumps({
            "fault": name, "exit": code, "clauses": sorted({finding["clause"] for finding in verdict["findings"]}),
            "said": fault.clause in said.getvalue(), "seconds": round(time.perf_counter() - began, 1),
        })  # fmt: skip
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
