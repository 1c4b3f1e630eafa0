"""Input that was made to hurt: always the documented refusal, never a 500, never no answer."""

from __future__ import annotations

import gzip
import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payproof.mock import jpmorgan_models as models
from payproof.mock.refusal import Invalid
from tests.mock.hostile_doors import DOORS, TOKENS, leaves, replaced

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx

    from payproof.mock.server import MockServer
    from tests.mock.conftest import Merchant
    from tests.mock.hostile_doors import Door

CARD = b'{"accountNumber": "4112344112344113"}'


def with_name(value: bytes) -> bytes:
    return b'{"profilePaymentMethod": {"cardList": [' + CARD + b']}, "firstName": ' + value + b"}"


REFUSED = [
    pytest.param(b"\x00", "body", id="a zero byte"),
    pytest.param(with_name(b'"a\x00b"'), "body", id="a zero byte in a string"),
    pytest.param(with_name(rb'"a\u0000b"'), "firstName", id="an escaped zero in a string"),
    pytest.param(with_name(rb'"\ud800"'), "firstName", id="half of a surrogate pair"),
    pytest.param(with_name(b'"\xed\xa0\x80"'), "body", id="an encoded surrogate"),
    pytest.param(with_name(b'"\xc0\xaf"'), "body", id="an overlong encoding"),
    pytest.param(with_name(b'"\xff"'), "body", id="no UTF-8"),
    pytest.param(b"\xef\xbb\xbf" + with_name(b'"a"'), "body", id="a byte order mark"),
    pytest.param(with_name(b'"a"').decode().encode("utf-16"), "body", id="UTF-16"),
    pytest.param(with_name(b'"a\nb"'), "body", id="a control character in a string"),
    pytest.param(with_name(b"NaN"), "body", id="NaN"),
    pytest.param(with_name(b"-Infinity"), "body", id="Infinity"),
    pytest.param(with_name(b"1e999"), "firstName", id="a number beyond every double"),
    pytest.param(with_name(b"9" * 25), "firstName", id="an integer beyond 64 bits"),
    pytest.param(with_name(b"9" * 5_000), "body", id="an integer of 5,000 digits"),
    pytest.param(with_name(b"9" * 900_000), "body", id="an integer of 900,000 digits"),
    pytest.param(b"[" * 900_000, "body", id="an array nested without end"),
    pytest.param(b'{"a":' * 150_000, "body", id="an object nested without end"),
    pytest.param(with_name(b"[" * 100_000 + b"]" * 100_000), "body", id="deep nesting that ends"),
    pytest.param(with_name(b'"a"') + b"{}", "body", id="two documents"),
    pytest.param(with_name(b'"a",'), "body", id="a trailing comma"),
    pytest.param(b"//\n" + with_name(b'"a"'), "body", id="a comment"),
    pytest.param(with_name(b'"a", "firstName": "b"'), "firstName", id="a member twice"),
    pytest.param(b"{%s}" % b",".join(b'"a%d":1' % (n % 80_000) for n in range(80_001)), "a0", id="many members, one twice"),
    pytest.param(b" " * 1_000_001, "body", id="more than a megabyte"),
    pytest.param(with_name(b'"' + b"a" * 900_000 + b'"'), "firstName", id="a very long name"),
    pytest.param(b'{"profilePaymentMethod": {"cardList": [%s]}}' % b",".join([b"{}"] * 50_000), None, id="many faults"),
]


@pytest.mark.parametrize(("content", "entity"), REFUSED)
def test_refused(merchant: Merchant, content: bytes, entity: str | None) -> None:
    """Every such body is refused with 400 and its place, and changes nothing."""
    response = merchant.api("POST", "", content)
    assert response.status_code == 400
    errors = response.json()["validationErrors"]
    assert entity is None or [each["entity"] for each in errors] == [entity]
    assert len(response.content) < 50_000
    assert "profiles created" not in merchant.effects()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b'{"x": 1e999, ' + with_name(b'"a"')[1:], id="a huge number nobody reads"),
        pytest.param(rb'{"\u0000\ud800": "\ud800", ' + with_name(b'"a"')[1:], id="broken text nobody reads"),
        pytest.param(b'{"x": %s, ' % (b"[" * 50 + b"]" * 50) + with_name(b'"a"')[1:], id="nesting nobody reads"),
        pytest.param(b'{"browserInfo": {"\\ud800": {"\\u0000": null}}, ' + with_name(b'"a"')[1:], id="an opaque object"),
        pytest.param(b" \r\n\t" + with_name(b'"a"') + b" " * 900_000, id="white space"),
        pytest.param(with_name('"Zoë-\u00a1"'.encode()), id="letters of other alphabets"),
    ],
)
def test_accepted(merchant: Merchant, content: bytes) -> None:
    """What is strange and allowed is accepted."""
    assert merchant.api("POST", "", content).status_code == 200


def test_a_text_survives(merchant: Merchant) -> None:
    """Free text comes back as it was sent, whatever it is made of."""
    strange = "\u202e\ufeff\U0001f4b3\x7f'\";--\\ \x01"
    body = {"accountNumber": "4112344112344113", "consumerProfileAddress": {"line1": strange}}
    assert merchant.create(body)["addresses"][0]["line1"] == strange


def test_the_largest_body(merchant: Merchant) -> None:
    """A million bytes are read, one more is too much."""
    content = with_name(b'"a"')
    assert merchant.api("POST", "", content.ljust(1_000_000)).status_code == 200
    assert merchant.api("POST", "", content.ljust(1_000_001)).status_code == 400


@pytest.mark.parametrize("path", ["/%FF", "/%C0%AF", "/%", "/%zz", "/%00", "/" + "a" * 10_000, "/%E2%80%AE"])
def test_strange_ids(merchant: Merchant, path: str) -> None:
    """A path that is no text is an identifier out of shape."""
    base = f"{merchant.client.base_url}/api/v2/mmp/consumer-profiles"
    response = merchant.client.get(base + path, headers=merchant.headers)
    assert response.status_code == 400
    assert response.json()["validationErrors"][0]["entity"] == "consumer-profile-id"


def test_ten_thousand_headers_worth(merchant: Merchant) -> None:
    """A very long query string and a long unknown header do not matter."""
    response = merchant.api("GET", "/NOBODY?" + "a=b&" * 5_000, X_Long="x" * 10_000)
    assert response.status_code == 404


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
PLACES = [
    (models.create_profile, "profilePaymentMethod cardList 0"),
    (models.create_profile, "profilePaymentMethod defaultMOP card consumerProfileAddress postalCode"),
    (models.create_profile, "communication phoneList 0 countryCode"),
    (models.create_profile, "externalConsumerProfileIdentifier"),
    (models.add_methods, "cardList 0 accountNumber"),
    (models.add_methods, "achList 0 isTransactionMicroEntry"),
    (models.add_methods, "sepaList 0 mandateList 0 mandateSignatureDate"),
    (models.update_method, "card cardExpirationMonthYearNumber"),
    (models.update_method, "bacs"),
    (models.update_profile, "firstName"),
]


@given(place=st.sampled_from(PLACES), value=JSON)
def test_any_value_in_any_place(place: tuple[Callable[[object], object], str], value: object) -> None:
    """Whatever stands where, the models accept it, or refuse it and name places that are ours."""
    read, path = place
    body: object = value
    for step in reversed(path.split()):
        body = [body] if step == "0" else {step: body}
    try:
        accepted, violations = read(body), []
    except Invalid as refused:
        accepted, violations = None, list(refused.violations)
    assert (accepted is None) is bool(violations)
    assert all(each.entity.isascii() and each.rule for each in violations)


def test_a_profile_with_many_cards(merchant: Merchant) -> None:
    """Thousands of cards in one request are added, each with an identifier of its own."""
    profile = merchant.create(*[json.loads(CARD)] * 5_000)
    assert len({each["paymentMethodId"] for each in profile["paymentMethodType"]["cardList"]}) == 5_000


# --- Every operation of every API ------------------------------------------------------------------------------------

BOMB = gzip.compress(b" " * 300_000_000, 1)[:900_000]
UNREADABLE = {
    "nothing": b"",
    "a zero byte": b"\x00",
    "zero bytes": b"\x00" * 900_000,
    "half an object": b'{"a": 1',
    "single quotes": b"{'a': 1}",
    "NaN": b'{"a": NaN}',
    "Infinity": b'{"a": -Infinity}',
    "an integer of 5,000 digits": b'{"a": %s}' % (b"9" * 5_000),
    "an integer of 900,000 digits": b'{"a": %s}' % (b"9" * 900_000),
    "an encoded surrogate": b'{"a": "\xed\xa0\x80"}',
    "no UTF-8": b'{"a": "\xff"}',
    "a byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "UTF-32": '{"a": 1}'.encode("utf-32"),
    "arrays without end": b"[" * 900_000,
    "objects without end": b'{"a":' * 150_000,
    "deep arrays that end": b'{"a": %s}' % (b"[" * 100_000 + b"]" * 100_000),
    "two documents": b"{}{}",
    "a member twice": b'{"a": 1, "a": 2}',
    "five megabytes": b'{"a": "%s"}' % (b"a" * 5_000_000),
    "five megabytes of nothing": b" " * 5_000_000,
    "null": b"null",
    "true": b"true",
    "a number": b"1e999",
    "a text": b'"{}"',
    "an array": b"[]",
    "an array of objects": b"[{}]",
    "a form": b"a=1&b=2",
    "XML": b"<?xml version='1.0'?><a/>",
    "gzip": gzip.compress(b"{}"),
    "a gzip bomb": BOMB,
}
VALUES = {
    "NaN": b"NaN",
    "a number beyond every double": b"1e999",
    "a very small number": b"-1e-999",
    "an integer beyond 64 bits": b"9" * 30,
    "an integer of 4,000 digits": b"-" + b"9" * 4_000,
    "a fraction": b"1.5",
    "a whole number with a fraction": b"1000.0",
    "minus zero": b"-0",
    "true": b"true",
    "null": b"null",
    "an empty array": b"[]",
    "an empty object": b"{}",
    "an object in an array": b'[{"a": [null]}]',
    "deep nesting": b"[" * 400 + b"]" * 400,
    "a zero": rb'"\u0000"',
    "half of a surrogate pair": rb'"\ud800"',
    "an odd text": '"\u202e\ufeff\U0001f4b3\u007f\'<script>{}%s"'.encode(),
    "a long text": b'"%s"' % (b"a" * 100_000),
    "long digits": b'"%s"' % (b"4" * 100_000),
    "an empty text": b'""',
}


@pytest.fixture(params=sorted(DOORS))
def door(client: httpx.Client, request: pytest.FixtureRequest) -> Door:
    return DOORS[request.param](client)


def answered(knock: Callable[[], httpx.Response], what: str) -> httpx.Response:
    """Send a request that must be answered, before the client's patience ends, and without an error of the server."""
    response = knock()
    assert response.status_code < 500, what
    return response


def test_unreadable_everywhere(door: Door) -> None:
    """No body that is unreadable passes; what is accepted otherwise is accepted afterwards."""
    for what, content in UNREADABLE.items():
        response = answered(partial(door.knock, content), what)
        assert response.status_code >= 400, what
        assert response.json(), what
        assert len(response.content) < 50_000, what
    assert answered(door.enter, "the good body").status_code in (200, 201)


def test_wrong_media_type_everywhere(door: Door) -> None:
    """A good body under another name is refused."""
    content = json.dumps(door.good).encode()
    for media_type in ("text/plain", "application/xml", "", "application/x-www-form-urlencoded", "x" * 5_000, "multipart/form-data"):
        response = answered(partial(door.knock, content, Content_Type=media_type), media_type)
        assert response.status_code >= 400, media_type
    assert door.enter().status_code in (200, 201)


def test_compressed_everywhere(door: Door) -> None:
    """A gzip bomb is refused, whether an operation knows gzip or not."""
    for content in (BOMB, gzip.compress(b"[" * 900_000), gzip.compress(b"") * 40_000, b"{"):
        response = answered(partial(door.knock, content, Content_Encoding="gzip"), "gzip")
        assert response.status_code >= 400
    assert door.enter().status_code in (200, 201)


@pytest.mark.parametrize("what", sorted(VALUES))
def test_any_value_everywhere(door: Door, what: str) -> None:
    """A strange value at any place of a good body is refused or accepted, and never an error of the server."""
    for place in leaves(door.good):
        content = replaced(door.good, place, VALUES[what])
        response = answered(partial(door.knock, content), f"{what} at {place}")
        assert what != "NaN" or response.status_code >= 400
        assert response.status_code == 204 or response.json()


def test_headers_everywhere(door: Door) -> None:
    """Strange, long and repeated headers are never an error of the server."""
    content = json.dumps(door.good).encode()
    names = {*door.sent(), "Idempotency-Key", "X-Idempotency-Key", "request-id", "requestIdentifier", "userIdentifier"}
    names |= {"Zuora-Track-Id", "Zuora-Entity-Ids", "Zuora-Org-Ids", "Zuora-Version", "Accept-Encoding", "Content-Encoding", "Cookie"}
    for name in sorted(names):
        for value in (b"", b"x" * 8_000, b"caf\xe9", b"a\tb", b",,,;;;", b"\xff" * 50):
            answered(partial(door.knock, content, **{name: value}), name)
        twice = [*door.sent().items(), (name, "x"), (name, "y")]
        answered(partial(door.client.request, door.verb, door.path, content=content, headers=twice), name)


def test_paths_and_queries_everywhere(door: Door) -> None:
    """Strange identifiers and queries are never an error of the server."""
    base = str(door.client.base_url).rstrip("/")
    parts = door.path.split("/")
    queries = ["?%FF", "?" + "a=b&" * 2_000, "?limit=" + "9" * 5_000, "?includeAll=%00", "?requestIdentifier=%ED%A0%80", "?=&;&%"]
    paths = [door.path + query for query in queries]
    for strange in ("%00", "%FF", "%C0%AF", "%2F", "a" * 5_000, "%E2%80%AE", "..%2F..", "%", "'\"--"):
        paths += ["/".join([*parts[:index], strange, *parts[index + 1 :]]) for index in range(1, len(parts))]
        paths.append(f"{door.path}/{strange}")
    for path in paths:
        for verb in ("GET", door.verb, "DELETE"):
            answered(partial(door.client.request, verb, base + path, headers=door.headers), path[:100])


@pytest.mark.parametrize("name", sorted(TOKENS))
def test_forms(client: httpx.Client, name: str) -> None:
    """No bad form gives a token, and a good one does afterwards."""
    path, build = TOKENS[name]
    good = build(client)
    bad = [b"", b"\x00", b"%FF=1", b"a=%ED%A0%80", b"&" * 500_000, b"a=1&" * 100_000, b"a" * 5_000_000, b"\xff", b"{}", BOMB]
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    for content in bad:
        response = answered(partial(client.post, path, content=content, headers=headers), repr(content[:20]))
        assert response.status_code >= 400
        assert response.json()["error"]
    for member in good:
        for value in ("\x00", "\ufffd" * 1_000, "x" * 500_000):
            changed = {**good, member: value}
            assert answered(partial(client.post, path, data=changed), member).status_code >= 400
    assert client.post(path, json=good).status_code == 400
    assert client.post(path, data=good).status_code == 200


RAW = [
    b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: many\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
    b"POST /v1/customers HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"POST /v1/customers HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    b"GET /\x00 HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n",
    b"GET / HTTP/1.1\r\nX" + b"x" * 200_000,
    b"\x16\x03\x01\x02\x00\x01\x00",
    b"\x00" * 100_000,
    b"BREW /v1/payment-methods/a/profiles HTCPCP/1.0\r\n\r\n",
]


@pytest.fixture
def connect(mock: MockServer) -> Iterator[Callable[[], socket.socket]]:
    host, _, port = mock.url.removeprefix("http://").partition(":")
    opened: list[socket.socket] = []

    def start() -> socket.socket:
        opened.append(socket.create_connection((host, int(port)), timeout=5))
        return opened[-1]

    yield start
    for each in opened:
        each.close()


@pytest.mark.parametrize("raw", RAW, ids=range(len(RAW)))
def test_no_http(connect: Callable[[], socket.socket], client: httpx.Client, raw: bytes) -> None:
    """What is no HTTP gets no error of the server, and disturbs nobody."""
    connection = connect()
    connection.settimeout(0.5)
    try:
        connection.sendall(raw)
        answer = connection.recv(100)
    except (TimeoutError, ConnectionError):
        answer = b""
    assert not answer.startswith(b"HTTP/1.1 5")
    assert answered(partial(client.get, "/__mock__/"), "the next request").status_code == 200


def test_many_slow_clients(connect: Callable[[], socket.socket], client: httpx.Client) -> None:
    """Clients that never finish their request keep nobody waiting."""
    for _ in range(50):
        connect().sendall(b"POST /v1/customers HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n{")
    assert answered(partial(client.get, "/__mock__/"), "the next request").status_code == 200


def test_bombs_at_once(client: httpx.Client) -> None:
    """While bombs keep coming in on eight connections, others are still answered."""
    door = DOORS["createStoredCredential"](client)
    enough = threading.Event()

    def bomb() -> set[int]:
        seen = {door.knock(BOMB, Content_Encoding="gzip").status_code}
        while not enough.is_set():
            seen.add(door.knock(BOMB, Content_Encoding="gzip").status_code)
        return seen

    with ThreadPoolExecutor(8) as pool:
        bombs = [pool.submit(bomb) for _ in range(8)]
        try:
            for _ in range(5):
                answered(partial(client.get, "/__mock__/"), "the next request")
        finally:
            enough.set()
    assert set().union(*(each.result() for each in bombs)) == {400}
    assert door.enter().status_code == 200
