import random
import re

import pytest

from writer.manuscript.history.differences import Piece, PieceKind, compare, passages
from writer.ui.book.change_words import in_words, said_of, short_counts, summary_of
from writer.ui.book.changes import folded, lines_of, words_changed

SAME, REMOVED, ADDED = PieceKind
WORDS = [
    "rain",
    "the",
    "Margaret",
    "雨",
    "天黑了。",
    "stood.",
    "“Yes?”",
    "road,",
    "\n",
    "\n\n",
    "mud",
]


def prose(rng: random.Random, length: int) -> list[str]:
    return [rng.choice(WORDS) for _ in range(length)]


def edited(rng: random.Random, words: list[str]) -> list[str]:
    words = list(words)
    for _ in range(rng.randrange(6)):
        at = rng.randrange(len(words) + 1)
        words[at : at + rng.randrange(3)] = prose(rng, rng.randrange(3))
    return words


def letters(text: str) -> str:
    """Return what is left without spaces, line ends and the signs for them."""
    return re.sub(r"[\s¶·→]", "", text)


def written(lines, *kinds) -> str:
    return letters(
        "".join(
            line.folded + "".join(span.text for span in line.spans if span.kind in kinds)
            for line in lines
        )
    )


@pytest.fixture(params=range(60))
def texts(request) -> tuple[str, str]:
    rng = random.Random(request.param)
    words = prose(rng, rng.choice((0, 5, 60, 900)))
    return " ".join(words), " ".join(edited(rng, words))


def test_the_lines_hold_both_texts_folded_or_not(texts):
    old, new = texts
    pieces = compare(old, new)
    for opened in (frozenset(), {0}, {1, 2}):
        for is_whole in (False, True):
            lines = lines_of(pieces, opened, is_whole)
            assert written(lines, SAME, REMOVED) == letters(old)
            assert written(lines, SAME, ADDED) == letters(new)
            assert not is_whole or all(line.fold < 0 for line in lines)


def test_every_change_is_in_sight_and_numbered_in_order(texts):
    pieces = compare(*texts)
    numbers = [span.change for line in lines_of(pieces) for span in line.spans if span.change >= 0]
    assert numbers == sorted(numbers)
    assert set(numbers) == set(range(len(passages(pieces))))
    changed = [
        span.change for line in lines_of(pieces) for span in line.spans if span.kind is not SAME
    ]
    assert min(changed, default=0) >= 0


def test_folds_are_numbered_alike_whatever_is_open():
    pieces = compare(*("one two three. " * 200 + end for end in ("a", "b")))
    pieces = (*pieces, *(Piece(piece.kind, piece.text) for piece in pieces))
    folds = [line.fold for line in lines_of(pieces) if line.fold >= 0]
    assert folds == [0, 1]
    assert [line.fold for line in lines_of(pieces, {0}) if line.fold >= 0] == [1]


@pytest.mark.parametrize(
    "unit", ["she stood at the window. ", "雨已经下了三天。", "word\n", "x" * 50]
)
@pytest.mark.parametrize("times", [1, 10, 30, 400])
@pytest.mark.parametrize("sides", [(False, False), (True, False), (False, True), (True, True)])
def test_a_fold_leaves_some_lines_beside_the_changes_and_loses_nothing(unit, times, sides):
    text = unit * times
    head, hidden, tail = folded(text, *sides)
    assert head + hidden + tail == text
    if hidden:
        assert max(len(head), len(tail)) <= 280
        assert bool(head) != sides[0]
        assert bool(tail) != sides[1]


def test_a_fold_begins_and_ends_with_a_sentence_or_a_paragraph():
    head, hidden, tail = folded("She stood at the window. " * 100, False, False)
    assert head.endswith("window. ")
    assert hidden.startswith("She")
    assert tail.startswith("She")
    head, _, tail = folded("雨已经下了三天。" * 200, False, False)
    assert head.endswith("。")
    assert tail.startswith("雨")


def test_spaces_and_line_ends_that_change_by_themselves_can_be_seen():
    joined = lines_of(
        (Piece(SAME, "one"), Piece(REMOVED, "\n"), Piece(ADDED, " "), Piece(SAME, "b"))
    )
    assert [line.text for line in joined] == ["one¶·b"]
    parted = lines_of((Piece(SAME, "one"), Piece(ADDED, "\n"), Piece(SAME, "two")))
    assert [line.text for line in parted] == ["one¶", "two"]


def test_changes_are_said_in_words():
    old, new = "The old house stood.", "The new house stood."
    pieces = compare(old, new)
    assert said_of(passages(pieces)[0]) == "“old” became “new”"
    assert said_of(passages(compare("a b", "a"))[0]) == "Removed: “b”"
    assert said_of(passages(compare("a", "a b"))[0]) == "Added: “b”"
    assert said_of(passages(compare("a\nb", "a\n\nb"))[0]).startswith("Only spaces")
    assert summary_of(pieces) == "1 change: 1 word added, 1 word removed."
    assert summary_of(compare(old, old)) == "Nothing differs."
    assert words_changed(compare("他很好。", "他不好。")) == (1, 1)
    assert short_counts(0, 0) == "only signs and spaces"
    said = in_words([(piece.kind, piece.text) for piece in pieces])
    assert said == "The [removed: old][added: new] house stood."
    assert len(said_of(passages(compare("a", "a " + "word " * 1000))[0])) < 260
