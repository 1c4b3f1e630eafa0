"""Which members an expression reads: `body.cards.all(c, c.id != "")` reads body.cards and body.cards.*.id.

CEL checks the names at the root only; these paths are checked against the schemas of the spec.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from payproof.syntax import Node


@dataclass(frozen=True, slots=True)
class Chain:
    """A path of members below a root; `*` is an item. `wrapped` counts lists that the expression itself made."""

    root: str
    steps: tuple[str, ...] = ()
    wrapped: int = 0

    def item(self) -> Chain:
        """Give the chain of one item of this list."""
        if self.wrapped:
            return replace(self, wrapped=self.wrapped - 1)
        return replace(self, steps=(*self.steps, "*"))

    def member(self, name: str) -> Chain:
        """Give the chain of a member."""
        return replace(self, steps=(*self.steps, name))

    def __str__(self) -> str:
        return ".".join((self.root, *self.steps))


def chains(tree: Node) -> frozenset[Chain]:
    """Give every path that the expression touches, longest ones included."""
    found: set[Chain] = set()
    _visit(tree, {}, found)
    return frozenset(found)


def result(tree: Node) -> Chain | None:
    """Give the path whose value the expression is, if it is one."""
    return _visit(tree, {}, set())


_SHOWN = ("status", "pans", "echoed")


def telling(tree: Node, most: int = 4) -> list[Chain]:
    """Give the paths whose values tell a reader why a condition is false: leaves, or what several leaves stand in."""
    paths = {Chain(chain.root, chain.steps[: chain.steps.index("*")] if "*" in chain.steps else chain.steps) for chain in chains(tree)}
    leaves = [one for one in paths if one.steps and not any(one != other and _below(other, one) for other in paths)]
    around = Counter(Chain(leaf.root, leaf.steps[:-1]) for leaf in leaves if len(leaf.steps) > 1)
    chosen = {Chain(leaf.root, leaf.steps[:-1]) if around[Chain(leaf.root, leaf.steps[:-1])] > 2 else leaf for leaf in leaves}
    chosen |= {Chain(name) for name in tree.free() if name in _SHOWN}
    return sorted(chosen, key=lambda chain: (chain.root != "body", len(chain.steps), chain.steps))[:most]


def _below(chain: Chain, other: Chain) -> bool:
    return chain.root == other.root and chain.steps[: len(other.steps)] == other.steps


def _visit(node: Node, scope: Mapping[str, Chain | None], found: set[Chain]) -> Chain | None:
    if node.kind == "name":
        return scope[node.name] if node.name in scope else Chain(node.name)
    if node.kind in {"member", "has"}:
        around = _visit(node.children[0], scope, found)
        if around is None or around.wrapped:
            return None
        chain = around.member(node.name)
        found.add(chain)
        return chain if node.kind == "member" else None
    if node.kind == "index":
        around = _visit(node.children[0], scope, found)
        _visit(node.children[1], scope, found)
        if around is None:
            return None
        chain = around.item()
        found.add(chain)
        return chain
    if node.kind == "loop":
        return _loop(node, scope, found)
    inner = [_visit(child, scope, found) for child in node.children]
    if node.kind == "call" and node.name in {"orValue", "or", "value", "optional.of"}:
        return inner[0]
    if node.kind == "call" and node.name == "_?_:_":
        return inner[1] or inner[2]
    if node.kind == "list" and inner and inner[0] is not None:
        return replace(inner[0], wrapped=inner[0].wrapped + 1)
    return None


def _loop(node: Node, scope: Mapping[str, Chain | None], found: set[Chain]) -> Chain | None:
    around = _visit(node.children[0], scope, found)
    _visit(node.children[1], scope, found)
    item = around.item() if around is not None else None
    if item is not None:
        found.add(item)
    inner = {**scope, node.name: item, node.result_name: None}
    _visit(node.children[2], inner, found)
    _visit(node.children[3], inner, found)
    return _appended(node.children[2], inner)


def _appended(step: Node, scope: Mapping[str, Chain | None]) -> Chain | None:
    """Give what `map` and `filter` make: the list of what their step appends."""
    if step.kind == "call" and step.name == "_?_:_":
        return _appended(step.children[1], scope)
    if step.kind == "call" and step.name == "_+_" and step.children[1].kind == "list":
        return _visit(step.children[1], scope, set())
    return None
