"""Schemathesis as a source of requests: valid ones, and values just beyond each boundary of a spec.

Its valid requests are drawn as it draws them. Of its negative ones only the value and the place are taken, and put into
a request that is known to be accepted: what else they contain was never accepted by anybody.
"""

from __future__ import annotations

from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from payproof.draft import ABSENT, NULL, Draft
from payproof.exchange import Intent
from payproof.negative import Negative, isolated
from payproof.schema import resolve
from payproof.subject import Drawn, on_wire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from hypothesis.strategies import SearchStrategy
    from schemathesis import Case
    from schemathesis.schemas import APIOperation

    from payproof.constraint import Constraint
    from payproof.shape import Fault
    from payproof.spec import Spec
    from payproof.subject import Subject


class Boundaries:
    """The operations of a spec as Schemathesis sees them. It is imported when it is first needed: it takes a second."""

    def __init__(self, spec: Spec, seed: int) -> None:
        """Remember the spec; nothing is read yet."""
        self._spec = spec
        self._seed = seed

    @cached_property
    def _schema(self) -> Any:
        import schemathesis  # noqa: PLC0415  # see the class

        schema = schemathesis.openapi.from_dict(closed(self._spec.document), config=schemathesis.Config(seed=self._seed))
        # Where no document limits a text, U+0000 is still what hardly any data store keeps.
        schema.config.generation.update(modes=list(schemathesis.GenerationMode), with_security_parameters=False, allow_x00=False)
        schema.config.phases.coverage.unexpected_methods = set()
        return schema

    def operation(self, subject: Subject) -> APIOperation[Any, Any, Any, Any]:
        """Give an operation, for `validate_response`."""
        found: APIOperation[Any, Any, Any, Any] = self._schema[subject.operation.template][subject.operation.method]
        return found

    def valid(self, subject: Subject) -> SearchStrategy[Drawn]:
        """Draw valid requests; ids and what belongs to a tenant have to be put in their place."""
        drawn = self.operation(subject).as_strategy().map(lambda case: _drawn(subject, case))
        return drawn.filter(subject.discreet)

    def beyond(
        self, subject: Subject, drafts: Sequence[Draft], faults: Callable[[Draft], list[Fault]]
    ) -> Iterator[tuple[Constraint, Negative]]:
        """Give one-change negatives of accepted requests, with the constraint that each violates.

        The cases of Schemathesis' coverage phase, in both modes, that have exactly one negative part, which departs
        from the spec in exactly one place.
        """
        from schemathesis import GenerationMode  # noqa: PLC0415  # see the class

        known = {constraint.id: constraint for constraint in subject.constraints}
        operation = self.operation(subject)
        config = self._schema.config.generation_for(operation=operation, phase="coverage")
        for case in self._schema.iter_coverage_cases(operation, generation_modes=list(GenerationMode), generation_config=config):
            if case.meta is None or sum(part.mode.is_negative for part in case.meta.components.values()) != 1:
                continue
            draft = _draft(subject, drafts[0], case)
            found = faults(draft)
            for fault in found if len({fault.pointer for fault in found}) == 1 else ():
                _, location, *steps = fault.pointer.split("/")
                pointer = "".join(f"/{step}" for step in steps)
                constraint = known.get(f"{location}:{_starred(pointer)}:{fault.keyword}")
                value = draft.at(location, pointer)
                if constraint is not None and _plain(constraint, value, form=subject.form):
                    yield from _grafted(constraint, pointer, value, drafts, faults)
                    break


def closed(document: Mapping[str, Any]) -> dict[str, Any]:
    """Give a spec whose request bodies have no other members than the documented ones.

    A server may refuse what it does not know; no document says that it must not.
    """

    @cache
    def referred(reference: str) -> Any:
        return inlined(resolve(document, {"$ref": reference}))

    def inlined(node: Any) -> Any:
        if isinstance(node, list):
            return [inlined(item) for item in node]
        if not isinstance(node, dict):
            return node
        if "$ref" in node:
            return referred(node["$ref"])
        whole = {name: inlined(member) for name, member in node.items()}
        return {**whole, "additionalProperties": False} if whole.get("type") == "object" and "properties" in whole else whole

    def visited(node: Any) -> Any:
        if isinstance(node, list):
            return [visited(item) for item in node]
        if not isinstance(node, dict):
            return node
        return {name: inlined(member) if name == "requestBody" else visited(member) for name, member in node.items()}

    found: dict[str, Any] = visited(document)
    return found


def _body(subject: Subject, case: Case[Any]) -> Any:
    from schemathesis.core import NOT_SET  # noqa: PLC0415  # see the class

    return None if not subject.operation.bodies or case.body is NOT_SET else NULL if case.body is None else _whole(case.body)


def _whole(value: Any) -> Any:
    """Write whole numbers without a fraction: 5.0 is an integer to JSON Schema, and a fault to who counts money in it."""
    if isinstance(value, dict):
        return {name: _whole(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _drawn(subject: Subject, case: Case[Any]) -> Drawn:
    known = {name.lower(): name for name in subject.labels}
    labels = {known[name.lower()]: on_wire(value) for name, value in (case.headers or {}).items() if name.lower() in known}
    query = {name: on_wire(value) for name, value in (case.query or {}).items() if name in subject.query}
    return Drawn(_body(subject, case), labels, query)


def _draft(subject: Subject, base: Draft, case: Case[Any]) -> Draft:
    from schemathesis.core.parameters import ParameterLocation  # noqa: PLC0415  # see the class

    meta = case.meta
    generated = case.path_parameters if meta is not None and meta.is_negative_at(ParameterLocation.PATH) else {}
    path = {**base.path, **{name: str(value) for name, value in generated.items()}}
    known = {one.name.lower(): one.name for one in subject.operation.parameters if one.where == "header"}
    headers = {known[name.lower()]: on_wire(value) for name, value in (case.headers or {}).items() if name.lower() in known}
    query = {name: on_wire(value) for name, value in (case.query or {}).items()}
    body = _body(subject, case)
    if subject.form:
        fields = body if isinstance(body, dict) else {}
        return Draft(subject.operation.id, path, query, headers, form=tuple((name, str(value)) for name, value in fields.items()))
    return Draft(subject.operation.id, path, query, headers, body)


def _starred(pointer: str) -> str:
    return "/".join("*" if step.isdigit() else step for step in pointer.split("/"))


def _plain(constraint: Constraint, value: Any, *, form: bool) -> bool:
    """Say whether a value arrives as it is sent, and is wrong by every reading of the spec.

    Beyond ASCII a spec's patterns can be narrower than some reading of the vendor's. HTTP drops blanks around a header,
    a path without a segment is another one, and a form field without a value counts as left out.
    """
    if not isinstance(value, str):
        return constraint.location == "body" and (value is not ABSENT or constraint.keyword == "required")
    if not value.isascii():
        return False
    if constraint.location == "body":
        return value != "" or not form
    return value.isprintable() and value == value.strip() and (constraint.location != "path" or value not in {"", ".", ".."})


def _grafted(
    constraint: Constraint, pointer: str, value: Any, drafts: Sequence[Draft], faults: Callable[[Draft], list[Fault]]
) -> Iterator[tuple[Constraint, Negative]]:
    location = constraint.location
    for draft in drafts:
        if location == "body" and draft.at(location, pointer) is ABSENT:
            continue
        changed = NULL if value is None and not pointer else value
        negative = Negative(draft.put(location, pointer, changed), Intent("refuse", location, pointer, constraint.keyword))
        if isolated(constraint, negative, faults):
            yield constraint, negative
            return
