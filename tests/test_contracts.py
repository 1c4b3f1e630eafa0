"""The contracts as texts: enough of them, each with its ground, each sentence of the sources mapped."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import pytest

from payproof import replay, yamlfile
from payproof.clause import Basis, Keyword
from payproof.exchange import Exchange, Request, Response
from payproof.schema import resolve
from payproof.shape import FORM

if TYPE_CHECKING:
    from collections.abc import Iterator

    from payproof.clause import Clause
    from payproof.contract import Contract
    from payproof.kit import Kit

APIS = ("jpmorgan-oauth", "jpmorgan-payments", "jpmorgan-profiles", "mercadopago-profiles", "zuora-credentials")
FEWEST = {"jpmorgan-oauth": 24, "jpmorgan-payments": 120, "jpmorgan-profiles": 90, "mercadopago-profiles": 95, "zuora-credentials": 65}
SOURCES = {
    "jpmorgan-oauth": {"quick-start": 20},
    "jpmorgan-payments": {"quick-start": 15, "profile-in-payment": 14},
    "jpmorgan-profiles": {"manage-methods": 20, "profile-in-payment": 4},
    "mercadopago-profiles": {"create-profile": 50},
    "zuora-credentials": {"create-profile": 55},
}
"""How many sentences of each source are listed at least; a shorter list has lost some."""

HAS = frozenset({"state", "clock", "second-tenant", "fault-control", "effects", "raw-body"})


def raw(kit: Kit, api: str) -> dict[str, Any]:
    """Give the contract as it stands in its file."""
    data: dict[str, Any] = yamlfile.load(kit.root / "contracts" / f"{api}.yaml").data
    return data


def written(kit: Kit) -> Iterator[tuple[Contract, Clause]]:
    """Give the clauses that somebody wrote, with their contracts."""
    for contract in kit.contracts.values():
        for clause in contract.clauses.values():
            yield contract, clause


@pytest.mark.parametrize("api", APIS)
def test_contract_has_its_clauses(kit: Kit, api: str) -> None:
    assert len(kit.contracts[api].clauses) >= FEWEST[api]


def test_texts_are_sentences(kit: Kit) -> None:
    broken = [c.id for _, c in written(kit) if not c.text.endswith(".") or not c.text[0].isupper() or "\n" in c.text]

    assert broken == []


def test_no_condition_is_said_twice(kit: Kit) -> None:
    said: dict[tuple[Any, ...], list[str]] = {}
    for _, clause in written(kit):
        assert clause.holds is not None
        key = (clause.operations, clause.when.text if clause.when else "", clause.holds.text)
        said.setdefault(key, []).append(clause.id)

    assert [names for names in said.values() if len(names) > 1] == []


def test_clauses_that_compare_states_need_state(kit: Kit) -> None:
    """A target that keeps no state must not be accused of losing it."""
    undeclared = [
        clause.id for _, clause in written(kit) if "before" in clause.reads and "state" not in clause.needs and not clause.deferred
    ]

    assert undeclared == []


def test_documented_clauses_rest_on_a_statement(kit: Kit) -> None:
    mapped = {name for contract in kit.contracts.values() for s in contract.statements for name in s.get("by", ())}
    loose = [c.id for _, c in written(kit) if c.ground.basis == Basis.DOCUMENTED and c.id not in mapped]

    assert loose == []


def test_assumptions_and_invariants_say_why(kit: Kit) -> None:
    for api in APIS:
        for name, clause in raw(kit, api)["clauses"].items():
            if clause["basis"] == Basis.ASSUMED:
                assert len(clause["reason"]) > 40, name
            if clause["basis"] == Basis.INVARIANT:
                assert len(clause["harm"]) > 20, name


def test_write_only_members_are_recommendations(kit: Kit) -> None:
    """OpenAPI says that a write-only member SHOULD NOT be in a response; a `must` would say more than the source."""
    for name in ("CPM-NO-EXTERNAL-ID", "CPM-NO-INLINE-ADDRESS"):
        assert kit.contracts["jpmorgan-profiles"].clauses[name].keyword == Keyword.SHOULD


@pytest.mark.parametrize("api", APIS)
def test_sources_are_listed_in_full(kit: Kit, api: str) -> None:
    listed = [statement["document"] for statement in kit.contracts[api].statements]

    for document, fewest in SOURCES[api].items():
        assert listed.count(document) >= fewest


@pytest.mark.parametrize("api", APIS)
def test_every_document_is_used(kit: Kit, api: str) -> None:
    contract = kit.contracts[api]
    used = {clause.ground.document for clause in contract.clauses.values()}
    used |= {statement["document"] for statement in contract.statements}
    used |= {entry["at"]["document"] for entry in contract.discrepancies.values()}

    assert set(contract.documents) == used - {""}


def test_steps_of_mutants_differ_where_a_clause_has_several(kit: Kit) -> None:
    for api in APIS:
        for clause, entries in yamlfile.load(kit.root / "contracts" / "mutants" / f"{api}.yaml").data["mutants"].items():
            lies = [entry["lie"] for entry in entries]
            assert len(set(lies)) == len(lies), clause


def documented(kit: Kit) -> Iterator[tuple[str, str, Exchange]]:
    """Give each documented exchange as API, name and exchange, all of one caller, in the order of the documents.

    The pages show bodies; what they do not show comes from elsewhere: the caller's headers from the contract's
    `access`, filled with the documented token, and answer headers that an RFC demands.
    """
    token = ""
    number = 0
    for api in APIS:
        contract = kit.contracts[api]
        for entry in contract.exchanges:
            operation = contract.spec.operations[entry["operation"]]
            definition = _definition(contract, operation.id)
            sent = _example(contract, resolve(contract.spec.document, definition.get("requestBody", {})), entry.get("request"))
            got = _example(contract, resolve(contract.spec.document, definition["responses"][str(entry["status"])]), entry["response"])
            if entry["name"] == "token":
                token = got["access_token"]
            credentials = {
                "token": token, "merchant_id": "993371390059", "basic": "Y2xpZW50LWlkOmNsaWVudC1zZWNyZXQ=",
                "mercadopago_token": "APP_USR-documented", "zuora_token": "documented-token-of-some-length",
                "fresh": f"documented-{number}",
            }  # fmt: skip
            headers = {name: value.format_map(credentials) for name, value in contract.access["headers"].items()}
            headers |= entry.get("headers", {})
            form = headers.get("Content-Type") == FORM
            body = b"" if sent is None else urlencode(sent).encode() if form else json.dumps(sent).encode()
            path = operation.template
            for name, value in entry.get("path", {}).items():
                path = path.replace(f"{{{name}}}", quote(value))
            answered = {"Content-Type": "application/json", "Cache-Control": "no-store", "Pragma": "no-cache"}
            if entry["status"] == 401:
                answered["WWW-Authenticate"] = "Basic"
            request = Request(operation.method, f"https://documented{contract.spec.base_path}{path}", tuple(headers.items()), body)
            response = Response(entry["status"], tuple(answered.items()), json.dumps(got).encode())
            number += 1
            yield api, entry["name"], Exchange(f"d-{number}", request, response, float(number), 1.0, "documented", float(number))


def _definition(contract: Contract, operation: str) -> dict[str, Any]:
    paths = contract.spec.document["paths"].values()
    found: dict[str, Any] = next(
        entry for path in paths for entry in path.values() if isinstance(entry, dict) and entry.get("operationId") == operation
    )
    return found


def _example(contract: Contract, node: dict[str, Any], name: str | None) -> Any:
    if name is None:
        return None
    (media,) = node["content"].values()
    return resolve(contract.spec.document, media["examples"][name])["value"]


def test_documents_contradict_themselves_exactly_as_listed(kit: Kit) -> None:
    """The documented exchanges yield the findings that `discrepancies` lists, and no other."""
    named = list(documented(kit))
    listed = {
        (finding["exchange"], finding["clause"])
        for contract in kit.contracts.values()
        for entry in contract.discrepancies.values()
        for finding in entry["findings"]
    }

    trial = replay.judge_all(kit, [exchange for _, _, exchange in named], HAS)

    fragments = {(api, entry["name"]) for api in APIS for entry in kit.contracts[api].exchanges if entry.get("fragment")}
    found = {
        (named[number][1], finding.clause) for number, findings in trial.findings.items() for finding in findings
        if named[number][:2] not in fragments or finding.expected != "the member is there"
    }  # fmt: skip
    assert trial.errors == []
    assert found == listed
