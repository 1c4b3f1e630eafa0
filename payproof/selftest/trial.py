"""A trial: some tests of the suites against one mock that lies or differs, and what came of it. Both cross processes."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Case:
    """A test of the suites: its name, the API that it is marked with, and what depths mean to it.

    `deepens` says that `--depth` changes what it sends, `smoke` that a smoke run takes it.
    """

    name: str
    api: str = ""
    deepens: bool = False
    smoke: bool = True


@dataclass(frozen=True, slots=True)
class Trial:
    """What is to be tried.

    `tests` are numbers in the list of all tests, in the order in which they are run. `until` is the clause whose break
    ends the trial; with `glance` any break does, or failure of a test. With `survey` it is told test by test what was
    judged.
    """

    name: str
    tests: tuple[int, ...] = ()
    faults: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()
    seed: int = 1
    depth: str = "smoke"
    until: str = ""
    glance: bool = False
    survey: bool = False


@dataclass(slots=True)
class Part:
    """What one test did in an honest trial: seconds, how often it judged each clause, and the APIs that it met."""

    seconds: float = 0.0
    judged: dict[str, int] = field(default_factory=dict)
    apis: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Outcome:
    """What came of a trial.

    `broken` has the first finding of each broken clause in words, `first` the seconds to the first of all. `kept` is an
    exchange in which the clause of `until` was judged and kept, `judged` how often that was. `errors` are failures of
    tests that no clause explains. `problem` says why there is no result.
    """

    seconds: float = 0.0
    broken: dict[str, str] = field(default_factory=dict)
    first: float | None = None
    kept: str = ""
    judged: int = 0
    exchanges: int = 0
    errors: list[str] = field(default_factory=list)
    parts: dict[int, Part] = field(default_factory=dict)
    problem: str = ""
