"""Legal variants: each one is described, can be switched on, and really changes what a client sees."""

from __future__ import annotations

import gzip
import http.client
import json
import re
import socket
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from payproof.mock.server import MockServer
from payproof.mock.variants import VARIANTS, UnknownVariant, chosen, excluded, groups
from payproof.mock.wire_variants import VARIANTS as OF_THE_WIRE
from tests.mock.variant_story import STORIES, told

if TYPE_CHECKING:
    from collections.abc import Callable

FORM = "grant_type=client_credentials&scope=jpm%3Apayments%3Asandbox"
TOKEN = "/am/oauth2/alpha/access_token"
BASIC = "Basic cGF5cHJvb2YtZGVtbzpwYXlwcm9vZi1kZW1vLXNlY3JldA=="


def said(server: MockServer, method: str = "POST", path: str = TOKEN, body: str = FORM, **headers: str) -> bytes:
    """Give the bytes that answer a request on a connection of its own, up to the end of the connection."""
    where = urlsplit(server.url)
    sent = {"Host": "localhost", "Authorization": BASIC, "Content-Type": "application/x-www-form-urlencoded", "Connection": "close"}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()} | {"Content-Length": str(len(body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
    with socket.create_connection((where.hostname or "", where.port or 0), timeout=10) as connection:
        connection.sendall(f"{method} {path} HTTP/1.1\r\n{head}\r\n{body}".encode())
        return b"".join(iter(lambda: connection.recv(65_536), b""))


def head(raw: bytes) -> list[str]:
    return raw.partition(b"\r\n\r\n")[0].decode().split("\r\n")


def value(raw: bytes, name: str) -> str:
    return next(line.partition(":")[2].strip() for line in head(raw) if line.lower().startswith(f"{name}:"))


def text(raw: bytes) -> str:
    return raw.partition(b"\r\n\r\n")[2].decode()


def kept_open(server: MockServer) -> bool:
    where = urlsplit(server.url)
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=10)
    connection.request("POST", TOKEN, FORM, {"Authorization": BASIC, "Content-Type": "application/x-www-form-urlencoded"})
    connection.getresponse().read()
    still = connection.sock is not None
    connection.close()
    return still


def retry_after(server: MockServer) -> str:
    where = urlsplit(server.url)
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=10)
    script = {"answers": [{"kind": "status", "status": 429, "retry_after": 90}]}
    connection.request("POST", "/__mock__/tenants/payproof-demo/script", json.dumps(script))
    assert connection.getresponse().read()
    connection.close()
    return value(said(server), "retry-after")


SHOWN: dict[str, Callable[[MockServer], Any]] = {
    "extra-members": lambda server: "futureless" if set(json.loads(text(said(server)))) > {"_links", "ñ"} else "plain",
    "member-order": lambda server: list(json.loads(text(said(server)))).index("access_token"),
    "gzip-when-asked": lambda server: gzip.decompress(said(server, Accept_Encoding="br, gzip").partition(b"\r\n\r\n")[2])[:1],
    "options-200": lambda server: head(said(server, "OPTIONS"))[0].split()[1],
    "unimplemented-501": lambda server: head(said(server, "LINK"))[0].split()[1],
    "json-indented": lambda server: text(said(server))[:4],
    "json-exponents": lambda server: re.search(r'"expires_in":([^,}]*)', text(said(server)))[1],  # type: ignore[index]  # must match
    "json-escapes": lambda server: re.search(r'"access[^"]*"', text(said(server)))[0],  # type: ignore[index]  # must match
    "charset": lambda server: value(said(server), "content-type"),
    "extra-headers": lambda server: sum(line.startswith("vary:") for line in head(said(server))),
    "header-order": lambda server: [line.partition(":")[0] for line in head(said(server))][-3:],
    "chunked": lambda server: any(line.startswith("content-length") for line in head(said(server))),
    "connection-close": kept_open,
    "no-content-type": lambda server: any("application/json" in line for line in head(said(server, "OPTIONS"))),
    "allow-order": lambda server: value(said(server, "OPTIONS"), "allow"),
    "challenge": lambda server: value(said(server, Authorization="Basic bm9ib2R5Om5vYm9keQ=="), "www-authenticate"),
    "retry-after-date": lambda server: parsedate_to_datetime(retry_after(server)).tzname(),
    "early-hints": lambda server: head(said(server))[0],
    "header-case": lambda server: any(line.startswith("Content-Type") for line in head(said(server))),
}
"""What a client sees of a variant of the wire; it is something else without the variant."""


def shown(name: str, server: MockServer) -> Any:
    try:
        return SHOWN[name](server)
    except (gzip.BadGzipFile, ValueError, TypeError) as error:
        return repr(error)


def test_each_variant_of_the_wire_is_shown() -> None:
    """Whoever adds a variant says here what a client sees of it."""
    assert set(SHOWN) == {variant.name for variant in OF_THE_WIRE}


@pytest.fixture(scope="module")
def plainly() -> dict[str, Any]:
    """What the mock shows as it is."""
    with MockServer() as server:
        return {name: shown(name, server) for name in SHOWN}


@pytest.mark.parametrize("name", sorted(SHOWN))
def test_variant_changes_what_is_seen(name: str, plainly: dict[str, Any]) -> None:
    """A variant that changes nothing would prove nothing."""
    with MockServer(variants=[name]) as server:
        assert shown(name, server) != plainly[name]


@pytest.fixture(scope="module")
def honestly() -> dict[str, Any]:
    """What comes of each story at the mock as it is."""
    return {api: told(api) for api in STORIES}


@pytest.mark.parametrize("api", sorted(STORIES))
def test_story_is_the_same_each_time(api: str, honestly: dict[str, Any]) -> None:
    """A story that differs by itself would make every variant look as if it did something."""
    assert told(api) == honestly[api]


@pytest.mark.parametrize("name", [variant.name for variant in VARIANTS.values() if variant.api])
def test_variant_changes_its_story(name: str, honestly: dict[str, Any]) -> None:
    """A variant of one API changes what comes of the story there, and no request of it fails on the way."""
    api = VARIANTS[name].api

    seen = told(api, [name])

    assert seen != honestly[api]
    assert not [each for each in seen if each[0] >= 500]


@pytest.mark.parametrize("number", range(len(groups())))
def test_groups_tell_every_story(number: int) -> None:
    """Variants of a group do not get in each other's way."""
    for api in STORIES:
        assert not [each for each in told(api, groups()[number]) if each[0] >= 500], api


def test_control_interface_stays_as_it_is() -> None:
    """Variants are about APIs: whoever controls the mock must not be surprised."""
    with MockServer(variants=groups()[0]) as server:
        raw = said(server, "GET", "/__mock__/", "")
    last = raw[raw.rindex(b"HTTP/1.1 200") :]

    assert json.loads(text(last))["variants"] == sorted(groups()[0])


def test_descriptions() -> None:
    """A variant says what it does and why it may, in sentences, and names only variants that exist."""
    for name, variant in VARIANTS.items():
        assert re.fullmatch(r"[a-z0-9-]{3,40}", name)
        assert variant.what.endswith("."), name
        assert variant.why.endswith("."), name
        assert set(variant.apart) <= VARIANTS.keys() - {name}


def test_groups_hold_everything_once() -> None:
    """The groups are as good as each variant alone, as long as no two of a group exclude each other."""
    names = [name for group in groups() for name in group]

    assert sorted(names) == sorted(VARIANTS)
    assert all(excluded(name).isdisjoint(group) for group in groups() for name in group)


def test_unknown_variant() -> None:
    """A name that does not exist is told with those that do."""
    with pytest.raises(UnknownVariant, match=r"'no-such-variant'.*member-order"):
        chosen(["no-such-variant"])
    with pytest.raises(UnknownVariant):
        MockServer(variants=["no-such-variant"])
