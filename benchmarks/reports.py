"""What all reports of a long run cost: seconds and peak memory of each, and how fast the page answers in a browser.

Run: python benchmarks/reports.py [--exchanges N]... [--findings N]

Makes journals of N exchanges (5,000 as at depth smoke, and 20,000) from the clauses, documented outcomes and operations
of this repository's kit, with bodies as large as those of a run on the mock, and with 1,000 different findings. Writes
each report in a process of its own, which reads the journal first. Prints seconds of the wall clock and of the processor,
and the peak resident size. The baseline is a process that parses each line of the same journal as JSON and keeps nothing.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from payproof import journal, report, run, witness
from payproof.finding import Finding
from payproof.options import Options
from payproof.report import account, allure, har, html, junit, summary

if TYPE_CHECKING:
    from collections.abc import Callable

    from payproof.kit import Kit

ROOT = Path(__file__).resolve().parent.parent
WANTED = "wanted of all: 15 s and 400 MiB for 20,000 exchanges, and report.html under 2 MB"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FILTER = """async (text) => {
  const search = document.getElementById("search");
  const begin = performance.now();
  search.value = text;
  search.dispatchEvent(new Event("input"));
  const script = performance.now() - begin;
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return [script, performance.now() - begin];
}"""


def main() -> None:
    """Measure and print, or do the work of one process."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--exchanges", type=int, action="append", default=None)
    parser.add_argument("--findings", type=int, default=1000)
    parser.add_argument("--work", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.work:
        print(json.dumps(work(given.work[0], Path(given.work[1]))))
        return
    with tempfile.TemporaryDirectory() as folder:
        for number in given.exchanges or (5_000, 20_000):
            for findings in (0, given.findings):
                place = Path(folder) / f"{number}-{findings}"
                place.mkdir()
                measure(place, number, findings)
    print(WANTED)


def measure(place: Path, exchanges: int, findings: int) -> None:
    """Print the table of one journal."""
    path = write_journal(place, exchanges, findings)
    print(f"{exchanges} exchanges, {findings} findings, {path.stat().st_size / 1e6:.1f} MB of journal")
    for name in ("json alone", "account", *REPORTS, "all"):
        command = [sys.executable, __file__, "--work", name, str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=600)
        wall, processor, most = json.loads(done.stdout)
        print(f"  {name:14} {wall:7.2f} s {processor:7.2f} s of processor   peak {most / 1024:6.0f} MiB{size(place, name)}")
    browse(place / "report.html")


def size(place: Path, name: str) -> str:
    """Say how large a report is."""
    path = place / {"allure": "allure-results"}.get(name, name)
    if not path.exists():
        return ""
    files = [one for one in path.rglob("*") if one.is_file()] if path.is_dir() else [path]
    return f"   {sum(one.stat().st_size for one in files) / 1e6:6.2f} MB in {len(files)} file{'s' if len(files) > 1 else ''}"


REPORTS: dict[str, Callable[[Path, account.Account], object]] = {
    "junit.xml": lambda path, told: junit.write(path, told.verdict),
    "allure": lambda path, told: allure.write(path.with_name("allure-results"), told),
    "evidence.har": har.write,
    "report.html": html.write,
    "summary.md": lambda path, told: summary.write(path, told.verdict),
}


def work(name: str, path: Path) -> tuple[float, float, int]:
    """Do one thing; give seconds of the wall clock, seconds of the processor, and the peak resident size in KiB."""
    told = account.read(path) if name in REPORTS else None
    begin, spent = time.perf_counter(), time.process_time()
    if told is not None:
        REPORTS[name](path.with_name(name), told)
    elif name == "account":
        account.read(path)
    elif name == "all":
        report.write(path.parent, path)
    else:
        for _ in journal.lines(path):
            pass
    return time.perf_counter() - begin, time.process_time() - spent, peak()


def peak() -> int:
    """Give the peak resident size of this process in KiB; getrusage would tell that of its parent where that is larger."""
    found = re.search(r"VmHWM:\s+([0-9]+) kB", Path("/proc/self/status").read_text(encoding="utf-8"))
    return int(found[1]) if found else 0


def write_journal(place: Path, exchanges: int, findings: int) -> Path:
    """Write a journal whose findings are spread over its exchanges and over the clauses."""
    begun = run.Run.begin(Options(kit=ROOT, out=place))
    header = begun.header(None) | {"kit": None, "mock": True, "has": [], "depth": "standard"}
    shutil.rmtree(begun.shards)
    clauses, operations = header["clauses"], header["operations"]
    every = max(1, exchanges // findings) if findings else 0
    path = place / "journal.jsonl"
    with journal.Writer(path, header) as writer:
        for number in range(1, exchanges + 1):
            operation = operations[number % len(operations)]
            writer.write(exchange(number, operation, len(clauses)))
            if every and number % every == 0 and number // every <= findings:
                writer.write(finding(number, clauses[number // every % len(clauses)], operation))
            if number % 60 == 0:
                writer.write({"kind": "transition", "api": operation["api"], "resource": "thing", "state": f"state-{number % 9}",
                              "operation": operation["id"], "expected": "refused", "status": 409, "exchange": f"w0-{number}"})  # fmt: skip
        writer.close({"finished": header["started"], "stopped": [], "gaps": [], "generated": [], "outcomes": outcomes(begun.kit),
                      "drift": [{"where": f"{one['id']} 200 /new", "count": 3} for one in operations]})  # fmt: skip
    return path


def outcomes(kit: Kit) -> list[dict[str, Any]]:
    """Give the documented outcomes of the kit, none of them seen."""
    return list(witness.table(kit.contracts.values(), []))


def exchange(number: int, operation: dict[str, Any], clauses: int) -> dict[str, Any]:
    """Give an exchange; one in twenty has bodies as large as the largest twentieth of a run has (2,700 bytes)."""
    items = 20 if number % 20 == 0 else 3
    cards = [{"paymentMethodId": f"{number:012}-{one}", "last4CardNumber": "0919", "cardType": "VISA", "accountStatus": "ACTIVE",
              "expiration": "01/2031"} for one in range(items)]  # fmt: skip
    return {
        "kind": "exchange", "id": f"w0-{number}", "api": operation["api"], "operation": operation["id"], "tenant": f"t{number % 900}",
        "test": f"suites/test_{number % 30}.py::test_it[{number % 900}]",
        "started": 1.7e9 + number, "elapsed": number % 97 / 7, "at": 1.7e9 + number,
        "request": {"method": operation["method"], "url": f"http://127.0.0.1:8080/v1/{operation['id']}/{number}",
                    "headers": [["Accept", "application/json"], ["User-Agent", "payproof"], ["Content-Type", "application/json"],
                                ["Authorization", "Bearer [redacted:secret:0011223344]"], ["request-id", f"{number:032x}"]],
                    "body": json.dumps({"cards": cards[: items // 2 + 1]}) if operation["method"] != "GET" else ""},
        "response": {"status": 200 if number % 3 else 400, "headers": [["date", "Sat, 21 Nov 2026 10:00:00 GMT"], ["server", "mock"],
                     ["content-type", "application/json"], ["content-length", "700"], ["response-id", f"{number:032x}"]],
                     "body": json.dumps({"id": number, "cards": cards})},
        "judged": sorted({(number + step) % clauses for step in range(14)}), "unjudged": {"absent": [number % clauses]},
    }  # fmt: skip


def finding(number: int, clause: dict[str, Any], operation: dict[str, Any]) -> dict[str, Any]:
    """Give a finding with a fingerprint of its own."""
    return journal.finding_record(Finding(
        clause["id"], clause["api"], operation["id"], clause["keyword"], clause["basis"], "/cards/0/paymentMethodId",
        "equals the one that was sent: a5c7e2f9", f"{number:012}-0", f"w0-{number}",
    ))  # fmt: skip


def browse(path: Path) -> None:
    """Print how long a browser takes to show the page, and to filter it, if there is a browser."""
    program = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if program is None:
        print("  no browser is here")
        return
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  # of no use without a browser

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(path.as_uri())
        shown = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
        times = [page.evaluate(FILTER, text) for text in ("c", "ca", "car", "card", "zzz", "")]
        browser.close()
    script, painted = (max(column) for column in zip(*times, strict=True))
    print(f"  in a browser: shown after {shown:.0f} ms; a letter of the search takes {script:.0f} ms, and {painted:.0f} ms until painted")


if __name__ == "__main__":
    main()
