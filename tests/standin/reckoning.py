"""What a sweep has told of, and what it has forgotten."""

from __future__ import annotations

from typing import Any


def forgotten(living: list[dict[str, Any]], unknown: list[str]) -> list[dict[str, Any]]:
    """Give the things that no line tells of: by the id of the request where it had one, else by their kind."""
    lines, found = list(unknown), []
    for thing in living:
        named = [line for line in lines if any(name in line for name in thing["names"].values())]
        named = named or [line for line in lines if f": {thing['kind']} request  at" in line]
        if named:
            lines.remove(named[0])
        else:
            found.append(thing)
    return found
