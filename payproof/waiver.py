"""A break that somebody answers for, until a day: clause, target, cause, reason, owner, link and expiry.

A waiver is no pattern of what may fail. It covers the breaks that have its cause, and no others of the same clause; it
says who waits for what; and it ends. One that is expired, that matches nothing, or whose clause is kept again makes the
run fail, so that no old excuse hides a new fault.
"""

from __future__ import annotations

import tomllib
from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

from payproof.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from payproof.finding import Finding

FILE = "waivers.toml"
"""The file that is read where none is named, if the current folder has it."""


@dataclass(frozen=True, slots=True)
class Cause:
    """What must be seen. All that is given must agree: `seen` occurs in what was seen, the others are equal."""

    operation: str = ""
    pointer: str = ""
    expected: str = ""
    seen: str = ""
    fingerprint: str = ""

    def fits(self, finding: Finding) -> bool:
        """Say whether a finding has this cause."""
        exact = ("operation", "pointer", "expected", "fingerprint")
        wanted = {name: getattr(self, name) for name in exact if getattr(self, name)}
        return all(getattr(finding, name) == value for name, value in wanted.items()) and self.seen in finding.seen


@dataclass(frozen=True, slots=True)
class Waiver:
    """One entry of the file; `id` is W1, W2, ... in its order, `expires` the last day (ISO 8601) on which it holds."""

    id: str
    clause: str
    target: str
    cause: Cause
    reason: str
    owner: str
    link: str
    expires: str

    def covers(self, finding: Finding, target: str, day: str) -> bool:
        """Say whether it excuses a finding on a target on a day (ISO 8601)."""
        return self.clause == finding.clause and self.target == target and day <= self.expires and self.cause.fits(finding)

    def as_json(self) -> dict[str, Any]:
        """Give it as journals and verdicts have it; of the cause what is given."""
        return {**asdict(self), "cause": {name: value for name, value in asdict(self.cause).items() if value}}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Waiver:
        """Read what `as_json` wrote; KeyError or TypeError for anything else."""
        return cls(**{**data, "cause": Cause(**data["cause"])})


def load(path: Path) -> tuple[Waiver, ...]:
    """Read a file of waivers. Raises UsageError that names the file, the waiver and what is wrong with it."""
    from pydantic import BaseModel, ConfigDict, Field, HttpUrl, ValidationError  # noqa: PLC0415  # most runs have no waivers

    text = Annotated[str, Field(min_length=1, max_length=1000)]

    class Seen(BaseModel):
        model_config = ConfigDict(extra="forbid")
        operation: text = ""
        pointer: text = ""
        expected: text = ""
        seen: text = ""
        fingerprint: text = ""

    class Entry(BaseModel):
        model_config = ConfigDict(extra="forbid")
        clause: text
        target: text
        cause: Seen
        reason: text
        owner: text
        link: HttpUrl
        expires: date

    class File(BaseModel):
        model_config = ConfigDict(extra="forbid")
        waiver: list[Entry] = Field(min_length=1)

    try:
        read = File.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        message = f"{path}: cannot be read: {error.strerror}"
        raise UsageError(message) from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        message = f"{path}: {_place(first['loc'])}: {first['msg']}"
        raise UsageError(message) from error
    except ValueError as error:
        message = f"{path}: is not TOML: {error}"
        raise UsageError(message) from error
    for number, entry in enumerate(read.waiver, 1):
        if not entry.cause.model_fields_set:
            message = f"{path}: waiver {number}, cause: says nothing; name what must be seen by some of {', '.join(Seen.model_fields)}"
            raise UsageError(message)
    return tuple(
        Waiver(f"W{number}", entry.clause, entry.target, Cause(**entry.cause.model_dump()), entry.reason, entry.owner, str(entry.link),
               entry.expires.isoformat())
        for number, entry in enumerate(read.waiver, 1)
    )  # fmt: skip


def _place(steps: tuple[int | str, ...]) -> str:
    """Say where in the file, counting waivers from one."""
    return ", ".join(f"waiver {step + 1}" if isinstance(step, int) else step for step in steps if step != "waiver") or "the file"
