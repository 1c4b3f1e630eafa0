"""Answers that a test scripts in advance: delays, lost answers, statuses that state alone cannot cause."""

from collections import deque
from dataclasses import dataclass
from typing import Annotated, Literal, NotRequired

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict

LONGEST_DELAY = 60.0
"""Seconds."""

Status = Literal[403, 408, 412, 429, 500, 502, 503, 504]
Api = Literal["jpmorgan-oauth", "jpmorgan-payments", "jpmorgan-profiles", "mercadopago-profiles", "zuora-credentials"]
Seconds = Annotated[float, Field(ge=0, le=LONGEST_DELAY, allow_inf_nan=False)]


_EXACT = ConfigDict(extra="forbid", strict=True)


class ScriptError(ValueError):
    """The script is no list of known answers; the message says where and why."""


@with_config(_EXACT)
class _Delay(TypedDict):
    kind: Literal["delay"]
    seconds: Seconds
    api: NotRequired[Api]


@with_config(_EXACT)
class _Drop(TypedDict):
    kind: Literal["drop-after-commit"]
    api: NotRequired[Api]


@with_config(_EXACT)
class _Fail(TypedDict):
    kind: Literal["fail-after-commit"]
    status: NotRequired[Literal[500, 503, 504]]
    api: NotRequired[Api]


@with_config(_EXACT)
class _Status(TypedDict):
    kind: Literal["status"]
    status: Status
    retry_after: NotRequired[Annotated[int, Field(ge=0, le=86_400)]]
    api: NotRequired[Api]


@with_config(_EXACT)
class _Unknown(TypedDict):
    kind: Literal["unknown-members"]
    api: NotRequired[Api]


@with_config(_EXACT)
class _Script(TypedDict):
    answers: list[Annotated[_Delay | _Drop | _Fail | _Status | _Unknown, Field(discriminator="kind")]]


_SCRIPT = TypeAdapter(_Script)


@dataclass(frozen=True, slots=True)
class ScriptedAnswer:
    """How the next answer differs from an undisturbed one.

    ``seconds`` belongs to a delay, ``status`` to a failure, ``retry_after`` (seconds) to a status; ``api`` restricts
    the answer to one API, otherwise the next request to any API of the provider meets it.
    """

    kind: str
    seconds: float = 0.0
    status: int = 500
    retry_after: int | None = None
    api: str | None = None


class Script:
    """The answers that wait for a tenant's next requests, in order."""

    def __init__(self) -> None:
        self._waiting: deque[ScriptedAnswer] = deque()

    def replace(self, document: object) -> int:
        """Put the answers of ``{"answers": [...]}`` in the place of those that wait, and count them.

        Raises ``ScriptError``, and then what waited still waits.
        """
        try:
            script = _SCRIPT.validate_python(document)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(str(step) for step in first["loc"]) or "script"
            raise ScriptError(f"{place}: {first['msg']}") from None
        self._waiting = deque(ScriptedAnswer(**answer) for answer in script["answers"])
        return len(self._waiting)

    def next(self, api: str) -> ScriptedAnswer | None:
        """Take the first answer that waits, unless it is meant for another API."""
        if not self._waiting or self._waiting[0].api not in (None, api):
            return None
        return self._waiting.popleft()
