"""What is judged: the embedded mock, or whatever answers at a URL; and the tenants that the suite may be there."""

from __future__ import annotations

import base64
import contextlib
import ipaddress
import json
import os
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, Self
from urllib.parse import quote, urlsplit

from payproof import clock
from payproof.connection import Connection, Overflow, Unanswered, Unreachable
from payproof.errors import RefusedError, TargetError, UsageError
from payproof.exchange import Request
from payproof.manners import Manners
from payproof.mock.faults import FAULTS
from payproof.mock.server import MockServer
from payproof.mock.variants import UnknownVariant, chosen

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from payproof.exchange import Response

EMBEDDED = "mock"
VARIABLE = "PAYPROOF_{}"
"""Where a credential for a URL comes from that has no control interface: the environment, by its name in capitals."""

PROBE_SECONDS = 10.0
_PROBE_BYTES = 65_536
_JSON = (("Content-Type", "application/json"),)

SCRIPTED = "payproof-scripted"
"""The header of an answer that a mock was told to give; only the mock knows which request took what was scripted."""


@dataclass(slots=True)
class Tenant:
    """One set of credentials at the target, and how far its clock is ahead of ours (seconds).

    `scripted` are tokens with which the target was told how to answer everything.
    """

    label: str
    credentials: dict[str, str]
    control: str = ""
    offset: float = 0.0
    scripted: frozenset[str] = frozenset()

    def told(self, request: Request, response: Response | None) -> bool:
        """Say whether the target was told how to answer this request: by a script, or by a credential made for that."""
        if self.control and response is not None and any(name.lower() == SCRIPTED for name, _ in response.headers):
            return True
        shown = [value for _, value in (*request.headers, *request.query())] if self.scripted else ()
        return any(value in self.scripted or value.partition(" ")[2] in self.scripted for value in shown)


class Source(Protocol):
    """What is asked for: the options of a run that say what is judged."""

    @property
    def target(self) -> str:
        """`mock` or a URL."""

    @property
    def faults(self) -> tuple[str, ...]:
        """Lies that the embedded mock tells."""

    @property
    def variants(self) -> tuple[str, ...]:
        """Legal variants that the embedded mock follows."""

    @property
    def clock(self) -> str | None:
        """Where the embedded mock's clock starts."""


@dataclass(slots=True)
class Target:
    """A target that answers. `has` is what it offers of the clauses' needs; `mock` whether it is ours.

    `manners` is how it has to be treated; None for what is ours or runs on this machine.
    """

    name: str
    url: str
    has: frozenset[str]
    mock: bool
    faults: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()
    credentials: tuple[str, ...] = ()
    start: datetime | None = None
    manners: Manners | None = None
    _server: MockServer | None = None
    _connection: Connection = field(default_factory=Connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def reference(self) -> bool:
        """Whether it is our mock with our own choices: a suite may expect them then. One with legal variants makes others."""
        return self.mock and not self.variants

    def close(self) -> None:
        """Stop the embedded mock, if there is one, and drop connections."""
        self._connection.close()
        if self._server is not None:
            self._server.stop()
            self._server = None

    def tenant(self, label: str) -> Tenant:
        """Give the tenant of this label: a world of its own on the mock, the only one there is elsewhere.

        Raises TargetError where the control interface does not answer, UsageError without credentials.
        """
        if "second-tenant" in self.has:
            made = self._control("POST", "/__mock__/tenants", {"name": label})
            own = made.get("tenant") or made.get("client_id")
            if not isinstance(own, str) or not all(isinstance(value, str) for value in made.values()):
                message = f"{self.url}/__mock__/tenants: a tenant is an object of strings with `tenant` or `client_id`, and this is none"
                raise TargetError(message)
            own = quote(own, safe="")
            # Each tenant's clock starts there when the tenant is made.
            ahead = 0.0 if self.start is None else self.start.timestamp() - clock.now()
            return Tenant(label, _with_basic(made), f"/__mock__/tenants/{own}", ahead)
        variables = {name: VARIABLE.format(name.upper()) for name in self.credentials}
        missing = [variable for variable in variables.values() if not os.environ.get(variable)]
        if missing:
            message = (f"{self.url} needs credentials: set {', '.join(missing)} in the environment, "
                       "or name the URL of a mock (`payproof mock` starts one)")  # fmt: skip
            raise UsageError(message)
        return Tenant("own", _with_basic({name: os.environ[variable] for name, variable in variables.items()}))

    def advance(self, tenant: Tenant, seconds: float) -> None:
        """Move the tenant's clock at the target; needs `clock`."""
        self._control("POST", f"{tenant.control}/clock", {"advance": seconds})
        tenant.offset += seconds

    def script(self, tenant: Tenant, *answers: Mapping[str, Any]) -> None:
        """Script the next answers that the tenant gets; needs `fault-control`."""
        self._control("POST", f"{tenant.control}/script", {"answers": list(answers)})

    def effects(self, tenant: Tenant) -> dict[str, int]:
        """Count what has really changed in the tenant's world; needs `effects`."""
        counted: dict[str, int] = self._control("GET", f"{tenant.control}/effects", None)["effects"]
        return counted

    def _control(self, method: str, path: str, body: Mapping[str, Any] | None) -> dict[str, Any]:
        asked = Request(method, self.url + path, _JSON, json.dumps(body).encode()) if body is not None else Request(method, self.url + path)
        try:
            status, _, content = self._connection.ask(asked, PROBE_SECONDS, _PROBE_BYTES)
            answer: dict[str, Any] = json.loads(content)
        except (Unanswered, ValueError) as error:
            message = f"{self.url}{path}: the control interface of the mock does not answer: {error}"
            raise TargetError(message) from error
        if status >= 300:
            message = f"{self.url}{path}: the control interface of the mock answers with status {status}"
            raise TargetError(message)
        return answer


def check(source: Source) -> None:
    """Say early what is wrong with what was asked for. Raises UsageError; nothing is sent."""
    for fault in source.faults:
        if fault not in FAULTS:
            message = f"there is no fault {fault!r}; the mock has {', '.join(sorted(FAULTS))}"
            raise UsageError(message)
    try:
        chosen(source.variants)
    except UnknownVariant as error:
        raise UsageError(str(error)) from error
    if source.clock is not None:
        moment(source.clock)
    if source.target == EMBEDDED:
        return
    if source.faults or source.variants or source.clock is not None:
        message = "--fault, --variant and --clock are for the embedded mock; start `payproof mock` with them instead"
        raise UsageError(message)
    split = urlsplit(source.target)
    if split.scheme not in {"http", "https"} or not split.hostname:
        message = f"there is no target {source.target!r}; name `mock` or a URL such as http://127.0.0.1:8080"
        raise UsageError(message)


def refuse_production(url: str, hosts: Collection[str]) -> None:
    """Refuse a URL on a host that a spec names as the vendor's production. Raises RefusedError; nothing is sent."""
    host = (urlsplit(url).hostname or "").lower().rstrip(".")
    if host in hosts:
        message = f"{host} is a production host of the vendor: payproof sends nothing there"
        raise RefusedError(message)


def open_target(source: Source, credentials: tuple[str, ...] = ()) -> Target:
    """Reach the target: start the embedded mock, or look who answers at the URL.

    `credentials` are the names of those that a tenant needs; see `Kit.credentials`.

    Raises TargetError if nothing answers, or what answers ends too late or is too large to be an API.
    """
    check(source)
    if source.target == EMBEDDED:
        start = moment(source.clock) if source.clock is not None else None
        server = MockServer(faults=source.faults, control=True, clock_start=start, variants=source.variants)
        server.start()
        found = _probe(server.url)
        return Target(EMBEDDED, server.url, frozenset(found["has"]), mock=True, faults=source.faults, variants=source.variants,
                      start=start, _server=server)  # fmt: skip
    url = source.target.rstrip("/")
    found = _probe(url)
    if isinstance(found.get("mock"), str):
        has, faults, variants = found.get("has"), found.get("faults", []), found.get("variants", [])
        if not all(isinstance(names, list) and all(isinstance(name, str) for name in names) for names in (has, faults, variants)):
            message = f"{url}/__mock__/: `has`, `faults` and `variants` of a mock are lists of strings"
            raise TargetError(message)
        return Target(url, url, frozenset(has or ()), mock=True, faults=tuple(faults), variants=tuple(variants), credentials=credentials)
    manners = None if _near(url) else Manners()
    return Target(url, url, frozenset({"state", "raw-body"}), mock=False, credentials=credentials, manners=manners)


def _near(url: str) -> bool:
    """Say whether a URL leads to this machine."""
    host = (urlsplit(url).hostname or "").rstrip(".")
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _probe(url: str) -> dict[str, Any]:
    """Ask who is there. Anything that answers HTTP is a target; only a mock answers this path, with its name and what it has."""
    try:
        with contextlib.closing(Connection()) as connection:
            status, headers, body = connection.ask(Request("GET", url + "/__mock__/"), PROBE_SECONDS, _PROBE_BYTES)
    except Overflow:
        return {}
    except Unreachable as error:
        message = f"{url} is not there: {error}; is the server running, and is the port right?"
        raise TargetError(message) from error
    except Unanswered as error:
        message = f"{url} does not answer as an HTTP server: {error}"
        raise TargetError(message) from error
    if status != 200 or not dict(headers).get("content-type", "").startswith("application/json"):
        return {}
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _with_basic(credentials: Mapping[str, str]) -> dict[str, str]:
    if not {"client_id", "client_secret"} <= credentials.keys():
        return dict(credentials)
    pair = f"{credentials['client_id']}:{credentials['client_secret']}"
    return {**credentials, "basic": base64.b64encode(pair.encode()).decode()}


def moment(text: str) -> datetime:
    """Read a moment with its time zone. Raises UsageError."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        message = f"--clock {text!r} is no moment; write it like 2035-01-01T00:00:00Z"
        raise UsageError(message) from error
    if found.tzinfo is None:
        message = f"--clock {text!r} has no time zone; write it like 2035-01-01T00:00:00Z"
        raise UsageError(message)
    return found
