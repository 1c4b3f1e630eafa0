"""What a test did, told to Allure: the acts of a scenario, as its comments name them, and the exchanges of each.

Only for tests that are told as stories. A test of Hypothesis sends thousands of requests; its result says what it is.
"""

from __future__ import annotations

import inspect
import io
import json
import sys
import tokenize
from functools import cache
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from allure_commons import plugin_manager
from hypothesis import currently_in_test_context

from payproof.journal import exchange_record

if TYPE_CHECKING:
    from types import CodeType, FrameType

    from payproof.client import Answer, Session

_DEEPEST = 60
"""How many frames lie between a test and its request at most."""


class Steps:
    """The steps of one test, from its first request to its end."""

    def __init__(self, function: object) -> None:
        """Take the test's function."""
        self._code: CodeType | None = getattr(inspect.unwrap(function), "__code__", None)  # type: ignore[arg-type]  # a callable, as pytest calls it
        self._act = ""
        self._open = ""

    def note(self, session: Session, answer: Answer) -> None:
        """Tell an exchange, within the act whose lines sent it."""
        if currently_in_test_context():
            return
        act = self._where()
        if act != self._act:
            self.close()
            self._act = act
            self._open = _start(act) if act else ""
        title = f"{answer.judgement.operation or answer.exchange.request.method}: {answer.status or 'no answer'}"
        step = _start(title)
        broken = [finding.clause for finding in answer.judgement.findings]
        if broken:
            record = exchange_record(answer.exchange, answer.judgement, session.redactor, session.numbers)
            shown = json.dumps({"breaks": broken, **{name: record[name] for name in ("request", "response")}}, indent=1, ensure_ascii=False)
            plugin_manager.hook.attach_data(
                body=shown.encode("utf-8", "replace"), name=answer.exchange.id, attachment_type="application/json", extension="json"
            )
        _stop(step, AssertionError(", ".join(broken)) if broken else None)

    def close(self) -> None:
        """End the act that is open."""
        if self._open:
            _stop(self._open, None)
        self._act = self._open = ""

    def _where(self) -> str:
        frame: FrameType | None = sys._getframe(2)  # the only way to know which line of a test sends a request
        for _ in range(_DEEPEST):
            if frame is None or self._code is None:
                break
            if frame.f_code is self._code:
                line = frame.f_lineno
                return next((text for start, text in reversed(_acts(self._code)) if start <= line), "")
            frame = frame.f_back
        return ""


def _start(title: str) -> str:
    step = str(uuid4())
    plugin_manager.hook.start_step(uuid=step, title=title, params={})
    return step


def _stop(step: str, error: Exception | None) -> None:
    plugin_manager.hook.stop_step(uuid=step, exc_type=type(error) if error else None, exc_val=error, exc_tb=None)


@cache
def _acts(code: Any) -> tuple[tuple[int, str], ...]:
    """Give the first line and the words of each comment that stands alone in a function: where an act begins."""
    try:
        lines, first = inspect.getsourcelines(code)
        tokens = list(tokenize.generate_tokens(io.StringIO("".join(lines)).readline))
    except (OSError, tokenize.TokenError, IndentationError):
        return ()
    return tuple((first + token.start[0] - 1, token.string.lstrip("# ")) for token in tokens
                 if token.type == tokenize.COMMENT and token.line.lstrip().startswith("#"))  # fmt: skip
