"""What the engine's own tests share: this repository's kit, a small invented one, and a place to run the command."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from payproof import fixtures
from payproof import kit as kits
from payproof.exchange import Exchange, Request, Response

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from payproof.exchange import Intent
    from payproof.kit import Kit
    from payproof.plot import Plot

ROOT = Path(__file__).resolve().parent.parent

# How long an example takes is a matter of the machine.
settings.register_profile("patient", parent=settings.default, deadline=None)
settings.load_profile("patient")


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository, which is a kit."""
    return ROOT


@pytest.fixture(scope="session")
def kit() -> Kit:
    """The kit of this repository."""
    return kits.load(ROOT)


@pytest.fixture(scope="session")
def plots() -> dict[str, Plot]:
    """The plots of this repository's kit, by operation id."""
    return {name: plot for _, module in fixtures.load(ROOT) if hasattr(module, "plots") for name, plot in module.plots().items()}


@pytest.fixture
def payproof(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command as a real process in an empty folder: `payproof("run", "--target", "mock")`.

    The first argument `-m-pytest` runs pytest instead.
    """

    def call(*arguments: str, cwd: Path = tmp_path, timeout: float = 180, **environment: str) -> subprocess.CompletedProcess[str]:
        program = [sys.executable, "-m", "pytest"] if arguments[0] == "-m-pytest" else [sys.executable, "-m", "payproof", arguments[0]]
        return subprocess.run(
            [*program, *arguments[1:]], cwd=cwd, env={**os.environ, **environment},
            capture_output=True, text=True, timeout=timeout, check=False,
        )  # fmt: skip

    return call


def heed_interrupts() -> None:
    """Undo what a shell does to its background jobs: they ignore Ctrl-C, and so would all that they start."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture
def interrupted() -> Callable[..., tuple[int, str]]:
    """Start the command, give its process to `wait`, then send it a signal; give its exit code and what it printed.

    Ctrl-C reaches all processes of a terminal's foreground, the SIGTERM of a CI system the one that it started.
    """

    def call(*arguments: str, wait: Callable[[subprocess.Popen[str]], object], sent: signal.Signals) -> tuple[int, str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "payproof", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            start_new_session=True, preexec_fn=heed_interrupts,  # noqa: PLW1509  # one call, and no lock that it could wait for
        )  # fmt: skip
        try:
            wait(process)
            if sent is signal.SIGINT:
                os.killpg(process.pid, sent)
            else:
                process.send_signal(sent)
            output, _ = process.communicate(timeout=60)
        finally:
            process.kill()
        return process.returncode, output

    return call


@pytest.fixture(scope="session")
def npm(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Fetch an npm package, such as `axe-core@4.11.0`, and give `node_modules` with it; skips the test where that cannot be done."""
    fetched: dict[str, Path] = {}

    def fetch(package: str) -> Path:
        program = shutil.which("npm")
        if program is None:
            pytest.skip(f"Node.js is not here, so {package} cannot run; install it to run this")
        if package not in fetched:
            folder = tmp_path_factory.mktemp("npm")
            made = subprocess.run([program, "install", "--prefix", str(folder), "--no-audit", "--no-fund", package], cwd=folder,
                                  capture_output=True, timeout=300, check=False)  # fmt: skip
            if made.returncode != 0:
                pytest.skip(f"npm cannot fetch {package}; let it reach a registry to run this")
            fetched[package] = folder / "node_modules"
        return fetched[package]

    return fetch


VOUCHER_SPEC = """\
openapi: 3.1.0
info: {title: Vouchers, version: "1"}
x-documents:
  guide: {title: Voucher guide, publisher: Example Vouchers}
servers:
  - {url: "https://vouchers.example/v1"}
paths:
  /vouchers:
    post:
      operationId: createVoucher
      x-basis: documented
      x-source: {document: guide, at: Create}
      requestBody:
        required: true
        content:
          application/json:
            schema: {$ref: "#/components/schemas/NewVoucher"}
      responses:
        "201": {$ref: "#/components/responses/Voucher"}
        "4XX": {$ref: "#/components/responses/Refused"}
  /vouchers/{id}:
    get:
      operationId: getVoucher
      x-basis: documented
      x-source: {document: guide, at: Read}
      parameters:
        - {$ref: "#/components/parameters/id"}
        - {name: limit, in: query, schema: {type: integer, minimum: 1}}
      responses:
        "200": {$ref: "#/components/responses/Voucher"}
        "4XX": {$ref: "#/components/responses/Refused"}
    patch:
      operationId: updateVoucher
      x-basis: documented
      x-source: {document: guide, at: Update}
      parameters: [{$ref: "#/components/parameters/id"}]
      requestBody:
        required: true
        content:
          application/json:
            schema: {$ref: "#/components/schemas/NewVoucher"}
      responses:
        "200": {$ref: "#/components/responses/Voucher"}
        "4XX": {$ref: "#/components/responses/Refused"}
    delete:
      operationId: deleteVoucher
      x-basis: documented
      x-source: {document: guide, at: Delete}
      parameters: [{$ref: "#/components/parameters/id"}]
      responses:
        "200": {$ref: "#/components/responses/Voucher"}
        "4XX": {$ref: "#/components/responses/Refused"}
components:
  parameters:
    id: {name: id, in: path, required: true, schema: {type: string}}
  responses:
    Voucher:
      description: The voucher.
      headers:
        X-Remaining: {schema: {type: integer}}
      content:
        application/json:
          schema: {$ref: "#/components/schemas/Voucher"}
    Refused:
      description: Why not.
      content:
        application/json:
          schema: {type: object, required: [error], properties: {error: {type: string}}}
  schemas:
    NewVoucher:
      type: object
      required: [amount]
      properties:
        amount: {type: integer, minimum: 1, maximum: 1000}
        note: {type: string, pattern: "^[a-z ]*$"}
        cardNumber: {type: string, x-sensitive: pan}
        cvv: {type: string, minLength: 3, maxLength: 4, x-sensitive: cvv}
    Voucher:
      type: object
      required: [id, amount]
      properties:
        id: {type: string}
        amount: {type: integer, minimum: 1}
        note: {type: string}
        cvv: {type: string, maxLength: 4, x-sensitive: cvv}
        tags: {type: array, items: {type: string}}
"""

VOUCHER_CONTRACT = """\
api: vouchers
version: 1
documents:
  guide: {title: Voucher guide, publisher: Example Vouchers}
effects:
  createVoucher:
    - {resource: voucher, id: body.id, state: body, when: status == 201}
  getVoucher:
    - {resource: voucher, id: 'path["id"]', state: body, when: status == 200}
  updateVoucher:
    - {resource: voucher, id: 'path["id"]', state: body, when: status == 200}
  deleteVoucher:
    - {resource: voucher, id: 'path["id"]', gone: true, when: status == 200}
remember:
  seen_ids: {operation: createVoucher, when: status == 201, key: body.id, value: tenant, scope: run}
  deleted: {operation: deleteVoucher, when: status == 200, key: 'path["id"]'}
clauses:
  VOUCHER-ID-NEW:
    must: A new voucher has an id that was never seen before.
    basis: invariant
    harm: Two customers pay with one voucher.
    operation: createVoucher
    facts: {seen_ids: body.id}
    when: status == 201
    that: size(facts.seen_ids) == 0
  VOUCHER-AMOUNT-KEPT:
    must: A voucher has the amount that it had.
    basis: documented
    source: {document: guide, at: Read}
    operation: getVoucher
    when: status == 200
    that: body.amount
    equals: before.amount
  VOUCHER-NOTE-SHORT:
    should: A note has fewer than ten characters.
    basis: assumed
    reason: The guide shows short ones only.
    operation: any
    when: status < 300
    that: size(body.note) < 10
  VOUCHER-STAYS-GONE:
    must: A deleted voucher is not found.
    basis: documented
    source: {document: guide, at: Delete}
    operation: getVoucher
    facts: {deleted: 'path["id"]'}
    when: size(facts.deleted) > 0
    that: status
    among: '[404, 410]'
statements:
  - {document: guide, at: Read, says: The amount never changes., by: [VOUCHER-AMOUNT-KEPT]}
  - {document: guide, at: Delete, says: A deleted voucher is gone., by: [VOUCHER-STAYS-GONE]}
"""
"""An invented API whose kit is small enough to break in one place: four operations, four clauses."""

Edit = tuple[str, str]


@pytest.fixture
def tiny(tmp_path: Path) -> Callable[..., Path]:
    """Write the kit of an invented API, with parts of its files replaced: `tiny(contract=[("must:", "shall:")])`."""

    def write(*, spec: Sequence[Edit] = (), contract: Sequence[Edit] = (), folder: str = "kit", api: str = "vouchers") -> Path:
        return _write_tiny(tmp_path / folder, spec, contract, api)

    return write


def _write_tiny(root: Path, spec: Sequence[Edit] = (), contract: Sequence[Edit] = (), api: str = "vouchers") -> Path:
    for name in ("specs", "contracts", "suites"):
        (root / name).mkdir(parents=True, exist_ok=True)
    (root / "specs" / f"{api}.yaml").write_text(_edited(VOUCHER_SPEC, spec), encoding="utf-8")
    (root / "contracts" / f"{api}.yaml").write_text(_edited(VOUCHER_CONTRACT, contract), encoding="utf-8")
    return root


@pytest.fixture(scope="session")
def run_tiny() -> Callable[[Path, str], subprocess.CompletedProcess[str]]:
    """Run a suite of the invented API by two workers at smoke: `run_tiny(out, suite)`. The kit lies beside the results."""

    def call(out: Path, suite: str) -> subprocess.CompletedProcess[str]:
        root = _write_tiny(out.parent / "kit")
        (root / "conftest.py").write_text('pytest_plugins = ("payproof.plugin",)\n', encoding="utf-8")
        (root / "suites" / "test_it.py").write_text(suite, encoding="utf-8")
        return subprocess.run(
            [sys.executable, "-m", "payproof", "run", "--kit", str(root), "--depth", "smoke", "--workers", "2", "--out", str(out)],
            cwd=out.parent, capture_output=True, text=True, timeout=180, check=False,
        )  # fmt: skip

    return call


def _edited(text: str, edits: Sequence[Edit]) -> str:
    for old, new in edits:
        assert old in text, f"nothing to replace: {old!r}"
        text = text.replace(old, new, 1)
    return text


class Wire:
    """Makes exchanges with the vouchers API, one second after the other unless `started` says otherwise."""

    def __init__(self) -> None:
        """Start at second 1000."""
        self.now = 1000.0
        self.number = 0

    def __call__(
        self, method: str, path: str, status: int | None = 200, body: Any = None, *, sent: Any = None, raw: bytes | None = None,
        media: str = "application/json", tenant: str = "t1", started: float | None = None, elapsed: float = 10.0,
        intent: Intent | None = None, headers: tuple[tuple[str, str], ...] = (), worker: str = "w0", request: Request | None = None,
    ) -> Exchange:  # fmt: skip
        """Give an exchange; `status` None is an answer that never came, `raw` a response body as it stands."""
        self.number += 1
        self.now += 1.0
        content = b"" if sent is None else json.dumps(sent).encode()
        asked = request or Request(
            method, f"http://127.0.0.1:8080/v1{path}", (("Content-Type", "application/json"),) if content else (), content
        )
        whole = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        response = None if status is None else Response(status, (("Content-Type", media), *headers), whole)
        begun = self.now if started is None else started
        return Exchange(f"{worker}-{self.number}", asked, response, begun, elapsed, tenant, begun,
                        "ReadTimeout: nothing came" if response is None else "", intent)  # fmt: skip


@pytest.fixture
def wire() -> Wire:
    """Make exchanges with the invented API of `tiny`."""
    return Wire()
