"""Contracts that cannot be used are refused with file, line and what to do; the others mean what they say."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from payproof import kit as kits
from payproof.errors import Exit, KitError

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    from payproof.contract import Contract

KEPT = "    must: A voucher has the amount"
READ = "    source: {document: guide, at: Read}\n"
EXCHANGES = """exchanges:
  - {name: read, operation: getVoucher, status: 200, response: read, source: {document: guide, at: Read}}
discrepancies:
  amount: {at: {document: guide, at: Read}, says: It is ten., but: It is twelve., we_follow: The example.,
           findings: [{exchange: read, clause: VOUCHER-AMOUNT-KEPT}]}
statements:"""

BROKEN = [
    # the format
    pytest.param([("version: 1", "version: 1\ncolour: red")], "colour: red", "colour: there is no such key; there are api",
                 "contract.schema.json", id="unknown-key"),
    pytest.param([(KEPT, f"    colour: red\n{KEPT}")], "colour: red", "VOUCHER-AMOUNT-KEPT/colour: there is no such key",
                 "contract.schema.json", id="unknown-key-of-a-clause"),
    pytest.param([("version: 1", "version: one")], "version:", "version: 'one' is not of type 'integer'", "contract.schema.json",
                 id="wrong-type"),
    pytest.param([(KEPT, f"    should: Both are said.\n{KEPT}")], "VOUCHER-AMOUNT-KEPT:", "has must and should", "contract.schema.json",
                 id="two-keywords"),
    pytest.param([("    equals: before.amount", "    equals: before.amount\n    among: '[1]'")], "VOUCHER-AMOUNT-KEPT:",
                 "has among and equals", "contract.schema.json", id="two-comparisons"),
    pytest.param([("    basis: documented\n", "    basis: rumoured\n")], "rumoured", "'rumoured' is not one of", "contract.schema.json",
                 id="unknown-basis"),
    pytest.param([(READ, "")], "VOUCHER-AMOUNT-KEPT:", "'source' is missing", "contract.schema.json", id="documented-without-source"),
    pytest.param([("    harm: Two customers pay with one voucher.\n", "")], "VOUCHER-ID-NEW:", "'harm' is missing", "contract.schema.json",
                 id="invariant-without-harm"),
    pytest.param([("    reason: The guide shows short ones only.\n", "")], "VOUCHER-NOTE-SHORT:", "'reason' is missing",
                 "contract.schema.json", id="assumed-without-reason"),
    pytest.param([("  VOUCHER-AMOUNT-KEPT:\n", "  amount-kept:\n")], "amount-kept:", "'amount-kept' does not match", "contract.schema.json",
                 id="id-in-small-letters"),
    pytest.param([("statements:\n", "statements: [\n")], "document: guide", "is not YAML", "", id="yaml"),
    pytest.param([("api: vouchers", "api: tokens")], "api:", "api is 'tokens', but the file is named 'vouchers.yaml'", "",
                 id="another-api"),
    # ids
    pytest.param([("  VOUCHER-AMOUNT-KEPT:\n", "  VOUCHER-ID-NEW:\n")], "VOUCHER-ID-NEW:",
                 "duplicate key 'VOUCHER-ID-NEW', first in line 18",
                 "", id="clause-twice"),
    pytest.param([("statements:", "retired: [{id: VOUCHER-AMOUNT-KEPT, since: 1}]\nstatements:")], "VOUCHER-AMOUNT-KEPT:",
                 "is a retired id; ids are never reused", "a new id", id="retired-id"),
    # what a clause names
    pytest.param([("    operation: getVoucher\n    when", "    operation: readVoucher\n    when")], "readVoucher",
                 "there is no operation 'readVoucher'", "the spec has createVoucher", id="unknown-operation"),
    pytest.param([("  getVoucher:\n", "  readVoucher:\n")], "resource: voucher", "there is no operation 'readVoucher'", "the spec has",
                 id="effect-of-an-unknown-operation"),
    pytest.param([("deleted: {operation: deleteVoucher", "deleted: {operation: dropVoucher")], "dropVoucher", "'dropVoucher'",
                 "the spec has",
                 id="fact-of-an-unknown-operation"),
    pytest.param([("source: {document: guide, at: Read}", "source: {document: gossip, at: Read}")], "gossip",
                 "there is no document 'gossip'", "this contract has guide", id="unknown-document"),
    pytest.param([("facts: {deleted:", "facts: {removed:"), ("facts.deleted", "facts.removed")], "removed",
                 "no contract remembers 'removed'",
                 "remember:", id="unknown-fact"),
    pytest.param([("deleted: {operation: deleteVoucher,", "deleted: {operation: deleteVoucher, asked: true,")], "deleted: {operation",
                 "reads more than the request", "drop `asked`", id="asked-of-an-answer"),
    pytest.param([("size(facts.deleted)", "size(facts.seen_ids)")], "VOUCHER-STAYS-GONE:", "reads facts.seen_ids without saying",
                 "add it to `facts:`", id="fact-without-key"),
    pytest.param([("facts: {deleted: 'path[\"id\"]'}", "facts: {deleted: 'path[\"id\"]', seen_ids: 'path[\"id\"]'}")], "facts: {deleted",
                 "facts of the run and facts of a tenant", "two clauses", id="facts-of-run-and-tenant"),
    # expressions
    pytest.param([("equals: before.amount", "equals: befor.amount")], "equals:", "undeclared reference to 'befor.amount'", ".....^",
                 id="unknown-root"),
    pytest.param([("    when: status == 200\n    that: body.amount", "    when: status ==\n    that: body.amount")], "when: status ==",
                 "Syntax error", "^", id="cel-syntax"),
    pytest.param([("id: body.id", "id: body.")], "id: body.", "does not compile", "^", id="cel-syntax-of-an-effect"),
    pytest.param([("key: body.id", "key: boby.id")], "boby", "undeclared reference to 'boby", "^", id="cel-fault-of-a-fact"),
    pytest.param([("equals: before.amount", "equals: before.amont")], "equals:", "knows the member before.amont", "spec",
                 id="unknown-member-of-before"),
    pytest.param([("that: body.amount", "that: body.amont")], "that:", "no schema of getVoucher knows the member body.amont", "spec",
                 id="unknown-member-of-body"),
    pytest.param([("size(body.note)", "size(after.nte)")], "that: size", "knows the member after.nte", "spec",
                 id="unknown-member-of-after"),
    pytest.param([("size(body.note)", "size(request.body.nte)")], "that: size", "knows the member request.body.nte", "spec",
                 id="unknown-member-of-the-request"),
    pytest.param([("size(body.note)", "size(request.bdy.note)")], "that: size", "knows the member request.bdy", "spec",
                 id="unknown-part-of-the-request"),
    pytest.param([("that: body.amount", "that: request.body.amount")], "that:",
                 "no schema of getVoucher knows the member request.body.amount",
                 "spec", id="body-of-a-request-that-has-none"),
    pytest.param([("that: size(body.note) < 10", "that: body.tags.all(tag, tag.name != '')")], "that: body.tags",
                 "knows the member body.tags.*.name", "spec", id="unknown-member-in-a-loop"),
    pytest.param([("id: body.id", "id: body.key")], "body.key", "knows the member body.key", "spec", id="unknown-member-of-an-effect"),
    pytest.param([("equals: before.amount", "matches: '['")], "that:", "the regular expression '[' does not compile", "", id="regex"),
    pytest.param([("equals: before.amount", "matches: '(?=a)'")], "that:", "'(?=a)' does not compile", "", id="regex-of-another-dialect"),
    pytest.param([("    when: status < 300", "    when: status")], "when: status", "is no condition", "compare",
                 id="condition-is-a-number"),
    pytest.param([("that: size(body.note) < 10", "that: size(body.note)")], "that: size", "is no condition", "compare",
                 id="clause-is-a-number"),
    pytest.param([("when: status == 201}", "when: status}")], "when: status}", "is no condition", "compare", id="condition-of-an-effect"),
    pytest.param([("when: status == 201, key", "when: status, key")], "seen_ids:", "is no condition", "compare", id="condition-of-a-fact"),
    pytest.param([("that: body.amount", "that: body.?amount")], "that:", "is an optional", "orValue", id="optional-without-value"),
    # statements and documented exchanges
    pytest.param([(", by: [VOUCHER-AMOUNT-KEPT]", "")], "The amount never changes", "has none of by, client, untestable",
                 "contract.schema.json", id="unmapped-statement"),
    pytest.param([("by: [VOUCHER-AMOUNT-KEPT]", "by: [VOUCHER-AMOUNT-LOST]")], "The amount never changes",
                 "mapped to 'VOUCHER-AMOUNT-LOST', which is no clause", "untestable:", id="statement-of-no-clause"),
    pytest.param([("{document: guide, at: Read, says", "{document: gossip, at: Read, says")], "gossip", "there is no document 'gossip'",
                 "this contract has guide", id="statement-of-an-unknown-document"),
    pytest.param([("statements:", EXCHANGES), ("name: read, operation: getVoucher", "name: read, operation: readVoucher")], "readVoucher",
                 "there is no operation 'readVoucher'", "the spec has", id="exchange-of-an-unknown-operation"),
    pytest.param([("statements:", EXCHANGES), ("response: read, source: {document: guide", "response: read, source: {document: gossip")],
                 "gossip", "there is no document 'gossip'", "guide", id="exchange-of-an-unknown-document"),
    pytest.param([("statements:", EXCHANGES), ("amount: {at: {document: guide", "amount: {at: {document: gossip")], "gossip",
                 "there is no document 'gossip'", "guide", id="discrepancy-of-an-unknown-document"),
    pytest.param([("statements:", EXCHANGES), ("{exchange: read,", "{exchange: write,")], "amount:", "no documented exchange 'write'", "",
                 id="discrepancy-of-an-unknown-exchange"),
    pytest.param([("statements:", EXCHANGES), ("clause: VOUCHER-AMOUNT-KEPT}]", "clause: VOUCHER-AMOUNT-LOST}]")], "amount:",
                 "'VOUCHER-AMOUNT-LOST' is no clause", "", id="discrepancy-of-no-clause"),
    pytest.param([("statements:", EXCHANGES), ("discrepancies:", EXCHANGES.splitlines()[1] + "\ndiscrepancies:")], "name: read",
                 "two documented exchanges 'read'", "", id="exchange-twice"),
]  # fmt: skip


@pytest.mark.parametrize(("edits", "place", "fault", "hint"), BROKEN)
def test_contract_that_cannot_be_used_is_refused(
    tiny: Callable[..., Path], edits: list[tuple[str, str]], place: str, fault: str, hint: str
) -> None:
    """Each fault is one message: the file and line, what is wrong, and what to do about it."""
    root = tiny(contract=edits)

    with pytest.raises(KitError) as caught:
        kits.load(root)

    assert caught.value.path == root / "contracts" / "vouchers.yaml"
    assert caught.value.line is not None
    assert place in caught.value.path.read_text(encoding="utf-8").splitlines()[caught.value.line - 1]
    assert fault in str(caught.value)
    assert hint in str(caught.value)


REAL = ["unknown-key", "clause-twice", "retired-id", "unknown-operation", "unknown-root", "yaml", "unmapped-statement"]


@pytest.mark.parametrize(("edits", "place", "fault", "hint"), [case for case in BROKEN if case.id in REAL])
def test_command_refuses_it(
    payproof: Callable[..., subprocess.CompletedProcess[str]], tiny: Callable[..., Path],
    edits: list[tuple[str, str]], place: str, fault: str, hint: str,
) -> None:  # fmt: skip
    """The command prints the message, nothing else, and exits 2."""
    done = payproof("clauses", "--kit", str(tiny(contract=edits)))

    assert done.returncode == Exit.USAGE
    assert done.stdout == ""
    assert re.match(r"payproof: \S+vouchers\.yaml:[0-9]+: ", done.stderr)
    assert fault in done.stderr
    assert hint in done.stderr
    assert "Traceback" not in done.stderr


def test_message_names_the_clause(tiny: Callable[..., Path]) -> None:
    """A fault inside of a clause names it, so that one can search for it."""
    with pytest.raises(KitError, match=r":33: VOUCHER-AMOUNT-KEPT: "):
        kits.load(tiny(contract=[("equals: before.amount", "equals: befor.amount")]))


def test_format_is_that_of_this_payproof(tiny: Callable[..., Path]) -> None:
    """A kit need not carry the JSON Schema of contracts, and a copy of its own, which goes stale, is not asked."""
    root = tiny()
    (root / "contracts" / "contract.schema.json").write_text("false", encoding="utf-8")

    assert kits.load(root).contracts


def loaded(tiny: Callable[..., Path], *edits: tuple[str, str]) -> Contract:
    return kits.load(tiny(contract=edits)).contracts["vouchers"]


def test_each_operation_has_its_shape_clauses(tiny: Callable[..., Path]) -> None:
    """Shape clauses come from the spec; one about headers only where a response documents any."""
    contract = loaded(tiny)

    assert [name.partition(".")[2] for name in contract.shapes if name.startswith("getVoucher.")] == [
        "status", "content-type", "headers", "schema", "accepts-valid", "rejects-invalid"
    ]  # fmt: skip
    assert all(clause.shape for clause in contract.shapes.values())
    assert [clause.id for clause in contract.all_clauses()][-4:] == list(contract.clauses)


def test_any_stands_for_every_operation(tiny: Callable[..., Path]) -> None:
    """A clause about any operation is judged on all of them."""
    clause = loaded(tiny).clauses["VOUCHER-NOTE-SHORT"]

    assert set(clause.operations) == {"createVoucher", "getVoucher", "updateVoucher", "deleteVoucher"}
    assert clause.operation == "any"


def test_clause_about_the_whole_run_waits_for_its_end(tiny: Callable[..., Path]) -> None:
    """A clause that looks up facts of the run is judged when all shards are there; one about a tenant's at once."""
    clauses = loaded(tiny).clauses

    assert clauses["VOUCHER-ID-NEW"].deferred
    assert not clauses["VOUCHER-STAYS-GONE"].deferred


@pytest.mark.parametrize(
    ("comparison", "condition"),
    [
        pytest.param("equals: before.amount", "(body.amount) == (before.amount)", id="equals"),
        pytest.param("among: '[1, 2]'", "(body.amount) in ([1, 2])", id="among"),
        pytest.param("includes: '1'", "(1) in (body.amount)", id="includes"),
        pytest.param("excludes: '1'", "!((1) in (body.amount))", id="excludes"),
        pytest.param("matches: '^a\"\\\\.\U0001f4b3$'", r'(body.amount).matches("^a\"\\\\.' + "\U0001f4b3" + '$")', id="matches"),
    ],
)
def test_comparison_is_one_condition(tiny: Callable[..., Path], comparison: str, condition: str) -> None:
    """What holds is one expression; the two sides are kept apart to be shown."""
    clause = loaded(tiny, ("equals: before.amount", comparison)).clauses["VOUCHER-AMOUNT-KEPT"]

    assert clause.comparison == comparison.partition(":")[0]
    assert clause.holds is not None
    assert clause.holds.text == condition


@pytest.mark.parametrize(
    ("that", "pointer"),
    [
        pytest.param("body.amount", "/amount", id="member"),
        pytest.param("size(body.note)", "/note", id="inside-of-a-function"),
        pytest.param("body.tags.map(tag, tag)", "/tags", id="list"),
        pytest.param("status", "/status", id="status"),
        pytest.param("tenant", "", id="nothing-of-the-answer"),
    ],
)
def test_finding_points_at_what_is_read(tiny: Callable[..., Path], that: str, pointer: str) -> None:
    """A finding of the clause points at the member of the answer that the clause reads."""
    contract = loaded(tiny, ("that: body.amount\n    equals: before.amount", f"that: {that}\n    equals: dyn(1)"))

    assert contract.clauses["VOUCHER-AMOUNT-KEPT"].pointer == pointer


def test_state_inside_of_an_answer_is_known_by_its_members(tiny: Callable[..., Path]) -> None:
    """Where an effect takes a part of the body as the state, `before` and `after` have the members of that part."""
    edits = [("state: body, when: status == 200}\n  updateVoucher", "state: body.tags, when: status == 200}\n  updateVoucher"),
             ("that: body.amount\n    equals: before.amount", "that: size(after)\n    equals: after[0].size()")]  # fmt: skip

    assert loaded(tiny, *edits).clauses["VOUCHER-AMOUNT-KEPT"].reads == {"after", "status"}
    with pytest.raises(KitError, match=r"knows the member after\.amount"):
        loaded(tiny, edits[0], ("that: body.amount\n", "that: after.amount\n"))


def test_retired_ids_are_kept(tiny: Callable[..., Path]) -> None:
    """A retired id is remembered, so that it is never used again."""
    assert loaded(tiny, ("statements:", "retired: [{id: VOUCHER-OLD-ONE, since: 1}]\nstatements:")).retired == {"VOUCHER-OLD-ONE"}
