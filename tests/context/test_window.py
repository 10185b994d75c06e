from itertools import pairwise

import pytest

from writer.context.window import BLOCK, CHARACTERS_PER_TOKEN, block, from_word_start, window_length

BOOK = " ".join(f"word{number}," for number in range(3000)) + "\n\n" + "雨停了。" * 500


@pytest.mark.parametrize("budget", [1, 16, 512, 1024, 131072])
def test_the_window_holds_the_budget_or_all_there_is(budget):
    for cursor in range(0, 20_000, 7):
        length = window_length(cursor, budget)
        assert length <= cursor
        assert length == cursor or length >= budget * CHARACTERS_PER_TOKEN
        assert length < budget * CHARACTERS_PER_TOKEN + BLOCK


@pytest.mark.parametrize("budget", [16, 512])
def test_its_start_moves_forward_by_whole_blocks(budget):
    starts = [cursor - window_length(cursor, budget) for cursor in range(30_000)]
    steps = {b - a for a, b in pairwise(starts)}
    assert steps == {0, BLOCK}
    assert starts[-1] // BLOCK == sum(a != b for a, b in pairwise(starts))


@pytest.mark.parametrize("budget", [1024, 4096, 16_384, 131_072])
def test_a_long_window_is_read_again_as_seldom_for_its_length(budget):
    book = 3_000_000
    cursors = range(book - 200_000, book, 97)
    starts = [cursor - window_length(cursor, budget) for cursor in cursors]
    step = block(budget)
    assert step % BLOCK == 0
    assert {b - a for a, b in pairwise(starts)} == {0, step}
    needed = budget * CHARACTERS_PER_TOKEN
    assert max(BLOCK, needed // 12) <= step <= max(BLOCK, needed // 8)
    lengths = [cursor - start for cursor, start in zip(cursors, starts, strict=True)]
    assert min(lengths) >= needed
    assert max(lengths) < needed + step


def test_no_cursor_has_no_window():
    assert window_length(0, 512) == 0


def window(text: str, cursor: int, budget: int) -> str:
    length = window_length(cursor, budget)
    return from_word_start(text[cursor - length : cursor], at_start=length >= cursor)


@pytest.mark.parametrize("cursor", range(100, len(BOOK), 977))
def test_a_window_cuts_no_word(cursor):
    found = window(BOOK, cursor, 64)
    start = cursor - len(found)
    assert BOOK[:cursor].endswith(found)
    in_words = start < BOOK.index("雨")
    assert start == 0 or not in_words or (BOOK[start - 1].isspace() and not found[0].isspace())


def test_typing_on_keeps_the_start():
    starts = {cursor - len(window(BOOK, cursor, 64)) for cursor in range(10_300, 12_200)}
    assert len(starts) <= 2


def test_the_document_start_is_kept_whole():
    assert from_word_start("word one", at_start=True) == "word one"
    assert from_word_start(" word one", at_start=True) == " word one"


@pytest.mark.parametrize("text", ["", "word", "雨停了。" * 30, "x" * 500, "x" * 80 + " y"])
def test_where_no_word_ends_soon_nothing_is_cut(text):
    assert from_word_start(text, at_start=False) == text
