"""The suggester: from a pause in the typing to a ghost on the page, and from a key to its text.

Steps 1 to 4 and 7 to 9 of a keystroke's journey; the sampler does what lies between. It must not
know where answers come from: it is handed whatever can be asked.
"""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent

from writer.errors import WriterError
from writer.hardware import on_battery
from writer.settings import Battery, Mode, Settings
from writer.suggestion.cache import AnswerCache
from writer.suggestion.request import Answer, Request
from writer.suggestion.segments import first_sentence, first_word, is_chinese
from writer.ui import utf16
from writer.ui.candidates_panel import CandidatesPanel
from writer.ui.editor import Page
from writer.ui.offer import Offer
from writer.ui.requesting import AFTER_CHARACTERS, Requesting

_SECOND_TAB_MS = 400
USUAL_N_CTX = 1024
"""Until the model says how much it reads."""
_NO_MODIFIER = Qt.KeyboardModifier.NoModifier
_CONTROL = Qt.KeyboardModifier.ControlModifier
_ALT = Qt.KeyboardModifier.AltModifier
_KEYPAD = Qt.KeyboardModifier.KeypadModifier


@dataclass(frozen=True, slots=True)
class Asked:
    """How the last request went, for the status line."""

    done: bool
    took_ms: int
    characters_per_token: float
    """Of the text that was read."""


class Suggester(QObject):
    """Offers continuations on one page and in one panel."""

    wanted = Signal(object)
    """A `Request` to answer."""
    wanted_soon = Signal(object)
    """Requests, a tuple, that may come next: worth answering while there is nothing else to do."""
    unwanted = Signal()
    """Whatever is being answered is wanted no more."""
    asked = Signal(object)
    """`Asked`, when an answer begins to show and when it is done."""
    idle = Signal()
    """Nothing is offered and nothing is on its way."""
    taken = Signal(int, str, object)
    """Where something was inserted that was offered, what it says, and its `Proposal`."""

    def __init__(
        self,
        page: Page,
        panel: CandidatesPanel,
        settings: Settings,
        is_on_battery: Callable[[], bool] = on_battery,
    ) -> None:
        super().__init__(page)
        self._is_on_battery = is_on_battery
        self._requesting = Requesting(page)
        self._page = page
        self._panel = panel
        self._settings = settings
        self._n_ctx = USUAL_N_CTX
        self._cache = AnswerCache()
        self._offer: Offer | None = None
        self._request: Request | None = None
        self._serial = 0
        self._attempt = 0
        self._asked_at: tuple[int, str] | None = None
        self._hopeless = ""
        self._taking = False
        self._clock = QElapsedTimer()
        self._since_taken = QElapsedTimer()
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.timeout.connect(self._on_pause)
        page.key_handlers.append(self.handle_key)
        page.edited.connect(self._on_edited)
        page.loaded.connect(self.dismiss)
        page.caret_moved.connect(self.dismiss)
        page.composition_changed.connect(self._on_composition_changed)
        page.ghost.vanished.connect(self.dismiss)
        panel.chosen.connect(self.take_candidate)
        panel.hovered.connect(self._on_hovered)
        self._show_empty()

    # What the window does

    def set_settings(self, settings: Settings) -> None:
        """Go by `settings` from now on; what is offered is asked for anew if it would differ."""
        before, self._settings = self._settings, settings
        if settings.suggesting.mode != before.suggesting.mode:
            self.dismiss()
            self._show_empty()
        elif settings.sampling != before.sampling and self._request is not None:
            self._pause.start(self._settings.suggesting.pause_ms)

    def set_n_ctx(self, n_ctx: int) -> None:
        """Take note of how much the model reads, in tokens; it is there from now on."""
        self._n_ctx = n_ctx
        self._cache.clear()  # what another model has said
        if self._hopeless:
            self._hopeless = ""
            self._show_empty()
        self._clock.start()  # what was asked before has waited for the model, not for its answer

    def ask(self) -> None:
        """Ask at once; where something is offered already, ask for others."""
        if self._settings.suggesting.mode == Mode.OFF:
            return
        if self._page.textCursor().hasSelection():
            self._panel.show_message(self.tr("Nothing is suggested while text is selected."))
            return
        here = self._place()
        self._attempt = self._attempt + 1 if here == self._asked_at else 0
        self._ask()

    def walk(self, steps: int) -> None:
        """Show the next or an earlier candidate as the ghost."""
        if self._offer is not None:
            self._offer.walk(steps)
            self._show()
            if self._offer.done:
                self._look_ahead()

    def dismiss(self) -> None:
        """Take away what is offered and want nothing."""
        self._pause.stop()
        busy = self._request is not None
        self._forget()
        if busy:
            self._show_empty()
            self.unwanted.emit()
            self.idle.emit()

    def give_up(self, words: str) -> None:
        """Say `words` until there is somebody to answer again."""
        self._hopeless = words
        self._show_empty()

    @property
    def is_offering(self) -> bool:
        """Whether a ghost shows."""
        return self._page.ghost.is_visible

    # Keys

    def handle_key(self, event: QKeyEvent) -> bool:
        """Deal with a key on the page, or leave it to the page."""
        modifiers = event.modifiers() & ~_KEYPAD
        key = event.key()
        if key == Qt.Key.Key_Tab and modifiers == _NO_MODIFIER:
            return self._handle_tab()
        if modifiers == _ALT and Qt.Key.Key_1 <= key <= Qt.Key.Key_8:
            # Never a letter of the text, even where there is no such candidate.
            self.take_candidate(key - Qt.Key.Key_1)
            return True
        if self._request is None:
            return False
        if key == Qt.Key.Key_Escape and modifiers == _NO_MODIFIER:
            self.dismiss()
            return True
        if modifiers == _CONTROL and self.is_offering:
            return self._handle_part(key)
        return False

    def _handle_tab(self) -> bool:
        if self.is_offering:
            self.take_all()
            return True
        # The second of two quick Tabs was meant for a ghost that is gone, not for the text.
        return self._since_taken.isValid() and self._since_taken.elapsed() < _SECOND_TAB_MS

    def _handle_part(self, key: int) -> bool:
        parts: dict[int, Callable[[], None]] = {
            Qt.Key.Key_Right: self.take_word,
            Qt.Key.Key_Down: self.take_sentence,
        }
        if key not in parts:
            return False
        parts[key]()
        return True

    # Taking

    def take_all(self) -> None:
        """Take the whole ghost."""
        self._take(self._page.ghost.text)

    def take_word(self) -> None:
        """Take the ghost's next word."""
        self._take(first_word(self._page.ghost.text))

    def take_sentence(self) -> None:
        """Take the ghost as far as its first sentence goes."""
        self._take(first_sentence(self._page.ghost.text))

    def take_candidate(self, index: int) -> None:
        """Take the candidate at `index`."""
        if self._offer is not None and self._offer.text(index):
            self._offer.choose(index)
            self._show()
            self._take(self._offer.text())

    def _take(self, text: str) -> None:
        """Insert `text`, the beginning of the chosen candidate, as one edit."""
        offer = self._offer
        if offer is None or not text or offer.position != self._page.caret():
            return
        whole = text == offer.text()
        position, proposal = offer.position, offer.proposal
        self._since_taken.start()
        self._taking = True
        try:
            self._page.insert(text)
        finally:
            self._taking = False
        self.taken.emit(position, text, proposal)
        if whole and self._asks_unasked():
            self._attempt = 0
            self._ask()

    # What the page does

    def _on_edited(self, position: int, removed: int, added: str | None) -> None:
        offer = self._offer
        agrees = self._taking or (offer is not None and position == offer.position and not removed)
        if offer is not None and added and agrees and self._goes_on(offer, added):
            return
        self.dismiss()
        self._attempt = 0
        if self._settings.suggesting.mode == Mode.AFTER_PAUSE:
            self._pause.start(self._settings.suggesting.pause_ms)

    def _goes_on(self, offer: Offer, added: str) -> bool:
        """Shorten offer and ghost by what was added; return whether anything is left."""
        shown = self._page.ghost.text
        # A preview of another candidate is no promise about the chosen one.
        if shown != offer.text() or not offer.take(added, utf16.units(added)):
            return False
        self._page.ghost.type_through(added)
        self._panel.show_candidates(offer.texts, offer.chosen, offer.done)
        return True

    def _on_composition_changed(self, composing: bool) -> None:
        if composing:
            self.dismiss()
        elif self._settings.suggesting.mode == Mode.AFTER_PAUSE and self._page.hasFocus():
            self._pause.start(self._settings.suggesting.pause_ms)

    def _on_hovered(self, index: int) -> None:
        if self._offer is not None:
            text = self._offer.text(index if index >= 0 else None)
            self._page.ghost.show(self._offer.position, text)

    # Asking

    def _on_pause(self) -> None:
        if self._is_inside_word():
            return
        if self._request is not None or self._asks_unasked():
            self._ask()
        elif not self._hopeless:
            self._panel.show_message(
                self.tr("On battery nothing is suggested unasked: press Ctrl+Space.")
            )

    def _asks_unasked(self) -> bool:
        """Return whether anything is to be sampled that the writer has not asked for."""
        suggesting = self._settings.suggesting
        spares = suggesting.battery == Battery.ON_DEMAND
        return suggesting.mode == Mode.AFTER_PAUSE and not (spares and self._is_on_battery())

    def _is_inside_word(self) -> bool:
        """Return whether letters stand on both sides, where nobody wants a ghost unasked."""
        caret = self._page.caret()
        around = self._page.text_before(caret, 1) + self._page.text_after(caret, 1)
        return len(around) == 2 and around.isalnum() and not is_chinese(around)

    def _ask(self) -> None:
        page = self._page
        if page.is_composing or page.isReadOnly():
            return
        if page.textCursor().hasSelection():
            return
        self._pause.stop()
        self._serial += 1
        request = self._make_request()
        self._request = request
        self._asked_at = self._place()
        self._offer = None
        self._clock.start()
        known = self._cache.get(request)
        if known is not None:
            self.unwanted.emit()
            self._begin(known)
            return
        page.ghost.clear()
        if not self._hopeless:
            self._panel.show_thinking()
        self.wanted.emit(request)  # also where there is no model: this text may want another one

    def _place(self) -> tuple[int, str]:
        """Return what tells one place of asking from another: the caret and the text before it."""
        caret = self._page.caret()
        return caret, self._page.text_before(caret, AFTER_CHARACTERS)

    def _make_request(self) -> Request:
        sampling = self._settings.sampling
        return self._requesting.make(self._serial, sampling, self._n_ctx, self._attempt)

    def _look_ahead(self) -> None:
        """Have answered what will be asked once the ghost is taken, or its first word is typed."""
        ghost = self._page.ghost.text
        if not ghost or not self._asks_unasked():
            return
        sampling = self._settings.sampling
        requests = (
            self._requesting.make(0, sampling, self._n_ctx, taken=taken)
            for taken in dict.fromkeys((ghost, first_word(ghost)))
        )
        self.wanted_soon.emit(tuple(each for each in requests if self._cache.get(each) is None))

    # Answers

    def show_answer(self, answer: Answer) -> None:
        """Show an answer as far as it has come, unless it is stale."""
        request = self._request
        if request is None or answer.request.serial != request.serial:
            return
        if answer.done:
            self._cache.put(answer)
        if self._offer is not None:
            self._offer.grow(answer)
            self._show()
            if answer.done:
                self._report(answer)
        elif answer.done or answer.candidates:
            self._begin(answer)
        elif not self._hopeless:
            self._panel.show_thinking(answer.share_read)

    def keep_answer(self, answer: Answer) -> None:
        """Keep a finished answer for when it is asked for."""
        self._cache.put(answer)

    def show_failure(self, request: Request, error: WriterError, words: str) -> None:
        """Say in the panel why there is no answer, unless nobody waits for it."""
        if self._request is not None and request.serial == self._request.serial:
            self._forget()
            self._panel.show_message(words)
            self.idle.emit()

    def _begin(self, answer: Answer) -> None:
        request = self._request
        if request is None or request.position != self._page.caret():
            return
        self._offer = Offer(answer, request.position)
        self._show()
        self._report(answer)

    def _show(self) -> None:
        """Bring ghost and panel to what the offer is now."""
        offer = self._offer
        if offer is None:
            return
        self._page.ghost.show(offer.position, offer.text())
        self._panel.show_candidates(offer.texts, offer.chosen, offer.done)

    def _report(self, answer: Answer) -> None:
        ratio = answer.characters_read / max(1, answer.tokens_read)
        self.asked.emit(Asked(answer.done, self._clock.elapsed(), ratio))
        if answer.done and self.is_offering:
            self._page.ghost.announce(self._page.ghost.text)
            self._look_ahead()

    def _show_empty(self) -> None:
        if self._hopeless:
            self._panel.show_message(self._hopeless)
        else:
            self._panel.show_empty(self._settings.suggesting.mode)

    def _forget(self) -> None:
        self._request = None
        self._offer = None
        self._page.ghost.clear()
