"""The files that name places: the kit's `contracts/targets.toml`, with ready-made ones, and the user's `payproof.toml`."""

from __future__ import annotations

import re
import ssl
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StrictBool, ValidationError

from payproof.auth import credential
from payproof.auth import read as read_auth
from payproof.errors import UsageError
from payproof.expression import ExpressionError, compiled
from payproof.host import Hosts, named, url
from payproof.place import TEMPLATE, Place, Proof, Site
from payproof.secret import Secret, is_secret, parse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from payproof.kit import Kit

FILE = "payproof.toml"
"""The user's file, read where the current folder has it and none is named."""
READY = ("contracts", "targets.toml")
"""The kit's file of ready-made places."""

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,62}[a-z0-9])?")
_HEADER = re.compile("[-!#$%&'*+.^_`|~0-9a-zA-Z]+")
_OURS = frozenset({"authorization", "proxy-authorization", "cookie", "host", "content-length", "content-type", "content-encoding",
                   "transfer-encoding", "connection", "user-agent", "accept"})  # fmt: skip
_CONTROLLED = frozenset({"clock", "fault-control", "effects"})


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Proof(_Strict):
    url: str
    that: str
    headers: dict[str, str] = {}
    says: str = ""
    also: list[str] = []


class _Shared(_Strict):
    use: Literal["tokens", "proof"]
    proof: _Proof | None = None


class _Api(_Strict):
    url: str
    auth: dict[str, Any] = {}


class _Entry(_Strict):
    use: str = ""
    about: str = Field("", max_length=200)
    role: Literal["test", "shared"] = "test"
    production_host: str = ""
    has: list[str] = ["state", "raw-body"]
    depth: Literal["smoke", "standard", "deep"] = "standard"
    rate: float | None = Field(None, gt=0, le=10_000)
    one_at_a_time: StrictBool = False
    budget: int | None = Field(None, gt=0)
    amount_cap: int | None = Field(None, ge=0)
    consistency_ms: int = Field(0, ge=0, le=600_000)
    seconds: float | None = Field(None, gt=0, le=600)
    ca_file: str = ""
    headers: dict[str, Any] = {}
    cards: list[str] = []
    apis: dict[str, _Api] = {}
    tenants: list[dict[str, Any]] = []
    proof: _Proof | None = None


class _File(_Strict):
    production: list[str] = []
    targets: dict[str, dict[str, Any]] = {}


class _Ready(_File):
    shared: dict[str, _Shared] = {}


@dataclass(frozen=True, slots=True)
class Atlas:
    """All places that have a name here, and what is known of hosts."""

    places: Mapping[str, Place]
    hosts: Hosts
    own: frozenset[str] = frozenset()

    def place(self, name: str) -> Place | None:
        """Give the place of this name, None where a target is named in another way. Raises UsageError for an unknown name."""
        if name == "mock" or "://" in name:
            return None
        if name not in self.places:
            known = ", ".join(sorted(self.places)) or "none"
            message = f"there is no target {name!r}; name `mock`, a URL such as http://127.0.0.1:8080, or one of {FILE}: {known}"
            raise UsageError(message)
        return self.places[name]


def read(kit: Kit, chosen: Path | None = None) -> Atlas:
    """Read both files. Raises UsageError that says which file, where in it, and what is wrong; nothing is fetched or sent."""
    ready_path = kit.root.joinpath(*READY)
    ready = _parsed(ready_path, _Ready) if ready_path.is_file() else _Ready()
    path = chosen or Path(FILE)
    own = _parsed(path, _File) if chosen is not None or path.is_file() else _File()
    shared = {named(f"{ready_path}: shared", host): one for host, one in ready.shared.items()}
    listed = [(ready_path, host) for host in ready.production] + [(path, host) for host in own.production]
    hosts = Hosts(
        kit.production_hosts() | {named(f"{file}: production", host) for file, host in listed},
        frozenset(host for host, one in shared.items() if one.use == "tokens"),
        {host: _proof(f"{ready_path}: shared.{host}.proof", one.proof) for host, one in shared.items() if one.use == "proof"},
    )  # fmt: skip
    places = {name: _place(kit, ready_path, name, raw) for name, raw in ready.targets.items()}
    for name, raw in own.targets.items():
        if name in ready.targets:
            message = f"{path}: targets.{name}: the kit has a target of this name; choose another name and write use = \"{name}\""
            raise UsageError(message)
        places[name] = _place(kit, path, name, _completed(path, name, raw, ready.targets))
    return Atlas(places, hosts, frozenset(own.targets))


Model = TypeVar("Model", bound=BaseModel)


def _parsed(path: Path, model: type[Model]) -> Model:
    try:
        return model.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        message = f"{path}: cannot be read: {error.strerror}"
        raise UsageError(message) from error
    except ValidationError as error:
        raise UsageError(_said(path, "", error, model)) from error
    except ValueError as error:
        message = f"{path}: is not TOML: {error}"
        raise UsageError(message) from error


def _said(path: Path, where: str, error: ValidationError, model: type[BaseModel]) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join([*([where] if where else []), *(str(step + 1) if isinstance(step, int) else step for step in first["loc"])])
    if first["type"] != "extra_forbidden":
        return f"{path}: {place}: {first['msg']}"
    known: Any = model
    for step in first["loc"][:-1]:
        inner = getattr(known, "model_fields", {}).get(step) if isinstance(step, str) else None
        known = next((one for one in (_Api, _Proof, _Shared, _Entry) if inner is not None and one.__name__ in str(inner.annotation)), known)
    return f"{path}: {place}: there is no such key; there are {', '.join(known.model_fields)}"


def _completed(path: Path, name: str, raw: dict[str, Any], ready: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """Lay an entry over the ready-made one that it uses: tables are merged, anything else is replaced."""
    used = raw.get("use")
    if not isinstance(used, str) or not used:
        return raw
    if used not in ready:
        message = f"{path}: targets.{name}.use: there is no ready-made target {used!r}; there are {', '.join(ready) or 'none'}"
        raise UsageError(message)
    return _laid(ready[used], raw)


def _laid(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    found = dict(below)
    for name, value in above.items():
        old = found.get(name)
        tables = isinstance(old, dict) and isinstance(value, dict) and name not in {"auth", "proof"}
        found[name] = _laid(found[name], value) if tables else value
    return found


def _place(kit: Kit, path: Path, name: str, raw: dict[str, Any]) -> Place:
    at = f"targets.{name}"
    try:
        entry = _Entry.model_validate(raw)
    except ValidationError as error:
        raise UsageError(_said(path, at, error, _Entry)) from error
    if not _NAME.fullmatch(name) or name == "mock":
        message = f"{path}: {at}: a target's name has small letters, digits, dots and hyphens, and is not mock"
        raise UsageError(message)
    if entry.production_host and path.parts[-2:] == READY:
        message = f"{path}: {at}.production_host: is typed by whoever runs, in {FILE}"
        raise UsageError(message)
    if not entry.apis:
        message = f"{path}: {at}.apis: says nothing; give each API that is there a url, or a ready-made target with use"
        raise UsageError(message)
    file = f"{path}: {at}"
    for header in entry.headers:
        if not _HEADER.fullmatch(header):
            message = f"{file}.headers: {header!r} is no name of a header"
            raise UsageError(message)
        if header.lower() in _OURS:
            message = f"{file}.headers.{header}: is written by payproof itself; credentials belong under tenants and auth"
            raise UsageError(message)
    for number in entry.cards:
        if not (number.isdigit() and 12 <= len(number) <= 19):
            message = f"{file}.cards: a test card's number has 12 to 19 digits"
            raise UsageError(message)
    return Place(
        name, path, {api: _site(kit, path, f"{file}.apis.{api}", api, one, entry) for api, one in entry.apis.items()},
        _tenants(kit, path, file, entry), entry.about, entry.role, named(f"{file}.production_host", entry.production_host),
        _has(kit, file, entry), entry.depth, entry.rate, entry.one_at_a_time, entry.budget, entry.amount_cap, entry.consistency_ms,
        entry.seconds, _ca(path, file, entry.ca_file),
        {header: _value(path, f"{file}.headers.{header}", header, value) for header, value in entry.headers.items()},
        tuple(entry.cards), _proof(f"{file}.proof", entry.proof) if entry.proof is not None else None,
    )  # fmt: skip


def _site(kit: Kit, path: Path, at: str, api: str, raw: _Api, entry: _Entry) -> Site:
    if api not in kit.contracts:
        message = f"{at}: there is no API {api!r}; this kit has {', '.join(kit.contracts)}"
        raise UsageError(message)
    auth = read_auth(f"{at}.auth", raw.auth, path.parent)
    token = kit.contracts[api].access.get("token")
    if auth.kind == "contract" and token and token["api"] not in entry.apis:
        message = f"{at}.auth: its token comes from {token['api']}, and that has no url here; give it one, or choose another kind"
        raise UsageError(message)
    return Site(url(f"{at}.url", raw.url).rstrip("/"), auth)


def _has(kit: Kit, at: str, entry: _Entry) -> frozenset[str]:
    known = {need for clause in kit.clauses() for need in clause.needs} | {"state", "raw-body"}
    for need in entry.has:
        if need in _CONTROLLED:
            message = f"{at}.has: {need} is what only a mock with a control interface has"
            raise UsageError(message)
        if need == "second-tenant" and len(entry.tenants) < 2:
            message = f"{at}.has: a second tenant is a second set of credentials under tenants"
            raise UsageError(message)
        if need not in known:
            message = f"{at}.has: no clause needs {need!r}; they need {', '.join(sorted(known - _CONTROLLED))}"
            raise UsageError(message)
    return frozenset(entry.has) - {"second-tenant"}


def _tenants(kit: Kit, path: Path, at: str, entry: _Entry) -> tuple[Mapping[str, str | Secret], ...]:
    known, needed = kit.secrets(), _needed(kit, entry)
    found = []
    for number, tenant in enumerate(entry.tenants, 1):
        place = f"{at}.tenants.{number}"
        found.append({name: _value(path, f"{place}.{name}", name, value, known) for name, value in tenant.items()})
        if missing := [name for name in needed if name not in tenant]:
            message = f"{place}: has no {', '.join(missing)}"
            raise UsageError(message)
    if needed and not found:
        message = f"{at}.tenants: is missing: a set of credentials with {', '.join(needed)}"
        raise UsageError(message)
    return tuple(found)


def _needed(kit: Kit, entry: _Entry) -> list[str]:
    """Give the names of the credentials without which nothing can be asked for at an entry's APIs."""
    named: dict[str, None] = {}
    for api, one in entry.apis.items():
        access = kit.contracts[api].access
        kind = one.auth.get("kind", "contract")
        if kind == "contract":
            named |= dict.fromkeys(kit.credentials([api]))
            continue
        texts = [*access.get("headers", {}).values(), *access.get("query", {}).values()]
        texts += [value for value in one.auth.values() if isinstance(value, str)]
        got = {credential(access, one.auth), "fresh"}
        given = {"client-credentials": ("client_id", "client_secret")}.get(kind, ())
        named |= dict.fromkeys(name for name in given if name not in one.auth)
        named |= dict.fromkeys(name for text in texts for name in TEMPLATE.findall(text) if name not in got)
    return list(named)


def _value(path: Path, at: str, name: str, value: Any, known: frozenset[str] = frozenset()) -> str | Secret:
    if isinstance(value, dict) or is_secret(name, known):
        return parse(at, value, path.parent)
    if not isinstance(value, str) or not value or not value.isprintable():
        message = f"{at}: wants a text of one line, or where a secret is kept"
        raise UsageError(message)
    return value


def _proof(at: str, raw: _Proof | None) -> Proof:
    if raw is None:
        message = f"{at}: is missing: say which read-only request shows that a credential is for tests"
        raise UsageError(message)
    try:
        reads = compiled(raw.that).reads
    except ExpressionError as error:
        message = f"{at}.that: {error}"
        raise UsageError(message) from error
    if not reads or reads - {"status", "body"}:
        message = f"{at}.that: has to be about status and body, and about nothing else"
        raise UsageError(message)
    return Proof(url(f"{at}.url", raw.url, query=True), raw.that, raw.headers, raw.says, tuple(raw.also))


def _ca(path: Path, at: str, name: str) -> str | None:
    if not name:
        return None
    file = (path.parent / Path(name).expanduser()).resolve()
    try:
        ssl.create_default_context(cafile=file)
    except (OSError, ssl.SSLError) as error:
        message = f"{at}.ca_file: {file}: {error.strerror if isinstance(error, FileNotFoundError) else 'holds no certificates in PEM form'}"
        raise UsageError(message) from error
    return str(file)
