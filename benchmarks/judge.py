"""How long the judge takes for the documented add of a payment method, and what its peers take for less.

Run: python benchmarks/judge.py [--rounds N]

Prints medians in microseconds on this machine, in one process, on the same exchange: the whole judge (spec and
clauses), its shape part alone, redaction and journal apart; beside it Schemathesis' operation.validate_response (shape
of the response only) and openapi-core's validation of request and response (shapes only). Every peer parses the
response anew, as it would have to in a run.
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests
import schemathesis

from payproof import kit as kits
from payproof.exchange import Exchange, Request, Response, lowered
from payproof.journal import Writer, exchange_record
from payproof.judge import Judge
from payproof.names import response_body
from payproof.opinion import SecondOpinion
from payproof.redact import Redactor
from payproof.shape import request_faults, response_faults

if TYPE_CHECKING:
    from collections.abc import Callable

    from payproof.kit import Kit

API = "jpmorgan-profiles"
HAS = frozenset({"state", "clock", "second-tenant", "fault-control", "effects", "raw-body"})


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=2000)
    rounds = parser.parse_args().rounds
    kit = kits.load(Path(__file__).resolve().parent.parent)
    read, add = documented(kit)
    figures = {
        "judge, whole (spec and clauses)": whole(kit, read, add, rounds),
        "judge, the same without the break": whole(kit, read, consistent(add), rounds),
        "judge, shape part alone": shape(kit, add, rounds),
        "redaction and journal": journal(kit, read, add, rounds),
        "Schemathesis validate_response": by_schemathesis(kit, add, rounds),
        "openapi-core request and response": by_openapi_core(kit, add, max(rounds // 20, 20)),
    }
    judged = clauses_judged(kit, read, add)
    received = len((add.response or Response(0)).body)
    print(f"documented add: {len(add.request.body)} bytes sent, {received} received, {judged} clauses judged")
    for name, value in figures.items():
        print(f"{name:36} {value:10.1f} us")
    ours, theirs = figures["judge, whole (spec and clauses)"], figures["openapi-core request and response"]
    print(f"{'openapi-core / judge':36} {theirs / ours:10.1f} x   (wanted: at least 8)")
    part = figures["judge, shape part alone"] / figures["Schemathesis validate_response"]
    print(f"{'shape part / Schemathesis':36} {part:10.2f} x   (wanted: at most 2)")


def documented(kit: Kit) -> tuple[Exchange, Exchange]:
    """Give a read that makes the state before known, and the documented add."""
    operation = kit.contracts[API].spec.operations["addPaymentMethod"].definition
    sent = operation["requestBody"]["content"]["application/json"]["examples"]["add-card"]["value"]
    got = operation["responses"]["200"]["content"]["application/json"]["examples"]["add-card"]["value"]
    before = json.loads(json.dumps(got))
    before["paymentMethodType"]["cardList"].pop()
    before["addresses"].pop()
    before["updateTimestamp"] = before["createTimestamp"]
    oauth = kit.contracts["jpmorgan-oauth"].spec.operations["issueToken"].definition["responses"]["200"]["content"]["application/json"]
    token = oauth["examples"]["token"]["value"]["access_token"]
    base = "http://127.0.0.1/api/v2/mmp/consumer-profiles/PACJGQ"
    headers = (("Accept", "application/json"), ("Authorization", f"Bearer {token}"), ("merchantIdentifier", "998482157630"))
    answer = (("content-type", "application/json"), ("content-length", "0"), ("date", "Sat, 21 Nov 2026 07:00:00 GMT"))
    read = Exchange("b-1", Request("GET", base, headers), Response(200, answer, json.dumps(before).encode()), 1.0, 1.0, "tenant", 1.0)
    request = Request("POST", f"{base}/payment-methods", (*headers, ("Content-Type", "application/json")), json.dumps(sent).encode())
    return read, Exchange("b-2", request, Response(200, answer, json.dumps(got).encode()), 2.0, 1.0, "tenant", 2.0)


def consistent(add: Exchange) -> Exchange:
    """Give the documented add as it would be if the document showed the address name that was sent."""
    response = add.response or Response(0)
    return replace(add, response=replace(response, body=response.body.replace(b"Work2", b"Work")))


def judge_of(kit: Kit) -> Judge:
    """Give a new judge."""
    return Judge(kit.contracts.values(), Redactor(kit.sensitive()), has=HAS)


def clauses_judged(kit: Kit, read: Exchange, add: Exchange) -> int:
    """Count the clauses that get an answer on the add."""
    judge = judge_of(kit)
    judge.judge(read)
    return len(judge.judge(add).judged)


def median(call: Callable[[int], Any], rounds: int, prepare: Callable[[int], Any] = lambda _: None) -> float:
    """Give the median of single calls in microseconds; `prepare` runs untimed before each."""
    for number in range(min(rounds, 50)):
        prepare(number)
        call(number)
    gc.collect()
    gc.disable()
    taken = []
    for number in range(50, 50 + rounds):
        prepare(number)
        begin = time.perf_counter_ns()
        call(number)
        taken.append(time.perf_counter_ns() - begin)
    gc.enable()
    return statistics.median(taken) / 1000


def at(exchange: Exchange, number: int) -> Exchange:
    """Give the exchange at a later moment, so that none overlaps with another."""
    return replace(exchange, started=exchange.started + number * 10)


def whole(kit: Kit, read: Exchange, add: Exchange, rounds: int) -> float:
    """Time the judge with the state before known."""
    judge = judge_of(kit)
    exchanges = [at(add, number) for number in range(rounds + 50)]
    return median(lambda number: judge.judge(exchanges[number]), rounds, lambda number: judge.judge(at(read, number)))


def shape(kit: Kit, add: Exchange, rounds: int) -> float:
    """Time parsing and validating the response."""
    spec = kit.contracts[API].spec
    operation = spec.operations["addPaymentMethod"]

    def call(_: int) -> None:
        headers = lowered(add.response.headers) if add.response else {}
        response_faults(spec, operation, add, headers, response_body(add, headers, operation))

    return median(call, rounds)


def journal(kit: Kit, read: Exchange, add: Exchange, rounds: int) -> float:
    """Time redaction and writing."""
    redactor = Redactor(kit.sensitive())
    judge = judge_of(kit)
    judge.judge(read)
    judgement = judge.judge(add)
    index = {clause.id: number for number, clause in enumerate(kit.clauses())}
    with tempfile.TemporaryDirectory() as folder, Writer(Path(folder) / "journal.jsonl", {}) as writer:
        return median(lambda _: writer.write(exchange_record(add, judgement, redactor, index)), rounds)


def by_schemathesis(kit: Kit, add: Exchange, rounds: int) -> float:
    """Time Schemathesis on a response that was not parsed before."""
    schema = schemathesis.openapi.from_dict(json.loads(json.dumps(kit.contracts[API].spec.document)))
    operation = schema["/consumer-profiles/{consumer-profile-id}/payment-methods"]["POST"]
    prepared = requests.Request(add.request.method, add.request.url, data=add.request.body).prepare()

    def response() -> schemathesis.Response:
        content = (add.response or Response(0)).body
        return schemathesis.Response(200, {"Content-Type": ["application/json"]}, content, prepared, elapsed=0.001, verify=True)

    made = [response() for _ in range(rounds + 50)]
    return median(lambda number: operation.validate_response(made[number]), rounds)


def by_openapi_core(kit: Kit, add: Exchange, rounds: int) -> float:
    """Time openapi-core on request and response."""
    opinion = SecondOpinion(list(kit.contracts.values()))
    contract = kit.contracts[API]
    judge = judge_of(kit)
    judgement = judge.judge(add)
    found = judge.find(add)
    if found is None or request_faults(contract.spec, found[1], add, found[2]):
        message = "the documented add does not belong to the spec"
        raise SystemExit(message)

    def call(_: int) -> None:
        opinion.seen.clear()
        doubt = opinion.disagreement(contract, found[1], add, judgement, found[2])
        if doubt:
            raise SystemExit(doubt)

    return median(call, rounds)


if __name__ == "__main__":
    main()
