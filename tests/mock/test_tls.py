"""HTTPS: a certificate that the mock makes for itself, one that is brought along, and files that are neither."""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
import trustme

from payproof.cli import main
from payproof.mock.server import MockServer
from payproof.mock.tls import CannotServeTls, from_files, self_made


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a certificate, its key, both in one, another's key, and what is no certificate."""
    folder = tmp_path_factory.mktemp("tls")
    authority = trustme.CA()
    own, another = authority.issue_cert("localhost"), authority.issue_cert("localhost")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    own.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    own.private_key_pem.write_to_path(folder / "key.pem")
    own.private_key_and_cert_chain_pem.write_to_path(folder / "both.pem")
    another.private_key_pem.write_to_path(folder / "other.pem")
    (folder / "junk.pem").write_text("no certificate")
    return folder


def trusting(authority: Path) -> httpx.Client:
    return httpx.Client(verify=ssl.create_default_context(cafile=authority))


def test_a_certificate_of_its_own(tmp_path: Path) -> None:
    """Whoever trusts the authority is served, by each name of this machine; nobody else is, and HTTP is not spoken."""
    authority = tmp_path / "ca.pem"
    with MockServer(tls=self_made(authority)) as server, trusting(authority) as client:
        assert server.url.startswith("https://127.0.0.1:")
        assert client.get(f"{server.url}/__mock__/").json()["mock"] == "payproof"
        assert client.get(f"{server.url.replace('127.0.0.1', 'localhost')}/__mock__/").status_code == 200
        with httpx.Client() as stranger, pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            stranger.get(f"{server.url}/__mock__/")
        with httpx.Client() as plain, pytest.raises(httpx.TransportError):
            plain.get(f"{server.url.replace('https', 'http')}/__mock__/")


def test_a_lost_answer_over_tls(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """An answer that is lost on purpose closes the connection here, too."""
    authority = tmp_path / "ca.pem"
    with MockServer(tls=self_made(authority)) as server, trusting(authority) as client:
        told = client.post(f"{server.url}/__mock__/tenants", json={}).json()
        client.post(f"{server.url}/__mock__/tenants/{told['client_id']}/script", json={"answers": [{"kind": "drop-after-commit"}]})
        form = {"grant_type": "client_credentials"}
        with pytest.raises(httpx.RemoteProtocolError):
            client.post(f"{server.url}/am/oauth2/alpha/access_token", data=form, auth=(told["client_id"], told["client_secret"]))
        assert client.get(f"{server.url}/__mock__/").status_code == 200
    assert "".join(capfd.readouterr()) == ""


@pytest.mark.parametrize(("host", "named"), [("192.0.2.7", True), ("payments.test.example", True), ("0.0.0.0", False), ("::", False)])  # noqa: S104  # nothing listens there
def test_names_in_the_certificate(tmp_path: Path, host: str, named: bool) -> None:  # noqa: FBT001  # a case of a table
    """The host that it listens on is named beside those of this machine, unless it stands for all."""
    from cryptography import x509

    context = self_made(tmp_path / "ca.pem", host)
    client = ssl.create_default_context(cafile=tmp_path / "ca.pem")
    client.check_hostname = False
    ours, theirs = ssl.MemoryBIO(), ssl.MemoryBIO()
    asks, answers = client.wrap_bio(theirs, ours), context.wrap_bio(ours, theirs, server_side=True)
    for _ in range(3):
        for side in (asks, answers):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    shown = asks.getpeercert(binary_form=True)

    assert shown is not None
    names = x509.load_der_x509_certificate(shown).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(name.value) for name in names] == ["localhost", "127.0.0.1", "::1", *([host] if named else [])]


@pytest.mark.parametrize(("certificate", "key"), [("cert.pem", "key.pem"), ("both.pem", None)])
def test_a_certificate_brought_along(files: Path, certificate: str, key: str | None) -> None:
    """A certificate and its key are taken from two files or from one."""
    context = from_files(files / certificate, files / key if key else None)
    with MockServer(tls=context) as server, trusting(files / "ca.pem") as client:
        assert client.get(f"{server.url.replace('127.0.0.1', 'localhost')}/__mock__/").status_code == 200


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--tls-cert", "cert.pem"), "without a password"),
        (("--tls-cert", "cert.pem", "--tls-key", "other.pem"), "the key is not that of the certificate"),
        (("--tls-cert", "junk.pem", "--tls-key", "key.pem"), "without a password"),
        (("--tls-cert", "cert.pem", "--tls-key", "nothing.pem"), "nothing.pem cannot be read: No such file"),
        (("--tls-cert", ".", "--tls-key", "key.pem"), "cannot be read"),
        (("--tls-key", "key.pem"), "--tls-key needs --tls-cert"),
    ],
    ids=" ".join,
)
def test_files_that_cannot_be_used(
    files: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    """Wrong usage: one line that names the file, and nothing listens."""
    monkeypatch.chdir(files)
    with pytest.raises(SystemExit) as ended:
        main(["mock", "--port", "0", *arguments])

    out, error = capsys.readouterr()
    assert (ended.value.code, out) == (2, "")
    assert error.count("\n") == 1
    assert said in error


def test_a_host_that_no_certificate_can_name(tmp_path: Path) -> None:
    """A host that is none is refused before anything is written."""
    with pytest.raises(CannotServeTls, match="no host name"):
        self_made(tmp_path / "ca.pem", "not a host")

    assert list(tmp_path.iterdir()) == []


def test_the_command_cleans_up(tmp_path: Path) -> None:
    """`payproof mock --tls` says where its authority's certificate is, and takes it away when it ends."""
    process = subprocess.Popen(
        [sys.executable, "-m", "payproof", "mock", "--port", "0", "--tls"], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1", "TMPDIR": str(tmp_path)},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        authority = Path(process.stdout.readline().split()[-1])
        with trusting(authority) as client:
            assert client.get(f"{url}/__mock__/").status_code == 200
    finally:
        process.terminate()
        out, _ = process.communicate(timeout=20)

    assert (process.returncode, out.endswith("stopped\n")) == (0, True)
    assert authority.is_relative_to(tmp_path)
    assert list(tmp_path.iterdir()) == []
