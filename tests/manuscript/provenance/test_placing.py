"""Marked stretches are found again by their text, in their order, near where they were."""

import random

import pytest

from writer.manuscript.provenance.placing import Stretch, find_again

VOCABULARY = [a + b + c for a in "kstnhm" for b in "aeiou" for c in "rlnsd"]


def prose(chance, words):
    return " ".join(
        chance.choice(VOCABULARY) + chance.choice(("", "", "", ",", ".", ".\n"))
        for _ in range(words)
    )


def marked(chance, text, count):
    """Stretches of the text between marks, none overlapping, of one to eight words or so."""
    places = sorted(chance.sample(range(len(text)), 2 * count))
    pairs = zip(places[::2], places[1::2], strict=True)
    return [
        Stretch(one, text[one : min(other, one + chance.choice((6, 30, 50)))])
        for one, other in pairs
    ]


def edited(chance, text, stretches, edits):
    """The text edited between the stretches, and where they are then."""
    gaps, end = [], 0
    for each in stretches:
        gaps.append(text[end : each.start])
        end = each.start + len(each.text)
    gaps.append(text[end:])
    for _ in range(edits):
        number = chance.randrange(len(gaps))
        gap = gaps[number]
        start = chance.randint(0, len(gap))
        stop = min(len(gap), start + chance.choice((0, 1, 5, 40)))
        gaps[number] = gap[:start] + prose(chance, chance.choice((0, 1, 3, 200))) + gap[stop:]
    new, places = gaps[0], []
    for each, gap in zip(stretches, gaps[1:], strict=True):
        places.append(len(new))
        new += each.text + gap
    return new, places


@pytest.mark.parametrize("seed", range(40))
def test_after_edits_elsewhere_all_that_stand_once_are_found(seed):
    chance = random.Random(seed)
    text = prose(chance, 600)
    stretches = marked(chance, text, chance.choice((1, 5, 40)))
    new, places = edited(chance, text, stretches, chance.choice((1, 3, 12)))
    found = find_again(stretches, len(text), new)
    check_found(found, stretches, new)
    whole = {
        each.index: each.start for each in found if each.length == len(stretches[each.index].text)
    }
    for index, (stretch, place) in enumerate(zip(stretches, places, strict=True)):
        if new.count(stretch.text) == 1:
            assert whole[index] == place


def check_found(found, stretches, text):
    end = 0
    for each in found:
        said = stretches[each.index].text[each.into : each.into + each.length]
        assert text[each.start : each.start + each.length] == said
        assert each.start >= end
        end = each.start + each.length
    assert [each.index for each in found] == sorted(each.index for each in found)


def test_a_lone_word_that_stands_once_is_found_though_all_around_it_changed():
    stretch = Stretch(50, "Zanzibar")
    found = find_again([stretch], 100, "It was in Zanzibar.")
    assert [(each.start, each.length) for each in found] == [(10, 8)]
    assert find_again([stretch], 100, "Zanzibar was in Zanzibar.") == []
    assert find_again([stretch], 100, "It was in Zanzibar.", short_anywhere=False) == []


def test_of_several_places_it_is_the_nearest():
    text = "the rain fell. " * 20
    found = find_again([Stretch(150, "the rain fell")], len(text), "so " + text + " again")
    assert [each.start for each in found] == [153]


def test_of_what_does_not_stand_whole_the_words_that_do_are_found():
    stretch = Stretch(4, " the cat sat on the mat and slept.")
    old = "Then the cat sat on the mat and slept. So."
    found = find_again([stretch], len(old), "Then the cat sat on the sofa and slept. So.")
    assert [stretch.text[each.into : each.into + each.length] for each in found] == [
        " the cat sat on the ",
        " and slept.",
    ]


@pytest.mark.parametrize("seed", range(20))
def test_whatever_the_text_became_only_equal_text_is_placed(seed):
    chance = random.Random(seed)
    text = prose(chance, 80)
    stretches = marked(chance, text, 8)
    lines = list(text)
    for _ in range(chance.choice((3, 60))):
        place = chance.randrange(len(lines))
        lines[place : place + chance.randrange(4)] = prose(chance, chance.randrange(2))
    new = "".join(lines)
    check_found(find_again(stretches, len(text), new), stretches, new)


def test_another_comma_parts_what_is_found():
    stretch = Stretch(0, "so they slept, and woke late.")
    found = find_again([stretch], 29, "so they slept; and woke late.")
    assert [stretch.text[each.into : each.into + each.length] for each in found] == [
        "so they slept",
        " and woke late.",
    ]
