"""How conformance suites go falsely green: each mechanism is provoked, and the run must not come out conformant.

ROWS names every known mechanism and the tests that provoke it; those without a file are below.
"""

from __future__ import annotations

import ast
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from payproof import journal, report, verdict, waiver
from payproof import kit as kits
from payproof.errors import Exit, JournalError, KitError, UsageError
from payproof.exchange import Exchange, Intent, Request, Response
from payproof.finding import Finding
from payproof.generated import Generated
from payproof.judge import Judge
from payproof.options import Options
from payproof.output import FILES
from payproof.redact import Redactor
from payproof.report import difference
from payproof.run import Run

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from payproof.kit import Kit

    Payproof = Callable[..., subprocess.CompletedProcess[str]]

ROWS: dict[str, tuple[str, ...]] = {
    "F1 nothing was selected": ("test_f1_nothing_selected", "test_f1_no_exchange_and_no_clause"),
    "F2 required checks are missing": ("test_f2_clauses_of_contract_and_verdict_are_the_same",),
    "F3 a group takes the best status of its members": (
        "test_f3_one_passed_does_not_cover_for_others", "test_f3_every_report_counts_what_was_not_run",
        "test_summary.py::test_page_counts_every_kind_of_verdict",
    ),
    "F4 a narrowed run looks complete": ("test_f4_narrowed_run_is_partial", "test_f4_every_report_says_partial"),
    "F5 a skip or waiver matches nothing": (
        "test_f5_waiver_of_no_clause", "test_waiver.py::test_stale_waiver_fails_the_run",
        "test_waiver.py::test_command_refuses_a_waiver_of_no_clause",
    ),
    "F6 a prerequisite is missing": ("test_f6_skipped_test_leaves_its_clauses_not_run",),
    "F7 a refusal for another reason": ("test_f7_refusal_for_another_reason_is_a_hole",),
    "F8 a wrong setting or an unwritable report": (
        "test_f8_wrong_settings_never_exit_zero", "test_f8_interrupted_journal_is_no_report",
        "test_output_folder.py::test_run_without_a_place_for_its_results", "test_output_folder.py::test_reports_without_a_place",
        "test_output_folder.py::test_comparison_without_a_place",
    ),
    "F9 the exit status is lost on its way": ("test_f9_verdict_is_in_the_files",),
    "F10 only the last retry counts": ("test_f10_success_afterwards_takes_nothing_back",),
    "F11 a list of checks that may fail": ("test_f11_waivers_are_printed_in_full",),
    "F12 nobody checks the signature": (),
    "F13 something crashes and the result is short": (
        "test_f13_worker_without_an_end_is_no_result", "test_journal.py::test_spoilt_journal_is_no_result",
    ),
    "F14 a badge for what was not tested": (),
    "F15 an old excuse hides a new fault": (
        "test_waiver.py::test_stale_waiver_fails_the_run", "test_waiver.py::test_waiver_covers_its_cause_only",
        "test_difference.py::test_waiver_that_ended_is_a_regression",
    ),
    "F16 the client says that it worked": (),
    "F17 a check was taken out because it hurt": (
        "test_f17_deleted_clause_leaves_its_sentence_behind", "test_f17_deleted_clause_is_no_silent_cure",
        "test_f17_waiver_needs_an_end", "test_verdict.py::test_weight_of_a_break",
    ),
    "F18 a check is lost in a refactoring": ("test_f18_lost_suite_is_noticed",),
    "F19 a clean-up failed silently": (
        "test_footprint.py::test_what_cannot_be_taken_back_is_a_verdict_of_its_own",
        "test_footprint.py::test_sweep_finishes_what_a_killed_run_left",
    ),
    "F20 a check proves less than its name says": (
        "test_replaying.py::test_clause_without_a_mutant_is_named", "test_selftest.py::test_kill_by_another_clause_is_no_kill_of_this_one",
        "test_kill_sheet.py::test_sheet_is_about_what_is_there", "test_kill_sheet.py::test_bad_sheet_is_told_what_is_wrong",
    ),
    "F21 a log was edited": (
        "test_f21_edited_journal_is_refused", "test_f21_verdict_names_the_journal_it_was_made_from",
        "test_account.py::test_report_command_refuses_what_is_no_journal", "test_account.py::test_edited_journal_is_refused",
    ),
}  # fmt: skip

COMING = {
    "F12": "The gateway and SDK certification", "F14": "The gateway and SDK certification", "F16": "The gateway and SDK certification",
}  # fmt: skip
"""The issues in which the rows come that nothing here can provoke: there is no signature, badge or client yet."""

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


def declared(path: Path) -> set[str]:
    """Give the names of a file's tests."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def test_every_row_has_a_test_or_an_issue() -> None:
    """The 21 rows are all there, their tests exist, no test of a row is left out, and what comes later is not there yet."""
    here = Path(__file__)
    named = {row.split()[0]: tests for row, tests in ROWS.items()}

    assert list(named) == [f"F{number}" for number in range(1, 22)]
    assert {row for row, tests in named.items() if not tests} == COMING.keys()
    for row, tests in named.items():
        for test in tests:
            file, _, name = test.rpartition("::")
            assert name in declared(here.with_name(file) if file else here), f"{row}: {test}"
    listed = {test for tests in named.values() for test in tests}
    assert {name for name in declared(here) if name.startswith("test_f")} <= listed


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


FOOTER: dict[str, Any] = {"finished": "2026-11-21T00:00:01.000Z", "stopped": [], "gaps": [], "generated": [], "drift": [], "outcomes": []}


def reported(out: Path, *records: dict[str, Any], **changed: Any) -> dict[str, str]:
    """Write a journal and all its reports; give the text of each file."""
    out.mkdir(exist_ok=True)
    with journal.Writer(out / "journal.jsonl", {"payproof": "0", "documents": {}, **header(**changed)}) as writer:
        for record in records:
            writer.write(record)
        writer.close(FOOTER)
    said = report.write(out, out / "journal.jsonl")
    (out / "verdict.json").write_text(verdict.dumps(said), encoding="utf-8")
    return {path.relative_to(out).as_posix(): path.read_text(encoding="utf-8") for path in out.rglob("*") if path.is_file()}


def whole(number: int, judged: list[int]) -> dict[str, Any]:
    """Give a record of an exchange with all that reports show of it."""
    return {**exchange(number, judged), "api": "a", "tenant": "t", "started": number, "elapsed": 1.0, "at": number,
            "request": {"method": "GET", "url": "http://127.0.0.1/a", "headers": [], "body": ""},
            "response": {"status": 200, "headers": [], "body": "{}"}}  # fmt: skip


def broken(number: int) -> dict[str, Any]:
    """Give a finding of A-ONE."""
    return journal.finding_record(Finding("A-ONE", "a", "get", "must", "documented", "/x", "equals 1", "2", f"w0-{number}"))


WAIVER = {"id": "W1", "clause": "A-ONE", "target": "mock", "cause": {"pointer": "/x", "seen": "2"}, "reason": "Mended in March.",
          "owner": "checkout team", "link": "https://tracker.example/17", "expires": "2999-12-31"}  # fmt: skip


def test_f3_every_report_counts_what_was_not_run(tmp_path: Path) -> None:
    """F3: one clause of two passed. No report lets the group look passed."""
    text = reported(tmp_path / "out", whole(1, [1]))

    assert '<testsuite name="a" tests="2" failures="0" errors="1"' in text["junit.xml"]
    assert "| a | **no** | 1 |  |  |  |  |  | 1 |" in text["summary.md"]
    assert "<title>payproof: incomplete on mock</title>" in text["report.html"]
    statuses = {one["name"]: one["status"] for name, body in text.items() if name.endswith("-result.json") for one in [json.loads(body)]}
    assert (statuses["A-ONE"], statuses["get.status"]) == ("passed", "broken")


def test_f4_every_report_says_partial(tmp_path: Path) -> None:
    """F4: a narrowed run in which all passed says so wherever somebody could take it for the whole."""
    text = reported(tmp_path / "out", whole(1, [0, 1]), partial=True)

    assert json.loads(text["verdict.json"])["partial"] is True
    assert "<strong>Conformant, partial</strong>" in text["report.html"]
    assert text["summary.md"].startswith("## payproof: conformant, partial")
    assert json.loads(text["evidence.har"])["log"]["comment"].startswith("conformant, partial")
    assert "partial = True" in text["allure-results/environment.properties"]
    assert '<property name="partial" value="true"' in text["junit.xml"]


def test_f5_waiver_of_no_clause(tiny: Callable[..., Path], tmp_path: Path) -> None:
    """F5: a waiver whose clause does not exist ends the run before it begins; it is not passed over."""
    path = tmp_path / "waivers.toml"
    path.write_text("[[waiver]]\n" + "".join(f'{name} = "{WAIVER[name]}"\n' for name in ("clause", "target", "reason", "owner", "link"))
                    + 'cause = {pointer = "/x"}\nexpires = 2999-12-31\n', encoding="utf-8")  # fmt: skip

    with pytest.raises(UsageError, match="there is no clause 'A-ONE'"):
        Run.begin(Options(kit=tiny(), out=tmp_path / "out", waivers=path))


def test_f8_interrupted_journal_is_no_report(tmp_path: Path) -> None:
    """F8: without a whole journal there is no report at all, not even an empty one."""
    out = tmp_path / "out"
    out.mkdir()
    with journal.Writer(out / "journal.jsonl", header()) as writer:
        writer.write(whole(1, [0, 1]))

    with pytest.raises(JournalError, match="has no footer"):
        report.write(out, out / "journal.jsonl")
    assert [path.name for path in out.iterdir()] == ["journal.jsonl"]


def test_f9_verdict_is_in_the_files(tmp_path: Path) -> None:
    """F9: where a pipe lost the exit status, each file still says that the run failed; reading the journal again does too."""
    text = reported(tmp_path / "out", whole(1, [0, 1]), broken(1))

    assert (json.loads(text["verdict.json"])["exit"], json.loads(text["verdict.json"])["conformant"]) == (1, False)
    assert report.write(tmp_path / "out", tmp_path / "out" / "journal.jsonl")["exit"] == Exit.NOT_CONFORMANT
    assert text["summary.md"].startswith("## payproof: not conformant")
    assert "<title>payproof: not conformant on mock</title>" in text["report.html"]
    assert 'failures="1"' in text["junit.xml"]
    assert {Path(name).name for name in text} >= set(FILES)


def test_f10_success_afterwards_takes_nothing_back() -> None:
    """F10: a clause broken once and kept by nine attempts after it is broken; each attempt is counted."""
    said = decided(exchange(1, [0, 1]), broken(1), *(exchange(number, [0, 1]) for number in range(2, 11)))

    row = next(row for row in said["clauses"] if row["id"] == "A-ONE")
    assert (row["verdict"], row["judged"], row["broken"]) == ("failed", 10, 1)
    assert said["exit"] == Exit.NOT_CONFORMANT


def test_f11_waivers_are_printed_in_full(tmp_path: Path) -> None:
    """F11: what was excused stands in the reports with clause, cause, reason, owner, link and last day."""
    text = reported(tmp_path / "out", whole(1, [0, 1]), broken(1), waivers=[WAIVER])

    assert json.loads(text["verdict.json"])["waivers"] == [{**WAIVER, "state": "used", "count": 1}]
    for report_name in ("report.html", "summary.md"):
        plain = text[report_name].replace("\\", "")
        for words in ("A-ONE", "pointer /x, seen 2", "Mended in March.", "checkout team", "https://tracker.example/17", "2999-12-31"):
            assert words in plain, (report_name, words)


def test_f13_worker_without_an_end_is_no_result(tiny: Callable[..., Path], tmp_path: Path) -> None:
    """F13: a worker that died leaves a shard without a footer. The run is incomplete, and says which worker."""
    run = Run.begin(Options(depth="smoke", out=tmp_path / "out", kit=tiny()))
    with journal.Writer(run.shards / "w0.jsonl", {name: value for name, value in run.header(None).items() if name != "kind"}):
        pass

    said = run.finish()

    assert said["exit"] == Exit.INCOMPLETE
    assert [error["message"] for error in said["suite_errors"]] == ["w0 did not end: it crashed or was killed"]


def test_f17_deleted_clause_leaves_its_sentence_behind(tiny: Callable[..., Path]) -> None:
    """F17: who takes a clause out of a contract still has the sentence of the source that it was made from, and is told."""
    root = tiny()
    path = root / "contracts" / "vouchers.yaml"
    text = path.read_text(encoding="utf-8")
    begin, end = text.index("  VOUCHER-AMOUNT-KEPT:"), text.index("  VOUCHER-NOTE-SHORT:")
    path.write_text(text[:begin] + text[end:], encoding="utf-8")

    with pytest.raises(KitError, match="VOUCHER-AMOUNT-KEPT"):
        kits.load(root)


def test_f17_deleted_clause_is_no_silent_cure() -> None:
    """F17: a comparison with the run before lists the clause that is no longer demanded, and that the contract changed."""
    old = decided(exchange(1, [0, 1]), broken(1))
    fewer = header()["clauses"][:1]
    apis = [{**api, "contract_sha256": "1" * 64} for api in header()["apis"]]
    new = decided(exchange(1, [0]), clauses=fewer, apis=apis)

    said = difference.between(difference.Side(Path("old"), old), difference.Side(Path("new"), new))

    assert said.clauses == [("A-ONE", "failed", "not demanded")]
    assert said.cured == []
    assert "a: contract changed between the runs" in said.notes


def test_f17_waiver_needs_an_end(tmp_path: Path) -> None:
    """F17: what a sandbox does badly is excused until a day, never for good."""
    path = tmp_path / "waivers.toml"
    path.write_text("[[waiver]]\n" + "".join(f'{name} = "{WAIVER[name]}"\n' for name in ("clause", "target", "reason", "owner", "link"))
                    + 'cause = {pointer = "/x"}\n', encoding="utf-8")  # fmt: skip

    with pytest.raises(UsageError, match="waiver 1, expires: Field required"):
        waiver.load(path)


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
