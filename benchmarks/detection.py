"""What is found, by whom, and when: `payproof run` beside the Schemathesis command line, tuned and with its defaults.

Run: python benchmarks/detection.py [--limit SECONDS] [--sample N] [--mutants N] [--seed N] [--variants N] [--out DIR]

Each server (the honest mock, legal variants, the mock with one named lie, a mutant of its source) runs in a process of its
own, once for each of the three, which get the same spec, the same credentials and the same time. A server is caught when
something is found that the same program does not find on the honest mock; what it finds there, or on a legal variant, is a
false alarm. `--sample` lies are drawn from each class, `--mutants` mutants from all of them (they need the dependency group
`selftest`).

The peer's best options here: a hook that puts ids and credentials that exist and belong together into paths, headers and
bodies, and a fresh idempotency key into each request; two tenants as `auth.wfc` peers, for object_level_authorization; 400,
401, 405, 415 and a documented 422 as the only answers that reject a negative request; every phase with positive and negative
data, every check, repeated until the time is spent, failures not shrunk; no cache from run to run.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from detection_peer import run_peer
from detection_program import Result, run_payproof
from detection_servers import Server, classes, mock_command, mutants, served
from detection_table import TOOLS, alarms, table

from payproof.mock.faults import FAULTS
from payproof.mock.variants import VARIANTS

if TYPE_CHECKING:
    from collections.abc import Callable

PROGRAMS: dict[str, Callable[[Server, str, float, int, Path], Result]] = {
    "payproof": run_payproof,
    "tuned": lambda server, url, limit, seed, folder: run_peer(server, url, limit, seed, folder, tuned=True),
    "defaults": lambda server, url, limit, seed, folder: run_peer(server, url, limit, seed, folder, tuned=False),
}


def tried(server: Server, tool: str, limit: float, seed: int, out: Path) -> Result:
    """Start the server, let one program at it, and give what it found."""
    folder = out / re.sub(r"[^\w.-]", "_", f"{server.kind}-{server.name}-{tool}")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with served(server) as url:
            result = PROGRAMS[tool](server, url, limit, seed, folder)
    except OSError as error:
        return Result(problem=str(error))
    if not result.requests and not result.problem:
        result.problem = "it sent nothing in its time"
    return result


def main() -> None:
    """Try and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--limit", type=float, default=60.0, help="seconds for each program on each server [60]")
    parser.add_argument("--sample", type=int, default=0, metavar="N", help="so many lies of each class; 0 takes all [0]")
    parser.add_argument("--mutants", type=int, default=0, metavar="N", help="so many of the 200 mutants of the mock's source [0]")
    parser.add_argument("--variants", type=int, default=0, metavar="N", help="so many legal variants [0]")
    parser.add_argument("--seed", type=int, default=1, help="for the samples and for the programs [1]")
    parser.add_argument("--out", type=Path, default=None, help="keep what the programs wrote here")
    options = parser.parse_args()
    kinds, draw = classes(), random.Random(options.seed)  # noqa: S311  # a sample, no secret
    servers = []
    for kind in dict.fromkeys(kinds.values()):
        names = sorted(name for name, own in kinds.items() if own == kind)
        if options.sample:
            names = sorted(draw.sample(names, min(options.sample, len(names))))
        servers += [Server(name, kind, FAULTS[name].api, mock_command("--fault", name)) for name in names]
    picked = sorted(draw.sample(sorted(VARIANTS), min(options.variants, len(VARIANTS))))
    apis = sorted({fault.api for fault in FAULTS.values()})
    differing = [Server(name, "variant", VARIANTS[name].api or draw.choice(apis), mock_command("--variant", name)) for name in picked]
    with tempfile.TemporaryDirectory() as folder:
        out = options.out.resolve() if options.out else Path(folder)
        out.mkdir(parents=True, exist_ok=True)
        if options.mutants:
            servers += mutants(options.mutants, options.seed, out)
        needed = sorted({server.api for server in [*servers, *differing]})
        plain = [Server(api, "honest", api, mock_command()) for api in needed]
        results: dict[Server, dict[str, Result]] = {}
        for number, server in enumerate([*plain, *differing, *servers], 1):
            results[server] = {tool: tried(server, tool, options.limit, options.seed, out) for tool in TOOLS}
            seen = ", ".join(f"{tool} {len(one.found)} in {one.requests}{f' ({one.problem})' if one.problem else ''}"
                             for tool, one in results[server].items())  # fmt: skip
            total = len(plain) + len(differing) + len(servers)
            print(f"{number}/{total} {server.name} ({server.api}): {seen}", file=sys.stderr, flush=True)
    honest = {server.api: results[server] for server in plain}
    spent = {tool: sum(one[tool].processor for one in results.values()) for tool in TOOLS}
    load = f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores" if hasattr(os, "getloadavg") else "unknown"
    print(f"seed {options.seed}, {options.limit:g} s a program and server; processor seconds taken: "
          f"{', '.join(f'{tool} {seconds:.0f}' for tool, seconds in spent.items())}; load at the end {load}\n")  # fmt: skip
    print("\n".join(table({server: results[server] for server in servers}, honest)))
    print("\n| nothing may be found on | program | servers accused | false alarms | of which kind |\n|---|---|---|---|---|")
    print("\n".join(alarms("the honest mock", honest)))
    if differing:
        fresh = {server.name: {tool: Result({cause: at for cause, at in one.found.items() if cause not in honest[server.api][tool].found})
                               for tool, one in results[server].items()} for server in differing}  # fmt: skip
        print("\n".join(alarms("legal variants, beyond that", fresh)))
    for server, each in results.items():
        for tool in TOOLS:
            if each[tool].problem:
                print(f"\n{tool} has no result on {server.name}: {each[tool].problem}")


if __name__ == "__main__":
    main()
