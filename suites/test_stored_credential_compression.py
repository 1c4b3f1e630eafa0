"""Compressed requests and answers of stored credential profiles.

What can go wrong: a large list is not compressed or a small one is, or a body that is no gzip is read as if it were.
"""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import pytest

from payproof.client import ACCEPT

if TYPE_CHECKING:
    from payproof.client import Answer
    from suites.fixtures.zuora import Billing, Consents

pytestmark = pytest.mark.api("zuora-credentials")

LARGE = 1000
"""An answer of more bytes than this is compressed for whoever accepts gzip."""
LONGEST_REFERENCE = 128
MIDDLING_REFERENCE = 60


def _size(answer: Answer) -> int:
    assert answer.exchange.response is not None
    return len(answer.exchange.response.body)


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
    assert _size(plain) == size or not billing.apis.session.target.reference

    # For a caller that accepts gzip
    packed = billing.ask("listStoredCredentials", headers={"Accept-Encoding": "gzip"}, intent=ACCEPT)
    assert packed.headers.get("content-encoding") == ("gzip" if _size(packed) > LARGE else None)
    assert billing.own(packed.body["profiles"]) == billing.own(plain.body["profiles"])


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
        assert billing.own(packed.body["profiles"]) == billing.own(plain.body["profiles"])

    # Not for a caller that takes none
    for wanted in ("identity", "gzip;q=0, identity", "br, gzip; q=0.000"):
        unpacked = billing.ask("listStoredCredentials", headers={"Accept-Encoding": wanted}, intent=ACCEPT)
        assert "content-encoding" not in unpacked.headers, wanted
        assert billing.own(unpacked.body["profiles"]) == billing.own(plain.body["profiles"])


@pytest.mark.parametrize("operation", ["createStoredCredential", "cancelStoredCredential", "expireStoredCredential"])
def test_small_answers_are_not_compressed(billing: Billing, operation: str) -> None:
    """A caller that accepts gzip gets small answers.

    Expect none of them to be compressed.
    """
    # The answer is far below the limit
    answer = billing.send(operation, Accept_Encoding="gzip")
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
