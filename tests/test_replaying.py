"""The replay level of the selftest: every mutant is killed by its own clause, and a judge that has gone blind is noticed."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from payproof import intent, judge, replay
from payproof import kit as kits
from payproof.errors import KitError
from payproof.ledger import Ledger
from payproof.redact import Redactor
from payproof.selftest import equivalent, lie, mutation, mutation_request, replaying, tally
from payproof.selftest.change import Changes
from payproof.selftest.equivalent import Equivalent
from payproof.selftest.prepared import Prepared
from payproof.selftest.tally import Figures
from payproof.selftest.wrong import KINDS, SINGLE
from payproof.target import open_target

if TYPE_CHECKING:
    from collections.abc import Sequence

    from payproof.intent import Reception
    from payproof.selftest.row import Row
    from payproof.shape import Fault

KIT = kits.load(Path(__file__).resolve().parent.parent)
SMALL = "jpmorgan-oauth"
"""An API with one operation."""


def recorded(api: str) -> dict[str, replay.Chain]:
    with open_target(replay.Asked()) as target:
        return {api: replay.record(KIT, api, target)}


@pytest.fixture(scope="module")
def story() -> dict[str, replay.Chain]:
    """The honest story of the small API."""
    return recorded(SMALL)


def level(story: dict[str, replay.Chain]) -> list[Row]:
    return list(replaying.rows(KIT, [SMALL], chains=story))


def bad(rows: Sequence[Row]) -> dict[tuple[str, str], Row]:
    return {(row.name, row.clause): row for row in rows if not row.good}


# The level itself


@pytest.mark.parametrize("api", KIT.contracts)
def test_every_clause_kills_its_mutants(api: str) -> None:
    """Each lie and each mutant from the spec is found by the clause that it was made for; the honest story by none."""
    figures = Figures()
    rows = list(replaying.rows(KIT, [api], chains=recorded(api), figures=figures))

    assert "\n".join(f"{row.clause}: {row.outcome}: {row.name}: {row.look}" for row in rows if not row.good) == ""
    assert {row.clause for row in rows if row.outcome == "killed"} == {clause.id for clause in KIT.contracts[api].all_clauses()}
    assert sum(row.tried for row in rows if row.outcome == "killed") == figures.mutants + figures.lies > 300


def test_classes_of_mutants_are_all_there(story: dict[str, replay.Chain]) -> None:
    """No way of being wrong has been forgotten on the way from the list of them to the sheet."""
    names = {row.name for row in level(story)}

    assert names >= {mutation.TRUNCATED, mutation.GARBLED, mutation.RETYPED, mutation.UNKNOWN, mutation.SWAPPED, mutation.LOST,
                     mutation.SPOILT, mutation_request.REFUSED, mutation_request.ACCEPTED, mutation_request.CLAIMED,
                     mutation_request.FAILED, lie.LIE, lie.HONEST_STORY, KINDS["required"], KINDS["type"], KINDS["null"],
                     KINDS["pattern"], KINDS["minimum"]}  # fmt: skip


def test_two_processes_say_what_one_says(story: dict[str, replay.Chain]) -> None:
    one, two = level(story), list(replaying.rows(KIT, [SMALL], 2, chains=story))

    assert [replace(row, first=None) for row in two] == [replace(row, first=None) for row in one]


# A judge that has gone blind


@pytest.mark.parametrize("suffix", ["status", "content-type", "headers", "schema"])
def test_blind_shape_clause_is_noticed(story: dict[str, replay.Chain], monkeypatch: pytest.MonkeyPatch, suffix: str) -> None:
    """A shape clause that never breaks leaves survivors, which say what to look at."""
    def blind(*arguments: Any) -> list[Fault]:
        return [fault for fault in honest(*arguments) if fault.suffix != suffix]

    honest = judge.response_faults
    monkeypatch.setattr(judge, "response_faults", blind)

    found = bad(level(story))

    clauses = {clause for _, clause in found}
    assert f"issueToken.{suffix}" in clauses
    assert {row.outcome for (_, clause), row in found.items() if clause == f"issueToken.{suffix}"} <= {"survived", "wrong-cause"}
    assert all("POST /am/oauth2/alpha/access_token -> " in row.look for (_, clause), row in found.items() if clause.endswith(suffix))


def test_blind_keyword_is_noticed(story: dict[str, replay.Chain], monkeypatch: pytest.MonkeyPatch) -> None:
    """One constraint that is not looked at is one class of mutants that survives."""
    def blind(*arguments: Any) -> list[Fault]:
        return [fault for fault in honest(*arguments) if fault.keyword != "minimum"]

    honest = judge.response_faults
    monkeypatch.setattr(judge, "response_faults", blind)

    found = bad(level(story))

    assert {(name, clause) for name, clause in found} == {(KINDS["minimum"], "issueToken.schema")}
    assert found[KINDS["minimum"], "issueToken.schema"].look.startswith("/expires_in (minimum): ")


def test_wrong_place_is_a_wrong_cause(story: dict[str, replay.Chain], monkeypatch: pytest.MonkeyPatch) -> None:
    """A clause that breaks, and points somewhere else, has not found what is wrong."""
    def elsewhere(*arguments: Any) -> list[Fault]:
        return [replace(fault, pointer="/elsewhere") for fault in honest(*arguments)]

    honest = judge.response_faults
    monkeypatch.setattr(judge, "response_faults", elsewhere)

    found = bad(level(story))

    row = found[KINDS["required"], "issueToken.schema"]
    assert (row.outcome, row.caught) == ("wrong-cause", 0)
    assert "issueToken.schema" in row.killed_by


def test_judge_that_accepts_any_reception_is_noticed(story: dict[str, replay.Chain], monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether a request was rightly accepted or refused is looked at, in both directions."""
    def content(*arguments: Any, **more: Any) -> Reception:
        received = intent.reception(*arguments, **more)
        return replace(received, fault=None)

    monkeypatch.setattr(judge, "reception", content)

    found = bad(level(story))

    assert {(mutation_request.REFUSED, "issueToken.accepts-valid"), (mutation_request.ACCEPTED, "issueToken.rejects-invalid")} <= set(found)


def test_blind_behaviour_is_noticed(story: dict[str, replay.Chain], monkeypatch: pytest.MonkeyPatch) -> None:
    """A judge that takes every clause of a contract for kept lets all lies live."""
    monkeypatch.setattr(judge.Judge, "_settle", lambda *_: None)

    found = bad(level(story))

    assert {clause for name, clause in found if name == lie.LIE} == set(KIT.contracts[SMALL].clauses)
    assert "does not find it" in next(iter(found.values())).look


def test_accused_story_is_noticed(story: dict[str, replay.Chain], monkeypatch: pytest.MonkeyPatch) -> None:
    """A clause that breaks on the honest story is a finding about the suite."""
    def stern(*arguments: Any) -> list[Fault]:
        return [*honest(*arguments), judge.Fault("status", "/status", "another", "this", arguments[1].ground, "status")]

    honest = judge.response_faults
    monkeypatch.setattr(judge, "response_faults", stern)

    found = bad(level(story))

    assert found[lie.HONEST_STORY, ""].outcome == "accused"
    assert "issueToken.status at /status" in found[lie.HONEST_STORY, ""].look


def test_error_of_the_suite_is_no_kill(story: dict[str, replay.Chain], monkeypatch: pytest.MonkeyPatch) -> None:
    """What the judge cannot judge would end a run with an error of the suite: a broken answer must not do that."""
    monkeypatch.setattr(Prepared, "judge", lambda *_: replay.Trial(errors=["SOME-CLAUSE: cannot be evaluated"]))

    found = bad(level(story))

    assert "an error of the suite: SOME-CLAUSE" in found[mutation.UNKNOWN, "issueToken.status"].look


# What is missing, and what is too much


def test_clause_without_a_mutant_is_named(story: dict[str, replay.Chain], monkeypatch: pytest.MonkeyPatch) -> None:
    """F20: whoever adds a clause and no lie is told which clause, and where the lie belongs."""
    lost = next(iter(KIT.contracts[SMALL].clauses))
    honest = replay.mutants
    monkeypatch.setattr(replay, "mutants", lambda kit, api: [one for one in honest(kit, api) if one.clause != lost])

    found = bad(level(story))

    assert list(found) == [(replaying.NO_MUTANT, lost)]
    assert found[replaying.NO_MUTANT, lost].look == f"nothing breaks {lost}: add a lie to contracts/mutants/{SMALL}.yaml"


def test_operation_that_the_story_never_calls_is_named(story: dict[str, replay.Chain]) -> None:
    """Without an honest exchange nothing can be broken, and that is said."""
    chain = story[SMALL]
    empty = {SMALL: replay.Chain(chain.exchanges[:0], {}, chain.has)}

    found = bad(level(empty))

    assert found[tally.HOLE, "issueToken.accepts-valid"].look == "no request of the story is accepted"
    assert (replaying.NO_MUTANT, "issueToken.schema") in found


def test_lie_that_cannot_be_told_survives(story: dict[str, replay.Chain], monkeypatch: pytest.MonkeyPatch) -> None:
    """A step that the story no longer has, or a member that is not there, says so."""
    one = replay.mutants(KIT, SMALL)[0]
    monkeypatch.setattr(replay, "mutants", lambda *_: [replace(one, step="nowhere")])

    row = bad(level(story))[lie.LIE, one.clause]

    assert (row.outcome, row.caught) == ("survived", 0)
    assert "the story has no step 'nowhere'" in row.look


def test_equivalent_that_is_not_needed_fails(story: dict[str, replay.Chain], monkeypatch: pytest.MonkeyPatch) -> None:
    """The list of mutants that nothing need find is as short as it can be."""
    listed = Equivalent("issueToken.schema", KINDS["minimum"], "/expires_in", "invented")
    monkeypatch.setattr(equivalent, "read", lambda *_: [listed])

    found = bad(level(story))

    assert list(found) == [(tally.NEEDLESS, "issueToken.schema")]
    assert "number out of range at /expires_in" in found[tally.NEEDLESS, "issueToken.schema"].look


def test_equivalent_that_is_needed_is_no_survivor(story: dict[str, replay.Chain], monkeypatch: pytest.MonkeyPatch) -> None:
    def blind(*arguments: Any) -> list[Fault]:
        return [fault for fault in honest(*arguments) if fault.keyword != "minimum"]

    honest = judge.response_faults
    monkeypatch.setattr(judge, "response_faults", blind)
    listed = Equivalent("issueToken.schema", KINDS["minimum"], "/expires_in", "invented")
    monkeypatch.setattr(equivalent, "read", lambda *_: [listed])

    assert bad(level(story)) == {}


@pytest.mark.parametrize(("clause", "said"), [("noSuchOperation.schema", "is no shape clause of"), ("OAUTH-X", "does not match")])
def test_equivalent_of_no_clause_is_refused(tmp_path: Path, clause: str, said: str) -> None:
    path = tmp_path / "contracts" / "mutants" / f"{SMALL}.yaml"
    path.parent.mkdir(parents=True)
    text = (KIT.root / "contracts" / "mutants" / path.name).read_text(encoding="utf-8")
    path.write_text(f"{text}\nequivalent:\n  - {{clause: {clause}, kind: type changed, at: '', because: invented}}\n", encoding="utf-8")

    with pytest.raises(KitError, match=said):
        equivalent.read(replace(KIT, root=tmp_path), SMALL)


def test_kit_without_lies_is_told_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(KitError, match="is missing"):
        equivalent.read(replace(KIT, root=tmp_path), SMALL)


# Changes

SCHEMAS: dict[str, tuple[dict[str, Any], Any]] = {
    "type": ({"type": "integer"}, 5),
    "enum": ({"enum": ["ONE", "TWO"]}, "ONE"),
    "const": ({"const": True}, True),
    "pattern": ({"pattern": "^[A-Z]{3}$"}, "USD"),
    "minLength": ({"type": "string", "minLength": 2}, "ab"),
    "maxLength": ({"type": "string", "maxLength": 2}, "ab"),
    "minimum": ({"minimum": 1}, 5),
    "maximum": ({"maximum": 9}, 5),
    "exclusiveMinimum": ({"exclusiveMinimum": 1}, 5),
    "exclusiveMaximum": ({"exclusiveMaximum": 9}, 5),
    "multipleOf": ({"multipleOf": 5}, 10),
    "format": ({"type": "string", "format": "date-time"}, "2026-11-21T10:00:00Z"),
    "uniqueItems": ({"uniqueItems": True}, [1, 2]),
    "minItems": ({"minItems": 1}, [1]),
    "maxItems": ({"maxItems": 1}, [1]),
    "minProperties": ({"minProperties": 1}, {"a": 1}),
    "maxProperties": ({"maxProperties": 1}, {"a": 1}),
    "additionalProperties": ({"properties": {"a": {}}, "additionalProperties": False}, {"a": 1}),
}


def test_every_keyword_has_an_example_here() -> None:
    assert set(SCHEMAS) == set(SINGLE)


@pytest.mark.parametrize("keyword", SCHEMAS)
def test_change_breaks_its_keyword_at_its_place(keyword: str) -> None:
    """By an independent validator: exactly there, in a member, in an item and behind a reference."""
    part, value = SCHEMAS[keyword]
    schema = {"allOf": [{"properties": {"list": {"items": {"$ref": "#/components/schemas/Part"}}}}]}
    document = {"components": {"schemas": {"Part": part}}}

    changes = [one for one in Changes(document, schema).of({"list": [value]}) if one.keyword == keyword]

    validator = jsonschema.Draft202012Validator({**schema, **document}, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)
    assert changes
    for change in changes:
        assert change.pointer == "/list/0"
        assert (keyword, ["list", 0]) in [(error.validator, list(error.absolute_path)) for error in validator.iter_errors(change.body)]


def test_what_another_alternative_takes_is_not_made() -> None:
    """A text where a number stands is no break where texts are allowed as well."""
    schema = {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string"}]}
    changes = Changes({}, schema)

    made = [change.body for change in changes.of(5)]

    assert made
    assert not any(isinstance(body, str) for body in made)
    assert changes.allowed > 0


def test_choice_of_none_and_of_two_is_made() -> None:
    schema = {"type": "object", "oneOf": [{"required": ["card"]}, {"required": ["profile"]}]}

    made = [change.body for change in Changes({}, schema).of({"card": {}, "amount": 1}) if change.keyword == "oneOf"]

    assert {"amount": 1} in made
    assert any({"card", "profile"} <= body.keys() for body in made)


def test_places_that_no_body_had_are_left() -> None:
    schema = {"required": ["a"], "properties": {"a": {"type": "string"}, "b": {"type": "array", "items": {"minimum": 1}}}}
    changes = Changes({}, schema)

    kinds = Counter(change.kind for change in changes.of({"a": "x"}))

    assert kinds[KINDS["required"]] == 1
    assert [(place.pointer, place.keyword) for place in changes.left()] == [("/b", "type"), ("/b/*", "minimum")]
    assert not changes.complete()
    assert list(changes.of({"a": "x"})) == []
    assert {change.pointer for change in changes.of({"a": "x", "b": [5]})} == {"/b", "/b/0"}
    assert changes.complete()


# What is prepared


def test_clause_that_reads_a_shapeless_request_is_unjudged(story: dict[str, replay.Chain]) -> None:
    """A server that takes a request without a member that it must have has broken one clause; the suite has no error."""
    chain = story[SMALL]
    number = chain.labels["token"] if "token" in chain.labels else next(iter(chain.labels.values()))
    exchange = chain.exchanges[number]
    shapeless = replace(exchange, request=replace(exchange.request, body=b"scope=none"))

    said = Prepared(KIT, chain).judge(number, shapeless)

    assert said.errors == []
    assert "issueToken.rejects-invalid" in {finding.clause for finding in said.findings[number]}


def test_prepared_story_is_not_changed_by_a_lie(story: dict[str, replay.Chain]) -> None:
    """What one mutant taught the judge is not known when the next is judged."""
    prepared = Prepared(KIT, story[SMALL])
    last = len(prepared.chain.exchanges) - 1
    exchange = prepared.chain.exchanges[last]

    first = prepared.judge(last, exchange)
    again = prepared.judge(last, exchange)

    assert (first.findings, first.errors) == ({}, [])
    assert (again.findings, again.judged) == ({}, first.judged)


def test_copies_learn_by_themselves() -> None:
    ledger, redactor = Ledger(), Redactor({})
    ledger.remember("tenant", "fact", {"key": 1})
    other, reader = ledger.copy(), redactor.copy()
    other.remember("tenant", "fact", {"more": 2})
    reader.learn_card("4012000033330026")

    assert ledger.recall("tenant", "fact", ["key", "more"]) == {"key": 1}
    assert other.recall("tenant", "fact", ["key", "more"]) == {"key": 1, "more": 2}
    assert reader.card_numbers("x4012000033330026") == ["4012000033330026"]
    assert redactor.card_numbers("x4012000033330026") == []
