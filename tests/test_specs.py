"""The specs: sound as OpenAPI documents, honest about why each thing may be demanded, true to the documents."""

from __future__ import annotations

import copy
import hashlib
import json
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import openapi_spec_validator
import pytest
import schemathesis
import yaml
from hypothesis import Phase, given, seed, settings, strategies
from jsonschema import Draft202012Validator
from schemathesis import GenerationMode

from payproof import spec, yamlfile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REDOCLY = "@redocly/cli@2"
SPECS = Path(__file__).parent.parent / "specs"
APIS = ["jpmorgan-oauth", "jpmorgan-payments", "jpmorgan-profiles", "mercadopago-profiles", "zuora-credentials"]
DOCUMENTS = {api: yamlfile.load(SPECS / f"{api}.yaml").data for api in APIS}

METHODS = {"get", "post", "patch", "delete"}
BASES = {"documented", "reference", "standard", "assumed"}
NO_DEMAND = {"description", "examples", "properties", "items", "$ref"}
FOREIGN_REGEX = re.compile(r"\\[dDwWsSpPbBAZz]|\(\?")

OPERATIONS = {
    "issueToken": "POST /am/oauth2/alpha/access_token",
    "createConsumerProfile": "POST /consumer-profiles",
    "getConsumerProfile": "GET /consumer-profiles/{consumer-profile-id}",
    "updateConsumerProfile": "PATCH /consumer-profiles/{consumer-profile-id}",
    "deleteConsumerProfile": "DELETE /consumer-profiles/{consumer-profile-id}",
    "addPaymentMethod": "POST /consumer-profiles/{consumer-profile-id}/payment-methods",
    "updatePaymentMethod": "PATCH /consumer-profiles/{consumer-profile-id}/payment-methods/{payment-method-Id}",
    "deletePaymentMethod": "DELETE /consumer-profiles/{consumer-profile-id}/payment-methods/{payment-method-Id}",
    "setDefaultPaymentMethod": ("PATCH /consumer-profiles/{consumer-profile-id}/payment-methods/{payment-method-Id}/default"),
    "getPaymentMethodStatus": ("GET /consumer-profiles/{consumer-profile-id}/payment-methods/{payment-method-Id}/status"),
    "createPayment": "POST /payments",
    "findPayment": "GET /payments",
    "getPayment": "GET /payments/{id}",
    "updatePayment": "PATCH /payments/{id}",
    "capturePayment": "POST /payments/{id}/captures",
    "createRefund": "POST /refunds",
    "getRefund": "GET /refunds/{id}",
    "createVerification": "POST /verifications",
    "createPaymentProfile": "POST /customers/{customer_id}/payment-profiles",
    "listPaymentProfiles": "GET /customers/{customer_id}/payment-profiles",
    "getPaymentProfile": "GET /customers/{customer_id}/payment-profiles/{payment_profile_id}",
    "cancelPaymentProfile": "POST /customers/{customer_id}/payment-profiles/{payment_profile_id}/cancel",
    "addProfileMethod": "POST /customers/{customer_id}/payment-profiles/{payment_profile_id}/payment-methods",
    "deleteProfileMethod": (
        "DELETE /customers/{customer_id}/payment-profiles/{payment_profile_id}/payment-methods/{payment_method_id}"
    ),
    "createCustomer": "POST /customers",
    "searchCustomers": "GET /customers/search",
    "getCustomer": "GET /customers/{customer_id}",
    "saveCard": "POST /customers/{customer_id}/cards",
    "createCardToken": "POST /card_tokens",
    "createStoredCredential": "POST /v1/payment-methods/{payment-method-id}/profiles",
    "listStoredCredentials": "GET /v1/payment-methods/{payment-method-id}/profiles",
    "cancelStoredCredential": "POST /v1/payment-methods/{payment-method-id}/profiles/{profile-number}/cancel",
    "expireStoredCredential": "POST /v1/payment-methods/{payment-method-id}/profiles/{profile-number}/expire",
    "issueZuoraToken": "POST /oauth/token",
}

# SHA-256 of each documented payload as compact JSON in the order of its members, taken from the vendor's pages.
DOCUMENTED = {
    "issueToken request token": "0dfbd36ace30748607c863926d9d7610f702c08c4b777682de88afc09d22d552",
    "issueToken 200 token": "93ee42f184f72a5d09ca8641e9d321f4a8b0c98409f84eea0ec3acf73e549360",
    "issueToken 401 token-refused": "af64d5db335eb483446b8917843ab63ffe40dccc51849d463f16bb63ccd16ada",
    "addPaymentMethod request add-card": "2db09b1e7ae6fc1e8180108e3adc75e915285ea2558a91dd0cf6c5dcce280949",
    "addPaymentMethod 200 add-card": "e283494be56a3b51a0345a960935876911dfd42f4730bd033f6433ffa3dcdf6d",
    "deletePaymentMethod 200 delete-card": "061f3de827f708e73c93a2a13f5c235351626189c8881fb17a3587d1a45833c2",
    "updatePaymentMethod request update-card": "69443f0699f029770546399cbcc919637127f4ce20891f4e33c28ee4d9da123d",
    "updatePaymentMethod 200 update-card": "d42be09d4bdb96bba32a154b6d5db73d1289d1baa7b2273b813890f3e9a58069",
    "setDefaultPaymentMethod 200 set-default": "c1a78873ca4093739b03f73c4fc3e5cdf393002a0b73476ae2d4bcefe11b00b6",
    "getPaymentMethodStatus 200 status": "94c4fa86dc9cdb28fd7899c6cfcab95ca2cd77e7be08062339b90389327de008",
    "createPayment request quick-start": "ee19687c84a14c5dc129fbcc1fa4fa573d5885ae770ccb4f43888b3c1059a63d",
    "createPayment request create-profile": "58bc7716df3d7c24bdd112a2b189adabd2d1b9cda1e953a4343a45d95b9553bb",
    "createPayment request use-profile": "4ee759c9f8b3e4dfec0ed4679279c3e8bf7c398bb78b2fe61b3845f07a3fef38",
    "createPayment 200 quick-start": "012af754dbbbd37a386edcc4d58874dc87e527d85521ae3de3fb131d32f75c09",
    "createPayment 200 create-profile": "b50b4f838822b897bc653404a9658239f8c80502f41fe1d5c3b1fe400a52837c",
    "createPaymentProfile request create": "c91ceb2fee50497296cc8230e937b4ecc0b4bc7da771cf2aa81513b90f5c5a27",
    "createPaymentProfile 201 create": "4a27ce07b3419f56c65edc91f12064466106e406c7a342b2ecadb0433f9e92d7",
    "createStoredCredential request create-profile": "37e14ac82756051d44d3f3098a36df56846237fd5abcfcc9368f4dcc3d26bc04",
    "createStoredCredential 200 create-profile": "f49beae481b142dcfea009fde73a22d8730005a02ceca1574a79d236389a5e6c",
}


def resolve(document: Any, node: Any) -> Any:
    while isinstance(node, dict) and "$ref" in node:
        target = document
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        node = target
    return node


def operations(document: Any) -> Iterator[tuple[str, str, Any]]:
    for path, item in document["paths"].items():
        for method in METHODS & item.keys():
            yield method, path, item[method]


def nodes(node: Any, at: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(node, dict):
        yield at, node
        for name, member in node.items():
            yield from nodes(member, f"{at}/{name}")
    elif isinstance(node, list):
        for index, member in enumerate(node):
            yield from nodes(member, f"{at}/{index}")


def examples(document: Any) -> Iterator[tuple[str, str, Any, Any, Any]]:
    """Give operation, `request`, status or parameter, name, example and schema of every example."""
    for _, _, operation in operations(document):
        bodies = [("request", operation.get("requestBody", {}))]
        bodies += [(status, resolve(document, answer)) for status, answer in operation["responses"].items()]
        for where, holder in bodies:
            for media in holder.get("content", {}).values():
                for name, example in media.get("examples", {}).items():
                    yield operation["operationId"], where, name, example, media["schema"]
        for parameter in (resolve(document, raw) for raw in operation.get("parameters", ())):
            single = {"example": {"value": parameter["example"]}} if "example" in parameter else {}
            for name, example in {**single, **parameter.get("examples", {})}.items():
                yield operation["operationId"], parameter["name"], name, example, parameter["schema"]


def validator(document: Any, schema: Any) -> Draft202012Validator:
    return Draft202012Validator({**schema, "components": document["components"]})


def unused_components(document: Any) -> set[str]:
    used: set[str] = set()
    queue: list[Any] = [document["paths"]]
    while queue:
        for _, node in nodes(queue.pop()):
            references = [node["$ref"]] if "$ref" in node else []
            for requirement in node.get("security", ()):
                references += [f"#/components/securitySchemes/{name}" for name in requirement]
            for reference in set(references) - used:
                used.add(reference)
                queue.append(resolve(document, {"$ref": reference}))
    defined = {f"#/components/{kind}/{name}" for kind, members in document["components"].items() for name in members}
    return defined - used


def groundless(document: Any) -> list[str]:
    """Give the places under an operation that demand something and neither carry nor inherit basis and source."""
    faults: list[str] = []
    documents = document["x-documents"]

    def usable(basis: Any, source: Any) -> bool:
        known = isinstance(source, dict) and source.get("document") in documents and bool(source.get("at"))
        return basis in BASES and known

    def visit(raw: Any, at: str, *, grounded: bool, open_: frozenset[int]) -> None:
        node = resolve(document, raw)
        if not isinstance(node, dict) or id(node) in open_:
            return
        if "x-basis" in node or "x-source" in node:
            grounded = usable(node.get("x-basis"), node.get("x-source"))
        for name, own in node.get("x-keywords", {}).items():
            if name not in node or not usable(own.get("basis"), own.get("source")):
                faults.append(f"{at} x-keywords {name}")
        if not grounded and {name for name in node if not name.startswith("x-")} - NO_DEMAND:
            faults.append(at)
        for name, member in node.items():
            if name in {"x-keywords", "x-source", "value", "security", "tags", "example"}:
                continue
            for index, part in enumerate(member) if isinstance(member, list) else [("", member)]:
                visit(part, f"{at}/{name}/{index}".rstrip("/"), grounded=grounded, open_=open_ | {id(node)})

    for _, _, operation in operations(document):
        visit(operation, operation["operationId"], grounded=False, open_=frozenset())
    return faults


@pytest.mark.parametrize("api", APIS)
def test_passes_openapi_spec_validator_and_the_engines_own_loader(api: str) -> None:
    openapi_spec_validator.validate(DOCUMENTS[api])
    loaded = spec.load(SPECS / f"{api}.yaml")
    assert set(loaded.operations) == {operation["operationId"] for _, _, operation in operations(DOCUMENTS[api])}


def test_operations_are_the_documented_ones() -> None:
    found = {
        operation["operationId"]: f"{method.upper()} {path}"
        for document in DOCUMENTS.values()
        for method, path, operation in operations(document)
    }
    assert found == OPERATIONS


@pytest.mark.parametrize("api", APIS)
def test_yaml_reads_alike_by_the_rules_of_1_1_and_1_2(api: str) -> None:
    assert yaml.safe_load((SPECS / f"{api}.yaml").read_text(encoding="utf-8")) == DOCUMENTS[api]


@pytest.mark.parametrize("api", APIS)
def test_no_component_is_unused(api: str) -> None:
    assert unused_components(DOCUMENTS[api]) == set()

    # The check sees an unused one
    document = copy.deepcopy(DOCUMENTS[api])
    document["components"]["schemas"]["Spare"] = {"type": "string"}
    assert unused_components(document) == {"#/components/schemas/Spare"}


@pytest.mark.parametrize("api", APIS)
def test_every_demand_has_a_basis_and_a_source(api: str) -> None:
    assert groundless(DOCUMENTS[api]) == []

    # The check sees an operation without basis, an unknown document, and a keyword that is not there
    source = {"document": next(iter(DOCUMENTS[api]["x-documents"])), "at": "somewhere"}
    spoilt: list[dict[str, Any]] = [
        {"x-basis": None},
        {"x-source": {"document": "hearsay", "at": "somewhere"}},
        {"x-keywords": {"pattern": {"basis": "documented", "source": source}}},
    ]
    for change in spoilt:
        document = copy.deepcopy(DOCUMENTS[api])
        _, _, operation = next(operations(document))
        operation.update(change)
        assert any(fault.startswith(operation["operationId"]) for fault in groundless(document)), change


@pytest.mark.parametrize("api", APIS)
def test_listed_documents_and_named_documents_are_the_same(api: str) -> None:
    document = DOCUMENTS[api]
    named = {node["x-source"]["document"] for _, node in nodes(document) if "x-source" in node}
    for _, node in nodes(document):
        named |= {own["source"]["document"] for own in node.get("x-keywords", {}).values()}
    assert named == set(document["x-documents"])


@pytest.mark.parametrize("api", APIS)
def test_patterns_are_anchored_and_mean_the_same_in_every_engine(api: str) -> None:
    patterns = {node["pattern"] for _, node in nodes(DOCUMENTS[api]) if isinstance(node.get("pattern"), str)}
    assert patterns
    for pattern in patterns:
        re.compile(pattern)
        jsonschema_rs.validator_for({"pattern": pattern})
        assert not FOREIGN_REGEX.search(pattern), pattern
        assert pattern.startswith("^"), pattern
        assert pattern.endswith("$"), pattern


@pytest.mark.parametrize("api", APIS)
def test_required_names_are_properties_of_the_object_around(api: str) -> None:
    document = DOCUMENTS[api]
    seen = 0

    def visit(raw: Any, known: frozenset[str], at: str) -> None:
        nonlocal seen
        node = resolve(document, raw)
        if not isinstance(node, dict):
            return
        own = known | node.get("properties", {}).keys()
        if "required" in node:
            seen += 1
            assert set(node["required"]) <= own, at
        for branch in ("allOf", "anyOf", "oneOf"):
            for part in node.get(branch, ()):
                visit(part, frozenset(own), f"{at}/{branch}")
        visit(node.get("not"), frozenset(own), f"{at}/not")
        for name, member in node.get("properties", {}).items():
            visit(member, frozenset(), f"{at}/{name}")
        visit(node.get("items"), frozenset(), f"{at}/items")

    for _, _, operation in operations(document):
        holders = [operation.get("requestBody", {}), *operation["responses"].values()]
        for media in (media for holder in holders for media in resolve(document, holder).get("content", {}).values()):
            visit(media["schema"], frozenset(), operation["operationId"])
    assert seen


@pytest.mark.parametrize("api", APIS)
def test_every_example_fits_its_schema(api: str) -> None:
    document = DOCUMENTS[api]
    found = list(examples(document))
    assert found
    faults = [
        (operation, where, name, error.json_path, error.message)
        for operation, where, name, example, schema in found
        for error in validator(document, schema).iter_errors(example["value"])
        if not (example.get("x-fragment") and error.validator == "required")
    ]
    assert faults == []


def test_documented_payloads_are_there_value_for_value() -> None:
    found = {
        f"{operation} {where} {name}": hashlib.sha256(
            json.dumps(example["value"], ensure_ascii=False, separators=(",", ":")).encode()
        ).hexdigest()
        for document in DOCUMENTS.values()
        for operation, where, name, example, _ in examples(document)
        if example.get("x-basis") == "documented"
    }
    assert found == DOCUMENTED


def test_documented_exchanges_name_the_documented_ids() -> None:
    parameters = DOCUMENTS["jpmorgan-profiles"]["components"]["parameters"]
    profiles = {name: example["value"] for name, example in parameters["ConsumerProfileId"]["examples"].items()}
    methods = {name: example["value"] for name, example in parameters["PaymentMethodId"]["examples"].items()}
    assert profiles == dict.fromkeys(["add-card", "update-card", "set-default", "delete-card", "status"], "PACJGQ")
    assert methods == {
        "update-card": "63aaba29-4857-494a-82bc-2a80e1fa2b1e",
        "set-default": "63aaba29-4857-494a-82bc-2a80e1fa2b1e",
        "delete-card": "77ccba29-4857-494a-82bc-2a80e1fa2b9d",
        "status": "6d66f2e5-ad81-4848-9884-d5ff32ee7690",
    }


UPDATES = [{}, {"card": {}}, {"accountStatus": "INACTIVE", "ach": {}}]
NO_UPDATES = [{"card": {}, "ach": {}}, {"card": []}, {"accountStatus": "PENDING"}]  # nobody can ask for PENDING
ADDS = [{"cardList": [{"accountNumber": "4234555678990919"}], "achList": []}]
NO_ADDS = [{}, {"currency": "USD"}, {"cardList": []}, {"cardList": [{}]}]
MOMENTS = ["2024-07-02T09:38:54.781Z"]
NO_MOMENTS = ["2024-07-02T09:38:54Z", "2024-07-02T09:38:54.781+00:00", "2024-13-02T09:38:54.781Z"]
IDS = ["63aaba29-4857-494a-82bc-2a80e1fa2b1e"]
NO_IDS = ["f99a1ecd-b177-4c3d-a99b-c72e132b260g", "63aaba29"]  # the first is a documented address id
ERRORS = [{"error": "invalid_scope", "error_description": "scope"}]
NO_ERRORS = [{"error": "invalid_scope"}, {"error": "oops", "error_description": ""}]
ADDRESSES = [{"state": "PA", "postalCode": "19342"}, {"state": "A-1", "postalCode": "SW1A 1AA"}]
NO_ADDRESSES = [{"state": "PENN"}, {"state": "A-"}, {"postalCode": "12"}, {"postalCode": "1-2-3"}]


@pytest.mark.parametrize(
    ("api", "schema", "good", "bad"),
    [
        ("jpmorgan-profiles", "CardNumber", ["4234555678990919"], ["423455567899091", "423455567899091X"]),
        ("jpmorgan-profiles", "CardExpiration", ["02/2025", "12/2030"], ["13/2025", "2/2025", "02/25"]),
        ("jpmorgan-profiles", "PaymentMethodId", IDS, NO_IDS),
        ("jpmorgan-profiles", "Timestamp", MOMENTS, NO_MOMENTS),
        ("jpmorgan-profiles", "ProfileName", ["O'Neil-Smith", "Zoë", ""], ["a<b", "$", "a\nb"]),
        ("jpmorgan-profiles", "ExternalProfileIdentifier", ["ORDER 121", "a-b,$@&"], [" ORDER", "a_b"]),
        ("jpmorgan-profiles", "CallerLabel", ["x", "a b", "y" * 40], ["", " x", "x ", "y" * 41]),
        ("jpmorgan-profiles", "NewAddress", ADDRESSES, NO_ADDRESSES),
        ("jpmorgan-profiles", "ExactlyOneKind", [{"card": {}}], [{}, {"card": {}, "ach": {}}]),
        ("jpmorgan-profiles", "PaymentMethodUpdate", UPDATES, NO_UPDATES),
        ("jpmorgan-profiles", "PaymentMethodsAdd", ADDS, NO_ADDS),
        ("jpmorgan-oauth", "TokenError", ERRORS, NO_ERRORS),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_limits_accept_and_refuse_what_they_say(api: str, schema: str, good: list[Any], bad: list[Any]) -> None:
    judge = validator(DOCUMENTS[api], {"$ref": f"#/components/schemas/{schema}"})
    assert [value for value in good if not judge.is_valid(value)] == []
    assert [value for value in bad if judge.is_valid(value)] == []


def draw(document: Any, label: str) -> tuple[int, int]:
    """Generate valid requests under Hypothesis' health checks; give how many were drawn and how many were usable.

    A deadline would tie the health check for slowness to the load of the machine, so there is none, as in
    Schemathesis' own settings.
    """
    schema = schemathesis.openapi.from_dict(copy.deepcopy(document), config=schemathesis.Config(seed=1))
    target = schema.find_operation_by_label(label)
    assert target is not None
    requests = target.as_strategy(generation_mode=GenerationMode.POSITIVE)
    drawn, usable = 0, 0

    @seed(1)
    @given(strategies.data())
    @settings(max_examples=40, database=None, phases=[Phase.generate], deadline=None)
    def generate(data: strategies.DataObject) -> None:
        nonlocal drawn, usable
        drawn += 1
        data.draw(requests)
        usable += 1

    generate()
    return drawn, usable


@pytest.mark.parametrize("operation", OPERATIONS)
def test_valid_requests_can_be_generated(operation: str) -> None:
    document = next(one for one in DOCUMENTS.values() if operation in {found["operationId"] for _, _, found in operations(one)})
    _, usable = draw(document, OPERATIONS[operation])
    assert usable >= 20


@pytest.mark.parametrize("api", APIS)
def test_no_pattern_makes_a_generator_throw_its_strings_away(api: str) -> None:
    """The worst pattern here keeps 0.74 of what is drawn; one that its length limit had to filter kept about 0.3."""
    found = [node for _, node in nodes(DOCUMENTS[api]) if isinstance(node.get("pattern"), str)]
    kept = {}
    for node in found:
        body = {"type": "object", "required": ["it"], "properties": {"it": node}, "additionalProperties": False}
        content = {"application/json": {"schema": body}}
        operation = {"requestBody": {"required": True, "content": content}, "responses": {"200": {"description": "-"}}}
        info = {"title": "One pattern", "version": "1"}
        drawn, usable = draw({"openapi": "3.1.0", "info": info, "paths": {"/it": {"post": operation}}}, "POST /it")
        kept[node["pattern"]] = usable / drawn
    assert kept
    assert {pattern: share for pattern, share in kept.items() if share < 0.5} == {}


def about_fragment(problem: Any, fragments: set[str]) -> bool:
    """Say whether Redocly misses members in an example of which the document shows a part only."""
    return problem["ruleId"] == "no-invalid-media-type-examples" and any(
        f"/examples/{name}/value" in place["pointer"] for place in problem["location"] for name in fragments
    )


@pytest.mark.foreign
@pytest.mark.parametrize("api", APIS)
def test_redocly_finds_neither_error_nor_warning(api: str, npm: Callable[[str], Path], tmp_path: Path) -> None:
    command = [
        str(npm(REDOCLY) / ".bin" / "redocly"),
        "lint",
        "--config",
        str(SPECS / "redocly.yaml"),
        "--format",
        "json",
        str(SPECS / f"{api}.yaml"),
    ]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=300, check=False, text=True)
    report = json.loads(run.stdout[run.stdout.index("{") :])
    fragments = {name for _, _, name, example, _ in examples(DOCUMENTS[api]) if example.get("x-fragment")}
    problems = [problem for problem in report["problems"] if not about_fragment(problem, fragments)]
    assert problems == []
    assert report["totals"]["errors"] == 0
