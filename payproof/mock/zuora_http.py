"""zuora-credentials on the wire: paths, headers, the order of checks, the error bodies."""

from collections.abc import Sequence

from payproof.mock.tenants import Tenants
from payproof.mock.wire import Answer, Request

API = "zuora-credentials"


class ZuoraApi:
    """Answers the requests of this API."""

    def __init__(self, tenants: Tenants) -> None:
        self._tenants = tenants

    def serves(self, segments: Sequence[str]) -> bool:
        """Tell whether a path belongs to this API, known or not."""
        return segments[:2] in (("v1", "payment-methods"), ("oauth", "token"))

    def failure(self) -> Answer:
        """Build the answer for an error of the mock itself."""
        return Answer(500, {})

    async def __call__(self, request: Request) -> Answer:
        """Answer a request."""
        return Answer(404, {})
