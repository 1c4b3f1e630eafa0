"""The Schemathesis command line as a program of `detection.py`: tuned as well as we can, and with its defaults."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from detection_program import Result, run
from detection_tenants import access, seeded, tenant
from wire import Refused, Wire

from payproof.connection import Unanswered

if TYPE_CHECKING:
    from collections.abc import Mapping

    from detection_servers import Server

ROOT = Path(__file__).resolve().parent.parent
STRICT = ["400", "401", "405", "415", "422"]
"""Answers with which a negative request counts as rejected by the tuned peer, of those that its API documents at all."""


def run_peer(server: Server, url: str, limit: float, seed: int, folder: Path, *, tuned: bool) -> Result:
    """Let the Schemathesis command line test the server's API by the same spec."""
    spec = ROOT / "specs" / f"{server.api}.yaml"
    document = yaml.safe_load(spec.read_text(encoding="utf-8"))
    base = "/" + document["servers"][0]["url"].partition("://")[2].partition("/")[2]
    with Wire(url) as wire:
        try:
            owner, other = tenant(wire, "owner"), tenant(wire, "other")
            known = seeded(server.api, wire, owner) if tuned else []
        except (Unanswered, Refused, KeyError, ValueError, TypeError) as error:
            return Result(problem=f"what it needs could not be made: {type(error).__name__}")
    config: dict[str, Any] = {"cache": {"enabled": False}}
    config_path = folder / "schemathesis.toml"
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(config_path), "run", str(spec), "-u", url + base.rstrip("/"),
               "--generation-database", "none", "--seed", str(seed), "--report", "ndjson", "--report-ndjson-path", str(folder / "events"),
               "--no-color"]  # fmt: skip
    if tuned:
        people = [{"name": name, "fixedHeaders": [{"name": n, "value": v} for n, v in access(server.api, made).items()]}
                  for name, made in (("owner", owner), ("other", other))]  # fmt: skip
        (folder / "known.json").write_text(json.dumps(known), encoding="utf-8")
        (folder / "auth.json").write_text(json.dumps({"auth": people}), encoding="utf-8")
        more = {
            "hooks": "detection_hooks",
            "auth": {"wfc": {"path": str(folder / "auth.json"), "user": "owner", "peers": ["owner", "other"]}},
            "checks": {"negative_data_rejection": {"expected-statuses": rejections(document)}},
            "generation": {"no-shrink": True},
        }  # fmt: skip
        config |= more
        command += ["--continue-on-failure", "--max-time", str(int(limit)), "--mode", "all", "--checks", "all"]
    else:
        command += [part for name, value in access(server.api, owner).items() for part in ("-H", f"{name}: {value}")]
    config_path.write_text(toml(config), encoding="utf-8")
    began = time.time()
    spent = run(command, limit, folder)
    result = read_events(folder / "events", began)
    result.processor = spent
    return result


def rejections(document: Mapping[str, Any]) -> list[str]:
    """Give the strict answers that an API documents somewhere."""
    answers = {str(status) for path in document["paths"].values() for operation in path.values()
               if isinstance(operation, dict) for status in operation.get("responses", ())}  # fmt: skip
    return [status for status in STRICT if status in answers or status in {"400", "401", "405", "415"}]


def toml(tables: Mapping[str, Any]) -> str:
    """Write a configuration; JSON's strings, lists and numbers are TOML's as well."""

    def inline(value: Any) -> str:
        if isinstance(value, dict):
            return "{" + ", ".join(f"{json.dumps(name)} = {inline(inner)}" for name, inner in value.items()) + "}"
        return json.dumps(value)

    return "".join(f"{json.dumps(name)} = {inline(value)}\n" for name, value in tables.items())


def read_events(path: Path, began: float) -> Result:
    """Read what Schemathesis wrote: each failed check with the time and the number of its request."""
    result = Result()
    if not path.is_file():
        result.problem = "no events"
        return result
    seen: list[tuple[float, str, list[str]]] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        with contextlib.suppress(ValueError):  # the last line of a program that was stopped
            recorder = json.loads(line).get("ScenarioFinished", {}).get("recorder", {})
            for name, interaction in recorder.get("interactions", {}).items():
                failed = [check["name"] for check in recorder.get("checks", {}).get(name, ()) if check["status"] == "failure"]
                case = recorder["cases"].get(name, {}).get("value", {})
                seen.append((interaction["timestamp"] - began, f"{case.get('method')} {case.get('path')}", failed))
    for number, (when, operation, failed) in enumerate(sorted(seen), 1):
        for check in failed:
            result.found.setdefault((operation, check), (when, number))
    result.requests, result.findings = len(seen), len(result.found)
    return result
