"""What a provider's domain raises when it does not do what it was asked for."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Violation:
    """One rule that a request breaks: where (a header, a path parameter, a JSON path) and which rule.

    Neither member ever carries a value out of the request: it may be a card number.
    """

    entity: str
    rule: str


class Refused(Exception):
    """The request was understood and nothing was changed."""


class Unauthenticated(Refused):
    """No token, or one that opens nothing. ``error`` is the code of RFC 6750 section 3.1, absent without a token."""

    def __init__(self, description: str, *, error: str | None) -> None:
        super().__init__(description)
        self.description = description
        self.error = error


class TokenRefused(Refused):
    """An error of RFC 6749 section 5.2: its code, and a description without anything that the client sent."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error
        self.description = description


class Forbidden(Refused):
    """The token is good, but not for this merchant."""


class NotFound(Refused):
    """No such path, profile or method in the caller's world. ``noun`` says which."""

    def __init__(self, noun: str) -> None:
        super().__init__(f"{noun} not found")
        self.noun = noun


class Invalid(Refused):
    """The request breaks the rules in ``violations``, which is never empty."""

    def __init__(self, violations: Sequence[Violation]) -> None:
        super().__init__(", ".join(f"{each.entity} {each.rule}" for each in violations))
        self.violations = tuple(violations)


def invalid(entity: str, rule: str) -> Invalid:
    """Build the refusal of a request that breaks one rule."""
    return Invalid([Violation(entity, rule)])
