"""Mutants of the mock's source: what is drawn, what is left out, who can notice them, and what people say of them."""

from __future__ import annotations

import textwrap
from dataclasses import replace
from multiprocessing import Pipe
from typing import TYPE_CHECKING

import pytest

from payproof.errors import KitError, PayproofError, UsageError
from payproof.selftest import source
from payproof.selftest.hunt import Hunter, Job, hunt
from payproof.selftest.mutant import Mutant, Source, again, honest, modules, ranked, shares, statement, switch
from payproof.selftest.record import Record, Trial, state
from payproof.selftest.search import CAUGHT, STUCK, SUITE, SURVIVED, UNSURE, Catch, Server
from payproof.selftest.source import Word

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from payproof.kit import Kit

MODULE = textwrap.dedent('''
    """A module."""

    LIMIT = 10
    MESSAGE = "must be at most ten"


    class World:
        """A world."""

        def take(self, amount):
            """Take it."""
            if amount > LIMIT and not self.lies("delete-only-hides"):
                raise ValueError(MESSAGE)
            kept = amount + 1 if self.lies("delete-only-hides") else amount
            return {"kept": kept}
''')


def mutant(name: str = "0123456789", module: str = "zuora", line: int = 1) -> Mutant:
    return Mutant(name, module, "World.take", line, "a", "b", MODULE, MODULE)


def trial(name: str, outcome: str, *clauses: str, module: str = "zuora") -> Trial:
    return Trial(mutant(name, module), ("zuora-credentials",), Catch("", outcome, clauses, first=1.0 if clauses else None))


# What is drawn


def test_modules_get_their_share() -> None:
    """Each module has as much of the draw as of the mutants, and the parts make the whole."""
    pools = {"large": ["x"] * 70, "middle": ["x"] * 25, "small": ["x"] * 5}

    assert shares(pools, 20) == {"large": 14, "middle": 5, "small": 1}
    assert sum(shares(pools, 7).values()) == 7
    assert shares(pools, 1000) == {"large": 70, "middle": 25, "small": 5}
    assert shares({}, 5) == {}


def test_seed_draws_the_same_again() -> None:
    """Another seed draws others, and what is added or taken away does not change the order of the rest."""
    ids = [f"{number:x}" for number in range(100)]
    drawn = ranked(ids, 7)

    assert drawn == ranked(reversed(ids), 7)
    assert drawn != ranked(ids, 8)
    assert [name for name in ranked([*ids, "more"], 7) if name != "more"] == drawn


def test_mutants_of_a_module(tmp_path: Path) -> None:
    """Numbers, names and conditions are changed; sentences are not, nor what only a named lie does."""
    path = tmp_path / "world.py"
    path.write_text(MODULE, encoding="utf-8")
    found = Source(path)
    made = [one for name in found.ids() if (one := found.mutant(name)) is not None]
    after = {one.after for one in made}

    assert {"LIMIT = 11", 'return {"XXkeptXX": kept}'} <= after
    assert any("amount >= LIMIT" in text for text in after)
    assert not any("MUST BE" in text or "amount - 1" in text or "+ 2" in text for text in after)
    assert len({one.id for one in made}) == len(made)
    assert found.ids() == Source(path).ids()
    for one in made:
        compile(one.text, one.module, "exec")


def test_honest_module_has_no_lies() -> None:
    """A question for a lie is answered with no; what follows from that is left out."""
    left = honest(MODULE)

    assert "lies" not in left
    assert "if amount > LIMIT:" in left
    assert "kept = amount\n" in left
    assert "pass" in honest('def f(self):\n    if self.lies("delete-only-hides"):\n        return 1\n')
    assert honest('x = 1 if "delete-only-hides" not in tenants.lies else 2') == "x = 1"
    assert honest("x = 1 if self.lies(None) else 2") == "x = 2"
    assert "lies()" in honest("x = 1 if self.lies() else 2")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param(4, [4], id="a line of its own"),
        pytest.param(13, [13], id="the head of a condition"),
        pytest.param(14, [14], id="the body of a condition"),
        pytest.param(1, [1], id="no statement"),
    ],
)
def test_statement_around_a_line(line: int, expected: list[int]) -> None:
    assert list(statement(MODULE, line)) == expected


def test_statement_over_several_lines() -> None:
    assert list(statement("x = [\n    1,\n    2,\n]\n", 3)) == [1, 2, 3, 4]


def test_modules_serve_the_apis_of_those_that_import_them(tmp_path: Path) -> None:
    """A module about one API comes with it first; tables and modules about none are left out."""
    for name, text in {
        "acme_pay": "from mock import acme_base", "acme_pay_http": "from mock import acme_pay", "acme_cards": "from mock import acme_base",
        "acme_base": "", "acme_pay_faults": "", "wire": "from mock import acme_pay",
    }.items():  # fmt: skip
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    served = {path.stem: apis for path, apis in modules(tmp_path, ["acme-cards", "acme-pay"]).items()}

    assert served == {
        "acme_pay": ("acme-pay",), "acme_pay_http": ("acme-pay",), "acme_cards": ("acme-cards",), "acme_base": ("acme-cards", "acme-pay"),
    }  # fmt: skip


# Who can notice them


def test_only_tests_that_run_the_statement_notice() -> None:
    """A statement that is run when the module is imported is everybody's."""
    lines = {"": frozenset({("zuora", 4)}), "one": frozenset({("zuora", 14)}), "two": frozenset({("zuora", 13), ("other", 14)})}

    assert source.noticing(mutant(line=14), lines) == {"one"}
    assert source.noticing(mutant(line=13), lines) == {"two"}
    assert source.noticing(mutant(line=4), lines) is None
    assert source.noticing(mutant(line=16), lines) == frozenset()


@pytest.mark.slow
def test_suites_are_let_loose(kit: Kit, root: Path) -> None:
    """One server that lies is caught, and its lines are told; two do not start or end; one that no test meets survives."""
    path = root / "payproof" / "mock" / "jpmorgan_oauth.py"
    text = path.read_text(encoding="utf-8")

    def changed(old: str, new: str) -> Mutant:
        assert old in text
        return Mutant("", path.stem, "", 1, old, new, text, text.replace(old, new))

    def spin() -> None:
        import resource  # not everywhere, as forking

        resource.setrlimit(resource.RLIMIT_CPU, (1, 2))
        while True:
            pass

    lying, broken, api = changed('"invalid_scope"', '"invalid_scopes"'), changed("import ", "imports "), ("jpmorgan-oauth",)
    servers = [
        Server("lies", api, lambda: switch(lying)), Server("broken", api, lambda: switch(broken)), Server("unmet", api, again, frozenset()),
        Server("spins", api, spin),
    ]  # fmt: skip
    caught = {catch.name: catch for catch in hunt(kit, servers, workers=1, seed=1, lines=path.parent, honest=again)}

    assert {name: catch.outcome for name, catch in caught.items()} == {"lies": CAUGHT, "broken": STUCK, "unmet": SURVIVED, "spins": STUCK}
    assert "come to an end" in caught["spins"].look
    assert caught["lies"].clauses
    assert any(module == path.stem for ran in caught["lies"].lines.values() for module, _ in ran)


@pytest.mark.parametrize(("honest", "outcome"), [(SURVIVED, STUCK), (STUCK, UNSURE), (CAUGHT, UNSURE), (UNSURE, UNSURE)])
def test_what_an_honest_server_fails_as_well_is_not_held_against_another(honest: str, outcome: str) -> None:
    """What a test noticed counts once the honest mock came through the same test: a busy machine makes nothing look caught."""
    here, there = Pipe(duplex=False)
    hunter = Hunter([Job(Server("one", ("zuora-credentials",), lambda: None))], 1, 1, None, again, there)

    # The test that noticed something is put to the honest mock, before anything is told
    hunter.told(hunter.waiting.popleft(), Catch("one", STUCK, test="suites/test_x.py::test_y", look="no answer"))
    control = hunter.waiting.popleft()
    assert (control.server.become, control.server.tests) == (again, {"suites/test_x.py::test_y"})
    assert not here.poll()

    # What becomes of it there decides
    hunter.told(control, Catch("one", honest))
    assert here.recv().outcome == outcome


def test_machine_that_is_too_slow_proves_nothing() -> None:
    """Neither what survived nor what is not known takes another try."""
    here, there = Pipe(duplex=False)
    hunter = Hunter([], 1, 1, None, again, there)

    for outcome in (SURVIVED, UNSURE):
        hunter.told(Job(Server("one", (), again)), Catch("one", outcome))
        assert here.recv().outcome == outcome
    assert not hunter.waiting


# A run that was cut


def kept(tmp_path: Path, state: str, *, resume: bool) -> dict[str, Trial | None]:
    record = Record(tmp_path, state, resume=resume)
    return {name[-1]: record.known(mutant(name), ()) for name in ("0000000001", "0000000002", "0000000003")}


def test_cut_run_goes_on(tmp_path: Path) -> None:
    """What is known is not tried again, nor is half a line a result; what is unsure is."""
    record = Record(tmp_path, "now", resume=False)
    for number, outcome in enumerate((SURVIVED, CAUGHT, UNSURE), 1):
        record.add(trial(f"000000000{number}", outcome, *["ZU-ONE"] * (outcome == CAUGHT)))
    with (tmp_path / "source-mutants.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"mutant": "zuora.World.ta')
    known = kept(tmp_path, "now", resume=True)

    assert [(name, one.settled) for name, one in known.items() if one is not None] == [("1", True), ("2", True), ("3", False)]
    assert (two := known["2"]) is not None
    assert two.as_json() == trial("0000000002", CAUGHT, "ZU-ONE").as_json() | {"mutant": "zuora.World.take 0000000002"}
    assert len((tmp_path / "source-mutants.jsonl").read_text(encoding="utf-8").splitlines()) == 3


def test_other_code_has_another_go_at_survivors(tmp_path: Path) -> None:
    """What was noticed stays noticed, and is marked; a run that is not to go on forgets everything."""
    record = Record(tmp_path, "before", resume=False)
    for number, outcome in enumerate((SURVIVED, CAUGHT, SUITE), 1):
        record.add(trial(f"000000000{number}", outcome))
    known = [one for one in kept(tmp_path, "now", resume=True).values() if one is not None]

    assert [(one.earlier, one.settled) for one in known] == [(True, False), (True, True), (True, True)]
    Record(tmp_path, "now", resume=True).add(trial("0000000001", CAUGHT))
    assert (again := kept(tmp_path, "now", resume=True)["1"]) is not None
    assert (again.catch.outcome, again.earlier) == (CAUGHT, False)
    assert set(kept(tmp_path, "before", resume=False).values()) == {None}


def test_cut_run_has_its_page(kit: Kit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page of what is known is there also where somebody ends the run, and says how much is missing."""

    def survey(*_: object) -> Iterator[Trial]:
        yield trial("0000000001", CAUGHT, "ZU-ONE")
        raise KeyboardInterrupt

    monkeypatch.setattr(source, "choice", lambda *_: [(mutant("0000000001"), ()), (mutant("0000000002"), ())])
    monkeypatch.setattr(source, "survey", survey)
    told: list[str] = []

    with pytest.raises(KeyboardInterrupt):
        list(source.rows(kit, ["zuora-credentials"], 1, out=tmp_path, tell=told.append))
    assert "| drawn, and not tried yet | 1 |" in (tmp_path / "source-mutants.md").read_text(encoding="utf-8")
    assert told == ["1 of 2: caught zuora.World.take 0000000001 ZU-ONE"]


def test_lines_are_kept_for_the_same_code(tmp_path: Path) -> None:
    lines = {"": frozenset({("zuora", 4)}), "one": frozenset({("zuora", 14), ("other", 2)})}
    Record(tmp_path, "now", resume=False).keep(Catch("zuora-credentials", SURVIVED, lines=lines))

    assert (found := Record(tmp_path, "now", resume=True).lines("zuora-credentials")) is not None
    assert found.lines == lines
    assert Record(tmp_path, "later", resume=True).lines("zuora-credentials") is None
    assert Record(tmp_path, "now", resume=True).lines("jpmorgan-oauth") is None


@pytest.mark.parametrize("line", ["[]", "{}", '{"mutant": "x"}', "rubbish", '{"mutant": "x", "outcome": "caught"}'])
def test_file_of_something_else_is_refused(line: str, tmp_path: Path) -> None:
    (tmp_path / "source-mutants.jsonl").write_text(f"{line}\n", encoding="utf-8")

    with pytest.raises(UsageError, match=r"source-mutants\.jsonl:1: .*--resume"):
        Record(tmp_path, "now", resume=True)
    assert Record(tmp_path, "now", resume=False).known(mutant(), ()) is None


def test_state_is_of_code_and_seed(kit: Kit, tmp_path: Path) -> None:
    (tmp_path / "suites").mkdir()
    other = type(kit)(tmp_path, kit.contracts)

    assert state(kit, 1) == state(kit, 1)
    assert len({state(kit, 1), state(kit, 2), state(other, 1)}) == 3
    before = state(other, 1)
    (tmp_path / "suites" / "test_x.py").write_text("", encoding="utf-8")
    assert state(other, 1) != before


# What people say of them

WORDS = """
equivalent:
  zuora.World.take 0000000001: {before: a, after: b, why: It is only said otherwise.}
survivors:
  zuora.World.take 0000000002: {before: a, after: b, takes: A request that nobody sends.}
"""


def test_words_are_read(tmp_path: Path) -> None:
    path = tmp_path / "words.yaml"
    path.write_text(WORDS, encoding="utf-8")

    said = source.words(path)
    assert [word.equivalent for word in said.values()] == [True, False]
    assert source.words(tmp_path / "none.yaml") == {}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("equivalent: [a]", id="a list"),
        pytest.param("equivalent: {a: {before: x, after: y}}", id="no argument"),
        pytest.param("survivors: {a: {before: x, after: y, takes: ' '}}", id="nothing said"),
        pytest.param("equivalent: {a: {before: x, after: y, why: z, who: me}}", id="another member"),
        pytest.param("equivalent: {a: {before: x, after: y, why: z}}\nsurvivors: {a: {before: x, after: y, takes: z}}", id="both"),
    ],
)
def test_other_words_are_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "words.yaml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(KitError, match=r"words\.yaml"):
        source.words(path)


def test_every_committed_word_is_about_code_that_is_there() -> None:
    assert source.stale(source.words()) == []


def test_word_about_other_code_is_stale() -> None:
    said = {name: Word(equivalent=True, text="x", before="no such line") for name in ("zuora.World.take 0", "gone.f 1")}

    assert source.stale(said) == ["gone.f 1", "zuora.World.take 0"]


def test_score_and_rows_and_page(tmp_path: Path) -> None:
    """Equivalent mutants count in one score only, and a survivor without a word fails its module's row."""
    path = tmp_path / "words.yaml"
    path.write_text(WORDS, encoding="utf-8")
    said = source.words(path)
    trials = [
        trial("0000000001", SURVIVED), trial("0000000002", SURVIVED), trial("0000000003", CAUGHT, "ZU-ONE"), trial("0000000004", SUITE),
        trial("0000000005", STUCK),
    ]  # fmt: skip
    total = source.score(trials, said)

    assert (total.caught, total.equivalent, total.of_all, total.of_others) == (3, 1, 0.6, 0.75)
    assert [row.outcome for row in source.table(trials, said)] == ["killed"]
    assert source.needless(trials, said) == []
    text = source.page(trials, said)
    assert "3 of 4, 75.0%" in text
    assert "It is only said otherwise." in text
    assert "1 of them were tried with an earlier state" in source.page([*trials, replace(trials[2], earlier=True)], said)
    unsure = [*trials, trial("0000000007", UNSURE, module="zuora_http")]
    assert [row.outcome for row in source.table(unsure, said)] == ["killed", "no-result"]
    assert source.score(unsure, said).of_others == 0.6
    assert "## Nothing known" in source.page(unsure, said)
    assert "nothing is known of for not noticed" in source.page(unsure, said)
    assert "not tried yet | 7 |" in source.page(trials, said, 7)
    assert "not tried yet" not in source.page(trials, said)
    unnamed = [*trials, trial("0000000006", SURVIVED, module="zuora_http")]
    assert [(row.name, row.outcome, row.tried, row.caught) for row in source.table(unnamed, said)] == [
        ("zuora", "killed", 5, 3), ("zuora_http", "survived", 1, 0),
    ]  # fmt: skip
    assert "nobody has said yet" in source.page(unnamed, said)
    assert source.needless(trials[1:], said) == ["zuora.World.take 0000000001"]


def test_suites_that_cannot_be_collected(kit: Kit, tmp_path: Path) -> None:
    """A kit whose suites fail to import is an error, and no server is said to have survived."""
    (tmp_path / "suites").mkdir()
    (tmp_path / "suites" / "test_x.py").write_text("import nothing_of_that_name\n", encoding="utf-8")
    broken = type(kit)(tmp_path, kit.contracts)

    with pytest.raises(PayproofError, match="collected"):
        list(hunt(broken, [Server("honest", ("jpmorgan-oauth",), again)], workers=1, seed=1))
