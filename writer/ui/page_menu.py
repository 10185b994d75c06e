"""The page's context menu."""

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, QMimeData, Qt
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence
from PySide6.QtWidgets import QMenu, QTextEdit


def page_menu(editor: QTextEdit) -> QMenu:
    """Return a menu of what can be done on the page now; it deletes itself when it closes."""
    menu = QMenu(editor)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    selected = editor.textCursor().hasSelection()
    text = QCoreApplication.translate
    keys = QKeySequence.StandardKey
    document = editor.document()
    _add(menu, text("Page", "&Undo"), keys.Undo, editor.undo, document.isUndoAvailable())
    _add(menu, text("Page", "&Redo"), keys.Redo, editor.redo, document.isRedoAvailable())
    menu.addSeparator()
    _add(menu, text("Page", "Cu&t"), keys.Cut, editor.cut, selected)
    _add(menu, text("Page", "&Copy"), keys.Copy, editor.copy, selected)
    _add(menu, text("Page", "&Paste"), keys.Paste, editor.paste, _can_paste())
    menu.addSeparator()
    full = not document.isEmpty()
    _add(menu, text("Page", "Select &All"), keys.SelectAll, editor.selectAll, full)
    return menu


def _add(
    menu: QMenu,
    text: str,
    key: QKeySequence.StandardKey,
    slot: Callable[[], None],
    enabled: bool,
) -> None:
    action = QAction(text, menu)
    action.setShortcut(QKeySequence(key))
    # The page takes these keys itself: here they are only shown.
    action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
    action.setEnabled(enabled)
    action.triggered.connect(slot)
    menu.addAction(action)


def _can_paste() -> bool:
    data: QMimeData | None = QGuiApplication.clipboard().mimeData()
    return data is not None and (data.hasText() or data.hasUrls())
