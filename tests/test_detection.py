"""The comparison with the peer: its parts, without running anybody."""

from __future__ import annotations

import importlib
import json
import tomllib
from typing import TYPE_CHECKING, Any

import pytest

from payproof.mock.faults import FAULTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def part(root: Path) -> Iterator[Callable[[str], Any]]:
    """Give a module of the comparison, which finds the others beside it, as the program does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(root / "benchmarks")
        yield lambda name: importlib.import_module(f"detection_{name}")


@pytest.fixture(scope="module")
def servers(part: Callable[[str], Any]) -> Any:
    return part("servers")


@pytest.fixture(scope="module")
def peer(part: Callable[[str], Any]) -> Any:
    return part("peer")


def test_every_fault_has_a_class(servers: Any) -> None:
    """Whoever adds a lie to the mock says in benchmarks/detection.toml what it gets wrong."""
    assert servers.classes().keys() == FAULTS.keys()


def test_fault_without_a_class_is_an_error(servers: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "classes.toml"
    path.write_text('"response shape" = ["cvv-returned"]', encoding="utf-8")
    monkeypatch.setattr(servers, "CLASSES", path)
    with pytest.raises(SystemExit, match="amounts-as-floats"):
        servers.classes()

    path.write_text('"response shape" = ["cvv-returned", "no-such-lie"]', encoding="utf-8")
    with pytest.raises(SystemExit, match="no-such-lie"):
        servers.classes()


def test_configuration_is_toml(peer: Any) -> None:
    config = {"cache": {"enabled": False}, "hooks": "detection_hooks", "auth": {"wfc": {"path": "a b", "peers": ["owner", "other"]}}}

    assert tomllib.loads(peer.toml(config)) == config


def test_strict_rejections_of_an_api(peer: Any) -> None:
    documented = {"paths": {"/x": {"parameters": [], "get": {"responses": {"200": {}, "422": {}}}}}}

    assert peer.rejections(documented) == ["400", "401", "405", "415", "422"]
    assert peer.rejections({"paths": {}}) == ["400", "401", "405", "415"]


def test_events_of_the_peer(peer: Any, tmp_path: Path) -> None:
    """Failed checks come with the time and the number of their request, whatever the order of the scenarios; half a line is left out."""

    def scenario(name: str, when: float, status: str) -> str:
        case = {"value": {"method": "GET", "path": "/x"}}
        checks = [{"name": "status_code_conformance", "status": status}, {"name": "not_a_server_error", "status": "success"}]
        recorder = {"cases": {name: case}, "checks": {name: checks}, "interactions": {name: {"timestamp": when}}}
        return json.dumps({"ScenarioFinished": {"recorder": recorder}})

    path = tmp_path / "events"
    path.write_text("\n".join([scenario("b", 105.0, "failure"), scenario("a", 101.0, "success"), '{"Scenario']), encoding="utf-8")
    result = peer.read_events(path, 100.0)

    assert result.found == {("GET /x", "status_code_conformance"): (5.0, 2)}
    assert result.requests == 2
    assert peer.read_events(tmp_path / "none", 0.0).problem


def test_only_what_is_new_counts_as_caught(part: Callable[[str], Any], servers: Any) -> None:
    """What a program finds on the honest mock as well is a false alarm there, and catches nothing."""
    result, table = part("program").Result, part("table")
    server = servers.Server("lie", "HTTP semantics", "zuora-credentials", ())
    alarm, real = ("GET /x", "a"), ("GET /x", "b")
    none, alarmed = result(), result({alarm: (2.0, 2)})
    found = {"payproof": result({alarm: (1.0, 1), real: (4.0, 9)}), "tuned": alarmed, "defaults": none}
    honest = {"zuora-credentials": {"payproof": alarmed, "tuned": alarmed, "defaults": none}}

    _, _, *lines = table.table({server: found}, honest)
    assert [line.split("|")[3].strip() for line in lines] == ["1 of 1", "0 of 1", "0 of 1"]
    assert "| 4.0 | 9.0 | 1.0 |" in lines[0]
    assert [line.split("|")[3].strip() for line in table.alarms("honest", honest)] == ["1 of 1", "1 of 1", "0 of 1"]
