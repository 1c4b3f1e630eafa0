"""A door: where a request carries the credentials that an operation asks for, and how they are written there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from payproof.schema import resolve

if TYPE_CHECKING:
    from collections.abc import Mapping

    from payproof.spec import Operation, Spec

AUTHORIZATION = "Authorization"


@dataclass(frozen=True, slots=True)
class Door:
    """One security scheme of OpenAPI, as it looks on the wire.

    `where` is header or query, `name` that of the header or parameter; a cookie goes in the header of that name.
    `scheme` is the scheme object of the spec: empty where the spec asks for one that it does not describe.
    """

    where: str
    name: str
    scheme: Mapping[str, Any]

    @classmethod
    def of(cls, scheme: Mapping[str, Any]) -> Door:
        """Give the door of a security scheme: that of an `apiKey`, or else the header that HTTP has for credentials."""
        if scheme.get("type") != "apiKey":
            return cls("header", AUTHORIZATION, scheme)
        return cls("header", "Cookie", scheme) if scheme["in"] == "cookie" else cls(scheme["in"], scheme["name"], scheme)

    @property
    def key(self) -> str:
        """How the parameter is found among others: headers know no case."""
        return self.name.lower() if self.where == "header" else self.name

    @property
    def bare(self) -> bool:
        """Whether credentials stand alone, without the name of a scheme before them."""
        return self.scheme.get("type") == "apiKey"

    @property
    def pointer(self) -> str:
        """The place in a request, for findings."""
        return f"/{self.where}/{self.name}"

    def written(self, word: str) -> str:
        """Give the value that the header or parameter has for a key."""
        return f"{self.scheme['name']}={word}" if self.scheme.get("in") == "cookie" else word


def doors(spec: Spec, operation: Operation) -> tuple[Door, ...]:
    """Give the doors of an operation in the order of the spec; none where it lets everybody in."""
    security = operation.definition.get("security", spec.document.get("security", ()))
    if {} in security:
        return ()
    schemes = spec.document.get("components", {}).get("securitySchemes", {})
    named = dict.fromkeys(name for option in security for name in option)
    return tuple(Door.of(resolve(spec.document, schemes.get(name, {}))) for name in named)


def all_doors(spec: Spec) -> frozenset[tuple[str, str]]:
    """Give the place and the key of every door of an API: `("header", "authorization")`."""
    return frozenset((door.where, door.key) for operation in spec.operations.values() for door in doors(spec, operation))
