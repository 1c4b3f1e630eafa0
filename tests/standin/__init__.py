"""A stand-in for the vendors' sandboxes: a process of its own, without anything that tests could look into but one door.

`start(folder)` starts it and gives a `Standin`; its answers are honest until weather is switched on.
"""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from tests.standin.entry import written

if TYPE_CHECKING:
    from collections.abc import Mapping

_ROOT = Path(__file__).resolve().parent.parent.parent
_ASK_SECONDS = 30.0


@dataclass(slots=True)
class Standin:
    """A stand-in that runs.

    `url` serves all APIs on one port, `urls` has a port for each host, `apis` tells for each API what stands before the
    paths of its document. `tenants` are the sets of credentials by the names of the contracts, with `jwt_client_id`,
    `jwt_kid` and `jwt_key` (PEM) beside them. `ca_file` is empty where it speaks HTTP.
    """

    url: str
    urls: dict[str, str]
    apis: dict[str, str]
    admin: str
    ca_file: str
    tenants: list[dict[str, str]] = field(repr=False)
    pid: int
    _process: subprocess.Popen[str] = field(repr=False)

    def weather(self, **changes: Any) -> None:
        """Change the weather: the members of `tests.standin.weather.Weather`. Draws begin anew with the seed."""
        self._ask("weather", changes)

    def fair(self) -> None:
        """Switch all weather off, and forget what was ordered."""
        self._ask("fair")

    def strike(self, stroke: str, *, only: str = "", times: int = 1, skip: int = 0) -> None:
        """Let a stroke happen to the next requests whose `METHOD /path` matches the pattern `only`."""
        self._ask("strike", {"stroke": stroke, "only": only, "times": times, "skip": skip})

    def revoke(self, client: int | None = None) -> None:
        """Make the fetched tokens of a set of credentials worthless, by default of all."""
        self._ask("revoke", {"client": client})

    def lifetime(self, seconds: float) -> None:
        """Choose how long tokens live from now on."""
        self._ask("lifetime", {"seconds": seconds})

    def crowd(self, people: int = 1) -> None:
        """Let other people put their objects into the same account."""
        self._ask("crowd", {"people": people})

    def bustle(self, every: int) -> None:
        """Let somebody come and put things there at each so many requests; 0 ends it."""
        self._ask("bustle", {"every": every})

    def live(self, client: int = 0, *, live: bool = True) -> None:
        """Make a seller's account one that sells for real: `GET /users/me` has no `test_user` among its tags then."""
        self._ask("live", {"client": client, "live": live})

    def record(self, since: int = 0) -> list[dict[str, Any]]:
        """Give the requests that it got, see `tests.standin.record.Seen`; `since` is the number of the last one known."""
        found: list[dict[str, Any]] = self._ask("record", {"since": since})
        return found

    def living(self, *, hopeless: bool = False) -> list[dict[str, Any]]:
        """List what requests made and nobody neutralised: kind, id, state, how to `undo` it, and the request's `names`.

        With `hopeless` those that the vendor gives no way for.
        """
        found: list[dict[str, Any]] = self._ask("living", {"hopeless": hopeless})
        return found

    def touched(self) -> dict[str, Any]:
        """Tell which of other people's objects were `changed`, and which requests `named` any: number -> ids."""
        found: dict[str, Any] = self._ask("touched")
        return found

    def entry(self, name: str = "standin", **rest: Any) -> tuple[str, dict[str, str]]:
        """Give the text of a `payproof.toml` that names it, and the environment for it; see `tests.standin.entry.written`."""
        return written(self, name, **rest)

    def stop(self) -> None:
        """End it."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process.kill()
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _ask(self, what: str, arguments: Mapping[str, Any] | None = None) -> Any:
        connection = http.client.HTTPConnection(urlsplit(self.admin).netloc, timeout=_ASK_SECONDS)
        try:
            connection.request("POST", f"/{what}", json.dumps(arguments or {}))
            answer = connection.getresponse()
            said = json.loads(answer.read())
        finally:
            connection.close()
        if answer.status != 200:
            raise ValueError(said)
        return said


def start(
    folder: Path,
    *,
    plain: bool = False,
    certificate: str = "good",
    accounts: int = 1,
    crowded: int = 0,
    quirks: str = "assumed",
    lifetime: float = 30.0,
    seed: int = 1,
    weather: Mapping[str, Any] | None = None,
) -> Standin:
    """Start a stand-in that ends with this process at the latest; `folder` is where `ca.pem` is put.

    `certificate` is `good`, `expired`, `early`, `elsewhere` (for another name) or `stranger` (of another authority);
    `quirks` is `none`, `assumed` or `all`; `lifetime` is that of a token, in seconds.
    """
    command = [sys.executable, "-m", "tests.standin", "--leash", "--folder", str(folder), "--certificate", certificate,
               "--accounts", str(accounts), "--crowded", str(crowded), "--quirks", quirks, "--lifetime", str(lifetime), "--seed", str(seed),
               *(["--plain"] if plain else []), *(["--weather", json.dumps(dict(weather))] if weather else [])]  # fmt: skip
    process = subprocess.Popen(command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        process.kill()
        process.wait()
        message = "the stand-in did not start; its reason is on the standard error"
        raise RuntimeError(message)
    return Standin(**json.loads(line), _process=process)
