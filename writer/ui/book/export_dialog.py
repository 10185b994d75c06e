"""ExportDialog: what of a book is to be written, in which format, and how. It knows no files."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QCheckBox, QLineEdit, QWidget

from writer.manuscript.formats.options import ExportStyle, Format
from writer.ui.book.form_dialog import FormDialog, abreast, named, remark
from writer.ui.book.paper import Paper, usual_paper
from writer.ui.segmented import Segmented

PDF = "pdf"
_WHOLE, _CHOSEN, _SCENE = "whole", "chosen", "scene"
_WITH_STYLES = (Format.DOCX.value, PDF)


@dataclass(frozen=True, slots=True)
class ExportSource:
    """What there is to export."""

    title: str
    author: str
    is_book: bool = True
    """Else it is a single text, of which there are no parts to choose."""
    chosen: tuple[str, ...] = ()
    """The ids of what is chosen in the outline."""
    chosen_words: str = ""
    scene: str = ""
    """The id of the scene on the page."""


@dataclass(frozen=True, slots=True)
class ExportWish:
    """What the writer has asked for."""

    ids: tuple[str, ...] | None = None
    """Of what is to be written; None for all."""
    format: str = Format.DOCX.value
    """A `Format`'s value, or PDF."""
    style: ExportStyle = ExportStyle.READING
    paper: Paper = field(default_factory=lambda: usual_paper(ExportStyle.READING))
    title: str = ""
    author: str = ""
    include_synopses: bool = False
    include_scene_titles: bool = False


class ExportDialog(FormDialog):
    """Begins as the last export of this window was."""

    def __init__(
        self, source: ExportSource, last: ExportWish | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__("", "", parent)
        self._source = source
        self._locale = QLocale()
        last = last or ExportWish()
        self.setWindowTitle(self.tr("Export"))
        self.title.setText(self.tr("Export"))
        self.step_button.setText(self.tr("Choose where…"))
        self.what = Segmented(self._whats())
        self.what.show_value(_WHOLE)
        self.formats = Segmented(
            [
                (Format.DOCX.value, "DOCX"),
                (Format.EPUB.value, "EPUB"),
                (Format.ODT.value, "ODT"),
                (Format.HTML.value, "HTML"),
                (Format.MARKDOWN.value, "Markdown"),
                (Format.TEXT.value, self.tr("Text")),
                (PDF, "PDF"),
            ]
        )
        self.formats.setAccessibleName(self.tr("Format"))
        self.formats.show_value(last.format)
        self.about_format = remark()
        self.styles = Segmented(
            [
                (ExportStyle.READING.value, self.tr("As a book to read")),
                (ExportStyle.MANUSCRIPT.value, self.tr("As a manuscript for publishers")),
            ]
        )
        self.styles.show_value(last.style.value)
        self.papers = Segmented([(paper.value, paper.value) for paper in Paper])
        self.papers.setAccessibleName(self.tr("Size of the pages"))
        self.papers.show_value(last.paper.value)
        self.title_field = QLineEdit(source.title)
        self.author_field = QLineEdit(source.author)
        self.synopses = QCheckBox(self.tr("With the synopses"))
        self.synopses.setChecked(last.include_synopses and source.is_book)
        self.scene_titles = QCheckBox(self.tr("With the scenes' titles"))
        self.scene_titles.setChecked(last.include_scene_titles and source.is_book)
        self._lay_out()
        self.formats.chosen.connect(self._refresh)
        self.styles.chosen.connect(self._on_style)
        self._refresh()
        self.step_button.setFocus()

    def wish(self) -> ExportWish:
        """Return what is asked for now."""
        ids = {_CHOSEN: self._source.chosen, _SCENE: (self._source.scene,)}
        format_ = self.formats.value() or Format.DOCX.value
        has_style = format_ in _WITH_STYLES
        style = ExportStyle(self.styles.value()) if has_style else ExportStyle.READING
        return ExportWish(
            ids=ids.get(self.what.value() or _WHOLE),
            format=format_,
            style=style,
            paper=Paper(self.papers.value()),
            title=self.title_field.text().strip(),
            author=self.author_field.text().strip(),
            include_synopses=self.synopses.isChecked(),
            include_scene_titles=self.scene_titles.isChecked(),
        )

    def _whats(self) -> Sequence[tuple[str, str]]:
        whats = [(_WHOLE, self.tr("The whole book"))]
        if self._source.chosen and self._source.chosen != (self._source.scene,):
            whats.append((_CHOSEN, self._source.chosen_words))
        if self._source.scene:
            whats.append((_SCENE, self.tr("The scene on the page")))
        return whats

    def _lay_out(self) -> None:
        if self._source.is_book:
            self.ask(self.tr("What"), self.what)
        self.ask(self.tr("Format"), self.formats, self.about_format)
        self._style_question = self.ask(self.tr("How it looks"), self.styles)
        self._paper_question = self.ask(self.tr("Pages"), self.papers)
        title = named(self.tr("Title"), self.title_field)
        author = named(self.tr("Author"), self.author_field)
        self.ask(self.tr("On the title page"), abreast(title, author))
        if self._source.is_book:
            self.ask("", abreast(self.synopses, self.scene_titles))
        self.questions.addStretch()

    def _on_style(self, style: str) -> None:
        self.papers.show_value(usual_paper(ExportStyle(style), self._locale).value)

    def _refresh(self) -> None:
        format_ = self.formats.value()
        self._style_question.setVisible(format_ in _WITH_STYLES)
        self._paper_question.setVisible(format_ == PDF)
        self.about_format.setText(self._about(format_ or PDF))
        self.adjustSize()

    def _about(self, format_: str) -> str:
        return {
            Format.DOCX.value: self.tr("For Word, and what most agents and publishers ask for."),
            Format.EPUB.value: self.tr("For e-readers, with a table of contents."),
            Format.ODT.value: self.tr("For LibreOffice and other free programs."),
            Format.HTML.value: self.tr("For a browser: one file that holds everything."),
            Format.MARKDOWN.value: self.tr("Plain text with its headings and emphasis marked."),
            Format.TEXT.value: self.tr("Plain text and nothing else."),
            PDF: self.tr("For print, and for whoever is to see each page as it is."),
        }[format_]
