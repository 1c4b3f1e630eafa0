"""The entry of a `payproof.toml` that names a stand-in, and the environment that its secrets come from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.standin import Standin

_SIGNED = ("jpmorgan-payments", "jpmorgan-profiles")
_OPEN = ("merchant_id", "zuora_payment_method", "zuora_second_payment_method", "zuora_gateway", "zuora_plain_gateway")


def written(
    standin: Standin, name: str = "standin", *, tenants: Sequence[int] = (0,), signed: bool = False, whole: bool = False, **members: Any
) -> tuple[str, dict[str, str]]:
    """Give the text of the entry, and the environment variables that it wants.

    `members` stand in the entry as they are, as `rate=10.0`. With `signed` the APIs of the first vendor are entered with
    a signed assertion. Every API has its own host, with `whole` all have the same one.
    """
    lines = [f"[targets.{name}]", *(f"{key} = {json.dumps(value)}" for key, value in members.items())]
    if standin.ca_file:
        lines.append(f"ca_file = {json.dumps(standin.ca_file)}")
    for api, url in standin.apis.items():
        base = url[url.index("/", 8) :] if url.count("/") > 2 else ""
        lines += ["", f"[targets.{name}.apis.{api}]", f"url = {json.dumps(standin.url + base if whole else url)}"]
        if signed and api in _SIGNED:
            lines += [f"[targets.{name}.apis.{api}.auth]", 'kind = "jwt-assertion"', f'url = "{standin.urls["adfs"]}/adfs/oauth2/token"',
                      'client_id = "{jwt_client_id}"', 'key = "{jwt_key}"', 'kid = "{jwt_kid}"', 'resource = "sandbox"']  # fmt: skip
    environment = {}
    for number in tenants:
        lines += ["", f"[[targets.{name}.tenants]]"]
        for key, value in standin.tenants[number].items():
            variable = f"STANDIN_{number}_{key.upper()}"
            environment[variable] = value
            lines.append(f"{key} = {json.dumps(value)}" if key in _OPEN else f'{key} = {{env = "{variable}"}}')
    return "\n".join(lines) + "\n", environment
