"""How conformance suites go falsely green: each mechanism is provoked here, and the run must not come out conformant."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from payproof import journal, verdict
from payproof.errors import JournalError
from payproof.exchange import Exchange, Intent, Request, Response
from payproof.generated import Generated
from payproof.judge import Judge
from payproof.redact import Redactor

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    from payproof.kit import Kit

    Payproof = Callable[..., subprocess.CompletedProcess[str]]

READ_BACK = '''
import pytest

@pytest.mark.api("jpmorgan-profiles")
def test_read_back(apis):
    """A profile is made and read."""
    api = apis["jpmorgan-profiles"]
    body = {"profilePaymentMethod": {"cardList": [{"accountNumber": "4012000033330026"}]}}
    made = api.call("createConsumerProfile", body=body)
    assert made.status == 200
    assert api.call("getConsumerProfile", path={"consumer-profile-id": made.body["consumerProfileId"]}).status == 200
'''


def small_kit(root: Path, folder: Path, suite: str) -> Path:
    """Copy the kit's specs and contracts, with one suite of the test's own."""
    for name in ("specs", "contracts"):
        shutil.copytree(root / name, folder / name)
    (folder / "suites").mkdir()
    shutil.copy(root / "conftest.py", folder / "conftest.py")
    (folder / "suites" / "test_small.py").write_text(suite, encoding="utf-8")
    return folder


def result(out: Path) -> dict[str, Any]:
    """Read the verdict of a run."""
    read: dict[str, Any] = json.loads((out / "verdict.json").read_text(encoding="utf-8"))
    return read


def header(**changed: Any) -> dict[str, Any]:
    """Give a journal header with two clauses of one operation."""
    clauses = [{"id": name, "api": "a", "operation": "get", "keyword": "must", "basis": "documented", "text": name, "needs": []}
               for name in ("get.status", "A-ONE")]  # fmt: skip
    return {
        "source": "run", "target": "mock", "mock": True, "has": [], "faults": [], "depth": "smoke", "seed": 1, "strict": False,
        "partial": False, "started": "2026-11-21T00:00:00.000Z", "scope": {"apis": ["a"], "clauses": None},
        "apis": [{"id": "a", "spec_sha256": "0" * 64, "contract_sha256": "0" * 64, "contract_version": 1}], "clauses": clauses,
        "operations": [{"api": "a", "id": "get", "method": "GET", "resources": ["thing"]}], **changed,
    }  # fmt: skip


def exchange(number: int, judged: list[int], status: int = 200) -> dict[str, Any]:
    """Give a journal record of an exchange."""
    return {"kind": "exchange", "id": f"w0-{number}", "operation": "get", "judged": judged, "unjudged": {}, "test": "t",
            "response": {"status": status}}  # fmt: skip


def decided(*records: dict[str, Any], **changed: Any) -> dict[str, Any]:
    """Give the verdict on some records."""
    count = verdict.Count(header(**changed))
    for record in records:
        count.add(record)
    footer = {"finished": "2026-11-21T00:00:01.000Z", "stopped": [], "gaps": []}
    return verdict.decide(count, footer, "0" * 64, version="0")


def test_everything_judged_is_conformant() -> None:
    """The positive control of the rows below."""
    said = decided(exchange(1, [0, 1]))

    assert (said["conformant"], said["complete"], said["exit"]) == (True, True, 0)


@pytest.mark.parametrize("entry", ["command", "pytest"])
def test_f1_nothing_selected(payproof: Payproof, root: Path, tmp_path: Path, entry: str) -> None:
    """F1: no suite matches, so nothing fails. Expect an incomplete run, not a green one."""
    kit = small_kit(root, tmp_path / "kit", READ_BACK)
    out = tmp_path / "out"
    if entry == "command":
        done = payproof("run", "--kit", str(kit), "--out", str(out), "-k", "no_such_suite", "--workers", "1")
    else:
        done = payproof("-m-pytest", str(kit / "suites"), "--target=mock", f"--kit={kit}", f"--out={out}", "-k", "no_such_suite",
                        cwd=kit)  # fmt: skip

    assert done.returncode == 3, done.stdout + done.stderr
    assert result(out)["conformant"] is False
    assert result(out)["counts"]["exchanges"] == 0


def test_f1_no_exchange_and_no_clause() -> None:
    """F1: zero of zero is not everything."""
    assert decided()["exit"] == 3
    assert decided(exchange(1, []), clauses=[])["exit"] == 3


def test_f2_clauses_of_contract_and_verdict_are_the_same(kit: Kit) -> None:
    """F2: a clause that nobody judged is named as not run, and a record cannot speak of a clause that the header lacks."""
    said = decided(exchange(1, [0]))

    assert [row["id"] for row in said["clauses"]] == ["get.status", "A-ONE"]
    assert [row["verdict"] for row in said["clauses"]] == ["passed", "not_run"]
    assert (said["conformant"], said["exit"]) == (False, 3)
    with pytest.raises(IndexError):
        decided(exchange(1, [7]))
    assert len({clause.id for clause in kit.clauses()}) == len(list(kit.clauses()))


def test_f3_one_passed_does_not_cover_for_others() -> None:
    """F3: a group of clauses with one success and the rest unjudged is not conformant, nor is its API."""
    said = decided(exchange(1, [1]))

    assert said["counts"]["passed"] == 1
    assert said["apis"][0]["conformant"] is False


def test_f4_narrowed_run_is_partial(payproof: Payproof, root: Path, tmp_path: Path) -> None:
    """F4: a run narrowed by -k, by --api or by --clause says that it is partial."""
    kit = small_kit(root, tmp_path / "kit", READ_BACK)
    for number, narrowed in enumerate((["-k", "read_back"], ["--api", "jpmorgan-profiles"], ["--clause", "CPM-NO-FULL-NUMBER"])):
        out = tmp_path / f"out{number}"
        payproof("run", "--kit", str(kit), "--out", str(out), "--workers", "1", *narrowed)

        assert result(out)["partial"] is True
    assert [row["id"] for row in result(out)["clauses"]] == ["CPM-NO-FULL-NUMBER"]


def test_f6_skipped_test_leaves_its_clauses_not_run(payproof: Payproof, root: Path, tmp_path: Path) -> None:
    """F6: a missing prerequisite skips the only test. Expect not-run clauses and exit 3."""
    suite = READ_BACK.replace("    api = apis", '    pytest.skip("no merchant account")\n    api = apis')
    kit = small_kit(root, tmp_path / "kit", suite)

    done = payproof("run", "--kit", str(kit), "--out", str(tmp_path / "out"), "--workers", "1")

    assert done.returncode == 3
    assert result(tmp_path / "out")["counts"]["passed"] == 0


def test_f7_refusal_for_another_reason_is_a_hole(kit: Kit) -> None:
    """F7: a wrong card number is refused with 404 because the profile is unknown. Expect a hole and a gap, no proof."""
    url = "http://127.0.0.1/api/v2/mmp/consumer-profiles/NOSUCH/payment-methods"
    headers = (("Authorization", "Bearer t"), ("merchantIdentifier", "998482157630"), ("Content-Type", "application/json"))
    request = Request("POST", url, headers, b'{"cardList": [{"accountNumber": "12"}]}')
    body = b'{"responseStatus": "ERROR", "responseCode": "MP_404", "responseMessage": "accountNumber is not looked at"}'
    intent = Intent("refuse", "body", "/cardList/0/accountNumber", "minLength")
    masked = Exchange("w0-1", request, Response(404, (("content-type", "application/json"),), body), 1.0, 1.0, intent=intent)
    judge = Judge(kit.contracts.values(), Redactor({}), has=frozenset())

    judgement = judge.judge(masked)

    assert "masked" in judgement.hole
    counted = Generated(kit, ["jpmorgan-profiles"], "smoke")
    index = {clause.id: number for number, clause in enumerate(kit.clauses())}
    counted.add(journal.exchange_record(masked, judgement, Redactor({}), index))
    assert any("name the changed member" in gap["what"] for gap in counted.gaps())


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--target", "ftp://example.test"], 2),
        (["--api", "no-such-api"], 2),
        (["--fault", "no-such-fault"], 2),
        (["--clause", "NO-SUCH-CLAUSE"], 2),
        (["--clock", "yesterday"], 2),
        (["--depth", "bottomless"], 2),
        (["--out", "/proc/payproof"], 3),
    ],
    ids=lambda value: str(value[0]) if isinstance(value, list) else "",
)
def test_f8_wrong_settings_never_exit_zero(payproof: Payproof, root: Path, arguments: list[str], code: int) -> None:
    """F8: a configuration error, and a report that cannot be written, have exit codes and messages of their own."""
    done = payproof("run", "--kit", str(root), *arguments)

    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert arguments[1].split("/")[-1] in done.stderr


def test_f18_lost_suite_is_noticed(payproof: Payproof, root: Path, tmp_path: Path) -> None:
    """F18: a refactoring loses suites. The clauses that they exercised are named as not run, and the run is incomplete."""
    kit = small_kit(root, tmp_path / "kit", READ_BACK)

    done = payproof("run", "--kit", str(kit), "--out", str(tmp_path / "out"), "--depth", "smoke", "--workers", "1")

    said = result(tmp_path / "out")
    lost = {row["id"] for row in said["clauses"] if row["verdict"] == "not_run"}
    assert done.returncode == 3
    assert "CPM-DELETE-STAYS-GONE" in lost
    assert "getConsumerProfile.schema" not in lost


@pytest.mark.parametrize("edit", ["shorten", "change", "drop", "append"])
def test_f21_edited_journal_is_refused(tmp_path: Path, edit: str) -> None:
    """F21: a journal that was shortened or edited by hand is not read as a result."""
    path = tmp_path / "journal.jsonl"
    with journal.Writer(path, {"target": "mock"}) as writer:
        for number in range(3):
            writer.write({"kind": "exchange", "id": f"w0-{number + 1}", "status": 500})
        writer.close({})
    lines = path.read_bytes().splitlines(keepends=True)
    assert [record["kind"] for record in journal.read(path)] == ["header", *["exchange"] * 3, "footer"]

    edited = {
        "shorten": lines[:-1],
        "change": [*lines[:2], lines[2].replace(b"500", b"200"), *lines[3:]],
        "drop": [*lines[:2], *lines[3:]],
        "append": [*lines, lines[1]],
    }[edit]
    path.write_bytes(b"".join(edited))

    with pytest.raises(JournalError):
        list(journal.read(path))


def test_f21_verdict_names_the_journal_it_was_made_from(payproof: Payproof, root: Path, tmp_path: Path) -> None:
    """F21: the digest in the verdict is that of the journal beside it."""
    kit = small_kit(root, tmp_path / "kit", READ_BACK)

    payproof("run", "--kit", str(kit), "--out", str(tmp_path / "out"), "--depth", "smoke", "--workers", "2")

    assert result(tmp_path / "out")["journal_sha256"] == journal.digest(tmp_path / "out" / "journal.jsonl")
