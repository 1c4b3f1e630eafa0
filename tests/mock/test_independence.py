"""The mock is a second reading: it knows neither the engine nor what the engine reads."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import payproof.mock

FOLDER = Path(payproof.mock.__file__).parent
MODULES = sorted(FOLDER.rglob("*.py"))

STORY = """
import sys
import httpx
from payproof.mock.server import MockServer

with MockServer() as server, httpx.Client(base_url=server.url) as client:
    tenant = client.post("/__mock__/tenants", json={"name": "a"}).json()
    auth = (tenant["client_id"], tenant["client_secret"])
    form = {"grant_type": "client_credentials", "scope": "jpm:payments:sandbox"}
    token = client.post("/am/oauth2/alpha/access_token", data=form, auth=auth).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}", "merchantIdentifier": tenant["merchant_id"]}
    body = {"profilePaymentMethod": {"cardList": [{"accountNumber": "4112344112344113"}]}}
    created = client.post("/api/v2/mmp/consumer-profiles", json=body, headers=headers).raise_for_status().json()
    print(created["paymentMethodType"]["cardList"][0]["last4CardNumber"])
print([name for name in sys.modules if name.startswith("payproof") and not name.startswith("payproof.mock")])
"""


def test_there_are_modules() -> None:
    """The checks below look at something."""
    assert {"app.py", "server.py", "jpmorgan_profiles.py"} <= {path.name for path in MODULES}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_imports_nothing_of_the_engine(path: Path) -> None:
    """No module of the mock imports a module of payproof outside of the mock."""
    imported = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "a relative import hides where it leads"
            imported |= {f"{node.module}.{alias.name}" for alias in node.names}
    ours = {name for name in imported if name.split(".")[0] == "payproof"}
    assert {name for name in ours if name.split(".")[:2] != ["payproof", "mock"]} == set()


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_opens_no_file_and_reads_one_clock(path: Path) -> None:
    """No module opens a file, and only the clock module asks the system for the time."""
    called = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            called.add(ast.unparse(node.func))
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = {alias.name for alias in node.names} | {getattr(node, "module", None)}
            assert path.name == "clock.py" or "time" not in names
    assert not called & {"open", "Path", "read_text", "files"}
    reads = {name for name in called if name.startswith("time.") or name in ("datetime.now", "datetime.today")}
    assert reads == ({"time.monotonic_ns", "datetime.now"} if path.name == "clock.py" else set())


def test_serves_without_specs_and_contracts(tmp_path: Path) -> None:
    """A copy of the package alone starts and serves: no spec, no contract, and of the engine only its version."""
    ignored = shutil.ignore_patterns("__pycache__", "kit")
    shutil.copytree(FOLDER.parent, tmp_path / "payproof", ignore=ignored)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["payproof"]
    run = subprocess.run(
        [sys.executable, "-c", STORY],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONWARNINGS": "error"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines() == ["4113", "['payproof']"]
    assert run.stderr == ""
