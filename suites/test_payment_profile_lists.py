"""Lists of payment profiles and searches for customers: what is found, page by page.

What can go wrong: a page loses a profile or shows it twice, a filter lets others through, a search finds somebody else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from payproof.client import ACCEPT

if TYPE_CHECKING:
    from suites.fixtures.mercadopago import Sales, Seller

pytestmark = pytest.mark.api("mercadopago-profiles")

DEFAULT_SIZE = 50
"""How many profiles a page has at most where the seller does not say."""


@pytest.mark.operation("listPaymentProfiles")
def test_pages_of_the_list(seller: Seller, sales: Sales) -> None:
    """A customer has five profiles, of which two are cancelled, and the seller walks through the list.

    Expect every profile once, whatever the size of the pages, and a filter that counts only what it shows.
    """
    # A new customer has none
    customer = seller.register()
    assert seller.profiles(customer) == {}
    card = seller.save_card(customer)
    made = [seller.create(customer, sales.by_card(card), description=f"Profile {number}") for number in range(5)]
    for profile in made[:2]:
        seller.cancel(profile)
    everything = {profile.id for profile in made}
    assert seller.profiles(customer).keys() == everything

    # Pages of every size that ends within, at, and behind the last one
    for size in (1, 2, 3, 5):
        pages = [list(seller.profiles(customer, limit=str(size), offset=str(offset))) for offset in range(0, 5, size)]
        assert [len(page) for page in pages] == [min(size, 5 - offset) for offset in range(0, 5, size)]
        assert sorted(name for page in pages for name in page) == sorted(everything)
    assert seller.profiles(customer, offset="5") == {}
    assert seller.profiles(customer, limit="100").keys() == everything

    # The filter, with pages of its own that end where the filtered list does
    cancelled = {profile.id for profile in made[:2]}
    assert seller.profiles(customer, status="CANCELLED").keys() == cancelled
    for size in (1, 2):
        pages = [list(seller.profiles(customer, status="CANCELLED", limit=str(size), offset=str(offset))) for offset in range(0, 3, size)]
        assert sorted(name for page in pages for name in page) == sorted(cancelled)
    assert len(seller.profiles(customer, status="CANCELLED", offset="1")) == 1
    answer = seller.ask("listPaymentProfiles", customer, query={"status": "CANCELLED", "limit": "1"}, intent=ACCEPT)
    if seller.apis.session.target.reference:
        assert answer.body["paging"] == {"total": 2, "limit": 1, "offset": 0}


@pytest.mark.operation("listPaymentProfiles")
def test_page_of_the_default_size(seller: Seller, sales: Sales, depth: str) -> None:
    """A customer has 51 profiles (at depth smoke two), one more than a page shows where the seller does not say how many it wants.

    Expect fifty of them on the first page, and the last one on the second.
    """
    # One more than fifty
    customer = seller.register()
    card = seller.save_card(customer)
    made = {seller.create(customer, sales.by_card(card)).id for _ in range(2 if depth == "smoke" else DEFAULT_SIZE + 1)}

    # Fifty, and one
    first, second = seller.profiles(customer), seller.profiles(customer, offset=str(DEFAULT_SIZE))
    assert len(first) == min(len(made), DEFAULT_SIZE)
    assert first.keys() | second.keys() == made


def test_customers_are_found(seller: Seller, sales: Sales) -> None:
    """A seller has three customers and looks for one of them by its address, as the page of the vendor advises.

    Expect exactly this one, as it was created, with an id under which a profile can be made.
    """
    # Three customers, as they were created
    made: dict[str, dict[str, Any]] = {
        seller.register(f"payer{number}", first_name=f"Jhon {number}"): sales.customer(
            seller.address(f"payer{number}"), first_name=f"Jhon {number}"
        )
        for number in range(3)
    }
    for customer, sent in made.items():
        assert {name: seller.customer(customer)[name] for name in sent} == sent

    # The search finds one by its address, and nobody by an unknown one
    wanted = next(iter(made))
    found = seller.search(seller.address("payer0"))
    assert [one["id"] for one in found] == [wanted]
    assert {name: found[0][name] for name in made[wanted]} == made[wanted]
    assert seller.search(seller.address("nobody")) == []

    # Without an address it goes through all of them, page by page; elsewhere other people's customers are among them
    if seller.apis.session.target.mock:
        pages = [seller.search(limit="2", offset=offset) for offset in ("0", "2")]
        assert [len(page) for page in pages] == [2, 1]
        assert {one["id"] for page in pages for one in page} == made.keys()
    assert made.keys() <= set(seller.everybody())

    # The id is good for a profile
    assert seller.profiles(found[0]["id"]) == {}
    profile = seller.create(found[0]["id"])
    assert seller.profiles(wanted).keys() == {profile.id}
    assert seller.profiles(next(name for name in made if name != wanted)) == {}
