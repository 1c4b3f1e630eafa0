"""The syntax tree of a CEL expression, read from its compiled form.

cel-expr-python shows no tree, but it serialises one: a `cel.expr.CheckedExpr` of the CEL specification
(cel/expr/checked.proto, cel/expr/syntax.proto) in protobuf's wire format, macros expanded. Reading that form keeps
us from writing a second parser that could disagree with the first.
"""

from __future__ import annotations

import operator
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping


@dataclass(frozen=True, slots=True)
class Node:
    """One node of a tree.

    Its kind is one of `name`, `member`, `has`, `index`, `call`, `loop`, `list`, `map`, `text`, `number`, `double`,
    `boolean` and `other`.
    `name` is the identifier, member, function or literal; `optional` marks `.?` and `[?]`. A loop's children are
    range, start, step, result; `name` is its variable and `result_name` its accumulator.
    """

    kind: str
    name: str = ""
    children: tuple[Node, ...] = ()
    optional: bool = False
    result_name: str = ""

    def walk(self) -> Iterator[Node]:
        """Give this node and all below it."""
        yield self
        for child in self.children:
            yield from child.walk()

    def free(self) -> frozenset[str]:
        """Give the names that are not bound inside: the roots that the expression reads."""
        if self.kind == "name":
            return frozenset({self.name})
        if self.kind == "loop":
            around, start, step, result = self.children
            inner = (step.free() | result.free()) - {self.name, self.result_name}
            return around.free() | start.free() | inner
        return frozenset().union(*(child.free() for child in self.children))


_COMPARED: Mapping[str, Callable[[int, int], bool]] = {
    "_==_": operator.eq, "_!=_": operator.ne, "_<_": operator.lt, "_<=_": operator.le, "_>_": operator.gt, "_>=_": operator.ge,
}  # fmt: skip


def settled(node: Node, status: int, facts: Collection[str] | None = None) -> bool | None:
    """Say what a condition is for a status, and for the facts of which something is known (None: nobody says which).

    None where these do not decide it. Only comparisons of `status` and of `size(facts.NAME)` with a number are read.
    """
    if node.kind != "call":
        return None
    if node.name in {"_&&_", "_||_"}:
        parts = [settled(child, status, facts) for child in node.children]
        ends = node.name == "_||_"
        return ends if ends in parts else None if None in parts else not ends
    if node.name == "!_":
        inner = settled(node.children[0], status, facts)
        return None if inner is None else not inner
    if node.name in _COMPARED and node.children[1].kind == "number":
        left, number = node.children[0], int(node.children[1].name)
        if left.kind == "name" and left.name == "status":
            return _COMPARED[node.name](status, number)
        if left.kind == "call" and left.name == "size" and facts is not None:
            return _size(left.children[0], node.name, number, facts)
    return None


def _size(of: Node, comparison: str, number: int, facts: Collection[str]) -> bool | None:
    if of.kind != "member" or of.children[0].kind != "name" or of.children[0].name != "facts" or number != 0:
        return None
    empty = of.name not in facts
    return {"_>_": not empty, "_==_": empty, "_!=_": not empty}.get(comparison)


def parse(serialized: bytes) -> Node:
    """Read the tree from `Expression.serialize()`; ValueError if the bytes are not of that form."""
    try:
        checked = _first(serialized, 2)
        return _node(_first(checked, 4))
    except (IndexError, KeyError) as error:
        message = "the serialised expression has another form than cel.expr.CheckedExpr"
        raise ValueError(message) from error


_CONST, _IDENT, _SELECT, _CALL, _LIST, _STRUCT, _LOOP = range(3, 10)


def _node(data: bytes) -> Node:
    for number, value in _fields(data):
        if isinstance(value, int):
            continue
        if number == _CONST:
            return _literal(value)
        if number == _IDENT:
            return Node("name", _text(value, 1))
        if number == _SELECT:
            tested = any(n == 3 and v for n, v in _fields(value))
            return Node("has" if tested else "member", _text(value, 2), (_node(_first(value, 1)),))
        if number == _CALL:
            return _call(value)
        if number == _LIST:
            return Node("list", children=tuple(_node(item) for item in _all(value, 1)))
        if number == _STRUCT:
            return Node("map", children=tuple(_node(part) for entry in _all(value, 2) for part in (*_all(entry, 3), *_all(entry, 4))))
        if number == _LOOP:
            parts = (_node(_first(value, 2)), _node(_first(value, 4)), _node(_first(value, 6)), _node(_first(value, 7)))
            return Node("loop", _text(value, 1), parts, result_name=_text(value, 3))
    return Node("other")


def _call(data: bytes) -> Node:
    function = _text(data, 2)
    arguments = tuple(_node(item) for item in (*_all(data, 1), *_all(data, 3)))
    if function in {"_[_]", "_[?_]", "_?._"}:
        around, key = arguments
        if key.kind == "text":
            return Node("member", key.name, (around,), optional=function != "_[_]")
        return Node("index", "", (around, key), optional=function != "_[_]")
    return Node("call", function, arguments)


def _literal(data: bytes) -> Node:
    for number, value in _fields(data):
        if number == 6 and isinstance(value, bytes):
            return Node("text", value.decode())
        if number == 5 and isinstance(value, bytes):
            return Node("double", repr(struct.unpack("<d", value)[0]))
        if number == 2:
            return Node("boolean", "true" if value else "false")
        if number in {3, 4} and isinstance(value, int):
            # protobuf writes a negative int64 as its two's complement
            return Node("number", str(value - 2**64 if number == 3 and value >= 2**63 else value))
    return Node("other")


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, at = _varint(data, at)
            yield number, value
            continue
        if wire == 2:
            size, at = _varint(data, at)
        else:
            size = {1: 8, 5: 4}[wire]
        yield number, data[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7


def _all(data: bytes, number: int) -> list[bytes]:
    return [value for found, value in _fields(data) if found == number and isinstance(value, bytes)]


def _first(data: bytes, number: int) -> bytes:
    return _all(data, number)[0]


def _text(data: bytes, number: int) -> str:
    return next(iter(_all(data, number)), b"").decode()
