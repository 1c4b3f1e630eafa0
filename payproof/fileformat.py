"""Files of a kit against the JSON Schema of their format: the first fault, in words that need no look at the schema."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import jsonschema_rs

from payproof.errors import KitError

if TYPE_CHECKING:
    from payproof.yamlfile import YamlFile


_SHIPPED = (Path(__file__).parent / "kit" / "contracts", Path(__file__).parent.parent / "contracts")
"""Where the formats are in a wheel, and in a checkout."""


def check(file: YamlFile, name: str) -> None:
    """Raise KitError, with the line and the path of the member, where a file is not of the format `name`.

    The formats are those of this payproof, whatever kit the file belongs to.
    """
    schema = next((folder / name for folder in _SHIPPED if (folder / name).is_file()), None)
    if schema is None:
        raise KitError(_SHIPPED[0] / name, "is missing: this installation of payproof is not whole", hint="install it again")
    if _fast(schema).is_valid(file.data):
        return
    error = jsonschema.exceptions.best_match(_validator(schema).iter_errors(file.data))
    if error is not None:
        at, what = _said(error)
        place = "/".join(map(str, at)) or "the file"
        hint = f"the format is {schema.parent.name}/{schema.name}"
        raise KitError(file.path, f"{place}: {what}", line=file.line(at), hint=hint)


@cache
def _validator(schema: Path) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads(schema.read_text(encoding="utf-8")))


@cache
def _fast(schema: Path) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(json.loads(schema.read_text(encoding="utf-8")))


def _said(error: jsonschema.ValidationError) -> tuple[tuple[str | int, ...], str]:
    at = tuple(error.absolute_path)
    instance: Any = error.instance
    if error.validator == "oneOf" and isinstance(instance, dict):
        names = _alternatives(error.validator_value)
        given = [name for name in names if name in instance]
        if names:
            return at, f"has {' and '.join(given) or 'none'} of {', '.join(names)}, where one is wanted"
    if error.validator == "additionalProperties" and isinstance(error.schema, dict):
        known = error.schema.get("properties", {})
        name = next(name for name in instance if name not in known)
        return (*at, name), f"there is no such key; there are {', '.join(known)}"
    if error.validator == "required":
        return at, error.message.replace(" is a required property", " is missing")
    if "propertyNames" in error.absolute_schema_path:
        return (*at, str(instance)), error.message
    return at, error.message


def _alternatives(options: Any) -> list[str]:
    """Give the members that the options of a oneOf demand, each option one."""
    return sorted({name for option in options if isinstance(option, dict) for name in option.get("required", ())})
