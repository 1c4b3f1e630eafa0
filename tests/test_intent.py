"""What a sender claims about its request, held against the spec and against what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from payproof import kit as kits
from payproof.exchange import Intent
from payproof.intent import Reception, reception
from payproof.shape import Sent

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from payproof.exchange import Exchange
    from payproof.spec import Spec

    Wire = Callable[..., Exchange]

ACCEPT = Intent("accept")
VALID = {"amount": 10}
TOO_MUCH = {"amount": 5000}
REFUSED = {"error": "amount is too large"}


def refuse(pointer: str = "/amount", location: str = "body", keyword: str = "maximum") -> Intent:
    return Intent("refuse", location, pointer, keyword)


@pytest.fixture
def spec(tiny: Callable[..., Path]) -> Spec:
    """The spec of the invented API."""
    return kits.load(tiny()).contracts["vouchers"].spec


def received(spec: Spec, exchange: Exchange) -> Reception:
    found = spec.find(exchange.request.method, exchange.request.path())
    assert found is not None
    return reception(spec, found[0], exchange, found[1], Sent.of(exchange.request))


def create(wire: Wire, sent: Any, status: int | None, body: Any = None, intent: Intent | None = None) -> Exchange:
    return wire("POST", "/vouchers", status, body, sent=sent, intent=intent)


def test_request_without_a_claim_is_judged_where_it_was_wrongly_accepted(spec: Spec, wire: Wire) -> None:
    """Whoever sent it: a request that breaks the spec and is accepted shows that the server does not check."""
    found = received(spec, create(wire, TOO_MUCH, 201, {"id": "v1", "amount": 5000}))

    assert (found.clause, found.judged, found.error) == ("rejects-invalid", True, "")
    assert found.fault is not None
    assert (found.fault.pointer, found.fault.seen) == ("/body/amount", "201")
    assert found.fault.expected == "refused with 4xx: /body/amount breaks maximum 1000"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        pytest.param(VALID, 201, id="valid-and-accepted"),
        pytest.param(VALID, 409, id="valid-and-refused-for-a-reason-of-the-state"),
        pytest.param(TOO_MUCH, 400, id="invalid-and-refused"),
        pytest.param(TOO_MUCH, 500, id="invalid-and-failed"),
        pytest.param(TOO_MUCH, None, id="invalid-and-lost"),
    ],
)
def test_request_without_a_claim_proves_nothing_else(spec: Spec, wire: Wire, sent: Any, status: int | None) -> None:
    """Without a claim nobody knows why a request was sent, or whether its state allowed it."""
    assert received(spec, create(wire, sent, status)) == Reception()


@pytest.mark.parametrize(
    ("status", "judged", "broken"),
    [
        pytest.param(201, True, False, id="accepted"),
        pytest.param(400, True, True, id="refused"),
        pytest.param(302, True, True, id="redirected"),
        pytest.param(500, True, True, id="failed"),
        pytest.param(None, False, False, id="lost"),
    ],
)
def test_valid_request_must_be_accepted(*, spec: Spec, wire: Wire, status: int | None, judged: bool, broken: bool) -> None:
    """What is valid in itself and in its state is accepted; a refusal is shown as it came."""
    found = received(spec, create(wire, VALID, status, REFUSED, ACCEPT))

    assert (found.clause, found.judged, found.error) == ("accepts-valid", judged, "")
    assert (found.fault is not None) is broken
    if found.fault is not None:
        assert (found.fault.expected, found.fault.seen) == ("2xx", f'{status} {{"error": "amount is too large"}}')


@pytest.mark.parametrize(
    ("status", "judged", "broken"),
    [
        pytest.param(400, True, False, id="refused"),
        pytest.param(422, True, False, id="refused-otherwise"),
        pytest.param(201, True, True, id="accepted"),
        pytest.param(302, True, True, id="redirected"),
        pytest.param(500, True, True, id="failed"),
        pytest.param(None, False, False, id="lost"),
    ],
)
def test_invalid_request_must_be_refused(*, spec: Spec, wire: Wire, status: int | None, judged: bool, broken: bool) -> None:
    """A request with one part wrong is refused with 4xx, not accepted and not choked on."""
    found = received(spec, create(wire, TOO_MUCH, status, REFUSED, refuse()))

    assert (found.clause, found.judged, found.error) == ("rejects-invalid", judged, "")
    assert (found.fault is not None) is broken


@pytest.mark.parametrize(
    ("sent", "intent", "error"),
    [
        pytest.param(TOO_MUCH, ACCEPT, "a request meant to be valid is not, by the spec: /body/amount maximum 1000", id="accept"),
        pytest.param({"note": "x"}, ACCEPT, "/body/amount the member is there", id="accept-with-a-member-missing"),
        pytest.param(VALID, refuse(), "a request meant to be invalid is valid by the spec: body /amount (maximum)", id="refuse"),
    ],
)
@pytest.mark.parametrize("status", [201, 400, None])
def test_wrong_claim_is_an_error_of_the_suite(
    spec: Spec, wire: Wire, sent: Any, intent: Intent, error: str, status: int | None
) -> None:
    """A suite that is wrong about its own request must not accuse anybody, whatever the answer is."""
    found = received(spec, create(wire, sent, status, REFUSED, intent))

    assert found.error.startswith("createVoucher: ")
    assert error in found.error
    assert (found.clause, found.judged, found.fault) == ("", False, None)


@pytest.mark.parametrize(
    ("status", "body", "intent", "hole"),
    [
        pytest.param(400, REFUSED, refuse(), "", id="names-the-member"),
        pytest.param(400, {"error": "AMOUNT"}, refuse(), "", id="in-capitals"),
        pytest.param(400, {"error": "no"}, refuse(), "the refusal (400) does not name amount", id="does-not-name-it"),
        pytest.param(404, REFUSED, refuse(), "masked: refused with 404 before /amount was looked at", id="masked-by-an-unknown-id"),
        pytest.param(
            401, {"error": "no"}, refuse(), "masked: refused with 401 before /amount was looked at", id="masked-by-authentication"
        ),
        pytest.param(401, REFUSED, refuse(), "masked: refused with 401 before /amount was looked at", id="masked-and-named"),
        pytest.param(
            401, {"error": "no X-Trace"}, Intent("refuse", "header", "/X-Trace", "required"), "", id="a-missing-header-that-is-named"
        ),
        pytest.param(429, REFUSED, refuse(), "masked: refused with 429 before /amount was looked at", id="masked-by-a-limit"),
        pytest.param(400, {"error": "cards"}, refuse("/cards/0"), "", id="item-is-named-by-its-list"),
        pytest.param(400, {"error": "no"}, refuse("", keyword="json"), "", id="whole-body-has-no-name"),
    ],
)
def test_refusal_that_proves_nothing_is_a_hole(
    spec: Spec, wire: Wire, status: int, body: Any, intent: Intent, hole: str
) -> None:
    """A negative request that was refused for another reason has shown nothing, and is not counted as if it had."""
    found = received(spec, create(wire, TOO_MUCH, status, body, intent))

    assert (found.judged, found.fault, found.hole) == (True, None, hole)


@pytest.mark.parametrize(
    ("status", "hole", "broken"),
    [
        pytest.param(401, "", False, id="unauthorized"),
        pytest.param(403, "", False, id="forbidden"),
        pytest.param(400, "", False, id="bad-request"),
        pytest.param(404, "refused with 404 instead of 401", False, id="not-found"),
        pytest.param(201, "", True, id="let-in"),
    ],
)
def test_wrong_credentials_are_no_matter_of_the_spec(*, spec: Spec, wire: Wire, status: int, hole: str, broken: bool) -> None:
    """A request may be valid in every part and still come from nobody."""
    found = received(spec, create(wire, VALID, status, REFUSED, refuse("", "authorization", "credentials")))

    assert (found.clause, found.error, found.hole) == ("rejects-invalid", "", hole)
    assert (found.fault is not None) is broken
    if found.fault is not None:
        assert found.fault.pointer == "/header/Authorization"


def test_claim_about_a_hidden_value_is_left_open(spec: Spec, wire: Wire) -> None:
    """Read from a journal, a request shows markers where it was wrong: nobody can say again that it was."""
    sent = {"amount": 10, "cvv": "[redacted:cvv]"}

    assert received(spec, create(wire, sent, 400, {"error": "cvv"}, refuse("/cvv", keyword="maxLength"))) == Reception()


@pytest.mark.parametrize(
    ("pointer", "member"),
    [("/amount", "amount"), ("/cards/0/number", "number"), ("/cards/0", "cards"), ("Content-Type", "Content-Type"), ("", "")],
)
def test_changed_member_has_a_name(pointer: str, member: str) -> None:
    """The member is the last step of its pointer that is no index."""
    assert refuse(pointer).member() == member
