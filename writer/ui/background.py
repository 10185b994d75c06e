"""Background: a thread that steps back behind the window, and what may pass its boundary."""

import os
import sys
import threading

from PySide6.QtCore import QThread

from writer.errors import ErrorKind, WriterError

_NICENESS = 10
"""Of 19, the lowest priority."""


class Background(QThread):
    """Lets the window and everything else go first."""

    def step_back(self) -> None:
        """Lower this thread's priority, and that of the threads which it will start.

        Runs on the thread itself.
        """
        if sys.platform == "linux":
            # Qt's priorities do nothing here. A thread inherits its starter's niceness.
            thread = threading.get_native_id()
            now = os.getpriority(os.PRIO_PROCESS, thread)
            os.setpriority(os.PRIO_PROCESS, thread, max(now, _NICENESS))
        else:
            self.setPriority(QThread.Priority.LowPriority)


def as_writer_error(error: Exception) -> WriterError:
    """Return what can be said of any exception."""
    if isinstance(error, WriterError):
        return error
    return WriterError(ErrorKind.INTERNAL, reason=f"{type(error).__name__}: {error}")
