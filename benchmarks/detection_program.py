"""A program that `detection.py` lets at a server for a limited time, what it found there; and payproof as one of them."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from detection_servers import Server

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
GRACE = 60.0
"""Seconds that a program may take to write its results after its time is over, on a machine that is busy."""


@dataclass
class Result:
    """What one program found on one server: causes, seconds and requests to the first that is new, and what it took."""

    found: dict[tuple[str, str], tuple[float, int]] = field(default_factory=dict)
    requests: int = 0
    findings: int = 0
    processor: float = 0.0
    problem: str = ""


def run(command: list[str], limit: float, folder: Path) -> float:
    """Run a program for so many seconds at most, with time to write its results; give the processor seconds that it took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(HERE)))}
    process = subprocess.Popen(command, cwd=folder, stdout=(folder / "said").open("w"), stderr=subprocess.STDOUT, env=environment)
    try:
        process.wait(limit)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def run_payproof(server: Server, url: str, limit: float, seed: int, folder: Path) -> Result:
    """Let `payproof run` judge the server's API."""
    result, began = Result(), time.time()
    command = [sys.executable, "-m", "payproof", "run", "--kit", str(ROOT), "--target", url, "--api", server.api, "--workers", "1",
               "--seed", str(seed), "--out", str(folder / "out")]  # fmt: skip
    result.processor = run(command, limit, folder)
    journal = folder / "out" / "journal.jsonl"
    if not journal.is_file():
        result.problem = "no journal"
        return result
    when = 0.0
    for line in journal.read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        if record["kind"] == "exchange":
            result.requests += 1
            when = record["started"] + record["elapsed"] / 1000 - began
        elif record["kind"] == "finding":
            result.found.setdefault((str(record["operation"]), str(record["clause"])), (when, result.requests))
    verdict = folder / "out" / "verdict.json"
    result.findings = len(json.loads(verdict.read_text(encoding="utf-8"))["findings"]) if verdict.is_file() else len(result.found)
    return result
