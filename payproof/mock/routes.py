"""Which operation a request is for: templates of paths, methods, and what is said where there is none."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from payproof.mock.template import fits
from payproof.mock.wire import Answer, Request

_Operation = TypeVar("_Operation")

Routes = Mapping[tuple[str, ...], Mapping[str, _Operation]]
"""Operations by the template of a path and the method; of two templates that fit, the first counts."""


def at(routes: Routes[_Operation], path: tuple[str, ...]) -> Mapping[str, _Operation] | None:
    """Find the operations of a path by their methods; None where there is no such path."""
    return next((operations for template, operations in routes.items() if fits(template, path)), None)


def of_method(operations: Mapping[str, _Operation], request: Request, refused: Callable[[], Answer]) -> _Operation | Answer:
    """Choose the operation of the request's method, or answer: OPTIONS with 204, another with what ``refused`` builds.

    HEAD is served as GET (RFC 9110 section 9.3.2); both answers say what is allowed (section 15.5.6).
    """
    method = "GET" if request.method == "HEAD" else request.method
    if method in operations:
        return operations[method]
    allowed = allow(*operations, "OPTIONS", *(["HEAD"] if "GET" in operations else []))
    return Answer(204, headers=(allowed,)) if method == "OPTIONS" else refused().with_headers(allowed)


def allow(*methods: str) -> tuple[bytes, bytes]:
    """Build the Allow header."""
    return (b"allow", ", ".join(sorted(methods)).encode())
