import random

import pytest

from tests.manuscript.keeping.test_mirror import edited, random_edit
from writer.manuscript.keeping.journal import Journal, new_session
from writer.manuscript.keeping.kept_text import KeptText, SaveSlot
from writer.manuscript.keeping.ledger import Ledger
from writer.manuscript.keeping.mirror import LineEdit, Mirror
from writer.manuscript.keeping.records import Spelling
from writer.manuscript.keeping.replay import replay
from writer.manuscript.keeping.told import Journaled, Pace, TextAbout


class Writing:
    """A ledger and untitled texts that are edited through it, as the keeper does."""

    def __init__(self, folder, size_limit=10**9):
        self.folder = folder
        self.texts = []
        self.ledger = Ledger(folder, Pace(), size_limit)
        self.ledger.contents = lambda: (self.texts, [])

    def open(self, key):
        text = KeptText(key, TextAbout(key), None, Mirror(), SaveSlot(None))
        self.texts.append(text)
        return text

    def edit(self, text, edit):
        splice = text.mirror.splice(edit)
        self.ledger.edit(text, splice)
        text.mirror.apply_splice(splice)
        text.note_edit(text.revision + 1, 0.0)
        self.ledger.edited(text)

    def sync(self):
        self.ledger.act(0.0, urgent=True)

    def journals(self):
        return sorted(self.folder.glob("*.journal"))

    def replayed(self):
        [path] = self.journals()
        return {each.key: each.mirror.text for each in replay(path.read_bytes(), path.stem).texts}


@pytest.mark.parametrize("size_limit", [10**9, 2_000])
@pytest.mark.parametrize("seed", range(10))
def test_whatever_is_edited_the_journal_plays_it_back(tmp_path, seed, size_limit):
    chance = random.Random(seed)
    writing = Writing(tmp_path, size_limit)
    texts = [writing.open(key) for key in ("one", "two", "three")]
    expected = {text.key: "" for text in texts}
    for _ in range(150):
        text = chance.choice(texts)
        edit = random_edit(chance, text.mirror.lines)
        expected[text.key] = edited(expected[text.key], edit)
        writing.edit(text, edit)
        if chance.random() < 0.2:
            writing.sync()
            replayed = writing.replayed()
            wanted = {text.key: expected[text.key] for text in texts if not text.is_settled}
            assert {key: replayed[key] for key in wanted} == wanted
    writing.ledger.end()


def test_a_journal_cut_at_any_byte_of_its_last_batch_lacks_that_batch_only(tmp_path):
    writing = Writing(tmp_path)
    text = writing.open("one")
    for words in ("first", "second"):
        writing.edit(text, LineEdit(0, 1, (words,)))
        writing.sync()
    [path] = writing.journals()
    before = path.stat().st_size
    states = ["second", *("third" + "!" * count for count in range(4)), "雨停了"]
    for state in states[1:]:
        writing.edit(text, LineEdit(0, 1, (state,)))
    writing.sync()
    whole = path.read_bytes()
    reached = 0
    for end in range(before, len(whole) + 1):
        result = replay(whole[:end], path.stem)
        [kept] = result.texts
        at = states.index(kept.mirror.text)
        assert at >= reached  # a byte more is never less of a text
        reached = at
        assert kept.is_whole
        assert result.is_torn == (whole[end - 1 : end] != b"\n")
        assert not result.is_damaged
    assert reached == len(states) - 1
    writing.ledger.end()


def test_damage_to_one_text_leaves_the_others_whole(tmp_path):
    writing = Writing(tmp_path)
    one, two = writing.open("one"), writing.open("two")
    for count in range(1, 6):
        writing.edit(one, LineEdit(0, 1, ("1" * count,)))
        writing.edit(two, LineEdit(0, 1, ("2" * count,)))
        writing.sync()
    [path] = writing.journals()
    data = path.read_bytes()
    at = data.index(b'["e",0,3,')
    damaged = data[: at + 2] + b"X" + data[at + 3 :]
    found = {text.key: text for text in replay(damaged, path.stem).texts}
    assert (found["one"].mirror.text, found["one"].is_whole) == ("11", False)
    assert (found["two"].mirror.text, found["two"].is_whole) == ("22222", True)
    assert replay(damaged, path.stem).is_damaged
    writing.ledger.end()


def test_a_later_base_brings_a_damaged_text_back():
    lines = Spelling("j").lines(
        [
            ["o", 0, "one", {}],
            ["b", 0, 1, 0, 1, "first"],
            ["e", 0, 2, 0, 1, 0, 0, "second"],
            ["e", 0, 3, 0, 1, 0, 0, "third"],
            ["b", 0, 4, 0, 2, "fourth"],
            ["b", 0, 4, 1, 2, "line"],
            ["e", 0, 5, 1, 1, 4, 0, "!"],
        ]
    )
    for damage in (b"second", b"third"):
        [text] = replay(lines.replace(damage, b"xxxxxx"), "j").texts
        assert (text.mirror.text, text.edits, text.is_whole) == ("fourth\nline!", 5, True)
    [text] = replay(lines.replace(b"fourth", b"xxxxxx"), "j").texts
    assert (text.mirror.text, text.is_whole) == ("third", False)


def test_a_text_whose_name_is_lost_is_still_there():
    lines = Spelling("j").lines([["o", 0, "one", {}], ["t", 5.0], ["b", 0, 1, 0, 1, "words"]])
    [text] = replay(lines.replace(b'"one"', b'"xxx"'), "j").texts
    assert (text.key, text.mirror.text, text.is_whole) == ("", "words", True)


@pytest.mark.parametrize(
    "record",
    [
        ["e", 0, 2, 0, 1, 9, 9, "x"],
        ["e", 0, 2, 7, 1, 0, 0, "x"],
        ["e", 0, 2, 0, 1, -1, 0, "x"],
        ["e", 0, 2, 0, 1, 0, 0, 5],
        ["e", 0, 2],
        ["e", "0", 2, 0, 1, 0, 0, "x"],
        ["e", 9, 2, 0, 1, 0, 0, "x"],
        ["e", 0, True, 0, 1, 0, 0, "x"],
        ["t", None],
        ["s", 0],
        [{}],
        [["e"]],
    ],
)
def test_a_record_that_nobody_writes_changes_nothing(record):
    lines = Spelling("j").lines([["o", 0, "one", {}], ["b", 0, 1, 0, 1, "words"], record, ["r"]])
    result = replay(lines, "j")
    assert [text.mirror.text for text in result.texts] == ["words"]
    assert result.is_ready


def test_damage_costs_what_was_typed_until_the_text_was_written_whole_again(tmp_path):
    writing = Writing(tmp_path)
    writing.ledger.rebase_characters = 500
    text = writing.open("one")
    for count in range(200):
        writing.edit(text, LineEdit(0, 1, ("x" * count,)))
        writing.sync()
    [path] = writing.journals()
    whole = path.read_bytes()
    lines = whole.splitlines(keepends=True)
    bases = [at for at, line in enumerate(lines) if b'["b"' in line]
    assert 5 < len(bases) < 50
    assert len(whole) < 4 * 200 * 60
    for at in range(bases[0], bases[-1]):
        damaged = [*lines]
        damaged[at] = damaged[at].replace(b"[", b"(", 1)
        [found] = replay(b"".join(damaged), path.stem).texts
        assert (found.mirror.text, found.is_whole) == (text.mirror.text, True)
    writing.ledger.end()


def test_a_long_journal_is_replaced_and_all_that_is_unsaved_goes_on(tmp_path):
    writing = Writing(tmp_path, size_limit=5_000)
    text = writing.open("one")
    writing.edit(text, LineEdit(0, 1, ("x",)))
    writing.sync()
    first = writing.journals()
    for count in range(300):
        writing.edit(text, LineEdit(0, 1, ("x" * (count % 50),)))
        writing.sync()
    assert len(writing.journals()) == 1
    assert writing.journals() != first
    assert writing.replayed() == {"one": text.mirror.text}
    assert writing.journals()[0].stat().st_size < 10_000
    writing.texts.clear()
    writing.ledger.end()
    assert writing.journals() == []


def test_what_is_told_to_be_journaled_is_every_text_that_was_edited(tmp_path):
    writing = Writing(tmp_path)
    one, two = writing.open("one"), writing.open("two")
    writing.edit(one, LineEdit(0, 1, ("a",)))
    writing.edit(two, LineEdit(0, 1, ("b",)))
    writing.edit(one, LineEdit(0, 1, ("ab",)))
    writing.sync()
    assert list(writing.ledger.said) == [Journaled("one", 2), Journaled("two", 1)]
    writing.ledger.end()


def test_a_journal_is_never_written_over_another(tmp_path):
    session = new_session()
    first = Journal(tmp_path, session, 0)
    with pytest.raises(FileExistsError):
        Journal(tmp_path, session, 0)
    assert first.path.exists()
    assert first.remove()
    assert first.remove()
