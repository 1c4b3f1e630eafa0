"""The headers of Zuora, the token endpoint, and the answers around every operation."""

from __future__ import annotations

import gzip
import json
import re
from typing import TYPE_CHECKING

import pytest

from tests.mock.zuora_caller import DOCUMENTED, Caller, caller, other

if TYPE_CHECKING:
    import httpx

__all__ = ["caller", "other"]

CONTENT = json.dumps(DOCUMENTED).encode()


def message(response: httpx.Response) -> str:
    text: str = response.json()["reasons"][0]["message"]
    return text


# --- Token endpoint ----------------------------------------------------------------------------------------------------


def test_token(caller: Caller) -> None:
    """The answer is the documented one, and the scope tells the entities."""
    token = caller.token().json()
    assert list(token) == ["access_token", "token_type", "expires_in", "scope", "jti"]
    assert (token["token_type"], token["expires_in"]) == ("bearer", 3599)
    assert re.fullmatch(rf"user\.\w+ entity\.{caller.names['entity']} tenant\.[0-9]+", token["scope"])
    scope = caller.token("multi_").json()["scope"]
    assert f"entity.{caller.names['entity']} entity.{caller.names['other_entity']} " in scope
    assert len(caller.names["client_id"]) == 36
    assert len(caller.names["client_secret"]) <= 42
    assert caller.token().json()["access_token"] != token["access_token"]


def test_token_expires(caller: Caller) -> None:
    """A token is good for as long as it says, by the tenant's clock."""
    caller.advance(3_590)
    assert caller.call("GET").status_code == 200
    caller.advance(10)
    response = caller.call("GET")
    assert response.status_code == 401
    assert response.json() == {"message": "Authentication error"}
    assert response.headers["www-authenticate"] == "Basic realm=Zuora API, ZSession realm=Zuora API, Bearer realm=Zuora API"
    assert caller.sign_in().call("GET").status_code == 200


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "00000000-0000-4000-a000-000000000000"}, 401, "invalid_client"),
        ({"client_id": "\u00e9"}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": ""}, 400, "invalid_request"),
        ({"client_id": ""}, 400, "invalid_request"),
        ({"client_secret": ["a", "b"]}, 400, "invalid_request"),
        ({"x": ["a", "b"]}, 400, "invalid_request"),
    ],
)
def test_token_refused(caller: Caller, change: dict[str, str], status: int, error: str) -> None:
    """Bad credentials get 401, everything else 400, without anything that was sent."""
    form = {"client_id": caller.names["client_id"], "client_secret": caller.names["client_secret"], "grant_type": "client_credentials"}
    response = caller.client.post("/oauth/token", data={**form, **change})
    assert response.status_code == status
    assert response.json()["error"] == error
    assert ("www-authenticate" in response.headers) is (status == 401)
    assert response.headers["cache-control"] == "no-store"


def test_token_is_no_json(caller: Caller) -> None:
    """Only a form is read, only by POST."""
    assert caller.client.post("/oauth/token", json={"grant_type": "client_credentials"}).status_code == 400
    assert caller.client.get("/oauth/token").status_code == 405
    assert caller.client.options("/oauth/token").headers["allow"] == "OPTIONS, POST"
    assert caller.client.post("/oauth/token", content=b"x" * 1_000_001).status_code == 400


def test_token_scripted(caller: Caller) -> None:
    """A scripted 429 has the documented headers of the token endpoint."""
    caller.script({"kind": "status", "status": 429, "retry_after": 7}, {"kind": "status", "status": 500})
    response = caller.token()
    assert response.status_code == 429
    assert response.headers["x-ratelimit-remaining-minute"] == "0"
    assert response.headers["retry-after"] == "7"
    assert caller.token().status_code == 500
    assert caller.token().status_code == 200


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer x", "Basic eDp5", "Bearer a b"])
def test_no_token(caller: Caller, authorization: str) -> None:
    """Without a good token every operation answers 401."""
    assert caller.call("GET", Authorization=authorization).status_code == 401
    assert caller.create(Authorization=authorization).status_code == 401
    assert caller.call("POST", "/1/cancel", Authorization=authorization).status_code == 401


# --- Answers -----------------------------------------------------------------------------------------------------------


def test_answer_headers(caller: Caller) -> None:
    """Each answer says who it is and what is left of the limits; concurrency belongs to 200."""
    good, bad = caller.create(), caller.create({})
    assert len(good.headers["zuora-request-id"]) == len(bad.headers["zuora-request-id"]) == 36
    assert good.headers["zuora-request-id"] != bad.headers["zuora-request-id"]
    assert good.headers["ratelimit-limit"] == "2250000, 50000;w=60, 2250000;w=3600, 27000000;w=86400"
    assert 0 < int(bad.headers["ratelimit-remaining"]) < 50_000
    assert 0 < int(bad.headers["ratelimit-reset"]) <= 60
    assert good.headers["concurrency-limit-type"] == "Default"
    assert good.headers["concurrency-limit-limit"] == "40"
    assert good.headers["concurrency-limit-remaining"] == "39"
    assert "concurrency-limit-type" not in bad.headers


@pytest.mark.parametrize(("status", "code"), [(429, "56789070"), (403, "56789010"), (503, "SystemError"), (500, "SystemError")])
def test_scripted_status(caller: Caller, status: int, code: str) -> None:
    """A scripted status has the documented body, and nothing is done."""
    caller.script({"kind": "status", "status": status, "retry_after": 2})
    response = caller.create(Zuora_Track_Id="t")
    assert response.status_code == status
    assert response.headers["retry-after"] == "2"
    assert response.headers["zuora-track-id"] == "t"
    assert response.json()["reasons"][0]["code"] == code
    assert ("success" in response.json()) is (status < 500)
    assert caller.created() == 0


def test_documented_500(caller: Caller) -> None:
    """The 500 after a commit has the documented body."""
    caller.script({"kind": "fail-after-commit"})
    response = caller.create()
    assert (response.status_code, response.json()) == (500, {"reasons": [{"code": "SystemError", "message": "internal server error"}]})
    assert caller.created() == 1


def test_unknown_members(caller: Caller) -> None:
    """Unknown members can be scripted into an answer."""
    caller.create()
    caller.script({"kind": "unknown-members"})
    assert "futureMember" in caller.call("GET").json()["profiles"][0]


def test_methods_and_paths(caller: Caller) -> None:
    """Known paths say which methods they have, unknown ones are not found, HEAD is a GET without body."""
    assert caller.call("OPTIONS").headers["allow"] == "GET, HEAD, OPTIONS, POST"
    refused = caller.call("DELETE")
    assert refused.status_code == 405
    assert refused.json()["reasons"][0]["code"].endswith("45")
    assert caller.call("GET", "/1/cancel").headers["allow"] == "OPTIONS, POST"
    for rest in ("/1", "/1/revive", "/", "//cancel", "/1/cancel/"):
        assert caller.call("POST", rest).status_code == 404
    head = caller.call("HEAD")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(caller.call("GET").content))


# --- Zuora-Track-Id ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["a", "t" * 64, "with space, and (other) signs!", "", "<b>\\\\&</b>"])
def test_track_id_comes_back(caller: Caller, value: str) -> None:
    """A good value comes back with every kind of answer."""
    answers = [
        caller.create(Zuora_Track_Id=value),
        caller.create({}, Zuora_Track_Id=value),
        caller.call("GET", Zuora_Track_Id=value),
        caller.call("POST", "/1/cancel", Zuora_Track_Id=value),
        caller.call("POST", "/9/expire", Zuora_Track_Id=value),
        caller.call("GET", Zuora_Track_Id=value, Authorization="Bearer x"),
        caller.call("PUT", Zuora_Track_Id=value),
    ]
    assert [each.status_code for each in answers] == [200, 400, 200, 200, 404, 401, 405]
    assert [each.headers["zuora-track-id"] for each in answers] == [value] * 7
    assert "zuora-track-id" not in caller.create().headers


@pytest.mark.parametrize("value", ["t" * 65, "a:b", "a;b", 'a"b', "a'b", "caf\u00e9"])
def test_bad_track_id(caller: Caller, value: str) -> None:
    """A bad value is refused by name and does not come back."""
    for verb, body in (("POST", DOCUMENTED), ("GET", None)):
        sent = {**caller.headers, "Zuora-Track-Id": value.encode("latin-1")}
        response = caller.client.request(verb, caller.path(), headers=sent, json=body)  # type: ignore[arg-type]  # bytes go beside texts
        assert response.status_code == 400
        assert message(response).startswith("Zuora-Track-Id ")
        assert "zuora-track-id" not in response.headers
    assert caller.created() == 0


# --- Zuora-Entity-Ids, Zuora-Org-Ids, Zuora-Version --------------------------------------------------------------------


def test_multi_entity(caller: Caller) -> None:
    """A token for two entities needs one of them, and sees what is in it."""
    caller.sign_in("multi_")
    missing = caller.create()
    assert (missing.status_code, missing.json()["reasons"][0]["code"]) == (400, "56789023")
    assert message(missing).startswith("Zuora-Entity-Ids ")
    assert caller.create(Zuora_Entity_Ids=caller.names["entity"]).status_code == 200
    assert caller.create(Zuora_Entity_Ids=caller.names["other_entity"]).status_code == 404
    assert caller.created() == 1


@pytest.mark.parametrize("kind", ["", "multi_"])
def test_foreign_entity(caller: Caller, other: Caller, kind: str) -> None:
    """An entity that the token is not valid for is refused, and so are two at once."""
    caller.sign_in(kind)
    for foreign in (other.names["entity"], "unknown"):
        response = caller.create(Zuora_Entity_Ids=foreign)
        assert (response.status_code, response.json()["reasons"][0]["code"]) == (403, "56789010")
    for wrong in ("", f"{caller.names['entity']},{caller.names['other_entity']}"):
        assert caller.create(Zuora_Entity_Ids=wrong).status_code == 400
    assert caller.created() == 0


def test_single_entity(caller: Caller) -> None:
    """A single-entity token knows its entity, and no other one of the same user."""
    assert caller.create(Zuora_Entity_Ids=caller.names["entity"]).status_code == 200
    assert caller.create(Zuora_Entity_Ids=caller.names["other_entity"]).status_code == 403


def test_orgs(caller: Caller, other: Caller) -> None:
    """Any subset of the user's orgs is accepted, anything beyond fails."""
    own, second, foreign = caller.names["org"], caller.names["other_org"], other.names["org"]
    for good in (own, second, f"{own},{second}", f"{second} , {own}", f"{own},{own}"):
        assert caller.create(Zuora_Org_Ids=good).status_code == 200
    for bad, status in ((foreign, 403), (f"{own},{foreign}", 403), ("unknown", 403), ("", 400), (f"{own},", 400)):
        response = caller.create(Zuora_Org_Ids=bad)
        assert response.status_code == status
        assert message(response).startswith("Zuora-Org-Ids ")
    assert caller.created() == 5


@pytest.mark.parametrize("version", ["2025-08-12", "186.0", "9999", "none"])
def test_version(caller: Caller, version: str) -> None:
    """Any version is accepted."""
    assert caller.create(Zuora_Version=version).status_code == 200


@pytest.mark.parametrize("name", ["Zuora-Track-Id", "Zuora-Entity-Ids", "Zuora-Org-Ids", "Idempotency-Key", "Content-Encoding"])
def test_repeated_header(caller: Caller, name: str) -> None:
    """A header that is sent twice is refused by name."""
    value = caller.names.get({"Zuora-Entity-Ids": "entity", "Zuora-Org-Ids": "org"}.get(name, ""), "identity")
    headers = [*caller.headers.items(), (name, value), (name, value)]
    response = caller.client.post(caller.path(), headers=headers, json=DOCUMENTED)
    assert (response.status_code, message(response)) == (400, f"{name} must not be sent twice")
    assert caller.created() == 0


# --- Accept-Encoding and Content-Encoding ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accepted", "compressed"),
    [
        ("gzip", True),
        ("GZIP", True),
        ("x-gzip", True),
        ("br, gzip;q=0.5", True),
        ("*", True),
        ("gzip;q=1.000", True),
        ("gzip;q=0", False),
        ("gzip; q=0.0, *", False),
        ("*;q=0", False),
        ("identity", False),
        ("deflate, br", False),
        ("", False),
        ("gzip;q=nonsense", False),
    ],
)
def test_accept_encoding(caller: Caller, accepted: str, compressed: bool) -> None:  # noqa: FBT001 - a table of cases
    """Answers above 1000 bytes are compressed for those who take gzip, smaller ones never."""
    small = caller.create(Accept_Encoding=accepted)
    assert "content-encoding" not in small.headers
    for _ in range(4):
        caller.create()
    large = caller.call("GET", Accept_Encoding=accepted)
    assert large.headers.get("content-encoding") == ("gzip" if compressed else None)
    assert len(large.json()["profiles"]) == 5


def test_a_thousand_bytes(caller: Caller) -> None:
    """1000 bytes are not compressed, 1001 are."""
    caller.create()
    caller.create()
    caller.create({**DOCUMENTED, "consentAgreementRef": ""})
    missing = 1000 - len(caller.call("GET").content)
    assert 0 < missing <= 128
    caller.call("POST", "/3/cancel")
    for length, encoding in ((missing, None), (missing + 1, "gzip")):
        number = caller.create({**DOCUMENTED, "consentAgreementRef": "r" * length}).json()["number"]
        response = caller.call("GET", Accept_Encoding="gzip")
        assert len(response.content) == 1000 + (encoding is not None)
        assert response.headers.get("content-encoding") == encoding
        caller.call("POST", f"/{number}/cancel")


@pytest.mark.parametrize("coding", ["gzip", "GZip", "x-gzip"])
def test_compressed_request(caller: Caller, coding: str) -> None:
    """A compressed body is read, in several members too."""
    assert caller.create(gzip.compress(CONTENT), Content_Encoding=coding).status_code == 200
    assert caller.create(gzip.compress(CONTENT[:9]) + gzip.compress(CONTENT[9:]), Content_Encoding=coding).status_code == 200
    assert caller.create(CONTENT, Content_Encoding="identity").status_code == 200


PACKED = gzip.compress(CONTENT)


@pytest.mark.parametrize(
    ("content", "coding"),
    [
        pytest.param(CONTENT, "gzip", id="not compressed"),
        pytest.param(PACKED[:-1], "gzip", id="cut"),
        pytest.param(PACKED[:10], "gzip", id="only a head"),
        pytest.param(PACKED + b"x", "gzip", id="something behind"),
        pytest.param(PACKED[:-8] + b"\0" * 8, "gzip", id="wrong checksum"),
        pytest.param(b"", "gzip", id="empty"),
        pytest.param(gzip.compress(PACKED), "gzip", id="compressed twice"),
        pytest.param(gzip.compress(b"") * 50_000, "gzip", id="empty members"),
        pytest.param(gzip.compress(b" " * 1_000_001), "gzip", id="too long"),
        pytest.param(gzip.compress(b" " * 500_000_000, 1)[:900_000], "gzip", id="bomb"),
        pytest.param(gzip.compress(b"\xff"), "gzip", id="no UTF-8"),
        pytest.param(PACKED, "gzip, gzip", id="a list"),
        pytest.param(CONTENT, "br", id="another coding"),
        pytest.param(CONTENT, "", id="an empty coding that is sent"),
    ],
)
def test_wrong_compression(caller: Caller, content: bytes, coding: str) -> None:
    """What is not what Content-Encoding says is refused, and nothing changes."""
    response = caller.create(content, Content_Encoding=coding)
    assert response.status_code == (200 if coding == "" else 400)
    assert caller.created() == (coding == "")
