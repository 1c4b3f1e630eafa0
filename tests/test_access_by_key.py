"""A provider whose key is not in Authorization: in a header of its own, in the query, or in a cookie."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from payproof import kit as kits
from payproof.door import Door
from tests.test_sixth_provider import API, FOLDER, KEY, judged, server, verdicts

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

DOORS = {
    "header": ("header, name: Garage-Key", 'headers: {Garage-Key: "{garage_key}", Idempotency', '!("garage-key" in request.headers)',
               'headers={"Garage-Key": None}'),
    "query": ("query, name: garage_key", 'query: {garage_key: "{garage_key}"}\n  headers: {Idempotency', '!("garage_key" in query)',
              'query={"garage_key": None}'),
    "cookie": ("cookie, name: garage_key", 'headers: {Cookie: "garage_key={garage_key}", Idempotency', '!("cookie" in request.headers)',
               'headers={"Cookie": None}'),
}  # fmt: skip
"""For each place of a key what changes in the kit: the scheme, how a caller is let in, the clause, the test."""
SUITES = "nobody_gets_in or (each_constraint and (openAccount or getAccount))"


def moved(where: str, folder: Path) -> Path:
    """Copy the parking kit and put the key into another place."""
    kit = folder / "kit"
    shutil.copytree(FOLDER, kit)
    scheme, access, clause, test = DOORS[where]
    for name, old, new in (
        (f"specs/{API}.yaml", "{type: http, scheme: bearer,", f"{{type: apiKey, in: {scheme},"),
        (f"contracts/{API}.yaml", 'headers: {Authorization: "Bearer {garage_key}", Idempotency', access),
        (f"contracts/{API}.yaml", '!("authorization" in request.headers)', clause),
        ("suites/test_accounts.py", 'headers={"Authorization": None}', test),
    ):
        text = (kit / name).read_text(encoding="utf-8")
        assert text.count(old) == 1
        (kit / name).write_text(text.replace(old, new), encoding="utf-8")
    return kit


@pytest.mark.slow
@pytest.mark.parametrize("where", ["header", "query"])
def test_key_is_judged_where_it_is(payproof: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path, where: str) -> None:
    """The honest server lets in who has the key and nobody else, and every constraint on the key is violated."""
    kit = moved(where, tmp_path)
    with server("--key-in", where, "--no-control") as url:
        _, said, output = judged(payproof, tmp_path / "out", url, "--depth", "smoke", "--workers", "1", "-k", SUITES, kit=kit,
                                 PAYPROOF_GARAGE_KEY=KEY)  # fmt: skip

    assert verdicts(said, "failed") == set(), output
    assert said["suite_errors"] == []
    assert {"PARK-KEY-MISSING", "openAccount.rejects-invalid", "getAccount.rejects-invalid"} <= verdicts(said, "passed")
    (row,) = (row for row in said["generated"] if row["operation"] == "getAccount")
    assert row["violated"] == row["constraints"] > 2, output
    assert row["named"] == row["refused"]
    written = [path.name for path in (tmp_path / "out").rglob("*") if path.is_file() and KEY in path.read_text(encoding="utf-8")]
    assert written == [], "the key is a secret wherever it is"


@pytest.mark.slow
def test_server_that_asks_for_no_key(payproof: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path) -> None:
    """A server that serves everybody breaks the clause of access, and that of requests that must be refused."""
    kit = moved("query", tmp_path)
    with server("--key-in", "query", "--no-control", "--fault", "lets-anybody-in") as url:
        code, said, output = judged(payproof, tmp_path / "out", url, "--depth", "smoke", "--workers", "1", "-k", SUITES, kit=kit,
                                    PAYPROOF_GARAGE_KEY=KEY)  # fmt: skip

    assert code == 1, output
    assert verdicts(said, "failed") == {"PARK-KEY-MISSING", "openAccount.rejects-invalid", "getAccount.rejects-invalid"}
    places = {finding["pointer"] for finding in said["findings"] if finding["clause"] == "openAccount.rejects-invalid"}
    assert places == {"/query/garage_key"}


@pytest.mark.parametrize("where", DOORS)
def test_key_is_asked_for_and_hidden(tmp_path: Path, where: str) -> None:
    """The credential that the place names is one that a caller needs, and is a secret."""
    kit = kits.load(moved(where, tmp_path))

    assert kit.credentials([API]) == ("garage_key",)
    assert "garage_key" in kit.secrets()


@pytest.mark.parametrize(
    ("scheme", "place", "written"),
    [
        ({"type": "http", "scheme": "bearer"}, "/header/Authorization", "word"),
        ({}, "/header/Authorization", "word"),  # a scheme that the spec asks for and does not describe
        ({"type": "apiKey", "in": "header", "name": "Garage-Key"}, "/header/Garage-Key", "word"),
        ({"type": "apiKey", "in": "query", "name": "garage_key"}, "/query/garage_key", "word"),
        ({"type": "apiKey", "in": "cookie", "name": "garage_key"}, "/header/Cookie", "garage_key=word"),
    ],
)
def test_place_of_a_scheme(scheme: dict[str, str], place: str, written: str) -> None:
    """Every scheme of OpenAPI has a place in a request."""
    door = Door.of(scheme)

    assert (door.pointer, door.written("word")) == (place, written)
    assert door.bare is (scheme.get("type") == "apiKey")
