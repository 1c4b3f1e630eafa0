"""Mutants of the mock's own source: which there are, which of them a seed draws, and how one takes the place of its module.

They are made by mutmut (dependency group `selftest`), so nobody here chose what to break. Left out is what no exchange can
tell: sentences, whose wording is free, and code that runs only while the mock tells one of its named lies.
"""

from __future__ import annotations

import ast
import difflib
import hashlib
import importlib
import importlib.util
import sys
from collections import Counter
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from itertools import islice
from typing import TYPE_CHECKING, Any

from payproof import mock, target
from payproof.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path
    from types import CodeType

PACKAGE = mock.__name__
TABLES = ("_faults", "_variants", "_assumed")
"""Ends of the names of modules that are tables of texts and choices; nothing in them is server."""
MISSING = "source mutants are made by mutmut: install the dependency group `selftest` (pip install --group selftest)"


@dataclass(frozen=True, slots=True)
class Mutant:
    """One small change of one module: `before` and `after` are the lines that differ, `original` and `text` the whole module."""

    id: str
    module: str
    function: str
    line: int
    before: str
    after: str
    original: str
    text: str

    @property
    def name(self) -> str:
        """Where it is, and its id: both stay the same when something else is changed."""
        return f"{self.module}.{self.function} {self.id}" if self.function else f"{self.module} {self.id}"


class Source:
    """One module of the mock and everything that mutmut would change in it."""

    def __init__(self, path: Path) -> None:
        """Read the module and find its mutants. Raises UsageError where mutmut is not installed."""
        try:
            import libcst  # noqa: PLC0415  # an optional dependency, needed for source mutants only
            from libcst.metadata import MetadataWrapper, PositionProvider  # noqa: PLC0415  # see above
            from mutmut.mutation.file_mutation import MutationVisitor  # noqa: PLC0415  # see above
            from mutmut.mutation.mutators import mutation_operators  # noqa: PLC0415  # see above
            from mutmut.mutation.pragma_handling import IgnoredCode  # noqa: PLC0415  # see above
        except ImportError as error:
            raise UsageError(MISSING) from error
        self.module = path.stem
        self._text = path.read_text(encoding="utf-8")
        wrapper = MetadataWrapper(libcst.parse_module(self._text))
        visitor = MutationVisitor(mutation_operators, IgnoredCode(set(), set(), set()))
        wrapper.visit(visitor)
        self._tree = wrapper.module
        self._honest = honest(self._text)
        functions = sorted(_functions(ast.parse(self._text)))
        places = wrapper.resolve(PositionProvider)
        times: Counter[str] = Counter()
        self._found: dict[str, tuple[str, int, Any, Any]] = {}
        for one in visitor.mutations:
            place = places.get(one.original_node)
            old, new = self._tree.code_for_node(one.original_node), self._tree.code_for_node(one.mutated_node)
            if old == new or _sentence(old):
                continue
            line = place.start.line if place is not None else 0
            function = next((name for start, end, name in reversed(functions) if start <= line <= end), "")
            key = "\n".join((self.module, function, old, new))
            times[key] += 1
            name = hashlib.sha256(f"{key}\n{times[key]}".encode()).hexdigest()[:10]
            self._found[name] = (function, line, one.original_node, one.mutated_node)

    def ids(self) -> tuple[str, ...]:
        """Give the ids of all mutants of the module."""
        return tuple(self._found)

    def mutant(self, name: str) -> Mutant | None:
        """Make the mutant of this id; None where it is another server only while a lie is told."""
        function, line, old, new = self._found[name]
        text = self._tree.deep_replace(old, new).code
        if honest(text) == self._honest:
            return None
        lines = list(difflib.ndiff(self._text.splitlines(), text.splitlines()))
        before = " ".join(one[2:].strip() for one in lines if one.startswith("- "))
        after = " ".join(one[2:].strip() for one in lines if one.startswith("+ "))
        return Mutant(name, self.module, function, line, before, after, self._text, text)


def honest(text: str) -> str:
    """Give a module as it works while no lie is told: without the branches that only lies take."""
    return ast.unparse(ast.fix_missing_locations(_Honest().visit(ast.parse(text))))


class _Honest(ast.NodeTransformer):
    """Takes every question for a named lie as answered with no, and what follows from it."""

    def generic_visit(self, node: ast.AST) -> ast.AST:
        told = _told(node)
        return super().generic_visit(node) if told is None else ast.Constant(not told)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        inner = self.generic_visit(node)
        if isinstance(inner, ast.UnaryOp) and isinstance(inner.op, ast.Not) and (known := _constant(inner.operand)) is not None:
            return ast.Constant(not known)
        return inner

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        self.generic_visit(node)
        deciding = isinstance(node.op, ast.Or)
        left = [value for value in node.values if _constant(value) is not (not deciding)]
        if any(_constant(value) is deciding for value in left):
            return ast.Constant(deciding)
        if len(left) < 2:
            return left[0] if left else ast.Constant(not deciding)
        node.values = left
        return node

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        self.generic_visit(node)
        known = _constant(node.test)
        return node if known is None else node.body if known else node.orelse

    def visit_If(self, node: ast.If) -> ast.AST | list[ast.stmt]:
        self.generic_visit(node)
        known = _constant(node.test)
        return node if known is None else (node.body if known else node.orelse) or ast.Pass()


def _constant(node: ast.AST) -> bool | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, bool) else None


def _told(node: ast.AST) -> bool | None:
    """Say whether an expression asks for a lie (True) or for its absence (False); None where it asks for something else.

    Whatever a lie is called: a mutant that asks for another one is the same server while none is told.
    """
    match node:
        case ast.Call(func=ast.Attribute(attr="lies"), args=[ast.Constant()], keywords=[]):
            return True
        case ast.Compare(ops=[ast.In() | ast.NotIn() as how], comparators=[ast.Attribute(attr="lies")], left=ast.Constant()):
            return isinstance(how, ast.In)
    return None


def _functions(node: ast.AST, inside: str = "") -> Iterator[tuple[int, int, str]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            name = f"{inside}.{child.name}" if inside else child.name
            yield child.lineno, child.end_lineno or child.lineno, name
            yield from _functions(child, name)


def _sentence(code: str) -> bool:
    """Say whether code is a literal with words in it: what people read, and what another honest server says otherwise."""
    try:
        value = ast.literal_eval(code.strip())
    except (ValueError, SyntaxError):
        return False
    return isinstance(value, str) and " " in value.strip()


def shares(pools: Mapping[str, Sequence[str]], count: int) -> dict[str, int]:
    """Give each module its part of `count` mutants, in proportion to how many it has."""
    total = sum(map(len, pools.values()))
    if not total:
        return {}
    count = min(count, total)
    exact = {module: count * len(pool) / total for module, pool in pools.items()}
    share = {module: int(part) for module, part in exact.items()}
    for module in sorted(exact, key=lambda name: (share[name] - exact[name], name))[: count - sum(share.values())]:
        share[module] += 1
    return share


def ranked(ids: Iterable[str], seed: int) -> list[str]:
    """Give ids in the order in which a seed draws them.

    An id keeps its rank whatever else there is, so that a change of one function leaves what is drawn of others alone.
    """
    return sorted(ids, key=lambda name: _rank(seed, name))


def drawn(root: Path, apis: Iterable[str], count: int, seed: int) -> list[tuple[Mutant, tuple[str, ...]]]:
    """Draw mutants over the modules of the mock that are about these APIs, each with the APIs that its module serves.

    Raises UsageError where mutmut is not installed.
    """
    served = modules(root, apis)
    sources = {path: Source(path) for path in served}
    share = shares({path.stem: source.ids() for path, source in sources.items()}, count)
    found = []
    for path, source in sources.items():
        made = (mutant for name in ranked(source.ids(), seed) if (mutant := source.mutant(name)) is not None)
        found += [(mutant, served[path]) for mutant in islice(made, share.get(path.stem, 0))]
    return found


def _rank(seed: int, name: str) -> str:
    return hashlib.sha256(f"{seed} {name}".encode()).hexdigest()


def modules(root: Path, apis: Iterable[str]) -> dict[Path, tuple[str, ...]]:
    """Give the mock's modules that are about these APIs, each with the APIs that it serves, its own first.

    A module is about an API whose words its name begins with; it also serves the APIs of the modules that import it.
    """
    known = tuple(apis)
    paths = {path.stem: path for path in sorted(root.glob("*.py"))}
    of = {stem: _owners(stem, known) for stem in paths}
    about = {stem: path for stem, path in paths.items() if of[stem]}
    importers: dict[str, set[str]] = {stem: set() for stem in about}
    for stem, path in about.items():
        for name in _imported(path) & about.keys():
            importers[name].add(stem)
    found: dict[Path, tuple[str, ...]] = {}
    for stem, path in about.items():
        if stem.endswith(TABLES):
            continue
        above, waiting = {stem}, [stem]
        while waiting:
            fresh = importers[waiting.pop()] - above
            above |= fresh
            waiting += fresh
        certain = {owners[0] for name in above if len(owners := of[name]) == 1}
        own = of[stem] if len(of[stem]) == 1 else ()
        found[path] = (*own, *(api for api in known if api in (certain or of[stem]) and api not in own))
    return found


def _owners(stem: str, apis: Sequence[str]) -> tuple[str, ...]:
    words = stem.split("_")
    exact = [api for api in apis if words[: api.count("-") + 1] == api.split("-")]
    return tuple(exact) or tuple(api for api in apis if api.split("-")[0] == words[0])


def _imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {alias.name for alias in node.names} | {node.module.rpartition(".")[2]}
    return found


class _Changed(MetaPathFinder, SourceFileLoader):  # type: ignore[misc]  # the stubs of two ancestors of SourceFileLoader differ
    """Imports one module from a text of ours."""

    def __init__(self, name: str, path: str, text: str) -> None:
        SourceFileLoader.__init__(self, name, path)
        self._code = compile(text, path, "exec", dont_inherit=True)

    def find_spec(self, fullname: str, *_: object) -> ModuleSpec | None:
        return ModuleSpec(fullname, self, origin=self.path) if fullname == self.name else None

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002  # the interface of a loader
        return self._code


def statement(text: str, line: int) -> range:
    """Give the lines of the smallest statement of a module that a line belongs to; of a compound one only its head."""
    found = range(line, line + 1)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.stmt) and (own := _head(node)) and line in own and (len(found) == 1 or len(own) < len(found)):
            found = own
    return found


def _head(node: ast.stmt) -> range:
    inside = [child for name in ("body", "cases") for child in getattr(node, name, ())]
    first = inside[0].pattern.lineno if inside and isinstance(inside[0], ast.match_case) else inside[0].lineno if inside else None
    return range(node.lineno, first if first is not None else (node.end_lineno or node.lineno) + 1)


def again() -> None:
    """Import the mock anew in this process, as `switch` does, without a change."""
    for name in [name for name in sys.modules if f"{name}.".startswith(f"{PACKAGE}.")]:
        del sys.modules[name]
    vars(target)["MockServer"] = importlib.import_module(f"{PACKAGE}.server").MockServer


def switch(mutant: Mutant) -> None:
    """Let the mutant take the place of its module in this process, for good: call it in a process of its own.

    Raises whatever the changed module raises when it is imported.
    """
    spec = importlib.util.find_spec(f"{PACKAGE}.{mutant.module}")
    path = str(spec.origin) if spec is not None else mutant.module
    sys.meta_path.insert(0, _Changed(f"{PACKAGE}.{mutant.module}", path, mutant.text))
    again()
