"""What is judged: the embedded mock, or whatever answers at a URL; and the tenants that the suite may be there."""

from __future__ import annotations

import contextlib
import json
import os
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, Self
from urllib.parse import quote, urlsplit

from payproof import clock
from payproof.connection import Connection, Overflow, Unanswered, Unreachable
from payproof.errors import TargetError, UsageError
from payproof.exchange import Request
from payproof.host import canonical, loopback
from payproof.manners import Manners
from payproof.mock.faults import FAULTS
from payproof.mock.server import MockServer
from payproof.mock.variants import UnknownVariant, chosen
from payproof.place import Credentials, with_basic
from payproof.route import Route

if TYPE_CHECKING:
    from collections.abc import Mapping

    from payproof.exchange import Response
    from payproof.place import Place, Stay

EMBEDDED = "mock"
_PREFIX = "PAYPROOF_"
VARIABLE = _PREFIX + "{}"
"""Where a credential for a URL comes from that has no control interface: the environment, by its name in capitals."""

PROBE_SECONDS = 10.0
_PROBE_BYTES = 65_536
_JSON = (("Content-Type", "application/json"),)

SCRIPTED = "payproof-scripted"
"""The header of an answer that a mock was told to give; only the mock knows which request took what was scripted."""


@dataclass(slots=True)
class Tenant:
    """One set of credentials at the target, and how far its clock is ahead of ours (seconds).

    `scripted` are tokens with which the target was told how to answer everything. `tokens` has, by the name of the
    credential, where a token was fetched for an API, and until when it is good on the target's clock by what was told.
    """

    label: str
    credentials: dict[str, str]
    control: str = ""
    offset: float = 0.0
    scripted: frozenset[str] = frozenset()
    tokens: dict[str, tuple[str, float]] = field(default_factory=dict)

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
        """`mock`, a URL, or the name of a place."""

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
    `stay` is there for a target with a name, whose `url` is that of its first API, and `route` says how it is reached.
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
    stay: Stay | None = None
    route: Route = field(default_factory=Route)
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

    @property
    def place(self) -> Place | None:
        """What files say of a target with a name."""
        return self.stay.place if self.stay is not None else None

    def base(self, api: str, base_path: str) -> str:
        """Give what stands before the paths of an API's spec; `base_path` is the spec's. Raises ElsewhereError where the API is not."""
        return self.url + base_path if self.stay is None else self.stay.place.site(api).url

    def base_paths(self) -> dict[str, str]:
        """Give the base paths of the APIs of a target with a name, which need not be those of the specs."""
        return {api: site.base_path for api, site in self.stay.place.sites.items()} if self.stay is not None else {}

    def close(self) -> None:
        """Stop the embedded mock, if there is one, and drop connections."""
        self._connection.close()
        if self._server is not None:
            self._server.stop()
            self._server = None

    def tenant(self, label: str) -> Tenant:
        """Give the tenant of this label: a world of its own on the mock, one of the sets of credentials elsewhere.

        A label ends with a number, from 1 on: tenants of one test are different ones where there are several sets.
        Raises TargetError where the control interface does not answer, UsageError without credentials.
        """
        if self.stay is not None:
            sets = len(self.stay.place.tenants)
            said = re.search("[0-9]+$", label)
            number = (int(said.group()) - 1) % sets if sets > 1 and said is not None else 0
            return Tenant(self.stay.place.label(number), self.stay.credentials(number) if sets else {})
        if "second-tenant" in self.has:
            made = self._control("POST", "/__mock__/tenants", {"name": label})
            own = made.get("tenant") or made.get("client_id")
            if not isinstance(own, str) or not all(isinstance(value, str) for value in made.values()):
                message = f"{self.url}/__mock__/tenants: a tenant is an object of strings with `tenant` or `client_id`, and this is none"
                raise TargetError(message)
            own = quote(own, safe="")
            # Each tenant's clock starts there when the tenant is made.
            ahead = 0.0 if self.start is None else self.start.timestamp() - clock.now()
            return Tenant(label, with_basic(made), f"/__mock__/tenants/{own}", ahead)
        variables = {name: VARIABLE.format(name.upper()) for name in self.credentials}
        missing = [variable for variable in variables.values() if not os.environ.get(variable)]
        if missing:
            message = (f"{self.url} needs credentials: set {', '.join(missing)} in the environment, "
                       "or name the URL of a mock (`payproof mock` starts one)")  # fmt: skip
            raise UsageError(message)
        given = {name[len(_PREFIX) :].lower(): value for name, value in os.environ.items() if name.startswith(_PREFIX) and value}
        return Tenant("own", Credentials(with_basic(given), "the environment (PAYPROOF_ and the name in capitals)"))

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
    if "://" not in source.target:
        return  # a name, which the files have to know
    try:
        split = urlsplit(source.target)
        whole = split.scheme in {"http", "https"} and bool(split.hostname) and not (split.query or split.fragment)
        canonical(split.hostname or "")
    except ValueError:
        whole = False
    if whole and "@" in split.netloc:
        message = "a URL with a user in it shows a secret on the command line; set PAYPROOF_... in the environment, or name a target"
        raise UsageError(message)
    if not whole:
        # What stands before an @ or behind a ? may be a secret.
        shown = source.target.partition("?")[0].partition("#")[0].rpartition("@")[2].rpartition("://")[2]
        message = f"the target {shown} is no URL that can be judged: it is written like http://127.0.0.1:8080, without a query"
        raise UsageError(message)


def open_target(source: Source, credentials: tuple[str, ...] = (), *, stay: Stay | None = None, route: Route | None = None) -> Target:
    """Reach the target: start the embedded mock, or look who answers at the URL; a target with a name is not asked.

    `credentials` are the names of those that a tenant needs; see `Kit.credentials`. `stay` is a target with a name.

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
    route = route or Route()
    if stay is not None:
        first = next(iter(stay.place.sites.values()))
        return Target(stay.place.name, first.url, stay.place.offers, mock=False, manners=_asked(stay.place), stay=stay, route=route)
    if "://" not in source.target:
        message = f"there is no target {source.target!r} here; name `mock` or a URL such as http://127.0.0.1:8080"
        raise UsageError(message)
    url = source.target.rstrip("/")
    found = _probe(url, route)
    if isinstance(found.get("mock"), str):
        has, faults, variants = found.get("has"), found.get("faults", []), found.get("variants", [])
        if not all(isinstance(names, list) and all(isinstance(name, str) for name in names) for names in (has, faults, variants)):
            message = f"{url}/__mock__/: `has`, `faults` and `variants` of a mock are lists of strings"
            raise TargetError(message)
        return Target(url, url, frozenset(has or ()), mock=True, faults=tuple(faults), variants=tuple(variants), credentials=credentials)
    manners = None if loopback(urlsplit(url).hostname or "") else Manners()
    return Target(url, url, frozenset({"state", "raw-body"}), mock=False, credentials=credentials, manners=manners, route=route)


def _asked(place: Place) -> Manners:
    """Give the manners that a place asks for; where it says no rate, the usual one, and none on this machine."""
    usual = Manners()
    near = all(loopback(urlsplit(site.url).hostname or "") for site in place.sites.values())
    rate = place.rate if place.rate is not None or near else usual.rate
    return Manners(rate, place.one_at_a_time, place.budget, place.amount_cap, place.consistency_ms, place.seconds or usual.seconds)


def _probe(url: str, route: Route | None = None) -> dict[str, Any]:
    """Ask who is there. Anything that answers HTTP is a target; only a mock answers this path, with its name and what it has."""
    try:
        with contextlib.closing(Connection(route)) as connection:
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
