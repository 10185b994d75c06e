import random

import pytest

from tests.manuscript.book.outlines import SCENE, grown
from writer.errors import ErrorKind
from writer.manuscript.book.book import Book
from writer.manuscript.book.counting import Counted, Counts, count, read_counts
from writer.manuscript.counts import count_words


@pytest.fixture
def scenes(folder):
    book = Book.open(folder)
    book.close()
    return book.scene_paths()


def with_files(outline):
    for item in outline:
        if item.kind is SCENE:
            outline = outline.changed(item.id, file=f"scenes/{item.id}.md")
    return outline


def test_every_scene_is_counted_and_read(scenes):
    found = list(count(scenes, {}))
    assert [each.id for each in found] == [id for id, _ in scenes]
    for each, (_, path) in zip(found, scenes, strict=True):
        assert each.text == path.read_text()
        assert each.words == count_words(each.text)
        assert each.stamp == (path.stat().st_size, path.stat().st_mtime_ns)


def test_what_is_known_is_not_read_again_until_its_file_changes(scenes, monkeypatch, folder):
    book = Book.open(folder)
    book.close()
    counts = Counts(book.outline)
    for each in count(scenes, {}):
        counts.take(each)
    book.counts_path.write_bytes(counts.encode())
    known = read_counts(book.counts_path)
    scenes[0][1].write_text("one two three four")
    found = list(count(scenes, known))
    assert [each.text is not None for each in found] == [True, False, False, False]
    assert found[0].words == 4
    assert [each.words for each in found[1:]] == [known[each.id].words for each in found[1:]]
    assert Counts(book.outline, known).total == counts.total
    # The text may be wanted all the same; the number is then taken as it is.
    monkeypatch.setattr("writer.manuscript.book.counting.count_words", lambda text: 99)
    found = list(count(scenes, known, with_texts=True))
    assert [each.words for each in found] == [99, *(known[id].words for id, _ in scenes[1:])]
    assert all(each.text == path.read_text() for each, (_, path) in zip(found, scenes, strict=True))


def test_it_may_be_stopped_between_two(scenes):
    counting = count(scenes, {})
    next(counting)
    counting.close()


def test_missing_and_unreadable_scenes_have_no_words(scenes):
    scenes[0][1].unlink()
    scenes[1][1].write_bytes(bytes(100))
    missing, binary, *_ = count(scenes, {})
    assert (missing.words, missing.text, missing.error, missing.stamp) == (0, "", None, None)
    assert (binary.words, binary.text) == (0, None)
    assert binary.error.kind is ErrorKind.FILE_BINARY


@pytest.mark.parametrize(
    "stored",
    [b"", b"{", b"[]", b"3", b'{"scenes": 3}', b'{"scenes": {"a": 3}}', b'{"scenes": {"a": [1]}}',
     b'{"scenes": {"a": [1, 2, "x"]}}', b'{"scenes": {"a": [1, 2, -3]}}', b"\xff", b"[" * 100_000,
     b'{"scenes": {"a": [1, 2, true]}}'],
)  # fmt: skip
def test_a_bad_cache_is_none(tmp_path, stored):
    (tmp_path / "counts.json").write_bytes(stored)
    assert read_counts(tmp_path / "counts.json") == {}
    assert read_counts(tmp_path / "none.json") == {}


@pytest.mark.parametrize("seed", range(20))
def test_totals_are_those_of_living_scenes_whatever_changes(seed):
    chance = random.Random(seed)
    outline = with_files(grown(chance, 30))
    counts, words = Counts(outline), {}
    for _ in range(60):
        if chance.random() < 0.3:
            item = chance.choice(outline.items)
            outline = outline.changed(item.id, archived=not item.archived)
            counts.set_outline(outline)
        scene = chance.choice([item for item in outline if item.file] or [None])
        if scene is None:
            return
        words[scene.id] = chance.randrange(1000)
        counts.changed(scene.id, words[scene.id])
        assert counts.total == sum(words.get(item.id, 0) for item in outline.scenes())
        for item in outline:
            if item.file:
                assert counts.words(item.id) == words.get(item.id, 0)
            elif not outline.is_archived(item.id):
                inside = outline.scenes(item.id)
                assert counts.words(item.id) == sum(words.get(each.id, 0) for each in inside)


def test_a_count_of_what_is_not_saved_is_not_kept(folder):
    book = Book.open(folder)
    book.close()
    counts = Counts(book.outline)
    counted = list(count(book.scene_paths(), {}))
    for each in counted:
        counts.take(each)
    counts.changed(counted[0].id, 7)
    counts.take(Counted("gonegone", 3, counted[0].stamp))
    book.counts_path.write_bytes(counts.encode())
    assert set(read_counts(book.counts_path)) == {each.id for each in counted[1:]}
    assert counts.is_known(counted[0].id)
    assert not counts.is_known("nowhere")
