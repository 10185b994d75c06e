import itertools
import random

import pytest

from tests.manuscript.history.seeds import for_seeds
from writer.manuscript.history.differences import (
    Piece,
    PieceKind,
    compare,
    merged,
    passages,
    restored,
)

SAME, REMOVED, ADDED = PieceKind
_WORDS = [
    "the", "rain", "fell", "on", "a", "house", "and", "she", "said", "nothing", "to", "him",
    "don't", "3.14", "_so_", "naïve",
]  # fmt: skip
_HAN = "他很好我也不是雨停了"
_ENDS = [
    " ",
    " ",
    " ",
    ". ",
    ", ",
    "\n",
    "\n\n",
    "。",
    "",
    "\u3000",
    "\t",
    "’s ",
    "…”\n“",
    "\u2028",
]
_ODD = ["👩‍👩‍👧 ", "e\u0301", "\ud800", "\0", "葛\U000e0100", "\r", "-", "—", "Straße"]


def _text(chance, size):
    parts = []
    for _ in range(chance.randrange(size)):
        word = chance.choice((chance.choice(_WORDS), chance.choice(_HAN), chance.choice(_WORDS)))
        parts.append(chance.choice(_ODD) if chance.random() < 0.05 else word)
        parts.append(chance.choice(_ENDS))
    return "".join(parts)


def _edited(text, chance, edits=4):
    for _ in range(chance.randrange(edits + 1)):
        at = chance.randrange(len(text) + 1)
        text = text[:at] + _text(chance, 4) + text[at + chance.randrange(12) :]
    return text


def _pair(seed):
    chance = random.Random(seed)
    old = _text(chance, chance.choice((3, 30, 200)))
    return old, _edited(old, chance) if chance.random() < 0.8 else _text(chance, 100)


def _old(pieces):
    return "".join(piece.text for piece in pieces if piece.kind is not ADDED)


def _new(pieces):
    return "".join(piece.text for piece in pieces if piece.kind is not REMOVED)


def _shown(old, new):
    marks = {SAME: "{}", REMOVED: "[{}]", ADDED: "<{}>"}
    return "".join(marks[piece.kind].format(piece.text) for piece in compare(old, new))


@for_seeds(400)
def test_pieces_make_up_both_texts(seed):
    old, new = _pair(seed)
    pieces = compare(old, new)
    assert _old(pieces) == old
    assert _new(pieces) == new


@for_seeds(200)
def test_pieces_are_in_one_form(seed):
    """None is empty, none of a kind follow each other, and what was removed comes first."""
    pieces = compare(*_pair(seed))
    assert all(piece.text for piece in pieces)
    for one, other in itertools.pairwise(pieces):
        assert (one.kind, other.kind) in {
            (SAME, REMOVED),
            (SAME, ADDED),
            (REMOVED, ADDED),
            (REMOVED, SAME),
            (ADDED, SAME),
        }


@for_seeds(200)
def test_there_is_no_confetti_and_no_change_begins_or_ends_in_common_words(seed):
    old, new = _pair(seed)
    pieces = compare(old, new)
    for piece in pieces[1:-1]:
        assert piece.kind is not SAME or len(piece.text.strip()) > 1
    for one, other in itertools.pairwise(pieces):
        assert one.kind is not REMOVED or other.kind is not ADDED or one.text != other.text


@pytest.mark.parametrize("text", ["", "One.", "他很好。\n", "\n\n", "a" * 5000])
def test_equal_texts_are_one_piece_and_an_empty_one_is_all_change(text):
    whole = (Piece(SAME, text),) if text else ()
    assert compare(text, text) == whole
    assert compare("", text) == tuple(Piece(ADDED, piece.text) for piece in whole)
    assert compare(text, "") == tuple(Piece(REMOVED, piece.text) for piece in whole)


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        ("The old house.", "The new house.", "The [old]<new> house."),
        ("He walked away.", "He walked.", "He walked[ away]."),
        ("Rain. Then sun.", "Rain. Wind. Then sun.", "Rain. <Wind. >Then sun."),
        ("She sat. She wept.", "She sat. She rose. She wept.", "She sat. <She rose. >She wept."),
        ("雨停了。雨大。", "雨停了。雨小。雨大。", "雨停了。<雨小。>雨大。"),
        ("他很好。我也好。", "他很好。我们也不错。", "他很好。我[也好]<们也不错>。"),
        ("one\n\ntwo\n\nsix\n", "one\n\nnew\n\ntwo\n\nsix\n", "one\n\n<new\n\n>two\n\nsix\n"),
        ("don't go", "don go", "[don't]<don> go"),
        ("A cat and dog.", "A cow and hen.", "A [cat and dog]<cow and hen>."),
    ],
)
def test_it_reads_as_prose(old, new, shown):
    assert _shown(old, new) == shown


def test_one_changed_paragraph_of_a_long_text_leaves_all_others_the_same():
    chance = random.Random(5)
    lines = ["".join(chance.choices("abcdefg ", k=60)) for _ in range(3000)]
    old = "\n\n".join(lines)
    lines[1500] = "Something else altogether."
    pieces = compare(old, "\n\n".join(lines))
    assert [piece.kind for piece in pieces] == [SAME, REMOVED, ADDED, SAME]
    assert len(pieces[1].text) <= 60


def test_a_name_changed_everywhere_is_all_that_differs():
    chance = random.Random(6)
    old = "\n".join(" ".join(["Anna", *chance.choices(_WORDS * 9, k=30)]) for _ in range(400))
    pieces = compare(old, old.replace("Anna", "Berta"))
    assert {piece.text.strip() for piece in pieces if piece.kind is ADDED} == {"Berta"}
    assert sum(piece.kind is ADDED for piece in pieces) == 400


def test_past_the_limit_of_work_the_laws_still_hold(monkeypatch):
    monkeypatch.setattr("writer.manuscript.history.differences._EFFORT", 10)
    for seed in range(50):
        old, new = _pair(seed)
        pieces = compare(old, new)
        assert (_old(pieces), _new(pieces)) == (old, new)


@for_seeds(150)
def test_merging_with_an_unchanged_side_gives_the_other(seed):
    base, text = _pair(seed)
    assert merged(base, base, text) == text
    assert merged(base, text, base) == text
    assert merged(base, text, text) == text


@for_seeds(150)
def test_merging_does_not_ask_which_side_is_whose(seed):
    chance = random.Random(seed)
    base = _text(chance, 60)
    mine, theirs = _edited(base, chance, 2), _edited(base, chance, 2)
    assert merged(base, mine, theirs) == merged(base, theirs, mine)


@for_seeds(100)
def test_edits_of_different_paragraphs_are_both_there(seed):
    chance = random.Random(seed)
    lines = [f"Paragraph {at} is about {chance.choice(_WORDS)} {at * 7}." for at in range(12)]
    places = chance.sample(range(0, 12, 2), 4)
    mine, theirs, both = list(lines), list(lines), list(lines)
    for at in places[:2]:
        mine[at] = both[at] = lines[at].replace("about", "mine")
    for at in places[2:]:
        theirs[at] = both[at] = _edited(lines[at], chance) + " Theirs."
    assert merged("\n".join(lines), "\n".join(mine), "\n".join(theirs)) == "\n".join(both)


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        ("The blue house stood there.", "The red house stood there."),
        ("The old house fell there.", "The old house was there."),
        ("The old house stood there. Mine.", "The old house stood there. Theirs."),
        ("The house stood there.", "The very old house stood there."),
        ("", "The old house stood here."),
    ],
)
def test_edits_of_the_same_words_collide(mine, theirs):
    assert merged("The old house stood there.", mine, theirs) is None


@for_seeds(200)
def test_passages_restored_give_the_old_and_none_the_new(seed):
    old, new = _pair(seed)
    pieces = compare(old, new)
    every = range(len(passages(pieces)))
    assert restored(new, pieces, every) == old
    assert restored(new, pieces, ()) == new


@for_seeds(200)
def test_a_passage_is_restored_alone_and_says_where_it_is(seed):
    old, new = _pair(seed)
    pieces = compare(old, new)
    for number, passage in enumerate(passages(pieces)):
        was, now = _old(passage.pieces), _new(passage.pieces)
        end = passage.position + len(now)
        assert new[passage.position : end] == now
        expected = new[: passage.position] + was + new[end:]
        assert restored(new, pieces, [number]) == expected
        assert pieces[passage.first : passage.first + len(passage.pieces)] == passage.pieces
        assert passage.pieces[0].kind is not SAME
        assert passage.pieces[-1].kind is not SAME
        assert "\n" not in passage.before + passage.after
        assert new[: passage.position].endswith(passage.before.removeprefix("…"))
        assert new[end:].startswith(passage.after.removesuffix("…"))


def test_passages_are_apart_where_there_is_much_or_a_paragraph_between():
    far = "and then nothing happened for a very long time, until it"
    old = f"One old thing {far} did. Two old things.\nThree old things."
    new = old.replace("old", "new")
    found = [_new(passage.pieces) for passage in passages(compare(old, new))]
    assert found == ["new", "new", "new"]
    near = passages(compare("An old thing and an old cup.", "A new thing and a new cup."))
    assert len(near) == 1


def test_a_text_that_was_edited_since_is_not_restored():
    pieces = compare("one", "two")
    with pytest.raises(ValueError, match="changed"):
        restored("three", pieces, [0])
    with pytest.raises(IndexError):
        restored("two", pieces, [1])
