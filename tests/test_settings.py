"""What a vendor leaves open: whatever the mock is set to, no clause may say more than the documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from payproof import replay
from payproof.mock.server import MockServer
from payproof.mock.settings import SETTINGS, UnknownSetting, settled
from payproof.replay import Asked
from payproof.target import open_target

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from payproof.kit import Kit

CHOICES = [(name, value) for name, setting in SETTINGS.items() for value in setting.values]


@pytest.mark.parametrize(("name", "value"), CHOICES)
def test_honest_story_is_without_findings(kit: Kit, name: str, value: str) -> None:
    """The story of every API, on a mock with this setting: nothing is broken, and no error of the suite."""
    with MockServer(settings={name: value}) as server, open_target(Asked(target=server.url)) as target:
        chains = {api: replay.record(kit, api, target) for api in kit.contracts}

    for chain in chains.values():
        trial = replay.judge_all(kit, chain.exchanges, chain.has)
        assert trial.errors == []
        assert {number: [finding.clause for finding in found] for number, found in trial.findings.items() if found} == {}


def test_each_value_shows() -> None:
    """The error bodies of two settings differ."""
    bodies = set()
    for value in SETTINGS["mercadopago-envelope"].values:
        with MockServer(settings={"mercadopago-envelope": value}) as server:
            bodies.add(httpx.get(f"{server.url}/v1/customers/nobody/payment-profiles", timeout=10).text)

    assert len(bodies) == 3


def test_unknown_settings_are_refused() -> None:
    with pytest.raises(UnknownSetting, match="the settings are"):
        settled({"colour": "red"})
    with pytest.raises(UnknownSetting, match="one of: 1, 2, 3"):
        settled({"mercadopago-envelope": "4"})


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(("--setting", "colour=red"), "no setting is called 'colour'", id="unknown"),
        pytest.param(("--setting", "mercadopago-envelope"), "has no value", id="no-value"),
    ],
)
def test_command_says_what_is_wrong(
    payproof: Callable[..., subprocess.CompletedProcess[str]], arguments: tuple[str, ...], said: str
) -> None:
    done = payproof("mock", *arguments)

    assert done.returncode == 2
    assert said in done.stderr


def test_command_lists_them(payproof: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    done = payproof("mock", "--list-settings")

    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split()[0] for line in done.stdout.splitlines()] == list(SETTINGS)
