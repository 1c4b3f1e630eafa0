"""Looks before a run whether a place is what its entry says: its hosts answer, its credentials open, its paths lead to the APIs."""

from __future__ import annotations

import contextlib
import json
import re
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from payproof import __version__, clock
from payproof.connection import Connection, Unanswered
from payproof.errors import RefusedError, TargetError
from payproof.exchange import Request, media_type
from payproof.expression import Activation, EvaluationError, compiled, normalised
from payproof.grant import LASTING_SECONDS
from payproof.place import TEMPLATE, fill
from payproof.secret import is_secret
from payproof.shape import is_json
from payproof.transport import insisted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from payproof.desk import Shared
    from payproof.exchange import Headers
    from payproof.grant import Authority, Token
    from payproof.guard import Guard
    from payproof.place import Proof
    from payproof.spec import Operation

_SECONDS = 30.0
_MOST_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Said:
    """An answer to a probe. `body` is its JSON, None where it is none."""

    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def kind(self) -> str:
        """The media type, empty where none is declared."""
        return media_type(self.headers) or ""


@dataclass(frozen=True, slots=True)
class Prober:
    """Asks a place what has to be known before a run. Only reads are sent, and tokens fetched."""

    authority: Authority
    guard: Guard
    tokens: dict[tuple[int, str], tuple[str, Token | None, float]] = field(default_factory=dict, repr=False)
    """What was fetched, by tenant and grant: for which API, the token, and when (ticks)."""

    def proofs(self) -> list[dict[str, Any]]:
        """Show of every set of credentials that it is for tests, where the place asks for that; give what a journal says of it.

        Raises RefusedError where it cannot be shown.
        """
        numbers = range(len(self.authority.stay.place.tenants))
        return [one for proof in self.guard.proofs for number in numbers for one in self._proved(proof, number)]

    def hand_over(self, desk: Shared) -> None:
        """Give the tokens to the desk of a run, so that they are not fetched again.

        Those that the contract's own operation issues stay out: the run fetches its own there, so that the answer is judged.
        """
        for (number, key), (api, token, begun) in self.tokens.items():
            if token is not None and self.authority.kind(api) != "contract":
                left = (token.seconds or LASTING_SECONDS) - (clock.ticks() - begun)
                desk.keep(f"{self.authority.stay.place.label(number)}: {key}", token.text, left)

    def look(self, apis: Iterable[str]) -> list[str]:
        """Look at each API with each set of credentials; give a line for each. Raises TargetError, UsageError."""
        told = []
        for number in range(max(1, len(self.authority.stay.place.tenants))):
            told += [line for api in apis if (line := self._looked(api, number))]
        return told

    def _looked(self, api: str, number: int) -> str:
        credentials = self._opened(api, number)
        name = f"{api}, tenant {number + 1}"
        operation = self._read(api)
        if operation is None:
            return f"{name}: has no read to try"
        url = self.authority.stay.place.site(api).url
        path = operation.template
        for part in re.findall(r"\{([^}]+)\}", path):
            path = path.replace(f"{{{part}}}", quote(str(uuid.uuid4()), safe=""))
        needed = "&".join(f"{quote(one.name)}={uuid.uuid4()}" for one in operation.parameters if one.where == "query" and one.required)
        said = self._asked(url + path + (f"?{needed}" if needed else ""), self._headers(api, credentials))
        if said.status == 401:
            message = f"{url}: the credentials of tenant {number + 1} are refused with status 401; are they those of this target?"
            raise TargetError(message)
        if 300 <= said.status < 400:
            message = (f"{url}: status {said.status} points to {urlsplit(said.headers.get('location', '')).netloc or 'another place'}, "
                       "and redirects are not followed; is the URL right?")  # fmt: skip
            raise TargetError(message)
        if said.status < 500 and said.status != 429 and self._strange(operation, said) and self._nowhere(url, said, api, credentials):
            message = (f"{url}: {operation.method} {operation.template} is answered like a path that is not there "
                       f"(status {said.status}, {said.kind or 'no content type'}); is the base path right?")  # fmt: skip
            raise TargetError(message)
        return f"{name}: {operation.method} {operation.template} answers {said.status}"

    def _read(self, api: str) -> Operation | None:
        reads = [one for one in self.authority.kit.contracts[api].spec.operations.values() if one.method == "GET"]
        return min(reads, key=lambda one: sum(each.required for each in one.parameters if each.where == "query"), default=None)

    def _strange(self, operation: Operation, said: Said) -> bool:
        """Say whether an answer is none that is documented for the operation."""
        answer = operation.answer(said.status)
        if answer is None:
            return True
        if not answer.media:
            return False
        shape = next((shape for name, shape in answer.media.items() if is_json(name) and is_json(said.kind)), None)
        return shape is None or said.body is None or not shape.validator.is_valid(said.body)

    def _nowhere(self, url: str, said: Said, api: str, credentials: Mapping[str, str]) -> bool:
        """Say whether a path that nobody has is answered in the same way."""
        other = self._asked(f"{url}/payproof-{uuid.uuid4()}", self._headers(api, credentials))
        members = [sorted(one.body) if isinstance(one.body, dict) else None for one in (said, other)]
        return (said.status, said.kind) == (other.status, other.kind) and members[0] == members[1]

    def _headers(self, api: str, credentials: Mapping[str, str]) -> dict[str, str]:
        known = {**credentials, "fresh": str(uuid.uuid4())}
        at = f"{self.authority.stay.place.name}: {api}"
        return {name: fill(value, known, at) for name, value in self.authority.kit.contracts[api].access.get("headers", {}).items()}

    def _opened(self, api: str, number: int) -> dict[str, str]:
        """Give the credentials of a tenant with the token that opens an API."""
        tenants = self.authority.stay.place.tenants
        credentials = self.authority.stay.credentials(number) if tenants else {}
        known = number, self.authority.key(api)
        if known not in self.tokens:
            self.tokens[known] = api, self.authority.fetch(api, credentials), clock.ticks()
        token = self.tokens[known][1]
        return {**credentials, self.authority.credential(api): token.text} if token is not None else dict(credentials)

    def _asked(self, url: str, headers: Mapping[str, str]) -> Said:
        sent = {"Accept": "application/json", "User-Agent": f"payproof/{__version__}", **self.authority.stay.headers(), **headers}
        request = Request("GET", url, tuple(sent.items()))
        self.guard.check(request)
        try:
            with contextlib.closing(Connection(self.authority.route)) as connection:
                status, given, body = insisted(connection, request, self.authority.stay.place.seconds or _SECONDS, _MOST_BYTES)
        except Unanswered as error:
            message = f"{url.partition('?')[0]}: {error}"
            raise TargetError(message) from error
        return Said(status, _lowered(given), _json(body))

    def _proved(self, proof: Proof, number: int) -> Iterator[dict[str, Any]]:
        """Give the proof with each credential that opens something: the one of the APIs, and those that suites use beside it."""
        place = self.authority.stay.place
        credentials: dict[str, str] = {}
        named = set(TEMPLATE.findall(" ".join(proof.headers.values())))
        openers = {api: self.authority.credential(api) for api in place.sites}
        for api, opener in openers.items():
            credentials |= self._opened(api, number)
            if opener not in named:
                message = f"target {place.name}: the proof does not show {opener}, with which {api} is asked"
                raise RefusedError(message)
        fetching = {name for api in place.sites for name in self.authority.spent(api)}
        known = self.authority.kit.secrets()
        held = [name for name in place.tenants[number] if is_secret(name, known) and name not in fetching | named]
        if unknown := [name for name in held if name not in proof.also]:
            # It is not tried out: whoever it belongs to, the host that is asked for the proof may be somebody else.
            message = f"target {place.name}: tenant {number + 1} has {', '.join(unknown)}, which nothing shows to be for tests: take it out"
            raise RefusedError(message)
        for shown in ("", *held):
            replaced = dict.fromkeys(openers.values(), credentials[shown]) if shown else {}
            said = self._shown(proof, number, {**credentials, **replaced}, shown)
            yield {"tenant": number + 1, "credential": shown or next(iter(openers.values())), "url": proof.url, "status": said.status,
                   "that": proof.that, "says": proof.says, "at": clock.iso(clock.now())}  # fmt: skip

    def _shown(self, proof: Proof, number: int, credentials: Mapping[str, str], name: str) -> Said:
        place = self.authority.stay.place
        who = f"tenant {number + 1}{f' with {name}' if name else ''}"
        at = f"target {place.name}: proof"
        try:
            said = self._asked(proof.url, {header: fill(value, credentials, at) for header, value in proof.headers.items()})
        except TargetError as error:
            message = f"target {place.name}: {who} is not shown to be for tests: {error}"
            raise RefusedError(message) from error
        if not _holds(proof.that, said):
            message = (f"target {place.name}: {who} is not shown to be for tests: {proof.url.partition('?')[0]} answers "
                       f"{said.status}, and it does not hold that {proof.says or proof.that}")  # fmt: skip
            raise RefusedError(message)
        return said


def _holds(that: str, said: Said) -> bool:
    try:
        return compiled(that).value(Activation({"status": said.status, "body": normalised(said.body)})) is True
    except EvaluationError:
        return False


def _lowered(headers: Headers) -> dict[str, str]:
    return {name.lower(): value for name, value in headers}


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
