"""An operation as generated requests see it: bodies, headers, constraints, and where each constraint can be violated."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from payproof.constraint import constraints
from payproof.draft import Draft
from payproof.exchange import Exchange
from payproof.negative import spots
from payproof.shape import FORM, request_faults
from payproof.specimen import Specimens, leaf, outline, strategy

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from hypothesis.strategies import SearchStrategy

    from payproof.client import Api
    from payproof.constraint import Constraint
    from payproof.shape import Fault
    from payproof.spec import Operation, Spec
    from payproof.specimen import Skeleton

_NUMBER = re.compile(r"[0-9](?:[ -]?[0-9]){11}")
_UNKNOWN = st.text("abcdefghijklmnopqrstuvwxyz", min_size=3, max_size=12).map(lambda name: f"x_{name}")


@dataclass(frozen=True, slots=True)
class Drawn:
    """What was drawn of a request: its body or form fields, and its optional headers."""

    body: Any
    labels: Mapping[str, str]


@dataclass(frozen=True)
class Subject:
    """An operation under test. `values` and `apart` are those of `Specimens`."""

    spec: Spec
    operation: Operation
    values: Mapping[str, SearchStrategy[Any]] = field(default_factory=dict)
    apart: Collection[frozenset[str]] = ()

    @cached_property
    def constraints(self) -> list[Constraint]:
        """Everything that the spec demands of a request."""
        return constraints(self.spec, self.operation)

    @cached_property
    def skeletons(self) -> list[Skeleton]:
        """Bodies in which everything occurs; one without members where the operation has no body."""
        specimens = Specimens(self.spec.document, values=self.values, apart=self.apart)
        return [skeleton for shape in self.operation.bodies.values() for skeleton in specimens.of(shape.schema)] or [{}]

    @cached_property
    def labels(self) -> Mapping[str, SearchStrategy[Any]]:
        """The optional headers by name."""
        headers = [one for one in self.operation.parameters if one.where == "header" and not one.required]
        return {one.name: leaf(one.shape.schema) for one in headers}

    @property
    def form(self) -> bool:
        """Whether the body is a form."""
        return FORM in self.operation.bodies

    def drawn(self, skeleton: Skeleton) -> SearchStrategy[Drawn]:
        """Draw the parts of a valid request that are not ids, with a body of one of the skeletons.

        A form gets a field that nobody knows: RFC 6749 section 3.2 has servers ignore it, and else there would be few
        different forms.
        """
        return self._drawn[next(index for index, known in enumerate(self.skeletons) if known is skeleton)]

    @cached_property
    def _drawn(self) -> list[SearchStrategy[Drawn]]:
        # A strategy is checked when it is first drawn from, which takes longer than to draw.
        return [self._strategy(skeleton) for skeleton in self.skeletons]

    def _strategy(self, skeleton: Skeleton) -> SearchStrategy[Drawn]:
        body = strategy(skeleton)
        if self.form:
            body = st.builds(lambda known, more: {**known, **more}, body, st.dictionaries(_UNKNOWN, _UNKNOWN, max_size=2))
        return st.builds(Drawn, body, st.fixed_dictionaries(dict(self.labels))).filter(self.discreet)

    def discreet(self, drawn: Drawn) -> bool:
        """Say whether no name or label happens to look like an account number, which answers then have to repeat.

        It does happen: Hypothesis draws literals of the code under test, and published card numbers are among them.
        """
        return not any(_NUMBER.search(text) for text in self._open_texts((drawn.body, drawn.labels)))

    def draft(self, drawn: Drawn, *, path: Mapping[str, str], headers: Mapping[str, str | None]) -> Draft:
        """Put drawn parts and what belongs to the tenant together."""
        together = {**drawn.labels, **headers}
        if self.form:
            return Draft(self.operation.id, path, {}, together, form=tuple(drawn.body.items()))
        return Draft(self.operation.id, path, {}, together, drawn.body if self.operation.bodies else None)

    def faults(self, api: Api) -> Callable[[Draft], list[Fault]]:
        """Say where a draft departs from the spec, as the judge will say of the request."""

        def found(draft: Draft) -> list[Fault]:
            exchange = Exchange("", draft.request(api), None, 0.0, 0.0)
            return request_faults(self.spec, self.operation, exchange, draft.path)

        return found

    def grouped(self, wanted: Iterable[Constraint], size: int) -> Iterator[tuple[Skeleton, list[Constraint]]]:
        """Give constraints in groups of at most `size` that can be violated in one body, the smallest that has them all.

        A constraint without a place in any body is left out; that it was never violated is seen in the journal.
        """
        groups: dict[int, list[Constraint]] = {}
        for constraint in wanted:
            index = self._smallest(constraint)
            if index is not None:
                groups.setdefault(index, []).append(constraint)
        for index, group in sorted(groups.items()):
            for start in range(0, len(group), size):
                yield self.skeletons[index], group[start : start + size]

    def _smallest(self, constraint: Constraint) -> int | None:
        fitting = []
        for index, skeleton in enumerate(self.skeletons):
            shape = outline(skeleton)
            draft = Draft(self.operation.id, body=shape, form=tuple(shape.items()) if self.form else None)
            if spots(constraint, draft):
                fitting.append((len(repr(shape)), index))
        return min(fitting)[1] if fitting else None

    def _open_texts(self, node: Any) -> Iterator[str]:
        if isinstance(node, str):
            yield node
        elif isinstance(node, dict):
            for name, member in node.items():
                if name not in self.spec.sensitive:
                    yield from self._open_texts(member)
        elif isinstance(node, list | tuple):
            for item in node:
                yield from self._open_texts(item)
