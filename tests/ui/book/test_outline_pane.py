import random

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit

from tests.ui.book.conftest import BOOK, SCENE, Author, expected, outline_of, random_outline, shown
from writer.manuscript.book.outline import Item, ItemKind, Outline
from writer.ui.book.outline_row import OutlineRow

KEY, MOD = Qt.Key, Qt.KeyboardModifier


def row(pane, id):
    return pane.tree.visualRect(pane.model.index_of(id))


def click(qtbot, pane, id, modifier=MOD.NoModifier):
    qtbot.mouseClick(
        pane.tree.viewport(), Qt.MouseButton.LeftButton, modifier, row(pane, id).center()
    )


def press(qtbot, pane, key, modifier=MOD.NoModifier):
    qtbot.keyClick(pane.tree, key, modifier)


@pytest.mark.parametrize("seed", range(15))
def test_choice_and_what_is_open_survive_any_outline(pane, seed):
    rng = random.Random(seed)
    pool = [f"i{n}" for n in range(40)]
    pane.show_outline(random_outline(rng, pool))
    for _ in range(6):
        ids = pane.model.ids()
        pane.select([id for id in ids if rng.random() < 0.3 and id != "archive"])
        pane.set_expanded([id for id in ids if rng.random() < 0.5])
        chosen, opened = pane.selected(), pane.expanded()
        outline = random_outline(rng, pool, most=rng.choice([5, 40]))
        pane.show_outline(outline)
        assert shown(pane) == expected(outline)
        assert set(chosen) & {i.id for i in outline} <= set(pane.selected())
        there = set(pane.model.ids())
        assert set(opened) & there <= set(pane.expanded())
        assert not (set(ids) & there - set(opened)) & set(pane.expanded())


def test_a_new_book_is_open_but_for_its_archive(author, pane):
    assert pane.expanded() == ("P1", "C1", "C2", "P2", "C3", "C9")
    assert not pane.tree.is_expanded("archive")


def test_what_was_open_last_time_is_open_again(pane):
    pane.set_expanded(["P1", "C2", "gone"])
    pane.show_outline(BOOK)
    assert pane.expanded() == ("P1", "C2")


def test_a_click_shows_a_scene_and_two_give_it_the_keyboard(qtbot, author, pane):
    click(qtbot, pane, "b")
    assert author.asked == [("opened", "b")]
    click(qtbot, pane, "C2")
    click(qtbot, pane, "d", MOD.ControlModifier)
    click(qtbot, pane, "e", MOD.ShiftModifier)
    assert author.asked == [("opened", "b")]
    click(qtbot, pane, "a")
    qtbot.mouseDClick(pane.tree.viewport(), Qt.MouseButton.LeftButton, pos=row(pane, "a").center())
    assert author.asked[-1] == ("focus",)


def test_return_opens_and_goes_to_the_page(qtbot, author, pane):
    pane.select(["b"])
    press(qtbot, pane, KEY.Key_Return)
    assert author.asked == [("opened", "b"), ("focus",)]
    pane.select(["C1"])
    press(qtbot, pane, KEY.Key_Return)
    assert "C1" not in pane.expanded()
    press(qtbot, pane, KEY.Key_Escape)
    assert author.asked[2:] == [("focus",)]


def test_arrows_and_letters_walk(qtbot, author, pane):
    pane.select(["P1"])
    press(qtbot, pane, KEY.Key_Down)
    press(qtbot, pane, KEY.Key_Left)
    assert "C1" not in pane.expanded()
    press(qtbot, pane, KEY.Key_Right)
    press(qtbot, pane, KEY.Key_Right)
    assert pane.selected() == ("a",)
    qtbot.keyClicks(pane.tree, "morn")
    assert pane.selected() == ("f",)
    assert author.asked == []


def test_f2_renames_in_place(qtbot, author, pane):
    pane.select(["b"])
    press(qtbot, pane, KEY.Key_F2)
    field = pane.tree.viewport().findChild(QLineEdit)
    qtbot.keyClicks(field, "Night")
    # The outline may come back meanwhile, for another reason, and counts do each second.
    author.show(author.outline.moved(["b"], "C2", None).changed("b", status="draft"))
    pane.show_counts({"b": 7})
    assert (field.text(), field.cursorPosition()) == ("Night", 5)
    qtbot.keyClicks(field, " falls")
    qtbot.keyClick(field, KEY.Key_Return)
    qtbot.waitUntil(lambda: author.asked == [("renamed", "b", "Night falls")])
    press(qtbot, pane, KEY.Key_F2)
    field = pane.tree.viewport().findChildren(QLineEdit)[-1]
    qtbot.keyClicks(field, "no")
    qtbot.keyClick(field, KEY.Key_Escape)
    assert author.outline.item("b").title == "Night falls"


def test_delete_archives_and_goes_on_with_the_next(qtbot, author, pane):
    pane.select(["b"])
    press(qtbot, pane, KEY.Key_Delete)
    assert author.asked == [("archive", ("b",))]
    assert pane.selected() == ("c",)
    pane.select(["C3", "e", "g"])
    press(qtbot, pane, KEY.Key_Delete)
    assert author.asked[-1] == ("archive", ("C3", "g"))
    assert pane.selected() == ("P2",)
    press(qtbot, pane, KEY.Key_Delete)
    assert pane.selected() == ("d",)


def test_the_archive_gives_back(qtbot, author, pane):
    pane.set_expanded([*pane.expanded(), "archive"])
    pane.select(["h"])
    assert not pane.commands.archive.isEnabled()
    pane.commands.restore.trigger()
    assert author.asked == [("restore", ("C9",))]
    assert "archive" not in pane.model.ids()


def test_alt_with_arrows_moves_and_the_choice_goes_along(qtbot, author, pane):
    pane.select(["b", "c"])
    press(qtbot, pane, KEY.Key_Down, MOD.AltModifier)
    assert author.asked == [("moved", ("b", "c"), "C2", "d")]
    assert pane.selected() == ("b", "c")
    press(qtbot, pane, KEY.Key_Up, MOD.AltModifier)
    assert author.outline == BOOK
    press(qtbot, pane, KEY.Key_Up, MOD.AltModifier)
    assert author.asked[-1] == ("moved", ("b", "c"), "C1", "a")


def test_several_are_read_and_merged(qtbot, author, pane):
    pane.select(["c", "a"])
    press(qtbot, pane, KEY.Key_Return, MOD.ControlModifier)
    press(qtbot, pane, KEY.Key_J, MOD.ControlModifier)
    pane.card.read.click()
    assert author.asked == [("read", ("a", "c")), ("merge", ("a", "c")), ("read", ("a", "c"))]
    pane.select(["a", "C2"])
    assert not pane.commands.merge.isEnabled()
    pane.commands.read.trigger()
    assert author.asked[-1] == ("read", ("a", "C2"))


def test_adding_comes_after_what_is_chosen(qtbot, author, pane):
    pane.select(["b"])
    press(qtbot, pane, KEY.Key_Insert)
    pane.commands.add_chapter.trigger()
    pane.set_expanded([*pane.expanded(), "archive"])
    pane.select(["h"])
    pane.commands.add_part.trigger()
    assert author.asked == [
        ("add", SCENE, "b"),
        ("add", ItemKind.CHAPTER, "b"),
        ("add", ItemKind.PART, None),
    ]


def test_an_empty_book_offers_a_scene(qtbot, pane):
    author = Author(pane, Outline())
    assert pane.empty.isVisible()
    assert not pane.tree.isVisible()
    assert not pane.card.isVisible()
    qtbot.mouseClick(pane.empty.add, Qt.MouseButton.LeftButton)
    assert author.asked == [("add", SCENE, None)]
    author.show(Outline((Item("a", SCENE),)))
    assert not pane.empty.isVisible()
    assert pane.tree.isVisible()
    author.show(Outline((Item("a", SCENE, archived=True),)))
    assert pane.empty.isVisible()
    assert pane.tree.isVisible()


def test_the_scene_on_the_page_is_brought_into_sight(author, pane):
    pane.set_expanded([])
    pane.show_current("e")
    assert pane.expanded() == ("P2", "C3")
    assert pane.selected() == ("e",)
    assert pane.tree.viewport().rect().contains(row(pane, "e"))
    pane.select(["a", "e"])
    pane.show_current("a")
    assert pane.selected() == ("a", "e")
    pane.show_current(None)
    assert pane.model.current is None


def test_a_scene_that_comes_later_can_be_on_the_page_already(author, pane):
    pane.show_current("new")
    author.show(author.outline.added(Item("new", SCENE), "a"))
    assert pane.model.face("new").is_current


def test_what_is_in_sight_stays_where_it_stood(pane):
    outline = outline_of("\n".join(f"s{n:03d}" for n in range(200)))
    pane.show_outline(outline)
    QApplication.processEvents()
    pane.tree.verticalScrollBar().setValue(1500)
    top = row(pane, "s080").top()
    pane.show_outline(outline.moved(["s190"], None, "s000"))
    assert row(pane, "s080").top() == top
    pane.show_outline(outline.moved([f"s{n}" for n in range(140, 190)], None, "s000"))
    QApplication.processEvents()
    assert row(pane, "s080").top() == top


def test_the_heading_says_all_words(author, pane):
    assert pane.heading.beside() == ""
    pane.show_counts({"P1": 1200, "P2": 34, "g": 6, "C9": 999})
    assert pane.heading.beside() == "1,240"
    pane.select(["P1", "g"])
    assert pane.card.heading.beside.text() == "1,206 words"


def test_nothing_can_be_changed_where_it_may_only_be_read(qtbot, author, pane):
    pane.set_read_only(True)
    pane.select(["a"])
    for key in (KEY.Key_F2, KEY.Key_Delete, KEY.Key_Insert):
        press(qtbot, pane, key)
    press(qtbot, pane, KEY.Key_Down, MOD.AltModifier)
    qtbot.keyClicks(pane.card.title, "x")
    assert not pane.tree.is_renaming()
    assert not pane.card.status.isEnabled()
    assert pane.card.synopsis.isReadOnly()
    assert not pane.add_button.isVisible()
    assert author.asked == []
    click(qtbot, pane, "b")
    assert author.asked == [("opened", "b")]
    pane.set_read_only(False)
    press(qtbot, pane, KEY.Key_Delete)
    assert author.asked[-1] == ("archive", ("b",))


def test_the_menu_has_every_command_with_its_key(author, pane):
    pane.select(["a"])
    actions = [action for group in pane.commands.groups() for action in group]
    keys = {action.shortcut().toString() for action in actions}
    assert {"Return", "F2", "Del", "Alt+Up", "Alt+Down", "Ins", "Ctrl+J", "Ctrl+Return"} <= keys
    pane.commands.show_menu(pane.mapToGlobal(pane.rect().center()))
    menu = QApplication.activePopupWidget()
    assert [a.text() for a in menu.actions() if not a.isSeparator()] == [a.text() for a in actions]
    assert not any(a.icon().isNull() for a in menu.actions() if not a.isSeparator())
    menu.close()


def test_every_row_can_be_painted(in_theme, author, pane):
    """The rows of an untitled scene, of each status, of the archive, chosen or not."""
    outline = BOOK
    for id, status in zip("abcde", ("idea", "draft", "revised", "final", "read"), strict=True):
        outline = outline.changed(id, status=status)
    author.show(outline)
    pane.show_counts({"a": 12, "P1": 3_400_000})
    pane.set_expanded(pane.model.ids())
    pane.show_current("a")
    images = []
    for chosen in ([], ["a", "P1"], ["h"]):
        pane.select(chosen)
        images.append(pane.grab().toImage())
    assert images[0] != images[1] != images[2]
    assert isinstance(pane.tree.itemDelegate(), OutlineRow)
