"""`python -m tests.standin`: the stand-in as a process; its first line of output is a JSON object that tells where it is."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import socket
import ssl
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import trustme
import uvicorn

from payproof.mock.wire import TRANSPORT
from tests.standin.admin import Admin
from tests.standin.crowd import Crowd
from tests.standin.front import Front
from tests.standin.record import Record
from tests.standin.vendor import ALL, BASES, HOSTS, Vendor, quirks
from tests.standin.weather import Sky, Weather

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import ASGIApp, Receive, Scope, Send

LOCAL = ("localhost", "127.0.0.1")
_CERTIFICATES = ("good", "expired", "early", "elsewhere", "stranger")


class _Server(uvicorn.Server):
    """A server of several in one loop: none of them may take the signals."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _Wired:
    """The application with the connection of each request in its scope, so that it can be broken."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[TRANSPORT] = send.__self__.transport  # type: ignore[attr-defined]  # ASGI has no other way to it
        await self._app(scope, receive, send)


def secured(kind: str, authority: Path) -> ssl.SSLContext:
    """Make a certificate of a kind, and write that of the authority (PEM) to a file."""
    now = datetime.now(UTC)
    begins, ends = {"expired": (-60, -1), "early": (1, 60)}.get(kind, (-1, 60))
    maker = trustme.CA(organization_name="payproof stand-in")
    names = ("sandbox.example",) if kind == "elsewhere" else LOCAL
    leaf = maker.issue_cert(*names, not_before=now + timedelta(days=begins), not_after=now + timedelta(days=ends))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    leaf.configure_cert(context)
    (trustme.CA() if kind == "stranger" else maker).cert_pem.write_to_path(authority)
    return context


def _listener(port: int = 0) -> socket.socket:
    # Named, since asyncio switches Nagle's algorithm off only for sockets that say that they speak TCP
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(512)
    return listener


def _config(app: ASGIApp, context: ssl.SSLContext | None) -> uvicorn.Config:
    return uvicorn.Config(
        _Wired(app), http="httptools", ws="none", loop="asyncio", lifespan="off", log_config=None, log_level="critical", access_log=False,
        server_header=False, proxy_headers=False, timeout_keep_alive=3600, timeout_graceful_shutdown=1,
        ssl_context_factory=None if context is None else lambda _config, _default: context,
    )  # fmt: skip


def _changes(text: str) -> dict[str, Any]:
    try:
        changes: dict[str, Any] = json.loads(text)
        Weather().changed(changes)
    except (ValueError, AttributeError) as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return changes


def options(arguments: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.standin", description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path(), help="where ca.pem is written to")
    parser.add_argument("--port", type=int, default=0, help="the port on which everything is served (default: any)")
    parser.add_argument("--plain", action="store_true", help="HTTP instead of HTTPS")
    parser.add_argument("--certificate", choices=_CERTIFICATES, default="good")
    parser.add_argument("--accounts", type=int, default=1, help="how many sets of credentials there are")
    parser.add_argument("--crowded", type=int, default=0, metavar="PEOPLE", help="how many others use the same account")
    parser.add_argument("--quirks", choices=("none", "assumed", "all"), default="assumed", help="where it chooses otherwise than the mock")
    parser.add_argument("--lifetime", type=float, default=30.0, help="of a token, in seconds")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--weather", type=_changes, default=None, metavar="JSON", help='for example {"latency_ms": 100, "rate": 10}')
    parser.add_argument("--leash", action="store_true", help="end when the standard input ends")
    return parser.parse_args(arguments)


async def serve(asked: argparse.Namespace) -> None:
    """Serve until cancelled."""
    vendor = Vendor(seed=asked.seed, accounts=asked.accounts, variety=quirks(asked.quirks), lifetime=asked.lifetime)
    sky, record, crowd = Sky(asked.seed), Record(), Crowd(vendor.estate)
    if asked.weather is not None:
        sky.turn(asked.weather)
    front, admin = Front(vendor, sky, record, crowd), Admin(vendor, sky, record, crowd)
    admin.do_crowd(asked.crowded)
    listeners = {name: _listener() for name in HOSTS} | {ALL: _listener(asked.port)}
    front.ports = {listener.getsockname()[1]: name for name, listener in listeners.items()}
    scheme = "http" if asked.plain else "https"
    urls = {name: f"{scheme}://127.0.0.1:{port}" for port, name in front.ports.items()}
    doors = [f"{urls[name]}/adfs/oauth2/token" for name in ("adfs", ALL)]
    vendor.tokens.audience = frozenset(doors + [door.replace("127.0.0.1", "localhost") for door in doors])
    back = _listener()
    servers = [
        _Server(_config(front, None if asked.plain else secured(asked.certificate, asked.folder / "ca.pem"))),
        _Server(_config(admin, None)),
    ]
    told: dict[str, Any] = {
        "pid": os.getpid(),
        "url": urls[ALL],
        "urls": urls,
        "apis": {api: urls[host] + base for api, (host, base) in BASES.items()},
        "admin": f"http://127.0.0.1:{back.getsockname()[1]}",
        "ca_file": "" if asked.plain else str((asked.folder / "ca.pem").resolve()),
        "tenants": vendor.credentials,
    }
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()
    await asyncio.gather(servers[0].serve(sockets=list(listeners.values())), servers[1].serve(sockets=[back]))


def _follow() -> None:
    while os.read(0, 1024):
        continue
    os._exit(0)


def main() -> None:
    """Run until interrupted, or with `--leash` until whoever started it is gone."""
    asked = options(sys.argv[1:])
    if asked.leash:
        threading.Thread(target=_follow, daemon=True).start()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(asked))


if __name__ == "__main__":
    main()
