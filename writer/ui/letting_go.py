"""Letting go: texts on their last way to the disk, which may not get there at once."""

from PySide6.QtCore import QCoreApplication, QObject

from writer.ui.keeping import Keeping
from writer.ui.open_text import OpenText


class LettingGo(QObject):
    """What texts say that are in hand no more, until their files say it too."""

    def __init__(self, keeping: Keeping, parent: QObject) -> None:
        super().__init__(parent)
        self._keeping = keeping
        self._said: dict[str, str | None] = {}
        keeping.closed.connect(self._on_closed)

    def let_go(self, text: OpenText, said: str | None = None) -> None:
        """Have a text saved that is in hand no more; `said` is what its file lacks, if anything."""
        if not text.is_read_only:
            self._said[text.key] = text.unsaved if said is None else said
            self._keeping.close_text(text.key)
        if text.held is not None:
            text.held.dispose()

    def unsettled(self, key: str) -> str | None:
        """Return what a text that was let go says, where its file cannot be made to say it."""
        if key in self._said:
            self._keeping.wait()
            QCoreApplication.sendPostedEvents(self._keeping)
        return self._said.get(key)

    def take_back(self, key: str) -> str | None:
        """Return the same; whoever asks has the text in hand from now on."""
        said = self.unsettled(key)
        if said is not None:
            self._keeping.close_text(key, discard=True)
        return said

    def _on_closed(self, key: str) -> None:
        self._said.pop(key, None)
