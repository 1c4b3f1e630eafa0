"""Track ids, versions, keys and limits of stored credential profiles: what each header may hold, and what it makes the server do.

What can go wrong: a track id comes back changed, a version that nobody knows is refused, a long key is cut and meets another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from payproof.client import ACCEPT

if TYPE_CHECKING:
    from suites.fixtures.zuora import Billing, Consents

pytestmark = pytest.mark.api("zuora-credentials")

OPERATIONS = ("createStoredCredential", "listStoredCredentials", "cancelStoredCredential", "expireStoredCredential")
EVERY_OPERATION = [pytest.param(name, marks=pytest.mark.operation(name)) for name in OPERATIONS]

ALLOWED = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in ":;\"'")
"""What a track id may be made of, but for spaces, of which HTTP takes away those at the ends."""


@pytest.mark.parametrize("operation", EVERY_OPERATION)
def test_track_id_comes_back(billing: Billing, operation: str) -> None:
    """Requests carry a track id: a short one, the longest one, every allowed character, a space, and none.

    Expect each to come back as it was sent, and none where none was sent.
    """
    # Each comes back
    for track in ("A", "order 7 of 12", ALLOWED[:64], ALLOWED[-64:]):
        answer = billing.send(operation, Zuora_Track_Id=track)
        assert (answer.status, answer.headers.get("zuora-track-id")) == (200, track)

    # None is made up
    answer = billing.send(operation)
    assert (answer.status, answer.headers.get("zuora-track-id")) == (200, None)


@pytest.mark.parametrize("operation", EVERY_OPERATION)
def test_track_id_out_of_bounds(billing: Billing, consents: Consents, operation: str) -> None:
    """Track ids are too long, hold a character that is not allowed, or are not ASCII.

    Expect a refusal each time, no change, and none of them to come back.
    """
    # A good one is accepted
    assert billing.send(operation, Zuora_Track_Id="order-7").status == 200
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
    assert billing.send("cancelStoredCredential", Zuora_Track_Id="call-1").headers["zuora-track-id"] == "call-1"

    # A body without what is required, and a profile that nobody made
    faulty = billing.ask("createStoredCredential", body=consents.agreed(type=None), headers={"Zuora-Track-Id": "call-2"})
    missing = billing.ask("cancelStoredCredential", 1_000_000, headers={"Zuora-Track-Id": "call-3"})
    assert 400 <= faulty.status < 500
    assert missing.status >= 400 or missing.body["success"] is False
    assert [answer.headers.get("zuora-track-id") for answer in (faulty, missing)] == ["call-2", "call-3"]


@pytest.mark.parametrize("operation", EVERY_OPERATION)
def test_versions(billing: Billing, operation: str) -> None:
    """Requests name minor versions of the API: older numbers, a date, and one that does not exist.

    Expect the same from each, since a version that is not supported counts as the lowest.
    """
    # Without a version
    plain = billing.send(operation)
    assert plain.status == 200

    # With any
    for version in ("186.0", "341.0", "2025-08-12", "9999-12-31"):
        answer = billing.send(operation, Zuora_Version=version)
        assert (answer.status, sorted(answer.body)) == (200, sorted(plain.body)), version


@pytest.mark.parametrize("operation", [each for each in EVERY_OPERATION if each.values[0] != "listStoredCredentials"])
def test_length_of_a_key(billing: Billing, consents: Consents, operation: str) -> None:
    """Idempotency keys have 36 characters, 255, and 256; two of 255 differ in the last one.

    Expect the first two lengths to be accepted, the third to be refused, and the two keys to be two.
    """
    # Up to 255 characters
    short = str(uuid4())
    longest = short.ljust(254, "k")
    answers = [billing.send(operation, Idempotency_Key=key) for key in (short, longest + "1", longest + "2")]
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
    assert first.status == 200 or not billing.apis.session.target.reference

    # Another profile, and the same key again
    number = billing.agree()
    second = billing.ask("listStoredCredentials", key="read-1")
    if billing.apis.session.target.reference:
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
    if billing.apis.session.target.reference:
        assert second["concurrency-limit-type"] == "Default"
        assert int(second["concurrency-limit-remaining"]) < int(second["concurrency-limit-limit"]) == 40
        assert int(second["ratelimit-remaining"]) < 50_000
        assert 1 <= int(second["ratelimit-reset"]) <= 60
