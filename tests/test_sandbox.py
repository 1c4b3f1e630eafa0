"""A target with a name, from its file to a verdict, against a stand-in for the vendors' sandboxes: HTTPS, tokens, a shared host."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from payproof.approach import Approach
from payproof.bearings import LOST_AFTER, Bearings
from payproof.desk import Desk
from payproof.errors import PayproofError, RefusedError, TargetError, UsageError
from payproof.grant import Authority, signed
from payproof.manners import Manners
from payproof.options import Options
from payproof.worker import Worker
from tests.standin import start

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from payproof.kit import Kit
    from payproof.probe import Prober
    from tests.standin import Standin

APIS = ("jpmorgan-oauth", "jpmorgan-payments", "jpmorgan-profiles", "mercadopago-profiles", "zuora-credentials")


@pytest.fixture(scope="module")
def standin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standin]:
    """A stand-in with two sets of credentials, and good weather."""
    with start(tmp_path_factory.mktemp("standin"), accounts=2) as running:
        yield running


@pytest.fixture
def entered(kit: Kit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Prober]:
    """Write the entry of a stand-in, with some of its text replaced, fetch its secrets, and give whoever looks at it."""

    def enter(
        standin: Standin, *edits: tuple[str, str], environment: dict[str, str] | None = None, more: str = "", **members: Any
    ) -> Prober:
        text, needed = standin.entry(**members)
        for old, new in edits:
            assert old in text
            text = text.replace(old, new)
        for name, value in {**needed, **(environment or {})}.items():
            monkeypatch.setenv(name, value)
        (tmp_path / "payproof.toml").write_text(text + more, encoding="utf-8")
        monkeypatch.chdir(tmp_path)
        prober = Approach.plan(kit, Options("standin", depth="smoke")).entered().prober(kit)
        assert prober is not None
        return prober

    return enter


def asked_for_tokens(standin: Standin, since: int) -> list[tuple[str, int]]:
    """Give the paths and answers of the token requests since one of its requests."""
    return [(seen["path"], seen["status"]) for seen in standin.record(since) if "token" in seen["path"] and seen["method"] == "POST"]


# What is right


def test_every_api_is_looked_at_with_every_set_of_credentials(entered: Callable[..., Prober], standin: Standin) -> None:
    """A look sends reads and fetches tokens, and nothing else."""
    before = len(standin.record())
    lines = entered(standin, tenants=(0, 1)).look(APIS)

    sent = [seen for seen in standin.record() if seen["number"] > before]
    assert len(lines) == 2 * len(APIS)
    assert {(seen["method"], "token" in seen["path"]) for seen in sent} == {("GET", False), ("POST", True)}
    assert {status for _, status in asked_for_tokens(standin, before)} == {200}
    assert standin.living() == []


BASIC = """
[targets.standin.apis.{api}.auth]
kind = "client-credentials"
url = "{url}/am/oauth2/alpha/access_token"
placement = "{placement}"
"""


@pytest.mark.parametrize("placement", ["basic", "body"])
def test_client_credentials(entered: Callable[..., Prober], standin: Standin, placement: str) -> None:
    """OAuth 2.0 client credentials in the header and in the form: the token opens the API."""
    more = BASIC.format(api="jpmorgan-profiles", url=standin.urls["id"], placement=placement) + 'scope = "jpm:payments:sandbox"\n'
    prober = entered(standin, more=more)

    token = prober.authority.fetch("jpmorgan-profiles", prober.authority.stay.credentials(0))
    (line,) = prober.look(["jpmorgan-profiles"])

    assert token is not None
    assert token.seconds is not None
    assert 0 < token.seconds <= 30
    assert line.endswith(("answers 200", "answers 404"))
    assert token.text not in repr(token)


def test_signed_assertion(entered: Callable[..., Prober], standin: Standin) -> None:
    """An assertion signed with RS256 gets a token for both APIs, which the run goes on with."""
    prober = entered(standin, signed=True)
    before = len(standin.record())

    lines = prober.look(["jpmorgan-profiles", "jpmorgan-payments"])

    assert asked_for_tokens(standin, before) == [("/adfs/oauth2/token", 200)], "both APIs are opened by one token"
    assert len(lines) == 2
    desk = Desk(Manners())
    prober.hand_over(desk)
    assert desk.token(f"own: {prober.authority.key('jpmorgan-payments')}") is not None


def test_bearer_token_as_it_stands(entered: Callable[..., Prober], standin: Standin) -> None:
    """A static token is used as it is, and no token endpoint is asked."""
    auth = '[targets.standin.apis.mercadopago-profiles.auth]\nkind = "bearer"\ntoken = {env = "STATIC"}\n'
    prober = entered(standin, more=auth, environment={"STATIC": standin.tenants[0]["mercadopago_token"]})
    before = len(standin.record())

    prober.look(["mercadopago-profiles"])

    (seen,) = [seen for seen in standin.record() if seen["number"] > before]
    assert (seen["method"], seen["authorised"]) == ("GET", True)


# Credentials that are shown to be for tests

PROOF = """
[targets.standin.proof]
url = "{url}/users/me"
headers = {{Authorization = "Bearer {{mercadopago_token}}"}}
that = '''status == 200 && body.tags.exists(tag, tag == "test_user")'''
says = "the account is a test user's"
also = ["mercadopago_token_chile"]
"""
FOREIGN = re.compile(r"^(?:client|jwt|zuora)_.*\n", re.MULTILINE)
"""Credentials of other vendors in the entry: none of them belongs to a target whose only API is at the shared host."""
OTHERS = re.compile(r"\[targets\.standin\.apis\.(?:jpmorgan|zuora)[^\[]*")


def shared(entered: Callable[..., Prober], standin: Standin, **members: Any) -> Prober:
    """Enter a target whose host production shares: only the API with the shared host, and its proof."""
    text, _ = standin.entry(role="shared", **members)
    edits = dict.fromkeys((*OTHERS.findall(text), *FOREIGN.findall(text)), "").items()
    return entered(standin, *edits, role="shared", more=PROOF.format(url=standin.urls["mercadopago"]), **members)


def test_proof_is_given_for_every_set_of_credentials(entered: Callable[..., Prober], standin: Standin) -> None:
    """The read-only request is made as each tenant; what a journal says of it has no token in it."""
    before = len(standin.record())
    proofs = shared(entered, standin, tenants=(0, 1)).proofs()

    sent = [(seen["method"], seen["path"]) for seen in standin.record() if seen["number"] > before]
    names = ("mercadopago_token", "mercadopago_token_chile")
    assert [(proof["tenant"], proof["credential"], proof["status"]) for proof in proofs] == [
        (tenant, name, 200) for tenant in (1, 2) for name in names
    ]
    assert set(sent) == {("GET", "/users/me")}
    assert standin.tenants[0]["mercadopago_token"] not in json.dumps(proofs)


def test_live_credential_is_refused(entered: Callable[..., Prober], standin: Standin) -> None:
    """An account that sells for real is no test user: exit 4, and nothing but the proof was asked for."""
    prober = shared(entered, standin, tenants=(0, 1))
    before = len(standin.record())
    standin.live(1)
    try:
        with pytest.raises(RefusedError, match="tenant 2 is not shown to be for tests") as raised:
            prober.proofs()
        assert "it does not hold that the account is a test user's" in str(raised.value)
    finally:
        standin.live(1, live=False)

    assert {seen["path"] for seen in standin.record() if seen["number"] > before} == {"/users/me"}


def test_proof_that_cannot_be_given_is_a_refusal(entered: Callable[..., Prober], standin: Standin) -> None:
    """A probe that is answered with anything else shows nothing."""
    prober = shared(entered, standin)
    standin.strike("redirect", only="GET /users/me", times=9)
    try:
        with pytest.raises(RefusedError, match=r"tenant 1 is not shown to be for tests: .* answers 30"):
            prober.proofs()
    finally:
        standin.fair()


def test_proof_of_another_credential_proves_nothing(entered: Callable[..., Prober], standin: Standin) -> None:
    """The proof has to be given with the credential that opens the API."""
    text, _ = standin.entry(role="shared")
    prober = entered(standin, *((part, "") for part in OTHERS.findall(text)), role="shared",
                     more=PROOF.format(url=standin.urls["mercadopago"]).replace("{mercadopago_token}", "{merchant_id}"))  # fmt: skip

    with pytest.raises(RefusedError, match="the proof does not show mercadopago_token, with which mercadopago-profiles is asked"):
        prober.proofs()


def test_secret_that_nothing_proves_is_not_even_tried(entered: Callable[..., Prober], standin: Standin) -> None:
    """Another secret beside the one that is shown: refused, and not sent to a host that it may not belong to."""
    text, _ = standin.entry(role="shared")
    others = [(part, "") for part in OTHERS.findall(text)]
    prober = entered(standin, *others, role="shared", more=PROOF.format(url=standin.urls["mercadopago"]))
    before = len(standin.record())

    with pytest.raises(RefusedError, match=r"tenant 1 has client_secret, .*, which nothing shows to be for tests: take it out"):
        prober.proofs()

    assert len(standin.record()) == before


# What is wrong


def test_wrong_secret(entered: Callable[..., Prober], standin: Standin) -> None:
    """A wrong client secret, and a wrong static token: what was refused, by whom, and never the secret itself."""
    wrong = {"STANDIN_0_CLIENT_SECRET": "wrong-secret-of-the-test", "STANDIN_0_MERCADOPAGO_TOKEN": "TEST-wrong-token-of-the-test"}
    prober = entered(standin, environment=wrong)

    with pytest.raises(TargetError, match="no token was given: status 401: invalid_client") as one:
        prober.look(["jpmorgan-profiles"])
    with pytest.raises(TargetError, match="the credentials of tenant 1 are refused with status 401") as two:
        prober.look(["mercadopago-profiles"])

    assert "are the client's id and secret, or key, right" in str(one.value)
    assert "wrong-" not in f"{one.value} {two.value}"


@pytest.mark.parametrize("api", ["mercadopago-profiles", "zuora-credentials"])
def test_wrong_base_path(entered: Callable[..., Prober], standin: Standin, api: str) -> None:
    """A base path that leads nowhere is said before anything is judged."""
    url = standin.apis[api]
    prober = entered(standin, (f'url = "{url}"', f'url = "{url}/v9"'))

    with pytest.raises(TargetError) as raised:
        prober.look([api])

    assert f"{url}/v9" in str(raised.value)
    assert "is the base path right?" in str(raised.value) or "is the URL right?" in str(raised.value)


def test_base_path_that_looks_right() -> None:
    """A vendor that answers a wrong path like an unknown id: once nothing is found at all, the run stops and says so."""
    found, lost = Bearings(), Bearings()
    found.take("an-api", "https://x.example/v1", 200)
    for _ in range(LOST_AFTER * 2):
        found.take("an-api", "https://x.example/v1", 404)
    for status in (0, *[404] * (LOST_AFTER - 1)):
        lost.take("an-api", "https://x.example/v1", status)

    with pytest.raises(TargetError, match="all of 12 requests to an-api were answered with status 404"):
        lost.take("an-api", "https://x.example/v1", 404)


@pytest.mark.parametrize(("certificate", "words"), [("expired", "certificate has expired"), ("stranger", "unable to get local issuer")])
def test_certificate_that_proves_nothing(entered: Callable[..., Prober], tmp_path: Path, certificate: str, words: str) -> None:
    """An expired certificate, or one of somebody else's: nothing is sent, and the message says which."""
    with start(tmp_path, certificate=certificate) as running:
        with pytest.raises(TargetError, match=words):
            entered(running).look(["zuora-credentials"])
        assert running.record() == []


def test_proxy_that_is_not_there(kit: Kit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy of the environment that nobody answers at: the message names it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    for name in ("ID", "SECRET"):
        monkeypatch.setenv(f"PAYPROOF_ZUORA_CLIENT_{name}", "of-the-test")
    for name in ("PAYMENT_METHOD", "SECOND_PAYMENT_METHOD"):
        monkeypatch.setenv(f"PAYPROOF_ZUORA_{name}", "of-the-test")
    prober = Approach.plan(kit, Options("zuora-sandbox", depth="smoke")).entered().prober(kit)
    assert prober is not None

    with pytest.raises(TargetError, match=r"the proxy 127\.0\.0\.1:9 is not there"):
        prober.look(["zuora-credentials"])


@contextlib.contextmanager
def endpoint(status: int, body: bytes, kind: str = "application/json", **headers: str) -> Iterator[str]:
    """Serve one answer to everything on this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            self.send_response(status)
            for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    served = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=served.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{served.server_port}"
    finally:
        served.shutdown()
        served.server_close()


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        pytest.param(200, b"<html>Sign in</html>", "text/html", "status 200 with text/html where a JSON object belongs", id="html"),
        pytest.param(200, b"{}", "application/json", "a JSON object without access_token", id="empty"),
        pytest.param(200, b"[1]", "application/json", "where a JSON object belongs", id="list"),
        pytest.param(200, b'{"access_token": 5}', "application/json", "a JSON object without access_token", id="number"),
        pytest.param(200, b'{"access_token": "a\\nb"}', "application/json", "a JSON object without access_token", id="smuggled"),
        pytest.param(400, b'{"error": "invalid_grant", "error_description": "a-secret-of-the-test is wrong"}', "application/json",
                     r"status 400: invalid_grant: \[hidden\] is wrong; are the client's", id="error"),
        pytest.param(302, b"", "text/html", "status 302 points to another place, and redirects are not followed", id="redirect"),
        pytest.param(503, b"down", "text/plain", "status 503 with text/plain", id="503"),
    ],
)  # fmt: skip
def test_token_endpoint_that_answers_badly(
    entered: Callable[..., Prober], standin: Standin, status: int, body: bytes, kind: str, words: str
) -> None:
    """Whatever a token endpoint answers instead of a token: one line with what came, and no secret that it repeats."""
    with endpoint(status, body, kind) as url:
        prober = entered(standin, more=BASIC.format(api="jpmorgan-profiles", url=url, placement="body"),
                         environment={"STANDIN_0_CLIENT_SECRET": "a-secret-of-the-test"})  # fmt: skip
        with pytest.raises(TargetError, match=words) as raised:
            prober.look(["jpmorgan-profiles"])

    assert "a-secret" not in str(raised.value)
    assert len(str(raised.value).splitlines()) == 1


def pem(key: Any, password: bytes = b"") -> str:
    """Write a private key in PEM form."""
    how = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    text: bytes = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, how)
    return text.decode()


def test_key_that_cannot_sign() -> None:
    """A key of another kind, one that is too short, encrypted, or none at all: what is wrong with it, and nothing of it."""
    long, short = rsa.generate_private_key(65537, 2048), rsa.generate_private_key(65537, 1024)  # noqa: S505  # too short on purpose
    for text, words in ((pem(ec.generate_private_key(ec.SECP256R1())), "no RSA key of 2048 bits"), (pem(short), "no RSA key of 2048 bits"),
                        (pem(long, b"pass"), "is encrypted"), ("secret-that-is-no-key " * 5, "no private key in PEM form")):  # fmt: skip
        with pytest.raises(UsageError, match=words) as raised:
            signed(text, {}, {})
        assert text[-60:-30] not in str(raised.value)

    assert signed(pem(long).replace("\n", "\\n"), {"alg": "RS256"}, {}).count(".") == 2, "line ends may be written out"


def test_credential_that_an_assertion_lacks(entered: Callable[..., Prober], standin: Standin) -> None:
    """What a template names and the tenant does not have is found in the file, before anything is sent."""
    with pytest.raises(PayproofError, match=r"tenants\.1: has no no_such_credential"):
        entered(standin, ("{jwt_kid}", "{no_such_credential}"), signed=True)


def test_same_token_for_apis_that_one_grant_opens(entered: Callable[..., Prober], standin: Standin) -> None:
    """Payments and profiles of one client share a token; other APIs, and other ways to get one, do not."""
    plain: Authority = entered(standin).authority
    keys = {api: plain.key(api) for api in APIS if plain.wants(api)}

    assert keys["jpmorgan-payments"] == keys["jpmorgan-profiles"]
    assert len(set(keys.values())) == 2
    assert entered(standin, signed=True).authority.key("jpmorgan-payments") != keys["jpmorgan-payments"]


# From the file to the verdict

@pytest.mark.slow
def test_from_credentials_to_a_verdict(root: Path, tmp_path: Path, standin: Standin) -> None:
    """A run by name, with signed assertions, two workers and two sets of credentials: the verdict says what was not applicable."""
    text, environment = standin.entry(tenants=(0, 1), signed=True)
    (tmp_path / "payproof.toml").write_text(text, encoding="utf-8")
    before = len(standin.record())

    done = subprocess.run(
        [sys.executable, "-m", "payproof", "run", "--kit", str(root), "--target", "standin", "--depth", "smoke", "--workers", "2",
         "--api", "jpmorgan-profiles", "-k", "test_lifecycles or test_isolation", "--out", "out"],
        cwd=tmp_path, env={**os.environ, **environment}, capture_output=True, text=True, timeout=400, check=False,
    )  # fmt: skip

    said = json.loads((tmp_path / "out" / "verdict.json").read_text(encoding="utf-8"))
    written = {path: path.read_text(encoding="utf-8") for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert done.returncode == 3, done.stdout + done.stderr  # a part of the suites reaches a part of the clauses
    assert said["counts"]["failed"] == 0, done.stdout
    assert said["target"] == said["place"]["name"] == "standin"
    assert said["place"]["tenants"] == 2
    assert "not applicable (" in done.stdout
    assert "the target has no clock" in written[tmp_path / "out" / "summary.md"].splitlines()[0]
    assert "the target has no clock" in written[tmp_path / "out" / "report.html"]
    secrets = [value for name, value in environment.items() if "SECRET" in name or "TOKEN" in name or "KEY" in name]
    assert [path.name for path, text in written.items() if any(secret in text for secret in secrets)] == []
    tokens = [path for path, status in asked_for_tokens(standin, before) if status == 200]
    assert tokens.count("/adfs/oauth2/token") <= 2 + 2 * 4, "two to look, and for each tenant one for all workers at a time"
    assert {seen["client"] for seen in standin.record(before) if seen["status"] == 200 and "token" not in seen["path"]} >= {0, 1}


def test_target_without_state_forgets(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test asserts on state is no error where the target has none; a clause that was broken, or a lost target, always counts."""
    worker = Worker(kit, Options(), {}, lambda _: {})
    monkeypatch.setattr(worker, "_session", SimpleNamespace(target=SimpleNamespace(has=frozenset({"raw-body"}))))
    canned = [worker.forgets(error) for error in (AssertionError(), KeyError("id"), TargetError("lost"), UsageError("wrong"))]
    monkeypatch.setattr(worker, "_session", SimpleNamespace(target=SimpleNamespace(has=frozenset({"raw-body", "state"}))))

    assert canned == [True, True, False, False]
    assert not worker.forgets(AssertionError())
