"""Replaying: where suggested words come from, and whether they come again when asked for again."""

from dataclasses import replace

from PySide6.QtCore import QObject, QPointF
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QMenu

from writer.errors import WriterError
from writer.manuscript.provenance.marks import Mark
from writer.manuscript.provenance.origin import Conditions, context_digest
from writer.manuscript.provenance.surroundings import REACH, Surroundings, nearest
from writer.suggestion.identity import Identity
from writer.suggestion.replay import Replay
from writer.suggestion.request import Request
from writer.ui import utf16
from writer.ui.main_window import MainWindow
from writer.ui.origin_dialog import OriginDialog
from writer.ui.origin_words import difference_words, has_known_settings, sampling_of
from writer.ui.page_marks import PageMarks
from writer.ui.requesting import text_read
from writer.ui.sampler import Sampler
from writer.ui.session import Session
from writer.ui.wording import words_of

_MOST_PLACES = 32
"""Marks of one continuation at which the request is looked for."""


class Replaying(QObject):
    """One dialog at a time, about words on the page."""

    def __init__(
        self, window: MainWindow, session: Session, sampler: Sampler, marks: PageMarks
    ) -> None:
        super().__init__(window)
        self._window = window
        self._page = window.page
        self._session = session
        self._sampler = sampler
        self._marks = marks
        self.dialog: OriginDialog | None = None
        self._mark: Mark | None = None
        self._pointed: Mark | None = None
        """Where the page's menu was opened."""
        self._asked: Request | None = None
        """What is being sampled again."""
        self._is_told = False
        """Whether the writer knows that the text around the words has changed."""
        window.page.menu_asked.connect(self._on_menu_asked)
        sampler.replayed.connect(self._on_replayed)
        sampler.replay_failed.connect(self._on_failed)
        session.leaving.connect(self.close)
        session.model_changed.connect(self._on_model_changed)

    def show(self, mark: Mark) -> None:
        """Say where the words of a mark on the page come from."""
        self.close()
        self._mark, self._is_told = mark, False
        self.dialog = dialog = OriginDialog(mark.origin, self._window)
        dialog.sample_asked.connect(self.sample)
        dialog.closed.connect(self.close)
        self._refresh()
        dialog.show()

    def show_here(self) -> None:
        """Say where the words at the caret come from, if they were suggested."""
        caret = self._page.caret()
        mark = self._marks.mark(caret) or self._marks.mark(max(0, caret - 1))
        if mark is not None:
            self.show(mark)
        else:
            words = self.tr("The words at the cursor are your own.")
            self._window.messages.show_message(words, seconds=6, topic="origin")

    def close(self) -> None:
        """Let the dialog go."""
        dialog, self.dialog, self._asked = self.dialog, None, None
        if dialog is not None:
            dialog.hide()
            dialog.deleteLater()

    def sample(self) -> None:
        """Ask again what was asked, unless the writer has to be told something first."""
        found = self._around()
        if self.dialog is None or self._mark is None or found is None:
            self._refresh()
            return
        around, position = found
        if not around.is_same and not self._is_told:
            self._refresh()  # it has changed since the dialog opened
            return
        origin, before = self._mark.origin, around.before
        sampling, serving = sampling_of(origin.sampling), self._session.serving
        if not around.is_same and serving is not None:
            # What it would be given there now, no part of what it was given then.
            before = text_read(self._page, position, min(sampling.context_length, serving.n_ctx))
        self._asked = Request(0, position, before, around.after, sampling, origin.seed)
        self.dialog.show_state([self.tr("It is being sampled…")])
        self.dialog.offer(self.tr("Sample it again"), may=False)
        self._sampler.replay(self._asked)

    # What comes of it

    def _on_replayed(self, request: Request, replay: Replay | None) -> None:
        if self.dialog is None or self._mark is None or not self._is_asked(request):
            return
        self._asked = None
        self.dialog.offer(self.tr("Sample it again"))
        if replay is None:
            words = self.tr("It was interrupted: something was typed or asked for meanwhile.")
            self.dialog.show_state([words])
            return
        origin = self._mark.origin
        differing = self._differing(replay.answer.identity, request)
        if replay.says(origin.candidate, origin.text):
            said = self.tr("The same words came again.")
            if differing:
                said = self.tr("The same words came again, though not all is as it was:")
            self.dialog.show_state([said, *differing])
            return
        said = self.tr("Other words came, for not all is as it was:")
        if not differing:
            said = self.tr("Other words came, though all that decides them is as it was.")
        again = replay.text(origin.candidate) or self.tr("Nothing")
        self.dialog.show_state([said, *differing], again)

    def _on_failed(self, request: Request, error: WriterError) -> None:
        if self.dialog is not None and self._is_asked(request):
            self._asked = None
            self.dialog.offer(self.tr("Sample it again"))
            self.dialog.show_state([words_of(error)])

    def _is_asked(self, request: Request) -> bool:
        return self._asked is not None and self._asked.key == request.key

    def _on_model_changed(self) -> None:
        if self.dialog is not None and self._asked is None:
            self._refresh()

    # What is to be expected

    def _refresh(self) -> None:
        """Say before anything is sampled what cannot be the same."""
        dialog, mark = self.dialog, self._mark
        if dialog is None or mark is None:
            return
        found, serving = self._around(), self._session.serving
        again = self.tr("Sample it again")
        if found is None:
            words = self.tr("These words stand on the page no more.")
            dialog.show_state([words])
            dialog.offer(again, may=False)
            return
        if serving is None or self._sampler.is_waiting:
            dialog.show_state([self.tr("They can be sampled again once the model is there.")])
            dialog.offer(again, may=False)
            return
        around, position = found
        request = Request(0, position, around.before, around.after, sampling_of({}), 0)
        # How many threads will be at work is known only of an answer.
        identity = replace(serving.identity, machine=mark.origin.machine)
        differing = self._differing(identity, request)
        self._is_told = not around.is_same
        said = [self.tr("Other words may come, for not all is as it was:"), *differing]
        dialog.show_state(said if differing else ())
        dialog.offer(self.tr("Try all the same") if differing else again)

    def _differing(self, identity: Identity | None, request: Request) -> list[str]:
        """Return what differs between the origin and a request that `identity` answers."""
        assert self._mark is not None
        origin = self._mark.origin
        who = identity or Identity("", "", "", "")
        settings = origin.sampling
        if not has_known_settings(origin):
            settings = {}
        now = Conditions(
            who.model,
            who.fingerprint,
            who.precision,
            who.machine,
            context_digest(request.before, request.after),
            settings,
        )
        return difference_words(origin, now)

    # Where it was asked

    def _around(self) -> tuple[Surroundings, int] | None:
        """Return the text that the proposal went on with, and its place on the page.

        None where nothing of it stands on the page any more.
        """
        if self._mark is None:
            return None
        here = self._mark.start
        marks = [each for each in self._marks.marks() if each.origin.id == self._mark.origin.id]
        if not marks:
            return None
        marks = sorted(marks, key=lambda each: abs(each.start - here))[:_MOST_PLACES]
        positions = [self._begin_of(each) for each in marks]
        index, around = nearest(self._mark.origin, map(self._place, positions, marks))
        return around, positions[index]

    def _begin_of(self, mark: Mark) -> int:
        """Return where the continuation began that a mark is a part of."""
        before = utf16.cut(mark.origin.text, 0, mark.into)
        stands = self._page.text_before(mark.start, len(before))
        common = 0
        while common < min(len(before), len(stands)) and stands[-1 - common] == before[-1 - common]:
            common += 1
        return mark.start - (utf16.units(stands[-common:]) if common else 0)

    def _place(self, position: int, mark: Mark) -> tuple[str, str, int]:
        """Return what stands before and behind a place, and how much of that was taken."""
        wanted, page = mark.origin.before, self._page
        before = page.text_before(position, wanted)
        if len(before) < wanted:
            before = page.preceding[len(before) - wanted :] + before
        skipped = len(page.text_between(position, mark.end))
        return before, page.text_after(position, REACH), skipped

    # The menu

    def _on_menu_asked(self, menu: QMenu, event: QContextMenuEvent) -> None:
        """Offer it in the page's menu where the word was suggested."""
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            mark = self._marks.mark(self._page.caret())
        else:
            mark = self._marks.mark_at(QPointF(event.pos()))
        if mark is None:
            return
        menu.addSeparator()
        self._pointed = mark
        action = menu.addAction(self.tr("&Where these words come from…"))
        action.triggered.connect(self._on_pointed)

    def _on_pointed(self) -> None:
        if self._pointed is not None:
            self.show(self._pointed)
