"""The control interface below ``/__mock__/``: tenants, their clocks, effects and scripts. It is no part of any API."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import payproof.mock
from payproof.mock.clock import Clock, ClockRangeError, timestamp
from payproof.mock.refusal import Invalid, invalid
from payproof.mock.routes import allow
from payproof.mock.script import ScriptError
from payproof.mock.tenants import Tenant, Tenants
from payproof.mock.wire import Answer, BodyTimeout, Request, read_json

ROOT = "__mock__"
HAS = ("state", "clock", "second-tenant", "fault-control", "effects", "raw-body")
"""What a clause may need and this server offers."""

_LONGEST_NAME = 200


async def _document(request: Request) -> dict[str, Any]:
    raw = await request.body()
    document = read_json(raw) if raw.strip() else {}
    if not isinstance(document, dict):
        raise invalid("body", "must be a JSON object")
    return document


def _error(status: int, message: str) -> Answer:
    return Answer(status, {"error": message})


def _move(clock: Clock, document: dict[str, Any]) -> None:
    match document:
        case {"advance": int() | float() as seconds, **rest} if not rest and not isinstance(seconds, bool):
            clock.advance(seconds)
        case {"set": str() as moment, **rest} if not rest:
            try:
                parsed = datetime.fromisoformat(moment)
            except ValueError:
                raise invalid("set", "must be an ISO 8601 moment such as 2035-01-01T00:00:00Z") from None
            clock.set(parsed)
        case _:
            raise invalid("body", 'must be {"advance": seconds} or {"set": "2035-01-01T00:00:00Z"}')


class Control:
    """Answers requests below ``/__mock__/``; ``faults`` and ``variants`` are the names of what is switched on."""

    def __init__(self, tenants: Tenants, faults: frozenset[str], variants: frozenset[str] = frozenset()) -> None:
        self._tenants = tenants
        self._faults = faults
        self._variants = variants

    async def __call__(self, request: Request, rest: Sequence[str]) -> Answer:
        """Answer a request; ``rest`` are the segments of its path after ``/__mock__``."""
        try:
            return await self._answer(request, rest)
        except Invalid as refused:
            return _error(400, str(refused))
        except (ClockRangeError, ScriptError) as error:
            return _error(400, str(error))
        except BodyTimeout:
            return _error(408, "the body did not arrive in time").with_headers((b"connection", b"close"))

    async def _answer(self, request: Request, rest: Sequence[str]) -> Answer:
        method = "GET" if request.method == "HEAD" else request.method
        match rest:
            case [] | [""]:
                known, path = True, "/"
            case ["tenants"]:
                known, path = True, "/tenants"
            case ["tenants", client_id, *what]:
                known, path = self._tenants.get(client_id) is not None, "/".join(["/tenants/{client_id}", *what])
            case _:
                known, path = False, ""
        handlers = _HANDLERS.get(path)
        if handlers is None or not known:
            return _error(404, "the control interface has no such path, or no such tenant")
        if method not in handlers:
            return _error(405, "method not allowed").with_headers(allow(*handlers))
        return await handlers[method](self, request, rest)

    async def _about(self, _: Request, __: Sequence[str]) -> Answer:
        about = {
            "mock": "payproof",
            "version": payproof.__version__,
            "has": list(HAS),
            "faults": sorted(self._faults),
            "variants": sorted(self._variants),
        }
        return Answer(200, about)

    async def _make(self, request: Request, _: Sequence[str]) -> Answer:
        document = await _document(request)
        name = document.get("name")
        fits = name is None or (isinstance(name, str) and 0 < len(name) <= _LONGEST_NAME and name.isprintable())
        if document.keys() - {"name"} or not fits:
            raise invalid("name", f"must be 1 to {_LONGEST_NAME} printable characters, and is the only member known")
        tenant = self._tenants.named(name)
        return Answer(201, dict(tenant.credentials))

    async def _forget(self, _: Request, rest: Sequence[str]) -> Answer:
        self._tenants.forget(self._tenant(rest))
        return Answer(204)

    async def _effects(self, _: Request, rest: Sequence[str]) -> Answer:
        return Answer(200, {"effects": dict(self._tenant(rest).effects)})

    async def _clock(self, request: Request, rest: Sequence[str]) -> Answer:
        document = await _document(request)
        clock = self._tenant(rest).clock
        _move(clock, document)
        return Answer(200, {"now": timestamp(clock.milliseconds())})

    async def _script(self, request: Request, rest: Sequence[str]) -> Answer:
        document = await _document(request)
        return Answer(200, {"scripted": self._tenant(rest).script.replace(document)})

    def _tenant(self, rest: Sequence[str]) -> Tenant:
        tenant = self._tenants.get(rest[1])
        if tenant is None:
            raise invalid("client_id", "belongs to no tenant")
        return tenant


_Handler = Callable[[Control, Request, Sequence[str]], Awaitable[Answer]]
_HANDLERS: Mapping[str, Mapping[str, _Handler]] = {
    "/": {"GET": Control._about},
    "/tenants": {"POST": Control._make},
    "/tenants/{client_id}": {"DELETE": Control._forget},
    "/tenants/{client_id}/effects": {"GET": Control._effects},
    "/tenants/{client_id}/clock": {"POST": Control._clock},
    "/tenants/{client_id}/script": {"POST": Control._script},
}
