"""The menu's lines about what the machine wrote."""

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence

from writer.ui.book.reporting import Reporting
from writer.ui.commands import Menus
from writer.ui.main_window import MainWindow
from writer.ui.page_marks import PageMarks
from writer.ui.replaying import Replaying

_SWITCH = "machine's words"


class ProvenanceMenu(QObject):
    """Shows the marks, where words come from, and the report."""

    def __init__(
        self,
        window: MainWindow,
        menus: Menus,
        marks: PageMarks,
        replaying: Replaying,
        reporting: Reporting,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._marks = marks
        self.shown = QAction(self.tr("Show what the &machine wrote"), window)
        self.shown.setCheckable(True)
        self.shown.setShortcut(QKeySequence("Ctrl+Shift+M"))
        self.shown.toggled.connect(self._on_shown)
        self.shown.setChecked(window.is_kept(_SWITCH))
        origin = QAction(self.tr("W&here these words come from…"), window)
        origin.triggered.connect(replaying.show_here)
        menus.view.insertActions(menus.view_looks, [self.shown, origin])
        menus.book.addSeparator()
        report = menus.book.addAction(self.tr("&What the machine wrote…"))
        report.triggered.connect(reporting.show_dialog)

    def _on_shown(self, shown: bool) -> None:
        self._marks.show(shown)
        self._window.keep(_SWITCH, shown)
