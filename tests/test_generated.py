"""What a journal proves of generated requests: counted once, proven from an accepted one, named by the refusal."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from payproof.generated import NAMED_SHARE, UNPROVEN, WANTED, Generated

if TYPE_CHECKING:
    from payproof.kit import Kit

API, OPERATION, OTHER = "jpmorgan-profiles", "addPaymentMethod", "getConsumerProfile"
CARD = {"cardList": [{"accountNumber": "4112344112344113", "cardType": "VI"}]}
HEADERS = {"Content-Type": "application/json", "requestIdentifier": "a", "merchantIdentifier": "998482157630"}


def record(body: Any, *, status: int, intent: tuple[str, ...], **changes: Any) -> dict[str, Any]:
    """Give a journal record of an exchange; the path, headers, test, operation and hole can be other ones."""
    headers = {**HEADERS, **changes.pop("headers", {})}
    return {
        "kind": "exchange", "api": API, "operation": changes.pop("operation", OPERATION), "test": changes.pop("test", "t"),
        "request": {
            "method": "POST", "url": f"http://host/api/v2/mmp{changes.pop('path', '/consumer-profiles/A/payment-methods')}",
            "headers": [[name, value] for name, value in headers.items() if value is not None],
            "body": body if isinstance(body, str) else json.dumps(body),
        },
        "response": {"status": status, "headers": [], "body": "{}"},
        "intent": dict(zip(("verdict", "location", "pointer", "keyword"), (*intent, "", "", "")[:4], strict=True)),
        **changes,
    }  # fmt: skip


def accepted(body: Any = CARD, **changes: Any) -> dict[str, Any]:
    return record(body, status=200, intent=("accept",), **changes)


def refused(body: Any, location: str, pointer: str, keyword: str, **changes: Any) -> dict[str, Any]:
    return record(body, status=changes.pop("status", 400), intent=("refuse", location, pointer, keyword), **changes)


@pytest.fixture
def counted(kit: Kit) -> Generated:
    return Generated(kit, [API], "standard")


def row(counted: Generated, operation: str = OPERATION) -> dict[str, Any]:
    return next(row for row in counted.table() if row["operation"] == operation)


def with_type(kind: Any) -> dict[str, Any]:
    return {"cardList": [{**CARD["cardList"][0], "cardType": kind}]}


def test_equal_requests_count_once(counted: Generated) -> None:
    """The same request of another tenant is no other request; one with another label is."""
    for headers in ({}, {"merchantIdentifier": "993371390059", "Authorization": "Bearer x"}, {"requestIdentifier": "b"}):
        counted.add(accepted(headers=headers))
    counted.add(accepted(path="/consumer-profiles/B/payment-methods"))
    assert row(counted)["accepted"] == 2


def test_only_success_is_acceptance(counted: Generated) -> None:
    """A request that was meant to be accepted and was refused proves nothing."""
    counted.add(record(CARD, status=400, intent=("accept",)))
    assert row(counted)["accepted"] == 0
    counted.add(refused(with_type("ZZ"), "body", "/cardList/0/cardType", "enum"))
    assert row(counted)["holes"] == {UNPROVEN: 1}


def test_violation_is_proven_by_its_base(counted: Generated) -> None:
    """A negative counts for its constraint where an accepted request differs in the claimed place alone."""
    counted.add(accepted())
    counted.add(refused(with_type("ZZ"), "body", "/cardList/0/cardType", "enum"))
    assert row(counted) | {"violated": 1, "refused": 1, "named": 1, "negative": 1, "holes": {}} == row(counted)


@pytest.mark.parametrize(
    "negative",
    [
        pytest.param(refused(with_type("ZZ"), "body", "/cardList/0/accountNumber", "pattern"), id="another place"),
        pytest.param(refused(with_type("ZZ"), "body", "/cardList/0/cardType", "enum", test="u"), id="another test"),
        pytest.param(refused(with_type("ZZ"), "body", "/cardList/0/cardType", "enum", headers={"requestIdentifier": "b"}), id="two"),
        pytest.param(refused(CARD, "header", "/userIdentifier", "minLength", headers={"userIdentifier": "", "Content-Type": "a/b"}),
                     id="two headers"),
    ],
)  # fmt: skip
def test_violation_without_its_base(counted: Generated, negative: dict[str, Any]) -> None:
    """A negative that differs from what was accepted in more, or elsewhere, proves nothing."""
    counted.add(accepted())
    counted.add(negative)
    assert row(counted)["violated"] == 0
    assert row(counted)["holes"] == {UNPROVEN: 1}


@pytest.mark.parametrize(
    "negative",
    [
        pytest.param(refused(CARD, "header", "/merchantIdentifier", "required", headers={"merchantIdentifier": None}), id="left-out"),
        pytest.param(refused(CARD, "header", "/userIdentifier", "maxLength", headers={"userIdentifier": "u" * 41}), id="header added"),
        pytest.param(refused("{", "body", "", "json"), id="no JSON"),
        pytest.param(refused({}, "body", "", "anyOf"), id="whole body"),
        pytest.param(refused({"cardList": [{"cardType": "VI"}]}, "body", "/cardList/0/accountNumber", "required"), id="left out"),
        pytest.param(refused(CARD, "path", "/consumer-profile-id", "pattern", path="/consumer-profiles/_/payment-methods"), id="path"),
        pytest.param(refused(CARD, "authorization", "", "required", headers={"Authorization": None}), id="authorization"),
    ],
)
def test_places(counted: Generated, negative: dict[str, Any]) -> None:
    """Every location counts: headers, paths, members, the body as a whole, and who asks."""
    counted.add(accepted())
    counted.add(negative)
    assert row(counted)["violated"] == 1


def test_forms_are_compared_by_field(kit: Kit) -> None:
    """A field of a form is one place, whatever the order of the others."""
    counted = Generated(kit, ["jpmorgan-oauth"], "standard")
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    counted.add(accepted("grant_type=client_credentials&scope=a", operation="issueToken", headers=form))
    counted.add(refused("scope=a&grant_type=implicit", "body", "/grant_type", "enum", operation="issueToken", headers=form))
    assert row(counted, "issueToken")["violated"] == 1


def test_gaps_name_what_is_missing(counted: Generated) -> None:
    """Too few requests, constraints never violated and silent refusals are gaps; at smoke nothing is demanded."""
    counted.add(accepted())
    for number in range(20):
        silent = {"hole": "the refusal (400) does not name cardType"} if number < 2 else {}
        counted.add(refused(with_type(f"Z{number}"), "body", "/cardList/0/cardType", "enum", **silent))
    gaps = [gap["what"] for gap in counted.gaps() if gap["what"].startswith(OPERATION)]
    wanted_accepted, wanted_negative = WANTED["standard"]
    constraints = row(counted)["constraints"]
    assert gaps[:2] == [
        f"{OPERATION}: 1 distinct accepted requests of {wanted_accepted}",
        f"{OPERATION}: 20 distinct negative requests of {wanted_negative}",
    ]
    assert gaps[2].startswith(f"{OPERATION}: {constraints - 1} constraints never violated, the first is ")
    assert gaps[3:] == [f"{OPERATION}: only 18 of 20 refusals name the changed member"]
    assert NAMED_SHARE > 18 / 20
    counted.depth = "smoke"
    assert [gap["what"] for gap in counted.gaps()] == gaps[3:]


def test_masked_refusals_are_a_gap(counted: Generated) -> None:
    """One refusal by an unknown id is too many: it would pass for any fault."""
    counted.add(accepted())
    for number in range(99):
        counted.add(refused(with_type(f"Z{number}"), "body", "/cardList/0/cardType", "enum"))
    counted.add(refused(with_type("ZZ"), "body", "/cardList/0/cardType", "enum", status=404, hole="masked: refused with 404"))
    assert f"{OPERATION}: 1 negative requests were refused before the changed member was looked at" in [g["what"] for g in counted.gaps()]


def test_other_records_are_ignored(counted: Generated) -> None:
    """Findings, errors, exchanges without intent, without answer, or of another API count for nothing."""
    counted.add({"kind": "finding"})
    counted.add({**accepted(), "operation": "issueToken"})
    counted.add({**accepted(), "response": None})
    without = accepted()
    del without["intent"]
    counted.add(without)
    assert row(counted)["accepted"] == row(counted, OTHER)["accepted"] == 0


def test_long_test_beside_many_short_ones(counted: Generated) -> None:
    """A test that goes on while others come and go keeps its accepted requests."""
    counted.add(accepted(test="long"))
    for number in range(200):
        counted.add(accepted(test=f"t{number}"))
        counted.add(refused(with_type(f"Z{number}"), "body", "/cardList/0/cardType", "enum", test="long"))
    assert row(counted)["holes"] == {}


def test_memory_is_bounded(counted: Generated) -> None:
    """Of a thousand tests only the last ones' requests are kept to compare with."""
    for number in range(1000):
        counted.add(accepted(test=f"t{number}"))
    assert len(counted.operations[OPERATION].bases) <= 64


PAYMENT = {
    "amount": 100, "currency": "USD", "merchant": {"merchantSoftware": {"companyName": "a", "productName": "b"}},
    "paymentMethodType": {"consumerProfile": {"consumerProfileId": "A", "paymentMethodId": "1"}},
}  # fmt: skip


def test_ids_and_what_access_fills_in_prove_nothing(kit: Kit) -> None:
    """Two requests are compared without what was prepared for each: the ids that they name, and headers such as a fresh request-id."""
    counted = Generated(kit, ["jpmorgan-payments"], "standard")
    other = {"consumerProfile": {"consumerProfileId": "B", "paymentMethodId": "2"}}
    first, second = {"merchant-id": "998482157630", "request-id": "1"}, {"merchant-id": "993371390059", "request-id": "2"}

    counted.add(accepted(PAYMENT, operation="createPayment", headers=first))
    faulty = {**PAYMENT, "amount": "100", "paymentMethodType": other}
    counted.add(refused(faulty, "body", "/amount", "type", operation="createPayment", headers=second))
    assert row(counted, "createPayment")["holes"] == {}
    counted.add(refused({**faulty, "currency": "EUR"}, "body", "/amount", "type", operation="createPayment", headers=second))
    assert row(counted, "createPayment")["holes"] == {UNPROVEN: 1}


def test_query_is_compared(kit: Kit) -> None:
    """A negative in the query is proven by an accepted request that differs in that parameter alone."""
    counted = Generated(kit, ["mercadopago-profiles"], "standard")

    def asked(query: str) -> dict[str, Any]:
        found = accepted("", operation="listPaymentProfiles")
        found["request"]["url"] += query
        return found

    def wrong(query: str) -> dict[str, Any]:
        found = refused("", "query", "/limit", "maximum", operation="listPaymentProfiles")
        found["request"]["url"] += query
        return found

    counted.add(asked("?limit=5&offset=1"))
    counted.add(wrong("?limit=500&offset=1"))
    assert row(counted, "listPaymentProfiles")["violated"] == 1
    assert row(counted, "listPaymentProfiles")["holes"] == {}
    counted.add(wrong("?limit=500&offset=2"))
    assert row(counted, "listPaymentProfiles")["holes"] == {UNPROVEN: 1}


def test_where_nothing_varies_the_path_counts(kit: Kit) -> None:
    """A read without any parameter of its own is a request about another thing for each path; another read is not."""
    counted = Generated(kit, ["mercadopago-profiles"], "standard")
    for path in ("/customers/1", "/customers/2", "/customers/2"):
        counted.add(accepted("", operation="getCustomer", path=path))
        counted.add(accepted("", operation="listPaymentProfiles", path=path))
    assert row(counted, "getCustomer")["accepted"] == 2
    assert row(counted, "listPaymentProfiles")["accepted"] == 1


def test_mark_of_a_tenant_makes_no_other_request(counted: Generated) -> None:
    """What a tenant names after itself differs from tenant to tenant: it neither counts twice nor hides what was changed."""
    holder = {"firstName": "John", "lastName": "Doe"}
    first, second = ({"cardList": [{**CARD["cardList"][0], **holder, "firstName": f"pp{digit * 10}"}]} for digit in "12")
    broken = {"cardList": [{**second["cardList"][0], "cardType": 5}]}

    counted.add(accepted(first))
    counted.add(accepted(second))
    counted.add(refused(broken, "body", "/cardList/0/cardType", "type"))

    assert row(counted)["accepted"] == 1
    assert row(counted)["violated"] == 1
