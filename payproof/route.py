"""How hosts are reached: whose certificates are trusted, and which hosts never get a connection."""

from __future__ import annotations

import functools
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING

import certifi

from payproof.errors import RefusedError
from payproof.host import canonical

if TYPE_CHECKING:
    from payproof.exchange import Request
    from payproof.guard import Guard


@dataclass(frozen=True, slots=True)
class Route:
    """How hosts are reached: `ca` is a file of certificates that are trusted beside the public ones.

    `forbidden` are hosts to which no connection is ever opened, whoever asks for it: small letters, no dot at the end.
    `guard` looks at every request before it is sent.
    """

    ca: str | None = None
    forbidden: frozenset[str] = frozenset()
    guard: Guard | None = None

    def allow(self, host: str) -> None:
        """Raise RefusedError for a host that is forbidden; its name has not been looked up then."""
        try:
            name = canonical(host)
        except ValueError:
            return  # no name service knows it
        if name in self.forbidden:
            message = f"{host} is a production host of the vendor: payproof sends nothing there"
            raise RefusedError(message)

    def check(self, request: Request) -> None:
        """Raise RefusedError for a request that must not be sent."""
        if self.guard is not None:
            self.guard.check(request)

    def certificates(self) -> ssl.SSLContext:
        """Give what a server's certificate is verified against; there is no way to leave that out."""
        return _context(self.ca)


@functools.cache
def _context(ca: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=certifi.where())
    if ca is not None:
        context.load_verify_locations(ca)
    return context
