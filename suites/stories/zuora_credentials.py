"""An honest caller of the stored credential profiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from payproof.replay import Play


def story(play: Play) -> None:
    """Play nothing yet."""
