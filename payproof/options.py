"""What a run was asked to do: the same options for the command and for pytest."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from payproof.errors import UsageError

if TYPE_CHECKING:
    import pytest

DEPTHS = ("smoke", "standard", "deep")


@dataclass(frozen=True, slots=True)
class Options:
    """Options of a run. `apis` and `clauses` narrow it; `keyword` is pytest's -k, which narrows it too.

    `targets` is the file that names targets, where it is not payproof.toml of the current folder.
    """

    target: str = "mock"
    apis: tuple[str, ...] = ()
    clauses: tuple[str, ...] = ()
    depth: str = "standard"
    out: Path = Path("reports")
    seed: int = 1
    strict: bool = False
    faults: tuple[str, ...] = ()
    clock: str | None = None
    kit: Path | None = None
    keyword: str = ""
    waivers: Path | None = None
    variants: tuple[str, ...] = ()
    targets: Path | None = None
    allow_production: bool = False

    @property
    def partial(self) -> bool:
        """Whether something was left out on purpose."""
        return bool(self.apis or self.clauses or self.keyword)

    @classmethod
    def from_pytest(cls, config: pytest.Config) -> Options:
        """Read the plugin's options. Raises UsageError for an unknown depth or a seed that is no whole number."""
        get = config.getoption
        depth, seed = get("payproof_depth"), get("payproof_seed")
        if depth not in DEPTHS:
            message = f"there is no depth {depth!r}; choose one of {', '.join(DEPTHS)}"
            raise UsageError(message)
        if not str(seed).isdigit():
            message = f"--seed {seed!r} is no whole number"
            raise UsageError(message)
        narrowed = [str(get("keyword") or ""), str(get("markexpr") or "")]
        narrowed += [argument for argument in config.args if "::" in argument or argument.endswith(".py")]
        return cls(
            get("payproof_target") or "mock", tuple(get("payproof_api")), tuple(get("payproof_clause")), depth,
            Path(get("payproof_out")), int(seed), get("payproof_strict"), tuple(get("payproof_fault")),
            get("payproof_clock"), Path(get("payproof_kit")) if get("payproof_kit") else None,
            " and ".join(part for part in narrowed if part), Path(get("payproof_waivers")) if get("payproof_waivers") else None,
            tuple(get("payproof_variant")), Path(get("payproof_targets")) if get("payproof_targets") else None,
            bool(get("payproof_allow_production")),
        )  # fmt: skip

    def as_arguments(self) -> list[str]:
        """Give the pytest arguments that `from_pytest` reads these options from."""
        arguments = [f"--target={self.target}", f"--depth={self.depth}", f"--out={self.out}", f"--seed={self.seed}"]
        arguments += [f"--api={api}" for api in self.apis] + [f"--clause={clause}" for clause in self.clauses]
        arguments += [f"--fault={fault}" for fault in self.faults] + [f"--variant={variant}" for variant in self.variants]
        arguments += ["--payproof-strict"] if self.strict else []
        arguments += [f"--clock={self.clock}"] if self.clock is not None else []
        arguments += [f"--kit={self.kit}"] if self.kit is not None else []
        arguments += [f"--waivers={self.waivers}"] if self.waivers is not None else []
        arguments += [f"--targets={self.targets}"] if self.targets is not None else []
        arguments += ["--allow-production"] if self.allow_production else []
        return arguments + (["-k", self.keyword] if self.keyword else [])
