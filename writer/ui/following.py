"""Following: seeing at once what another program does to the files of the text on the page."""

from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QFileSystemWatcher, QObject, QTimer, Signal

from writer.errors import WriterError
from writer.manuscript.text_file import changed_on_disk, read_text_file
from writer.ui.document import Document

_REST_MS = 150
"""After the last of several changes: programs write a file in steps."""
_LOOK_MS = 5_000
"""Between two looks at places that tell of no changes, as network drives."""


class Following(QObject):
    """Watches the file of the text on the page, and the folders of its book."""

    followed = Signal()
    """The page shows what another program has made of the file."""
    conflicted = Signal(object)
    """The `TextFile` as another program has left it, while there are changes on the page."""
    book_changed = Signal()
    """Something has come, gone or changed in the folders or the outline of the book."""

    def __init__(self, document: Document) -> None:
        super().__init__(document)
        self._document = document
        self._book: tuple[Path, ...] = ()
        self._is_book_due = False
        self._watcher = QFileSystemWatcher(self)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self._on_rested)
        self._look = QTimer(self)
        self._look.setInterval(_LOOK_MS)
        self._look.timeout.connect(self._on_look_due)
        self._look.start()
        self._watcher.fileChanged.connect(self._on_changed)
        self._watcher.directoryChanged.connect(self._on_changed)
        document.shown.connect(self._on_rested)
        document.saved.connect(self._watch)

    def look(self) -> None:
        """See whether another program has changed the file of the text on the page.

        The page follows if nothing is lost by it; else the writer is asked.
        """
        document = self._document
        file = document.text.file
        if file is None or not file.path.exists() or not changed_on_disk(file):
            return
        document.keeping.wait()  # perhaps it is our own save that has not been told yet
        QCoreApplication.sendPostedEvents(document.keeping)
        file = document.text.file
        if file is None or not changed_on_disk(file):
            return
        try:
            theirs = read_text_file(file.path)
        except WriterError:
            return  # it is being written, or is no text now: ours is not lost by waiting
        document.recorder.hand_on()
        if document.is_modified:
            self.conflicted.emit(theirs)
        else:
            document.adopt(theirs, theirs.text)
            self.followed.emit()

    def _follow_aside(self) -> None:
        """Let texts that are put aside, and have nothing unsaved, follow their files."""
        document = self._document
        for text in list(document.open_texts())[1:]:
            if text.file is None or text.held is None or text.unsaved is not None:
                continue
            if text.file.path.exists() and changed_on_disk(text.file):
                with suppress(WriterError):
                    document.follow(text, read_text_file(text.file.path))

    def watch_book(self, *paths: Path) -> None:
        """Watch these folders and files of a book too, in place of those before."""
        self._book = paths
        self._watch()

    def _watch(self) -> None:
        path = self._document.path
        # A file that is replaced, as careful programs do, is watched no more: its folder is.
        wanted = {str(each) for each in self._book}
        if path is not None:
            wanted |= {str(path), str(path.parent)}
        now = {*self._watcher.files(), *self._watcher.directories()}
        if gone := now - wanted:
            self._watcher.removePaths(list(gone))
        if come := [each for each in wanted - now if Path(each).exists()]:
            self._watcher.addPaths(come)

    def _on_changed(self, path: str) -> None:
        self._rest.start()
        if Path(path) in self._book:
            self._is_book_due = True

    def _on_look_due(self) -> None:
        self._is_book_due = bool(self._book)
        self._on_rested()

    def _on_rested(self) -> None:
        self._watch()
        if self._is_book_due:
            self._is_book_due = False
            self.book_changed.emit()
            self._follow_aside()
        self.look()
