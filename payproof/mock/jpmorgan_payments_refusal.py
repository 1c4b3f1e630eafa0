"""What the payments world raises, beside the refusals that all providers have."""

from payproof.mock.refusal import Refused


class NotPossible(Refused):
    """The request is well-formed, and what it asks for must not happen now.

    ``code`` is the response code, ``entity`` the member that asks for it, ``rule`` says what would be allowed. None of
    them carries a value out of the request.
    """

    def __init__(self, code: str, entity: str, rule: str) -> None:
        super().__init__(f"{entity} {rule}")
        self.code = code
        self.entity = entity
        self.rule = rule


class Reused(Refused):
    """The request-id was used before, for another request."""
