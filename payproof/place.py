"""A place: a target with a name, as the kit's `contracts/targets.toml` and the user's `payproof.toml` say."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from payproof.errors import AbsentError, ElsewhereError, UsageError
from payproof.secret import Secret, is_secret

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

TEST, SHARED = "test", "shared"
TEMPLATE = re.compile(r"\{([a-z][a-z0-9_]*)\}")
"""How a text names a credential."""


@dataclass(frozen=True, slots=True)
class Auth:
    """How a token is got. `kind` is contract, client-credentials, jwt-assertion or bearer.

    `parts` are its other members, as the file has them; texts may name credentials of the tenant (`{client_id}`).
    """

    kind: str = "contract"
    parts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The token endpoint, empty where the contract says it or none is needed."""
        return str(self.parts.get("url", ""))


@dataclass(frozen=True, slots=True)
class Site:
    """Where one API is. `url` is all that stands before the paths of its spec, the base path included."""

    url: str
    auth: Auth = field(default_factory=Auth)

    @property
    def base_path(self) -> str:
        """The path that the URL ends with, without a slash at the end."""
        return urlsplit(self.url).path


@dataclass(frozen=True, slots=True)
class Proof:
    """A read-only request whose answer shows that a credential is one for tests.

    `that` is an expression over `status` and `body`; `headers` may name credentials. `also` are credentials that suites
    use in the place of the one in the headers, and that are shown in the same way.
    """

    url: str
    that: str
    headers: Mapping[str, str] = field(default_factory=dict)
    says: str = ""
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """A named target. Numbers are None where nothing is said.

    `rate` is requests a second, `amount_cap` minor units that a run may move, `consistency_ms` how long a read may lag
    behind a write, `seconds` the time-out of a request, `budget` requests a run. `tenants` are sets of credentials.
    """

    name: str
    file: Path
    sites: Mapping[str, Site]
    tenants: tuple[Mapping[str, str | Secret], ...] = ()
    about: str = ""
    role: str = TEST
    production_host: str = ""
    has: frozenset[str] = frozenset({"state", "raw-body"})
    depth: str = "standard"
    rate: float | None = None
    one_at_a_time: bool = False
    budget: int | None = None
    amount_cap: int | None = None
    consistency_ms: int = 0
    seconds: float | None = None
    ca_file: str | None = None
    headers: Mapping[str, str | Secret] = field(default_factory=dict)
    cards: tuple[str, ...] = ()
    proof: Proof | None = None

    def site(self, api: str) -> Site:
        """Give where an API is. Raises ElsewhereError if the place does not have it."""
        if api not in self.sites:
            message = f"target {self.name} has no {api}; give it a url under [targets.{self.name}.apis.{api}] in {self.file.name}"
            raise ElsewhereError(message)
        return self.sites[api]

    def label(self, number: int) -> str:
        """Give the label of the tenant of this number, from 0 on: what journals call it."""
        return "own" if len(self.tenants) < 2 else f"tenant-{number + 1}"

    def secrets(self) -> Iterator[tuple[str, Secret]]:
        """Give every secret that the place names, with a key by which it is found again."""
        for number, tenant in enumerate(self.tenants):
            yield from ((f"tenants.{number}.{name}", value) for name, value in tenant.items() if isinstance(value, Secret))
        yield from ((f"headers.{name}", value) for name, value in self.headers.items() if isinstance(value, Secret))
        for api, site in self.sites.items():
            yield from ((f"apis.{api}.auth.{name}", value) for name, value in site.auth.parts.items() if isinstance(value, Secret))

    def fetched(self) -> dict[str, str]:
        """Fetch all secrets, each source once. Raises UsageError for the first that is missing."""
        known: dict[tuple[str, tuple[str, ...]], str] = {}
        found = {}
        for key, secret in self.secrets():
            source = secret.kind, secret.source
            if source not in known:
                known[source] = secret.value()
            found[key] = known[source]
        return found

    def urls(self) -> Iterator[tuple[str, str]]:
        """Give every URL that a run of this place may ask, with what it is for: `api NAME`, `tokens` or `proof`."""
        for api, site in self.sites.items():
            yield f"api {api}", site.url
            if site.auth.url:
                yield "tokens", site.auth.url
        if self.proof is not None:
            yield "proof", self.proof.url

    @property
    def offers(self) -> frozenset[str]:
        """What the place has of the clauses' needs; a second tenant where there are two sets of credentials."""
        return self.has | ({"second-tenant"} if len(self.tenants) > 1 else frozenset())

    def as_json(self) -> dict[str, Any]:
        """Give what a journal may say of it: nothing secret."""
        return {"name": self.name, "role": self.role, "tenants": len(self.tenants),
                "apis": {api: site.url for api, site in self.sites.items()}}  # fmt: skip


class Credentials(dict[str, str]):
    """What a tenant is let in with; one that nobody gave is an AbsentError that says what to do."""

    def __init__(self, known: Mapping[str, str], at: str) -> None:
        """Keep where they are written."""
        super().__init__(known)
        self._at = at

    def __missing__(self, name: str) -> str:
        message = f"{self._at}: has no {name}, which a suite needs"
        raise AbsentError(message)


@dataclass(frozen=True, slots=True)
class Stay:
    """A place and its secrets, fetched: what a process needs in order to send something there."""

    place: Place
    secrets: Mapping[str, str] = field(repr=False)

    def credentials(self, number: int) -> dict[str, str]:
        """Give the credentials of a tenant, counted from 0; `basic` is there beside `client_id` and `client_secret`."""
        tenant = self.place.tenants[number]
        found = {name: self.secrets[f"tenants.{number}.{name}"] if isinstance(value, Secret) else value for name, value in tenant.items()}
        return Credentials(with_basic(found), f"{self.place.name}: tenants.{number + 1}")

    def hidden(self, known: Collection[str]) -> list[str]:
        """Give the values that must be seen nowhere; `known` are names of credentials that open something."""
        found = []
        for key, value in self.secrets.items():
            kind, _, name = key.partition(".")
            if kind != "tenants" or is_secret(name.partition(".")[2], known):
                found.append(value)
        return found

    def headers(self) -> dict[str, str]:
        """Give the headers that go with every request."""
        return {name: self.secrets[f"headers.{name}"] if isinstance(value, Secret) else value
                for name, value in self.place.headers.items()}  # fmt: skip

    def auth(self, api: str, credentials: Mapping[str, str]) -> dict[str, Any]:
        """Give the members of an API's authentication, filled. Raises UsageError for a credential that the tenant lacks."""
        filled: dict[str, Any] = {}
        for name, value in self.place.site(api).auth.parts.items():
            if isinstance(value, Secret):
                filled[name] = self.secrets[f"apis.{api}.auth.{name}"]
            else:
                filled[name] = fill(value, credentials, f"{self.place.name}: apis.{api}.auth.{name}") if isinstance(value, str) else value
        return filled


def fill(text: str, credentials: Mapping[str, str], at: str) -> str:
    """Put credentials where a text names them. Raises UsageError for one that is not there."""
    for name in TEMPLATE.findall(text):
        if name not in credentials:
            message = f"{at}: the tenant has no credential {name!r}"
            raise UsageError(message)
    return TEMPLATE.sub(lambda found: credentials[found.group(1)], text)


def with_basic(credentials: Mapping[str, str]) -> dict[str, str]:
    """Give credentials with `basic`, as HTTP Basic wants it, where there is a client's id and secret."""
    if not {"client_id", "client_secret"} <= credentials.keys():
        return dict(credentials)
    pair = f"{credentials['client_id']}:{credentials['client_secret']}"
    return {**credentials, "basic": base64.b64encode(pair.encode()).decode()}


def base_paths(header: Mapping[str, Any]) -> dict[str, str]:
    """Give the base paths of the APIs of the target that a journal's header names, where it says them."""
    return {api: urlsplit(url).path for api, url in header.get("place", {}).get("apis", {}).items()}
