"""YAML 1.2 by its core schema, with lines, and with nothing in it that reviewers would stumble over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from payproof import yamlfile
from payproof.errors import Exit, KitError

if TYPE_CHECKING:
    from pathlib import Path


def read(folder: Path, text: str) -> yamlfile.YamlFile:
    path = folder / "file.yaml"
    path.write_text(text, encoding="utf-8")
    return yamlfile.load(path)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("on", "on", id="on-is-a-word"),
        pytest.param("no", "no", id="no-is-a-word"),
        pytest.param("yes", "yes", id="yes-is-a-word"),
        pytest.param("2026-11-20", "2026-11-20", id="date-is-a-word"),
        pytest.param("12:30:45", "12:30:45", id="no-sexagesimal-numbers"),
        pytest.param("1_000", "1_000", id="no-underscores-in-numbers"),
        pytest.param("true", True, id="true"),
        pytest.param("False", False, id="false"),
        pytest.param("~", None, id="tilde-is-null"),
        pytest.param("", None, id="nothing-is-null"),
        pytest.param("12", 12, id="integer"),
        pytest.param("+12", 12, id="signed-integer"),
        pytest.param("010", 10, id="leading-zero-is-decimal"),
        pytest.param("0o17", 15, id="octal"),
        pytest.param("0xFF", 255, id="hexadecimal"),
        pytest.param("1.5", 1.5, id="float"),
        pytest.param("1e3", 1000.0, id="exponent-without-dot"),
        pytest.param("-.inf", float("-inf"), id="infinity"),
        pytest.param('"12"', "12", id="quoted-number-is-a-word"),
    ],
)
def test_scalar_follows_the_core_schema(tmp_path: Path, text: str, value: Any) -> None:
    """Plain scalars are read as YAML 1.2 chapter 10.3 says, not as YAML 1.1 did."""
    found = read(tmp_path, f"member: {text}\n").data["member"]

    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("key", ["200", "true", "null", "1.5", "on"])
def test_key_is_its_text(tmp_path: Path, key: str) -> None:
    """A key is a string whatever it looks like, as in JSON: `200:` and `"200":` name the same status."""
    assert read(tmp_path, f"{key}: x\n").data == {key: "x"}


def test_lines_are_known_by_path(tmp_path: Path) -> None:
    """Each member and item knows its 1-based line; an unknown place has that of the nearest one around it."""
    file = read(tmp_path, "a:\n  b: 1\n  c:\n    - x\n    - y\n")

    assert file.line(("a", "b")) == 2
    assert file.line(("a", "c", 1)) == 5
    assert file.line(("a", "c", 7, "deeper")) == 3
    assert file.line(()) == 1


def test_empty_file_has_no_data(tmp_path: Path) -> None:
    """An empty file is read as nothing, and its line is the first."""
    file = read(tmp_path, "")

    assert file.data is None
    assert file.line(()) == 1


@pytest.mark.parametrize(
    ("text", "line", "fault"),
    [
        pytest.param("a: 1\nb: 2\na: 3\n", 3, "duplicate key 'a', first in line 1", id="duplicate-key"),
        pytest.param("x:\n  y: 1\n  y: 2\n", 3, "duplicate key 'y', first in line 2", id="duplicate-inner-key"),
        pytest.param("200: x\n'200': y\n", 2, "duplicate key '200'", id="duplicate-number-and-text"),
        pytest.param("a: [1, 2\nb: 3\n", 2, "is not YAML", id="unclosed-list"),
        pytest.param("a:\n\t- b\n", 2, "is not YAML", id="tab"),
        pytest.param("a: 1\n---\nb: 2\n", 2, "another document", id="two-documents"),
        pytest.param("? [a, b]\n: 1\n", 1, "a key is not a plain word", id="list-as-key"),
        pytest.param("a: &one {b: 1}\nc: *one\n", 2, "aliases are not used here", id="alias"),
        pytest.param("a: &one [*one]\n", 1, "aliases are not used here", id="alias-of-itself"),
        pytest.param("a: 1\nb: !mine 5\n", 2, "the tag", id="tag-of-ones-own"),
        pytest.param("a: !!str 5\n", 1, "the tag", id="standard-tag"),
        pytest.param("a: !!set {x, y}\n", 1, "the tag", id="set"),
        pytest.param("a: !!timestamp 2026-11-20\n", 1, "the tag", id="timestamp"),
        pytest.param("a: !!python/name:os.system ''\n", 1, "the tag", id="python-tag"),
        pytest.param('a: "\x07"\n', None, "is not YAML", id="control-character"),
        pytest.param("a: " + "[" * 5000 + "]" * 5000, None, "nested too deeply", id="too-deep"),
    ],
)
def test_fault_is_named_with_its_line(tmp_path: Path, text: str, line: int | None, fault: str) -> None:
    """What YAML forbids, and what we do, is one message with file and line."""
    with pytest.raises(KitError, match=r"file\.yaml") as caught:
        read(tmp_path, text)

    assert fault in str(caught.value)
    assert caught.value.line == line
    assert caught.value.exit == Exit.USAGE


def test_missing_file_is_named(tmp_path: Path) -> None:
    """A file that is not there is a fault of the kit, not a traceback."""
    with pytest.raises(KitError, match=r"gone\.yaml: cannot be read"):
        yamlfile.load(tmp_path / "gone.yaml")


def test_other_encodings_are_refused(tmp_path: Path) -> None:
    """Kits are written in UTF-8."""
    path = tmp_path / "latin.yaml"
    path.write_bytes("name: Zürich\n".encode("latin-1"))

    with pytest.raises(KitError, match=r"latin\.yaml: cannot be read"):
        yamlfile.load(path)
