"""The law of the recorder: what it hands on makes of the text before the text after, always."""

import random

import pytest
from PySide6.QtGui import QTextCursor

from writer.manuscript.keeping.mirror import Mirror
from writer.ui.paragraphs import LONGEST
from writer.ui.recorder import Recorder
from writer.ui.sheet import Sheet

TEXTS = [
    "",
    "one\ntwo\n\nthree",
    "a😀b\n他说。\nc\u00a0d\u2028e",
    "the rain fell and " * (LONGEST // 9) + "\nshort\n" + "雨" * (LONGEST * 2),
]
PIECES = ["x", "two words", "\n", "a\nb\n", "😀", "", "\n\n", "雨停了。", "long " * 3000]


def followed(qtbot, text: str) -> tuple[Sheet, Recorder, Mirror]:
    page = Sheet()
    qtbot.addWidget(page)
    page.load(text)
    recorder, mirror = Recorder(page), Mirror(text)
    recorder.recorded.connect(lambda edit, revision: mirror.apply(edit))
    recorder.follow()
    return page, recorder, mirror


def edit_somewhere(page: Sheet, chance: random.Random) -> None:
    last = page.document().characterCount() - 1
    start = chance.randint(0, last)
    end = min(last, start + chance.choice([0, 0, 1, 5, 60, 5000]))
    step = chance.randrange(6)
    if step == 0:
        page.undo()
    elif step == 1:
        page.redo()
    elif step == 2:
        page.put(page.read()[: chance.randrange(1 + len(page.read()))] + chance.choice(PIECES))
    else:
        cursor = QTextCursor(page.document())
        cursor.setPosition(start)
        cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
        page.setTextCursor(cursor)
        page.insert(chance.choice(PIECES))


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
@pytest.mark.parametrize("seed", range(4))
def test_what_is_handed_on_leads_from_one_text_to_the_next(qtbot, text, seed):
    page, recorder, mirror = followed(qtbot, text)
    chance = random.Random(seed)
    for _ in range(25):
        for _ in range(chance.randint(1, 4)):
            edit_somewhere(page, chance)
        recorder.hand_on()
        assert mirror.text == page.read()


def test_a_single_key_hands_on_a_single_line(qtbot):
    page, recorder, _ = followed(qtbot, "one\ntwo\nthree")
    edits = []
    recorder.recorded.connect(lambda edit, revision: edits.append((edit, revision)))
    page.go_to(5)
    page.insert("x")
    recorder.hand_on()
    assert [(e.first, e.removed, e.added) for e, _ in edits] == [(1, 1, ("txwo",))]
    assert edits[0][1] == recorder.revision


def test_looks_are_no_change(qtbot):
    page, recorder, _ = followed(qtbot, "one *two*\nthree")
    page.show_emphasis(False)
    page.show_emphasis(True)
    revision = recorder.revision
    edits = []
    recorder.recorded.connect(lambda *edit: edits.append(edit))
    recorder.hand_on()
    assert (edits, recorder.revision) == ([], revision)


def test_a_text_put_aside_comes_back_with_its_undo_history_and_caret(qtbot):
    page, recorder, mirror = followed(qtbot, "one\ntwo")
    page.go_to(7)
    page.insert(" three")
    recorder.hand_on()
    held = page.put_aside()
    page.load("other")
    page.insert("an")
    assert page.read() == "another"
    page.bring_back(held)
    recorder.follow()
    assert (page.read(), page.caret()) == ("one\ntwo three", 13)
    page.undo()
    recorder.hand_on()
    assert page.read() == mirror.text == "one\ntwo"


def test_a_text_aside_can_be_changed_and_the_change_undone(qtbot):
    page, _, _ = followed(qtbot, "one\ntwo\nthree")
    held = page.put_aside()
    page.load("other")
    held.put("one\n2\nthree")
    assert page.read() == "other"
    page.bring_back(held)
    assert page.read() == "one\n2\nthree"
    page.undo()
    assert page.read() == "one\ntwo\nthree"
