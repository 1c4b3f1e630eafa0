"""Which members an expression touches, so that a misspelt one is found when the contract is loaded."""

from __future__ import annotations

import pytest

from payproof.chains import Chain, chains, result
from payproof.expression import compiled


def touched(text: str) -> set[str]:
    return {str(chain) for chain in chains(compiled(text).tree)}


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        pytest.param("status == 200", set(), id="root-alone"),
        pytest.param("body.a.b == 1", {"body.a", "body.a.b"}, id="members"),
        pytest.param('body["a-b"].c == 1', {"body.a-b", "body.a-b.c"}, id="member-by-text"),
        pytest.param('path["id"] == ""', {"path.id"}, id="path-parameter"),
        pytest.param("body.a[0].b == 1", {"body.a", "body.a.*", "body.a.*.b"}, id="item"),
        pytest.param("has(body.a.b)", {"body.a", "body.a.b"}, id="has"),
        pytest.param("body.?a.?b.orValue(1) == 1", {"body.a", "body.a.b"}, id="optional"),
        pytest.param("body.?a.orValue([]).all(x, x.b)", {"body.a", "body.a.*", "body.a.*.b"}, id="loop-over-an-optional"),
        pytest.param("body.a.all(x, x.b == before.c)", {"body.a", "body.a.*", "body.a.*.b", "before.c"}, id="all"),
        pytest.param("body.a.exists(x, x.b)", {"body.a", "body.a.*", "body.a.*.b"}, id="exists"),
        pytest.param("body.a.filter(x, x.b).map(y, y.c) == []", {"body.a", "body.a.*", "body.a.*.b", "body.a.*.c"}, id="filter-map"),
        pytest.param("body.a.filter(x, x.b)[0].c == 1", {"body.a", "body.a.*", "body.a.*.b", "body.a.*.c"}, id="item-of-a-filter"),
        pytest.param("body.a.map(x, x.b).all(z, z.c)", {"body.a", "body.a.*", "body.a.*.b", "body.a.*.b.c"}, id="loop-over-a-map"),
        pytest.param("[body.a][0].b == 1", {"body.a", "body.a.b"}, id="list-made-here-adds-no-step"),
        pytest.param("[body.a].all(x, x.b == 1)", {"body.a", "body.a.b"}, id="loop-of-one-names-a-value"),
        pytest.param("(status == 1 ? body.a : body.b) == 1", {"body.a", "body.b"}, id="both-branches"),
        pytest.param('facts.seen["k"] == 1', {"facts.seen", "facts.seen.k"}, id="fact"),
        pytest.param("size(body.a) == body.b.size()", {"body.a", "body.b"}, id="inside-of-functions"),
        pytest.param('{"k": body.a} == {}', {"body.a"}, id="value-of-a-map"),
        pytest.param("body.a.all(x, [1].all(x, x > 0))", {"body.a", "body.a.*"}, id="inner-variable-hides-the-outer"),
        pytest.param("body.a.all(body, body.b == 1)", {"body.a", "body.a.*", "body.a.*.b"}, id="variable-hides-a-root"),
        pytest.param("[1, 2].all(x, x > 0)", set(), id="no-root-at-all"),
    ],
)
def test_paths_are_those_that_are_touched(text: str, paths: set[str]) -> None:
    """Every member path that evaluation could ask for is listed, and no other."""
    assert touched(text) == paths


@pytest.mark.parametrize(
    ("text", "path"),
    [
        pytest.param("body", "body", id="root"),
        pytest.param("body.a", "body.a", id="member"),
        pytest.param("body.?a.orValue({})", "body.a", id="optional"),
        pytest.param("body.a.filter(x, x.b)", "body.a.*", id="filter-gives-items"),
        pytest.param("body.a + 1", None, id="computed"),
        pytest.param("has(body.a)", None, id="has"),
        pytest.param('"text"', None, id="literal"),
    ],
)
def test_result_is_the_path_of_the_value(text: str, path: str | None) -> None:
    """The value of an expression is a path only where it is taken from one unchanged."""
    found = result(compiled(text).tree)

    assert (None if found is None else str(found)) == path


def test_list_made_by_the_expression_is_unwrapped_first() -> None:
    """An item of a list that the expression made is what was put in, without a step."""
    chain = Chain("body", ("a",), wrapped=1)

    assert chain.item() == Chain("body", ("a",))
    assert chain.item().item() == Chain("body", ("a", "*"))
