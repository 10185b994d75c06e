"""ModelRows: what the list of models shows, and which of them is at work. No widget.

First comes no model but the choice by the language of the text; then the shelf; last a model that
is at work and not on the shelf.
"""

from pathlib import Path

from PySide6.QtCore import QCoreApplication

from writer.model_choice import AUTOMATIC, CHINESE, ENGLISH
from writer.shelf.shelf import Entry, Origin, Shelf
from writer.ui.model_facts import ModelFacts
from writer.ui.model_list import Row
from writer.ui.model_naming import is_named
from writer.ui.session import Session

AUTOMATIC_KEY = "/"
"""Of the choice by language: no model's name has a slash."""


class ModelRows:
    """The models there are, by the keys of their rows."""

    def __init__(self, session: Session, shelf: Shelf, facts: ModelFacts) -> None:
        self._session = session
        self._shelf = shelf
        self._facts = facts
        self.entries: dict[str, Entry] = {}
        """On the shelf: by name; one that is not: by path."""

    def look(self) -> list[Row]:
        """Look up what there is now, and return its rows."""
        self.entries = {entry.name: entry for entry in self._shelf.entries()}
        serving = self._session.serving
        if serving is not None and self.at_work() is None:
            path = self._shelf.find(serving.model)
            self.entries[str(path)] = Entry(serving.name, path, Origin.LINKED)
        return [self._automatic(), *(self._row(key) for key in self.entries)]

    def at_work(self) -> str | None:
        """Return the key of the model at work, None if there is none."""
        entries = self.entries.items()
        return next((key for key, entry in entries if self.is_at_work(entry)), None)

    def is_at_work(self, entry: Entry) -> bool:
        """Return whether a model is the one at work."""
        serving = self._session.serving
        return serving is not None and is_named(entry, serving.model)

    def is_loading(self, entry: Entry) -> bool:
        """Return whether a model is being loaded."""
        return is_named(entry, self._session.loading)

    def on_shelf(self, path: Path) -> Entry | None:
        """Return the model of the shelf that lies at `path`."""
        entries = self.entries.values()
        return next((each for each in entries if each.path == path and self.is_kept(each)), None)

    def is_kept(self, entry: Entry) -> bool:
        """Return whether a model is on the shelf."""
        return self.entries.get(entry.name) == entry

    def _automatic(self) -> Row:
        mark = _tr("chosen") if self._session.choice == AUTOMATIC else ""
        return Row(AUTOMATIC_KEY, automatic_name(), _tr("English or Chinese"), mark)

    def _row(self, key: str) -> Row:
        entry, mark = self.entries[key], ""
        if self.is_at_work(entry):
            mark = _tr("at work")
        elif self.is_loading(entry):
            mark = _tr("loading")
        summary = self._facts.summary(entry)
        if not self.is_kept(entry):
            summary = ", ".join(filter(None, (_tr("not on the shelf"), summary)))
        return Row(key, entry.name, summary, mark, entry.is_there)


def automatic_name() -> str:
    """Return what the choice by language is called."""
    return _tr("By the language of the text")


def automatic_words() -> str:
    """Return what the choice by language does."""
    return _tr(
        "The language of the text before the caret decides which of Writer's own models goes on "
        "with it: “{english}” with English, “{chinese}” with Chinese. The model changes as soon as "
        "you write in the other language."
    ).format(english=ENGLISH, chinese=CHINESE)


def unkept_words(entry: Entry) -> str:
    """Return what there is to say of a model that is at work and not on the shelf."""
    if entry.is_there:
        return _tr("It is at work, and not on the shelf. Add it, if it is to stay in this list.")
    return _tr("It is at work, but its files are gone. It goes when you choose another.")


def _tr(words: str) -> str:
    return QCoreApplication.translate("Models", words)
