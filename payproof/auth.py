"""Authentication: the kinds of it that a target can name, and how each gets a token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from payproof.errors import UsageError
from payproof.host import url
from payproof.place import TEMPLATE, Auth
from payproof.secret import is_secret, parse

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

KINDS = {
    "contract": ((), ()),
    "client-credentials": (("url",), ("client_id", "client_secret", "placement", "scope", "audience", "resource")),
    "jwt-assertion": (("url", "client_id", "key", "kid"), ("audience", "resource", "scope", "lifetime")),
    "bearer": (("token",), ("credential",)),
}
"""The members that each kind must have, and those that it may have."""
_SECRET = frozenset({"client_secret", "key", "token"})


def read(at: str, raw: Mapping[str, Any], folder: Path) -> Auth:
    """Read an `auth` table of a file in a folder; `at` says where it is. Raises UsageError."""
    kind = raw.get("kind", "contract")
    if kind not in KINDS:
        message = f"{at}.kind: there is no {kind!r}; there are {', '.join(KINDS)}"
        raise UsageError(message)
    must, may = KINDS[kind]
    for name in raw:
        if name not in ("kind", *must, *may):
            message = f"{at}.{name}: there is no such key for {kind}; there are {', '.join(('kind', *must, *may))}"
            raise UsageError(message)
    for name in must:
        if name not in raw:
            message = f"{at}: {kind} needs {name}"
            raise UsageError(message)
    if raw.get("placement", "basic") not in {"basic", "body"}:
        message = f"{at}.placement: is basic or body"
        raise UsageError(message)
    return Auth(kind, {name: _part(f"{at}.{name}", name, value, folder) for name, value in raw.items() if name != "kind"})


def _part(at: str, name: str, value: Any, folder: Path) -> Any:
    if isinstance(value, dict):
        return parse(at, value, folder)
    if name == "lifetime":
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 3600:
            message = f"{at}: is a whole number of seconds from 1 to 3600"
            raise UsageError(message)
        return value
    if not isinstance(value, str) or not value:
        message = f"{at}: wants a text"
        raise UsageError(message)
    if name in _SECRET and not TEMPLATE.fullmatch(value):
        return parse(at, value, folder)
    return url(at, value, query=True) if name == "url" else value


def credential(access: Mapping[str, Any], auth: Mapping[str, Any]) -> str:
    """Give the name of the credential that a token is kept under: what the contract says, or what its headers ask for."""
    said = auth.get("credential") or access.get("token", {}).get("credential")
    if said or "token" in access:
        return str(said or "token")
    named = [name for name in TEMPLATE.findall(" ".join(access.get("headers", {}).values())) if name != "fresh"]
    return next((name for name in named if is_secret(name)), "token")
