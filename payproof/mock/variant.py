"""A legal variant: one way in which an honest server may differ from this mock."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from payproof.mock.wire import Answer, Request

Rewrite = Callable[[Request, Answer], Answer]
Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Variant:
    """One difference that the documents allow.

    ``api`` is the API that it is about, empty for all of them but ``but``. ``apart`` names the variants that cannot be
    switched on beside it; it is enough for one of two to say so. ``chooses`` tells which choice of the mock that no
    document makes is made in another way here, and is empty where no such choice is touched.

    What it does is one of ``rewrite`` (another answer), ``write`` (other JSON for the same body, from and to text) and
    ``head`` (other header lines); a variant without any of them is asked for by its name where it happens.
    """

    name: str
    api: str
    what: str
    why: str
    apart: tuple[str, ...] = ()
    chooses: str = ""
    but: tuple[str, ...] = ()
    rewrite: Rewrite | None = None
    write: Callable[[str], str] | None = None
    head: Callable[[Request, Headers], Headers] | None = None

    def serves(self, api: str) -> bool:
        """Tell whether answers of an API are concerned."""
        return self.api == api or (self.api == "" and api not in self.but)


def mapped(value: Any, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    """Change every object in a body, the inner ones first; the body itself stays as it is."""
    if isinstance(value, list):
        return [mapped(each, change) for each in value]
    if isinstance(value, dict):
        return change({name: mapped(each, change) for name, each in value.items()})
    return value


def without(body: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Leave members out of an object."""
    return {name: value for name, value in body.items() if name not in names}
