"""What happens between the wire and the vendor: each request is noted, the weather strikes, then the work is done or not."""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

from payproof.mock.wire import TRANSPORT, ClientGone
from tests.standin.estate import VISIT, Visit
from tests.standin.vendor import ALL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import Message, Receive, Scope, Send

    from tests.standin.crowd import Crowd
    from tests.standin.record import Record, Seen
    from tests.standin.vendor import Vendor
    from tests.standin.weather import Draw, Sky

_LARGEST_BODY = 2_000_000
_PATIENCE_SECONDS = 15.0
_PIECES = 8
_TOKEN_PATHS = ("/access_token", "/oauth2/token", "/oauth/token")
_PAGE = b"<!DOCTYPE html>\n<html><head><title>%s</title></head><body><h1>%s</h1></body></html>\n"
_REASONS = {502: b"Bad Gateway", 503: b"Scheduled Maintenance", 504: b"Gateway Time-out", 200: b"We will be back soon"}


def page(status: int, *headers: tuple[bytes, bytes]) -> list[Message]:
    """Build what a gateway answers that gets nothing from behind it."""
    body = _PAGE % (_REASONS[status], _REASONS[status])
    head = [(b"content-type", b"text/html; charset=utf-8"), (b"content-length", str(len(body)).encode()), *headers]
    return [{"type": "http.response.start", "status": status, "headers": head}, {"type": "http.response.body", "body": body}]


class Front:
    """The application behind every port; `ports` tells which host each port plays."""

    def __init__(self, vendor: Vendor, sky: Sky, record: Record, crowd: Crowd) -> None:
        self._vendor, self._sky, self._record, self._crowd = vendor, sky, record, crowd
        self.ports: Mapping[int, str] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or do not."""
        if scope["type"] != "http":
            return
        path: bytes = scope.get("raw_path") or scope["path"].encode()
        path = path.partition(b"?")[0]
        query: bytes = scope.get("query_string", b"")
        whole = (path + (b"?" + query if query else b"")).decode("latin-1")
        seen = self._record.begin(self.ports.get(scope["server"][1], ALL), scope["method"], whole, scope["headers"])
        try:
            body = await _whole(receive)
        except (ClientGone, TimeoutError):
            return
        if self._crowd.every and seen.number % self._crowd.every == 0:
            self._crowd.arrive(self._vendor.own[0], 0)
        seen.foreign = self._crowd.named(whole, body)
        draw = self._sky.draw(f"{seen.method} {whole}")
        seen.strokes = list(draw.strokes)
        authorization = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"authorization"), "")
        if "revoke" in draw.strokes:
            self._vendor.tokens.revoke(self._vendor.tokens.holder(authorization))
        seen.client = self._vendor.tokens.holder(authorization)
        seen.authorised = seen.client is not None
        await asyncio.sleep(draw.before)
        messages = await self._answered(scope, body, seen, draw)
        await asyncio.sleep(draw.after)
        seen.answered = time.time()
        await self._sent(scope, receive, send, messages, draw)

    async def _answered(self, scope: Scope, body: bytes, seen: Seen, draw: Draw) -> list[Message]:
        """Do the work unless the weather forbids it; gives no messages where no answer is to come."""
        strokes = set(draw.strokes)
        replay = _replay(body)
        early = self._sky.wait(str(seen.client) if seen.authorised else f"{scope['client'][0]} {seen.host}")
        if early or "429" in strokes:
            seen.strokes.append("429")
            return self._marked(seen, [*self._vendor.refusal(scope, replay, 429)], self._again(early))
        if "reset-before" in strokes:
            return []
        if "maintenance" in strokes:
            return self._marked(seen, page(503), self._again(1.0))
        if "html" in strokes:
            return self._marked(seen, page(200))
        if "redirect" in strokes:
            location = (self._sky.weather.redirect + seen.path).encode()
            moved: Message = {"type": "http.response.start", "status": 307, "headers": [(b"location", location), (b"content-length", b"0")]}
            return self._marked(seen, [moved, {"type": "http.response.body", "body": b""}])
        error = next((stroke for stroke in draw.strokes if stroke[:1] == "5"), "")
        if error and not error.endswith("-after"):
            return self._failed(scope, seen, int(error))
        messages = await self._worked(scope, body, seen)
        if "reset-after" in strokes:
            return []
        return self._failed(scope, seen, int(error[:3])) if error else self._marked(seen, messages)

    async def _worked(self, scope: Scope, body: bytes, seen: Seen) -> list[Message]:
        visit = Visit(seen.number, scope["method"] in {"GET", "HEAD"})
        self._vendor.estate.lag = self._sky.weather.lag_ms / 1000
        VISIT.set(visit)
        try:
            messages = await self._vendor.answer(seen.host, scope, _replay(body))
        finally:
            VISIT.set(None)
        seen.done, seen.made = True, visit.made
        if seen.path.endswith(_TOKEN_PATHS):
            seen.authorised = messages[0]["status"] == 200
        return messages

    def _failed(self, scope: Scope, seen: Seen, status: int) -> list[Message]:
        if status == 500:
            return self._marked(seen, self._vendor.refusal(scope, _replay(b""), 500))
        return self._marked(seen, page(status), self._again(1.0) if status == 503 else ())

    def _marked(self, seen: Seen, messages: list[Message], headers: tuple[tuple[bytes, bytes], ...] = ()) -> list[Message]:
        seen.status = messages[0]["status"]
        messages[0] = {**messages[0], "headers": [*messages[0]["headers"], *headers]}
        return messages

    def _again(self, seconds: float) -> tuple[tuple[bytes, bytes], ...]:
        whole = max(1, -int(-seconds // 1))
        if self._sky.weather.retry_after == "none":
            return ()
        if self._sky.weather.retry_after == "date":
            moment = format_datetime(datetime.now(UTC) + timedelta(seconds=whole), usegmt=True)
            return ((b"retry-after", moment.encode()),)
        return ((b"retry-after", str(whole).encode()),)

    async def _sent(self, scope: Scope, receive: Receive, send: Send, messages: list[Message], draw: Draw) -> None:
        if "stall" in draw.strokes:
            await asyncio.sleep(self._sky.weather.stall_ms / 1000)
        if not messages:
            await _reset(scope, receive)
            return
        content: bytes = b"".join(message.get("body", b"") for message in messages[1:])
        if "cut" in draw.strokes and len(content) > 1:
            await send(messages[0])
            await send({"type": "http.response.body", "body": content[: len(content) // 2], "more_body": True})
            await _reset(scope, receive)
            return
        if "slow" in draw.strokes and content:
            await send(messages[0])
            size = -(-len(content) // _PIECES)
            for start in range(0, len(content), size):
                await asyncio.sleep(self._sky.weather.slow_ms / 1000 / _PIECES)
                await send({"type": "http.response.body", "body": content[start : start + size], "more_body": True})
            await send({"type": "http.response.body", "body": b""})
            return
        for message in messages:
            await send(message)


async def _whole(receive: Receive) -> bytes:
    chunks = b""
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientGone
            chunk: bytes = message.get("body", b"")
            chunks += chunk
            if not message.get("more_body", False) or len(chunks) > _LARGEST_BODY:
                return chunks


def _replay(body: bytes) -> Receive:
    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def _reset(scope: Scope, receive: Receive) -> None:
    """Break the connection as a crash would: with a reset, not with an end."""
    transport = scope[TRANSPORT]
    line = transport.get_extra_info("socket")
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
    while (await receive())["type"] != "http.disconnect":
        continue
