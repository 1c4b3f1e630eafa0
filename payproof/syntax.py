"""The syntax tree of a CEL expression, read from its compiled form.

cel-expr-python shows no tree, but it serialises one: a `cel.expr.CheckedExpr` of the CEL specification
(cel/expr/checked.proto, cel/expr/syntax.proto) in protobuf's wire format, macros expanded. Reading that form keeps
us from writing a second parser that could disagree with the first.
"""

from __future__ import annotations

import operator
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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
        (checked,) = _fields(serialized)[2]
        (expression,) = _fields(checked)[4]
        return _node(expression)
    except (IndexError, KeyError, ValueError) as error:
        message = "the serialised expression has another form than cel.expr.CheckedExpr"
        raise ValueError(message) from error


_CONST, _IDENT, _SELECT, _CALL, _LIST, _STRUCT, _LOOP = range(3, 10)

_Fields = dict[int, list[Any]]
"""The fields of a protobuf message by number: whole numbers, or the bytes of what is inside."""


def _node(data: bytes) -> Node:
    fields = _fields(data)
    for number, read in _READERS.items():
        if number in fields:
            return read(_fields(fields[number][0]))
    return Node("other")


def _select(fields: _Fields) -> Node:
    kind = "has" if any(fields.get(3, ())) else "member"
    return Node(kind, _text(fields, 2), (_node(fields[1][0]),))


def _struct(fields: _Fields) -> Node:
    entries = [_fields(entry) for entry in fields.get(2, ())]
    return Node("map", children=tuple(_node(part) for entry in entries for part in (*entry.get(3, ()), *entry.get(4, ()))))


def _loop(fields: _Fields) -> Node:
    parts = tuple(_node(fields[number][0]) for number in (2, 4, 6, 7))
    return Node("loop", _text(fields, 1), parts, result_name=_text(fields, 3))


def _call(fields: _Fields) -> Node:
    function = _text(fields, 2)
    arguments = tuple(_node(item) for item in (*fields.get(1, ()), *fields.get(3, ())))
    if function in {"_[_]", "_[?_]", "_?._"}:
        around, key = arguments
        if key.kind == "text":
            return Node("member", key.name, (around,), optional=function != "_[_]")
        return Node("index", "", (around, key), optional=function != "_[_]")
    return Node("call", function, arguments)


def _literal(fields: _Fields) -> Node:
    for number, (value, *_) in fields.items():
        if number == 6:
            return Node("text", value.decode())
        if number == 5:
            return Node("double", repr(struct.unpack("<d", value)[0]))
        if number == 2:
            return Node("boolean", "true" if value else "false")
        if number in {3, 4}:
            # protobuf writes a negative int64 as its two's complement
            return Node("number", str(value - 2**64 if number == 3 and value >= 2**63 else value))
    return Node("other")


_READERS: Mapping[int, Callable[[_Fields], Node]] = {
    _CONST: _literal,
    _IDENT: lambda fields: Node("name", _text(fields, 1)),
    _SELECT: _select,
    _CALL: _call,
    _LIST: lambda fields: Node("list", children=tuple(_node(item) for item in fields.get(1, ()))),
    _STRUCT: _struct,
    _LOOP: _loop,
}


def _fields(data: bytes) -> _Fields:
    found: _Fields = {}
    at, end = 0, len(data)
    while at < end:
        key, at = _varint(data, at)
        wire = key & 7
        value: Any
        if wire == 0:
            value, at = _varint(data, at)
        else:
            size, at = _varint(data, at) if wire == 2 else (_FIXED[wire], at)
            value = data[at : at + size]
            at += size
        found.setdefault(key >> 3, []).append(value)
    return found


_FIXED = {1: 8, 5: 4}
"""Bytes of the wire types of fixed size."""


def _varint(data: bytes, at: int) -> tuple[int, int]:
    byte = data[at]
    if byte < 128:
        return byte, at + 1
    value, shift = byte & 127, 7
    while True:
        at += 1
        byte = data[at]
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at + 1
        shift += 7


def _text(fields: _Fields, number: int) -> str:
    found: bytes = next(iter(fields.get(number, ())), b"")
    return found.decode()
