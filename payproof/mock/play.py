"""How an answer is changed as a script says: late, lost, failed, compressed, or with what nobody documents."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from payproof.mock.script import Script, ScriptedAnswer
from payproof.mock.wire import Answer, Request

SCRIPTED = b"payproof-scripted"
"""The header that tells an answer that a script gave; its value is the kind."""


async def play(
    request: Request, script: Script, api: str, perform: Callable[[], Awaitable[Answer]], failure: Callable[[int], Answer]
) -> Answer:
    """Answer a request, as the script says if it has an answer for it.

    ``perform`` does what was asked for; ``failure`` builds the API's error body of a status. A delay comes after the
    change of state: a client that gives up waiting does not undo anything.
    """
    scripted = script.next(api, request.method, request.segments)
    if scripted is None:
        return await perform()
    answer = await _played(scripted, request, perform, failure)
    return answer.with_headers((SCRIPTED, scripted.kind.encode()))


async def _played(
    scripted: ScriptedAnswer, request: Request, perform: Callable[[], Awaitable[Answer]], failure: Callable[[int], Answer]
) -> Answer:
    if scripted.kind == "status":
        answer = failure(scripted.status)
        if scripted.retry_after is None:
            return answer
        return answer.with_headers((b"retry-after", str(scripted.retry_after).encode()))
    answer = await perform()
    match scripted.kind:
        case "delay":
            await asyncio.sleep(scripted.seconds)
        case "fail-after-commit":
            return failure(scripted.status)
        case "drop-after-commit":
            return replace(answer, dropped=True)
        case "unknown-members":
            return replace(answer, body=_with_unknown_members(answer.body))
        case "unknown-value":
            names = [name.replace("~1", "/").replace("~0", "~") for name in scripted.pointer.split("/")[1:]]
            return replace(answer, body=_with_value(answer.body, names, scripted.value))
        case "gzip" if request.takes_gzip() is not False:
            return replace(answer, gzip_above=0)
    return answer


def _with_unknown_members(value: Any) -> Any:
    if isinstance(value, list):
        return [_with_unknown_members(each) for each in value]
    if isinstance(value, dict):
        known = {name: _with_unknown_members(each) for name, each in value.items()}
        return {**known, "futureMember": {"futureText": "added later", "futureList": [1, None]}}
    return value


def _with_value(value: Any, names: list[str], new: object) -> Any:
    """Put a value in the place of the one at a JSON pointer; what has no such place stays as it is."""
    if not names:
        return new
    name, *rest = names
    if isinstance(value, dict) and name in value:
        return {**value, name: _with_value(value[name], rest, new)}
    if isinstance(value, list) and name.isdecimal() and int(name) < len(value):
        return [_with_value(each, rest, new) if index == int(name) else each for index, each in enumerate(value)]
    return value
