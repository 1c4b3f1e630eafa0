"""A finding taken from a journal and sent again, as a user does it."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from payproof.again import published_accounts, published_cards
from payproof.cli.replay import command
from payproof.errors import Exit, PayproofError, TargetError, UsageError

if TYPE_CHECKING:
    from pathlib import Path


def run(payproof: Any, root: Path, out: Path, fault: str, keyword: str) -> dict[str, Any]:
    """Run a part of the suites against a lie, and give the first finding."""
    done = payproof("run", "--kit", str(root), "--fault", fault, "-k", keyword, "--workers", "1", "--out", str(out))
    found: list[dict[str, Any]] = json.loads((out / "verdict.json").read_text(encoding="utf-8"))["findings"]
    assert found, done.stdout + done.stderr
    return found[0]


def aged(path: Path) -> str:
    """Write a journal as an earlier version would have, whose headers did not name kit, variants and clock."""
    lines = path.read_bytes().splitlines(keepends=True)
    header, footer = json.loads(lines[0]), json.loads(lines[-1])
    lines[0] = json.dumps({name: value for name, value in header.items() if name not in {"kit", "variants", "clock"}}).encode() + b"\n"
    lines[-1] = json.dumps(footer | {"sha256": hashlib.sha256(b"".join(lines[:-1])).hexdigest()}).encode()
    old = path.with_name("old.jsonl")
    old.write_bytes(b"".join(lines))
    return str(old)


def test_finding_is_confirmed_by_few_requests_and_not_on_an_honest_server(payproof: Any, root: Path, tmp_path: Path) -> None:
    """The chain is as short as can be, gets ids of its own, and shows nothing where nobody lies; an old journal does as well."""
    found = run(payproof, root, tmp_path / "out", "stale-default-copy", "renewed_card")
    path = str(tmp_path / "out" / "journal.jsonl")

    lying = payproof("replay", aged(tmp_path / "out" / "journal.jsonl"), found["id"], "--kit", str(root))
    honest = payproof("replay", path, found["exchange"], "--target", "mock")

    assert lying.returncode == Exit.NOT_CONFORMANT, lying.stdout + lying.stderr
    assert f"{found['clause']}: confirmed by 2 requests" in lying.stdout
    assert honest.returncode == Exit.CONFORMANT, honest.stdout + honest.stderr
    assert f"{found['clause']}: not reproduced" in honest.stdout
    assert json.loads((tmp_path / "out" / "verdict.json").read_text(encoding="utf-8"))["findings"][0] == found


def test_wrong_arguments_are_named(payproof: Any, tmp_path: Path) -> None:
    path = tmp_path / "none.jsonl"

    done = payproof("replay", str(path), "w0-1")

    assert (done.returncode, done.stderr) == (Exit.UNVERIFIED, f"payproof: {path}: cannot be read: No such file or directory\n")


@pytest.mark.parametrize(
    ("folder", "kind", "words"),
    [
        pytest.param(".", UsageError, "has no API 'parking-accounts', which the finding is about", id="kit-without-the-api"),
        pytest.param("tests/kits/parking", TargetError, "mock gives its tenants no credential 'garage_key'", id="target-without-the-api"),
    ],
)
def test_finding_of_an_api_that_is_not_there(root: Path, folder: str, kind: type[PayproofError], words: str) -> None:
    """The journal of another kit, and a target that serves another: one message that says what to name."""
    example = root / "reports" / "example" / "journal.jsonl"

    with pytest.raises(kind, match=words):
        command.main([str(example), "F1", "--kit", str(root / folder), "--target", "mock"], standalone_mode=False)


def test_cards_of_a_kit_are_those_that_it_names(tmp_path: Path) -> None:
    """By their last digits; a number that is none by its check digit stands back."""
    (tmp_path / "suites").mkdir()
    (tmp_path / "suites" / "a.py").write_text("CARDS = ['4111111111111111', '9999999999991111', '1234561111119999']", encoding="utf-8")

    assert published_cards(tmp_path) == {"1111": "4111111111111111", "9999": "1234561111119999"}


def test_accounts_of_a_kit_are_those_that_it_shows(tmp_path: Path) -> None:
    """By the member that carries them, however the file writes it."""
    (tmp_path / "suites").mkdir()
    (tmp_path / "suites" / "a.py").write_text("BODY = {'iban': 'DE89370400440532013000', 'ibanOwner': 'JOHN1234'}", encoding="utf-8")
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / "b.yaml").write_text("example: {account: 12345678, ibans: 1}", encoding="utf-8")

    assert published_accounts(tmp_path, ["iban", "account", "other"]) == {"iban": "DE89370400440532013000", "account": "12345678"}


def test_hidden_account_is_sent_as_the_one_that_the_kit_shows(payproof: Any, root: Path, tmp_path: Path) -> None:
    """A method that is no card is hidden as well, and its story can be repeated all the same."""
    found = run(payproof, root, tmp_path / "out", "delete-loses-default", "kinds_of_method_in_one_profile")

    done = payproof("replay", str(tmp_path / "out" / "journal.jsonl"), found["id"])

    assert done.returncode == Exit.NOT_CONFORMANT, done.stdout + done.stderr
    assert f"{found['clause']}: confirmed by" in done.stdout
