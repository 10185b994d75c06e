import random

import pytest

from tests.manuscript.book.outlines import CHAPTER, NOVEL, SCENE, grown, outline_of, shown
from writer.manuscript.book.changes import (
    chapter_begun,
    chapters_merged,
    joined_texts,
    merged,
    split_places,
    split_text,
)
from writer.manuscript.book.outline import Item

LETTERS = "ab  .\n\n雨😀"


@pytest.mark.parametrize("seed", range(50))
def test_split_and_merged_says_what_it_said(seed):
    chance = random.Random(seed)
    text = "".join(chance.choices(LETTERS, k=chance.randrange(40)))
    for at in range(len(text) + 1):
        first, second = split_text(text, at)
        end, start = split_places(text, at)
        assert end <= at <= start
        assert (first, second) == (text[:end], text[start:])
        dropped = text[end:start]
        assert dropped == "\n" or not dropped.strip(" ")
        again, starts = joined_texts([first, second])
        if dropped == "\n" and first and second:
            assert again == text
        assert again.split() == (text[:at] + "\n" + text[at:]).split()
        assert again[starts[1] :] == second


@pytest.mark.parametrize("seed", range(20))
def test_joined_texts_stand_where_it_is_said(seed):
    chance = random.Random(seed)
    texts = ["".join(chance.choices(LETTERS, k=chance.randrange(9))) for _ in range(5)]
    whole, starts = joined_texts(texts)
    for text, start in zip(texts, starts, strict=True):
        assert whole[start : start + len(text)] == text
    assert whole.split() == "\n".join(texts).split()


@pytest.mark.parametrize("seed", range(20))
def test_merging_archives_all_but_the_first_and_keeps_every_word(seed):
    chance = random.Random(seed)
    outline = grown(chance, 30)
    scenes = outline.scenes()
    if len(scenes) < 2:
        return
    for scene in scenes:
        outline = outline.changed(scene.id, synopsis=chance.choice(("", "a", scene.id)))
    ids = [scene.id for scene in chance.sample(scenes, chance.randrange(2, len(scenes) + 1))]
    texts = {scene.id: f"text of {scene.id}" for scene in scenes}
    after, text = merged(outline, ids, texts)
    inside = [scene.id for scene in outline.scenes() if scene.id in ids]
    assert text.split("\n") == [texts[id] for id in inside]
    assert [item.id for item in after] == [item.id for item in outline]
    assert [s.id for s in after.scenes()] == [s.id for s in scenes if s.id not in inside[1:]]
    said = after.item(inside[0]).synopsis.split("\n\n")
    assert set(said) - {""} == {outline.item(id).synopsis for id in inside} - {""}
    for id in inside[1:]:
        assert after.changed(id, archived=False).item(id) == outline.item(id)


def test_what_cannot_be_merged_is_refused():
    outline = outline_of(*NOVEL).changed("s2", archived=True)
    for ids in (["s1"], ["s1", "s1"], ["s1", "s2"], ["s1", "c1"], []):
        with pytest.raises(ValueError, match="can be merged"):
            merged(outline, ids, dict.fromkeys("abc", ""))
    for ids in (["c1"], ["c1", "s1"], ["c1", "p1"]):
        with pytest.raises(ValueError, match="merged"):
            chapters_merged(outline, ids)


def test_a_chapter_begins_at_a_scene_and_merged_again_is_as_it_was():
    outline = outline_of("p1", "  c1", "    s1", "    s2-", "    s3", "  c2", "s4")
    parted = chapter_begun(outline, "s3", Item("c9", CHAPTER, "Nine"))
    assert shown(parted) == ["p1", "  c1", "    s1", "    s2-", "  c9", "    s3", "  c2", "s4"]
    again = chapters_merged(parted, ["c9", "c1"])
    assert shown(again) == ["p1", "  c1", "    s1", "    s2-", "    s3", "  c9-", "  c2", "s4"]
    for id in ("s2", "s4", "c2"):
        with pytest.raises(ValueError, match="only a chapter"):
            chapter_begun(outline, id, Item("c9", CHAPTER))


def test_an_untitled_first_takes_the_title_of_the_next():
    outline = outline_of("s1", "s2").changed("s1", title="")
    assert merged(outline, ["s2", "s1"], {"s1": "a", "s2": "b"})[0].item("s1").title == "S2"
    assert outline.item("s1").kind is SCENE
