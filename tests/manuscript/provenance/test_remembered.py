"""What was lost is known again where it is long enough to be no chance."""

from writer.manuscript.provenance.marks import Mark
from writer.manuscript.provenance.origin import Conditions, Origin
from writer.manuscript.provenance.remembered import EVENTS, Lost, Remembered

CONDITIONS = Conditions("m", "f", "fp32", "cpu", "c", {})


def lost(text, start=0, name="a"):
    origin = Origin.under(name, CONDITIONS, 1, 0, text)
    return Lost(Mark(start, start + len(text), origin, 0), text)


def found(remembered, text):
    return [(each.start, each.lost.text) for each in remembered.within(text)]


def test_two_words_or_four_characters_are_enough():
    remembered = Remembered()
    for text in (" the rain", " rain", "走进屋子", "走进屋"):
        remembered.keep([lost(text)])
    assert found(remembered, "x the rain fell") == [(1, " the rain")]
    assert found(remembered, "his rain fell") == []
    assert found(remembered, "他走进屋子。") == [(1, "走进屋子")]
    assert found(remembered, "他走进屋") == []


def test_short_ones_come_back_beside_a_long_one_that_went_with_them():
    remembered = Remembered()
    remembered.keep([lost(" the rain", 10), lost(" fell", 22), lost("s", 40)])
    assert found(remembered, "On the rain..., fell on") == [(2, " the rain")]
    text = "On the rain... fell             s"
    assert found(remembered, text) == [(2, " the rain"), (14, " fell"), (32, "s")]


def test_where_two_overlap_the_last_one_counts():
    remembered = Remembered()
    remembered.keep([lost(" the rain fell", name="old")])
    remembered.keep([lost(" the rain", name="new")])
    assert [each.lost.mark.origin.id for each in remembered.within(" the rain fell")] == ["new"]


def test_the_oldest_are_forgotten():
    remembered = Remembered()
    for number in range(EVENTS + 5):
        remembered.keep([lost(f"word{number} and", name=f"{number}")])
    assert len(remembered) == EVENTS
    assert found(remembered, "word4 and") == []
    assert found(remembered, "word5 and") == [(0, "word5 and")]


def test_one_that_did_not_come_back_does_not_hide_those_behind_it():
    remembered = Remembered()
    remembered.keep([lost(" the rain", 10), lost(" fell", 22), lost("s", 40)])
    text = "On the rain... sank             s"
    assert found(remembered, text) == [(2, " the rain"), (32, "s")]


def test_all_of_a_long_text_comes_back():
    remembered, text = Remembered(), "It was so. " * 3_000
    remembered.keep([lost(text[place : place + 7], place) for place in range(5, len(text), 11)])
    assert len(remembered.within("Then: " + text)) == 3_000
