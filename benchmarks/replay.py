"""How many mutants of answers are judged a second, and how many openapi-core and jsonschema judge of the same ones.

Run: python benchmarks/replay.py [--api ID] [--sample N]

Makes the mutants of every documented answer of one API from its spec, and gives each, as bytes, to the judge (shape
clauses of request and response, findings with place and constraint), to openapi-core (iter_response_errors, all
errors) and to jsonschema (json.loads, then iter_errors of the body's schema, all errors). Prints, for processor time of
one process on this machine: mutants a second, the ratio to the judge, and how many were found to be broken. openapi-core
and jsonschema get every n-th mutant, so that it ends; jsonschema only those with a JSON body and a documented status.
"""

from __future__ import annotations

import argparse
import gc
import json
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from jsonschema import Draft202012Validator
from openapi_core import OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_core.testing import MockResponse

from payproof import kit as kits
from payproof import replay
from payproof.exchange import lowered
from payproof.judge import Judge
from payproof.redact import Redactor
from payproof.selftest.carrier import Carrier, Drawn
from payproof.selftest.mutation import Answers
from payproof.target import open_target

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from payproof.exchange import Exchange
    from payproof.kit import Kit
    from payproof.spec import Operation, Spec


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--api", default="jpmorgan-profiles")
    parser.add_argument("--sample", type=int, default=1000, help="how many mutants openapi-core and jsonschema get")
    options = parser.parse_args()
    kit = kits.load(Path(__file__).resolve().parent.parent)
    if options.api not in kit.contracts:
        parser.error(f"there is no API {options.api!r}; this kit has {', '.join(kit.contracts)}")
    mutants = made(kit, options.api)
    some = mutants[:: max(1, len(mutants) // options.sample)]
    spec = kit.contracts[options.api].spec
    print(f"{len(mutants)} mutants of answers of {options.api}; peers get {len(some)}")
    own, found = rate(by_judge(kit), mutants)
    print(f"{'payproof':14} {own:9,.0f} a second                     {found} of {len(mutants)} found")
    for name, call, given in (("openapi-core", by_openapi_core(spec), some), ("jsonschema", by_jsonschema(spec), readable(some))):
        theirs, found = rate(call, given)
        print(f"{name:14} {theirs:9,.0f} a second, {own / theirs:7.1f} times slower  {found} of {len(given)} found")


Mutant = tuple["Operation", "Exchange"]


@dataclass(slots=True)
class _Asked:
    """As much of a request as openapi-core needs to find the operation."""

    path: str
    method: str
    host_url: str = "https://documented.example"
    content_type: str = ""
    body: bytes | None = None
    parameters: RequestParameters = field(default_factory=RequestParameters)


def made(kit: Kit, api: str) -> list[Mutant]:
    """Make the mutants of all answers of an API from its recorded story and its spec."""
    with open_target(replay.Asked()) as target:
        chain = replay.record(kit, api, target)
    contract = kit.contracts[api]
    judge = bare(kit)
    drawn = Drawn(contract.spec)
    mutants = []
    for operation in contract.spec.operations.values():
        story = [(number, one) for number, one in enumerate(chain.exchanges) if (found := judge.find(one)) and found[1] is operation]
        number, base = next((number, one) for number, one in story if one.response is not None and one.response.status < 300)
        answers = Answers(drawn, operation, Carrier(base, None, number), story)
        mutants += [(operation, mutation.exchange) for mutation in answers.mutations()]
    return mutants


def bare(kit: Kit) -> Judge:
    """Give the judge that the replay level gives its mutants to: it has the shape clauses alone."""
    return Judge([replace(contract, clauses={}, effects={}, facts={}) for contract in kit.contracts.values()],
                 Redactor(kit.sensitive()), has=frozenset())  # fmt: skip


def rate(call: Callable[[Mutant], bool], mutants: Sequence[Mutant]) -> tuple[float, int]:
    """Give mutants a second of processor time, and how many were found to be broken; a tenth of them runs before, untimed."""
    for mutant in mutants[::10]:
        call(mutant)
    gc.collect()
    begin = time.process_time()
    found = sum(call(mutant) for mutant in mutants)
    return len(mutants) / (time.process_time() - begin), found


def by_judge(kit: Kit) -> Callable[[Mutant], bool]:
    """Judge by the shape clauses."""
    judge = bare(kit).judge
    return lambda mutant: bool(judge(mutant[1]).findings)


def by_jsonschema(spec: Spec) -> Callable[[Mutant], bool]:
    """Validate the body alone."""
    known: dict[int, Draft202012Validator] = {}
    components = spec.document.get("components", {})

    def call(mutant: Mutant) -> bool:
        operation, exchange = mutant
        assert exchange.response is not None  # noqa: S101  # mutants have answers
        answer = operation.answer(exchange.response.status)
        assert answer is not None  # noqa: S101  # `readable` has looked
        schema = next(iter(answer.media.values())).schema
        if id(schema) not in known:
            checker = Draft202012Validator.FORMAT_CHECKER
            known[id(schema)] = Draft202012Validator({**schema, "components": components}, format_checker=checker)
        return bool(list(known[id(schema)].iter_errors(json.loads(exchange.response.body))))

    return call


def readable(mutants: Sequence[Mutant]) -> list[Mutant]:
    """Give the mutants whose body jsonschema can be asked about."""
    found = []
    for operation, exchange in mutants:
        response = exchange.response
        answer = operation.answer(response.status) if response is not None else None
        if response is None or answer is None or not answer.media:
            continue
        try:
            json.loads(response.body)
        except ValueError:
            continue
        found.append((operation, exchange))
    return found


def by_openapi_core(spec: Spec) -> Callable[[Mutant], bool]:
    """Validate status, media type, headers and body."""
    document = json.loads(json.dumps({name: value for name, value in spec.document.items() if name != "servers"}))
    openapi = OpenAPI.from_dict(document)

    def call(mutant: Mutant) -> bool:
        operation, exchange = mutant
        response = exchange.response
        assert response is not None  # noqa: S101  # mutants have answers
        headers = lowered(response.headers)
        raw = exchange.request.path().removeprefix(spec.base_path)
        request = _Asked(raw, operation.method.lower())
        answer = MockResponse(response.body, response.status, headers, headers.get("content-type", ""))
        return bool(list(openapi.iter_response_errors(request, answer)))

    return call


if __name__ == "__main__":
    main()
