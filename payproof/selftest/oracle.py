"""An independent opinion of what a schema allows: jsonschema, which shares no line with the judge's validator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator

if TYPE_CHECKING:
    from collections.abc import Mapping


class Oracle:
    """Says of JSON values whether a schema of a spec allows them."""

    def __init__(self, document: Mapping[str, Any], schema: Mapping[str, Any]) -> None:
        """Take the schema, and the spec's components for what it refers to."""
        self._components = document.get("components", {})
        self._whole = self._of(schema)
        self._parts: dict[int, Draft202012Validator] = {}

    def allows(self, value: Any) -> bool:
        """Say whether the schema allows a value."""
        return bool(self._whole.is_valid(value))

    def fits(self, part: Any, value: Any) -> bool:
        """Say whether a part of the schema allows a value."""
        known = self._parts.get(id(part))
        if known is None:
            known = self._parts[id(part)] = self._of(part)
        return bool(known.is_valid(value))

    def breaks(self, value: Any, pointer: str, keyword: str) -> bool:
        """Say whether a value breaks the schema by this keyword at this JSON pointer."""
        steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
        return any(error.validator == keyword and [str(step) for step in error.absolute_path] == steps
                   for error in self._whole.iter_errors(value))  # fmt: skip

    def _of(self, schema: Any) -> Draft202012Validator:
        whole = {**schema, "components": self._components} if isinstance(schema, dict) else schema
        return Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER)
