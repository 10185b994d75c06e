"""Models: one window's models, from the menu entry to what is added, measured and removed.

The shelf keeps them, the dialog shows them, others do what takes time; here stands what one means
to the other.
"""

from dataclasses import replace
from pathlib import Path

import psutil
from PySide6.QtCore import QObject

from writer.errors import WriterError
from writer.model_choice import AUTOMATIC
from writer.settings import Precision
from writer.shelf.card import Card
from writer.shelf.model_files import model_at
from writer.shelf.shelf import Entry, Origin, Shelf
from writer.shelf.speeds import Speeds
from writer.ui.describing import Describe, Describing
from writer.ui.length_curves import LengthChart
from writer.ui.main_window import MainWindow
from writer.ui.message_bar import Kind
from writer.ui.model_asking import asked_file, asked_folder, may_delete
from writer.ui.model_check import Checked
from writer.ui.model_facts import ModelFacts
from writer.ui.model_naming import is_named, model_of
from writer.ui.model_rows import (
    AUTOMATIC_KEY,
    ModelRows,
    automatic_name,
    automatic_words,
    unkept_words,
)
from writer.ui.model_words import speed_of
from writer.ui.model_work import ModelWork
from writer.ui.models_dialog import ModelsDialog
from writer.ui.session import Session
from writer.ui.wording import words_of

_TOPIC, _LOADING = "models", "loading a model"
"""Of messages: what was done to models, and why one is not at work."""
_FOLDER = "models"
"""Of the window's state: where one last added from."""


def free_bytes() -> int:
    """Return how much memory may still be taken."""
    return int(psutil.virtual_memory().available)


class Models(QObject):
    """The shelf, as one window shows it."""

    def __init__(
        self,
        window: MainWindow,
        session: Session,
        shelf: Shelf,
        describe: Describe,
        speeds: Speeds | None = None,
    ) -> None:
        """Show what is on `shelf`; what a model is comes from `describe`, on another thread."""
        super().__init__(window)
        self._window = window
        self._session = session
        self.shelf = shelf
        self.facts = ModelFacts(speeds or Speeds(), free_bytes)
        self._rows = ModelRows(session, shelf, self.facts)
        self._failure = ""
        """Why a model is not at work, until it is no matter any more."""
        self._candidate: Path | None = None
        """What may be added: its card is shown."""
        self._wished: Path | None = None
        """What is being added."""
        self._dialog: ModelsDialog | None = None
        self.describing = Describing(describe, self)
        self.describing.described.connect(self._on_described)
        self.describing.failed.connect(self._on_undescribed)
        self.work = ModelWork(shelf, self)
        self.work.progressed.connect(self._on_progressed)
        self.work.checked.connect(self._on_checked)
        self.work.measured.connect(self._on_measured)
        self.work.added.connect(self._on_added)
        self.work.failed.connect(self._on_failed)
        self.work.cancelled.connect(self._on_cancelled)
        session.model_changed.connect(self._refresh)
        session.model_failed.connect(self._on_model_failed)
        session.model_settled.connect(self._on_model_settled)
        session.leaving.connect(self.close)

    @property
    def dialog(self) -> ModelsDialog:
        """The dialog, made when it is first wanted."""
        if self._dialog is None:
            dialog = self._dialog = ModelsDialog(self._window)
            dialog.chosen.connect(self._on_chosen)
            dialog.use_asked.connect(self._on_use_asked)
            dialog.check_asked.connect(self._on_check_asked)
            dialog.measure_asked.connect(self._on_measure_asked)
            dialog.remove_asked.connect(self._on_remove_asked)
            dialog.folder_asked.connect(self._on_folder_asked)
            dialog.file_asked.connect(self._on_file_asked)
            dialog.add_asked.connect(self._on_add_asked)
            dialog.back_asked.connect(self._on_back_asked)
            dialog.cancel_asked.connect(self.work.cancel)
            dialog.rejected.connect(self.work.cancel)
        return self._dialog

    def open_dialog(self) -> None:
        """Show the models there are."""
        for topic in (_TOPIC, _LOADING):
            self._window.messages.drop(topic)
        if not self.dialog.isVisible():
            failure, self._candidate = self._failure, None
            self._refresh()
            self._choose_first()
            self._describe_all()
            self._failure = failure
            self.dialog.show_notice(failure, is_error=True)
        self.dialog.show()
        self.dialog.raise_()
        self.dialog.activateWindow()
        self.dialog.list.setFocus()

    def consider(self, path: Path) -> None:
        """Show what the model at `path` is, and ask how to add it."""
        path = model_at(path)
        known = self._rows.on_shelf(path)
        if known is not None:
            self.dialog.list.choose(known.name)
            self._say(self.tr("“{name}” is here already.").format(name=known.name))
            return
        self._candidate = path
        self.dialog.list.choose_none()
        self.dialog.card.how.link.setChecked(True)
        self.dialog.show_notice("")
        self._show_card()
        self.dialog.card.how.link.setFocus()
        self._describe_all()

    def close(self) -> None:
        """End all that goes on, and wait for it; the window is about to go."""
        if self._dialog is not None:
            self._dialog.hide()
        self.work.close()
        self.describing.stop()

    # What is shown

    def _refresh(self) -> None:
        if self._dialog is None:
            return
        self._dialog.show_rows(self._rows.look())
        self._show_card()

    def _show_card(self) -> None:
        entry, dialog = self._chosen(), self.dialog
        path = entry.path if entry else self._candidate
        is_refused = path is not None and self.facts.is_refused(path)
        dialog.show_adding(entry is None and path is not None, is_refused)
        if path is None:
            self._show_automatic()
            return
        is_at_work = entry is not None and self._rows.is_at_work(entry)
        shown = self.facts.shown(path, self._precision(), entry, is_at_work)
        if entry is not None and not self._rows.is_kept(entry):
            shown = replace(shown, warning=unkept_words(entry), is_error=False)
            shown.facts.pop("origin")
        dialog.card.show_facts(entry.name if entry else _name_of(path), shown.facts)
        dialog.card.show_warning(shown.warning, shown.is_error)
        dialog.card.show_sample(*shown.sample)
        dialog.card.lengths.show_charts(self._charts(path) if entry else {})
        self._offer(entry)

    def _charts(self, path: Path) -> dict[str, LengthChart]:
        others = {entry.name: entry.path for entry in self._rows.entries.values()}
        return self.facts.charts(path, self._precision(), others)

    def _show_automatic(self) -> None:
        card = self.dialog.card
        card.show_facts(automatic_name(), {})
        card.show_warning(automatic_words())
        card.show_sample("", "")
        card.lengths.show_charts({})
        self._offer(None)

    def _offer(self, entry: Entry | None) -> None:
        is_free = not self.work.is_busy
        if self._candidate is not None:
            self.dialog.offer_adding(self.facts.is_known(self._candidate) and is_free, is_free)
            return
        wished = self._session.settings.machine.model
        if entry is None:
            self.dialog.offer(use=wished != AUTOMATIC, check=False, remove=False)
            return
        is_sound = self.facts.is_sound(entry)
        is_ours = self._rows.is_at_work(entry) or self._rows.is_loading(entry)
        is_chosen = is_named(entry, wished)
        is_removable = entry.origin is not Origin.BUNDLED and self._rows.is_kept(entry)
        self.dialog.offer(
            use=is_sound and not (is_chosen and is_ours),
            check=is_sound and is_free,
            remove=is_removable and is_free,
        )

    def _choose_first(self) -> None:
        """Choose the model at work."""
        self.dialog.list.choose(self._rows.at_work() or AUTOMATIC_KEY)

    def _describe_all(self) -> None:
        chosen = self._chosen()
        first = [self._candidate] if self._candidate else [chosen.path] if chosen else []
        there = [entry.path for entry in self._rows.entries.values() if entry.is_there]
        self.describing.want(dict.fromkeys(path for path in (*first, *there) if path.exists()))

    def _chosen(self) -> Entry | None:
        return self._rows.entries.get(self.dialog.list.chosen_key())

    def _precision(self) -> str:
        wanted, serving = self._session.settings.machine.precision, self._session.serving
        if wanted != Precision.AUTO:
            return wanted
        return serving.precision if serving else ""

    def _say(self, words: str, is_error: bool = False) -> None:
        """Say it in the dialog, or beneath the page once that is closed."""
        if self._dialog is not None and self._dialog.isVisible():
            self._dialog.show_notice(words, is_error)
        else:
            kind: Kind = "error" if is_error else "notice"
            self._window.messages.show_message(words, kind, topic=_TOPIC)

    # What is found out

    def _on_described(self, card: Card) -> None:
        self.facts.keep_card(card)
        self._refresh()

    def _on_undescribed(self, path: Path, error: WriterError) -> None:
        # By its name: where it is, the card says as well.
        fields = (
            {**error.fields, "path": _name_of(path)} if "path" in error.fields else error.fields
        )
        self.facts.keep_fault(path, words_of(WriterError(error.kind, **fields)))
        self._refresh()

    def _on_model_failed(self, words: str) -> None:
        self._failure = words
        self._window.messages.show_message(
            words, "error", self.tr("Models…"), self.open_dialog, topic=_LOADING
        )
        if self._dialog is not None and self._dialog.isVisible():
            self._dialog.show_notice(words, is_error=True)

    def _on_model_settled(self) -> None:
        self._window.messages.drop(_LOADING)
        if self._dialog is not None and self._dialog.notice.text() == self._failure:
            self._dialog.show_notice("")
        self._failure = ""

    # What is asked for

    def _on_chosen(self) -> None:
        self._candidate, self._failure = None, ""
        self.dialog.show_notice("")
        self._show_card()

    def _on_use_asked(self) -> None:
        entry = self._chosen()
        self._failure = ""
        self.dialog.show_notice("")
        self._session.set_model(model_of(entry) if entry else AUTOMATIC)

    def _on_check_asked(self) -> None:
        entry = self._chosen()
        if entry is not None:
            self.dialog.show_notice("")
            self.work.check(entry.name, entry.path)

    def _on_measure_asked(self) -> None:
        entry = self._chosen()
        if entry is not None:
            self.dialog.show_notice("")
            self.work.measure(entry.name, entry.path)

    def _on_remove_asked(self) -> None:
        entry = self._chosen()
        if entry is None:
            return
        if self._rows.is_at_work(entry) or self._rows.is_loading(entry):
            words = self.tr("You write with “{name}”. Choose another model, then remove this one.")
            self._say(words.format(name=entry.name))
            return
        if entry.origin is Origin.OWN and not may_delete(self.dialog, entry):
            return
        try:
            self.shelf.remove(entry.name)
        except WriterError as error:
            self._say(words_of(error), is_error=True)
            return
        if is_named(entry, self._session.settings.machine.model):
            self._session.set_model(AUTOMATIC)
        self._show_removed(entry)

    def _show_removed(self, entry: Entry) -> None:
        place = self.dialog.list.currentRow()
        self._refresh()
        self.dialog.list.setCurrentRow(min(place, self.dialog.list.count() - 1))
        self.dialog.list.setFocus()
        words = self.tr("“{name}” is off the list.")
        if entry.origin is Origin.OWN:
            words = self.tr("“{name}” is deleted.")
        elif entry.is_there:
            words = self.tr("“{name}” is off the list. Its files stay where they are.")
        self._say(words.format(name=entry.name))

    def _on_folder_asked(self) -> None:
        self._take(asked_folder(self.dialog, self._window.folder_for(_FOLDER)))

    def _on_file_asked(self) -> None:
        self._take(asked_file(self.dialog, self._window.folder_for(_FOLDER)))

    def _take(self, path: Path | None) -> None:
        if path is not None:
            self._window.keep_folder(_FOLDER, path.parent)
            self.consider(path)

    def _on_add_asked(self) -> None:
        if self._candidate is not None:
            self.dialog.show_notice("")
            self._wished, is_copy = self._candidate, self.dialog.card.how.is_copy
            self.work.add(_name_of(self._candidate), self._candidate, is_copy)

    def _on_back_asked(self) -> None:
        self._candidate = None
        self.dialog.show_notice("")
        self._choose_first()
        self._show_card()
        self.dialog.list.setFocus()

    # What is going on

    def _on_progressed(self, words: str, share: float) -> None:
        self.dialog.work.show_work(words, share)
        self._offer(self._chosen())

    def _on_checked(self, checked: Checked) -> None:
        self._end_work()
        self.facts.keep_checked(checked)
        self._refresh()
        entry = self._chosen()
        words = self.tr("It works: {speed}.")
        if entry is None or entry.path != checked.path:
            words = self.tr("“{name}” works: {speed}.")
        speed = speed_of(checked.tokens_per_second, checked.precision)
        self._say(words.format(name=_name_of(checked.path), speed=speed))

    def _on_measured(self, checked: Checked) -> None:
        self._end_work()
        self.facts.keep_times(checked)
        self._refresh()

    def _on_added(self, entry: Entry, checked: Checked) -> None:
        self._end_work()
        self.facts.keep_checked(checked)
        self.facts.carry_over(checked.path, entry.path)
        self._refresh()
        self.dialog.list.choose(entry.name)
        self.dialog.list.setFocus()
        self._describe_all()
        self._say(self.tr("“{name}” is on the shelf now.").format(name=entry.name))

    def _on_failed(self, path: Path, words: str) -> None:
        if path == self._wished:
            words = self.tr("{why} It was not added.").format(why=words)
        self._end_work()
        self._say(words, is_error=True)

    def _on_cancelled(self, path: Path) -> None:
        words = (
            self.tr("“{name}” was not added.")
            if path == self._wished
            else self.tr("The measuring of “{name}” was ended.")
            if self.work.is_measuring
            else self.tr("The check of “{name}” was ended.")
        )
        self._end_work()
        self._say(words.format(name=_name_of(path)))

    def _end_work(self) -> None:
        self._wished = None
        self._offer(self._chosen())
        self.dialog.end_work()


def _name_of(path: Path) -> str:
    return path.stem if path.is_file() else path.name
