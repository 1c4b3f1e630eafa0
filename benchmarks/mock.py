"""How many documented requests the mock answers a second on one core.

Run: python benchmarks/mock.py [--requests N] [--connections N]

The mock runs in a process of its own; this process sends the documented add-payment-method request over several
connections, each to another profile, since an answer grows with what its profile holds. Beside it, in the same run: an
application on the same server that answers the same bytes without looking at the request, which is what HTTP alone costs.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import uvicorn
from wire import Wire, basic

from payproof.mock.app import create_app
from payproof.mock.server import MockServer

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

WANTED = 1500
BASE = "/api/v2/mmp/consumer-profiles"
ADDRESS = {
    "firstName": "John", "lastName": "Doe", "consumerAssignedAddressName": "Work", "primaryAddressIndicator": True,
    "addressType": "SHIPPING", "line1": "400 Elton Farm", "line2": "Apt 123", "city": "Glen Mills", "state": "PA",
    "postalCode": "19342", "countryCode": "USA", "addressStatus": "ACTIVE",
}  # fmt: skip
CARD = {
    "cardExpirationMonthYearNumber": "02/2025", "accountNumber": "4234555678990919", "accountStatus": "ACTIVE",
    "cardType": "DI", "firstName": "John", "lastName": "Doe", "consumerProfileAddress": ADDRESS,
}  # fmt: skip
FIRST = {**CARD, "accountNumber": "1234561111119999", "cardExpirationMonthYearNumber": "01/2025", "cardType": "MC"}


def serve(app: Any, pipe: Connection) -> None:
    """Serve an application until the pipe is closed, on one core where the system lets us choose; tell the port."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    server = MockServer()
    if app is not None:
        server._app = app  # the same server around another application is what is compared
    with server:
        pipe.send(server.url)
        pipe.recv()


async def same_answer(scope: Any, receive: Any, send: Any) -> None:
    """Answer what a mock answers, without looking."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        continue
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(ANSWER)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": ANSWER})


ANSWER = b"{" + b" " * 2400 + b"}"


class Caller(asyncio.Protocol):
    """Sends one prepared request after the other on a connection; `done` is set after the last answer."""

    def __init__(self, requests: list[bytes]) -> None:
        """Take the requests as they stand on the wire."""
        self.waiting = requests[::-1]
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.refused = 0
        self._seen = b""
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        self._transport = transport
        self._transport.write(self.waiting.pop())

    def data_received(self, data: bytes) -> None:
        """Send the next request once an answer is whole."""
        self._seen += data
        head, found, body = self._seen.partition(b"\r\n\r\n")
        if not found:
            return
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        if len(body) < length:
            return
        self.refused += not head.startswith(b"HTTP/1.1 200")
        self._seen = b""
        if self.waiting:
            self._transport.write(self.waiting.pop())
        else:
            self._transport.close()
            self.done.set_result(None)


async def called(url: str, requests: list[bytes], connections: int) -> tuple[float, int]:
    """Send all requests and give the seconds that it took, and how many were refused."""
    host, port = url.removeprefix("http://").split(":")
    loop = asyncio.get_running_loop()
    callers = []
    begin = time.perf_counter()
    for number in range(connections):
        _, caller = await loop.create_connection(partial(Caller, requests[number::connections]), host, int(port))
        callers.append(caller)
    await asyncio.gather(*(caller.done for caller in callers))
    return time.perf_counter() - begin, sum(caller.refused for caller in callers)


def prepared(url: str, count: int) -> list[bytes]:
    """Create a profile for each request on the mock, and give the requests that add a card to it."""
    with Wire(url) as wire:
        tenant = wire.call("POST", "/__mock__/tenants", {}, {"name": "benchmark"})
        pair = {"Authorization": basic(tenant["client_id"], tenant["client_secret"])}
        token = wire.form("/am/oauth2/alpha/access_token", pair, grant_type="client_credentials", scope="jpm:payments:sandbox")
        headers = {"Authorization": f"Bearer {token['access_token']}", "merchantIdentifier": tenant["merchant_id"]}
        body = {"profilePaymentMethod": {"cardList": [FIRST]}, "firstName": "John", "lastName": "Doe"}
        made = [wire.call("POST", BASE, headers, body)["consumerProfileId"] for _ in range(count)]
    sent = json.dumps({"cardList": [CARD]}).encode()
    lines = [f"{name}: {value}" for name, value in headers.items()]
    lines += ["Host: localhost", "Content-Type: application/json", f"Content-Length: {len(sent)}"]
    head = "\r\n".join(lines).encode() + b"\r\n\r\n"
    return [f"POST {BASE}/{profile}/payment-methods HTTP/1.1\r\n".encode() + head + sent for profile in made]


def measured(app: Any, count: int, connections: int, requests: list[bytes] | None = None) -> tuple[float, list[bytes]]:
    """Serve, call, and give requests a second with the requests that were sent."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=serve, args=(app, there), daemon=True)
    process.start()
    url = here.recv()
    asked = requests or prepared(url, count)
    seconds, refused = asyncio.run(called(url, asked, connections))
    here.send("stop")
    process.join(20)
    if refused and app is None:
        raise SystemExit(f"{refused} of {len(asked)} requests were refused, so the figure would mean nothing")
    return len(asked) / seconds, asked


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=5000)
    parser.add_argument("--connections", type=int, default=8)
    options = parser.parse_args()
    create_app()
    mock, requests = measured(None, options.requests, options.connections)
    bare, _ = measured(same_answer, options.requests, options.connections, requests)
    print(f"uvicorn {uvicorn.__version__}, {options.requests} requests on {options.connections} connections, one core for the server")
    print(f"documented add of a payment method  {mock:7.0f} a second  (wanted: at least {WANTED})")
    print(f"the same bytes without looking      {bare:7.0f} a second  the mock is at {mock / bare:.2f} of it")


if __name__ == "__main__":
    main()
