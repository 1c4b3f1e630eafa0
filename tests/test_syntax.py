"""The tree that is read from a compiled expression: its kinds of nodes, its free names, what a status settles."""

from __future__ import annotations

import pytest

from payproof.expression import Activation, compiled
from payproof.syntax import Node, parse, settled


@pytest.mark.parametrize(
    ("text", "kind", "name", "children"),
    [
        pytest.param("status", "name", "status", 0, id="name"),
        pytest.param("body.id", "member", "id", 1, id="member"),
        pytest.param('body["a-b"]', "member", "a-b", 1, id="index-by-text-is-a-member"),
        pytest.param("body[0]", "index", "", 2, id="index-by-number"),
        pytest.param('path[path["id"]]', "index", "", 2, id="index-by-value"),
        pytest.param("has(body.id)", "has", "id", 1, id="has"),
        pytest.param("status == 200", "call", "_==_", 2, id="operator-is-a-call"),
        pytest.param('tenant.contains("x")', "call", "contains", 2, id="method-is-a-call-with-its-target-first"),
        pytest.param("[status, 1]", "list", "", 2, id="list"),
        pytest.param('{"a": status}', "map", "", 2, id="map"),
        pytest.param("[1].all(x, x > 0)", "loop", "x", 4, id="macro-is-a-loop"),
        pytest.param('"text"', "text", "text", 0, id="text"),
        pytest.param('""', "text", "", 0, id="empty-text"),
        pytest.param("7", "number", "7", 0, id="number"),
        pytest.param("0", "number", "0", 0, id="zero"),
        pytest.param("-7", "number", "-7", 0, id="negative-number"),
        pytest.param("7u", "number", "7", 0, id="unsigned-number"),
        pytest.param("1.5", "double", "1.5", 0, id="double"),
        pytest.param("true", "boolean", "true", 0, id="boolean"),
    ],
)
def test_node_says_what_it_is(text: str, kind: str, name: str, children: int) -> None:
    """The root of a tree has the kind, name and children of its expression."""
    tree = compiled(text).tree

    assert (tree.kind, tree.name, len(tree.children)) == (kind, name, children)


def test_optional_steps_are_marked() -> None:
    """`.?` and `[?]` differ from their plain forms in a mark only."""
    tree = compiled('body.?a[?"b"].orValue(1)').tree

    assert [(node.name, node.optional) for node in tree.walk() if node.kind == "member"] == [("b", True), ("a", True)]


@pytest.mark.parametrize(
    ("text", "roots"),
    [
        pytest.param("1 == 1", set(), id="none"),
        pytest.param("status == 200", {"status"}, id="one"),
        pytest.param("body.before == after.body", {"body", "after"}, id="member-names-are-no-roots"),
        pytest.param("body.all(body, body.id > 0)", {"body"}, id="variable-hides-a-root"),
        pytest.param("body.all(x, x == before.id)", {"body", "before"}, id="root-inside-a-loop"),
        pytest.param("body.all(x, body.all(y, x == y))", {"body"}, id="nested-loops"),
        pytest.param('{"a": status}["a"] == 1', {"status"}, id="value-of-a-map"),
        pytest.param("{tenant: 1} == {}", {"tenant"}, id="key-of-a-map"),
        pytest.param('"before" == tenant', {"tenant"}, id="words-in-texts-are-no-roots"),
        pytest.param("has(after.x) ? status > 1 : elapsed > 1.0", {"after", "status", "elapsed"}, id="condition"),
    ],
)
def test_free_names_are_the_roots(text: str, roots: set[str]) -> None:
    """Exactly the roots are free that evaluation would look up; a variable of a loop is none."""
    assert compiled(text).tree.free() == roots
    assert compiled(text).reads == roots


@pytest.mark.parametrize(
    ("text", "status", "answer"),
    [
        pytest.param("status == 200", 200, True, id="equal"),
        pytest.param("status == 200", 404, False, id="not-equal"),
        pytest.param("status != 200", 200, False, id="unequal"),
        pytest.param("status >= 400 && status < 500", 404, True, id="range"),
        pytest.param("status >= 400 && status < 500", 200, False, id="out-of-range"),
        pytest.param("status > -1", 200, True, id="negative-bound"),
        pytest.param('status == 200 && tenant == "a"', 404, False, id="and-with-a-false-part"),
        pytest.param('status == 200 && tenant == "a"', 200, None, id="and-with-an-open-part"),
        pytest.param('status == 200 || tenant == "a"', 200, True, id="or-with-a-true-part"),
        pytest.param('status == 200 || tenant == "a"', 404, None, id="or-with-an-open-part"),
        pytest.param("!(status == 200)", 200, False, id="not"),
        pytest.param('!(tenant == "a")', 200, None, id="not-of-an-open-part"),
        pytest.param("200 == status", 200, None, id="other-way-round-is-left-to-cel"),
        pytest.param("status in [200, 201]", 200, None, id="membership-is-left-to-cel"),
        pytest.param("elapsed > 1.0", 200, None, id="another-root"),
    ],
)
def test_status_settles_what_it_can(*, text: str, status: int, answer: bool | None) -> None:
    """A status decides a condition only where every value of the other names would give the same answer."""
    assert settled(compiled(text).tree, status) is answer


@pytest.mark.parametrize("status", [-1, 0, 199, 200, 201, 404, 500])
@pytest.mark.parametrize(
    "text", ["status == 200", "status != 200", "status < 200", "status <= 200", "status > 200", "status >= 200", "status > -1"]
)
def test_settled_agrees_with_cel(text: str, status: int) -> None:
    """What the tree says of a comparison is what CEL says of it."""
    expression = compiled(text)

    assert settled(expression.tree, status) is expression.value(Activation({"status": status}))


@pytest.mark.parametrize(
    ("text", "known", "answer"),
    [
        pytest.param("size(facts.seen) > 0", {"seen"}, True, id="known"),
        pytest.param("size(facts.seen) > 0", set(), False, id="unknown"),
        pytest.param("size(facts.seen) == 0", {"seen"}, False, id="known-is-not-empty"),
        pytest.param("size(facts.seen) == 0", {"other"}, True, id="another-fact-is-known"),
        pytest.param("size(facts.seen) != 0", {"seen"}, True, id="unequal"),
        pytest.param("size(facts.seen) > 0", None, None, id="nobody-says-what-is-known"),
        pytest.param("size(facts.seen) > 1", {"seen"}, None, id="how-many-is-left-to-cel"),
        pytest.param("size(facts.seen) >= 0", {"seen"}, None, id="other-comparison-is-left-to-cel"),
        pytest.param("size(body.seen) > 0", {"seen"}, None, id="no-fact"),
        pytest.param("status == 200 && size(facts.seen) > 0", {"seen"}, True, id="with-the-status"),
    ],
)
def test_known_facts_settle_what_they_can(*, text: str, known: set[str] | None, answer: bool | None) -> None:
    """Whether anything is known under a fact decides a comparison of its size with nothing."""
    assert settled(compiled(text).tree, 200, known) is answer


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\x12\x03abc", id="without-a-tree"),
        pytest.param(b"\xff\xff\xff", id="varint-without-end"),
        pytest.param(b"not protobuf at all", id="prose"),
    ],
)
def test_other_bytes_are_refused(data: bytes) -> None:
    """Bytes of another form raise ValueError instead of a tree that is not there."""
    with pytest.raises(ValueError, match="CheckedExpr"):
        parse(data)


def test_walk_reaches_every_node() -> None:
    """Walking a tree gives the node itself first, then all below it."""
    tree = Node("call", "f", (Node("name", "a"), Node("list", children=(Node("text", "b"),))))

    assert [node.kind for node in tree.walk()] == ["call", "name", "list", "text"]
