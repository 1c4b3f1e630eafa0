"""Hooks of the tuned Schemathesis command line of `detection.py`: a fresh idempotency key and a real path for each request.

Without them a fixed key makes every request after the first success a replay, and generated ids are those of nothing. A
request that is wrong on purpose keeps what was generated in the part that is wrong, and a step of a state machine keeps its
path, which comes from an earlier answer.
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
"""One request in so many keeps its generated path: what does not exist has to be asked for as well."""

_known: list[dict[str, str]] = json.loads(Path("ids.json").read_text(encoding="utf-8")) if Path("ids.json").is_file() else []
_count = itertools.count()


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:  # noqa: ARG001  # the hook's interface
    """Put what is real in the place of what was generated."""
    wrong = (lambda _: False) if case.meta is None else case.meta.is_negative_at
    if not wrong(ParameterLocation.HEADER):
        for name in [name for name in case.headers if name.lower() in KEYS]:
            case.headers[name] = str(uuid.uuid4())
    number = next(_count)
    stateful = case.meta is not None and case.meta.phase.name.value == "stateful"
    if _known and case.path_parameters and not wrong(ParameterLocation.PATH) and not stateful and number % OFTEN:
        real = _known[number % len(_known)]
        case.path_parameters.update({name: value for name, value in real.items() if name in case.path_parameters})
