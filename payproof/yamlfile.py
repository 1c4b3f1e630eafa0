"""YAML files by the rules of YAML 1.2, with the line of every member.

PyYAML resolves plain scalars by YAML 1.1, where `on`, `no` and `2026-11-20` are not strings. The core schema of
YAML 1.2 (chapter 10.3) knows null, booleans written true or false, integers and floats; everything else is a string.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import yaml

from payproof.errors import KitError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

Step = str | int

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Base):  # type: ignore[misc]  # the C loader exists only where libyaml does, so its type is Any
    yaml_implicit_resolvers: ClassVar[dict[str, list[tuple[str, re.Pattern[str]]]]] = {}


_CORE = (
    ("tag:yaml.org,2002:null", r"^(?:~|null|Null|NULL|)$", "~nN\0"),
    ("tag:yaml.org,2002:bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("tag:yaml.org,2002:int", r"^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$", "-+0123456789"),
    (
        "tag:yaml.org,2002:float",
        r"^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$",
        "-+.0123456789",
    ),
)
for _tag, _pattern, _first in _CORE:
    _Loader.add_implicit_resolver(_tag, re.compile(_pattern), ["" if c == "\0" else c for c in _first])


def _integer(loader: Any, node: Any) -> int:
    text = loader.construct_scalar(node)
    base = {"0o": 8, "0x": 16}.get(text[:2], 10)
    return int(text[2:] if base != 10 else text, base)


_Loader.add_constructor("tag:yaml.org,2002:int", _integer)


@dataclass(frozen=True, slots=True)
class YamlFile:
    """A parsed file: its path, its data, and the 1-based line of every member by its path of keys."""

    path: Path
    data: Any
    lines: dict[tuple[Step, ...], int]

    def line(self, at: Iterable[Step]) -> int | None:
        """Give the line of the member at this path, or of the nearest one around it."""
        steps = tuple(at)
        while steps and steps not in self.lines:
            steps = steps[:-1]
        return self.lines.get(steps)


def load(path: Path) -> YamlFile:
    """Read a YAML 1.2 file.

    Raises KitError, with the line, for a file that cannot be read, is not UTF-8, is not YAML, has a duplicate key,
    or uses an alias or a tag (neither belongs in a spec or contract that people review). Keys are strings, as in JSON.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise KitError(path, f"cannot be read: {error}") from error
    lines: dict[tuple[Step, ...], int] = {}
    loader = _Loader(text)
    try:
        root = loader.get_single_node()
        _walk(path, loader, root, (), root.start_mark.line + 1 if root is not None else 1, lines, set())
        data = loader.construct_document(root) if root is not None else None
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error)
        raise KitError(path, f"is not YAML: {problem}", line=mark.line + 1 if mark else None) from error
    except RecursionError as error:
        raise KitError(path, "is nested too deeply") from error
    finally:
        loader.dispose()
    return YamlFile(path, data, lines)


def _walk(path: Path, loader: Any, node: Any, at: tuple[Step, ...], line: int, lines: dict[tuple[Step, ...], int], met: set[int]) -> None:
    lines[at] = line
    if node is None:
        return
    if id(node) in met:
        raise KitError(path, "aliases are not used here", line=line)
    met.add(id(node))
    implicit = (not node.style, bool(node.style)) if isinstance(node, yaml.ScalarNode) else True
    if node.tag != loader.resolve(type(node), node.value, implicit):
        raise KitError(path, f"the tag {node.tag!r} is not used here", line=line)
    if isinstance(node, yaml.MappingNode):
        seen: dict[Any, int] = {}
        for key, value in node.value:
            below = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise KitError(path, "a key is not a plain word", line=below)
            name: Step = key.value
            if name in seen:
                raise KitError(path, f"duplicate key {name!r}, first in line {seen[name]}", line=below)
            seen[name] = below
            key.tag = "tag:yaml.org,2002:str"
            _walk(path, loader, value, (*at, name), below, lines, met)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _walk(path, loader, value, (*at, index), value.start_mark.line + 1 if id(value) not in met else line, lines, met)
