"""The check of a request body against its model: which rule is broken where, and never which value breaks it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import TypeAdapter, ValidationError, ValidationInfo, ValidatorFunctionWrapHandler, WrapValidator

from payproof.mock import assumed
from payproof.mock.refusal import Invalid, Violation

_RULES = {
    "missing": "is required",
    "string_type": "must be a string",
    "string_unicode": "must be made of valid Unicode characters",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "string_pattern_mismatch": "must match {pattern}",
    "literal_error": "must be one of {expected}",
    "bool_type": "must be a boolean",
    "int_type": "must be an integer",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "list_type": "must be an array",
    "dict_type": "must be an object",
    "two_ways": "must be {expected}",
}

_Model = TypeVar("_Model")
_Item = TypeVar("_Item")


@dataclass(slots=True)
class _Found:
    """How many faults of a body were found so far."""

    faults: int = 0


def _unless_many(value: object, handler: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
    # What is refused anyway is not looked at any further: a megabyte of faulty items would keep everybody else waiting
    found: _Found = info.context or _Found()
    before = found.faults
    if before >= assumed.MOST_VIOLATIONS:
        return value
    try:
        return handler(value)
    except ValidationError as error:
        found.faults = before + error.error_count()
        raise


Listed = list[Annotated[_Item, WrapValidator(_unless_many)]]
"""An array of items; those that come after ``assumed.MOST_VIOLATIONS`` faults are not checked."""


def _json_path(location: tuple[int | str, ...]) -> str:
    path = ""
    for step in location:
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else step
    return path or "body"


def _violations(error: ValidationError) -> Iterator[Violation]:
    # The library's own messages are not used: some of them quote the value, which may be a card number.
    for each in error.errors(include_url=False, include_input=False)[: assumed.MOST_VIOLATIONS]:
        rule = _RULES.get(each["type"], "is not valid").format_map(each.get("ctx", {}))
        yield Violation(_json_path(each["loc"]), rule)


def checked(adapter: TypeAdapter[_Model], body: object) -> _Model:
    """Check a body without coercing anything; raises ``Invalid`` with the rules that it breaks, the first hundred of them."""
    try:
        return adapter.validate_python(body, strict=True, context=_Found())
    except ValidationError as error:
        raise Invalid(list(_violations(error))) from None
