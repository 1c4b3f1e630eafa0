"""Answers that a test scripts in advance: delays, lost answers, statuses that state alone cannot cause, what is new."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, NotRequired

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict

from payproof.mock.template import fits

LONGEST_DELAY = 60.0
"""Seconds."""

Status = Literal[403, 408, 412, 429, 500, 502, 503, 504]
Api = Literal["jpmorgan-oauth", "jpmorgan-payments", "jpmorgan-profiles", "mercadopago-profiles", "zuora-credentials"]
Seconds = Annotated[float, Field(ge=0, le=LONGEST_DELAY, allow_inf_nan=False)]


_EXACT = ConfigDict(extra="forbid", strict=True)
_POINTER = r"^(/([^~/]|~[01])*)+$"
_PATH = r"^(/(\{[^{}/]+\}|[^{}/?#]+))+$"


class ScriptError(ValueError):
    """The script is no list of known answers; the message says where and why."""


@with_config(_EXACT)
class _For(TypedDict):
    """Which request takes the answer; what is left out may be any."""

    api: NotRequired[Api]
    method: NotRequired[Literal["GET", "POST", "PATCH", "DELETE"]]
    path: NotRequired[Annotated[str, Field(pattern=_PATH)]]


@with_config(_EXACT)
class _Delay(_For):
    kind: Literal["delay"]
    seconds: Seconds


@with_config(_EXACT)
class _Drop(_For):
    kind: Literal["drop-after-commit"]


@with_config(_EXACT)
class _Fail(_For):
    kind: Literal["fail-after-commit"]
    status: NotRequired[Literal[500, 503, 504]]


@with_config(_EXACT)
class _Status(_For):
    kind: Literal["status"]
    status: Status
    retry_after: NotRequired[Annotated[int, Field(ge=0, le=86_400)]]


@with_config(_EXACT)
class _Unknown(_For):
    kind: Literal["unknown-members", "gzip"]


@with_config(_EXACT)
class _Value(_For):
    kind: Literal["unknown-value"]
    pointer: Annotated[str, Field(pattern=_POINTER)]
    value: NotRequired[str | int | float | bool | None]


@with_config(_EXACT)
class _Script(TypedDict):
    answers: list[Annotated[_Delay | _Drop | _Fail | _Status | _Unknown | _Value, Field(discriminator="kind")]]


_SCRIPT = TypeAdapter(_Script)


@dataclass(frozen=True, slots=True)
class ScriptedAnswer:
    """How an answer differs from an undisturbed one.

    ``seconds`` belongs to a delay, ``status`` to a failure, ``retry_after`` (seconds) to a status, ``pointer`` (RFC 6901)
    and ``value`` to the member that is set. ``api``, ``method`` and ``path`` (a template) say which request takes the
    answer; None is any of the provider.
    """

    kind: str
    seconds: float = 0.0
    status: int = 500
    retry_after: int | None = None
    pointer: str = ""
    value: str | float | None = "FUTURE_VALUE"
    api: str | None = None
    method: str | None = None
    path: str | None = None

    def meant_for(self, api: str, method: str, path: Sequence[str]) -> bool:
        """Tell whether a request takes this answer; ``path`` is its segments."""
        if self.api not in (None, api) or self.method not in (None, method):
            return False
        return self.path is None or fits(self.path.removeprefix("/").split("/"), path)


class Script:
    """The answers that wait for a tenant's next requests, in order."""

    def __init__(self) -> None:
        self._waiting: list[ScriptedAnswer] = []

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
        self._waiting = [ScriptedAnswer(**answer) for answer in script["answers"]]
        return len(self._waiting)

    def next(self, api: str, method: str, path: Sequence[str]) -> ScriptedAnswer | None:
        """Take the first answer that waits and is meant for this request; ``path`` is its segments."""
        found = next((answer for answer in self._waiting if answer.meant_for(api, method, path)), None)
        if found is not None:
            self._waiting.remove(found)
        return found
