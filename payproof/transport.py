"""One request on the wire, with a time-out and a size limit on everything, and what came of it.

A server that never ends its answer, or answers without measure, costs a request its answer, not the run its end.
"""

from __future__ import annotations

from dataclasses import dataclass

import httpx

from payproof import clock
from payproof.exchange import Request, Response

REQUEST_SECONDS = 15.0
"""How long one answer may take from the first byte sent to the last received."""
MOST_BYTES = 4_000_000
"""How large an answer may be once its content encoding is undone."""


class Overflow(httpx.TransportError):
    """An answer larger than MOST_BYTES."""


def fetch(http: httpx.Client, request: httpx.Request, seconds: float, most: int) -> tuple[int, httpx.Headers, bytes]:
    """Send a request and read the whole answer, within a time (seconds) and a size (bytes).

    Raises Overflow, TimeoutError, or what httpx raises. Redirects are not followed.
    """
    ends = clock.ticks() + seconds
    response = http.send(request, stream=True, follow_redirects=False)
    try:
        chunks: list[bytes] = []
        size = 0
        for chunk in response.iter_bytes():
            size += len(chunk)
            if size > most:
                message = f"the answer is larger than {most} bytes"
                raise Overflow(message)
            if clock.ticks() > ends:
                message = f"the answer did not end within {seconds:g} s"
                raise TimeoutError(message)
            chunks.append(chunk)
    finally:
        response.close()
    return response.status_code, response.headers, b"".join(chunks)


@dataclass(frozen=True, slots=True)
class Done:
    """A request and what came of it: when it was sent (epoch seconds), how long it took (milliseconds)."""

    request: Request
    response: Response | None
    started: float
    elapsed: float
    problem: str


def exchanged(http: httpx.Client, request: Request) -> Done:
    """Send a request and give what came of it; no failure on the way is raised."""
    headers = [(n.encode(), v.encode("utf-8", "surrogateescape")) for n, v in request.headers]
    started, ticks = clock.now(), clock.ticks()
    response, problem = None, ""
    try:
        raw = httpx.Request(request.method, request.url, headers=headers, content=request.body or None)
        status, received, body = fetch(http, raw, REQUEST_SECONDS, MOST_BYTES)
        response = Response(status, tuple(received.multi_items()), body)
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
        problem = f"{type(error).__name__}: {error}"
    return Done(request, response, started, (clock.ticks() - ticks) * 1000, problem)
