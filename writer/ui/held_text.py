"""Held texts: what a page gives away while another text is on it, and takes back as it was."""

from dataclasses import dataclass

from PySide6.QtGui import QTextCursor

from writer.ui.emphasis_highlighter import EmphasisHighlighter
from writer.ui.page_text import PageText


@dataclass(frozen=True, slots=True)
class HeldText:
    """A text put aside with its undo history, to be shown again where it was left."""

    text: PageText
    emphasis: EmphasisHighlighter
    caret: QTextCursor
    """It moves with what is edited meanwhile."""
    scrolled: int

    def dispose(self) -> None:
        """Let it go for ever."""
        self.text.document.blockSignals(True)
        self.text.document.deleteLater()
        self.emphasis.deleteLater()

    def put(self, text: str) -> None:
        """Let it say `text`, in one undo step that changes no more than it must."""
        self.text.put(text)
