"""The tokens of a session at a place: fetched once for all workers, renewed before they end, and once after a 401."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from payproof.grant import LASTING_SECONDS
from payproof.journal import act_record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from payproof.client import Api, Session
    from payproof.desk import Shared
    from payproof.exchange import Request, Response
    from payproof.grant import Authority
    from payproof.target import Tenant


@dataclass(slots=True)
class Keyring:
    """Keeps the tokens of one worker's session on the desk that all workers share.

    `_given` has for each token that was handed out the key under which the desk keeps it, and how a new one is got.
    """

    session: Session
    authority: Authority
    desk: Shared
    _given: dict[str, tuple[str, Callable[[], tuple[str, float]]]] = field(default_factory=dict, repr=False)

    def open(self, api: Api, wanted: Iterable[str]) -> None:
        """Put the token that an API's headers want into the tenant's credentials. Raises TargetError where none is given."""
        named = f"{{{self.authority.credential(api.api)}}}"
        if not self.authority.wants(api.api) or not any(named in value for value in wanted):
            return
        tenant = api.tenant
        key = f"{tenant.label}: {self.authority.key(api.api)}"
        tenant.credentials[self.authority.credential(api.api)] = self._kept(key, lambda: self._fetched(api))

    def again(self, tenant: Tenant, request: Request, response: Response) -> Request | None:
        """Give a request that one of our own tokens was refused for with a new token; None where that is no reason to try again."""
        if response.status != 401:
            return None
        texts = [value for _, value in (*request.headers, *request.query())]
        old = next((token for token in self._given if any(token == text or token == text.partition(" ")[2] for text in texts)), None)
        if old is None:
            return None
        key, fetch = self._given[old]
        self.desk.drop(key, old)
        new = self._kept(key, fetch)
        if new == old:
            return None
        for name, value in tenant.credentials.items():
            if value == old:
                tenant.credentials[name] = new
        headers = tuple((name, value.replace(old, new)) for name, value in request.headers)
        return replace(request, url=request.url.replace(old, new), headers=headers)

    def _kept(self, key: str, fetch: Callable[[], tuple[str, float]]) -> str:
        text = self.desk.token(key)
        if text is None:
            try:
                text, seconds = fetch()
            except BaseException:
                self.desk.give_up(key)
                raise
            self.desk.keep(key, text, seconds)
        if text not in self._given:
            self.session.redactor.learn_secret(text)
            self._given[text] = key, fetch
        return text

    def _fetched(self, api: Api) -> tuple[str, float]:
        if self.authority.kind(api.api) == "contract":
            return api.issued()
        turn = self.desk.turn()
        try:
            token = self.authority.fetch(api.api, api.tenant.credentials)
        finally:
            self.desk.done(turn)
        text, seconds = (token.text, token.seconds) if token is not None else ("", None)
        self._note(api, seconds)
        return text, seconds or LASTING_SECONDS

    def _note(self, api: Api, seconds: float | None) -> None:
        """Write down that a token was got, and nothing of it."""
        said: dict[str, Any] = {"api": api.api, "kind": self.authority.kind(api.api), "seconds": seconds}
        self.session.journal.write(act_record(api.tenant.label, token=said))
