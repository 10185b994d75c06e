from itertools import pairwise, product

import pytest

from writer.suggestion.trimming import is_closed, trimmed

SAID = [
    " went to the house, and there he sat",
    " went to the house. He sat down. Then",
    "\n\nHe went to the house.\n\nThen he",
    " \n“No,” said Mr. Bell… “I went!” He",
    "ere was nothing in the house but t",
    "他走进了一间屋子。屋子里没有人。他",
    "  two spaces\r\nand a line\u2028end",
    "\u2029\u2029He\u2029rose",
    "…",
    "  \n \n",
    "the sat there quietly, he sat there quiet",
]
BEFORE = ["", "He", "He ", "He said.\n", "One.\n\nTwo", "One.\nTwo", "他", "th"]
AFTER = [
    "",
    "\n\nNext.",
    " to the house.",
    "to the house.",
    "the house, and",
    " he",
    ".",
    "屋子。",
    "he sat there quietly and",
    "  there",
    "t",
]


PLACES = list(product(BEFORE, AFTER))


@pytest.mark.parametrize("said", SAID)
def test_what_is_offered_only_grows(said):
    for before, after in PLACES:
        offered = [trimmed(said[:n], before, after, done=False) for n in range(len(said) + 1)]
        for shorter, longer in pairwise(offered):
            assert longer.startswith(shorter)


@pytest.mark.parametrize("said", SAID)
def test_an_offer_has_the_shape_that_the_cursor_needs(said):
    for before, after in PLACES:
        offered = trimmed(said, before, after, done=True)
        assert offered == offered.rstrip()
        body = offered.lstrip("\n")
        gap = offered[: len(offered) - len(body)]
        assert len(body.splitlines()) <= 1
        if not before or before.endswith("\n"):
            assert not gap
            assert body == body.lstrip()
        elif gap:
            assert gap == ("\n\n" if "\n\n" in before else "\n")
            assert body == body.lstrip()
        if before.endswith(" "):
            assert not body.startswith(" ")


@pytest.mark.parametrize("said", SAID)
def test_what_stands_to_the_right_is_not_said_again(said):
    for before, after in PLACES:
        offered = trimmed(said, before, after, done=True)
        ahead = after.partition("\n")[0].strip()
        if not ahead:
            continue
        words = f" {offered} "
        assert not (len(ahead) > 12 and f" {ahead[:12]}" in words)
        for length in range(2, len(ahead) + 1):
            assert not words.endswith(f" {ahead[:length]} ")


@pytest.mark.parametrize(
    ("said", "before", "after", "offered"),
    [
        (" rose. He went to the", "She", "", " rose."),
        (" rose. He went to the", "She", "\n\nNext.", " rose."),
        # Less than a quarter would be left.
        (
            " is. He went to the house of Mr. Bell",
            "So",
            "",
            " is. He went to the house of Mr. Bell",
        ),
        # The sentence goes on to the right, so it need not end here.
        (" rose. He went to the", "She", " house.", " rose. He went to the"),
        (" went to the house", "He", " to the house.", " went"),
        (" went to", "He", " to the house.", " went"),
        (" to", "He went", " to the house.", ""),
        ("the", "He saw ", "the house.", ""),
        ("he", "T", "he house.", ""),
        (" rose.", "He", ".", " rose"),
        (" saw a", "He", " a house.", " saw"),
        (" saw a", "He", " apples.", " saw a"),
        ("一间屋子", "他走进了", "屋子。", "一间"),
        ("走了他", "他", "他说", "走了"),
        # “there” is in no word that begins there.
        (" bothered there", "He", "the red house", " bothered there"),
        ("\nHe rose.", "One.\n\nTwo.", "", "\n\nHe rose."),
        ("\n\nHe rose.", "One.\nTwo.", "", "\nHe rose."),
        (" \n\nHe rose.", "One.\nTwo.", "", "\nHe rose."),
        ("\n\nHe rose.", "One.\n", "", "He rose."),
        (" He rose.", "", "", "He rose."),
        (" rose.\n\nThen", "He", "", " rose."),
        ("\n\n", "He", "", ""),
        ("   ", "He", "", ""),
        ("", "He", "", ""),
    ],
)
def test_offers(said, before, after, offered):
    assert trimmed(said, before, after, done=True) == offered


@pytest.mark.parametrize(
    ("said", "closed"),
    [
        ("", False), (" rose", False), ("\n\n", False), ("\n\nHe", False), ("\n\nHe\n", True),
        (" rose.\n", True), (" \nHe rose", False), ("He\u2029", True), ("He\r\n", True),
    ],
)  # fmt: skip
def test_a_paragraph_that_has_ended_is_closed(said, closed):
    assert is_closed(said) is closed


@pytest.mark.parametrize("before", BEFORE)
def test_what_follows_a_closed_paragraph_is_never_offered(before):
    said = "\n\nHe rose\n"
    offered = trimmed(said, before, "", done=False)
    assert trimmed(said + "and fell.", before, "", done=False) == offered
