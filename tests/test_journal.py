"""The journal: what is written can be read again, and what was cut off or edited cannot pass for whole."""

from __future__ import annotations

import json
import tracemalloc
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from payproof import journal
from payproof.errors import Exit, JournalError, OutputError
from payproof.exchange import Exchange, Intent, Request, Response
from payproof.finding import Finding
from payproof.judge import Judgement
from payproof.redact import Redactor
from payproof.verdict import Count

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

INDEX = {"A-B": 0, "C-D": 1}
FINDING = Finding("A-B", "vouchers", "getVoucher", "must", "documented", "/amount", "equals 1", "2", "w0-1")


def record_of(exchange: Exchange) -> dict[str, Any]:
    judgement = Judgement("vouchers", "getVoucher", judged=["C-D"], unjudged={"state": ["A-B"]}, hole="masked")
    return journal.exchange_record(exchange, judgement, Redactor({}), INDEX)


@pytest.fixture
def whole(tmp_path: Path, wire: Callable[..., Exchange]) -> Path:
    """A small journal: a header, two exchanges, a finding, an error, a footer."""
    path = tmp_path / "journal.jsonl"
    with journal.Writer(path, {"payproof": "0"}) as writer:
        writer.write(record_of(wire("GET", "/vouchers/v1", body={"amount": 2})))
        writer.write(journal.finding_record(FINDING))
        writer.write(record_of(wire("GET", "/vouchers/v2", None)))
        writer.write(journal.error_record("the suite is at fault", where="w0-2"))
        writer.close({"finished": "later"})
    return path


def test_whole_journal_is_read_in_order(whole: Path) -> None:
    """Header first, footer last, counts and digest in the footer."""
    records = list(journal.read(whole))

    assert [record["kind"] for record in records] == ["header", "exchange", "finding", "exchange", "error", "footer"]
    assert records[0]["schema"] == journal.SCHEMA
    assert records[-1]["counts"] == {"exchange": 2, "finding": 1, "error": 1, "transition": 0, "act": 0, "repeat": 0, "done": 0}
    assert records[-1]["finished"] == "later"
    assert list(journal.findings(records)) == [FINDING]


def test_record_says_what_was_judged(whole: Path) -> None:
    """Clauses stand by their number in the header; holes and errors on the way are kept."""
    first, second = (record for record in journal.read(whole) if record["kind"] == "exchange")

    assert (first["judged"], first["unjudged"], first["hole"]) == ([1], {"state": [0]}, "masked")
    assert second["response"] is None
    assert second["error"].startswith("ReadTimeout")


@pytest.mark.parametrize(
    ("sent", "received"),
    [
        pytest.param(b"", b"", id="empty"),
        pytest.param(b'{"a": 1}', '{"name": "Zürich \U0001f4b3"}'.encode(), id="text"),
        pytest.param(bytes(range(256)), b"\xff\xfe\x00\x01", id="binary"),
        pytest.param(b"\x80abc", b"abc\xc3", id="cut-off-utf-8"),
        pytest.param(b"line\nline\r\n\x85\xe2\x80\xa8", "a\u2028b\x85c".encode(), id="line-ends"),
        pytest.param(b"base64:AAAA", b"base64:not really", id="looks-like-base64"),
        pytest.param(b"\x00\x1b[31m", b"null: \x00", id="control-characters"),
    ],
)
def test_exchange_survives_the_journal(tmp_path: Path, sent: bytes, received: bytes) -> None:
    """What is written down is read again as it was, byte for byte."""
    exchange = Exchange(
        "w0-1", Request("POST", "http://h/v1?q=%C3%A4", (("X-A", "ä"), ("x-a", "\udce9")), sent),
        Response(200, (("Content-Type", "application/octet-stream"), ("Set-Thing", "")), received),
        1234.123456, 7.123, "tenant \U0001f4b3", 99.5, "", Intent("refuse", "body", "/a/0/b", "maxLength"), "test_x[a-b]",
    )  # fmt: skip
    path = tmp_path / "journal.jsonl"
    with journal.Writer(path, {}) as writer:
        writer.write(record_of(exchange))
        writer.close({})

    (record,) = (record for record in journal.read(path) if record["kind"] == "exchange")

    assert journal.read_exchange(record) == exchange


def test_lost_answer_survives_the_journal(wire: Callable[..., Exchange]) -> None:
    """An exchange without a response is one again, with what happened on the way."""
    exchange = wire("PATCH", "/vouchers/v1", None, sent={"amount": 1})

    assert journal.read_exchange(json.loads(json.dumps(record_of(exchange)))) == exchange


def test_card_number_in_a_binary_body_is_hidden(wire: Callable[..., Exchange]) -> None:
    """A body that is no text can still hold a number that can be read in it."""
    record = record_of(wire("GET", "/vouchers/v1", raw=b"\xff 4111111111111111 \xfe"))

    assert b"4111111111111111" not in journal.read_exchange(record).response.body  # type: ignore[union-attr]  # it has one


@pytest.mark.parametrize("spoilt", ["request", "response", "id", "started", "tenant", "test"])
def test_record_that_lacks_a_member_is_refused(wire: Callable[..., Exchange], spoilt: str) -> None:
    """A record from elsewhere is named, not half read."""
    record = record_of(wire("GET", "/vouchers/v1", body={}))
    del record[spoilt]

    with pytest.raises(JournalError, match="is not as payproof writes it"):
        journal.read_exchange(record)


def test_record_with_spoilt_base64_is_refused(wire: Callable[..., Exchange]) -> None:
    """A body that was edited by hand is no body."""
    record = record_of(wire("GET", "/vouchers/v1", raw=b"\xff"))
    record["response"]["body"] = "base64:A"

    with pytest.raises(JournalError, match="is not as payproof writes it"):
        journal.read_exchange(record)


def cut_last_line(lines: list[bytes]) -> list[bytes]:
    return lines[:-1]


def cut_inside_a_line(lines: list[bytes]) -> list[bytes]:
    return [*lines[:2], lines[2][:20]]


def edit_a_line(lines: list[bytes]) -> list[bytes]:
    return [line.replace(b'"seen":"2"', b'"seen":"1"') for line in lines]


def drop_a_finding(lines: list[bytes]) -> list[bytes]:
    return [lines[0], lines[1], *lines[3:]]


def add_after_the_footer(lines: list[bytes]) -> list[bytes]:
    return [*lines, lines[4]]


def add_an_empty_line(lines: list[bytes]) -> list[bytes]:
    return [*lines[:2], b"\n", *lines[2:]]


def repeat_an_exchange(lines: list[bytes]) -> list[bytes]:
    return [*lines[:2], lines[1], *lines[2:]]


def swap_two_exchanges(lines: list[bytes]) -> list[bytes]:
    return [lines[0], lines[3], lines[1], lines[2], *lines[4:]]


def repeat_the_header(lines: list[bytes]) -> list[bytes]:
    return [lines[0], *lines]


def leave_out_the_header(lines: list[bytes]) -> list[bytes]:
    return lines[1:]


def age_the_header(lines: list[bytes]) -> list[bytes]:
    return [lines[0].replace(b'"schema":1', b'"schema":0'), *lines[1:]]


def nothing_at_all(lines: list[bytes]) -> list[bytes]:
    return []


def another_file(lines: list[bytes]) -> list[bytes]:
    return [b'{"log": {"version": "1.2"}}\n']


def prose(lines: list[bytes]) -> list[bytes]:
    return [b"Dear reader,\n"]


def binary(lines: list[bytes]) -> list[bytes]:
    return [lines[0], b"\xff\xfe\xfd\n"]


def take_an_id_away(lines: list[bytes]) -> list[bytes]:
    return [line.replace(b'"id":"w0-1",', b"") for line in lines]


SPOILT = [
    pytest.param(cut_last_line, None, "has no footer", id="without-footer"),
    pytest.param(cut_inside_a_line, 3, "is not JSON", id="cut-inside-of-a-line"),
    pytest.param(edit_a_line, 6, "the footer does not agree", id="edited"),
    pytest.param(drop_a_finding, 5, "the footer does not agree", id="shortened"),
    pytest.param(add_after_the_footer, 7, "comes after the footer", id="line-after-the-footer"),
    pytest.param(add_an_empty_line, 3, "is not JSON", id="empty-line"),
    pytest.param(repeat_an_exchange, 3, "'w0-1' occurs twice", id="exchange-twice"),
    pytest.param(swap_two_exchanges, 3, "out of its order", id="exchanges-swapped"),
    pytest.param(repeat_the_header, 2, "begins with one header", id="header-twice"),
    pytest.param(leave_out_the_header, 1, "begins with one header", id="without-header"),
    pytest.param(age_the_header, 1, "header of schema 1", id="another-schema"),
    pytest.param(nothing_at_all, None, "has no footer", id="empty"),
    pytest.param(another_file, 1, "is no record of a payproof journal", id="another-json-file"),
    pytest.param(prose, 1, "is not JSON", id="prose"),
    pytest.param(binary, 2, "is not JSON", id="binary"),
    pytest.param(take_an_id_away, 2, "None occurs twice, or out of its order", id="exchange-without-id"),
]


@pytest.mark.parametrize(("spoil", "line", "fault"), SPOILT)
def test_spoilt_journal_is_no_result(whole: Path, spoil: Callable[[list[bytes]], list[bytes]], line: int | None, fault: str) -> None:
    """What does not add up to its footer is refused, with the line from which on it is not to be trusted."""
    whole.write_bytes(b"".join(spoil(whole.read_bytes().splitlines(keepends=True))))

    with pytest.raises(JournalError) as caught:
        list(journal.read(whole))

    place = f"{whole}:{line}: " if line is not None else f"{whole}: "
    assert str(caught.value).startswith(place)
    assert fault in str(caught.value)
    assert caught.value.exit == Exit.UNVERIFIED


@pytest.mark.parametrize("byte", range(0, 1200, 37))
def test_any_changed_byte_is_noticed(whole: Path, byte: int) -> None:
    """One byte changed anywhere before the footer, and the journal is none."""
    raw = bytearray(whole.read_bytes())
    before_footer = raw.rindex(b'{"kind":"footer"') - 1
    raw[byte % before_footer] ^= 1
    whole.write_bytes(raw)

    with pytest.raises(JournalError):
        list(journal.read(whole))


def test_missing_journal_is_named(tmp_path: Path) -> None:
    """A file that is not there is a journal error, not a traceback."""
    with pytest.raises(JournalError, match=r"gone\.jsonl: cannot be read: No such file"):
        list(journal.read(tmp_path / "gone.jsonl"))


def test_journal_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """The folder may be gone or closed to us: then there would be no evidence."""
    with pytest.raises(OutputError, match="--out") as caught:
        journal.Writer(tmp_path / "no" / "journal.jsonl", {})

    assert caught.value.exit == Exit.INCOMPLETE


def test_writer_that_was_interrupted_leaves_no_footer(tmp_path: Path, wire: Callable[..., Exchange]) -> None:
    """Leaving the writer without closing it, as an exception does, makes no result of what was written."""
    path = tmp_path / "journal.jsonl"
    with journal.Writer(path, {}) as writer:
        writer.write(record_of(wire("GET", "/vouchers/v1", body={})))

    assert [record["kind"] for _, record in journal.lines(path)] == ["header", "exchange"]
    with pytest.raises(JournalError, match="has no footer"):
        list(journal.read(path))


def test_digest_names_the_file_as_it_is(whole: Path) -> None:
    """The verdict names the whole file, footer included."""
    before = journal.digest(whole)
    whole.write_bytes(whole.read_bytes() + b"\n")

    assert journal.digest(whole) != before


def test_workers_are_sorted_as_people_count() -> None:
    """w2 comes before w10."""
    assert sorted(["w10-1", "w2-10", "w2-9"], key=journal.natural) == ["w2-9", "w2-10", "w10-1"]


def written(path: Path, count: int, wire: Callable[..., Exchange]) -> None:
    record = record_of(wire("GET", "/vouchers/v1", body={"id": "v1", "amount": 1, "tags": ["x"] * 20}))
    with journal.Writer(path, {}) as writer:
        for number in range(1, count + 1):
            writer.write({**record, "id": f"w{number % 2}-{number}"})
        writer.close({})


def peak(work: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def counted(records: Iterator[dict[str, Any]]) -> int:
    """Read a journal as a verdict does, and give how many exchanges there were."""
    header = {"clauses": [{"id": name} for name in INDEX], "mock": True, "strict": False}
    count = Count(header)
    for record in records:
        count.add(record)
    return count.exchanges


def test_memory_does_not_grow_with_the_journal(tmp_path: Path, wire: Callable[..., Exchange]) -> None:
    """Ten times as many exchanges cost no more memory, neither to write nor to read nor to count for a verdict."""
    sizes = {count: tmp_path / f"{count}.jsonl" for count in (2_000, 20_000)}

    writing = [peak(partial(written, path, count, wire)) for count, path in sizes.items()]
    reading = [peak(partial(counted, journal.read(path))) for path in sizes.values()]

    assert writing[1] < writing[0] + 20_000
    assert reading[1] < reading[0] + 20_000
    assert counted(journal.read(sizes[20_000])) == 20_000


def test_older_journal_counts_no_kind_that_came_later(whole: Path) -> None:
    """A kind that never occurred need not be in the footer."""
    lines = whole.read_text(encoding="utf-8").splitlines()
    footer = json.loads(lines[-1])
    del footer["counts"]["done"]
    whole.write_text("\n".join([*lines[:-1], json.dumps(footer)]) + "\n", encoding="utf-8")

    assert [record["kind"] for record in journal.read(whole)][-1] == "footer"
