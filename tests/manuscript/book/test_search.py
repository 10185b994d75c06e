import random

import pytest

from writer.manuscript.book.search import Hit, find, replaced, taken_back
from writer.manuscript.search import Search

WORDS = ("Ann", "ann", "Annie", "rain", "雨", "don’t", "the")


def text_of(chance: random.Random, words: int = 60) -> str:
    return "".join(chance.choice(WORDS) + chance.choice("  ,.\n") for _ in range(words))


def test_hits_say_where_they_are_and_what_stands_around_them():
    long = "The rain had come from the west for days,\nand Ann stood at the window of the house."
    (hit,) = find([("a", "nothing"), ("b", long)], Search("ann"))
    assert (hit.id, hit.found) == ("b", "Ann")
    assert long[hit.start : hit.end] == "Ann"
    assert hit.before == "had come from the west for days, and "
    assert hit.after == " stood at the window of the house."
    (hit,) = find([("b", "Ann.")], Search("Ann"))
    assert (hit.before, hit.after) == ("", ".")
    (hit,) = find([("b", "雨" * 100 + "Ann" + "雨" * 100)], Search("Ann"))
    assert (hit.before, hit.after) == ("雨" * 40, "雨" * 40)


@pytest.mark.parametrize("seed", range(20))
def test_contexts_are_the_text_around_with_line_ends_as_spaces(seed):
    text = text_of(random.Random(seed))
    for hit in find([("a", text)], Search("ann")):
        around = text.replace("\n", " ")
        assert around[: hit.start].endswith(hit.before)
        assert around[hit.end :].startswith(hit.after)
        assert len(hit.before) <= 40
        assert len(hit.after) <= 40


def test_no_words_find_nothing():
    assert list(find([("a", "text")], Search(""))) == []


@pytest.mark.parametrize("seed", range(20))
def test_replaced_is_what_a_regular_expression_makes(seed):
    text, search = text_of(random.Random(seed)), Search("ann", whole_word=True)
    hits = list(find([("a", text)], search))
    assert replaced(text, hits, "Bea") == search.pattern().sub("Bea", text)
    assert replaced(text, hits[:1], "") == search.pattern().sub("", text, count=1)
    assert replaced(text, [], "Bea") == text


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("replacement", ["Bea", "", "the", "a\nb", "Ann"])
def test_a_replacement_is_taken_back_around_what_was_edited_since(seed, replacement):
    chance = random.Random(seed)
    before = text_of(chance)
    hits = list(find([("a", before)], Search("ann")))
    after = replaced(before, hits, replacement)
    assert taken_back(after, after, before, hits, replacement) == (before, len(hits))
    # New words, none of them there before, are put between the words: they stay.
    now, meant, place = "", "", 0
    for hit in [*hits, None]:
        end = hit.start if hit else len(before)
        gap = before[place:end]
        at = [i for i in range(1, len(gap)) if gap[i - 1] in " \n" and gap[i] not in " \n"]
        if at and chance.random() < 0.5:
            cut = chance.choice(at)
            gap = gap[:cut] + "Xenia yawned. " + gap[cut:]
        now += gap + (replacement if hit else "")
        meant += gap + (before[hit.start : hit.end] if hit else "")
        place = hit.end if hit else end
    back, count = taken_back(now, after, before, hits, replacement)
    if replacement in ("Bea", "a\nb"):
        assert (back, count) == (meant, len(hits))
    assert back.count("Xenia yawned.") == now.count("Xenia yawned.")
    assert count <= len(hits)


def test_a_replacement_that_was_edited_stays_as_it_is():
    before = "Ann came. Ann sat.\nAnn left."
    hits = list(find([("a", before)], Search("Ann")))
    after = replaced(before, hits, "Bea")
    assert after == "Bea came. Bea sat.\nBea left."
    now = "Bea came. Beatrice sat.\nBea left, at last."
    back = "Ann came. Beatrice sat.\nAnn left, at last."
    assert taken_back(now, after, before, hits, "Bea") == (back, 2)
    assert taken_back("", after, before, hits, "Bea") == ("", 0)
    assert taken_back("another text", after, before, hits, "Bea") == ("another text", 0)


def test_a_long_line_that_is_wholly_other_takes_no_time():
    chance = random.Random(3)
    before = " ".join(chance.choices(WORDS, k=20_000))
    hits = list(find([("a", before)], Search("rain")))
    after = replaced(before, hits, "snow")
    now = "Now. " + " ".join(chance.choices(WORDS, k=20_000)) + " The end."
    back, count = taken_back(now, after, before, hits, "snow")
    assert (back, count) == (now, 0)
    back, count = taken_back("Now. " + after, after, before, hits, "snow")
    assert (back, count) == ("Now. " + before, len(hits))


def test_a_hit_is_a_value():
    assert Hit("a", 0, 1, "x") == Hit("a", 0, 1, "x")
