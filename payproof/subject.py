"""An operation as generated requests see it: bodies, parameters, constraints, and where each constraint can be violated."""

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
    """What was drawn of a request: its body or form fields, its headers as far as the caller chooses them, its query."""

    body: Any
    labels: Mapping[str, str]
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Subject:
    """An operation under test. `values` and `apart` are those of `Specimens`; `values` names parameters, too.

    `supplied` are headers that the tenant's access gives, so that they are not drawn; neither is a parameter that refers
    to something (x-refers-to) without a strategy in `values`. `once` are parameters that no two requests of a tenant may
    share: `drawn` leaves them out where more than one request is made of what it draws. `shaped` may divide the
    skeletons of the body further, where the spec allows members together that no server has to take.
    """

    spec: Spec
    operation: Operation
    values: Mapping[str, SearchStrategy[Any]] = field(default_factory=dict)
    apart: Collection[frozenset[str]] = ()
    supplied: Collection[str] = ()
    once: Collection[str] = ()
    shaped: Callable[[list[Skeleton]], list[Skeleton]] = list

    @cached_property
    def constraints(self) -> list[Constraint]:
        """Everything that the spec demands of a request."""
        return constraints(self.spec, self.operation)

    @cached_property
    def skeletons(self) -> list[Skeleton]:
        """Bodies in which everything occurs; one without members where the operation has no body."""
        specimens = Specimens(self.spec.document, values=self.values, apart=self.apart)
        return self.shaped([skeleton for shape in self.operation.bodies.values() for skeleton in specimens.of(shape.schema)]) or [{}]

    @cached_property
    def labels(self) -> Mapping[str, SearchStrategy[str]]:
        """The headers that a caller chooses, by name."""
        return self._parameters("header")

    @cached_property
    def query(self) -> Mapping[str, SearchStrategy[str]]:
        """The query parameters by name."""
        return self._parameters("query")

    def _parameters(self, where: str) -> dict[str, SearchStrategy[str]]:
        given = {name.lower() for name in self.supplied}
        drawn = {
            one.name: self.values[one.name] if one.name in self.values else leaf(one.shape.schema) for one in self.operation.parameters
            if one.where == where and one.name.lower() not in given and (one.name in self.values or "x-refers-to" not in one.shape.schema)
        }  # fmt: skip
        return {name: values.map(on_wire) for name, values in drawn.items()}

    @property
    def bare(self) -> bool:
        """Whether requests differ in nothing but what they are about."""
        return not self.operation.bodies and not self.labels and not self.query

    @property
    def form(self) -> bool:
        """Whether the body is a form."""
        return FORM in self.operation.bodies

    def drawn(self, skeleton: Skeleton, *, alone: bool = False) -> SearchStrategy[Drawn]:
        """Draw the parts of a valid request that are not ids, with a body of one of the skeletons.

        A form gets a field that nobody knows: RFC 6749 section 3.2 has servers ignore it, and else there would be few
        different forms. Only a request that stays `alone` has the parameters that no two requests may share.
        """
        index = next(index for index, known in enumerate(self.skeletons) if known is skeleton)
        return self._strategies[alone][index]

    @cached_property
    def _strategies(self) -> dict[bool, list[SearchStrategy[Drawn]]]:
        # A strategy is checked when it is first drawn from, which takes longer than to draw.
        return {alone: [self._strategy(skeleton, () if alone else self.once) for skeleton in self.skeletons] for alone in (False, True)}

    def _strategy(self, skeleton: Skeleton, without: Collection[str]) -> SearchStrategy[Drawn]:
        body = strategy(skeleton)
        if self.form:
            body = st.builds(lambda known, more: {**known, **more}, body, st.dictionaries(_UNKNOWN, _UNKNOWN, max_size=2))
        labels, query = ({name: drawn for name, drawn in known.items() if name not in without} for known in (self.labels, self.query))
        return st.builds(Drawn, body, st.fixed_dictionaries(labels), st.fixed_dictionaries(query)).filter(self.discreet)

    def discreet(self, drawn: Drawn) -> bool:
        """Say whether no name or label happens to look like an account number, which answers then have to repeat.

        It does happen: Hypothesis draws literals of the code under test, and published card numbers are among them.
        """
        return not any(_NUMBER.search(text) for text in self._open_texts((drawn.body, drawn.labels, drawn.query)))

    def draft(self, drawn: Drawn, *, path: Mapping[str, str], headers: Mapping[str, str | None]) -> Draft:
        """Put drawn parts and what belongs to the tenant together."""
        together = {**drawn.labels, **headers}
        if self.form:
            return Draft(self.operation.id, path, drawn.query, together, form=tuple(drawn.body.items()))
        return Draft(self.operation.id, path, drawn.query, together, drawn.body if self.operation.bodies else None)

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


def on_wire(value: Any) -> str:
    """Write a parameter's value as it stands in a URL or a header: true and false as JSON has them."""
    return str(value).lower() if isinstance(value, bool) else str(value)
