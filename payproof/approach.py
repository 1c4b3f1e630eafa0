"""How a process gets to the target of a run: the place and its secrets, the guard, and the route."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from payproof import placefile
from payproof.bearings import Bearings
from payproof.desk import Desk
from payproof.errors import UsageError
from payproof.grant import Authority
from payproof.guard import Guard
from payproof.keyring import Keyring
from payproof.manners import Manners
from payproof.options import DEPTHS
from payproof.pan import published
from payproof.place import Stay
from payproof.probe import Prober
from payproof.route import Route
from payproof.target import EMBEDDED, open_target
from payproof.weather import Weather

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping

    from payproof.client import Session
    from payproof.desk import Shared
    from payproof.kit import Kit
    from payproof.options import Options
    from payproof.place import Place
    from payproof.target import Target


@dataclass(frozen=True, slots=True)
class Approach:
    """What a process needs in order to reach the target. On the embedded mock there is nothing to it."""

    place: Place | None = None
    stay: Stay | None = None
    guard: Guard | None = None
    route: Route = field(default_factory=Route)

    @classmethod
    def plan(cls, kit: Kit, options: Options) -> Approach:
        """Read the files that name targets and make sure that this one may be gone to. Nothing is fetched or sent.

        Raises UsageError for files or a name that cannot be used, RefusedError for a target that must not be reached.
        """
        if options.target == EMBEDDED:
            if options.allow_production:
                message = "--allow-production is for a target with a name"
                raise UsageError(message)
            return cls()
        atlas = placefile.read(kit, options.targets)
        place = atlas.place(options.target)
        guard = Guard.of(place, options.target, atlas.hosts, published(kit.root), allow_production=options.allow_production)
        if place is not None and DEPTHS.index(options.depth) > DEPTHS.index(place.depth):
            message = f"target {place.name} allows --depth {place.depth} at most"
            raise UsageError(message)
        return cls(place, None, guard, Route(place.ca_file if place is not None else None, guard.forbidden, guard))

    def entered(self, secrets: Mapping[str, str] | None = None) -> Approach:
        """Give the approach with its secrets: those that another process fetched, or fetched now. Raises UsageError."""
        return self if self.place is None else replace(self, stay=Stay(self.place, self.place.fetched() if secrets is None else secrets))

    def authority(self, kit: Kit) -> Authority | None:
        """Give whoever gets tokens at the place; None for a target without a name."""
        return Authority(kit, self.stay, self.route) if self.stay is not None else None

    def prepare(self, kit: Kit, session: Session, desk: Shared) -> None:
        """Give a session what a target with a name asks for: the desk that keeps its manners, tokens, and no secret unhidden."""
        authority = self.authority(kit)
        if self.stay is None or authority is None:
            return
        for value in self.stay.hidden(kit.secrets()):
            session.redactor.learn_secret(value)
        session.desk = desk
        session.bearings = Bearings()
        session.keyring = Keyring(session, authority, desk)

    def prober(self, kit: Kit) -> Prober | None:
        """Give whoever looks at the place before a run; None for a target without a name."""
        authority = self.authority(kit)
        return Prober(authority, self.guard) if authority is not None and self.guard is not None else None

    def open(self, options: Options, credentials: tuple[str, ...]) -> Target:
        """Open the target; see `open_target`."""
        return open_target(options, credentials, stay=self.stay, route=self.route)

    @property
    def secrets(self) -> Mapping[str, str]:
        """What was fetched, for another process of the same run; it is handed over in memory only."""
        return self.stay.secrets if self.stay is not None else {}

    def equip(self, session: Session, desk: Shared | None, luck: random.Random) -> None:
        """Give a session what it needs at this target: a turn before each request, patience with its weather, tokens."""
        kit, manners = session.kit, session.target.manners
        if manners is not None:
            session.seconds = manners.seconds
        if desk is not None:
            tokens = frozenset(contract.access["token"]["operation"] for contract in kit.contracts.values() if "token" in contract.access)
            session.desk = desk
            session.weather = Weather(luck, manners.consistency_ms / 1000 if manners is not None else 0.0, tokens)
        self.prepare(kit, session, desk or Desk(manners or Manners()))
