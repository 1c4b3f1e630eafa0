"""What must never be reached and never be sent: judged by host, role and credential, before the first request and at each."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from hypothesis import currently_in_test_context, reject

from payproof.errors import RefusedError, UsageError
from payproof.host import canonical
from payproof.pan import is_card_number
from payproof.place import SHARED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from payproof.exchange import Request
    from payproof.host import Hosts
    from payproof.place import Place, Proof

_NUMBER = re.compile(r"(?<![0-9])[0-9](?:[ .-]?[0-9]){11,18}(?![0-9])")
_ID = re.compile(r"(?<![0-9A-Za-z])(?:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-f]{32,})(?![0-9A-Za-z])", re.IGNORECASE)
"""UUIDs and long words of hex digits: in thousands of random ones some digits pass for a card number."""


@dataclass(frozen=True, slots=True)
class Guard:
    """What a run may do outside of this machine.

    `forbidden` are hosts that get no connection, `proofs` what has to be shown of the credentials before the first
    request, `cards` the card numbers that may be sent, `origins` the places that requests may go to, empty for any.
    """

    forbidden: frozenset[str] = frozenset()
    proofs: tuple[Proof, ...] = ()
    cards: frozenset[str] = field(default=frozenset(), repr=False)
    origins: frozenset[tuple[str, str, int | None]] = frozenset()

    @classmethod
    def of(cls, place: Place | None, target: str, hosts: Hosts, cards: Iterable[str], *, allow_production: bool) -> Guard:
        """Give the guard of a target with a name, or of a URL. Raises RefusedError where it must not be gone to; nothing is sent."""
        if place is not None:
            admitted, proofs = _admitted(place, hosts, allow_production=allow_production)
            origins = frozenset(_origin(url) for _, url in place.urls())
            return cls(hosts.refused - admitted, proofs, frozenset(cards) | frozenset(place.cards), origins)
        if allow_production:
            message = "--allow-production is for a target with a name, which names the production host as well"
            raise UsageError(message)
        host = canonical(urlsplit(target).hostname or "")
        if host in hosts.refused:
            raise RefusedError(_refusal(host, hosts))
        return cls(hosts.refused, (), frozenset(cards), frozenset({_origin(target)}))

    def check(self, request: Request) -> None:
        """Look at a request that is about to be sent. Raises RefusedError for another host, or a card number that is nobody's test card."""
        if _origin(request.url) not in self.origins:
            message = f"a request was about to go to {urlsplit(request.url).netloc}, which the target does not name"
            raise RefusedError(message)
        for number in _numbers(request):
            if number not in self.cards:
                if currently_in_test_context():
                    reject()  # an example of a property test: another one is made in its place
                message = (f"a card number ending in {number[-4:]} that is no published test card was about to be sent; "
                           "list it under cards if it is one")  # fmt: skip
                raise RefusedError(message)


def _admitted(place: Place, hosts: Hosts, *, allow_production: bool) -> tuple[frozenset[str], tuple[Proof, ...]]:
    """Give the hosts of a place that may be reached although they are known, and the proofs that they ask for."""
    admitted: set[str] = set()
    proofs: dict[str, Proof] = {}
    named = {canonical(urlsplit(url).hostname or "") for _, url in place.urls()}
    if place.production_host and place.production_host not in named:
        message = f"{place.file}: targets.{place.name}.production_host: {place.production_host} is no host of this target"
        raise UsageError(message)
    for purpose, url in place.urls():
        host = canonical(urlsplit(url).hostname or "")
        typed = place.production_host == host and allow_production
        if typed or (host in hosts.tokens and purpose == "tokens"):
            admitted.add(host)
        elif host in hosts.proofs and place.role == SHARED:
            admitted.add(host)
            proofs[hosts.proofs[host].url] = hosts.proofs[host]
        elif host in hosts.refused:
            raise RefusedError(_refusal(host, hosts, place))
    if place.role == SHARED and not proofs:
        if place.proof is None:
            message = (f"target {place.name} shares its host with production: a proof has to show that its credentials are for tests; "
                       f"write [targets.{place.name}.proof]")  # fmt: skip
            raise RefusedError(message)
        proofs[place.proof.url] = place.proof
    return frozenset(admitted), tuple(proofs.values())


def _refusal(host: str, hosts: Hosts, place: Place | None = None) -> str:
    if host in hosts.tokens:
        return f"{host} serves production, too: it may be asked for tokens, by the auth of a target with a name, and for nothing else"
    if host in hosts.proofs:
        return f"{host} serves production, too: name a target with role = \"shared\", whose credentials can be shown to be for tests"
    told = f"{host} is a production host of the vendor: payproof sends nothing there"
    if place is not None and place.production_host == host:
        return f"{told} without --allow-production"
    return told


def _origin(url: str) -> tuple[str, str, int | None]:
    split = urlsplit(url)
    return split.scheme, canonical(split.hostname or ""), split.port or {"http": 80, "https": 443}.get(split.scheme)


def _numbers(request: Request) -> Iterable[str]:
    """Give the card numbers in a request, wherever they are and however their digits are grouped."""
    try:
        body = request.content().decode("utf-8", "replace")
    except ValueError:
        body = request.body.decode("utf-8", "replace")
    texts = [body, unquote(body.replace("+", " ")) if "%" in body or "+" in body else "", unquote(request.url)]
    texts += [value for name, value in request.headers if name.lower() != "authorization"]
    for text in texts:
        for match in _NUMBER.finditer(_ID.sub("id", text)):
            digits = re.sub("[^0-9]", "", match.group())
            if is_card_number(digits):
                yield digits
