"""Host names: which are known as production, which production and test share, and what a URL of a target may look like."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from payproof.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from payproof.place import Proof


@dataclass(frozen=True, slots=True)
class Hosts:
    """Hosts known as production, and those that production and test share: `tokens`, or the proof that they ask for."""

    production: frozenset[str] = frozenset()
    tokens: frozenset[str] = frozenset()
    proofs: Mapping[str, Proof] = field(default_factory=dict)

    @property
    def refused(self) -> frozenset[str]:
        """Hosts that nobody may name without more: what is no place's, as a plain URL."""
        return self.production | self.tokens | self.proofs.keys()


def url(at: str, text: str, *, query: bool = False) -> str:
    """Check a URL: HTTPS, or HTTP on this machine, with nothing in it that could be a secret. Raises UsageError."""
    try:
        split = urlsplit(text)
        host, _ = split.hostname or "", split.port
    except ValueError as error:
        message = f"{at}: is no URL: {error}"
        raise UsageError(message) from error
    if "@" in split.netloc:
        message = f"{at}: a URL with a user in it would show a secret; write credentials under tenants"
        raise UsageError(message)
    if split.scheme not in {"http", "https"} or not host or split.fragment or (split.query and not query):
        message = f"{at}: {text!r} is no URL of an API; write it like https://sandbox.example.com/v1, without a query"
        raise UsageError(message)
    named(at, host)
    if split.scheme == "http" and not loopback(host):
        message = f"{at}: {host} would get credentials in clear text: write https"
        raise UsageError(message)
    return text


def loopback(host: str) -> bool:
    """Say whether a host name stands for this machine by its name alone; nothing is looked up."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower().rstrip(".") in {"localhost", "localhost.localdomain"}


def canonical(host: str) -> str:
    """Give a host name as the name service is asked for it: small ASCII letters, no dot at its end. Raises ValueError."""
    return host.encode("idna").decode("ascii").lower().rstrip(".") if not host.isascii() else host.lower().rstrip(".")


def named(at: str, host: str) -> str:
    """Give a host name that stands in a file, as `canonical` does. Raises UsageError that says where."""
    try:
        found = canonical(host)
    except ValueError as error:
        message = f"{at}: {host!r} is no host name"
        raise UsageError(message) from error
    if any(letter in found for letter in "/@?#% ") or ("://" in host):
        message = f"{at}: {host!r} is no host name; write it like api.example.com"
        raise UsageError(message)
    return found
