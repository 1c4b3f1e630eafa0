"""Every header of stored credential profiles: what each may hold, and what it makes the server do.

What can go wrong: a track id comes back changed, a large list is not compressed or a small one is, a body that is no gzip
is read as if it were, an entity is guessed, an org of somebody else opens something, a long key is cut and meets another.
"""

from __future__ import annotations

import gzip
import json
import uuid
from typing import TYPE_CHECKING

import pytest

from payproof.client import ACCEPT

if TYPE_CHECKING:
    from payproof.client import Answer
    from suites.fixtures.zuora import Billing, Consents

pytestmark = pytest.mark.api("zuora-credentials")

OPERATIONS = ("createStoredCredential", "listStoredCredentials", "cancelStoredCredential", "expireStoredCredential")
EVERY_OPERATION = [pytest.param(name, marks=pytest.mark.operation(name)) for name in OPERATIONS]

LARGE = 1000
"""An answer of more bytes than this is compressed for whoever accepts gzip."""
LONGEST_REFERENCE = 128
MIDDLING_REFERENCE = 60
ALLOWED = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in ":;\"'")
"""What a track id may be made of, but for spaces, of which HTTP takes away those at the ends."""


def _send(billing: Billing, consents: Consents, operation: str, *, accepted: bool = True, **headers: str) -> Answer:
    """Send a request that is good but for these headers, about an agreed profile of its own where it is about one."""
    body = consents.agreed() if operation == "createStoredCredential" else None
    number: int | str = billing.agree() if operation in {"cancelStoredCredential", "expireStoredCredential"} else ""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return billing.ask(operation, number, body=body, headers=named, intent=ACCEPT if accepted else None)


def _size(answer: Answer) -> int:
    assert answer.exchange.response is not None
    return len(answer.exchange.response.body)


@pytest.mark.parametrize("operation", EVERY_OPERATION)
def test_track_id_comes_back(billing: Billing, consents: Consents, operation: str) -> None:
    """Requests carry a track id: a short one, the longest one, every allowed character, a space, and none.

    Expect each to come back as it was sent, and none where none was sent.
    """
    # Each comes back
    for track in ("A", "order 7 of 12", ALLOWED[:64], ALLOWED[-64:]):
        answer = _send(billing, consents, operation, Zuora_Track_Id=track)
        assert (answer.status, answer.headers.get("zuora-track-id")) == (200, track)

    # None is made up
    answer = _send(billing, consents, operation)
    assert (answer.status, answer.headers.get("zuora-track-id")) == (200, None)


@pytest.mark.parametrize("operation", EVERY_OPERATION)
def test_track_id_out_of_bounds(billing: Billing, consents: Consents, operation: str) -> None:
    """Track ids are too long, hold a character that is not allowed, or are not ASCII.

    Expect a refusal each time, no change, and none of them to come back.
    """
    # A good one is accepted
    assert _send(billing, consents, operation, Zuora_Track_Id="order-7").status == 200
    number = billing.agree()
    before, done = billing.profiles(), billing.effects()

    # The others are not
    body = consents.agreed() if operation == "createStoredCredential" else None
    for track in ("T" * 65, "order:7", "order;7", 'order"7', "order'7", "Zoë"):
        answer = billing.ask(operation, number, body=body, headers={"Zuora-Track-Id": track})
        assert 400 <= answer.status < 500, track
        assert answer.headers.get("zuora-track-id") != track

    # Nothing has happened
    assert billing.profiles() == before
    assert billing.effects() == done


@pytest.mark.operation("cancelStoredCredential")
def test_track_id_of_a_refusal(billing: Billing, consents: Consents) -> None:
    """Requests with a track id are refused: for what they say, and for what is not there.

    Expect the track id to come back with the refusal, where it is needed most.
    """
    # A good request
    assert _send(billing, consents, "cancelStoredCredential", Zuora_Track_Id="call-1").headers["zuora-track-id"] == "call-1"

    # A body without what is required, and a profile that nobody made
    faulty = billing.ask("createStoredCredential", body=consents.agreed(type=None), headers={"Zuora-Track-Id": "call-2"})
    missing = billing.ask("cancelStoredCredential", 1_000_000, headers={"Zuora-Track-Id": "call-3"})
    assert 400 <= faulty.status < 500
    assert missing.status >= 400 or missing.body["success"] is False
    assert [answer.headers.get("zuora-track-id") for answer in (faulty, missing)] == ["call-2", "call-3"]


@pytest.mark.operation("listStoredCredentials")
@pytest.mark.parametrize("size", [LARGE, LARGE + 1])
def test_compressed_above_the_limit(billing: Billing, size: int) -> None:
    """A list of exactly 1000 bytes, and one with a byte more, go to a caller that accepts gzip.

    Expect the larger one alone to be compressed, and both to be what the caller gets without compression.
    """
    # A third profile fills the list up: one with the same reference adds as much as the second did
    billing.agree(consentAgreementRef="R" * MIDDLING_REFERENCE)
    one = _size(billing.ask("listStoredCredentials", intent=ACCEPT))
    billing.agree(consentAgreementRef="R" * MIDDLING_REFERENCE)
    two = _size(billing.ask("listStoredCredentials", intent=ACCEPT))
    letters = MIDDLING_REFERENCE + (size - two) - (two - one)
    billing.agree(consentAgreementRef="R" * min(max(letters, 1), LONGEST_REFERENCE))

    # As it is
    plain = billing.ask("listStoredCredentials", intent=ACCEPT)
    assert "content-encoding" not in plain.headers
    assert _size(plain) == size or not billing.apis.session.target.mock

    # For a caller that accepts gzip
    packed = billing.ask("listStoredCredentials", headers={"Accept-Encoding": "gzip"}, intent=ACCEPT)
    assert packed.headers.get("content-encoding") == ("gzip" if _size(plain) > LARGE else None)
    assert packed.body == plain.body


@pytest.mark.operation("listStoredCredentials")
def test_really_large_list(billing: Billing) -> None:
    """A payment method has many profiles with long references, and its list is some 15 thousand bytes.

    Expect it to be compressed where gzip is accepted, in whatever words, and not where it is not.
    """
    # Many profiles
    reference = "\N{GRINNING FACE}" * LONGEST_REFERENCE
    numbers = {billing.persist(consentAgreementRef=reference) for _ in range(24)}
    plain = billing.ask("listStoredCredentials", intent=ACCEPT)
    assert numbers <= {one["number"] for one in plain.body["profiles"]}
    assert _size(plain) > 15 * LARGE

    # Compressed, and the same
    for wanted in ("gzip", "GZIP", "gzip, deflate", "br;q=0.5, gzip;q=1.0"):
        packed = billing.ask("listStoredCredentials", headers={"Accept-Encoding": wanted}, intent=ACCEPT)
        assert packed.headers.get("content-encoding") == "gzip", wanted
        assert packed.body == plain.body

    # Not for a caller that takes none
    for wanted in ("identity", "gzip;q=0, identity"):
        unpacked = billing.ask("listStoredCredentials", headers={"Accept-Encoding": wanted}, intent=ACCEPT)
        assert "content-encoding" not in unpacked.headers, wanted
        assert unpacked.body == plain.body


@pytest.mark.parametrize("operation", ["createStoredCredential", "cancelStoredCredential", "expireStoredCredential"])
def test_small_answers_are_not_compressed(billing: Billing, consents: Consents, operation: str) -> None:
    """A caller that accepts gzip gets small answers.

    Expect none of them to be compressed.
    """
    # The answer is far below the limit
    answer = _send(billing, consents, operation, Accept_Encoding="gzip")
    assert answer.status == 200
    assert _size(answer) <= LARGE

    # So it comes as it is
    assert "content-encoding" not in answer.headers


@pytest.mark.operation("createStoredCredential")
@pytest.mark.parametrize("coding", ["gzip", "GZip"])
def test_compressed_request(billing: Billing, consents: Consents, coding: str) -> None:
    """A request is sent as a gzip file, with the name of the coding in small letters and in mixed ones.

    Expect it to be read like the same request as it stands.
    """
    # As it stands, and compressed
    plain = billing.store(consents.agreed(consentAgreementRef="R" * LONGEST_REFERENCE))
    raw = gzip.compress(json.dumps(consents.agreed(consentAgreementRef="S" * LONGEST_REFERENCE)).encode(), mtime=0)
    packed = billing.ask("createStoredCredential", raw=raw, headers={"Content-Encoding": coding}, intent=ACCEPT).body["number"]

    # Two profiles that differ in what was sent
    shown = billing.profiles()
    assert (shown[plain]["consentAgreementRef"][0], shown[packed]["consentAgreementRef"]) == ("R", "S" * LONGEST_REFERENCE)
    billing.expect_effects(stored_credentials_created=2)


@pytest.mark.operation("createStoredCredential")
def test_body_that_is_no_gzip(billing: Billing, consents: Consents) -> None:
    """Bodies say that they are gzip files: JSON as it stands, a file that ends too early, nothing, gzip of no JSON.

    Expect a refusal each time, and nothing created.
    """
    # A good file
    body = json.dumps(consents.agreed()).encode()
    packed = gzip.compress(body, mtime=0)
    assert billing.ask("createStoredCredential", body=consents.agreed(), zipped=True, intent=ACCEPT).status == 200
    before, done = billing.profiles(), billing.effects()

    # What is none
    for raw in (body, packed[:-12], packed[:3], b"", gzip.compress(b"agreed", mtime=0), packed[::-1]):
        answer = billing.ask("createStoredCredential", raw=raw, headers={"Content-Encoding": "gzip"})
        assert 400 <= answer.status < 500, raw
        assert answer.body["success"] is False

    # And a file that does not say that it is one
    assert 400 <= billing.ask("createStoredCredential", raw=packed).status < 500

    # Nothing was created
    assert billing.profiles() == before
    assert billing.effects() == done


@pytest.mark.parametrize("operation", EVERY_OPERATION)
def test_entity_of_a_token_for_several(billing: Billing, consents: Consents, operation: str) -> None:
    """A token is valid for two entities, and the request names the right one, none, the other one, or two at once.

    Expect the right one alone to be accepted, and the others to change nothing.
    """
    # With the entity in which the card is
    number = billing.agree()
    several = billing.in_entities()
    assert _send(several, consents, operation).status == 200
    before, done = billing.profiles(), billing.effects()

    # None, the other one, both, and one that nobody knows
    known = billing.apis.credentials
    body = consents.agreed() if operation == "createStoredCredential" else None
    wrong = {
        None: 400, known["zuora_other_entity"]: 404, f"{known['zuora_entity']},{known['zuora_other_entity']}": 400,
        "402881836953a3c7016953aec290000d": 403,
    }  # fmt: skip
    for entity, status in wrong.items():
        answer = several.ask(operation, number, body=body, headers={"Zuora-Entity-Ids": entity})
        assert answer.status >= 400 or answer.body["success"] is False, entity
        assert answer.status == status or not billing.apis.session.target.mock, entity

    # Nothing has happened
    assert billing.profiles() == before
    assert billing.effects() == done


@pytest.mark.operation("listStoredCredentials")
def test_entity_of_a_token_for_one(billing: Billing) -> None:
    """A token is valid for one entity, which a caller should not name.

    Expect it to work without the header, and another entity to be refused.
    """
    # Without the header
    number = billing.agree()
    assert number in billing.profiles()

    # Another entity of the same tenant
    answer = billing.ask("listStoredCredentials", headers={"Zuora-Entity-Ids": billing.apis.credentials["zuora_other_entity"]})
    assert answer.status >= 400 or answer.body["success"] is False
    assert answer.status == 403 or not billing.apis.session.target.mock


@pytest.mark.needs("second-tenant")
@pytest.mark.parametrize("operation", EVERY_OPERATION)
def test_orgs_of_the_user(billing: Billing, other_billing: Billing, consents: Consents, operation: str) -> None:
    """Requests name orgs: one, both of the user's, and then one of another tenant, alone and beside their own.

    Expect the user's own to be accepted, and every request with a foreign one to fail and to change nothing.
    """
    # One org, the other one, both in any order; and the other tenant uses its own
    ours, theirs = billing.apis.credentials, other_billing.apis.credentials
    one, two, foreign = ours["zuora_org"], ours["zuora_other_org"], theirs["zuora_org"]
    for orgs in (one, two, f"{one},{two}", f"{two},{one}"):
        assert _send(billing, consents, operation, Zuora_Org_Ids=orgs).status == 200
    assert _send(other_billing, consents, operation, Zuora_Org_Ids=foreign).status == 200

    # A foreign one, alone and among the user's own
    number = billing.agree()
    before, done = billing.profiles(), billing.effects()
    body = consents.agreed() if operation == "createStoredCredential" else None
    for orgs in (foreign, f"{one},{foreign}", f"{foreign},{one}"):
        answer = billing.ask(operation, number, body=body, headers={"Zuora-Org-Ids": orgs})
        assert answer.status >= 400 or answer.body["success"] is False, orgs
        assert answer.status == 403 or not billing.apis.session.target.mock, orgs

    # Nothing has happened
    assert billing.profiles() == before
    assert billing.effects() == done


@pytest.mark.parametrize("operation", EVERY_OPERATION)
def test_versions(billing: Billing, consents: Consents, operation: str) -> None:
    """Requests name minor versions of the API: older numbers, a date, and one that does not exist.

    Expect the same from each, since a version that is not supported counts as the lowest.
    """
    # Without a version
    plain = _send(billing, consents, operation)
    assert plain.status == 200

    # With any
    for version in ("186.0", "341.0", "2025-08-12", "9999-12-31"):
        answer = _send(billing, consents, operation, Zuora_Version=version)
        assert (answer.status, sorted(answer.body)) == (200, sorted(plain.body)), version


@pytest.mark.parametrize("operation", [each for each in EVERY_OPERATION if each.values[0] != "listStoredCredentials"])
def test_length_of_a_key(billing: Billing, consents: Consents, operation: str) -> None:
    """Idempotency keys have 36 characters, 255, and 256; two of 255 differ in the last one.

    Expect the first two lengths to be accepted, the third to be refused, and the two keys to be two.
    """
    # Up to 255 characters
    short = str(uuid.uuid4())
    longest = short.ljust(254, "k")
    answers = [_send(billing, consents, operation, Idempotency_Key=key) for key in (short, longest + "1", longest + "2")]
    assert [answer.status for answer in answers] == [200] * 3
    assert len({answer.body["number"] for answer in answers}) == 3
    number = billing.agree()
    before, done = billing.profiles(), billing.effects()

    # One more is too many, also when it begins as a known one
    body = consents.agreed() if operation == "createStoredCredential" else None
    answer = billing.ask(operation, number, body=body, key=longest + "12")
    assert 400 <= answer.status < 500
    assert billing.profiles() == before
    assert billing.effects() == done


@pytest.mark.operation("listStoredCredentials")
def test_key_on_a_read(billing: Billing) -> None:
    """A caller sends an idempotency key with a list, where it should not, and the profiles change in between.

    Expect the second list to be fresh on the reference server, which gives the key no meaning there.
    """
    # A list with a key
    billing.agree()
    first = billing.ask("listStoredCredentials", key="read-1")
    assert first.status == 200 or not billing.apis.session.target.mock

    # Another profile, and the same key again
    number = billing.agree()
    second = billing.ask("listStoredCredentials", key="read-1")
    if billing.apis.session.target.mock:
        assert number in {one["number"] for one in second.body["profiles"]}
    assert number in billing.profiles()


def test_limits_are_told(billing: Billing) -> None:
    """Two requests follow each other.

    Expect each answer to carry an id of its own on the reference server, and the limits to be counted down.
    """
    # Two lists
    first, second = (billing.ask("listStoredCredentials", intent=ACCEPT).headers for _ in range(2))
    assert first.get("zuora-request-id", "first") != second.get("zuora-request-id", "second")

    # What the reference server counts
    if billing.apis.session.target.mock:
        assert second["concurrency-limit-type"] == "Default"
        assert int(second["concurrency-limit-remaining"]) < int(second["concurrency-limit-limit"]) == 40
        assert int(second["ratelimit-remaining"]) < 50_000
        assert 1 <= int(second["ratelimit-reset"]) <= 60
