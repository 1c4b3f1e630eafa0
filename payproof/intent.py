"""Whether a request was accepted or refused as its sender had reason to expect."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from payproof.door import AUTHORIZATION, doors
from payproof.exchange import Unparsable
from payproof.expression import Activation, EvaluationError, normalised
from payproof.redact import marked
from payproof.shape import Fault, Sent, request_faults

if TYPE_CHECKING:
    from collections.abc import Mapping

    from payproof.exchange import Exchange
    from payproof.expression import Expression
    from payproof.spec import Operation, Spec


@dataclass(frozen=True, slots=True)
class Reception:
    """What became of a request: the shape clause that it was judged by, and what is wrong.

    `error` is a fault of the suite (it claimed something about its request that is not so), `hole` says why a refusal
    does not prove that the changed member was its reason; `faults` is where the request departs from the spec, None where
    nobody looked.
    """

    clause: str = ""
    judged: bool = False
    fault: Fault | None = None
    error: str = ""
    hole: str = ""
    faults: list[Fault] | None = field(default=None, compare=False)


def reception(
    spec: Spec, operation: Operation, exchange: Exchange, path: Mapping[str, str], sent: Sent, *, refused: bool = False
) -> Reception:
    """Compare what the sender claimed about a request, or else what the spec says of it, with the status it got.

    `refused` says that the answer is a refusal although its status is 2xx, by the contract's own word for that.
    """
    response = exchange.response
    if exchange.intent is None and (response is None or response.status >= 300 or refused):
        return Reception()
    faults = request_faults(spec, operation, exchange, path, sent)
    return replace(_received(spec, operation, exchange, faults, refused=refused), faults=faults)


def _received(spec: Spec, operation: Operation, exchange: Exchange, faults: list[Fault], *, refused: bool) -> Reception:
    intent, response = exchange.intent, exchange.response
    if intent is None:
        status = response.status if response is not None else 0
        return Reception("rejects-invalid", judged=True, fault=_accepted(faults[0], status)) if faults else Reception()
    if intent.verdict == "refuse" and not faults and marked(exchange):
        return Reception()  # what was wrong with the request may have been hidden since
    if intent.verdict == "accept":
        if faults:
            what = f"{operation.id}: a request meant to be valid is not, by the spec: {faults[0].pointer} {faults[0].expected}"
            return Reception(error=what)
        if response is None:
            return Reception("accepts-valid")
        if 200 <= response.status < 300 and not refused:
            return Reception("accepts-valid", judged=True)
        seen = f"{response.status} {' '.join(response.body.decode('utf-8', 'replace').split())}"
        return Reception("accepts-valid", judged=True, fault=Fault("", "/status", "2xx", seen, operation.ground))
    if not faults and intent.location != "authorization":
        where = f"{intent.location} {intent.pointer} ({intent.keyword})"
        return Reception(error=f"{operation.id}: a request meant to be invalid is valid by the spec: {where}")
    if response is None:
        return Reception("rejects-invalid")
    if not 400 <= response.status < 500 and not refused:
        fault = faults[0] if faults else _nobody(spec, operation)
        return Reception("rejects-invalid", judged=True, fault=_accepted(fault, response.status))
    return Reception("rejects-invalid", judged=True, hole=_hole(exchange))


def _nobody(spec: Spec, operation: Operation) -> Fault:
    place = next((door.pointer for door in doors(spec, operation)), f"/header/{AUTHORIZATION}")
    return Fault("", place, "credentials that let nobody in", "", operation.ground)


def _accepted(fault: Fault, status: int) -> Fault:
    expected = f"refused with 4xx: {fault.pointer} breaks {fault.expected}"
    return Fault("", fault.pointer, expected, str(status), fault.ground, fault.keyword)


def _hole(exchange: Exchange) -> str:
    intent, response = exchange.intent, exchange.response
    if intent is None or response is None:
        return ""
    if intent.location == "authorization":
        return "" if response.status in {400, 401, 403} else f"refused with {response.status} instead of 401"
    name = intent.member().lower()
    named = name in response.body.decode("utf-8", "replace").lower()
    # Some vendors answer 401 to any missing header, and say which; nothing that is not found, or too much, has been looked at.
    told = response.status == 401 and intent.location == "header" and bool(name) and named
    if response.status in {401, 404, 429} and not told:
        return f"masked: refused with {response.status} before {intent.pointer} was looked at"
    if not named:
        return f"the refusal ({response.status}) does not name {intent.member()}"
    return ""


def says_no(refused: Expression | None, exchange: Exchange, headers: Mapping[str, str], body: Any) -> bool:
    """Say whether a 2xx is a refusal by the contract's own word for that; a body that cannot be parsed is none."""
    if refused is None or exchange.response is None or not 200 <= exchange.response.status < 300:
        return False
    known = None if isinstance(body, Unparsable) else body
    names = {"status": exchange.response.status, "headers": headers, "body": normalised(known)}
    try:
        return refused.answer(Activation(names)) is True
    except EvaluationError:
        return False
