"""Help: the keys at a glance, and what this program is."""

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QMessageBox

from writer import __version__
from writer.ui.main_window import MainWindow


class Help(QObject):
    """The two boxes of the Help menu."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window

    def show_keys(self) -> None:
        """Show the keys that continuations go by."""
        keys = (
            ("Ctrl+Space, Alt+\\", self.tr("ask now; again: for others")),
            ("Tab", self.tr("take the grey text")),
            ("Ctrl+Right", self.tr("take its next word")),
            ("Ctrl+Down", self.tr("take its next sentence")),
            ("Alt+1 … Alt+8", self.tr("take one of the list")),
            ("Alt+], Alt+[", self.tr("show the next, the one before")),
            ("Esc", self.tr("away with it")),
            ("Ctrl+Shift+Space", self.tr("after a pause, on demand, not at all")),
        )
        cell = "<td style='padding: 4px 24px 4px 0; white-space: nowrap'>"
        rows = "".join(f"<tr>{cell}{key}</td>{cell}{words}</td></tr>" for key, words in keys)
        self._show(self.tr("Keys"), f"<table>{rows}</table>")

    def show_about(self) -> None:
        """Say what this is."""
        said = self.tr("A co-writer on your own machine. Nothing you write leaves it.")
        self._show(self.tr("About Writer"), f"<p><b>Writer {__version__}</b></p><p>{said}</p>")

    def _show(self, title: str, text: str) -> None:
        box = QMessageBox(self._window)
        box.setIcon(QMessageBox.Icon.NoIcon)
        box.setWindowTitle(title)
        box.setTextFormat(Qt.TextFormat.RichText)
        # Without it Qt makes the box too narrow for its own title.
        box.setText(f"<div style='white-space: nowrap'>{text}</div>")
        box.exec()
