"""Requests that nobody wrote down: valid ones must be accepted, and one wrong thing in a valid one must be refused.

Every generated request has its own tenant, and refers to what this tenant has. A negative request is an accepted one
with one place changed. What a refusal must say, and that it changes nothing, is judged on the exchanges; how many
requests were sent, and which constraints they violated, is counted from the journal. What differs between operations is
in their plots.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from schemathesis import Response

from payproof.boundary import Boundaries
from payproof.client import ACCEPT, BrokenClause
from payproof.constraint import constraints
from payproof.negative import negatives
from payproof.plugin import kit_of
from payproof.subject import Drawn, Subject

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.strategies import SearchStrategy

    from payproof.client import Answer
    from payproof.constraint import Constraint
    from payproof.draft import Draft
    from payproof.exchange import Intent
    from payproof.explore import Explore
    from payproof.plot import Base, Ground, Plot
    from payproof.specimen import Skeleton
    from payproof.worker import Worker

SHARE = 100
"""About how many constraints of an operation one test violates: where there are more, workers can share them."""
TOGETHER = 16
"""How many constraints are violated on one ground, after one accepted request."""

VALID = {"smoke": 0, "standard": 16, "deep": 150}
"""How many valid requests Schemathesis generates for an operation, by depth. It takes two seconds to start."""
FULL = {"smoke": 2, "standard": 32, "deep": 150}
"""How many valid requests with every optional header and with full bodies are generated for an operation, by depth."""
TIMES = {"smoke": 1, "standard": 2, "deep": 10}
"""How often a constraint is violated at least, by depth: once with the simplest values, then with drawn ones."""
NEGATIVE = {"smoke": 0, "standard": 84, "deep": 1200}
"""How many negative requests an operation gets at least, by depth: where constraints are few, each is violated oftener."""
BEYOND = {"smoke": 0, "standard": 1, "deep": 100}
"""How many values beyond one boundary are sent, by depth."""


pytestmark = pytest.mark.every_case


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give each test an operation of the kit, and where there are many constraints a share of them."""
    for name in {"operation", "share"} & set(metafunc.fixturenames):
        values = []
        for contract in kit_of(metafunc.config).contracts.values():
            for operation in contract.spec.operations.values():
                demanded = constraints(contract.spec, operation)
                if metafunc.function is test_boundaries_are_enforced and all(one.location == "authorization" for one in demanded):
                    continue
                marks = [pytest.mark.operation(operation.id), pytest.mark.api(contract.api)]
                shares = 1 + len(demanded) // SHARE if name == "share" else 1
                values += [pytest.param(
                    (operation.id, part, shares) if name == "share" else operation.id, marks=marks,
                    id=f"{operation.id}-{part}" if shares > 1 else operation.id,
                ) for part in range(shares)]  # fmt: skip
        metafunc.parametrize(name, values)


@pytest.fixture(scope="session")
def subjects(payproof_worker: Worker, plots: dict[str, Plot]) -> Callable[[str], Subject]:
    """Give the subject of an operation id."""

    @cache
    def subject(operation: str) -> Subject:
        contracts = payproof_worker.kit.contracts.values()
        contract = next(contract for contract in contracts if operation in contract.spec.operations)
        plot, supplied = plots[operation], contract.access.get("headers", {})
        return Subject(contract.spec, contract.spec.operations[operation], plot.values, plot.apart, supplied, plot.once, plot.shaped)

    return subject


@pytest.fixture(scope="session")
def boundaries(payproof_worker: Worker) -> Callable[[Subject], Boundaries]:
    """Give the spec of a subject as Schemathesis sees it."""

    @cache
    def loaded(api: str) -> Boundaries:
        return Boundaries(payproof_worker.kit.contracts[api].spec, payproof_worker.options.seed)

    return lambda subject: loaded(subject.spec.api)


def test_valid_requests_are_accepted(
    operation: str, subjects: Callable[[str], Subject], boundaries: Callable[[Subject], Boundaries], plots: dict[str, Plot],
    ground: Ground, explore: Explore, depth: str,
) -> None:  # fmt: skip
    """Whatever the spec allows is sent to a tenant who can use it.

    Expect that it is accepted, and that Schemathesis finds the answer as documented as the judge does.
    """
    subject = subjects(operation)
    known = boundaries(subject)

    def accepted(drawn: Drawn) -> Answer:
        base = ground(operation, full=True)
        draft = real(subject, plots[operation], base, drawn)
        if not subject.bare:
            # Where nothing is drawn, Hypothesis is not there to be told.
            assume(publishable(plots[operation], base, draft))
        return sent(base, draft, ACCEPT)

    # Requests as Schemathesis draws them
    def agreed(drawn: Drawn) -> None:
        known.operation(subject).validate_response(_answered(accepted(drawn)))

    if VALID[depth] and not subject.bare:
        explore(f"valid {operation}", given(known.valid(subject))(agreed), examples=VALID[depth])

    # Everything that can differ at once; where nothing can, each request is about another thing
    def simply(drawn: Drawn) -> None:
        accepted(drawn)

    if subject.bare:
        for _ in range(FULL[depth]):
            (agreed if VALID[depth] else simply)(Drawn(None, {}))
    else:
        whole = st.one_of([subject.drawn(skeleton, alone=True) for skeleton in subject.skeletons])
        explore(f"full {operation}", given(whole)(simply), examples=FULL[depth])


def test_each_constraint_is_enforced(
    share: tuple[str, int, int], subjects: Callable[[str], Subject], plots: dict[str, Plot], ground: Ground, explore: Explore, depth: str
) -> None:
    """A valid request is accepted; the same with one constraint violated is sent, for each constraint of the spec.

    Expect that each is refused with a word about the changed member, and that everything is as it was. At smoke, one
    constraint of each kind stands for the others.
    """
    operation, part, shares = share
    subject, plot = subjects(operation), plots[operation]

    def refused(skeleton: Skeleton, group: list[Constraint], data: st.DataObject) -> None:
        # A valid request, on this ground or on its twin
        drawn = data.draw(subject.drawn(skeleton))
        base = ground(operation, full=True)
        draft = proven(subject, plot, base, drawn, ground)

        # The same with one thing wrong, again and again
        faults = subject.faults(base.api)
        others = [other for other in subject.skeletons if other is not skeleton]
        for constraint in group:
            negative = data.draw(negatives(constraint, draft, faults, others))
            assume(publishable(plot, base, negative.draft))
            sent(base, negative.draft, negative.intent)

        # Nothing has changed
        read_back(base)

    times = max(TIMES[depth], -(-NEGATIVE[depth] // len(subject.constraints)))
    wanted = subject.constraints
    if depth == "smoke":
        wanted = list({(constraint.location, constraint.keyword): constraint for constraint in wanted}.values())
    mine = wanted[part::shares]
    for number, (skeleton, group) in enumerate(subject.grouped(mine, TOGETHER)):
        test = given(st.just(skeleton), st.just(group), st.data())(refused)
        explore(f"{operation} {part} {number}", test, examples=times)


def test_boundaries_are_enforced(
    operation: str, subjects: Callable[[str], Subject], boundaries: Callable[[Subject], Boundaries], plots: dict[str, Plot],
    ground: Ground, explore: Explore, depth: str,
) -> None:  # fmt: skip
    """Schemathesis walks along the boundaries of the spec; what lies beyond is put into a request that is accepted.

    Expect that each is refused with a word about the changed member, and that everything is as it was.
    """
    if not BEYOND[depth]:
        pytest.skip("boundaries are walked along from --depth standard on")
    subject, plot = subjects(operation), plots[operation]

    # Valid requests, one for each way in which a body can be full
    base = ground(operation, full=True)
    drafts = []
    for number, skeleton in enumerate(subject.skeletons):
        drawn = one_of(explore, f"base {operation} {number}", subject.drawn(skeleton))
        drafts.append(proven(subject, plot, base, drawn, ground))

    # What lies beyond a boundary, in the place of what was accepted
    times: Counter[str] = Counter()
    for constraint, negative in boundaries(subject).beyond(subject, drafts, subject.faults(base.api)):
        times[constraint.id] += 1
        if times[constraint.id] <= BEYOND[depth] and publishable(plot, base, negative.draft):
            sent(base, negative.draft, negative.intent)
    assert times

    # Nothing has changed
    read_back(base)


def real(subject: Subject, plot: Plot, base: Base, drawn: Drawn) -> Draft:
    """Put a drawn request on ground: what it refers to is what the tenant has."""
    return plot.settle(base, subject.draft(drawn, path=base.path, headers={}))


def proven(subject: Subject, plot: Plot, base: Base, drawn: Drawn, ground: Ground) -> Draft:
    """Send a drawn request, which must be accepted, and give it as it stands on this ground.

    What can be done only once is done on a twin of the ground.
    """
    where = ground(subject.operation.id, full=True) if plot.consuming else base
    sent(where, real(subject, plot, where, drawn), ACCEPT)
    return real(subject, plot, base, drawn)


def sent(base: Base, draft: Draft, intent: Intent) -> Answer:
    """Send a request; raise at once for a broken clause, so that Hypothesis shrinks it."""
    answer = base.api.session.send(base.api.tenant, draft.request(base.api), intent)
    if answer.judgement.findings:
        raise BrokenClause.of(answer.judgement.findings[0])
    return answer


def publishable(plot: Plot, base: Base, draft: Draft) -> bool:
    """Say whether a request may be sent: card numbers that were made up go to the mock only."""
    session = base.api.session
    if session.target.mock:
        return True
    text = draft.request(base.api).body.decode("utf-8", "replace")
    return set(session.redactor.card_numbers(text)) <= set(plot.cards)


def one_of(explore: Explore, name: str, values: SearchStrategy[Drawn]) -> Drawn:
    """Draw a single value by the seed of the run."""
    found: list[Drawn] = []
    explore(name, given(values)(lambda drawn: found.append(drawn)), examples=2)  # noqa: PLW0108  # Hypothesis wants a function of Python
    return found[-1]


def read_back(base: Base) -> None:
    """Read what refused requests must have left as it was; the judge compares."""
    if base.back is not None:
        answer = base.read()
        if answer.judgement.findings:
            raise BrokenClause.of(answer.judgement.findings[0])


def _answered(answer: Answer) -> Response:
    exchange = answer.exchange
    assert exchange.response is not None
    headers: dict[str, list[str]] = {}
    for name, value in exchange.response.headers:
        headers.setdefault(name.lower(), []).append(value)
    request: Any = None  # what is documented of an answer does not depend on it
    return Response(exchange.response.status, headers, exchange.response.body, request, exchange.elapsed / 1000, verify=True)
