"""A fiftieth of what `python -m tests.crash --window` goes through, and whether it would notice."""

import sys

import pytest

from tests.crash.window_story import Story, View
from tests.crash.window_world import WindowWorld

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")

SCENE = ["aaaaaaaa", "scene", "Dusk", 0, "", "", False]
OTHER = ["bbbbbbbb", "scene", "Dawn", 0, "", "", False]
WORD, LATER = "qwertyuio", "asdfghjkl"


def test_killed_at_any_moment_a_window_loses_nothing(tmp_path):
    world = WindowWorld(tmp_path / "world", seed=50)
    world.longest_life_seconds = 1.2
    try:
        results = [world.kill_one() for _ in range(10)]
    finally:
        world.close()
    assert [what for result in results for what in result.wrong] == []
    assert sum(result.edits for result in results) > 200
    assert sum(result.saves for result in results) > 2


def story_of(*lines):
    """Return a story of one scene that says `WORD`, to which this has come since; killed at 10."""
    story = Story()
    story.settle(View([SCENE], {"aaaaaaaa": WORD}, [], []))
    story.read(["said", "aaaaaaaa", 0.0, None, WORD])
    for line in lines:
        story.read(list(line))
    story.killed_at = 10.0
    return story


def typed(at):
    """Return that a word was typed behind the first one."""
    return "said", "aaaaaaaa", at, [len(WORD), len(WORD)], f" {LATER}"


def test_what_was_typed_in_the_last_second_may_be_missing_and_nothing_before_it():
    view = View([SCENE], {"aaaaaaaa": WORD}, [], [])
    assert story_of(typed(9.5)).check(view) == ([], pytest.approx(500))
    wrong, missing_ms = story_of(typed(8.5)).check(view)
    assert missing_ms == pytest.approx(1500)
    assert [what.split(",")[0] for what in wrong] == [
        "1 words are lost",
        "1500 ms of work are missing",
    ]


@pytest.mark.parametrize("how", ["journaled", "saved"])
def test_what_was_told_to_be_safe_may_not_be_missing_at_all(how):
    story = story_of(typed(9.9), ("revision", "aaaaaaaa", 7), (how, "aaaaaaaa", 7))
    wrong, _ = story.check(View([SCENE], {"aaaaaaaa": WORD}, [], []))
    assert len(wrong) == 1
    assert "was told to be" in wrong[0]


def test_a_text_or_an_outline_that_never_was_is_noticed():
    wrong, _ = story_of().check(View([SCENE], {"aaaaaaaa": WORD[:4]}, [], []))
    assert "is no version that there was" in wrong[0]
    renamed = [[*SCENE[:2], "Night", *SCENE[3:]]]
    wrong, _ = story_of().check(View(renamed, {"aaaaaaaa": WORD}, [], []))
    assert "the outline is no version" in wrong[0]


def test_a_split_whose_second_half_is_nowhere_is_noticed():
    """Each text by itself is a version that there was; the words are gone all the same."""
    story = story_of(
        typed(5.0),
        ("said", "bbbbbbbb", 9.9, None, LATER),
        ("said", "aaaaaaaa", 9.9, [len(WORD), len(WORD) + 10], ""),
    )
    wrong, _ = story.check(View([SCENE], {"aaaaaaaa": WORD}, [], []))
    assert wrong == [f"1 words are lost, as ['{LATER}']"]
    both = {"aaaaaaaa": WORD, "bbbbbbbb": LATER}
    assert story.check(View([SCENE, OTHER], both, [], [])) == ([], 0)


def test_a_scene_without_a_file_and_an_untitled_text_that_is_nowhere_are_noticed():
    story = story_of(
        ("said", "untitled", 8.0, None, ""),
        ("said", "untitled", 8.1, [0, 0], LATER),
        ("revision", "untitled", 1),
        ("journaled", "untitled", 1),
    )
    wrong, _ = story.check(View([SCENE], {"aaaaaaaa": WORD}, ["aaaaaaaa"], []))
    assert wrong[:2] == ["aaaaaaaa has no file", "untitled is nowhere"]
    assert story.check(View([SCENE], {"aaaaaaaa": WORD}, [], [LATER])) == ([], 0)
