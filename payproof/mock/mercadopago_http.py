"""mercadopago-profiles on the wire: paths, headers, the order of checks, the error bodies."""

from collections.abc import Sequence

from payproof.mock.tenants import Tenants
from payproof.mock.wire import Answer, Request

API = "mercadopago-profiles"


class MercadoPagoApi:
    """Answers the requests of this API."""

    def __init__(self, tenants: Tenants) -> None:
        self._tenants = tenants

    def serves(self, segments: Sequence[str]) -> bool:
        """Tell whether a path belongs to this API, known or not."""
        return segments[0] == "v1" and segments[1:2] in (("customers",), ("card_tokens",))

    def failure(self) -> Answer:
        """Build the answer for an error of the mock itself."""
        return Answer(500, {})

    async def __call__(self, request: Request) -> Answer:
        """Answer a request."""
        return Answer(404, {})
