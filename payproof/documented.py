"""The exchanges that the documents show, judged like any other: what they contradict is found, and has to be known.

A document shows bodies and paths. What it leaves out is not held against it: credentials are put in as the contract
says, headers of a response are not judged where none are shown, and of a fragment no member is missed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from payproof.errors import KitError
from payproof.exchange import Exchange, Request, Response
from payproof.judge import Judge
from payproof.redact import Redactor
from payproof.schema import resolve
from payproof.shape import FORM

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from payproof.contract import Contract
    from payproof.finding import Finding
    from payproof.kit import Kit
    from payproof.spec import Operation

HOST = "https://documented.example"
_START = 1_700_000_000.0
_BETWEEN = 60.0
"""Seconds from one documented exchange to the next; no document says how many."""


@dataclass(frozen=True, slots=True)
class Example:
    """A named payload of a spec: the operation that it belongs to, and its value."""

    operation: str
    name: str
    value: Any


class Credentials(dict[str, str]):
    """What placeholders of a contract's `access` stand for in a document; unknown ones stand for themselves."""

    def __missing__(self, name: str) -> str:
        return f"documented-{name}"


def requests(contract: Contract) -> Iterator[Example]:
    """Give every request payload of a spec, in its order."""
    for operation in contract.spec.operations.values():
        for name, value in _examples(contract, operation.definition.get("requestBody", {})).items():
            yield Example(operation.id, name, value)


def replay(kit: Kit, api: str) -> list[Finding]:
    """Judge the documented exchanges of one API in their order, and give what they break; `exchange` is their name.

    Where the API's access needs a token, it is the documented one, and the exchange that gives it is judged before.
    Raises KitError where a clause cannot be evaluated on a documented exchange.
    """
    contract = kit.contracts[api]
    chain = [*_before(kit, contract), *exchanges(contract, _credentials(kit, contract))]
    chain = [replace(exchange, started=_START + number * _BETWEEN, at=_START + number * _BETWEEN) for number, exchange in enumerate(chain)]
    has = frozenset(need for clause in kit.clauses() for need in clause.needs)
    found: list[Finding] = []
    for deferred in (False, True):
        judge = Judge(kit.contracts.values(), Redactor(kit.sensitive()), has=has, deferred=deferred)
        for exchange in chain:
            judgement = judge.judge(exchange)
            if judgement.errors:
                raise KitError(contract.path, f"documented exchange {exchange.id}: {judgement.errors[0]}")
            if judgement.api == api:
                shown = {one["name"]: one for one in contract.exchanges}[exchange.id]
                found += [finding for finding in judgement.findings if not _left_out(finding, shown, exchange)]
    return found


def exchanges(contract: Contract, credentials: Mapping[str, str]) -> Iterator[Exchange]:
    """Build the documented exchanges of a contract, without times."""
    access = {name: value.format_map(credentials) for name, value in contract.access.get("headers", {}).items()}
    for shown in contract.exchanges:
        operation = contract.spec.operations[shown["operation"]]
        request, response = _request(contract, operation, shown, access), _response(contract, operation, shown)
        yield Exchange(shown["name"], request, response, 0.0, 0.0, tenant="document")


def expected(contract: Contract) -> list[tuple[str, str]]:
    """Give what the contract's discrepancies say that its documented exchanges break: exchange and clause, in order."""
    listed = [finding for one in contract.discrepancies.values() for finding in one["findings"]]
    return sorted((finding["exchange"], finding["clause"]) for finding in listed)


def _left_out(finding: Finding, shown: Mapping[str, Any], exchange: Exchange) -> bool:
    if finding.clause.endswith(".headers"):
        return exchange.response is not None and len(exchange.response.headers) == 1
    return bool(shown.get("fragment")) and finding.clause.endswith(".schema") and finding.seen == "missing"


def _before(kit: Kit, contract: Contract) -> list[Exchange]:
    source = contract.access.get("token")
    if source is None or source["api"] == contract.api:  # its own exchanges are judged anyway
        return []
    issuer = kit.contracts[source["api"]]
    given = [one["name"] for one in issuer.exchanges if one["operation"] == source["operation"] and one["status"] == 200]
    return [exchange for exchange in exchanges(issuer, _credentials(kit, issuer)) if exchange.id in given[:1]]


def _credentials(kit: Kit, contract: Contract) -> Credentials:
    known = Credentials()
    source = contract.access.get("token")
    for exchange in _before(kit, contract):
        if source is not None and exchange.response is not None:
            known["token"] = json.loads(exchange.response.body)[source["member"]]
    by_name = {name.lower(): value for name, value in contract.access.get("headers", {}).items()}
    for operation in contract.spec.operations.values():
        for raw in operation.definition.get("parameters", ()):
            parameter = resolve(contract.spec.document, raw)
            placeholder = by_name.get(parameter["name"].lower(), "")
            if "example" in parameter and placeholder.startswith("{"):
                known[placeholder.strip("{}")] = parameter["example"]
    return known


def _examples(contract: Contract, content: Any) -> dict[str, Any]:
    node = resolve(contract.spec.document, content)
    return {name: resolve(contract.spec.document, one)["value"]
            for media in node.get("content", {}).values() for name, one in media.get("examples", {}).items()}  # fmt: skip


def _request(contract: Contract, operation: Operation, shown: Mapping[str, Any], access: Mapping[str, str]) -> Request:
    path = operation.template
    for name, value in shown.get("path", {}).items():
        path = path.replace(f"{{{name}}}", quote(value, safe=""))
    headers = {**access, **shown.get("headers", {})}
    body = b""
    if "request" in shown:
        value = _examples(contract, operation.definition["requestBody"])[shown["request"]]
        body = urlencode(value).encode() if FORM in operation.bodies else json.dumps(value).encode()
    return Request(operation.method, HOST + contract.spec.base_path + path, tuple(headers.items()), body)


def _response(contract: Contract, operation: Operation, shown: Mapping[str, Any]) -> Response:
    answer = resolve(contract.spec.document, operation.definition["responses"][str(shown["status"])])
    media = next(iter(answer["content"]))
    value = _examples(contract, answer)[shown["response"]]
    return Response(shown["status"], (("Content-Type", media),), json.dumps(value).encode())
