"""Requests that nobody wrote down: valid ones must be accepted, and one wrong thing in a valid one must be refused.

Every generated request has its own tenant, whose profile has real ids. A negative request is an accepted one with one
place changed. What a refusal must say, and that it changes nothing, is judged on the exchanges; how many requests were
sent, and which constraints they violated, is counted from the journal.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from payproof.boundary import Boundaries
from payproof.client import ACCEPT, BrokenClause
from payproof.negative import negatives
from payproof.subject import Drawn, Subject

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hypothesis.strategies import SearchStrategy

    from payproof.client import Answer
    from payproof.constraint import Constraint
    from payproof.draft import Draft
    from payproof.exchange import Intent
    from payproof.explore import Explore
    from payproof.plot import Base, Ground
    from payproof.specimen import Skeleton
    from payproof.worker import Worker

OPERATIONS = (
    "issueToken", "createConsumerProfile", "getConsumerProfile", "updateConsumerProfile", "deleteConsumerProfile",
    "addPaymentMethod", "updatePaymentMethod", "deletePaymentMethod", "setDefaultPaymentMethod", "getPaymentMethodStatus",
)  # fmt: skip
CONSUMING = {"deleteConsumerProfile", "deletePaymentMethod"}
"""What is deleted cannot be deleted again, so the base request is proven on a twin of the ground."""
PARTS = {"createConsumerProfile": 4, "addPaymentMethod": 4}
"""Into how many tests the constraints of an operation are split, so that workers can share them."""
TOGETHER = 16
"""How many constraints are violated on one ground, after one accepted request."""

VALID = {"smoke": 0, "standard": 40, "deep": 150}
"""How many valid requests Schemathesis generates for an operation, by depth. It takes two seconds to start."""
FULL = {"smoke": 2, "standard": 36, "deep": 150}
"""How many valid requests with every optional header are generated where there is nothing else to vary, by depth."""
TIMES = {"smoke": 1, "standard": 2, "deep": 10}
"""How often a constraint is violated at least, by depth: once with the simplest values, then with drawn ones."""
NEGATIVE = {"smoke": 0, "standard": 84, "deep": 1200}
"""How many negative requests an operation gets at least, by depth: where constraints are few, each is violated oftener."""
BEYOND = {"smoke": 0, "standard": 1, "deep": 100}
"""How many values beyond one boundary are sent, by depth."""

PUBLISHED = (
    "4112344112344113", "4012000033330026", "4110144110144115", "5112345112345114", "5111005111051128",
    "2221000000000009", "6011016011016011", "6559906559906557", "3566003566003566", "3528000000000007",
)  # fmt: skip
"""Card numbers that the vendor publishes for tests."""
KINDS = ("card", "ach", "sepa", "bacs")
APART = frozenset({"consumerProfileAddress", "addressIdentifier"})
"""A method gets a new address, or one that is there. No document says what both together would mean."""
VALUES: Mapping[str, SearchStrategy[Any]] = {
    "accountNumber": st.sampled_from(PUBLISHED),
    "addressIdentifier": st.just("an address of the profile"),
    # Ahead of every clock under which the suite runs.
    "cardExpirationMonthYearNumber": st.builds("{:02}/{}".format, st.integers(1, 12), st.integers(2040, 2099)),
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give each test an operation, and where there are many constraints a share of them."""
    for name in {"operation", "share"} & set(metafunc.fixturenames):
        shares = [(one, part) for one in OPERATIONS for part in range(PARTS.get(one, 1) if name == "share" else 1)]
        values = [pytest.param(
            (one, part) if name == "share" else one, id=f"{one}-{part}" if PARTS.get(one) and name == "share" else one,
            marks=[pytest.mark.operation(one), pytest.mark.api("jpmorgan-oauth" if one == "issueToken" else "jpmorgan-profiles")],
        ) for one, part in shares]  # fmt: skip
        metafunc.parametrize(name, values)


@pytest.fixture(scope="session")
def subjects(payproof_worker: Worker) -> Callable[[str], Subject]:
    """Give the subject of an operation id."""

    @cache
    def subject(operation: str) -> Subject:
        contracts = payproof_worker.kit.contracts.values()
        spec = next(contract.spec for contract in contracts if operation in contract.spec.operations)
        return Subject(spec, spec.operations[operation], VALUES, [APART])

    return subject


@pytest.fixture(scope="session")
def boundaries(payproof_worker: Worker) -> Callable[[Subject], Boundaries]:
    """Give the spec of a subject as Schemathesis sees it."""

    @cache
    def loaded(api: str) -> Boundaries:
        return Boundaries(payproof_worker.kit.contracts[api].spec, payproof_worker.options.seed)

    return lambda subject: loaded(subject.spec.api)


def test_valid_requests_are_accepted(
    operation: str, subjects: Callable[[str], Subject], boundaries: Callable[[Subject], Boundaries], ground: Ground,
    explore: Explore, depth: str,
) -> None:  # fmt: skip
    """Whatever the spec allows is sent to a tenant who can use it.

    Expect that it is accepted, and that Schemathesis finds the answer as documented as the judge does.
    """
    subject = subjects(operation)
    known = boundaries(subject)

    def accepted(drawn: Drawn) -> Answer:
        base = ground(operation, accounts=True)
        draft = real(subject, base, drawn)
        assume(publishable(base, draft))
        return sent(base, draft, ACCEPT)

    # Requests as Schemathesis draws them
    def agreed(drawn: Drawn) -> None:
        known.operation(subject).validate_response(_as_httpx(accepted(drawn)))

    if VALID[depth]:
        explore(f"valid {operation}", given(known.valid(subject))(agreed), examples=VALID[depth])

    # Where only a few headers or fields can differ, all of them at once
    def simply(drawn: Drawn) -> None:
        accepted(drawn)

    if subject.form or not subject.operation.bodies or not VALID[depth]:
        explore(f"full {operation}", given(subject.drawn(subject.skeletons[0]))(simply), examples=FULL[depth])


def test_each_constraint_is_enforced(
    share: tuple[str, int], subjects: Callable[[str], Subject], ground: Ground, explore: Explore, depth: str
) -> None:
    """A valid request is accepted; the same with one constraint violated is sent, for each constraint of the spec.

    Expect that each is refused with a word about the changed member, and that the profile is as it was. At smoke, one
    constraint of each kind stands for the others.
    """
    operation, part = share
    subject = subjects(operation)

    def refused(skeleton: Skeleton, group: list[Constraint], data: st.DataObject) -> None:
        # A valid request, on this ground or on its twin
        drawn = data.draw(subject.drawn(skeleton))
        base = ground(operation, accounts=True)
        draft = proven(subject, base, drawn, ground)

        # The same with one thing wrong, again and again
        faults = subject.faults(base.api)
        others = [other for other in subject.skeletons if other is not skeleton]
        for constraint in group:
            negative = data.draw(negatives(constraint, draft, faults, others))
            assume(publishable(base, negative.draft))
            sent(base, negative.draft, negative.intent)

        # Nothing has changed
        read_back(base)

    times = max(TIMES[depth], -(-NEGATIVE[depth] // len(subject.constraints)))
    mine = subject.constraints[part :: PARTS.get(operation, 1)]
    if depth == "smoke":
        mine = list({(constraint.location, constraint.keyword): constraint for constraint in mine}.values())
    for number, (skeleton, group) in enumerate(subject.grouped(mine, TOGETHER)):
        test = given(st.just(skeleton), st.just(group), st.data())(refused)
        explore(f"{operation} {part} {number}", test, examples=times)


def test_boundaries_are_enforced(
    operation: str, subjects: Callable[[str], Subject], boundaries: Callable[[Subject], Boundaries], ground: Ground,
    explore: Explore, depth: str,
) -> None:  # fmt: skip
    """Schemathesis walks along the boundaries of the spec; what lies beyond is put into a request that is accepted.

    Expect that each is refused with a word about the changed member, and that the profile is as it was.
    """
    if not BEYOND[depth]:
        pytest.skip("boundaries are walked along from --depth standard on")
    subject = subjects(operation)

    # Valid requests, one for each way in which a body can be full
    base = ground(operation, accounts=True)
    drafts = []
    for number, skeleton in enumerate(subject.skeletons):
        drawn = one_of(explore, f"base {operation} {number}", subject.drawn(skeleton))
        drafts.append(proven(subject, base, drawn, ground))

    # What lies beyond a boundary, in the place of what was accepted
    times: Counter[str] = Counter()
    for constraint, negative in boundaries(subject).beyond(subject, drafts, subject.faults(base.api)):
        times[constraint.id] += 1
        if times[constraint.id] <= BEYOND[depth] and publishable(base, negative.draft):
            sent(base, negative.draft, negative.intent)
    assert times

    # Nothing has changed
    read_back(base)


def real(subject: Subject, base: Base, drawn: Drawn) -> Draft:
    """Put a drawn request on ground: its ids are those of the tenant."""
    required = {one.name for one in subject.operation.parameters if one.where == "header" and one.required}
    headers = {name: value for name, value in base.api.access(base.operation).items() if name in required}
    path = dict(base.path)
    body = drawn.body if subject.form else _with_ids(base, drawn.body)
    if subject.operation.id == "updatePaymentMethod" and isinstance(body, dict):
        kind = next((kind for kind in KINDS if kind in body), "card")
        path["payment-method-Id"] = base.ids["second" if kind == "card" else kind]
    return subject.draft(Drawn(body, drawn.labels), path=path, headers=headers)


def _with_ids(base: Base, body: Any) -> Any:
    if isinstance(body, list):
        return [_with_ids(base, item) for item in body]
    if not isinstance(body, dict):
        return body
    filled = {name: _with_ids(base, value) for name, value in body.items()}
    if isinstance(filled.get("addressIdentifier"), str):
        filled["addressIdentifier"] = base.ids["second-address"]
        filled.pop("consumerProfileAddress", None)
    return filled


def proven(subject: Subject, base: Base, drawn: Drawn, ground: Ground) -> Draft:
    """Send a drawn request, which must be accepted, and give it as it stands on this ground."""
    where = ground(subject.operation.id, accounts=True) if subject.operation.id in CONSUMING else base
    sent(where, real(subject, where, drawn), ACCEPT)
    return real(subject, base, drawn)


def sent(base: Base, draft: Draft, intent: Intent) -> Answer:
    """Send a request; raise at once for a broken clause, so that Hypothesis shrinks it."""
    answer = base.api.session.send(base.api.tenant, draft.request(base.api), intent)
    if answer.judgement.findings:
        raise BrokenClause.of(answer.judgement.findings[0])
    return answer


def publishable(base: Base, draft: Draft) -> bool:
    """Say whether a request may be sent: card numbers that were made up go to the mock only."""
    session = base.api.session
    text = draft.request(base.api).body.decode("utf-8", "replace")
    return session.target.mock or set(session.redactor.card_numbers(text)) <= set(PUBLISHED)


def one_of(explore: Explore, name: str, values: SearchStrategy[Drawn]) -> Drawn:
    """Draw a single value by the seed of the run."""
    found: list[Drawn] = []
    explore(name, given(values)(lambda drawn: found.append(drawn)), examples=2)  # noqa: PLW0108  # Hypothesis wants a function of Python
    return found[-1]


def read_back(base: Base) -> None:
    """Read what refused requests must have left as it was; the judge compares."""
    if "profile" in base.ids:
        answer = base.read()
        if answer.judgement.findings:
            raise BrokenClause.of(answer.judgement.findings[0])


def _as_httpx(answer: Answer) -> httpx.Response:
    exchange = answer.exchange
    assert exchange.response is not None
    request = httpx.Request(exchange.request.method, exchange.request.url)
    headers = [(name, value) for name, value in exchange.response.headers if name.lower() != "content-encoding"]
    response = httpx.Response(exchange.response.status, headers=headers, content=exchange.response.body, request=request)
    response.elapsed = timedelta(milliseconds=exchange.elapsed)
    return response
