"""BackingUp: whole books as zip files in a folder of the writer's choice, and back out of them."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from writer.errors import WriterError
from writer.manuscript.history.backed_up import is_backed_up
from writer.manuscript.history.backup import back_up, backups, restore_backup
from writer.settings import Backup as BackupSettings
from writer.settings import BackupTime, Value
from writer.ui.book.backups_dialog import BackupsDialog
from writer.ui.book.books import Books
from writer.ui.book.errand import IsCancelled, Job, OnProgress, Stopped, carry_out
from writer.ui.book.file_names import free_folder
from writer.ui.main_window import MainWindow
from writer.ui.session import Session
from writer.ui.wording import words_of

_TOPIC = "backup"


class BackingUp(QObject):
    """Backs books up when the writer asks, and when the window has closed."""

    def __init__(self, window: MainWindow, session: Session, books: Books) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        self._books = books
        self._document = session.filing.document
        self._written: dict[Path, str] = {}
        """The ids of the books that this window may have changed, by their folders."""
        books.changed.connect(self._on_books_changed)
        session.leaving.connect(self._on_leaving)

    @property
    def _settings(self) -> BackupSettings:
        return self._session.settings.backup

    def show_dialog(self) -> None:
        """Show the backups of the open book, and let the writer say where they go."""
        book = self._books.open_book
        if book is None:
            return
        title = book.book.about.title or book.book.folder.name
        dialog = BackupsDialog(title, self._window)
        dialog.folder_chosen.connect(partial(self._set, "folder"))
        dialog.keep_chosen.connect(partial(self._set, "keep"))
        dialog.on_closing_chosen.connect(self._on_closing_chosen)
        for signal in (dialog.folder_chosen, dialog.keep_chosen, dialog.on_closing_chosen):
            signal.connect(partial(self._refresh, dialog, book.book.id))
        dialog.back_up_asked.connect(partial(self._back_up_in, dialog))
        dialog.copy_asked.connect(partial(self._open_copy, dialog))
        self._refresh(dialog, book.book.id)
        dialog.exec()
        dialog.deleteLater()

    def back_up(self, parent: QWidget | None = None) -> bool:
        """Back the open book up, with all that was typed; return whether that was done.

        Raises:
            WriterError: BACKUP_FAILED.
        """
        book = self._books.open_book
        if book is None or not self._settings.folder:
            return False
        self._document.save_all()  # what cannot be saved is said, and what is there backed up
        self._document.keeping.wait()
        folder, id = book.book.folder, book.book.id
        words = self.tr("Backing up “{name}”").format(name=book.book.about.title or folder.name)
        outcome = carry_out(self._job(folder, id), words, parent or self._window)
        if outcome.error is not None:
            raise outcome.error
        if outcome.result is not None:
            said = self.tr("Backed up as “{path}”.").format(path=outcome.result)
            self._window.messages.show_message(said, seconds=10, topic=_TOPIC)
        return outcome.result is not None

    def open_copy(self, backup: Path, folder: Path) -> bool:
        """Unpack a backup into a new or empty folder and open it; return whether it is open."""

        def job(on_progress: OnProgress, cancelled: IsCancelled) -> bool:
            restore_backup(backup, folder, _telling(on_progress, cancelled))
            return True

        words = self.tr("Unpacking “{name}”").format(name=backup.name)
        outcome = carry_out(job, words, self._window)
        if outcome.error is not None:
            self._say(outcome.error)
        return bool(outcome.result) and self._books.open(folder)

    # The dialog

    def _refresh(self, dialog: BackupsDialog, id: str, *_changed: object) -> None:
        settings = self._settings
        on_closing = settings.when == BackupTime.ON_CLOSING
        dialog.show_settings(settings.folder, settings.keep, on_closing)
        dialog.show_backups(backups(Path(settings.folder), id) if settings.folder else [])

    def _set(self, name: str, value: Value) -> None:
        self._session.set_settings(self._session.settings.with_value("backup", name, value))

    def _on_closing_chosen(self, is_wanted: bool) -> None:
        when = BackupTime.ON_CLOSING if is_wanted else BackupTime.WHEN_ASKED
        self._set("when", when.value)

    def _back_up_in(self, dialog: BackupsDialog) -> None:
        book = self._books.open_book
        if book is None:
            return
        try:
            self.back_up(dialog)
        except WriterError as error:
            dialog.show_failure(words_of(error))
        else:
            self._refresh(dialog, book.book.id)

    def _open_copy(self, dialog: BackupsDialog, backup: Path) -> None:
        book = self._books.open_book
        beside = book.book.folder.parent if book is not None else Path.home()
        name, _ = QFileDialog.getSaveFileName(
            dialog, self.tr("A new folder for the copy"), str(free_folder(beside, backup.stem)), "",
            options=QFileDialog.Option.DontConfirmOverwrite,
        )  # fmt: skip
        if name:
            dialog.reject()
            self.open_copy(backup, Path(name))

    # Closing

    def _on_books_changed(self) -> None:
        book = self._books.open_book
        if book is not None and not book.book.read_only:
            self._written[book.book.folder] = book.book.id

    def _on_leaving(self) -> None:
        """Back up what has changed; all is on the disk, and the window has gone already."""
        settings = self._settings
        if not settings.folder or settings.when != BackupTime.ON_CLOSING:
            return
        quits = QGuiApplication.quitOnLastWindowClosed()
        QGuiApplication.setQuitOnLastWindowClosed(False)  # the dialogs here would be the last
        for folder, id in self._written.items():
            words = self.tr("Backing up “{name}” before Writer closes").format(name=folder.name)
            job = self._job(folder, id, only_changed=True)
            error = carry_out(job, words, None, self.tr("Skip")).error
            if error is not None:
                self._say_at_the_end(error)
        QGuiApplication.setQuitOnLastWindowClosed(quits)

    def _job(self, folder: Path, id: str, *, only_changed: bool = False) -> Job[Path | None]:
        target, keep = Path(self._settings.folder), self._settings.keep

        def job(on_progress: OnProgress, cancelled: IsCancelled) -> Path | None:
            if only_changed:
                newest = backups(target, id)[:1]
                if not folder.is_dir() or (newest and is_backed_up(folder, newest[0].path)):
                    return None
            telling = _telling(on_progress, cancelled)
            now = datetime.now()
            return back_up(folder, target, keep, now, book_id=id, progress=telling)

        return job

    def _say(self, error: WriterError) -> None:
        self._window.messages.show_message(words_of(error), "error", topic=_TOPIC)

    def _say_at_the_end(self, error: WriterError) -> None:
        box = QMessageBox()
        box.setIcon(QMessageBox.Icon.NoIcon)
        box.setWindowTitle(self.tr("Writer"))
        box.setText(words_of(error))
        box.setStandardButtons(QMessageBox.StandardButton.Close)
        box.exec()


def _telling(on_progress: OnProgress, cancelled: IsCancelled) -> Callable[[int, int], None]:
    def tell(done: int, total: int) -> None:
        if cancelled():
            raise Stopped
        on_progress(done / max(1, total))

    return tell
