"""CEL expressions: compiled once, read for what they mention, evaluated to plain values.

The only module that knows the CEL library. What is peculiar about it is dealt with here: errors come back as values,
bodies that it cannot hold are normalised, functions take scalars only (container arguments leak in cel-expr-python), and
`cel.bind` is not offered (in cel-expr-python 0.1.3 its variable can hold what a loop of another expression left there
when several are evaluated as one list); `[value].all(name, ...)` names a value instead.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from cel_expr_python import cel
from cel_expr_python.ext import ext_math, ext_optional, ext_strings

from payproof.quick import UNSAID, translated
from payproof.syntax import Node, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_T = cel.Type
_WORDS = _T.Map(_T.STRING, _T.STRING)

ROOTS: Mapping[str, Any] = {
    "status": _T.INT,
    "headers": _WORDS,
    "body": _T.DYN,
    "request": _T.Map(_T.STRING, _T.DYN),
    "path": _WORDS,
    "query": _WORDS,
    "before": _T.DYN,
    "after": _T.DYN,
    "facts": _T.Map(_T.STRING, _T.Map(_T.STRING, _T.DYN)),
    "tenant": _T.STRING,
    "at": _T.DOUBLE,
    "elapsed": _T.DOUBLE,
    "pans": _T.List(_T.STRING),
    "echoed": _T.List(_T.STRING),
    "members": _T.List(_T.STRING),
    "decimals": _T.List(_T.STRING),
    "body_bytes": _T.INT,
}


class ExpressionError(ValueError):
    """The text does not compile; the message is CEL's own, with the caret."""


class EvaluationError(ValueError):
    """The expression has no value on this exchange; `missing` names the member that was not there, if that is why."""

    def __init__(self, message: str) -> None:
        """Keep CEL's message and find the missing member in it."""
        super().__init__(message)
        found = re.search(r'Key not found in map : "((?:[^"\\]|\\.)*)"', message)
        self.missing = found.group(1) if found else None
        self.absent = self.missing is not None or "Index error: index=" in message


def luhn(text: str) -> bool:
    """Say whether a run of digits passes the check of ISO/IEC 7812-1 annex B."""
    if not text.isascii() or not text.isdigit():
        return False
    total = 0
    for place, digit in enumerate(reversed(text)):
        value = ord(digit) - 48
        if place % 2:
            value = value * 2 - 9 if value > 4 else value * 2
        total += value
    return total % 10 == 0


def masked(number: str) -> str:
    """Show a card number as its first six digits, X, and its last four, as the vendors print it."""
    return number[:6] + "X" * (len(number) - 10) + number[-4:] if len(number) > 10 else "X" * len(number)


def seconds(timestamp: str) -> float:
    """Turn an RFC 3339 timestamp into seconds since the epoch; ValueError if it has no date, time and zone."""
    moment = datetime.fromisoformat(timestamp)
    if moment.tzinfo is None or "T" not in timestamp.upper():
        message = "no RFC 3339 timestamp"
        raise ValueError(message)
    return moment.timestamp()


def claims(token: str, name: str) -> str:
    """Give a claim of a JSON Web Token as JSON text; the empty string where there is none."""
    parts = token.split(".")
    if len(parts) != 3:
        return ""
    try:
        payload = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError):
        return ""
    return json.dumps(payload[name]) if isinstance(payload, dict) and name in payload else ""


_FUNCTIONS: Mapping[str, tuple[Callable[..., Any], Any, list[Any]]] = {
    "last4": (lambda text: text[-4:], _T.STRING, [_T.STRING]),
    "first4": (lambda text: text[:4], _T.STRING, [_T.STRING]),
    "masked": (masked, _T.STRING, [_T.STRING]),
    "luhn": (luhn, _T.BOOL, [_T.STRING]),
    "digits": (lambda text: re.sub("[^0-9]", "", text), _T.STRING, [_T.STRING]),
    "seconds": (seconds, _T.DOUBLE, [_T.STRING]),
    "millis": (lambda text: round(seconds(text) * 1000), _T.INT, [_T.STRING]),
    "claims": (claims, _T.STRING, [_T.STRING, _T.STRING]),
}


@cache
def _environment(extra: tuple[str, ...] = ()) -> Any:
    functions = [
        cel.FunctionDecl(name, [cel.Overload(f"{name}_of", return_type=result, parameters=parameters, impl=call)])
        for name, (call, result, parameters) in _FUNCTIONS.items()
    ]
    return cel.NewEnv(
        variables={**ROOTS, **dict.fromkeys(extra, _T.DYN)},
        extensions=[
            cel.CelExtension("payproof", functions),
            ext_optional.ExtOptional(),
            ext_strings.ExtStrings(),
            ext_math.ExtMath(),
        ],
    )


_ALWAYS_COMPARED = 10
_COMPARED_EVERY = 499
"""How often a quick answer is compared with CEL's: the first uses of each expression, then one in so many."""


@dataclass(slots=True)
class _Quick:
    call: Callable[[Mapping[str, Any]], Any] | None
    left: int = 0
    compared: int = 0


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression: its text, its syntax tree, and the names at its root."""

    text: str
    tree: Node
    reads: frozenset[str]
    boolean: bool
    _compiled: Any = field(repr=False, compare=False)
    _quick: _Quick = field(repr=False, compare=False)

    def value(self, activation: Activation) -> Any:
        """Evaluate to a plain Python value.

        Raises EvaluationError where CEL has no value: a missing member, a type that does not fit, a budget used up.
        """
        return _value(self._compiled, activation)

    def answer(self, activation: Activation) -> Any:
        """Give the value, by its quick form where there is one.

        The quick form is compared with CEL on the first uses and now and then after; where they differ CEL's value is
        taken, and the activation's `doubts` say so: an error of the suite. Raises EvaluationError where CEL has no value.
        """
        quick = self._quick
        if quick.call is not None:
            try:
                said = quick.call(activation.names)
            except UNSAID:
                return self.value(activation)
            quick.left -= 1
            if quick.left > 0:
                return said
            quick.left = _COMPARED_EVERY if quick.compared > _ALWAYS_COMPARED else 0
            quick.compared += 1
            value = self.value(activation)
            if value != said or type(value) is not type(said):
                quick.call = None
                activation.doubts.append(f"the quick form of {self.text!r} says {said!r} where CEL says {value!r}")
            return value
        return self.value(activation)

    def true(self, activation: Activation) -> bool:
        """Say whether the answer is exactly true. Raises EvaluationError where there is none."""
        return self.answer(activation) is True

    def holds(self, activation: Activation) -> bool:
        """Say whether the value is exactly true; no error is raised, so that the caller can ask again for the cause."""
        try:
            return self.true(activation)
        except EvaluationError:
            return False


def _value(program: Any, activation: Activation) -> Any:
    try:
        result = program.eval(activation.cel)
    except RuntimeError as error:
        raise EvaluationError(str(error)) from error
    plain = result.plain_value()
    if isinstance(plain, str) and result.type() == _T.ERROR:
        raise EvaluationError(plain)
    return plain


class Activation:
    """The names that expressions see on one exchange. A reused activation grows, so there is one an exchange."""

    __slots__ = ("_cel", "_extra", "doubts", "names")

    def __init__(self, names: Mapping[str, Any], extra: tuple[str, ...] = ()) -> None:
        """Take plain dicts, lists and scalars by root name; they must be `normalised`."""
        self.names = names
        self.doubts: list[str] = []
        self._extra = extra
        self._cel: Any = None

    @property
    def cel(self) -> Any:
        """The names in CEL's own form, made when it is first asked for."""
        if self._cel is None:
            self._cel = _environment(self._extra).Activation(self.names)
        return self._cel


@cache
def compiled(text: str, *, extra: tuple[str, ...] = ()) -> Expression:
    """Compile an expression over the roots and the `extra` names; the same text is the same expression again.

    Raises ExpressionError with CEL's message and caret; also for a literal regular expression that does not compile,
    which CEL itself would only notice when it meets a value.
    """
    try:
        program = _environment(extra).compile(text)
        kind = program.return_type()
        tree = parse(program.serialize())
    except RuntimeError as error:
        raise ExpressionError(str(error).removeprefix("INVALID_ARGUMENT: ").removesuffix(" [INVALID_ARGUMENT]")) from error
    for node in tree.walk():
        if node.kind == "call" and node.name == "matches" and node.children[-1].kind == "text":
            _check_pattern(node.children[-1].name)
    if "optional_type" in str(kind):
        message = f"the value of {text!r} is an optional: end it with .orValue(...)"
        raise ExpressionError(message)
    functions = {name: call for name, (call, _, _) in _FUNCTIONS.items()}
    quick = _Quick(translated(tree, functions))
    return Expression(text, tree, tree.free(), kind in (_T.BOOL, _T.DYN), program, quick)


def _check_pattern(pattern: str) -> None:
    # Only CEL's own engine (RE2) knows what it takes: no look-around, no back-references, no \\Z.
    tried = _environment().compile(f'"".matches({json.dumps(pattern, ensure_ascii=False)})').eval(_environment().Activation({}))
    if tried.type() == _T.ERROR:
        message = f"the regular expression {pattern!r} does not compile: {tried.plain_value()}"
        raise ExpressionError(message)


_ESCAPED = re.compile(rb"\\u0000|\\u[dD][89a-fA-F]")
_DIGITS = bytes.maketrans(b"0123456789", b"0" * 10)
_TOO_LONG = b"0" * 19
_INT64 = range(-(2**63), 2**63)


def suspicious(raw: bytes) -> bool:
    """Say whether a JSON text may hold what CEL cannot: NUL, lone surrogates, integers beyond 64 bits."""
    # Looking for nineteen digits in a row this way costs a tenth of a regular expression.
    return (b"\\u" in raw and _ESCAPED.search(raw) is not None) or _TOO_LONG in raw.translate(_DIGITS)


def normalised(value: Any) -> Any:
    """Give a copy that CEL can hold: NUL and lone surrogates become U+FFFD, integers beyond 64 bits become floats."""
    if isinstance(value, str):
        return value.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {normalised(name): normalised(member) for name, member in value.items()}
    if isinstance(value, list):
        return [normalised(item) for item in value]
    if isinstance(value, int) and value not in _INT64:
        try:
            return float(value)
        except OverflowError:
            return float("inf") if value > 0 else float("-inf")
    return value
