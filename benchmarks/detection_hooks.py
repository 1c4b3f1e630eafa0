"""Hooks of the tuned Schemathesis command line of `detection.py`: a fresh idempotency key for each request, and what exists.

Without them a fixed key makes every request after the first success a replay, and generated ids, in paths, headers and
bodies, are those of nothing. A request that is wrong on purpose keeps what was generated in the part that is wrong, and a
step of a state machine keeps its path, which comes from an earlier answer. Bodies are not compressed, so no header says so.
"""

from __future__ import annotations

import itertools
import json
import uuid
from pathlib import Path
from typing import Any

import schemathesis
from schemathesis.core.parameters import ParameterLocation

KEYS = {"request-id", "x-idempotency-key", "idempotency-key"}
OFTEN = 5
"""One request in so many keeps what was generated: what does not exist has to be asked for as well."""

_known: list[dict[str, Any]] = json.loads(Path("known.json").read_text(encoding="utf-8")) if Path("known.json").is_file() else []
_count = itertools.count()


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:  # noqa: ARG001  # the hook's interface
    """Put what is real in the place of what was generated."""
    number = next(_count)
    real = _known[number % len(_known)] if _known and number % OFTEN else {}
    wrong = (lambda _: False) if case.meta is None else case.meta.is_negative_at
    if not wrong(ParameterLocation.HEADER):
        for name in list(case.headers):
            if name.lower() in KEYS:
                case.headers[name] = str(uuid.uuid4())
            elif name.lower() == "content-encoding":
                del case.headers[name]
            elif name in real:
                case.headers[name] = real[name]
    stateful = case.meta is not None and case.meta.phase.name.value == "stateful"
    if case.path_parameters and not wrong(ParameterLocation.PATH) and not stateful:
        case.path_parameters.update({name: value for name, value in real.items() if name in case.path_parameters})
    if not wrong(ParameterLocation.BODY):
        _fill(case.body, real)


def _fill(node: Any, real: dict[str, Any]) -> None:
    """Put known values into members of these names, at every depth."""
    if isinstance(node, list):
        for item in node:
            _fill(item, real)
    elif isinstance(node, dict):
        for name, value in node.items():
            if name in real and not isinstance(value, dict | list):
                node[name] = real[name]
            else:
                _fill(value, real)
