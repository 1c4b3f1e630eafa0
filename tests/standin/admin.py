"""The door for tests, on a port of its own: what was seen, what is there, what the weather is to be."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from tests.standin.crowd import Crowd
    from tests.standin.estate import Thing
    from tests.standin.record import Record
    from tests.standin.vendor import Vendor
    from tests.standin.weather import Sky


class Admin:
    """Answers the launcher: a POST with the name of a question or an order in the path, and its arguments as an object."""

    def __init__(self, vendor: Vendor, sky: Sky, record: Record, crowd: Crowd) -> None:
        self._vendor, self._sky, self._record, self._crowd = vendor, sky, record, crowd

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            return
        raw, more = b"", True
        while more:
            message = await receive()
            raw += message.get("body", b"")
            more = message.get("more_body", False)
        ask = getattr(self, f"do_{scope['path'].strip('/')}", None)
        if ask is None:
            status, answer = 404, "there is no such question"
        else:
            try:
                status, answer = 200, ask(**json.loads(raw or b"{}"))
            except (ValueError, TypeError) as error:
                status, answer = 400, str(error)
        body = json.dumps(answer).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def do_record(self, since: int = 0) -> Any:
        """Give what was seen."""
        return self._record.since(since)

    def do_living(self, *, hopeless: bool = False) -> Any:
        """List what was made and is not neutralised."""
        return [self._told(thing) for thing in self._vendor.estate.living(hopeless=hopeless)]

    def do_touched(self) -> Any:
        """Tell what of other people's was changed, and which requests named it."""
        return {"changed": self._crowd.changed(), "named": {seen.number: seen.foreign for seen in self._record.seen if seen.foreign}}

    def do_crowd(self, people: int = 1) -> Any:
        """Let more people come."""
        for number, tenant in enumerate(self._vendor.own):
            for _ in range(people):
                self._crowd.arrive(tenant, number)

    def do_bustle(self, every: int) -> Any:
        """Let somebody come at each so many requests."""
        self._crowd.every = every

    def do_live(self, client: int = 0, *, live: bool = True) -> Any:
        """Say whether an account sells for real."""
        (self._vendor.live.add if live else self._vendor.live.discard)(client)

    def do_weather(self, **changes: Any) -> Any:
        """Change the weather."""
        self._sky.turn(changes)
        return asdict(self._sky.weather)

    def do_fair(self) -> Any:
        """Switch everything off."""
        self._sky.turn(None)

    def do_strike(self, stroke: str, only: str = "", times: int = 1, skip: int = 0) -> Any:
        """Let something happen to the next requests that fit."""
        self._sky.order(stroke, only=only, times=times, skip=skip)

    def do_revoke(self, client: int | None = None) -> Any:
        """Make all fetched tokens worthless."""
        self._vendor.tokens.revoke(client)

    def do_lifetime(self, seconds: float) -> Any:
        """Choose how long the tokens live that are fetched from now on."""
        self._vendor.tokens.lifetime = seconds

    def _told(self, thing: Thing) -> Any:
        state, undo = thing.state()
        seen = self._record.seen[thing.by - 1]
        return {"kind": thing.kind, "id": thing.name, "client": thing.owner, "state": state, "undo": undo, "by": thing.by,
                "names": seen.names, "method": seen.method, "path": seen.path, "shown": thing.shown()}  # fmt: skip
