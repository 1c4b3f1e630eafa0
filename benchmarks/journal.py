"""Whether writing and reading a journal stays in bounded memory: the peak for few exchanges and for many.

Run: python benchmarks/journal.py [--exchanges N]

Writes and reads back N exchanges (100,000) and a hundredth of them, each in a process of its own, and prints the peak
resident size of both and the ratio. A ratio near 1 means that memory does not grow with the number of exchanges.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from payproof import journal
from payproof.exchange import Exchange, Request, Response
from payproof.judge import Judgement
from payproof.redact import Redactor

BODY = json.dumps({"consumerProfileId": "PACJGQ", "cards": [{"paymentMethodId": f"id-{n}", "last4CardNumber": "0919"} for n in range(20)]})


def main() -> None:
    """Measure and print, or do the work of one process."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--exchanges", type=int, default=100_000)
    parser.add_argument("--work", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.work:
        work(given.work)
        return
    peaks = {}
    for number in (given.exchanges // 100, given.exchanges):
        begin = time.perf_counter()
        done = subprocess.run([sys.executable, __file__, "--work", str(number)], capture_output=True, text=True, check=True, timeout=1800)
        peaks[number] = int(done.stdout)
        print(f"{number:8} exchanges: peak {peaks[number] / 1024:7.1f} MiB, {time.perf_counter() - begin:6.1f} s")
    few, many = peaks.values()
    print(f"ratio of the peaks: {many / few:.2f} (1 means bounded)")


def work(number: int) -> None:
    """Write and read back; print the peak resident size in KiB."""
    redactor = Redactor({})
    judgement = Judgement("api", "operation")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.jsonl"
        with journal.Writer(path, {"target": "mock"}) as writer:
            for count in range(number):
                request = Request("POST", f"http://127.0.0.1/things/{count}", (("request-id", str(count)),), b"{}")
                response = Response(200, (("content-type", "application/json"),), BODY.encode())
                exchange = Exchange(f"w0-{count + 1}", request, response, float(count), 1.0)
                writer.write(journal.exchange_record(exchange, judgement, redactor, {}))
            writer.close({})
        read = sum(bool(journal.read_exchange(record)) for record in journal.read(path) if record["kind"] == "exchange")
    if read != number:
        message = f"{number} exchanges were written and {read} read"
        raise SystemExit(message)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


if __name__ == "__main__":
    main()
