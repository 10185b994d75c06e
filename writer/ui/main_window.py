"""The window: the page in the middle, a book's outline at its left, panes at its right."""

import os
from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings, QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QFont
from PySide6.QtWidgets import QMainWindow, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from writer.settings import Settings
from writer.ui.book.outline_pane import OutlinePane
from writer.ui.book.reading_view import ReadingView
from writer.ui.book.search_pane import SearchPane
from writer.ui.candidates_panel import CandidatesPanel
from writer.ui.editor import Page
from writer.ui.find_bar import FindBar
from writer.ui.message_bar import MessageBar
from writer.ui.palette import Palette
from writer.ui.settings_pane import SettingsPane
from writer.ui.status_line import StatusLine

_SIDE_PX = 320
_OUTLINE_PX = 240
_SEARCH_PX = 320
_COLUMNS = "four columns"
_FIRST_SIZE = (1200, 800)


class MainWindow(QMainWindow):
    """Only the places of things; what they do to each other is the session's business."""

    close_asked = Signal(QCloseEvent)
    """Ignore the event to keep the window open. Connected directly."""

    def __init__(self, settings: Settings, state: QSettings) -> None:
        super().__init__()
        self._state = state
        self.page = Page()
        self.outline = OutlinePane()
        self._has_outline = False
        """Whether there is a book whose outline may be shown."""
        self._wants_outline = True
        self.search = SearchPane()
        self.reading = ReadingView()
        self.reading.sheet.zoom_requested.connect(self.page.zoom_requested)
        self.find_bar = FindBar(self.page)
        self.messages = MessageBar()
        self.status = StatusLine()
        self.candidates = CandidatesPanel()
        self.settings_pane = SettingsPane(settings)
        self.side = QSplitter(Qt.Orientation.Vertical)
        self.middle = QStackedWidget()
        """The page, or what stands in its place for a while."""
        self._columns = QSplitter(Qt.Orientation.Horizontal)
        self._lay_out()
        self.setMinimumSize(480, 360)
        self.resize(QSize(*_FIRST_SIZE).boundedTo(self.screen().availableSize() * 0.9))
        self._restore()

    def _lay_out(self) -> None:
        self.side.addWidget(self.candidates)
        self.side.addWidget(self.settings_pane)
        self.side.setSizes([400, 400])
        self.side.setChildrenCollapsible(False)
        self.middle.addWidget(self.page)
        self.middle.addWidget(self.reading)
        middle = _column(self.middle, self.find_bar, self.messages)
        for widget in (self.outline, self.search, middle, self.side):
            self._columns.addWidget(widget)
        self._columns.setStretchFactor(2, 1)
        self._columns.setCollapsible(2, False)
        middle_px = _FIRST_SIZE[0] - _SIDE_PX - _OUTLINE_PX
        self._columns.setSizes([_OUTLINE_PX, _SEARCH_PX, middle_px, _SIDE_PX])
        self.outline.hide()
        self.search.hide()
        self.side.setMinimumWidth(240)
        for splitter in (self.side, self._columns):
            splitter.setHandleWidth(1)
        self.find_bar.hide()
        self.setCentralWidget(_column(self._columns, self.status))

    def toggle_candidates(self) -> None:
        """Show or hide the continuations beside the page."""
        self._toggle(self.candidates)

    def toggle_settings(self) -> None:
        """Show or hide the settings beside the page."""
        self._toggle(self.settings_pane)

    def toggle_outline(self) -> None:
        """Show or hide the outline of the book."""
        self._wants_outline = self.outline.isHidden()
        self.search.hide()
        self.show_outline(self._has_outline)
        self.focus_text()

    def show_outline(self, has_book: bool) -> None:
        """Let the outline stand beside the page if there is a book and the writer wants it."""
        self._has_outline = has_book
        self.outline.setVisible(has_book and self._wants_outline and self.search.isHidden())

    def show_search(self, shown: bool) -> None:
        """Let the search of the whole book stand where the outline stands, or the outline again."""
        self.search.setVisible(shown)
        self.show_outline(self._has_outline)

    def show_in_place(self, view: ReadingView | None) -> None:
        """Let a view stand where the page stands, with the keyboard, or the page again."""
        self.middle.setCurrentWidget(view or self.page)
        self.find_bar.follow(view.sheet if view else self.page)
        self.focus_text()

    def focus_text(self) -> None:
        """Give the keyboard to the page, or to what stands in its place."""
        (self.middle.currentWidget() or self.page).setFocus()

    def draw(self, colours: Palette, font: QFont) -> None:
        """Draw the page and what may stand in its place."""
        for sheet in (self.page, self.reading.sheet):
            sheet.set_appearance(colours, font)

    def show_emphasis(self, shown: bool) -> None:
        """Show Markdown emphasis as emphasis, or the plain signs only."""
        for sheet in (self.page, self.reading.sheet):
            sheet.show_emphasis(shown)

    def toggle_full_screen(self) -> None:
        """Fill the screen, or be a window again."""
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def _toggle(self, pane: QWidget) -> None:
        pane.setVisible(pane.isHidden())
        # An empty side column would leave a hairline at the window's edge.
        self.side.setVisible(not (self.candidates.isHidden() and self.settings_pane.isHidden()))
        self.focus_text()

    def folder_for(self, purpose: str) -> Path:
        """Return the folder that was last kept for `purpose`, else the home folder."""
        kept = self._state.value(f"folders/{purpose}")
        # os.path, because pathlib raises for an overlong name.
        return Path(kept) if isinstance(kept, str) and os.path.isdir(kept) else Path.home()

    def keep_folder(self, purpose: str, folder: Path) -> None:
        """Begin in `folder` when something is chosen for `purpose` again."""
        self._state.setValue(f"folders/{purpose}", str(folder))

    def is_kept(self, switch: str) -> bool:
        """Return whether a switch was on when it was kept last; off if it never was."""
        return self._state.value(f"switches/{switch}", False, bool) is True

    def keep(self, switch: str, is_on: bool) -> None:
        """Remember whether a switch is on."""
        self._state.setValue(f"switches/{switch}", is_on)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask whether the window may close, and remember its shape."""
        self.close_asked.emit(event)
        if event.isAccepted():
            self._remember()

    def _remember(self) -> None:
        self._state.setValue("geometry", self.saveGeometry())
        self._state.setValue(_COLUMNS, self._columns.saveState())
        self._state.setValue("outline", self._wants_outline)
        self._state.setValue("side", self.side.saveState())
        self._state.setValue("candidates", not self.candidates.isHidden())
        self._state.setValue("settings", not self.settings_pane.isHidden())

    def _restore(self) -> None:
        geometry = self._state.value("geometry")
        if isinstance(geometry, QByteArray):
            self.restoreGeometry(geometry)
        for splitter, name in ((self._columns, _COLUMNS), (self.side, "side")):
            saved = self._state.value(name)
            if isinstance(saved, QByteArray):
                splitter.restoreState(saved)
        for pane, name in ((self.candidates, "candidates"), (self.settings_pane, "settings")):
            pane.setVisible(self._state.value(name, True, bool) is not False)
        self.side.setVisible(not (self.candidates.isHidden() and self.settings_pane.isHidden()))
        self._wants_outline = self._state.value("outline", True, bool) is not False


def _column(*widgets: QWidget) -> QWidget:
    column = QWidget()
    layout = QVBoxLayout(column)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(0)
    for widget in widgets:
        layout.addWidget(widget)
    # The first one takes what the others leave.
    layout.setStretch(0, 1)
    return column
