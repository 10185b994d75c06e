"""What the settings come to here: the model that answers a text, the threads it may use."""

from PySide6.QtCore import QLocale

from writer.hardware import default_threads
from writer.model_choice import AUTOMATIC, CHINESE, ENGLISH, suiting_model
from writer.settings import Settings


def chosen_model(settings: Settings, text: str, otherwise: str = "") -> str:
    """Return the model that the writer has chosen, or the one that suits `text`.

    Where the text has no letters yet, `otherwise`, or what suits the system's language.
    """
    if settings.machine.model != AUTOMATIC:
        return settings.machine.model
    return suited_model(text, otherwise)


def suited_model(text: str, otherwise: str = "") -> str:
    """Return the bundled model that suits `text`, whatever the writer has chosen."""
    is_chinese = QLocale.system().language() == QLocale.Language.Chinese
    return suiting_model(text, otherwise or (CHINESE if is_chinese else ENGLISH))


def threads_of(settings: Settings) -> int:
    """Return how many threads the engine may use."""
    return settings.machine.threads or default_threads()
