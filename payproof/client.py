"""Sends requests, has each exchange judged and written down, and hands the answer to whoever asked."""

from __future__ import annotations

import contextlib
import json
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote, urlencode

from payproof import __version__, clock
from payproof.answer import Answer, BrokenClause
from payproof.connection import Connection
from payproof.door import AUTHORIZATION, doors
from payproof.errors import RefusedError, TargetError
from payproof.exchange import Exchange, Intent, Request, lowered
from payproof.grant import LASTING_SECONDS
from payproof.journal import error_record, exchange_record, finding_record
from payproof.opinion import SecondOpinion
from payproof.shape import FORM, moved
from payproof.transport import REQUEST_SECONDS, exchanged
from payproof.witness import Witness

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from payproof.bearings import Bearings
    from payproof.desk import Shared
    from payproof.finding import Finding
    from payproof.footprint import Footprint
    from payproof.judge import Judge
    from payproof.keyring import Keyring
    from payproof.kit import Kit
    from payproof.redact import Redactor
    from payproof.target import Target, Tenant
    from payproof.transport import Done
    from payproof.weather import Weather

__all__ = ["ACCEPT", "Answer", "Api", "BrokenClause", "Session"]

LOST_IN_A_ROW = 5
"""After so many requests without any answer the target is taken for dead, and the run stops."""


class Journal(Protocol):
    """Whoever writes down what happens."""

    def write(self, record: Mapping[str, Any]) -> None:
        """Take a record of kind exchange, finding or error."""


@dataclass(slots=True)
class Session:
    """Everything that one worker needs to send requests: the target, the judge, its shard of the journal."""

    kit: Kit
    target: Target
    judge: Judge
    redactor: Redactor
    journal: Journal
    worker: str = "w0"
    test: str = ""
    exchanges: int = 0
    lost: int = 0
    found: list[Finding] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    watch: Callable[[Session], None] | None = None
    excused: Callable[[Finding], bool] | None = None
    """Says of which findings the target does not fail: they are written down, and end no test."""
    opinion: SecondOpinion | None = None
    record: list[Answer] | None = None
    last: Answer | None = None
    desk: Shared | None = None
    keyring: Keyring | None = None
    bearings: Bearings | None = None
    seconds: float = REQUEST_SECONDS
    weather: Weather | None = None
    footprint: Footprint | None = None
    tag: str = ""
    """What the ids of new requests begin with, in hex digits, so that what they make can be told from other people's."""
    free: bool = False
    """Whether what is sent counts for no budget: it neutralises what was made."""
    witness: Witness = field(default_factory=Witness)
    _connection: Connection = field(default_factory=Connection)
    _turn: threading.Lock = field(default_factory=threading.Lock)
    numbers: dict[str, int] = field(default_factory=dict)
    """The number of each clause, as the journal's header has them."""

    def __post_init__(self) -> None:
        """Number the clauses as the journal's header does."""
        self.numbers = {clause.id: number for number, clause in enumerate(self.kit.clauses())}
        self._connection = Connection(self.target.route)
        if self.opinion is None:
            self.opinion = SecondOpinion(list(self.kit.contracts.values()))

    def close(self) -> None:
        """Drop connections; the journal is closed by whoever opened it."""
        self._connection.close()

    def url(self, api: str, path: str) -> str:
        """Give the absolute URL of a path below the API's base path."""
        return self.target.base(api, self.kit.contracts[api].spec.base_path) + path

    def send(self, tenant: Tenant, request: Request, intent: Intent | None = None) -> Answer:
        """Send a request, judge the exchange, write it down.

        Raises TargetError once the target has given no answer LOST_IN_A_ROW times, RefusedError for what the budget of
        the run does not allow, UnclearError where the weather at the target keeps the answer back.
        """
        if self.weather is not None:
            return self.weather.send(self, tenant, request, intent)
        return self.taken(tenant, self.exchange(request, tenant), intent)

    def exchange(self, request: Request, tenant: Tenant, *, repeated: bool = False) -> Done:
        """Send a request and give what came of it, not judged. What is `repeated` moves nothing a second time."""
        return self._exchanged(self._connection, request, tenant, repeated=repeated)

    def together(self, tenant: Tenant, requests: Sequence[Request], intent: Intent | None = None) -> list[Answer]:
        """Send requests at the same time, each on a connection of its own; the answers are in the order of the requests.

        They are judged in the order in which they were answered, one group after the other where two threads send one each.
        Raises TargetError as `send` does.
        """
        with ThreadPoolExecutor(len(requests)) as pool:
            done = list(pool.map(partial(self._alone, tenant), requests))
        order = sorted(range(len(done)), key=lambda index: done[index].started + done[index].elapsed / 1000)
        with self._turn:
            self.judge.ledger.crowd = [(one.started, one.started + one.elapsed / 1000) for one in done]
            try:
                taken = self.taken if self.weather is None else partial(self.weather.taken, self)
                answers = {index: taken(tenant, done[index], intent) for index in order}
            finally:
                self.judge.ledger.crowd = ()
        foul = [answer.exchange for answer in answers.values() if answer.exchange.weather]
        if foul and self.weather is not None:
            self.weather.give_up(f"weather: {len(foul)} of {len(done)} requests sent together: {foul[0].weather} ({foul[0].id})")
        return [answers[index] for index in range(len(done))]

    def _alone(self, tenant: Tenant, request: Request) -> Done:
        with contextlib.closing(Connection(self.target.route)) as connection:
            return self._exchanged(connection, request, tenant)

    def _exchanged(self, connection: Connection, request: Request, tenant: Tenant, *, repeated: bool = False) -> Done:
        amount = 0 if self.desk is None or repeated else moved(self.judge.operation(request), request)
        send = partial(exchanged, connection, request, seconds=self.seconds, desk=self.desk, amount=amount, free=self.free)
        if self.footprint is None:
            return send()
        self.target.route.check(request)
        number = self.footprint.before(request, tenant.label)
        try:
            done = send()
        except RefusedError:
            self.footprint.never(number)
            raise
        self.footprint.after(number, done)
        return done

    def taken(
        self, tenant: Tenant, done: Done, intent: Intent | None, weather: str = "", attempts: tuple[str, ...] = ()
    ) -> Answer:
        """Judge what came of a request and write it down; `weather` and `attempts` are those of the exchange."""
        self.lost = self.lost + 1 if done.response is None else 0
        self.exchanges += 1
        told = tenant.told(done.request, done.response)
        exchange = Exchange(f"{self.worker}-{self.exchanges}", done.request, done.response, done.started, done.elapsed, tenant.label,
                            done.started + tenant.offset, done.problem, intent, self.test, told, weather, attempts)  # fmt: skip
        answer = self.take(exchange)
        if self.weather is None and self.lost >= LOST_IN_A_ROW:
            message = f"{self.target.url} gave no answer {self.lost} times in a row, last: {self.redactor.text(done.problem)}"
            raise TargetError(message)
        if self.bearings is not None and answer.judgement.api:
            self.bearings.take(answer.judgement.api, self.url(answer.judgement.api, ""), answer.status)
        return answer

    def take(self, exchange: Exchange) -> Answer:
        """Judge an exchange and write it down."""
        self._learn_secrets(exchange)
        judgement = self.judge.judge(exchange)
        answer = self.last = Answer(exchange, judgement)
        if self.record is not None:
            self.record.append(answer)
        self._look(exchange, answer)
        self.journal.write(exchange_record(exchange, judgement, self.redactor, self.numbers))
        for finding in judgement.findings:
            self.journal.write(finding_record(finding))
        if self.excused is not None:
            # What is excused does not end a test: the rest of its story is still to be judged, and explains no other failure of it.
            judgement.findings[:] = [finding for finding in judgement.findings if not self.excused(finding)]
        self.found += judgement.findings
        for message in judgement.errors:
            self.journal.write(error_record(self.redactor.text(message), where=exchange.id))
            self.errors.append(message)
        if self.watch is not None:
            self.watch(self)
        return answer

    def _look(self, exchange: Exchange, answer: Answer) -> None:
        judgement = answer.judgement
        found = self.judge.find(exchange) if judgement.operation else None
        if found is None or exchange.weather:
            return
        contract, operation, path = found
        if exchange.response is not None:
            self.witness.take(contract, operation, exchange.response.status, answer.body, scripted=exchange.scripted)
        if self.opinion is None:
            return
        doubt = self.opinion.disagreement(contract, operation, exchange, judgement, path)
        if doubt:
            judgement.errors.append(doubt)

    def _learn_secrets(self, exchange: Exchange) -> None:
        for message in (exchange.request, exchange.response):
            if message is None or not message.body:
                continue
            declared = lowered(message.headers).get("content-type", "").lower()
            if "json" in declared:
                try:
                    content = message.content() if isinstance(message, Request) else message.body
                    self.redactor.learn(json.loads(content), sent=message is exchange.request)
                except (ValueError, RecursionError):
                    continue


@dataclass(slots=True)
class Api:
    """One API at the target, as one tenant sees it."""

    session: Session
    tenant: Tenant
    api: str

    def call(
        self, operation: str, *, path: Mapping[str, str] | None = None, query: Mapping[str, str | None] | None = None,
        headers: Mapping[str, str | None] | None = None, body: Any = None, form: Mapping[str, str] | None = None,
        raw: bytes | None = None, intent: Intent | None = None,
    ) -> Answer:  # fmt: skip
        """Call an operation. A header or a query parameter given as None is left out; `raw` is a body as it stands.

        Without `intent` nothing is claimed about the request; `client.ACCEPT` claims that it must be accepted.
        """
        return self.session.send(self.tenant, self.request(operation, path=path, query=query, headers=headers, body=body,
                                                           form=form, raw=raw), intent)  # fmt: skip

    def request(
        self, operation: str, *, path: Mapping[str, str] | None = None, query: Mapping[str, str | None] | None = None,
        headers: Mapping[str, str | None] | None = None, body: Any = None, form: Mapping[str, str] | None = None,
        raw: bytes | None = None,
    ) -> Request:  # fmt: skip
        """Build the request that `call` would send."""
        definition = self.session.kit.contracts[self.api].spec.operations[operation]
        template = definition.template
        for name, value in (path or {}).items():
            template = template.replace(f"{{{name}}}", quote(value, safe=""))
        asked = {name: chosen for name, chosen in {**self.access(operation, "query"), **(query or {})}.items() if chosen is not None}
        url = self.session.url(self.api, template) + (f"?{urlencode(asked)}" if asked else "")
        given: dict[str, str | None] = {"Accept": "application/json", "User-Agent": f"payproof/{__version__}"}
        if self.session.target.stay is not None:
            given.update(self.session.target.stay.headers())
        given.update(self.access(operation))
        content = b""
        if raw is not None:
            content = raw
        elif form is not None:
            content = urlencode(form).encode()
            given["Content-Type"] = FORM
        elif body is not None:
            content = json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass")
            given["Content-Type"] = "application/json"
        if raw is not None:
            given["Content-Type"] = next(iter(definition.bodies), "application/json")
        for name, chosen in (headers or {}).items():
            for known in [known for known in given if known.lower() == name.lower()]:
                del given[known]
            given[name] = chosen
        sent = tuple((name, chosen) for name, chosen in given.items() if chosen is not None)
        return Request(definition.method, url, sent, content)

    def access(self, operation: str, where: str = "header") -> dict[str, str]:
        """Give the headers, or with "query" the parameters, that let this tenant in at an operation, as the contract says.

        A token is fetched when it is first needed; `{fresh}` is a new UUID each time. Raises TargetError where the target's
        tenants have no such credential, as those of the embedded mock at an API that it does not serve.
        """
        contract = self.session.kit.contracts[self.api]
        definition = contract.spec.operations[operation]
        declared = {one.key for one in definition.parameters if one.where == where}
        declared |= {door.key for door in doors(contract.spec, definition) if door.where == where}
        if where == "header" and definition.definition.get("security", True):
            declared.add(AUTHORIZATION.lower())
        filled = contract.access.get("headers" if where == "header" else "query", {})
        wanted = {name: value for name, value in filled.items() if (name.lower() if where == "header" else name) in declared}
        kept = contract.access.get("token", {}).get("credential", "token")
        if self.session.keyring is not None:
            self.session.keyring.open(self, wanted.values())
        elif any(f"{{{kept}}}" in value for value in wanted.values()) and kept not in self.tenant.credentials:
            self.token()
        return self._filled(wanted)

    def together(self, requests: Sequence[Request], intent: Intent | None = None) -> list[Answer]:
        """Send requests of this tenant at the same time; see `Session.together`."""
        return self.session.together(self.tenant, requests, intent)

    def token(self) -> str:
        """Fetch a token as the contract says, and use it from now on. Raises TargetError if none is given."""
        name = self.session.kit.contracts[self.api].access["token"].get("credential", "token")
        before = clock.now() + self.tenant.offset
        token, lives = self.issued()
        self.tenant.credentials[name] = token
        self.tenant.tokens[name] = (self.api, before + lives)
        return token

    def issued(self) -> tuple[str, float]:
        """Fetch a token as the contract says, and give it with the seconds that it is good for. Raises TargetError if none is given."""
        source = self.session.kit.contracts[self.api].access["token"]
        issuer = Api(self.session, self.tenant, source["api"])
        headers, form = self._filled(source.get("headers", {})), self._filled(source.get("form", {}))
        answer = issuer.call(source["operation"], headers=headers, form=form)
        body = answer.body
        token = body.get(source["member"]) if isinstance(body, dict) else None
        if not isinstance(token, str) or not token:
            kind = answer.headers.get("content-type", "no content type")
            what = f"it does not answer, {answer.exchange.error}" if answer.exchange.error else f"status {answer.status}, {kind}"
            message = f"{issuer.session.url(source['api'], '')}: no token was given ({self.session.redactor.text(what)})"
            raise TargetError(message)
        self.session.redactor.learn_secret(token)
        lives = body.get("expires_in") if isinstance(body, dict) else None
        return token, float(lives) if isinstance(lives, int | float) and lives > 0 else LASTING_SECONDS

    def token_seconds(self) -> float:
        """Say how long the token is good from now on, by what was told when it was fetched. Raises KeyError if none was."""
        name = self.session.kit.contracts[self.api].access["token"].get("credential", "token")
        return self.tenant.tokens[name][1] - clock.now() - self.tenant.offset

    def _filled(self, templates: Mapping[str, str]) -> dict[str, str]:
        known = {**self.tenant.credentials, "fresh": str(uuid.UUID(self.session.tag + uuid.uuid4().hex[len(self.session.tag):]))}
        try:
            return {name: value.format_map(known) for name, value in templates.items()}
        except KeyError as error:
            message = (f"{self.session.target.name} gives its tenants no credential {error}, without which nobody gets in at {self.api}: "
                       "name a server of this API with --target")  # fmt: skip
            raise TargetError(message) from error


ACCEPT = Intent("accept")
"""The claim that a request is valid in itself and in the state that it meets."""
