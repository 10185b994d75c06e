"""Counts the page's words as they change, paragraph by paragraph."""

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QTextBlock, QTextDocument
from PySide6.QtWidgets import QTextEdit
from shiboken6 import isValid

from writer.manuscript.counts import RunningCount


class WordCounter(QObject):
    """The words of whatever document an editor shows; only edited paragraphs are counted again."""

    changed = Signal(int, int)
    """The words now, and how many more than when the text was opened."""

    def __init__(self, editor: QTextEdit) -> None:
        super().__init__(editor)
        self._editor = editor
        self._document: QTextDocument = editor.document()
        self._count = RunningCount()
        self._opened_with = 0
        self._watch()

    @property
    def words(self) -> int:
        """The words now."""
        return self._count.total

    def count_anew(self) -> None:
        """Count another document, from now on the one watched."""
        if isValid(self._document):
            self._document.contentsChange.disconnect(self._on_contents_change)
        self._document = self._editor.document()
        self._watch()

    def _watch(self) -> None:
        self._document.contentsChange.connect(self._on_contents_change)
        self._count = RunningCount(_paragraphs(self._document.firstBlock(), None))
        self._opened_with = self._count.total
        self.announce()

    def _on_contents_change(self, position: int, removed: int, added: int) -> None:
        document = self._document
        first = document.findBlock(position)
        last = document.findBlock(position + added)
        if not last.isValid():
            last = document.lastBlock()
        now = last.blockNumber() - first.blockNumber() + 1
        gone = now - (document.blockCount() - len(self._count))
        self._count.replace(first.blockNumber(), gone, _paragraphs(first, last))
        self.announce()

    def announce(self) -> None:
        """Say the count again."""
        self.changed.emit(self._count.total, self._count.total - self._opened_with)


def _paragraphs(first: QTextBlock, last: QTextBlock | None) -> list[str]:
    texts = []
    block = first
    while block.isValid():
        texts.append(block.text())
        if last is not None and block == last:
            break
        block = block.next()
    return texts
