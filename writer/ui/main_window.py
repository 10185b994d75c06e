"""The window: the page in the middle, panes at its right, bars beneath, and the menus."""

import os
from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings, QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QMainWindow, QSplitter, QVBoxLayout, QWidget

from writer.settings import Settings
from writer.ui.candidates_panel import CandidatesPanel
from writer.ui.editor import Page
from writer.ui.find_bar import FindBar
from writer.ui.message_bar import MessageBar
from writer.ui.settings_pane import SettingsPane
from writer.ui.status_line import StatusLine

_SIDE_PX = 320
_FIRST_SIZE = (1200, 800)


class MainWindow(QMainWindow):
    """Only the places of things; what they do to each other is the session's business."""

    close_asked = Signal(QCloseEvent)
    """Ignore the event to keep the window open. Connected directly."""

    def __init__(self, settings: Settings, state: QSettings) -> None:
        super().__init__()
        self._state = state
        self.page = Page()
        self.find_bar = FindBar(self.page)
        self.messages = MessageBar()
        self.status = StatusLine()
        self.candidates = CandidatesPanel()
        self.settings_pane = SettingsPane(settings)
        self.side = QSplitter(Qt.Orientation.Vertical)
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
        middle = _column(self.page, self.find_bar, self.messages)
        self._columns.addWidget(middle)
        self._columns.addWidget(self.side)
        self._columns.setStretchFactor(0, 1)
        self._columns.setCollapsible(0, False)
        self._columns.setSizes([_FIRST_SIZE[0] - _SIDE_PX, _SIDE_PX])
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

    def toggle_full_screen(self) -> None:
        """Fill the screen, or be a window again."""
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def _toggle(self, pane: QWidget) -> None:
        pane.setVisible(pane.isHidden())
        # An empty side column would leave a hairline at the window's edge.
        self.side.setVisible(not (self.candidates.isHidden() and self.settings_pane.isHidden()))
        self.page.setFocus()

    def folder_for(self, purpose: str) -> Path:
        """Return the folder that was last kept for `purpose`, else the home folder."""
        kept = self._state.value(f"folders/{purpose}")
        # os.path, because pathlib raises for an overlong name.
        return Path(kept) if isinstance(kept, str) and os.path.isdir(kept) else Path.home()

    def keep_folder(self, purpose: str, folder: Path) -> None:
        """Begin in `folder` when something is chosen for `purpose` again."""
        self._state.setValue(f"folders/{purpose}", str(folder))

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask whether the window may close, and remember its shape."""
        self.close_asked.emit(event)
        if event.isAccepted():
            self._remember()

    def _remember(self) -> None:
        self._state.setValue("geometry", self.saveGeometry())
        self._state.setValue("columns", self._columns.saveState())
        self._state.setValue("side", self.side.saveState())
        self._state.setValue("candidates", not self.candidates.isHidden())
        self._state.setValue("settings", not self.settings_pane.isHidden())

    def _restore(self) -> None:
        geometry = self._state.value("geometry")
        if isinstance(geometry, QByteArray):
            self.restoreGeometry(geometry)
        for splitter, name in ((self._columns, "columns"), (self.side, "side")):
            saved = self._state.value(name)
            if isinstance(saved, QByteArray):
                splitter.restoreState(saved)
        for pane, name in ((self.candidates, "candidates"), (self.settings_pane, "settings")):
            pane.setVisible(self._state.value(name, True, bool) is not False)
        self.side.setVisible(not (self.candidates.isHidden() and self.settings_pane.isHidden()))


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
