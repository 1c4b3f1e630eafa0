"""How an answer goes out: what the chosen variants make of it, and the ASGI messages that send it."""

from collections.abc import Iterator, Sequence
from typing import Any

from starlette.types import Message, Scope

from payproof.mock.variant import Headers, Variant
from payproof.mock.wire import TRANSPORT, Answer, Request, compact
from payproof.mock.wire_variants import EARLY_HINTS, IN_PIECES

_HINT = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload; as=style\r\n\r\n"
_PIECE_BYTES = 7


class Delivery:
    """Sends answers as ``variants`` have it."""

    def __init__(self, variants: Sequence[Variant]) -> None:
        self._variants = variants
        names = {variant.name for variant in variants}
        self._hints = EARLY_HINTS in names
        self._in_pieces = IN_PIECES in names

    def begin(self, scope: Scope) -> None:
        """Send what comes before the answer."""
        transport = scope.get(TRANSPORT)
        if self._hints and transport is not None and scope.get("http_version") == "1.1":
            transport.write(_HINT)

    def prepare(self, request: Request, api: str, answer: Answer) -> list[Message]:
        """Build the messages that send the answer of an API."""
        mine = [variant for variant in self._variants if variant.serves(api)]
        for variant in mine:
            if variant.rewrite is not None:
                answer = variant.rewrite(request, answer)

        def write(body: Any) -> bytes:
            text = compact(body)
            for variant in mine:
                if variant.write is not None:
                    text = variant.write(text)
            return text.encode()

        headers, content = answer.render(write)
        for variant in mine:
            if variant.head is not None:
                headers = variant.head(request, headers)
        return list(self._messages(answer.status, headers, content))

    def _messages(self, status: int, headers: Headers, content: bytes) -> Iterator[Message]:
        yield {"type": "http.response.start", "status": status, "headers": headers}
        if self._in_pieces:
            middle = min(len(content), _PIECE_BYTES)
            for part in (content[:1], content[1:middle]):
                yield {"type": "http.response.body", "body": part, "more_body": True}
            content = content[middle:]
        yield {"type": "http.response.body", "body": content}
