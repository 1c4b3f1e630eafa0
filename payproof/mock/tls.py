"""HTTPS for the mock: a certificate that it makes for itself, or one that is brought along."""

import ssl
from contextlib import suppress
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

import trustme

from payproof.mock.clock import Clock

LOCAL = ("localhost", "127.0.0.1", "::1")
"""What a self-made certificate is always good for."""

_LIFETIME = timedelta(days=397)
"""Some clients take no certificate that lives longer."""


class CannotServeTls(ValueError):
    """The certificate or its key cannot be used; the message names the file and says why."""


def self_made(authority: Path, host: str = "127.0.0.1") -> ssl.SSLContext:
    """Make a certificate for this machine and ``host``, and write that of the authority behind it (PEM) to a file.

    Raises ``CannotServeTls`` where ``host`` can be no name in a certificate, ``OSError`` where the file cannot be written.
    """
    now = Clock().now()
    names = dict.fromkeys((*LOCAL, *([host] if _is_one(host) else [])))
    maker = trustme.CA(organization_name="payproof mock")
    try:
        leaf = maker.issue_cert(*names, not_before=now - timedelta(days=1), not_after=now + _LIFETIME)
    except ValueError:
        raise CannotServeTls(f"no certificate can be made for {host}: this is no host name") from None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    leaf.configure_cert(context)
    maker.cert_pem.write_to_path(authority)
    return context


def _is_one(host: str) -> bool:
    with suppress(ValueError):
        return not ip_address(host).is_unspecified
    return True


def from_files(certificate: Path, key: Path | None) -> ssl.SSLContext:
    """Take a certificate with its chain and its key, in PEM; without ``key`` it is in the same file.

    Raises ``CannotServeTls``.
    """
    for path in (certificate, key):
        try:
            if path is not None:
                path.read_bytes()
        except OSError as error:
            raise CannotServeTls(f"{path} cannot be read: {error.strerror}") from None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    files = f"{certificate} and {key}" if key is not None else f"{certificate}"
    try:
        # An empty password, since the library would ask for one on the terminal
        context.load_cert_chain(certificate, key, password="")
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise CannotServeTls(f"{files}: the key is not that of the certificate") from None
        raise CannotServeTls(f"{files}: a certificate and its key are wanted, in PEM and without a password") from None
    return context
