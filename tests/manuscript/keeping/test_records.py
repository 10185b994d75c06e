import random

import pytest

from writer.manuscript.keeping.records import Spelling, pieces_of, read_records

RECORDS = [
    ["e", 0, 1, 2, 3, 4, 5, "letters"],
    ["e", 0, 1, 2, 3, 4, 5, "\ud83d\ude00 in halves, \udc80, \u2028 \r\n\0\x1f\x7f 雨 😀"],
    ["b", 0, 1, 0, 1, ""],
    ["t", 1.5],
    ["r"],
    ["e", 0, 1, 0, 1, 0, 0, None],
]


def test_what_is_written_is_read_whatever_the_batches():
    spelling = Spelling("one")
    data = spelling.lines(RECORDS[:2]) + spelling.lines([]) + spelling.lines(RECORDS[2:])
    assert data == Spelling("one").lines(RECORDS)
    assert list(read_records(data, "one")) == RECORDS
    assert data.count(b"\n") == len(RECORDS)


def test_a_typed_letter_takes_less_than_sixty_bytes():
    assert len(Spelling("one").lines([["e", 12, 123_456, 54_321, 1, 4_321, 1_234, "x"]])) < 60


def lines_of(count):
    return (
        Spelling("one").lines([["e", number] for number in range(count)]).splitlines(keepends=True)
    )


def test_a_changed_bit_costs_its_line_and_the_next_at_most():
    lines = lines_of(10)
    data = b"".join(lines)
    start, end = len(b"".join(lines[:4])), len(b"".join(lines[:5]))
    for at in range(start, end):
        for bit in range(8):
            damaged = bytearray(data)
            damaged[at] ^= 1 << bit
            found = [record for record in read_records(bytes(damaged), "one") if record is not None]
            expected = [["e", number] for number in range(10)]
            assert found in ([*expected[:4], *expected[at_least:]] for at_least in (5, 6, 7))


@pytest.mark.parametrize("seed", range(50))
def test_lines_that_were_lost_doubled_or_swapped_are_noticed(seed):
    chance = random.Random(seed)
    lines = lines_of(12)
    at = chance.randrange(10)
    if seed % 3 == 0:
        del lines[at : at + chance.randint(1, 2)]
    elif seed % 3 == 1:
        lines.insert(at, lines[at])
    else:
        lines[at], lines[at + 1] = lines[at + 1], lines[at]
    found = list(read_records(b"".join(lines), "one"))
    whole = [record[1] for record in found if record is not None]
    assert None in found
    assert whole == sorted(set(whole))


@pytest.mark.parametrize("end", range(1, 30))
def test_a_torn_line_is_the_only_one_that_is_missing(end):
    lines = lines_of(5)
    whole = b"".join(lines)
    found = list(read_records(whole[: -min(end, len(lines[-1]) - 1)], "one"))
    assert found == [*(["e", number] for number in range(4)), None]


@pytest.mark.parametrize("data", [b"", b"\0" * 5_000, b"\n\n\n", b"nonsense", b"00000000 {}\n"])
def test_what_is_no_journal_has_no_records(data):
    assert [record for record in read_records(data, "one") if record is not None] == []


@pytest.mark.parametrize("seed", range(10))
def test_pieces_are_the_whole(seed):
    chance = random.Random(seed)
    lines = ["x" * chance.randrange(40_000) for _ in range(chance.randrange(1, 30))]
    pieces = pieces_of(lines)
    assert "\n".join(pieces) == "\n".join(lines)
    assert all(len(piece) <= 65_536 + 40_000 for piece in pieces)
    assert pieces_of([""]) == [""]


@pytest.mark.parametrize("at", range(6))
def test_lines_of_another_journal_are_none_of_this_one(at):
    lines = lines_of(6)
    others = Spelling("other").lines([["e", number] for number in range(6)])
    lines[at:at] = others.splitlines(keepends=True)[at:]
    found = [record for record in read_records(b"".join(lines), "one") if record is not None]
    expected = [["e", number] for number in range(6)]
    assert found in ([*expected[:at], *expected[at_least:]] for at_least in (at, at + 1))
