"""A server of the parking accounts API: `python mock.py --port 8088`, until Ctrl-C.

It is a program of its own that knows nothing of payproof, except for what stands under "control": whoever serves these
few paths below `/__mock__/` gets the clauses judged that need a clock, a second tenant, scripted answers or effects.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import secrets
import socket
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

import uvicorn

if TYPE_CHECKING:
    from collections.abc import Callable

FAULTS = {
    "charges-again": "a payment that is repeated with its idempotency key is taken a second time (PARK-PAY-REPLAY)",
    "lets-anybody-in": "whoever has no good key is taken for the operator who is there from the start (PARK-KEY-MISSING)",
    "shows-foreign": "an operator can read the accounts of another one (PARK-FOREIGN-HIDDEN)",
}
"""The lies that can be told, each with the clause that finds it out."""

FIXED_KEY = "garage-key-for-trying-out"
"""The key of the operator who is there from the start."""

DOORS = ("bearer", "header", "query", "cookie")
"""Where an operator's key can be: after `Bearer`, or by itself in Garage-Key, in `garage_key=`, in a cookie of this name."""

KEY_LIFETIME = timedelta(days=1)
"""How long an idempotency key is kept."""


class Refused(Exception):
    """A request that is answered by an error."""

    def __init__(self, status: int, code: str, message: str, **more: str) -> None:
        """Take what the answer says."""
        super().__init__(message)
        self.status = status
        self.body = {"code": code, "message": message, **more}


@dataclass
class Answer:
    """What is sent back."""

    status: int
    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Operator:
    """A tenant: its key, its accounts, what it was answered before, and its clock."""

    key: str
    accounts: dict[str, dict[str, Any]] = field(default_factory=dict)
    answered: dict[tuple[str, str], tuple[datetime, Any, dict[str, Any]]] = field(default_factory=dict)
    effects: Counter[str] = field(default_factory=lambda: Counter(accounts=0, top_ups=0, payments=0, blocks=0))
    script: deque[dict[str, Any]] = field(default_factory=deque)
    ahead: timedelta = timedelta()

    def now(self) -> datetime:
        """Give the time on the operator's clock."""
        return datetime.now(UTC) + self.ahead


@dataclass
class Call:
    """A request as far as an operation needs it."""

    operator: Operator
    headers: dict[str, str]
    body: bytes
    account: str = ""

    def text(self, header: str, least: int, most: int, *, required: bool) -> str:
        """Give a header of letters, digits and hyphens."""
        value = self.headers.get(header.lower())
        if value is None and not required:
            return ""
        if value is None or not least <= len(value) <= most or not re.fullmatch("[A-Za-z0-9-]*", value):
            raise invalid(header, f"must be {least} to {most} letters, digits and hyphens")
        return value

    def document(self) -> dict[str, Any]:
        """Give the JSON body."""
        if self.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise invalid("Content-Type", "must be application/json")
        try:
            found = json.loads(self.body.decode(), parse_constant=_no_constant)
        except (ValueError, RecursionError):
            raise invalid("body", "is no JSON") from None
        if not isinstance(found, dict):
            raise invalid("body", "must be an object")
        return found


def _no_constant(name: str) -> None:
    message = f"{name} is no JSON"
    raise ValueError(message)


def invalid(member: str, why: str) -> Refused:
    """Give the refusal of a request in which one member has a fault."""
    return Refused(400, "invalid_request", f"{member} {why}", member=member)


def amount(document: dict[str, Any]) -> int:
    """Give the amount of a top-up or a payment, in cents or pence."""
    value = document.get("amount")
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # 5.0 is the same number as 5
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 100_000:
        raise invalid("amount", "must be a whole number from 1 to 100000")
    return value


def note(document: dict[str, Any]) -> dict[str, str]:
    """Give the note, if there is one."""
    if "note" not in document:
        return {}
    if not isinstance(document["note"], str) or len(document["note"]) > 40:
        raise invalid("note", "must be a text of at most 40 characters")
    return {"note": document["note"]}


class Garage:
    """The API: operators by their keys, and what each operation does."""

    def __init__(self, faults: frozenset[str], key_in: str = "bearer") -> None:
        """Open with one operator; `key_in` is one of DOORS."""
        self.faults = faults
        self.key_in = key_in
        self.operators = {FIXED_KEY: Operator(FIXED_KEY)}

    def admit(self, headers: dict[str, str], query: str) -> Operator:
        """Find out who asks."""
        scheme, _, token = headers.get("authorization", "").partition(" ")
        cookie, _, baked = headers.get("cookie", "").partition("=")
        key = {
            "bearer": token.strip() if scheme.lower() == "bearer" else "",
            "header": headers.get("garage-key", ""),
            "query": dict(parse_qsl(query)).get("garage_key", ""),
            "cookie": baked if cookie == "garage_key" else "",
        }[self.key_in]
        if key not in self.operators and "lets-anybody-in" in self.faults:
            key = FIXED_KEY
        if key not in self.operators:
            raise Refused(401, "unknown_key", "the key is missing or unknown")
        return self.operators[key]

    def open(self, call: Call) -> Answer:
        """Open an account."""
        call.text("Trace-Id", 1, 36, required=False)
        asked = call.document()
        plate, currency = asked.get("plate"), asked.get("currency")
        if not isinstance(plate, str) or not re.fullmatch("[A-Z0-9]{2,8}", plate):
            raise invalid("plate", "must be 2 to 8 capital letters and digits")
        if currency not in ("EUR", "GBP"):
            raise invalid("currency", "must be EUR or GBP")
        account = {"id": f"acc_{secrets.token_hex(8)}", "plate": plate, "currency": currency, "status": "OPEN", "balance": 0, **note(asked),
                   "openedAt": call.operator.now().isoformat(timespec="seconds").replace("+00:00", "Z")}  # fmt: skip
        call.operator.accounts[account["id"]] = account
        call.operator.effects["accounts"] += 1
        return Answer(201, dict(account))

    def read(self, call: Call) -> Answer:
        """Read an account."""
        call.text("Trace-Id", 1, 36, required=False)
        return Answer(200, dict(self.find(call, reading=True)))

    def top_up(self, call: Call) -> Answer:
        """Put money into an account."""
        return self.move(call, "top_ups", +1)

    def pay(self, call: Call) -> Answer:
        """Take money from an account."""
        return self.move(call, "payments", -1)

    def block(self, call: Call) -> Answer:
        """Block an account."""
        call.text("Trace-Id", 1, 36, required=False)
        account = self.find(call)
        call.operator.effects["blocks"] += account["status"] != "BLOCKED"
        account["status"] = "BLOCKED"
        return Answer(200, dict(account))

    def find(self, call: Call, *, reading: bool = False) -> dict[str, Any]:
        """Find the account that a request names."""
        if not re.fullmatch("acc_[0-9a-f]{16}", call.account):
            raise invalid("account-id", "must be acc_ and sixteen hexadecimal digits")
        operators = self.operators.values() if reading and "shows-foreign" in self.faults else [call.operator]
        for operator in operators:
            if call.account in operator.accounts:
                return operator.accounts[call.account]
        raise Refused(404, "account_not_found", "there is no such account")

    def move(self, call: Call, kind: str, sign: int) -> Answer:
        """Move money in or out, once for each idempotency key."""
        key = call.text("Idempotency-Key", 8, 64, required=True)
        call.text("Trace-Id", 1, 36, required=False)
        document = call.document()
        moved = sign * amount(document)
        note(document)
        account = self.find(call)
        asked, now = (call.account, document), call.operator.now()
        until, before, shown = call.operator.answered.get((kind, key), (now, None, {}))
        if now < until and asked != before:
            raise Refused(409, "idempotency_key_reused", "the key was used for another request")
        if now < until and not (kind == "payments" and "charges-again" in self.faults):
            return Answer(200, shown, {"Idempotent-Replay": "true"})
        if sign < 0 and account["status"] == "BLOCKED":
            raise Refused(409, "account_blocked", "nothing can be paid from a blocked account")
        if account["balance"] + moved < 0:
            raise Refused(422, "insufficient_balance", "the account has less than the amount")
        account["balance"] += moved
        call.operator.effects[kind] += 1
        call.operator.answered[kind, key] = (now + KEY_LIFETIME, asked, dict(account))
        return Answer(200, dict(account))

    def answer(self, method: str, path: str, query: str, headers: dict[str, str], body: bytes) -> Answer:
        """Answer a request of the API."""
        try:
            operator = self.admit(headers, query)
            act, account = self.route(method, path)
            told = operator.script.popleft()["kind"] if operator.script else ""
            answer = None if told == "unavailable" else act(Call(operator, headers, body, account))
        except Refused as refused:
            return Answer(refused.status, refused.body, {"WWW-Authenticate": "Bearer"} if refused.status == 401 else {})
        if answer is None or told == "unavailable-after-commit":
            answer = Answer(503, {"code": "unavailable", "message": "try again"})
        if told:
            answer.headers["Payproof-Scripted"] = told
        return answer

    def route(self, method: str, path: str) -> tuple[Callable[[Call], Answer], str]:
        """Find the operation of a method and a path, and the account that the path names."""
        match method, path.split("/")[1:]:
            case "POST", ["v1", "accounts"]:
                return self.open, ""
            case "GET", ["v1", "accounts", account]:
                return self.read, unquote(account)
            case "POST", ["v1", "accounts", account, ("top-ups" | "payments" | "block") as what]:
                return {"top-ups": self.top_up, "payments": self.pay, "block": self.block}[what], unquote(account)
        raise Refused(404, "account_not_found", "there is no such path")

    # Control: what a run asks of a mock, and of nobody else

    def control(self, method: str, parts: list[str], document: dict[str, Any]) -> Answer:
        """Answer a request below `/__mock__/`."""
        match method, parts:
            case "GET", [""]:
                has = ["state", "raw-body", "second-tenant", "clock", "fault-control", "effects"]
                return Answer(200, {"mock": "parking", "has": has, "faults": sorted(self.faults)})
            case "POST", ["tenants"]:
                operator = Operator(f"garage-{secrets.token_hex(16)}")
                self.operators[operator.key] = operator
                return Answer(201, {"tenant": operator.key, "garage_key": operator.key})
            case _, ["tenants", key, what] if key in self.operators:
                return self.about(self.operators[key], method, what, document)
        return Answer(404, {"error": "there is no such path, or no such tenant"})

    def about(self, operator: Operator, method: str, what: str, document: dict[str, Any]) -> Answer:
        """Answer what is asked about one tenant."""
        match method, what:
            case "GET", "effects":
                return Answer(200, {"effects": dict(operator.effects)})
            case "POST", "clock":
                operator.ahead += timedelta(seconds=document["advance"])
                return Answer(200, {})
            case "POST", "script":
                operator.script = deque(document["answers"])
                return Answer(200, {})
        return Answer(404, {"error": "there is no such path"})


class Server:
    """The garage behind HTTP."""

    def __init__(self, garage: Garage, *, control: bool) -> None:
        """Take the garage, and whether it can be controlled."""
        self.garage = garage
        self.controlled = control

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        path = scope["raw_path"].decode("latin-1")
        if self.controlled and path.startswith("/__mock__/"):
            parts = path.split("/")[2:]
            answer = self.garage.control(scope["method"], parts, json.loads(body or b"{}"))
        else:
            answer = self.garage.answer(scope["method"], path, scope["query_string"].decode("latin-1"), headers, body)
        content = json.dumps(answer.body).encode()
        sent = {"Content-Type": "application/json", "Content-Length": str(len(content)), **answer.headers}
        raw = [(name.encode(), value.encode()) for name, value in sent.items()]
        await send({"type": "http.response.start", "status": answer.status, "headers": raw})
        await send({"type": "http.response.body", "body": content})


def main() -> None:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser(description="A server of the parking accounts API.")
    parser.add_argument("--port", type=int, default=8088, help="0 takes a free one (default: 8088)")
    parser.add_argument("--fault", action="append", default=[], choices=sorted(FAULTS), help="a lie to tell; repeatable")
    parser.add_argument("--key-in", default="bearer", choices=DOORS, help="where the key is looked for (default: bearer)")
    parser.add_argument("--no-control", action="store_true", help=f"be like a foreign server; the key is {FIXED_KEY}")
    chosen = parser.parse_args()
    listener = socket.create_server(("127.0.0.1", chosen.port))
    print(f"parking accounts at http://127.0.0.1:{listener.getsockname()[1]}", flush=True)  # noqa: T201  # says where it is
    server = Server(Garage(frozenset(chosen.fault), chosen.key_in), control=not chosen.no_control)
    config = uvicorn.Config(server, log_level="warning", lifespan="off", access_log=False)
    asyncio.run(uvicorn.Server(config).serve(sockets=[listener]))


if __name__ == "__main__":
    main()
