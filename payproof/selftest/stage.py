"""One process in which the suites are collected once, and in which trial after trial is played."""

from __future__ import annotations

import contextlib
import io
import traceback
from typing import TYPE_CHECKING, Any

import pytest

from payproof import clock, kit, launch
from payproof.opinion import SecondOpinion
from payproof.options import Options
from payproof.selection import sampled
from payproof.selftest import interrupt
from payproof.selftest.player import Player
from payproof.selftest.trial import Case, Outcome, Part, Trial

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from pathlib import Path

    from payproof.kit import Kit


class Stage:
    """The plugin that takes pytest's loop over tests into its own hands."""

    def __init__(self, connection: Connection, loaded: Kit) -> None:
        """Listen for trials on a connection; `payproof_led` is what the pytest side looks for."""
        self._connection = connection
        self._kit = loaded
        self._opinion = SecondOpinion(list(loaded.contracts.values()), coarse=True)
        # Every case is collected; a trial takes those that it wants.
        self.payproof_led = Player(loaded, Trial("none", depth="standard"), self._opinion)
        self.broken: list[str] = []
        self._side: Any = None

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Remember suites that could not be read."""
        if report.failed:
            self.broken.append(f"{report.nodeid} could not be read: {str(report.longrepr)[-500:]}")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Say which tests there are, then play every trial that comes, until none comes any more."""
        if self.broken:
            self._connection.send("\n".join(self.broken))
            return True
        # Not imported: pytest wants to be the first to import what a conftest names as a plugin.
        self._side = session.config.pluginmanager.get_plugin("payproof.plugin")
        self._connection.send(self._tests(session))
        with contextlib.suppress(EOFError, BrokenPipeError):  # whoever sent them is gone
            while (trial := self._connection.recv()) is not None:
                self._connection.send(self._play(session, trial))
        return True

    def _tests(self, session: pytest.Session) -> list[Case]:
        smoke = set(map(id, sampled(session.items)))
        found = []
        for item in session.items:
            marker = item.get_closest_marker("api")
            api = str(marker.args[0]) if marker is not None else ""
            found.append(Case(item.nodeid, api, "depth" in getattr(item, "fixturenames", ()), id(item) in smoke))
        return found

    def _play(self, session: pytest.Session, trial: Trial) -> Outcome:
        items = [session.items[number] for number in trial.tests]
        player = session.config.stash[self._side.WORKER] = Player(self._kit, trial, self._opinion)
        ear, outcome = player.ear, player.ear.outcome
        session.testsfailed = 0
        try:
            for index, item in enumerate(items):
                following = items[index + 1] if index + 1 < len(items) else None
                ear.judged.clear()
                ear.apis.clear()
                began = clock.ticks()
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                if trial.survey:
                    outcome.parts[trial.tests[index]] = Part(clock.ticks() - began, dict(ear.judged), set(ear.apis))
                self._connection.send(index)
                seen = outcome.broken or outcome.errors if trial.glance else trial.until in outcome.broken
                if player.dead or seen:
                    break
        finally:
            # The loop of pytest tears down what is left after the last test; this one may end earlier.
            session._setupstate.teardown_exact(None)  # there is no other way to end the fixtures of a session
            player.close()
        outcome.problem = player.dead
        outcome.seconds = clock.ticks() - ear.began
        return outcome


def play(connection: Connection, root: Path) -> None:
    """Be the process: collect the suites of the kit in a folder, say which tests there are, play trials.

    Sends a list of `Case`, then an `Outcome` for every `Trial` that it receives until None or the end of the connection;
    before it a number for each test that is over, so that one that hangs is told from many. Where it cannot go on it sends
    the reason, a text.
    """
    interrupt.ignored()
    launch.prepare_environment()
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            loaded = kit.load(kit.locate(root), trusted=True)
            stage = Stage(connection, loaded)
            options = Options(kit=root)
            code = pytest.main(launch.arguments(loaded.root, options, (launch.ALLURE, launch.HYPOTHESIS)), plugins=[stage])
        if code:
            connection.send(f"the suites could not be played: pytest ended with {int(code)}\n{said.getvalue()[-2000:]}")
    except (Exception, SystemExit):  # noqa: BLE001  # whatever it is, the process that waits for it must know
        with contextlib.suppress(OSError):
            connection.send(traceback.format_exc()[-2000:])
    finally:
        connection.close()
