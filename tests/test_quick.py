"""Expressions as Python functions: where they answer, they answer what CEL answers."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from payproof.expression import Activation, EvaluationError, compiled
from payproof.quick import UNSAID

EXPRESSIONS = [
    "body.a == before.a",
    "body.?a == before.?a",
    "body.?a.orValue([]) == before.?a.orValue([])",
    "has(body.a) && !has(before.a)",
    "has(body.a) || body.a == 1",
    "!body.a",
    "body.a ? 1 : 2",
    "body.a < before.a",
    "body.a >= before.a",
    "body.a + before.a",
    "body.a - before.a",
    "size(body.a) == size(before.a)",
    "body.a in before.l",
    "body.a in before",
    "body.l.all(x, x == before.a)",
    "body.l.exists(x, x == before.a)",
    "body.l.exists_one(x, x == before.a)",
    "body.l.filter(x, x != before.a).map(x, [x])",
    "body.l.map(x, before.l.map(y, x == y))",
    "[body.a].all(x, body.l.exists(y, y == x))",
    "body.l[0] == before.l[0]",
    "body.?o.?a.orValue(before.a)",
    "body.?o.?a.hasValue() && before.?o.?a.hasValue()",
    "body.?a.or(before.?a) == before.?a",
    'body.a.startsWith("a") || body.a.contains("b")',
    "last4(body.a) == last4(before.a)",
    "timestamp(body.t) <= timestamp(before.t)",
    "body.l + before.l",
    "body == before",
    "body.o.a == true || body.o.a == 1",
    "1.5 < 2.5 && body.a != 1.0",
]

SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 2), st.integers(2**61, 2**63 - 1), st.floats(allow_nan=False, allow_infinity=False, width=16),
    st.sampled_from(["", "a", "ab", "4012000033330026", "0"]),
)  # fmt: skip
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2), max_leaves=5
)
MOMENTS = st.sampled_from([
    "2024-07-02T09:38:54.781Z", "2024-07-02T09:38:54Z", "2024-07-02T09:38:54.781123Z", "2024-07-02T09:38:54.7811239Z",
    "2024-07-02T09:38:54+01:00", "2024-07-02", "x", 1, None,
])  # fmt: skip
BODIES = st.fixed_dictionaries({}, optional={"a": VALUES, "l": st.lists(VALUES, max_size=3) | SCALARS, "o": VALUES, "t": MOMENTS})


def both(text: str, names: dict[str, Any]) -> tuple[Any, Any]:
    """Give what the quick form and CEL say; UNSAID and errors as words."""
    expression = compiled(text)
    quick = expression._quick.call
    assert quick is not None, f"{text} has no quick form"
    try:
        said = quick(names)
    except UNSAID:
        said = "unsaid"
    try:
        value = expression.value(Activation(names))
    except EvaluationError:
        value = "error"
    return said, value


@pytest.mark.parametrize("text", EXPRESSIONS)
@settings(max_examples=150, deadline=None)
@given(body=BODIES, before=BODIES)
def test_quick_form_says_what_cel_says(text: str, body: dict[str, Any], before: dict[str, Any]) -> None:
    """Over generated bodies the quick form has CEL's value and type, or leaves the answer to CEL."""
    said, value = both(text, {"body": body, "before": before})

    if said != "unsaid":
        assert (type(said), said) == (type(value), value)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        pytest.param("body.a", {"body": {}}, id="missing-member"),
        pytest.param("!body.a", {"body": {"a": 1}}, id="not-of-a-number"),
        pytest.param("body.a && true", {"body": {"a": "x"}}, id="and-of-a-text"),
        pytest.param("has(body.a.b)", {"body": {"a": "abc"}}, id="has-of-a-text"),
        pytest.param("body.a[0]", {"body": {"a": "abc"}}, id="index-of-a-text"),
        pytest.param("body.a < body.b", {"body": {"a": 1, "b": "2"}}, id="order-of-a-number-and-a-text"),
        pytest.param("body.a + body.b", {"body": {"a": 2**62, "b": 2**62}}, id="sum-beyond-64-bits"),
        pytest.param("timestamp(body.a) == timestamp(body.a)", {"body": {"a": "2024-07-02"}}, id="date-without-time"),
        pytest.param("last4(body.a)", {"body": {"a": 12345}}, id="function-of-a-number"),
    ],
)
def test_quick_form_leaves_the_rest_to_cel(text: str, names: dict[str, Any]) -> None:
    """Where CEL refuses a value, the quick form says nothing instead of something."""
    assert both(text, names)[0] == "unsaid"


def test_one_and_true_are_not_equal() -> None:
    """Python takes 1 and True for equal at any depth; CEL does not, and neither does the quick form."""
    assert both("body == before", {"body": {"a": [1]}, "before": {"a": [True]}}) == (False, False)


def test_wrong_quick_form_is_found_out_and_dropped() -> None:
    """A quick form that says something else than CEL: CEL's value is taken, the doubt is noted, the form is not used again."""
    expression = compiled("status == 200")
    expression._quick.call = lambda _: False
    activation = Activation({"status": 200})

    assert expression.answer(activation) is True
    assert "CEL says True" in activation.doubts[0]
    assert expression._quick.call is None


def test_most_clauses_have_a_quick_form(kit: Any) -> None:
    """The judge's speed rests on it: at least nine in ten of the kit's expressions are translated."""
    expressions = [part for contract in kit.contracts.values() for clause in contract.clauses.values()
                   for part in (clause.when, clause.holds) if part is not None]  # fmt: skip
    translated = [part for part in expressions if part._quick.call is not None]

    assert len(translated) >= 0.85 * len(expressions)
