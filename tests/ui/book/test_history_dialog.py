"""The history as a writer meets it, over a real history on the disk."""

from datetime import UTC, datetime, timedelta

import pytest
from PySide6.QtCore import Qt

from writer.manuscript.history.snapshots import History
from writer.ui.book.history_dialog import HistoryDialog, HistoryOf
from writer.ui.book.history_parts import BOOK

START = datetime(2026, 5, 4, 10, 30, tzinfo=UTC)
FILLER = "\n" + "She stood at the window and watched the road. " * 60 + "\n"
DUSK = (
    f"The old house.{FILLER}He was late.",
    f"The new house.{FILLER}He was late.",
    f"The new house.{FILLER}He was very late.",
)
RAIN = ("雨下了三天。", "雨下了三天。", "雨下了五天。")
TITLES = {"dusk": "Dusk", "rain": "Rain", "new": "Not yet written"}


class Shelf:
    """A book of two scenes with three snapshots, and what it is now."""

    def __init__(self, folder):
        self.history = History(folder / "history")
        self.now = {"dusk": DUSK[2] + "\nNobody came.", "rain": RAIN[2], "new": ""}
        sources = {key: folder / f"{key}.md" for key in ("dusk", "rain")}
        for number in range(3):
            sources["dusk"].write_text(DUSK[number], encoding="utf-8")
            sources["rain"].write_text(RAIN[number], encoding="utf-8")
            self.history.take(sources, START + timedelta(days=number), always=True)


@pytest.fixture
def shelf(tmp_path) -> Shelf:
    return Shelf(tmp_path)


@pytest.fixture
def open_dialog(qtbot, qapp, shelf):
    dialogs = []

    def make(key: str = "dusk", past=None, titles=TITLES) -> HistoryDialog:
        of = HistoryOf(titles, key, "The Ferry")
        dialog = HistoryDialog(past or shelf.history, of, shelf.now.get)
        qtbot.addWidget(dialog)
        dialogs.append(dialog)
        dialog.show()
        dialog.activateWindow()
        return dialog

    yield make
    for dialog in dialogs:
        dialog.reject()


@pytest.fixture
def dialog(open_dialog, qtbot) -> HistoryDialog:
    dialog = open_dialog()
    qtbot.waitUntil(lambda: dialog.pane.view.isVisible() and dialog._is_compared)
    return dialog


def settled(dialog: HistoryDialog, qtbot, act) -> None:
    """Do something, and wait until what it asks for has been compared."""
    with qtbot.waitSignal(dialog.pane.shown):
        act()
    qtbot.waitUntil(lambda: dialog._is_compared)


def rows(dialog: HistoryDialog) -> list[str]:
    versions = dialog.parts.versions
    return [versions._row(place).name for place in range(versions.count())]


def down(dialog, qtbot, times: int = 1):
    def press():
        for _ in range(times):
            qtbot.keyClick(dialog.parts.versions, Qt.Key.Key_Down)

    return press


def restored(dialog: HistoryDialog, qtbot) -> list:
    with qtbot.waitSignal(dialog.restore_asked) as asked:
        dialog.parts.restore_button.click()
    return asked.args


def test_the_newest_version_is_shown_beside_what_is_there_now(dialog):
    assert dialog.pane.view.to_plain_words().endswith("[added: \nNobody came.]") or (
        "[added: Nobody came.]" in dialog.pane.view.to_plain_words()
    )
    assert dialog.parts.restore_button.isEnabled()
    assert dialog.focusWidget() is dialog.parts.versions
    assert dialog.title.text() == "History of “Dusk”"


def test_the_arrows_walk_over_versions_and_pass_the_days(dialog, qtbot):
    newest = dialog.parts.versions.chosen_key()
    assert len(rows(dialog)) == 6  # three days, three versions
    settled(dialog, qtbot, down(dialog, qtbot))
    assert dialog.parts.versions.chosen_key() not in ("", newest)
    settled(dialog, qtbot, down(dialog, qtbot))
    said = dialog.pane.view.to_plain_words()
    assert said.startswith("The [removed: old][added: new] house.")
    qtbot.keyClick(dialog.parts.versions, Qt.Key.Key_Home)
    assert dialog.parts.versions.chosen_key() == newest


def test_a_whole_scene_is_restored(dialog, qtbot):
    settled(dialog, qtbot, down(dialog, qtbot, 2))
    assert restored(dialog, qtbot) == ["dusk", DUSK[0]]


def test_chosen_passages_alone_are_restored(dialog, qtbot):
    settled(dialog, qtbot, down(dialog, qtbot, 2))
    assert dialog.pane.view.count == 2
    dialog.pane.view.go_next()
    dialog.pane.choose_box.click()
    assert dialog.parts.restore_button.text() == "Restore 1 passage"
    expected = f"The old house.{FILLER}He was very late.\nNobody came."
    assert restored(dialog, qtbot) == ["dusk", expected]
    dialog.pane.view.choose(1, True)
    assert dialog.parts.restore_button.text() == "Restore 2 passages"
    assert restored(dialog, qtbot) == ["dusk", DUSK[0]]
    dialog.pane.view.choose(0, False)
    dialog.pane.view.choose(1, False)
    assert dialog.parts.restore_button.text() == "Restore this scene"


def test_two_versions_are_compared_the_older_struck_through(dialog, qtbot):
    oldest = dialog._versions[-1].id
    other = dialog.parts.other
    settled(dialog, qtbot, lambda: other.setCurrentIndex(other.findData(oldest)))
    said = dialog.pane.view.to_plain_words()
    assert "[removed: old][added: new]" in said
    assert "[added: very" in said
    assert not dialog.pane.view.is_choosable
    assert restored(dialog, qtbot) == ["dusk", DUSK[2]]
    # The other way round it reads the same, and restores the version that is chosen.
    settled(dialog, qtbot, lambda: other.setCurrentIndex(other.findData(dialog._versions[0].id)))
    settled(dialog, qtbot, lambda: dialog.parts.versions.choose(oldest))
    assert dialog.pane.view.to_plain_words() == said
    assert restored(dialog, qtbot) == ["dusk", DUSK[0]]


def test_what_equals_the_text_as_it_is_cannot_be_restored(open_dialog, qtbot):
    dialog = open_dialog("rain")
    qtbot.waitUntil(lambda: dialog._is_compared)
    assert "same" in dialog.pane.sentence.text()
    assert not dialog.parts.restore_button.isEnabled()
    assert len(dialog._versions) == 2  # two snapshots held the same


def test_return_restores_nothing_but_on_the_button(dialog, qtbot):
    asked = []
    dialog.restore_asked.connect(lambda *args: asked.append(args))
    for widget in (dialog.parts.versions, dialog.pane.view, dialog.parts.other):
        widget.setFocus()
        qtbot.keyClick(widget, Qt.Key.Key_Return)
    assert not asked
    dialog.parts.restore_button.setFocus()
    qtbot.keyClick(dialog.parts.restore_button, Qt.Key.Key_Return)
    assert len(asked) == 1
    assert dialog.isVisible()


def test_words_changed_are_counted_meanwhile(dialog, qtbot):
    ids = [each.id for each in dialog._versions]
    qtbot.waitUntil(lambda: dialog._facts.keys() >= set(ids))
    words = [dialog._facts[id] for id in ids]
    assert words[:2] == ["+1 words", "+1 −1 words"]
    assert words[2].startswith("+5")
    qtbot.waitUntil(lambda: words[0] in dialog.parts.versions._row(1).summary)


def test_a_version_is_named(dialog, qtbot):
    chosen = dialog.parts.versions.chosen_key()
    qtbot.keyClick(dialog.parts.versions, Qt.Key.Key_F2)
    field = dialog.parts.name_field
    assert field.hasFocus()
    qtbot.keyClicks(field, "Before the rain")
    with qtbot.waitSignal(dialog.name_asked) as asked:
        qtbot.keyClick(field, Qt.Key.Key_Return)
    assert asked.args == [chosen, "Before the rain"]
    assert "Before the rain" in rows(dialog)
    assert dialog.isVisible()
    assert not field.isVisible()
    assert dialog.parts.other.findText("Before the rain") > 0


def test_esc_leaves_the_name_first_and_the_dialog_then(dialog, qtbot):
    asked = []
    dialog.name_asked.connect(lambda *args: asked.append(args))
    dialog.parts.name_button.click()
    qtbot.keyClicks(dialog.parts.name_field, "x")
    qtbot.keyClick(dialog.parts.name_field, Qt.Key.Key_Escape)
    assert dialog.isVisible()
    qtbot.keyClick(dialog.focusWidget(), Qt.Key.Key_Escape)
    assert not dialog.isVisible()
    assert not asked


def test_a_name_that_was_written_down_is_there_after_reading_anew(dialog, qtbot, shelf):
    dialog.name_asked.connect(shelf.history.rename)
    dialog.parts.name_button.click()
    dialog.parts.name_field.setText("First")
    settled(
        dialog,
        qtbot,
        lambda: (qtbot.keyClick(dialog.parts.name_field, Qt.Key.Key_Return), dialog.refresh()),
    )
    assert "First" in rows(dialog)


def test_the_whole_book_lists_the_scenes_that_differ(dialog, qtbot):
    qtbot.waitUntil(lambda: len(dialog._facts) == 3)
    settled(dialog, qtbot, lambda: dialog.parts.scope._group.button(1).click())
    assert dialog.title.text() == "History of “The Ferry”"
    scenes = dialog.parts.scenes
    assert [scenes._row(place).key for place in range(scenes.count())] == ["dusk"]
    oldest = dialog._versions[-1].id
    dialog.parts.versions.choose(oldest)
    qtbot.waitUntil(lambda: scenes.count() == 2)
    qtbot.waitUntil(lambda: dialog._is_compared)
    settled(dialog, qtbot, lambda: scenes.choose("rain"))
    assert "[removed: 三][added: 五]" in dialog.pane.view.to_plain_words()
    assert restored(dialog, qtbot) == ["rain", RAIN[0]]
    qtbot.waitUntil(lambda: scenes._row(1).summary == "+1 −1 words")
    settled(dialog, qtbot, lambda: dialog.parts.scope._group.button(0).click())
    assert not scenes.isVisible()


def test_a_book_whose_scenes_are_as_they_were_says_so(open_dialog, qtbot, shelf):
    shelf.now |= {"dusk": DUSK[2], "rain": RAIN[2]}
    dialog = open_dialog()
    qtbot.waitUntil(lambda: dialog._is_compared)
    dialog.show_scope(BOOK)
    qtbot.waitUntil(lambda: "No scene differs" in dialog.pane.sentence.text())
    assert not dialog.parts.restore_button.isEnabled()


def test_a_scene_without_a_history_says_so(open_dialog, qtbot):
    dialog = open_dialog("new")
    qtbot.waitUntil(lambda: "No earlier version" in dialog.pane.sentence.text())
    assert rows(dialog) == []
    for button in (dialog.parts.restore_button, dialog.parts.name_button):
        assert not button.isEnabled()


def test_a_single_text_has_no_book(open_dialog, qtbot):
    dialog = open_dialog(titles={"dusk": "dusk.txt"})
    qtbot.waitUntil(lambda: dialog._is_compared)
    assert not dialog.parts.scope.isVisible()
    assert dialog.parts.restore_button.text() == "Restore this version"


def test_a_version_that_cannot_be_read_is_said_and_not_restored(
    open_dialog, qtbot, shelf, tmp_path
):
    for path in (tmp_path / "history" / "objects").rglob("*"):
        if path.is_file():
            path.write_bytes(b"damaged")
    dialog = open_dialog(past=History(tmp_path / "history"))
    qtbot.waitUntil(lambda: dialog._is_compared)
    assert dialog.pane.sentence.isVisible()
    assert dialog.pane.sentence.text()
    assert not dialog.parts.restore_button.isEnabled()


def test_closing_while_it_reads_joins_the_threads(open_dialog, shelf):
    dialog = open_dialog()
    dialog.reject()
    workers = (dialog.reading._lister, dialog.reading._finder, dialog.reading._counter)
    assert not any(worker.isRunning() for worker in workers)
