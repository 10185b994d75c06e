"""ModelLine: what the status line says of the models, the one at work and the one on its way."""

from pathlib import Path

from PySide6.QtCore import QElapsedTimer, QObject

from writer.ui.status_line import StatusLine

_PERCENT_AFTER_MS = 1000
"""Of loading: what takes less is over before anybody has read a number."""


class ModelLine(QObject):
    """Puts the parts together: a name, what goes on beside it, a state, a time."""

    def __init__(self, status: StatusLine) -> None:
        super().__init__(status)
        self._status = status
        self._name = ""
        self._state = ""
        self._took_ms: int | None = None
        self._hint = ""
        self._loading = ""
        self._percent = ""
        self._since = QElapsedTimer()

    def show_state(self, state: str, took_ms: int | None = None) -> None:
        """Show the state of the model at work in one word, and its last answer's time, if new."""
        self._state = state
        self._took_ms = self._took_ms if took_ms is None else took_ms
        self._show()

    def show_name(self, name: str) -> None:
        """Show which model is at work; it has not answered yet. Empty for none."""
        self._name, self._took_ms = name, None
        self._show()

    def show_hint(self, hint: str) -> None:
        """Show what goes on beside the model; empty for nothing."""
        self._hint = hint
        self._show()

    def begin_loading(self, model: str) -> None:
        """Show that `model`, as the settings name it, is being loaded."""
        self._loading, self._percent = model, ""
        self._since.start()
        self._show()

    def show_loaded(self, model: str, share: float) -> None:
        """Show how much of `model` is there, once that takes its time."""
        if model == self._loading and self._since.elapsed() >= _PERCENT_AFTER_MS:
            self._percent = f" {int(100 * share)} %"
            self._show()

    def end_loading(self) -> None:
        """Show that nothing is being loaded."""
        self._loading = self._percent = ""
        self._show()

    def _show(self) -> None:
        name = Path(self._loading).name
        if self._loading and not self._name:
            state = self.tr("loading{percent}").format(percent=self._percent)
            self._put(name, [self._hint], state)
            return
        loading = self.tr("loading {model}{percent}").format(model=name, percent=self._percent)
        self._put(self._name, [loading if self._loading else "", self._hint], self._state)

    def _put(self, name: str, asides: list[str], state: str) -> None:
        aside = ", ".join(filter(None, asides))
        words = f"{name} ({aside})" if name and aside else name or aside
        self._status.set_model(words, state, self._took_ms)
