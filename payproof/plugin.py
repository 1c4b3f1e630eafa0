"""The pytest side: options, fixtures, and the verdict at the end. The same for `payproof run` and plain pytest.

Active when the suites of a kit are run; pytest sessions about anything else are left alone.
"""

from __future__ import annotations

import argparse
import os
import shutil
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from payproof import fixtures, fleet, kit, report
from payproof.allurelog import guard
from payproof.answer import BrokenClause, is_finding
from payproof.approach import Approach
from payproof.errors import AbsentError, ElsewhereError, PayproofError, RefusedError, TargetError, UnclearError
from payproof.fleet import RUN, shared, worker_name
from payproof.options import Options
from payproof.repeat import Repeats
from payproof.report.summary import publish
from payproof.resume import mark
from payproof.run import Run
from payproof.selection import label, sampled
from payproof.steps import Steps
from payproof.target import check
from payproof.waiver import Waiver
from payproof.worker import Apis, Worker

WORKER = pytest.StashKey[Worker]()

NewTenant = Callable[[], Apis]

pytest_plugins = ("payproof.ground",)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of a run."""
    group = parser.getgroup("payproof", "payproof: is the documented contract kept?")
    group.addoption("--target", dest="payproof_target", default=None, help="mock (default), a URL, or a name of payproof.toml")
    group.addoption("--api", dest="payproof_api", action="append", default=[], help="only this API; repeatable")
    group.addoption("--clause", dest="payproof_clause", action="append", default=[], help="only this clause; repeatable")
    group.addoption("--depth", dest="payproof_depth", default="standard", help="smoke, standard (default) or deep")
    group.addoption("--out", dest="payproof_out", default="reports", help="where the results go (default: reports)")
    group.addoption("--seed", dest="payproof_seed", default="1", help="a whole number; the same gives the same requests")
    group.addoption("--payproof-strict", dest="payproof_strict", action="store_true", help="invariants fail everywhere")
    group.addoption("--waivers", dest="payproof_waivers", default=None, help="a file of waivers [waivers.toml, where it is there]")
    group.addoption("--fault", dest="payproof_fault", action="append", default=[], help="a named lie of the mock")
    group.addoption("--variant", dest="payproof_variant", action="append", default=[], help="a legal variant of the mock")
    group.addoption("--clock", dest="payproof_clock", default=None, help="start the embedded mock's clock here")
    group.addoption("--kit", dest="payproof_kit", default=None, help="the folder with specs, contracts and suites")
    group.addoption("--targets", dest="payproof_targets", default=None, help="a file of targets [payproof.toml, where it is there]")
    group.addoption("--allow-production", dest="payproof_allow_production", action="store_true", help="with the host named by the target")
    group.addoption("--payproof-shared", dest="payproof_shared", default=None, help=argparse.SUPPRESS)


def _active(config: pytest.Config) -> bool:
    asked = bool(config.getoption("payproof_target")) or hasattr(config, "workerinput")
    return asked or any("suites" in Path(argument.partition("::")[0]).parts for argument in config.args)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Read the kit and prepare the output folder, before anything is collected."""
    config.addinivalue_line("markers", "api(id): the API that a suite's test is about")
    config.addinivalue_line("markers", "operation(id): the operation that a suite's test is about")
    config.addinivalue_line("markers", "every_case: at --depth smoke, too, each case of this test is run")
    config.addinivalue_line("markers", "needs(*names): what the target must have for a suite's test")
    if not _active(config):
        return
    if hasattr(config, "workerinput"):
        told = config.workerinput.get("payproof")
        if told is None:
            return
        options = Options.from_pytest(config)
        _allure(config, options)
        loaded = kit.load(kit.locate(options.kit), trusted=True)
        _load_fixtures(config, loaded)
        waivers = tuple(Waiver.from_json(row) for row in told["waivers"])
        approach = Approach.plan(loaded, options).entered(told["secrets"])
        run = Run(options, loaded, Path(told["shards"]), bytes.fromhex(told["key"]), told["started"], waivers, approach,
                  told["proofs"], resumed=tuple(told["resumed"]))  # fmt: skip
        named = {**told, "name": worker_name(config.workerinput["workerid"], told["round"])}
        config.stash[WORKER] = worker = Worker(loaded, options, named, run.header, approach)
        _prepare(config, worker)
        return
    if config.getoption("collectonly", default=False):
        return  # what is collected needs the kit's contracts only
    led = next((plugin for plugin in config.pluginmanager.get_plugins() if hasattr(plugin, "payproof_led")), None)
    if led is not None:
        # Whoever leads puts another worker there for each of the many small runs of one session.
        _load_fixtures(config, led.payproof_led.kit)
        config.stash[WORKER] = led.payproof_led
        return
    given = next((plugin for plugin in config.pluginmanager.get_plugins() if hasattr(plugin, "payproof_run")), None)
    try:
        options = Options.from_pytest(config)
        check(options)
        run = Run.begin(options) if given is None else given.payproof_run
        if given is None:
            _reach(run)
    except PayproofError as error:
        pytest.exit(str(error), returncode=int(error.exit))
    try:
        _load_fixtures(config, run.kit)
    except PayproofError as error:
        run.problem = str(error)
        pytest.exit(str(error), returncode=int(error.exit))
    config.stash[RUN] = run
    config.pluginmanager.register(_Collected(run))
    config.pluginmanager.register(fleet)
    if _allure(config, run.options):
        # Results of an earlier run would be shown as tries of this one.
        shutil.rmtree(config.option.allure_report_dir, ignore_errors=True)
    named = {**shared(config, run), "name": worker_name("gw0", len(run.resumed))}
    config.stash[WORKER] = worker = Worker(run.kit, options, named, run.header, run.approach)
    _prepare(config, worker)


def _prepare(config: pytest.Config, worker: Worker) -> None:
    config.add_cleanup(guard(worker.hide))
    if worker.shared["desk"]:
        config.pluginmanager.register(Repeats(worker))


def _load_fixtures(config: pytest.Config, loaded: kit.Kit) -> None:
    for name, module in fixtures.load(loaded.root):
        config.pluginmanager.register(module, name)


def kit_of(config: pytest.Config) -> kit.Kit:
    """Give the kit whose suites are collected, also where nothing is run. Raises KitError or UsageError without a usable one."""
    worker = config.stash.get(WORKER, None)
    return worker.kit if worker is not None else kit.load(kit.locate(Options.from_pytest(config).kit))


def _allure(config: pytest.Config, options: Options) -> bool:
    """Let allure-pytest write beside the other results, in the controller and in each worker, unless told another place."""
    if getattr(config.option, "allure_report_dir", None) is not None:
        return False
    config.option.allure_report_dir = str(options.out / "allure-results")
    return True


def _reach(run: Run) -> None:
    try:
        run.reach()
    except PayproofError:
        if run.result:
            report.write(run.options.out, run.options.out / "journal.jsonl")
        raise


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests of APIs that were not asked for, and at smoke most cases of a test that has many."""
    worker = config.stash.get(WORKER, None)
    if worker is None:
        return
    if config.pluginmanager.hasplugin("allure_listener"):
        for item in items:
            label(item)
    apis = worker.scope if worker.options.apis or worker.approach.place is not None else ()
    kept = [item for item in items if not apis or (marker := item.get_closest_marker("api")) is None or marker.args[0] in apis]
    if worker.options.depth == "smoke":
        kept = sampled(kept)
    if done := set(worker.shared.get("done", ())):
        kept = [item for item in kept if mark(item.nodeid) not in done]
    if len(kept) < len(items):
        remaining = set(map(id, kept))
        config.hook.pytest_deselected(items=[item for item in items if id(item) not in remaining])
        items[:] = kept


@pytest.fixture(scope="session")
def payproof_worker(request: pytest.FixtureRequest) -> Worker:
    """The process's way to the target."""
    worker = request.config.stash.get(WORKER, None)
    if worker is None:
        pytest.fail("the suites of a kit need a target: run `payproof run`, or pytest with --target mock")
    return worker


@pytest.fixture(scope="session")
def depth(payproof_worker: Worker) -> str:
    """How thorough the run is: smoke, standard or deep."""
    return payproof_worker.options.depth


@pytest.fixture(scope="session")
def new_tenant(payproof_worker: Worker) -> NewTenant:
    """Make a fresh tenant; session-scoped, so that tests under Hypothesis can have one for each example."""

    def make() -> Apis:
        session = payproof_worker.session()
        return Apis(session, payproof_worker.tenant_label(session.test))

    return make


@pytest.fixture
def apis(new_tenant: NewTenant) -> Apis:
    """The APIs as a tenant of this test's own sees them."""
    return new_tenant()


@pytest.fixture(autouse=True)
def _current_test(request: pytest.FixtureRequest) -> Iterator[None]:
    worker = request.config.stash.get(WORKER, None)
    if worker is None:
        yield
        return
    marker = request.node.get_closest_marker("needs")
    session = worker.session()
    session.test = worker.hide(request.node.nodeid)
    missing = sorted(set(marker.args) - session.target.has) if marker is not None else []
    if missing:
        pytest.skip(f"the target has no {', '.join(missing)}")
    yield
    session.test = ""


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> bool | None:
    """Leave out whatever is left once the target is lost: it could only fail, each test with a report of its own."""
    return bool((worker := item.config.stash.get(WORKER, None)) and worker.dead) or None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Fail a test whose exchanges broke a clause, even where it did not look."""
    __tracebackhide__ = True
    worker = item.config.stash.get(WORKER, None)
    if worker is None:
        return (yield)
    before = len((session := worker.session()).found)
    worker.steps = Steps(item.function) if isinstance(item, pytest.Function) else None
    try:
        result = yield
    except ElsewhereError as error:
        pytest.skip(str(error))
    finally:
        if worker.steps is not None:
            worker.steps.close()
            worker.steps = None
    if len(session.found) > before:
        raise BrokenClause.of(session.found[before])
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Write down a test that failed although no clause was broken: an error of the suite, or of the contract."""
    made = yield
    worker = item.config.stash.get(WORKER, None)
    if worker is None:
        return made
    if call.when == "teardown":
        worker.end(item.nodeid)
    made.sections = [(name, worker.hide(text)) for name, text in made.sections]
    if not made.failed or call.excinfo is None:
        return made
    if (shown := worker.hide(told := str(made.longrepr))) != told:
        made.longrepr = shown
    error = call.excinfo.value
    if isinstance(error, AbsentError):
        worker.lack(str(error))
    elif isinstance(error, TargetError | RefusedError):
        worker.lose(str(error), refused=isinstance(error, RefusedError))
    elif isinstance(error, UnclearError):
        worker.unclear = str(error)
    elif not is_finding(error) and not worker.forgets(error):
        what = f"{item.nodeid} failed without a broken clause: {type(error).__name__}: {str(error)[:500]}"
        worker.fail(what, test=worker.hide(item.nodeid))
    return made


class _Collected:
    """Notices suites that could not be read: what they would have judged is not judged."""

    def __init__(self, run: Run) -> None:
        self.run = run

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.run.stopped.append(f"{report.nodeid} could not be read: {str(report.longrepr)[-500:]}")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Close the shard; in the controller, make the journal, the verdict and every other output."""
    config = session.config
    worker = config.stash.get(WORKER, None)
    if worker is None:
        return
    worker.close()
    run = config.stash.get(RUN, None)
    if run is None:
        config.workeroutput["payproof"] = worker.known()  # type: ignore[attr-defined]  # xdist's way home; it is never written
        return
    run.scan.learn(*worker.known())
    ends = {pytest.ExitCode.INTERRUPTED: "interrupted before the end", pytest.ExitCode.INTERNAL_ERROR: "pytest ended with an error"}
    run.stopped += [why for status, why in ends.items() if status == exitstatus]
    try:
        run.tidy()
        run.finish()
        if (journal := run.options.out / "journal.jsonl").is_file():
            report.write(run.options.out, journal)
        session.exitstatus = int(run.withhold()["exit"])
    except PayproofError as error:
        run.problem = str(error)
        session.exitstatus = int(error.exit)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say under plain pytest what the verdict is."""
    run = config.stash.get(RUN, None)
    if run is not None:
        terminalreporter.section("payproof")
        terminalreporter.write_line(run.problem or report.one_line(run.result))
        terminalreporter.write_line(f"results in {run.options.out}")
        if run.result and os.environ.get("GITHUB_STEP_SUMMARY"):
            for line in publish(run.result, os.environ["GITHUB_STEP_SUMMARY"]):
                terminalreporter.write_line(line)
