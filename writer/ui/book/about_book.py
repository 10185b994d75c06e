"""What a book is called: its details dialog, and how a change reaches all that shows it."""

from dataclasses import replace

from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QComboBox, QLineEdit, QWidget

from writer.manuscript.book.book import About
from writer.ui.book.form_dialog import FormDialog, remark
from writer.ui.book.open_book import OpenBook

_LANGUAGES = (
    "en", "en-US", "en-GB", "zh", "zh-Hant", "ja", "ko", "fr", "de", "es", "pt", "it", "nl", "pl",
    "cs", "sv", "da", "fi", "ru", "uk", "el", "tr", "ar", "he", "hi",
)  # fmt: skip


def set_about(book: OpenBook, about: About) -> None:
    """Let a book be called something else, and write it down if it is."""
    if book.book.read_only or about == book.book.about:
        return
    book.book.about = about
    book.write_down()
    for text in list(book.document.open_texts()):
        if text.about.book_id == book.book.id:
            text.about = replace(text.about, title=about.title)
            book.document.rename(text, text.title)


def language_words(tag: str) -> str:
    """Return a language's name as its own speakers write it, or the tag."""
    locale = QLocale(tag)
    if locale.language() in (QLocale.Language.C, QLocale.Language.AnyLanguage):
        return tag
    name = locale.nativeLanguageName() or tag
    if "-" not in tag:
        name = QLocale(tag.split("-")[0]).nativeLanguageName().split(" (")[0] or tag
    return name[:1].upper() + name[1:]


class AboutBookDialog(FormDialog):
    """Title, author and language of a book."""

    def __init__(
        self, about: About, is_read_only: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__("", "", parent)
        self._about = about
        self.setWindowTitle(self.tr("Book details"))
        self.title.setText(self.tr("Book details"))
        self.step_button.setText(self.tr("Save"))
        self.title_field = QLineEdit(about.title)
        self.author_field = QLineEdit(about.author)
        self.language = QComboBox()
        self.language.addItem(self.tr("As the text is written"), "")
        for tag in dict.fromkeys([*_LANGUAGES, about.language]):
            if tag:
                self.language.addItem(language_words(tag), tag)
        self.language.setCurrentIndex(self.language.findData(about.language))
        for words, field in (
            (self.tr("Title"), self.title_field),
            (self.tr("Author"), self.author_field),
        ):
            field.setAccessibleName(words)
            self.ask(words, field)
        self.language.setAccessibleName(self.tr("Language"))
        help_words = self.tr("Exported documents are hyphenated, spelled and read aloud by it.")
        self.ask(self.tr("Language"), self.language, remark(help_words))
        self.questions.addStretch()
        for shown in (self.title_field, self.author_field, self.language, self.step_button):
            shown.setEnabled(not is_read_only)
        self.title_field.setFocus()

    def about(self) -> About:
        """Return what was typed, with what else the book says of itself."""
        return replace(
            self._about,
            title=" ".join(self.title_field.text().split()),
            author=" ".join(self.author_field.text().split()),
            language=str(self.language.currentData() or ""),
        )
