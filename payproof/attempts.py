"""What became of a request or a test that was tried more than once: every attempt counts, not only the last one."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from payproof.finding import Finding

FLAKY = "flaky: broken once, and kept when its test was run again"


@dataclass(slots=True)
class Attempts:
    """What the records of a journal tell of attempts: the weather, what stayed unclear, findings that did not come again."""

    weather: Counter[str] = field(default_factory=Counter)
    unclear: list[dict[str, str]] = field(default_factory=list)
    _found: Counter[str] = field(default_factory=Counter)
    _once: Counter[str] = field(default_factory=Counter)
    _of: dict[str, list[dict[str, str]]] = field(default_factory=lambda: defaultdict(list))
    _last: Mapping[str, Any] = field(default_factory=dict)

    def add(self, record: Mapping[str, Any]) -> bool:
        """Take a record, and say whether it concerns nobody else."""
        kind = record["kind"]
        if kind == "exchange":
            self._last = record
            if record.get("weather"):
                self.weather[record["weather"]] += 1
        elif kind == "finding":
            self._found[record["fingerprint"]] += 1
            if self._last.get("id") == record["exchange"]:
                # The same request was sent before, and its answer was kept back by the weather.
                self._of[record["fingerprint"]] += [{"exchange": one, "outcome": "failed"} for one in self._last.get("attempts", ())]
        elif kind == "repeat":
            for fingerprint, attempts in record["findings"].items():
                self._of[fingerprint] += attempts
                outcomes = [attempt["outcome"] for attempt in attempts]
                self._once[fingerprint] += outcomes.count("broken") == 1 and "kept" in outcomes
        elif kind == "error" and "unclear" in record:
            self.unclear.append({"api": record["unclear"], "what": f"{record['test']}: {record['message']}"})
            return True
        return bool(kind == "repeat")

    def of(self, finding: Finding) -> list[dict[str, str]]:
        """Give the attempts at what a finding is about: `broken`, `kept`, or `failed` where the weather kept the answer back."""
        return list(self._of.get(finding.fingerprint, ()))

    def flaky(self, finding: Finding) -> bool:
        """Say whether the clause was kept each time that a test was run again because of this finding."""
        return 0 < self._found[finding.fingerprint] == self._once[finding.fingerprint]
