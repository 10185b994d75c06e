"""What goes onto the page comes out of it, to the character."""

import random

import pytest
from PySide6.QtGui import QTextCursor

from writer.ui.page_text import PageText
from writer.ui.paragraphs import LONGEST, PIECE, Kind, cut, goes_on, kind_of

TRAPS = [
    "",
    "\n",
    "\n\n\n",
    "no-break\u00a0space, thin\u2009space",
    "line\u2028separator and paragraph\u2029separator",
    "lone \r return, \r\r twice",
    "\0 nul \0",
    "frames \ufdd0 and \ufdd1",
    "object \ufffc",
    "stand-ins of our own \ufdd2\ufdd3 beside \r",
    "private \ue000\uf8ff use",
    "emoji 😀👩‍👩‍👧🇫🇷 e\u0301",
    "ابجد right to left\u200f",
    "form\x0cfeed, tab\t, vertical\x0btab, \x85, \ufeff",
    "lone surrogate \ud83d here",
    "noncharacters \uffff\ufffe\U0001ffff",
    "trailing space \n \n\ttab first",
    "# Heading\n\nText\nText\n",
]


def filled(text):
    page = PageText()
    page.fill(text)
    return page


def cursor_at(page, position, anchor=None):
    cursor = QTextCursor(page.document)
    cursor.setPosition(position if anchor is None else anchor)
    cursor.setPosition(position, QTextCursor.MoveMode.KeepAnchor)
    return cursor


@pytest.mark.parametrize("text", TRAPS)
def test_reading_gives_what_was_filled_in(qapp, text):
    page = filled(text)
    assert page.read() == text
    assert page.between(0, page.document.characterCount() - 1) == text


def test_every_character_of_the_first_plane_survives(qapp):
    text = "".join(f"a{chr(code)}b" for code in range(1, 0x10000) if code != 0x0A)
    assert filled(text).read() == text


def test_filling_is_no_undo_step_and_no_modification(qapp):
    document = filled("one\ntwo").document
    assert not document.isModified()
    assert not document.isUndoAvailable()


def test_what_is_inserted_later_survives_beside_earlier_stand_ins(qapp):
    page = filled("a\rb \ufdd2")
    cursor = cursor_at(page, 1)
    page.insert(cursor, "\ufdd2\u2029\ufdd3\nnew\r")
    assert page.read() == "a\ufdd2\u2029\ufdd3\nnew\r\rb \ufdd2"
    page.document.undo()
    assert page.read() == "a\rb \ufdd2"


@pytest.mark.parametrize("line", ["word " * 9_000, "中" * 20_000, "😀" * 20_000, "e\u0301" * 9_000])
def test_a_long_line_is_laid_out_in_pieces_and_stays_one_line(qapp, line):
    text = f"before\n{line}\nafter"
    page = filled(text)
    assert page.document.blockCount() > 4
    assert page.has_pieces
    assert page.read() == text
    assert max(len(piece) for piece in cut(line)) <= PIECE


def test_pieces_end_at_spaces_and_never_within_what_looks_like_one_character():
    assert cut("one two three", longest=8) == ["one two ", "three"]
    assert cut("ab" + "e\u0301" * 3, longest=3) == ["ab", "e\u0301", "e\u0301", "e\u0301"]
    assert cut("👩‍👧" * 3, longest=4) == ["👩‍👧"] * 3


def long_page():
    line = "".join(f"word{number} " for number in range(LONGEST // 6))
    page = filled(line)
    join = page.document.begin().next().position()
    assert goes_on(page.document.findBlock(join))
    return page, line, join


def test_enter_at_a_join_ends_the_line_there(qapp):
    for offset in (0, -1):
        page, line, join = long_page()
        blocks = page.document.blockCount()
        page.break_line(cursor_at(page, join + offset))
        first = len(page.document.begin().text())
        assert page.read() == line[:first] + "\n" + line[first:]
        assert page.document.blockCount() == blocks
        page.document.undo()
        assert page.read() == line


def test_enter_within_a_piece_ends_the_line_there(qapp):
    page, line, join = long_page()
    page.break_line(cursor_at(page, join + 5))
    assert page.read() == line[: join - 1 + 5] + "\n" + line[join - 1 + 5 :]


def test_backspace_and_delete_at_a_join_take_a_character(qapp):
    page, line, join = long_page()
    units = join - 1
    page.delete_backward(cursor_at(page, join))
    assert page.read() == line[: units - 1] + line[units:]
    page.document.undo()
    page.delete_forward(cursor_at(page, join - 1))
    assert page.read() == line[:units] + line[units + 1 :]
    page.document.undo()
    assert page.read() == line


@pytest.mark.parametrize("seed", range(12))
def test_any_edits_agree_with_the_same_edits_of_a_str(qapp, seed):
    """Positions count a join as one; `offset` says how many characters lie before a position."""
    draw = random.Random(seed)
    line = "".join(draw.choice("abc d") for _ in range(LONGEST * 2))
    text = f"first\n\n{line}\n\nlast 中文\n{line}"
    page = filled(text)
    history = [text]
    for _ in range(25):
        end = page.document.characterCount() - 1
        marks = [block_start(page, draw), draw.randint(0, end), block_start(page, draw)]
        start, stop = sorted(draw.sample(marks, 2))
        from_, to = len(page.between(0, start)), len(page.between(0, stop))
        added = draw.choice(["", "x", "\n", "one\ntwo\n", "y" * (LONGEST + 5)])
        page.insert(cursor_at(page, stop, anchor=start), added)
        text = text[:from_] + added + text[to:]
        assert page.read() == text
        if text != history[-1]:
            page.document.undo()
            assert page.read() == history[-1]
            page.document.redo()
            assert page.read() == text
            history.append(text)
    while page.document.isUndoAvailable():
        page.document.undo()
    assert page.read() == history[0]


def block_start(page, draw):
    number = draw.randrange(page.document.blockCount())
    return page.document.findBlockByNumber(number).position()


@pytest.mark.parametrize("text", [*TRAPS, "wörd 😀 " * 3_000 + "\nend"])
def test_before_and_after_are_parts_of_the_text(qapp, text):
    page = filled(text)
    end = page.document.characterCount() - 1
    whole = page.read()
    for position in {0, end // 3, end // 2, end}:
        if 0xDC00 <= ord(page.document.characterAt(position)) < 0xE000:
            position += 1
        offset = len(page.between(0, position))
        for count in (0, 1, 7, 9_000):
            assert page.before(position, count) == whole[max(offset - count, 0) : offset]
            assert page.after(position, count) == whole[offset : offset + count]


def test_paragraphs_are_indented_as_in_a_book(qapp):
    page = filled("# One\nfirst\nsecond\n\nafter a break\nthen\n\u3000\u3000own indent")
    document = page.document
    indents = [
        bool(document.findBlockByNumber(number).blockFormat().textIndent())
        for number in range(document.blockCount())
    ]
    assert indents == [False, False, True, True, False, True, False]


def test_a_paragraph_that_is_inserted_is_set_as_one_that_is_typed(qapp):
    page = filled("")
    for text in ("It rained", ".\nShe left.", "\nHe stayed.\n\nLater", "\n# Two", "\nIt rained."):
        page.insert(cursor_at(page, page.document.characterCount() - 1), text)
    found = kinds(page)
    assert found == kinds(filled(page.read()))
    assert Kind.INDENTED in found


def kinds(page):
    found, block = [], page.document.begin()
    while block.isValid():
        found.append(kind_of(block))
        block = block.next()
    return found
