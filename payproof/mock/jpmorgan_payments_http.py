"""jpmorgan-payments on the wire: paths, headers, the order of checks, the error bodies."""

from collections.abc import Sequence

from payproof.mock.jpmorgan_oauth import Issuer
from payproof.mock.wire import Answer, Request

API = "jpmorgan-payments"


class PaymentsApi:
    """Answers the requests of this API."""

    def __init__(self, issuer: Issuer) -> None:
        self._issuer = issuer

    def serves(self, segments: Sequence[str]) -> bool:
        """Tell whether a path belongs to this API, known or not."""
        return segments[:2] == ("api", "v2") and segments[2:3] != ("mmp",)

    def failure(self) -> Answer:
        """Build the answer for an error of the mock itself."""
        return Answer(500, {})

    async def __call__(self, request: Request) -> Answer:
        """Answer a request."""
        return Answer(404, {})
