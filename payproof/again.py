"""A finding of a journal, sent again: on fresh tenants, with the values that the target gives this time.

What an old answer gave and a later request names is replaced by what the new answer gives in the same place. Hidden
card numbers become published test cards with the same last digits, hidden accounts those that the kit shows, hidden
tokens those of the fresh tenant.
"""

from __future__ import annotations

import gzip
import re
import uuid
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from payproof.client import Api, Session
from payproof.errors import UsageError
from payproof.excerpt import leaves, names, without
from payproof.exchange import Request, lowered
from payproof.journal import Nowhere
from payproof.judge import Judge
from payproof.pan import is_card_number, published
from payproof.place import base_paths
from payproof.redact import MARK, Redactor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from payproof.client import Answer
    from payproof.excerpt import Excerpt, Step
    from payproof.finding import Finding
    from payproof.kit import Kit
    from payproof.target import Target, Tenant

BUDGET = 60
"""How many chains are sent at most while looking for the smallest one."""
_HIDDEN_CARD = re.compile(r"\[redacted:pan:([0-9]{4}):([0-9a-f]+)\]")
_HIDDEN_ACCOUNT = re.compile(r'"(\w+)"(\s*:\s*)"\[redacted:account:[0-9a-f]+\]"')
_HIDDEN_CODE = re.compile(r"\[redacted:cvv\]")
_FIELD = re.compile(r"(?:^|(?<=&))([A-Za-z_]+)=(?:\[redacted:|%5Bredacted)[^&]*")
_CODE = "123"
_SHORTEST = 5
"""How long a value has to be to be told from others wherever it stands."""


@dataclass(frozen=True, slots=True)
class Chain:
    """Steps that were sent, the answers, and whether the last one broke the clause again."""

    steps: tuple[Step, ...]
    answers: tuple[Answer, ...]
    confirmed: bool


def published_cards(folder: Path) -> dict[str, str]:
    """Give the card numbers that the files of a kit name, by their last four digits: test cards and examples of the vendors.

    A number that only looks like one, as some examples do, stands back behind those that are.
    """
    numbers = published(folder)
    numbers.sort(key=is_card_number)
    return {digits[-4:]: digits for digits in numbers}


def published_accounts(folder: Path, members: Iterable[str]) -> dict[str, str]:
    """Give the account number that the files of a kit show first for each of these members."""
    found: dict[str, str] = {}
    texts = [path.read_text(encoding="utf-8") for place in ("specs", "suites") for path in sorted((folder / place).rglob("*"))
             if path.suffix in {".yaml", ".py"}]  # fmt: skip
    for member in members:
        shown = re.compile(rf'\b{re.escape(member)}["\']?\s*[:=]\s*["\']?([A-Z0-9]{{6,34}})\b')
        first = next((match for match in map(shown.search, texts) if match), None)
        found |= {member: first.group(1)} if first else {}
    return found


def common_headers(kit: Kit) -> frozenset[str]:
    """Give the lower-case names of the headers that let a tenant in, and are the same in all its requests."""
    access = [contract.access.get("headers", {}) for contract in kit.contracts.values()]
    return frozenset(name.lower() for headers in access for name, value in headers.items() if "{fresh}" not in value) | {"authorization"}


@dataclass(slots=True)
class Stage:
    """Where chains are played: a kit, an open target, and the finding that is looked for.

    `prepare` gives a session what a target with a name asks for beside it.
    """

    kit: Kit
    target: Target
    excerpt: Excerpt
    finding: Finding
    cards: Mapping[str, str]
    accounts: Mapping[str, str] = field(default_factory=dict)
    prepare: Callable[[Session], None] | None = None
    played: int = 0
    _old: dict[str, dict[str, str]] = field(default_factory=dict)

    def smallest(self, budget: int = BUDGET) -> Chain:
        """Send the chain that the values suggest, else the whole test; if one confirms the finding, drop what it does not need."""
        chain = self.play(self.excerpt.sliced(common_headers(self.kit)))
        if not chain.confirmed and len(chain.steps) < len(self.excerpt.steps):
            chain = self.play(self.excerpt.steps)
        number = len(chain.steps) - 2
        while chain.confirmed and number >= 0 and self.played < budget:
            fewer = self.play(without(chain.steps, {number}))
            chain = fewer if fewer.confirmed else chain
            number = min(number, len(chain.steps) - 1) - 1
        return chain

    def play(self, steps: Sequence[Step]) -> Chain:
        """Send steps on fresh tenants. Raises UsageError for what cannot be sent again, TargetError as sessions do."""
        self.played += 1
        contracts = self.kit.contracts.values()
        redactor = Redactor(self.kit.sensitive())
        bases = self.target.base_paths()
        judge = Judge(contracts, redactor, has=self.target.has, base_paths=bases)
        session = Session(self.kit, self.target, judge, redactor, Nowhere())
        if self.prepare is not None:
            self.prepare(session)
        late = Judge(contracts, redactor, has=self.target.has, deferred=True, base_paths=bases)
        actors = _Cast(self, session)
        answers: list[Answer] = []
        broken: set[str] = set()
        try:
            for group in _together(steps):
                sent = [actors.request(step) for step in group]
                tenants = [actors.tenant(step.exchange.tenant) for step in group]
                if len(group) > 1 and all(tenant is tenants[0] for tenant in tenants):
                    came = session.together(tenants[0], sent)
                else:
                    came = [session.send(*each) for each in zip(tenants, sent, strict=True)]
                for step, answer in zip(group, came, strict=True):
                    actors.learn(step, answer)
                answers += came
                broken = {found.clause for found in (*came[-1].judgement.findings, *late.judge(came[-1].exchange).findings)}
        finally:
            session.close()
        return Chain(tuple(steps), tuple(answers), self.finding.clause in broken)

    def old_credentials(self, label: str) -> Mapping[str, str]:
        """Give what a tenant of that label signs in with: on a mock that follows from the label."""
        if label not in self._old:
            self._old[label] = self.target.tenant(label).credentials
        return self._old[label]


def _together(steps: Sequence[Step]) -> Iterator[list[Step]]:
    """Group steps that overlapped in time, as they were sent at once."""
    group: list[Step] = []
    for step in steps:
        if group and step.exchange.started < max(one.exchange.finished() for one in group) and not step.acts:
            group.append(step)
            continue
        if group:
            yield group
        group = [step]
    if group:
        yield group


class _Cast:
    """The fresh tenants of one play, and what has become of each old value."""

    def __init__(self, stage: Stage, session: Session) -> None:
        self._stage = stage
        self._session = session
        self._tenants: dict[str, Tenant] = {}
        self._known: dict[str, str] = {}
        self._run = uuid.uuid4().hex[:8]

    def tenant(self, label: str) -> Tenant:
        """Give the fresh tenant that plays an old one."""
        if label not in self._tenants:
            fresh = self._tenants[label] = self._stage.target.tenant(f"replay:{self._run}:{label}")
            old = self._stage.old_credentials(label)
            self._known |= {old[name]: fresh.credentials[name] for name in old if name in fresh.credentials and names(old[name])}
        return self._tenants[label]

    def learn(self, step: Step, answer: Answer) -> None:
        """Compare the old answer with the new one, place by place."""
        if step.exchange.response is None or answer.exchange.response is None:
            return
        new = dict(leaves(answer.exchange.response.body))
        for pointer, value in leaves(step.exchange.response.body):
            if len(value) >= _SHORTEST and pointer in new and new[pointer] != value:
                self._known[value] = new[pointer]

    def request(self, step: Step) -> Request:
        """Give the request of a step with the values of today. Raises UsageError for a hidden value that nobody knows."""
        tenant = self.tenant(step.exchange.tenant)
        for act in step.acts:
            self._act(tenant, act)
        old = step.exchange.request
        split = urlsplit(old.url)
        query = self._renewed(split.query)
        if MARK in query and step.operation:
            own = Api(self._session, tenant, step.api).access(step.operation, "query")
            asked = parse_qsl(query, keep_blank_values=True)
            query = urlencode([(name, own.get(name, value) if MARK in value else value) for name, value in asked])
        path = self._renewed(split.path) + (f"?{query}" if query else "")
        headers = tuple((name, self._renewed(value)) for name, value in old.headers)
        if any(MARK in value for _, value in headers) and step.operation:
            own = {name.lower(): value for name, value in Api(self._session, tenant, step.api).access(step.operation).items()}
            headers = tuple((name, own.get(name.lower(), value) if MARK in value else value) for name, value in headers)
        body = self._fields(self._renewed(old.body.decode("utf-8", "surrogateescape")), tenant).encode("utf-8", "surrogateescape")
        for text in (path, *(value for _, value in headers), body.decode("utf-8", "replace")):
            if MARK in text:
                message = f"{step.exchange.id} sent a secret that no answer before it gave, and the journal hides it: it cannot be repeated"
                raise UsageError(message)
        if old.decoded and lowered(headers).get("content-encoding", "").lower() == "gzip":
            body = gzip.compress(body)
        return replace(old, url=self._root(step) + path.removeprefix(self._old_base(step)), headers=headers, body=body, decoded=False)

    def _old_base(self, step: Step) -> str:
        """Give the base path that the API had where the journal was written; empty where the path is sent as it is."""
        if not step.api:
            return ""
        return base_paths(self._stage.excerpt.header).get(step.api, self._stage.kit.contracts[step.api].spec.base_path)

    def _root(self, step: Step) -> str:
        """Give what stands before the rest of the path at the target of today."""
        target = self._stage.target
        return target.base(step.api, self._stage.kit.contracts[step.api].spec.base_path) if step.api else target.url

    def _act(self, tenant: Tenant, act: Mapping[str, Any]) -> None:
        target = self._stage.target
        need = "clock" if "advance" in act else "fault-control"
        if need not in target.has:
            message = f"what happened before needs {need}, which {target.name} does not have"
            raise UsageError(message)
        if "advance" in act:
            target.advance(tenant, act["advance"])
        else:
            target.script(tenant, *act["script"])

    def _renewed(self, text: str) -> str:
        for value in sorted((value for value in self._known if value in text), key=len, reverse=True):
            text = text.replace(value, self._known[value])
        return _HIDDEN_CODE.sub(_CODE, _HIDDEN_CARD.sub(self._card, _HIDDEN_ACCOUNT.sub(self._account, text)))

    def _account(self, match: re.Match[str]) -> str:
        member, colon = match.groups()
        known = self._stage.accounts.get(member)
        return f'"{member}"{colon}"{known}"' if known else match.group()

    def _card(self, match: re.Match[str]) -> str:
        known = self._stage.cards.get(match.group(1))
        if known is None:
            message = f"a card number that ends with {match.group(1)} was sent, and no test card of the kit does: it is not repeated"
            raise UsageError(message)
        return known

    def _fields(self, form: str, tenant: Tenant) -> str:
        """Fill the hidden fields of a form with the tenant's credentials of the same name."""
        return _FIELD.sub(lambda match: f"{match.group(1)}={tenant.credentials[match.group(1)]}"
                          if match.group(1) in tenant.credentials else match.group(), form)  # fmt: skip
