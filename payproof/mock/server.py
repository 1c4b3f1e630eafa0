"""The mock on a port of this machine, in a thread of its own."""

import errno
import os
import socket
import ssl
import threading
from collections.abc import Iterable, Mapping
from datetime import datetime
from types import TracebackType
from typing import Literal, Self

import uvicorn
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from payproof.mock.app import create_app
from payproof.mock.wire import TRANSPORT
from payproof.mock.wire_variants import HEADER_CASE

_START_SECONDS = 10.0
_STOP_SECONDS = 10.0
_GRACE_SECONDS = 1
_KEEP_ALIVE_SECONDS = 3600
"""Longer than any run: a server that closes an idle connection first makes clients fail now and then."""


class CannotListen(OSError):
    """The mock cannot listen on the host and port that it was given; the message says which and why."""


class PortInUse(CannotListen):
    """Somebody else listens on the host and port already."""


class _Served:
    """The application, with the connection of each request in its scope, so that an answer can be lost."""

    def __init__(self, app: Starlette) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # ASGI has no other way to the connection
        scope[TRANSPORT] = send.__self__.transport  # type: ignore[attr-defined]  # uvicorn's `send` is a method of what owns it
        await self._app(scope, receive, send)


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named, since asyncio switches Nagle's algorithm off only for sockets that say that they speak TCP; with it an
    # answer waits 40 ms for the client's acknowledgement
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise PortInUse(error.errno, f"{host}:{port} is in use; choose another port, or 0 for any") from None
        raise CannotListen(error.errno, f"cannot listen on {host}:{port}: {error.strerror}") from None
    except UnicodeError:
        listener.close()
        raise CannotListen(errno.EINVAL, f"cannot listen on {host}:{port}: this is no host name") from None
    return listener


class MockServer:
    """A mock that answers HTTP requests from ``start()`` to ``stop()``, or inside of a ``with`` block.

    Port 0 takes any free one. ``faults``, ``control``, ``clock_start``, ``settings`` and ``variants`` are those of
    ``create_app``. Raises ``UnknownFault``, ``UnknownSetting`` and ``UnknownVariant`` when it is made; ``start()`` raises
    ``PortInUse`` or ``CannotListen``. With ``tls`` it answers HTTPS.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        faults: Iterable[str] = (),
        control: bool = True,
        clock_start: datetime | None = None,
        settings: Mapping[str, str] | None = None,
        variants: Iterable[str] = (),
        tls: ssl.SSLContext | None = None,
    ) -> None:
        if not 0 <= port <= 65_535:
            raise CannotListen(errno.EINVAL, f"{port} is no port: ports go from 0 to 65535")
        self._host = host
        self._port = port
        self._tls = tls
        variants = tuple(variants)
        self._app = create_app(faults=faults, control=control, clock_start=clock_start, settings=settings, variants=variants)
        # Only this one writes header names as they are given
        self._protocol: Literal["h11", "httptools"] = "h11" if HEADER_CASE in variants else "httptools"
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Scheme, host and port, without a slash at the end; the port is known once the server was started."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{'https' if self._tls else 'http'}://{host}:{self._port}"

    def start(self) -> Self:
        """Begin to listen, and return when requests are answered."""
        if self._thread is not None:
            raise RuntimeError("the mock was started already")
        listener = _listen(self._host, self._port)
        self._port = listener.getsockname()[1]
        tls = self._tls
        config = uvicorn.Config(
            _Served(self._app),
            http=self._protocol,
            ws="none",
            loop="asyncio",
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=_GRACE_SECONDS,
            ssl_context_factory=None if tls is None else lambda _config, _default: tls,
        )
        self._server = _Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [listener]}, name="payproof-mock", daemon=True)
        self._thread.start()
        if not self._server.ready.wait(_START_SECONDS):
            self.stop()
            listener.close()
            raise CannotListen(errno.ETIMEDOUT, f"the mock did not start within {_START_SECONDS:.0f} s on {self.url}")
        return self

    def stop(self) -> None:
        """Stop listening and close every connection; does nothing where it is not running."""
        server, thread = self._server, self._thread
        self._server = self._thread = None
        if server is None or thread is None:
            return
        server.should_exit = True
        thread.join(_STOP_SECONDS)
        if thread.is_alive():
            server.force_exit = True
            thread.join(_STOP_SECONDS)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()
