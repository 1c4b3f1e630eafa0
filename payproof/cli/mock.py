"""`payproof mock`: the reference mock, for people and for clients under development."""

from __future__ import annotations

import ipaddress
import signal
import tempfile
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from payproof.errors import UsageError

if TYPE_CHECKING:
    import ssl

_FILE = click.Path(path_type=Path)


@click.command("mock", help="Serve the reference mock of all APIs on one port. Ctrl-C ends it.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="The port; 0 takes any free one.")
@click.option("--fault", "faults", multiple=True, metavar="NAME", help="A named lie that the mock tells; repeatable.")
@click.option("--list-faults", is_flag=True, help="List the lies and the clauses that catch them, and stop.")
@click.option("--variant", "variants", multiple=True, metavar="NAME", help="A legal variant that the mock follows; repeatable.")
@click.option("--list-variants", is_flag=True, help="List the legal variants and why they are legal, and stop.")
@click.option("--clock", default=None, metavar="MOMENT", help="Start the clock here, as 2035-01-01T00:00:00Z.")
@click.option("--setting", "chosen", multiple=True, metavar="NAME=VALUE", help="What the vendors leave open; repeatable.")
@click.option("--list-settings", is_flag=True, help="List the settings and their values, and stop.")
@click.option("--tls", is_flag=True, help="Serve HTTPS, with a certificate made for localhost, 127.0.0.1 and the host.")
@click.option("--tls-cert", type=_FILE, default=None, metavar="FILE", help="Serve HTTPS with this certificate and its chain (PEM).")
@click.option("--tls-key", type=_FILE, default=None, metavar="FILE", help="Its key, where --tls-cert does not hold it.")
@click.option("--control/--no-control", default=None, help="Serve /__mock__/ [default: on loopback only].")
def command(
    host: str, port: int, faults: tuple[str, ...], variants: tuple[str, ...], clock: str | None, chosen: tuple[str, ...], *,
    list_faults: bool, list_variants: bool, list_settings: bool, control: bool | None, tls: bool, tls_cert: Path | None,
    tls_key: Path | None,
) -> int:  # fmt: skip
    """Serve until interrupted."""
    from payproof.mock.assumed import DEMO_CLIENT_ID, DEMO_CLIENT_SECRET, DEMO_MERCHANT_ID  # noqa: PLC0415  # not needed for --help
    from payproof.mock.faults import FAULTS  # noqa: PLC0415  # not needed for --help
    from payproof.mock.server import CannotListen, MockServer  # noqa: PLC0415  # not needed for --help
    from payproof.mock.settings import SETTINGS, UnknownSetting  # noqa: PLC0415  # not needed for --help
    from payproof.mock.variants import VARIANTS  # noqa: PLC0415  # not needed for --help
    from payproof.options import Options  # noqa: PLC0415  # not needed for --help
    from payproof.target import check, moment  # noqa: PLC0415  # not needed for --help

    if list_faults:
        for known in FAULTS.values():
            click.echo(f"{known.name:28} {known.clause:28} {known.lie}")
        return 0
    if list_variants:
        for variant in VARIANTS.values():
            click.echo(f"{variant.name:28} {variant.api or 'all':21} {variant.what}\n{'':50} {variant.why}")
        return 0
    if list_settings:
        for name, setting in SETTINGS.items():
            click.echo(f"{name:28} {'|'.join(setting.values)} [default: {setting.usual}]  {setting.about}")
        return 0
    check(Options(faults=faults, variants=variants, clock=clock))
    served = _loopback(host) if control is None else control
    with ExitStack() as stack:
        # SIGTERM ends it as Ctrl-C does, so that nothing is left in the folder of temporary files
        stack.callback(signal.signal, signal.SIGTERM, signal.signal(signal.SIGTERM, signal.default_int_handler))
        context, authority = _tls(stack, host, tls_cert, tls_key, wanted=tls)
        try:
            server = MockServer(host, port, faults=faults, control=served, clock_start=moment(clock) if clock else None,
                                settings=_settings(chosen), variants=variants, tls=context)  # fmt: skip
            stack.enter_context(server)
        except CannotListen as error:
            raise UsageError(error.strerror or str(error)) from error
        except UnknownSetting as error:
            raise UsageError(str(error)) from error
        click.echo(f"payproof mock on {server.url}")
        if authority is not None:
            click.echo(f"  certificate of the authority, until the mock ends: {authority}")
        click.echo(f"  client id {DEMO_CLIENT_ID}, client secret {DEMO_CLIENT_SECRET}, merchant id {DEMO_MERCHANT_ID}")
        click.echo(f"  control interface: {server.url + '/__mock__/' if served else 'off'}")
        for fault in faults:
            click.echo(f"  lies: {fault} ({FAULTS[fault].lie})")
        for name in variants:
            click.echo(f"  varies: {name} ({VARIANTS[name].what})")
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            click.echo("stopped")
    return 0


def _tls(
    stack: ExitStack, host: str, certificate: Path | None, key: Path | None, *, wanted: bool
) -> tuple[ssl.SSLContext | None, Path | None]:
    """Give the TLS context, and where a self-made authority's certificate is while the stack lasts."""
    if certificate is None and key is not None:
        message = "--tls-key needs --tls-cert, the certificate that it belongs to"
        raise UsageError(message)
    if certificate is None and not wanted:
        return None, None
    from payproof.mock.tls import CannotServeTls, from_files, self_made  # noqa: PLC0415  # slow to import, and mostly not needed

    try:
        if certificate is not None:
            return from_files(certificate, key), None
        authority = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="payproof-mock-"))) / "ca.pem"
        return self_made(authority, host), authority
    except CannotServeTls as error:
        raise UsageError(str(error)) from error


def _settings(chosen: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for one in chosen:
        name, said, value = one.partition("=")
        if not said:
            message = f"--setting {one!r} has no value; write it like NAME=VALUE, and see --list-settings"
            raise UsageError(message)
        found[name] = value
    return found


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
