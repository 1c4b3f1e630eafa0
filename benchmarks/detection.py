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
import contextlib
import json
import os
import pickle
import random
import re
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import yaml

from payproof.mock.faults import FAULTS
from payproof.mock.variants import VARIANTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
CLASSES = HERE / "detection.toml"
MUTANTS = "source mutants"
TOOLS = ("payproof", "tuned", "defaults")
STRICT = ["400", "401", "405", "415", "422"]
"""Answers with which a negative request counts as rejected by the tuned peer, of those that its API documents at all."""
GRACE = 60.0
"""Seconds that a program may take to write its results after its time is over, on a machine that is busy."""
SEEDED = 12
"""How many existing resources of each kind the tuned peer is told of."""


@dataclass(frozen=True)
class Server:
    """A server to be tried: its name, the class it counts in, its API, and how its process is started."""

    name: str
    kind: str
    api: str
    command: tuple[str, ...]


@dataclass
class Result:
    """What one program found on one server: causes, seconds and requests to the first that is new, and what it took."""

    found: dict[tuple[str, str], tuple[float, int]] = field(default_factory=dict)
    requests: int = 0
    findings: int = 0
    processor: float = 0.0
    problem: str = ""


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


# Servers


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
        found.append(Server(mutant.name, MUTANTS, apis[0], (sys.executable, str(Path(__file__).resolve()), "--serve", str(path))))
    return found


# Credentials and existing resources, for the peer; payproof makes its own by the same control interface


def call(http: httpx.Client, method: str, path: str, headers: Mapping[str, str], body: Any = None) -> Any:
    """Send a request that has to succeed, and give its JSON body."""
    return http.request(method, path, json=body, headers=dict(headers)).raise_for_status().json()


def tenant(http: httpx.Client, name: str) -> dict[str, str]:
    """Make a tenant and fetch its tokens."""
    made: dict[str, str] = http.post("/__mock__/tenants", json={"name": name}).raise_for_status().json()
    form = {"grant_type": "client_credentials", "scope": "jpm:payments:sandbox"}
    answer = http.post("/am/oauth2/alpha/access_token", data=form, auth=(made["client_id"], made["client_secret"]))
    made["token"] = answer.raise_for_status().json()["access_token"]
    form = {"client_id": made["zuora_client_id"], "client_secret": made["zuora_client_secret"], "grant_type": "client_credentials"}
    made["zuora_token"] = http.post("/oauth/token", data=form).raise_for_status().json()["access_token"]
    return made


def access(api: str, made: Mapping[str, str]) -> dict[str, str]:
    """Give the headers that let a tenant in at an API."""
    bearer = {"Authorization": f"Bearer {made['token']}"}
    if api == "jpmorgan-oauth":
        pair = httpx.BasicAuth(made["client_id"], made["client_secret"])
        return {"Authorization": next(pair.auth_flow(httpx.Request("GET", "http://localhost"))).headers["Authorization"]}
    if api == "jpmorgan-payments":
        return {**bearer, "merchant-id": made["merchant_id"]}
    if api == "jpmorgan-profiles":
        return {**bearer, "merchantIdentifier": made["merchant_id"]}
    return {"Authorization": f"Bearer {made['mercadopago_token' if api.startswith('mercadopago') else 'zuora_token']}"}


CARD = {"accountNumber": "4112344112344113", "expiry": {"month": 12, "year": 2040}}
STORED = {"accountNumber": "4234555678990919", "cardExpirationMonthYearNumber": "02/2040", "accountStatus": "ACTIVE", "cardType": "VI",
          "firstName": "John", "lastName": "Doe"}  # fmt: skip


def seeded(api: str, http: httpx.Client, made: Mapping[str, str]) -> list[dict[str, Any]]:
    """Make resources for a tenant, and give what belongs together, by the names of parameters, headers and members."""
    headers = access(api, made)
    known: list[dict[str, Any]] = []
    body: dict[str, Any]
    for number in range(SEEDED):
        if api == "jpmorgan-payments":
            keyed = {**headers, "request-id": f"seed-{number}"}
            merchant = {"merchantSoftware": {"companyName": "Payment Company", "productName": "Application Name"}}
            body = {"captureMethod": "MANUAL" if number % 2 else "NOW", "amount": 1000, "currency": "USD", "merchant": merchant,
                    "paymentMethodType": {"card": CARD}, "initiatorType": "CARDHOLDER", "accountOnFile": "NOT_STORED"}  # fmt: skip
            paid = call(http, "POST", "/api/v2/payments", keyed, body)["transactionId"]
            stored = profile_of(http, access("jpmorgan-profiles", made))
            known.append({"id": paid, "transactionReferenceId": paid, "consumerProfileId": stored["consumer-profile-id"],
                          "paymentMethodId": stored["payment-method-Id"]})  # fmt: skip
        elif api == "jpmorgan-profiles":
            known.append(dict(profile_of(http, headers)))
        elif api == "mercadopago-profiles":
            customer = call(http, "POST", "/v1/customers", headers, {"email": f"test_payer_{number}@testuser.com"})["id"]
            holder = {"name": "APRO", "identification": {"type": "CPF", "number": "12345678909"}}
            card = {"card_number": "4235647728025682", "expiration_month": 11, "expiration_year": 2040, "security_code": "123",
                    "cardholder": holder}  # fmt: skip
            token, other = (call(http, "POST", "/v1/card_tokens", headers, card)["id"] for _ in range(2))
            saved = call(http, "POST", f"/v1/customers/{customer}/cards", headers, {"token": other})["id"]
            body = {"payment_methods": [{"id": "visa", "type": "credit_card", "token": token, "default_method": True}]}
            keyed = {**headers, "X-Idempotency-Key": f"seed-{number}"}
            profile = call(http, "POST", f"/v1/customers/{customer}/payment-profiles", keyed, body)
            method = str(profile["payment_methods"][0]["payment_method_id"])
            known.append({"customer_id": customer, "payment_profile_id": profile["id"], "payment_method_id": method, "card_id": saved})
        elif api == "zuora-credentials":
            method = made["zuora_payment_method" if number % 2 else "zuora_second_payment_method"]
            body = {"status": "Agreed", "type": "Recurring", "consentAgreementRef": "ACCT1338AgreementV1.pdf",
                    "consentAgreementSrc": "External", "authGateway": made["zuora_gateway"]}  # fmt: skip
            stored = call(http, "POST", f"/v1/payment-methods/{method}/profiles", headers, body)
            known.append({
                "payment-method-id": method, "profile-number": str(stored["number"]), "Zuora-Entity-Ids": made["zuora_entity"],
                "Zuora-Org-Ids": made["zuora_org"], "authGateway": made["zuora_gateway"], "client_id": made["zuora_client_id"],
                "client_secret": made["zuora_client_secret"],
            })  # fmt: skip
    return known


def profile_of(http: httpx.Client, headers: Mapping[str, str]) -> dict[str, str]:
    """Make a consumer profile with a card, and give the path parameters that lead to both."""
    body = {"firstName": "John", "lastName": "Doe", "profilePaymentMethod": {"cardList": [STORED]}}
    made = call(http, "POST", "/api/v2/mmp/consumer-profiles", headers, body)
    method = made["paymentMethodType"]["cardList"][0]["paymentMethodId"]
    return {"consumer-profile-id": made["consumerProfileId"], "payment-method-Id": method}


# Programs


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


def run_peer(server: Server, url: str, limit: float, seed: int, folder: Path, *, tuned: bool) -> Result:
    """Let the Schemathesis command line test the server's API by the same spec."""
    spec = ROOT / "specs" / f"{server.api}.yaml"
    document = yaml.safe_load(spec.read_text(encoding="utf-8"))
    base = "/" + document["servers"][0]["url"].partition("://")[2].partition("/")[2]
    with httpx.Client(base_url=url, timeout=30, trust_env=False) as http:
        try:
            owner, other = tenant(http, "owner"), tenant(http, "other")
            known = seeded(server.api, http, owner) if tuned else []
        except (httpx.HTTPError, KeyError, ValueError, TypeError) as error:
            return Result(problem=f"what it needs could not be made: {type(error).__name__}")
    config: dict[str, Any] = {"cache": {"enabled": False}}
    config_path = folder / "schemathesis.toml"
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(config_path), "run", str(spec), "-u", url + base.rstrip("/"),
               "--generation-database", "none", "--seed", str(seed), "--report", "ndjson", "--report-ndjson-path", str(folder / "events"),
               "--no-color"]  # fmt: skip
    if tuned:
        people = [{"name": name, "fixedHeaders": [{"name": n, "value": v} for n, v in access(server.api, made).items()]}
                  for name, made in (("owner", owner), ("other", other))]  # fmt: skip
        (folder / "known.json").write_text(json.dumps(known), encoding="utf-8")
        (folder / "auth.json").write_text(json.dumps({"auth": people}), encoding="utf-8")
        more = {
            "hooks": "detection_hooks",
            "auth": {"wfc": {"path": str(folder / "auth.json"), "user": "owner", "peers": ["owner", "other"]}},
            "checks": {"negative_data_rejection": {"expected-statuses": rejections(document)}},
            "generation": {"no-shrink": True},
        }  # fmt: skip
        config |= more
        command += ["--continue-on-failure", "--max-time", str(int(limit)), "--mode", "all", "--checks", "all"]
    else:
        command += [part for name, value in access(server.api, owner).items() for part in ("-H", f"{name}: {value}")]
    config_path.write_text(toml(config), encoding="utf-8")
    began = time.time()
    spent = run(command, limit, folder)
    result = read_events(folder / "events", began)
    result.processor = spent
    return result


def rejections(document: Mapping[str, Any]) -> list[str]:
    """Give the strict answers that an API documents somewhere."""
    answers = {str(status) for path in document["paths"].values() for operation in path.values()
               if isinstance(operation, dict) for status in operation.get("responses", ())}  # fmt: skip
    return [status for status in STRICT if status in answers or status in {"400", "401", "405", "415"}]


def toml(tables: Mapping[str, Any]) -> str:
    """Write a configuration; JSON's strings, lists and numbers are TOML's as well."""

    def inline(value: Any) -> str:
        if isinstance(value, dict):
            return "{" + ", ".join(f"{json.dumps(name)} = {inline(inner)}" for name, inner in value.items()) + "}"
        return json.dumps(value)

    return "".join(f"{json.dumps(name)} = {inline(value)}\n" for name, value in tables.items())


def read_events(path: Path, began: float) -> Result:
    """Read what Schemathesis wrote: each failed check with the time and the number of its request."""
    result = Result()
    if not path.is_file():
        result.problem = "no events"
        return result
    seen: list[tuple[float, str, list[str]]] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        with contextlib.suppress(ValueError):  # the last line of a program that was stopped
            recorder = json.loads(line).get("ScenarioFinished", {}).get("recorder", {})
            for name, interaction in recorder.get("interactions", {}).items():
                failed = [check["name"] for check in recorder.get("checks", {}).get(name, ()) if check["status"] == "failure"]
                case = recorder["cases"].get(name, {}).get("value", {})
                seen.append((interaction["timestamp"] - began, f"{case.get('method')} {case.get('path')}", failed))
    for number, (when, operation, failed) in enumerate(sorted(seen), 1):
        for check in failed:
            result.found.setdefault((operation, check), (when, number))
    result.requests, result.findings = len(seen), len(result.found)
    return result


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


# The table


def middle(values: list[float]) -> str:
    """Give the median in as many digits as it deserves."""
    return f"{statistics.median(values):.1f}" if values else "-"


def table(results: Mapping[Server, Mapping[str, Result]], honest: Mapping[str, Mapping[str, Result]]) -> Iterator[str]:
    """Give the lines of the table: a class and a program a row."""
    yield "| class | program | caught | median seconds to the first | median requests to the first | findings a server |"
    yield "|---|---|---|---|---|---|"
    by_class: dict[str, list[Server]] = defaultdict(list)
    for server in results:
        by_class[server.kind].append(server)
    for kind, servers in by_class.items():
        for tool in TOOLS:
            firsts, counts = [], []
            for server in servers:
                known = honest[server.api][tool].found.keys()
                fresh = [at for cause, at in results[server][tool].found.items() if cause not in known]
                counts.append(len(fresh))
                if fresh:
                    firsts.append(min(fresh))
            yield (f"| {kind} | {tool} | {len(firsts)} of {len(servers)} | {middle([when for when, _ in firsts])} "
                   f"| {middle([float(number) for _, number in firsts])} | {sum(counts) / len(servers):.1f} |")  # fmt: skip


def alarms(title: str, results: Mapping[str, Mapping[str, Result]]) -> Iterator[str]:
    """Give the lines about servers on which nothing may be found."""
    for tool in TOOLS:
        found = {name: sorted(result[tool].found) for name, result in results.items()}
        guilty = {name: causes for name, causes in found.items() if causes}
        kinds = sorted({cause for causes in guilty.values() for _, cause in causes})
        yield (f"| {title} | {tool} | {len(guilty)} of {len(found)} | {sum(map(len, guilty.values()))} "
               f"| {', '.join(kinds[:6]) or '-'}{' ...' if len(kinds) > 6 else ''} |")  # fmt: skip


def main() -> None:
    """Try and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--limit", type=float, default=60.0, help="seconds for each program on each server [60]")
    parser.add_argument("--sample", type=int, default=0, metavar="N", help="so many lies of each class; 0 takes all [0]")
    parser.add_argument("--mutants", type=int, default=0, metavar="N", help="so many of the 200 mutants of the mock's source [0]")
    parser.add_argument("--variants", type=int, default=0, metavar="N", help="so many legal variants [0]")
    parser.add_argument("--seed", type=int, default=1, help="for the samples and for the programs [1]")
    parser.add_argument("--out", type=Path, default=None, help="keep what the programs wrote here")
    parser.add_argument("--serve", metavar="FILE", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve_mutant(options.serve)
        return
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
