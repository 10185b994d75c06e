import random

import pytest

from writer.manuscript.keeping.mirror import LineEdit, Mirror, difference

WORDS = ["", "rain", "雨", "a", "aa", " ", "\u2028", "\ud83d", "\ude00", "😀", "\r", "\0", "\x1f"]


def random_line(chance):
    return "".join(chance.choices(WORDS, k=chance.randrange(4)))


def random_edit(chance, lines):
    first = chance.randint(0, len(lines))
    removed = chance.randint(0, min(3, len(lines) - first))
    added = [random_line(chance) for _ in range(chance.randrange(4))]
    if removed and added and chance.random() < 0.7:  # most edits change a line a little
        at = chance.randint(0, len(lines[first]))
        added[0] = lines[first][:at] + chance.choice(WORDS) + lines[first][at + 1 :]
    return LineEdit(first, removed, tuple(added))


def edited(text, edit):
    lines = text.split("\n")
    lines[edit.first : edit.first + edit.removed] = edit.added
    return "\n".join(lines)


@pytest.mark.parametrize("seed", range(20))
def test_after_any_edits_it_says_what_the_edited_text_says(seed):
    chance = random.Random(seed)
    text = "\n".join(random_line(chance) for _ in range(chance.randrange(8)))
    mirror, spliced = Mirror(text), Mirror(text)
    for _ in range(200):
        edit = random_edit(chance, text.split("\n"))
        text = edited(text, edit)
        spliced.apply_splice(spliced.splice(edit))
        mirror.apply(edit)
        assert mirror.text == spliced.text == text
        assert list(mirror.lines) == list(spliced.lines) == text.split("\n")


@pytest.mark.parametrize("seed", range(20))
def test_a_difference_leads_from_one_text_to_the_other(seed):
    chance = random.Random(seed)
    for _ in range(50):
        old, new = ("\n".join(random_line(chance) for _ in range(4)) for _ in range(2))
        mirror = Mirror(old)
        mirror.apply(difference(mirror.lines, new.split("\n")))
        assert mirror.text == new


def test_no_difference_is_an_empty_edit():
    assert difference(["a", "b"], ["a", "b"]) == LineEdit(2, 0, ())


def test_lines_with_line_ends_in_them_are_several():
    mirror = Mirror("a\nb")
    mirror.apply(LineEdit(0, 1, ("x\ny", "z")))
    assert list(mirror.lines) == ["x", "y", "z", "b"]


@pytest.mark.parametrize("edit", [(3, 0), (0, 3), (-1, 1), (1, -1), (2, 1)])
def test_lines_that_are_not_there_are_refused_and_nothing_changes(edit):
    mirror = Mirror("a\nb")
    for change in (mirror.apply, mirror.splice):
        with pytest.raises(ValueError, match="no lines"):
            change(LineEdit(*edit, ("x",)))
    assert mirror.text == "a\nb"


@pytest.mark.parametrize("place", [0, 10, 4_999, 5_000])
def test_a_letter_in_a_long_paragraph_is_one_letter(place):
    line = "ab" * 2_500
    splice = Mirror(f"first\n{line}\nlast").splice(
        LineEdit(1, 1, (line[:place] + "x" + line[place:],))
    )
    assert splice.middle == "x"
    assert splice.front + splice.back == len(line)
