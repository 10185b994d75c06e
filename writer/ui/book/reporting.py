"""Reporting: what the machine wrote in a book or a text, counted beside the window and exported."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QObject
from PySide6.QtWidgets import QFileDialog

from writer.errors import WriterError
from writer.manuscript.atomic import write_atomically
from writer.manuscript.provenance.gathering import Gathering, Source, book_sources
from writer.manuscript.provenance.marks_file import StoredMarks
from writer.manuscript.provenance.report import Headings, Report, as_csv, as_json, as_markdown
from writer.ui.book.books import Books
from writer.ui.book.errand import IsCancelled, OnProgress, carry_out
from writer.ui.book.file_names import file_name_of
from writer.ui.book.report_dialog import ReportDialog
from writer.ui.document import Document
from writer.ui.main_window import MainWindow
from writer.ui.provenance import Provenance
from writer.ui.wording import words_of

_TOPIC = "report"


class Reporting(QObject):
    """Makes the report of what the window holds, saved or not."""

    def __init__(
        self, window: MainWindow, document: Document, books: Books, provenance: Provenance
    ) -> None:
        super().__init__(window)
        self._window = window
        self._document = document
        self._books = books
        self._provenance = provenance

    def show_dialog(self) -> None:
        """Count, and show what was found."""
        report = self.report()
        if report is None:
            return
        dialog = ReportDialog(report, headings(), self._window)
        dialog.export_asked.connect(partial(self._export, report))
        dialog.exec()
        dialog.deleteLater()

    def report(self) -> Report | None:
        """Return the report of the book or text as it is now; None if it is wanted no more."""
        self._document.recorder.hand_on()
        self._provenance.write()
        gathering = self._gathering()

        def job(on_progress: OnProgress, is_cancelled: IsCancelled) -> Report | None:
            # What was handed on must be on the disk before it is read there.
            self._document.keeping.wait()
            return gathering.report(headings(), on_progress, is_cancelled)

        outcome = carry_out(job, self.tr("Counting words"), self._window)
        failures = [*gathering.failures, *([outcome.error] if outcome.error else [])]
        for failure in failures[:1]:
            self._window.messages.show_message(words_of(failure), "error", topic=_TOPIC)
        return outcome.result

    def _gathering(self) -> Gathering:
        """Return what reads it on another thread; texts in hand are taken from here now."""
        book, page = self._books.open_book, self._document.text
        if book is None:
            title = page.title or self.tr("Untitled")
            path = self._document.path or Path(title)
            now = self._document.said(), self._provenance.stored_of(page)
            return Gathering([Source(title, path, path)], {path: now})
        sources = book_sources(book.book.folder, book.outline, self.tr("Untitled scene"))
        in_hand: dict[Path, tuple[str, StoredMarks]] = {}
        for text in self._document.open_texts():
            id = text.about.item
            if text.about.book_id == book.book.id and id in book.outline:
                marks = self._provenance.stored_of(text)
                in_hand[book.book.scene_path(id)] = (book.text(id), marks)
        return Gathering(sources, in_hand)

    # Out

    def _export(self, report: Report, ending: str) -> None:
        path = self._ask_where(ending)
        if path is None:
            return
        said = {
            "csv": lambda: as_csv(report, headings()),
            "md": lambda: as_markdown(report, headings()),
            "json": lambda: as_json(report),
        }[ending]()
        # A spreadsheet takes a CSV for UTF-8 only if it begins so.
        data = said.encode("utf-8-sig" if ending == "csv" else "utf-8", "replace")
        try:
            write_atomically(path, data)
        except WriterError as error:
            self._window.messages.show_message(words_of(error), "error", topic=_TOPIC)
            return
        words = self.tr("The report was written to “{path}”.").format(path=path)
        self._window.messages.show_message(words, seconds=10, topic=_TOPIC)

    def _ask_where(self, ending: str) -> Path | None:
        dialog = QFileDialog(self._window, self.tr("Export"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(ending)
        dialog.setNameFilters([f"{ending.upper()} (*.{ending})", self.tr("All files (*)")])
        dialog.setDirectory(str(self._window.folder_for("export")))
        book = self._books.open_book
        title = book.book.about.title if book is not None else self._document.text.title
        name = file_name_of(title, self.tr("Untitled"))
        dialog.selectFile(self.tr("{name} words").format(name=name) + f".{ending}")
        if not dialog.exec():
            return None
        path = Path(dialog.selectedFiles()[0])
        self._window.keep_folder("export", path.parent)
        return path


def headings() -> Headings:
    """Return what the columns are called, in the language of the window."""
    return Headings(
        text=_tr("Scene"),
        words=_tr("Words"),
        by_hand=_tr("By hand"),
        taken=_tr("Taken"),
        standing=_tr("As taken"),
        gone=_tr("Changed since"),
        model=_tr("Model"),
        total=_tr("All together"),
        all_models=_tr("All models"),
    )


def _tr(words: str) -> str:
    return QCoreApplication.translate("Report", words)
