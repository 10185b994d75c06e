import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QApplication

from tests.ui.book.conftest import BOOK
from writer.ui.book.outline_dragging import FORMAT, DraggingTree
from writer.ui.book.outline_places import Place

MOVE, LEFT, NONE = Qt.DropAction.MoveAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier


def at(pane, id, down=0.5, x=100):
    rect = pane.tree.visualRect(pane.model.index_of(id))
    return QPoint(x, rect.top() + round(rect.height() * down))


def drag(pane, point, data=None):
    """Drag what is chosen to `point` and drop it; return whether it was taken."""
    view = pane.tree.viewport()
    data = data or pane.tree.dragged_data()
    common = (MOVE, data, LEFT, NONE.NoModifier)
    entered = QDragEnterEvent(point, *common)
    QApplication.sendEvent(view, entered)
    if not entered.isAccepted():
        return False
    moved = QDragMoveEvent(point, *common)
    QApplication.sendEvent(view, moved)
    pane.grab()  # with the line that shows the place
    if not moved.isAccepted():
        QApplication.sendEvent(view, QDragLeaveEvent())
        return False
    dropped = QDropEvent(QPointF(point), *common)
    QApplication.sendEvent(view, dropped)
    return dropped.isAccepted()


@pytest.mark.parametrize(
    ("chosen", "where", "asked"),
    [
        (["a"], ("c", 0.9, 100), (("a",), "C1", None)),
        (["a"], ("c", 0.1, 100), (("a",), "C1", "c")),
        (["a", "b"], ("d", 0.9, 100), (("a", "b"), "C2", None)),
        (["a"], ("C2", 0.5, 100), (("a",), "C2", None)),
        (["a"], ("P2", 0.5, 100), (("a",), "P2", None)),
        (["a"], ("d", 0.9, 20), (("a",), None, "P2")),
        (["a"], ("d", 0.9, 40), (("a",), "P1", None)),
        (["C1"], ("d", 0.9, 100), (("C1",), "P1", None)),
        (["C1", "a"], ("P2", 0.5, 100), (("C1",), "P2", None)),
        (["P2"], ("P1", 0.1, 100), (("P2",), None, "P1")),
        (["a"], ("archive", 0.1, 100), (("a",), None, None)),
    ],
)
def test_a_drop_asks_for_the_place_it_shows(author, pane, chosen, where, asked):
    pane.select(chosen)
    assert drag(pane, at(pane, *where))
    assert author.asked == [("moved", *asked)]
    assert author.outline == BOOK.moved(*asked)
    assert pane.selected() == tuple(chosen)


@pytest.mark.parametrize(
    ("chosen", "over", "down"),
    [(["P1"], "C3", 0.5), (["P1"], "e", 0.1), (["C1"], "b", 0.9), (["C9"], "archive", 0.6)],
)
def test_what_the_rules_forbid_is_not_taken(author, pane, chosen, over, down):
    pane.select(chosen)
    assert not drag(pane, at(pane, over, down))
    assert author.asked == []


def test_where_it_lies_already_asks_for_nothing(author, pane):
    pane.select(["b"])
    for over, down in (("a", 0.9), ("b", 0.1), ("b", 0.9), ("c", 0.1)):
        drag(pane, at(pane, over, down))
    assert author.asked == []


def test_the_archive_takes_and_gives(author, pane):
    pane.select(["a", "C2"])
    assert drag(pane, at(pane, "archive"))
    assert author.asked == [("archive", ("a", "C2"))]
    pane.set_expanded([*pane.expanded(), "archive"])
    pane.select(["a"])
    assert drag(pane, at(pane, "C3"))
    assert author.asked[1:] == [("restore", ("a",)), ("moved", ("a",), "C3", None)]
    assert not author.outline.is_archived("a")


def test_beneath_the_last_row_is_the_end(author, pane):
    pane.select(["a"])
    assert drag(pane, QPoint(100, pane.tree.viewport().height() - 4))
    assert author.asked == [("moved", ("a",), None, None)]


def test_only_what_was_dragged_from_here_is_taken(qtbot, author, pane):
    other = DraggingTree(pane.model)
    qtbot.addWidget(other)
    other.outline = BOOK
    other.choose(["a"])
    words = QMimeData()
    words.setText("Dusk")
    junk = QMimeData()
    junk.setData(FORMAT, "\xff ü".encode("utf-16"))
    for data in (other.dragged_data(), words, junk):
        assert not drag(pane, at(pane, "C2"), data)
    assert author.asked == []


def test_a_mouse_that_moves_with_a_row_begins_a_drag(qtbot, author, pane, monkeypatch):
    begun = []
    monkeypatch.setattr(
        DraggingTree, "startDrag", lambda self, actions: begun.append(self._taken())
    )
    pane.select(["a", "b"])
    view, start = pane.tree.viewport(), at(pane, "a")
    qtbot.mousePress(view, LEFT, pos=start)
    for step in range(1, 6):
        qtbot.mouseMove(view, start + QPoint(0, 8 * step))
    qtbot.mouseRelease(view, LEFT, pos=start + QPoint(0, 40))
    assert begun[:1] == [("a", "b")]
    assert author.asked == []


def test_the_gap_is_as_far_out_as_the_pointer(author, pane):
    outermost = pane.tree.target_at(at(pane, "d", 0.9, 4), ("a",))
    innermost = pane.tree.target_at(at(pane, "d", 0.9, 200), ("a",))
    assert (outermost.place, innermost.place) == (Place(None, "P2", 0), Place("C2", None, 2))
