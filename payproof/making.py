"""What an operation makes at a target, and how it is neutralised: the `cleanup` of a contract."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from payproof.expression import Expression
    from payproof.spec import Operation

_WHOLE = re.compile(r"\{([a-z_]+)\}")


class Loader(Protocol):
    """Whoever reads a contract: it compiles and checks, and says where something is wrong."""

    def expression(self, at: tuple[str | int, ...], text: str, extra: tuple[str, ...] = ()) -> Expression:
        """Compile an expression."""

    def condition(self, at: tuple[str | int, ...], expression: Expression | None) -> None:
        """Make sure that an expression is a condition."""

    def operation(self, at: tuple[str | int, ...], name: str) -> Operation:
        """Find an operation."""

    def check_members(
        self, at: tuple[str | int, ...], expression: Expression, operations: tuple[str, ...], effects: Mapping[str, Any]
    ) -> None:
        """Make sure that what an expression reads is in the spec."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request by what is known of a thing: texts may name `{id}`, `{request}` and what was kept.

    A text that is nothing but one name becomes the value itself, of its own JSON type. `api` is another one of the kit.
    """

    operation: str
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    api: str = ""

    def filled(self, known: Mapping[str, Any]) -> dict[str, Any]:
        """Give the arguments of the call."""
        return {"path": {name: str(_filled(value, known)) for name, value in self.path.items()},
                "query": {name: str(_filled(value, known)) for name, value in self.query.items()},
                "body": _filled(self.body, known)}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Making:
    """One thing that an operation makes.

    `id` and `keep` are read from the exchange that made it. `undo` are calls of which the first that succeeds neutralises
    it; where none does, `over`, which knows the thing's `id`, says on the answer to `look` whether nothing is left to
    neutralise; if something is, they are tried once more with what `see` reads there in place of what was kept. `find` looks
    a thing up by the request that made it, `found` reads its id there. `stays` says why nothing can be done about it.
    """

    resource: str
    id: Expression
    when: Expression | None = None
    keep: Mapping[str, Expression] = field(default_factory=dict)
    undo: tuple[Call, ...] = ()
    look: Call | None = None
    over: Expression | None = None
    see: Mapping[str, Expression] = field(default_factory=dict)
    find: Call | None = None
    found: Expression | None = None
    stays: str = ""


def load(loader: Loader, data: Mapping[str, Any]) -> dict[str, tuple[Making, ...]]:
    """Read the `cleanup` of a contract. Raises KitError."""
    return {name: tuple(_making(loader, name, index, raw) for index, raw in enumerate(entries))
            for name, entries in data.get("cleanup", {}).items()}  # fmt: skip


def _making(loader: Loader, name: str, index: int, raw: Mapping[str, Any]) -> Making:
    at = ("cleanup", name, index)
    own = (loader.operation(at, name).id,)

    def read(
        key: str, text: str | None, operations: tuple[str, ...], *, condition: bool = False, extra: tuple[str, ...] = ()
    ) -> Expression | None:
        if text is None:
            return None
        found = loader.expression((*at, key), text, extra)
        if condition:
            loader.condition((*at, key), found)
        loader.check_members((*at, key), found, operations, {})
        return found

    look, find = _call(loader, at, raw.get("look")), _call(loader, at, raw.get("find"))
    identity = read("id", raw["id"], own)
    assert identity is not None  # noqa: S101  # the format demands it
    return Making(
        raw["makes"], identity, read("when", raw.get("when"), own, condition=True),
        {key: kept for key, text in raw.get("keep", {}).items() if (kept := read("keep", text, own)) is not None},
        tuple(call for one in raw.get("undo", ()) if (call := _call(loader, at, one)) is not None),
        look, read("over", raw.get("over"), (look.operation,), condition=True, extra=("id",)) if look else None,
        {key: seen for key, text in raw.get("see", {}).items() if look
         and (seen := read("see", text, (look.operation,), extra=("id",))) is not None},
        find, read("found", raw.get("found"), (find.operation,)) if find else None, raw.get("stays", ""),
    )  # fmt: skip


def _call(loader: Loader, at: tuple[str | int, ...], raw: Mapping[str, Any] | None) -> Call | None:
    if raw is None:
        return None
    operation = raw["operation"] if raw.get("api") else loader.operation(at, raw["operation"]).id
    return Call(operation, raw.get("path", {}), raw.get("query", {}), raw.get("body"), raw.get("api", ""))


def _filled(template: Any, known: Mapping[str, Any]) -> Any:
    if isinstance(template, dict):
        return {name: _filled(value, known) for name, value in template.items()}
    if isinstance(template, list):
        return [_filled(value, known) for value in template]
    if not isinstance(template, str):
        return template
    whole = _WHOLE.fullmatch(template)
    return known[whole.group(1)] if whole else template.format_map(known)
