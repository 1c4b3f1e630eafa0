"""An honest client of the token endpoint: one that gets in, and one that is refused for each documented reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from payproof.replay import Play

FORM = {"grant_type": "client_credentials", "scope": "jpm:payments:sandbox"}


def story(play: Play) -> None:
    """Ask for tokens with right and with wrong credentials, and send each fault that a form can have.

    Every clause of the token endpoint is judged on at least one of these exchanges.
    """
    # Tokens for one client: each a new one, also after time has passed, and whatever else the form says
    first = play("first", "issueToken", form=FORM)
    hinted = {**FORM, "hint": first.body["access_token"]}
    play("second", "issueToken", form=hinted)
    play.advance(600)
    play("later", "issueToken", form=FORM)

    # A client of another tenant
    play.other_tenant()("other", "issueToken", form=hinted)

    # Clients that are not known
    play("no-client", "issueToken", form=FORM, headers={"Authorization": None})
    wrong = "Basic bm9ib2R5OnRoZS13cm9uZy1zZWNyZXQ="
    play("wrong-client", "issueToken", form=FORM, headers={"Authorization": wrong})

    # A known client whose form has a fault
    play("no-grant", "issueToken", form={"scope": FORM["scope"]})
    play("other-grant", "issueToken", form={**FORM, "grant_type": "implicit"})
    play("other-scope", "issueToken", form={**FORM, "scope": "jpm:payments:production"})
