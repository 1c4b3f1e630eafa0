"""Where a secret comes from: the environment, a file outside of the repository, or a command. A settings file only says which."""

from __future__ import annotations

import os
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from payproof.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection

KINDS = ("env", "file", "command")
COMMAND_SECONDS = 30.0
"""How long a command may take: it asks a store, and nobody is there to type a passphrase."""
_MOST_BYTES = 65_536
_TELLING = ("secret", "token", "password", "passphrase", "private", "authorization", "cookie")
_ECHOES = frozenset({"echo", "printf", "print"})


@dataclass(frozen=True, slots=True)
class Secret:
    """A place where a secret is kept. `at` says where a file asks for it, for messages; the secret is in no message."""

    at: str
    kind: str
    source: tuple[str, ...]

    def value(self) -> str:
        """Fetch the secret, without the line's end that files and commands add. Raises UsageError that says what is missing."""
        if self.kind == "env":
            found = os.environ.get(self.source[0], "")
            if not found:
                seen = "empty" if self.source[0] in os.environ else "not there"
                message = f"{self.at}: set {self.source[0]} in the environment; it is {seen}"
                raise UsageError(message)
        else:
            found = _decoded(self.at, _read(self.at, Path(self.source[0])) if self.kind == "file" else _said(self.at, self.source))
        if not found.isprintable() and "-----BEGIN" not in found:
            message = f"{self.at}: the secret has more than one line, or characters that no header can carry"
            raise UsageError(message)
        return found


def is_secret(name: str, known: Collection[str] = ()) -> bool:
    """Say whether a name stands for something that opens doors: one of those known, or one that says so itself."""
    return name in known or name.lower().endswith("key") or any(word in name.lower() for word in _TELLING)


def parse(at: str, raw: Any, folder: Path) -> Secret:
    """Read `{env = ...}`, `{file = ...}` or `{command = [...]}` of a file in a folder. Raises UsageError.

    A file has to lie outside of the repository that the folder belongs to: what lies inside is committed one day.
    """
    if not isinstance(raw, dict) or len(raw) != 1 or next(iter(raw)) not in KINDS:
        message = f"{at}: a secret is written as {{env = \"NAME\"}}, {{file = \"PATH\"}} or {{command = [\"PROGRAM\", ...]}}, never itself"
        raise UsageError(message)
    kind, source = next(iter(raw.items()))
    if kind == "command":
        if not isinstance(source, list) or not source or not all(isinstance(part, str) and part for part in source):
            message = f"{at}: a command is a list of texts, as [\"pass\", \"show\", \"sandbox\"]; there is no shell"
            raise UsageError(message)
        if Path(source[0]).name in _ECHOES:
            message = f"{at}: a command that only prints what it is given would have the secret in this file"
            raise UsageError(message)
        return Secret(at, kind, tuple(source))
    if not isinstance(source, str) or not source:
        message = f"{at}: {kind} wants a text"
        raise UsageError(message)
    if kind == "file":
        path = (folder / Path(source).expanduser()).resolve()
        root = repository(folder)
        if path.is_relative_to(root):
            message = f"{at}: {path.name} lies inside of {root}: a secret's file has to lie outside of the repository"
            raise UsageError(message)
        source = str(path)
    return Secret(at, kind, (source,))


def repository(folder: Path) -> Path:
    """Give the folder of the repository that a folder lies in, or the folder itself where there is none."""
    here = folder.resolve()
    return next((above for above in (here, *here.parents) if (above / ".git").exists()), here)


def _read(at: str, path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_MOST_BYTES + 1)
    except OSError as error:
        message = f"{at}: {path} cannot be read: {error.strerror}"
        raise UsageError(message) from error


def _said(at: str, command: tuple[str, ...]) -> bytes:
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=COMMAND_SECONDS, check=False)  # noqa: S603  # the user's own command, without a shell
    except (OSError, ValueError) as error:
        message = f"{at}: {command[0]} cannot be started: {getattr(error, 'strerror', None) or error}"
        raise UsageError(message) from error
    except subprocess.TimeoutExpired as error:
        message = f"{at}: {command[0]} did not end within {COMMAND_SECONDS:g} s; does it ask for something?"
        raise UsageError(message) from error
    if done.returncode:
        message = f"{at}: {command[0]} ended with {done.returncode}; run it yourself to see why: {shlex.join(command)}"
        raise UsageError(message)
    return done.stdout[: _MOST_BYTES + 1]


def _decoded(at: str, raw: bytes) -> str:
    if len(raw) > _MOST_BYTES:
        message = f"{at}: this is no secret: it is longer than {_MOST_BYTES} bytes"
        raise UsageError(message)
    try:
        found = raw.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError as error:
        message = f"{at}: this is no secret: it is not UTF-8"
        raise UsageError(message) from error
    if not found:
        message = f"{at}: the secret is empty"
        raise UsageError(message)
    return found
