"""Expressions as Python functions: a quick first answer, never the last word.

Handing a body to CEL costs more than evaluating most clauses on it, and nearly every clause holds on nearly every
exchange. So an expression is also written as a Python function over the same names, from CEL's own syntax tree. What it
answers is compared with CEL again and again (`expression.Expression.answer`), the first breaks of a clause are confirmed
by CEL before they are findings, and whatever the function cannot say for certain (a missing member, a type that CEL
would refuse) it leaves to CEL.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from payproof.syntax import Node

UNSAID = (KeyError, TypeError, IndexError, ValueError, AttributeError, OverflowError)
"""What a quick function raises where only CEL can say what an expression means."""

Quick = "Callable[[Mapping[str, Any]], Any]"


class _Nothing:
    """The optional without a value."""

    __slots__ = ()


_NOTHING = _Nothing()
_BOOLEAN, _OPTIONAL, _PLAIN = "boolean", "optional", "plain"


class _UnknownError(Exception):
    """A part of CEL that is not translated."""


def translated(tree: Node, functions: Mapping[str, Callable[..., Any]]) -> Callable[[Mapping[str, Any]], Any] | None:
    """Give a function from names to the value of an expression; None if it uses what is not translated.

    `functions` are the ones of ours that the expression may call; they take strings.
    """
    try:
        kind, code = _code(tree, {}, functions)
    except _UnknownError:
        return None
    if kind == _OPTIONAL:
        return None
    scope: dict[str, Any] = {**_HELPERS, **{f"call_{name}": _strings(call) for name, call in functions.items()}}
    # Literals enter as their repr, and there are no builtins.
    source = f"lambda names: {code}"
    made: Callable[[Mapping[str, Any]], Any] = eval(source, {"__builtins__": {}, **scope})  # noqa: S307  # made from a tree that CEL has checked
    return made


def _code(  # noqa: PLR0912  # one branch a kind of node
    node: Node, scope: Mapping[str, str], functions: Mapping[str, Any]
) -> tuple[str, str]:
    def inner(child: Node) -> tuple[str, str]:
        return _code(child, scope, functions)

    if node.kind == "name":
        return _PLAIN, scope.get(node.name, f"names[{node.name!r}]")
    if node.kind == "boolean":
        return _BOOLEAN, "True" if node.name == "true" else "False"
    if node.kind in {"text", "number", "double"}:
        value = node.name if node.kind == "text" else int(node.name) if node.kind == "number" else float(node.name)
        return _PLAIN, repr(value)
    if node.kind == "member":
        kind, around = inner(node.children[0])
        if node.optional or kind == _OPTIONAL:
            return _OPTIONAL, f"member({around}, {node.name!r})"
        return _PLAIN, f"{around}[{node.name!r}]"
    if node.kind == "has":
        kind, around = inner(node.children[0])
        return _BOOLEAN, f"has({around}, {node.name!r})"
    if node.kind == "index" and not node.optional:
        (kind, around), (_, key) = inner(node.children[0]), inner(node.children[1])
        if kind == _OPTIONAL:
            raise _UnknownError
        return _PLAIN, f"index({around}, {key})"
    if node.kind == "list":
        parts = [inner(child) for child in node.children]
        if any(kind == _OPTIONAL for kind, _ in parts):
            raise _UnknownError
        return _PLAIN, "[" + ", ".join(code for _, code in parts) + "]"
    if node.kind == "loop":
        return _loop(node, scope, functions)
    if node.kind == "call" and node.name == "orValue" and node.children[0].kind == "member" and node.children[0].optional:
        (_, around), (kind, other) = inner(node.children[0].children[0]), inner(node.children[1])
        if kind != _OPTIONAL:
            return _PLAIN, f"member({around}, {node.children[0].name!r}, {other})"
    if node.kind == "call":
        return _call(node.name, [inner(child) for child in node.children], functions)
    raise _UnknownError


def _call(name: str, parts: list[tuple[str, str]], functions: Mapping[str, Any]) -> tuple[str, str]:
    codes = [code for _, code in parts]
    kinds = [kind for kind, _ in parts]
    if name in {"_&&_", "_||_"}:
        word = "and" if name == "_&&_" else "or"
        return _BOOLEAN, f"({_truth(*parts[0])} {word} {_truth(*parts[1])})"
    if name == "!_":
        return _BOOLEAN, f"(not {_truth(*parts[0])})"
    if name == "_?_:_" and kinds[1] == kinds[2]:
        return kinds[1], f"({codes[1]} if {_truth(*parts[0])} else {codes[2]})"
    if name in {"_==_", "_!=_"} and (kinds[0] == _OPTIONAL) == (kinds[1] == _OPTIONAL):
        return _BOOLEAN, f"({'' if name == '_==_' else 'not '}equal({codes[0]}, {codes[1]}))"
    if name in {"orValue", "or", "hasValue", "value"} and kinds[0] == _OPTIONAL:
        if name == "hasValue":
            return _BOOLEAN, f"({codes[0]} is not NOTHING)"
        if name == "orValue" and kinds[1] != _OPTIONAL:
            return _PLAIN, f"given({codes[0]}, {codes[1]})"
        if name == "or" and kinds[1] == _OPTIONAL:
            return _OPTIONAL, f"given({codes[0]}, {codes[1]})"
        raise _UnknownError
    if _OPTIONAL in kinds:
        raise _UnknownError
    if name in _CALLS:
        kind, helper = _CALLS[name]
        return kind, f"{helper}({', '.join(codes)})"
    if name in functions:
        return _PLAIN, f"call_{name}({', '.join(codes)})"
    raise _UnknownError


def _truth(kind: str, code: str) -> str:
    return code if kind == _BOOLEAN else f"truth({code})"


def _loop(node: Node, scope: Mapping[str, str], functions: Mapping[str, Any]) -> tuple[str, str]:
    around, start, step, result = node.children
    variable = f"item{len(scope)}"
    inner = {**scope, node.name: variable}
    kind, items = _code(around, scope, functions)
    if kind == _OPTIONAL:
        raise _UnknownError
    each = f"for {variable} in each({items})"
    if step.kind == "call" and step.name in {"_&&_", "_||_"} and result.kind == "name":
        word = "all" if step.name == "_&&_" else "any"
        return _BOOLEAN, f"{word}({_truth(*_code(step.children[1], inner, functions))} {each})"
    if step.kind == "call" and step.name == "_?_:_" and start.kind == "number" and result.kind == "call":
        return _BOOLEAN, f"(sum({_truth(*_code(step.children[0], inner, functions))} {each}) == 1)"
    only = ""
    if step.kind == "call" and step.name == "_?_:_":
        only = f" if {_truth(*_code(step.children[0], inner, functions))}"
        step = step.children[1]
    if step.kind == "call" and step.name == "_+_" and step.children[1].kind == "list" and start.kind == "list":
        kind, item = _code(step.children[1].children[0], inner, functions)
        if kind != _OPTIONAL:
            return _PLAIN, f"[{item} {each}{only}]"
    raise _UnknownError


def _member(around: Any, name: str, other: Any = _NOTHING) -> Any:
    if type(around) is dict:
        return around.get(name, other)
    if around is _NOTHING:
        return other
    raise TypeError


def _has(around: Any, name: str) -> bool:
    if type(around) is not dict:
        raise TypeError
    return name in around


def _index(around: Any, key: Any) -> Any:
    if type(around) is list and type(key) is int and key >= 0:
        return around[key]
    if type(around) is dict and type(key) is str:
        return around[key]
    raise TypeError


def _truth_of(value: Any) -> bool:
    if value is True or value is False:
        return value
    raise TypeError


def _equal(left: Any, right: Any) -> bool:
    one, other = type(left), type(right)
    if one is other:
        return bool(left == right) and (one not in _DEEP or _same(left, right))
    return {one, other} <= _NUMBERS and bool(left == right)


def _same(left: Any, right: Any) -> bool:
    # The two are equal to Python, which takes 1 and True for equal; CEL does not.
    pairs = ((left[name], right[name]) for name in left) if type(left) is dict else zip(left, right, strict=True)
    for one, other in pairs:
        kind = type(one)
        if kind is str or one is other:
            continue
        if kind in _DEEP:
            if not _same(one, other):
                return False
        elif (kind is bool) != (type(other) is bool):
            return False
    return True


def _less(left: Any, right: Any) -> bool:
    if (type(left) is type(right) and type(left) in _ORDERED) or {type(left), type(right)} <= _NUMBERS:
        return bool(left < right)
    raise TypeError


def _among(item: Any, many: Any) -> bool:
    if type(many) is dict and type(item) is str:
        return item in many
    if type(many) is list:
        if type(item) is str:
            return item in many
        return any(_equal(item, one) for one in many)
    raise TypeError


def _plus(left: Any, right: Any) -> Any:
    if type(left) is type(right) and (type(left) in (str, list, float) or (type(left) is int and abs(left) + abs(right) < _LARGE)):
        return left + right
    raise TypeError


def _minus(left: Any, right: Any) -> Any:
    if type(left) is type(right) and (type(left) is float or (type(left) is int and abs(left) + abs(right) < _LARGE)):
        return left - right
    raise TypeError


def _divided(left: Any, right: Any) -> Any:
    if type(left) is float and type(right) is float and right:
        return left / right
    raise TypeError


def _each(many: Any) -> Any:
    if type(many) in _DEEP:
        return many
    raise TypeError


def _size(value: Any) -> int:
    if type(value) in (str, list, dict):
        return len(value)
    raise TypeError


def _moment(text: Any) -> datetime:
    # Longer fractions than microseconds, and forms that RFC 3339 does not know, are CEL's business.
    if type(text) is str and 20 <= len(text) <= 27 and text[10] == "T" and text[-1] == "Z" and text[19] in ".Z":
        return datetime.fromisoformat(text)
    raise ValueError


def _strings(call: Callable[..., Any]) -> Callable[..., Any]:
    def checked(*arguments: Any) -> Any:
        if any(type(argument) is not str for argument in arguments):
            raise TypeError
        return call(*arguments)

    return checked


_DEEP = (dict, list)
_LARGE = 2**62
"""Whole numbers beyond this are CEL's business, which stops at 64 bits."""
_NUMBERS = {int, float}
_ORDERED = {int, float, str, datetime}
_CALLS: Mapping[str, tuple[str, str]] = {
    "_<_": (_BOOLEAN, "less"), "_>_": (_BOOLEAN, "more"), "_<=_": (_BOOLEAN, "not_more"), "_>=_": (_BOOLEAN, "not_less"),
    "@in": (_BOOLEAN, "among"), "_+_": (_PLAIN, "plus"), "_-_": (_PLAIN, "minus"), "_/_": (_PLAIN, "divided"), "size": (_PLAIN, "size"),
    "timestamp": (_PLAIN, "moment"),
    "startsWith": (_BOOLEAN, "starts"), "endsWith": (_BOOLEAN, "ends"), "contains": (_BOOLEAN, "contains"),
}  # fmt: skip
_HELPERS: Mapping[str, Any] = {
    "NOTHING": _NOTHING, "member": _member, "has": _has, "index": _index, "truth": _truth_of, "equal": _equal, "less": _less,
    "more": lambda left, right: _less(right, left), "not_more": lambda left, right: not _less(right, left),
    "not_less": lambda left, right: not _less(left, right), "among": _among, "plus": _plus, "minus": _minus, "divided": _divided,
    "each": _each, "size": _size,
    "moment": _moment, "given": lambda value, other: other if value is _NOTHING else value, "all": all, "any": any, "sum": sum,
    "starts": _strings(str.startswith), "ends": _strings(str.endswith), "contains": _strings(str.__contains__),
}  # fmt: skip
