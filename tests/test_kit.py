"""Kits: where one is looked for, and what a folder must have to be one."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from payproof import kit as kits
from payproof.errors import Exit, KitError, UsageError

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from payproof.kit import Kit

Edits = list[tuple[str, str]]


def second(root: Path, *, spec: Edits | None = None, contract: Edits | None = None) -> Path:
    """Put a second API, `tokens`, into a kit: a copy of the first in which everything has another name."""
    for name, edits in (("specs", spec), ("contracts", contract)):
        renamed = (root / name / "vouchers.yaml").read_text(encoding="utf-8")
        renamed = renamed.replace("Voucher", "Token").replace("VOUCHER", "TOKEN").replace("vouchers", "tokens")
        for old, new in (("seen_ids", "seen_tokens"), ("deleted", "deleted_tokens"), *(edits or ())):
            renamed = renamed.replace(old, new)
        (root / name / "tokens.yaml").write_text(renamed, encoding="utf-8")
    return root


def test_two_apis_are_one_kit(tiny: Callable[..., Path]) -> None:
    """A kit has all its APIs in the order of their names, and their clauses in the order of the files."""
    loaded = kits.load(second(tiny()))

    assert list(loaded.contracts) == ["tokens", "vouchers"]
    assert next(clause.id for clause in loaded.clauses()) == "createToken.status"
    assert len({clause.id for clause in loaded.clauses()}) == len(list(loaded.clauses()))


def test_a_clause_id_belongs_to_one_api(tiny: Callable[..., Path]) -> None:
    """An id that two contracts use could not be told apart in a report."""
    root = second(tiny(), contract=[("TOKEN-ID-NEW", "VOUCHER-ID-NEW")])

    with pytest.raises(KitError, match=r"vouchers\.yaml: VOUCHER-ID-NEW: the id is used in tokens\.yaml too"):
        kits.load(root)


def test_an_operation_id_belongs_to_one_api(tiny: Callable[..., Path]) -> None:
    """Shape clauses are named by operations: two of one name would be counted as one."""
    root = second(tiny(), spec=[("getToken", "getVoucher")], contract=[("getToken", "getVoucher")])

    with pytest.raises(KitError, match=r"vouchers\.yaml: getVoucher: the id is used in tokens\.yaml too"):
        kits.load(root)


def test_a_fact_has_one_scope(tiny: Callable[..., Path]) -> None:
    """Facts are one namespace over all contracts; what one keeps for the run the other cannot keep for a tenant."""
    root = second(tiny(), contract=[("seen_tokens", "seen_ids"), (", scope: run", "")])

    with pytest.raises(KitError, match=r"vouchers\.yaml: remembers 'seen_ids' with another scope"):
        kits.load(root)


def test_a_fact_of_another_contract_can_be_looked_up(tiny: Callable[..., Path]) -> None:
    """A clause may look up what another API's contract remembers."""
    root = second(tiny(), contract=[("facts: {deleted_tokens:", "facts: {deleted:"), ("facts.deleted_tokens", "facts.deleted")])

    assert kits.load(root).contracts["tokens"].clauses["TOKEN-STAYS-GONE"].facts.keys() == {"deleted"}


@pytest.mark.parametrize(
    ("gone", "named", "fault"),
    [
        pytest.param("specs/vouchers.yaml", "contracts/vouchers.yaml", "has no spec", id="contract-without-spec"),
        pytest.param("contracts/vouchers.yaml", "contracts", "has no contract", id="no-contract-at-all"),
    ],
)
def test_half_an_api_is_refused(tiny: Callable[..., Path], gone: str, named: str, fault: str) -> None:
    """An API is a spec and a contract."""
    root = tiny()
    (root / gone).unlink()

    with pytest.raises(KitError) as caught:
        kits.load(root)

    assert caught.value.path == root / named
    assert fault in str(caught.value)


def test_spec_without_contract_is_refused(tiny: Callable[..., Path]) -> None:
    """A spec that no contract belongs to would never be judged; a linter's settings are no spec."""
    root = tiny()
    (root / "specs" / "redocly.yaml").write_text("rules: {}\n", encoding="utf-8")
    assert list(kits.load(root).contracts) == ["vouchers"]
    shutil.copy(root / "specs" / "vouchers.yaml", root / "specs" / "tokens.yaml")

    with pytest.raises(KitError, match=r"tokens\.yaml: has no contract: contracts/tokens\.yaml is missing"):
        kits.load(root)


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("{api: vouchers, operation: issueToken, member: token}", id="unknown-operation"),
        pytest.param("{api: tokens, operation: createVoucher, member: token}", id="unknown-api"),
    ],
)
def test_token_comes_from_an_operation_that_is_there(tiny: Callable[..., Path], token: str) -> None:
    """A contract that fetches its token from nowhere is found out before the first request."""
    root = tiny(contract=[("effects:\n", f"access: {{token: {token}}}\neffects:\n")])

    with pytest.raises(KitError, match=r"vouchers\.yaml: access: there is no operation"):
        kits.load(root)


def test_kind_that_hides_more_wins_over_all_specs(tiny: Callable[..., Path]) -> None:
    """A member that is a card number in one API and an account in another is hidden as an account in both."""
    account, card = "cardNumber: {type: string, x-sensitive: account}", "cardNumber: {type: string, x-sensitive: pan}"
    first = second(tiny(folder="first"), spec=[(card, account)])
    other = second(tiny(folder="other", spec=[(card, account)]), spec=[(account, card)])

    assert kits.load(first).sensitive()["cardNumber"] == "account"
    assert kits.load(other).sensitive()["cardNumber"] == "account"


def test_chosen_folder_comes_first(tiny: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """A kit that was named is taken, whatever the current folder is."""
    chosen, here = tiny(folder="chosen"), tiny(folder="here")
    monkeypatch.chdir(here)

    assert kits.locate(chosen) == chosen
    assert kits.locate() == here


def test_checkout_is_the_last_resort(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a kit in the current folder or in the package, the checkout that the package runs from is one."""
    monkeypatch.chdir(tmp_path)

    assert kits.locate() == root


def test_folder_that_is_no_kit_is_named(tmp_path: Path) -> None:
    """A chosen folder is not quietly replaced by another one."""
    with pytest.raises(UsageError, match="is no kit: it needs the folders specs, contracts and suites"):
        kits.locate(tmp_path)


def test_command_says_that_a_folder_is_no_kit(payproof: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path) -> None:
    """As a command: one line on standard error and exit code 2."""
    done = payproof("clauses", "--kit", str(tmp_path))

    assert (done.returncode, done.stdout) == (Exit.USAGE, "")
    assert done.stderr.startswith("payproof: ")
    assert done.stderr.count("\n") == 1


def test_unknown_api_is_named(kit: Kit) -> None:
    """The message lists what there is."""
    assert kits.selected(kit, ()) == tuple(kit.contracts)
    assert kits.selected(kit, ("jpmorgan-oauth",)) == ("jpmorgan-oauth",)
    with pytest.raises(UsageError, match=r"there is no API 'nobody'; this kit has jpmorgan-oauth, "):
        kits.selected(kit, ("jpmorgan-oauth", "nobody"))


def test_kit_of_this_repository_loads(kit: Kit, root: Path) -> None:
    """The repository is a kit, and its contracts are the files that are there."""
    assert kit.root == root
    assert [f"{api}.yaml" for api in kit.contracts] == sorted(path.name for path in (root / "contracts").glob("*.yaml"))


def test_package_knows_no_kit_of_its_own_in_a_checkout() -> None:
    """Only a wheel carries a kit inside; in a checkout it would hide the one that is edited."""
    package = Path(kits.__file__).resolve().parent

    assert not kits.looks_like_kit(package / "kit")


def test_clause_leans_on_the_apis_whose_exchanges_it_looks_up(root: Path) -> None:
    """Its own API and the one that gives its tokens are always there."""
    loaded = kits.load(root)
    leaning = {clause.id: loaded.leans_on(clause) for clause in loaded.clauses()}

    assert leaning["CPM-MADE-IN-PAYMENT-FOUND"] == {"jpmorgan-payments"}
    assert leaning["CPM-TOKEN-ACCEPTED"] == frozenset()
