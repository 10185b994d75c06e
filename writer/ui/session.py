"""The session: one window at work. It connects page, document, suggester, sampler and panes.

What each part does is its own business; here stands what one's signal means to the others.
"""

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QKeyEvent
from PySide6.QtWidgets import QApplication

from writer.errors import WriterError
from writer.model_choice import AUTOMATIC
from writer.settings import Mode, Settings, Theme, limited
from writer.suggestion.request import Request
from writer.ui.chosen import suited_model, threads_of
from writer.ui.document import Document
from writer.ui.filing import Filing
from writer.ui.main_window import MainWindow
from writer.ui.model_line import ModelLine
from writer.ui.palette import Palette
from writer.ui.pauses import note_lasting
from writer.ui.reach import Reach
from writer.ui.sampler import Sampler
from writer.ui.streamer import Serving
from writer.ui.suggester import USUAL_N_CTX, Asked, Suggester
from writer.ui.theme import ThemeWatcher, apply_theme, page_font
from writer.ui.training import Training
from writer.ui.word_counter import WordCounter
from writer.ui.wording import words_of

_SETTINGS_WRITE_MS = 500
_TASTE = 2000
"""Characters that tell the language of a text."""
_MODES = (Mode.AFTER_PAUSE, Mode.ON_DEMAND, Mode.OFF)


class Session(QObject):
    """One window, one text, one model."""

    model_changed = Signal()
    """Another model serves, or is being loaded."""
    model_failed = Signal(str)
    """Why a model could not be loaded, in words."""
    model_settled = Signal()
    """What the settings ask for is at work."""
    leaving = Signal()
    """The window goes: whatever still works for it is to end. Connected directly."""

    def __init__(
        self,
        window: MainWindow,
        document: Document,
        sampler: Sampler,
        theme: ThemeWatcher,
        settings: Settings,
        write_settings: Callable[[Settings], None],
    ) -> None:
        super().__init__(window)
        self._window = window
        self.filing = Filing(window, document)
        self._sampler = sampler
        self.training = Training(window, document, self._model_now)
        self._theme = theme
        self.settings = settings
        self._write_settings = write_settings
        self._line = ModelLine(window.status)
        self.serving: Serving | None = None
        """The model at work, if there is any."""
        self._choice_at_work = ""
        """What the settings said when it came."""
        self._missed = ""
        """What the settings ask for and could not be had: what suits each text stands in for it."""
        self._is_lacking = False
        self._reach = Reach(window.page, window.settings_pane)
        self.suggester = Suggester(window.page, window.candidates, settings)
        self.words = WordCounter(window.page)
        self._unwritten = False
        self._writing = QTimer(self)
        self._writing.setSingleShot(True)
        self._writing.setInterval(_SETTINGS_WRITE_MS)
        self._writing.timeout.connect(self._on_settings_due)
        self._connect()
        self._draw_page()
        self._show_reach()
        self._line.begin_loading(sampler.model)
        window.status.set_save_state("")

    def _connect(self) -> None:
        window, sampler = self._window, self._sampler
        suggester = self.suggester
        suggester.wanted_soon.connect(sampler.prepare)
        suggester.unwanted.connect(sampler.cancel)
        suggester.wanted.connect(self._on_wanted)
        suggester.asked.connect(self._on_asked)
        suggester.idle.connect(self._on_idle)
        sampler.answered.connect(suggester.show_answer)
        sampler.prepared.connect(suggester.keep_answer)
        sampler.failed.connect(self._on_failed)
        sampler.loaded.connect(self._on_loaded)
        sampler.load_progressed.connect(self._line.show_loaded)
        sampler.load_failed.connect(self._on_load_failed)
        self.training.hint_changed.connect(self._line.show_hint)
        self.training.model_chosen.connect(self.set_model)
        window.page.loaded.connect(self.words.count_anew)
        window.page.loaded.connect(self.suit_model)
        window.page.loaded.connect(self._show_reach)
        window.page.zoom_requested.connect(self.zoom)
        window.settings_pane.settings_changed.connect(self.set_settings)
        window.close_asked.connect(self._on_close_asked)
        window.page.key_handlers.append(self._on_key)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.applicationStateChanged.connect(self._on_state_changed)
        self.words.changed.connect(self._on_words_changed)
        self.words.announce()
        self._theme.palette_changed.connect(self._on_palette_changed)

    @property
    def mode(self) -> Mode:
        """When continuations are offered."""
        return Mode(self.settings.suggesting.mode)

    @property
    def theme(self) -> Theme:
        """The theme that the writer has chosen."""
        return Theme(self.settings.appearance.theme)

    def ask(self) -> None:
        """Ask for continuations at once, or say why there will be none."""
        if self.settings.suggesting.mode == Mode.OFF:
            words = self.tr("Suggestions are off.")
            self._window.messages.show_message(
                words, action=self.tr("Switch them on"), on_action=self.switch_mode, seconds=8,
                topic="mode",
            )  # fmt: skip
        self.suggester.ask()

    def report(self, error: WriterError) -> None:
        """Say a failure that nobody foresaw, and keep the text."""
        self.filing.document.keep()
        self._window.messages.show_message(words_of(error), "error")

    # The window

    def _on_close_asked(self, event: QCloseEvent) -> None:
        event.ignore()  # should anything fail on the way, the window stays, with the text
        if not self.filing.may_leave():
            return
        self.training.stop()
        self.suggester.dismiss()
        self.filing.document.close()
        self._on_settings_due()
        self._window.hide()  # between two parts of a model, its loading cannot be interrupted
        self.leaving.emit()
        self._sampler.stop()
        self.training.close()
        event.accept()

    def _on_words_changed(self, words: int, more: int) -> None:
        self._window.status.set_words(words)
        self._window.status.set_session(more or None)

    # The model

    @property
    def choice(self) -> str:
        """What the settings said of the model at work, or say of the one that will be."""
        choice = self._choice_at_work or self.settings.machine.model
        return AUTOMATIC if choice == self._missed else choice

    @property
    def loading(self) -> str:
        """The model that is being loaded, as the settings name it; empty for none."""
        at_work = self.serving.model if self.serving else ""
        return "" if self._is_lacking or at_work == self._sampler.model else self._sampler.model

    def _on_loaded(self, serving: Serving) -> None:
        self.serving = serving
        is_newest = serving.model == self._sampler.model
        self._choice_at_work = self.settings.machine.model if is_newest else serving.model
        self._line.show_name(serving.name)
        if is_newest:
            self._end_loading(serving)
        self._reach.set_model(self._n_ctx, self.settings.sampling)
        self._on_idle()
        self.model_changed.emit()
        note_lasting()

    def _on_load_failed(self, model: str, error: WriterError) -> None:
        if model != self._sampler.model:
            return  # another one has been chosen meanwhile
        self._line.end_loading()
        words = words_of(error)
        wished = self.settings.machine.model
        if self.serving and wished != self._choice_at_work:
            words = self._going_on(words, self.serving.name)
            changed = self.settings.with_value("machine", "model", self._choice_at_work)
            self.set_settings(changed)
            self.suit_model()
        elif model == wished and (stand_in := self._suited_model()) != model:
            words = self._going_on(words, stand_in)
            self._missed = wished
            self.suit_model()
        else:
            self._is_lacking = True
            self.suggester.give_up(words)
            self._line.show_name("")
            self._line.show_state(self.tr("no model"))
        self.model_changed.emit()
        self.model_failed.emit(words)

    def _going_on(self, words: str, model: str) -> str:
        goes_on = self.tr("Writer goes on with {model}.").format(model=model)
        return f"{words} {goes_on}"

    def _end_loading(self, serving: Serving) -> None:
        self._line.end_loading()
        self._is_lacking = False
        self.suggester.set_n_ctx(serving.n_ctx)
        if self.settings.machine.model != self._missed:
            self.model_settled.emit()

    def _on_failed(self, request: Request, error: WriterError) -> None:
        self.suggester.show_failure(request, error, words_of(error))

    def _on_key(self, event: QKeyEvent) -> bool:
        """Close with Esc, from the page, what stands beneath it."""
        if event.key() != Qt.Key.Key_Escape or event.modifiers():
            return False
        if not self._window.find_bar.isHidden():
            self._window.find_bar.close_bar()
        else:
            self._window.messages.dismiss()
        return True

    def _on_state_changed(self, state: Qt.ApplicationState) -> None:
        if state == Qt.ApplicationState.ApplicationActive:
            self.filing.following.look()

    def suit_model(self, before: str | None = None) -> None:
        """Let the model that the writer has chosen answer, or the one that suits the text.

        Args:
            before: The text to go on with; None looks at the page.
        """
        model = self.settings.machine.model
        if model in (AUTOMATIC, self._missed):
            model = self._suited_model(before)
        if model != self._sampler.model:
            self._use(model)

    def _suited_model(self, before: str | None = None) -> str:
        page = self._window.page
        at_work = self.serving.model if self.serving else self._sampler.model
        if before is None:
            before = page.text_before(page.caret(), _TASTE) or page.text_after(page.caret(), _TASTE)
        missed = (self._missed, self.settings.machine.model)
        return suited_model(before, "" if at_work in missed else at_work)

    def set_model(self, model: str) -> None:
        """Answer with `model`, a bundled one or a path, or with what suits each text.

        The one at work answers until then, if the writer has named the new one: what suits a text
        is all that is good enough for it.
        """
        if model == self._missed:
            self._missed = ""  # it may be there again
        self.set_settings(self.settings.with_value("machine", "model", model))
        if model == AUTOMATIC or self._sampler.is_waiting:
            self.suggester.dismiss()
        lacking = self._sampler.model if self._is_lacking else None
        self.suit_model()
        if lacking == self._sampler.model:
            self._use(lacking)  # it may have been mended
        if self.serving and not self.loading:
            self._choice_at_work = model
        self.model_changed.emit()

    def _use(self, model: str) -> None:
        machine = replace(self.settings.machine, model=model)
        is_named = machine.model == self.settings.machine.model
        has_to_load = self._sampler.use(machine, meanwhile=is_named)
        self._is_lacking = False
        if self.serving and not has_to_load:
            self._line.show_name(self.serving.name)
            self._end_loading(self.serving)
            self._on_idle()
            return
        if self._sampler.is_waiting:
            self._line.show_name("")
        self._line.begin_loading(model)
        self.model_changed.emit()

    def _on_wanted(self, request: Request) -> None:
        self.suit_model(request.before)
        self._sampler.ask(request)
        if not self._is_lacking:
            self._line.show_state(self.tr("thinking"))

    def _on_asked(self, asked: Asked) -> None:
        if asked.done:
            self._line.show_state(self.tr("ready"), asked.took_ms)
        self._reach.set_characters_per_token(asked.characters_per_token)
        self._show_reach()
        self._window.status.set_hint(self.tr("Tab takes") if self.suggester.is_offering else "")

    def _on_idle(self) -> None:
        self._window.status.set_hint("")
        if not self._is_lacking:
            off = self.settings.suggesting.mode == Mode.OFF
            self._line.show_state(self.tr("off") if off else self.tr("ready"))

    def _model_now(self) -> str:
        """Return the model that answers, or will answer, the text on the page."""
        if self.serving and not self._sampler.is_waiting:
            return self.serving.model
        return self._sampler.model

    @property
    def _n_ctx(self) -> int:
        return self.serving.n_ctx if self.serving else USUAL_N_CTX

    # Settings

    def set_settings(self, settings: Settings) -> None:
        """Go by `settings` from now on, in every part of the window."""
        before, self.settings = self.settings, settings
        self.suggester.set_settings(settings)
        self._window.settings_pane.show_settings(settings)
        self._sampler.set_threads(threads_of(settings))
        self._theme.choose(Theme(settings.appearance.theme))
        if settings.appearance.font_size != before.appearance.font_size:
            self._draw_page()
        if settings.suggesting.mode != before.suggesting.mode:
            self._on_idle()
        self._show_reach()
        self._unwritten = True
        self._writing.start()

    def switch_mode(self) -> None:
        """Suggest after a pause, on demand, not at all, and again after a pause."""
        self.set_mode(_MODES[(_MODES.index(self.mode) + 1) % len(_MODES)])

    def set_mode(self, mode: Mode) -> None:
        """Suggest when `mode` says, and say so."""
        self.set_settings(self.settings.with_value("suggesting", "mode", mode.value))
        said = {
            Mode.AFTER_PAUSE: self.tr("Suggestions come after a pause."),
            Mode.ON_DEMAND: self.tr("Suggestions come when you ask."),
            Mode.OFF: self.tr("Suggestions are off."),
        }
        self._window.messages.show_message(said[mode], seconds=3, topic="mode")

    def set_theme(self, theme: Theme) -> None:
        """Draw the window light, dark or as the system is."""
        self.set_settings(self.settings.with_value("appearance", "theme", theme.value))

    def zoom(self, steps: int) -> None:
        """Make the page's letters larger or smaller."""
        size = limited("appearance", "font_size", self.settings.appearance.font_size + steps)
        self.set_settings(self.settings.with_value("appearance", "font_size", size))

    def _show_reach(self) -> None:
        self._reach.show(self._n_ctx, self.settings.sampling)

    def _on_settings_due(self) -> None:
        self._writing.stop()
        if not self._unwritten:
            return
        self._unwritten = False
        try:
            self._write_settings(self.settings)
        except WriterError as error:
            self._window.messages.show_message(words_of(error), "error")

    def _on_palette_changed(self, palette: Palette) -> None:
        app = QApplication.instance()
        if isinstance(app, QApplication):
            apply_theme(app, palette)
        self._draw_page()

    def _draw_page(self) -> None:
        font = page_font(self.settings.appearance.font_size)
        self._window.draw(self._theme.palette, font)
