"""The request headers of Zuora: what each one may hold, and what it asks for."""

import re
import zlib

from payproof.mock import zuora_assumed as assumed
from payproof.mock.refusal import Invalid
from payproof.mock.wire import GZIP, Request, read_json
from payproof.mock.zuora import Session, ZuoraWorld
from payproof.mock.zuora_errors import INVALID, MALFORMED, MISSING_PARAMETER, PERMISSION, Declined, declined, reasons

LONGEST_TRACK_ID = 64
_TRACK_ID = re.compile(rf"[\t -~]{{0,{LONGEST_TRACK_ID}}}")
_FORBIDDEN = frozenset(":;\"'")
_LONGEST_KEY = 255
_COMPRESS_ABOVE = 1000


def track_id(request: Request) -> str | None:
    """Read the header Zuora-Track-Id, None where it is absent; raises ``Declined``."""
    value = _single(request, "Zuora-Track-Id")
    if value is not None and (_TRACK_ID.fullmatch(value) is None or not _FORBIDDEN.isdisjoint(value)):
        raise declined(INVALID, "Zuora-Track-Id must be at most 64 characters of US-ASCII without colon, semicolon and quotes")
    return value


def entity(request: Request, session: Session) -> str:
    """Find the entity that the request is about; raises ``Declined``."""
    entities = session.client.entities
    value = _single(request, "Zuora-Entity-Ids")
    if value is None:
        if len(entities) > 1 and not session.world.lies("zuora-entity-not-demanded"):
            raise declined(MISSING_PARAMETER, "Zuora-Entity-Ids is required, since the token is valid for several entities")
        return entities[0]
    if value not in entities:
        if not value.strip() or "," in value:
            raise declined(INVALID, "Zuora-Entity-Ids must be the id of one entity")
        raise declined(PERMISSION, "Zuora-Entity-Ids is no entity that the token is valid for", status=403)
    return value


def demand_orgs(request: Request, session: Session) -> None:
    """Check the orgs that the request is about; raises ``Declined``."""
    value = _single(request, "Zuora-Org-Ids")
    if value is None or session.world.lies("zuora-foreign-org-accepted"):
        return
    orgs = [each.strip() for each in value.split(",")]
    if "" in orgs:
        raise declined(INVALID, "Zuora-Org-Ids must be ids, separated by commas")
    if session.world.lies("zuora-first-org-only"):
        orgs = orgs[:1]
    if not set(orgs).issubset(session.world.orgs):
        raise declined(PERMISSION, "Zuora-Org-Ids holds an org that the user has no access to", status=403)


def idempotency_key(request: Request, world: ZuoraWorld) -> str | None:
    """Read the header Idempotency-Key, None where it is absent; raises ``Declined``."""
    value = _single(request, "Idempotency-Key")
    if value is None or world.lies("zuora-key-ignored"):
        return None
    if not value:
        raise declined(INVALID, "Idempotency-Key must not be empty")
    if len(value) == _LONGEST_KEY and world.lies("zuora-key-of-255-refused"):
        raise declined(INVALID, f"Idempotency-Key must have less than {_LONGEST_KEY} characters")
    if len(value) > _LONGEST_KEY and not world.lies("zuora-long-key-accepted"):
        raise declined(INVALID, f"Idempotency-Key must have at most {_LONGEST_KEY} characters")
    return value.lower() if world.lies("zuora-key-case-folded") else value


def gzip_above(request: Request, world: ZuoraWorld) -> int | None:
    """Tell above how many bytes the answer is to be compressed; None where the client takes no gzip."""
    named = any("gzip" in value.lower() for value in request.headers(b"accept-encoding"))
    asked = request.takes_gzip() or (named and world.lies("zuora-gzip-despite-q0"))
    if not asked or world.lies("zuora-gzip-never"):
        return None
    if world.lies("zuora-gzip-above-1024"):
        return 1024
    return 0 if world.lies("zuora-gzip-always") else _COMPRESS_ABOVE


async def body(request: Request, world: ZuoraWorld) -> object:
    """Read the JSON body, compressed or not; raises ``Declined``, ``BodyTimeout`` and ``ClientGone``."""
    if request.media_type() != "application/json":
        raise declined(INVALID, "Content-Type must be application/json")
    coding = (_single(request, "Content-Encoding") or "identity").lower()
    if coding not in (*GZIP, "identity"):
        raise declined(INVALID, "Content-Encoding must be gzip")
    try:
        raw = await request.body()
    except Invalid as refused:
        raise Declined(400, *reasons(refused.violations)) from None
    if coding in GZIP:
        raw = raw if world.lies("zuora-plain-body-accepted") and raw[:2] != b"\x1f\x8b" else _unpacked(raw)
    try:
        return read_json(raw)
    except Invalid as refused:
        raise Declined(400, *reasons(refused.violations, MALFORMED)) from None


def _unpacked(raw: bytes) -> bytes:
    parts: list[bytes] = []
    left = assumed.LARGEST_DECODED_BYTES
    for _ in range(assumed.MOST_GZIP_MEMBERS):
        reader = zlib.decompressobj(wbits=31)
        try:
            part = reader.decompress(raw, left + 1)
        except zlib.error:
            break
        left -= len(part)
        if left < 0:
            raise declined(INVALID, f"body must not be longer than {assumed.LARGEST_DECODED_BYTES} bytes once it is unpacked")
        if not reader.eof:
            break
        parts.append(part)
        raw = reader.unused_data
        if not raw:
            return b"".join(parts)
    raise declined(MALFORMED, "body is not gzip, as Content-Encoding says")


def _single(request: Request, name: str) -> str | None:
    values = request.headers(name.lower().encode())
    if len(values) > 1:
        raise declined(INVALID, f"{name} must not be sent twice")
    return values[0] if values else None
