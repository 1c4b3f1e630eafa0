"""The part of a journal that leads to a finding, as steps and as a script."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from payproof import excerpt, journal, shell
from payproof.errors import JournalError, UsageError
from payproof.excerpt import names, without

if TYPE_CHECKING:
    from pathlib import Path

TOKEN = "[redacted:secret:0123456789]"
CARD = "[redacted:pan:1111:0123456789]"


def exchange(number: int, method: str, path: str, *, sent: Any = None, came: Any = None, test: str = "t", **more: Any) -> dict[str, Any]:
    headers = [["Authorization", f"Bearer {TOKEN}"], ["X-Odd", 'a"$b`\\']]
    request = {"method": method, "url": f"http://127.0.0.1:9{path}", "headers": headers, "body": json.dumps(sent) if sent else ""}
    return {"kind": "exchange", "id": f"w0-{number}", "api": "a", "operation": "op", "tenant": "one", "test": test, "started": number,
            "elapsed": 1.0, "at": number, "request": request, "judged": [], "unjudged": {},
            "response": {"status": 200, "headers": [], "body": json.dumps(came) if came else ""}, **more}  # fmt: skip


FINDING = {"kind": "finding", "clause": "A-SAME", "api": "a", "operation": "op", "keyword": "must", "basis": "documented", "pointer": "/x",
           "expected": "1", "seen": "2\nrm -rf", "exchange": "w0-9", "fingerprint": "f" * 16}  # fmt: skip
STORY = (
    exchange(1, "POST", "/token", came={"access_token": TOKEN}),
    exchange(2, "POST", "/profiles", sent={"card": CARD, "cvv": "[redacted:cvv]"}, came={"id": "HMVVSW", "cards": [{"key": "card-7f3a"}]}),
    exchange(3, "POST", "/profiles", sent={"name": "another"}, came={"id": "KJRMBO"}),
    exchange(4, "GET", "/profiles/HMVVSW", came={"id": "HMVVSW", "cards": [{"key": "card-7f3a"}]}),
    {"kind": "act", "tenant": "one", "advance": 60.0},
    exchange(5, "GET", "/profiles/KJRMBO", came={"id": "KJRMBO"}),
    exchange(6, "PATCH", "/profiles/HMVVSW/cards/card-7f3a", sent={"default": True}),
    exchange(9, "GET", "/profiles/HMVVSW", came={"id": "HMVVSW"}),
    FINDING,
)


def write(path: Path, *records: dict[str, Any]) -> Path:
    with journal.Writer(path, {"clauses": []}) as writer:
        for record in records:
            writer.write(record)
        writer.close({})
    return path


def ids(steps: list[excerpt.Step]) -> list[str]:
    return [step.exchange.id for step in steps]


def test_slice_has_what_the_finding_depends_on(tmp_path: Path) -> None:
    """Who gave the names, and who changed what has them; not the other profile, and no read in between."""
    part = excerpt.read(write(tmp_path / "j", *STORY), "w0-9")

    assert ids(part.steps) == ["w0-1", "w0-2", "w0-3", "w0-4", "w0-5", "w0-6", "w0-9"]
    assert ids(part.sliced()) == ["w0-1", "w0-2", "w0-6", "w0-9"]
    assert [finding.clause for finding in part.findings] == ["A-SAME"]


def test_time_that_passed_before_a_step_is_kept_without_it(tmp_path: Path) -> None:
    """An advance moves on to the next step of the tenant; a script belonged to the step that is gone."""
    script = {"kind": "act", "tenant": "one", "script": [{"kind": "drop-after-commit"}]}
    part = excerpt.read(write(tmp_path / "j", *STORY[:5], script, *STORY[5:]), "w0-9")

    assert [act.get("advance") for act in part.sliced()[2].acts] == [60.0]
    assert [sorted(act) for act in part.steps[4].acts] == [["advance", "kind", "tenant"], ["kind", "script", "tenant"]]
    assert without(part.steps, {4, 5})[-1].acts == part.steps[4].acts[:1]


def test_act_before_the_first_exchange_of_a_test_belongs_to_it(tmp_path: Path) -> None:
    """The tenant is new, and so is the test; what stood before in the journal is of another."""
    act = {"kind": "act", "tenant": "one", "advance": 5.0}
    part = excerpt.read(write(tmp_path / "j", exchange(1, "GET", "/", test="s"), act, exchange(9, "GET", "/"), FINDING), "w0-9")

    assert ids(part.steps) == ["w0-9"]
    assert [one["advance"] for one in part.last.acts] == [5.0]


@pytest.mark.parametrize(
    ("wanted", "words"),
    [("w0-77", "there is no exchange 'w0-77'"), ("w0-6", "exchange w0-6 broke no clause"), ("F1", "there is no exchange 'F1'")],
)
def test_exchange_that_shows_nothing_is_refused(tmp_path: Path, wanted: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        excerpt.read(write(tmp_path / "j", *STORY), wanted)


def test_journal_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "j", *STORY)
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))

    with pytest.raises(JournalError, match="no footer"):
        excerpt.read(path, "w0-9")


@pytest.mark.parametrize(
    ("text", "one"), [("card-7f3a", True), ("991057573408", True), (TOKEN, True), ("ACTIVE", False), ("12345", False), ("", False)]
)
def test_what_can_name_one_thing(text: str, *, one: bool) -> None:
    assert names(text) is one


def test_script_keeps_values_and_quotes_the_rest(tmp_path: Path) -> None:
    """Ids come from the answers of the day, tokens from the environment, cards by name; nothing of a server is run."""
    text = shell.script(excerpt.read(write(tmp_path / "j", *STORY), "w0-9"), {"1111": "4111111111111111"})

    assert "CARD_1111=4111111111111111  # a published test card" in text
    assert "token" not in text.partition("set -euo")[2].partition("# 1.")[2].lower().replace("payproof_token", "")
    assert '"$BASE/profiles/${VALUE_1}/cards/${VALUE_2}"' in text
    assert "VALUE_1=$(jq -r '.[\"id\"]' <<<\"$ANSWER_1\")" in text
    assert '-H "X-Odd: a\\"\\$b\\`\\\\"' in text
    assert "# here 60 seconds passed on the clock of the server" in text
    assert "\nrm -rf" not in text
    assert TOKEN not in text
    assert CARD not in text


@pytest.mark.skipif(shutil.which("bash") is None, reason="the script is for bash, which is not there; install it to run this")
def test_script_is_one_for_bash(tmp_path: Path) -> None:
    """The shell reads it to its end, and stops at the first thing that is missing: the token."""
    (tmp_path / "script").write_text(shell.script(excerpt.read(write(tmp_path / "j", *STORY), "w0-9"), {}), encoding="utf-8")

    read = subprocess.run(["bash", "-n", "script"], cwd=tmp_path, capture_output=True, text=True, timeout=20, check=False)  # noqa: S607  # the bash of the machine
    run = subprocess.run(["bash", "script"], cwd=tmp_path, capture_output=True, text=True, timeout=20, check=False)  # noqa: S607  # the bash of the machine

    assert (read.returncode, read.stderr) == (0, "")
    assert run.returncode != 0
    assert "PAYPROOF_TOKEN: a token or secret" in run.stderr
