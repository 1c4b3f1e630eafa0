"""payproof.toml and the kit's ready-made targets: what they say, and one clear message for each way to write them wrongly."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import pytest

from payproof import placefile
from payproof.errors import UsageError
from payproof.place import Stay

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    from payproof.kit import Kit

WHOLE = """
    [targets.mine]
    use = "zuora-sandbox"
    about = "the sandbox of the billing team"
    rate = 2.5
    cards = ["4111111111111111"]
    headers = {X-Team = "qa"}

    [targets.mine.apis.zuora-credentials]
    url = "https://rest.sandbox.eu.zuora.com/"

    [[targets.mine.tenants]]
    zuora_client_id = "11111111-2222-4333-8444-555555555555"
    zuora_client_secret = {env = "SECRET_ONE"}

    [[targets.mine.tenants]]
    zuora_client_id = "66666666-2222-4333-8444-555555555555"
    zuora_client_secret = {command = ["cat", "SECRET"]}
"""


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str], Path]:
    """Write a payproof.toml into a folder that is a repository."""

    def write(text: str) -> Path:
        folder = tmp_path / "work"
        (folder / ".git").mkdir(parents=True, exist_ok=True)
        path = folder / "payproof.toml"
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    return write


def test_entry_completes_a_ready_made_one(kit: Kit, written: Callable[[str], Path]) -> None:
    """Tables are merged, lists replaced; what is not said is what the ready-made entry says."""
    place = placefile.read(kit, written(WHOLE)).places["mine"]

    assert place.sites["zuora-credentials"].url == "https://rest.sandbox.eu.zuora.com"
    assert (place.rate, place.budget, place.about) == (2.5, 10_000, "the sandbox of the billing team")
    assert place.offers == {"state", "raw-body", "second-tenant"}, "a second tenant follows from two sets of credentials"
    assert place.cards == ("4111111111111111",)


def test_secrets_come_from_where_they_are_kept(
    kit: Kit, written: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Environment, file and command; line ends are cut, nothing of it is in the place, its repr or what a journal gets."""
    outside = tmp_path / "outside.txt"
    outside.write_text("value-of-the-file\n", encoding="utf-8")
    monkeypatch.setenv("SECRET_ONE", "value-of-the-environment")
    text = WHOLE.replace('["cat", "SECRET"]', f'["cat", "{outside}"]').replace('X-Team = "qa"', f'X-Token = {{file = "{outside}"}}')
    place = placefile.read(kit, written(text)).places["mine"]

    stay = Stay(place, place.fetched())

    assert stay.credentials(0)["zuora_client_secret"] == "value-of-the-environment"
    assert stay.credentials(1)["zuora_client_secret"] == "value-of-the-file"
    assert stay.headers() == {"X-Token": "value-of-the-file"}
    assert set(stay.hidden(kit.secrets())) == {"value-of-the-environment", "value-of-the-file"}
    assert "value-of" not in f"{place!r} {stay!r} {place.as_json()}"


ENTRY = """
    [targets.mine]
    {top}
    [targets.mine.apis.zuora-credentials]
    url = "{url}"
    {api}
    [[targets.mine.tenants]]
    zuora_client_id = "11111111-2222-4333-8444-555555555555"
    zuora_client_secret = {secret}
    {tenant}
"""


@pytest.mark.parametrize(
    ("changed", "place", "words"),
    [
        pytest.param({"top": "rat = 5"}, "targets.mine.rat", "there is no such key; there are use, about, role", id="unknown-key"),
        pytest.param({"api": "ulr = 1"},
                     "targets.mine.apis.zuora-credentials.ulr", "there is no such key; there are url, auth", id="unknown-api-key"),
        pytest.param({"top": "rate = 'fast'"}, "targets.mine.rate", "valid number", id="no-number"),
        pytest.param({"top": "rate = 0"}, "targets.mine.rate", "greater than 0", id="rate-of-nothing"),
        pytest.param({"top": "role = 'production'"}, "targets.mine.role", "'test' or 'shared'", id="role"),
        pytest.param({"top": "depth = 'abyss'"}, "targets.mine.depth", "'smoke', 'standard' or 'deep'", id="depth"),
        pytest.param({"top": "has = ['clock']"}, "targets.mine.has", "only a mock with a control interface has", id="clock"),
        pytest.param({"top": "has = ['second-tenant']"}, "targets.mine.has", "second set of credentials", id="one-tenant"),
        pytest.param({"top": "has = ['stat']"}, "targets.mine.has", "no clause needs 'stat'", id="no-such-need"),
        pytest.param({"top": "use = 'zuora'"},
                     "targets.mine.use", "there is no ready-made target 'zuora'; there are jpmorgan-mock", id="use"),
        pytest.param({"top": "cards = ['4111']"}, "targets.mine.cards", "12 to 19 digits", id="card"),
        pytest.param({"top": "ca_file = 'no.pem'"}, "targets.mine.ca_file", "No such file", id="no-ca"),
        pytest.param({"top": "ca_file = 'payproof.toml'"}, "targets.mine.ca_file", "no certificates in PEM form", id="ca-is-none"),
        pytest.param({"top": "headers = {Authorization = 'Bearer x'}"},
                     "headers.Authorization", "written by payproof itself",
                     id="header-of-ours"),
        pytest.param({"top": "headers = {'X-A: b' = 'c'}"}, "targets.mine.headers", "is no name of a header", id="header-name"),
        pytest.param({"top": "headers = {X-Api-Key = 's3cret'}"}, "headers.X-Api-Key", "a secret is written as", id="header-secret"),
        pytest.param({"url": "https://x:y@example.com"}, "apis.zuora-credentials.url", "would show a secret", id="user-in-url"),
        pytest.param({"url": "https://example.com?key=1"}, "apis.zuora-credentials.url", "without a query", id="query"),
        pytest.param({"url": "http://sandbox.example.com"}, "apis.zuora-credentials.url", "write https", id="clear-text"),
        pytest.param({"url": "sandbox.example.com"}, "apis.zuora-credentials.url", "is no URL", id="no-scheme"),
        pytest.param({"url": "https://[::1"}, "apis.zuora-credentials.url", "is no URL", id="broken-url"),
        pytest.param({"secret": "'s3cret-in-the-file'"}, "tenants.1.zuora_client_secret", "a secret is written as", id="plain-secret"),
        pytest.param({"secret": "{env = ''}"}, "tenants.1.zuora_client_secret", "env wants a text", id="no-variable"),
        pytest.param({"secret": "{vault = 'x'}"}, "tenants.1.zuora_client_secret", "a secret is written as", id="no-such-store"),
        pytest.param({"secret": "{file = 'secret.txt'}"}, "tenants.1.zuora_client_secret", "outside of the repository", id="file-inside"),
        pytest.param({"secret": "{command = 'pass zuora'}"}, "tenants.1.zuora_client_secret", "there is no shell", id="command-text"),
        pytest.param({"secret": "{command = ['echo', 's3cret']}"}, "tenants.1.zuora_client_secret", "the secret in this file", id="echo"),
        pytest.param({"tenant": "zuora_entity = 5"}, "tenants.1.zuora_entity", "a text of one line", id="number"),
        pytest.param({"api": "auth = {kind = 'magic'}"},
                     "auth.kind", "there are contract, client-credentials, jwt-assertion, bearer", id="kind"),
        pytest.param({"api": "auth = {kind = 'bearer', token = 'abc'}"}, "auth.token", "a secret is written as", id="plain-token"),
        pytest.param({"api": "auth = {kind = 'jwt-assertion', url = 'https://t.example'}"},
                     "auth", "jwt-assertion needs client_id", id="jwt"),
        pytest.param({"api": "auth = {kind = 'contract', url = 'https://t.example'}"},
                     "auth.url", "no such key for contract", id="contract"),
        pytest.param({"api": "[targets.mine.apis.zuora]\nurl = 'https://t.example'"}, "apis.zuora", "there is no API 'zuora'", id="no-api"),
        pytest.param({"top": "[targets.zuora-sandbox]"}, "targets.zuora-sandbox", "the kit has a target of this name", id="taken-name"),
        pytest.param({"top": "[targets.mock]"}, "targets.mock", "is not mock", id="mock"),
        pytest.param({"top": "production_host = 'https://rest.zuora.com'"}, "production_host", "is no host name", id="no-host"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(
    kit: Kit, written: Callable[[str], Path], changed: dict[str, str], place: str, words: str
) -> None:
    """Each fault of the file: the file, the place in it and what to do; never the secret that stood there."""
    parts = {"top": "", "url": "https://sandbox.example.com", "api": "", "secret": "{env = 'S'}", "tenant": "", **changed}
    path = written(ENTRY.format(**parts))

    with pytest.raises(UsageError) as raised:
        placefile.read(kit, path)

    told = str(raised.value)
    assert told.startswith(f"{path}: ")
    assert place in told
    assert words in told
    assert "s3cret" not in told
    assert len(told.splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[targets.mine", "is not TOML"),
        ("[targets.mine]\n", "targets.mine.apis: says nothing"),
        ("[target.mine]\n", "target: there is no such key; there are production, targets"),
        ("[shared.'api.example']\nuse = 'tokens'\n", "shared: there is no such key"),
        ("[targets.m]\n[targets.m.apis.jpmorgan-payments]\nurl = 'https://x.example'\n", "its token comes from jpmorgan-oauth"),
        ("[targets.m]\n[targets.m.apis.jpmorgan-oauth]\nurl = 'https://x.example'\n",
         "tenants: is missing: a set of credentials with client_id"),
        ("[targets.m]\n[targets.m.apis.jpmorgan-oauth]\nurl = 'https://x.example'\n[[targets.m.tenants]]\nclient_id = 'x'\n",
         "tenants.1: has no client_secret"),
    ],
)  # fmt: skip
def test_file_that_cannot_be_used(kit: Kit, written: Callable[[str], Path], text: str, words: str) -> None:
    """A file that is none, or in which something is missing."""
    with pytest.raises(UsageError, match=words.replace(".", r"\.")):
        placefile.read(kit, written(text))


@pytest.mark.parametrize(
    ("secret", "words"),
    [
        ("{env = 'NOT_THERE'}", "set NOT_THERE in the environment; it is not there"),
        ("{env = 'EMPTY'}", "set EMPTY in the environment; it is empty"),
        ("{env = 'LINES'}", "more than one line"),
        ("{file = '../none.txt'}", "none.txt cannot be read: No such file"),
        ("{file = '../empty.txt'}", "the secret is empty"),
        ("{file = '../binary.txt'}", "is not UTF-8"),
        ("{command = ['false']}", "false ended with 1; run it yourself to see why"),
        ("{command = ['no-such-program']}", "no-such-program cannot be started: No such file"),
    ],
)
def test_secret_that_is_not_there(
    kit: Kit, written: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, secret: str, words: str
) -> None:
    """What is missing is said when it is fetched, with the place that asks for it."""
    monkeypatch.setenv("EMPTY", "")
    monkeypatch.setenv("LINES", "one\ntwo")
    (tmp_path / "empty.txt").write_bytes(b"\n")
    (tmp_path / "binary.txt").write_bytes(b"\xff\xfe")
    text = ENTRY.format(top="", url="https://sandbox.example.com", api="", secret=secret, tenant="")
    place = placefile.read(kit, written(text)).places["mine"]

    with pytest.raises(UsageError) as raised:
        place.fetched()

    assert "targets.mine.tenants.1.zuora_client_secret" in str(raised.value)
    assert words in str(raised.value)


def test_ready_made_targets_are_listed(payproof: Callable[..., subprocess.CompletedProcess[str]], root: Path) -> None:
    """`payproof targets` shows what has a name; each of the vendors' documented hosts for tests is there."""
    done = payproof("targets", "--kit", str(root))

    assert done.returncode == 0, done.stderr
    for host in ("api-mock.payments.jpmorgan.com", "api-ms-test.payments.jpmorgan.com", "api.mercadopago.com", "rest.apisandbox.zuora.com"):
        assert host in done.stdout
    assert "has raw-body\n" in done.stdout, "the canned host has no state"


def test_check_says_what_is_missing(payproof: Callable[..., subprocess.CompletedProcess[str]], root: Path) -> None:
    """A check of a target whose secrets are not there: exit 2 and the variable's name; an unknown name likewise."""
    missing = payproof("targets", "zuora-sandbox", "--kit", str(root))
    unknown = payproof("targets", "zuora", "--kit", str(root))

    assert (missing.returncode, unknown.returncode) == (2, 2)
    assert "set PAYPROOF_ZUORA_CLIENT_ID in the environment" in missing.stderr
    assert "there is no target 'zuora'" in unknown.stderr
