"""What an honest server may add to its answers takes nothing away from what is judged."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from payproof import kit as kits
from payproof import replay
from payproof.target import open_target

if TYPE_CHECKING:
    from payproof.exchange import Exchange

KIT = kits.load(Path(__file__).resolve().parent.parent)


def more(exchange: Exchange) -> Exchange:
    """Add an undocumented number with a fraction to a body, and a content type to an answer without one."""
    response = exchange.response
    assert response is not None, "stories record answers only"
    if not response.body:
        return replace(exchange, response=replace(response, headers=(*response.headers, ("Content-Type", "application/json"))))
    body = json.loads(response.body)
    body = {**body, "Version": 2.5} if isinstance(body, dict) else body
    return replace(exchange, response=replace(response, body=json.dumps(body).encode()))


@pytest.mark.parametrize("api", KIT.contracts)
def test_additions_silence_no_clause(api: str) -> None:
    with open_target(replay.Asked()) as target:
        chain = replay.record(KIT, api, target)
    added = [more(exchange) for exchange in chain.exchanges]

    trial = replay.judge_all(KIT, added, chain.has)

    assert added != chain.exchanges
    assert trial.judged == replay.judge_all(KIT, chain.exchanges, chain.has).judged
    assert trial.findings == {}
    assert trial.errors == []
