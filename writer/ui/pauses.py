"""Pauses: keeping other threads and Python's search for garbage from holding up a key."""

import gc
import sys

from PySide6.QtCore import QElapsedTimer, QObject, QTimer

from writer.ui.sheet import Sheet

_SWITCH_S = 0.0005
_LOOK_MS = 250
_REST_MS = 1_500
_MIDDLE, _OLD = 1, 2
_MANY_MIDDLE = 10
"""Searches of one generation, before the next is searched: Python's own measure."""


def take_short_turns() -> None:
    """Let a thread that works for long give way to the window ten times sooner than usual."""
    sys.setswitchinterval(_SWITCH_S)


def note_lasting() -> None:
    """Take what there is now for lasting, so that it is not searched for garbage time and again.

    A search of all that a model and a long book consist of takes 0.1 s, in which nothing is
    painted; of what comes later it takes next to nothing.
    """
    gc.collect(_MIDDLE)  # what is garbage already should not last
    gc.freeze()


def forget_lasting() -> None:
    """Let what lasted until now be garbage when it is no longer used."""
    gc.unfreeze()


class Collector(QObject):
    """Searches for garbage on the window's thread only, and for long only while nobody types.

    By itself Python searches on whatever thread happens to be at work, and would take parts of the
    window down there, which Qt does not allow.
    """

    def __init__(self, page: Sheet) -> None:
        super().__init__(page)
        self._since_key = QElapsedTimer()
        self._since_key.start()
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK_MS)
        self._timer.timeout.connect(self._on_due)
        page.edited.connect(self._on_edited)
        gc.disable()
        self._timer.start()

    def _on_edited(self) -> None:
        self._since_key.restart()

    def _on_due(self) -> None:
        young, middle, old = gc.get_count()
        if old > _MANY_MIDDLE and self._since_key.elapsed() > _REST_MS:
            gc.collect(_OLD)
        elif young > gc.get_threshold()[0]:
            gc.collect(_MIDDLE if middle > _MANY_MIDDLE else 0)
