"""A plot of ground: a state that was prepared so that a request must be accepted, and what that request needs to stay real.

How the suites of a kit share this. Suites cannot import each other, so whatever is about a provider stands in files
`suites/fixtures/*.py`, which payproof loads as pytest plugins: payloads, actors, and a session fixture
`grounds_<provider>` that maps operation ids to plots. `payproof.ground` puts all plots together and offers
the fixture `ground`: `ground("someOperation")` prepares a tenant and gives a `Base`, the request as it is documented
with ids that exist. Suites about all APIs, such as the property tests, take everything that differs between operations
from their plots, and name no provider.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from payproof.client import ACCEPT
from payproof.draft import Draft

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from hypothesis.strategies import SearchStrategy

    from payproof.client import Answer, Api
    from payproof.exchange import Intent, Request
    from payproof.specimen import Skeleton
    from payproof.worker import Apis


@dataclass(frozen=True, slots=True)
class Base:
    """A request that must be accepted in the state that it meets, not sent yet.

    `ids` are what the tenant has, by names that the provider's fixtures tell. `back` is the request that shows the state
    of what this one is about, where there is such a thing before it is sent.
    """

    apis: Apis
    api: Api
    operation: str
    path: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str | None] = field(default_factory=dict)
    body: Any = None
    form: Mapping[str, str] | None = None
    ids: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    back: Base | None = None

    def but(self, **changes: Any) -> Base:
        """Give the same request with other parts: path, query, headers, body or form."""
        return replace(self, **changes)

    def request(self) -> Request:
        """Give the request as it would be sent."""
        return self.draft().request(self.api)

    def send(self, intent: Intent | None = ACCEPT) -> Answer:
        """Send it. The claim is that it must be accepted, unless another one is given; None claims nothing."""
        return self.api.session.send(self.api.tenant, self.request(), intent)

    def draft(self) -> Draft:
        """Give the request in parts, so that one of them can be changed."""
        form = None if self.form is None else tuple(self.form.items())
        return Draft(self.operation, self.path, self.query, self.headers, self.body, form)

    def read(self) -> Answer:
        """Read back what the request is about. Raises ValueError where there is nothing before the request."""
        if self.back is None:
            message = f"{self.operation}: there is nothing to read before it is sent"
            raise ValueError(message)
        return self.back.send(intent=None)


def _as_drawn(_: Base, draft: Draft) -> Draft:
    return draft


@dataclass(frozen=True, slots=True)
class Plot:
    """What one operation needs of its ground.

    `prepare` takes a tenant's APIs, and whether everything is wanted that a generated request may refer to; a request is
    accepted once on it, or again and again unless the operation is `consuming`. Of generated requests: `values` are
    strategies for members and parameters by name, where the spec says too little; `apart` are members of one object that
    are never sent together although the spec allows it, and `shaped` divides bodies where that does not say enough;
    `once` are optional parameters that no two requests of a tenant may share; `settle` puts in what only the tenant knows,
    mostly ids. `cards` are the numbers that may be sent anywhere.
    """

    prepare: Callable[[Apis, bool], Base]
    consuming: bool = False
    values: Mapping[str, SearchStrategy[Any]] = field(default_factory=dict)
    apart: Collection[frozenset[str]] = ()
    shaped: Callable[[list[Skeleton]], list[Skeleton]] = list
    once: Collection[str] = ()
    settle: Callable[[Base, Draft], Draft] = _as_drawn
    cards: Collection[str] = ()


class Ground(Protocol):
    """`ground("deletePaymentMethod")` prepares a fresh tenant, or the given one, and gives the documented request."""

    def __call__(self, operation: str, *, apis: Apis | None = None, full: bool = False) -> Base:
        """Prepare the ground of an operation; `full` has everything on it that a generated request may refer to."""
