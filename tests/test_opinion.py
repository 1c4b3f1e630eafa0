"""The second opinion: where it is asked, and on what it is known to differ from the judge."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from payproof.exchange import Exchange, Request, Response
from payproof.judge import Judge
from payproof.opinion import SecondOpinion
from payproof.redact import Redactor

if TYPE_CHECKING:
    from payproof.kit import Kit

REFUSED = b'{"error": "invalid_request", "error_description": "The parameter grant_type is repeated"}'


@pytest.mark.parametrize(
    "form",
    [
        pytest.param(b"grant_type=client_credentials", id="valid"),
        pytest.param(b"grant_type=password", id="broken-for-both"),
        pytest.param(b"grant_type=client_credentials&grant_type=client_credentials", id="field-twice"),
    ],
)
def test_forms_give_no_disagreement(kit: Kit, form: bytes) -> None:
    contracts = list(kit.contracts.values())
    contract = kit.contracts["jpmorgan-oauth"]
    judge = Judge(contracts, Redactor(kit.sensitive()), has=frozenset())
    headers = (("Content-Type", "application/x-www-form-urlencoded"),)
    request = Request("POST", "http://127.0.0.1/am/oauth2/alpha/access_token", headers, form)
    exchange = Exchange("w0-1", request, Response(400, (("Content-Type", "application/json"),), REFUSED), 0.0, 1.0)
    judgement = judge.judge(exchange)
    opinion = SecondOpinion(contracts)
    assert opinion.disagreement(contract, contract.spec.operations["issueToken"], exchange, judgement, {}) == ""
    assert opinion.asked >= 1
