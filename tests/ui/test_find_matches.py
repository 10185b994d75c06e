import re

import pytest

from writer.manuscript.search import Search
from writer.ui.find_matches import Match, Matches
from writer.ui.utf16 import units

TEXT = "The rain. 😀 the rain\u00a0fell\u2029on “the” brim; other, THE end 𠀀 the"


def in_units(text: str, search: Search) -> list[Match]:
    """What the places are, by the slow and plain way."""
    return [
        Match(units(text[: found.start()]), units(text[: found.end()]))
        for found in re.finditer(search.pattern(), text)
    ]


def words_at(text: str, match: Match) -> str:
    raw = text.encode("utf-16-le")[2 * match.start : 2 * match.end]
    return raw.decode("utf-16-le")


@pytest.mark.parametrize(
    "search",
    [
        Search("the"),
        Search("THE", match_case=True),
        Search("the", whole_word=True),
        Search("😀"),
        Search("."),
    ],
)
def test_places_are_counted_in_utf16_units(search):
    found = list(Matches(TEXT, search))
    assert found == in_units(TEXT, search)
    assert found
    assert all(words_at(TEXT, m).casefold() == search.words.casefold() for m in found)


def test_options():
    assert len(list(Matches(TEXT, Search("the")))) == 6
    assert len(list(Matches(TEXT, Search("the", whole_word=True)))) == 5
    assert len(list(Matches(TEXT, Search("the", match_case=True, whole_word=True)))) == 3


def test_a_space_finds_a_no_break_space_but_not_the_other_way_round():
    text = "rain fell, rain\u00a0fell"
    assert len(list(Matches(text, Search("rain fell")))) == 2
    assert list(Matches(text, Search("rain\u00a0fell"))) == [Match(11, 20)]


def test_a_typewriter_s_quote_finds_the_printer_s():
    assert list(Matches("“don’t”", Search("don't"))) == [Match(1, 6)]


def test_whole_words_in_a_writing_without_spaces():
    assert list(Matches("下雨了", Search("雨", whole_word=True))) == [Match(1, 2)]
    assert list(Matches("见Ann了", Search("Ann", whole_word=True))) == [Match(1, 4)]


@pytest.mark.parametrize("portion", [1, 2, 1000])
def test_walking_goes_through_all_places_and_round(portion):
    places = in_units(TEXT, Search("the"))
    matches = Matches(TEXT, Search("the"))
    matches.count_some(portion)
    unit = 0
    for expected in [*places, places[0]]:
        found = matches.at_or_after(unit)
        assert found == expected
        unit = found.end
    unit = places[0].start
    matches = Matches(TEXT, Search("the"))
    for expected in [places[-1], *reversed(places[:-1])]:
        found = matches.before(unit)
        assert found == expected
        unit = found.start


def test_numbering_and_nothing_found():
    matches = Matches(TEXT, Search("the"))
    matches.count_all()
    assert [matches.number_of(m) for m in in_units(TEXT, Search("the"))] == [1, 2, 3, 4, 5, 6]
    assert matches.number_of(Match(1, 3)) is None
    none = Matches(TEXT, Search("snow"))
    assert none.at_or_after(5) is None
    assert none.before(5) is None
    assert list(none) == []


def test_counting_goes_in_portions():
    matches = Matches("a" * 10_000, Search("a"))
    matches.count_some(100)
    assert len(matches) == 100
    assert not matches.counted
    assert matches.at_or_after(5_000) == Match(5_000, 5_001)
