"""The last look: what the redactor missed is found, and never handed on."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from payproof.allurelog import SafeLogger
from payproof.errors import Exit
from payproof.redact import Redactor
from payproof.scan import Scan

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CARD = "4111111111111111"
ACCOUNT = "123456789012"
TOKEN = "tok-4f1c9a77e2"
ODD = "geheim! ü 12"


@pytest.fixture
def scan() -> Scan:
    """A scan that knows a card number and two secrets."""
    made = Scan()
    made.learn([CARD, "123", ACCOUNT, "000000000000"], [TOKEN, ODD, "short"])
    return made


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        pytest.param(CARD, "a card number", id="plain"),
        pytest.param(f'{{"n": {CARD}}}', "a card number", id="json"),
        pytest.param("4111 1111-1111.1111", "a card number", id="grouped"),
        pytest.param("4111\u00a01111\u00a01111\u00a01111", "a card number", id="fixed-spaces"),
        pytest.param(f"12/26 {CARD} 123", "a card number", id="between-other-digits"),
        pytest.param(f"12 {CARD[:4]} {CARD[4:8]} {CARD[8:12]} {CARD[12:]} 99", "a card number", id="grouped-between-other-digits"),
        pytest.param("?n=4111%201111%201111%201111", "a card number", id="percent-encoded"),
        pytest.param("%34111111111111111", "a card number", id="percent-encoded-digit"),
        pytest.param(base64.b64encode(f"n={CARD};".encode()).decode(), "a card number in base64", id="base64"),
        pytest.param(f'{{"account": "{ACCOUNT}"}}', "a card number", id="account"),
        pytest.param(f"Bearer {TOKEN}", "a secret", id="token"),
        pytest.param(quote(f"x={TOKEN}&y") + "%20", "a secret", id="percent-encoded-token"),
        pytest.param(json.dumps(TOKEN.replace("-", r"\u002d")), "a secret", id="escaped-token"),
        pytest.param(json.dumps(rf"\u0034{CARD[1:]}"), "a card number", id="escaped-digit"),
        pytest.param(f"said {ODD}.", "a secret", id="odd-secret"),
        pytest.param(json.dumps(f"token:\n{TOKEN}"), "a secret", id="behind-an-escaped-line-end"),
        pytest.param(json.dumps(json.dumps(f"account:\t{ACCOUNT}")), "a card number", id="behind-a-tab-escaped-twice"),
    ],
)
def test_value_of_the_run_is_found(scan: Scan, tmp_path: Path, text: str, kind: str) -> None:
    """The line and the kind are said, the value is not."""
    (tmp_path / "x").write_text(f"first\nbefore {text}\nlast\n", encoding="utf-8")

    said = scan.look(tmp_path / "x")

    assert said == f"line 2 holds {kind}"
    assert CARD not in said


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("4222222222222", id="another-card"),
        pytest.param(f"{CARD}0", id="longer-number"),
        pytest.param("4111-1111-1111", id="shorter-number"),
        pytest.param(f"{TOKEN}x", id="longer-word"),
        pytest.param("short 123", id="too-short-to-be-told"),
        pytest.param("[redacted:pan:1111:0123456789]", id="marker"),
        pytest.param("2026-11-20T10:11:12.123456Z 8d452494-1234-4111-8111-111111111111", id="time-and-id"),
        pytest.param("/payments/00000000-0000-4000-8000-000000000000/captures", id="account-by-chance-in-an-id"),
        pytest.param("", id="nothing"),
    ],
)
def test_other_text_is_not_taken_for_it(scan: Scan, tmp_path: Path, text: str) -> None:
    (tmp_path / "x").write_text(text, encoding="utf-8")

    assert scan.look(tmp_path / "x") == ""


def test_bytes_that_are_no_text_are_looked_at(scan: Scan, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\xff\xfe\x00\n" + CARD.encode())

    assert scan.look(tmp_path / "x") == "line 2 holds a card number"


def test_text_of_a_verdict_is_withheld_and_the_rest_stays(scan: Scan) -> None:
    """The word stands in the place of the whole text, at every depth; what holds nothing, and what is no text, is as it was."""
    hits: list[str] = []

    cleaned = scan.cleaned({"exit": 1, "rows": [{"seen": f"said {TOKEN}", "at": "/id"}, [f"4111-{CARD[4:]}", None, True]]}, hits)

    assert cleaned == {"exit": 1, "rows": [{"seen": "[withheld: a secret]", "at": "/id"}, ["[withheld: a card number]", None, True]]}
    assert hits == ["a secret", "a card number"]


LEAKY = f"""
from payproof.redact import Redactor

Redactor.{{method}} = lambda self, text: text


def test_leak(apis):
    apis.session.redactor.learn_card("{CARD}")
    apis["vouchers"].call("getVoucher", path={{{{"id": "v-{CARD}"}}}})
    {{more}}
"""
OTHER = f"""pass


def test_other(apis):
    raise RuntimeError("{CARD}")
"""


@pytest.mark.parametrize(
    ("method", "more", "withheld"),
    [
        pytest.param(
            "text", OTHER,
            ("journal.jsonl is withheld, and so are the reports made of it", "verdict.json: a text that holds a card number is withheld"),
            id="journal-and-verdict",
        ),
        pytest.param("prose", f"assert '{CARD}' == 'x'", ("-result.json is withheld: line 1 holds a card number",), id="a-report"),
    ],
)
def test_file_that_holds_a_card_number_is_withheld(
    run_tiny: Callable[[Path, str], Any], tmp_path: Path, method: str, more: str, withheld: tuple[str, ...]
) -> None:
    """A redactor that fails: exit 3, an error of the suite that names the file, and no file with the number."""
    done = run_tiny(tmp_path / "out", LEAKY.format(method=method, more=more))

    said = json.loads((tmp_path / "out" / "verdict.json").read_text(encoding="utf-8"))
    left = [path.name for path in (tmp_path / "out").rglob("*") if path.is_file() and CARD in path.read_text(encoding="utf-8")]
    assert left == []
    messages = "\n".join(error["message"] for error in said["suite_errors"])
    assert [part for part in withheld if part not in messages] == []
    assert (said["conformant"], said["complete"]) == (False, False)
    assert [api["conformant"] for api in said["apis"]] == [False]
    assert done.returncode in {Exit.INCOMPLETE, Exit.NOT_CONFORMANT}
    assert CARD not in done.stdout + done.stderr


def test_what_a_failed_test_shows_is_hidden(run_tiny: Callable[[Path, str], Any], tmp_path: Path) -> None:
    """Compared bodies, printed text and logs of a test hold a number, a code and a token; nothing that is written does."""
    suite = f'''
import logging


def test_it(apis):
    apis.session.redactor.learn_secret("{TOKEN}")
    print("4111 1111 1111 1111")
    logging.getLogger("x").warning("token {TOKEN}")
    assert {{"card": "{CARD}", "token": "{TOKEN}"}} == {{}}
'''
    done = run_tiny(tmp_path / "out", suite)

    written = {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert [name for name, text in written.items() if CARD in text or TOKEN in text or "4111 1111" in text] == []
    assert any("[redacted:pan:1111" in text for name, text in written.items() if name.endswith("-result.json"))
    assert any("[redacted:secret" in text for name, text in written.items() if name.endswith("attachment.txt"))
    assert CARD not in done.stdout + done.stderr


def test_attached_file_is_hidden(tmp_path: Path) -> None:
    """A file that a suite attaches is text, and passes the redactor, too."""
    (tmp_path / "mine.txt").write_text(f"n={CARD}", encoding="utf-8")
    logger = SafeLogger(str(tmp_path / "results"), Redactor({}).prose)

    logger.report_attached_file(str(tmp_path / "mine.txt"), "a.txt")

    assert (tmp_path / "results" / "a.txt").read_text(encoding="utf-8").startswith("n=[redacted:pan:1111:")
