"""CEL behind one module: what compiles, what has a value, and the library's traps."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payproof.expression import (
    Activation,
    EvaluationError,
    ExpressionError,
    claims,
    compiled,
    luhn,
    masked,
    normalised,
    seconds,
    suspicious,
)


def value(text: str, **names: Any) -> Any:
    return compiled(text).value(Activation(names))


def test_message_of_a_fault_has_cels_caret() -> None:
    """An expression that does not compile is reported in CEL's words, with the place underlined."""
    with pytest.raises(ExpressionError) as caught:
        compiled("status == 200 &&\nstatos == 1")

    assert "undeclared reference to 'statos'" in str(caught.value)
    assert "2:1" in str(caught.value)
    assert str(caught.value).rstrip().endswith("^")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        pytest.param("foo == 1", "undeclared reference", id="unknown-root"),
        pytest.param('status == "x"', "no matching overload", id="wrong-type-of-a-root"),
        pytest.param("status ==", "Syntax error", id="syntax"),
        pytest.param("luhn(status)", "no matching overload", id="wrong-argument"),
        pytest.param('tenant.matches("[")', "does not compile", id="unclosed-class"),
        pytest.param('tenant.matches("a(?=b)")', "does not compile", id="look-ahead-is-not-re2"),
        pytest.param(r'tenant.matches("(a)\\1")', "does not compile", id="back-reference-is-not-re2"),
        pytest.param(r'tenant.matches("a\\Z")', "does not compile", id="python-only-anchor"),
        pytest.param('body.all(x, x.matches("+"))', "does not compile", id="pattern-inside-a-loop"),
        pytest.param("body.?name", "optional", id="optional-without-a-value"),
        pytest.param("body.?a.?b", "optional", id="optional-of-an-optional"),
    ],
)
def test_what_cannot_be_evaluated_does_not_compile(text: str, fault: str) -> None:
    """Faults that can be known from the text are found before any exchange."""
    with pytest.raises(ExpressionError, match=fault):
        compiled(text)


@pytest.mark.parametrize("pattern", ["^[a-z]{3}$", "a|b", r"[0-9]+\\.[0-9]{2}", "(?i)visa", "\N{EURO SIGN}", "\U0001f4b3"])
def test_pattern_that_cel_takes_compiles(pattern: str) -> None:
    """A literal regular expression is tried in the engine that will use it."""
    assert compiled(f'tenant.matches("{pattern}")').boolean


@pytest.mark.parametrize(
    ("text", "boolean"),
    [
        pytest.param("status == 1", True, id="comparison"),
        pytest.param("body.flag", True, id="of-unknown-type"),
        pytest.param("status", False, id="number"),
        pytest.param("tenant", False, id="text"),
        pytest.param("[status == 1]", False, id="list"),
    ],
)
def test_condition_is_told_from_a_value(*, text: str, boolean: bool) -> None:
    """Only what is or may be a boolean can serve as a condition."""
    assert compiled(text).boolean is boolean


@pytest.mark.parametrize(
    ("text", "names", "missing", "absent"),
    [
        pytest.param("body.a == 1", {"body": {}}, "a", True, id="missing-member"),
        pytest.param("body.a.b == 1", {"body": {"a": {}}}, "b", True, id="missing-inner-member"),
        pytest.param('body["a-b"] == 1', {"body": {}}, "a-b", True, id="missing-by-text"),
        pytest.param("[1, body.a] == []", {"body": {}}, "a", True, id="missing-inside-a-list"),
        pytest.param("body[3] == 1", {"body": [1]}, None, True, id="index-beyond-the-end"),
        pytest.param("body[0] == 1", {"body": []}, None, True, id="first-of-nothing"),
        pytest.param("body.a.b == 1", {"body": {"a": "x"}}, None, False, id="member-of-a-text"),
        pytest.param("body.a + 1 == 2", {"body": {"a": "x"}}, None, False, id="wrong-type"),
        pytest.param("body.a == 1", {}, None, False, id="root-without-value"),
        pytest.param('seconds("yesterday") > 0.0', {}, None, False, id="function-that-fails"),
        pytest.param("int(tenant) == 1", {"tenant": "x"}, None, False, id="conversion-that-fails"),
        pytest.param("1 / (status - 1) == 1", {"status": 1}, None, False, id="division-by-zero"),
    ],
)
def test_error_is_no_value(*, text: str, names: dict[str, Any], missing: str | None, absent: bool) -> None:
    """The library hands errors out as values; here they are raised, and name the member that was not there."""
    expression = compiled(text)

    with pytest.raises(EvaluationError) as caught:
        expression.value(Activation(names))

    assert caught.value.missing == missing
    assert caught.value.absent is absent
    assert expression.holds(Activation(names)) is False


def test_text_that_looks_like_an_error_is_a_value() -> None:
    """A body may hold the very words of an error; only the type of the value tells."""
    words = 'NOT_FOUND: Key not found in map : "a"'

    assert value("body.message", body={"message": words}) == words


@pytest.mark.parametrize("truthy", ["true", 1, "NOT_FOUND: x", [True], 1.0])
def test_only_true_holds(truthy: Any) -> None:
    """What is merely truthy does not hold: a clause holds when its value is exactly true."""
    assert compiled("body").holds(Activation({"body": truthy})) is False
    assert compiled("body").holds(Activation({"body": True})) is True


def test_error_beside_a_decided_condition_is_no_error() -> None:
    """CEL's `&&` and `||` look at both sides: an error on one does not matter where the other decides."""
    assert value("body.missing == 1 && false", body={}) is False
    assert value("body.missing == 1 || true", body={}) is True


def test_iterations_are_limited() -> None:
    """An expression that loops without measure ends as an error, not as a run that hangs."""
    with pytest.raises(EvaluationError, match="budget") as caught:
        value("body.all(x, body.exists(y, y == x))", body=list(range(200)))

    assert caught.value.absent is False


@pytest.mark.parametrize(
    ("trap", "kept"),
    [
        pytest.param("a\0b", "a\ufffdb", id="nul-would-cut-the-text"),
        pytest.param("a\ud800b", "a\ufffdb", id="lone-high-surrogate"),
        pytest.param("\udfff", "\ufffd", id="lone-low-surrogate"),
        pytest.param("\U0001f4b3", "\U0001f4b3", id="pair-is-a-character"),
        pytest.param(2**64, float(2**64), id="integer-of-65-bits"),
        pytest.param(-(2**63) - 1, float(-(2**63)), id="integer-below-64-bits"),
        pytest.param(2**63 - 1, 2**63 - 1, id="greatest-integer"),
        pytest.param(10**400, float("inf"), id="integer-beyond-any-float"),
        pytest.param(-(10**400), float("-inf"), id="integer-below-any-float"),
        pytest.param(True, True, id="true-is-no-integer"),
        pytest.param(None, None, id="null"),
    ],
)
def test_what_cel_cannot_hold_is_normalised(trap: Any, kept: Any) -> None:
    """Values that would be cut or would poison their root become ones that CEL can hold, at any depth."""
    body = normalised({"list": [trap], "member": {"inner": trap}})

    assert body == {"list": [kept], "member": {"inner": kept}}
    assert value("body.list[0] == body.member.inner", body=body) is True


def test_names_of_members_are_normalised_too() -> None:
    """A member's name can hold the same traps as a value."""
    assert normalised({"a\0b": 1, "\ud800": 2}) == {"a\ufffdb": 1, "\ufffd": 2}


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        pytest.param(rb'{"a": "\u0000"}', True, id="escaped-nul"),
        pytest.param(rb'{"a": "\ud800"}', True, id="escaped-surrogate"),
        pytest.param(rb'{"a": "\uDBFF"}', True, id="in-capitals"),
        pytest.param(rb'{"a": "\u20ac"}', False, id="other-escape"),
        pytest.param(b'{"a": 9223372036854775808}', True, id="nineteen-digits"),
        pytest.param(b'{"a": 922337203685477580}', False, id="eighteen-digits-always-fit"),
        pytest.param(b'{"id": "4111111111111111"}', False, id="card-number"),
    ],
)
def test_suspicion_is_raised_by_traps_only(*, raw: bytes, found: bool) -> None:
    """Bodies are copied only where their text may hold a trap."""
    assert suspicious(raw) is found


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(exclude_categories=())), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(_JSON)
def test_any_json_can_be_held(body: Any) -> None:
    """Whatever JSON a server sends, the judge can ask about it, and it equals itself."""
    raw = json.dumps(body).encode()
    held = normalised(json.loads(raw)) if suspicious(raw) else json.loads(raw)

    assert value("body == body", body=held) is True


@pytest.mark.parametrize(
    ("text", "result"),
    [
        pytest.param('last4("4111111111111111")', "1111", id="last4"),
        pytest.param('first4("4111111111111111")', "4111", id="first4"),
        pytest.param('digits("4111-1111 x 22")', "4111111122", id="digits"),
        pytest.param('masked("4111111111111111")', "411111XXXXXX1111", id="masked"),
        pytest.param('luhn("4111111111111111")', True, id="luhn"),
        pytest.param('millis("2026-11-20T10:00:00.123Z")', 1795168800123, id="millis"),
        pytest.param('seconds("2026-11-20T11:00:00+01:00") == seconds("2026-11-20T10:00:00Z")', True, id="seconds-across-zones"),
        pytest.param('" a ".trim()', "a", id="string-extension"),
        pytest.param("math.abs(-1.5)", 1.5, id="math-extension"),
        pytest.param('body.?a.orValue("none")', "none", id="optional-extension"),
    ],
)
def test_function_gives(text: str, result: Any) -> None:
    """The functions that contracts may use are there."""
    assert value(text, body={}) == result


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        pytest.param("4111111111111111", True, id="test-card"),
        pytest.param("378282246310005", True, id="fifteen-digits"),
        pytest.param("4234555678990919", False, id="documented-example-that-fails"),
        pytest.param("4111111111111112", False, id="one-digit-off"),
        pytest.param("", False, id="empty"),
        pytest.param("4111 1111", False, id="grouped"),
        pytest.param("\u0664\u0661", False, id="other-digits"),
    ],
)
def test_luhn_check(*, text: str, passes: bool) -> None:
    """The check digit of ISO/IEC 7812-1, over ASCII digits only."""
    assert luhn(text) is passes


@pytest.mark.parametrize(
    ("number", "shown"),
    [("4111111111111111", "411111XXXXXX1111"), ("12345678901", "123456X8901"), ("1234567890", "XXXXXXXXXX"), ("", "")],
)
def test_masked_number_shows_six_and_four(number: str, shown: str) -> None:
    """A number too short to hide anything between six and four digits is hidden whole."""
    assert masked(number) == shown


@pytest.mark.parametrize("text", ["2026-11-20", "10:00:00Z", "2026-11-20T10:00:00", "yesterday", "", "2026-11-20 10:00:00Z"])
def test_other_moments_are_no_timestamps(text: str) -> None:
    """RFC 3339 wants a date, a time and a zone."""
    with pytest.raises(ValueError, match=r"timestamp|isoformat"):
        seconds(text)


def token(payload: bytes) -> str:
    return f"e30.{base64.urlsafe_b64encode(payload).decode().rstrip('=')}.c2ln"


@pytest.mark.parametrize(
    ("jwt", "name", "found"),
    [
        pytest.param(token(b'{"sub":"x"}'), "sub", '"x"', id="text"),
        pytest.param(token(b'{"exp":12}'), "exp", "12", id="number"),
        pytest.param(token(b'{"scope":["a","b"]}'), "scope", '["a", "b"]', id="list"),
        pytest.param(token(b'{"sub":"x"}'), "iss", "", id="no-such-claim"),
        pytest.param(token(b"[1]"), "sub", "", id="payload-is-no-object"),
        pytest.param(token(b"not json"), "sub", "", id="payload-is-no-json"),
        pytest.param("one.two", "sub", "", id="two-parts"),
        pytest.param("a.\u00e9.c", "sub", "", id="no-base64"),
        pytest.param("[redacted:secret:0123456789]", "sub", "", id="marker"),
    ],
)
def test_claims_of_a_token(jwt: str, name: str, found: str) -> None:
    """A claim is its JSON text, and the empty text where there is none or no token."""
    assert claims(jwt, name) == found
    assert value("claims(tenant, body)", tenant=jwt, body=name) == found


def test_reads_are_the_roots() -> None:
    """An expression knows which roots it reads, so that nothing else need be computed."""
    assert compiled('size(facts.seen) == 0 && path["id"] != body.before').reads == {"facts", "path", "body"}


def test_extra_names_are_known_for_one_expression() -> None:
    """An effect over items has a name for the item, which other expressions do not see."""
    assert compiled("item.id", extra=("item",)).value(Activation({"item": {"id": 7}}, ("item",))) == 7
    with pytest.raises(ExpressionError, match="undeclared"):
        compiled("item.id")
