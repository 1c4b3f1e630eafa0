"""The levels of the selftest without a process: who is tried with what, and what is made of what came of it."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from payproof.errors import Exit, OutputError, UsageError
from payproof.mock.faults import FAULTS
from payproof.mock.variants import VARIANTS, groups
from payproof.report import killsheet
from payproof.selftest import interrupt, legal, live
from payproof.selftest.row import Row
from payproof.selftest.survey import Survey, world
from payproof.selftest.trial import Case, Outcome, Part, Trial

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from payproof.kit import Kit

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "kill-sheet.md"
FAULT = next(iter(FAULTS.values()))
TESTS = [Case("cheap[1]", FAULT.api), Case("cheap[2]", FAULT.api), Case("dear", FAULT.api, deepens=True), Case("other", FAULT.api),
         Case("elsewhere", FAULT.api, smoke=False)]  # fmt: skip
PARTS = {
    0: Part(0.1, {FAULT.clause: 1}, {FAULT.api}), 1: Part(0.2, {FAULT.clause: 1}, {FAULT.api}),
    2: Part(3.0, {FAULT.clause: 9}, {FAULT.api}), 3: Part(0.1, {"X": 1}, {FAULT.api}), 4: Part(0.1, {"X": 1}, {"another"}),
}  # fmt: skip


class Actors:
    """A crew that plays nothing: what comes of a trial is said by the test."""

    def __init__(self, said: Callable[[Trial], Outcome]) -> None:
        self.said = said
        self.waiting: deque[Trial] = deque()
        self.played: list[Trial] = []

    def play(self, trials: Iterable[Trial]) -> Iterator[tuple[Trial, Outcome]]:
        """Play, as a crew does."""
        self.waiting.extend(trials)
        while self.waiting:
            trial = self.waiting.popleft()
            self.played.append(trial)
            yield trial, self.said(trial)

    def add(self, trial: Trial) -> None:
        """Play one more, as a crew does."""
        self.waiting.appendleft(trial)


@pytest.fixture
def survey() -> Survey:
    return Survey(TESTS, range(len(TESTS)), dict(PARTS))


def told(crew: Actors, survey: Survey) -> list[Row]:
    return list(live.rows(crew, survey, [FAULT], 1))  # type: ignore[arg-type]  # it plays as a crew does


def tried(crew: Actors, survey: Survey, seeds: Sequence[int]) -> list[Row]:
    return list(legal.rows(crew, survey, [], seeds))  # type: ignore[arg-type]  # it plays as a crew does


# The survey


def test_tests_that_judged_the_clause_come_first_cheapest_first_in_turns(survey: Survey) -> None:
    """Two cases of one test are much alike, so that the other test comes before the second case."""
    assert survey.judging(FAULT.clause) == [0, 2, 1]


def test_smoke_tests_are_those_of_a_smoke_run(survey: Survey) -> None:
    assert survey.smoke() == (0, 1, 2, 3)


def test_apis_behind_one_token_are_one_world(kit: Kit) -> None:
    """No list says which APIs belong together: the contracts' access does."""
    worlds = {frozenset(world(kit, [api])) for api in kit.contracts}

    assert frozenset.union(*worlds) == set(kit.contracts)
    assert sum(map(len, worlds)) == len(kit.contracts), "worlds do not overlap"
    for contract in kit.contracts.values():
        assert contract.access.get("token", {}).get("api", contract.api) in world(kit, [contract.api])


# Faults

FEWEST = 80


def test_there_are_enough_lies_about_every_api(kit: Kit) -> None:
    assert len(FAULTS) >= FEWEST
    assert {fault.api for fault in FAULTS.values()} == set(kit.contracts) == set(live.MOCKED)


def test_lies_name_clauses_that_are_there(kit: Kit) -> None:
    known = {clause.id for clause in kit.clauses()}

    assert {fault.name: fault.clause for fault in FAULTS.values() if fault.clause not in known} == {}


def test_fault_that_its_clause_catches_is_killed(survey: Survey) -> None:
    crew = Actors(lambda _: Outcome(seconds=2.0, broken={"ELSE": "else", FAULT.clause: "told"}, first=1.5))

    (row,) = told(crew, survey)

    assert row == Row("live", FAULT.name, FAULT.api, FAULT.clause, "killed", tuple(sorted(["ELSE", FAULT.clause])), 1, 1, 1.5)
    assert [trial.tests for trial in crew.played] == [(0, 2, 1)], "nothing more is tried then"
    assert crew.played[0].until == FAULT.clause


def test_fault_that_nothing_catches_survives_everything(survey: Survey) -> None:
    """Every test that met its API was run, those that know depths at standard too; the row names an exchange to look at."""
    crew = Actors(lambda trial: Outcome(judged=len(trial.tests), kept="GET /a -> 200 in cheap[1]"))

    (row,) = told(crew, survey)

    assert [(trial.depth, trial.tests) for trial in crew.played] == [("smoke", (0, 2, 1)), ("standard", (2,)), ("smoke", (3,))]
    assert (row.outcome, row.caught, row.killed_by) == ("survived", 0, ())
    assert "kept 5 times, first by GET /a -> 200 in cheap[1]" in row.look
    assert FAULT.lie in row.look


def test_fault_that_others_catch_has_a_wrong_cause(survey: Survey) -> None:
    crew = Actors(lambda _: Outcome(seconds=1.0, broken={"ELSE": "ELSE: expected 1; seen 2"}, first=0.5))

    (row,) = told(crew, survey)

    assert (row.outcome, row.killed_by, row.look, row.first) == ("wrong-cause", ("ELSE",), "ELSE: expected 1; seen 2", 0.5)


def test_fault_that_hangs_has_no_result(survey: Survey) -> None:
    crew = Actors(lambda _: Outcome(problem="a test was ended after 300 s"))

    (row,) = told(crew, survey)

    assert (row.outcome, row.look) == ("no-result", "a test was ended after 300 s")
    assert len(crew.played) == 1


def test_fault_that_is_not_there_is_said() -> None:
    with pytest.raises(UsageError, match=f"no fault 'nothing'.*{FAULT.name}"):
        live.faults([FAULT.api], ["nothing"])


# Honest servers


def test_variants_are_tried_together_and_named_one_by_one(survey: Survey) -> None:
    crew = Actors(lambda _: Outcome())
    names = legal.variants([])

    rows = tried(crew, survey, [1, 2, 3])

    drawn = [(seed, some) for seed in (2, 3) for some in groups(legal.some(names, seed))]
    told = [f"{some[0]} with {len(some) - 1} more, seed {seed}" for seed, some in drawn]
    assert sorted(row.name for row in rows) == sorted([*names, "honest, seed 2", "honest, seed 3", *told])
    assert {row.outcome for row in rows} == {"honest"}
    assert len(crew.played) == len(groups(names)) + 2 + len(drawn)
    assert [trial.variants for trial in crew.played if trial.seed == 2] == [(), *(some for seed, some in drawn if seed == 2)]


def test_each_variant_is_tried_without_each_other_one() -> None:
    """What one leaves out hides what another one changes: over twenty seeds every pair comes apart."""
    names = legal.variants([variant.api for variant in VARIANTS.values()])
    drawn = [set(group) for seed in range(2, 21) for group in groups(legal.some(names, seed))]

    assert set().union(*drawn) == set(names)
    pairs = [(one, other) for one in names for other in names if one != other]
    assert [(one, other) for one, other in pairs if not any(one in some and other not in some for some in drawn)] == []


def test_variant_that_another_one_hides_is_found_with_another_seed(survey: Survey) -> None:
    apis = [variant.api for variant in VARIANTS.values()]
    names = legal.variants(apis)
    drawn = [set(legal.some(names, seed)) for seed in range(1, 21)]
    guilty, hider = next((one, other) for one in names for other in names if any(one in some and other not in some for some in drawn[1:]))
    seen = Outcome(broken={"C": "C: seen"})
    crew = Actors(lambda trial: seen if guilty in trial.variants and hider not in trial.variants else Outcome())

    found = {row.name for row in legal.rows(crew, survey, apis, range(1, 21)) if not row.good}  # type: ignore[arg-type]  # it plays as a crew does

    assert found == {f"{guilty}, seed {seed}" for seed, some in enumerate(drawn, 1) if seed > 1 and guilty in some and hider not in some}


def test_accused_variant_is_found_among_the_others(survey: Survey) -> None:
    """Whoever is accused is found by splitting; the others are tried without it, and are not."""
    apis = [variant.api for variant in VARIANTS.values()]
    names = legal.variants(apis)
    guilty = names[len(names) // 3]
    crew = Actors(lambda trial: Outcome(broken={"C": "C: seen"}) if guilty in trial.variants else Outcome())

    rows = list(legal.rows(crew, survey, apis, [1]))  # type: ignore[arg-type]  # it plays as a crew does

    assert [row.name for row in rows if row.outcome == "accused"] == [guilty]
    assert sorted(row.name for row in rows) == sorted(names)
    assert len(crew.played) < len(names) / 2, "not each of them alone"
    assert [trial.glance for trial in crew.played if trial.variants == (guilty,)] == [False], "alone, all that it breaks is told"


def test_variants_that_are_accused_only_together_are_named_as_a_group(survey: Survey) -> None:
    pair = set(max(groups(legal.variants([])), key=len)[-2:])
    crew = Actors(lambda trial: Outcome(broken={"C": "C: seen"}) if pair <= set(trial.variants) else Outcome())

    (accused,) = [row for row in tried(crew, survey, [1]) if row.outcome == "accused"]

    assert set(accused.look.partition(" together")[0].split()) >= pair
    assert accused.killed_by == ("C",)


def test_seed_that_accuses_is_named(survey: Survey) -> None:
    crew = Actors(lambda trial: Outcome(broken={"C": "C: seen"}) if trial.seed == 2 else Outcome())

    accused = [row.name for row in tried(crew, survey, [1, 2, 3]) if not row.good]
    assert accused[0] == "honest, seed 2"
    assert accused[1:]
    assert all(name.endswith(", seed 2") for name in accused)


def test_failure_without_a_clause_is_no_accusation(survey: Survey) -> None:
    """A test of the suites that fails on an honest server is an error of the suites: there is no result."""
    survey.errors = ["one", "two", "three", "four"]

    row = legal.honest(survey, 1)

    assert (row.outcome, row.look) == ("no-result", "one; two; three; and 1 more")


# The sheet

CLAUSES = {"api": ["A", "B"]}


def sheet(*rows: Row, levels: tuple[str, ...] = ("replay", "live", "legal")) -> killsheet.Sheet:
    return killsheet.Sheet(CLAUSES, levels, 1, list(rows))


A_KILLED = Row("live", "lie", "api", "A", "killed", ("A",), 1, 1, 0.5)
B_KILLED = Row("replay", "class", "api", "B", "killed", ("B",), 9, 9, 0.1)


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ((A_KILLED, B_KILLED), Exit.CONFORMANT),
        ((A_KILLED,), Exit.NOT_CONFORMANT),
        ((), Exit.NOT_CONFORMANT),
        ((A_KILLED, B_KILLED, Row("live", "more", "api", "A", "survived")), Exit.NOT_CONFORMANT),
        ((A_KILLED, B_KILLED, Row("live", "more", "api", "A", "wrong-cause", ("B",), 1, 1)), Exit.NOT_CONFORMANT),
        ((A_KILLED, B_KILLED, Row("legal", "variant", "api", "", "accused", ("B",))), Exit.NOT_CONFORMANT),
        ((A_KILLED, B_KILLED, Row("live", "more", "api", "A", "no-result")), Exit.INCOMPLETE),
    ],
    ids=["all well", "clause without a kill", "nothing", "survivor", "wrong cause", "honest one accused", "no result"],
)
def test_exit_code_of_a_sheet(rows: tuple[Row, ...], code: Exit) -> None:
    assert sheet(*rows).exit() is code


def test_kill_by_another_clause_is_no_kill_of_this_one() -> None:
    """F20: a clause counts as tried only where it was the one that had to catch something, and did."""
    stolen = Row("replay", "class", "api", "B", "wrong-cause", ("A",), 9, 9)

    assert sheet(A_KILLED, stolen).without() == ["B"]


def test_clauses_without_a_kill_are_not_known_from_one_level() -> None:
    one = sheet(A_KILLED, levels=("live",))

    assert one.without() is None
    assert one.exit() is Exit.CONFORMANT
    assert "Not known" in "\n".join(killsheet.markdown(one))


def test_nothing_tried_is_no_success() -> None:
    assert sheet(levels=("live",)).exit() is Exit.INCOMPLETE


def test_page_has_no_times_and_no_order_of_arrival() -> None:
    """The same kills at other times and in another order make the same page; data has the times."""
    later = Row("live", "lie", "api", "A", "killed", ("A", "C"), 1, 1, 7.25)

    assert list(killsheet.markdown(sheet(A_KILLED, B_KILLED))) == list(killsheet.markdown(sheet(B_KILLED, later)))
    assert sheet(later).document()["rows"][0]["first"] == 7.25


def test_survivor_is_on_the_page_with_what_to_look_at() -> None:
    page = "\n".join(killsheet.markdown(sheet(Row("live", "more", "api", "A", "survived", (), 1, 0, None, "A was kept | 3 times"))))

    assert "| live | `more` | `A` | survived |  | A was kept \\| 3 times |" in page
    assert "- `B`" in page


def test_sheet_is_written_whole_and_the_old_one_taken_away(tmp_path: Path) -> None:
    sheet(A_KILLED).write(tmp_path)
    assert json.loads((tmp_path / "kill-sheet.json").read_text(encoding="utf-8"))["exit"] == 1
    assert (tmp_path / "kill-sheet.md").read_text(encoding="utf-8").startswith("# The kill sheet\n")

    killsheet.prepare(tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_folder_that_cannot_be_written_is_said_before_anything_is_tried(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")

    with pytest.raises(OutputError, match="--out"):
        killsheet.prepare(tmp_path / "file" / "out")


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="signals cannot be held back here; run it on Linux or macOS")
def test_process_that_starts_is_not_interrupted() -> None:
    """Ctrl-C while Python reads its own modules would print a traceback that no program can prevent."""
    context = multiprocessing.get_context("spawn")
    with interrupt.held():
        process = context.Process(target=interrupt.ignored)
        process.start()
    assert process.pid
    os.kill(process.pid, signal.SIGINT)
    process.join(60)

    assert process.exitcode == 0
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, set())
