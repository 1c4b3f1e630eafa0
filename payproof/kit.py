"""A kit: a folder with specs, contracts, suites and conftest.py, read as a whole."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from payproof import contract as contracts
from payproof import spec as specs
from payproof import yamlfile
from payproof.door import AUTHORIZATION, all_doors
from payproof.errors import KitError, UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from payproof.clause import Clause
    from payproof.contract import Contract


_TEMPLATE = re.compile(r"\{([a-z][a-z0-9_]*)\}")


@dataclass(frozen=True, slots=True)
class Kit:
    """Where the kit is, and its contracts by API."""

    root: Path
    contracts: Mapping[str, Contract]

    def clauses(self) -> Iterator[Clause]:
        """Give every clause of every API, in the order of the files: the same in every worker."""
        for contract in self.contracts.values():
            yield from contract.all_clauses()

    def leans_on(self, clause: Clause) -> frozenset[str]:
        """Give the other APIs of which a clause looks up what their exchanges taught: without them it may never be met."""
        sources = {name: {api for api, contract in self.contracts.items() if name in contract.facts} for name in clause.facts}
        own = {clause.api, self.contracts[clause.api].access.get("token", {}).get("api")}
        return frozenset().union(*(apis for apis in sources.values() if not apis & own))

    def sensitive(self) -> dict[str, str]:
        """Give the sensitive member names of all specs, by kind; those of kind `id` only look sensitive at times."""
        found: dict[str, str] = {name: "id" for contract in self.contracts.values() for name in contract.spec.identifiers}
        for contract in self.contracts.values():
            found |= {name: kind for name, kind in contract.spec.sensitive.items() if found.get(name) != "account"}
        return found

    def credentials(self, apis: Iterable[str]) -> tuple[str, ...]:
        """Give the names of the credentials that a caller of these APIs needs, as the contracts' access templates name them."""
        named: dict[str, None] = {}
        for api in apis:
            access = self.contracts[api].access
            token = access.get("token", {})
            filled = (access.get("headers", {}), access.get("query", {}), token.get("headers", {}), token.get("form", {}))
            templates = [value for values in filled for value in values.values()]
            fetched = {token.get("credential", "token"), "fresh"} if token else {"fresh"}
            for name in _TEMPLATE.findall(" ".join(templates)):
                named |= dict.fromkeys(("client_id", "client_secret") if name == "basic" else () if name in fetched else (name,))
        return tuple(named)

    def secrets(self) -> frozenset[str]:
        """Give the names of the credentials that open something: what goes through a door or fetches a token."""
        found = {"basic"}
        for contract in self.contracts.values():
            token = contract.access.get("token", {})
            headers = {**contract.access.get("headers", {}), **token.get("headers", {})}
            known = all_doors(contract.spec) | {("header", AUTHORIZATION.lower())}
            templates = [value for name, value in headers.items() if ("header", name.lower()) in known]
            templates += [value for name, value in contract.access.get("query", {}).items() if ("query", name) in known]
            templates += [value for name, value in token.get("form", {}).items() if name != "client_id"]
            found.update(_TEMPLATE.findall(" ".join(templates)))
        return frozenset(found)

    def production_hosts(self) -> frozenset[str]:
        """Give the hosts that the specs name as the vendors' production (x-production-hosts)."""
        named = (contract.spec.document.get("x-production-hosts", ()) for contract in self.contracts.values())
        return frozenset(host.lower() for hosts in named for host in hosts)


def looks_like_kit(folder: Path) -> bool:
    """Say whether a folder has what a kit must have."""
    return (folder / "specs").is_dir() and (folder / "contracts").is_dir() and (folder / "suites").is_dir()


def locate(chosen: Path | None = None) -> Path:
    """Find the kit: the chosen folder, the current one, the one inside the package, or the checkout it runs from.

    Raises UsageError where none of them is a kit.
    """
    if chosen is not None:
        if not looks_like_kit(chosen):
            message = f"{chosen} is no kit: it needs the folders specs, contracts and suites"
            raise UsageError(message)
        return chosen.resolve()
    package = Path(__file__).resolve().parent
    for folder in (Path.cwd(), package / "kit", package.parent):
        if looks_like_kit(folder):
            return folder.resolve()
    message = "no kit here: name one with --kit DIR (a folder with specs, contracts and suites)"
    raise UsageError(message)


def load(root: Path, *, trusted: bool = False) -> Kit:
    """Read all specs and contracts of a kit; `trusted` leaves out checks that another process of the same run has made.

    Raises KitError for a file that cannot be used, a spec without contract, a contract without spec, a clause id or an
    operation id that two APIs use, or a token that is fetched from an operation that is not there.
    """
    paths = sorted((root / "contracts").glob("*.yaml"))
    if not paths:
        raise KitError(root / "contracts", "has no contract", hint="a contract is a file <api>.yaml")
    facts: dict[str, bool] = {}
    files = {path: yamlfile.load(path) for path in paths}
    for path, file in files.items():
        for name, run in contracts.remembered(file).items():
            if facts.setdefault(name, run) != run:
                raise KitError(path, f"remembers {name!r} with another scope than another contract does")
    found: dict[str, Contract] = {}
    owner: dict[str, Path] = {}
    for path in paths:
        spec_path = root / "specs" / path.name
        if not spec_path.is_file():
            raise KitError(path, f"has no spec: {spec_path} is missing")
        contract = contracts.load(path, specs.load(spec_path), facts=facts, trusted=trusted, file=files[path])
        for name in (*contract.clauses, *contract.spec.operations):
            if name in owner:
                raise KitError(path, f"{name}: the id is used in {owner[name].name} too")
            owner[name] = path
        found[contract.api] = contract
    for path in sorted((root / "specs").glob("*.yaml")):
        if path.stem not in found and not path.name.startswith("redocly"):
            raise KitError(path, f"has no contract: contracts/{path.name} is missing")
    for contract in found.values():
        _check_neighbours(contract, found)
    return Kit(root, found)


def _check_neighbours(contract: Contract, found: Mapping[str, Contract]) -> None:
    """Make sure that operations of other contracts which one names are there. Raises KitError."""
    token = contract.access.get("token")
    named = [("access", token["api"], token["operation"])] if token else []
    named += [("cleanup", call.api, call.operation) for makings in contract.cleanup.values() for making in makings
              for call in making.undo if call.api]  # fmt: skip
    for where, api, operation in named:
        if api not in found or operation not in found[api].spec.operations:
            why = " to fetch a token from" if where == "access" else ""
            raise KitError(contract.path, f"{where}: there is no operation {operation!r} of {api!r}{why}")


def selected(kit: Kit, apis: tuple[str, ...], here: Collection[str] | None = None) -> tuple[str, ...]:
    """Give the APIs in scope: those asked for, or all that are at the target (`here`; all of the kit where left out).

    Raises UsageError for one that is unknown, or not there.
    """
    for api in apis:
        if api not in kit.contracts:
            message = f"there is no API {api!r}; this kit has {', '.join(kit.contracts)}"
            raise UsageError(message)
        if here is not None and api not in here:
            message = f"the target has no {api}; it has {', '.join(here)}"
            raise UsageError(message)
    return apis or tuple(api for api in kit.contracts if here is None or api in here)
