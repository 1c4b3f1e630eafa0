"""No request reaches a production host, by whatever route it is tried, and no card but a published one leaves for a target."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING, Any

import pytest

from payproof import placefile
from payproof.approach import Approach
from payproof.connection import Connection
from payproof.errors import PayproofError, RefusedError, UsageError
from payproof.exchange import Request
from payproof.guard import Guard
from payproof.host import Hosts, canonical
from payproof.options import Options
from payproof.pan import published
from payproof.route import Route
from tests.test_targets import CREDENTIALS, server

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from payproof.kit import Kit

WATCH = """
    import os, socket
    from pathlib import Path

    log = Path(os.environ["WATCHED"])

    def noted(what, host):
        with log.open("a") as file:
            file.write(f"{what} {host}\\n")

    looked_up, connected = socket.getaddrinfo, socket.socket.connect

    def getaddrinfo(host, *rest, **named):
        name = host.decode() if isinstance(host, bytes) else str(host)
        if name not in {"localhost", "127.0.0.1", "::1"}:
            noted("lookup", name)
            raise socket.gaierror(-2, "no name is looked up here")
        return looked_up(host, *rest, **named)

    def connect(self, address):
        if isinstance(address, tuple) and address[0] not in {"127.0.0.1", "::1"}:
            noted("connect", address[0])
            raise OSError(101, "no host is reached here")
        return connected(self, address)

    socket.getaddrinfo, socket.socket.connect = getaddrinfo, connect
"""
"""What every Python of a test imports first: it notes each name and address that is not this machine, and lets none through."""

PRODUCTION = ("api-ms.payments.jpmorgan.com", "profiles-api.merchant.jpmorgan.com", "api.mercadopago.com", "rest.zuora.com")
PROXIES = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")
SPELLINGS = ("REST.Zuora.COM", "rest.zuora.com.", "rest.zuora.com:8443", "\uff52est.zuora.com", "user@rest.zuora.com")


@pytest.fixture
def watched(tmp_path: Path, root: Path) -> Callable[..., tuple[subprocess.CompletedProcess[str], list[str]]]:
    """Run payproof where no host but this machine can be reached, and tell which were tried."""
    (tmp_path / "watch").mkdir()
    (tmp_path / "watch" / "sitecustomize.py").write_text(textwrap.dedent(WATCH), encoding="utf-8")

    def run(*arguments: str, **environment: str) -> tuple[subprocess.CompletedProcess[str], list[str]]:
        log = tmp_path / "log"
        log.unlink(missing_ok=True)
        places = os.pathsep.join([str(tmp_path / "watch"), str(root)])
        done = subprocess.run(
            [sys.executable, "-m", *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=180, check=False,
            env={**os.environ, "PYTHONPATH": places, "WATCHED": str(log), **CREDENTIALS, "PAYPROOF_MERCADOPAGO_TOKEN": "token-of-the-test",
                 "PAYPROOF_ZUORA_CLIENT_ID": "id", "PAYPROOF_ZUORA_CLIENT_SECRET": "secret-of-the-test", **environment},
        )  # fmt: skip
        return done, log.read_text(encoding="utf-8").splitlines() if log.exists() else []

    return run


def test_watch_sees_what_is_tried(watched: Callable[..., Any], root: Path) -> None:
    """The positive control: a host that nobody refuses is looked up, and the watch says so."""
    done, tried = watched("payproof", "run", "--kit", str(root), "--target", "https://sandbox.example.com", "--workers", "1")

    assert done.returncode == 3, done.stderr
    assert tried == ["lookup sandbox.example.com"]


CONFIG = """
    [targets.live]
    role = "{role}"
    {more}
    [targets.live.apis.zuora-credentials]
    url = "https://{host}"
    {auth}
    [[targets.live.tenants]]
    zuora_client_id = "x"
    zuora_client_secret = {{env = "PAYPROOF_ZUORA_CLIENT_SECRET"}}
    zuora_token = {{env = "PAYPROOF_ZUORA_CLIENT_SECRET"}}
"""


def config(folder: Path, *, host: str = "rest.zuora.com", role: str = "test", more: str = "", auth: str = "") -> None:
    (folder / "payproof.toml").write_text(textwrap.dedent(CONFIG.format(host=host, role=role, more=more, auth=auth)), encoding="utf-8")


def test_flag_leads_to_no_production_host(watched: Callable[..., Any], root: Path) -> None:
    """A URL on the command line, in `payproof run`, plain pytest and its variable of options: exit 4, nothing tried."""
    run = ("payproof", "run", "--kit", str(root), "--workers", "1", "--target")
    suites = ("pytest", str(root / "suites"), "--rootdir", str(root), "-p", "no:cacheprovider", "-q")

    outcomes = [watched(*run, "https://api-ms.payments.jpmorgan.com/api/v2"),
                watched(*suites, "--target", "https://api.mercadopago.com"),
                watched(*suites, PYTEST_ADDOPTS="--target=https://rest.zuora.com")]  # fmt: skip

    assert [done.returncode for done, _ in outcomes] == [4, 4, 4], [done.stdout + done.stderr for done, _ in outcomes]
    assert [tried for _, tried in outcomes] == [[], [], []]
    assert "is a production host of the vendor: payproof sends nothing there" in outcomes[0][0].stderr


def test_selftest_leads_to_no_production_host(watched: Callable[..., Any], root: Path) -> None:
    """Where stories are recorded: the same refusal, by the hosts of the kit in use."""
    kit = root / "tests" / "kits" / "parking"

    done, tried = watched("payproof", "selftest", "--replay", "--kit", str(kit), "--target", "https://api.parking.example")

    assert done.returncode == 4, done.stdout + done.stderr
    assert tried == []


@pytest.mark.parametrize("host", [*PRODUCTION, *SPELLINGS])
def test_no_spelling_of_a_production_host_gets_through(kit: Kit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    """Case, a dot at the end, a port, other letters that the name service takes for the same: refused as URL and in a file."""
    monkeypatch.chdir(tmp_path)
    config(tmp_path, host=host)

    for target in (f"https://{host}", "live"):
        with pytest.raises(PayproofError) as raised:
            guarded(kit, Options(target, depth="smoke"))
        assert isinstance(raised.value, RefusedError) or "would show a secret" in str(raised.value) or "shows a secret" in str(raised.value)


def guarded(kit: Kit, options: Options) -> Approach:
    """Plan the approach as a run does, whose command line is checked first."""
    from payproof.target import check

    check(options)
    return Approach.plan(kit, options)


@pytest.mark.parametrize(
    ("more", "flags", "words"),
    [
        pytest.param({"target": "https://rest.zuora.com"}, {"allow_production": True}, "for a target with a name", id="flag-and-url"),
        pytest.param({}, {}, "is a production host", id="neither"),
        pytest.param({}, {"allow_production": True}, "is a production host", id="flag-alone"),
        pytest.param({"more": 'production_host = "rest.zuora.com"'}, {}, "without --allow-production", id="host-alone"),
        pytest.param({"more": 'production_host = "rest.eu.zuora.com"'}, {"allow_production": True},
                     "is no host of this target", id="other-host"),
        pytest.param({"role": "shared"}, {}, "is a production host", id="role-alone"),
        pytest.param({"host": "sandbox.example.com", "role": "shared"}, {}, "a proof has to show", id="shared-without-proof"),
        pytest.param({"host": "idag2.jpmorganchase.com"}, {}, "may be asked for tokens", id="token-host-as-api"),
        pytest.param({"host": "api.mercadopago.com"}, {}, "role = \"shared\"", id="shared-host-as-test"),
        pytest.param({"host": "sandbox.example.com",
                      "auth": 'auth = {kind = "client-credentials", url = "https://rest.zuora.com/oauth/token", '
                              'client_id = "{zuora_client_id}", client_secret = "{zuora_client_secret}"}'},
                     {}, "is a production host", id="token-url"),
    ],
)  # fmt: skip
def test_file_leads_to_no_production_host(
    kit: Kit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: dict[str, str], flags: dict[str, bool], words: str
) -> None:
    """What a file says is not enough alone, and neither is the flag; each refusal says what is missing."""
    monkeypatch.chdir(tmp_path)
    target = more.get("target", "live")
    config(tmp_path, **{name: text for name, text in more.items() if name != "target"})

    with pytest.raises((RefusedError, UsageError), match=words):
        guarded(kit, Options(target, depth="smoke", **flags))


def test_flag_and_typed_host_together_lift_the_refusal(kit: Kit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both are needed; and then only that host may be connected to."""
    monkeypatch.chdir(tmp_path)
    config(tmp_path, more='production_host = "rest.zuora.com"')

    planned = guarded(kit, Options("live", depth="smoke", allow_production=True))

    assert planned.place is not None
    assert "rest.zuora.com" not in planned.route.forbidden
    assert "rest.eu.zuora.com" in planned.route.forbidden


def test_ready_made_targets_may_all_be_gone_to(kit: Kit) -> None:
    """Each of them is admitted; the shared host with a proof to be given, the token host for tokens."""
    names = placefile.read(kit).places

    planned = {name: Approach.plan(kit, Options(name, depth="smoke")) for name in names}

    assert all(one.guard is not None and one.place is not None for one in planned.values())
    assert [name for name, one in planned.items() if one.guard is not None and one.guard.proofs] == ["mercadopago-test"]


def test_environment_leads_to_no_production_host(watched: Callable[..., Any], root: Path) -> None:
    """A proxy in the environment that is a production host gets no connection."""
    done, tried = watched("payproof", "run", "--kit", str(root), "--target", "https://sandbox.example.com", "--workers", "1",
                          NO_PROXY="", no_proxy="", **dict.fromkeys(PROXIES, "http://rest.zuora.com:8080"))  # fmt: skip

    assert done.returncode in {3, 4}, done.stdout + done.stderr
    assert not [one for one in tried if "zuora" in one]


def test_redirect_is_not_followed(watched: Callable[..., Any], root: Path, tmp_path: Path) -> None:
    """A target and a token endpoint that point to a production host: nobody goes there."""

    def moved(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 307 Temporary Redirect\r\nLocation: https://rest.zuora.com/oauth/token\r\n"
                           b"Content-Length: 0\r\nConnection: close\r\n\r\n")  # fmt: skip

    with server(moved) as url:
        (tmp_path / "payproof.toml").write_text(textwrap.dedent(CONFIG.format(host="x", role="test", more="", auth=""))
                                                .replace("https://x", url), encoding="utf-8")  # fmt: skip
        named, tried = watched("payproof", "run", "--kit", str(root), "--target", "live", "--workers", "1", "--depth", "smoke")
        with contextlib.closing(Connection()) as connection:
            status, headers, _ = connection.ask(Request("GET", f"{url}/v1/anything"), 5.0, 1000)

    assert named.returncode == 3, named.stdout + named.stderr
    assert "points to rest.zuora.com, and redirects are not followed" in named.stderr
    assert (status, dict(headers)["location"]) == (307, "https://rest.zuora.com/oauth/token")
    assert tried == []


def test_connection_itself_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks: a forbidden host is not looked up, whatever else was overlooked."""
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: pytest.fail("a name was looked up"))
    connection = Connection(Route(forbidden=frozenset({"rest.zuora.com"})))

    for url in ("https://rest.zuora.com/v1", "https://REST.zuora.com.:444/", "https://\uff52est.zuora.com/"):
        with pytest.raises(RefusedError, match="production host"), contextlib.closing(connection):
            connection.ask(Request("GET", url), 5.0, 1000)


# Cards


@pytest.fixture(scope="module")
def guard(root: Path) -> Guard:
    """The guard of a URL, with the published cards of the kit."""
    return Guard.of(None, "https://sandbox.example.com", Hosts(), published(root), allow_production=False)


def sent(text: str, url: str = "https://sandbox.example.com/cards", **headers: str) -> Request:
    return Request("POST", url, tuple(headers.items()), text.encode())


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(sent(json.dumps({"accountNumber": "4539578763621486"})), id="json"),
        pytest.param(sent("card=4539+5787+6362+1486"), id="form"),
        pytest.param(sent('{"note": "4539-5787-6362-1486"}'), id="grouped"),
        pytest.param(sent('{"card": 4539578763621486}'), id="number"),
        pytest.param(sent("{}", "https://sandbox.example.com/cards/4539578763621486"), id="path"),
        pytest.param(sent("{}", "https://sandbox.example.com/cards?n=4539%205787%206362%201486"), id="query"),
        pytest.param(sent("{}", note="4539578763621486"), id="header"),
    ],
)
def test_card_that_nobody_published_is_not_sent(guard: Guard, request_: Request) -> None:
    """A number that is somebody's by issuer, length and check digit stays here, wherever it is; the message shows its end only."""
    with pytest.raises(RefusedError, match="ending in 1486") as raised:
        guard.check(request_)

    assert "4539" not in str(raised.value)


@pytest.mark.parametrize("number", ["4112344112344113", "5112345112345114", "5031433215406351", "4539578763621487", "1234567890123"])
def test_published_cards_and_other_digits_are_sent(guard: Guard, number: str) -> None:
    """The vendors' test cards, and digits that can be nobody's card."""
    guard.check(sent(json.dumps({"accountNumber": number})))

    assert canonical("SANDBOX.example.com.") == "sandbox.example.com"


@pytest.mark.parametrize("word", ["abcd4539-5787-6362-1486-aadad6968d1c", "e4539578763621486a8e8dad9c14d84fb"])
def test_digits_inside_of_an_id_are_sent(guard: Guard, word: str) -> None:
    """A UUID or a token that holds the digits of a card by chance; the same digits beside it are held back all the same."""
    guard.check(sent(json.dumps({"token": word}), f"https://sandbox.example.com/cards/{word}", key=word))

    with pytest.raises(RefusedError, match="ending in 1486"):
        guard.check(sent("{}", key=f"{word} 4539578763621486"))


def test_request_to_another_host_is_not_sent(guard: Guard) -> None:
    """A request that a suite or a link sends elsewhere: refused, also to another port or without TLS."""
    for url in ("https://other.example.com/", "https://sandbox.example.com:8443/", "http://sandbox.example.com/"):
        with pytest.raises(RefusedError, match="which the target does not name"):
            guard.check(Request("GET", url))
