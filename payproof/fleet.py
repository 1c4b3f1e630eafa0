"""The processes of one run: what each is told when it starts, and what becomes of one that goes down."""

from __future__ import annotations

from typing import Any

import pytest

from payproof.run import Run

RUN = pytest.StashKey[Run]()


def shared(config: pytest.Config, run: Run) -> dict[str, Any]:
    """Give what every process of a run has to know; it stays in memory."""
    port = int(config.getoption("payproof_shared") or 0)
    return {"shards": str(run.shards), "key": run.key.hex(), "port": port, "started": run.started, "tag": run.tag,
            "desk": run.desk.port if run.desk is not None else 0, "waivers": [one.as_json() for one in run.waivers],
            "secrets": dict(run.approach.secrets), "proofs": run.proofs,
            "round": len(run.resumed), "resumed": run.resumed, "done": sorted(run.done)}  # fmt: skip


def worker_name(workerid: str, again: int) -> str:
    """Name a worker, of a run that goes on by how often it has: exchanges are named by their worker."""
    return "w" + workerid.removeprefix("gw") + (f"r{again}" if again else "")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Hand to each xdist worker what it shares with the others."""
    run = node.config.stash.get(RUN, None)
    if run is not None:
        node.workerinput["payproof"] = shared(node.config, run)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """Notice a worker that went down before its tests were done."""
    run = node.config.stash.get(RUN, None)
    if run is not None:
        cards, secrets = getattr(node, "workeroutput", {}).get("payproof", ((), ()))
        run.scan.learn(cards, secrets)
        if error:
            run.stopped.append(f"worker {worker_name(node.gateway.id, len(run.resumed))} went down: {error}")
