"""The proxy that the environment names for a host, and the tunnel through it: HTTP CONNECT (RFC 9110 section 9.3.6)."""

from __future__ import annotations

import base64
import re
import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies_environment, proxy_bypass

from payproof import clock
from payproof.host import loopback

if TYPE_CHECKING:
    from payproof.route import Route

_LONGEST_HEAD = 65_536
_PORT = 80


class ProxyError(OSError):
    """A proxy that is not there, cannot be used, or lets nobody through."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP proxy; `authorization` is the value of its header, empty where the environment names nobody."""

    host: str
    port: int
    authorization: str = field(default="", repr=False)

    @classmethod
    def of(cls, scheme: str, host: str, port: int) -> Proxy | None:
        """Give the proxy for an origin by the environment (https_proxy, http_proxy, all_proxy, no_proxy, or in capitals).

        None for this machine, which no proxy leads to. Raises ProxyError for one that is not reached by http.
        """
        if loopback(host):
            return None
        known = getproxies_environment()
        said = known.get(scheme) or known.get("all") or ""
        if not said or proxy_bypass(host) or proxy_bypass(f"{host}:{port}"):
            return None
        try:
            split = urlsplit(said if "://" in said else f"http://{said}")
            place = cls(split.hostname or "", split.port or _PORT, _basic(split.username, split.password))
        except ValueError as error:
            message = f"the proxy that the environment names for {scheme} cannot be used: {error}"
            raise ProxyError(message) from error
        if split.scheme != "http" or not place.host:
            message = f"the proxy that the environment names for {scheme} cannot be used: write it as http://host:port"
            raise ProxyError(message)
        return place

    def tunnel(self, host: str, port: int, seconds: float, route: Route) -> socket.socket:
        """Open a connection to a host through the proxy. Raises ProxyError, TimeoutError, or RefusedError for a forbidden proxy."""
        route.allow(self.host)
        ends = clock.ticks() + seconds
        try:
            line = socket.create_connection((self.host, self.port), timeout=seconds)
        except (OSError, UnicodeError) as error:
            message = f"the proxy {self.host}:{self.port} is not there: {error}"
            raise ProxyError(message) from error
        try:
            status = self._asked(line, f"[{host}]:{port}" if ":" in host else f"{host}:{port}", ends)
        except BaseException:
            line.close()
            raise
        if not 200 <= status < 300:
            line.close()
            why = "it wants other credentials" if status == 407 else f"it answers with {status or 'something that is no HTTP'}"
            message = f"the proxy {self.host}:{self.port} opens no way to {host}:{port}: {why}"
            raise ProxyError(message)
        return line

    def _asked(self, line: socket.socket, authority: str, ends: float) -> int:
        shown = f"Proxy-Authorization: {self.authorization}\r\n" if self.authorization else ""
        line.sendall(f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n{shown}\r\n".encode())
        head = b""
        while not head.endswith(b"\r\n\r\n") and len(head) < _LONGEST_HEAD:
            line.settimeout(max(ends - clock.ticks(), 0.001))
            # Byte by byte: what comes after the head is not for us, but for whoever speaks through the tunnel.
            if not (data := line.recv(1)):
                break
            head += data
        found = re.match(rb"HTTP/1\.[01] ([0-9]{3})", head)
        return int(found.group(1)) if found else 0


def _basic(user: str | None, password: str | None) -> str:
    if user is None:
        return ""
    return "Basic " + base64.b64encode(f"{unquote(user)}:{unquote(password or '')}".encode()).decode()
